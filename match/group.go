package match

import (
	"bytes"

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
// under which a wallet knows their payment. They are numbered as their first rows
// come, lines before events: of rows in the order of the tables neighbours are looked
// at together.
type groups struct {
	lines  *settlement.Lines
	events *settlement.Events
	slots  []slot // open addressing by the columns Key
	heads  []group
	// The rows of a group hang on its head and end with −1. They come in the opposite
	// order, on which nothing may depend: whoever cares sorts.
	lineNext, eventNext []int32
}

// slot names a group, from 1, with the upper half of its hash: most slots that hold
// another group are passed without looking at it.
type slot struct {
	tag   uint32
	group int32
}

// group is the last rows of a group, −1 where a side has none.
type group struct{ line, event int32 }

// build groups by the Key columns. The number itself is compared before two rows are
// put together: equal hashes are no proof.
func (g *groups) build(lines *settlement.Lines, events *settlement.Events) {
	g.lines, g.events = lines, events
	size := 16
	for size < (lines.Len()+events.Len())/2*3 {
		size *= 2
	}
	g.slots = filled(g.slots, size, slot{})
	g.heads = g.heads[:0]
	g.lineNext, g.eventNext = filled(g.lineNext, lines.Len(), 0), filled(g.eventNext, events.Len(), 0)
	for i := range int32(lines.Len()) {
		head := g.find(lines.Key[i], lineKey(lines, i))
		g.lineNext[i], head.line = head.line, i
	}
	for i := range int32(events.Len()) {
		head := g.find(events.Key[i], eventKey(events, i))
		g.eventNext[i], head.event = head.event, i
	}
}

// find returns the group of a number, which it makes where there is none.
func (g *groups) find(key uint64, number []byte) *group {
	// The bucket is the top bits of the hash, so the table goes by the low ones.
	mask, tag := uint64(len(g.slots)-1), uint32(key>>32)
	for at := key & mask; ; at = (at + 1) & mask {
		s := &g.slots[at]
		if s.group == 0 {
			g.heads = append(g.heads, group{-1, -1})
			*s = slot{tag, int32(len(g.heads))}
			return &g.heads[len(g.heads)-1]
		}
		if head := &g.heads[s.group-1]; s.tag == tag && bytes.Equal(g.number(head), number) {
			return head
		}
	}
}

// number is what the rows of a group share.
func (g *groups) number(head *group) []byte {
	if head.line >= 0 {
		return lineKey(g.lines, head.line)
	}
	return eventKey(g.events, head.event)
}

// pair returns the rows of a group that has one on each side.
func (g *groups) pair(head group) (line, event int32, ok bool) {
	return head.line, head.event, head.line >= 0 && head.event >= 0 && g.lineNext[head.line] < 0 && g.eventNext[head.event] < 0
}

// appendRows appends the rows of a group.
func (g *groups) appendRows(lines, events []int32, head group) (l, e []int32) {
	for i := head.line; i >= 0; i = g.lineNext[i] {
		lines = append(lines, i)
	}
	for i := head.event; i >= 0; i = g.eventNext[i] {
		events = append(events, i)
	}
	return lines, events
}
