package pipeline

import (
	"reconcile/output"
	"reconcile/settlement"
)

// takeReopened adds to the breaks of the day before those that people reopened after earlier
// days had left them out as accepted or written off. They are taken as the last day has them
// that has them at all, and so keep their first day; one that was closed since is not.
func (r *run) takeReopened(e *earlierBreaks, files *sources) error {
	wanted := r.job.Decisions.Reopened()
	for i := 0; i < len(r.state.days) && len(wanted) > 0; i++ {
		var there []settlement.ID
		err := readBatches(r.state.days[i].dir, "breaks", func(in *output.BatchReader, rows int) error {
			var decided []int32
			asked := make([]bool, rows)
			if err := in.Texts("break_id", func(row int, text string) {
				if id, ok := settlement.ParseID(text); ok && wanted[id] {
					asked[row] = true
					there = append(there, id)
				}
			}); err != nil {
				return err
			}
			if err := in.Texts("status", func(row int, status string) {
				if asked[row] && (status == settlement.BreakAccepted.String() || status == settlement.BreakWrittenOff.String()) {
					decided = append(decided, int32(row))
				}
			}); err != nil {
				return err
			}
			return in.Append(e.rows, decided, files.number)
		})
		if err != nil {
			return err
		}
		for _, id := range there {
			delete(wanted, id)
		}
	}
	return nil
}

// isReopened says that a break of an earlier day was decided there, and is open again.
func (e *earlierBreaks) isReopened(row int32) bool { return e != nil && int(row) >= e.reopened }
