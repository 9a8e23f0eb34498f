package alipay

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundWorker turns rows of the account log or of the portal's export into fund lines.
// Each goroutine has its own.
type fundWorker struct {
	in       delimited.Input
	gb18030  bool
	layout   *fundLayout
	header   *header
	account  []byte
	from     settlement.Day // of the period, NoDay where the file does not state it
	until    settlement.Day
	problems *delimited.Problems

	lines  settlement.FundLines
	hasher settlement.IDHasher
	tally  fundTally

	// The row at hand. cells are its fields by column: trimmed, UTF-8, nil where the
	// header lacks the column.
	cells [fundColumnCount][]byte
	line  int64
	sheet string // of a workbook, else ""
	note  []byte // scratch

	// Of a text file: the row's bytes, and the offset behind each field.
	text    []byte
	ends    []int32
	decoder *encoding.Decoder // of GB18030, nil before the first text
	// Words repeat from row to row: the last one of each column, as it stands in the
	// file and decoded.
	lastRaw, lastText [fundColumnCount][]byte
}

// parse appends the rows of b to w.lines. Bad rows go to w.problems.
func (w *fundWorker) parse(b *delimited.Block) {
	settlement.Grow(&w.lines, len(b.Data)/160)
	w.tally.open(0)
	for {
		text, line, ok := b.Next()
		if !ok {
			return
		}
		w.text, w.line = text, line
		if w.split() && w.decode() {
			w.row()
		}
	}
}

// split finds the fields of the row; false where it has a wrong number of them.
func (w *fundWorker) split() bool {
	width := len(w.header.names)
	w.ends = append(delimited.Separators(w.text, ',', w.ends[:0]), int32(len(w.text)))
	if len(w.ends) == width {
		return true
	}
	what, do := "an empty line between the rows", adviceForm
	if len(bytes.Trim(w.text, ", \t")) > 0 {
		if w.ends, what = w.header.anchor(w.text, w.ends, nil); what == "" {
			w.tally.anchored++
			first(&w.tally.firstComma, w.line)
			return true
		}
		what, do = wrongWidth(what, len(w.ends), width)
	}
	w.problems.Add(w.in.Errorf(w.line, do, "%s", what))
	return false
}

// decode fills w.cells from the fields.
func (w *fundWorker) decode() bool {
	for c := range w.cells {
		at := w.header.at[c]
		if at < 0 {
			continue
		}
		raw := withoutBlanks(field(w.text, w.ends, at))
		if delimited.IsASCII(raw) {
			w.cells[c] = raw
			continue
		}
		if !bytes.Equal(raw, w.lastRaw[c]) {
			text, ok := w.decoded(raw, w.lastText[c])
			if !ok && fundColumn(c) != fundNote { // the wallet cuts long notes within a character
				w.bad(fundColumn(c), adviceForm, "the text is not in the encoding of the file's header")
				return false
			}
			w.lastRaw[c], w.lastText[c] = append(w.lastRaw[c][:0], raw...), text
		}
		w.cells[c] = w.lastText[c]
	}
	return true
}

// decoded returns UTF-8 without what is not text, in the memory of to where it has room;
// ok is false where some of raw is not.
func (w *fundWorker) decoded(raw, to []byte) (text []byte, ok bool) {
	if !w.gb18030 {
		text = append(to[:0], raw...)
		if utf8.Valid(text) {
			return text, true
		}
	} else {
		if w.decoder == nil {
			w.decoder = simplifiedchinese.GB18030.NewDecoder()
		}
		w.decoder.Reset()
		to = slices.Grow(to[:0], 3*len(raw)) // a byte that is not text becomes U+FFFD, which has three
		n, _, err := w.decoder.Transform(to[:cap(to)], raw, true)
		if err != nil {
			return nil, false
		}
		if text = to[:n]; !bytes.Contains(text, replacement) {
			return text, true
		}
	}
	return bytes.ReplaceAll(bytes.ToValidUTF8(text, nil), replacement, nil), false
}

// replacement is U+FFFD, which decoders put for what is not text.
var replacement = []byte("\ufffd")

// bad reports the row's field of column c.
func (w *fundWorker) bad(c fundColumn, do, format string, args ...any) {
	i := w.header.at[c]
	column := int64(i + 1) // of a sheet
	if w.sheet != "" {
		format = "sheet " + w.sheet + ": " + format
	} else {
		start := 0
		if i > 0 {
			start = int(w.ends[i-1]) + 1
		}
		column = delimited.ColumnAt(w.text, start, w.gb18030)
	}
	fault := w.in.Errorf(w.line, do, format, args...)
	fault.Column, fault.ColumnName = column, w.header.names[i]
	w.problems.Add(fault)
}

// fundMoney is what a row moves, signed towards the merchant.
type fundMoney struct {
	amount    settlement.Amount
	direction settlement.Kind
	balance   settlement.Amount
}

// row appends the row at hand to w.lines, or reports what is wrong with it.
func (w *fundWorker) row() {
	at, err := settlement.ParseInstant(w.cells[bookedAt])
	if err != nil {
		w.bad(bookedAt, adviceSpreadsheet, "%q: %v", shownCell(w.cells[bookedAt]), err)
		return
	}
	money, ok := w.money()
	if !ok {
		return
	}
	if len(w.cells[flowNo]) == 0 {
		w.bad(flowNo, adviceForm, "the row has no number")
		return
	}
	for _, c := range []fundColumn{flowNo, fundTxn, fundOrder, baseOrder} {
		if what, do := delimited.NumberFault(w.cells[c]); what != "" {
			w.bad(c, do, "%q: %s", shownCell(w.cells[c]), what)
			return
		}
	}
	w.append(at, money)
}

