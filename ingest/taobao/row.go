package taobao

import (
	"bytes"
	"fmt"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const (
	adviceFetch  = "download the export again; do not save it with another program"
	adviceLost   = "spreadsheets keep 15 digits of a number: download the export again, or export it as text or CSV, and do not save it in a spreadsheet program"
	adviceFormat = "tell us of this form: it is not known"
)

// line is one movement, with the signs of the tables. Its texts are those of the record.
type line struct {
	at         settlement.Instant
	atText     []byte
	direction  settlement.Kind
	category   settlement.Category
	state      settlement.FundState
	amount     settlement.Amount
	account    []byte
	flow       []byte
	order, raw []byte // order number without and with its prefix
	txn        []byte
	kind       []byte // 入账类型
	publicKind []byte // kind as the tables have it
	note       []byte
	number     int64 // of the row
}

// trade is the kind of statement line that the movement is too, NoKind where it is none:
// a payment comes in, a refund goes out, both in this account.
func (l *line) trade() settlement.Kind {
	switch {
	case l.state != settlement.Booked:
	case l.category == settlement.FundPayment && l.direction == settlement.Income:
		return settlement.Payment
	case l.category == settlement.FundRefund && l.direction == settlement.Expense:
		return settlement.Refund
	}
	return settlement.NoKind
}

// bad records what is wrong with a cell of the row at hand.
func (r *reading) bad(c column, do, format string, args ...any) {
	e := r.in.Errorf(r.record.row, do, "%s%s", r.inSheet(), fmt.Sprintf(format, args...))
	e.ColumnName = r.head.name(c)
	if at := r.head.at[c]; at >= 0 {
		e.Column = r.record.column(at)
	}
	r.problems.Add(e)
}

// inSheet names the sheet where it is not the first: rows are counted in each.
func (r *reading) inSheet() string {
	if r.record.sheet == r.sheet {
		return ""
	}
	return "sheet " + r.record.sheet + ": "
}

// text is a cell of the row at hand, nil where the header or the row lacks it.
func (r *reading) text(c column) []byte {
	if at := r.head.at[c]; at >= 0 && at < len(r.record.ends) {
		return clean(r.record.field(at))
	}
	return nil
}

// lost says that a spreadsheet has kept only the first digits of a number.
func (r *reading) lost(c column) bool {
	at := r.head.at[c]
	return at >= 0 && at < len(r.record.cells) && r.record.cells[at].Lost()
}

// parse reads the row at hand; ok is false where something of it is wrong, all of which
// was recorded.
func (r *reading) parse() (l line, ok bool) {
	var timed, numbered, counted bool
	l.number, l.kind, l.state = r.record.row, r.text(rowType), settlement.Booked
	l.at, l.atText, timed = r.time()
	l.flow, l.raw, numbered = r.numbers()
	l.direction, l.amount, counted = r.money(l.kind)
	l.publicKind = settlement.PublicWord(l.kind)
	ok = timed && numbered && counted
	if len(l.kind) == 0 {
		r.bad(rowType, adviceFetch, "the row does not say what it is")
		ok = false
	}
	if l.account = r.text(shop); len(l.account) == 0 {
		l.account = r.account
	}
	description, note := r.text(description), r.text(note)
	l.category = categoryOf(l.kind, description, note, l.direction)
	r.noteText = publicNote(l.category, description, note, r.noteText[:0])
	l.note = r.noteText
	switch l.category {
	case settlement.FundPayment, settlement.FundRefund:
		l.txn = l.flow
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee:
		l.txn = tradeInNote(note)
		if len(l.raw) == 0 {
			l.raw = orderInNote(note)
		}
	}
	l.order = merchantNumber(l.raw)
	if string(r.text(channel)) == "支付宝" {
		l.state = settlement.CopiedLine
	}
	return l, ok
}

// time reads 入账时间: a moment, or beside 入帐日期 a time of day.
func (r *reading) time() (at settlement.Instant, text []byte, ok bool) {
	text = r.text(bookedAt)
	at, err := settlement.ParseInstant(text)
	if err != nil {
		text = r.otherTime(text)
		at, err = settlement.ParseInstant(text)
	}
	if err != nil {
		r.bad(bookedAt, adviceFetch, "%q: %v", settlement.Masked(string(text)), err)
	}
	return at, text, err == nil
}

// otherTime is a time of another form as the usual one: with slashes, with .0 behind it, or
// a time of day alone.
func (r *reading) otherTime(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte{'/'}, []byte{'-'})
	text = bytes.TrimSuffix(text, []byte(".0"))
	day := bytes.ReplaceAll(r.text(bookedOn), []byte{'/'}, []byte{'-'})
	if len(text) == len("15:04:05") && len(day) >= len("2006-01-02") {
		text = fmt.Appendf(nil, "%s %s", day[:len("2006-01-02")], text)
	}
	return text
}

