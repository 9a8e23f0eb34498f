package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// summary is what a run prints for people: the verdict, what was refused, the
// figures by wallet and account, the breaks, the proof, and what to do next.
type summary struct {
	*app
	result *pipeline.Result
	out    string
	// balances is how the accounts' balances moved.
	balances []*overview.RollForward
	b        strings.Builder
}

func (s *summary) text() string {
	s.verdict()
	if len(s.result.Refusals) > 0 {
		s.printRefusals(&s.b, s.result.Refusals)
	}
	if s.result.Manifest == nil {
		s.printf("%s\n", s.say("Nothing could be used, and nothing was written."))
		return s.b.String()
	}
	s.figures()
	s.funds()
	s.breaks()
	s.proof()
	s.notes()
	s.next()
	return s.b.String()
}

func (s *summary) printf(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// verdict is the first line: what a reader must know who reads one line only.
func (s *summary) verdict() {
	o := s.result.Overview
	var parts []string
	if n := len(s.result.Refusals); n > 0 {
		parts = append(parts, s.sayf("INCOMPLETE: %d refused", n))
	}
	if s.result.Manifest != nil {
		switch {
		case o.Bills == 0:
			parts = append(parts, s.say("NOTHING COMPARED: no bill of a wallet"))
		case o.Orders == 0:
			parts = append(parts, s.say("NOTHING COMPARED: no orders"))
		}
		switch n := o.BreakCount(); {
		case n > 0:
			short, over := shortAndOver(o)
			parts = append(parts, s.sayf("BREAKS: %s, short %s, over %s", groupedCount(n), grouped(short), grouped(over)))
		case o.Bills == 0 || o.Orders == 0:
		case len(s.result.Refusals) > 0:
			parts = append(parts, s.say("no breaks in the rest"))
		default:
			parts = append(parts, s.say("BALANCED: no breaks"))
		}
		if open := openCount(o); open > 0 {
			parts = append(parts, s.sayf("open items: %s", groupedCount(open)))
		}
	}
	line := s.paint(s.verdictStyle(), strings.Join(parts, " · "))
	if m := s.result.Manifest; m != nil {
		if days := m.DaysText(); days != "" {
			line = days + "  " + line
		}
	}
	s.printf("%s\n\n", line)
}

// verdictStyle is green where everything is as it should be, red where money is missing or
// too much, and yellow where nothing can be said.
func (s *summary) verdictStyle() style {
	o := s.result.Overview
	switch {
	case o.BreakCount() > 0 || len(s.result.Refusals) > 0:
		return bad
	case s.result.Manifest == nil || o.Bills == 0 || o.Orders == 0:
		return warning
	}
	return good
}

func breakSum(o pipeline.Overview) (sum settlement.Amount) {
	for _, b := range o.Breaks {
		sum += b.Difference
	}
	return sum
}

// shortAndOver adds up apart what the breaks say is missing and what is too much.
func shortAndOver(o pipeline.Overview) (short, over settlement.Amount) {
	for _, b := range o.Breaks {
		short += b.Short
		over += b.Over
	}
	return short, over
}

func openCount(o pipeline.Overview) (n int64) {
	for _, a := range o.Accounts {
		n += a.Open
	}
	return n
}

// figure is one row of the figures: a count or a sum of each account.
type figure struct {
	name  string
	count func(*pipeline.AccountOverview) int64
	money func(*pipeline.AccountOverview) settlement.Amount
	// optional: the row is left out where it is zero in every account.
	optional bool
	// rule draws a line above the row.
	rule bool
}

var figureRows = []figure{
	{name: "order events", count: func(a *pipeline.AccountOverview) int64 { return a.Events }},
	{name: "lines", count: func(a *pipeline.AccountOverview) int64 { return a.Lines }},
	{name: "matched", count: func(a *pipeline.AccountOverview) int64 { return a.Matched }},
	{name: "breaks", count: func(a *pipeline.AccountOverview) int64 { return a.Breaks }},
	{name: "open", count: func(a *pipeline.AccountOverview) int64 { return a.Open }},
	{name: "gross", rule: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Gross }},
	{name: "refunds", money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Refunds }},
	{name: "coupons, not settled", optional: true, money: overview.Unsettled},
	{name: "fees", money: func(a *pipeline.AccountOverview) settlement.Amount { return -a.Billed }},
	{name: "net", rule: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Net }},
	{name: "fees expected", rule: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Expected }},
	{name: "fees charged", money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Charged }},
	{name: "of these without a rule", optional: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Unpriced }},
	{name: "fee variance", money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Variance }},
	{name: "platform fees", optional: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Platform }},
	{name: "withdrawals", optional: true, rule: true, count: func(a *pipeline.AccountOverview) int64 { return a.Withdrawals }},
	{name: "withdrawal fees", optional: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Withdrawal }},
	{name: "paid across wallets", optional: true, count: func(a *pipeline.AccountOverview) int64 { return a.CrossOrders }},
	{name: "of these not priced", optional: true, count: func(a *pipeline.AccountOverview) int64 { return a.CrossUnknown }},
	{name: "cross-wallet cost", optional: true, money: func(a *pipeline.AccountOverview) settlement.Amount { return a.Cross }},
	{name: "cost, basis points", optional: true, count: (*pipeline.AccountOverview).CostBps},
}

