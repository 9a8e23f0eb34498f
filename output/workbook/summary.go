package workbook

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// The sheet 汇总: the verdict, the figures of each account beside their total, the open
// breaks by kind and by age, and what waits.

// figure is one row of the figures: a sum of the table summary, or of run.json.
type figure struct {
	name, of string
	counted  bool
	optional bool // left out where it is nothing everywhere
}

var figures = []figure{
	{name: "Order events", of: "events", counted: true},
	{name: "Bill lines", of: "lines", counted: true},
	{name: "Matched", of: "matched", counted: true},
	{name: "Breaks", of: "breaks", counted: true},
	{name: "Open items", of: "open_items", counted: true},
	{name: "Gross", of: "gross"},
	{name: "Refunds", of: "refunds"},
	{name: "Net", of: "net"},
	{name: "Fees expected", of: "expected_fees"},
	{name: "Fees charged", of: "charged_fees"},
	{name: "of these without a rule", of: "charged_fees_without_rule", optional: true},
	{name: "Fee variance", of: "fee_variance"},
	{name: "Platform fees", of: "platform_fees", optional: true},
	{name: "Withdrawal fees", of: "withdrawal_fees", optional: true},
	{name: "Cross-wallet cost", of: "cross_wallet_fees", optional: true},
}

// mostAccounts is how many accounts stand side by side; of more, wallets do.
const mostAccounts = 8

// place is an account, or a wallet where the accounts are too many.
type place struct{ wallet, account string }

// accounts adds up the table summary by account, and by wallet where these are too many.
type accounts struct {
	places []place
	sums   map[place]map[string]int64
}

