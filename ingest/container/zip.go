package container

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// zipMembers lists the members of an archive. An archive with a member that is
// not to be trusted is refused as a whole.
func zipMembers(src *source, limits Limits) ([]Member, error) {
	archive, err := openDirectory(src, limits)
	if err != nil {
		return nil, err
	}
	if isWorkbook(archive) {
		return []Member{plainMember(src, limits)}, nil
	}
	var members []Member
	seen := map[string]bool{}
	var total uint64
	for _, entry := range archive.File {
		name, ok := memberName(entry.Name)
		if !ok {
			return nil, inputError(src.path, name, "do not unpack this archive; ask who made it",
				"the member's name leads out of the archive or is not a name")
		}
		if strings.HasSuffix(name, "/") || isJunk(name) {
			continue
		}
		if seen[name] {
			return nil, inputError(src.path, name, "ask who made the archive", "two members have this name")
		}
		seen[name] = true
		if err := refuseMember(src, entry, name, limits); err != nil {
			return nil, err
		}
		total += entry.UncompressedSize64 // both terms are within limits.Decoded: this cannot wrap
		if total > uint64(limits.Decoded) || limits.tooMuch(int64(total), src.size) {
			return nil, inputError(src.path, "", "look at the archive before trusting it",
				"an archive of %d bytes declares %d bytes of content and more", src.size, total)
		}
		members = append(members, zipMember(src, entry, name, limits))
	}
	if len(members) == 0 {
		return nil, inputError(src.path, "", adviceFetch, "the zip archive holds no file")
	}
	return members, nil
}

// directoryBytes bounds what is read of an archive's directory, for a member on
// average; names and extra fields included. It bounds the memory for the list.
const directoryBytes = 1 << 10

// openDirectory reads the archive's directory, within bounds.
func openDirectory(src *source, limits Limits) (*zip.Reader, error) {
	tooMany := inputError(src.path, "", "unpack the archive and name the folder",
		"the zip archive has more than %d members", limits.Members)
	if declared, ok := declaredMembers(src); ok && declared > uint64(limits.Members) {
		return nil, tooMany
	}
	// The tail with the directory's end is searched apart from the members.
	metered := &meteredReader{source: src, left: 4*maxTail + directoryBytes*int64(limits.Members)}
	archive, err := zip.NewReader(metered, src.size)
	switch {
	case errors.Is(err, errDirectoryTooLarge):
		return nil, tooMany
	case err != nil && isFileSystem(err):
		return nil, err
	case err != nil:
		return nil, inputError(src.path, "", adviceFetch, "the zip archive is truncated or corrupt: %s", strings.TrimPrefix(err.Error(), "zip: "))
	case len(archive.File) > limits.Members:
		return nil, tooMany
	}
	metered.unlimited = true
	archive.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		return flate.NewReader(bufio.NewReaderSize(r, inflateBytes))
	})
	return archive, nil
}

// inflateBytes is how much of a member is read at a time: the library alone would read
// 4 KiB.
const inflateBytes = 64 << 10

// maxTail is how far from the end of an archive the end of its directory may
// start: 22 bytes, a comment of up to 65,535, and the 76 bytes of zip64 before.
const maxTail = 22 + 65_535 + 76

// declaredMembers is the number of members that the end of the directory states.
// It is looked up first because the library makes room for as many.
func declaredMembers(src *source) (count uint64, ok bool) {
	tail := make([]byte, min(src.size, maxTail))
	offset := src.size - int64(len(tail))
	if _, err := src.ReadAt(tail, offset); err != nil && err != io.EOF {
		return 0, false
	}
	end := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if end < 0 || end+22 > len(tail) {
		return 0, false
	}
	count = uint64(binary.LittleEndian.Uint16(tail[end+10:]))
	if count == 0xffff { // stated in the zip64 record
		count = 0
	}
	const zip64Length = 56
	if at := bytes.LastIndex(tail[:end], []byte("PK\x06\x06")); at >= 0 && at+zip64Length <= end {
		count = max(count, binary.LittleEndian.Uint64(tail[at+32:]))
	}
	return count, true
}

var errDirectoryTooLarge = errors.New("the directory is larger than its members explain")

