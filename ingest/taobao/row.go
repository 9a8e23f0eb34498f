package taobao

import (
	"fmt"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

const (
	adviceFetch  = "download the export again; do not save it with another program"
	adviceLost   = "spreadsheets keep 15 digits of a number: download the export again, or export it as text or CSV, and do not save it in a spreadsheet program"
	adviceFormat = "tell us of this form: it is not known"
)

// line is one movement, with the signs of the tables.
type line struct {
	at         settlement.Instant
	atText     string
	direction  settlement.Kind
	category   settlement.Category
	state      settlement.FundState
	amount     settlement.Amount
	account    string
	flow       string
	order, raw string // order number without and with its prefix
	txn        string
	kind       string // 入账类型
	note       string
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

func (r *reading) cell(c column) sheet.Cell {
	if at := r.head.at[c]; at >= 0 && at < len(r.record.cells) {
		return r.record.cells[at]
	}
	return sheet.Cell{}
}

func (r *reading) text(c column) string { return clean(r.cell(c).Text) }

// parse reads the row at hand; ok is false where something of it is wrong, all of which
// was recorded.
func (r *reading) parse() (l line, ok bool) {
	l = line{number: r.record.row, kind: r.text(rowType), state: settlement.Booked}
	ok = r.parseTime(&l)
	ok = r.parseNumbers(&l) && ok
	ok = r.parseAmount(&l) && ok
	if l.kind == "" {
		r.bad(rowType, adviceFetch, "the row does not say what it is")
		ok = false
	}
	if l.account = r.text(shop); l.account == "" {
		l.account = r.in.Account
	}
	description, note := r.text(description), r.text(note)
	l.category = categoryOf(l.kind, description, note, l.direction)
	l.note = publicNote(l.category, description, note)
	switch l.category {
	case settlement.FundPayment, settlement.FundRefund:
		l.txn = l.flow
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee:
		l.txn = tradeInNote(note)
		if l.raw == "" {
			l.raw = orderInNote(note)
		}
	}
	l.order = merchantNumber(l.raw)
	if r.text(channel) == "支付宝" {
		l.state = settlement.CopiedLine
	}
	return l, ok
}

// parseTime reads 入账时间: a moment, or beside 入帐日期 a time of day.
func (r *reading) parseTime(l *line) bool {
	text := strings.ReplaceAll(r.text(bookedAt), "/", "-")
	text, _ = strings.CutSuffix(text, ".0")
	if day := strings.ReplaceAll(r.text(bookedOn), "/", "-"); len(text) == len("15:04:05") && len(day) >= len("2006-01-02") {
		text = day[:len("2006-01-02")] + " " + text
	}
	at, err := settlement.ParseInstant([]byte(text))
	if err != nil {
		r.bad(bookedAt, adviceFetch, "%q: %v", delimited.Short(text), err)
		return false
	}
	l.at, l.atText = at, text
	return true
}

func (r *reading) parseNumbers(l *line) (ok bool) {
	ok = true
	for _, n := range []struct {
		c  column
		to *string
	}{{flowNo, &l.flow}, {orderNo, &l.raw}} {
		cell, text := r.cell(n.c), r.text(n.c)
		switch {
		case cell.Lost() || delimited.IsScientific([]byte(text)):
			r.bad(n.c, adviceLost, "%s: a number of more than 15 digits that was stored as one has lost digits", delimited.Short(text))
			ok = false
		case len(text) > 64 || strings.Contains(text, " ") || delimited.HasControl([]byte(text)):
			r.bad(n.c, adviceFetch, "%q is no number of the export's", delimited.Short(text))
			ok = false
		}
		if text == "-" || text == "--" || text == "0" {
			text = ""
		}
		*n.to = text
	}
	if ok && l.flow == "" {
		r.bad(flowNo, adviceFetch, "the row has no number")
		return false
	}
	return ok
}

// parseAmount reads both sides, of which one is filled. The export prints expenses
// positive; one that prints them all negative means the same.
func (r *reading) parseAmount(l *line) bool {
	in, inFilled, ok1 := r.amount(income)
	out, outFilled, ok2 := r.amount(expense)
	switch {
	case !ok1 || !ok2:
		return false
	case in != 0 && out != 0:
		r.bad(expense, adviceFormat, "both an income of %s and an expense of %s", in, out)
		return false
	case !inFilled && !outFilled:
		r.bad(income, adviceFetch, "neither an income nor an expense")
		return false
	case in < 0:
		r.bad(income, adviceFormat, "an income of %s", in)
		return false
	}
	switch {
	case out > 0 && r.above == 0:
		r.above = l.number
	case out < 0 && r.below == 0:
		r.below = l.number
	}
	l.direction, l.amount = settlement.Income, in
	if out != 0 || in == 0 && (!inFilled || outFilled && !strings.Contains(l.kind, "收款") && !strings.Contains(l.kind, "退回")) {
		l.direction, l.amount = settlement.Expense, -out.Abs()
	}
	return true
}

func (r *reading) amount(c column) (amount settlement.Amount, filled, ok bool) {
	text := r.text(c)
	if text == "" || text == "-" || text == "--" {
		return 0, false, true
	}
	amount, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		r.bad(c, adviceFetch, "%q: %v", delimited.Short(text), err)
		return 0, true, false
	}
	return amount, true, true
}

// merchantNumber takes the prefix off that Taobao puts before the order number in the
// wallets' files: ^T\d+N?P.
func merchantNumber(order string) string {
	rest, ok := strings.CutPrefix(order, "T")
	if !ok {
		return order
	}
	number := strings.TrimLeft(rest, "0123456789")
	if len(number) == len(rest) {
		return order
	}
	number, ok = strings.CutPrefix(strings.TrimPrefix(number, "N"), "P")
	if !ok || number == "" {
		return order
	}
	return number
}
