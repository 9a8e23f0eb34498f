package fees

import (
	"cmp"
	"slices"

	"reconcile/settlement"
)

// slot is a withdrawal that may cost: one account on one day.
type slot struct{ account, day int }

// takePaid moves what is short from the paying accounts: each on the last day, on
// days before where its limits leave no room; the lowest rates first, and every
// withdrawal that pays the minimum up to what the minimum covers.
func (p *planner) takePaid(d *draft, paying []int, short settlement.Amount) {
	order := slices.Clone(paying)
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(p.rules[a][p.days-1].Rate, p.rules[b][p.days-1].Rate)
	})
	take := func(s slot, most settlement.Amount) {
		part := p.room(d, s, min(most, short))
		d.paid[s.account][s.day] += part
		short -= part
	}
	for _, a := range order { // what the minimum covers
		if m := p.rules[a][p.days-1].worthFrom(); m != settlement.NoAmount {
			take(slot{a, p.days - 1}, m)
		}
	}
	for day := p.days - 1; day >= 0 && short > 0; day-- {
		for _, a := range order {
			take(slot{a, day}, short)
		}
	}
	p.level(d)
	p.polish(d, order)
}

// polish saves fen that rounding took: what lifts one withdrawal's fee by its last fen
// goes to others whose fee it does not lift.
func (p *planner) polish(d *draft, paying []int) {
	for _, from := range paying {
		for fromDay, amount := range d.paid[from] {
			fee := p.feeOf(d, from, fromDay)
			if amount == 0 || fee == 0 {
				continue
			}
			low, high := settlement.Amount(0), amount
			for low < high {
				d.paid[from][fromDay] = low + (high-low+1)/2
				if p.feeOf(d, from, fromDay) < fee {
					low = d.paid[from][fromDay]
				} else {
					high = d.paid[from][fromDay] - 1
				}
			}
			d.paid[from][fromDay] = low
			excess := amount - low
			if low == 0 || !p.place(d, paying, slot{from, fromDay}, excess) {
				d.paid[from][fromDay] = amount
			}
		}
	}
}

// place moves an excess into other paid withdrawals whose fee it does not lift; where
// not all of it can be placed nothing is.
func (p *planner) place(d *draft, paying []int, not slot, excess settlement.Amount) bool {
	placed := map[slot]settlement.Amount{}
	for _, a := range paying {
		for day, paid := range d.paid[a] {
			s := slot{a, day}
			if s == not || paid == 0 || excess == 0 {
				continue
			}
			fee := p.feeOf(d, a, day)
			more := p.room(d, s, excess)
			for d.paid[a][day] = paid + more; more > 0 && p.feeOf(d, a, day) > fee; d.paid[a][day] = paid + more {
				more /= 2
			}
			placed[s] = more
			excess -= more
		}
	}
	if excess > 0 {
		for s, more := range placed {
			d.paid[s.account][s.day] -= more
		}
	}
	return excess == 0
}

// worthFrom is the smallest amount of which the rate is the minimum fee, NoAmount
// where there is no minimum.
func (r *Rule) worthFrom() settlement.Amount {
	if r.MinFee == settlement.NoAmount || r.MinFee == 0 || r.Rate <= 0 {
		return settlement.NoAmount
	}
	quotient, rest := product(uint64(r.MinFee), million).divide(uint64(r.Rate))
	if rest > 0 {
		quotient++
	}
	return settlement.Amount(quotient)
}

