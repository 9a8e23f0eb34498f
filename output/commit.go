package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// SuccessName is the empty file that stands in a complete result alone.
const SuccessName = "_SUCCESS"

const (
	// stagedSuffix keeps parts from looking like Parquet files before they are
	// committed: a **/*.parquet glob reads hidden folders too.
	stagedSuffix = ".staged"
	stagingMark  = ".staging-"
	oldMark      = ".old-"
)

// ErrForeign says that what stands at the place of the result was not written by
// this program, or not by it alone, and is therefore not replaced.
var ErrForeign = errors.New("holds what is not a result of reconcile")

// Staging is a folder in which a result is built before it takes its place in one
// step. It stands beside the place, outside the dataset, on the same file system,
// and its process holds a lock on it, by which the leftovers of dead runs are told
// from the work of living ones.
type Staging struct {
	out  string
	dir  string
	lock *os.File // flock on dir; nil when the staging is over

	// exchange swaps two folders in one step, or says errors.ErrUnsupported.
	exchange func(a, b string) error
	// passing is called before each step of Commit, by tests that let it fail.
	passing func(step string) error
}

// Stage begins a result that is to stand at out. It refuses a file in the place,
// and a folder that holds anything but an earlier result (ErrForeign). A result
// that a run which died left half exchanged is put back, and the staging folders of
// dead runs are removed.
func Stage(out string) (*Staging, error) {
	out, err := filepath.Abs(out)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(out); err == nil {
		out = real
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", out, err)
	}
	s := &Staging{out: out, exchange: exchange, passing: func(string) error { return nil }}
	parent, prefix := s.beside()
	if err := clearLeftovers(out, parent, prefix); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", out, err)
	}
	if err := checkPlace(out); err != nil {
		return nil, err
	}
	// Another run may take the new folder for a leftover before it is locked.
	for range 10 {
		if s.dir, err = os.MkdirTemp(parent, prefix+stagingMark); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", out, err)
		}
		if s.lock, err = holdFolder(s.dir); err == nil {
			return s, os.Chmod(s.dir, 0o755)
		}
	}
	return nil, fmt.Errorf("prepare %s: lock %s: %w", out, s.dir, err)
}

// beside returns the folder in which stagings stand and the prefix of their names:
// beside out, and for a day of a dataset (dt=…) beside the dataset.
func (s *Staging) beside() (parent, prefix string) {
	parent, base := filepath.Split(s.out)
	parent = filepath.Clean(parent)
	if root := filepath.Dir(parent); strings.HasPrefix(base, "dt=") && root != parent && sameDevice(parent, root) {
		return root, "." + filepath.Base(parent) + "." + base
	}
	return parent, "." + base
}

func sameDevice(a, b string) bool {
	var sa, sb unix.Stat_t
	return unix.Stat(a, &sa) == nil && unix.Stat(b, &sb) == nil && sa.Dev == sb.Dev
}

// clearLeftovers puts back a result of which the former run died between two
// renames, and removes the folders of dead runs.
func clearLeftovers(out, parent, prefix string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		old := isNumbered(e.Name(), prefix+oldMark)
		if !e.IsDir() || !old && !isNumbered(e.Name(), prefix+stagingMark) {
			continue
		}
		dir := filepath.Join(parent, e.Name())
		lock, err := lockFolder(dir)
		if err != nil {
			continue // it belongs to a living run
		}
		if _, missing := os.Lstat(out); old && errors.Is(missing, fs.ErrNotExist) {
			err = os.Rename(dir, out)
		} else {
			err = os.RemoveAll(dir)
		}
		if err = errors.Join(err, lock.Close()); err != nil {
			return err
		}
	}
	return nil
}

// isNumbered says that name is prefix and a number, as os.MkdirTemp makes names.
func isNumbered(name, prefix string) bool {
	number, ok := strings.CutPrefix(name, prefix)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// holdFolder is lockFolder for a folder of this process's own. Where the file
// system has no locks it holds the folder without one; nobody else can lock it
// either, so it is never taken for a leftover.
func holdFolder(dir string) (*os.File, error) {
	f, err := lockFolder(dir)
	for _, none := range []syscall.Errno{unix.EBADF, unix.ENOLCK, unix.ENOTSUP, unix.ENOSYS} {
		if errors.Is(err, none) {
			return os.Open(dir)
		}
	}
	return f, err
}

// lockFolder opens and locks a folder; it fails where another process holds the
// lock or where the folder is gone meanwhile.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	held, err := f.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Stat(dir); err == nil && !os.SameFile(held, there) {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkPlace says whether a result may take the place out: where nothing is, an
// empty folder, or a result whose run.json lists every file in it.
func checkPlace(out string) error {
	const hint = "choose another folder, or move it away"
	stat, err := os.Lstat(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !stat.IsDir() {
		return fmt.Errorf("%s: %w: it is a file (%s)", out, ErrForeign, hint)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) == 0 {
		return err
	}
	own, err := ownFiles(out)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrManifest) {
		return fmt.Errorf("%s: %w: it is not empty and has no run.json of ours (%s)", out, ErrForeign, hint)
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(out, path)
		if err == nil && !own[filepath.ToSlash(name)] {
			err = fmt.Errorf("%s: %w: no run wrote %s, and it would be lost (%s)", out, ErrForeign, name, hint)
		}
		return err
	})
}

