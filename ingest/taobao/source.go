package taobao

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
)

// record is one row of either kind of file. Its cells are valid until the next.
type record struct {
	sheet string // "" in CSV
	row   int64
	cells []sheet.Cell
	text  string // the record in CSV, "" in a sheet
}

// column is the position of a cell for messages, in CSV in characters from 1; a missing
// one stands behind the last.
func (r *record) column(i int) int64 {
	if r.text == "" {
		return int64(i) + 1
	}
	for at, text := int64(1), r.text; ; i-- {
		_, rest, size, ok := firstField(text)
		switch {
		case i == 0:
			return at
		case !ok || rest == "":
			return 0
		}
		text, at = rest[1:], at+size+1
	}
}

func (r *record) texts() []string {
	texts := make([]string, len(r.cells))
	for i, c := range r.cells {
		texts[i] = c.Text
	}
	return texts
}

func (r *record) blank() bool {
	for _, c := range r.cells {
		if clean(c.Text) != "" {
			return false
		}
	}
	return true
}

// source is where rows come from. content is known when all rows were read, or drain was
// called.
type source interface {
	next(*record) error
	drain() error
	content() (sha256 string, size int64)
	layout() string
	cutOff() bool // the last line may be cut off
	close()
}

// open tells a spreadsheet from CSV.
func open(in delimited.Input) (source, error) {
	spooled, isSheet := in.Stream.(*sheet.Spooled)
	if !isSheet {
		head := make([]byte, 64<<10)
		n, err := io.ReadFull(in.Stream, head)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull returns them as they are
			return nil, err
		}
		in.Stream = io.MultiReader(bytes.NewReader(head[:n]), in.Stream)
		if !sheet.Recognise(head[:n]) {
			return &textSource{in: in, lines: delimited.NewReader(in)}, nil
		}
	}
	from := in.Stream
	if isSheet {
		from = spooled
	}
	r, err := sheet.Open(from)
	if err != nil {
		return nil, sheet.At(err, in.File, in.Member)
	}
	return &sheetSource{in: in, reader: r}, nil
}

type sheetSource struct {
	in     delimited.Input
	reader *sheet.Reader
}

func (s *sheetSource) next(r *record) error {
	name, row, cells, err := s.reader.Next()
	*r = record{sheet: name, row: int64(row), cells: cells}
	if err != nil && err != io.EOF { //nolint:errorlint // Next returns it as it is
		return sheet.At(err, s.in.File, s.in.Member)
	}
	return err
}

func (s *sheetSource) drain() error             { return nil } // a sheet is read when it is opened
func (s *sheetSource) content() (string, int64) { return s.reader.SHA256(), s.reader.Size() }
func (s *sheetSource) layout() string           { return "spreadsheet" }
func (s *sheetSource) cutOff() bool             { return false }
func (s *sheetSource) close()                   { _ = s.reader.Close() } // a temporary file

// textSource reads CSV, UTF-8 or GB18030: the first line that is not ASCII decides. Of
// UTF-8, records are then taken many at a time, so that they share one string.
type textSource struct {
	in      delimited.Input
	lines   *delimited.Reader
	decided bool
	gb18030 bool
	fields  []string
	cells   []sheet.Cell
	joined  []byte

	buffer  []byte // records, each with a line end behind it
	text    string // the same
	waiting []placed
	at      int   // of those, the next to hand out
	ended   error // behind them
}

// placed is a record in textSource.text.
type placed struct {
	begin, end int
	line       int64
}

// together is how many bytes of records share a string.
const together = 64 << 10

func (s *textSource) next(r *record) error {
	text, line, err := s.decoded()
	if err != nil {
		return err
	}
	if text == "" {
		*r = record{row: line}
		return nil
	}
	if n := strings.Count(text, ",") + 1; n > delimited.MaxFields { // before a cell is made of each
		return s.in.Errorf(line, adviceFetch, "a line of %d fields; %d are read at most", n, delimited.MaxFields)
	}
	var closed bool
	if s.fields, closed = split(text, s.fields[:0]); !closed {
		return s.in.Errorf(line, `a field with a quote or comma stands in quotes, with each quote inside it doubled`, "a quote that is not closed, or text behind one")
	}
	s.cells = s.cells[:0]
	for _, field := range s.fields {
		s.cells = append(s.cells, sheet.Cell{Text: field})
	}
	*r = record{row: line, cells: s.cells, text: text}
	return nil
}

