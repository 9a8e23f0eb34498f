package taobao

import (
	"bytes"
	"io"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
)

// textSource reads CSV, UTF-8 or GB18030: the first line that is not ASCII decides. A
// record without quotes is not copied, only its separators are sought.
type textSource struct {
	in       delimited.Input
	lines    *delimited.Reader
	decided  bool
	gb18030  bool
	joined   []byte // scratch of record
	decoded  []byte // the record at hand, where it was GB18030
	unquoted []byte // its fields, where it has quotes
	words    vocabulary
}

func (s *textSource) next(r *record) error {
	raw, line, quoted, err := s.record()
	if err != nil {
		return err
	}
	text, ok := s.decode(raw, line)
	if !ok {
		return s.undecoded(line)
	}
	r.row, r.text, r.raw, r.ends = line, text, text, r.ends[:0]
	if len(text) == 0 {
		return nil
	}
	r.ends = append(delimited.Separators(text, ',', r.ends), int32(len(text)))
	if n := len(r.ends); n > delimited.MaxFields { // before each is looked at
		return s.in.Errorf(line, adviceFetch, "a line of %d fields; %d are read at most", n, delimited.MaxFields)
	}
	if quoted {
		if s.unquoted, r.ends, ok = unquote(text, s.unquoted[:0], r.ends[:0]); !ok {
			return s.in.Errorf(line, `a field with a quote or comma stands in quotes, with each quote inside it doubled`, "a quote that is not closed, or text behind one")
		}
		r.text = s.unquoted
	}
	return nil
}

// decode returns a record in UTF-8; ok is false where it is not in the file's encoding.
func (s *textSource) decode(raw []byte, line int64) (text []byte, ok bool) {
	if s.decided && !s.gb18030 {
		return raw, utf8.Valid(raw)
	}
	if line == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	}
	if !s.decided && !delimited.IsASCII(raw) {
		s.decided, s.gb18030 = true, !utf8.Valid(raw)
	}
	raw = bytes.TrimRight(raw, "\r\n")
	if !s.gb18030 {
		return raw, utf8.Valid(raw)
	}
	s.decoded, ok = s.words.decode(raw, s.decoded[:0])
	return s.decoded, ok
}

func (s *textSource) undecoded(line int64) error {
	encoding := "UTF-8"
	if s.gb18030 {
		encoding = "GB18030"
	}
	return s.in.Errorf(line, adviceFetch, "a line that is not %s as the file's header is", encoding)
}

// record reads a line, and those behind it while a quote is open.
func (s *textSource) record() (raw []byte, line int64, quoted bool, err error) {
	raw, line, err = s.lines.Line()
	if err != nil || bytes.IndexByte(raw, '"') < 0 {
		return raw, line, false, err
	}
	if bytes.Count(raw, []byte{'"'})%2 == 0 {
		return raw, line, true, nil
	}
	s.joined = append(s.joined[:0], raw...)
	for {
		more, _, err := s.lines.Line()
		if err == io.EOF || err == nil && len(s.joined)+len(more) > delimited.MaxLine { //nolint:errorlint // Line returns it as it is
			return nil, 0, false, s.in.Errorf(line, `a field with a quote stands in quotes, with each quote inside it doubled`, "a quote that is never closed")
		}
		if err != nil {
			return nil, 0, false, err
		}
		s.joined = append(append(s.joined, '\n'), more...)
		if bytes.Count(more, []byte{'"'})%2 == 1 {
			return s.joined, line, true, nil
		}
	}
}

func (s *textSource) drain() error             { return s.lines.Drain() }
func (s *textSource) content() (string, int64) { return s.lines.SHA256(), s.lines.Size() }
func (s *textSource) cutOff() bool             { return s.lines.EndsInLine() }
func (s *textSource) close()                   {}

func (s *textSource) layout() string {
	if s.gb18030 {
		return "CSV, GB18030"
	}
	return "CSV, UTF-8"
}

// vocabulary decodes fields of GB18030. They repeat from row to row: the last one of each
// field that is not ASCII is kept as it stands in the file, and decoded. No byte of a longer
// character is a comma, so that each is looked at by itself.
type vocabulary struct {
	raw      [maxColumns][]byte
	text     [maxColumns][]byte
	decoder  *encoding.Decoder
	overlong []byte // a field behind those
}

// decode appends a record of GB18030 in UTF-8 to text; ok is false where some of it is not
// GB18030.
func (v *vocabulary) decode(raw, text []byte) (_ []byte, ok bool) {
	for i := 0; ; i++ {
		field, rest, more := bytes.Cut(raw, []byte{','})
		switch {
		case delimited.IsASCII(field):
			text = append(text, field...)
		case i >= maxColumns:
			if v.overlong, ok = v.field(field, v.overlong); !ok {
				return text, false
			}
			text = append(text, v.overlong...)
		default:
			if !bytes.Equal(field, v.raw[i]) {
				v.raw[i] = v.raw[i][:0]
				if v.text[i], ok = v.field(field, v.text[i]); !ok {
					return text, false
				}
				v.raw[i] = append(v.raw[i], field...)
			}
			text = append(text, v.text[i]...)
		}
		if !more {
			return text, true
		}
		text, raw = append(text, ','), rest
	}
}

// field decodes into the memory of to.
func (v *vocabulary) field(raw, to []byte) (text []byte, ok bool) {
	if v.decoder == nil {
		v.decoder = simplifiedchinese.GB18030.NewDecoder()
	}
	v.decoder.Reset()
	to = slices.Grow(to[:0], 3*len(raw)) // a byte that is not text becomes U+FFFD, which has three
	n, _, err := v.decoder.Transform(to[:cap(to)], raw, true)
	return to[:n], err == nil && !bytes.ContainsRune(to[:n], utf8.RuneError)
}

// unquote cuts a record of CSV into its fields, which it appends to text, with a comma
// between them; ends gets the offset behind each.
func unquote(record, text []byte, ends []int32) (_ []byte, _ []int32, ok bool) {
	for {
		size, ok := fieldSize(record)
		if !ok {
			return text, ends, false
		}
		if field := record[:size]; size > 0 && field[0] == '"' {
			for field = field[1 : size-1]; ; {
				quote := bytes.IndexByte(field, '"')
				if quote < 0 {
					break
				}
				text, field = append(text, field[:quote+1]...), field[quote+2:]
			}
			text = append(text, field...)
		} else {
			text = append(text, field...)
		}
		ends = append(ends, int32(len(text)))
		if size == len(record) {
			return text, ends, true
		}
		text, record = append(text, ','), record[size+1:]
	}
}

// fieldSize is how many bytes the first field of a record takes, with its quotes and
// without its comma. A quote that does not begin a field is a part of it: ="123" is what
// spreadsheets write. ok is false where a quote is not closed or has text behind it.
func fieldSize(record []byte) (size int, ok bool) {
	if len(record) == 0 || record[0] != '"' {
		if end := bytes.IndexByte(record, ','); end >= 0 {
			return end, true
		}
		return len(record), true
	}
	for i := 1; i < len(record); i++ {
		if record[i] != '"' {
			continue
		}
		if i+1 < len(record) && record[i+1] == '"' {
			i++
			continue
		}
		return i + 1, i+1 == len(record) || record[i+1] == ','
	}
	return 0, false
}
