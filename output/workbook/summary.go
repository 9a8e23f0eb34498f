package workbook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// The sheet 汇总: the verdict, the figures of each account beside their total, the open
// breaks by kind and by age, and what waits.

// figure is one row of the figures: a count, an amount or a rate of each account.
type figure struct {
	name string
	// count is settlement.NoCount where there is none.
	count func(*output.AccountFigures) int64
	money func(*output.AccountFigures) settlement.Amount
	// rate is in shareScale-ths, settlement.NoCount where there is none.
	rate func(*output.AccountFigures) int64
	// optional: left out where it is nothing everywhere.
	optional bool
	// apart: the total of all is no sum of the accounts.
	apart bool
}

type accountOf = output.AccountFigures

var figures = []figure{
	{name: "Order events", count: func(a *accountOf) int64 { return a.Events }},
	{name: "Bill lines", count: func(a *accountOf) int64 { return a.Lines }},
	{name: "Matched", count: func(a *accountOf) int64 { return a.Matched }},
	{name: "Match rate, by count", rate: func(a *accountOf) int64 {
		return share(a.LinesRate.Matched, a.LinesRate.Rows)
	}},
	{name: "Match rate, by amount", rate: func(a *accountOf) int64 {
		return share(int64(a.LinesRate.MatchedAmount), int64(a.LinesRate.Amount))
	}},
	{name: "Breaks", count: func(a *accountOf) int64 { return a.Breaks }},
	{name: "Open items", count: func(a *accountOf) int64 { return a.Open }},
	{name: "Gross", money: func(a *accountOf) settlement.Amount { return a.Gross }},
	{name: "Refunds", money: func(a *accountOf) settlement.Amount { return a.Refunds }},
	{name: "Coupons, not settled", optional: true, money: overview.Unsettled},
	{name: "Fees, by the bills", money: func(a *accountOf) settlement.Amount { return -a.Billed }},
	{name: "Net", money: func(a *accountOf) settlement.Amount { return a.Net }},
	{name: "Fees expected", money: func(a *accountOf) settlement.Amount { return a.Expected }},
	{name: "Fees charged", money: func(a *accountOf) settlement.Amount { return a.Charged }},
	{name: "of these without a rule", optional: true, money: func(a *accountOf) settlement.Amount { return a.Unpriced }},
	{name: "Fee variance", money: func(a *accountOf) settlement.Amount { return a.Variance }},
	{name: "Platform fees", optional: true, money: func(a *accountOf) settlement.Amount { return a.Platform }},
	{name: "Withdrawals", optional: true, count: func(a *accountOf) int64 { return a.Withdrawals }},
	{name: "Withdrawal fees", optional: true, money: func(a *accountOf) settlement.Amount { return a.Withdrawal }},
	{name: "Paid across wallets", optional: true, count: func(a *accountOf) int64 { return a.CrossOrders }},
	{name: "of these not priced", optional: true, count: func(a *accountOf) int64 { return a.CrossUnknown }},
	{name: "Cross-wallet cost", optional: true, money: func(a *accountOf) settlement.Amount { return a.Cross }},
	{name: "Cost, bp", optional: true, apart: true, count: (*accountOf).CostBps},
}

// shareScale is the hundredths of a percent in which match rates are shown.
const shareScale = 10_000

// share is part of whole as the page says it: rounded down, so that 100.00% is said of nothing
// but the whole.
func share(part, whole int64) int64 {
	if whole <= 0 {
		return settlement.NoCount
	}
	return settlement.PartsDown(part, whole, shareScale)
}

// mostAccounts is how many accounts stand side by side; of more, wallets do.
const mostAccounts = 8

// standing are the accounts that stand side by side, or the wallets where accounts are
// too many, and their total.
func standing(accounts []accountOf) (columns []accountOf, total accountOf, err error) {
	if total, err = overview.TotalOf(accounts); err != nil {
		return nil, total, err
	}
	columns = slices.Clone(accounts)
	if len(accounts) > mostAccounts {
		byWallet := map[settlement.Wallet][]accountOf{}
		for _, a := range accounts {
			byWallet[a.Wallet] = append(byWallet[a.Wallet], a)
		}
		columns = nil
		for wallet, of := range byWallet {
			sum, err := overview.TotalOf(of)
			if err != nil {
				return nil, total, err
			}
			sum.Wallet = wallet
			columns = append(columns, sum)
		}
	}
	slices.SortFunc(columns, func(x, y accountOf) int {
		return cmp.Or(cmp.Compare(x.Wallet.Rank(), y.Wallet.Rank()), strings.Compare(x.Account, y.Account))
	})
	return columns, total, nil
}

// figuresTable is the figures with a column an account and one of their total.
func (r *report) figuresTable() (*table, error) {
	accounts, total, err := standing(r.Accounts)
	if err != nil {
		return nil, err
	}
	columns := []column{{name: "CNY", of: "name", width: 26, kind: asWord}}
	for i, a := range accounts {
		columns = append(columns, column{name: r.accountName(&a), of: strconv.Itoa(i), width: 20, kind: asFigure})
	}
	columns = append(columns, column{name: "Total", of: "total", width: 20, kind: asFigure, formula: "SUM(B#:" + columnName(len(columns)) + "#)"})
	var rows []record
	for i := range figures {
		f := &figures[i]
		row := record{map[string]string{"name": f.name}, map[string]settlement.Amount{}}
		nothing := true
		for i := range accounts {
			nothing = !f.set(row, strconv.Itoa(i), &accounts[i]) && nothing
		}
		f.set(row, "total", &total)
		if len(accounts) == 0 || f.rate != nil || f.apart {
			row.texts["total is"] = "no sum"
		}
		if !f.optional || !nothing {
			rows = append(rows, row)
		}
	}
	return &table{title: r.say("Figures"), columns: columns, rows: listed(rows)}, nil
}

