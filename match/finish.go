package match

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"reconcile/settlement"
)

// arrangement is memory for bringing rows into the order of the tables.
type arrangement struct {
	lines, events []int32 // rows in their order
	place         []int32 // by row, where it stands in the table
	shops         []int32 // of events in their order: the event whose shop they have
	pairs         []int32

	pairLines, pairEvents []int32 // of pairs in their order
	keys                  tableKeys
	sorter                keySorter
	raw                   settlement.Text
}

// finish brings lines, events, matches and open items into the order of the tables.
// Batches whose rows are in it already are handed on as they are.
func (b *bucket) finish() {
	out, a := b.out, &b.arrange
	a.lines = a.order(a.lines, b.lines.Wallet, &b.lines.OrderNo, b.lines.ID, b.dropLine)
	a.events = a.order(a.events, b.events.Wallet, &b.events.OrderNo, b.events.ID, b.dropEvent)
	out.EventOfLine, a.place = tied(a.lines, b.lineEvent, a.events, a.place)
	out.LineOfEvent, a.place = tied(a.events, b.eventLine, a.lines, a.place)
	b.matches()
	if out.Lines = b.lines; !inPlace(a.lines, b.lines.Len()) {
		out.Lines = b.memory.Lines.Take()
		settlement.AppendRows(out.Lines, b.lines, a.lines)
		b.memory.Lines.Give(b.lines)
	}
	b.fillRaw(out.Lines)
	if out.Events = b.events; len(b.orderOf) > 0 || !inPlace(a.events, b.events.Len()) {
		out.Events = b.memory.Events.Take()
		b.appendEvents(out.Events, a.events)
		b.memory.Events.Give(b.events)
	}
	open := b.memory.open.Take()
	settlement.AppendRows(open, out.Open, tableOrder(out.Open.Wallet, &out.Open.OrderNo, out.Open.ID))
	b.memory.open.Give(out.Open)
	out.Open = open
	if b.resolved != nil && b.resolved.Breaks != nil {
		settlement.AppendAll(out.Breaks, b.resolved.Breaks)
	}
}

// order returns the rows that are not dropped in the order of the tables, in the
// memory of into.
func (a *arrangement) order(into []int32, of []settlement.Wallet, orderNo *settlement.Text, ids []settlement.ID, drop []bool) []int32 {
	a.keys.reset()
	for i, wallet := range of {
		if !drop[i] {
			a.keys.add(wallet, keyOf(orderNo.At(i), int32(i)))
		}
	}
	a.keys.sort(&a.sorter, func(x, y int32) int {
		if c := bytes.Compare(orderNo.At(int(x)), orderNo.At(int(y))); c != 0 {
			return c
		}
		return ids[x].Compare(ids[y])
	})
	return a.keys.rows(into[:0])
}

// tied returns, for rows in their order, the places of the rows of the other side
// that they are tied to, −1 for none. place is memory, and comes back.
func tied(rows, of, others, place []int32) (ties, memory []int32) {
	ties = make([]int32, len(rows))
	most := int32(-1)
	for _, row := range others {
		most = max(most, row)
	}
	place = filled(place, int(most)+1, -1)
	for i, row := range others {
		place[row] = int32(i)
	}
	for i, row := range rows {
		ties[i] = -1
		if other := of[row]; other >= 0 {
			ties[i] = place[other]
		}
	}
	return ties, place
}

// fillRaw writes the numbers that lines print, which ingest leaves empty where they
// are the order number. Runs of rows are copied at once.
func (b *bucket) fillRaw(lines *settlement.Lines) {
	n, order, raw, filled := lines.Len(), &lines.OrderNo, &lines.OrderNoRaw, &b.arrange.raw
	filled.Data = slices.Grow(filled.Data[:0], len(order.Data)+len(raw.Data))
	filled.Offsets = append(slices.Grow(filled.Offsets[:0], n+1), 0)
	for from := 0; from < n; {
		of, until := order, from+1
		if raw.Offsets[from] < raw.Offsets[from+1] {
			of = raw
		}
		for until < n && (raw.Offsets[until] < raw.Offsets[until+1]) == (of == raw) {
			until++
		}
		shift := int32(len(filled.Data)) - of.Offsets[from]
		filled.Data = append(filled.Data, of.Data[of.Offsets[from]:of.Offsets[until]]...)
		for _, end := range of.Offsets[from+1 : until+1] {
			filled.Offsets = append(filled.Offsets, end+shift)
		}
		from = until
	}
	*raw, *filled = *filled, *raw
}

