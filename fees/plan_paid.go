package fees

import (
	"cmp"
	"slices"

	"reconcile/settlement"
)

// takePaid moves what is short in the open slots: the lowest rates first, then the
// latest days, and every withdrawal that pays the minimum up to what the minimum
// covers. Where not every set of slots is tried, days before the last are opened only
// when those after them are full.
func (p *planner) takePaid(d *draft, open []slot, short settlement.Amount) {
	order := slices.Clone(open)
	slices.SortStableFunc(order, func(a, b slot) int {
		return cmp.Or(cmp.Compare(p.rules[a.account][a.day].Rate, p.rules[b.account][b.day].Rate), cmp.Compare(b.day, a.day))
	})
	take := func(s slot, most settlement.Amount) {
		part := p.room(d, s, min(most, short))
		d.paid[s.account][s.day] += part
		short -= part
	}
	for _, s := range order { // what the minimum covers
		if m := p.rules[s.account][s.day].worthFrom(); m != settlement.NoAmount && (len(open) <= mostSlots || s.day == p.days-1) {
			take(s, m)
		}
	}
	for _, s := range order {
		take(s, short)
	}
	p.level(d)
	p.polish(d, order)
}

// polish saves fen that rounding took: what lifts one withdrawal's fee by its last fen
// goes to others whose fee it does not lift.
func (p *planner) polish(d *draft, open []slot) {
	for _, from := range open {
		paid := &d.paid[from.account][from.day]
		amount, fee := *paid, p.feeOf(d, from.account, from.day)
		if amount == 0 || fee == 0 {
			continue
		}
		low, high := settlement.Amount(0), amount
		for low < high {
			*paid = low + (high-low+1)/2
			if p.feeOf(d, from.account, from.day) < fee {
				low = *paid
			} else {
				high = *paid - 1
			}
		}
		if *paid = low; low == 0 || !p.place(d, open, from, amount-low) {
			*paid = amount
		}
	}
}

// place moves an excess into other paid withdrawals whose fee it does not lift; where
// not all of it can be placed nothing is.
func (p *planner) place(d *draft, open []slot, not slot, excess settlement.Amount) bool {
	placed := map[slot]settlement.Amount{}
	for _, s := range open {
		paid := d.paid[s.account][s.day]
		if s == not || paid == 0 || excess == 0 {
			continue
		}
		fee := p.feeOf(d, s.account, s.day)
		more := p.room(d, s, excess)
		for d.paid[s.account][s.day] = paid + more; more > 0 && p.feeOf(d, s.account, s.day) > fee; d.paid[s.account][s.day] = paid + more {
			more /= 2
		}
		placed[s] = more
		excess -= more
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

// level fills paid withdrawals up to what their minimum covers, from others that pay
// by the rate: what the minimum covers costs nothing more.
func (p *planner) level(d *draft) {
	for a := range p.in.Accounts {
		for day := range p.days {
			worth := p.rules[a][day].worthFrom()
			if d.paid[a][day] == 0 || worth == settlement.NoAmount {
				continue
			}
			for from := range p.in.Accounts {
				for other := p.days - 1; other >= 0 && d.paid[a][day] < worth; other-- {
					spare := d.paid[from][other] - max(p.rules[from][other].worthFrom(), 0)
					if from == a && other == day || d.paid[from][other] == 0 || spare <= 0 {
						continue
					}
					move := min(spare, worth-d.paid[a][day])
					d.paid[from][other] -= move // what it leaves may be in the same account
					got := p.room(d, slot{a, day}, move)
					d.paid[a][day] += got
					d.paid[from][other] += move - got
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
		for _, a := range d.order[day] {
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
			free, _ = p.quotaLeft(&d.fold, a, p.days-1, false) // known: it was asked before
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
				free, _ := p.quotaLeft(&f, a, day, false)
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
				plan.NaiveMoved += amount
				plan.NaiveSteps++
			}
		}
	}
}
