package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// rollForward is how the balance of one account, or one purse of it, moved over its days
// (余额调节表). Money that is not known is nil.
type rollForward struct {
	Wallet     string `json:"wallet"`
	Account    string `json:"account"`
	SubAccount string `json:"sub_account,omitempty"`
	From       string `json:"from"`
	To         string `json:"to"`

	Opening     *output.Money           `json:"opening"`
	OpeningBy   string                  `json:"opening_known_by"`
	Categories  map[string]output.Money `json:"by_category"`
	Income      output.Money            `json:"income"`
	Expense     output.Money            `json:"expense"`
	Computed    *output.Money           `json:"computed_closing"`
	Closing     *output.Money           `json:"closing"`
	Unexplained *output.Money           `json:"unexplained"`
	Lines       int64                   `json:"lines"`
	Breaks      int64                   `json:"chain_breaks"`
	BreaksAt    string                  `json:"first_chain_break,omitempty"`
	Missing     int64                   `json:"missing_days"`
}

// balanceDay is one row of the table balances as it is read.
type balanceDay struct {
	purseDay
	opening, income, expense, closing settlement.Amount // NoAmount where null
	by                                [len(settlement.BalanceCategories)]settlement.Amount
	opens                             string
	lines, breaks, missing            int64
	breaksAt                          string
}

func balanceDayOf(r output.Row) (d balanceDay, err error) {
	money := func(column string) settlement.Amount {
		if a, ok := known(r, column); ok {
			return a
		}
		return settlement.NoAmount
	}
	d = balanceDay{purseDay: purseDayOf(r), opening: money("opening"), income: money("income"), expense: money("expense"), closing: money("closing"), opens: r.Text("opening_known_by")}
	for i, c := range settlement.BalanceCategories {
		d.by[i] = money(settlement.BalanceColumn(c))
	}
	for _, count := range []struct {
		column string
		to     *int64
	}{{"lines", &d.lines}, {"chain_breaks", &d.breaks}, {"missing_days", &d.missing}} {
		if *count.to, err = parseWhole(r.Text(count.column)); err != nil {
			return d, err
		}
	}
	if !r.IsNull("chain_break_file") {
		d.breaksAt = r.Text("chain_break_file") + ":" + r.Text("chain_break_line")
	}
	return d, nil
}

// balanceDays are the rows of a result's table balances in their order: those of one day
// where that is not "".
func balanceDays(dir, day string) (days []balanceDay, err error) {
	err = output.ReadTable(dir, "balances", func(r output.Row) error {
		d, err := balanceDayOf(r)
		if err == nil && (day == "" || d.day == day) {
			days = append(days, d)
		}
		return err
	})
	slices.SortStableFunc(days, func(a, b balanceDay) int { return a.compare(b.purseDay) })
	return days, err
}

// rollForwards adds up the days of each account.
func rollForwards(days []balanceDay) (all []*rollForward, err error) {
	all = []*rollForward{}
	for i := range days {
		d := &days[i]
		var r *rollForward
		if n := len(all); n > 0 && all[n-1].Wallet == d.wallet && all[n-1].Account == d.account && all[n-1].SubAccount == d.purse {
			r = all[n-1]
		} else {
			r = &rollForward{Wallet: d.wallet, Account: d.account, SubAccount: d.purse, From: d.day, Opening: moneyOf(d.opening), OpeningBy: d.opens,
				Missing: d.missing, Categories: map[string]output.Money{}}
			all = append(all, r)
		}
		if d.day != r.From {
			r.Missing += d.missing
		}
		if r.To = d.day; d.closing != settlement.NoAmount || d.lines > 0 { // where nothing moved, the file says nothing new
			r.Closing = moneyOf(d.closing)
		}
		for c, amount := range d.by {
			name := settlement.BalanceColumn(settlement.BalanceCategories[c])
			sum, err := settlement.Amount(r.Categories[name]).Add(amount)
			if err != nil {
				return nil, err
			}
			r.Categories[name] = output.Money(sum)
		}
		income, err1 := settlement.Amount(r.Income).Add(d.income)
		expense, err2 := settlement.Amount(r.Expense).Add(d.expense)
		if err := cmp.Or(err1, err2); err != nil {
			return nil, err
		}
		r.Income, r.Expense = output.Money(income), output.Money(expense)
		r.Lines += d.lines
		r.Breaks += d.breaks
		r.BreaksAt = cmp.Or(r.BreaksAt, d.breaksAt)
	}
	for _, r := range all {
		if r.Opening == nil {
			continue
		}
		computed := *r.Opening + r.Income - r.Expense
		r.Computed = &computed
		if r.Closing != nil {
			unexplained := *r.Closing - computed
			r.Unexplained = &unexplained
		}
	}
	return all, nil
}

