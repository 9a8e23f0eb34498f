package wechatpay

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundTrailerStart begins the line of names of the fund-flow bill's control totals.
var fundTrailerStart = []byte("资金流水总笔数")

var (
	income   = settlement.KindSet(settlement.Income)
	expense  = settlement.KindSet(settlement.Expense)
	bothWays = income | expense
)

// fundMeasures says what each control total of the fund-flow bill adds up. It
// prints expenses positive.
var fundMeasures = map[string]settlement.Measure{
	"资金流水总笔数": {Column: "rows", Kinds: bothWays},
	"收入笔数":    {Column: "rows", Kinds: income},
	"收入金额":    {Column: "amount", Kinds: income},
	"支出笔数":    {Column: "rows", Kinds: expense},
	"支出金额":    {Column: "amount", Kinds: expense, Negate: true},
}

var fundTotals = []string{"资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额"}

// fundBill is one fund-flow bill while it is read.
type fundBill struct {
	file
	layout  *fundLayout
	account string
	purse   string // basic, operation, fees; "" where the name does not tell
}

// ReadFunds reads a whole fund-flow bill (资金账单). emit is called from several
// workers at once with records of the schema of settlement.FundLines, each valid
// during the call. settled_on is the day of each row's own 记账时间.
//
// A refused bill returns a *settlement.Refusal, possibly after rows of it were
// emitted. Errors of emit and of ctx are returned as they are.
func ReadFunds(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	b := &fundBill{file: newFile(in, settlement.FundBill)}
	return b.finish(ctx, b.read(ctx, emit))
}

func (b *fundBill) read(ctx context.Context, emit func(arrow.Record) error) error {
	text, line, err := b.firstLine("a fund-flow bill", "a day on which nothing moved is a header and control totals", isFundHeader, fundHeadings.layouts)
	if text == nil || err != nil {
		return err
	}
	found, faults := readFundHeader(&fundHeadings, text)
	b.layout, b.statement.Layout = found, fmt.Sprintf("fund flow, %d columns", len(found.names))
	b.statement.Drift = found.drift()
	if !b.reportHeader(text, line, found.unknown, faults) {
		return nil
	}
	b.settleOwner()
	workers := make([]*fundWorker, b.in.Workers)
	for i := range workers {
		workers[i] = &fundWorker{bill: b, emit: emit, days: noDays}
	}
	err = b.reader.Blocks(ctx, fundTrailerStart, func(number int, block *delimited.Block) error {
		return workers[number].parse(block)
	})
	if err != nil {
		return err
	}
	if err := b.readTrailer(fundMeasures, fundTotals); err != nil {
		return err
	}
	all := b.mergeWorkers(workers)
	if b.problems.Refusal(b.statement.Source()) == nil {
		b.untied = b.tie(all)
	}
	return nil
}

// settleOwner finds whose account it is: the rows do not say it.
func (b *fundBill) settleOwner() {
	s := b.statement
	b.settleNamedAccount()
	b.account = s.Account
	var notes []string
	if b.purse, notes = purseInName(b.in); b.purse == "" && notes == nil {
		notes = []string{"which of the merchant's accounts (BASIC, OPERATION, FEES) it is, is not known: the name does not tell"}
	}
	s.SubAccount, s.Notes = b.purse, append(s.Notes, notes...)
}

// settleNamedAccount takes the merchant number from the name, else from the
// configuration, of a bill whose rows do not have it.
func (f *file) settleNamedAccount() {
	s, named := f.statement, accountInName(f.in)
	s.Account = cmp.Or(named, f.in.Account)
	switch {
	case s.Account == "":
		s.Notef("the merchant number is not known: neither the name nor the configuration gives it")
	case f.in.Account != "" && s.Account != f.in.Account:
		f.problems.Add(f.in.Errorf(0, "give the right file, or correct the account",
			"the file's name says merchant %s, the configuration says %s", named, f.in.Account))
	}
}

