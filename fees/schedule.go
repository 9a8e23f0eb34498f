package fees

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"reconcile/settlement"
)

// RuleKind is how a rule computes a fee.
type RuleKind string

const (
	// Percent is a share of the settled amount, rounded per transaction.
	Percent RuleKind = "percent"
	// AsBilled expects whatever the wallet charged: the bill is the only source.
	AsBilled RuleKind = "as_billed"
)

// Rounding is how a percentage becomes whole fen.
type Rounding string

// HalfUp rounds half away from zero (四舍五入), as both wallets' acquiring does.
const HalfUp Rounding = "half_up"

// RefundPolicy is what becomes of a payment's fee when the payment is refunded.
// It is contract data: where it is not known there is no expectation.
type RefundPolicy string

const (
	// RefundUnknown gives no expectation for refunds.
	RefundUnknown RefundPolicy = ""
	// RefundNone: the wallet keeps the fee.
	RefundNone RefundPolicy = "none"
	// RefundPerRefundClamped: each refund returns the rate on its own amount,
	// rounded for itself, together never more than the payment was charged.
	RefundPerRefundClamped RefundPolicy = "per_refund_clamped"
)

// Mark says how well a rule's source is established.
type Mark string

const (
	Official   Mark = "O"
	Press      Mark = "P"
	ThirdParty Mark = "T"
	Convention Mark = "C" // chosen by this project
)

// Rule is one dated row of a contract or of the presets.
type Rule struct {
	ID      string
	Version string
	Wallet  settlement.Wallet
	// Event is Payment or Refund. A payment's rule also prices its refunds by
	// RefundPolicy, unless a rule of the event Refund does; revokes are refunds.
	Event settlement.Kind
	// The rule holds for payments in [From, Until), also for their refunds
	// whenever those happen; NoInstant leaves that side open.
	From, Until settlement.Instant
	Kind        RuleKind
	Rate        settlement.Rate // of Percent; NoRate of AsBilled
	Rounding    Rounding        // of Percent
	Refund      RefundPolicy
	// ExcludesEscrow keeps the rule from pricing orders of escrow platforms, whose
	// fee follows from the platform's contract.
	ExcludesEscrow bool
	Source         string // where the rule is written, for people
	Mark           Mark
	// Assumed: the rule is a preset and nobody confirmed that the merchant's
	// contract says so. A rule that is not assumed is the merchant's contract.
	Assumed bool
}

func (r *Rule) covers(t settlement.Instant) bool {
	return r.From <= t && (r.Until == settlement.NoInstant || t < r.Until)
}

// end is the instant before which r holds, the largest where it is open.
func (r *Rule) end() settlement.Instant {
	if r.Until == settlement.NoInstant {
		return math.MaxInt64
	}
	return r.Until
}

// rank orders rules by who wins: a contract before a preset.
func (r *Rule) rank() int {
	if r.Assumed {
		return 1
	}
	return 0
}

func (r *Rule) String() string {
	from, until := "the beginning", "further notice"
	if r.From != settlement.NoInstant {
		from = r.From.String()
	}
	if r.Until != settlement.NoInstant {
		until = r.Until.String()
	}
	return fmt.Sprintf("%s version %s (%s %s, from %s until %s)", r.ID, r.Version, r.Wallet, r.Event, from, until)
}

// check returns all that is wrong with r.
func (r *Rule) check() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf("fee rule %q: "+format, append([]any{r.ID}, args...)...))
		}
	}
	fault(r.ID == "", "rule_id is missing")
	fault(r.ID == OwnRate, "rule_id is reserved for the rate that a row prints")
	fault(r.Version == "", "version is missing")
	fault(r.Wallet == settlement.NoWallet || r.Wallet > settlement.Bank, "wallet is missing or unknown")
	fault(r.Event != settlement.Payment && r.Event != settlement.Refund, "event must be payment or refund")
	fault(r.From != settlement.NoInstant && r.Until != settlement.NoInstant && r.From >= r.Until,
		"until %s is not after from %s", r.Until, r.From)
	switch r.Kind {
	case Percent:
		fault(r.Rate < 0 || r.Rate > 1_000_000, "rate_ppm must be given, from 0 to 1000000 (0.60%% is 6000)")
		fault(r.Rounding != HalfUp, "rounding %q is not known (known: %s)", r.Rounding, HalfUp)
	case AsBilled:
		fault(r.Rate != settlement.NoRate, "a rule of kind %s has no rate_ppm", AsBilled)
		fault(r.Rounding != "", "a rule of kind %s has no rounding", AsBilled)
		fault(r.Refund == RefundPerRefundClamped, "refund_policy %s needs a rule of kind %s", r.Refund, Percent)
	default:
		fault(true, "kind %q is not known (known: %s, %s)", r.Kind, Percent, AsBilled)
	}
	switch r.Refund {
	case RefundUnknown, RefundNone, RefundPerRefundClamped:
	default:
		fault(true, "refund_policy %q is not known (known: %s, %s; leave it out where it is not known)",
			r.Refund, RefundNone, RefundPerRefundClamped)
	}
	fault(r.Event == settlement.Refund && r.Kind == Percent && r.Refund == RefundUnknown,
		"a percentage on refunds needs a refund_policy")
	fault(r.Source == "", "source is missing")
	switch r.Mark {
	case Official, Press, ThirdParty, Convention:
	default:
		fault(true, "mark %q is not one of %s, %s, %s, %s", r.Mark, Official, Press, ThirdParty, Convention)
	}
	return errors.Join(faults...)
}

