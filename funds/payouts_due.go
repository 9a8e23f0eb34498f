package funds

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/settlement"
)

// gapsOf are the days of bank accounts that are missing for payouts that were due.
type gapsOf map[string]map[settlement.Day]bool

func (g gapsOf) add(bank string, days ...settlement.Day) {
	if g[bank] == nil {
		g[bank] = map[settlement.Day]bool{}
	}
	for _, day := range days {
		g[bank][day] = true
	}
}

func (g gapsOf) notes() (notes []string) {
	for _, bank := range slices.Sorted(maps.Keys(g)) {
		notes = append(notes, fmt.Sprintf("payouts that were due wait for statements of bank account %s: %s", bank, DaysText(slices.Sorted(maps.Keys(g[bank])))))
	}
	return notes
}

// DaysText names days in their order, runs of them as from … to.
func DaysText(days []settlement.Day) string {
	var words []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && days[j+1] == days[j]+1 {
			j++
		}
		if word := days[i].String(); j > i {
			words = append(words, word+" to "+days[j].String())
		} else {
			words = append(words, word)
		}
		i = j + 1
	}
	return strings.Join(words, ", ")
}

// banksFor are the bank accounts that may receive payouts of an account: the configured
// ones, whether they delivered or not, and those that delivered.
func (r *PayoutRules) banksFor(of WalletAccount) (banks []string) {
	for i := range r.Banks {
		banks = append(banks, r.Banks[i].Account)
	}
	for _, s := range r.Flows.Spans() {
		if s.Wallet == settlement.Bank {
			banks = append(banks, s.Account)
		}
	}
	slices.Sort(banks)
	banks = slices.Compact(banks)
	return slices.DeleteFunc(banks, func(bank string) bool { return !r.receives(of, bank) })
}

// overdue says that a payout should have arrived: it was due, and every bank account that
// may receive it has shown every day until then.
func (s *payoutSettling) overdue(p *Payout) bool {
	banks := s.banksFor(p.of())
	return len(banks) > 0 && p.day() != settlement.NoDay && (s.Day == settlement.NoDay || s.Day >= p.Due) &&
		!slices.ContainsFunc(banks, func(bank string) bool { return len(s.missingDays(bank, p.day(), p.Due)) > 0 })
}

// judge says of a payout that waits whether it is missing, or else for what it waits.
func (s *payoutSettling) judge(p *Payout, gaps gapsOf) {
	switch {
	case p.Arrival == settlement.ArrivedUnclear || p.day() == settlement.NoDay:
		return
	case p.Broken != settlement.NoBreak || s.overdue(p):
		p.Broken = settlement.PayoutMissing
		return
	}
	banks := s.banksFor(p.of())
	switch {
	case len(banks) == 0:
		p.Note = "no bank statement was delivered"
		return
	case s.Day != settlement.NoDay && s.Day < p.Due:
		p.Note = fmt.Sprintf("due on %s", p.Due)
		return
	}
	var missing []string
	for _, bank := range banks {
		if days := s.missingDays(bank, p.day(), p.Due); len(days) > 0 {
			gaps.add(bank, days...)
			missing = append(missing, fmt.Sprintf("%s of %s", DaysText(days), bank))
		}
	}
	p.Note = "waits for bank statements: " + strings.Join(missing, "; ")
}

// missingDays are the days [from, until] that a bank account's statements do not cover.
func (r *PayoutRules) missingDays(bank string, from, until settlement.Day) (days []settlement.Day) {
	for day := from; day <= until; day++ {
		if !r.Flows.CoversAll(settlement.Bank, []byte(bank), settlement.Payment, day.Start()+1, (day+1).Start()-1) {
			days = append(days, day)
		}
	}
	return days
}

// unexplained notes the credits that name a wallet as payer and that no payout explains,
// and makes a break of those of which the wallet's fund flow of that time is there.
func (s *payoutSettling) unexplained(to *settlement.Breaks, hash *settlement.IDHasher) {
	sums := map[settlement.Wallet]settlement.Amount{}
	rows := map[settlement.Wallet][]string{}
	for j := range s.transfers {
		t := &s.transfers[j]
		if t.Side != settlement.BankCredit || t.used || t.maybe || t.names == settlement.NoWallet {
			continue
		}
		if !t.Carried {
			sums[t.names] += t.Amount
			rows[t.names] = append(rows[t.names], fmt.Sprintf("%s, %s", s.place(t.File, t.Line), t.Amount))
		}
		if !t.Broken && !s.flowsCover(t) {
			continue
		}
		t.Broken = true
		to.Add(hash, settlement.Break{
			Kind: settlement.PayoutMismatch, Wallet: settlement.Bank, Account: []byte(t.Account), ProviderID: []byte(t.FlowNo), LineID: t.ID,
			Expected: settlement.NoAmount, Actual: t.Amount, SeenOn: t.On,
			Reason:  fmt.Sprintf("the bank credits %s that name %s as payer on %s, no withdrawal explains them", t.Amount, t.names, t.On),
			Suggest: "look for an account of the wallet whose fund flow is not delivered; else ask the bank who paid",
			File:    t.File, FileLine: t.Line,
		}, s.Day)
	}
	for _, w := range slices.Sorted(maps.Keys(sums)) {
		slices.Sort(rows[w])
		s.notes = append(s.notes, fmt.Sprintf("%d bank credits of %s from %s are explained by no withdrawal: %s", len(rows[w]), sums[w], w, few(rows[w])))
	}
}

// flowsCover says that the wallet's fund flows are there from when a credit may have been
// withdrawn until it was booked.
func (r *PayoutRules) flowsCover(t *Transfer) bool {
	return t.On != settlement.NoDay &&
		r.Flows.CoversAll(t.names, nil, settlement.Payment, r.Calendar.Before(t.On, DueDays).Start()+1, (t.On+1).Start()-1)
}
