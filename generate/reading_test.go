package generate_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"

	"reconcile/settlement"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The readers below are the tests' own: small, slow and without any code of the
// writers.

// reporter is what tests and rapid's properties have in common.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func must[T any](t reporter) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v", err)
		}
		return v
	}
}

func fen(t reporter, text string) settlement.Amount {
	t.Helper()
	return must[settlement.Amount](t)(settlement.ParseLongAmount([]byte(text)))
}

// member is one member of the ZIP, its name and content as the bytes are.
type member struct {
	name    string
	flags   uint16
	content []byte
}

func readZIP(t reporter, path string) (members []member) {
	t.Helper()
	archive := must[*zip.ReadCloser](t)(zip.OpenReader(path))
	defer archive.Close()
	for _, f := range archive.File {
		r := must[io.ReadCloser](t)(f.Open())
		content := must[[]byte](t)(io.ReadAll(r))
		r.Close()
		members = append(members, member{f.Name, f.Flags, content})
	}
	return members
}

func decoded(t reporter, gbk []byte) string {
	t.Helper()
	return string(must[[]byte](t)(simplifiedchinese.GB18030.NewDecoder().Bytes(gbk)))
}

// table is a file's header and rows, and what stands outside of them.
type table struct {
	header []string
	rows   []map[string]string
	notes  []string
}

func (f *table) add(fields []string) {
	row := map[string]string{}
	for i, name := range f.header {
		row[name] = fields[i]
	}
	f.rows = append(f.rows, row)
}

// parseAlipay reads a member of the ZIP: comments are notes, the first other
// line is the header. Values keep their tabs.
func parseAlipay(t reporter, content []byte) *table {
	t.Helper()
	text := decoded(t, content)
	if !strings.HasSuffix(text, "\r\n") {
		t.Fatalf("no CRLF at the end")
	}
	f := &table{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if strings.ContainsAny(line, "\r\n") {
			t.Fatalf("line ends are not CRLF: %q", line)
		}
		if strings.HasPrefix(line, "#") {
			f.notes = append(f.notes, line)
			continue
		}
		fields := strings.Split(line, ",")
		if f.header == nil {
			f.header = fields
			continue
		}
		if len(fields) != len(f.header) {
			t.Fatalf("%d fields instead of %d: %q", len(fields), len(f.header), line)
		}
		f.add(fields)
	}
	return f
}

// parseWeChat reads a bill and its trailer; the trailer's names and values are
// the two notes.
func parseWeChat(t reporter, path string) (f *table, trailer map[string]string) {
	t.Helper()
	content := must[[]byte](t)(os.ReadFile(path))
	if strings.HasSuffix(path, ".gz") {
		content = must[[]byte](t)(io.ReadAll(must[*gzip.Reader](t)(gzip.NewReader(bytes.NewReader(content)))))
	}
	text, ended := strings.CutSuffix(strings.TrimPrefix(string(content), "\uFEFF"), "\r\n")
	lines := strings.Split(text, "\r\n")
	if !ended || len(lines) < 3 {
		t.Fatalf("%s: no header and trailer with CRLF", path)
	}
	f = &table{header: strings.Split(lines[0], ",")}
	split := func(line string, want int) []string {
		if line[0] != '`' {
			t.Fatalf("no backtick: %q", line)
		}
		fields := strings.Split(line[1:], ",`")
		if len(fields) != want {
			t.Fatalf("%d fields instead of %d: %q", len(fields), want, line)
		}
		return fields
	}
	for _, line := range lines[1 : len(lines)-2] {
		f.add(split(line, len(f.header)))
	}
	names := strings.Split(lines[len(lines)-2], ",")
	trailer = map[string]string{}
	for i, value := range split(lines[len(lines)-1], len(names)) {
		trailer[names[i]] = value
	}
	return f, trailer
}

func parseExtract(t reporter, path string) *table {
	t.Helper()
	file := must[*os.File](t)(os.Open(path))
	defer file.Close()
	records := must[[][]string](t)(csv.NewReader(file).ReadAll())
	f := &table{header: records[0]}
	for _, record := range records[1:] {
		f.add(record)
	}
	return f
}

// filesNamed returns those of the paths whose base names end so.
func filesNamed(paths []string, suffix string) (out []string) {
	for _, path := range paths {
		if strings.HasSuffix(filepath.Base(path), suffix) {
			out = append(out, path)
		}
	}
	return out
}
