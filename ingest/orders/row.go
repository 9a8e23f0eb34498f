package orders

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// worker parses blocks, one at a time. Everything in it is reused.
type worker struct {
	splitter
	*reading
	events settlement.Events
	row    row
	tally  tally

	// The record being read: data begins with it. Positions are computed from
	// them when something is wrong.
	data []byte
	line int64
	bad  bool   // something is wrong with it
	told uint32 // of a table's row: columns whose cell was found wrong, as bits 1<<column

	cellBytes int64 // of the text of a table

	lastData int64 // of the block: number of its last line that is not blank
	blank    int64 // first of the blank lines behind lastData, 0 where there is none

	// Of an export with a row for each product: what the rows say of their orders.
	products        []orderRow
	furtherProducts int64

	texts      textCache
	statuses   recentWords[settlement.Status]
	wallets    recentWords[settlement.Wallet]
	timeLayout string // by which the last time of another form was read
}

func newWorker(r *reading) *worker {
	w := &worker{reading: r}
	w.tally.latest = settlement.NoInstant
	return w
}

// row is one parsed record. Its texts share the memory of the block or worker.
type row struct {
	orderNo, paymentNo, refundNo, providerTxnID []byte
	account, shop, platform                     []byte
	wallet, homeWallet                          settlement.Wallet
	amount, payout                              settlement.Amount
	status                                      settlement.Status
	paidAt, confirmedAt, succeededAt            settlement.Instant
}

// block parses the records of one block and emits them.
func (w *worker) block(b *delimited.Block) error {
	probe := *b
	_, first, _ := probe.Next()
	lines := bytes.Count(b.Data, []byte{'\n'})
	if n := len(b.Data); b.Data[n-1] != '\n' {
		lines++
		w.cutOff.Store(true)
	}
	joined, whole := w.seam.pass(b.Data, first, bytes.Count(b.Data, []byte{'"'}), lines)
	settlement.Reset(&w.events)
	settlement.Grow(&w.events, lines)
	w.lastData, w.blank = 0, 0
	w.piece(joined)
	w.piece(whole)
	w.blanks.block(w.lastData, w.blank)
	if len(w.events.Line) == 0 || w.broken.Load() {
		return nil
	}
	w.complete()
	if err := w.emit(settlement.Record(&w.events)); err != nil {
		return emitError{err}
	}
	return nil
}

// piece parses whole records.
func (w *worker) piece(p piece) {
	if !w.gb18030 && !utf8.Valid(p.data) {
		w.problems.Add(w.notUTF8(p.line, p.data))
		w.broken.Store(true)
		return
	}
	data, line := p.data, p.line
	clean := 0 // so many bytes of data hold no quote
	if !p.quotes {
		clean = len(data)
	}
	for len(data) > 0 {
		consumed, text := len(data), data
		if at := bytes.IndexByte(data, '\n'); at >= 0 {
			consumed, text = at+1, data[:at]
		}
		if n := len(text); n > 0 && text[n-1] == '\r' {
			text = text[:n-1]
		}
		if clean < len(text) {
			if at := bytes.IndexByte(data[clean:], '"'); at >= 0 {
				clean += at
			} else {
				clean = len(data)
			}
		}
		w.data, w.line, w.bad = data[:consumed], line, false
		lines := int64(1)
		switch {
		case len(text) == 0:
			if w.blank == 0 {
				w.blank = line
			}
		case clean >= len(text):
			if consumed > delimited.MaxLine {
				w.quoteFault(recordLong, "this is not a file of the known kinds")
				break
			}
			w.splitPlain(text)
			w.record(line)
		default:
			w.data = data
			length, what := w.split(data)
			if what != "" {
				w.quoteFault(what, quoteAdvice)
				w.lastData = line
			}
			if length > 0 { // else go on with the next line
				consumed = length
			}
			w.data = data[:consumed]
			lines = max(int64(bytes.Count(w.data, []byte{'\n'})), 1)
			if what == "" {
				w.record(line)
			}
		}
		data, line, clean = data[consumed:], line+lines, max(clean-consumed, 0)
	}
}

// record judges the record that was split and appends it to the batch.
func (w *worker) record(line int64) {
	if w.count() != w.layout.fields {
		w.fieldCount()
		return
	}
	if w.blank > 0 {
		w.problems.Add(blankInside(w.reading, w.blank))
		w.broken.Store(true)
		w.blank = 0
	}
	w.lastData = line
	w.tally.rows++
	r := &w.row
	r.orderNo = w.id(colOrderNo)
	if len(r.orderNo) == 0 && !w.bad {
		w.fault(colOrderNo, "every row needs an order number", "empty")
	}
	r.paymentNo = w.id(colPaymentNo)
	if bytes.Equal(r.paymentNo, r.orderNo) {
		r.paymentNo = nil
	}
	r.providerTxnID = w.id(colProviderTxnID)
	if r.account = w.id(colAccount); len(r.account) == 0 {
		r.account = w.tables.account
	}
	r.shop = w.text(colShop, w.tables.shop)
	r.platform = w.text(colPlatform, w.tables.platform)
	r.wallet = w.wallet(colWallet, w.tables.wallet)
	r.status = w.status()
	r.amount = w.amount(colAmount, true)
	w.currency()
	if w.kind == settlement.RefundExtract {
		w.refund(r)
	} else {
		w.order(r)
	}
	if w.bad {
		w.broken.Store(true)
		return
	}
	if w.known != nil && w.known.productRows {
		w.addProduct(r, line)
	}
	w.append(r, line)
}

