package match

import (
	"fmt"

	"reconcile/settlement"
)

// addBreak appends a finding and fills in what line and event tell; either may be
// −1. Wallet and account come from the line where there is one.
func (b *bucket) addBreak(f settlement.Break, line, event int32) {
	e, l := b.events, b.lines
	if event >= 0 {
		f.EventID = e.ID[event]
		f.OrderNo, f.PaymentNo = e.OrderNo.At(int(event)), e.PaymentNo.At(int(event))
		f.RefundNo, f.ProviderID = e.RefundNo.At(int(event)), e.ProviderTxnID.At(int(event))
		f.Shop = e.Shop.At(b.shopRow(event))
		f.File, f.FileLine = e.File[event], e.Line[event]
		f.Nth = int(b.nth[event])
		if at := e.ExpectedAt[event]; at != settlement.NoInstant {
			f.SeenOn = settlement.DayOf(at)
		} else {
			f.SeenOn = b.rules.Day
		}
	}
	if line >= 0 {
		f.Wallet, f.Account, f.LineID = l.Wallet[line], l.Account.At(int(line)), l.ID[line]
		if event < 0 {
			f.OrderNo = l.OrderNo.At(int(line))
			if claim, ok := b.resolved.Line(l.ID[line]); ok && claim.OrderNo != "" {
				f.OrderNo, f.Shop = []byte(claim.OrderNo), []byte(claim.Shop)
			}
		}
		if number := l.RefundNo.At(int(line)); len(number) > 0 || event < 0 {
			f.RefundNo = number
		}
		f.ProviderID = l.ProviderTxnID.At(int(line))
		f.File, f.FileLine = l.File[line], l.Line[line]
		f.SeenOn = seenOn(l, line)
	}
	if b.ambiguous != "" {
		f.Reason = b.ambiguous
		f.Suggest = "compare the two sides by hand; a number of its own for each payment lets them be told apart"
	}
	if line >= 0 && b.lines.Kind[line] != settlement.Payment {
		// One refund number may stand several times in a transaction, once in each round.
		f.Nth += b.pass3 << 16
	}
	b.tellApart(&f)
	b.out.Breaks.Add(&b.hash, f, b.rules.Day)
}

// tellApart counts findings that agree in all that names them, such as refunds of
// one payment that carry no number, in the order in which they are found.
func (b *bucket) tellApart(f *settlement.Break) {
	if b.named == nil {
		b.named = map[settlement.ID]bool{}
	}
	for {
		name := b.hash.Start("finding").Code(uint64(f.Kind)).Code(uint64(f.Wallet)).Text(f.Account).Text(f.OrderNo).
			Text(f.PaymentNo).Text(f.RefundNo).Text(f.ProviderID).Code(uint64(f.Nth)).ID()
		if !b.named[name] {
			b.named[name] = true
			return
		}
		f.Nth++
	}
}

func seenOn(l *settlement.Lines, line int32) settlement.Day {
	if on := l.SettledOn[line]; on != settlement.NoDay {
		return on
	}
	return settlement.DayOf(l.OccurredAt[line])
}

// breakPair records a finding on a claimed pair.
func (b *bucket) breakPair(kind settlement.BreakKind, event, line int32, expected, actual settlement.Amount) {
	if b.leavingOnly {
		return
	}
	f := settlement.Break{Kind: kind, Expected: expected, Actual: actual}
	f.Reason, f.Suggest = pairReason(kind, b.events, event, b.lines, line, expected, actual)
	b.addBreak(f, line, event)
}

func pairReason(kind settlement.BreakKind, e *settlement.Events, event int32, l *settlement.Lines, line int32, expected, actual settlement.Amount) (reason, suggestion string) {
	wallet := l.Wallet[line]
	switch kind {
	case settlement.AmountMismatch:
		direction := "more"
		if actual < expected {
			direction = "less"
		}
		return fmt.Sprintf("the order says %s, %s says %s: %s %s", expected, wallet, actual, (actual - expected).Abs(), direction),
			"compare the order's discounts and shipping with what the wallet was asked for; correct the side that is wrong"
	case settlement.StatusMismatch:
		if l.Kind[line] == settlement.Payment {
			return fmt.Sprintf("the order is %s, so no money is expected, but %s received %s", e.Status[event], wallet, actual),
				"deliver the order or refund the payment, and correct the order's status"
		}
		return fmt.Sprintf("the refund is listed as %s, but %s paid %s out", e.Status[event], wallet, actual.Abs()),
			"correct the status of the refund in the order system; do not refund again"
	case settlement.WalletMismatch:
		if l.Kind[line] != settlement.Payment {
			return fmt.Sprintf("the refund is listed for %s, but %s paid it out (%s)", e.Wallet[event], wallet, actual.Abs()),
				"correct the wallet of the refund in the order system; the fee is returned by the wallet that paid it out"
		}
		return fmt.Sprintf("the order says it was paid with %s, but the money (%s) is in %s", e.Wallet[event], actual, wallet),
			"correct the paying wallet in the order system; the fee is that of the wallet that received the money"
	}
	return "", ""
}

// breakEvent records an event without a line.
func (b *bucket) breakEvent(kind settlement.BreakKind, event int32, wallet settlement.Wallet, account []byte) {
	e := b.events
	f := settlement.Break{Kind: kind, Expected: e.Amount[event], Actual: settlement.NoAmount, Wallet: wallet, Account: account}
	where := "none of the delivered statements shows it"
	if wallet != settlement.NoWallet {
		where = fmt.Sprintf("the statements of %s for that time do not show it", wallet)
	}
	at := e.ExpectedAt[event]
	if kind == settlement.RefundMissingInStatement {
		f.Reason = fmt.Sprintf("a refund of %s succeeded at %s by the order system, but %s", e.Amount[event].Abs(), at, where)
		f.Suggest = "look the refund up in the wallet's merchant platform; if the wallet does not know it, the buyer has not got the money"
	} else {
		f.Reason = fmt.Sprintf("%s was expected at %s, but %s", e.Amount[event], at, where)
		f.Suggest = "look the payment up in the wallet's merchant platform; check that the statements of all its accounts were delivered"
	}
	b.addBreak(f, -1, event)
}