// mergeWorkers adds up what the workers found, the same whatever their number.
func (b *fundBill) mergeWorkers(workers []*fundWorker) *sums {
	all, days, kinds := new(sums), noDays, new(fundKinds)
	var parts []stretch
	for _, w := range workers {
		if err := all.merge(&w.sums); err != nil {
			b.problems.Add(b.in.Errorf(0, fetchAgain, "%v", err))
		}
		days.merge(w.days)
		kinds.merge(&w.kinds)
		parts = append(parts, w.stretches...)
	}
	s := b.statement
	s.Rows, s.KindSums = all.count(), *all
	b.settleDay(days, dayRows{rows: "rows", one: "a row", column: b.layout.name(fundTime), several: true})
	chain := chained(parts)
	for _, note := range []string{chain.note(), kinds.note()} {
		if note != "" {
			s.Notes = append(s.Notes, note)
		}
	}
	return all
}

// fundWorker parses blocks of rows, one at a time, on one goroutine. It reuses its
// memory from block to block and allocates nothing for a good row.
type fundWorker struct {
	bill *fundBill
	emit func(arrow.Record) error

	lines  settlement.FundLines
	row    fundRow
	record fundRecord
	starts []int32
	hasher settlement.IDHasher

	sums       sums
	overflowed bool
	days       paidDays
	kinds      fundKinds
	stretches  []stretch // one a block
}

// parse turns a block into a batch of fund lines and emits it.
func (w *fundWorker) parse(block *delimited.Block) error {
	settlement.Reset(&w.lines)
	b, row, chain := w.bill, &w.row, stretch{}
	row.account, row.subAccount = []byte(b.account), []byte(b.purse)
	for {
		text, number, ok := block.Next()
		if !ok {
			break
		}
		f := w.parseLine(text)
		if f == nil {
			if err := w.sums.addFund(row); err != nil && !w.overflowed {
				w.overflowed = true
				f = &fault{columnCount, 0, err.Error(), fetchAgain}
			}
		}
		if f != nil {
			b.report(b.layout, text, number, f)
			continue
		}
		kind := w.kinds.of(&w.record, row)
		kind.rows++
		kind.sum += row.amount
		row.settleCategory(kind)
		chain.add(number, row.amount, row.balance)
		w.days.see(row.day, b.expected.day, number, func() int64 { return w.record.column(fundTime) })
		appendFund(&w.lines, &w.hasher, settlement.FundBill, row, b.in.Index, number)
	}
	if w.lines.Len() == 0 {
		return nil
	}
	w.stretches = append(w.stretches, chain)
	record := settlement.Record(&w.lines)
	defer record.Release()
	if err := w.emit(record); err != nil {
		return &emitError{err}
	}
	return nil
}

// parseLine reads one line into w.row.
func (w *fundWorker) parseLine(line []byte) *fault {
	var ok bool
	if w.starts, ok = split(line, w.starts[:0]); !ok {
		what, do := "a row that does not start with a backtick", "a program has rewritten this file: "+fetchAgain
		if len(bytes.TrimSpace(line)) == 0 {
			what = "an empty line before the control totals"
		}
		return &fault{columnCount, 0, what, do}
	}
	r := &w.record
	r.fundLayout, r.line = w.bill.layout, line
	if f := r.take(w.starts); f != nil {
		return f
	}
	return r.parseFund(&w.row)
}

// column is where c's value stands in its line, in decoded characters from 1.
func (r *fundRecord) column(c column) int64 {
	return delimited.ColumnAt(r.line, r.values[r.index[c]].start, false)
}

// report records what is wrong with a line.
func (f *file) report(l *fundLayout, line []byte, number int64, wrong *fault) {
	name := ""
	if wrong.column < columnCount {
		name = l.name(wrong.column)
	}
	f.problems.Add(f.errorAt(number, delimited.ColumnAt(line, wrong.offset, false), name, wrong.what, wrong.do))
}
