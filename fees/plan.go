package fees

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"reconcile/settlement"
)

// Need says how much a plan must move.
type Need uint8

const (
	NeedAmount Need = iota // an amount, by the last day
	NeedAll                // all that the accounts have above their reserves
	NeedFree               // what costs nothing
)

// Income is money that will come into an account at the beginning of a day.
type Income struct {
	On     settlement.Day
	Amount settlement.Amount
}

// PlanAccount is an account that a plan may withdraw from.
type PlanAccount struct {
	Account
	Balance settlement.Amount // at the beginning of the first day
	Income  []Income
}

// PlanInput is what a plan is asked for. Nothing moves: a plan is advice.
type PlanInput struct {
	Accounts   []PlanAccount
	Quotas     QuotaState
	From, Last settlement.Day // the first and the last day to withdraw on
	Need       Need
	Amount     settlement.Amount // of NeedAmount
}

// PlanStep is one withdrawal of a plan.
type PlanStep struct {
	On   settlement.Day
	Paid WithdrawalFee // what it should cost, the quotas used and the rule
}

// Waiting is what a plan leaves in an account above its reserve.
type Waiting struct {
	Account *PlanAccount
	Amount  settlement.Amount
	// Fee is what it would cost to withdraw it on the last day, and WorthFrom the
	// amount from which the minimum fee is no more than the rate; NoAmount where there
	// is none.
	Fee, WorthFrom settlement.Amount
}

// Plan is the cheapest way to move what is needed, with the naive way beside it.
type Plan struct {
	Steps      []PlanStep
	Moved, Fee settlement.Amount
	Waiting    []Waiting
	// Naive is what the same amount costs when each account is emptied every day, in the
	// order given, until the amount is moved.
	NaiveFee   settlement.Amount
	NaiveSteps int
}

// Saving is what the plan saves against the naive way.
func (p *Plan) Saving() settlement.Amount { return p.NaiveFee - p.Fee }

const (
	longestPlan     = 366 // days
	mostPayers      = 10  // accounts whose subsets are tried
	never           = settlement.Amount(math.MaxInt64 / 4)
	mostWithdrawals = 100_000
)

// ErrShort says that a plan cannot move what is needed by its last day.
var ErrShort = errors.New("the accounts do not hold enough by then")

// PlanWithdrawals returns the cheapest plan: what is free as early as it is, one paid
// withdrawal rather than several, and as late as possible, so that no quota is
// crossed for a crumb while money may still come. Each account withdraws once a day
// unless a limit forces more. Of plans of one fee it takes that which leaves the
// quotas that last longest. It does not hunt for what rounding gives away, up to half
// a fen a withdrawal.
func (s *Schedule) PlanWithdrawals(in PlanInput) (*Plan, error) {
	p := &planner{schedule: s, in: in, days: int(in.Last-in.From) + 1}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	best, err := p.search()
	if err != nil {
		return nil, err
	}
	plan := p.report(best)
	p.naive(plan)
	return plan, nil
}

// planner searches for a plan. Amounts by account and day are what is moved,
// without fees.
type planner struct {
	schedule *Schedule
	in       PlanInput
	days     int
	inflow   [][]settlement.Amount // available by account and day, above the reserve, without withdrawals
	rules    [][]*Rule             // by account and day
	payers   []int                 // accounts where something may cost
	need     settlement.Amount
}

// draft is a plan under construction.
type draft struct {
	free, paid [][]settlement.Amount // by account and day
	// order is that of the accounts on each day: those that do not pay first, so that
	// a quota that several share is not used up by one that pays anyway.
	order      []int
	fold       fold // after all steps
	steps      []PlanStep
	moved, fee settlement.Amount
	lifetime   settlement.Amount // lifetime quota used
}

