package match

import (
	"bytes"
	"context"

	"reconcile/settlement"
)

// Leftovers is what passes 1 and 2 leave of a bucket: the lines that no event was
// claimed by, and the events that no line was claimed for and that pass 3 can
// claim. OrderNoRaw is here the order number, by the orders, of the payment that a
// line has the number of; "" where the orders do not say or name several.
type Leftovers struct {
	Lines  *settlement.Lines
	Events *settlement.Events
}

// leaving collects leftovers by their rows. Its memory serves the next bucket.
type leaving struct {
	lines, events []int32
	order         []int32 // of lines: an event with the order number, −1

	// The groups that are solved, one behind the other: their lines, and the ends of
	// each among these and among someEvents, which are copies.
	groupLines, groupEvents []int32
	ends                    []groupEnd
	lineState               []settlement.MatchState
	someEvents              settlement.Events
}

type groupEnd struct{ lines, events int }

// Left returns what pass 3 gets of a bucket. It changes neither lines nor events,
// and solves only those groups that can leave something: groups do not know of each
// other. memory may be nil.
func Left(ctx context.Context, rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events) (*Leftovers, error) {
	return left(ctx, rules, memory, lines, events, (*bucket).leavesNothing)
}

func left(ctx context.Context, rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events, skip func(b *bucket, head group) bool) (*Leftovers, error) {
	if memory == nil {
		memory = &Memory{}
	}
	b := memory.take(rules)
	defer memory.give(b)
	b.lines, b.events = lines, events
	g, l := &b.groups, &b.leaving
	l.lines, l.events, l.order = l.lines[:0], l.events[:0], l.order[:0]
	l.groupLines, l.groupEvents, l.ends = l.groupLines[:0], l.groupEvents[:0], l.ends[:0]
	g.build(lines, events)
	for i, head := range g.heads {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !skip(b, head) {
			l.groupLines, l.groupEvents = g.appendRows(l.groupLines, l.groupEvents, head)
			l.ends = append(l.ends, groupEnd{len(l.groupLines), len(l.groupEvents)})
		}
	}
	settlement.Reset(&l.someEvents)
	settlement.AppendRows(&l.someEvents, events, l.groupEvents)
	l.lineState = append(l.lineState[:0], lines.MatchState...)
	b.setRows(lines, &l.someEvents, l.lineState)
	b.out, b.leavingOnly = &Outcome{}, true
	var conflict *settlement.ConflictError
	var from groupEnd
	for _, end := range l.ends {
		b.groupLines = append(b.groupLines[:0], l.groupLines[from.lines:end.lines]...)
		b.groupEvents = b.groupEvents[:0]
		for row := from.events; row < end.events; row++ {
			b.groupEvents = append(b.groupEvents, int32(row))
		}
		conflict = settlement.FirstConflict(rules.FileRank, conflict, b.solve())
		from = end
	}
	if conflict != nil {
		return nil, conflict
	}
	return b.leftovers(), nil
}

// leavesNothing says of a group, at a glance, that pass 3 gets nothing of it: it is
// plain, or events alone that carry nothing to be claimed by.
func (b *bucket) leavesNothing(head group) bool {
	if head.line >= 0 {
		line, event, ok := b.groups.pair(head)
		return ok && b.plain(line, event)
	}
	for event := head.event; event >= 0; event = b.groups.eventNext[event] {
		if len(b.events.ProviderTxnID.At(int(event))) > 0 || b.events.Link[event].Inferred() {
			return false
		}
	}
	return true
}

// leave notes what is left of a group after passes 1 and 2.
func (b *bucket) leave() {
	left := &b.leaving
	leaveEvent := func(event int32) {
		if InResidue(b.events, int(event)) {
			left.events = append(left.events, event)
		}
	}
	for _, event := range b.refunds {
		if b.waits(event) {
			leaveEvent(event)
		}
	}
	for i := range b.units {
		if u := &b.units[i]; u.line < 0 && !u.earlier {
			for _, event := range u.shares {
				leaveEvent(event)
			}
		}
	}
	for _, lines := range [...][]int32{b.paymentLines, b.refundLines} {
		for _, line := range lines {
			if b.lineState[line] == settlement.NoState && (b.lines.Kind[line] == settlement.Payment || b.lines.Settles(int(line))) {
				left.lines = append(left.lines, line)
				left.order = append(left.order, b.onlyOrder(line))
			}
		}
	}
}

// onlyOrder returns for a refund line an event with the order number that all
// payments of the group have, −1 where they have none or several.
func (b *bucket) onlyOrder(line int32) int32 {
	only := int32(-1)
	if b.ambiguous != "" || b.lines.Kind[line] == settlement.Payment {
		return only
	}
	for i := range b.units {
		for _, event := range b.units[i].shares {
			if only >= 0 && !bytes.Equal(b.events.OrderNo.At(int(only)), b.events.OrderNo.At(int(event))) {
				return -1
			}
			only = event
		}
	}
	return only
}

// leftovers brings what is left into batches of its own.
func (b *bucket) leftovers() *Leftovers {
	out := &Leftovers{Lines: &settlement.Lines{}, Events: &settlement.Events{}}
	b.appendEvents(out.Events, b.leaving.events)
	settlement.AppendRows(out.Lines, b.lines, b.leaving.lines)
	out.Lines.OrderNoRaw = settlement.Text{}
	for _, event := range b.leaving.order {
		var number []byte
		if event >= 0 {
			number = b.events.OrderNo.At(int(event))
		}
		out.Lines.OrderNoRaw.Append(number)
	}
	return out
}
