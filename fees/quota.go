package fees

import (
	"cmp"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Quota is one row of the state of free quotas: what one owner was granted for one
// period by one rule, and used of it. It says that the quota is known: without a row
// a lifetime quota, and those that began before the state, are not.
type Quota struct {
	Wallet settlement.Wallet
	// Owner is the identity, or the account where the rule's scope is the account.
	Owner string
	// RuleID without a version: a quota outlives the versions of its rule.
	RuleID string
	Period Period
	// Start is the first instant of a day or month, the receipt of a lot, NoInstant of
	// a lifetime. Expiry is the instant from which it cannot be used, NoInstant for
	// never.
	Start, Expiry settlement.Instant
	Granted, Used settlement.Amount // fen, 0 ≤ Used ≤ Granted
}

// Left is what can still be used of q.
func (q *Quota) Left() settlement.Amount { return q.Granted - q.Used }

// Check returns what is wrong with an opening quota.
func (q *Quota) Check() error {
	switch {
	case q.Wallet == settlement.NoWallet || q.Owner == "" || q.RuleID == "":
		return fmt.Errorf("a quota needs a wallet, an owner and a rule_id")
	case !slices.Contains(Periods, string(q.Period)):
		return fmt.Errorf("quota of %s: period %q is not known", q.Owner, q.Period)
	case q.Granted < 0 || q.Used < 0 || q.Granted > settlement.MaxAmount:
		return fmt.Errorf("quota of %s: granted %s and used %s must not be negative", q.Owner, q.Granted, q.Used)
	case q.Used > q.Granted:
		return fmt.Errorf("quota of %s: %s used of %s granted: less than nothing is left", q.Owner, q.Used, q.Granted)
	case q.Period != Lifetime && q.Start == settlement.NoInstant:
		return fmt.Errorf("quota of %s: a %s needs its start", q.Owner, q.Period)
	}
	return nil
}

func (q *Quota) usable(at settlement.Instant) bool {
	return (q.Start == settlement.NoInstant || q.Start <= at) && (q.Expiry == settlement.NoInstant || at < q.Expiry)
}

// compareQuotas orders the rows of one owner and rule as they are used: earliest
// expiry first, lifetime last; then by start.
func compareQuotas(a, b *Quota) int {
	ends := func(q *Quota) (never bool, at settlement.Instant) { return q.Expiry == settlement.NoInstant, q.Expiry }
	aNever, aAt := ends(a)
	bNever, bAt := ends(b)
	if aNever != bNever {
		if bNever {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(boolInt(a.Period == Lifetime), boolInt(b.Period == Lifetime)), cmp.Compare(aAt, bAt), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Period, b.Period))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareRows is the order of quota rows in tables.
func compareRows(a, b Quota) int {
	return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.RuleID, b.RuleID), compareQuotas(&a, &b))
}

// Owner is an account as the configuration knows it.
type Owner struct {
	Wallet      settlement.Wallet
	Account     string
	AccountType AccountType
	Identity    string // "" where it is not configured
	Category    string
}

// owner is whose quota a grant is, "" where that is not known.
func (o *Owner) owner(scope Scope) string {
	if scope == ByIdentity {
		return o.Identity
	}
	return o.Account
}

// MoveKind is what a Movement is.
type MoveKind uint8

const (
	NoMove   MoveKind = iota
	Withdraw          // 提现
	Bounce            // 提现退回: the bank returned a withdrawal
	Receive           // a receipt of which lots accrue
)

// Movement is one event of an account that touches quotas. FlowNo orders events of
// one instant; Of is the FlowNo of the withdrawal that a Bounce returns.
type Movement struct {
	Kind   MoveKind
	Owner  Owner
	At     settlement.Instant
	FlowNo string
	Of     string
	Amount settlement.Amount // magnitude, without the fee
}

// Use is a part of a quota that a withdrawal used.
type Use struct {
	Period Period
	Start  settlement.Instant
	Amount settlement.Amount
}

