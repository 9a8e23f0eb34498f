package match

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// refundPass is a way to claim a line for a refund.
type refundPass struct{ inStated, byNumber, exact bool }

// refundPasses: by refund number; by order number alone for whole refunds of orders
// with status refunded, for listed refunds without a number, and for lines without
// one (revokes); by refund number in another wallet than the stated one.
var refundPasses = [...]refundPass{
	{true, true, true}, {true, true, false},
	{true, false, true}, {true, false, false},
	{false, true, true}, {false, true, false},
}

// claimRefunds runs passes 1 and 2 over the group's refunds.
func (b *bucket) claimRefunds() {
	if len(b.refundLines) == 0 {
		return
	}
	e := b.events
	slices.SortFunc(b.refunds, func(x, y int32) int {
		return cmp.Or(cmp.Compare(refundRank(e.Status[x]), refundRank(e.Status[y])),
			cmp.Compare(refundAt(e, x), refundAt(e, y)), cmp.Compare(e.Amount[x], e.Amount[y]), e.ID[x].Compare(e.ID[y]))
	})
	for _, pass := range refundPasses {
		for _, event := range b.refunds {
			if b.waits(event) {
				b.claimRefund(event, pass)
			}
		}
	}
}

// settleLeftRefunds decides the refunds that no line was claimed for.
func (b *bucket) settleLeftRefunds() {
	for _, event := range b.refunds {
		if b.waits(event) {
			b.settleLeftRefund(event)
		}
	}
}

// refundRank lets refunds that expect a line claim before those that do not.
func refundRank(s settlement.Status) int {
	switch s {
	case settlement.Success:
		return 0
	case settlement.Processing:
		return 1
	}
	return 2
}

func (b *bucket) claimRefund(event int32, pass refundPass) {
	e, l := b.events, b.lines
	number := e.RefundNo.At(int(event))
	if pass.byNumber && len(number) == 0 {
		return
	}
	// Without a number the lines of all the order's payments compete, see ResidueByOrder.
	if !pass.byNumber && e.Link[event] == settlement.LinkAmbiguous {
		return
	}
	rule, fits := ruleRefund, b.fits
	switch {
	case !pass.inStated:
		rule, fits = ruleAnother, b.inAnotherWallet
	case !pass.byNumber && refundAt(e, event) == settlement.NoInstant:
		rule = ruleWhole
	case !pass.byNumber:
		rule = ruleExact
	}
	for _, line := range b.refundLines {
		if b.lineState[line] != settlement.NoState || !l.Settles(int(line)) || pass.exact && l.Gross[line] != e.Amount[event] {
			continue
		}
		lineNumber := l.RefundNo.At(int(line))
		if pass.byNumber && !bytes.Equal(number, lineNumber) || !pass.byNumber && len(number) > 0 && len(lineNumber) > 0 {
			continue
		}
		if fits(event, line) {
			b.pairRefund(event, line, rule)
			return
		}
	}
}

func (b *bucket) pairRefund(event, line int32, rule string) {
	expected, gross := b.events.Amount[event], b.lines.Gross[line]
	verdict, state := settlement.VerdictEqual, settlement.Matched
	if rule == ruleAnother {
		verdict, state = settlement.VerdictWallet, settlement.Broken
		b.breakPair(settlement.WalletMismatch, event, line, expected, gross)
	}
	switch {
	case b.events.Status[event] == settlement.Failed:
		verdict, state = settlement.VerdictStatus, settlement.Broken
		b.breakPair(settlement.StatusMismatch, event, line, 0, gross)
	case expected != gross:
		if verdict == settlement.VerdictEqual {
			verdict, state = settlement.VerdictAmount, settlement.Broken
		}
		b.breakPair(settlement.AmountMismatch, event, line, expected, gross)
	}
	b.pair(line, event, gross, rule, verdict, state)
}

// settleLeftRefund decides a refund without a line: expected where it succeeded,
// not yet where it is processing, never where it failed or was made before an
// escrow platform released the money.
func (b *bucket) settleLeftRefund(event int32) {
	e := b.events
	if b.eventSettledByPass3(event) {
		return
	}
	if e.Amount[event] == 0 || b.releasedLess(event) {
		b.eventState[event] = settlement.NotExpected
		return
	}
	wallet, account := b.walletOfRefund(event)
	switch e.Status[event] {
	case settlement.Success:
		if b.unknownOrder(event) {
			b.eventState[event] = settlement.Open
			b.openEvent(event, wallet, account)
			return
		}
		b.settleLeftEvent(event, wallet, account)
	case settlement.Processing:
		b.eventState[event] = settlement.Open
		b.openEvent(event, wallet, account)
	default:
		b.eventState[event] = settlement.NotExpected
	}
}

