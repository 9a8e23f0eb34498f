package funds

import (
	"fmt"
	"slices"

	"reconcile/settlement"
)

// legs ties deposits into wallets to the bank's debits, and these to the payouts that
// brought the money: one movement between wallets. Where no bank line tells, a payout and
// a deposit of equal amounts are suggested.
func (s *payoutSettling) legs() {
	deposits := s.unused(settlement.Deposit)
	debits := s.unused(settlement.BankDebit)
	paid := s.onlyPairs(deposits, debits, func(d, b int) bool {
		deposit, debit := &s.transfers[d], &s.transfers[b]
		return (debit.Amount == deposit.Amount || deposit.Fee != settlement.NoAmount && debit.Amount == deposit.Amount+deposit.Fee) &&
			deposit.On >= debit.On && deposit.On <= debit.On+legDays && (debit.names == settlement.NoWallet || debit.names == deposit.Wallet)
	})
	var moved []int
	for _, d := range deposits {
		if b, ok := paid[d]; ok {
			s.transfers[d].used, s.transfers[b].used = true, true
			moved = append(moved, d)
		}
	}
	received := s.payoutsThat(func(p *Payout) bool {
		return p.Status == settlement.Received && p.Arrived != settlement.NoAmount && p.LegOf == ""
	})
	for d, i := range s.onlyPairs(moved, received, func(d, i int) bool {
		p, deposit, debit := &s.payouts[i], &s.transfers[d], &s.transfers[paid[d]]
		return p.Wallet != deposit.Wallet && p.BankAccount == debit.Account && p.Arrived == debit.Amount && debit.On >= p.ArrivedOn && debit.On <= p.ArrivedOn+legDays
	}) {
		s.leg(i, d, settlement.MovedProven)
		s.payouts[i].Note = fmt.Sprintf("the bank sent it on: %s on %s", s.transfers[paid[d]].FlowNo, s.transfers[paid[d]].On)
	}
	waiting := s.payoutsThat(func(p *Payout) bool { return p.waits() && p.Arrival == settlement.NoArrival })
	for d, i := range s.onlyPairs(s.unused(settlement.Deposit), waiting, func(d, i int) bool {
		p, deposit := &s.payouts[i], &s.transfers[d]
		return p.Wallet != deposit.Wallet && (deposit.Amount == p.Amount || deposit.Amount == p.net()) && deposit.On >= p.day() && deposit.On <= p.Due+legDays
	}) {
		s.leg(i, d, settlement.MovedMaybe)
	}
}

func (s *payoutSettling) leg(payout, deposit int, how settlement.Movement) {
	p, d := &s.payouts[payout], &s.transfers[deposit]
	p.Movement, p.LegOf, p.LegWallet, p.LegAccount, p.LegFee = how, d.FlowNo, d.Wallet, d.Account, d.Fee
}

func (s *payoutSettling) unused(side settlement.TransferSide) (rows []int) {
	for j := range s.transfers {
		if t := &s.transfers[j]; t.Side == side && !t.used {
			rows = append(rows, j)
		}
	}
	return rows
}

func (s *payoutSettling) payoutsThat(is func(*Payout) bool) (rows []int) {
	for i := range s.payouts {
		if is(&s.payouts[i]) {
			rows = append(rows, i)
		}
	}
	return rows
}

// onlyPairs are the pairs of which each side can be no other's.
func (s *payoutSettling) onlyPairs(left, right []int, can func(l, r int) bool) map[int]int {
	pairs, count := map[int]int{}, map[int]int{}
	for _, l := range left {
		n := 0
		for _, r := range right {
			if can(l, r) {
				pairs[l] = r
				count[r]++
				n++
			}
		}
		if n > 1 {
			delete(pairs, l)
		}
	}
	for l, r := range pairs {
		if count[r] > 1 {
			delete(pairs, l)
		}
	}
	return pairs
}

// verdict says of everything what it is by the end of the day.
func (s *payoutSettling) verdict() PayoutsSettled {
	out := PayoutsSettled{Breaks: &settlement.Breaks{}, Closed: s.closed}
	var hash settlement.IDHasher
	gaps := gapsOf{}
	for i := range s.payouts {
		p := &s.payouts[i]
		if p.waits() {
			s.judge(p, gaps)
		}
		s.payoutBreak(p, out.Breaks, &hash)
		switch age := s.Day - p.day(); {
		case s.Day == settlement.NoDay || p.day() == settlement.NoDay || p.Broken != settlement.NoBreak:
		case p.Status != settlement.InTransit && age > keptDays:
			continue
		case p.Status == settlement.InTransit && s.Day-p.Due > WaitsAtMost:
			out.GivenUp++
			continue
		}
		out.Payouts = append(out.Payouts, *p)
	}
	s.unexplained(out.Breaks, &hash)
	for _, t := range s.transfers {
		if !t.used && (s.Day == settlement.NoDay || t.On == settlement.NoDay || s.Day-t.On <= WaitsAtMost) {
			out.Transfers = append(out.Transfers, t)
		}
	}
	out.Notes = append(gaps.notes(), s.notes...)
	slices.Sort(out.Notes)
	return out
}

// payoutBreak adds the finding of a payout that is broken.
func (s *payoutSettling) payoutBreak(p *Payout, to *settlement.Breaks, hash *settlement.IDHasher) {
	b := settlement.Break{
		Kind: p.Broken, Wallet: p.Wallet, Account: []byte(p.Account), ProviderID: []byte(p.FlowNo), LineID: p.ID,
		Expected: p.Amount, Actual: p.Arrived, SeenOn: s.Day, File: p.File, FileLine: p.Line,
	}
	switch p.Broken {
	case settlement.NoBreak:
		return
	case settlement.PayoutMissing:
		b.Reason = fmt.Sprintf("%s withdrawn on %s were due on %s (T+%d), the bank shows no credit by then", p.Amount, p.day(), p.Due, DueDays)
		b.Suggest = "ask the wallet for the bank's receipt of the payout; look whether it went to another bank account"
	default:
		b.Reason = fmt.Sprintf("%s withdrawn on %s, the bank credits %s on %s (%s of account %s)", p.Amount, p.day(), p.Arrived, p.ArrivedOn, p.BankRefs, p.BankAccount)
		if p.Fee != 0 {
			b.Reason += fmt.Sprintf("; less the fee it would be %s", p.net())
		}
		b.Suggest = "ask the bank, and the wallet, why the amounts differ"
	}
	if b.SeenOn == settlement.NoDay {
		b.SeenOn = p.SettledOn
	}
	to.Add(hash, b, s.Day)
}
