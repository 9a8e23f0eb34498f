package fees

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"reconcile/settlement"
)

// Subject is what is known of an event whose fee is asked for. A field that is left
// zero is not known, which is not the same as being none of the values that rules
// state.
type Subject struct {
	Wallet      settlement.Wallet
	AccountType AccountType
	Merchant    string
	Shop        string
	Category    string
	Funding     string
	Product     string
	Event       Event
	Component   settlement.Component // NoComponent is ChannelFee
}

// Schedule is a checked set of rules. It is never written to after NewSchedule,
// so goroutines may share it. The zero value has no rules.
//
// Of the rules that hold for a subject at a time one applies: that of the highest
// rank. A contract's rule ranks before any preset; among these the rank is the
// number of dimensions that a rule states, of wallet, account_type, merchant, shop,
// category, funding and product. Equal ranks that could meet are refused.
type Schedule struct {
	rules []Rule
	// lists has the rules that could hold for a wallet, by event and component,
	// ordered by rank, then From.
	lists [settlement.Bank + 1][OnDeposit + 1][settlement.PlatformFee + 1][]*Rule
	// contract says of a wallet that it has rules of payments or refunds which are
	// not assumed.
	contract [settlement.Bank + 1]bool
}

// NewSchedule checks rules and returns them as a schedule. The error joins every
// fault: of a single rule; rules of one id and version; rules of equal rank that
// overlap in time, each pair naming both; and gaps in a contract's schedule.
func NewSchedule(rules []Rule) (*Schedule, error) {
	s := &Schedule{rules: slices.Clone(rules)}
	var faults []error
	type version struct{ id, version string }
	seen := map[version]*Rule{}
	for i := range s.rules {
		r := &s.rules[i]
		r.settle()
		if err := r.check(); err != nil {
			faults = append(faults, err)
			continue
		}
		v := version{r.ID, r.Version}
		if first := seen[v]; first != nil {
			faults = append(faults, r.faultf("version %s is given twice (%s, %s): give each a version of its own", r.Version, first, r))
			continue
		}
		seen[v] = r
		s.list(r)
	}
	if len(faults) == 0 {
		faults = append(s.overlaps(), s.gaps()...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for w := range s.lists {
		for e := range s.lists[w] {
			for c := range s.lists[w][e] {
				slices.SortStableFunc(s.lists[w][e][c], func(a, b *Rule) int {
					return cmp.Or(a.compareRank(b), cmp.Compare(a.From, b.From))
				})
			}
		}
	}
	return s, nil
}

// Rules are the rules of s in the order in which they were given. They must not be
// written to.
func (s *Schedule) Rules() []Rule { return s.rules }

// list enters a rule where it will be looked for.
func (s *Schedule) list(r *Rule) {
	for w := range s.lists {
		if r.Wallet == settlement.NoWallet || int(r.Wallet) == w {
			at := &s.lists[w][r.Event][r.Component]
			*at = append(*at, r)
			s.contract[w] = s.contract[w] || !r.Assumed && r.Component == settlement.ChannelFee && (r.Event == OnPayment || r.Event == OnRefund)
		}
	}
}

// candidates are the rules that could hold for a subject.
func (s *Schedule) candidates(q *Subject) []*Rule {
	component := max(q.Component, settlement.ChannelFee)
	if int(q.Wallet) >= len(s.lists) || int(q.Event) >= len(s.lists[0]) || int(component) >= len(s.lists[0][0]) {
		return nil
	}
	return s.lists[q.Wallet][q.Event][component]
}

// Select returns the rule for an event of a payment that succeeded at paidAt, or for
// a withdrawal or deposit made then; nil where there is none or where what is not
// known of the subject decides. Time is the payment's also for refunds. The rule is
// the schedule's: it must not be written to.
func (s *Schedule) Select(q Subject, paidAt settlement.Instant) *Rule {
	if paidAt == settlement.NoInstant {
		return s.SelectBefore(q, math.MaxInt64)
	}
	for _, r := range s.candidates(&q) {
		if !r.covers(paidAt) {
			continue
		}
		switch r.holds(&q) {
		case holdsYes:
			return r
		case holdsUnknown:
			return nil
		}
	}
	return nil
}

// SelectBefore returns the rule for an event of a payment of which only is known
// that it succeeded not after latest: the one rule that would apply whenever
// that was, nil where the time decides.
func (s *Schedule) SelectBefore(q Subject, latest settlement.Instant) *Rule {
	for _, r := range s.candidates(&q) {
		if r.From > latest {
			continue
		}
		held := r.holds(&q)
		switch {
		case held == holdsNo:
		case held == holdsYes && r.From == settlement.NoInstant && (r.Until == settlement.NoInstant || latest < r.Until):
			return r
		default:
			return nil
		}
	}
	return nil
}

// HasContract says that channel fees of a wallet are known to be the merchant's.
func (s *Schedule) HasContract(wallet settlement.Wallet) bool {
	return int(wallet) < len(s.contract) && s.contract[wallet]
}

// NeedsDetail says that which rule applies to a wallet's event depends on more than
// the wallet and the time, so that a Subject should tell all that is known.
func (s *Schedule) NeedsDetail(wallet settlement.Wallet, event Event, component settlement.Component) bool {
	q := Subject{Wallet: wallet, Event: event, Component: component}
	return slices.ContainsFunc(s.candidates(&q), func(r *Rule) bool { return r.specificity() > 1 })
}

// PassedOver is a rule that does not apply, and why.
type PassedOver struct {
	Rule *Rule
	Why  string
}

// Decision is how a rule was chosen.
type Decision struct {
	Rule       *Rule // nil where none applies
	Why        string
	PassedOver []PassedOver // of the same event and component, in the order of rank
}

// Decide is Select with its reasons, for people.
func (s *Schedule) Decide(q Subject, paidAt settlement.Instant) Decision {
	component := max(q.Component, settlement.ChannelFee)
	var d Decision
	undecided := ""
	var rest []PassedOver
	for _, r := range s.candidates(&q) {
		why := ""
		switch held := r.holds(&q); {
		case paidAt != settlement.NoInstant && paidAt < r.From:
			why = "not in force before " + r.From.String()
		case paidAt != settlement.NoInstant && !r.covers(paidAt):
			why = "no longer in force from " + r.Until.String()
		case held == holdsNo:
			why = r.differs(&q)
		case undecided != "":
			why = "comes after a rule that could apply"
		case d.Rule != nil:
			why = d.Rule.before(r)
		case held == holdsUnknown:
			undecided = r.unknown(&q)
			why = undecided
		default:
			d.Rule = r
			continue
		}
		rest = append(rest, PassedOver{r, why})
	}
	if paidAt == settlement.NoInstant {
		if one := s.Select(q, paidAt); one != d.Rule {
			d.Rule, undecided = nil, "the time decides, and it is not known"
		}
	}
	for i := range s.rules {
		if r := &s.rules[i]; r.Event == q.Event && r.Component == component && r.Wallet != settlement.NoWallet && r.Wallet != q.Wallet {
			rest = append(rest, PassedOver{r, "of another wallet"})
		}
	}
	d.PassedOver = rest
	switch {
	case d.Rule != nil:
		d.Why = d.Rule.chosenBecause()
	case undecided != "":
		d.Why = undecided
	default:
		d.Why = fmt.Sprintf("no rule for a %s holds then", q.Event)
	}
	return d
}