// unknownOrder says that a refund's order is not in the run although it may exist,
// so that nothing is known of where the refund must stand.
func (b *bucket) unknownOrder(event int32) bool {
	e := b.events
	if !b.rules.OrdersIncomplete || e.Kind[event] != settlement.Refund || len(e.PaymentNo.At(int(event))) > 0 {
		return false
	}
	return !slices.ContainsFunc(b.groupEvents, func(order int32) bool {
		return e.Kind[order] == settlement.Payment && bytes.Equal(e.OrderNo.At(int(order)), e.OrderNo.At(int(event)))
	})
}

// releasedLess says that a refund was made before an escrow platform released the
// money of its order.
func (b *bucket) releasedLess(refund int32) bool {
	if b.ambiguous != "" {
		return false
	}
	for i := range b.units {
		if slices.ContainsFunc(b.units[i].shares, func(order int32) bool { return b.beforeRelease(refund, order) }) {
			return true
		}
	}
	return false
}

// walletOfRefund is where a refund is expected: in the wallet it states, else in
// that of its order's payment line, else in the one its order states.
func (b *bucket) walletOfRefund(event int32) (settlement.Wallet, []byte) {
	e := b.events
	wallet, account := e.Wallet[event], e.Account.At(int(event))
	if wallet != settlement.NoWallet || b.ambiguous != "" {
		return wallet, account
	}
	for _, paid := range [...]bool{true, false} {
		for i := range b.units {
			u := &b.units[i]
			at := slices.IndexFunc(u.shares, func(order int32) bool { return b.sameOrder(order, event) })
			if at < 0 {
				continue
			}
			order := u.shares[at]
			wallet, of := e.Wallet[order], e.Account.At(int(order))
			claim, elsewhere := b.resolved.Event(e.ID[order])
			switch {
			case u.line >= 0:
				wallet, of = b.lines.Wallet[u.line], b.lines.Account.At(int(u.line))
			case elsewhere:
				wallet, of = claim.Wallet, []byte(claim.Account)
			case paid:
				continue
			}
			if len(account) > 0 {
				of = account
			}
			return wallet, of
		}
	}
	return wallet, account
}

// findExcessRefunds looks, for every payment of the group, for the refund line
// that takes the refunds above the payment. The finding stands once, on that line.
func (b *bucket) findExcessRefunds() {
	if len(b.refundLines) == 0 {
		return
	}
	l := b.lines
	byTransaction := func(x, y int32) int {
		return cmp.Or(cmp.Compare(l.Wallet[x], l.Wallet[y]), bytes.Compare(l.Account.At(int(x)), l.Account.At(int(y))),
			bytes.Compare(l.ProviderTxnID.At(int(x)), l.ProviderTxnID.At(int(y))))
	}
	// Both are in order of time already, which a stable sort keeps.
	slices.SortStableFunc(b.refundLines, byTransaction)
	slices.SortStableFunc(b.paymentLines, byTransaction)
	var left, before settlement.Amount
	known, crossed := false, false
	for i, refund := range b.refundLines {
		if i == 0 || byTransaction(b.refundLines[i-1], refund) != 0 {
			left, known = b.paidFor(refund, byTransaction)
			crossed = false
		}
		if !known || crossed || !l.Settles(int(refund)) {
			continue
		}
		before, left = left, left+l.Gross[refund]
		if left < 0 {
			if l.File[refund] < b.settled { // else it was found on its day
				b.breakExcess(refund, before)
			}
			crossed = true
		}
	}
}

// paidFor is what was paid in the transaction that a refund belongs to: by its
// payment line, or where that is in an earlier day's bill by the order.
func (b *bucket) paidFor(refund int32, byTransaction func(x, y int32) int) (paid settlement.Amount, known bool) {
	if at, found := slices.BinarySearchFunc(b.paymentLines, refund, byTransaction); found {
		return b.lines.Gross[b.paymentLines[at]], true
	}
	if b.ambiguous != "" {
		return 0, false
	}
	for i := range b.units {
		u := &b.units[i]
		if u.class != noMoney && u.line < 0 && !u.earlier && b.fits(u.shares[0], refund) && b.events.Escrow[u.shares[0]] == 0 {
			paid += u.amount
			known = true
		}
	}
	return paid, known
}

func (b *bucket) breakExcess(line int32, left settlement.Amount) {
	b.lineState[line] = settlement.Broken
	if event := b.lineEvent[line]; event >= 0 {
		b.eventState[event] = settlement.Broken
	}
	b.breakLine(settlement.RefundExceedsPayment, line, -left)
}
