package container

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash"
	"io"

	"github.com/klauspost/compress/gzip"
)

// What archiveKind calls the two containers that are opened; other words name
// what is refused.
const (
	gzipKind = "a gzip file"
	zipKind  = "a zip archive"
)

// headLength is how many first bytes archiveKind needs.
const headLength = 264

var archiveMagic = []struct {
	at    int
	magic string
	kind  string
}{
	{0, "PK\x03\x04", zipKind},
	{0, "PK\x05\x06", zipKind}, // without members
	{0, "PK\x07\x08", zipKind}, // first piece of a split one
	{0, "\x1f\x8b", gzipKind},
	{0, "7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{0, "Rar!\x1a\x07", "a RAR archive"},
	{0, "\xfd7zXZ\x00", "an xz file"},
	{0, "\x28\xb5\x2f\xfd", "a Zstandard file"},
	{4, "1AY&SY", "a bzip2 file"},
	{257, "ustar", "a tar archive"},
}

// archiveKind names the archive that starts with head, "" where it is none.
func archiveKind(head []byte) string {
	for _, a := range archiveMagic {
		if len(head) >= a.at && bytes.HasPrefix(head[a.at:], []byte(a.magic)) {
			return a.kind
		}
	}
	return ""
}

// startsWorkbook tells an Office document by the name of its first part. It is packed
// as zip, but a file of its own.
func startsWorkbook(head []byte) bool {
	const nameAt = 30
	if len(head) < nameAt || !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return false
	}
	for _, part := range []string{contentTypes, "_rels/", "docProps/", "xl/"} {
		if bytes.HasPrefix(head[nameAt:], []byte(part)) {
			return true
		}
	}
	return false
}

// stream is the decoded bytes of a member. It counts them, refuses what is
// nested or unfolds beyond its limits, and turns every failure into an
// InputError with the member's name. Not for concurrent use.
type stream struct {
	source       io.Reader
	done         func() error
	file, member string
	plain        bool  // not out of an archive: may be of any size and kind
	decodedLimit int64 // most bytes that may come
	compressed   int64 // bytes that they come from
	limits       Limits
	checksum     hash.Hash32 // to compare with expected at the end, nil where it is done elsewhere
	expected     uint32

	read    int64
	head    [headLength]byte // its first bytes, until they were looked at
	failure error
}

// Read implements io.Reader. Bytes may have been returned before an error shows
// that the stream is not to be used.
func (s *stream) Read(p []byte) (int, error) {
	if s.failure != nil {
		return 0, s.failure
	}
	n, err := s.source.Read(p)
	if s.read < headLength {
		copy(s.head[s.read:], p[:n])
	}
	s.read += int64(n)
	if s.checksum != nil {
		s.checksum.Write(p[:n])
	}
	if s.failure = s.verdict(err, n); s.failure != nil && s.failure != io.EOF {
		return 0, s.failure
	}
	return n, s.failure
}

// verdict says whether the stream ends here, and how. n bytes have just come.
func (s *stream) verdict(err error, n int) error {
	if !s.plain {
		// The whole head is waited for: the first name in it tells a workbook.
		if before := s.read - int64(n); before < headLength && (s.read >= headLength || err != nil) {
			if kind := archiveKind(s.head[:min(s.read, headLength)]); kind != "" && !startsWorkbook(s.head[:min(s.read, headLength)]) {
				return s.errorf("unpack it and name the files inside", "%s inside an archive is not read", kind)
			}
		}
		if s.read > s.decodedLimit {
			return s.errorf("look at the archive before trusting it", "it unfolds into more than the %d bytes allowed", s.decodedLimit)
		}
		if s.limits.tooMuch(s.read, s.compressed) {
			return s.errorf("look at the archive before trusting it",
				"%d compressed bytes unfold into %d and more, over %d times as many", s.compressed, s.read, s.limits.Ratio)
		}
	}
	switch {
	case err == nil:
		return nil
	case err == io.EOF && s.read == 0:
		return s.errorf(adviceFetch, "it has zero bytes")
	case err == io.EOF && s.plain && s.read < s.decodedLimit:
		return s.errorf("run again when nothing writes to it", "the file became shorter while it was read")
	case err == io.EOF && s.checksum != nil && s.checksum.Sum32() != s.expected:
		return s.errorf(adviceFetch, "the checksum does not match: the archive is corrupt")
	case err == io.EOF:
		return io.EOF
	}
	return s.failed(err)
}

// failed says what an error of a decoder means.
func (s *stream) failed(err error) error {
	switch {
	case isFileSystem(err):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s.errorf(adviceFetch, "the archive is truncated or corrupt: it ends before its content does")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zip.ErrChecksum):
		return s.errorf(adviceFetch, "the checksum does not match: the archive is corrupt")
	}
	return s.errorf(adviceFetch, "the archive is corrupt: %v", err)
}

func (s *stream) errorf(do, format string, args ...any) error {
	return inputError(s.file, s.member, do, format, args...)
}

// Close implements io.Closer.
func (s *stream) Close() error {
	if s.done == nil {
		return nil
	}
	done := s.done
	s.done = nil
	s.failure = errors.New("container: read after Close")
	return done()
}

func gzipMember(src *source, limits Limits) Member {
	return Member{File: src.path, Size: -1, Open: func() (io.ReadCloser, error) {
		if err := src.acquire(); err != nil {
			return nil, err
		}
		s := &stream{done: src.release, file: src.path, decodedLimit: limits.Decoded, compressed: src.size, limits: limits}
		decoder, err := gzip.NewReader(io.NewSectionReader(src, 0, src.size))
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			s.Close()
			return nil, s.failed(err)
		}
		s.source = decoder
		return s, nil
	}}
}
