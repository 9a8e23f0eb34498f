package wechatpay

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// headLength is how much of a stream Recognise and Foreign look at.
const headLength = 64 << 10

// bill is one trade bill while it is read.
type bill struct {
	in        delimited.Input
	reader    *delimited.Reader
	statement *settlement.Statement
	problems  *delimited.Problems
	layout    *layout
	expected  expectedDay

	totals      []statedTotal
	trailerLine int64
	untied      *settlement.Refusal
}

// emitError carries an error of emit past the errors of the input.
type emitError struct{ err error }

func (e *emitError) Error() string { return e.err.Error() }

// Read reads a whole trade bill. emit is called from several workers at once
// with records of the schema of settlement.Lines, each valid during the call.
//
// settled_on is filled where the day is known before the rows: from in.Day or
// the file's name. Elsewhere it is NoDay in every row, and the statement's From
// and Until, which Read returns, are what the caller must fill it with.
//
// A refused bill returns a *settlement.Refusal, possibly after rows of it were
// emitted. Errors of emit and of ctx are returned as they are.
func Read(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	in.Workers = max(in.Workers, 1)
	b := &bill{
		in: in, reader: delimited.NewReader(in), problems: new(delimited.Problems), expected: dayBefore(in),
		statement: &settlement.Statement{
			File: in.File, Member: in.Member, Kind: settlement.TradeBill, Wallet: settlement.WeChat, Currency: "CNY",
			From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
		},
	}
	err := b.read(ctx, emit)
	if cancelled := ctx.Err(); cancelled != nil {
		return nil, cancelled
	}
	var failed *emitError
	var broken *settlement.InputError
	switch {
	case errors.As(err, &failed):
		return nil, failed.err
	case errors.As(err, &broken):
		b.problems.Add(broken)
	case err != nil:
		return nil, err
	default:
		if err = b.reader.Drain(); errors.As(err, &broken) {
			b.problems.Add(broken)
		} else if err == nil {
			b.statement.SHA256 = b.reader.SHA256()
		}
	}
	b.statement.Bytes = b.reader.Size()
	refusal := b.problems.Refusal(b.statement.Source())
	if refusal == nil {
		refusal = b.untied
	}
	if refusal != nil {
		refusal.Statement = b.statement
		return nil, refusal
	}
	return b.statement, nil
}

// read reads header, rows and summary. What is wrong with the bill goes to
// b.problems and b.untied; an error is the stream's, emit's or ctx's.
func (b *bill) read(ctx context.Context, emit func(arrow.Record) error) error {
	if ok, err := b.readHeader(); err != nil || !ok {
		return err
	}
	workers := make([]*worker, b.in.Workers)
	for i := range workers {
		workers[i] = newWorker(b, emit)
	}
	err := b.reader.Blocks(ctx, trailerStart, func(number int, block *delimited.Block) error {
		return workers[number].parse(block)
	})
	if err != nil {
		return err
	}
	if err := b.readTrailer(); err != nil {
		return err
	}
	all, days := b.mergeWorkers(workers)
	b.settleDay(days)
	if b.problems.Refusal(b.statement.Source()) == nil {
		b.untied = b.tie(all)
	}
	return nil
}

// readHeader reads the first line; ok is false where the rows cannot be read.
func (b *bill) readHeader() (ok bool, err error) {
	head, err := b.reader.Peek(headLength)
	if err != nil {
		return false, err
	}
	if len(bytes.TrimPrefix(head, bom)) == 0 {
		b.problems.Add(b.in.Errorf(0, fetchAgain+"; a day without trade is a header and control totals", "the file is empty"))
		return false, nil
	}
	if what, do, foreign := Foreign(head); foreign {
		b.problems.Add(b.in.Errorf(1, do, "this is %s, not a trade bill", what))
		return false, nil
	}
	text, line, err := b.reader.Line()
	if err != nil {
		return false, err
	}
	text = bytes.TrimPrefix(text, bom)
	if !isTradeHeader(headerNames(text)) {
		b.problems.Add(b.in.Errorf(1, layoutsKnown, "the first line is not the header of a trade bill of WeChat Pay"))
		return false, nil
	}
	found, faults := readHeader(text)
	b.layout, b.statement.Kind, b.statement.Layout = found, found.kind, found.title()
	b.statement.Drift = found.drift()
	for _, f := range faults {
		b.problems.Add(b.errorAt(line, delimited.ColumnAt(text, f.offset, false), f.name, f.what, f.do))
	}
	for _, name := range found.unknown {
		b.statement.Notef("column %q is not known and was left out", name)
	}
	return len(faults) == 0, nil
}

func (b *bill) errorAt(line, column int64, name, what, do string) *settlement.InputError {
	return &settlement.InputError{
		Position:   settlement.Position{File: b.in.File, Member: b.in.Member, Line: line, Column: column},
		ColumnName: name, What: what, Do: do,
	}
}

// mergeWorkers adds up what the workers found, the same whatever their number.
func (b *bill) mergeWorkers(workers []*worker) (*sums, paidDays) {
	all, days, authorised := new(sums), paidDays{min: settlement.NoDay, max: settlement.NoDay}, int64(0)
	var accounts []seenAccount
	for _, w := range workers {
		if err := all.merge(&w.sums); err != nil {
			b.problems.Add(b.in.Errorf(0, fetchAgain, "%v", err))
		}
		days.merge(w.days)
		authorised += w.authorised
		accounts = append(accounts, w.accounts...)
	}
	b.statement.Rows, b.statement.KindSums = all.count(), *all
	b.settleAccount(accounts)
	if authorised > 0 {
		b.statement.Notef("%d rows of 交易类型 AUTH (支付分): 商户订单号 is WeChat Pay's own number there; "+
			"they match by the provider's transaction number only", authorised)
	}
	return all, days
}

// seenAccount is a 商户号 and the first row that has it.
type seenAccount struct {
	account      string
	line, column int64
}

// settleAccount makes sure that the bill is of one merchant, the one that the
// configuration states where it states one.
func (b *bill) settleAccount(seen []seenAccount) {
	slices.SortFunc(seen, func(a, b seenAccount) int { return cmp.Compare(a.line, b.line) })
	s := b.statement
	if len(seen) == 0 {
		s.Account = cmp.Or(accountInName(b.in), b.in.Account)
		if s.Account == "" {
			s.Notef("the merchant number is not known: the bill has no rows, and neither its name nor the configuration gives it")
		}
	} else {
		s.Account = seen[0].account
	}
	if b.in.Account != "" && s.Account != b.in.Account {
		e := b.in.Errorf(0, "give the right file, or correct the account", "the bill is of merchant %s, the configuration says %s",
			s.Account, b.in.Account)
		if len(seen) > 0 {
			e.Line, e.Column, e.ColumnName = seen[0].line, seen[0].column, b.layout.name(merchant)
		}
		b.problems.Add(e)
	}
	reported := map[string]bool{s.Account: true}
	for _, other := range seen {
		if !reported[other.account] {
			reported[other.account] = true
			b.problems.Add(b.errorAt(other.line, other.column, b.layout.name(merchant),
				fmt.Sprintf("merchant %s in a bill of merchant %s", shown([]byte(other.account)), shown([]byte(s.Account))),
				"bills that were joined must be given one by one"))
		}
	}
}

func counted(rows int64) string {
	if rows < 2 {
		return ""
	}
	return fmt.Sprintf(" (and %d more such rows)", rows-1)
}