func readAccounts(dir string, m *output.Manifest) (*accounts, error) {
	a := &accounts{sums: map[place]map[string]int64{}}
	err := output.ReadTable(dir, "summary", func(r output.Row) error {
		at := place{r.Text("wallet"), r.Text("account")}
		for _, f := range figures {
			n, err := parseFigure(r, f)
			if err == nil {
				err = a.add(at, f.of, n)
			}
			if err != nil {
				return fmt.Errorf("%s of summary: %w", f.of, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range m.Totals { // what the table does not have
		if t.Name == "charged_fees_without_rule" {
			if err := a.add(place{t.Wallet, t.Account}, t.Name, int64(t.Amount)); err != nil {
				return nil, err
			}
		}
	}
	if len(a.sums) > mostAccounts {
		if a, err = a.byWallet(); err != nil {
			return nil, err
		}
	}
	for at := range a.sums {
		a.places = append(a.places, at)
	}
	slices.SortFunc(a.places, func(x, y place) int {
		return cmp.Or(cmp.Compare(walletRank(x.wallet), walletRank(y.wallet)), strings.Compare(x.account, y.account))
	})
	return a, nil
}

func parseFigure(r output.Row, f figure) (int64, error) {
	if f.counted {
		return parseCount(r.Text(f.of))
	}
	a, _ := r.Money(f.of)
	return int64(a), nil
}

func (a *accounts) add(at place, of string, n int64) error {
	sums := a.sums[at]
	if sums == nil {
		sums = map[string]int64{}
		a.sums[at] = sums
	}
	sum, err := settlement.Amount(sums[of]).Add(settlement.Amount(n))
	sums[of] = int64(sum)
	return err
}

func (a *accounts) byWallet() (*accounts, error) {
	b := &accounts{sums: map[place]map[string]int64{}}
	for at, sums := range a.sums {
		for of, n := range sums {
			if err := b.add(place{wallet: at.wallet}, of, n); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// walletRank puts what states no wallet last.
func walletRank(wallet string) int {
	w, ok := settlement.ParseWallet(wallet)
	if !ok {
		return len(settlement.WalletWords)
	}
	return int(w)
}

// table is the figures with a column an account and one of their total.
func (a *accounts) table(r *report) (*table, error) {
	columns := []column{{name: "CNY", of: "name", width: 26, kind: asWord}}
	for i, at := range a.places {
		wallet, account := r.say(at.wallet), at.account
		if at.wallet == "" {
			wallet = r.say("(no wallet)")
		}
		if account == "" && at.wallet != "" {
			account = r.say("(no account)")
		}
		columns = append(columns, column{name: strings.TrimSpace(wallet + "\n" + account), of: strconv.Itoa(i), width: 20, kind: asFigure})
	}
	columns = append(columns, column{name: "Total", of: "total", width: 20, kind: asFigure, formula: "SUM(B#:" + columnName(len(columns)) + "#)"})
	var rows []record
	for _, f := range figures {
		row := record{map[string]string{"name": f.name}, map[string]settlement.Amount{}}
		var total settlement.Amount
		nothing := true
		for i, at := range a.places {
			n := a.sums[at][f.of]
			nothing = nothing && n == 0
			sum, err := total.Add(settlement.Amount(n))
			if err != nil {
				return nil, err
			}
			total = sum
			row.figure(strconv.Itoa(i), n, f.counted)
		}
		row.figure("total", int64(total), f.counted)
		if !f.optional || !nothing {
			rows = append(rows, row)
		}
	}
	return &table{title: r.say("Figures"), columns: columns, rows: listed(rows)}, nil
}

// figure sets a value that is a count or an amount.
func (r record) figure(of string, n int64, counted bool) {
	if counted {
		r.texts["unit"], r.texts[of] = "count", countText(n)
		return
	}
	r.money[of] = settlement.Amount(n)
}

func countText(n int64) string { return strconv.FormatInt(n, 10) }

// openBreaks counts the open breaks by kind and wallet, and by age.
type openBreaks struct {
	count, short, over int64
	kinds, ages        map[[2]string]*[3]int64
}

type ageGroup struct {
	name string
	upTo int64
}

// ageGroups are the ages in days, as status shows them.
var ageGroups = []ageGroup{{"0 days", 0}, {"1 to 3 days", 3}, {"4 to 7 days", 7}, {"8 to 30 days", 30}, {"more than 30 days", 1<<63 - 1}}

func (o *breakOrder) open() (*openBreaks, error) {
	sum := &openBreaks{kinds: map[[2]string]*[3]int64{}, ages: map[[2]string]*[3]int64{}}
	err := o.each(func(r row) error {
		if r.Text("status") != settlement.BreakOpen.String() {
			return nil
		}
		a, _ := r.Money("difference")
		short, over := min(a, 0), max(a, 0)
		days, err := parseCount(r.Text("age_days"))
		if err != nil {
			return err
		}
		age := slices.IndexFunc(ageGroups, func(g ageGroup) bool { return days <= g.upTo })
		for _, group := range []struct {
			of  map[[2]string]*[3]int64
			key [2]string
		}{{sum.kinds, [2]string{r.Text("kind"), r.Text("wallet")}}, {sum.ages, [2]string{ageGroups[age].name}}} {
			sums := group.of[group.key]
			if sums == nil {
				sums = &[3]int64{}
				group.of[group.key] = sums
			}
			sums[0]++
			sums[1] += int64(short)
			sums[2] += int64(over)
		}
		sum.count++
		sum.short += int64(short)
		sum.over += int64(over)
		return nil
	})
	return sum, err
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

func groupRows(groups map[[2]string]*[3]int64, rank func(name string) int) (rows []record) {
	for key, sums := range groups {
		rows = append(rows, record{map[string]string{"name": key[0], "wallet": key[1], "count": countText(sums[0])}, map[string]settlement.Amount{
			"short": settlement.Amount(sums[1]), "over": settlement.Amount(sums[2]), "difference": settlement.Amount(sums[1] + sums[2])}})
	}
	slices.SortFunc(rows, func(a, b record) int {
		return cmp.Or(cmp.Compare(rank(a.texts["name"]), rank(b.texts["name"])), cmp.Compare(walletRank(a.texts["wallet"]), walletRank(b.texts["wallet"])))
	})
	return rows
}

func (r *report) summary() error {
	of, err := readAccounts(r.dir, r.manifest)
	if err != nil {
		return err
	}
	open, err := r.found.open()
	if err != nil {
		return err
	}
	waits, err := waitingSums(waiting(r.dir))
	if err != nil {
		return err
	}
	figures, err := of.table(r)
	if err != nil {
		return err
	}
	ageRank := func(name string) int {
		return slices.IndexFunc(ageGroups, func(g ageGroup) bool { return g.name == name })
	}
	return r.sheet(sheetSummary, r.titled("Reconciliation"), []string{r.verdict(open)}, figures,
		&table{title: r.say("Open breaks by kind"), columns: groupColumns("Kind"), empty: r.say("no breaks"),
			rows: listed(groupRows(open.kinds, func(name string) int { return slices.Index(settlement.BreakWords, name) }))},
		&table{title: r.say("Open breaks by age"), columns: groupColumns("Age"), rows: listed(groupRows(open.ages, ageRank)), empty: r.say("no breaks")},
		&table{title: r.say("What waits"), columns: waitingSumColumns, rows: listed(waits), empty: r.say("nothing waits")})
}

// verdict is the line that one reads who reads one line only.
func (r *report) verdict(open *openBreaks) string {
	m := r.manifest
	var parts []string
	if n := len(m.Refused); n > 0 {
		parts = append(parts, fmt.Sprintf(r.say("INCOMPLETE: %d refused"), n))
	}
	switch bills, orders := comparedOf(m); {
	case !bills:
		parts = append(parts, r.say("NOTHING COMPARED: no bill of a wallet"))
	case !orders:
		parts = append(parts, r.say("NOTHING COMPARED: no orders"))
	case open.count == 0 && len(m.Refused) > 0:
		parts = append(parts, r.say("no breaks in the rest"))
	case open.count == 0:
		parts = append(parts, r.say("BALANCED: no breaks"))
	}
	if open.count > 0 {
		parts = append(parts, fmt.Sprintf(r.say("BREAKS: %d, short %s, over %s"), open.count, settlement.Amount(open.short), settlement.Amount(open.over)))
	}
	return strings.Join(parts, " · ")
}

// comparedOf says whether bills of wallets, and orders, were used.
func comparedOf(m *output.Manifest) (bills, orders bool) {
	for _, in := range m.Inputs {
		switch kind := settlement.StatementKind(in.Kind); {
		case in.DuplicateOf != "" || in.Superseded != "":
		case kind == settlement.OrderExtract:
			orders = true
		case kind.ShowsTrades():
			bills = true
		}
	}
	return bills, orders
}
