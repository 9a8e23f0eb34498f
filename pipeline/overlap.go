package pipeline

import (
	"context"

	"reconcile/match"
	"reconcile/settlement"
)

// Two copies of a line normally meet in one bucket, where they are compared. Copies
// that disagree about the order number would not: they go to different buckets, and
// the transaction would count twice. Where statements overlap, their lines are
// therefore brought together once more, by the line id, and compared here; of
// several conflicts the first by the files' ranks is told, so that which files are
// refused does not depend on the order of delivery.

// checkOverlaps returns a ConflictError where two copies of a line of overlapping
// statements differ.
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
	step := r.lines.step()
	for p := 0; p < r.partitions; p += step {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		lines, err := r.lines.load(p, p+step)
		if err != nil {
			return err
		}
		lines = keepRows(lines, func(i int) bool { return overlapping[lines.File[i]] && r.intake.Accepted(lines.File[i]) })
		if err := byID.scatter(lines); err != nil {
			return err
		}
	}
	var conflict *settlement.ConflictError
	rank := r.rules.Match.FileRank
	step = byID.step()
	for p := 0; p < r.partitions; p += step {
		lines, err := byID.load(p, p+step)
		if err != nil {
			return err
		}
		conflict = settlement.FirstConflict(rank, conflict, match.FindConflict(rank, lines))
		byID.release(p, p+step)
	}
	if conflict != nil {
		return conflict
	}
	return nil
}
