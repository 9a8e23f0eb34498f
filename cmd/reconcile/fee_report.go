package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/fees"
	"reconcile/output"
	"reconcile/settlement"
)

// mostOvercharged is how many lines a rule shows.
const mostOvercharged = 10

// feeReport is what the command fees prints. Money is text in JSON.
type feeReport struct {
	Month  string     `json:"month,omitempty"`
	Days   []string   `json:"results"`
	Rules  []*ruleFee `json:"rules"`
	Bills  []*feeBill `json:"statement"`
	Totals []*feeBill `json:"entities"`
	// Undated is how many charges and withdrawals state no day, and so no month.
	Undated int64 `json:"undated_rows"`

	terms  *fees.Terms
	byRule map[ruleName]*ruleFee
	byBill map[account]*feeBill
	err    error
}

type ruleName struct{ id, version, event string }

// ruleFee is what one rule expects of its lines, and what they were charged.
type ruleFee struct {
	RuleID      string       `json:"rule_id"`
	Version     string       `json:"rule_version"`
	Event       string       `json:"event"`
	Assumed     bool         `json:"assumed"`
	Lines       int64        `json:"lines"`
	Expected    output.Money `json:"expected"`
	Charged     output.Money `json:"charged"`
	Difference  output.Money `json:"difference"`
	Overcharged int64        `json:"overcharged_lines"`
	Over        output.Money `json:"overcharged"`
	Largest     []overcharge `json:"largest"`
}

// overcharge is one line that cost more than its rule says.
type overcharge struct {
	LineID   string       `json:"line_id"`
	OrderNo  string       `json:"order_no"`
	Expected output.Money `json:"expected"`
	Charged  output.Money `json:"charged"`
	Over     output.Money `json:"over"`
	Class    string       `json:"variance_class"`
}

// feeBill is the fees of one account, or of all accounts of a legal entity.
type feeBill struct {
	Entity     string       `json:"entity"`
	Wallet     string       `json:"wallet,omitempty"`
	Account    string       `json:"account,omitempty"`
	Charged    output.Money `json:"channel_charged"`
	Returned   output.Money `json:"channel_returned"`
	Channel    output.Money `json:"channel_net"`
	Withdrawal output.Money `json:"withdrawal_fees"`
	Total      output.Money `json:"total"`
	Platform   output.Money `json:"platform_fees"`
}

func newFeeReport(terms *fees.Terms, month string) *feeReport {
	return &feeReport{Month: month, terms: terms, Rules: []*ruleFee{}, Bills: []*feeBill{}, Totals: []*feeBill{},
		byRule: map[ruleName]*ruleFee{}, byBill: map[account]*feeBill{}}
}

