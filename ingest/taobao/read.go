package taobao

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// batchRows is how many rows are handed over at a time.
const batchRows = 2048

// Files are many and small: the memory of batches serves the next file. A batch that long
// texts have widened beyond widestSpare bytes is let go.
var (
	spareLines = settlement.Spare[settlement.Lines, *settlement.Lines]{Most: 2}
	spareFunds = settlement.Spare[settlement.FundLines, *settlement.FundLines]{Most: 2}
)

const widestSpare = 4 << 20

// reading is one file being read.
type reading struct {
	in           delimited.Input
	st           *settlement.Statement
	lines, funds func(arrow.Record) error
	problems     delimited.Problems

	from   source
	record record
	sheet  string // the first
	head   *header

	lineBatch *settlement.Lines
	fundBatch *settlement.FundLines
	widest    int64 // of the batches so far, in bytes
	hasher    settlement.IDHasher
	nth       occurrences // how often the file had a statement line of this key

	account              []byte // stated
	noteText, amountText []byte // scratch

	first, last  settlement.Day
	above, below int64 // first row with an expense above, below zero
	overflow     bool
	others       map[string]*count // rows that nothing names, by 入账类型
	channels     map[string]*count // rows that are not of this account, or of an unknown channel
	reversed     count             // payments that go out, refunds that come in
	unaddressed  int64             // payments and refunds without an order
	titles       []string
}

// count is rows and what they add up to.
type count struct {
	rows int64
	sum  settlement.Amount
}

func (c *count) add(amount settlement.Amount) {
	c.rows++
	if sum, err := c.sum.Add(amount); err == nil { // the whole is checked apart
		c.sum = sum
	}
}

