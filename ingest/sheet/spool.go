package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"

	"reconcile/settlement"
)

// Spooled is a spreadsheet in a temporary file. A zip archive is read from its end, and
// what a sheet is shows only in its rows, so that a spreadsheet is read more than once.
// It reads the file from its beginning, as often as Open is given it.
type Spooled struct {
	file  *os.File
	first []byte // of the file
	size  int64
	sum   string
	at    int64

	broken atomic.Pointer[fs.PathError]
}

// Spool reads stream to its end. Close removes the file.
func Spool(stream io.Reader) (*Spooled, error) {
	file, err := os.CreateTemp("", "reconcile-sheet-*")
	if err != nil {
		return nil, err
	}
	// Without a name nothing of the file outlives the process; where an open file
	// cannot lose its name, Close removes it.
	_ = os.Remove(file.Name())
	s := &Spooled{file: file}
	sum := sha256.New()
	source := &watched{Reader: stream}
	s.size, err = io.Copy(io.MultiWriter(file, sum), io.LimitReader(source, maxFile+1))
	if err != nil && source.failed != nil {
		err = unreadable(source.failed)
	}
	if err == nil && s.size > maxFile {
		err = fault(0, 0, adviceDistill, "a spreadsheet of more than %d bytes", maxFile)
	}
	if err == nil {
		s.first = make([]byte, min(s.size, 64<<10))
		_, err = file.ReadAt(s.first, 0)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	s.sum = hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// watched tells an error of the stream from one of the temporary file.
type watched struct {
	io.Reader
	failed error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.failed = err
	}
	return n, err
}

// unreadable makes the file's fault of a stream that broke. What the container says of it
// stays.
func unreadable(err error) error {
	if placed := (*settlement.InputError)(nil); errors.As(err, &placed) {
		return placed
	}
	return fault(0, 0, "fetch the file again", "the file ends or breaks while it is read: %v", err)
}

// Read implements io.Reader.
func (s *Spooled) Read(p []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	n, err := s.ReadAt(p[:min(int64(len(p)), s.size-s.at)], s.at)
	s.at += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (s *Spooled) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.file.ReadAt(p, at)
	if broken := (*fs.PathError)(nil); errors.As(err, &broken) {
		s.broken.Store(broken)
	}
	return n, err
}

// Broken is the error of the temporary file, nil where it could be read: what is said of
// the spreadsheet otherwise is then no fault of it.
func (s *Spooled) Broken() error {
	if broken := s.broken.Load(); broken != nil {
		return broken
	}
	return nil
}

func (s *Spooled) whole() io.Reader { return io.NewSectionReader(s, 0, s.size) }

// headRows is how many rows Head returns.
const headRows = 60

// Head returns the first rows as lines of CSV in UTF-8, by which a sheet is recognised
// as a text file is by its first lines.
func (s *Spooled) Head() ([]byte, error) {
	r, err := Open(s)
	if err != nil {
		return nil, err
	}
	var head strings.Builder
	for range headRows {
		_, _, cells, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, c := range cells {
			if i > 0 {
				head.WriteByte(',')
			}
			writeField(&head, c.Text)
		}
		head.WriteByte('\n')
		if head.Len() > 64<<10 {
			break
		}
	}
	return []byte(head.String()), nil
}

func writeField(out *strings.Builder, text string) {
	if !strings.ContainsAny(text, "\",\r\n") {
		out.WriteString(text)
		return
	}
	out.WriteByte('"')
	out.WriteString(strings.ReplaceAll(text, `"`, `""`))
	out.WriteByte('"')
}

// Close removes the file.
func (s *Spooled) Close() error {
	err := s.file.Close()
	_ = os.Remove(s.file.Name()) // is gone where the system let it go at once
	return err
}
