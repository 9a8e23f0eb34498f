package match

import (
	"bytes"
	"slices"

	"reconcile/settlement"
)

// addWholeRefunds gives every order with status refunded of which no refund is
// listed one expected refund of the whole amount, without a number or a time.
// Messages between buckets are read and taken out of the group here.
func (b *bucket) addWholeRefunds() {
	e := b.events
	messages, refunded := false, false
	for _, row := range b.groupEvents {
		messages = messages || e.Link[row] == settlement.LinkListed
		refunded = refunded || e.Kind[row] == settlement.Payment && e.Status[row] == settlement.Refunded
	}
	if !messages && !refunded {
		return
	}
	// Refunds, and the messages that tell of some, stand behind the payments.
	first := slices.IndexFunc(b.groupEvents, func(row int32) bool { return e.Kind[row] != settlement.Payment })
	if first < 0 {
		first = len(b.groupEvents)
	}
	listed := b.groupEvents[first:]
	var whole []int32
	for _, row := range b.groupEvents[:first] {
		if e.Status[row] != settlement.Refunded || e.Amount[row] == 0 || b.wholeBefore(row) || b.ambiguous != "" ||
			slices.ContainsFunc(listed, func(refund int32) bool { return b.sameOrder(refund, row) }) {
			continue
		}
		whole = append(whole, row)
	}
	kept := b.groupEvents[:0]
	for _, row := range b.groupEvents {
		if e.Link[row] == settlement.LinkListed {
			b.dropEvent[row] = true
			b.out.Messages++
			continue
		}
		kept = append(kept, row)
	}
	b.groupEvents = kept
	for _, row := range whole {
		b.groupEvents = append(b.groupEvents, b.addWholeRefund(row))
	}
}

func (b *bucket) addWholeRefund(order int32) int32 {
	e := b.events
	row := int32(e.Len())
	b.out.WholeRefunds++
	if b.eventColumns == nil {
		b.eventColumns = e.Columns()
	}
	settlement.AppendColumnRows(b.eventColumns, b.eventColumns, []int32{order})
	e.MatchState[row] = settlement.NoState
	b.eventState = e.MatchState
	e.Kind[row] = settlement.Refund
	e.Status[row] = settlement.Success
	e.Amount[row] = -e.Amount[order]
	e.ID[row] = settlement.ID{}
	if today, ok := b.refreshed[order]; ok {
		e.File[row], e.Line[row] = e.File[today], e.Line[today]
	}
	e.PaidAt[row], e.SucceededAt[row], e.ConfirmedAt[row] = settlement.NoInstant, settlement.NoInstant, settlement.NoInstant
	e.Payout[row], e.Escrow[row] = settlement.NoAmount, 0
	b.eventLine = append(b.eventLine, -1)
	b.dropEvent = append(b.dropEvent, false)
	b.nth = append(b.nth, 0)
	return row
}

// findShop notes whose shop a refund belongs to: a list of refunds names the order
// alone.
func (b *bucket) findShop(refund int32) {
	e := b.events
	if e.Kind[refund] != settlement.Refund || len(e.Shop.At(int(refund))) > 0 || b.ambiguous != "" {
		return
	}
	for _, order := range b.groupEvents {
		if e.Kind[order] == settlement.Payment && bytes.Equal(e.OrderNo.At(int(order)), e.OrderNo.At(int(refund))) {
			for len(b.orderOf) < len(b.eventState) {
				b.orderOf = append(b.orderOf, -1)
			}
			b.orderOf[refund] = order
			return
		}
	}
}

// shopRow is the event whose shop and platform are those of event.
func (b *bucket) shopRow(event int32) int {
	if int(event) < len(b.orderOf) && b.orderOf[event] >= 0 {
		return int(b.orderOf[event])
	}
	return int(event)
}

// expect works out when an event's money is expected and, for escrow orders that
// state their payout, how much: there the money arrives on confirmation, not on
// payment.
func (b *bucket) expect(row int32) {
	e := b.events
	e.ExpectedAt[row] = e.PaidAt[row]
	switch {
	case e.Kind[row] == settlement.Refund:
		if e.PaidAt[row] == settlement.NoInstant {
			e.ExpectedAt[row] = e.SucceededAt[row]
		}
	case e.Escrow[row] != 0:
		e.ExpectedAt[row] = e.ConfirmedAt[row]
		if e.Payout[row] != settlement.NoAmount {
			e.Amount[row], e.Payout[row] = e.Payout[row], e.Amount[row] // what was asked is carried on
		}
	}
}

// reducePayouts takes refunds made before the release off what an escrow platform
// pays out, as far as its orders do not state that. A refund of an order with
// several payments is taken once, and nothing is paid out below zero.
func (b *bucket) reducePayouts() {
	e := b.events
	for _, refund := range b.groupEvents {
		if e.Kind[refund] == settlement.Payment || b.ambiguous != "" {
			continue
		}
		left := -e.Amount[refund]
		for _, order := range b.groupEvents {
			if left <= 0 || e.Kind[order] != settlement.Payment {
				break
			}
			if e.Payout[order] == settlement.NoAmount && b.beforeRelease(refund, order) {
				taken := min(left, e.Amount[order])
				b.noteAsked(order)
				e.Amount[order] -= taken
				left -= taken
			}
		}
	}
}

// beforeRelease says that refund is a successful refund of the escrow order and
// was made before its money was released: no line is expected for it.
func (b *bucket) beforeRelease(refund, order int32) bool {
	return BeforeRelease(b.events, int(refund), int(order)) && b.sameOrder(refund, order)
}

// BeforeRelease is beforeRelease of two events that are known to be of one order.
func BeforeRelease(e *settlement.Events, refund, order int) bool {
	if e.Escrow[order] == 0 || e.Status[refund] != settlement.Success {
		return false
	}
	confirmed, at := e.ConfirmedAt[order], refundAt(e, int32(refund))
	return confirmed == settlement.NoInstant || at != settlement.NoInstant && at < confirmed
}

func refundAt(e *settlement.Events, row int32) settlement.Instant {
	if e.PaidAt[row] != settlement.NoInstant {
		return e.PaidAt[row]
	}
	return e.SucceededAt[row]
}

// due says that an event must already stand in the delivered statements.
func (b *bucket) due(row int32, wallet settlement.Wallet, account []byte) bool {
	window := b.rules.Window
	if b.events.Kind[row] == settlement.Refund && b.events.PaidAt[row] == settlement.NoInstant {
		window = b.rules.SuccessWindow
	}
	return b.dueWithin(row, wallet, account, window)
}

// dueWithin is due with another cut-off window.
func (b *bucket) dueWithin(row int32, wallet settlement.Wallet, account []byte, window settlement.Instant) bool {
	e := b.events
	at := e.ExpectedAt[row]
	if wallet != settlement.NoWallet && b.rules.AggregatedPlatforms[string(e.Platform.At(int(row)))] &&
		!b.rules.Coverage.Covers(settlement.TaobaoAggregated, nil, e.Kind[row], at, window) {
		return false
	}
	return b.rules.Coverage.Covers(wallet, account, e.Kind[row], at, window)
}
