package alipay

import (
	"bytes"
	"fmt"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// typeOf is 业务类型 by kind of line.
var typeOf = [4]string{settlement.Payment: "交易", settlement.Refund: "退款"}

// typeWords are the words of 业务类型 in the bytes of the file's encoding.
type typeWords struct{ payment, refund []byte }

func (w *typeWords) kind(cell []byte) settlement.Kind {
	switch {
	case bytes.Equal(cell, w.payment):
		return settlement.Payment
	case bytes.Equal(cell, w.refund):
		return settlement.Refund
	}
	return settlement.NoKind
}

// worker turns rows into lines. Each goroutine has its own.
type worker struct {
	in       delimited.Input
	gb18030  bool
	header   *header
	account  []byte
	from     settlement.Day // of the period
	until    settlement.Day
	types    typeWords
	problems *delimited.Problems

	lines  settlement.Lines
	hasher settlement.IDHasher
	tally  tally

	// The row at hand; text is part of the block.
	text []byte
	line int64
	ends []int32 // offset behind each field
}

// parse appends the rows of b to w.lines. Bad rows go to w.problems.
func (w *worker) parse(b *delimited.Block) {
	settlement.Grow(&w.lines, len(b.Data)/160)
	for {
		text, line, ok := b.Next()
		if !ok {
			return
		}
		w.text, w.line = text, line
		w.row()
	}
}

// cells finds the fields of the row; false where it has a wrong number of them.
func (w *worker) cells() bool {
	width := len(w.header.names)
	w.ends = append(delimited.Separators(w.text, ',', w.ends[:0]), int32(len(w.text)))
	if len(w.ends) == width {
		return true
	}
	what, do := "an empty line between the rows", adviceForm
	if len(bytes.Trim(w.text, ", \t")) > 0 {
		if w.ends, what = w.header.anchor(w.text, w.ends, &w.types); what == "" {
			w.tally.anchored++
			first(&w.tally.firstComma, w.line)
			return true
		}
		what, do = wrongWidth(what, len(w.ends), width)
	}
	fault := w.in.Errorf(w.line, do, "%s", what)
	w.problems.Add(fault)
	return false
}

// wrongWidth says what a row with a wrong number of fields is, and what to do.
func wrongWidth(what string, fields, width int) (string, string) {
	return fmt.Sprintf("%s: %d where the header has %d", what, fields, width),
		"fetch the bill again; if the row is the same, correct its free text at the source"
}

func (w *worker) cell(c column) []byte { return field(w.text, w.ends, w.header.at[c]) }

// bad reports the row's field of column c.
func (w *worker) bad(c column, do, format string, args ...any) {
	i := w.header.at[c]
	start := 0
	if i > 0 {
		start = int(w.ends[i-1]) + 1
	}
	fault := w.in.Errorf(w.line, do, format, args...)
	fault.Column, fault.ColumnName = delimited.ColumnAt(w.text, start, w.gb18030), w.header.names[i]
	w.problems.Add(fault)
}

// shown is a field's text for a message.
func (w *worker) shown(cell []byte) string {
	text, _ := decoded(cell[:min(len(cell), 80)], w.gb18030)
	return text
}

// adviceSpreadsheet is for what spreadsheet programs do to such files.
const adviceSpreadsheet = "fetch the bill again; a spreadsheet program has changed it"

// row appends the row at hand, or reports what is wrong with it.
func (w *worker) row() {
	if !w.cells() {
		return
	}
	word := w.cell(rowType)
	kind := w.types.kind(word)
	if kind == settlement.NoKind {
		w.bad(rowType, "tell the maintainers; a kind of row that is not known may not be guessed", "%q is neither 交易 nor 退款", settlement.MaskedWord(w.shown(word)))
		return
	}
	at, err := settlement.ParseInstant(w.cell(finishedAt))
	if err != nil {
		w.bad(finishedAt, adviceSpreadsheet, "%q: %v", settlement.Masked(w.shown(w.cell(finishedAt))), err)
		return
	}
	money, ok := w.money(kind)
	if !ok {
		return
	}
	ids, ok := w.ids(kind)
	if !ok {
		return
	}
	w.append(kind, at, money, ids)
}

// rowMoney are the amounts of a row, with the signs of Lines.
type rowMoney struct{ gross, settled, fee, coupon settlement.Amount }

// money reads the amounts. A payment's are positive and a refund's negative, but
// for the fee and a refund's 商家优惠: the files' sign of these is not established,
// so that their magnitude counts and the kind of row gives the direction.
func (w *worker) money(kind settlement.Kind) (m rowMoney, ok bool) {
	var fee settlement.Amount
	for _, part := range [...]struct {
		from column
		to   *settlement.Amount
	}{{orderAmount, &m.gross}, {received, &m.settled}, {coupon, &m.coupon}, {serviceFee, &fee}} {
		amount, err := settlement.ParseAmount(w.cell(part.from))
		if err != nil {
			w.bad(part.from, adviceSpreadsheet, "%q: %v", settlement.Masked(w.shown(w.cell(part.from))), err)
			return m, false
		}
		*part.to = amount
		if part.from == serviceFee || part.from == coupon && kind == settlement.Refund {
			continue
		}
		if kind == settlement.Payment && amount < 0 || kind == settlement.Refund && amount > 0 {
			w.bad(part.from, adviceForm, "%s has the wrong sign for a row of %s", amount, typeOf[kind])
			return m, false
		}
	}
	sign(fee, w.line, &w.tally.feeAbove[kind], &w.tally.feeBelow[kind])
	m.fee = -fee.Abs()
	if kind == settlement.Refund {
		m.fee = fee.Abs()
		sign(m.coupon, w.line, &w.tally.couponAbove, &w.tally.couponBelow)
		m.coupon = -m.coupon.Abs()
	}
	// Of two amounts of opposite signs the sum fits any column that they fit.
	return m, true
}

// rowIDs are the numbers of a row, as UTF-8. They share the block's memory.
type rowIDs struct {
	txn, order, orderRaw, refund []byte
}

func (w *worker) ids(kind settlement.Kind) (ids rowIDs, ok bool) {
	if ids.txn, _, ok = w.id(txnID); !ok {
		return ids, false
	}
	if len(ids.txn) == 0 {
		w.bad(txnID, adviceForm, "the row has no number")
		return ids, false
	}
	if ids.order, ids.orderRaw, ok = w.id(orderNo); !ok {
		return ids, false
	}
	ids.order = merchantNumber(ids.order)
	ids.refund, _, ok = w.id(refundNo)
	if ok && kind == settlement.Refund && len(ids.refund) == 0 {
		w.tally.unnumbered++
		first(&w.tally.firstBlank, w.line)
	}
	return ids, ok
}

// id reads a number: trimmed without blanks around it, raw with them.
func (w *worker) id(c column) (trimmed, raw []byte, ok bool) {
	raw = w.cell(c)
	if !delimited.IsASCII(raw) {
		text, ok := decoded(raw, w.gb18030)
		if !ok {
			w.bad(c, adviceForm, "the text is not in the encoding of the file's header")
			return nil, nil, false
		}
		raw = []byte(text)
	}
	trimmed = withoutBlanks(raw)
	if what, do := delimited.NumberFault(trimmed); what != "" {
		w.bad(c, do, "%q: %s", settlement.Masked(string(trimmed)), what)
		return nil, nil, false
	}
	return trimmed, raw, true
}

// merchantNumber takes the prefix off that Taobao and 1688 put before the
// merchant's order number: ^T\d+N?P. A number of nothing else stays as it is.
func merchantNumber(order []byte) []byte {
	if len(order) < 4 || order[0] != 'T' {
		return order
	}
	i := 1
	for i < len(order) && order[i] >= '0' && order[i] <= '9' {
		i++
	}
	digits := i > 1
	if i < len(order) && order[i] == 'N' {
		i++
	}
	if !digits || i+1 >= len(order) || order[i] != 'P' {
		return order
	}
	return order[i+1:]
}

// settledOn is the day on which a row settles: the day of a bill of one day, and
// of a longer one the day of completion. What was completed outside the period
// counts with its nearest day.
func (w *worker) settledOn(at settlement.Instant) settlement.Day {
	day := settlement.DayOf(at)
	if day >= w.from && day < w.until {
		return day
	}
	w.tally.outside++
	first(&w.tally.firstOutside, w.line)
	return min(max(day, w.from), w.until-1)
}

// append adds the row at hand to w.lines.
func (w *worker) append(kind settlement.Kind, at settlement.Instant, m rowMoney, ids rowIDs) {
	w.tally.add(kind, m.gross, m.settled, m.fee, m.coupon)
	b := &w.lines
	word := typeOf[kind]
	third := ids.refund
	if kind == settlement.Refund && len(third) == 0 {
		third = w.cell(finishedAt)
	}
	b.ID = append(b.ID, settlement.LineID(&w.hasher, settlement.TradeBill, settlement.Alipay, w.account, ids.txn, []byte(word), third))
	b.Wallet = append(b.Wallet, settlement.Alipay)
	b.Account.Append(w.account)
	b.SubAccount.Append(nil)
	b.Kind = append(b.Kind, kind)
	b.OrderNo.Append(ids.order)
	if bytes.Equal(ids.order, ids.orderRaw) {
		b.OrderNoRaw.Append(nil)
	} else {
		b.OrderNoRaw.Append(ids.orderRaw)
	}
	if kind == settlement.Refund {
		b.RefundNo.Append(ids.refund)
	} else {
		b.RefundNo.Append(nil)
	}
	b.ProviderTxnID.Append(ids.txn)
	b.ProviderRefundID.Append(nil)
	b.OccurredAt = append(b.OccurredAt, at)
	b.TimeBasis = append(b.TimeBasis, settlement.BasisSuccess)
	b.SettledOn = append(b.SettledOn, w.settledOn(at))
	b.Gross = append(b.Gross, m.gross)
	b.Settled = append(b.Settled, m.settled)
	b.Fee = append(b.Fee, m.fee)
	b.Net = append(b.Net, m.settled+m.fee)
	b.FeeRate = append(b.FeeRate, settlement.NoRate)
	b.Currency = append(b.Currency, settlement.CNY)
	b.MatchState = append(b.MatchState, settlement.NoState)
	b.RawType.AppendString(word)
	b.File = append(b.File, w.in.Index)
	b.Line = append(b.Line, w.line)
	b.Status = append(b.Status, settlement.Success)
	b.Coupon = append(b.Coupon, m.coupon)
	b.Key = append(b.Key, settlement.PaymentKey(ids.order, ids.txn))
}
