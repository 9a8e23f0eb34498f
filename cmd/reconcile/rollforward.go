package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// rollText prints roll-forwards side by side, as many as a terminal is wide.
func (a *app) rollText(all []*overview.RollForward) string {
	var b strings.Builder
	for rest := all; len(rest) > 0; {
		n := len(rest)
		g := a.rollBlock(rest[:n], all)
		for n > 1 && g.width() > a.page() {
			n--
			g = a.rollBlock(rest[:n], all)
		}
		b.WriteString(a.table(g, "") + "\n")
		rest = rest[n:]
	}
	for _, r := range all {
		name := strings.TrimSpace(a.say(r.Wallet) + " " + r.Account + " " + a.say(r.SubAccount))
		if r.Missing > 0 {
			b.WriteString(a.sayf("%s: days before of which the fund flow is missing: %d", name, r.Missing) + "\n")
		}
		if r.BreaksAt != "" {
			b.WriteString(a.sayf("%s: places at which the balance does not follow: %d, the first %s", name, r.Breaks, r.BreaksAt) + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (a *app) rollBlock(columns, all []*overview.RollForward) *grid {
	heads := [4][]string{{a.say("balances")}, {""}, {""}, {""}}
	purses := slices.ContainsFunc(all, func(r *overview.RollForward) bool { return r.SubAccount != "" })
	for _, r := range columns {
		days := r.From
		if r.To != r.From {
			days = fmt.Sprintf("%s…%s", r.From, strings.TrimPrefix(r.To, commonYear(r.From, r.To)))
		}
		heads[0] = append(heads[0], a.say(r.Wallet))
		heads[1] = append(heads[1], cmp.Or(r.Account, a.say("(no account)")))
		heads[2] = append(heads[2], a.say(r.SubAccount))
		heads[3] = append(heads[3], days)
	}
	g := &grid{left: map[int]bool{0: true}, rules: map[int]bool{}}
	for i, head := range heads {
		if i != 2 || purses {
			g.row(head...)
		}
	}
	g.rule()
	for _, row := range overview.RollRows() {
		if !row.Says(all) {
			continue
		}
		if row.Rule {
			g.rule()
		}
		cells := []string{a.say(row.Name)}
		for _, r := range columns {
			if amount := row.Amount(r); amount != settlement.NoAmount {
				cells = append(cells, grouped(amount))
			} else {
				cells = append(cells, a.say("not known"))
			}
		}
		g.row(cells...)
	}
	g.rule()
	by := []string{a.say("opening known by")}
	for _, r := range columns {
		by = append(by, a.say(r.OpeningBy))
	}
	g.row(by...)
	return g
}

// commonYear is the year and the hyphen that two days share, "" where they share none.
func commonYear(from, to string) string {
	if len(from) > 5 && len(to) > 5 && from[:5] == to[:5] {
		return from[:5]
	}
	return ""
}
