package pipeline

import (
	"context"

	"reconcile/match"
	"reconcile/settlement"
)

// Two copies of a line normally meet in one bucket, where they are compared. Copies
// that disagree about the order number would not: they go to different buckets, and
// the transaction would count twice. Where statements overlap, their line ids are
// therefore brought together once more, by the id itself.

// checkOverlaps returns a ConflictError where one line id of overlapping
// statements stands under two order numbers.
func (r *run) checkOverlaps(ctx context.Context) error {
	overlapping := r.intake.Overlapping()
	if len(overlapping) == 0 {
		return nil
	}
	byID := newExchange[settlement.Lines]("overlap", r.partitions, r.budget, func(l *settlement.Lines) []uint64 {
		keys := make([]uint64, l.Len())
		for i, id := range l.ID {
			keys[i] = id.Hi
		}
		return keys
	})
	defer byID.release(0, r.partitions)
	for p := range r.partitions {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		lines, err := r.lines.load(p, p+1)
		if err != nil {
			return err
		}
		lines = keepRows(lines, func(i int) bool { return overlapping[lines.File[i]] && r.intake.Accepted(lines.File[i]) })
		if err := byID.scatter(lines); err != nil {
			return err
		}
	}
	for p := range r.partitions {
		lines, err := byID.load(p, p+1)
		if err != nil {
			return err
		}
		if err := findTwoKeys(lines); err != nil {
			return err
		}
		byID.release(p, p+1)
	}
	return nil
}

// findTwoKeys returns a ConflictError for a line id that stands under two keys.
func findTwoKeys(lines *settlement.Lines) error {
	first := make(map[settlement.ID]int32, lines.Len())
	for i, id := range lines.ID {
		j, seen := first[id]
		if !seen {
			first[id] = int32(i)
			continue
		}
		if lines.Key[i] != lines.Key[j] {
			return &match.ConflictError{
				File: lines.File[j], Line: lines.Line[j], OtherFile: lines.File[i], OtherLine: lines.Line[i],
				Column: "order_no", Value: lines.OrderNo.StringAt(int(j)), Other: lines.OrderNo.StringAt(i),
				Key: "transaction " + lines.ProviderTxnID.StringAt(i),
			}
		}
	}
	return nil
}
