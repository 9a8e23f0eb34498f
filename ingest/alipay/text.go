package alipay

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
)

var bom = []byte("\ufeff")

// decoded returns text as UTF-8; ok is false where it is not in the encoding.
func decoded(text []byte, gb18030 bool) (string, bool) {
	if !gb18030 {
		return string(text), utf8.Valid(text)
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	return string(out), err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}

// encoded returns text, which is made of common Chinese characters, as the bytes
// of the file's encoding.
func encoded(text string, gb18030 bool) []byte {
	if gb18030 {
		if out, err := simplifiedchinese.GB18030.NewEncoder().String(text); err == nil {
			return []byte(out)
		}
	}
	return []byte(text)
}

// isGB18030 decides the encoding by the preamble and the header: Chinese text in
// GB18030 of that length is never valid UTF-8. Rows do not count, because a name
// in them may be cut within a character.
func isGB18030(head []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(head, bom)) {
		if !utf8.Valid(line) {
			return !bytes.HasPrefix(head, bom)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' {
			return false
		}
	}
	return false
}

// lineReader reads the lines around the rows, decoded.
type lineReader struct {
	in      delimited.Input
	from    *delimited.Reader
	gb18030 bool
}

func newLineReader(in delimited.Input) (*lineReader, error) {
	from := delimited.NewReader(in)
	head, err := from.Peek(headLength)
	return &lineReader{in: in, from: from, gb18030: isGB18030(head)}, err
}

// next returns the next line, decoded and without BOM, and its number; io.EOF at
// the end.
func (l *lineReader) next() (string, int64, error) {
	raw, line, err := l.from.Line()
	if err != nil {
		return "", line, err
	}
	if line == 1 {
		raw = bytes.TrimPrefix(raw, bom)
	}
	text, ok := decoded(raw, l.gb18030)
	if !ok {
		encoding := "UTF-8"
		if l.gb18030 {
			encoding = "GB18030"
		}
		return "", line, l.in.Errorf(line, "fetch the bill again; do not save it with another program", "a line that is not %s as the file's header is", encoding)
	}
	return text, line, nil
}

// unpadded is a line without the commas with which spreadsheets fill it up.
func unpadded(text string) string { return strings.Trim(text, ", \t") }

// afterColon returns what follows label and a colon of either width.
func afterColon(text, label string) (string, bool) {
	rest, ok := strings.CutPrefix(text, label)
	if !ok {
		return "", false
	}
	rest = strings.TrimLeft(rest, " ")
	for _, colon := range []string{"：", ":"} {
		if value, ok := strings.CutPrefix(rest, colon); ok {
			return strings.TrimLeft(value, " "), true
		}
	}
	return "", false
}

// bracketed splits "[value] rest".
func bracketed(text string) (value, rest string, ok bool) {
	text, ok = strings.CutPrefix(text, "[")
	if !ok {
		return "", "", false
	}
	value, rest, ok = strings.Cut(text, "]")
	return strings.TrimSpace(value), strings.TrimSpace(rest), ok
}