// appendEvents appends the rows of order to events, refunds with the shops and
// platforms of their orders.
func (b *bucket) appendEvents(events *settlement.Events, order []int32) {
	if len(order) == 0 {
		return
	}
	ofShop := func(c settlement.Column) bool { return c.Name == "shop" || c.Name == "platform" }
	ofRow := func(c settlement.Column) bool { return !ofShop(c) }
	settlement.AppendColumnRows(slices.DeleteFunc(events.Columns(), ofShop), slices.DeleteFunc(b.events.Columns(), ofShop), order)
	if len(b.orderOf) > 0 {
		b.arrange.shops = b.arrange.shops[:0]
		for _, row := range order {
			b.arrange.shops = append(b.arrange.shops, int32(b.shopRow(row)))
		}
		order = b.arrange.shops
	}
	settlement.AppendColumnRows(slices.DeleteFunc(events.Columns(), ofRow), slices.DeleteFunc(b.events.Columns(), ofRow), order)
}

// matches makes the rows of the pairs, in the order of the table, and puts the
// matches that pass 3 found for the bucket in between.
func (b *bucket) matches() {
	m, order := b.out.Matches, b.pairOrder()
	var found *settlement.Matches
	if b.resolved != nil && b.resolved.Matches != nil {
		found = SortMatches(b.resolved.Matches)
	} else {
		found = &settlement.Matches{}
	}
	settlement.Grow(m, len(order)+found.Len())
	for i := range found.Len() {
		at := sort.Search(len(order), func(n int) bool {
			p := &b.pairs[order[n]]
			return cmp.Or(cmp.Compare(b.lines.Wallet[p.line], found.Wallet[i]),
				bytes.Compare(b.events.OrderNo.At(int(p.event)), found.OrderNo.At(i)), p.id.Compare(found.ID[i])) > 0
		})
		b.appendMatches(m, order[:at])
		settlement.AppendRows(m, found, []int32{int32(i)})
		order = order[at:]
	}
	b.appendMatches(m, order)
}

// pairOrder returns the pairs in the order of the table matches. They were claimed
// in the order of their lines, as a rule that of the tables: those of another number
// than the order's come last, to be sorted and merged in.
func (b *bucket) pairOrder() []int32 {
	e, a := b.events, &b.arrange
	a.keys.reset()
	for _, other := range [...]bool{false, true} {
		for i := range b.pairs {
			p := &b.pairs[i]
			if e.PaymentNo.Offsets[p.event] < e.PaymentNo.Offsets[p.event+1] == other {
				a.keys.add(b.lines.Wallet[p.line], keyOf(e.OrderNo.At(int(p.event)), int32(i)))
			}
		}
	}
	a.keys.sort(&a.sorter, func(x, y int32) int {
		p, q := &b.pairs[x], &b.pairs[y]
		if c := bytes.Compare(e.OrderNo.At(int(p.event)), e.OrderNo.At(int(q.event))); c != 0 {
			return c
		}
		return p.id.Compare(q.id)
	})
	a.pairs = a.keys.rows(a.pairs[:0])
	return a.pairs
}

// appendMatches appends the rows of pairs, column by column.
func (b *bucket) appendMatches(m *settlement.Matches, order []int32) {
	l, e, a := b.lines, b.events, &b.arrange
	a.pairLines, a.pairEvents = a.pairLines[:0], a.pairEvents[:0]
	for _, i := range order {
		p := &b.pairs[i]
		line, event := p.line, p.event
		a.pairLines, a.pairEvents = append(a.pairLines, line), append(a.pairEvents, event)
		m.ID = append(m.ID, p.id)
		m.Wallet = append(m.Wallet, l.Wallet[line])
		m.Kind = append(m.Kind, l.Kind[line])
		m.LineID = append(m.LineID, l.ID[line])
		m.EventID = append(m.EventID, e.ID[event])
		m.OrderAmount = append(m.OrderAmount, e.Amount[event])
		m.LineAmount = append(m.LineAmount, p.amount)
		m.Difference = append(m.Difference, p.amount-e.Amount[event])
		m.Rule.AppendString(p.rule)
		m.Verdict = append(m.Verdict, p.verdict)
		m.SettledOn = append(m.SettledOn, l.SettledOn[line])
		if p.rule == ruleRefundNo || p.rule == ruleOrderNo { // the event's was inferred, and may be wrong
			m.PaymentNo.Append(l.OrderNo.At(int(line)))
		} else {
			m.PaymentNo.Append(e.PaymentNo.At(int(event)))
		}
	}
	m.Account.AppendRows(&l.Account, a.pairLines)
	m.OrderNo.AppendRows(&e.OrderNo, a.pairEvents)
	m.RefundNo.AppendRows(&l.RefundNo, a.pairLines)
}