// meteredReader ends the reading of a directory that is too large. Once the
// directory is read it is unlimited, and safe for concurrent use.
type meteredReader struct {
	source    *source
	left      int64
	unlimited bool
}

func (m *meteredReader) ReadAt(p []byte, offset int64) (int, error) {
	if !m.unlimited {
		m.left -= int64(len(p))
		if m.left < 0 {
			return 0, errDirectoryTooLarge
		}
	}
	return m.source.ReadAt(p, offset)
}

// contentTypes is the part that every Office document has.
const contentTypes = "[Content_Types].xml"

// isWorkbook tells an Office document, which is a file of its own although it is
// packed as zip.
func isWorkbook(archive *zip.Reader) bool {
	return slices.ContainsFunc(archive.File, func(f *zip.File) bool { return f.Name == contentTypes })
}

// memberName decodes a member's name: names are UTF-8 or, without the flag or
// with a wrongly set one, GBK. A name that is valid UTF-8 stays as it is. ok is
// false for a name that is absolute, climbs with "..", or has control characters.
func memberName(raw string) (name string, ok bool) {
	name = raw
	if !utf8.ValidString(raw) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().String(raw)
		if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
			return strings.ToValidUTF8(raw, "?"), false
		}
		name = decoded
	}
	// Only after decoding: the second byte of a GBK character may be a backslash.
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strings.Map(visible, name), false
	}
	if name == "" || strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' {
		return name, false
	}
	return name, !slices.Contains(strings.Split(name, "/"), "..")
}

func visible(r rune) rune {
	if unicode.IsControl(r) {
		return '?'
	}
	return r
}

// isJunk tells what macOS and Windows add to archives and folders.
func isJunk(name string) bool {
	if strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") {
		return true
	}
	base := name[strings.LastIndexByte(name, '/')+1:]
	switch strings.ToLower(base) {
	case ".ds_store", "thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(base, "._")
}

// What tells an encrypted member: the flag, and with AES the method in place of the
// real one.
const (
	encryptedFlag = 1
	aesMethod     = 99
)

// refuseMember returns why a member is not read, nil where it is.
func refuseMember(src *source, entry *zip.File, name string, limits Limits) error {
	refuse := func(do, format string, args ...any) error {
		return inputError(src.path, name, do, format, args...)
	}
	mode := entry.Mode()
	switch {
	case entry.Flags&encryptedFlag != 0, entry.Method == aesMethod:
		return refuse("unpack the archive with its password first and name the files", "the member is encrypted")
	case mode.Type() != 0:
		return refuse("pack the file itself", "the member is %s, not a file", specialName(mode))
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		return refuse("unpack the archive and name the files", "the member is packed with method %d; stored and deflated members are read", entry.Method)
	case entry.UncompressedSize64 > uint64(limits.Decoded):
		return refuse("look at the archive before trusting it",
			"it declares %d bytes, more than the %d allowed", entry.UncompressedSize64, limits.Decoded)
	case limits.tooMuch(int64(entry.UncompressedSize64), int64(min(entry.CompressedSize64, uint64(src.size)))):
		return refuse("look at the archive before trusting it",
			"%d compressed bytes declare %d bytes of content, over %d times as many", entry.CompressedSize64, entry.UncompressedSize64, limits.Ratio)
	}
	return nil
}

func specialName(mode fs.FileMode) string {
	if mode&fs.ModeSymlink != 0 {
		return "a symbolic link"
	}
	return "a device or pipe"
}

func zipMember(src *source, entry *zip.File, name string, limits Limits) Member {
	return Member{File: src.path, Member: name, Size: int64(entry.UncompressedSize64), Open: func() (io.ReadCloser, error) {
		if err := src.acquire(); err != nil {
			return nil, err
		}
		s := &stream{
			done: src.release, file: src.path, member: name, limits: limits,
			decodedLimit: int64(entry.UncompressedSize64), compressed: int64(min(entry.CompressedSize64, uint64(src.size))),
		}
		content, err := entry.Open()
		if err != nil {
			s.Close()
			return nil, s.failed(err)
		}
		if entry.CRC32 == 0 { // the library takes 0 for "not stated"
			s.checksum, s.expected = crc32.NewIEEE(), 0
		}
		s.source = content
		s.done = func() error { return errors.Join(content.Close(), src.release()) }
		return s, nil
	}}
}
