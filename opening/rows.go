package opening

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// row takes one row of the file. Every cell with something wrong is named.
func (r *reader) row(line int64, row map[string]field) {
	kind := row[colKind]
	if !slices.Contains(kinds, kind.text) {
		r.fault(line, kind.column, colKind, "one of "+strings.Join(kinds, ", "), "%q is no kind of row", settlement.MaskedWord(kind.text))
		return
	}
	before := len(r.refusal.Errors)
	for _, name := range r.header {
		f := row[name]
		switch {
		case name == colKind:
		case f.text == "" && slices.Contains(needs[kind.text], name):
			r.fault(line, f.column, name, "fill it in", "it is empty, and a row of the kind %s needs it", kind.text)
		case f.text != "" && !slices.Contains(takes[kind.text], name):
			r.fault(line, f.column, name, "leave the cell empty", "a row of the kind %s has no %s", kind.text, name)
		case f.lost:
			r.fault(line, f.column, name, "format the column as text and enter the number again", "the spreadsheet has kept only 15 digits of %s", f.text)
		}
	}
	for _, name := range needs[kind.text] {
		if !slices.Contains(r.header, name) {
			r.fault(line, 1, name, "add the column", "the column is missing, and a row of the kind %s needs it", kind.text)
		}
	}
	if len(r.refusal.Errors) > before || r.refusal.More > 0 {
		return
	}
	v := values{r: r, line: line, row: row, kind: kind.text}
	v.read()
	if len(r.refusal.Errors) > before {
		return
	}
	if other, twice := r.seen[v.name()]; twice {
		r.fault(line, kind.column, colKind, "take one of the two out", "the same %s stands in line %d", kind.text, other)
		return
	}
	r.seen[v.name()] = line
	v.add()
}

// values is a row of the file, read.
type values struct {
	r    *reader
	line int64
	row  map[string]field
	kind string

	wallet, home                                settlement.Wallet
	amount, fee, refunded, feeReturned, granted settlement.Amount
	rate                                        settlement.Rate
	at                                          settlement.Instant
}

func (v *values) text(column string) string  { return v.row[column].text }
func (v *values) bytes(column string) []byte { return []byte(v.row[column].text) }

func (v *values) fault(column, do, format string, args ...any) {
	v.r.fault(v.line, v.row[column].column, column, do, format, args...)
}

func (v *values) read() {
	v.wallet, v.home = v.readWallet(colWallet), v.readWallet(colHome)
	if v.kind == kindDay {
		v.readDay()
		return
	}
	v.amount, v.fee, v.refunded = v.readAmount(colAmount), v.readAmount(colFee), v.readAmount(colRefunded)
	v.feeReturned, v.granted = v.readAmount(colFeeReturned), v.readAmount(colGranted)
	v.rate = settlement.NoRate
	if text := v.bytes(colFeeRate); len(text) > 0 {
		var err error
		if v.rate, err = settlement.ParseRate(text); err != nil {
			v.fault(colFeeRate, "a percentage, such as 0.60%", "%q: %v", settlement.Masked(string(text)), err)
		}
	}
	v.at = v.readTime()
	if v.kind == kindPayment {
		if v.refunded != settlement.NoAmount && v.amount != settlement.NoAmount && v.refunded > v.amount {
			v.fault(colRefunded, "correct one of the two", "%s is more than was paid, %s", v.refunded, v.amount)
		}
		if v.feeReturned != settlement.NoAmount && (v.fee == settlement.NoAmount || v.feeReturned > v.fee) {
			v.fault(colFeeReturned, "give the fee that was charged with the payment", "%s is more than the fee that was charged", v.feeReturned)
		}
	}
	if number := v.text(colPaymentNo); number != "" && number == v.text(colOrderNo) {
		v.row[colPaymentNo] = field{column: v.row[colPaymentNo].column} // it is no other number
	}
}

func (v *values) readWallet(column string) settlement.Wallet {
	text := v.text(column)
	if text == "" {
		return settlement.NoWallet
	}
	w, ok := settlement.ParseWallet(text)
	if !ok {
		v.fault(column, "one of "+strings.Join(settlement.WalletWords[1:], ", "), "%q is no wallet", settlement.MaskedWord(text))
	}
	return w
}

