package pipeline

import (
	"context"
	"math/bits"
	"sync"

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
	lines := newExchange[settlement.Lines]("left-lines", r.partitions, r.budget, func(l *settlement.Lines) []uint64 {
		keys := make([]uint64, l.Len())
		for i := range keys {
			keys[i] = match.ResidueKey(l.Kind[i], l.ProviderTxnID.At(i), l.RefundNo.At(i))
		}
		return keys
	})
	events := newExchange[settlement.Events]("left-events", r.partitions, r.budget, func(e *settlement.Events) []uint64 {
		keys := make([]uint64, e.Len())
		for i := range keys {
			keys[i] = match.ResidueKey(e.Kind[i], e.ProviderTxnID.At(i), e.RefundNo.At(i))
		}
		return keys
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
	var mu sync.Mutex
	err = r.each(ctx, r.partitions, func(_ context.Context, p int) error {
		leftLines, err := lines.load(p, p+1)
		if err != nil {
			return err
		}
		leftEvents, err := events.load(p, p+1)
		if err != nil {
			return err
		}
		out, err := Residue(r.rules, settlement.Record(leftLines), settlement.Record(leftEvents))
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		r.spread(found, out)
		return nil
	})
	return found, err
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
