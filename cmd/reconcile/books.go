package main

import (
	"cmp"
	"fmt"
	"slices"

	"reconcile/output"
	"reconcile/output/journal"
	"reconcile/settlement"
)

// books is what the tables of a result say of each account and day: what vouchers and the
// position are made of.
type books struct {
	accounts map[bookKey]*journal.Account
	payouts  []journal.Payout
	flows    map[bookKey]bool // accounts whose fund flow was delivered
}

type bookKey struct {
	wallet  settlement.Wallet
	account string
	on      settlement.Day
}

func newBooks() *books {
	return &books{accounts: map[bookKey]*journal.Account{}, flows: map[bookKey]bool{}}
}

func (b *books) of(wallet settlement.Wallet, account string, on settlement.Day) *journal.Account {
	key := bookKey{wallet, account, on}
	if b.accounts[key] == nil {
		b.accounts[key] = &journal.Account{Wallet: wallet, Account: account, On: on, Opening: settlement.NoAmount, Closing: settlement.NoAmount, Unexplained: settlement.NoAmount}
	}
	return b.accounts[key]
}

// all returns the accounts in the order of day, wallet and number.
func (b *books) all() []journal.Account {
	list := make([]journal.Account, 0, len(b.accounts))
	for _, a := range b.accounts {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(x, y journal.Account) int {
		return cmp.Or(cmp.Compare(x.On, y.On), cmp.Compare(x.Wallet, y.Wallet), cmp.Compare(x.Account, y.Account))
	})
	return list
}

// eachBatch appends all rows of a table of a result to a batch, a row group at a time, and
// hands them to take.
func eachBatch[T any, B interface {
	*T
	settlement.Batch
}](dir, table string, take func(B) error) error {
	parts, err := output.Parts(dir, table)
	if err != nil {
		return err
	}
	for _, path := range parts {
		if err := eachBatchOf(path, table, take); err != nil {
			return err
		}
	}
	return nil
}

func eachBatchOf[T any, B interface {
	*T
	settlement.Batch
}](path, table string, take func(B) error) error {
	in, err := output.OpenBatches(path, table)
	if err != nil {
		return err
	}
	defer in.Close()
	for n, ok := in.Next(); ok; n, ok = in.Next() {
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(i)
		}
		batch := B(new(T))
		if err := in.Append(batch, rows, func(string) int32 { return 0 }); err != nil {
			return err
		}
		if err := take(batch); err != nil {
			return err
		}
	}
	return nil
}

// add reads the tables of one result.
func (b *books) add(dir string, day settlement.Day) error {
	if err := eachBatch(dir, "balances", b.addBalances); err != nil {
		return err
	}
	if err := eachBatch(dir, "statement_lines", b.addLines); err != nil {
		return err
	}
	if err := eachBatch(dir, "charges", b.addCharges); err != nil {
		return err
	}
	err := eachBatch(dir, "payouts", func(p *settlement.Payouts) error {
		for i := range p.Len() {
			arrived := p.Status[i] == settlement.Received && p.ArrivedOn[i] != settlement.NoDay && (day == settlement.NoDay || p.ArrivedOn[i] == day)
			if !arrived || p.Arrived[i] == settlement.NoAmount {
				continue
			}
			short := settlement.Amount(0)
			if p.Arrival[i] == settlement.ArrivedNet {
				short = p.Amount[i] - p.Arrived[i]
			}
			b.payouts = append(b.payouts, journal.Payout{Wallet: p.Wallet[i], Account: p.Account.StringAt(i), BankAccount: p.BankAccount.StringAt(i),
				PayoutNo: p.PayoutNo.StringAt(i), On: p.ArrivedOn[i], Amount: p.Arrived[i], Short: short})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.tie(dir)
}

func (b *books) addBalances(t *settlement.Balances) error {
	for i := range t.Len() {
		if t.Wallet[i] == settlement.Bank {
			continue
		}
		a := b.of(t.Wallet[i], t.Account.StringAt(i), t.SettledOn[i])
		key := bookKey{a.Wallet, a.Account, a.On}
		for c := range t.By {
			if len(t.By[c]) > i && t.By[c][i] != settlement.NoAmount {
				a.By[c] += t.By[c][i]
			}
		}
		opening, closing, unexplained := t.Opening[i], t.Closing[i], t.Unexplained[i]
		if closing == settlement.NoAmount {
			closing = t.Computed[i]
		}
		first := !b.flows[key]
		b.flows[key] = true
		a.Opening, a.Closing, a.Unexplained = sumKnown(a.Opening, opening, first), sumKnown(a.Closing, closing, first), sumKnown(a.Unexplained, unexplained, first)
	}
	return nil
}

// sumKnown adds up what the purses of an account hold, as far as all are known.
func sumKnown(sum, more settlement.Amount, first bool) settlement.Amount {
	switch {
	case first:
		return more
	case sum == settlement.NoAmount || more == settlement.NoAmount:
		return settlement.NoAmount
	}
	return sum + more
}

func (b *books) addLines(l *settlement.Lines) error {
	for i := range l.Len() {
		if !l.Settles(i) || l.MatchState[i] == settlement.Copy {
			continue
		}
		a := b.of(l.Wallet[i], l.Account.StringAt(i), l.SettledOn[i])
		if l.Kind[i] == settlement.Payment {
			a.PaidGross += l.Gross[i]
			a.PaidSettled += l.Settled[i]
		} else {
			a.BackGross += l.Gross[i]
			a.BackSettled += l.Settled[i]
		}
	}
	return nil
}

func (b *books) addCharges(c *settlement.Charges) error {
	for i := range c.Len() {
		a := b.of(c.Wallet[i], c.Account.StringAt(i), c.SettledOn[i])
		if c.Charged[i] != settlement.NoAmount {
			a.Charged[c.Component[i]] += c.Charged[i]
		}
		if c.Moved[i] != settlement.NoAmount {
			a.Moved[c.Component[i]] += c.Moved[i]
		}
	}
	return nil
}

// tie asserts that the fee rows of the charges are those of the balances: then vouchers
// move each account by what its lines do.
func (b *books) tie(dir string) error {
	for key := range b.flows {
		a := b.accounts[key]
		var moved settlement.Amount
		for _, m := range a.Moved {
			moved += m
		}
		booked := a.By[settlement.FundFee] + a.By[settlement.FundFeeReturn] + a.By[settlement.FundPlatformFee]
		if moved != -booked {
			return fmt.Errorf("%s: %s %s, %s: fee rows of charges come to %s, those of balances to %s: run reconcile verify", dir, a.Wallet, a.Account, a.On, moved, -booked)
		}
	}
	return nil
}
