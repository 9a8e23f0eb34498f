package match

import (
	"math"
	"slices"
	"sync"

	"reconcile/settlement"
)

// Memory keeps the memory of buckets for those that follow: fresh memory for each
// would cost more than the matching itself. It has no bearing on what a bucket
// becomes. It may be used from many goroutines; nil keeps nothing.
//
// Whoever loads buckets takes the batches from Lines and Events, and who is done
// with an outcome gives it back with Release.
type Memory struct {
	Lines  settlement.Spare[settlement.Lines, *settlement.Lines]
	Events settlement.Spare[settlement.Events, *settlement.Events]

	matches settlement.Spare[settlement.Matches, *settlement.Matches]
	breaks  settlement.Spare[settlement.Breaks, *settlement.Breaks]
	open    settlement.Spare[settlement.OpenItems, *settlement.OpenItems]

	mu      sync.Mutex
	buckets []*bucket
	most    int
}

// NewMemory returns memory for so many buckets at a time.
func NewMemory(workers int) *Memory {
	m := &Memory{most: workers}
	m.Lines.Most, m.Events.Most = workers, 2*workers // events change batches at the end
	m.matches.Most, m.breaks.Most, m.open.Most = workers, workers, workers
	return m
}

// Release gives the memory of the outcome's rows back; nobody may use them from then
// on. An outcome that is not released is left to the garbage collector.
func (o *Outcome) Release() {
	if m := o.memory; m != nil {
		m.Lines.Give(o.Lines)
		m.Events.Give(o.Events)
		m.matches.Give(o.Matches)
		m.breaks.Give(o.Breaks)
		m.open.Give(o.Open)
	}
	*o = Outcome{}
}

// take returns the state for the matching of a bucket, to be given back.
func (m *Memory) take(rules *Rules) *bucket {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := &bucket{}
	if last := len(m.buckets) - 1; last >= 0 {
		b, m.buckets = m.buckets[last], m.buckets[:last]
	}
	b.rules, b.memory = rules, m
	b.carried, b.settled = rules.FirstCarried, rules.FirstSettled
	for _, file := range [...]*int32{&b.carried, &b.settled} {
		if *file == 0 {
			*file = math.MaxInt32
		}
	}
	return b
}

// give takes a bucket back, which forgets all but its memory.
func (m *Memory) give(b *bucket) {
	b.rules, b.resolved, b.lines, b.events, b.out, b.memory = nil, nil, nil, nil, nil, nil
	b.lineState, b.eventState, b.eventColumns = nil, nil, nil
	b.groups.lines, b.groups.events = nil, nil
	b.leavingOnly = false
	clear(b.named)
	clear(b.refreshed)
	clear(b.asked)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.buckets) < m.most {
		m.buckets = append(m.buckets, b)
	}
}

// setRows makes lines and events those that are matched. What becomes of them is
// written to their states, and to events as it is worked out.
func (b *bucket) setRows(lines *settlement.Lines, events *settlement.Events, lineState []settlement.MatchState) {
	b.lines, b.events = lines, events
	b.lineState, b.eventState = lineState, events.MatchState
	b.clearStates()
	b.lineEvent = filled(b.lineEvent, lines.Len(), -1)
	b.eventLine = filled(b.eventLine, events.Len(), -1)
	b.dropLine = filled(b.dropLine, lines.Len(), false)
	b.dropEvent = filled(b.dropEvent, events.Len(), false)
	b.nth = filled(b.nth, events.Len(), 0)
	b.pairs, b.orderOf, b.eventColumns = b.pairs[:0], b.orderOf[:0], nil
}

// filled returns n values in the memory of s, where it suffices.
func filled[T any](s []T, n int, value T) []T {
	s = slices.Grow(s[:0], n)[:n]
	for i := range s {
		s[i] = value
	}
	return s
}