func (p *planner) prepare() error {
	if p.days < 1 || p.days > longestPlan {
		return fmt.Errorf("from %s to %s is not between 1 and %d days", p.in.From, p.in.Last, longestPlan)
	}
	if len(p.in.Accounts) == 0 {
		return errors.New("no account to withdraw from")
	}
	if p.in.Amount < 0 || p.in.Amount > settlement.MaxAmount {
		return fmt.Errorf("an amount of %s cannot be moved", p.in.Amount)
	}
	var total Sum
	for i := range p.in.Accounts {
		a := &p.in.Accounts[i]
		if err := p.prepareAccount(a); err != nil {
			return err
		}
		total.Add(p.inflow[i][p.days-1])
		if slices.ContainsFunc(p.rules[i], func(r *Rule) bool { return r.Kind != Zero && r.Kind != Waiver }) {
			p.payers = append(p.payers, i)
		}
	}
	most, ok := total.Amount()
	if !ok {
		return fmt.Errorf("the balances: %w", settlement.ErrOverflow)
	}
	p.need = p.in.Amount
	switch {
	case p.in.Need == NeedAll, p.in.Need == NeedFree:
		p.need = never
	case p.need > most:
		return fmt.Errorf("%s is needed until %s and the accounts have %s above their reserves: %w", p.need, p.in.Last, most, ErrShort)
	}
	return nil
}

func (p *planner) prepareAccount(a *PlanAccount) error {
	name := fmt.Sprintf("account %s of %s", a.Account.Account, a.Wallet)
	if a.Balance < 0 || a.Limits.Reserve < 0 || a.Limits.Single < 0 || a.Limits.Daily < 0 || a.Limits.DailyCount < 0 {
		return fmt.Errorf("%s: an amount or limit is negative", name)
	}
	have := make([]settlement.Amount, p.days)
	for d := range have {
		have[d] = a.Balance - a.Limits.Reserve
	}
	for _, income := range a.Income {
		if income.Amount < 0 || income.Amount > settlement.MaxAmount {
			return fmt.Errorf("%s: income of %s on %s", name, income.Amount, income.On)
		}
		for d := max(int(income.On-p.in.From), 0); d < p.days; d++ {
			sum, err := have[d].Add(income.Amount)
			if err != nil || sum > settlement.MaxAmount {
				return fmt.Errorf("%s: income: %w", name, settlement.ErrOverflow)
			}
			have[d] = sum
		}
	}
	rules := make([]*Rule, p.days)
	for d := range rules {
		have[d] = max(have[d], 0)
		decision := p.schedule.Decide(a.Owner.subject(), p.at(d))
		rules[d] = decision.Rule
		switch {
		case decision.Rule == nil:
			return fmt.Errorf("%s: what a withdrawal costs on %s is not known: %s", name, p.in.From+settlement.Day(d), decision.Why)
		case decision.Rule.Kind == AsBilled || decision.Rule.Kind == Instalment:
			return fmt.Errorf("%s: rule %s does not tell what a withdrawal costs", name, decision.Rule.ID)
		case !decision.Rule.OnTop && decision.Rule.Kind != Zero && decision.Rule.Kind != Waiver:
			return fmt.Errorf("%s: rule %s deducts its fee from the amount; a plan knows fees on top alone", name, decision.Rule.ID)
		}
	}
	p.inflow, p.rules = append(p.inflow, have), append(p.rules, rules)
	return nil
}

// at is the instant at which a day's withdrawals are planned: its first, at which
// every quota that the day begins with can be used.
func (p *planner) at(day int) settlement.Instant { return (p.in.From + settlement.Day(day)).Start() }

// search tries which accounts pay, and returns the cheapest draft.
func (p *planner) search() (*draft, error) {
	var best *draft
	keep := func(d *draft, err error) error {
		if err != nil || d == nil {
			return err
		}
		if best == nil || d.betterThan(best, p.need) {
			best = d
		}
		return nil
	}
	for _, paying := range p.subsets() {
		for _, patient := range []bool{false, true} {
			if patient && len(paying) == 0 {
				continue
			}
			if err := keep(p.draft(paying, patient)); err != nil {
				return nil, err
			}
		}
	}
	if p.need != never && best.moved < p.need {
		return nil, fmt.Errorf("%s is needed until %s; with fees and limits %s can be moved: %w", p.need, p.in.Last, best.moved, ErrShort)
	}
	return best, nil
}

