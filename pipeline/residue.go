package pipeline

import (
	"context"
	"math/bits"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/match"
	"reconcile/settlement"
)

// resolution is what pass 3 found for one bucket: the states of its rows, and the
// matches and breaks that belong to its events.
type resolution struct {
	states  match.Resolution
	matches settlement.Matches
	breaks  settlement.Breaks
}

func (r *resolution) line(id settlement.ID) (match.ClaimedLine, bool) {
	if r == nil {
		return match.ClaimedLine{}, false
	}
	claim, ok := r.states.Lines[id]
	return claim, ok
}

func (r *resolution) event(id settlement.ID) (match.ClaimedEvent, bool) {
	if r == nil {
		return match.ClaimedEvent{}, false
	}
	claim, ok := r.states.Events[id]
	return claim, ok
}

func (r *resolution) forMatch() *match.Resolution {
	if r == nil {
		return nil
	}
	return &r.states
}

// resolveResidue runs passes 1 and 2 over all buckets for what they leave, brings
// the leftovers together by the provider's number and runs pass 3. The result has
// one resolution a bucket. It is only called where an event can be claimed that
// way; the buckets are then computed once more, with the resolution.
func (r *run) resolveResidue(ctx context.Context) ([]*resolution, error) {
	lines, events := r.leftovers("left", func(l *settlement.Lines, i int) uint64 {
		return match.ResidueKey(l.Kind[i], l.ProviderTxnID.At(i), l.RefundNo.At(i), l.OrderNoRaw.At(i))
	}, func(e *settlement.Events, i int) uint64 {
		return match.ResidueKey(e.Kind[i], e.ProviderTxnID.At(i), e.RefundNo.At(i), e.OrderNo.At(i))
	})
	defer lines.release(0, r.partitions)
	defer events.release(0, r.partitions)

	r.rules.Match.Residue = true
	err := r.eachBucket(ctx, func(ctx context.Context, b int) error {
		in, ev, err := r.loadBucket(b)
		if err != nil {
			return err
		}
		found, err := match.Bucket(ctx, r.rules.Match, in, ev, nil)
		if err != nil {
			return err
		}
		if err := lines.scatter(found.LeftLines); err != nil {
			return err
		}
		left := found.LeftEvents
		return events.scatter(keepRows(left, func(i int) bool { return match.InResidue(left, i) }))
	})
	if err != nil {
		return nil, err
	}
	found := make([]*resolution, r.buckets)
	for b := range found {
		found[b] = &resolution{states: match.Resolution{
			Lines: map[settlement.ID]match.ClaimedLine{}, Events: map[settlement.ID]match.ClaimedEvent{},
		}}
	}
	// What this leaves goes through a second round, together with all of its order.
	lastLines, lastEvents := r.leftovers("left-of-order",
		func(l *settlement.Lines, i int) uint64 { return match.OrderKey(l.OrderNoRaw.At(i)) },
		func(e *settlement.Events, i int) uint64 { return match.OrderKey(e.OrderNo.At(i)) })
	defer lastLines.release(0, r.partitions)
	defer lastEvents.release(0, r.partitions)
	err = r.claimLeftovers(ctx, Residue, lines, events, found, func(out *match.ResidueOutcome) error {
		if err := lastLines.scatter(out.LeftLines); err != nil {
			return err
		}
		return lastEvents.scatter(out.LeftEvents)
	})
	if err != nil {
		return nil, err
	}
	err = r.claimLeftovers(ctx, ResidueByOrder, lastLines, lastEvents, found, func(*match.ResidueOutcome) error { return nil })
	return found, err
}

type (
	lineExchange  = exchange[settlement.Lines, *settlement.Lines]
	eventExchange = exchange[settlement.Events, *settlement.Events]
)

// leftovers makes the exchanges of what is left, by the given keys of rows.
func (r *run) leftovers(name string, lineKey func(*settlement.Lines, int) uint64, eventKey func(*settlement.Events, int) uint64) (*lineExchange, *eventExchange) {
	return newExchange[settlement.Lines](name+"-lines", r.partitions, r.budget, func(l *settlement.Lines) []uint64 { return rowKeys(l, lineKey) }),
		newExchange[settlement.Events](name+"-events", r.partitions, r.budget, func(e *settlement.Events) []uint64 { return rowKeys(e, eventKey) })
}

func rowKeys[B settlement.Batch](batch B, key func(B, int) uint64) []uint64 {
	keys := make([]uint64, batch.Len())
	for i := range keys {
		keys[i] = key(batch, i)
	}
	return keys
}

// claimLeftovers runs one round of pass 3 over every partition, gives each bucket what
// was found for its rows, and hands what is left to leave.
func (r *run) claimLeftovers(ctx context.Context, round func(*Rules, arrow.Record, arrow.Record) (*match.ResidueOutcome, error),
	lines *lineExchange, events *eventExchange, found []*resolution, leave func(*match.ResidueOutcome) error) error {
	var mu sync.Mutex
	return r.each(ctx, r.partitions, func(_ context.Context, p int) error {
		leftLines, err := lines.load(p, p+1)
		if err != nil {
			return err
		}
		leftEvents, err := events.load(p, p+1)
		if err != nil {
			return err
		}
		out, err := round(r.rules, settlement.Record(leftLines), settlement.Record(leftEvents))
		if err != nil {
			return err
		}
		if err := leave(out); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		r.spread(found, out)
		return nil
	})
}

// spread gives each bucket what pass 3 found for its rows.
func (r *run) spread(found []*resolution, out *match.ResidueOutcome) {
	for _, c := range out.Claimed {
		found[r.bucketOf(c.LineKey)].states.Lines[c.LineID] = c.Line
		found[r.bucketOf(c.EventKey)].states.Events[c.EventID] = c.Event
	}
	for i, key := range out.MatchKey {
		settlement.AppendRows(&found[r.bucketOf(key)].matches, out.Matches, []int32{int32(i)})
	}
	for i, key := range out.BreakKey {
		settlement.AppendRows(&found[r.bucketOf(key)].breaks, out.Breaks, []int32{int32(i)})
	}
}

// bucketOf is the bucket of a key: its top bits.
func (r *run) bucketOf(key uint64) int { return int(key >> (64 - bits.TrailingZeros(uint(r.buckets)))) }
