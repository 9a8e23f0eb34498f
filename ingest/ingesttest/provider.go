// Package ingesttest proves of a reader what is expected of all of them. A provider's
// test calls it once:
//
//	func TestConformance(t *testing.T) {
//		ingesttest.Run(t, ingesttest.Provider{
//			Recognise: Recognise,
//			Read:      Read,
//			Sample:    sample, // func(rows int, seed uint64) string
//			Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8},
//			Uncovered: []string{"order_no", "occurred_at"},
//			Bad:       []ingesttest.Bad{{Column: "费率", Find: `,([0-9.]+)%`, Put: "1E2"}},
//		})
//	}
//
// What it proves:
//
//   - forms: each encoding, with and without a byte order mark, LF and CRLF, with and
//     without a final line end, give the same rows and totals, and the hash is that of
//     the bytes; a file of one row and one of none are accepted;
//   - truncation at every byte is refused, or changes neither rows nor totals;
//   - a change of any byte is refused, but in the columns that the provider names
//     (Uncovered), and these are no more than need be;
//   - each control total that the file states is compared with its rows, and the rows
//     that were emitted add up to it;
//   - a bad cell is reported with its line, column and column name;
//   - rows do not depend on workers or on the sizes of reads, nor on what happens to
//     the memory of a record when emit has returned;
//   - lines of any length, any number of columns and NUL bytes are dealt with in bounded
//     memory, and told of briefly;
//   - errors of emit and of the context are returned as they are, not as refusals.
//
// A file that is no text (a spreadsheet, Parquet) is made of the sample by Pack. It has one
// form; a cut anywhere must be refused, also where the kind states no totals; hostile
// content is proved where containers are opened (packages sheet and orders).
package ingesttest

import (
	"context"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// Provider is a reader to be proved, and what the suite must know of it.
type Provider struct {
	Recognise func(head []byte) bool
	// Read is the reader. emit takes the records of every kind of batch, so that a
	// reader with several emits is given it several times.
	Read func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error)

	// Sample returns a file of so many rows with true totals: UTF-8 with line ends LF,
	// the last line with one too. Equal arguments give equal files; rows differ from
	// each other; with three rows every kind of row is there. Values are invented.
	Sample func(rows int, seed uint64) string

	// Encodings are those that are read without being told, the usual one first;
	// UTF8 where it is empty.
	Encodings []Encoding

	// Uncovered are the columns of the batches in which a change of one byte may go
	// unseen, because no total covers the field and its grammar admits other values;
	// and of the statement: account, period, currency. The suite fails where another
	// column slips through, and where one listed never does. Identities and keys,
	// which follow from other columns, need not be listed.
	Uncovered []string

	// NoTotals says that the file states no control totals: a cut at a line's end
	// then leaves rows that are good. The rows before the cut must stay what they
	// were, and a last line that was cut must be refused, or noted where what it lacks
	// is of the columns Uncovered.
	NoTotals bool

	// Bad are cells that must be refused at their place; at least one of each type
	// of column.
	Bad []Bad

	// Pack makes the file of a sample, whose lines are rows and whose commas part cells;
	// nil where the sample is the file. Encodings then do not count.
	Pack func(text string) []byte
	// Place is where errors place the cell of a line and field of a packed sample, both
	// from 1; nil where it is the same.
	Place func(line, field int64) (int64, int64)
	// Few makes one change of each byte instead of a dozen, where reading a small file
	// takes long.
	Few bool

	// LinesOnly says that errors tell the line of a cell and not its column: an element of
	// XML has none.
	LinesOnly bool

	// NoRows says that the file has totals of another file and no rows of its own: what its
	// statement says of rows is not looked at.
	NoRows bool

	// Prepare changes what is known from outside; nil for a file of unknown account and
	// day, named bill.csv.
	Prepare func(in *delimited.Input)
}

// Bad is a cell to spoil.
type Bad struct {
	Column string // ColumnName of the error, as the header has it
	Find   string // a regular expression; its group stands for the cell
	Put    string // goes in its place
}

// Encoding is an encoding of text files.
type Encoding uint8

// The encodings of wallets.
const (
	UTF8 Encoding = iota
	GB18030
)

func (e Encoding) String() string {
	if e == GB18030 {
		return "GB18030"
	}
	return "UTF-8"
}

// Run runs the whole suite against p.
func Run(t *testing.T, p Provider) {
	t.Helper()
	if len(p.Encodings) == 0 || p.Pack != nil {
		p.Encodings = []Encoding{UTF8}
	}
	if a, b := p.Sample(3, 1), p.Sample(3, 1); a != b || a == "" || a[len(a)-1] != '\n' {
		t.Fatal("the sample is not the same each time, or does not end with a line end")
	}
	s := suite{p}
	t.Run("forms", s.forms)
	t.Run("totals", s.totals)
	t.Run("again", s.again)
	t.Run("workers", s.workers)
	t.Run("bad cells", s.badCells)
	t.Run("stops", s.stops)
	for _, e := range p.Encodings {
		t.Run("truncation/"+e.String(), func(t *testing.T) { s.truncation(t, e) })
	}
	t.Run("changes", s.changes)
	if p.Pack == nil {
		t.Run("hostile", s.hostile)
	}
}

type suite struct{ Provider }