// WithdrawalFee is what a withdrawal or a bounce should have cost.
type WithdrawalFee struct {
	Movement
	Rule *Rule // nil where none holds
	// Expected is a cost: negative of a bounce, which gives the fee back; NoAmount
	// where Class is quota_unknown or rule_missing.
	Expected settlement.Amount
	Class    settlement.VarianceClass // ClassMatch where there is an expectation
	// QuotaUsed is what quotas covered, negative of a bounce; NoAmount where it is
	// not known. Uses splits it, in the order of use.
	QuotaUsed settlement.Amount
	Uses      []Use
	Why       string // why there is no expectation
}

// QuotaState is the state between two folds.
type QuotaState struct {
	// Since is from when on every movement is in the folds: a day or a month that
	// begins later starts unused. NoInstant where that is not known.
	Since  settlement.Instant
	Quotas []Quota
	// Past are withdrawals that may still bounce.
	Past []WithdrawalFee
}

// Withdrawals prices the withdrawals and bounces among movements, in the order
// (time, flow number), and returns the state after them. It is a fold: movements cut
// into pieces in that order, one call each, give the same. The state that is given
// stays as it is. Results are in that order; receipts have none. Past keeps every
// withdrawal: the caller drops what is too old to bounce.
//
// An error is one of the state or the movements: a quota that is less than nothing, a
// negative amount, two withdrawals of one account and flow number.
func (s *Schedule) Withdrawals(state QuotaState, movements []Movement) ([]WithdrawalFee, QuotaState, error) {
	f := fold{schedule: s, since: state.Since, quotas: slices.Clone(state.Quotas), past: slices.Clone(state.Past), byFlow: map[flowKey]int{}}
	for i := range f.quotas {
		if err := f.quotas[i].Check(); err != nil {
			return nil, state, err
		}
	}
	for i := range f.past {
		f.byFlow[f.past[i].key()] = i
	}
	moves := slices.Clone(movements)
	slices.SortStableFunc(moves, compareMovements)
	var out []WithdrawalFee
	for i := range moves {
		m := &moves[i]
		if m.Amount < 0 || m.Amount > settlement.MaxAmount || m.At == settlement.NoInstant {
			return nil, state, fmt.Errorf("movement %s of account %s: an amount of %s at %q cannot be priced", m.FlowNo, m.Owner.Account, m.Amount, m.At)
		}
		switch m.Kind {
		case Receive:
			f.receive(m)
		case Withdraw:
			w := f.withdraw(m)
			if _, twice := f.byFlow[w.key()]; twice {
				return nil, state, fmt.Errorf("withdrawal %s of account %s is there twice", m.FlowNo, m.Owner.Account)
			}
			f.byFlow[w.key()] = len(f.past)
			f.past = append(f.past, w)
			out = append(out, w)
		case Bounce:
			out = append(out, f.bounce(m))
		default:
			return nil, state, fmt.Errorf("movement %s of account %s has no kind", m.FlowNo, m.Owner.Account)
		}
	}
	slices.SortStableFunc(f.quotas, compareRows)
	return out, QuotaState{Since: state.Since, Quotas: f.quotas, Past: f.past}, nil
}

func compareMovements(a, b Movement) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.FlowNo, b.FlowNo), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Owner.Wallet, b.Owner.Wallet), cmp.Compare(a.Owner.Account, b.Owner.Account))
}

type flowKey struct {
	wallet          settlement.Wallet
	account, flowNo string
}

func (w *WithdrawalFee) key() flowKey { return flowKey{w.Owner.Wallet, w.Owner.Account, w.FlowNo} }

// fold is the state while movements are taken.
type fold struct {
	schedule *Schedule
	since    settlement.Instant
	quotas   []Quota
	past     []WithdrawalFee
	byFlow   map[flowKey]int
}

func (o *Owner) subject() Subject {
	return Subject{Wallet: o.Wallet, AccountType: o.AccountType, Merchant: o.Account, Category: o.Category, Event: OnWithdrawal}
}