func (f *figure) text(a *pipeline.AccountOverview) string {
	if f.count != nil {
		n := f.count(a)
		if n == settlement.NoCount {
			return "–"
		}
		return groupedCount(n)
	}
	return grouped(f.money(a))
}

// wanted says whether the row says anything.
func (f *figure) wanted(accounts []pipeline.AccountOverview) bool {
	return !f.optional || slices.ContainsFunc(accounts, func(a pipeline.AccountOverview) bool {
		if f.count != nil {
			n := f.count(&a)
			return n != 0 && n != settlement.NoCount
		}
		return f.money(&a) != 0
	})
}

// figures prints a column for each wallet and account, and a last one for their
// total, as many side by side as a terminal is wide.
func (s *summary) figures() {
	columns := slices.Clone(s.result.Overview.Accounts)
	slices.SortStableFunc(columns, func(a, b pipeline.AccountOverview) int {
		return cmp.Compare(a.Wallet.Rank(), b.Wallet.Rank())
	})
	total, _ := overview.TotalOf(columns) // the run has added them up before
	columns = append(columns, total)
	for len(columns) > 0 {
		n := len(columns)
		g := s.block(columns, n)
		for n > 1 && g.width() > s.page() {
			n--
			g = s.block(columns, n)
		}
		if n > 1 && n == len(columns)-1 { // the total does not stand alone
			n--
			g = s.block(columns, n)
		}
		s.printf("%s\n", s.table(g, ""))
		columns = columns[n:]
	}
}

// block sets the first n of the columns side by side. The last of all columns is
// the total.
func (s *summary) block(columns []pipeline.AccountOverview, n int) *grid {
	heading, numbers := []string{s.say("CNY")}, []string{""}
	for i, a := range columns[:n] {
		if i == len(columns)-1 {
			heading, numbers = append(heading, s.say("total")), append(numbers, "")
			continue
		}
		heading, numbers = append(heading, s.walletName(a.Wallet)), append(numbers, cmp.Or(a.Account, s.say("(no account)")))
	}
	g := &grid{left: map[int]bool{0: true}, rules: map[int]bool{}}
	g.row(heading...)
	g.row(numbers...)
	g.rule()
	for _, f := range figureRows {
		if !f.wanted(s.result.Overview.Accounts) {
			continue
		}
		if f.rule {
			g.rule()
		}
		row := []string{s.say(f.name)}
		for i := range columns[:n] {
			row = append(row, f.text(&columns[i]))
		}
		g.row(row...)
	}
	return g
}

// funds prints how the balance of each account moved, where something was delivered that
// says so.
func (s *summary) funds() {
	if len(s.balances) > 0 {
		s.printf("%s\n", s.rollText(s.balances))
	}
	var copies int64
	var copied settlement.Amount
	for _, f := range s.result.Overview.Funds {
		copies += f.CopiedLines
		copied += f.CopiedAmount
	}
	if copies > 0 {
		s.printf("%s\n\n", s.sayf("%s lines of %s are a second view of another account's: they are not counted here", groupedCount(copies), grouped(copied)))
	}
}

// breaks prints how many breaks there are of each kind, and what they come to.
func (s *summary) breaks() {
	o := s.result.Overview
	if len(o.Breaks) == 0 {
		return
	}
	g := newGrid(s.say("breaks by kind"), s.say("wallet"), s.say("count"), s.say("difference"))
	g.leftAlign(1)
	for _, b := range o.Breaks {
		g.row(s.say(b.Kind.String()), s.walletName(b.Wallet), groupedCount(b.Count), grouped(b.Difference))
	}
	g.rule()
	g.row(s.say("total"), "", groupedCount(o.BreakCount()), grouped(breakSum(o)))
	s.printf("%s\n", s.table(g, ""))
}

