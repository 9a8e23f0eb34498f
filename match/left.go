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

// leaving collects leftovers by their rows.
type leaving struct {
	lines, events []int32
	order         []int32 // of lines: an event with the order number, −1
}

// Left returns what pass 3 gets of a bucket. It changes neither lines nor events,
// and solves only those groups that can leave something, in batches of their own:
// groups do not know of each other. memory may be nil.
func Left(ctx context.Context, rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events) (*Leftovers, error) {
	return left(ctx, rules, memory, lines, events, func(b *bucket) bool { return b.leavesNothing(b.groups.lineRows, b.groups.eventRows) })
}

// group is the ends of a group's rows among those of all.
type group struct{ lines, events int32 }

func left(ctx context.Context, rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events, skip func(*bucket) bool) (*Leftovers, error) {
	if memory == nil {
		memory = &Memory{}
	}
	b := memory.take(rules)
	defer memory.give(b)
	b.lines, b.events = lines, events
	b.groups.build(lines, events)
	var lineRows, eventRows []int32
	var ends []group
	for n := 0; b.groups.next(); n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if skip(b) {
			continue
		}
		lineRows, eventRows = append(lineRows, b.groups.lineRows...), append(eventRows, b.groups.eventRows...)
		ends = append(ends, group{int32(len(lineRows)), int32(len(eventRows))})
	}
	someLines, someEvents := &settlement.Lines{}, &settlement.Events{}
	settlement.AppendRows(someLines, lines, lineRows)
	settlement.AppendRows(someEvents, events, eventRows)
	b.setRows(someLines, someEvents)
	b.left = &leaving{}
	b.out = &Outcome{}
	var conflict *ConflictError
	var from group
	for _, until := range ends {
		b.groupLines, b.groupEvents = b.groupLines[:0], b.groupEvents[:0]
		for row := from.lines; row < until.lines; row++ {
			b.groupLines = append(b.groupLines, row)
		}
		for row := from.events; row < until.events; row++ {
			b.groupEvents = append(b.groupEvents, row)
		}
		conflict = FirstConflict(rules.FileRank, conflict, b.solve())
		from = until
	}
	if conflict != nil {
		return nil, conflict
	}
	return b.leftovers(), nil
}

// leavesNothing says of a group, at a glance, that pass 3 gets nothing of it: it is
// plain, or events alone that carry nothing to be claimed by.
func (b *bucket) leavesNothing(lines, events []int32) bool {
	if len(lines) > 0 {
		return len(lines) == 1 && len(events) == 1 && b.plain(lines[0], events[0])
	}
	for _, event := range events {
		if len(b.events.ProviderTxnID.At(int(event))) > 0 || b.events.Link[event].Inferred() {
			return false
		}
	}
	return true
}

// leave notes what is left of a group after passes 1 and 2.
func (b *bucket) leave() {
	left := b.left
	leaveEvent := func(event int32) {
		if InResidue(b.events, int(event)) {
			left.events = append(left.events, event)
		}
	}
	for _, event := range b.refunds {
		if b.eventLine[event] < 0 {
			leaveEvent(event)
		}
	}
	for i := range b.units {
		if u := &b.units[i]; u.line < 0 {
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
	b.appendEvents(out.Events, b.left.events)
	settlement.AppendRows(out.Lines, b.lines, b.left.lines)
	out.Lines.OrderNoRaw = settlement.Text{}
	for _, event := range b.left.order {
		var number []byte
		if event >= 0 {
			number = b.events.OrderNo.At(int(event))
		}
		out.Lines.OrderNoRaw.Append(number)
	}
	return out
}
