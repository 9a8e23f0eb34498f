package match

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// unit is one expected payment: usually one order; several where a payment covers
// several orders, whose shares must then sum to it exactly.
type unit struct {
	shares []int32 // events
	amount settlement.Amount
	class  unitClass
	at     settlement.Instant
	line   int32 // the line that it was claimed by, −1
	// earlier: it was claimed on an earlier day, by line where that is known here.
	earlier bool
}

// unitClass orders units for claiming: those that are surest come first.
type unitClass uint8

const (
	statedWallet unitClass = iota // money expected, paying wallet stated
	anyWallet                     // money expected, paying wallet not stated
	awaiting                      // escrow, not released yet
	noMoney                       // unpaid, closed, cancelled, nothing to pay
)

func (b *bucket) classOf(event int32) unitClass {
	e := b.events
	switch s := e.Status[event]; {
	case s != settlement.Paid && s != settlement.Refunded:
		return noMoney
	case e.Amount[event] == 0:
		return noMoney // a free order, or everything was refunded before the release
	case e.Escrow[event] != 0 && e.ConfirmedAt[event] == settlement.NoInstant:
		return awaiting
	case e.Wallet[event] == settlement.NoWallet:
		return anyWallet
	}
	return statedWallet
}

// sortLines splits the group's rows into payments and refunds, the lines each in
// the order in which they compete: earliest first, then by identity.
func (b *bucket) sortLines() {
	l := b.lines
	b.paymentLines, b.refundLines = b.paymentLines[:0], b.refundLines[:0]
	for _, row := range b.groupLines {
		if l.Kind[row] == settlement.Payment {
			b.paymentLines = append(b.paymentLines, row)
		} else {
			b.refundLines = append(b.refundLines, row)
		}
	}
	b.refunds = b.refunds[:0]
	for _, row := range b.groupEvents {
		if b.events.Kind[row] == settlement.Refund {
			b.refunds = append(b.refunds, row)
		}
	}
	for _, rows := range [...][]int32{b.paymentLines, b.refundLines} {
		if len(rows) > 1 {
			slices.SortFunc(rows, func(x, y int32) int {
				return cmp.Or(cmp.Compare(l.OccurredAt[x], l.OccurredAt[y]), l.ID[x].Compare(l.ID[y]))
			})
		}
	}
}

// buildUnits makes the units of the group's payments. Shares of one payment are
// events with the same payment number, wallet and account that expect money.
func (b *bucket) buildUnits() {
	e := b.events
	b.units = b.units[:0]
	for _, row := range b.groupEvents {
		if e.Kind[row] != settlement.Payment {
			continue
		}
		class := b.classOf(row)
		if at := b.shareOf(row, class); at >= 0 {
			u := &b.units[at]
			u.shares = append(u.shares, row)
			u.amount += e.Amount[row]
			u.at = min(u.at, e.ExpectedAt[row])
			continue
		}
		b.units = append(b.units, unit{shares: []int32{row}, amount: e.Amount[row], class: class, at: e.ExpectedAt[row], line: -1, earlier: b.eventState[row] != settlement.NoState})
	}
	slices.SortFunc(b.units, func(x, y unit) int {
		return cmp.Or(cmp.Compare(x.class, y.class), cmp.Compare(x.at, y.at), cmp.Compare(x.amount, y.amount),
			bytes.Compare(e.OrderNo.At(int(x.shares[0])), e.OrderNo.At(int(y.shares[0]))), e.ID[x.shares[0]].Compare(e.ID[y.shares[0]]))
	})
}

// shareOf returns the unit whose payment the event is a share of, −1 for none.
func (b *bucket) shareOf(row int32, class unitClass) int {
	e := b.events
	number := e.PaymentNo.At(int(row))
	if len(number) == 0 || class == noMoney || class == awaiting || b.ambiguous != "" {
		return -1
	}
	return slices.IndexFunc(b.units, func(u unit) bool {
		first := u.shares[0]
		return u.class == class && u.earlier == (b.eventState[row] != settlement.NoState) && bytes.Equal(e.PaymentNo.At(int(first)), number) && e.Wallet[first] == e.Wallet[row] &&
			bytes.Equal(e.Account.At(int(first)), e.Account.At(int(row)))
	})
}

