package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another run works on the same result or dataset.
var ErrLocked = errors.New("another run holds the lock")

// Lock is the right to write a result or a dataset, of one process at a time. The
// kernel takes it back when the process ends, however it ends: a lock is never stale,
// and a process that got the number of a dead one has nothing of it.
type Lock struct{ file *os.File }

// lockPath is beside the place, so that readers of a dataset never see it.
func lockPath(place string) string {
	return filepath.Join(filepath.Dir(place), "."+filepath.Base(place)+".lock")
}

// Acquire takes the lock of a place, the folder of a result or of a dataset; ErrLocked
// where another process has it. A file system that has no locks gives one to everybody.
func Acquire(place string) (*Lock, error) {
	place, err := filepath.Abs(place)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", place, err)
	}
	path := lockPath(place)
	for range 10 { // whoever had it may remove the file while it is opened here
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", place, err)
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			holder := holderOf(f)
			f.Close()
			switch {
			case errors.Is(err, unix.EWOULDBLOCK):
				return nil, fmt.Errorf("%s: %w%s", place, ErrLocked, holder)
			case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
				return &Lock{}, nil
			}
			return nil, fmt.Errorf("lock %s: %w", place, err)
		}
		if same(f, path) {
			_ = f.Truncate(0) // who holds it is told for people alone
			_, _ = fmt.Fprintf(f, "process %d\n", os.Getpid())
			return &Lock{f}, nil
		}
		f.Close()
	}
	return nil, fmt.Errorf("%s: %w", place, ErrLocked)
}

func holderOf(f *os.File) string {
	var text [64]byte
	n, _ := f.ReadAt(text[:], 0)
	if who := strings.TrimSpace(string(text[:n])); who != "" {
		return " (" + who + ")"
	}
	return ""
}

// same says that path still names the open file.
func same(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist) && err == nil && os.SameFile(held, there)
}

// Release gives the lock back and removes its file.
func (l *Lock) Release() {
	if l == nil || l.file == nil {
		return
	}
	os.Remove(l.file.Name()) // while it is held: whoever waits for it opens a new one
	l.file.Close()
	l.file = nil
}