// proof says in a few lines why the figures can be believed.
func (s *summary) proof() {
	m := s.result.Manifest
	held := 0
	for _, c := range m.Proof {
		if c.Holds {
			held++
		}
	}
	totals, read := 0, int64(0)
	for _, in := range m.Inputs {
		if in.DuplicateOf != "" || in.Superseded != "" {
			continue
		}
		totals += len(in.Totals)
		if isBill(in.Kind) || settlement.StatementKind(in.Kind).IsFunds() {
			read += in.Rows
		}
	}
	// An aggregated account's payments and refunds are statement lines beside being
	// fund lines: they were read once.
	written := rowsOf(m, "statement_lines") + rowsOf(m, "fund_lines")
	for _, a := range s.result.Overview.Accounts {
		if a.Wallet == settlement.TaobaoAggregated {
			written -= a.Lines
		}
	}
	billed, charged := feesProved(m)
	s.printf("%s\n", s.paint(bold, s.say("Proof")))
	s.printf("  %s\n", s.sayf("%d of %d checks hold; every table was read back by a second Parquet reader", held, len(m.Proof)))
	s.printf("  %s\n", s.sayf("%d control totals of the files tie: stated = computed", totals))
	s.printf("  %s\n", s.sayf("%s rows read = %s written + %s copies", groupedCount(read), groupedCount(written), groupedCount(read-written)))
	if c, ok := checkNamed(m, "Σ gross of claimed lines = Σ line_amount of matches"); ok {
		s.printf("  %s\n", s.sayf("gross of the lines tied to orders %s = Σ matches %s", settlement.GroupDigits(c.Expected), settlement.GroupDigits(c.Actual)))
	}
	if days := rowsOf(m, "balances"); days > 0 {
		s.printf("  %s\n", s.sayf("on %d days of accounts, opening + booked fund lines = computed closing", days))
	}
	s.printf("  %s\n\n", s.sayf("fees billed %s = Σ charges %s", grouped(billed), grouped(charged)))
}

// checkNamed finds a check of a run's proof.
func checkNamed(m *output.Manifest, name string) (output.Check, bool) {
	for _, c := range m.Proof {
		if c.Name == name {
			return c, true
		}
	}
	return output.Check{}, false
}

func isBill(kind string) bool {
	return settlement.StatementKind(kind).Family() == settlement.TradeBill.Family()
}

func rowsOf(m *output.Manifest, table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// feesProved adds up both sides of the checks that compare billed and charged
// fees.
func feesProved(m *output.Manifest) (billed, charged settlement.Amount) {
	for _, c := range m.Proof {
		if !strings.HasPrefix(c.Name, "fees billed = Σ charges") {
			continue
		}
		b, err1 := settlement.ParseAmount([]byte(c.Expected))
		a, err2 := settlement.ParseAmount([]byte(c.Actual))
		if err1 == nil && err2 == nil {
			billed, charged = billed+b, charged+a
		}
	}
	return billed, charged
}

// notes prints what the reader should know of the run and of single files.
func (s *summary) notes() {
	m := s.result.Manifest
	var notes []string
	if s.configPath != "" {
		notes = append(notes, s.sayf("the configuration %s was applied", s.configPath))
	}
	notes = append(notes, m.Notes...)
	for _, in := range m.Inputs {
		for _, note := range in.Notes {
			notes = append(notes, settlement.Position{File: in.Name, Member: in.Member}.String()+": "+note)
		}
	}
	if len(notes) == 0 {
		return
	}
	s.printf("%s\n", s.paint(bold, s.say("Notes")))
	for _, note := range notes {
		s.printf("  %s\n", note)
	}
	s.printf("\n")
}

// next says where the result lies and what to do with it.
func (s *summary) next() {
	out := shellWord(s.out)
	s.printf("%s\n", s.sayf("The tables are in %s (Parquet, run.json).", s.out))
	if len(s.result.Overview.Breaks) > 0 {
		s.printf("  %s show breaks --out %s\n", programName(), out)
		s.printf("  %s explain %s --out %s\n", programName(), s.say("ORDER_NO"), out)
	}
	s.printf("  %s verify %s\n", programName(), out)
}

// programName is the program as it was typed, where that was a path, so that what is
// printed can be typed again.
func programName() string {
	if typed := os.Args[0]; strings.ContainsRune(typed, '/') && !filepath.IsAbs(typed) {
		return shellWord(typed)
	}
	return "reconcile"
}

// shellWord quotes a path where a shell would take it apart.
func shellWord(path string) string {
	if strings.ContainsAny(path, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// grouped prints an amount with its thousands apart: 1,234.50.
func grouped(a settlement.Amount) string { return a.Grouped() }

func groupedCount(n int64) string { return settlement.GroupedCount(n) }