// claimPayments runs passes 1 and 2 over the group's payments. Within a pass the
// exact amount goes before any other, then the earliest line.
func (b *bucket) claimPayments() {
	if len(b.paymentLines) == 0 || len(b.units) == 0 {
		return
	}
	inStated := func(u *unit, line int32) bool { return b.fits(u.shares[0], line) }
	inAnother := func(u *unit, line int32) bool {
		return !slices.ContainsFunc(u.shares, func(event int32) bool { return !b.inAnotherWallet(event, line) })
	}
	for _, expected := range [...]bool{true, false} {
		for pass, fits := range [...]func(*unit, int32) bool{inStated, inAnother} {
			for _, exact := range [...]bool{true, false} {
				b.claimUnits(expected, exact, pass+1, fits)
			}
		}
	}
}

// inAnotherWallet says that pass 2 may claim line for event: the line is of another
// wallet than the event states, and no provider's number says better.
func (b *bucket) inAnotherWallet(event, line int32) bool {
	e := b.events
	return e.Wallet[event] != settlement.NoWallet && len(e.ProviderTxnID.At(int(event))) == 0 && !b.walletFits(event, line)
}

func (b *bucket) claimUnits(expected, exact bool, pass int, fits func(*unit, int32) bool) {
	for i := range b.units {
		u := &b.units[i]
		if u.line >= 0 || u.earlier || (u.class != noMoney) != expected {
			continue
		}
		for _, line := range b.paymentLines {
			if b.lineState[line] != settlement.NoState || exact && b.lines.Gross[line] != u.amount || !fits(u, line) {
				continue
			}
			b.claimUnit(u, line, pass)
			break
		}
	}
}

// claimUnit pairs a payment with its line and says what is wrong with the pair.
func (b *bucket) claimUnit(u *unit, line int32, pass int) {
	u.line = line
	gross := b.lines.Gross[line]
	verdict, state := settlement.VerdictEqual, settlement.Matched
	rule := b.paymentRule(u.shares[0], pass)
	switch {
	case u.class == noMoney:
		if b.revoked(line) {
			b.lineState[line], b.eventState[u.shares[0]] = settlement.NotExpected, settlement.NotExpected
			b.lineEvent[line] = u.shares[0]
			return
		}
		verdict, state = settlement.VerdictStatus, settlement.Broken
		kind := settlement.StatusMismatch
		if s := b.events.Status[u.shares[0]]; s == settlement.Paid || s == settlement.Refunded {
			verdict, kind = settlement.VerdictAmount, settlement.AmountMismatch
		}
		b.breakPair(kind, u.shares[0], line, 0, gross)
	case pass == 2:
		verdict, state = settlement.VerdictWallet, settlement.Broken
		b.breakPair(settlement.WalletMismatch, u.shares[0], line, u.amount, gross)
		if gross != u.amount {
			b.breakPair(settlement.AmountMismatch, u.shares[0], line, u.amount, gross)
		}
	case gross != u.amount:
		verdict, state = settlement.VerdictAmount, settlement.Broken
		b.breakPair(settlement.AmountMismatch, u.shares[0], line, u.amount, gross)
	}
	// What the line differs from the sum of the shares falls to the last share.
	left := gross
	for i, event := range u.shares {
		share := b.events.Amount[event]
		if i == len(u.shares)-1 {
			share = left
		}
		left -= share
		b.pair(line, event, share, rule, verdict, state)
	}
}

// revoked says that the payment was taken back at the till: a revoke row of the
// same transaction takes the whole amount back. Both then settle nothing.
func (b *bucket) revoked(line int32) bool {
	l := b.lines
	for _, r := range b.refundLines {
		if l.Kind[r] == settlement.Revoke && b.lineState[r] == settlement.NoState && l.Settles(int(r)) &&
			l.Wallet[r] == l.Wallet[line] && l.Gross[r] == -l.Gross[line] &&
			bytes.Equal(l.ProviderTxnID.At(int(r)), l.ProviderTxnID.At(int(line))) &&
			bytes.Equal(l.Account.At(int(r)), l.Account.At(int(line))) {
			b.lineState[r] = settlement.NotExpected
			return true
		}
	}
	return false
}

// settleLeftUnits decides the payments that no line was claimed for.
func (b *bucket) settleLeftUnits() {
	e := b.events
	for i := range b.units {
		u := &b.units[i]
		if u.line >= 0 || u.earlier {
			continue
		}
		for _, event := range u.shares {
			if b.eventSettledByPass3(event) {
				continue
			}
			switch u.class {
			case noMoney:
				b.eventState[event] = settlement.NotExpected
			case awaiting:
				b.eventState[event] = settlement.AwaitingRelease
			default:
				b.settleLeftEvent(event, e.Wallet[event], e.Account.At(int(event)))
			}
		}
	}
}

