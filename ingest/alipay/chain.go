package alipay

import (
	"cmp"
	"slices"

	"reconcile/settlement"
)

// balanced is a line and the balance it leaves.
type balanced struct {
	line            int64
	amount, balance settlement.Amount
}

func (b balanced) known() bool { return b.line > 0 && b.balance != settlement.NoAmount }

// gaps counts places at which a balance does not follow.
type gaps struct{ count, first int64 }

func (g *gaps) add(line int64) {
	g.count++
	first(&g.first, line)
}

// stretch is lines that stand together in the file, which one worker has read. Files
// run with the time or, in the portal's exports, against it: both are counted.
type stretch struct {
	run                 int // stretches of another run are not neighbours: other sheets
	first, last         balanced
	withTime, againstIt gaps
}

// add takes the next line.
func (s *stretch) add(b balanced) {
	if s.first.line == 0 {
		s.first = b
	}
	s.join(b)
	s.last = b
}

// join compares a line with the one before.
func (s *stretch) join(next balanced) {
	before := s.last
	if !before.known() || !next.known() {
		return
	}
	if next.balance != before.balance+next.amount {
		s.withTime.add(next.line)
	}
	if before.balance != next.balance+before.amount {
		s.againstIt.add(next.line)
	}
}

// gapsOf puts stretches together and counts the gaps in the order that has fewer.
func gapsOf(chain []stretch) gaps {
	slices.SortFunc(chain, func(a, b stretch) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.first.line, b.first.line))
	})
	var all stretch
	for _, s := range chain {
		if s.first.line == 0 {
			continue
		}
		if all.run == s.run {
			all.join(s.first)
		}
		all.run, all.last = s.run, s.last
		for _, part := range []struct {
			to   *gaps
			from gaps
		}{{&all.withTime, s.withTime}, {&all.againstIt, s.againstIt}} {
			part.to.count += part.from.count
			first(&part.to.first, part.from.first)
		}
	}
	if all.againstIt.count < all.withTime.count {
		return all.againstIt
	}
	return all.withTime
}