// room is how much more a slot can pay for, at most want: within its limit, and with
// its fee within what the account has.
func (p *planner) room(d *draft, s slot, want settlement.Amount) settlement.Amount {
	most := min(want, p.dayLimit(s.account)-d.free[s.account][s.day]-d.paid[s.account][s.day])
	before := d.paid[s.account][s.day]
	low, high := settlement.Amount(0), max(most, 0)
	for low < high {
		middle := low + (high-low+1)/2
		d.paid[s.account][s.day] = before + middle
		if p.fits(d, s.account) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	d.paid[s.account][s.day] = before
	return low
}

// fits says that an account has what it moves, with fees, on every day.
func (p *planner) fits(d *draft, a int) bool {
	var out settlement.Amount
	for t := range p.days {
		out += d.free[a][t] + d.paid[a][t]
		if d.paid[a][t] > 0 {
			out += p.feeOf(d, a, t)
		}
		if out > p.inflow[a][t] {
			return false
		}
	}
	return true
}

// feeOf is what the paid withdrawals of an account on a day cost.
func (p *planner) feeOf(d *draft, a, day int) (fee settlement.Amount) {
	_, paid := p.split(a, day, d.free[a][day], d.paid[a][day])
	for _, part := range paid {
		fee += p.rules[a][day].ExcessFee(part, 0)
	}
	return fee
}

// level moves amounts from fuller paid withdrawals of an account to those on days
// before that pay the minimum for less than it covers, where that is cheaper.
func (p *planner) level(d *draft) {
	for a := range p.in.Accounts {
		for day := range p.days {
			worth := p.rules[a][day].worthFrom()
			have := d.paid[a][day]
			if have == 0 || worth == settlement.NoAmount || have >= worth {
				continue
			}
			for later := p.days - 1; later > day && d.paid[a][day] < worth; later-- {
				spare := d.paid[a][later] - max(p.rules[a][later].worthFrom(), 0)
				if move := min(spare, worth-d.paid[a][day]); move > 0 {
					d.paid[a][later] -= move
					d.paid[a][day] += p.room(d, slot{a, day}, move)
				}
			}
		}
	}
}

// split divides what an account moves on a day into withdrawals within its single
// limit: free ones, then paid ones of which the first may ride on the last free one.
// Every paid one gets at least what the minimum covers, where there is enough. Of the
// ways it takes the cheapest, then that of the fewest withdrawals. free are amounts
// that quotas cover, paid amounts beyond.
func (p *planner) split(a, day int, free, paid settlement.Amount) (frees, paids []settlement.Amount) {
	limit := p.in.Accounts[a].Limits.Single
	if limit == 0 {
		limit = never
	}
	count := p.in.Accounts[a].Limits.DailyCount
	whole, rest := free/limit, free%limit
	for range min(whole, mostWithdrawals) {
		frees = append(frees, limit)
	}
	if paid == 0 || rest == 0 {
		if rest > 0 {
			frees = append(frees, rest)
		}
		return frees, p.rules[a][day].parts(paid, limit, limit)
	}
	r := p.rules[a][day]
	ridden, apart := r.parts(paid, limit-rest, limit), r.parts(paid, limit, limit)
	cost := func(parts []settlement.Amount) (fee settlement.Amount) {
		for _, part := range parts {
			fee += r.ExcessFee(part, 0)
		}
		return fee
	}
	frees = append(frees, rest)
	if cost(apart) < cost(ridden) && (count == 0 || len(frees)+len(apart) <= count) {
		return append(frees, 0), apart // a free one of nothing: the paid ones stand alone
	}
	return frees, ridden
}

// parts divides an amount into as few as fit, the first within first, the others
// within limit, each of at least what the minimum covers where there is enough.
func (r *Rule) parts(amount, first, limit settlement.Amount) (parts []settlement.Amount) {
	for left, room := amount, first; left > 0 && len(parts) < mostWithdrawals; room = limit {
		part := min(left, room)
		parts = append(parts, part)
		left -= part
	}
	worth := r.worthFrom()
	last := len(parts) - 1
	if last < 1 || worth == settlement.NoAmount {
		return parts
	}
	for i := range last {
		if lack := min(worth, limit) - parts[last]; lack > 0 {
			move := min(lack, max(parts[i]-worth, 0))
			parts[i] -= move
			parts[last] += move
		}
	}
	return parts
}

// play runs a draft through the fold of quotas: its steps, with what each costs. It
// is false where an account does not have that: one that pays early used a quota that
// was meant for another.
func (p *planner) play(d *draft) bool {
	d.fold = p.newFold()
	out := make([]settlement.Amount, len(p.in.Accounts))
	for day := range p.days {
		for _, a := range d.order {
			for _, amount := range p.amounts(d, a, day) {
				w := d.fold.withdraw(p.movement(a, day, amount, len(d.steps)))
				d.steps = append(d.steps, PlanStep{On: p.in.From + settlement.Day(day), Paid: w})
				d.moved += amount
				d.fee += w.Expected
				if out[a] += amount + w.Expected; out[a] > p.inflow[a][day] {
					return false
				}
				for _, use := range w.Uses {
					if use.Period == Lifetime {
						d.lifetime += use.Amount
					}
				}
			}
		}
	}
	return true
}

// amounts are the withdrawals of an account on a day, in their order.
func (p *planner) amounts(d *draft, a, day int) []settlement.Amount {
	frees, paids := p.split(a, day, d.free[a][day], d.paid[a][day])
	if n := len(frees); n > 0 && frees[n-1] == 0 {
		return append(frees[:n-1], paids...)
	}
	if n, single := len(frees), p.in.Accounts[a].Limits.Single; n > 0 && len(paids) > 0 && (single == 0 || frees[n-1]+paids[0] <= single) {
		frees[n-1] += paids[0]
		paids = paids[1:]
	}
	return append(frees, paids...)
}

// report makes a plan of the best draft.
func (p *planner) report(d *draft) *Plan {
	plan := &Plan{Steps: d.steps, Moved: d.moved, Fee: d.fee}
	for a := range p.in.Accounts {
		left := p.slack(d, a, p.days-1)
		if left == 0 {
			continue
		}
		r := p.rules[a][p.days-1]
		free := left
		if r.Kind != Zero && r.Kind != Waiver {
			free, _ = p.quotaLeft(&d.fold, a, p.days-1) // known: it was asked before
		}
		plan.Waiting = append(plan.Waiting, Waiting{Account: &p.in.Accounts[a], Amount: left, Fee: r.ExcessFee(left, free), WorthFrom: r.worthFrom()})
	}
	return plan
}

// naive sweeps every account every day until the plan's amount is moved.
func (p *planner) naive(plan *Plan) {
	f := p.newFold()
	left := plan.Moved
	out := make([]settlement.Amount, len(p.in.Accounts))
	for day := range p.days {
		for a := range p.in.Accounts {
			limits := p.in.Accounts[a].Limits
			dayLeft := p.dayLimit(a)
			for n := 0; left > 0 && dayLeft > 0 && n < mostWithdrawals && (limits.DailyCount == 0 || n < limits.DailyCount); n++ {
				free, _ := p.quotaLeft(&f, a, day)
				have := p.inflow[a][day] - out[a]
				amount := have
				if r := p.rules[a][day]; r.OnTop {
					amount, _ = r.LargestAll(have, free)
				}
				amount = min(amount, dayLeft, left)
				if limits.Single > 0 {
					amount = min(amount, limits.Single)
				}
				if amount <= 0 {
					break
				}
				w := f.withdraw(p.movement(a, day, amount, plan.NaiveSteps))
				out[a] += amount + w.Expected
				dayLeft -= amount
				left -= amount
				plan.NaiveFee += w.Expected
				plan.NaiveSteps++
			}
		}
	}
}