// subsets are the sets of accounts that may pay, none first; where there are too many
// for all sets, none, each alone and all.
func (p *planner) subsets() (sets [][]int) {
	if p.in.Need == NeedFree {
		return [][]int{nil}
	}
	if p.in.Need == NeedAll {
		return [][]int{p.payers}
	}
	if len(p.payers) > mostPayers {
		sets = append(sets, nil)
		for _, a := range p.payers {
			sets = append(sets, []int{a})
		}
		return append(sets, p.payers)
	}
	for mask := range 1 << len(p.payers) {
		var set []int
		for i, a := range p.payers {
			if mask>>i&1 == 1 {
				set = append(set, a)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// betterThan compares drafts: enough before too little, then the fee, then the
// lifetime quota used, then the number of withdrawals.
func (d *draft) betterThan(other *draft, need settlement.Amount) bool {
	if need == never || d.moved < need || other.moved < need {
		if d.moved != other.moved {
			return d.moved > other.moved
		}
	}
	return cmp.Or(cmp.Compare(d.fee, other.fee), cmp.Compare(d.lifetime, other.lifetime), cmp.Compare(len(d.steps), len(other.steps))) < 0
}

// draft builds the plan in which only the paying accounts pay, nil where there is
// none. Where patient, these leave free quotas to the others until the last day.
func (p *planner) draft(paying []int, patient bool) (*draft, error) {
	d := &draft{free: p.grid(), paid: p.grid()}
	if err := p.takeFree(d, paying, patient); err != nil {
		return nil, err
	}
	if short := p.need - total(d.free); short > 0 {
		p.takePaid(d, paying, short)
	} else {
		p.trim(d, -short)
	}
	if !p.play(d) {
		return nil, nil
	}
	return d, nil
}

func (p *planner) grid() [][]settlement.Amount {
	g := make([][]settlement.Amount, len(p.in.Accounts))
	for i := range g {
		g[i] = make([]settlement.Amount, p.days)
	}
	return g
}

func total(grid [][]settlement.Amount) (sum settlement.Amount) {
	for _, row := range grid {
		for _, a := range row {
			sum += a
		}
	}
	return sum
}

func (p *planner) newFold() fold {
	return fold{schedule: p.schedule, since: p.in.Quotas.Since, quotas: slices.Clone(p.in.Quotas.Quotas), byFlow: map[flowKey]int{}}
}

// takeFree moves what costs nothing, as early as it can: the accounts that do not pay
// first.
func (p *planner) takeFree(d *draft, paying []int, patient bool) error {
	f := p.newFold()
	for i := range p.in.Accounts {
		d.order = append(d.order, i)
	}
	slices.SortStableFunc(d.order, func(a, b int) int {
		return cmp.Compare(boolInt(slices.Contains(paying, a)), boolInt(slices.Contains(paying, b)))
	})
	for day := range p.days {
		for _, a := range d.order {
			if patient && day < p.days-1 && slices.Contains(paying, a) {
				continue
			}
			amount := min(p.slack(d, a, day), p.dayLimit(a))
			if r := p.rules[a][day]; r.Kind != Zero && r.Kind != Waiver {
				free, err := p.quotaLeft(&f, a, day)
				if err != nil {
					return err
				}
				amount = min(amount, free)
			}
			if amount > 0 {
				d.free[a][day] = amount
				f.withdraw(p.movement(a, day, amount, 0))
			}
		}
	}
	return nil
}

// quotaLeft is what an account can withdraw free on a day.
func (p *planner) quotaLeft(f *fold, a, day int) (settlement.Amount, error) {
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
		left = min(left+q.Left(), settlement.MaxAmount)
	}
	return left, nil
}

func (p *planner) movement(a, day int, amount settlement.Amount, number int) *Movement {
	return &Movement{Kind: Withdraw, Owner: p.in.Accounts[a].Owner, At: p.at(day), Amount: amount,
		FlowNo: fmt.Sprintf("%06d", number)}
}

// slack is the most that can leave an account on a day so that what it moves later
// still can.
func (p *planner) slack(d *draft, a, day int) settlement.Amount {
	least := never
	var out settlement.Amount
	for t := range p.days {
		out += d.free[a][t] + d.paid[a][t]
		if d.paid[a][t] > 0 {
			out += p.feeOf(d, a, t)
		}
		if t >= day {
			least = min(least, p.inflow[a][t]-out)
		}
	}
	return max(least, 0)
}

// dayLimit is the most that an account may move on one day.
func (p *planner) dayLimit(a int) settlement.Amount {
	l := &p.in.Accounts[a].Limits
	most := never
	if l.Daily > 0 {
		most = l.Daily
	}
	if l.Single > 0 && l.DailyCount > 0 && l.Single < most/settlement.Amount(l.DailyCount) {
		most = min(most, l.Single*settlement.Amount(l.DailyCount))
	}
	return most
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
		for _, a := range d.order {
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
