package main

import (
	"fmt"
	"strconv"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// figuresAgain is what run.json keeps as figures, computed again from the tables: by a name,
// as text.
type figuresAgain struct {
	fees   map[string]*output.FeeFigures
	cross  map[string]*output.CrossFigures
	breaks map[string]*output.BreakFigures
	lines  output.MatchFigures
	events output.MatchFigures
}

func newFiguresAgain() *figuresAgain {
	return &figuresAgain{fees: map[string]*output.FeeFigures{}, cross: map[string]*output.CrossFigures{}, breaks: map[string]*output.BreakFigures{}}
}

// matched adds a line or event to the rate of those that agree.
func (c *recount) matched(rate *output.MatchFigures, r output.Row, column string) {
	switch r.Text("match_state") {
	case settlement.Matched.String():
		rate.Matched++
		c.add(&rate.MatchedAmount, amountOrZero(r, column).Abs())
	case settlement.Broken.String(), settlement.Open.String():
	default:
		return
	}
	rate.Rows++
	c.add(&rate.Amount, amountOrZero(r, column).Abs())
}

// priced adds a charge or a withdrawal to the rule that prices it.
func (c *recount) priced(r output.Row, component, event, base string) {
	key := fmt.Sprintf("%s %s %s %s %s %s", r.Text("wallet"), component, event, r.Text("rule_id"), r.Text("rule_version"), r.Text("assumed"))
	f := c.again.fees[key]
	if f == nil {
		f = &output.FeeFigures{}
		c.again.fees[key] = f
	}
	f.Lines++
	c.add(&f.Base, amountOrZero(r, base))
	c.add(&f.Expected, amountOrZero(r, "expected_fee"))
	c.add(&f.Charged, amountOrZero(r, "charged_fee"))
	variance := amountOrZero(r, "variance")
	c.add(&f.Variance, variance)
	if variance < 0 {
		f.Overcharged++
		c.add(&f.Over, -variance)
	}
}

// crossed adds a row of cross_wallet to its two wallets.
func (c *recount) crossed(r output.Row) {
	of := r.Text("cost_of")
	key := of
	if of == settlement.CostOrder.String() || of == settlement.CostMovement.String() {
		key = fmt.Sprintf("%s %s→%s %s", of, r.Text("home_wallet"), r.Text("paying_wallet"), r.Text("platform"))
	}
	f := c.again.cross[key]
	if f == nil {
		f = &output.CrossFigures{}
		c.again.cross[key] = f
	}
	if amountOrZero(r, "paid_amount") != 0 {
		f.Orders++
		if r.IsNull("cross_wallet_fee") {
			f.Unpriced++
		}
	}
	for column, to := range map[string]*settlement.Amount{"paid_amount": &f.Paid, "refunded_amount": &f.Refunded, "channel_fee": &f.ChannelFee, "home_fee": &f.HomeFee,
		"incremental_fee": &f.Incremental, "repatriation_fee": &f.Repatriation, "deposit_fee": &f.Deposit, "cross_wallet_fee": &f.Cost} {
		c.add(to, amountOrZero(r, column))
	}
}

// broke adds an open break to its kind and wallet.
func (c *recount) broke(r output.Row) {
	key := r.Text("wallet") + " " + r.Text("kind")
	b := c.again.breaks[key]
	if b == nil {
		b = &output.BreakFigures{}
		c.again.breaks[key] = b
	}
	b.Count++
	difference := amountOrZero(r, "difference")
	c.add(&b.Short, min(difference, 0))
	c.add(&b.Over, max(difference, 0))
	c.add(&b.Difference, difference)
}

// tieFigures holds the figures of run.json against the tables. A result of former versions
// has none.
func (c *recount) tieFigures() error {
	told := c.v.m.Figures
	if told == nil {
		return nil
	}
	total, err := overview.TotalOf(told.Accounts)
	if err != nil {
		return err
	}
	equal := func(what string, actual, expected any) {
		c.v.equal(output.ManifestName, "figures, "+what, fmt.Sprintf("%+v", expected), fmt.Sprintf("%+v", actual))
	}
	equal("lines that agree", total.LinesRate, c.again.lines)
	equal("order events that agree", total.EventsRate, c.again.events)
	equal("rules of fees", len(told.Fees), len(c.again.fees))
	for _, f := range told.Fees {
		key := fmt.Sprintf("%s %s %s %s %s %t", f.Wallet, f.Component, f.Event, f.RuleID, f.Version, f.Assumed)
		again := output.FeeFigures{}
		if known := c.again.fees[key]; known != nil {
			again = *known
		}
		again.Wallet, again.Component, again.Event, again.RuleID, again.Version, again.Assumed = f.Wallet, f.Component, f.Event, f.RuleID, f.Version, f.Assumed
		equal("fees of "+strconv.Quote(key), f, again)
	}
	equal("pairs of wallets", len(told.Cross), len(c.again.cross))
	for _, f := range told.Cross {
		key := f.CostOf
		if f.CostOf == settlement.CostOrder.String() || f.CostOf == settlement.CostMovement.String() {
			key = fmt.Sprintf("%s %s→%s %s", f.CostOf, f.Home, f.Paying, f.Platform)
		}
		again := output.CrossFigures{}
		if known := c.again.cross[key]; known != nil {
			again = *known
		}
		again.CostOf, again.Home, again.Paying, again.Platform = f.CostOf, f.Home, f.Paying, f.Platform
		equal("cost of "+strconv.Quote(key), f, again)
	}
	equal("kinds of breaks by wallet", len(told.Breaks), len(c.again.breaks))
	for _, b := range told.Breaks {
		again := output.BreakFigures{}
		if known := c.again.breaks[b.Wallet.String()+" "+b.Kind.String()]; known != nil {
			again = *known
		}
		again.Wallet, again.Kind = b.Wallet, b.Kind
		equal("breaks of "+b.Wallet.String()+" "+b.Kind.String(), b, again)
	}
	for _, a := range told.Accounts {
		key := account{a.Wallet.String(), a.Account}
		equal("of "+key.String(), &figures{lines: a.Lines, matched: a.Matched, breaks: a.Breaks, open: a.Open, gross: a.Gross, refunds: a.Refunds, net: a.Net,
			expected: a.Expected, charged: a.Charged, variance: a.Variance, unpriced: a.Unpriced, platform: a.Platform, withdrawal: a.Withdrawal, cross: a.Cross}, c.of(key))
	}
	return nil
}
