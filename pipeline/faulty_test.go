//go:build limits && linux

package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A program under faults runs as it is: the kernel hands its file operations to the
// test (seccomp's user notification), which counts those below a folder and lets the
// k-th fail. Nothing in the program knows of it.

// faultySocket names the descriptor over which a process that is to become the program
// sends the kernel's end of its file operations.
const faultySocket = "RECONCILE_TEST_FAULTY"

// sort is what a file operation does.
type sort string

const (
	opens     sort = "open"
	creates   sort = "create"
	reads     sort = "read"
	lists     sort = "list" // a folder
	writes    sort = "write"
	cuts      sort = "truncate"
	syncs     sort = "sync"
	renames   sort = "rename"
	exchanges sort = "exchange" // of two folders
	closes    sort = "close"
	mkdirs    sort = "mkdir"
	removes   sort = "remove"
	links     sort = "link"
)

var sorts = []sort{opens, creates, reads, lists, writes, cuts, syncs, renames, exchanges, closes, mkdirs, removes, links}

// intercepted is the system calls that are handed to the test. A descriptor or the
// folder of a path is in the first argument.
var intercepted = map[int32]sort{
	unix.SYS_OPENAT: opens, unix.SYS_READ: reads, unix.SYS_PREAD64: reads, unix.SYS_READV: reads,
	unix.SYS_GETDENTS64: lists, unix.SYS_WRITE: writes, unix.SYS_PWRITE64: writes, unix.SYS_WRITEV: writes,
	unix.SYS_FTRUNCATE: cuts, unix.SYS_FSYNC: syncs, unix.SYS_FDATASYNC: syncs,
	unix.SYS_RENAMEAT: renames, unix.SYS_RENAMEAT2: exchanges, unix.SYS_CLOSE: closes,
	unix.SYS_MKDIRAT: mkdirs, unix.SYS_UNLINKAT: removes, unix.SYS_LINKAT: links,
}

// fault is what happens to an operation. Its zero value lets all be.
type fault struct {
	of    sort
	k     int  // the operation of this sort, from 1
	on    bool // and all later ones
	errno unix.Errno
	how   how
}

// how an operation goes wrong where no error is told.
type how string

const (
	short how = "half is written, and so it says"
	lying how = "nothing is written, and all is said to be"
)

func (f fault) String() string {
	what, when := string(f.how), "once"
	if what == "" {
		what = unix.ErrnoName(f.errno)
	}
	if f.on {
		when = "from then on"
	}
	return fmt.Sprintf("%s %d, %s: %s", f.of, f.k, when, what)
}

func (f fault) hits(s sort, n int) bool { return f.of == s && (n == f.k || f.on && n > f.k) }

// notification and answer are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

// watched is a process whose file operations below a folder are counted.
type watched struct {
	pid    int
	below  string
	fault  fault
	counts map[sort]int
	hit    string // the path of the first operation that was made to fail
}

// underFault runs a command to its end and returns how it ended, and what was done to
// its operations below a folder.
func underFault(t testing.TB, f fault, below string, args []string, env ...string) (ranProgram, *watched) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "socket")
	defer unix.Close(pair[0])
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.ExtraFiles = filepath.Dir(below), []*os.File{theirs}
	// A signal of the scheduler would begin an operation that waits here again.
	cmd.Env = append(append(os.Environ(), faultySocket+"=3", "GODEBUG=asyncpreemptoff=1"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	w := &watched{pid: cmd.Process.Pid, below: below, fault: f, counts: map[sort]int{}}
	if err := w.serve(pair[0]); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("%v: %s", err, stderr.String())
	}
	_ = cmd.Wait() // how it ended is in ProcessState
	return ranProgram{code: cmd.ProcessState.ExitCode(), stderr: stderr.String()}, w
}

