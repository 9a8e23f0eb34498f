package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// figuresAgain is what run.json keeps as figures, computed again from the tables, by
// what its entries are of. Those of accounts are in recount.by.
type figuresAgain struct {
	fees   map[output.FeeFigures]*output.FeeFigures
	cross  map[output.CrossFigures]*output.CrossFigures
	breaks map[output.BreakFigures]*output.BreakFigures
}

func newFiguresAgain() *figuresAgain {
	return &figuresAgain{fees: map[output.FeeFigures]*output.FeeFigures{}, cross: map[output.CrossFigures]*output.CrossFigures{},
		breaks: map[output.BreakFigures]*output.BreakFigures{}}
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
	key := output.FeeFigures{Wallet: walletOf(r, "wallet"), Component: component, Event: event, RuleID: r.Text("rule_id"), Version: r.Text("rule_version"), Assumed: r.Text("assumed") == "true"}
	f := entry(c.again.fees, key)
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

// crossed adds a row of cross_wallet to its two wallets, and to its account.
func (c *recount) crossed(r output.Row) {
	key := output.CrossFigures{CostOf: r.Text("cost_of")}
	ofOrder := key.CostOf == settlement.CostOrder.String() || key.CostOf == settlement.CostMovement.String()
	if ofOrder {
		key.Home, key.Paying, key.Platform = walletOf(r, "home_wallet"), walletOf(r, "paying_wallet"), r.Text("platform")
	}
	f := entry(c.again.cross, key)
	if amountOrZero(r, "paid_amount") != 0 {
		f.Orders++
		if r.IsNull("cross_wallet_fee") {
			f.Unpriced++
		}
		if ofOrder {
			a := c.at(r)
			a.CrossOrders++
			if r.IsNull("cross_wallet_fee") {
				a.CrossUnknown++
			}
		}
	}
	for column, to := range map[string]*settlement.Amount{"paid_amount": &f.Paid, "refunded_amount": &f.Refunded, "channel_fee": &f.ChannelFee, "home_fee": &f.HomeFee,
		"incremental_fee": &f.Incremental, "repatriation_fee": &f.Repatriation, "deposit_fee": &f.Deposit, "cross_wallet_fee": &f.Cost} {
		c.add(to, amountOrZero(r, column))
	}
}

// broke adds an open break to its kind and wallet.
func (c *recount) broke(r output.Row) error {
	key := output.BreakFigures{Wallet: walletOf(r, "wallet")}
	if err := key.Kind.UnmarshalText([]byte(r.Text("kind"))); err != nil {
		return broken("breaks", r.Text("break_id"), "kind %q is none", r.Text("kind"))
	}
	b := entry(c.again.breaks, key)
	b.Count++
	difference := amountOrZero(r, "difference")
	c.add(&b.Short, min(difference, 0))
	c.add(&b.Over, max(difference, 0))
	c.add(&b.Difference, difference)
	return nil
}

// entry is what is added up under a key, which is an entry that nothing was added to.
func entry[T comparable](of map[T]*T, key T) *T {
	if of[key] == nil {
		of[key] = &key
	}
	return of[key]
}

// named is entries by their names.
func named[T comparable](of map[T]*T, name func(T) string) map[string]*T {
	by := map[string]*T{}
	for key, entry := range of {
		by[name(key)] = entry
	}
	return by
}

func walletOf(r output.Row, column string) settlement.Wallet {
	w, _ := settlement.ParseWallet(r.Text(column))
	return w
}

func feesName(f output.FeeFigures) string {
	return fmt.Sprintf("fees %s %s %s %q %q %t", f.Wallet, f.Component, f.Event, f.RuleID, f.Version, f.Assumed)
}

func crossName(f output.CrossFigures) string {
	return strings.TrimSpace(fmt.Sprintf("cross_wallet %s %s→%s %s", f.CostOf, f.Home, f.Paying, f.Platform))
}

func breaksName(b output.BreakFigures) string { return fmt.Sprintf("breaks %s %s", b.Wallet, b.Kind) }

func accountName(a output.AccountFigures) string {
	return strings.TrimSpace(fmt.Sprintf("accounts %s %s", a.Wallet, a.Account))
}

// tieFigures holds every figure of run.json against the tables, and what it counts of files
// against its own list of inputs. A result of former versions has none.
func (c *recount) tieFigures() error {
	told := c.v.m.Figures
	if told == nil {
		return nil
	}
	accounts := map[string]*output.AccountFigures{}
	for _, f := range c.by {
		accounts[accountName(f.AccountFigures)] = &f.AccountFigures
	}
	again := output.Figures{Day: c.day(told.Day)}
	for _, in := range c.v.m.Inputs {
		switch kind := settlement.StatementKind(in.Kind); {
		case in.DuplicateOf != "" || in.Superseded != "":
		case kind == settlement.OrderExtract:
			again.Orders++
		case kind.ShowsTrades():
			again.Bills++
		}
	}
	head := *told
	head.Accounts, head.Fees, head.Cross, head.Breaks = nil, nil, nil, nil
	return errors.Join(c.tieFields("figures", head, again),
		tieEach(c, told.Accounts, accounts, accountName), tieEach(c, told.Fees, named(c.again.fees, feesName), feesName),
		tieEach(c, told.Cross, named(c.again.cross, crossName), crossName), tieEach(c, told.Breaks, named(c.again.breaks, breaksName), breaksName))
}

// day is the day of the run: of a day of a dataset that day, none where the bills are of
// several, else the last that a file shows.
func (c *recount) day(told settlement.Day) settlement.Day {
	if d := c.v.m.Day; d != nil {
		if day, err := settlement.ParseDay([]byte(d.Day)); err == nil {
			return day
		}
		return settlement.NoDay
	}
	if first, last := c.v.m.Period(); first != last {
		return settlement.NoDay
	}
	last := settlement.NoDay
	for i := range c.v.m.Inputs {
		in := &c.v.m.Inputs[i]
		if _, day := in.Days(); in.DuplicateOf == "" && in.Superseded == "" {
			last = max(last, day)
		}
	}
	if last == settlement.NoDay { // no file tells a day: the run takes that of its latest row
		return told
	}
	return last
}

// tieEach holds the entries of one list of run.json against those that the tables give: each
// whole, none twice, none missing.
func tieEach[T any](c *recount, told []T, again map[string]*T, name func(T) string) error {
	var errs []error
	seen := map[string]bool{}
	for _, one := range told {
		n := name(one)
		switch {
		case seen[n]:
			c.v.fault(output.ManifestName, "figures, %s: it is there twice", n)
		case again[n] == nil:
			c.v.fault(output.ManifestName, "figures, %s: the tables have no row of it", n)
		default:
			errs = append(errs, c.tieFields("figures, "+n, one, *again[n]))
		}
		seen[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(again)) {
		if !seen[n] {
			c.v.fault(output.ManifestName, "figures, %s: it is missing, the tables have rows of it", n)
		}
	}
	return errors.Join(errs...)
}

// tieFields compares two values field by field, as run.json names and prints them, so that a
// field that is added is held too.
func (c *recount) tieFields(what string, told, again any) error {
	found, err := fieldsOf(told)
	if err != nil {
		return err
	}
	computed, err := fieldsOf(again)
	if err != nil {
		return err
	}
	for _, field := range slices.Sorted(maps.Keys(computed)) {
		c.v.equal(output.ManifestName, what+": "+field, computed[field], found[field])
	}
	return nil
}

// fieldsOf is a value's fields by the path under which JSON has them, as text.
func fieldsOf(value any) (map[string]string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	var walk func(path string, node any)
	walk = func(path string, node any) {
		inner, is := node.(map[string]any)
		if !is && node != nil {
			fields[strings.TrimPrefix(path, ".")] = fmt.Sprint(node)
		}
		for name, value := range inner {
			walk(path+"."+name, value)
		}
	}
	walk("", tree)
	return fields, nil
}
