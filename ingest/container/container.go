// Package container opens what a user names: a plain file, a gzip file, a zip
// archive with several members, or a folder of such files. It knows nothing of
// what is inside; kinds of file are told by their content elsewhere.
//
//	folder ─► files ─► plain file              ┐
//	                   gzip (multi-member too)  ├─► Member.Open ─► decoded bytes
//	                   zip: member, member, …   ┘
//
// Everything is streamed: memory does not grow with the content, and nothing is
// written to disk. A stream that is truncated, corrupt, nested, empty, or larger
// than the limits allow ends in a *settlement.InputError, never in io.EOF.
package container

import (
	"errors"
	"fmt"
	"io"
	"os"

	"reconcile/settlement"
)

// Member is one decoded stream: a plain file, what a gzip file holds, or one
// member of a zip archive.
type Member struct {
	File   string // path as named, inside a folder joined to the folder's
	Member string // name inside the zip archive, with forward slashes; else ""
	Size   int64  // decoded size as the container declares it, −1 where it does not

	// Open starts the stream. It may be called again after Close, and for several
	// members at a time. Every error of Open and Read but io.EOF is a
	// *settlement.InputError, except where the file system itself fails.
	Open func() (io.ReadCloser, error)

	// FileSize is that of the file as it lies on the disk. Taken is how many of these
	// bytes were read since it was asked before, by all members of the file together.
	FileSize int64
	Taken    func() int64
}

// Limits bound what an archive may unfold into. A zero field takes its default.
type Limits struct {
	Members int   // of one zip archive; default 4096
	Decoded int64 // bytes that one gzip file or all members of a zip unfold into; default 256 GiB
	Ratio   int64 // decoded bytes for one compressed byte, beyond the first 64 MiB; default 250
}

// harmless is how many bytes may be unfolded whatever the ratio: headers and
// empty columns compress well.
const harmless = 64 << 20

func (l Limits) orDefaults() Limits {
	if l.Members <= 0 {
		l.Members = 4096
	}
	if l.Decoded <= 0 {
		l.Decoded = 256 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 250
	}
	return l
}

// tooMuch says that decoded bytes are out of proportion to the compressed ones.
func (l Limits) tooMuch(decoded, compressed int64) bool {
	return decoded > harmless && decoded/l.Ratio > compressed
}

// Open lists the streams behind path in a fixed order: files of a folder by
// path, members of a zip as the archive lists them. What a file is, is told by
// its first bytes, never by its name.
//
// Of a folder it returns the members of the files that could be opened together
// with the joined errors of the others. Each error is a *settlement.InputError,
// or one of the file system (a path that does not exist).
func Open(path string, limits Limits) ([]Member, error) {
	files, err := Files(path)
	failures := []error{err}
	var members []Member
	for _, file := range files {
		src := &source{path: file}
		opened, err := openFile(src, limits.orDefaults())
		src.taken() // what was looked at to list the members is read again
		for _, m := range opened {
			m.FileSize, m.Taken = src.size, src.taken
			members = append(members, m)
		}
		failures = append(failures, err)
	}
	return members, joined(failures)
}

// joined is errors.Join, but one error stays as it is.
func joined(failures []error) error {
	var found []error
	for _, err := range failures {
		if err != nil {
			found = append(found, err)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return errors.Join(found...)
}

func openFile(src *source, limits Limits) ([]Member, error) {
	path := src.path
	if err := src.acquire(); err != nil {
		return nil, err
	}
	defer func() { _ = src.release() }() // read only
	if src.size == 0 {
		return nil, inputError(path, "", adviceFetch, "the file has zero bytes")
	}
	head := make([]byte, headLength)
	n, err := src.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch kind := archiveKind(head[:n]); kind {
	case "":
		return []Member{plainMember(src, limits)}, nil
	case gzipKind:
		return []Member{gzipMember(src, limits)}, nil
	case zipKind:
		return zipMembers(src, limits)
	default:
		return nil, inputError(path, "", "unpack it and name the files inside", "%s, which is not read", kind)
	}
}

func plainMember(src *source, limits Limits) Member {
	return Member{File: src.path, Size: src.size, Open: func() (io.ReadCloser, error) {
		if err := src.acquire(); err != nil {
			return nil, err
		}
		return &stream{
			source: io.NewSectionReader(src, 0, src.size), done: src.release,
			file: src.path, decodedLimit: src.size, limits: limits, compressed: src.size, plain: true,
		}, nil
	}}
}

const adviceFetch = "fetch the file again"

func inputError(file, member, do, format string, args ...any) *settlement.InputError {
	return &settlement.InputError{
		Position: settlement.Position{File: file, Member: member},
		What:     fmt.Sprintf(format, args...),
		Do:       do,
	}
}

// isFileSystem tells errors of the file system, which stay as they are.
func isFileSystem(err error) bool {
	var path *os.PathError
	return errors.As(err, &path)
}
