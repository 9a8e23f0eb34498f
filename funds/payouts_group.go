package funds

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// solution is a set of payouts and credits that come to the same.
type solution struct {
	payouts, credits []int
	net              bool // the payouts less their fees
}

func (a solution) meets(b solution) bool {
	shares := func(x, y []int) bool {
		return slices.ContainsFunc(x, func(i int) bool { return slices.Contains(y, i) })
	}
	return shares(a.payouts, b.payouts) || shares(a.credits, b.credits)
}

// byGroups looks for several payouts of one account that arrived as one credit, and for
// several credits of one bank account that are one payout. What is tied can leave others
// with one solution, so it goes on until nothing more is found.
func (s *payoutSettling) byGroups() {
	for {
		single, several := s.solutions()
		found := false
		for n, one := range single {
			if slices.ContainsFunc(several, one.meets) || slices.ContainsFunc(single, func(other solution) bool { return other.meets(one) && !same(other, single[n]) }) {
				several = append(several, one)
				continue
			}
			s.take(one)
			found = true
		}
		if found {
			continue
		}
		for _, one := range several {
			s.unclear(group{one.payouts, one.credits})
		}
		return
	}
}

func same(a, b solution) bool {
	return slices.Equal(a.payouts, b.payouts) && slices.Equal(a.credits, b.credits)
}

// take ties one solution.
func (s *payoutSettling) take(one solution) {
	var lines []*Transfer
	for _, j := range one.credits {
		lines = append(lines, &s.transfers[j])
	}
	how := settlement.ArrivedTogether
	if len(one.payouts) == 1 {
		how = settlement.ArrivedInParts
	}
	for _, i := range one.payouts {
		p := &s.payouts[i]
		share := p.Amount
		if one.net {
			share = p.net()
		}
		s.arrive(p, how, share, lines...)
	}
}

// solutions searches for every credit and every payout that is left. several are those
// of which there is more than one.
func (s *payoutSettling) solutions() (single, several []solution) {
	add := func(found []solution) {
		if len(found) == 1 {
			single = append(single, found[0])
		} else {
			several = append(several, found...)
		}
	}
	for j := range s.transfers {
		if t := &s.transfers[j]; t.Side == settlement.BankCredit && !t.used && !t.maybe {
			add(s.ofCredit(j))
		}
	}
	for i := range s.payouts {
		if p := &s.payouts[i]; p.waits() && p.Arrival == settlement.NoArrival {
			add(s.ofPayout(i))
		}
	}
	return single, several
}

// inGroup says that a credit may be one of several: its text names the wallet as payer,
// or tells nothing of who paid.
func (s *payoutSettling) inGroup(p *Payout, t *Transfer) bool {
	return !t.maybe && (namesPayer(p.Wallet, t) || t.silent()) && s.canBe(p, t, groupDays)
}

// ofCredit are the sets of payouts of one account that one credit is.
func (s *payoutSettling) ofCredit(j int) (found []solution) {
	t := &s.transfers[j]
	byAccount := map[WalletAccount][]int{}
	var accounts []WalletAccount
	for i := range s.payouts {
		p := &s.payouts[i]
		if !s.inGroup(p, t) {
			continue
		}
		if byAccount[p.of()] == nil {
			accounts = append(accounts, p.of())
		}
		byAccount[p.of()] = append(byAccount[p.of()], i)
	}
	for _, of := range accounts { // in the order of the payouts
		rows := byAccount[of]
		whole, net, fees := make([]part, len(rows)), make([]part, len(rows)), false
		for n, i := range rows {
			p := &s.payouts[i]
			// Payouts of one amount and fee are interchangeable.
			whole[n], net[n] = part{p.Amount, int(p.Fee)}, part{p.net(), int(p.Fee)}
			fees = fees || p.Fee != 0
		}
		found = append(found, s.search(whole, t.Amount, rows, nil, j, false)...)
		if fees && !slices.ContainsFunc(net, func(p part) bool { return p.amount <= 0 }) {
			found = append(found, s.search(net, t.Amount, rows, nil, j, true)...)
		}
	}
	return found
}

// ofPayout are the sets of credits of one bank account that one payout is.
func (s *payoutSettling) ofPayout(i int) (found []solution) {
	p := &s.payouts[i]
	byBank := map[string][]int{}
	var banks []string
	for j := range s.transfers {
		t := &s.transfers[j]
		if !s.inGroup(p, t) {
			continue
		}
		if byBank[t.Account] == nil {
			banks = append(banks, t.Account)
		}
		byBank[t.Account] = append(byBank[t.Account], j)
	}
	for _, bank := range banks {
		rows := byBank[bank]
		parts := make([]part, len(rows))
		for n, j := range rows {
			t := &s.transfers[j]
			parts[n] = part{t.Amount, 2 * int(t.On)} // of one day they are interchangeable
			if t.silent() {
				parts[n].class++
			}
		}
		found = append(found, s.search(parts, p.Amount, nil, rows, i, false)...)
		if p.Fee != 0 {
			found = append(found, s.search(parts, p.net(), nil, rows, i, true)...)
		}
	}
	return found
}

