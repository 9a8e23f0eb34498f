package overview

import (
	"fmt"

	"reconcile/output"
	"reconcile/settlement"
)

// Tally counts the open breaks by wallet and kind, and by account, as run.json does. No hash
// covers run.json: what it says in sum is held against the rows before it is shown.
type Tally struct {
	kinds    map[[2]string]*output.BreakFigures // by wallet and kind
	accounts map[[2]string]int64                // by wallet and account
}

// Add counts an open break; its difference is NoAmount, or 0, where it has none.
func (t *Tally) Add(wallet, account, kind string, difference settlement.Amount) (err error) {
	if difference == settlement.NoAmount {
		difference = 0
	}
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

// HoldAgainst says where run.json sums the open breaks up otherwise. Results of former
// versions have no sums.
func (t *Tally) HoldAgainst(m *output.Manifest, dir string) error {
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