// Schedule is a checked set of rules. It is never written to after NewSchedule,
// so goroutines may share it. The zero value has no rules.
type Schedule struct {
	// Per wallet and event, ordered by rank, then From.
	rules [settlement.Bank + 1][settlement.Refund + 1][]Rule
	// contract says of a wallet that it has rules which are not assumed.
	contract [settlement.Bank + 1]bool
}

// NewSchedule checks rules and returns them as a schedule. The error joins every
// fault: of a single rule; rules of one id and version; and rules of equal rank
// that overlap in time, each pair naming both.
func NewSchedule(rules []Rule) (*Schedule, error) {
	s := &Schedule{}
	var faults []error
	type version struct{ id, version string }
	seen := map[version]bool{}
	for i := range rules {
		r := &rules[i]
		if err := r.check(); err != nil {
			faults = append(faults, err)
			continue
		}
		if v := (version{r.ID, r.Version}); seen[v] {
			faults = append(faults, fmt.Errorf("fee rule %q: version %s is given twice", r.ID, r.Version))
		} else {
			seen[v] = true
		}
		s.rules[r.Wallet][r.Event] = append(s.rules[r.Wallet][r.Event], *r)
		s.contract[r.Wallet] = s.contract[r.Wallet] || !r.Assumed
	}
	for w := range s.rules {
		for e := range s.rules[w] {
			list := s.rules[w][e]
			slices.SortStableFunc(list, func(a, b Rule) int {
				return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.From, b.From))
			})
			faults = append(faults, overlaps(list)...)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return s, nil
}

// overlaps names each pair of list, ordered by rank and From, that could both
// apply to one payment.
func overlaps(list []Rule) (faults []error) {
	for i := range list {
		for j := i + 1; j < len(list) && list[j].rank() == list[i].rank() && list[j].From < list[i].end(); j++ {
			faults = append(faults, fmt.Errorf("two fee rules apply to the same payments: %s and %s; end one before the other begins",
				&list[i], &list[j]))
		}
	}
	return faults
}

// Select returns the rule for an event of a payment that succeeded at paidAt:
// the contract's, else the preset, nil where there is none. Time is the
// payment's also for refunds; revokes are refunds. The rule is the schedule's:
// it must not be written to.
func (s *Schedule) Select(wallet settlement.Wallet, event settlement.Kind, paidAt settlement.Instant) *Rule {
	if paidAt == settlement.NoInstant {
		return s.SelectBefore(wallet, event, math.MaxInt64)
	}
	list := s.list(wallet, event)
	for i := range list {
		if list[i].covers(paidAt) {
			return &list[i]
		}
	}
	return nil
}

// SelectBefore returns the rule for an event of a payment of which only is known
// that it succeeded not after latest: the one rule that would apply whenever
// that was, nil where the time decides.
func (s *Schedule) SelectBefore(wallet settlement.Wallet, event settlement.Kind, latest settlement.Instant) *Rule {
	list := s.list(wallet, event)
	for i := range list {
		if r := &list[i]; r.From <= latest {
			if r.From == settlement.NoInstant && (r.Until == settlement.NoInstant || latest < r.Until) {
				return r
			}
			return nil
		}
	}
	return nil
}

// hasContract says that rules of a wallet are known to be the merchant's.
func (s *Schedule) hasContract(wallet settlement.Wallet) bool {
	return int(wallet) < len(s.contract) && s.contract[wallet]
}

func (s *Schedule) list(wallet settlement.Wallet, event settlement.Kind) []Rule {
	if event == settlement.Revoke {
		event = settlement.Refund
	}
	if int(wallet) >= len(s.rules) || int(event) >= len(s.rules[wallet]) {
		return nil
	}
	return s.rules[wallet][event]
}
