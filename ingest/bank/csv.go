package bank

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// csvReading is one CSV being read, in order: what stands for a missing reference depends
// on the lines before.
type csvReading struct {
	*book
	mapping Mapping
	gb18030 bool
	source  *delimited.Reader
	layout  layout

	raw, noteText []byte // scratch
	record        string // the record being read, decoded
	line          int64  // on which it begins
	fields        []field
	bad           bool // something is wrong with it
	balance       balances
	noted         struct{ turned, unreferenced int64 }
}

// Read reads a bank's CSV. emit is called with records of settlement.FundLines, valid
// only during the call, in the order of the file; an error of it, or of ctx, stops the
// reading and is returned as it is. A refused file gives a *settlement.Refusal that lists
// every bad record; rows may have been emitted before. A faulty m is an error that joins
// its Faults.
//
// in.Account is a merchant number and no bank account: it is not used. in.Day is taken for
// a file without lines.
func Read(ctx context.Context, in delimited.Input, m Mapping, emit func(arrow.Record) error) (*settlement.Statement, error) {
	if err := m.faultsError(); err != nil {
		return nil, err
	}
	r := &csvReading{book: newBook(in, emit), mapping: m, source: delimited.NewReader(in)}
	r.gb18030, _ = m.gb18030()
	st := newStatement(in)
	err := r.header(st)
	if err == nil && !r.broken {
		err = r.rowsOf(ctx)
	}
	if stop := stops(err); stop != nil {
		return nil, stop
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if drained := r.source.Drain(); err == nil {
		err = drained
	}
	st.SHA256, st.Bytes = r.source.SHA256(), r.source.Size()
	r.finish(st)
	if r.rows > 0 && r.source.EndsInLine() {
		st.Notef(delimited.NoLineEnd)
	}
	return st, r.verdict(st, err)
}

// next reads the next record, which may go over several lines inside quotes.
func (r *csvReading) next() error {
	text, line, err := r.source.Line()
	if err != nil {
		return err
	}
	raw := append(r.raw[:0], text...)
	defer func() { r.raw = raw }()
	for bytes.Count(raw, []byte{'"'})%2 == 1 {
		if text, _, err = r.source.Line(); err == io.EOF {
			break // which splitRecord says
		}
		if err != nil {
			return err
		}
		raw = append(append(raw, '\n'), text...)
		if len(raw) > delimited.MaxLine {
			return r.in.Errorf(line, quoteAdvice, "a record longer than a line may be; a quote is probably not closed")
		}
	}
	if len(raw) >= delimited.MaxFields { // else it cannot have so many
		if n := bytes.Count(raw, []byte{','}) + 1; n > delimited.MaxFields {
			return r.in.Errorf(line, "this is no statement of a bank", "a line of %d fields; %d are read at most", n, delimited.MaxFields)
		}
	}
	r.line, r.bad = line, false
	if line == 1 {
		if bytes.HasPrefix(raw, markUTF8) {
			raw, r.gb18030 = raw[len(markUTF8):], false
		}
		raw = bytes.TrimPrefix(raw, markGB18030)
	}
	if r.gb18030 {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return r.in.Errorf(line, "is bank.encoding right?", "not GB18030")
		}
		raw = decoded
	}
	r.record = string(raw)
	if !utf8.Valid(raw) {
		at := 0
		for at < len(raw) {
			char, size := utf8.DecodeRune(raw[at:])
			if char == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		e := r.in.Errorf(line, "set bank.encoding: gb18030 if the file is GBK or GB18030, or export it as UTF-8", "not UTF-8")
		e.Position = r.position(at)
		return e
	}
	return nil
}

// position is where the byte at offset of the record stands.
func (r *csvReading) position(offset int) settlement.Position {
	before := r.record[:min(offset, len(r.record))]
	start := strings.LastIndexByte(before, '\n') + 1
	return settlement.Position{File: r.in.File, Member: r.in.Member,
		Line: r.line + int64(strings.Count(before, "\n")), Column: delimited.ColumnAt([]byte(r.record[start:]), offset-start, false)}
}

// faultAt records what is wrong at the byte at offset of the record.
func (r *csvReading) faultAt(offset int, name, do, format string, args ...any) {
	r.bad = true
	r.fault(&settlement.InputError{Position: r.position(offset), ColumnName: name, What: fmt.Sprintf(format, args...), Do: do})
}

// header looks for the header among the rows in which it may stand.
func (r *csvReading) header(st *settlement.Statement) error {
	var first string
	for skipped := 0; ; skipped++ {
		err := r.next()
		if err == io.EOF && skipped == 0 {
			return r.in.Errorf(0, "fetch it again; a statement without lines still has its header", "the file is empty (zero bytes)")
		}
		if err == io.EOF || err == nil && skipped > r.mapping.Preamble {
			return r.in.Errorf(1, fmt.Sprintf("the known layout is %s; other names are given with bank.columns, rows before the header with bank.preamble", plainLayout),
				"no header of a bank's statement in the first %d rows: the first is %q", r.mapping.Preamble+1, delimited.Heading(first))
		}
		if err != nil {
			return err
		}
		if skipped == 0 {
			first = r.record
		}
		names := headerNames(r.record)
		if !isHeader(names, r.mapping) {
			continue
		}
		r.describe(st, names, skipped)
		return nil
	}
}

// describe finds the columns and writes what the header says into the statement.
func (r *csvReading) describe(st *settlement.Statement, names []string, skipped int) {
	var wrong string
	if r.fields, wrong = splitRecord(r.record, r.fields); wrong != "" {
		r.faultAt(r.fields[len(r.fields)-1].at, "", quoteAdvice, "%s in the header", wrong)
		return
	}
	var faults []headerFault
	r.layout, faults = layOut(names, r.mapping)
	st.Drift = driftOf(names, r.mapping)
	for _, f := range faults {
		offset := 0
		if f.field >= 0 {
			offset = r.fields[f.field].at
		}
		r.faultAt(offset, delimited.Short(f.name), f.do, "%s", f.what)
	}
	words, encoding := "plain", ""
	if len(r.mapping.Columns) > 0 {
		words = "mapped"
	}
	if r.gb18030 {
		encoding = ", GB18030"
	}
	st.Layout = fmt.Sprintf("CSV, %s, %d columns%s", words, len(names), encoding)
	if skipped > 0 {
		st.Notef("%d rows before the header were not read (bank.preamble)", skipped)
	}
	if named := slices.DeleteFunc(slices.Clone(r.layout.extra), func(name string) bool { return name == "" }); len(named) > 0 {
		st.Notef("columns not used: %s", delimited.Listed(named, 200))
	}
}

// rowsOf reads everything behind the header.
func (r *csvReading) rowsOf(ctx context.Context) error {
	blank := int64(0) // first of the blank lines before this one
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		err := r.next()
		if err == io.EOF {
			return r.flush()
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(r.record) == "" {
			if blank == 0 {
				blank = r.line
			}
			continue
		}
		if blank > 0 {
			r.fault(r.in.Errorf(blank, "remove it, or fetch the file again", "a blank line with rows behind it"))
			blank = 0
		}
		var wrong string
		if r.fields, wrong = splitRecord(r.record, r.fields); wrong != "" {
			r.faultAt(r.fields[len(r.fields)-1].at, "", quoteAdvice, "%s", wrong)
			continue
		}
		if len(r.fields) != r.layout.fields {
			do := "a field with a comma stands in quotes; sums below the rows are no lines: remove them, or state them as bank.total_…"
			if len(r.fields) < r.layout.fields {
				do = "is the line cut off? fetch the file again; sums below the rows are no lines: remove them, or state them as bank.total_…"
			}
			r.faultAt(0, "", do, "%d fields where the header has %d", len(r.fields), r.layout.fields)
			continue
		}
		if err := r.row(); err != nil {
			return err
		}
	}
}

// finish fills the statement's period, totals and notes.
func (r *csvReading) finish(st *settlement.Statement) {
	if r.account == "" {
		r.account = r.mapping.Account
	}
	if r.first != settlement.NoDay {
		st.From, st.Until = r.first, r.last+1
	} else if r.in.Day != settlement.NoDay && r.in.Day != 0 {
		st.From, st.Until = r.in.Day, r.in.Day+1
	}
	state := func(name string, stated *settlement.Amount, kind settlement.Kind, negate bool) {
		if stated == nil {
			return
		}
		computed := r.sums[kind].Gross
		if negate {
			computed = -computed
		}
		st.Totals = append(st.Totals, settlement.ControlTotal{Name: name, Stated: int64(*stated), Computed: int64(computed),
			Measure: settlement.Measure{Column: "amount", Kinds: settlement.KindSet(kind), Negate: negate}})
	}
	if n := r.mapping.TotalRows; n != nil {
		st.Totals = append(st.Totals, settlement.ControlTotal{Name: "total_rows", Stated: *n, Computed: r.rows,
			Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Income, settlement.Expense)}})
	}
	state("total_credit", r.mapping.TotalCredit, settlement.Income, false)
	state("total_debit", r.mapping.TotalDebit, settlement.Expense, true)
	if len(st.Totals) == 0 {
		st.Notef("the file states no totals; bank.total_rows, bank.total_credit and bank.total_debit are checked where they are given")
	}
	if r.account == "" {
		st.Notef("nothing tells the account: it is not stated for any line; bank.account gives it")
	}
	if r.rows == 0 {
		st.Notef("a statement without lines: a header and no rows")
	}
	if n := r.noted.unreferenced; n > 0 {
		st.Notef("%d lines have no reference: their number is formed of the day, the amount and the place among equals", n)
	}
	if n := r.noted.turned; n > 0 {
		st.Notef("%d lines have a negative credit or debit (红字): they take back a booking of that side", n)
	}
	r.balance.note(st)
}
