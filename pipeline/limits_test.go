//go:build limits

package pipeline_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests of the target limits run the program itself on days that do not fit
// into its memory or onto its disk, and kill it. testdata/limits/run builds the
// program, names it here, and lets the tests mount file systems.
const programVariable = "RECONCILE_PROGRAM"

// The smallest budget, in which the days below do not fit.
const small = "256MiB"

// spilling orders have more rows than may wait in it.
const spilling = 180_000

// ranProgram is how a process of the program ended.
type ranProgram struct {
	code   int            // -1 where a signal ended it
	signal syscall.Signal // that ended it, 0 where it exited
	stderr string
	peak   int64 // resident bytes
	took   time.Duration
}

// program starts the program and calls meanwhile, where it is given, with its
// process.
func program(t testing.TB, meanwhile func(*os.Process), args ...string) ranProgram {
	t.Helper()
	path := os.Getenv(programVariable)
	if path == "" {
		t.Fatalf("%s is not set: run make limits", programVariable)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir() // no reconcile.yaml there
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile(cmd.Process)
	}
	_ = cmd.Wait() // how it ended is in ProcessState
	r := ranProgram{code: cmd.ProcessState.ExitCode(), stderr: stderr.String(), took: time.Since(begun)}
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		r.signal = status.Signal()
	}
	r.peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return r
}

// runs is the program's command run, with breaks being fine.
func runs(t testing.TB, meanwhile func(*os.Process), inbox, out, memory string) ranProgram {
	t.Helper()
	return program(t, meanwhile, "run", inbox, "--out", out, "--memory", memory, "--breaks-ok", "--quiet")
}

func succeeds(t testing.TB, r ranProgram) {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d, signal %v: %s", r.code, r.signal, r.stderr)
	}
}

// generatedInbox is the inbox of a day of so many orders.
func generatedInbox(t testing.TB, orders int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "day")
	succeeds(t, program(t, nil, "generate", dir, "--orders", strconv.Itoa(orders), "--quiet"))
	return filepath.Join(dir, "inbox")
}

// hashes is the SHA-256 of each Parquet file of a result, by its name: nil where
// there is no result.
func hashes(t testing.TB, out string) map[string]string {
	t.Helper()
	if _, err := os.Stat(out); os.IsNotExist(err) {
		return nil
	}
	files := map[string]string{}
	err := filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		sum := sha256.New()
		_, err = io.Copy(sum, in)
		name, _ := filepath.Rel(out, path)
		files[name] = hex.EncodeToString(sum.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestMemoryHolds(t *testing.T) {
	inbox := generatedInbox(t, 500_000)
	var want map[string]string
	for _, c := range []struct {
		memory string
		bytes  int64
	}{{small, 256 << 20}, {"1GiB", 1 << 30}} {
		out := filepath.Join(t.TempDir(), "out")
		r := runs(t, nil, inbox, out, c.memory)
		succeeds(t, r)
		t.Logf("--memory %s: peak %d MiB, %.1f s", c.memory, r.peak>>20, r.took.Seconds())
		if most := c.bytes + c.bytes/4; r.peak > most {
			t.Errorf("--memory %s: %d MiB were resident, %d may be", c.memory, r.peak>>20, most>>20)
		}
		got := hashes(t, out)
		if want == nil {
			want = got
		}
		sameFiles(t, got, want)
	}
}

func TestARunKilledAtAnyInstantLeavesAWholeResult(t *testing.T) {
	inbox, other := generatedInbox(t, spilling), generatedInbox(t, 2_000)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	undisturbed := runs(t, nil, inbox, out, small)
	succeeds(t, undisturbed)
	want := hashes(t, out)
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, 0))
	var died, finished, replaced int
	for n := range 30 {
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		var former map[string]string
		if n%3 > 0 { // a third of the runs has no former result
			succeeds(t, runs(t, nil, other, out, small))
			former = hashes(t, out)
		}
		at := time.Duration(rng.Int64N(int64(undisturbed.took)))
		r := runs(t, func(p *os.Process) { time.AfterFunc(at, func() { _ = p.Kill() }) }, inbox, out, small)
		switch r.signal {
		case syscall.SIGKILL:
			died++
		default:
			succeeds(t, r)
			finished++
		}
		// Whenever it died, the former result is there whole, or the new one.
		if left := hashes(t, out); former == nil && left == nil || former != nil && equalHashes(left, former) {
			replaced++
		} else {
			sameFiles(t, left, want)
		}
		succeeds(t, runs(t, nil, inbox, out, small))
		sameFiles(t, hashes(t, out), want)
		if left := beside(t, out); len(left) > 0 {
			t.Errorf("killed after %v; left by the next run: %v", at, left)
		}
	}
	t.Logf("%d died, %d had ended before; the former result stood %d times", died, finished, replaced)
	if died < 15 || replaced < 10 {
		t.Errorf("only %d runs died, only %d before they were done: this proves too little", died, replaced)
	}
}

