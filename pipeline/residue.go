package pipeline

import (
	"context"
	"math/bits"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/match"
	"reconcile/settlement"
)

// resolveResidue looks through all buckets for what passes 1 and 2 leave, brings the
// leftovers together by the provider's number and runs pass 3. The result has one
// resolution a bucket, with which the buckets are then computed. It is only called
// where an event can be claimed that way.
func (r *run) resolveResidue(ctx context.Context) ([]*match.Resolution, error) {
	lines, events := r.leftovers("left", func(l *settlement.Lines, i int) uint64 {
		return match.ResidueKey(l.Kind[i], l.ProviderTxnID.At(i), l.RefundNo.At(i), l.OrderNoRaw.At(i))
	}, func(e *settlement.Events, i int) uint64 {
		return match.ResidueKey(e.Kind[i], e.ProviderTxnID.At(i), e.RefundNo.At(i), e.OrderNo.At(i))
	})
	defer lines.release(0, r.partitions)
	defer events.release(0, r.partitions)

	err := r.eachBucket(ctx, func(ctx context.Context, b int) error {
		in, ev, err := r.loadSuspects(b)
		if err != nil {
			return err
		}
		left, err := match.Left(ctx, r.rules.Match, r.spare.match, in, ev)
		if err != nil {
			return err
		}
		if err := lines.scatter(left.Lines); err != nil {
			return err
		}
		return events.scatter(left.Events)
	})
	if err != nil {
		return nil, err
	}
	found := make([]*match.Resolution, r.buckets)
	for b := range found {
		found[b] = &match.Resolution{
			Lines: map[settlement.ID]match.ClaimedLine{}, Events: map[settlement.ID]match.ClaimedEvent{},
			Matches: &settlement.Matches{}, Breaks: &settlement.Breaks{},
		}
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
	lines *lineExchange, events *eventExchange, found []*match.Resolution, leave func(*match.ResidueOutcome) error) error {
	var mu sync.Mutex
	step := max(lines.step(), events.step())
	return r.each(ctx, r.partitions/step, func(_ context.Context, i int) error {
		from, until := i*step, (i+1)*step
		leftLines, err := lines.load(from, until)
		if err != nil {
			return err
		}
		leftEvents, err := events.load(from, until)
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

// loadSuspects returns the rows of those groups of bucket b that can leave something:
// few, of which alone all columns are needed. A partition at a time: its groups fit
// the processor's cache; of rows on disk the whole bucket, whose rows share a stream.
func (r *run) loadSuspects(b int) (*settlement.Lines, *settlement.Events, error) {
	lines, events := &settlement.Lines{}, &settlement.Events{}
	from, until := r.bucketParts(b)
	step := 1
	if r.lines.onDisk() || r.events.onDisk() {
		step = until - from
	}
	for p := from; p < until; p += step {
		linePieces, linesDone, err := r.lines.pieces(p, p+step)
		if err != nil {
			return nil, nil, err
		}
		eventPieces, eventsDone, err := r.events.pieces(p, p+step)
		if err != nil {
			linesDone()
			return nil, nil, err
		}
		lineRows, eventRows := match.Suspects(r.rules.Match, r.spare.match, linePieces, eventPieces, r.usable)
		settlement.AppendFewRows(lines.Columns(), linePieces, lineRows)
		settlement.AppendFewRows(events.Columns(), eventPieces, eventRows)
		linesDone()
		eventsDone()
	}
	r.fillDays(lines)
	return lines, events, nil
}

// spread gives each bucket what pass 3 found for its rows.
func (r *run) spread(found []*match.Resolution, out *match.ResidueOutcome) {
	for _, c := range out.Claimed {
		found[r.bucketOf(c.LineKey)].Lines[c.LineID] = c.Line
		found[r.bucketOf(c.EventKey)].Events[c.EventID] = c.Event
	}
	for i, key := range out.MatchKey {
		settlement.AppendRows(found[r.bucketOf(key)].Matches, out.Matches, []int32{int32(i)})
	}
	for i, key := range out.BreakKey {
		settlement.AppendRows(found[r.bucketOf(key)].Breaks, out.Breaks, []int32{int32(i)})
	}
}

// bucketOf is the bucket of a key: its top bits.
func (r *run) bucketOf(key uint64) int { return int(key >> (64 - bits.TrailingZeros(uint(r.buckets)))) }