func (v *values) readAmount(column string) settlement.Amount {
	f := v.row[column]
	if f.text == "" {
		return settlement.NoAmount
	}
	a, err := settlement.ParseAmount([]byte(f.text))
	switch {
	case err != nil:
		v.fault(column, "yuan with at most two decimals, such as 12.30", "%q is no amount: %v", settlement.Masked(f.text), err)
	case a < 0:
		v.fault(column, "amounts are not negative: the kind says which way the money goes", "%s is negative", a)
	case a == 0 && column == colAmount && v.kind != kindBalance && v.kind != kindQuota:
		v.fault(column, "take the row out", "nothing is expected of 0.00")
	}
	return a
}

// readTime reads a time, or a day, which is its first instant.
func (v *values) readTime() settlement.Instant {
	f := v.row[colTime]
	if f.text == "" {
		return settlement.NoInstant
	}
	at, err := settlement.ParseInstant([]byte(f.text))
	if err != nil {
		day, errDay := settlement.ParseDay([]byte(f.text))
		if errDay != nil {
			v.fault(colTime, "a time in Asia/Shanghai, such as 2024-09-11 23:58:00; format the column as text", "%q is %v", settlement.Masked(f.text), err)
			return settlement.NoInstant
		}
		at = day.Start()
	}
	v.r.latest = append(v.r.latest, dated{at, f.text, v.line, f.column})
	return at
}

func (v *values) readDay() {
	day, err := settlement.ParseDay(v.bytes(colTime))
	switch {
	case err != nil:
		v.fault(colTime, "a day, such as 2024-09-11; format the column as text", "%q is no day", settlement.Masked(v.text(colTime)))
	case v.r.state.Day != settlement.NoDay:
		v.fault(colTime, "state one day", "the day is there twice")
	default:
		v.r.state.Day = day
	}
}

// name is what the row is about: two rows of one name are one too many.
func (v *values) name() string {
	parts := []string{v.kind}
	switch v.kind {
	case kindOrder:
		parts = append(parts, v.text(colAccount), v.text(colOrderNo), v.text(colPaymentNo), v.text(colTxnID))
	case kindRefund:
		parts = append(parts, v.text(colAccount), v.text(colOrderNo), v.text(colPaymentNo), v.text(colRefundNo))
		if v.text(colRefundNo) == "" {
			parts = append(parts, v.amount.String(), v.at.String())
		}
	case kindPayment:
		parts = append(parts, v.text(colWallet), v.text(colAccount), v.text(colTxnID))
	case kindBalance:
		parts = append(parts, v.text(colWallet), v.text(colAccount), v.text(colSub))
	case kindQuota:
		parts = append(parts, v.text(colWallet), v.text(colAccount), v.text(colRuleID), v.text(colPeriod), v.at.String())
	}
	return fmt.Sprintf("%q", parts)
}

func (v *values) add() {
	s := v.r.state
	at := settlement.Position{File: s.Source, Line: v.line, Column: v.row[colAmount].column}
	switch v.kind {
	case kindOrder:
		v.addEvent(s.Open, settlement.Payment, settlement.NoState)
	case kindRefund:
		v.addEvent(s.Open, settlement.Refund, settlement.NoState)
	case kindPayment:
		v.addEvent(s.Paid, settlement.Payment, settlement.Matched)
		v.addPayment()
	case kindBalance:
		s.Balances = append(s.Balances, Balance{v.wallet, v.text(colAccount), v.text(colSub), v.amount, at})
	case kindQuota:
		s.Quotas = append(s.Quotas, Quota{Wallet: v.wallet, Owner: v.text(colAccount), RuleID: v.text(colRuleID), Period: v.text(colPeriod),
			Start: v.at, Granted: v.granted, Used: v.amount, At: at})
	}
}

