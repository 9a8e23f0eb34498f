package match

import (
	"bytes"
	"slices"

	"reconcile/settlement"
)

// Suspects returns the rows of those groups that can leave something to pass 3,
// ascending: all but those that are settled at a glance, and those of events alone
// that carry nothing to be claimed by. Rows of files that are not accepted are left
// out. Row n is the n-th of all pieces together; all rows of a group must be there.
//
// It is fast because it brings only columns of fixed width together, which is a copy of
// memory, reads texts where they lie and only of rows that share a key, and looks at
// most groups once. What it finds settled, solve finds settled: the tests compare.
func Suspects(rules *Rules, memory *Memory, lines, events []settlement.Piece, accepted func(file int32) bool) (lineRows, eventRows []int32) {
	if memory == nil {
		memory = &Memory{}
	}
	b := memory.take(rules)
	defer memory.give(b)
	s := &b.sight
	s.rules, s.settledFrom, s.earlier = rules, b.settled, min(b.carried, b.settled)
	s.lay(lines, events)
	s.table.reset(s.lines.index.Len() + s.events.index.Len())
	s.lines.group(&s.table, s.lines.Key, s.lines.File, accepted, lineSide)
	s.events.group(&s.table, s.events.Key, s.events.File, accepted, eventSide)
	// By rows, so that texts are read about in the order in which they lie.
	for i, at := range s.lines.at {
		if at >= 0 && s.table.groups[at].last[lineSide] == int32(i)+1 {
			g := &s.table.groups[at]
			g.clear = s.settled(g)
		}
	}
	for i, at := range s.events.at {
		if at >= 0 && s.table.groups[at].last[lineSide] == 0 && s.table.groups[at].last[eventSide] == int32(i)+1 {
			g := &s.table.groups[at]
			g.clear = !s.claimable(g)
		}
	}
	return s.table.suspects(s.lines.at), s.table.suspects(s.events.at)
}

// sight is what Suspects sees of the rows. Its memory serves one call after the other.
type sight struct {
	rules *Rules
	// The first files whose rows are settled on earlier days, and of earlier days at all.
	settledFrom, earlier int32
	table                keyTable
	lines                struct {
		settlement.Lines // the columns of fixed width that are named below
		keyedRows
		orderNo, refundNo, provider, account settlement.PieceTexts
	}
	events struct {
		settlement.Events // the same
		keyedRows
		orderNo, paymentNo, refundNo, provider, account, platform settlement.PieceTexts
	}
}

var (
	seenOfLines  = []string{"line_id", "wallet", "kind", "gross_amount", "source_file", "status", "key"}
	seenOfEvents = []string{"kind", "wallet", "amount", "status", "source_file", "escrow", "link", "key"}
)

func (s *sight) lay(lines, events []settlement.Piece) {
	l, e := &s.lines, &s.events
	settlement.Reset(&l.Lines)
	settlement.Reset(&e.Events)
	lineColumns, eventColumns := l.Lines.Columns(), e.Events.Columns()
	settlement.AppendPieces(lineColumns, lines, seenOfLines...)
	settlement.AppendPieces(eventColumns, events, seenOfEvents...)
	l.index.Lay(lines)
	e.index.Lay(events)
	l.orderNo, l.refundNo = l.index.Texts(lineColumns, "order_no"), l.index.Texts(lineColumns, "refund_no")
	l.provider, l.account = l.index.Texts(lineColumns, "provider_txn_id"), l.index.Texts(lineColumns, "account")
	e.orderNo, e.paymentNo = e.index.Texts(eventColumns, "order_no"), e.index.Texts(eventColumns, "payment_no")
	e.refundNo, e.provider = e.index.Texts(eventColumns, "refund_no"), e.index.Texts(eventColumns, "provider_txn_id")
	e.account, e.platform = e.index.Texts(eventColumns, "account"), e.index.Texts(eventColumns, "platform")
}

// lineNumber is lineKey.
func (s *sight) lineNumber(line int32) []byte {
	if key := s.lines.orderNo.At(line); len(key) > 0 {
		return key
	}
	return s.lines.provider.At(line)
}

// eventNumber is eventKey.
func (s *sight) eventNumber(event int32) []byte {
	if key := s.events.paymentNo.At(event); len(key) > 0 {
		return key
	}
	if key := s.events.orderNo.At(event); len(key) > 0 {
		return key
	}
	return s.events.provider.At(event)
}

// fits is bucket.fits.
func (s *sight) fits(event, line int32) bool {
	stated, paid := s.events.Wallet[event], s.lines.Wallet[line]
	if stated != settlement.NoWallet && stated != paid && !s.rules.aggregates(paid, s.events.platform.At(event)) {
		return false
	}
	return compatible(s.events.account.At(event), s.lines.account.At(line))
}