// search looks for parts that sum to target: payouts of credit one, or credits of payout
// one.
func (s *payoutSettling) search(parts []part, target settlement.Amount, payouts, credits []int, one int, net bool) (found []solution) {
	sets, searched := subsets(parts, target)
	if !searched {
		what := fmt.Sprintf("%d payouts for one credit of %s", len(parts), target)
		if payouts == nil {
			what = fmt.Sprintf("%d credits for one payout of %s", len(parts), target)
		}
		note := fmt.Sprintf("too many to be tried: %s (at most %d, and %d steps)", what, MostCandidates, MostSteps)
		if !slices.Contains(s.notes, note) {
			s.notes = append(s.notes, note)
		}
		return nil
	}
	for _, set := range sets {
		var rows []int
		from := payouts
		if from == nil {
			from = credits
		}
		for _, n := range set {
			rows = append(rows, from[n])
		}
		if payouts != nil {
			found = append(found, solution{rows, []int{one}, net})
		} else {
			found = append(found, solution{[]int{one}, rows, net})
		}
	}
	return found
}

// sentBack ties what a bank received and sent back again: of a payout that came back to
// its wallet the credit, if there was one, and the debit.
func (s *payoutSettling) sentBack() {
	for i := range s.payouts {
		p := &s.payouts[i]
		if !p.CameBack {
			continue
		}
		if p.Status != settlement.Returned {
			if p.Broken != settlement.NoBreak {
				s.closed[p.ID] = fmt.Sprintf("it came back to the wallet, seen on %s (提现退回)", s.Day)
			}
			p.Status, p.Broken = settlement.Returned, settlement.NoBreak
		}
		if p.Arrived != settlement.NoAmount {
			if debit := s.debitOf(p, p.BankAccount, p.Arrived, p.ArrivedOn); debit != nil {
				debit.used = true
				p.Note = "the bank sent it back: " + debit.FlowNo
			}
			continue
		}
		for j := range s.transfers {
			t := &s.transfers[j]
			if t.Side != settlement.BankCredit || t.used || t.On < p.day() || t.On > p.Due+groupDays || !s.receives(p.of(), t.Account) ||
				!namesPayer(p.Wallet, t) && !p.namedBy(t) || t.Amount != p.Amount && t.Amount != p.net() {
				continue
			}
			if debit := s.debitOf(p, t.Account, t.Amount, t.On); debit != nil {
				debit.used, t.used = true, true
				p.ArrivedOn, p.Arrived, p.BankAccount, p.BankRefs, p.BankLine = t.On, t.Amount, t.Account, t.FlowNo, t.ID
				p.Note, p.Arrival = "the bank sent it back: "+debit.FlowNo, settlement.ArrivedWhole
				if t.Amount != p.Amount {
					p.Arrival = settlement.ArrivedNet
				}
				break
			}
		}
	}
}

// debitOf is the bank's debit that sends an amount back, nil for none.
func (s *payoutSettling) debitOf(p *Payout, bank string, amount settlement.Amount, from settlement.Day) *Transfer {
	for j := range s.transfers {
		t := &s.transfers[j]
		if t.Side == settlement.BankDebit && !t.used && t.Account == bank && t.Amount == amount && t.On >= from && t.On <= from+keptDays &&
			(namesPayer(p.Wallet, t) || p.namedBy(t) || strings.Contains(t.Text, "退")) {
			return t
		}
	}
	return nil
}

// nearShare and nearAmount bound by how much a credit without a number may differ from
// the only payout that it can be: a hundredth, and at least 100.00.
const (
	nearShare                    = 100
	nearAmount settlement.Amount = 100_00
)

// nearest ties a payout that is overdue to a credit of another amount, where the credit
// names the wallet as payer and both can be no other's. Until then the credit is left
// alone: its own payout's may still come.
func (s *payoutSettling) nearest() {
	edges := map[int][]int{}
	of := map[int]int{}
	for i := range s.payouts {
		p := &s.payouts[i]
		for j := range s.transfers {
			t := &s.transfers[j]
			if !t.maybe && s.canBe(p, t, groupDays) && namesPayer(p.Wallet, t) && (p.Amount-t.Amount).Abs() <= max(p.Amount/nearShare, nearAmount) && t.Amount*2 > p.Amount {
				edges[i] = append(edges[i], j)
				of[j]++
			}
		}
	}
	for i := range s.payouts {
		if js := edges[i]; len(js) == 1 && of[js[0]] == 1 {
			t := &s.transfers[js[0]]
			if p := &s.payouts[i]; s.overdue(p) {
				s.arrive(p, settlement.ArrivedOther, t.Amount, t)
			} else {
				t.maybe = true
			}
		}
	}
}
