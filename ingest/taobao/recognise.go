package taobao

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// titleRows is how many rows may stand before the header.
const titleRows = 10

// Recognise says whether head, the first bytes of a decoded stream or the first rows of
// a spreadsheet as CSV, is an export of an aggregated account: by its header.
func Recognise(head []byte) bool {
	row := 0
	for line := range bytes.Lines(head) {
		if row++; row > titleRows+1 {
			return false
		}
		text, ok := decoded(line, !utf8.Valid(line))
		if !ok {
			continue
		}
		var r record
		if r.text, r.ends, ok = unquote(text, nil, nil); ok && isHeader(r.texts()) {
			return true
		}
	}
	return false
}

// decoded returns a line as UTF-8 without line end; ok is false where it is not in the
// encoding.
func decoded(line []byte, gb18030 bool) (text []byte, ok bool) {
	line = bytes.TrimRight(line, "\r\n")
	if !gb18030 {
		return line, utf8.Valid(line)
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line)
	return out, err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}