// numbers reads 支付流水号, which is never missing, and the order's.
func (r *reading) numbers() (flow, order []byte, ok bool) {
	flow, ok1 := r.number(flowNo)
	order, ok2 := r.number(orderNo)
	if ok = ok1 && ok2; ok && len(flow) == 0 {
		r.bad(flowNo, adviceFetch, "the row has no number")
		ok = false
	}
	return flow, order, ok
}

// number reads a number that may be missing.
func (r *reading) number(c column) (text []byte, ok bool) {
	text = r.text(c)
	switch {
	case r.lost(c):
		ok = false
	case len(text) <= 64 && delimited.IsDigits(text):
		ok = true
	case delimited.IsScientific(text):
		ok = false
	case len(text) > 64 || bytes.IndexByte(text, ' ') >= 0 || delimited.HasControl(text):
		r.bad(c, adviceFetch, "%q is no number of the export's", settlement.Masked(string(text)))
		return nil, false
	default:
		ok = true
	}
	if !ok {
		r.bad(c, adviceLost, "%s: a number of more than 15 digits that was stored as one has lost digits", settlement.Masked(string(text)))
		return nil, false
	}
	if isNone(text) || string(text) == "0" {
		return nil, true
	}
	return text, true
}

// isNone tells what stands for an empty cell.
func isNone(text []byte) bool { return len(text) == 0 || string(text) == "-" || string(text) == "--" }

// money reads both sides, of which one is filled. The export prints expenses positive; one
// that prints them all negative means the same.
func (r *reading) money(kind []byte) (direction settlement.Kind, amount settlement.Amount, ok bool) {
	in, inFilled, ok1 := r.amount(income)
	out, outFilled, ok2 := r.amount(expense)
	switch {
	case !ok1 || !ok2:
		return settlement.NoKind, 0, false
	case in != 0 && out != 0:
		r.bad(expense, adviceFormat, "both an income of %s and an expense of %s", in, out)
		return settlement.NoKind, 0, false
	case !inFilled && !outFilled:
		r.bad(income, adviceFetch, "neither an income nor an expense")
		return settlement.NoKind, 0, false
	case in < 0:
		r.bad(income, adviceFormat, "an income of %s", in)
		return settlement.NoKind, 0, false
	}
	switch {
	case out > 0 && r.above == 0:
		r.above = r.record.row
	case out < 0 && r.below == 0:
		r.below = r.record.row
	}
	if out != 0 || in == 0 && (!inFilled || outFilled && !bytes.Contains(kind, []byte("收款")) && !bytes.Contains(kind, []byte("退回"))) {
		return settlement.Expense, -out.Abs(), true
	}
	return settlement.Income, in, true
}

func (r *reading) amount(c column) (amount settlement.Amount, filled, ok bool) {
	text := r.text(c)
	if isNone(text) {
		return 0, false, true
	}
	amount, err := settlement.ParseAmount(text)
	if err != nil {
		r.bad(c, adviceFetch, "%q: %v", settlement.Masked(string(text)), err)
		return 0, true, false
	}
	return amount, true, true
}

// merchantNumber takes the prefix off that Taobao puts before the order number in the
// wallets' files: ^T\d+N?P.
func merchantNumber(order []byte) []byte {
	if len(order) == 0 || order[0] != 'T' {
		return order
	}
	at := 1
	for at < len(order) && order[at]-'0' <= 9 {
		at++
	}
	if at == 1 {
		return order
	}
	if at < len(order) && order[at] == 'N' {
		at++
	}
	if at+1 >= len(order) || order[at] != 'P' {
		return order
	}
	return order[at+1:]
}