func equalHashes(a, b map[string]string) bool {
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestAnInterruptedRunExitsWith130AndLeavesNothing(t *testing.T) {
	inbox := generatedInbox(t, spilling)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		interrupted := 0
		for _, at := range []time.Duration{0, 50, 200, 500, 1000, 1500} {
			out := filepath.Join(t.TempDir(), "out")
			r := runs(t, func(p *os.Process) {
				awaitStaging(t, out)
				time.AfterFunc(at*time.Millisecond, func() { _ = p.Signal(signal) })
			}, inbox, out, small)
			if r.code == 0 {
				continue // it was done before
			}
			interrupted++
			if r.code != 130 {
				t.Errorf("%v after %d ms: exit code %d, signal %v: %s", signal, at, r.code, r.signal, r.stderr)
			}
			if entries, err := os.ReadDir(filepath.Dir(out)); err != nil || len(entries) > 0 {
				t.Errorf("%v after %d ms: left behind %v, %v", signal, at, entries, err)
			}
		}
		if interrupted < 3 {
			t.Errorf("only %d runs were interrupted by %v", interrupted, signal)
		}
	}
}

// awaitStaging returns when a run has begun to work on out.
func awaitStaging(t testing.TB, out string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < time.Minute; {
		if entries, err := os.ReadDir(filepath.Dir(out)); err == nil && len(entries) > 0 {
			return
		}
	}
	t.Fatal("the run did not begin")
}

func TestAFullDiskEndsTheRunAndLeavesTheFormerResult(t *testing.T) {
	inbox, other := generatedInbox(t, spilling), generatedInbox(t, 2_000)
	disk := t.TempDir()
	mount := func(mib int, flags uintptr) {
		if err := unix.Mount("none", disk, "tmpfs", flags, "size="+strconv.Itoa(mib)+"m"); err != nil {
			t.Fatalf("mount a file system of %d MiB: %v (these tests must be allowed to: run make limits as root, or where user namespaces are allowed)", mib, err)
		}
	}
	mount(4, 0)
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Errorf("unmount %s: %v", disk, err)
		}
	})
	out := filepath.Join(disk, "out")
	succeeds(t, runs(t, nil, other, out, small))
	before := everything(t, disk)
	var whileSpilling, whileWriting int
	for mib := 6; ; mib += 4 {
		mount(mib, unix.MS_REMOUNT)
		r := runs(t, nil, inbox, out, small)
		if r.code == 0 {
			break
		}
		if r.code != 1 || !strings.Contains(r.stderr, "no space left on device") || !strings.Contains(r.stderr, filepath.Dir(out)) {
			t.Errorf("%d MiB: exit code %d: %s", mib, r.code, r.stderr)
		}
		if strings.Contains(r.stderr, "is the disk full?") {
			whileSpilling++
		} else {
			whileWriting++
		}
		sameFiles(t, everything(t, disk), before)
		if mib > 600 {
			t.Fatal("no disk is large enough")
		}
	}
	t.Logf("the disk was full %d times while rows were spilled, %d times while tables were written", whileSpilling, whileWriting)
	if whileSpilling == 0 || whileWriting == 0 {
		t.Error("one of the two was not tested")
	}
	if left := beside(t, out); len(left) > 0 {
		t.Errorf("left beside the result: %v", left)
	}
}

// Of many runs of a result that start at once one does it, the others end with exit
// code 6 and touch nothing.
func TestOfFiftyRunsThatStartAtOnceOneRuns(t *testing.T) {
	inbox := generatedInbox(t, 500_000) // the one is at it when the last begins
	out := filepath.Join(t.TempDir(), "out")
	ended := make([]ranProgram, 50)
	var together sync.WaitGroup
	for i := range ended {
		together.Go(func() { ended[i] = runs(t, nil, inbox, out, small) })
	}
	together.Wait()
	won := 0
	for _, r := range ended {
		switch {
		case r.code == 0:
			won++
		case r.code != 6 || !strings.Contains(r.stderr, "another run holds the lock"):
			t.Errorf("exit code %d: %s", r.code, r.stderr)
		}
	}
	if won != 1 {
		t.Errorf("%d of 50 ran", won)
	}
	if left := beside(t, out); len(left) > 0 {
		t.Errorf("left beside the result: %v", left)
	}
	succeeds(t, program(t, nil, "verify", out))
}
