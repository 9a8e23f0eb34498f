package fees

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// dimension is one thing that a rule may be restricted to.
type dimension int

const (
	byWallet dimension = iota
	byAccountType
	byMerchant
	byShop
	byCategory
	byFunding
	byProduct
	dimensionCount
)

var dimensionWords = [dimensionCount]string{"wallet", "account_type", "merchant", "shop", "category", "funding", "product"}

// dimension is what r states, "" for nothing.
func (r *Rule) dimension(d dimension) string {
	return [dimensionCount]string{r.Wallet.String(), string(r.AccountType), r.Merchant, r.Shop, r.Category, r.Funding, r.Product}[d]
}

func (q *Subject) dimension(d dimension) string {
	return [dimensionCount]string{q.Wallet.String(), string(q.AccountType), q.Merchant, q.Shop, q.Category, q.Funding, q.Product}[d]
}

// specificity is the number of dimensions that r states.
func (r *Rule) specificity() int {
	n := 0
	for d := range dimensionCount {
		if r.dimension(d) != "" {
			n++
		}
	}
	return n
}

// compareRank orders rules by who wins: a contract before a preset, then more
// dimensions before fewer.
func (r *Rule) compareRank(other *Rule) int {
	if r.Assumed != other.Assumed {
		if other.Assumed {
			return -1
		}
		return 1
	}
	return cmp.Compare(other.specificity(), r.specificity())
}

type holding uint8

const (
	holdsNo holding = iota
	holdsYes
	// holdsUnknown: it would depend on something of the subject that is not known.
	holdsUnknown
)

// holds says whether r is for a subject of its wallet, event and component. A preset
// is an assumption in any case, so what is not known is taken not to be its special
// case; whether a contract's rule holds is not guessed.
func (r *Rule) holds(q *Subject) holding {
	if r.everyone {
		return holdsYes
	}
	result := holdsYes
	for d := byAccountType; d < dimensionCount; d++ {
		stated, is := r.dimension(d), q.dimension(d)
		switch {
		case stated == "" || stated == is:
		case is != "" || r.Assumed:
			return holdsNo
		default:
			result = holdsUnknown
		}
	}
	return result
}

// differs says which stated dimension of r the subject does not have.
func (r *Rule) differs(q *Subject) string {
	for d := byAccountType; d < dimensionCount; d++ {
		stated, is := r.dimension(d), q.dimension(d)
		if stated == "" || stated == is {
			continue
		}
		if is != "" {
			return fmt.Sprintf("for %s %s, not %s", dimensionWords[d], stated, is)
		}
		if r.Assumed {
			return fmt.Sprintf("for %s %s, which is not stated", dimensionWords[d], stated)
		}
	}
	return "for something else"
}

// unknown says what of the subject would have to be known.
func (r *Rule) unknown(q *Subject) string {
	var words []string
	for d := byAccountType; d < dimensionCount; d++ {
		if r.dimension(d) != "" && q.dimension(d) == "" {
			words = append(words, dimensionWords[d])
		}
	}
	return fmt.Sprintf("it depends on the %s, which is not known", strings.Join(words, " and the "))
}

// before says why r wins over other.
func (r *Rule) before(other *Rule) string {
	if other.Assumed && !r.Assumed {
		return "a preset gives way to the contract"
	}
	return fmt.Sprintf("less specific: it states %d of the dimensions, %s states %d", other.specificity(), r.ID, r.specificity())
}

func (r *Rule) chosenBecause() string {
	what := "the contract"
	if r.Assumed {
		what = "a preset (assumed)"
	}
	var stated []string
	for d := range dimensionCount {
		if r.dimension(d) != "" {
			stated = append(stated, dimensionWords[d])
		}
	}
	if len(stated) == 0 {
		return what + " for every wallet"
	}
	return fmt.Sprintf("%s for this %s", what, strings.Join(stated, ", "))
}

// meets says that one subject could be of both rules.
func (r *Rule) meets(other *Rule) bool {
	for d := range dimensionCount {
		if a, b := r.dimension(d), other.dimension(d); a != "" && b != "" && a != b {
			return false
		}
	}
	return r.Event == other.Event && r.Component == other.Component
}

// within says that every subject of r is one of other.
func (r *Rule) within(other *Rule) bool {
	for d := range dimensionCount {
		if b := other.dimension(d); b != "" && b != r.dimension(d) {
			return false
		}
	}
	return r.Event == other.Event && r.Component == other.Component
}

// overlaps names each pair of rules that could both apply to one event.
func (s *Schedule) overlaps() (faults []error) {
	order := make([]*Rule, len(s.rules))
	for i := range s.rules {
		order[i] = &s.rules[i]
	}
	slices.SortStableFunc(order, func(a, b *Rule) int { return cmp.Or(a.compareRank(b), cmp.Compare(a.From, b.From)) })
	for i, a := range order {
		for _, b := range order[i+1:] {
			if a.compareRank(b) != 0 {
				break
			}
			if b.From < a.end() && a.From < b.end() && a.meets(b) && !s.settled(a, b) {
				do := "end one before the other begins"
				if !a.within(b) {
					do += ", or add one that states what both state"
				}
				faults = append(faults, b.faultf("two rules of one rank apply to the same events: %s and %s; %s", a, b, do))
			}
		}
	}
	return faults
}

// settled says that a third, more specific rule decides wherever a and b meet.
func (s *Schedule) settled(a, b *Rule) bool {
	if a.within(b) || b.within(a) {
		return false
	}
	from, until := max(a.From, b.From), min(a.end(), b.end())
	for i := range s.rules {
		r := &s.rules[i]
		if r.Assumed == a.Assumed && r.within(a) && r.within(b) && r.From <= from && until <= r.end() && r.isUnion(a, b) {
			return true
		}
	}
	return false
}

// isUnion says that r states exactly what a and b state together.
func (r *Rule) isUnion(a, b *Rule) bool {
	for d := range dimensionCount {
		if r.dimension(d) != "" && a.dimension(d) == "" && b.dimension(d) == "" {
			return false
		}
	}
	return true
}

// gaps names each time between two rules of a contract for the same in which no
// rule of a contract holds.
func (s *Schedule) gaps() (faults []error) {
	for i := range s.rules {
		a := &s.rules[i]
		if a.Assumed || a.Until == settlement.NoInstant {
			continue
		}
		next := s.following(a)
		if next == nil || a.GapsAllowed || next.GapsAllowed || s.covered(a, a.Until, next.From) {
			continue
		}
		faults = append(faults, next.faultf("no rule holds from %s until %s, between %s and %s; close the gap, or state gaps: allowed where the contract has one",
			a.Until, next.From, a, next))
	}
	return faults
}

// following is the next rule for the same after a gap, nil where none follows or
// there is no gap.
func (s *Schedule) following(a *Rule) (next *Rule) {
	for i := range s.rules {
		r := &s.rules[i]
		if r == a || r.Assumed || !r.within(a) || !a.within(r) || r.From < a.Until {
			continue
		}
		if next == nil || r.From < next.From {
			next = r
		}
	}
	if next == nil || next.From == a.Until {
		return nil
	}
	return next
}

// covered says that less specific rules of contracts hold without a gap in
// [from, until).
func (s *Schedule) covered(a *Rule, from, until settlement.Instant) bool {
	for from < until {
		reach := from
		for i := range s.rules {
			if r := &s.rules[i]; !r.Assumed && a.within(r) && r.From <= from {
				reach = max(reach, r.end())
			}
		}
		if reach == from {
			return false
		}
		from = reach
	}
	return true
}