// Read reads an export of an aggregated account. lines takes records of settlement.Lines,
// funds of settlement.FundLines, each valid during the call; they are called from one
// goroutine. An error of them, and one of ctx, stops the reading and is returned as it is.
//
// An export that may not be used returns a *settlement.Refusal; rows of it may have been
// handed over by then. The statement is returned in any case, as far as it was read.
func Read(ctx context.Context, in delimited.Input, lines, funds func(arrow.Record) error) (*settlement.Statement, error) {
	st := &settlement.Statement{
		File: in.File, Member: in.Member, Kind: settlement.AggregatedFunds, Wallet: settlement.TaobaoAggregated, Currency: "CNY",
		Account: in.Account, From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
	}
	r := &reading{
		in: in, st: st, lines: lines, funds: funds, first: settlement.NoDay, last: settlement.NoDay,
		account: []byte(in.Account), others: map[string]*count{}, channels: map[string]*count{},
	}
	r.lineBatch, r.fundBatch = spareLines.Take(), spareFunds.Take()
	defer func() {
		if max(r.widest, settlement.Bytes(r.lineBatch), settlement.Bytes(r.fundBatch)) <= widestSpare {
			spareLines.Give(r.lineBatch)
			spareFunds.Give(r.fundBatch)
		}
	}()
	var err error
	if r.from, err = open(in); err != nil {
		return st, refusal(st, err)
	}
	defer r.from.close()
	err = r.rows(ctx)
	var emitting emitError
	switch {
	case errors.As(err, &emitting):
		return nil, emitting.error
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if drained := r.from.drain(); drained == nil {
		st.SHA256, st.Bytes = r.from.content()
	} else if err == nil {
		err = drained
	}
	return st, r.verdict(err)
}

// emitError carries an error of lines or funds through the reading.
type emitError struct{ error }

// refusal makes an error of the file a refusal with its statement.
func refusal(st *settlement.Statement, err error) error {
	var fault *settlement.InputError
	var refused *settlement.Refusal
	switch {
	case errors.As(err, &refused):
	case errors.As(err, &fault):
		refused = settlement.Refuse(fault)
	default:
		return err
	}
	refused.Statement = st
	return refused
}

// rows reads everything. Of the first rows one is the header; each further sheet may
// begin with the same.
func (r *reading) rows(ctx context.Context) error {
	if err := r.header(); err != nil {
		return err
	}
	sheet := r.sheet
	for {
		err := r.from.next(&r.record)
		if err == io.EOF { //nolint:errorlint // sources return it as it is
			return r.emit()
		}
		if err != nil {
			return err
		}
		begins := r.record.sheet != sheet
		sheet = r.record.sheet
		if begins && r.repeatsHeader() {
			continue
		}
		if r.record.blank() {
			continue
		}
		if extra := r.beyondHeader(); extra >= 0 {
			e := r.in.Errorf(r.record.row, `a field with a comma stands in quotes`, "%s%d fields where the header has %d", r.inSheet(), len(r.record.ends), len(r.head.names))
			e.Column = r.record.column(extra)
			r.problems.Add(e)
			continue
		}
		if n := len(r.record.ends); r.record.raw != nil && n < len(r.head.names) {
			r.problems.Add(r.in.Errorf(r.record.row, "is the line cut off? "+adviceFetch, "%d fields where the header has %d", n, len(r.head.names)))
			continue
		}
		if l, ok := r.parse(); ok {
			r.take(&l)
		}
		if r.fundBatch.Len() >= batchRows {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.emit(); err != nil {
				return err
			}
		}
	}
}

// header reads up to the header. Rows before it are titles.
func (r *reading) header() error {
	for {
		err := r.from.next(&r.record)
		if err == io.EOF { //nolint:errorlint // sources return it as it is
			return r.in.Errorf(1, knownLayouts, "no row of the first %d is the header of an export of the aggregated account", titleRows+1)
		}
		if err != nil {
			return err
		}
		if r.record.blank() {
			continue
		}
		if len(r.record.ends) > maxColumns {
			return r.in.Errorf(r.record.row, knownLayouts, "a header of more than %d columns", maxColumns)
		}
		names := r.record.texts()
		if isHeader(names) {
			return r.layOut(names)
		}
		if r.titles = append(r.titles, delimited.Heading(strings.Trim(strings.Join(names, " "), " "))); len(r.titles) > titleRows {
			return r.in.Errorf(1, knownLayouts, "no row of the first %d is the header of an export of the aggregated account", titleRows+1)
		}
	}
}

func (r *reading) layOut(names []string) error {
	r.sheet = r.record.sheet
	r.head = parseHeader(names)
	r.st.Drift = r.head.drift()
	var found []string
	for _, name := range names {
		found = append(found, cleanName(name))
	}
	for _, c := range r.head.missing {
		e := r.in.Errorf(r.record.row, knownLayouts, "the required column is missing; found: %s", delimited.Heading(strings.Join(found, ", ")))
		e.ColumnName = wordings[c][0]
		r.problems.Add(e)
	}
	for _, at := range r.head.twice {
		e := r.in.Errorf(r.record.row, adviceFetch, "the header has this column twice")
		e.Column, e.ColumnName = r.record.column(at), cleanName(names[at])
		r.problems.Add(e)
	}
	name := "收支明细"
	if r.head.at[shop] >= 0 || r.head.at[bookedOn] >= 0 {
		name = "动账"
	}
	r.st.Layout = fmt.Sprintf("%s, %d columns, %s", name, len(names), r.from.layout())
	if refused := r.problems.Refusal(r.st.Source()); refused != nil {
		return refused
	}
	if len(r.head.unknown) > 0 {
		r.st.Notef("columns not read: %s", strings.Join(r.head.unknown, ", "))
	}
	if len(r.titles) > 0 {
		r.st.Notef("%d rows before the header are not read: %s", len(r.titles), strings.Join(r.titles, " / "))
	}
	return nil
}

// repeatsHeader says that the row at hand is the header once more.
func (r *reading) repeatsHeader() bool {
	names := r.record.texts()
	if len(names) != len(r.head.names) {
		return false
	}
	for i, name := range names {
		if normalName(name) != normalName(r.head.names[i]) {
			return false
		}
	}
	return true
}

// beyondHeader is the place of a filled cell for which the header has no name, −1 where
// there is none.
func (r *reading) beyondHeader() int {
	for i := len(r.head.names); i < len(r.record.ends); i++ {
		if len(clean(r.record.field(i))) > 0 {
			return i
		}
	}
	return -1
}

// emit hands over the rows at hand.
func (r *reading) emit() error {
	for _, b := range []struct {
		batch settlement.Batch
		to    func(arrow.Record) error
	}{{r.lineBatch, r.lines}, {r.fundBatch, r.funds}} {
		if b.batch.Len() == 0 {
			continue
		}
		r.widest = max(r.widest, settlement.Bytes(b.batch))
		record := settlement.Record(b.batch)
		err := b.to(record)
		record.Release()
		if err != nil {
			return emitError{err}
		}
		settlement.Reset(b.batch)
	}
	return nil
}