// withdraw prices one withdrawal and uses its quotas.
func (f *fold) withdraw(m *Movement) WithdrawalFee {
	w := WithdrawalFee{Movement: *m, Expected: settlement.NoAmount, QuotaUsed: settlement.NoAmount, Class: settlement.ClassRuleMissing}
	d := f.schedule.Decide(m.Owner.subject(), m.At)
	if w.Rule = d.Rule; w.Rule == nil {
		w.Why = d.Why
		return w
	}
	if w.Rule.Kind == AsBilled {
		w.Why = "the bill alone says what was charged"
		return w
	}
	rows, why := f.known(w.Rule, &m.Owner, m.At)
	if why != "" {
		w.Class, w.Why = settlement.ClassQuotaUnknown, why
		return w
	}
	w.Class, w.QuotaUsed = settlement.ClassMatch, 0
	for _, q := range rows {
		if part := min(q.Left(), m.Amount-w.QuotaUsed); part > 0 {
			q.Used += part
			w.QuotaUsed += part
			w.Uses = append(w.Uses, Use{q.Period, q.Start, part})
		}
	}
	w.Expected = w.Rule.ExcessFee(m.Amount, w.QuotaUsed)
	return w
}

// known returns the quota rows of a rule that can be used at a time, in the order of
// use, or why they are not all known. Days and months that the state has seen begin
// are opened.
func (f *fold) known(r *Rule, o *Owner, at settlement.Instant) (rows []*Quota, why string) {
	for i := range r.Quotas {
		g := &r.Quotas[i]
		owner := o.owner(g.Scope)
		if owner == "" {
			return nil, fmt.Sprintf("account %s has no identity, which shares its quota", o.Account)
		}
		if !f.open(r, g, o.Wallet, owner, at) {
			return nil, fmt.Sprintf("the opening quota (%s) of %s is not known", g.Period, owner)
		}
	}
	for i := range f.quotas {
		q := &f.quotas[i]
		if q.Wallet != o.Wallet || q.RuleID != r.ID || !q.usable(at) {
			continue
		}
		if slices.ContainsFunc(r.Quotas, func(g Grant) bool { return g.Period == q.Period && o.owner(g.Scope) == q.Owner }) {
			rows = append(rows, q)
		}
	}
	slices.SortStableFunc(rows, compareQuotas)
	return rows, ""
}

// open says whether a grant's quota at a time is known, and adds the row of a day or
// month that begins with it.
func (f *fold) open(r *Rule, g *Grant, wallet settlement.Wallet, owner string, at settlement.Instant) bool {
	start, expiry := g.Period.around(at)
	for i := range f.quotas {
		q := &f.quotas[i]
		if q.Wallet == wallet && q.Owner == owner && q.RuleID == r.ID && q.Period == g.Period && (g.Period == LotPeriod || q.Start == start) {
			return true
		}
	}
	switch g.Period {
	case Lifetime:
		return false
	case LotPeriod:
		return f.since != settlement.NoInstant && g.AccruesFrom != settlement.NoInstant && f.since <= g.AccruesFrom
	}
	if f.since == settlement.NoInstant || start < f.since {
		return false
	}
	f.quotas = append(f.quotas, Quota{Wallet: wallet, Owner: owner, RuleID: r.ID, Period: g.Period, Start: start, Expiry: expiry, Granted: g.Amount})
	return true
}

// around is the day or month in Asia/Shanghai that holds an instant.
func (p Period) around(at settlement.Instant) (start, expiry settlement.Instant) {
	switch p {
	case Daily:
		day := settlement.DayOf(at)
		return day.Start(), (day + 1).Start()
	case Monthly:
		year, month, _ := at.Time().Date()
		first, _ := settlement.CivilDay(year, int(month), 1)
		next := first + 31
		year, month, _ = next.Start().Time().Date()
		after, _ := settlement.CivilDay(year, int(month), 1)
		return first.Start(), after.Start()
	}
	return settlement.NoInstant, settlement.NoInstant
}

