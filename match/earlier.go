package match

import "reconcile/settlement"

// Rows of earlier days take part in two ways. What is still open is carried and is
// matched like the rows of the day. What was settled (Rules.FirstSettled) only says
// what was paid, refunded and claimed then: a second payment of an order of yesterday
// is a duplicate, a refund of last week's payment knows what was paid. A settled
// event that expected no money is matched again, since money for it may still come.

// clearStates begins the matching: only claimed rows of earlier days have a state.
func (b *bucket) clearStates() {
	for i, file := range b.lines.File {
		if file < b.settled {
			b.lineState[i] = settlement.NoState
		}
	}
	for i, file := range b.events.File {
		if s := b.eventState[i]; file < b.settled || s != settlement.Matched && s != settlement.Broken {
			b.eventState[i] = settlement.NoState
		}
	}
}

// waits says that an event may still be claimed by a line.
func (b *bucket) waits(event int32) bool {
	return b.eventLine[event] < 0 && b.eventState[event] == settlement.NoState
}

// adoptEarlier ties payments that were claimed on an earlier day to the settled lines
// of the group: the exact amount first. Which one claimed which does not matter to
// what is found today, only that as many lines are spoken for.
func (b *bucket) adoptEarlier() {
	if len(b.units) == 0 || len(b.paymentLines) == 0 {
		return
	}
	for _, exact := range [...]bool{true, false} {
		for i := range b.units {
			u := &b.units[i]
			if !u.earlier || u.line >= 0 {
				continue
			}
			for _, line := range b.paymentLines {
				if b.lines.File[line] < b.settled || b.lineEvent[line] >= 0 || exact && b.lines.Gross[line] != u.amount || !b.accountFits(u.shares[0], line) {
					continue
				}
				u.line, b.lineEvent[line] = line, u.shares[0]
				for _, event := range u.shares {
					b.eventLine[event] = line
				}
				break
			}
		}
	}
}

// keepEarlier decides which of two rows of one event stays, where one is of an earlier
// day: a claimed one always does, with the status that its order has now; of an open
// one the row of today keeps the identity.
func (b *bucket) keepEarlier(stays, goes int32) (kept, dropped int32) {
	e := b.events
	if e.File[goes] < b.carried {
		return stays, goes
	}
	if b.refreshed == nil {
		b.refreshed = map[int32]int32{}
	}
	if e.Status[goes] == settlement.Refunded {
		b.refreshed[goes], b.refreshed[stays] = -1, -1 // its whole refund is known already
	}
	if b.eventState[goes] == settlement.NoState {
		e.ID[stays] = e.ID[goes]
		return stays, goes
	}
	if progress(e.Status[stays]) > progress(e.Status[goes]) {
		e.Status[goes] = e.Status[stays]
		b.refreshed[goes] = stays
	}
	return goes, stays
}

// wholeBefore says that an earlier day has worked out the refund of a whole order.
func (b *bucket) wholeBefore(order int32) bool {
	today, known := b.refreshed[order]
	return known && today < 0 || !known && b.events.File[order] >= b.carried
}

// noteAsked keeps what an escrow order asked before its payout is reduced.
func (b *bucket) noteAsked(order int32) {
	if _, ok := b.asked[order]; ok || b.leavingOnly {
		return
	}
	if b.asked == nil {
		b.asked = map[int32]settlement.Amount{}
	}
	b.asked[order] = b.events.Amount[order]
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// askedByID is asked by the identity of the order.
func (b *bucket) askedByID() map[settlement.ID]settlement.Amount {
	if len(b.asked) == 0 {
		return nil
	}
	asked := make(map[settlement.ID]settlement.Amount, len(b.asked))
	for row, amount := range b.asked {
		asked[b.events.ID[row]] = amount
	}
	return asked
}

// MissingSides are the lines and events of an outcome that are a break because
// their counterpart is missing: it may still come, so they are carried.
func (o *Outcome) MissingSides() (lines, events map[settlement.ID]bool) {
	lines, events = map[settlement.ID]bool{}, map[settlement.ID]bool{}
	for i, kind := range o.Breaks.Kind {
		switch kind {
		case settlement.MissingInOrders, settlement.RefundMissingInOrders:
			lines[o.Breaks.LineID[i]] = true
		case settlement.MissingInStatement, settlement.RefundMissingInStatement:
			events[o.Breaks.EventID[i]] = true
		}
	}
	return lines, events
}

// ofCarriedOrder says that an event is a refund from before the release of one of the
// carried orders, whose payout it reduces.
func ofCarriedOrder(e *settlement.Events, i int, orders map[string]bool) bool {
	return e.Kind[i] == settlement.Refund && e.Status[i] == settlement.Success && e.MatchState[i] == settlement.NotExpected &&
		orders[string(e.OrderNo.At(i))]
}

// CarriedLines returns the lines that go on to the next day: open, or missing their
// order, as missing says.
func CarriedLines(lines *settlement.Lines, missing map[settlement.ID]bool) (rows []int32) {
	for i, state := range lines.MatchState {
		if state == settlement.Open || state == settlement.Broken && missing[lines.ID[i]] {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// CarriedEvents returns the events that go on to the next day: open, awaiting their
// release, or missing their line, as missing says; and the refunds that reduce what
// such escrow orders will pay out.
func CarriedEvents(e *settlement.Events, missing map[settlement.ID]bool) (rows []int32) {
	orders := map[string]bool{}
	for i, state := range e.MatchState {
		if state == settlement.Open || state == settlement.AwaitingRelease || state == settlement.Broken && missing[e.ID[i]] {
			rows = append(rows, int32(i))
			if e.Escrow[i] != 0 && e.Kind[i] == settlement.Payment {
				orders[e.OrderNo.StringAt(i)] = true
			}
		}
	}
	if len(orders) > 0 {
		for i := range e.Len() {
			if ofCarriedOrder(e, i, orders) {
				rows = append(rows, int32(i))
			}
		}
	}
	return rows
}
