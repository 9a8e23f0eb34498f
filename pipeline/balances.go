package pipeline

import (
	"fmt"

	"reconcile/funds"
	"reconcile/match"
	"reconcile/opening"
	"reconcile/output"
	"reconcile/settlement"
)

// takePiece keeps what a batch of fund lines says of its account's balance. Rows of
// other days are looked at too: which row stands before the first of the day tells
// whether the file is in order.
func (r *run) takePiece(l *settlement.FundLines) {
	piece := funds.PieceOf(l)
	if piece == nil {
		return
	}
	r.chaining.Lock()
	defer r.chaining.Unlock()
	r.chains[piece.File] = append(r.chains[piece.File], piece)
}

// settleBalances works out how the balance of each account moved and writes the table
// balances and its breaks.
func (r *run) settleBalances(staging *output.Staging) error {
	in := funds.BalanceInput{Moved: r.proof.funds.days, Only: settlement.NoDay, Day: r.rules.Match.Day}
	if r.state != nil {
		in.Only = r.job.Day
	}
	for i, s := range r.intake.Statements {
		if !r.intake.Accepted(int32(i)) || !s.Kind.IsFunds() {
			continue
		}
		file := funds.BalanceFile{Number: int32(i), Name: r.files[i], Rank: r.rules.Match.FileRank[i], Statement: s}
		if len(r.chains[i]) > 0 {
			file.Chain = funds.ChainOf(r.chains[i], s.From)
		}
		in.Files = append(in.Files, file)
	}
	r.chains = nil
	var err error
	if in.Known, err = r.balancesBefore(in.Files); err != nil {
		return err
	}
	if r.state != nil && r.state.opening != nil && r.state.opening.Day >= r.job.Day-balancesBackTo {
		in.Known = append(in.Known, openingBalances(r.state.opening)...)
	}
	if r.balanced, err = funds.Balances(in); err != nil {
		return err
	}
	if found := r.balanced.Breaks; found.Len() > 0 {
		r.job.Decisions.Apply(found)
		r.tally.addBreaks(found)
		if err := r.writeCost(staging, "breaks", r.buckets+1, match.SortBreaks(found)); err != nil {
			return err
		}
	}
	return r.writeCost(staging, "balances", 0, r.balanced.Table)
}

// openingBalances are those of an opening file. Where it names no purse of WeChat Pay, it
// speaks of the basic account (基本账户), whether or not the fund-flow bill's name says
// that it is its.
func openingBalances(o *opening.State) (all []funds.KnownBalance) {
	for _, b := range o.Balances {
		purses := []string{b.SubAccount}
		if b.Wallet == settlement.WeChat && b.SubAccount == "" {
			purses = append(purses, "basic")
		}
		for _, purse := range purses {
			all = append(all, funds.KnownBalance{AccountDay: funds.AccountDay{Wallet: b.Wallet, Account: b.Account, SubAccount: purse, On: o.Day},
				Amount: b.Amount, By: settlement.KnownOpeningFile, Source: b.At.String()})
		}
	}
	return all
}

// balancesBackTo is how many days back an account's last known balance is looked for.
const balancesBackTo = 35

// balancesBefore is what the accounts of the run's files ended with on the last day of a
// dataset that knows it.
func (r *run) balancesBefore(files []funds.BalanceFile) ([]funds.KnownBalance, error) {
	if r.state == nil {
		return nil, nil
	}
	wanted := map[flowAccount]bool{}
	for key := range r.proof.funds.days {
		wanted[flowAccount{key.Wallet, key.Account}] = true
	}
	for _, f := range files {
		wanted[flowAccount{f.Statement.Wallet, f.Statement.Account}] = true
	}
	var found []funds.KnownBalance
	for _, day := range r.state.days {
		if len(wanted) == 0 || day.day < r.job.Day-balancesBackTo {
			break
		}
		before, err := balancesOf(day)
		if err != nil {
			return nil, fmt.Errorf("the balances of %s cannot be read: %w (run that day again)", day.day, err)
		}
		of := map[flowAccount]bool{}
		for _, k := range before {
			if at := (flowAccount{k.Wallet, k.Account}); wanted[at] {
				found, of[at] = append(found, k), true
			}
		}
		for at := range of {
			delete(wanted, at)
		}
	}
	return found, nil
}

// balancesOf is what accounts held at the end of a committed day: as their files say it,
// else as it was computed.
func balancesOf(day pastDay) (all []funds.KnownBalance, err error) {
	err = readBatches(day.dir, "balances", func(in *output.BatchReader, rows int) error {
		b := &settlement.Balances{}
		if err := in.Append(b, allRows(rows), noSource); err != nil {
			return err
		}
		for i := range b.Len() {
			k := funds.KnownBalance{Amount: b.Closing[i], By: settlement.KnownDayBefore, Source: day.day.String(),
				AccountDay: funds.AccountDay{Wallet: b.Wallet[i], Account: b.Account.StringAt(i), SubAccount: b.SubAccount.StringAt(i), On: b.SettledOn[i]}}
			if k.Amount == settlement.NoAmount {
				k.Amount = b.Computed[i]
			}
			if k.Amount != settlement.NoAmount && k.On != settlement.NoDay {
				all = append(all, k)
			}
		}
		return nil
	})
	return all, err
}

// balanceChecks state that the table balances holds what the fund lines come to.
func (r *run) balanceChecks() []output.Check {
	t := r.balanced.Table
	moved := map[fundKey]*FundOverview{}
	var checks []output.Check
	for i := range t.Len() {
		key := fundKey{t.Wallet[i], t.Account.StringAt(i), t.SubAccount.StringAt(i)}
		of := funds.AccountDay{Wallet: key.wallet, Account: key.account, SubAccount: key.subAccount, On: t.SettledOn[i]}
		if moved[key] == nil {
			moved[key] = &FundOverview{}
		}
		moved[key].Lines += t.Lines[i]
		moved[key].Income += t.Income[i]
		moved[key].Expense -= t.Expense[i]
		var split settlement.Amount
		for _, c := range settlement.BalanceCategories {
			split += t.By[c][i]
		}
		name := fmt.Sprintf("%s %s", of, of.On)
		checks = append(checks, check("income − expense = Σ by category, "+name, t.Income[i]-t.Expense[i], split))
		if t.Opening[i] != settlement.NoAmount {
			checks = append(checks, check("opening + Σ fund_lines = computed_closing, "+name, t.Opening[i]+split, t.Computed[i]))
		}
	}
	say := func(f *FundOverview) string {
		return fmt.Sprintf("%d lines, income %s, expense %s", f.Lines, f.Income, f.Expense)
	}
	for _, f := range r.proof.funds.overview() {
		key := fundKey{f.Wallet, f.Account, f.SubAccount}
		of := funds.AccountDay{Wallet: f.Wallet, Account: f.Account, SubAccount: f.SubAccount}
		in := moved[key]
		if in == nil {
			in = &FundOverview{}
		}
		checks = append(checks, check(fmt.Sprintf("booked fund_lines = Σ balances, %s", of), say(&f), say(in)))
	}
	return checks
}