// order reads what only orders have.
func (w *worker) order(r *row) {
	r.homeWallet = w.wallet(colHomeWallet, w.tables.homeWallet)
	r.payout = w.amount(colPayout, false)
	r.paidAt = w.instant(colPaidAt)
	r.confirmedAt = w.instant(colConfirmedAt)
	if r.status == refundedIfPaid {
		r.status = settlement.Closed
		if r.paidAt != settlement.NoInstant {
			r.status = settlement.Refunded
		}
	}
	if w.known != nil {
		w.finish(r)
	}
	moneyExpected := r.status == settlement.Paid || r.status == settlement.Refunded
	if moneyExpected && r.paidAt == settlement.NoInstant && w.isEmpty(colPaidAt) {
		w.fault(colPaidAt, "export the payment time, or map the status to what it is", "empty although the order is %s", r.status)
	}
	if moneyExpected && r.amount == 0 {
		w.tally.zero++
	}
}

// refund reads what only refunds have.
func (w *worker) refund(r *row) {
	if r.refundNo = w.id(colRefundNo); len(r.refundNo) == 0 {
		w.tally.noRefundNo++
	}
	r.paidAt = w.instant(colRefundedAt)
	r.succeededAt = w.instant(colSucceededAt)
	if r.status == settlement.Success {
		none := r.paidAt == settlement.NoInstant && r.succeededAt == settlement.NoInstant
		if none && w.isEmpty(colRefundedAt) && w.isEmpty(colSucceededAt) {
			c := colRefundedAt
			if !w.layout.has(c) {
				c = colSucceededAt
			}
			w.fault(c, "a successful refund needs the time of its acceptance (refunded_at) or of its success (succeeded_at)", "empty although the refund is success")
		}
		if r.amount == 0 {
			w.tally.zero++
		}
	}
}

// append adds a good row to the batch; complete adds the columns that are the
// same in every row.
func (w *worker) append(r *row, line int64) {
	e := &w.events
	amount := r.amount
	if w.kind == settlement.RefundExtract {
		amount = -amount
		e.RefundNo.Append(r.refundNo)
		e.SucceededAt = append(e.SucceededAt, r.succeededAt)
	} else {
		e.HomeWallet = append(e.HomeWallet, r.homeWallet)
		e.ConfirmedAt = append(e.ConfirmedAt, r.confirmedAt)
		e.Payout = append(e.Payout, r.payout)
	}
	e.OrderNo.Append(r.orderNo)
	e.PaymentNo.Append(r.paymentNo)
	e.ProviderTxnID.Append(r.providerTxnID)
	e.Account.Append(r.account)
	e.Shop.Append(r.shop)
	e.Platform.Append(r.platform)
	e.Wallet = append(e.Wallet, r.wallet)
	e.Amount = append(e.Amount, amount)
	e.Status = append(e.Status, r.status)
	e.PaidAt = append(e.PaidAt, r.paidAt)
	e.Line = append(e.Line, line)
	e.Key = append(e.Key, settlement.EventKey(r.paymentNo, r.orderNo, r.providerTxnID))
}

// complete fills the columns that are the same in every row of this file.
func (w *worker) complete() {
	e := &w.events
	rows := len(e.Line)
	kind, escrow := settlement.Payment, uint8(0)
	if w.kind == settlement.RefundExtract {
		kind = settlement.Refund
		e.HomeWallet = repeat(e.HomeWallet, settlement.NoWallet, rows)
		e.ConfirmedAt = repeat(e.ConfirmedAt, settlement.NoInstant, rows)
		e.Payout = repeat(e.Payout, settlement.NoAmount, rows)
	} else {
		for range rows {
			e.RefundNo.Append(nil)
		}
		e.SucceededAt = repeat(e.SucceededAt, settlement.NoInstant, rows)
		if w.layout.has(colConfirmedAt) || w.known != nil && w.known.escrow {
			escrow = 1
		}
	}
	e.ID = repeat(e.ID, settlement.ID{}, rows)
	e.Kind = repeat(e.Kind, kind, rows)
	e.ExpectedAt = repeat(e.ExpectedAt, settlement.NoInstant, rows)
	e.MatchState = repeat(e.MatchState, settlement.NoState, rows)
	e.File = repeat(e.File, w.in.Index, rows)
	e.Escrow = repeat(e.Escrow, escrow, rows)
	e.Link = repeat(e.Link, settlement.LinkStated, rows)
}

// repeat fills a column with one value.
func repeat[T any](column []T, value T, rows int) []T {
	column = slices.Grow(column[:0], rows)[:rows]
	for i := range column {
		column[i] = value
	}
	return column
}