// init makes of this process the program that its arguments name, with its file
// operations handed over.
func init() {
	socket, err := strconv.Atoi(os.Getenv(faultySocket))
	if err != nil {
		return
	}
	runtime.LockOSThread()
	os.Unsetenv(faultySocket)
	fmt.Fprintln(os.Stderr, "cannot hand over the file operations:", becomeFaulty(socket))
	os.Exit(125)
}

func becomeFaulty(socket int) error {
	program := os.Args[0]
	args := os.Args
	if os.Getenv(runInstead) == "" {
		program, args = os.Args[1], os.Args[1:]
	}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // the number of the call
	for nr := range intercepted {
		filter = append(filter,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(nr)},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	code := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	listener, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&code)))
	if errno != 0 {
		return fmt.Errorf("seccomp (Linux 5.19 or later): %w", errno)
	}
	// Closed by exec, which is handed over too: from here on only sendmsg and execve.
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		return err
	}
	return syscall.Exec(program, args, os.Environ())
}

// serve answers for every operation until the process is gone.
func (w *watched) serve(socket int) error {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return fmt.Errorf("the process did not hand over its file operations: %w", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	listener := fds[0]
	defer unix.Close(listener)
	for {
		ready := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			return nil // hung up: nobody is left
		}
		var asked notification
		if errno := ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&asked)); errno != 0 {
			continue // it died meanwhile
		}
		say := w.answer(&asked)
		_ = ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&say))
	}
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	return errno
}

// answer lets an operation be, or lets it fail.
func (w *watched) answer(n *notification) answer {
	goOn := answer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	s := intercepted[n.nr]
	if s == opens && n.args[2]&unix.O_CREAT != 0 {
		s = creates
	}
	if s == exchanges && n.args[4]&unix.RENAME_EXCHANGE == 0 {
		s = renames
	}
	path := w.path(s, n)
	if !strings.HasPrefix(path, w.below+"/") {
		return goOn
	}
	w.counts[s]++
	if !w.fault.hits(s, w.counts[s]) {
		return goOn
	}
	if w.hit == "" {
		w.hit = path
	}
	switch w.fault.how {
	case short:
		if n.args[2] == 0 {
			return goOn
		}
		written, err := w.writeHalf(n)
		if err != nil {
			return answer{id: n.id, errno: -int32(unix.EIO)}
		}
		return answer{id: n.id, val: int64(written)}
	case lying:
		return answer{id: n.id, val: int64(n.args[2])}
	}
	return answer{id: n.id, errno: -int32(w.fault.errno)}
}

// path is what an operation is about, "" where that is no file.
func (w *watched) path(s sort, n *notification) string {
	proc := fmt.Sprintf("/proc/%d/", w.pid)
	switch s {
	case opens, creates, renames, exchanges, mkdirs, removes, links:
	default:
		path, _ := os.Readlink(proc + "fd/" + strconv.Itoa(int(n.args[0])))
		return path
	}
	text := make([]byte, unix.PathMax)
	got, _ := w.memory(text, n.args[1])
	path, _, _ := strings.Cut(string(text[:got]), "\x00")
	if filepath.IsAbs(path) {
		return path
	}
	folder := proc + "cwd"
	if int32(n.args[0]) != unix.AT_FDCWD {
		folder = proc + "fd/" + strconv.Itoa(int(n.args[0]))
	}
	folder, _ = os.Readlink(folder)
	return filepath.Join(folder, path)
}

// memory reads what the process has at an address.
func (w *watched) memory(into []byte, at uint64) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", w.pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(into, int64(at))
}

// writeHalf writes the first half of what the process meant to write, for it.
func (w *watched) writeHalf(n *notification) (int, error) {
	half := make([]byte, max(n.args[2]/2, 1))
	if _, err := w.memory(half, n.args[1]); err != nil {
		return 0, err
	}
	process, err := unix.PidfdOpen(w.pid, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, int(n.args[0]), 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if n.nr == unix.SYS_PWRITE64 {
		return unix.Pwrite(fd, half, int64(n.args[3]))
	}
	return unix.Write(fd, half)
}