// decoded returns the next record in UTF-8 and the line that it begins on.
func (s *textSource) decoded() (string, int64, error) {
	if s.at == len(s.waiting) && s.ended == nil && s.decided && !s.gb18030 {
		s.gather()
	}
	if s.at < len(s.waiting) {
		p := s.waiting[s.at]
		s.at++
		return s.text[p.begin:p.end], p.line, nil
	}
	if s.ended != nil {
		return "", 0, s.ended
	}
	raw, line, err := s.record()
	if err != nil {
		return "", line, err
	}
	if line == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	}
	if !s.decided && bytes.ContainsFunc(raw, func(c rune) bool { return c >= utf8.RuneSelf }) {
		s.decided, s.gb18030 = true, !utf8.Valid(raw)
	}
	text, ok := decoded(raw, s.gb18030)
	if !ok {
		return "", line, s.undecoded(line)
	}
	return text, line, nil
}

func (s *textSource) undecoded(line int64) error {
	encoding := "UTF-8"
	if s.gb18030 {
		encoding = "GB18030"
	}
	return s.in.Errorf(line, adviceFetch, "a line that is not %s as the file's header is", encoding)
}

// gather takes the next records of UTF-8.
func (s *textSource) gather() {
	s.buffer, s.waiting, s.at = s.buffer[:0], s.waiting[:0], 0
	for len(s.buffer) < together && s.ended == nil {
		raw, line, err := s.record()
		if err != nil {
			s.ended = err
			break
		}
		begin := len(s.buffer)
		s.buffer = append(s.buffer, raw...)
		s.waiting = append(s.waiting, placed{begin, len(s.buffer), line})
		s.buffer = append(s.buffer, '\n')
	}
	if !utf8.Valid(s.buffer) {
		for i, p := range s.waiting {
			if !utf8.Valid(s.buffer[p.begin:p.end]) {
				s.waiting, s.ended = s.waiting[:i], s.undecoded(p.line)
				break
			}
		}
	}
	s.text = string(s.buffer)
}

// record reads a line, and those behind it while a quote is open.
func (s *textSource) record() ([]byte, int64, error) {
	raw, line, err := s.lines.Line()
	if err != nil || bytes.Count(raw, []byte{'"'})%2 == 0 {
		return raw, line, err
	}
	s.joined = append(s.joined[:0], raw...)
	for {
		more, _, err := s.lines.Line()
		if err == io.EOF || err == nil && len(s.joined)+len(more) > delimited.MaxLine { //nolint:errorlint // Line returns it as it is
			return nil, 0, s.in.Errorf(line, `a field with a quote stands in quotes, with each quote inside it doubled`, "a quote that is never closed")
		}
		if err != nil {
			return nil, 0, err
		}
		s.joined = append(append(s.joined, '\n'), more...)
		if bytes.Count(more, []byte{'"'})%2 == 1 {
			return s.joined, line, nil
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

// split cuts a record of CSV into its fields, which it appends to fields.
func split(text string, fields []string) (_ []string, ok bool) {
	if strings.IndexByte(text, '"') < 0 {
		for {
			end := strings.IndexByte(text, ',')
			if end < 0 {
				return append(fields, text), true
			}
			fields, text = append(fields, text[:end]), text[end+1:]
		}
	}
	for {
		field, rest, _, ok := firstField(text)
		if !ok {
			return nil, false
		}
		if fields = append(fields, field); rest == "" {
			return fields, true
		}
		text = rest[1:]
	}
}

// firstField cuts the first field off; rest begins with its comma. size is in characters.
// A quote that does not begin a field is a part of it: ="123" is what spreadsheets write.
func firstField(text string) (field, rest string, size int64, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text, ',')
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], int64(utf8.RuneCountInString(text[:end])), true
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			i++
			continue
		}
		if i+1 < len(text) && text[i+1] != ',' {
			return "", "", 0, false
		}
		return strings.ReplaceAll(text[1:i], `""`, `"`), text[i+1:], int64(utf8.RuneCountInString(text[:i+1])), true
	}
	return "", "", 0, false
}
