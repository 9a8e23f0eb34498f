package wechatpay

import (
	"cmp"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Each row's 账户结余 is that of the row before, changed by the row's own amount.
// Blocks of rows are parsed out of order: each leaves its stretch of the chain, and
// the stretches are held against each other when all were read.

// stretch is a run of rows of one block.
type stretch struct {
	first, last   chainEnd
	before, after settlement.Amount // the balance before the first row, and after the last
	gaps          int64
	gap           gap // the first
}

// chainEnd is where a row stands that is the first or the last of its stretch.
type chainEnd struct {
	line    int64
	balance settlement.Amount
}

// gap is where the chain does not hold.
type gap struct {
	line         int64
	states, want settlement.Amount
}

// add adds the next row. The differences stay in range: each side has 18 digits.
func (s *stretch) add(line int64, amount, balance settlement.Amount) {
	if s.first.line == 0 {
		s.first, s.before = chainEnd{line, balance}, balance-amount
	} else {
		s.hold(gap{line, balance, s.after + amount})
	}
	s.last, s.after = chainEnd{line, balance}, balance
}

func (s *stretch) hold(g gap) {
	if g.states == g.want {
		return
	}
	if s.gaps++; s.gaps == 1 {
		s.gap = g
	}
}

// chained joins the stretches of a bill, in whatever order they were parsed.
func chained(parts []stretch) (all stretch) {
	slices.SortFunc(parts, func(a, b stretch) int { return cmp.Compare(a.first.line, b.first.line) })
	for i, part := range parts {
		if i == 0 {
			all = part
			continue
		}
		all.hold(gap{part.first.line, part.first.balance, all.after + part.first.balance - part.before})
		if all.gaps == 0 && part.gaps > 0 {
			all.gap = part.gap
		}
		all.gaps += part.gaps
		all.last, all.after = part.last, part.after
	}
	return all
}

// note says where the chain does not hold, "" where it does.
func (s *stretch) note() string {
	if s.gaps == 0 {
		return ""
	}
	places := fmt.Sprintf("%d places, the first", s.gaps)
	if s.gaps == 1 {
		places = "one place,"
	}
	return fmt.Sprintf("账户结余 does not follow from the row before in %s at line %d: it is %s where %s was due (rows are missing, or in another order)",
		places, s.gap.line, s.gap.states, s.gap.want)
}
