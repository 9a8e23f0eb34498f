package wechatpay

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// bill is one trade bill while it is read.
type bill struct {
	file
	layout *layout
}

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
	b := &bill{file: newFile(in, settlement.TradeBill)}
	return b.finish(ctx, b.read(ctx, emit))
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
	need := []string{"总交易单数", "应结订单总金额", "手续费总金额"}
	if b.layout.kind != settlement.TradeBillSuccess {
		need = append(need, "退款总金额")
	}
	if err := b.readTrailer(measures, need); err != nil {
		return err
	}
	all, days := b.mergeWorkers(workers)
	b.settleDay(days, dayRows{rows: "payment rows", one: "a payment", column: b.layout.name(tradeTime)})
	if !b.layout.legacy && b.trailerLine > 0 && !b.hasTotal(measures["订单总金额"]) {
		b.statement.Notef("the summary states no 订单总金额: 订单金额 and 申请退款金额 are not proven by control totals")
	}
	if b.problems.Refusal(b.statement.Source()) == nil {
		b.untied = b.tie(all)
	}
	return nil
}

// readHeader reads the first line; ok is false where the rows cannot be read.
func (b *bill) readHeader() (ok bool, err error) {
	text, line, err := b.firstLine("a trade bill", "a day without trade is a header and control totals", isTradeHeader, layoutsKnown)
	if text == nil || err != nil {
		return false, err
	}
	found, faults := readHeader(text)
	b.layout, b.statement.Kind, b.statement.Layout = found, found.kind, found.title()
	b.statement.Drift = found.drift()
	return b.reportHeader(text, line, found.unknown, faults), nil
}

// mergeWorkers adds up what the workers found, the same whatever their number.
func (b *bill) mergeWorkers(workers []*worker) (*sums, paidDays) {
	all, days, authorised := new(sums), noDays, int64(0)
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
				fmt.Sprintf("merchant %s in a bill of merchant %s", settlement.Masked(other.account), settlement.Masked(s.Account)),
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
