package match

import (
	"bytes"
	"math/bits"
	"slices"

	"reconcile/settlement"
)

// lineKey is the number under which line i's wallet knows the payment.
func lineKey(lines *settlement.Lines, i int32) []byte {
	if key := lines.OrderNo.At(int(i)); len(key) > 0 {
		return key
	}
	return lines.ProviderTxnID.At(int(i))
}

// eventKey is the same number as event i's source knows it.
func eventKey(events *settlement.Events, i int32) []byte {
	if key := events.PaymentNo.At(int(i)); len(key) > 0 {
		return key
	}
	if key := events.OrderNo.At(int(i)); len(key) > 0 {
		return key
	}
	return events.ProviderTxnID.At(int(i))
}

// groups ties the lines and events of a bucket together that share the number
// under which a wallet knows their payment. Nothing is hashed: rows stand by wallet
// and order number, in which loaded buckets already come, so that every group is at
// the front of some of ten runs, which are merged. Rows that are known under another
// number than their order's stand apart, in a run of their own for each side.
type groups struct {
	lines  *settlement.Lines
	events *settlement.Events
	sorter keySorter
	// lineKeys and eventKeys are all rows in the order of the tables; events without
	// regard to their identities, which are not known yet.
	lineKeys, eventKeys     tableKeys
	linesApart, eventsApart []sortKey
	fronts                  []front
	// lineRows and eventRows are the group at hand, in no order that may matter.
	lineRows, eventRows []int32
}

// front is a run and how far it has been merged: rows in the order of the number by
// which they group.
type front struct {
	keys   []sortKey
	at     int
	orders *settlement.Text // the order numbers, by which the run groups; nil where its rows stand apart
	events bool
}

// skip moves on to the next row that groups by the run's number; false says that
// there is none.
func (f *front) skip() bool {
	for f.at < len(f.keys) && f.keys[f.at].apart && f.orders != nil {
		f.at++
	}
	return f.at < len(f.keys)
}

// number is that of the front's first row.
func (g *groups) number(f *front) []byte {
	row := f.keys[f.at].row
	switch {
	case f.orders != nil:
		return f.orders.At(int(row))
	case f.events:
		return eventKey(g.events, row)
	}
	return lineKey(g.lines, row)
}

// build prepares the groups of a bucket for next.
func (g *groups) build(lines *settlement.Lines, events *settlement.Events) {
	g.lines, g.events = lines, events
	g.lineKeys.reset()
	g.eventKeys.reset()
	g.linesApart, g.eventsApart = g.linesApart[:0], g.eventsApart[:0]
	for i := range int32(lines.Len()) {
		number := lines.OrderNo.At(int(i))
		k := keyOf(number, i)
		if len(number) == 0 {
			k.apart = true
			g.linesApart = append(g.linesApart, keyOf(lineKey(lines, i), i))
		}
		g.lineKeys.add(lines.Wallet[i], k)
	}
	for i := range int32(events.Len()) {
		number, payment := events.OrderNo.At(int(i)), events.PaymentNo.At(int(i))
		k := keyOf(number, i)
		if len(number) == 0 || len(payment) > 0 && !bytes.Equal(number, payment) {
			k.apart = true
			g.eventsApart = append(g.eventsApart, keyOf(eventKey(events, i), i))
		}
		g.eventKeys.add(events.Wallet[i], k)
	}
	g.lineKeys.sort(&g.sorter, byNumber(&lines.OrderNo, lines.ID))
	g.eventKeys.sort(&g.sorter, func(x, y int32) int {
		return bytes.Compare(events.OrderNo.At(int(x)), events.OrderNo.At(int(y)))
	})
	g.sorter.sort(g.linesApart, func(x, y int32) int { return bytes.Compare(lineKey(lines, x), lineKey(lines, y)) })
	g.sorter.sort(g.eventsApart, func(x, y int32) int { return bytes.Compare(eventKey(events, x), eventKey(events, y)) })

	g.fronts = g.fronts[:0]
	add := func(f front) {
		if f.skip() {
			g.fronts = append(g.fronts, f)
		}
	}
	for w := range wallets {
		add(front{keys: g.lineKeys[w], orders: &lines.OrderNo})
		add(front{keys: g.eventKeys[w], orders: &events.OrderNo, events: true})
	}
	add(front{keys: g.linesApart})
	add(front{keys: g.eventsApart, events: true})
}

// next takes the group with the smallest number off the runs, and says whether
// there was one.
func (g *groups) next() bool {
	g.lineRows, g.eventRows = g.lineRows[:0], g.eventRows[:0]
	if len(g.fronts) == 0 {
		return false
	}
	least, same := &g.fronts[0], uint32(1) // a bit for each front whose first row is of the group
	key := least.keys[least.at]
	for i := 1; i < len(g.fronts); i++ {
		f := &g.fronts[i]
		c := comparePrefix(&f.keys[f.at], &key)
		if c == 0 {
			c = bytes.Compare(g.number(f), g.number(least))
		}
		if c < 0 {
			least, same, key = f, 1<<i, f.keys[f.at]
		} else if c == 0 {
			same |= 1 << i
		}
	}
	number, ended := g.number(least), false
	for ; same != 0; same &= same - 1 {
		f := &g.fronts[bits.TrailingZeros32(same)]
		rows := &g.lineRows
		if f.events {
			rows = &g.eventRows
		}
		for more := true; more; {
			*rows = append(*rows, f.keys[f.at].row)
			f.at++
			if more = f.skip(); !more {
				ended = true
			} else {
				k := &f.keys[f.at]
				more = k.first == key.first && k.second == key.second && bytes.Equal(g.number(f), number)
			}
		}
	}
	if ended {
		g.fronts = slices.DeleteFunc(g.fronts, func(f front) bool { return f.at == len(f.keys) })
	}
	return true
}
