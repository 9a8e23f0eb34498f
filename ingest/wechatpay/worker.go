package wechatpay

import (
	"bytes"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// worker parses blocks of rows, one at a time, on one goroutine. It reuses its
// memory from block to block and allocates nothing for a good row.
type worker struct {
	bill *bill
	emit func(arrow.Record) error

	lines   settlement.Lines
	row     row
	starts  []int32
	hasher  settlement.IDHasher
	rawType []byte

	sums       sums
	overflowed bool
	days       paidDays
	accounts   []seenAccount // every 商户号 once, up to settlement.MaxListed
	authorised int64         // rows of 交易类型 AUTH
}

func newWorker(b *bill, emit func(arrow.Record) error) *worker {
	return &worker{bill: b, emit: emit, days: noDays}
}

// parse turns a block into a batch of lines and emits it.
func (w *worker) parse(block *delimited.Block) error {
	settlement.Reset(&w.lines)
	for {
		text, number, ok := block.Next()
		if !ok {
			break
		}
		if f := w.parseLine(text); f != nil {
			w.report(text, number, f)
			continue
		}
		w.account(text, number)
		w.day(text, number)
		if err := w.sums.add(&w.row); err != nil && !w.overflowed {
			w.overflowed = true
			w.report(text, number, &fault{columnCount, 0, err.Error(), fetchAgain})
		}
		w.append(number)
	}
	if w.lines.Len() == 0 {
		return nil
	}
	record := settlement.Record(&w.lines)
	defer record.Release()
	if err := w.emit(record); err != nil {
		return &emitError{err}
	}
	return nil
}

// parseLine reads one line into w.row.
func (w *worker) parseLine(line []byte) *fault {
	l := w.bill.layout
	var ok bool
	if w.starts, ok = split(line, w.starts[:0]); !ok {
		what, do := "a row that does not start with a backtick", "a program has rewritten this file: "+fetchAgain
		if len(bytes.TrimSpace(line)) == 0 {
			what = "an empty line before the control totals"
		}
		return &fault{columnCount, 0, what, do}
	}
	if len(w.starts) > len(l.names) {
		return anchor(l, line, w.starts, &w.row)
	}
	r := record{l, line, w.starts}
	if len(w.starts) < len(l.names) {
		return r.tooFew()
	}
	return r.parse(&w.row)
}

func (w *worker) report(line []byte, number int64, f *fault) {
	name := ""
	if f.column < columnCount {
		name = w.bill.layout.name(f.column)
	}
	w.bill.problems.Add(w.bill.errorAt(number, delimited.ColumnAt(line, f.offset, false), name, f.what, f.do))
}

// account notes the row's 商户号 where it is a new one.
func (w *worker) account(line []byte, number int64) {
	for i := range w.accounts {
		if w.accounts[i].account == string(w.row.account) {
			return
		}
	}
	if len(w.accounts) < settlement.MaxListed {
		w.accounts = append(w.accounts, seenAccount{string(w.row.account), number,
			delimited.ColumnAt(line, w.row.accountAt, false)})
	}
}

// day notes the day of a payment row.
func (w *worker) day(line []byte, number int64) {
	if w.row.paidOn != settlement.NoDay {
		w.days.see(w.row.paidOn, w.bill.expected.day, number, func() int64 { return delimited.ColumnAt(line, w.row.tradeTimeAt, false) })
	}
}

// longestCode is how many letters a 交易类型 has that is shown though it is not known.
const longestCode = 20

// publicTradeType is 交易类型 as the tables have it: an open list of codes in capital letters
// (JSAPI, MICROPAY). What is none may be anybody's.
func publicTradeType(word []byte) []byte {
	if len(word) > longestCode || bytes.ContainsFunc(word, func(c rune) bool { return (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' }) {
		return settlement.PublicWord(word)
	}
	return word
}

// append adds w.row to the batch.
func (w *worker) append(number int64) {
	r, b := &w.row, &w.lines
	w.rawType = append(append(append(w.rawType[:0], publicTradeType(r.tradeType)...), '/'), r.state...)
	if len(r.refundState) > 0 {
		w.rawType = append(append(w.rawType, '/'), r.refundState...)
	}
	if string(r.tradeType) == "AUTH" {
		w.authorised++
	}
	b.ID = append(b.ID, settlement.LineID(&w.hasher, settlement.TradeBill, settlement.WeChat, r.account, r.txnID, r.refundID, r.state))
	b.Wallet = append(b.Wallet, settlement.WeChat)
	b.Account.Append(r.account)
	b.SubAccount.Append(r.subAccount)
	b.Kind = append(b.Kind, r.kind)
	b.OrderNo.Append(r.orderNo)
	b.OrderNoRaw.Append(nil)
	b.RefundNo.Append(r.refundNo)
	b.ProviderTxnID.Append(r.txnID)
	b.ProviderRefundID.Append(r.refundID)
	b.OccurredAt = append(b.OccurredAt, r.occurredAt)
	b.TimeBasis = append(b.TimeBasis, r.basis)
	b.SettledOn = append(b.SettledOn, w.bill.expected.day)
	b.Gross = append(b.Gross, r.gross)
	b.Settled = append(b.Settled, r.settled)
	b.Fee = append(b.Fee, r.fee)
	b.Net = append(b.Net, r.settled+r.fee) // of opposite signs: in range
	b.FeeRate = append(b.FeeRate, r.rate)
	b.Currency = append(b.Currency, settlement.CNY)
	b.MatchState = append(b.MatchState, settlement.NoState)
	b.RawType.Append(w.rawType)
	b.File = append(b.File, w.bill.in.Index)
	b.Line = append(b.Line, number)
	b.Status = append(b.Status, r.status)
	b.Coupon = append(b.Coupon, r.coupon)
	b.Key = append(b.Key, settlement.PaymentKey(r.orderNo, r.txnID))
}
