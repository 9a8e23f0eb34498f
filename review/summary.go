package review

import (
	"context"
	"fmt"
	"slices"

	"reconcile/output"
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
	s, told, day := &summary{manifest: m}, tally{}, ""
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
		return told.add(r.Text("wallet"), r.Text("account"), r.Text("kind"), difference)
	}))
	if err != nil {
		return nil, err
	}
	return s, told.holdAgainst(m, dir)
}

// tally counts the open breaks by wallet and kind, and by account, as run.json does. No hash
// covers run.json: what it says in sum is held against the rows before it is shown.
type tally struct {
	kinds    map[[2]string]*output.BreakFigures // by wallet and kind
	accounts map[[2]string]int64                // by wallet and account
}

// add counts an open break; its difference is 0 where it has none.
func (t *tally) add(wallet, account, kind string, difference settlement.Amount) (err error) {
	if t.kinds == nil {
		t.kinds, t.accounts = map[[2]string]*output.BreakFigures{}, map[[2]string]int64{}
	}
	b := t.kinds[[2]string{wallet, kind}]
	if b == nil {
		b = &output.BreakFigures{}
		t.kinds[[2]string{wallet, kind}] = b
	}
	t.accounts[[2]string{wallet, account}]++
	b.Count++
	side := &b.Over
	if difference < 0 {
		side = &b.Short
	}
	if *side, err = side.Add(difference); err != nil {
		return err
	}
	b.Difference, err = b.Difference.Add(difference)
	return err
}

// holdAgainst says where run.json sums the open breaks up otherwise. Results of former
// versions have no sums.
func (t *tally) holdAgainst(m *output.Manifest, dir string) error {
	if m.Figures == nil {
		return nil
	}
	fault := func(of string, expected, found any) error {
		return fmt.Errorf("%s: %w: %s: figures: open breaks of %s: expected %v, found %v (run reconcile verify for all that is wrong, then run the day again)",
			dir, output.ErrChanged, output.ManifestName, of, expected, found)
	}
	if told, found := len(m.Figures.Breaks), len(t.kinds); told != found {
		return fault("all wallets, by kind", told, found)
	}
	for _, told := range m.Figures.Breaks {
		found := output.BreakFigures{Wallet: told.Wallet, Kind: told.Kind}
		if b := t.kinds[[2]string{told.Wallet.String(), told.Kind.String()}]; b != nil {
			found.Count, found.Short, found.Over, found.Difference = b.Count, b.Short, b.Over, b.Difference
		}
		if told != found {
			return fault(told.Wallet.String()+" "+told.Kind.String(), told, found)
		}
	}
	for _, told := range m.Figures.Accounts {
		if found := t.accounts[[2]string{told.Wallet.String(), told.Account}]; told.Breaks != found {
			return fault(told.Wallet.String()+" "+told.Account, told.Breaks, found)
		}
	}
	return nil
}

// holdAgainst says where run.json sums the open breaks up otherwise.
func (q *queue) holdAgainst(m *output.Manifest, dir string) error {
	told := tally{}
	for i := range q.rows {
		r := &q.rows[i]
		if r.Status != settlement.BreakOpen.String() {
			continue
		}
		difference := r.Difference
		if difference == settlement.NoAmount {
			difference = 0
		}
		if err := told.add(r.Wallet, r.Account, r.Kind, difference); err != nil {
			return err
		}
	}
	return told.holdAgainst(m, dir)
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