func shownCell(cell []byte) string {
	return settlement.Masked(string(bytes.ToValidUTF8(cell[:min(len(cell), 80)], nil)))
}

// money reads the two sides and the balance. The column gives the direction, whatever
// sign 支出 has; the side that is not used is 0, 0.00 or blank. A row that moves nothing
// is an expense, unless that side alone is blank.
func (w *fundWorker) money() (m fundMoney, ok bool) {
	in, ok := w.side(income)
	if !ok {
		return m, false
	}
	out, ok := w.side(expense)
	if !ok {
		return m, false
	}
	if m.balance, ok = w.side(balance); !ok {
		return m, false
	}
	if len(w.cells[balance]) == 0 {
		m.balance = settlement.NoAmount
	}
	switch {
	case in < 0:
		w.bad(income, adviceForm, "%s: income below zero", in)
		return m, false
	case in != 0 && out != 0:
		w.bad(expense, adviceForm, "the row has both an income (%s) and an expense (%s)", in, out)
		return m, false
	case in != 0 || out == 0 && len(w.cells[expense]) == 0 && len(w.cells[income]) > 0:
		m.amount, m.direction = in, settlement.Income
	default:
		sign(out, w.line, &w.tally.expenseAbove, &w.tally.expenseBelow)
		m.amount, m.direction = -out.Abs(), settlement.Expense
	}
	return m, true
}

// side reads an amount that may be blank.
func (w *fundWorker) side(c fundColumn) (settlement.Amount, bool) {
	cell := w.cells[c]
	if len(cell) == 0 {
		return 0, true
	}
	amount, err := settlement.ParseAmount(cell)
	if err != nil {
		w.bad(c, adviceSpreadsheet, "%q: %v", shownCell(cell), err)
		return 0, false
	}
	return amount, true
}

// aggregated is 支付渠道 of the rows that the portal copies from a Taobao aggregated
// settlement account.
const aggregated = "聚合结算渠道"

// numbers are the order number and the trade that the line belongs to. A fee names its
// trade in its note; what stands as its order number is then the trade's number with a
// suffix where the wallet had none of the merchant's.
func (w *fundWorker) numbers(category settlement.Category) (order, trade []byte) {
	trade = w.cells[fundTxn]
	order = merchantNumber(w.cells[fundOrder])
	switch category {
	case settlement.FundFee, settlement.FundFeeReturn:
		if named := tradeInNote(w.cells[fundNote]); named != nil {
			trade = named
			if bytes.HasPrefix(order, named) {
				order = nil
			}
		}
		if at := bytes.Index(w.cells[fundNote], []byte(orderMark)); at >= 0 && len(order) == 0 {
			order = orderInNote(w.cells[fundNote])
		}
	case settlement.FundPlatformFee:
		if len(order) == 0 {
			order = orderInNote(w.cells[fundNote])
		}
	}
	if base := w.cells[baseOrder]; len(base) > 0 {
		order = merchantNumber(base)
	}
	return order, trade
}

// settledOn is the day on which a line counts: the day of a file of one day, of a
// longer one the day of the movement. What moved outside the period counts with its
// nearest day.
func (w *fundWorker) settledOn(at settlement.Instant) settlement.Day {
	day := settlement.DayOf(at)
	w.tally.day(day)
	if w.from == settlement.NoDay || day >= w.from && day < w.until {
		return day
	}
	w.tally.outside++
	first(&w.tally.firstOutside, w.line)
	return min(max(day, w.from), w.until-1)
}

func (w *fundWorker) append(at settlement.Instant, m fundMoney) {
	kind, note, said := w.cells[fundType], w.cells[fundNote], w.cells[description]
	category := categoryOf(kind, note, said, m.direction)
	order, trade := w.numbers(category)
	state := settlement.Booked
	if string(w.cells[channel]) == aggregated {
		state = settlement.CopiedLine
	}
	w.tally.add(w, category, state, m)
	flow := w.cells[flowNo]
	b := &w.lines
	b.ID = append(b.ID, settlement.FundLineID(&w.hasher, w.layout.kind, settlement.Alipay, w.account, nil, flow, m.direction))
	b.Wallet = append(b.Wallet, settlement.Alipay)
	b.Account.Append(w.account)
	b.SubAccount.Append(nil)
	b.Direction = append(b.Direction, m.direction)
	b.Category = append(b.Category, category)
	b.OrderNo.Append(order)
	b.RefundNo.Append(nil)
	b.ProviderTxnID.Append(trade)
	b.FlowNo.Append(flow)
	b.OccurredAt = append(b.OccurredAt, at)
	b.SettledOn = append(b.SettledOn, w.settledOn(at))
	b.Amount = append(b.Amount, m.amount)
	b.Balance = append(b.Balance, m.balance)
	b.Currency = append(b.Currency, settlement.CNY)
	b.State = append(b.State, state)
	b.RawType.Append(settlement.PublicWord(kind))
	w.note = publicNote(category, note, said, w.note[:0])
	b.RawNote.Append(w.note)
	b.File = append(b.File, w.in.Index)
	b.Line = append(b.Line, w.line)
	b.Key = append(b.Key, settlement.FundKey(order, trade, flow))
}