// receive adds the lots that a receipt earns.
func (f *fold) receive(m *Movement) {
	rule := f.schedule.Select(m.Owner.subject(), m.At)
	if rule == nil {
		return
	}
	for i := range rule.Quotas {
		g := &rule.Quotas[i]
		owner := m.Owner.owner(g.Scope)
		if g.Period != LotPeriod || g.Share == 0 || owner == "" || m.At < g.AccruesFrom || g.AccruesUntil != settlement.NoInstant && m.At >= g.AccruesUntil {
			continue
		}
		if !f.open(rule, g, m.Owner.Wallet, owner, m.At) {
			continue // one lot more does not make the others known
		}
		granted, _ := product(uint64(m.Amount), uint64(g.Share)).divide(million)
		expiry := settlement.InstantOf(m.At.Time().AddDate(g.ValidYears, 0, 0))
		f.quotas = append(f.quotas, Quota{Wallet: m.Owner.Wallet, Owner: owner, RuleID: rule.ID, Period: LotPeriod,
			Start: m.At, Expiry: expiry, Granted: settlement.Amount(granted)})
	}
}

// bounce gives back what a withdrawal used and what it cost.
func (f *fold) bounce(m *Movement) WithdrawalFee {
	b := WithdrawalFee{Movement: *m, Expected: settlement.NoAmount, QuotaUsed: settlement.NoAmount, Class: settlement.ClassQuotaUnknown}
	i, ok := f.byFlow[flowKey{m.Owner.Wallet, m.Owner.Account, m.Of}]
	if !ok {
		b.Why = fmt.Sprintf("the withdrawal %s that came back is not known", m.Of)
		return b
	}
	w := &f.past[i]
	b.Rule, b.Class = w.Rule, w.Class
	if w.Expected == settlement.NoAmount {
		b.Why = w.Why
		return b
	}
	if w.QuotaUsed == settlement.NoAmount { // it came back before
		b.Class, b.Why = settlement.ClassQuotaUnknown, fmt.Sprintf("the withdrawal %s came back before", m.Of)
		return b
	}
	b.Expected, b.QuotaUsed = -w.Expected, -w.QuotaUsed
	for _, use := range w.Uses {
		b.Uses = append(b.Uses, Use{use.Period, use.Start, -use.Amount})
		left := use.Amount
		for j := range f.quotas {
			q := &f.quotas[j]
			if q.Wallet != w.Owner.Wallet || q.RuleID != w.Rule.ID || q.Period != use.Period || q.Start != use.Start || !f.owns(w, q) {
				continue
			}
			part := min(left, q.Used)
			q.Used -= part
			left -= part
		}
	}
	w.QuotaUsed = settlement.NoAmount
	return b
}

// owns says that q is a quota of w's owner.
func (f *fold) owns(w *WithdrawalFee, q *Quota) bool {
	return slices.ContainsFunc(w.Rule.Quotas, func(g Grant) bool { return g.Period == q.Period && w.Owner.owner(g.Scope) == q.Owner })
}

// StatedQuotas are the rows by which left is what an owner has of a rule's quota that
// is no lot, in the period that holds at; none where the rule has none.
func StatedQuotas(r *Rule, o *Owner, at settlement.Instant, left settlement.Amount) (rows []Quota) {
	for i := range r.Quotas {
		g := &r.Quotas[i]
		if g.Period == LotPeriod {
			continue
		}
		start, expiry := g.Period.around(at)
		q := Quota{Wallet: o.Wallet, Owner: o.owner(g.Scope), RuleID: r.ID, Period: g.Period, Start: start, Expiry: expiry, Granted: left}
		rows, left = append(rows, q), 0 // of several the first has it all
	}
	return rows
}

// StatedLot is the row of a lot that was received at start.
func StatedLot(r *Rule, o *Owner, start settlement.Instant, granted settlement.Amount) (rows []Quota) {
	for i := range r.Quotas {
		if g := &r.Quotas[i]; g.Period == LotPeriod {
			expiry := settlement.InstantOf(start.Time().AddDate(max(g.ValidYears, 1), 0, 0))
			rows = append(rows, Quota{Wallet: o.Wallet, Owner: o.owner(g.Scope), RuleID: r.ID, Period: LotPeriod, Start: start, Expiry: expiry, Granted: granted})
		}
	}
	return rows
}
