package opening

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// maxSize is how large an opening file may be: some million rows.
const maxSize = 1 << 30

// mostFields is far more than the columns that there are.
const mostFields = 256

// Read reads an opening file, a CSV in UTF-8 or a workbook whose first row names the
// columns. A file with anything wrong in it is refused whole: the error is then a
// *settlement.Refusal with the places.
func Read(path string) (*State, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSize {
		return nil, settlement.Refuse(&settlement.InputError{Position: settlement.Position{File: path},
			What: fmt.Sprintf("the file has %d bytes", info.Size()), Do: "an opening file has at most 1 GiB: leave out what is closed"})
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, raw)
}

// Parse reads the content of an opening file.
func Parse(path string, raw []byte) (*State, error) {
	sum := sha256.Sum256(raw)
	r := &reader{
		state: &State{Source: path, SHA256: hex.EncodeToString(sum[:]), Day: settlement.NoDay, Open: &settlement.Events{},
			Paid: &settlement.Events{}, Payments: &settlement.Lines{}},
		refusal: &settlement.Refusal{Source: path}, seen: map[string]int64{},
	}
	read := r.readCSV
	if sheet.Recognise(raw[:min(len(raw), 64<<10)]) {
		read = r.readSheet
	}
	if err := read(raw); err != nil {
		return nil, err
	}
	r.finish()
	if len(r.refusal.Errors) > 0 {
		return nil, r.refusal
	}
	r.state.byKey = map[uint64][]int32{}
	for i, key := range r.state.Payments.Key {
		r.state.byKey[key] = append(r.state.byKey[key], int32(i))
	}
	return r.state, nil
}

// reader reads rows and gathers what is wrong with them.
type reader struct {
	state   *State
	refusal *settlement.Refusal
	header  []string
	seen    map[string]int64 // what a row is about, and its line
	hash    settlement.IDHasher
	latest  []dated
}

// dated is a time that must not lie after the day of the file.
type dated struct {
	at     settlement.Instant
	text   string
	line   int64
	column int64
}

// field is a filled cell of a row.
type field struct {
	text   string
	number bool // the file holds a number and no text
	lost   bool // a number that has lost digits
	column int64
}

func (r *reader) fault(line, column int64, name, do, format string, args ...any) {
	r.refusal.Add(&settlement.InputError{Position: settlement.Position{File: r.state.Source, Line: line, Column: column},
		ColumnName: name, What: fmt.Sprintf(format, args...), Do: do})
}

func (r *reader) readCSV(raw []byte) error {
	if !utf8.Valid(raw) {
		r.fault(0, 0, "", "save it as CSV UTF-8, or as .xlsx", "the file is not UTF-8")
		return nil
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	lines, in := bytes.Split(raw, []byte("\n")), csv.NewReader(bytes.NewReader(raw))
	in.FieldsPerRecord = -1
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			r.fault(int64(bad.Line), int64(bad.Column), "", "save the sheet as CSV UTF-8 again", "the row cannot be read: %v", bad.Err)
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := in.FieldPos(0)
		if len(record) > mostFields {
			r.fault(int64(line), 1, "", "this is no opening file", "a row of %d fields", len(record))
			return nil
		}
		fields := make([]field, len(record))
		for i, text := range record {
			on, at := in.FieldPos(i)
			fields[i] = field{text: strings.TrimSpace(text), column: delimited.ColumnAt(lines[on-1], at-1, false)}
		}
		if !r.take(int64(line), fields) {
			return nil
		}
	}
}

func (r *reader) readSheet(raw []byte) error {
	in, err := sheet.Open(bytes.NewReader(raw))
	if err == nil {
		defer in.Close()
		err = r.readRows(in)
	}
	var bad *settlement.InputError
	if err = sheet.At(err, r.state.Source, ""); errors.As(err, &bad) {
		return settlement.Refuse(bad)
	}
	return err
}

// readRows takes the rows of the first sheet that has any; another one is refused, since
// it would be left out silently.
func (r *reader) readRows(in *sheet.Reader) error {
	first := ""
	for n := 0; ; n++ {
		name, row, cells, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 0 {
			first = name
		}
		if name != first {
			r.fault(int64(row), 1, "", "put all rows into one sheet", "the workbook has rows in the sheets %.40q and %.40q", first, name)
			return nil
		}
		fields := make([]field, len(cells))
		for i, c := range cells {
			fields[i] = field{strings.TrimSpace(c.Text), c.Number, c.Lost(), int64(i) + 1}
		}
		for r.header != nil && len(fields) < len(r.header) {
			fields = append(fields, field{column: int64(len(fields)) + 1})
		}
		if !r.take(int64(row), fields) {
			return nil
		}
	}
}

// take takes a row; the first one is the header. It returns false where reading on is of
// no use.
func (r *reader) take(line int64, fields []field) bool {
	if r.header == nil {
		return r.takeHeader(line, fields)
	}
	if !slices.ContainsFunc(fields, func(f field) bool { return f.text != "" }) {
		return true
	}
	if len(fields) != len(r.header) {
		r.fault(line, 1, "", "give every row as many fields as the header", "%d fields where the header has %d", len(fields), len(r.header))
		return true
	}
	row := map[string]field{}
	for i, name := range r.header {
		row[name] = fields[i]
	}
	r.row(line, row)
	return true
}

func (r *reader) takeHeader(line int64, fields []field) bool {
	for _, f := range fields {
		switch {
		case !slices.Contains(columns, f.text):
			r.fault(line, f.column, f.text, "the columns are "+strings.Join(columns, ", "), "there is no such column")
		case slices.Contains(r.header, f.text):
			r.fault(line, f.column, f.text, "take one of them out", "the column is there twice")
		}
		r.header = append(r.header, f.text)
	}
	if !slices.Contains(r.header, colKind) {
		r.fault(line, 1, colKind, "the first row names the columns: "+strings.Join(columns, ", "), "the column is missing")
	}
	return len(r.refusal.Errors) == 0
}

// finish checks what only the whole file tells.
func (r *reader) finish() {
	if len(r.refusal.Errors) > 0 {
		return
	}
	if r.header == nil {
		r.fault(0, 0, "", "the first row names the columns: "+strings.Join(columns, ", "), "the file is empty")
		return
	}
	if r.state.Day == settlement.NoDay {
		r.fault(0, 0, "", `add a row with kind day and in time the day before the first one that is run, such as 2024-09-11`,
			"no row says at the end of which day things stood so")
		return
	}
	for _, d := range r.latest {
		if d.at >= (r.state.Day + 1).Start() {
			r.fault(d.line, d.column, colTime, "what happened later stands in the files of its own day: take the row out, or correct the day",
				"%s lies after the end of %s", d.text, r.state.Day)
		}
	}
}