// read adds the charges and withdrawals of a result.
func (r *feeReport) read(ctx context.Context, dir string) error {
	r.Days = append(r.Days, dir)
	rows := 0
	for _, t := range []struct {
		name string
		row  func(output.Row)
	}{{"charges", r.charge}, {"withdrawals", r.withdrawal}} {
		err := output.ReadTable(dir, t.name, func(row output.Row) error {
			if rows++; rows%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if r.isOfMonth(row) {
				t.row(row)
			}
			return r.err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func (r *feeReport) isOfMonth(row output.Row) bool {
	if row.IsNull("settled_on") {
		r.Undated++
		return r.Month == ""
	}
	return strings.HasPrefix(row.Text("settled_on"), r.Month)
}

func (r *feeReport) add(sum *output.Money, amount settlement.Amount) {
	total, err := settlement.Amount(*sum).Add(amount)
	if err != nil && r.err == nil {
		r.err = err
	}
	*sum = output.Money(total)
}

func (r *feeReport) charge(row output.Row) {
	charged, has := known(row, "charged_fee")
	bill := r.bill(row)
	switch {
	case !has:
	case row.Text("component") == settlement.PlatformFee.String():
		r.add(&bill.Platform, charged)
	case row.Text("event") == settlement.Payment.String():
		r.add(&bill.Charged, charged)
	default:
		r.add(&bill.Returned, charged)
	}
	r.priced(row, row.Text("event"), row.Text("line_id"), row.Text("order_no"))
}

func (r *feeReport) withdrawal(row output.Row) {
	r.add(&r.bill(row).Withdrawal, amountOrZero(row, "charged_fee"))
	r.priced(row, "withdrawal", row.Text("line_id"), row.Text("payout_no"))
}

// priced counts a row with the rule that prices it.
func (r *feeReport) priced(row output.Row, event, line, number string) {
	expected, is := known(row, "expected_fee")
	charged, has := known(row, "charged_fee")
	if !is || !has || row.Text("rule_id") == "" {
		return
	}
	name := ruleName{row.Text("rule_id"), row.Text("rule_version"), event}
	of := r.byRule[name]
	if of == nil {
		of = &ruleFee{RuleID: name.id, Version: name.version, Event: event, Assumed: row.Text("assumed") == "true", Largest: []overcharge{}}
		r.byRule[name] = of
	}
	of.Lines++
	r.add(&of.Expected, expected)
	r.add(&of.Charged, charged)
	r.add(&of.Difference, expected-charged)
	if charged <= expected {
		return
	}
	of.Overcharged++
	r.add(&of.Over, charged-expected)
	of.Largest = append(of.Largest, overcharge{line, number, output.Money(expected), output.Money(charged), output.Money(charged - expected), row.Text("variance_class")})
	if len(of.Largest) > 20*mostOvercharged {
		of.Largest = largest(of.Largest)
	}
}

// largest are the first lines by what was overcharged.
func largest(all []overcharge) []overcharge {
	slices.SortFunc(all, func(a, b overcharge) int { return cmp.Or(cmp.Compare(b.Over, a.Over), cmp.Compare(a.LineID, b.LineID)) })
	return all[:min(len(all), mostOvercharged)]
}

// bill is that of a row's account.
func (r *feeReport) bill(row output.Row) *feeBill {
	key := account{row.Text("wallet"), row.Text("account")}
	bill := r.byBill[key]
	if bill == nil {
		wallet, _ := settlement.ParseWallet(key.wallet)
		bill = &feeBill{Entity: r.terms.Account(wallet, key.number).Entity, Wallet: key.wallet, Account: key.number}
		r.byBill[key] = bill
	}
	return bill
}

// settle adds up and brings everything into its order.
func (r *feeReport) settle() {
	rank := func(f *ruleFee) int {
		switch {
		case f.Assumed:
			return 2
		case f.RuleID == output.OwnRateRule:
			return 1
		}
		return 0
	}
	for _, f := range r.byRule {
		f.Largest = largest(f.Largest)
		r.Rules = append(r.Rules, f)
	}
	slices.SortFunc(r.Rules, func(a, b *ruleFee) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Event, b.Event))
	})
	totals := map[string]*feeBill{}
	for _, b := range r.byBill {
		r.add(&b.Channel, settlement.Amount(b.Charged))
		r.add(&b.Channel, settlement.Amount(b.Returned))
		r.add(&b.Total, settlement.Amount(b.Channel))
		r.add(&b.Total, settlement.Amount(b.Withdrawal))
		r.Bills = append(r.Bills, b)
		sum := totals[b.Entity]
		if sum == nil {
			sum = &feeBill{Entity: b.Entity}
			totals[b.Entity] = sum
		}
		for _, one := range []struct {
			to   *output.Money
			from output.Money
		}{{&sum.Charged, b.Charged}, {&sum.Returned, b.Returned}, {&sum.Channel, b.Channel}, {&sum.Withdrawal, b.Withdrawal}, {&sum.Total, b.Total}, {&sum.Platform, b.Platform}} {
			r.add(one.to, settlement.Amount(one.from))
		}
	}
	slices.SortFunc(r.Bills, func(a, b *feeBill) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account))
	})
	for _, entity := range slices.Sorted(maps.Keys(totals)) {
		r.Totals = append(r.Totals, totals[entity])
	}
}

// feeReportText is a report for people.
func (a *app) feeReportText(r *feeReport) string {
	var b strings.Builder
	money := func(m output.Money) string { return grouped(settlement.Amount(m)) }
	g := newGrid(a.say("fees by rule"), a.say("event"), a.say("lines"), a.say("expected"), a.say("charged"), a.say("difference"), a.say("overcharged"))
	g.leftAlign(1)
	for _, f := range r.Rules {
		name := f.RuleID + " " + f.Version
		if f.Assumed {
			name += " (" + a.say("assumed") + ")"
		}
		g.row(name, a.say(f.Event), groupedCount(f.Lines), money(f.Expected), money(f.Charged), money(f.Difference), money(f.Over))
	}
	b.WriteString(a.table(g, "") + "\n")
	for _, f := range r.Rules {
		if len(f.Largest) == 0 || f.Assumed {
			continue
		}
		g := newGrid(a.sayf("overcharged most: %s %s, %s", f.RuleID, f.Version, f.Event), a.say("expected"), a.say("charged"), a.say("overcharged"), a.say("why"))
		g.leftAlign(4)
		for _, o := range f.Largest {
			g.row(cmp.Or(o.OrderNo, o.LineID), money(o.Expected), money(o.Charged), money(o.Over), o.Class)
		}
		b.WriteString(a.table(g, "") + "\n")
	}
	g = newGrid(a.sayf("fees of %s", cmp.Or(r.Month, a.say("all days"))), a.say("account"), a.say("charged"), a.say("returned"), a.say("channel, net"), a.say("withdrawals"), a.say("to be invoiced"), a.say("platform fees"))
	g.leftAlign(1)
	bill := func(name, account string, f *feeBill) {
		g.row(name, account, money(f.Charged), money(f.Returned), money(f.Channel), money(f.Withdrawal), money(f.Total), money(f.Platform))
	}
	for _, total := range r.Totals {
		entity := cmp.Or(total.Entity, a.say("(no entity)"))
		for _, f := range r.Bills {
			if f.Entity == total.Entity {
				bill("  "+a.say(f.Wallet), f.Account, f)
			}
		}
		bill(entity, a.say("total"), total)
		g.rule()
	}
	b.WriteString(a.table(g, ""))
	if r.Undated > 0 {
		b.WriteString("\n" + a.sayf("%s rows state no day", groupedCount(r.Undated)) + "\n")
	}
	return b.String()
}
