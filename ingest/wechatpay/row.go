package wechatpay

import (
	"errors"
	"fmt"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// row is one record of the bill, with the signs of the tables: towards the
// merchant. Its texts share the line's memory.
type row struct {
	kind       settlement.Kind
	status     settlement.Status
	basis      settlement.TimeBasis
	occurredAt settlement.Instant
	paidOn     settlement.Day // the day of a payment row's 交易时间, else NoDay
	gross      settlement.Amount
	settled    settlement.Amount
	fee        settlement.Amount
	coupon     settlement.Amount
	rate       settlement.Rate

	account, subAccount    []byte
	txnID, orderNo         []byte
	refundID, refundNo     []byte // empty where the file has 0
	tradeType, state       []byte
	refundState            []byte
	accountAt, tradeTimeAt int // offsets in the line, for messages
}

// fault is what is wrong with a record: in which column, at which byte of the
// line. column is columnCount where it is the record as a whole.
type fault struct {
	column   column
	offset   int
	what, do string
}

const (
	fetchAgain    = "fetch the bill again from WeChat Pay"
	spreadsheet   = "a spreadsheet has saved this file: fetch the bill again, and do not open it in one before it is read"
	tellTheFormat = "the bill has something that is not known of these bills; check it in the merchant platform, and report it"
)

// split appends to starts where each value of line starts, behind its backtick.
// A value ends two bytes before the next start, at the end of the line at last.
// ok is false where the line does not start with a backtick.
func split(line []byte, starts []int32) (_ []int32, ok bool) {
	if len(line) == 0 || line[0] != '`' {
		return starts, false
	}
	first := len(starts)
	starts = delimited.Separators(line, '`', starts)
	kept := starts[:first]
	for _, at := range starts[first:] {
		if at == 0 || line[at-1] == ',' {
			kept = append(kept, at+1)
		}
	}
	return kept, true
}

// record is a line that was split, with as many starts as the layout has names.
type record struct {
	*layout
	line   []byte
	starts []int32
}

// at is the offset of c's value.
func (r *record) at(c column) int {
	if i := r.index[c]; i >= 0 {
		return int(r.starts[i])
	}
	return 0
}

// text is c's value, nil where the layout lacks c.
func (r *record) text(c column) []byte {
	i := r.index[c]
	if i < 0 {
		return nil
	}
	start, end := r.starts[i], len(r.line)
	if i+1 < len(r.starts) {
		end = int(r.starts[i+1]) - 2
	}
	return r.line[start:end:end]
}

func (r *record) faultf(c column, do, format string, args ...any) *fault {
	return &fault{c, r.at(c), fmt.Sprintf(format, args...), do}
}

// tooFew is the fault of a record that lacks fields.
func (r *record) tooFew() *fault {
	return &fault{columnCount, 0, fmt.Sprintf("%d fields where the header has %d names",
		len(r.starts), len(r.names)), "a row was cut or its backticks were lost: " + fetchAgain}
}

// parse reads r into row.
func (r *record) parse(row *row) *fault {
	state := r.text(tradeState)
	switch string(state) {
	case "SUCCESS":
		row.kind = settlement.Payment
	case "REFUND":
		row.kind = settlement.Refund
	case "REVOKED":
		row.kind = settlement.Revoke
	default:
		return r.faultf(tradeState, tellTheFormat, "%q is none of SUCCESS, REFUND, REVOKED", settlement.MaskedWord(string(state)))
	}
	if !r.kind.Covers(row.kind) {
		return r.faultf(tradeState, fetchAgain, "a row %s in a bill with the columns of %s", state, r.title())
	}
	row.state = state
	if f := r.parseIDs(row); f != nil {
		return f
	}
	if f := r.parseStatus(row); f != nil {
		return f
	}
	if f := r.parseTime(row); f != nil {
		return f
	}
	return r.parseMoney(row)
}

func (r *record) parseIDs(row *row) *fault {
	if got := r.text(currency); string(got) != "CNY" {
		return r.faultf(currency, "leave this bill out: other currencies are not read", "%q where only CNY is accepted", settlement.MaskedWord(string(got)))
	}
	for _, id := range [...]struct {
		column column
		into   *[]byte
		own    bool // given by WeChat Pay: letters and digits
	}{
		{merchant, &row.account, true},
		{subMerchant, &row.subAccount, true},
		{txnID, &row.txnID, true},
		{orderNo, &row.orderNo, false},
		{refundID, &row.refundID, true},
		{refundNo, &row.refundNo, false},
		{tradeType, &row.tradeType, false},
	} {
		text := r.text(id.column)
		*id.into = text
		if delimited.IsDigits(text) {
			continue
		}
		if err := checkID(text, id.own); err != nil {
			do := fetchAgain
			if err == errIDScientific {
				do = spreadsheet
			}
			return r.faultf(id.column, do, "%q: %v", settlement.Masked(string(text)), err)
		}
	}
	row.subAccount = blankZero(row.subAccount)
	row.refundID = blankZero(row.refundID)
	row.refundNo = blankZero(row.refundNo)
	row.accountAt = r.at(merchant)
	switch {
	case len(blankZero(row.account)) == 0:
		return r.faultf(merchant, fetchAgain, "no merchant number")
	case len(blankZero(row.txnID)) == 0:
		return r.faultf(txnID, fetchAgain, "no number of WeChat Pay")
	case row.kind == settlement.Refund && len(row.refundID) == 0:
		return r.faultf(refundID, fetchAgain, "a refund without WeChat Pay's refund number")
	case row.kind == settlement.Payment && len(row.refundID) > 0:
		return r.faultf(refundID, fetchAgain, "%q: a payment row has no refund number", settlement.Masked(string(row.refundID)))
	case row.kind == settlement.Payment && len(row.refundNo) > 0:
		return r.faultf(refundNo, fetchAgain, "%q: a payment row has no refund number", settlement.Masked(string(row.refundNo)))
	}
	return nil
}

// blankZero returns nothing for the lone 0 that stands for a number not there.
func blankZero(text []byte) []byte {
	if len(text) == 1 && text[0] == '0' {
		return nil
	}
	return text
}

// parseStatus reads 退款状态: a snapshot of the refund on the bill's day.
func (r *record) parseStatus(row *row) *fault {
	row.refundState = r.text(refundStatus)
	row.status = settlement.Success
	if row.kind == settlement.Payment {
		if len(row.refundState) > 0 {
			return r.faultf(refundStatus, fetchAgain, "%q: a payment row has no refund status", settlement.MaskedWord(string(row.refundState)))
		}
		return nil
	}
	switch string(row.refundState) {
	case "", "SUCCESS":
	case "PROCESSING":
		row.status = settlement.Processing
	case "FAIL":
		row.status = settlement.Failed
	case "CHANGE":
		row.status = settlement.Changed
	default:
		return r.faultf(refundStatus, tellTheFormat, "%q is none of SUCCESS, PROCESSING, FAIL, CHANGE", settlement.MaskedWord(string(row.refundState)))
	}
	return nil
}

// parseTime reads when the row happened. 交易时间 of a refund may be the time of
// the success, of the request or of the original payment, which no file tells:
// where the bill has the refund's own times, these are taken.
func (r *record) parseTime(row *row) *fault {
	row.tradeTimeAt = r.at(tradeTime)
	row.paidOn = settlement.NoDay
	at, f := r.instant(tradeTime)
	if f != nil {
		return f
	}
	row.occurredAt, row.basis = at, settlement.BasisAsStated
	if row.kind == settlement.Payment {
		row.basis, row.paidOn = settlement.BasisSuccess, settlement.DayOf(at)
		return nil
	}
	if len(r.text(refundAppliedAt)) > 0 {
		if at, f = r.instant(refundAppliedAt); f != nil {
			return f
		}
		row.occurredAt, row.basis = at, settlement.BasisAccepted
	}
	if len(r.text(refundSucceededAt)) > 0 {
		if at, f = r.instant(refundSucceededAt); f != nil {
			return f
		}
		row.occurredAt, row.basis = at, settlement.BasisSuccess
	}
	return nil
}

func (r *record) instant(c column) (settlement.Instant, *fault) {
	at, err := settlement.ParseInstant(r.text(c))
	if err != nil {
		return 0, r.faultf(c, fetchAgain, "%q: %v", settlement.Masked(string(r.text(c))), err)
	}
	return at, nil
}

// parseMoney reads the amounts, which the bill prints positive for payments and
// refunds alike, with the fee negative on refunds.
func (r *record) parseMoney(row *row) *fault {
	var settled, gross, used, refunded, applied, returned settlement.Amount
	for _, a := range [...]struct {
		column column
		into   *settlement.Amount
		refund bool // stands on refund rows, and is zero on payment rows
	}{
		{settledAmount, &settled, false},
		{orderAmount, &gross, false},
		{coupon, &used, false},
		{refundAmount, &refunded, true},
		{appliedRefund, &applied, true},
		{couponRefund, &returned, true},
	} {
		if !r.has(a.column) {
			continue
		}
		text := r.text(a.column)
		v, err := settlement.ParseAmount(text)
		switch {
		case err != nil:
			return r.faultf(a.column, adviceFor(err), "%q: %v", settlement.Masked(string(text)), err)
		case v < 0:
			return r.faultf(a.column, fetchAgain, "%s is negative; the bill prints amounts positive", v)
		case v != 0 && a.refund == (row.kind == settlement.Payment):
			return r.faultf(a.column, fetchAgain, "%s where a row of state %s has 0.00", v, row.state)
		}
		*a.into = v
	}
	if r.legacy {
		gross, applied = settled, refunded
	}
	if row.kind == settlement.Payment {
		row.gross, row.settled, row.coupon = gross, settled, used
	} else {
		row.gross, row.settled, row.coupon = -applied, -refunded, -returned
	}
	return r.parseFee(row)
}

func (r *record) parseFee(row *row) *fault {
	text := r.text(fee)
	charged, err := settlement.ParseLongAmount(text)
	switch {
	case errors.Is(err, settlement.ErrNumberFractions):
		return r.faultf(fee, "bills from before mid-2015 carry unrounded fees and are not read: leave it out",
			"%q: %v", settlement.Masked(string(text)), err)
	case err != nil:
		return r.faultf(fee, adviceFor(err), "%q: %v", settlement.Masked(string(text)), err)
	case charged < 0 && row.kind == settlement.Payment:
		return r.faultf(fee, fetchAgain, "%s: the fee of a payment is not negative", charged)
	case charged > 0 && row.kind != settlement.Payment:
		return r.faultf(fee, fetchAgain, "%s: the fee of a refund is returned and not positive", charged)
	}
	row.fee = -charged
	if row.rate, err = settlement.ParseRate(r.text(rate)); err != nil {
		return r.faultf(rate, adviceFor(err), "%q: %v", settlement.Masked(string(r.text(rate))), err)
	}
	return nil
}

func adviceFor(err error) string {
	if errors.Is(err, settlement.ErrNumberScientific) || errors.Is(err, settlement.ErrNumberThousands) {
		return spreadsheet
	}
	return fetchAgain
}