// addEvent adds the row as an order event. An open one gets its identity where it is
// matched, like that of an extract; one that was settled must have one here.
func (v *values) addEvent(e *settlement.Events, kind settlement.Kind, state settlement.MatchState) {
	id, amount, status, succeeded := settlement.ID{}, v.amount, settlement.Paid, settlement.NoInstant
	if state == settlement.Matched {
		id = v.r.hash.Start("event").Code(uint64(kind)).Text(v.bytes(colAccount)).Text(v.bytes(colOrderNo)).Text(v.bytes(colPaymentNo)).Text(nil).ID()
	}
	if kind == settlement.Refund {
		amount, status, succeeded = -amount, settlement.Success, v.at
	}
	e.ID = append(e.ID, id)
	e.Kind = append(e.Kind, kind)
	e.OrderNo.Append(v.bytes(colOrderNo))
	e.PaymentNo.Append(v.bytes(colPaymentNo))
	e.RefundNo.Append(v.bytes(colRefundNo))
	e.Wallet = append(e.Wallet, v.wallet)
	e.Account.Append(v.bytes(colAccount))
	e.Shop.Append(v.bytes(colShop))
	e.Platform.Append(v.bytes(colPlatform))
	e.ExpectedAt = append(e.ExpectedAt, settlement.NoInstant)
	e.Amount = append(e.Amount, amount)
	e.Status = append(e.Status, status)
	e.MatchState = append(e.MatchState, state)
	e.ProviderTxnID.Append(v.bytes(colTxnID))
	e.HomeWallet = append(e.HomeWallet, v.home)
	e.PaidAt = append(e.PaidAt, v.at)
	e.ConfirmedAt = append(e.ConfirmedAt, settlement.NoInstant)
	e.SucceededAt = append(e.SucceededAt, succeeded)
	e.File = append(e.File, 0)
	e.Line = append(e.Line, v.line)
	e.Payout = append(e.Payout, settlement.NoAmount)
	e.Escrow = append(e.Escrow, 0)
	e.Link = append(e.Link, settlement.LinkStated)
	e.Key = append(e.Key, settlement.EventKey(v.bytes(colPaymentNo), v.bytes(colOrderNo), v.bytes(colTxnID)))
}

// addPayment adds the row as the settled line of a wallet.
func (v *values) addPayment() {
	l, number := v.r.state.Payments, v.bytes(colPaymentNo)
	if len(number) == 0 {
		number = v.bytes(colOrderNo)
	}
	fee := known(v.fee)
	l.ID = append(l.ID, v.r.hash.Start("opening").Code(uint64(v.wallet)).Text(v.bytes(colAccount)).Text(v.bytes(colTxnID)).ID())
	l.Wallet = append(l.Wallet, v.wallet)
	l.Account.Append(v.bytes(colAccount))
	l.SubAccount.Append(nil)
	l.Kind = append(l.Kind, settlement.Payment)
	l.OrderNo.Append(number)
	l.OrderNoRaw.Append(number)
	l.RefundNo.Append(nil)
	l.ProviderTxnID.Append(v.bytes(colTxnID))
	l.ProviderRefundID.Append(nil)
	l.OccurredAt = append(l.OccurredAt, v.at)
	l.TimeBasis = append(l.TimeBasis, settlement.BasisAsStated)
	l.SettledOn = append(l.SettledOn, settlement.DayOf(v.at))
	l.Gross = append(l.Gross, v.amount)
	l.Settled = append(l.Settled, v.amount)
	l.Fee = append(l.Fee, -fee)
	l.Net = append(l.Net, v.amount-fee)
	l.FeeRate = append(l.FeeRate, v.rate)
	l.Currency = append(l.Currency, settlement.CNY)
	l.MatchState = append(l.MatchState, settlement.Matched)
	l.RawType.Append(nil)
	l.File = append(l.File, 0)
	l.Line = append(l.Line, v.line)
	l.Status = append(l.Status, settlement.Success)
	l.Coupon = append(l.Coupon, 0)
	l.Key = append(l.Key, settlement.PaymentKey(number, v.bytes(colTxnID)))
	s := v.r.state
	s.Fee = append(s.Fee, v.fee)
	s.Refunded = append(s.Refunded, known(v.refunded))
	s.FeeReturned = append(s.FeeReturned, known(v.feeReturned))
}

func known(a settlement.Amount) settlement.Amount {
	if a == settlement.NoAmount {
		return 0
	}
	return a
}