// plain is bucket.plain.
func (s *sight) plain(line, event int32) bool {
	l, e := &s.lines, &s.events
	return l.Kind[line] == settlement.Payment && e.Kind[event] == settlement.Payment &&
		e.Status[event] == settlement.Paid && e.Escrow[event] == 0 && e.Link[event] != settlement.LinkListed &&
		e.Amount[event] == l.Gross[line] && l.File[line] < s.settledFrom && e.File[event] < s.settledFrom && s.fits(event, line)
}

// claimable says that one of a group's events carries something that pass 3 can claim
// it by.
func (s *sight) claimable(g *keyGroup) bool {
	for event := g.last[eventSide] - 1; event >= 0; event = s.events.next[event] {
		if len(s.events.provider.At(event)) > 0 || s.events.Link[event].Inferred() {
			return true
		}
	}
	return false
}

// settled says of a group that has lines that passes 1 and 2 leave nothing of it: that
// it is plain, or has at most one payment line, which pays all of its orders, and
// refunds of which each has a number, a line with that number, and the amount.
func (s *sight) settled(g *keyGroup) bool {
	line, event := g.last[lineSide]-1, g.last[eventSide]-1
	if event < 0 {
		return false
	}
	number := s.lineNumber(line)
	if g.rows[lineSide] == 1 && g.rows[eventSide] == 1 && s.plain(line, event) {
		return bytes.Equal(number, s.eventNumber(event))
	}
	const most = 8 // rows of a side: what orders in several parts have
	if g.rows[lineSide] > most || g.rows[eventSide] > most {
		return false
	}
	var lines, events, refundEvents [most]int32
	payment, refundLines, orders, refunds := int32(-1), lines[:0], events[:0], refundEvents[:0]
	for ; line >= 0; line = s.lines.next[line] {
		switch {
		case s.lines.File[line] >= s.earlier || !bytes.Equal(s.lineNumber(line), number):
			return false
		case s.lines.Kind[line] != settlement.Payment:
			refundLines = append(refundLines, line)
		case payment >= 0:
			return false
		default:
			payment = line
		}
	}
	for ; event >= 0; event = s.events.next[event] {
		switch {
		case s.events.File[event] >= s.earlier || s.events.Link[event] == settlement.LinkListed || !bytes.Equal(s.eventNumber(event), number):
			return false
		case s.events.Kind[event] == settlement.Payment:
			orders = append(orders, event)
		default:
			refunds = append(refunds, event)
		}
	}
	return s.paymentSettled(payment, orders, refunds) && s.refundsSettled(payment, refundLines, refunds)
}

// paymentSettled says that the payment line of a group, −1 for none, pays its orders:
// all of them expect money, and where they are several they are the shares of one
// payment. Whatever the amounts, the line is then claimed for them.
func (s *sight) paymentSettled(payment int32, orders, refunds []int32) bool {
	if payment < 0 || len(orders) == 0 {
		return payment < 0 && len(orders) == 0
	}
	e := &s.events
	for i, order := range orders {
		if e.Amount[order] == 0 || e.Escrow[order] != 0 || !s.fits(order, payment) {
			return false
		}
		switch e.Status[order] {
		case settlement.Paid:
		case settlement.Refunded: // of the whole, unless refunds are listed
			if !slices.ContainsFunc(refunds, func(refund int32) bool { return s.sameOrder(refund, order) }) {
				return false
			}
		default:
			return false
		}
		for _, other := range orders[:i] {
			if e.Wallet[other] != e.Wallet[order] || !bytes.Equal(e.account.At(other), e.account.At(order)) ||
				len(e.paymentNo.At(order)) == 0 || len(e.paymentNo.At(other)) == 0 ||
				bytes.Equal(e.orderNo.At(other), e.orderNo.At(order)) {
				return false
			}
		}
	}
	return true
}

// sameOrder is bucket.sameOrder.
func (s *sight) sameOrder(x, y int32) bool {
	e := &s.events
	return bytes.Equal(e.orderNo.At(x), e.orderNo.At(y)) && compatible(e.account.At(x), e.account.At(y))
}

// refundsSettled says that each refund of a group claims the one line with its number
// exactly, and that no two lines, the payment's included, are copies.
func (s *sight) refundsSettled(payment int32, lines, refunds []int32) bool {
	l, e := &s.lines, &s.events
	if len(lines) != len(refunds) {
		return false
	}
	for i, line := range lines {
		if !l.Settles(int(line)) || payment >= 0 && l.ID[line] == l.ID[payment] {
			return false
		}
		for _, other := range lines[:i] {
			if l.ID[line] == l.ID[other] {
				return false
			}
		}
	}
	for i, refund := range refunds {
		number := e.refundNo.At(refund)
		if len(number) == 0 {
			return false
		}
		for _, other := range refunds[:i] {
			if bytes.Equal(e.refundNo.At(other), number) {
				return false
			}
		}
		claimed := 0
		for _, line := range lines {
			if bytes.Equal(l.refundNo.At(line), number) {
				if l.Gross[line] != e.Amount[refund] || !s.fits(refund, line) {
					return false
				}
				claimed++
			}
		}
		if claimed != 1 {
			return false
		}
	}
	return true
}