func moneyOf(a settlement.Amount) *output.Money {
	if a == settlement.NoAmount {
		return nil
	}
	m := output.Money(a)
	return &m
}

// rollRow is a row of the printed roll-forward.
type rollRow struct {
	name     string
	rule     bool
	optional bool // left out where it is zero in every account
	money    func(*rollForward) *output.Money
}

// rollRows are the rows in the order in which they are signed.
func rollRows() []rollRow {
	rows := []rollRow{{name: "opening balance", money: func(r *rollForward) *output.Money { return r.Opening }}}
	for _, c := range settlement.BalanceCategories {
		column := settlement.BalanceColumn(c)
		rows = append(rows, rollRow{name: rollNames[column], optional: true, money: func(r *rollForward) *output.Money {
			m := r.Categories[column]
			return &m
		}})
	}
	return append(rows,
		rollRow{name: "income", rule: true, money: func(r *rollForward) *output.Money { return &r.Income }},
		rollRow{name: "expense", money: func(r *rollForward) *output.Money { m := -r.Expense; return &m }},
		rollRow{name: "computed closing", rule: true, money: func(r *rollForward) *output.Money { return r.Computed }},
		rollRow{name: "closing, by the file", money: func(r *rollForward) *output.Money { return r.Closing }},
		rollRow{name: "unexplained", money: func(r *rollForward) *output.Money { return r.Unexplained }})
}

// rollNames are the categories as people read them.
var rollNames = map[string]string{
	"payments": "payments", "refunds": "refunds", "fees": "fees", "fee_returns": "fees returned", "platform_fees": "platform fees",
	"profit_sharing": "profit sharing", "transfers": "transfers", "withdrawals": "withdrawals, returns", "withdrawal_fees": "withdrawal fees",
	"coupons": "coupons", "top_ups": "top-ups", "freezes": "freezes", "other": "not named by the file",
}

// rollText prints roll-forwards side by side, as many as a terminal is wide.
func (a *app) rollText(all []*rollForward) string {
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
		name := strings.TrimSpace(a.say(r.Wallet) + " " + r.Account + " " + r.SubAccount)
		if r.Missing > 0 {
			b.WriteString(a.sayf("%s: days before of which the fund flow is missing: %d", name, r.Missing) + "\n")
		}
		if r.BreaksAt != "" {
			b.WriteString(a.sayf("%s: places at which the balance does not follow: %d, the first %s", name, r.Breaks, r.BreaksAt) + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (a *app) rollBlock(columns, all []*rollForward) *grid {
	heads := [4][]string{{a.say("balances")}, {""}, {""}, {""}}
	purses := slices.ContainsFunc(all, func(r *rollForward) bool { return r.SubAccount != "" })
	for _, r := range columns {
		days := r.From
		if r.To != r.From {
			days = fmt.Sprintf("%s…%s", r.From, strings.TrimPrefix(r.To, commonYear(r.From, r.To)))
		}
		heads[0] = append(heads[0], a.say(r.Wallet))
		heads[1] = append(heads[1], cmp.Or(r.Account, a.say("(no account)")))
		heads[2] = append(heads[2], r.SubAccount)
		heads[3] = append(heads[3], days)
	}
	g := &grid{left: map[int]bool{0: true}, rules: map[int]bool{}}
	for i, head := range heads {
		if i != 2 || purses {
			g.row(head...)
		}
	}
	g.rule()
	for _, row := range rollRows() {
		says := func(r *rollForward) bool { m := row.money(r); return m != nil && *m != 0 }
		if row.optional && !slices.ContainsFunc(all, says) {
			continue
		}
		if row.rule {
			g.rule()
		}
		cells := []string{a.say(row.name)}
		for _, r := range columns {
			if m := row.money(r); m != nil {
				cells = append(cells, grouped(settlement.Amount(*m)))
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
