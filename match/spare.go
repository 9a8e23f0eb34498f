package match

import (
	"slices"
	"sync"

	"reconcile/settlement"
)

// The memory of a bucket serves the next one: fresh memory for each would cost more
// than the matching itself. Whoever loads buckets takes the batches from SpareLines
// and SpareEvents, and who is done with an outcome gives it back with Release.
var (
	SpareLines  settlement.Spare[settlement.Lines, *settlement.Lines]
	SpareEvents settlement.Spare[settlement.Events, *settlement.Events]

	spareMatches settlement.Spare[settlement.Matches, *settlement.Matches]
	spareBreaks  settlement.Spare[settlement.Breaks, *settlement.Breaks]
	spareOpen    settlement.Spare[settlement.OpenItems, *settlement.OpenItems]
	spareBuckets sync.Pool
)

// Release gives the memory of the outcome's rows back; nobody may use them from then
// on. An outcome that is not released is left to the garbage collector.
func (o *Outcome) Release() {
	SpareLines.Give(o.Lines)
	SpareEvents.Give(o.Events)
	spareMatches.Give(o.Matches)
	spareBreaks.Give(o.Breaks)
	spareOpen.Give(o.Open)
	*o = Outcome{}
}

// takeBucket returns the state for the matching of a bucket, to be given back.
func takeBucket(rules *Rules) *bucket {
	b, ok := spareBuckets.Get().(*bucket)
	if !ok {
		b = &bucket{}
	}
	b.rules = rules
	return b
}

// setRows makes lines and events, which are written to, those that are matched.
func (b *bucket) setRows(lines *settlement.Lines, events *settlement.Events) {
	b.lines, b.events = lines, events
	clear(lines.MatchState)
	clear(events.MatchState)
	b.lineState, b.eventState = lines.MatchState, events.MatchState
	b.lineEvent = filled(b.lineEvent, lines.Len(), -1)
	b.eventLine = filled(b.eventLine, events.Len(), -1)
	b.dropLine = filled(b.dropLine, lines.Len(), false)
	b.dropEvent = filled(b.dropEvent, events.Len(), false)
	b.nth = filled(b.nth, events.Len(), 0)
	b.pairs, b.orderOf = b.pairs[:0], b.orderOf[:0]
}

// giveBack forgets the bucket but for its memory.
func (b *bucket) giveBack() {
	b.rules, b.resolved, b.lines, b.events, b.out, b.left = nil, nil, nil, nil, nil, nil
	b.lineState, b.eventState = nil, nil
	b.groups.lines, b.groups.events = nil, nil
	clear(b.named)
	spareBuckets.Put(b)
}

// filled returns n values in the memory of s, where it suffices.
func filled[T any](s []T, n int, value T) []T {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = value
	}
	return s
}
