package review

import (
	"context"
	"fmt"
	"slices"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// summary is a day in the list of days.
type summary struct {
	manifest          *output.Manifest
	Open, New, Closed int64             // at its end, of them since this day, on it
	Short, Over       settlement.Amount // of those that are open
}

// summary adds up a day from the table breaks, which is held against run.json before.
func (d *day) summary(ctx context.Context) (*summary, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stamp := d.stamp()
	return d.sums.fresh(stamp, func() (*summary, error) {
		m, err := d.provedLocked(ctx, stamp)
		if err != nil {
			return nil, err
		}
		return summaryOf(ctx, d.dir, m)
	})
}

// provedLocked is what the run says of itself, once the table breaks is what it says.
func (d *day) provedLocked(ctx context.Context, stamp string) (*output.Manifest, error) {
	return d.proved.fresh(stamp, func() (*output.Manifest, error) { return output.VerifiedTables(ctx, d.dir, "breaks") })
}

func summaryOf(ctx context.Context, dir string, m *output.Manifest) (*summary, error) {
	s, told, day := &summary{manifest: m}, overview.Tally{}, ""
	if m.Day != nil {
		day = m.Day.Day
	}
	err := output.ReadTable(dir, "breaks", output.Until(ctx, func(r output.Row) error {
		switch r.Text("status") {
		case settlement.BreakClosed.String():
			s.Closed++
			return nil
		case settlement.BreakAccepted.String(), settlement.BreakWrittenOff.String():
			return nil
		}
		s.Open++
		if r.Text("first_seen_on") == day || day == "" {
			s.New++
		}
		side := &s.Over
		difference, ok := r.Money("difference")
		if ok && difference < 0 {
			side = &s.Short
		}
		var err error
		if *side, err = side.Add(difference); err != nil {
			return err
		}
		return told.Add(r.Text("wallet"), r.Text("account"), r.Text("kind"), difference)
	}))
	if err != nil {
		return nil, err
	}
	return s, told.HoldAgainst(m, dir)
}

// holdAgainst says where run.json sums the open breaks up otherwise.
func (q *queue) holdAgainst(m *output.Manifest, dir string) error {
	told := overview.Tally{}
	for i := range q.rows {
		r := &q.rows[i]
		if r.Status != settlement.BreakOpen.String() {
			continue
		}
		if err := told.Add(r.Wallet, r.Account, r.Kind, r.Difference); err != nil {
			return err
		}
	}
	return told.HoldAgainst(m, dir)
}

// sought is which breaks a day has, of those that were decided.
type sought struct {
	stamp string
	asked []settlement.ID        // that were looked for, as said.ids has them
	found map[settlement.ID]bool // those of them that the day has: whether they are open there
}

// decided says which of the breaks that were decided the day has, and whether they are open
// there. It has to be known of those up to the one at last; the table is read only where one
// of them was not looked for before.
func (d *day) decided(ctx context.Context, ids []settlement.ID, last int) (map[settlement.ID]bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stamp := d.stamp()
	if m, err := d.provedLocked(ctx, stamp); err != nil || m == nil {
		return nil, err
	}
	have := &d.sought
	if stamp != "" && have.stamp == stamp && last < len(have.asked) && len(have.asked) <= len(ids) && slices.Equal(have.asked, ids[:len(have.asked)]) {
		return have.found, nil
	}
	asked := make(map[settlement.ID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	found := map[settlement.ID]bool{}
	err := output.ReadTable(d.dir, "breaks", output.Until(ctx, func(r output.Row) error {
		id, ok := settlement.ParseID(r.Text("break_id"))
		if !ok {
			return fmt.Errorf("%s: break_id: %q is no identity", d.dir, r.Text("break_id"))
		}
		if asked[id] {
			found[id] = r.Text("status") == settlement.BreakOpen.String()
		}
		return nil
	}))
	if err != nil {
		return nil, err
	}
	*have = sought{stamp, ids, found}
	return found, nil
}
