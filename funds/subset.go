package funds

import (
	"cmp"
	"slices"

	"reconcile/settlement"
)

// The bounds of the search for several amounts that make up one: of more candidates, or
// after more steps, it says that it has not searched.
const (
	MostCandidates = 24
	MostSteps      = 1 << 18
)

// part is one candidate of a search. Parts of one class are interchangeable: of these
// the first ones are taken.
type part struct {
	amount settlement.Amount // positive
	class  int
}

// subsets looks for the sets of at least two parts that sum to target exactly. It ends
// with the second one, since that is one too many. searched is false where a bound was
// hit before it knew. The sets hold indices of parts in rising order, and are the same
// for any order of search.
func subsets(parts []part, target settlement.Amount) (found [][]int, searched bool) {
	if len(parts) > MostCandidates {
		return nil, false
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	// The largest first, those of a class beside each other in their order.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(parts[b].amount, parts[a].amount), cmp.Compare(parts[a].class, parts[b].class), cmp.Compare(a, b))
	})
	rest := make([]settlement.Amount, len(order)+1) // what the parts from here on sum to
	for n := len(order) - 1; n >= 0; n-- {
		rest[n] = rest[n+1] + parts[order[n]].amount
	}
	steps := 0
	var taken []int
	var search func(n int, left settlement.Amount) bool
	search = func(n int, left settlement.Amount) bool {
		if steps++; steps > MostSteps {
			return false
		}
		if left == 0 {
			if len(taken) > 1 {
				found = append(found, slices.Sorted(slices.Values(taken)))
			}
			return len(found) < 2
		}
		if n == len(order) || rest[n] < left {
			return true
		}
		one := parts[order[n]]
		if one.amount <= left {
			taken = append(taken, order[n])
			if !search(n+1, left-one.amount) {
				return false
			}
			taken = taken[:len(taken)-1]
		}
		// Without this one, those of its class are left out too.
		for n++; n < len(order) && parts[order[n]] == one; n++ {
		}
		return search(n, left)
	}
	search(0, target)
	return found, steps <= MostSteps
}
