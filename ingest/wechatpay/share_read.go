package wechatpay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// shareBatch is how many rows of a profit-sharing bill are handed on at a time.
const shareBatch = 4096

// shareBill is one profit-sharing bill while it is read, on one goroutine: these
// bills are small, and where their rows end only each line tells.
type shareBill struct {
	file
	layout *fundLayout
	emit   func(arrow.Record) error

	lines  settlement.FundLines
	row    fundRow
	record fundRecord
	starts []int32
	hasher settlement.IDHasher

	sums      sums
	days      paidDays
	payers    []string // 分账方, each once, up to two
	unsettled int64    // rows whose 处理状态 is not success
}

// ReadProfitShare reads a whole profit-sharing bill (分账账单). Its lines are copies:
// the fund-flow bill of the account that paid has the same movements. emit is called
// with records of the schema of settlement.FundLines, each valid during the call.
//
// A refused bill returns a *settlement.Refusal, possibly after rows of it were
// emitted. Errors of emit and of ctx are returned as they are.
func ReadProfitShare(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	b := &shareBill{file: newFile(in, settlement.ProfitShareBill), emit: emit, days: noDays}
	return b.finish(ctx, b.read(ctx))
}

func (b *shareBill) read(ctx context.Context) error {
	text, line, err := b.firstLine("a profit-sharing bill", "a day without profit sharing has a header", isShareHeader, shareHeadings.layouts)
	if text == nil || err != nil {
		return err
	}
	found, faults := readFundHeader(&shareHeadings, text)
	b.layout, b.statement.Layout = found, fmt.Sprintf("profit sharing, %d columns", len(found.names))
	b.statement.Drift = found.drift()
	if !b.reportHeader(text, line, found.unknown, faults) {
		return nil
	}
	b.record.fundLayout = found
	if err := b.readRows(ctx); err != nil {
		return err
	}
	b.statement.Rows, b.statement.KindSums = b.sums.count(), b.sums
	b.settleAccount()
	b.settleShareDay()
	if b.unsettled > 0 {
		b.statement.Notef("%d rows whose 处理状态 is not success: they are lines of the bill all the same", b.unsettled)
	}
	return nil
}

