package ingesttest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fileIndex goes into the column source_file.
const fileIndex = 7

// row is one emitted row, printed column by column.
type row struct {
	columns []string // names, of its kind of batch
	values  []string
	line    int64
}

// value is the row's value of a column, "" where its kind of batch has none.
func (r *row) value(column string) string {
	if i := slices.Index(r.columns, column); i >= 0 {
		return r.values[i]
	}
	return ""
}

func (r *row) has(column string) bool { return slices.Contains(r.columns, column) }

// reading is what came of a file.
type reading struct {
	statement *settlement.Statement // of an accepted file
	rows      []row                 // in the order of their lines, by kind of batch
	refusal   *settlement.Refusal   // of a refused one
}

// options are how a file is read.
type options struct {
	workers int
	poison  bool // overwrite each record when it was taken
	index   int32
	name    string
	stream  io.Reader
}

// read reads content. An error that is no refusal ends the test.
func (s suite) read(t testing.TB, content []byte, change ...func(*options)) reading {
	t.Helper()
	o := options{workers: 1, index: fileIndex, name: "bill.csv", stream: bytes.NewReader(content)}
	for _, c := range change {
		c(&o)
	}
	in := delimited.Input{File: o.name, Stream: o.stream, Index: o.index, Workers: o.workers, Day: settlement.NoDay}
	if s.Prepare != nil {
		s.Prepare(&in)
	}
	var mu sync.Mutex
	var out reading
	statement, err := s.Read(context.Background(), in, func(record arrow.Record) error {
		rows := rowsOf(record)
		if o.poison {
			poison(record)
		}
		mu.Lock()
		defer mu.Unlock()
		out.rows = append(out.rows, rows...)
		return nil
	})
	if err != nil {
		out.refusal = refusalOf(t, err)
		return out
	}
	if statement == nil {
		t.Fatal("neither a statement nor an error")
	}
	out.statement = statement
	slices.SortStableFunc(out.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.columns[0], b.columns[0]), len(a.columns)-len(b.columns), cmp.Compare(a.line, b.line))
	})
	return out
}

// refusalOf makes sure that an error is a refusal with a file, a reason and advice.
func refusalOf(t testing.TB, err error) *settlement.Refusal {
	t.Helper()
	var refusal *settlement.Refusal
	var one *settlement.InputError
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &one):
		refusal = settlement.Refuse(one)
	default:
		t.Fatalf("an error that is no refusal: %v", err)
	}
	if len(refusal.Errors) == 0 {
		t.Fatal("a refusal without a reason")
	}
	for _, e := range refusal.Errors {
		if e.File == "" || e.What == "" || e.Do == "" {
			t.Fatalf("a refusal without its file, its reason or advice: %+v", e)
		}
	}
	return refusal
}

// accept reads content that must be accepted.
func (s suite) accept(t testing.TB, content []byte, change ...func(*options)) reading {
	t.Helper()
	r := s.read(t, content, change...)
	if r.refusal != nil {
		t.Fatalf("refused: %v", r.refusal)
	}
	return r
}

func rowsOf(record arrow.Record) []row {
	columns := make([]string, record.NumCols())
	for c := range columns {
		columns[c] = record.ColumnName(c)
	}
	rows := make([]row, record.NumRows())
	for i := range rows {
		values := make([]string, len(columns))
		for c := range values {
			values[c] = strings.Clone(record.Column(c).ValueStr(i))
		}
		rows[i] = row{columns: columns, values: values}
		rows[i].line, _ = strconv.ParseInt(rows[i].value("source_line"), 10, 64)
	}
	return rows
}

// equal compares two rows but for the columns left out.
func (r *row) equal(o *row, without []string) bool {
	if !slices.Equal(r.columns, o.columns) {
		return false
	}
	for i, v := range r.values {
		if v != o.values[i] && !slices.Contains(without, r.columns[i]) {
			return false
		}
	}
	return true
}

// poison overwrites a record's memory, which is its reader's again when emit returns:
// a reader must not look at it.
func poison(record arrow.Record) {
	for _, column := range record.Columns() {
		for _, buffer := range column.Data().Buffers() {
			if buffer == nil {
				continue
			}
			memory := buffer.Bytes()
			for i := range memory {
				memory[i] = 0xa5
			}
		}
	}
}

// text prints rows for comparison, without the columns left out.
func text(rows []row, without ...string) string {
	var b strings.Builder
	for _, r := range rows {
		for i, name := range r.columns {
			if !slices.Contains(without, name) {
				fmt.Fprintf(&b, "%s=%s ", name, r.values[i])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// summary is what a statement says of itself, notes and the bytes aside.
func summary(st *settlement.Statement) string {
	return fmt.Sprintf("%s %s account %q %s %s–%s part %d, %d rows %v, totals %v, until %v", st.Kind, st.Wallet, st.Account, st.Currency,
		st.From, st.Until, st.Part, st.Rows, st.KindSums, st.Totals, st.Watermark)
}

// same compares two readings of what should be the same.
func same(t testing.TB, got, want reading, without ...string) {
	t.Helper()
	for i := range min(len(got.rows), len(want.rows)) {
		if g, w := &got.rows[i], &want.rows[i]; !g.equal(w, without) {
			t.Errorf("row %d is\n%sinstead of\n%s", i+1, text(got.rows[i:i+1], without...), text(want.rows[i:i+1], without...))
			break
		}
	}
	if g, w := len(got.rows), len(want.rows); g != w {
		t.Errorf("%d rows instead of %d", g, w)
	}
	if g, w := summary(got.statement), summary(want.statement); g != w {
		t.Errorf("the statement is\n%s\ninstead of\n%s", g, w)
	}
}

// encoded is a sample's text in an encoding.
func encoded(t testing.TB, text string, e Encoding) []byte {
	t.Helper()
	if e == UTF8 {
		return []byte(text)
	}
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// file is the file that a sample's text stands for, in an encoding.
func (s suite) file(t testing.TB, text string, e Encoding) []byte {
	t.Helper()
	if s.Pack != nil {
		return s.Pack(text)
	}
	return encoded(t, text, e)
}

// usual is a sample in the provider's first encoding.
func (s suite) usual(t testing.TB, rows int) []byte {
	t.Helper()
	return s.file(t, s.Sample(rows, 1), s.Encodings[0])
}

// countsRows says that a statement of a sample has as many rows as it should.
func (s suite) countsRows(st *settlement.Statement, rows int) bool {
	return s.NoRows || st.Rows == int64(rows)
}

// severalBlocks is how many rows make a file that is read in several blocks.
func (s suite) severalBlocks() int {
	switch {
	case s.NoRows:
		return 1
	case s.Pack != nil:
		return 9_000 // tables hand over 8,192 rows at a time
	}
	const bytes = 5 << 19 // blocks are of a megabyte
	each := (len(s.Sample(101, 1)) - len(s.Sample(1, 1))) / 100
	return bytes/max(each, 1) + 1
}
