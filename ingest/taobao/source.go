package taobao

import (
	"bytes"
	"io"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
)

// record is one row of either kind of file. Its texts are valid until the next.
type record struct {
	sheet string // "" in CSV
	row   int64
	text  []byte  // the fields, one behind the other, a byte between them
	ends  []int32 // the offset behind each field in text

	cells []sheet.Cell // of a sheet
	raw   []byte       // of CSV: the record as it stands in the file, but in UTF-8
}

// field is field i as it was written.
func (r *record) field(i int) []byte {
	start := int32(0)
	if i > 0 {
		start = r.ends[i-1] + 1
	}
	return r.text[start:r.ends[i]:r.ends[i]]
}

// column is the position of a cell for messages, in CSV in characters from 1; a missing
// one stands behind the last.
func (r *record) column(i int) int64 {
	if r.raw == nil {
		return int64(i) + 1
	}
	for at, text := int64(1), r.raw; ; i-- {
		size, ok := fieldSize(text)
		switch {
		case i == 0:
			return at
		case !ok || size == len(text):
			return 0
		}
		text, at = text[size+1:], at+int64(utf8.RuneCount(text[:size]))+1
	}
}

func (r *record) texts() []string {
	texts := make([]string, len(r.ends))
	for i := range texts {
		texts[i] = string(r.field(i))
	}
	return texts
}

func (r *record) blank() bool {
	for i := range r.ends {
		if len(clean(r.field(i))) > 0 {
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
	r.sheet, r.row, r.cells, r.text, r.ends = name, int64(row), cells, r.text[:0], r.ends[:0]
	for i, cell := range cells {
		if i > 0 {
			r.text = append(r.text, ',')
		}
		r.text = append(r.text, cell.Text...)
		r.ends = append(r.ends, int32(len(r.text)))
	}
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