// breakLine records a line without an event, or one beyond what was expected.
func (b *bucket) breakLine(kind settlement.BreakKind, line int32, expected settlement.Amount) {
	l := b.lines
	gross := l.Gross[line]
	f := settlement.Break{Kind: kind, Expected: expected, Actual: gross}
	switch kind {
	case settlement.MissingInOrders:
		f.Reason = fmt.Sprintf("%s received %s for order %s, which the orders do not have", l.Wallet[line], gross, nameOf(l, line))
		f.Suggest = "look for the order in the shop system; if there is none, find out what was paid for before refunding"
		if b.sumsOf(line).known {
			f.Reason = fmt.Sprintf("%s received another %s for order %s, of which the orders do not list that payment", l.Wallet[line], gross, nameOf(l, line))
			f.Suggest = "see whether the order was paid in several payments, and list each of them in the orders"
		}
	case settlement.DuplicatePayment:
		f.Reason = fmt.Sprintf("%s received another %s for order %s, more than the order expects in all", l.Wallet[line], gross, nameOf(l, line))
		f.Suggest = "refund the payment that is too much"
	case settlement.RefundMissingInOrders:
		f.Reason = fmt.Sprintf("%s refunded %s of order %s, which the list of refunds does not have", l.Wallet[line], gross.Abs(), nameOf(l, line))
		f.Suggest = "find out who refunded it (often by hand in the merchant platform) and enter it in the order system"
	case settlement.RefundExceedsPayment:
		f.Reason = fmt.Sprintf("a refund of %s where %s of the payment of order %s was left to refund", gross.Abs(), (-expected).Abs(), nameOf(l, line))
		f.Suggest = "find out why more was refunded than was paid; claim the difference back"
	}
	event := b.lineEvent[line]
	b.addBreak(f, line, event)
}

// nameOf is the number under which a person finds a line's order.
func nameOf(l *settlement.Lines, line int32) []byte {
	if number := l.OrderNo.At(int(line)); len(number) > 0 {
		return number
	}
	return l.ProviderTxnID.At(int(line))
}

// openEvent records an event that waits for its line.
func (b *bucket) openEvent(event int32, wallet settlement.Wallet, account []byte) {
	e, o := b.events, b.out.Open
	at := e.ExpectedAt[event]
	reason := "no statement that must show it has been delivered"
	switch {
	case b.unknownOrder(event):
		reason = "its order is not among the orders, which are not complete: under which number the wallet knows it cannot be told"
	case e.Status[event] == settlement.Processing:
		reason = "the refund is still being processed"
	case at == settlement.NoInstant:
		reason = "the order is refunded, but no refund is listed that says when"
	case b.dueWithin(event, wallet, account, 0):
		reason = "it lies within the cut-off window of the delivered statements' end: it may stand in the next"
	}
	on := b.rules.Day
	if at != settlement.NoInstant {
		on = settlement.DayOf(at)
	}
	addOpen(o, settlement.EventSide, e.ID[event], e.Kind[event], wallet, account, e.OrderNo.At(int(event)),
		e.PaymentNo.At(int(event)), e.RefundNo.At(int(event)), e.ProviderTxnID.At(int(event)), e.Amount[event], at, on,
		e.Shop.At(b.shopRow(event)), reason, e.File[event], e.Line[event])
}

// openLine records a line that waits for its order.
func (b *bucket) openLine(line int32) {
	l := b.lines
	reason := "the order extract does not reach this time yet"
	switch {
	case b.rules.Watermark == settlement.NoInstant:
		reason = "the orders are not there, or not all of them"
	case l.Kind[line] != settlement.Payment && !b.rules.RefundsListed:
		reason = "no list of refunds was delivered"
	}
	addOpen(b.out.Open, settlement.LineSide, l.ID[line], l.Kind[line], l.Wallet[line], l.Account.At(int(line)),
		l.OrderNo.At(int(line)), nil, l.RefundNo.At(int(line)), l.ProviderTxnID.At(int(line)), l.Gross[line],
		l.OccurredAt[line], seenOn(l, line), nil, reason, l.File[line], l.Line[line])
}

func addOpen(o *settlement.OpenItems, side settlement.Side, id settlement.ID, kind settlement.Kind, wallet settlement.Wallet,
	account, orderNo, paymentNo, refundNo, provider []byte, amount settlement.Amount, at settlement.Instant, on settlement.Day,
	shop []byte, reason string, file int32, line int64) {
	o.ID = append(o.ID, id)
	o.Side = append(o.Side, side)
	o.Kind = append(o.Kind, kind)
	o.Wallet = append(o.Wallet, wallet)
	o.Account.Append(account)
	o.OrderNo.Append(orderNo)
	o.PaymentNo.Append(paymentNo)
	o.RefundNo.Append(refundNo)
	o.ProviderID.Append(provider)
	o.Amount = append(o.Amount, amount)
	o.At = append(o.At, at)
	o.FirstSeenOn = append(o.FirstSeenOn, on)
	o.Shop.Append(shop)
	o.Reason.AppendString(reason)
	o.File = append(o.File, file)
	o.Line = append(o.Line, line)
}
