package funds

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// shortestNumber is how long a number must be for a text that has it to name it.
const shortestNumber = 8

// hasNumber says that text has a number that stands by itself.
func hasNumber(text, number string) bool {
	number, _, _ = strings.Cut(number, "/") // of several movements under one number
	if len(number) < shortestNumber {
		return false
	}
	for from := 0; ; {
		at := strings.Index(text[from:], number)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(number)
		if (at == 0 || !isWord(text[at-1])) && (end == len(text) || !isWord(text[end])) {
			return true
		}
		from = at + 1
	}
}

func isWord(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func (p *Payout) namedBy(t *Transfer) bool {
	return hasNumber(t.Text, p.FlowNo) || hasNumber(t.FlowNo, p.FlowNo) || hasNumber(t.Text, p.TxnID) || hasNumber(t.FlowNo, p.TxnID)
}

// byNumber ties what names a payout's number.
func (s *payoutSettling) byNumber() {
	namers := map[int][]int{} // credits by payout
	for i := range s.payouts {
		p := &s.payouts[i]
		if p.CameBack || p.Status == settlement.Returned || p.Status == settlement.Received && p.Arrival != settlement.ArrivedOther {
			continue
		}
		for j := range s.transfers {
			if t := &s.transfers[j]; t.Side == settlement.BankCredit && !t.used && s.receives(p.of(), t.Account) && p.namedBy(t) {
				namers[i] = append(namers[i], j)
			}
		}
	}
	for _, g := range groupsOf(namers) {
		s.named(g)
	}
}

// group is payouts and credits that belong together, each in its order.
type group struct{ payouts, credits []int }

// groupsOf cuts edges from payouts to credits into what hangs together.
func groupsOf(edges map[int][]int) (groups []group) {
	of := map[int]int{} // group of a credit, before groups are joined
	joined := map[int]int{}
	root := func(g int) int {
		for joined[g] != g {
			g = joined[g]
		}
		return g
	}
	var starts []int
	for p := range edges {
		starts = append(starts, p)
	}
	slices.Sort(starts)
	for _, p := range starts {
		joined[p] = p
		for _, c := range edges[p] {
			if g, known := of[c]; known {
				joined[root(p)] = root(g)
			}
			of[c] = p
		}
	}
	at := map[int]int{}
	for _, p := range starts {
		g := root(p)
		n, known := at[g]
		if !known {
			n = len(groups)
			at[g] = n
			groups = append(groups, group{})
		}
		groups[n].payouts = append(groups[n].payouts, p)
		for _, c := range edges[p] {
			if !slices.Contains(groups[n].credits, c) {
				groups[n].credits = append(groups[n].credits, c)
			}
		}
	}
	for n := range groups {
		slices.Sort(groups[n].credits)
	}
	return groups
}

// named settles payouts with the credits that name them.
func (s *payoutSettling) named(g group) {
	var credits []*Transfer
	came, whole, net := settlement.Amount(0), settlement.Amount(0), settlement.Amount(0)
	for _, c := range g.credits {
		credits = append(credits, &s.transfers[c])
		came += s.transfers[c].Amount
	}
	for _, i := range g.payouts {
		w, n := s.payouts[i].left()
		whole, net = whole+w, net+n
	}
	if len(g.payouts) == 1 {
		p := &s.payouts[g.payouts[0]]
		how := settlement.ArrivedOther
		switch {
		case came != whole && came != net:
		case len(credits) > 1:
			how = settlement.ArrivedInParts
		default:
			how = p.asOne(came)
		}
		s.arrive(p, how, came, credits...)
		return
	}
	for n, i := range g.payouts {
		p := &s.payouts[i]
		w, less := p.left()
		switch came {
		case whole:
			s.arrive(p, settlement.ArrivedTogether, w, credits...)
		case net:
			s.arrive(p, settlement.ArrivedTogether, less, credits...)
		default: // what they come to is the first one's, so that the difference stands once
			share := settlement.Amount(0)
			if n == 0 {
				share = came
			}
			s.arrive(p, settlement.ArrivedOther, share, credits...)
			if n > 0 {
				p.Arrived, p.Arrival, p.Broken = w, settlement.ArrivedTogether, settlement.NoBreak
				s.payouts[g.payouts[0]].Arrived -= w
			}
		}
	}
}

// oneByOne ties payouts and credits of equal amounts: with sure only credits that name
// the wallet as payer.
func (s *payoutSettling) oneByOne(sure bool) {
	byAmount := map[settlement.Amount][]int{}
	for j := range s.transfers {
		if t := &s.transfers[j]; t.Side == settlement.BankCredit && !t.used {
			byAmount[t.Amount] = append(byAmount[t.Amount], j)
		}
	}
	edges := map[int][]int{}
	for i := range s.payouts {
		p := &s.payouts[i]
		amounts := []settlement.Amount{p.Amount}
		if p.Fee > 0 && p.net() > 0 {
			amounts = append(amounts, p.net())
		}
		for _, amount := range amounts {
			for _, j := range byAmount[amount] {
				if t := &s.transfers[j]; s.canBe(p, t, lateDays) && (!sure || namesPayer(p.Wallet, t)) {
					edges[i] = append(edges[i], j)
				}
			}
		}
		slices.Sort(edges[i])
		if len(edges[i]) == 0 {
			delete(edges, i)
		}
	}
	for _, g := range groupsOf(edges) {
		s.pair(g, edges)
	}
}

// pair ties the payouts and credits of a group one to one. Payouts of one account and
// amount are interchangeable, the earlier arrives first; so are credits of one account
// and day. Else either all of one side and all of the other are tied, or none.
func (s *payoutSettling) pair(g group, edges map[int][]int) {
	first := &s.payouts[g.payouts[0]]
	alike := !slices.ContainsFunc(g.payouts, func(i int) bool {
		p := &s.payouts[i]
		return p.of() != first.of() || p.Amount != first.Amount || p.Fee != first.Fee
	})
	one := &s.transfers[g.credits[0]]
	same := !slices.ContainsFunc(g.credits, func(j int) bool {
		t := &s.transfers[j]
		return t.Account != one.Account || t.On != one.On || t.Amount != one.Amount || t.names != one.names
	})
	clear := len(g.payouts) == len(g.credits) || alike && len(g.payouts) > len(g.credits) || same && len(g.payouts) < len(g.credits)
	took := matching(g, edges)
	if !clear || len(took) < min(len(g.payouts), len(g.credits)) {
		s.unclear(g)
		return
	}
	for _, i := range g.payouts {
		if j, ok := took[i]; ok {
			p, t := &s.payouts[i], &s.transfers[j]
			s.arrive(p, p.asOne(t.Amount), t.Amount, t)
		}
	}
}

// matching ties as many payouts of a group as it can, the earlier ones first, each to
// its earliest credit where nothing is lost by it.
func matching(g group, edges map[int][]int) map[int]int {
	took, of := map[int]int{}, map[int]int{}
	var try func(i int, seen map[int]bool) bool
	try = func(i int, seen map[int]bool) bool {
		for _, free := range [...]bool{true, false} {
			for _, j := range edges[i] {
				if other, taken := of[j]; seen[j] || taken == free {
					continue
				} else if taken {
					seen[j] = true
					if !try(other, seen) {
						continue
					}
				}
				seen[j] = true
				took[i], of[j] = j, i
				return true
			}
		}
		return false
	}
	for _, i := range g.payouts {
		try(i, map[int]bool{})
	}
	return took
}

// unclear notes that several credits could be a payout, or a credit several payouts.
func (s *payoutSettling) unclear(g group) {
	var lines, numbers []string
	for _, j := range g.credits {
		t := &s.transfers[j]
		t.maybe = true
		lines = append(lines, fmt.Sprintf("%s of %s on %s", t.FlowNo, t.Amount, t.On))
	}
	for _, i := range g.payouts {
		numbers = append(numbers, s.payouts[i].FlowNo)
	}
	for _, i := range g.payouts {
		p := &s.payouts[i]
		p.Arrival = settlement.ArrivedUnclear
		p.Note = fmt.Sprintf("ambiguous: bank lines %s could be payouts %s", few(lines), few(numbers))
	}
}

// few joins the first of some words.
func few(words []string) string {
	if n := len(words); n > 2*fewRows {
		words = append(slices.Clone(words[:2*fewRows]), fmt.Sprintf("and %d more", n-2*fewRows))
	}
	return strings.Join(words, ", ")
}