// eventSettledByPass3 decides an event that pass 3 has claimed.
func (b *bucket) eventSettledByPass3(event int32) bool {
	claim, ok := b.resolved.Event(b.events.ID[event])
	if ok {
		b.eventState[event] = claim.State
	}
	return ok
}

// settleLeftEvent decides an expected event without a line: a break where the
// statements that must show it were delivered, else open.
func (b *bucket) settleLeftEvent(event int32, wallet settlement.Wallet, account []byte) {
	e := b.events
	if b.due(event, wallet, account) {
		b.eventState[event] = settlement.Broken
		kind := settlement.MissingInStatement
		if e.Kind[event] == settlement.Refund {
			kind = settlement.RefundMissingInStatement
		}
		b.breakEvent(kind, event, wallet, account)
		return
	}
	b.eventState[event] = settlement.Open
	b.openEvent(event, wallet, account)
}

// settleLeftLines decides the lines that no event was claimed by.
func (b *bucket) settleLeftLines() {
	for _, line := range b.paymentLines {
		if b.lineState[line] != settlement.NoState || b.settledByPass3(line) {
			continue
		}
		sums := b.sumsOf(line)
		switch {
		case sums.known && sums.paid > sums.expected:
			b.lineState[line] = settlement.Broken
			b.breakLine(settlement.DuplicatePayment, line, 0)
		case b.rules.lineDue(settlement.Payment, b.lines.OccurredAt[line]):
			b.lineState[line] = settlement.Broken
			b.breakLine(settlement.MissingInOrders, line, settlement.NoAmount)
		default:
			b.lineState[line] = settlement.Open
			b.openLine(line)
		}
	}
	for _, line := range b.refundLines {
		exceeds := b.lineState[line] == settlement.Broken
		switch {
		case b.lines.File[line] >= b.settled:
		case b.lineEvent[line] >= 0 || b.lineState[line] == settlement.NotExpected:
		case !b.lines.Settles(int(line)):
			b.lineState[line] = settlement.NotExpected
		case b.settledByPass3(line):
		case b.rules.lineDue(settlement.Refund, b.lines.OccurredAt[line]):
			b.lineState[line] = settlement.Broken
			b.breakLine(settlement.RefundMissingInOrders, line, settlement.NoAmount)
		case exceeds: // a finding already
		default:
			b.lineState[line] = settlement.Open
			b.openLine(line)
		}
	}
}

func (b *bucket) settledByPass3(line int32) bool {
	claim, ok := b.resolved.Line(b.lines.ID[line])
	if ok && b.lineState[line] == settlement.NoState {
		b.lineState[line] = claim.State
	}
	return ok
}

// accountSums is what was paid under the group's number to one account, and what
// its orders expect in all, but for what pass 3 tied to other numbers. known is
// false where no order can be of the account.
type accountSums struct {
	line           int32 // a line of the account
	paid, expected settlement.Amount
	known          bool
}

// sumsOf returns the sums of a line's account. They are worked out once for each.
func (b *bucket) sumsOf(line int32) accountSums {
	account := b.lines.Account.At(int(line))
	for _, sums := range b.sums {
		if bytes.Equal(b.lines.Account.At(int(sums.line)), account) {
			return sums
		}
	}
	sums, anyAccount := accountSums{line: line}, false
	if b.ambiguous == "" {
		for i := range b.units {
			u := &b.units[i]
			if !b.accountFits(u.shares[0], line) {
				continue
			}
			sums.known = true
			anyAccount = anyAccount || len(b.events.Account.At(int(u.shares[0]))) == 0
			if _, elsewhere := b.resolved.Event(b.events.ID[u.shares[0]]); u.class != noMoney && !elsewhere {
				sums.expected += u.amount
			}
		}
	}
	for _, other := range b.paymentLines {
		if _, elsewhere := b.resolved.Line(b.lines.ID[other]); elsewhere {
			continue
		}
		if anyAccount || compatible(b.lines.Account.At(int(other)), account) {
			sums.paid += b.lines.Gross[other]
		}
	}
	b.sums = append(b.sums, sums)
	return sums
}