// accountName is the heading of an account.
func (r *report) accountName(a *accountOf) string {
	if a.Wallet == settlement.NoWallet {
		return r.say("(no wallet)")
	}
	if a.Account == "" {
		return r.say(a.Wallet.String()) + "\n" + r.say("(no account)")
	}
	return r.say(a.Wallet.String()) + "\n" + a.Account
}

// set sets the figure of an account in a row, and says whether it is something.
func (f *figure) set(row record, of string, a *accountOf) bool {
	switch {
	case f.count != nil:
		n := f.count(a)
		row.texts["unit"] = "count"
		if n == settlement.NoCount {
			return false
		}
		row.texts[of] = countText(n)
		return n != 0
	case f.rate != nil:
		row.texts["unit"], row.texts[of] = "rate", fraction(f.rate(a), shareScale)
		return row.texts[of] != ""
	}
	row.money[of] = f.money(a)
	return row.money[of] != 0
}

func countText(n int64) string { return strconv.FormatInt(n, 10) }

// fraction is so many scale-ths, a power of ten, as a decimal fraction; "" where there are none.
func fraction(n, scale int64) string {
	if n == settlement.NoCount {
		return ""
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%0*d", sign, n/scale, len(strconv.FormatInt(scale, 10))-1, n%scale)
}

// groupColumns are breaks by a word, and by wallet.
func groupColumns(name string) []column {
	return []column{
		{name: name, of: "name", width: 26, kind: asWord},
		{name: "Wallet", of: "wallet", width: 16, kind: asWord},
		{name: "Count", of: "count", width: 12, kind: asCount, total: true},
		{name: "Short", of: "short", width: 16, kind: asMoney, total: true},
		{name: "Over", of: "over", width: 16, kind: asMoney, total: true},
		{name: "Difference", of: "difference", width: 16, kind: asMoney, total: true},
	}
}

var waitingSumColumns = []column{
	{name: "What waits", of: "what", width: 26, kind: asWord},
	{name: "Wallet", of: "wallet", width: 16, kind: asWord},
	{name: "Count", of: "count", width: 12, kind: asCount, total: true},
	{name: "Amount", of: "amount", width: 16, kind: asMoney, total: true},
	{name: "Booked", of: "booked", width: 16, kind: asMoney, total: true},
}

func groupRow(name, wallet string, count int64, short, over settlement.Amount) record {
	return record{map[string]string{"name": name, "wallet": wallet, "count": countText(count)},
		map[string]settlement.Amount{"short": short, "over": over, "difference": short + over}}
}

func (r *report) summary() error {
	var kinds, ages []record
	for _, b := range r.Figures.Breaks {
		kinds = append(kinds, groupRow(b.Kind.String(), b.Wallet.String(), b.Count, b.Short, b.Over))
	}
	for _, a := range r.Findings.ByAge {
		ages = append(ages, groupRow(a.Age, "", a.Count, a.Short, a.Over))
	}
	waits, err := waitingSums(waiting(r.dir))
	if err != nil {
		return err
	}
	beside, err := sumsBy(waiting(r.dir), []string{"what"})
	if err != nil {
		return err
	}
	figures, err := r.figuresTable()
	if err != nil {
		return err
	}
	return r.sheet(sheetSummary, r.titled("Reconciliation"), []string{r.verdict(beside)}, figures,
		&table{title: r.say("Open breaks by kind"), columns: groupColumns("Kind"), rows: listed(kinds), empty: r.say("no breaks")},
		&table{title: r.say("Open breaks by age"), columns: groupColumns("Age"), rows: listed(ages), empty: r.say("no breaks")},
		&table{title: r.say("What waits"), columns: waitingSumColumns, rows: listed(waits), empty: r.say("nothing waits")})
}

// verdict is the line that one reads who reads one line only. Beside the open items it counts
// what else waits, so that it says as many as the sheet adds up.
func (r *report) verdict(beside []record) string {
	v := &r.Verdict
	var parts []string
	if v.Refused > 0 {
		parts = append(parts, fmt.Sprintf(r.say("INCOMPLETE: %d refused"), v.Refused))
	}
	switch {
	case v.NoBill:
		parts = append(parts, r.say("NOTHING COMPARED: no bill of a wallet"))
	case v.NoOrders:
		parts = append(parts, r.say("NOTHING COMPARED: no orders"))
	case v.Breaks == 0 && v.Refused > 0:
		parts = append(parts, r.say("no breaks in the rest"))
	case v.Breaks == 0:
		parts = append(parts, r.say("BALANCED: no breaks"))
	}
	if v.Breaks > 0 {
		parts = append(parts, fmt.Sprintf(r.say("BREAKS: %d, short %s, over %s"), v.Breaks, v.Short.Grouped(), v.Over.Grouped()))
	}
	if v.Open > 0 {
		parts = append(parts, fmt.Sprintf(r.say("open items: %d"), v.Open))
	}
	for _, w := range beside {
		if what := w.texts["what"]; !isOpenItem(what) {
			parts = append(parts, fmt.Sprintf(r.say("%s: %s"), r.say(what), w.texts["count"]))
		}
	}
	return strings.Join(parts, " · ")
}