// Dir is the staging folder; ReadTable reads it before the commit.
func (s *Staging) Dir() string { return s.dir }

// Path is where a file of the result beside the tables is written. Its name must
// be in the manifest's Files, or the next run refuses to replace the result.
func (s *Staging) Path(name string) string { return filepath.Join(s.dir, name) }

// PartPath is where the part of a table and bucket is written.
func (s *Staging) PartPath(table string, bucket int) string {
	return filepath.Join(s.dir, table, PartName(bucket)+stagedSuffix)
}

// PartName is the name of a bucket's part in a result.
func PartName(bucket int) string { return fmt.Sprintf("part-%05d.parquet", bucket) }

// finalName is the name in the result of a file that is staged as name.
func finalName(name string) string { return strings.TrimSuffix(name, stagedSuffix) }

// Commit puts the result in its place in one step: until then the former result
// is there whole, from then on the new one. Everything is on disk before that
// step. success adds _SUCCESS. After an error the former result is untouched;
// Abort then removes the staging.
func (s *Staging) Commit(success bool) error {
	if s.lock == nil {
		return fmt.Errorf("commit %s: the staging is over", s.out)
	}
	old, err := s.commit(success)
	if err != nil {
		return fmt.Errorf("commit %s: %w", s.out, err)
	}
	s.unlock()
	// The result stands. What of the former one cannot be removed is removed by
	// the next run.
	if old != "" {
		os.RemoveAll(old)
	}
	return nil
}

// commit returns the folder in which the former result stands now, "" if there
// was none.
func (s *Staging) commit(success bool) (old string, err error) {
	if err := s.passing("finish"); err != nil {
		return "", err
	}
	if _, err := ownFiles(s.dir); err != nil {
		return "", fmt.Errorf("%s: %w", ManifestName, err)
	}
	if success {
		if err := os.WriteFile(s.Path(SuccessName), nil, 0o644); err != nil {
			return "", err
		}
	}
	if err := s.finishNames(); err != nil {
		return "", err
	}
	if err := s.passing("sync"); err != nil {
		return "", err
	}
	paths, err := everything(s.dir)
	if err != nil {
		return "", err
	}
	if err := syncAll(paths); err != nil {
		return "", err
	}
	if err := s.passing("exchange"); err != nil {
		return "", err
	}
	// What was put there since the run began must not be lost.
	if err := checkPlace(s.out); err != nil {
		return "", err
	}
	if old, err = s.takePlace(); err != nil {
		return "", err
	}
	if err := errors.Join(syncFolder(filepath.Dir(s.out)), syncFolder(filepath.Dir(s.dir))); err != nil {
		return old, fmt.Errorf("the new result stands, but may not survive a power cut: %w", err)
	}
	return old, nil
}

// finishNames gives the staged parts their final names.
func (s *Staging) finishNames() error {
	return filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, stagedSuffix) {
			return err
		}
		return os.Rename(path, finalName(path))
	})
}

// takePlace swaps the staging with the former result.
func (s *Staging) takePlace() (old string, err error) {
	if _, err := os.Lstat(s.out); errors.Is(err, fs.ErrNotExist) {
		return "", os.Rename(s.dir, s.out)
	}
	err = s.exchange(s.dir, s.out)
	if err == nil {
		return s.dir, nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return "", err
	}
	// Two renames. The former result is locked while it has no place, so that
	// another run does not take it for one of which the run died.
	lock, err := holdFolder(s.out)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	parent, prefix := s.beside()
	old = filepath.Join(parent, prefix+oldMark+filepath.Base(s.dir)[len(prefix)+len(stagingMark):])
	if err := os.Rename(s.out, old); err != nil {
		return "", err
	}
	if err = s.passing("between two renames"); err == nil {
		err = os.Rename(s.dir, s.out)
	}
	if err != nil {
		return "", errors.Join(err, os.Rename(old, s.out))
	}
	return old, nil
}

// SyncBehind begins to bring what is staged by now to the disk, beside whatever the caller
// does next, and returns what waits for it. Commit, which syncs everything, then finds
// little to do. A fault must not be dropped: the system tells of it once, and Commit would
// not hear of it.
func (s *Staging) SyncBehind() (wait func() error) {
	paths, err := everything(s.dir)
	done := make(chan error, 1)
	go func() {
		if err == nil {
			err = syncAll(paths)
		}
		done <- err
	}()
	return func() error {
		if err := <-done; err != nil {
			return fmt.Errorf("commit %s: %w", s.out, err)
		}
		return nil
	}
}

// everything is every folder and file of dir, and dir.
func everything(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	return paths, err
}

// syncAll brings files and folders to the disk, several at a time: file systems write the
// journal once for those that wait together.
func syncAll(paths []string) error {
	var group errgroup.Group
	group.SetLimit(16)
	for _, path := range paths {
		group.Go(func() error { return syncFolder(path) })
	}
	// The first fault is told, not all: where a disk fails there is one for every file.
	return group.Wait()
}

// syncFolder syncs one file or folder.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Abort removes the staging. After a Commit that succeeded it does nothing.
func (s *Staging) Abort() error {
	if s.lock == nil {
		return nil
	}
	err := os.RemoveAll(s.dir)
	s.unlock()
	return err
}

func (s *Staging) unlock() {
	s.lock.Close()
	s.lock = nil
}
