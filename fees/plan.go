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
	// NaiveFee is what it costs to empty each account every day, in the order given,
	// until the same amount is moved. NaiveMoved is less where that way does not get so
	// far, since it pays more.
	NaiveFee, NaiveMoved settlement.Amount
	NaiveSteps           int
}

// Saving is what the plan saves against the naive way, NoAmount where that does not
// move as much.
func (p *Plan) Saving() settlement.Amount {
	if p.NaiveMoved != p.Moved {
		return settlement.NoAmount
	}
	return p.NaiveFee - p.Fee
}

const (
	longestPlan     = 366 // days
	mostSlots       = 8   // of which every subset is tried
	never           = settlement.Amount(math.MaxInt64 / 4)
	mostWithdrawals = 100_000
)

// ErrShort says that a plan cannot move what is needed by its last day.
var ErrShort = errors.New("the accounts do not hold enough by then")

// PlanWithdrawals returns the cheapest plan: what is free as early as it is, one paid
// withdrawal rather than several, and as late as possible, so that no quota is
// crossed for a crumb while money may still come. Each account withdraws once a day
// unless a limit forces more. Of plans of one fee it takes that which uses the least
// of lifetime quotas, then that which moves more earlier. It does not hunt for what rounding gives away, up to half
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
	// order is that of the accounts on each day: those that do not pay on it first, so that
	// a quota that several share is not used up by one that pays anyway.
	order      [][]int
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
	for _, open := range p.openings() {
		ways, firsts := usesOfFree, 1
		if p.shared() {
			firsts = len(p.in.Accounts)
		}
		if len(open) == 0 {
			ways, firsts = 1, 1
		}
		for way := range ways {
			for first := range firsts {
				if err := keep(p.draft(open, way, first)); err != nil {
					return nil, err
				}
			}
		}
	}
	if p.need != never && best.moved < p.need {
		return nil, fmt.Errorf("%s is needed until %s; with fees and limits %s can be moved: %w", p.need, p.in.Last, best.moved, ErrShort)
	}
	return best, nil
}

// slot is a withdrawal that may cost: one account on one day.
type slot struct{ account, day int }

// openings are the sets of slots that may be paid for, none first. An account pays on
// the last day; on others too where a limit may force it. Where there are too many for
// every set, all days of some accounts are open, the last days filled first.
func (p *planner) openings() (sets [][]slot) {
	if p.in.Need == NeedFree {
		return [][]slot{nil}
	}
	var slots []slot
	for _, a := range p.payers {
		first := p.days - 1
		if p.dayLimit(a) < never {
			first = 0
		}
		for day := p.days - 1; day >= first; day-- {
			slots = append(slots, slot{a, day})
		}
	}
	if p.in.Need == NeedAll {
		return [][]slot{nil, slots}
	}
	if len(slots) <= mostSlots {
		return everySet(slots)
	}
	accounts := [][]int{nil}
	if len(p.payers) <= mostSlots {
		accounts = everySet(p.payers)
	} else {
		for _, a := range p.payers {
			accounts = append(accounts, []int{a})
		}
		accounts = append(accounts, p.payers)
	}
	for _, set := range accounts {
		sets = append(sets, slices.DeleteFunc(slices.Clone(slots), func(s slot) bool { return !slices.Contains(set, s.account) }))
	}
	return sets
}

// everySet returns the subsets of a list, the empty one first.
func everySet[T any](list []T) (sets [][]T) {
	for mask := range 1 << len(list) {
		var set []T
		for i, one := range list {
			if mask>>i&1 == 1 {
				set = append(set, one)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// betterThan compares drafts: enough before too little, then the fee, then the
// lifetime quota used, then who moves more earlier, then the number of withdrawals.
func (d *draft) betterThan(other *draft, need settlement.Amount) bool {
	if need == never || d.moved < need || other.moved < need {
		if d.moved != other.moved {
			return d.moved > other.moved
		}
	}
	return cmp.Or(cmp.Compare(d.fee, other.fee), cmp.Compare(d.lifetime, other.lifetime), slices.Compare(other.byDay(), d.byDay()),
		cmp.Compare(len(d.steps), len(other.steps))) < 0
}

// byDay is what a draft moves on each day.
func (d *draft) byDay() []settlement.Amount {
	sums := make([]settlement.Amount, len(d.free[0]))
	for a := range d.free {
		for day := range sums {
			sums[day] += d.free[a][day] + d.paid[a][day]
		}
	}
	return sums
}

// shared says that accounts share quotas.
func (p *planner) shared() bool {
	for i := range p.in.Accounts {
		for j := range p.in.Accounts[:i] {
			a, b := &p.in.Accounts[i], &p.in.Accounts[j]
			if a.Wallet == b.Wallet && a.Identity == b.Identity && a.Identity != "" {
				return true
			}
		}
	}
	return false
}

// useOfFree is how the accounts that pay use quotas that they share with others.
type useOfFree int

const (
	// patient: they leave them to the others until the last day, but for those that
	// expire before it.
	patient useOfFree = 1
	// sparing: they leave them to the others as far as they need their own balance to
	// fill what their minimum covers.
	sparing useOfFree = 2
	// usesOfFree is the number of ways: neither, one of them, both.
	usesOfFree useOfFree = 4
)

// draft builds the plan in which only open slots are paid for, nil where there is none.
// Among accounts that pay alike, first is the one that uses quotas first.
func (p *planner) draft(open []slot, way useOfFree, first int) (*draft, error) {
	d := &draft{free: p.grid(), paid: p.grid()}
	if err := p.takeFree(d, open, way, first); err != nil {
		return nil, err
	}
	if short := p.need - total(d.free); short > 0 {
		p.takePaid(d, open, short)
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
