package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// positionText prints a position. Accounts stand side by side, four at a time.
func (a *app) positionText(p *moneyPosition) string {
	var b strings.Builder
	title := a.say("where the money is")
	if p.Day != "" {
		title += " · " + p.Day
	}
	fmt.Fprintf(&b, "%s\n\n", title)
	columns := p.Accounts
	if len(columns) != 1 {
		columns = append(slices.Clone(columns), p.Total)
	}
	for rest := columns; len(rest) > 0; {
		n := min(len(rest), 4)
		g := a.positionGrid(rest[:n])
		for n > 1 && g.width() > a.page() {
			n--
			g = a.positionGrid(rest[:n])
		}
		b.WriteString(a.table(g, "") + "\n")
		rest = rest[n:]
	}
	if len(p.Banks) > 0 {
		g := newGrid(a.say("in the bank"), a.say("held"))
		for _, bank := range p.Banks {
			g.row(bank.Account, moneyOr(bank.Held))
		}
		b.WriteString(a.table(g, "") + "\n")
	}
	g := newGrid(a.say("shop"), a.say("sold"), a.say("refunded"), a.say("fees"), a.say("net"), a.say("awaited"), a.say("breaks"))
	for _, s := range p.Shops {
		g.row(cmp.Or(s.Shop, a.say("(no shop)")), grouped(settlement.Amount(s.Sold)), grouped(settlement.Amount(s.Refunded)), grouped(settlement.Amount(-s.Fees)), grouped(settlement.Amount(s.Net)), grouped(settlement.Amount(s.Awaited)), fmt.Sprint(s.Breaks))
	}
	b.WriteString(a.table(g, ""))
	return b.String()
}

func moneyOr(m *output.Money) string {
	if m == nil {
		return "?"
	}
	return grouped(settlement.Amount(*m))
}

func (a *app) positionGrid(columns []*accountPosition) *grid {
	heading, numbers := []string{"CNY"}, []string{""}
	for _, c := range columns {
		heading, numbers = append(heading, a.say(cmp.Or(c.Wallet, "(no wallet)"))), append(numbers, c.Account)
	}
	g := newGrid(heading...)
	g.rows = slices.Insert(g.rows, 1, numbers)
	g.rules = map[int]bool{2: true}
	line := func(name string, of func(*accountPosition) *output.Money) {
		cells := []string{a.say(name)}
		for _, c := range columns {
			cells = append(cells, moneyOr(of(c)))
		}
		g.row(cells...)
	}
	line("in the wallet", func(p *accountPosition) *output.Money { return p.InWallet })
	line("of it pending release", func(p *accountPosition) *output.Money { return &p.PendingRelease })
	line("of it releasable", func(p *accountPosition) *output.Money { return p.Releasable })
	line("in transit to the bank", func(p *accountPosition) *output.Money { return &p.InTransit })
	line("of it overdue", func(p *accountPosition) *output.Money { return &p.Overdue })
	line("billed, not booked", func(p *accountPosition) *output.Money { return &p.NotBooked })
	line("awaited for orders", func(p *accountPosition) *output.Money { return &p.Awaited })
	line("of it missing", func(p *accountPosition) *output.Money { return &p.Broken })
	cells := []string{a.say("oldest break, days")}
	for _, c := range columns {
		cells = append(cells, fmt.Sprint(c.Oldest))
	}
	g.row(cells...)
	g.rule()
	line("sold", func(p *accountPosition) *output.Money { return &p.Sold })
	line("discounts", func(p *accountPosition) *output.Money { return &p.Discounts })
	line("refunded", func(p *accountPosition) *output.Money { return &p.Refunded })
	line("settled in the account", func(p *accountPosition) *output.Money { return &p.Settled })
	line("fees", func(p *accountPosition) *output.Money { return &p.Fees })
	line("platform fees", func(p *accountPosition) *output.Money { return &p.PlatformFees })
	line("withdrawn", func(p *accountPosition) *output.Money { return &p.Withdrawn })
	line("withdrawal fees", func(p *accountPosition) *output.Money { return &p.WithdrawalFees })
	line("other movements", func(p *accountPosition) *output.Money { return &p.Other })
	line("unexplained", func(p *accountPosition) *output.Money { return p.Unexplained })
	g.rule()
	line("change in the wallet", func(p *accountPosition) *output.Money { return p.Change })
	line("change of not booked", func(p *accountPosition) *output.Money { return &p.ChangeNotBooked })
	line("fees not booked", func(p *accountPosition) *output.Money { return &p.FeesElsewhere })
	line("difference", func(p *accountPosition) *output.Money { return &p.Difference })
	return g
}
