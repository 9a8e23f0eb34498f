package container

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// source is the file behind members. It is open while anything uses it, and
// refuses to go on with a file that was replaced between two uses.
type source struct {
	path    string
	size    int64
	changed time.Time
	read    atomic.Int64 // bytes that were read and not yet told

	mu    sync.Mutex
	file  *os.File
	users int
}

// acquire opens the file for one more user.
func (s *source) acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		file, err := os.Open(s.path)
		if err != nil {
			return err
		}
		if err := s.same(file); err != nil {
			file.Close()
			return err
		}
		s.file = file
	}
	s.users++
	return nil
}

// same keeps size and time of the file at first and compares them later.
func (s *source) same(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if s.changed.IsZero() {
		s.size, s.changed = info.Size(), info.ModTime()
	}
	if info.Size() != s.size || !info.ModTime().Equal(s.changed) {
		return inputError(s.path, "", "run again when nothing writes to it", "the file was changed while it was read")
	}
	return nil
}

// release closes the file behind its last user.
func (s *source) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	if s.users > 0 {
		return nil
	}
	file := s.file
	s.file = nil
	return file.Close()
}

// ReadAt implements io.ReaderAt for users between acquire and release.
func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.file.ReadAt(p, offset)
	s.read.Add(int64(n))
	return n, err
}

// taken is how many bytes of the file were read since it was asked before, by all members
// together.
func (s *source) taken() int64 { return s.read.Swap(0) }