// readRows reads the rows and what follows them.
func (b *shareBill) readRows(ctx context.Context) error {
	for {
		text, number, err := b.reader.Line()
		switch {
		case errors.Is(err, io.EOF):
			b.statement.Notef("the bill states no control totals: nothing proves that it is whole")
			if b.reader.EndsInLine() {
				b.statement.Notef(delimited.NoLineEnd)
			}
			return b.flush()
		case err != nil:
			return err
		case isTotals(text):
			// What its totals mean is not established: each is named in a note.
			if err := b.flush(); err != nil {
				return err
			}
			return b.readTotalsFrom(text, number, nil, nil)
		}
		if f := b.parseLine(text); f != nil {
			b.report(b.layout, text, number, f)
			continue
		}
		day := b.row.day
		b.days.see(day, settlement.NoDay, number, nil)
		if b.expected.day != settlement.NoDay {
			b.row.day = b.expected.day
		}
		appendFund(&b.lines, &b.hasher, settlement.ProfitShareBill, &b.row, b.in.Index, number)
		if b.lines.Len() < shareBatch {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := b.flush(); err != nil {
			return err
		}
	}
}

// isTotals says that a line names control totals: names have no digits, rows have.
func isTotals(line []byte) bool {
	return len(bytes.TrimSpace(line)) > 0 && !bytes.ContainsAny(line, "`\"0123456789") && bytes.Contains(line, []byte("总"))
}

func (b *shareBill) flush() error {
	if b.lines.Len() == 0 {
		return nil
	}
	record := settlement.Record(&b.lines)
	err := b.emit(record)
	record.Release()
	settlement.Reset(&b.lines)
	if err != nil {
		return &emitError{err}
	}
	return nil
}

// parseLine reads one line into b.row. Some bills from before 2025-01-15 lack
// backticks in part of their values: such rows are split at every comma.
func (b *shareBill) parseLine(line []byte) *fault {
	if len(bytes.TrimSpace(line)) == 0 {
		return &fault{columnCount, 0, "an empty line", fetchAgain}
	}
	r := &b.record
	r.line = line
	var whole bool
	if b.starts, whole = split(line, b.starts[:0]); !whole || len(b.starts) != len(b.layout.names) {
		b.starts = commas(line, b.starts[:0])
	}
	if f := r.take(b.starts); f != nil {
		return f
	}
	if f := r.parseShare(&b.row); f != nil {
		return f
	}
	if err := b.sums.addFund(&b.row); err != nil {
		return &fault{columnCount, 0, err.Error(), fetchAgain}
	}
	if payer := string(b.row.account); len(b.payers) == 0 || len(b.payers) == 1 && b.payers[0] != payer {
		b.payers = append(b.payers, payer)
	}
	if isUnsettled(string(r.text(shareStatus))) {
		b.unsettled++
	}
	return nil
}

// parseShare reads a row: towards 分账方, whose money is shared out (分账) or comes
// back (回退). Who received it, and the note, are not kept: they may name a person.
func (r *fundRecord) parseShare(row *fundRow) (f *fault) {
	at, err := settlement.ParseInstant(r.text(shareTime))
	if err != nil {
		return r.faultf(shareTime, fetchAgain, "%q: %v", settlement.Masked(string(r.text(shareTime))), err)
	}
	row.at, row.day = at, settlement.DayOf(at)
	row.state, row.category, row.balance = settlement.CopiedLine, settlement.FundProfitShare, settlement.NoAmount
	if row.amount, f = r.positive(shareAmount); f != nil {
		return f
	}
	kind, status := r.text(shareType), r.text(shareStatus)
	row.rawType = append(append(append(row.rawType[:0], kind...), '/'), settlement.PublicWord(status)...)
	for _, id := range [...]struct {
		column column
		into   *[]byte
	}{{sharePayer, &row.account}, {shareTxn, &row.txnID}, {shareFlow, &row.flowNo}, {shareMerchantNo, &row.orderNo}, {shareType, nil}, {shareStatus, nil}} {
		text, f := r.id(id.column)
		if f != nil {
			return f
		}
		if id.into != nil {
			*id.into = text
		}
	}
	switch {
	case len(row.account) == 0:
		return r.faultf(sharePayer, fetchAgain, "no merchant number")
	case len(row.flowNo) == 0:
		return r.faultf(shareFlow, fetchAgain, "no number of the movement")
	}
	row.refundNo = nil
	switch {
	case bytes.Contains(kind, []byte("回退")):
		row.direction, row.orderNo, row.refundNo = settlement.Income, nil, row.orderNo
	case bytes.Contains(kind, []byte("分账")):
		row.direction, row.amount = settlement.Expense, -row.amount
	default:
		return r.faultf(shareType, tellTheFormat, "%q is neither 分账 nor 回退", settlement.MaskedWord(string(kind)))
	}
	return nil
}

// isUnsettled knows the words of shares that have not moved money.
func isUnsettled(status string) bool {
	for _, word := range []string{"失败", "关闭", "处理中", "待", "FAIL", "CLOSED", "PROCESSING", "PENDING"} {
		if strings.Contains(status, word) {
			return true
		}
	}
	return false
}

// settleAccount takes the merchant from the name or the configuration, else from the
// rows where they agree. A service provider's bill has rows of several merchants.
func (b *shareBill) settleAccount() {
	if accountInName(b.in) == "" && b.in.Account == "" {
		switch len(b.payers) {
		case 1:
			b.statement.Account = b.payers[0]
			return
		case 2:
			b.statement.Notef("the bill shows the shares of several merchants (分账方), and neither its name nor the configuration says whose bill it is")
			return
		}
	}
	b.settleNamedAccount()
}

// settleShareDay takes the day from the request or the name. Whether 分账时间 is the
// time by which a row belongs to a day is not established, so no row is held to it.
func (b *shareBill) settleShareDay() {
	s, e := b.statement, b.expected
	s.Notes = append(s.Notes, e.notes...)
	switch {
	case e.day != settlement.NoDay && e.inName != settlement.NoDay && e.inName != e.day:
		b.problems.Add(b.in.Errorf(0, "name the right day, or fetch the bill again",
			"the file's name says %s, %s says %s", e.inName, e.from, e.day))
	case e.day != settlement.NoDay:
		s.From, s.Until = e.day, e.day+1
	case b.days.min != settlement.NoDay:
		s.From, s.Until = b.days.min, b.days.max+1
	default:
		s.Notef("the bill's day is not known: neither the request nor the name gives it, and there are no rows")
	}
}
