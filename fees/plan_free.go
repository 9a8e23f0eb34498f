package fees

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"reconcile/settlement"
)

// takeFree moves what costs nothing, as early as it can: the accounts that do not pay
// first.
func (p *planner) takeFree(d *draft, open []slot, way useOfFree, first int) error {
	f := p.newFold()
	paying := func(a int) bool {
		return slices.ContainsFunc(open, func(s slot) bool { return s.account == a })
	}
	for day := range p.days {
		var order []int
		for i := range p.in.Accounts {
			order = append(order, (i+first)%len(p.in.Accounts))
		}
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(boolInt(slices.Contains(open, slot{a, day})), boolInt(slices.Contains(open, slot{b, day}))),
				cmp.Compare(boolInt(paying(a)), boolInt(paying(b))))
		})
		d.order = append(d.order, order)
	}
	waits := func(a, day int) bool {
		return way&patient != 0 && day < p.days-1 && paying(a)
	}
	for day := range p.days {
		if way&sparing != 0 {
			for _, a := range d.order[day] {
				if err := p.takeFreeOn(d, &f, slot{a, day}, waits(a, day), paying(a)); err != nil {
					return err
				}
			}
		}
		for _, a := range d.order[day] {
			if err := p.takeFreeOn(d, &f, slot{a, day}, waits(a, day), false); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeFreeOn moves what costs nothing from one account on one day; where it waits, by
// quotas that expire before the last day alone; where it spares, it keeps what its
// minimum fee covers, with the fee.
func (p *planner) takeFreeOn(d *draft, f *fold, s slot, wait, spare bool) error {
	a, day := s.account, s.day
	r := p.rules[a][day]
	amount := min(p.slack(d, a, day), p.dayLimit(a)-d.free[a][day])
	if worth := p.rules[a][p.days-1].worthFrom(); spare && worth != settlement.NoAmount {
		amount = min(amount, p.slack(d, a, p.days-1)-worth-p.rules[a][p.days-1].MinFee)
	}
	if r.Kind != Zero && r.Kind != Waiver {
		free, err := p.quotaLeft(f, a, day, wait)
		if err != nil {
			return err
		}
		amount = min(amount, free)
	}
	if amount > 0 {
		d.free[a][day] += amount
		f.withdraw(p.movement(a, day, amount, 0))
	}
	return nil
}

// quotaLeft is what an account can withdraw free on a day; where it waits, by quotas
// that expire before the last day.
func (p *planner) quotaLeft(f *fold, a, day int, wait bool) (settlement.Amount, error) {
	account := &p.in.Accounts[a]
	if len(p.rules[a][day].Quotas) == 0 {
		return 0, nil
	}
	rows, why := f.known(p.rules[a][day], &account.Owner, p.at(day))
	if why != "" {
		return 0, fmt.Errorf("account %s of %s: %s", account.Account.Account, account.Wallet, why)
	}
	var left settlement.Amount
	for _, q := range rows {
		if !wait || q.Expiry != settlement.NoInstant && q.Expiry <= p.at(p.days-1) {
			left = min(left+q.Left(), settlement.MaxAmount)
		}
	}
	return left, nil
}

// trim takes a surplus off free withdrawals: of lifetime quotas first, then of those
// that expire last; of accounts that cost nothing at all last.
func (p *planner) trim(d *draft, surplus settlement.Amount) {
	type part struct {
		account, day int
		use          Use
		expiry       settlement.Instant
	}
	var parts []part
	f := p.newFold()
	for day := range p.days {
		for _, a := range d.order[day] {
			amount := d.free[a][day]
			if amount == 0 {
				continue
			}
			w := f.withdraw(p.movement(a, day, amount, 0))
			for _, use := range w.Uses {
				parts = append(parts, part{a, day, use, expiryOf(&f, &w, use)})
			}
			if rest := amount - w.QuotaUsed; rest > 0 {
				parts = append(parts, part{a, day, Use{Amount: rest}, settlement.NoInstant})
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(b.expiry, a.expiry), cmp.Compare(b.day, a.day), cmp.Compare(b.account, a.account))
	})
	for _, one := range parts {
		cut := min(one.use.Amount, surplus)
		d.free[one.account][one.day] -= cut
		surplus -= cut
	}
}

// expiryOf is when a used quota would have expired, the largest instant for never.
func expiryOf(f *fold, w *WithdrawalFee, use Use) settlement.Instant {
	for i := range f.quotas {
		if q := &f.quotas[i]; q.Period == use.Period && q.Start == use.Start && q.RuleID == w.Rule.ID && f.owns(w, q) && q.Expiry != settlement.NoInstant {
			return q.Expiry
		}
	}
	return math.MaxInt64
}
