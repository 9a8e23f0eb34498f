package main

import (
	"cmp"
	"fmt"
	"strings"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// summary is what a run prints for people: the verdict, what was refused, the
// figures by wallet and account, the breaks, the proof, and what to do next.
type summary struct {
	*app
	result *pipeline.Result
	out    string
	b      strings.Builder
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
		if n := o.BreakCount(); n > 0 {
			parts = append(parts, s.sayf("%d breaks, Σ difference %s", n, grouped(breakSum(o))))
		} else {
			parts = append(parts, s.say("BALANCED: no breaks"))
		}
		if open := openCount(o); open > 0 {
			parts = append(parts, s.sayf("%d open items", open))
		}
	}
	line := strings.Join(parts, " · ")
	if day := o.Day.String(); s.result.Manifest != nil && day != "" {
		line = day + "  " + line
	}
	s.printf("%s\n\n", line)
}

func breakSum(o pipeline.Overview) (sum settlement.Amount) {
	for _, b := range o.Breaks {
		sum += b.Difference
	}
	return sum
}

func openCount(o pipeline.Overview) (n int64) {
	for _, a := range o.Accounts {
		n += a.Open
	}
	return n
}

// measure is one row of the figures.
type measure struct {
	name string
	text func(pipeline.AccountOverview) string
	// optional: the row is left out where it is zero everywhere.
	optional bool
	rule     bool
}

func count(of func(pipeline.AccountOverview) int64) func(pipeline.AccountOverview) string {
	return func(a pipeline.AccountOverview) string { return groupedCount(of(a)) }
}

func money(of func(pipeline.AccountOverview) settlement.Amount) func(pipeline.AccountOverview) string {
	return func(a pipeline.AccountOverview) string { return grouped(of(a)) }
}

var measures = []measure{
	{name: "order events", text: count(func(a pipeline.AccountOverview) int64 { return a.Events })},
	{name: "lines", text: count(func(a pipeline.AccountOverview) int64 { return a.Lines })},
	{name: "matched", text: count(func(a pipeline.AccountOverview) int64 { return a.Matched })},
	{name: "breaks", text: count(func(a pipeline.AccountOverview) int64 { return a.Breaks })},
	{name: "open", text: count(func(a pipeline.AccountOverview) int64 { return a.Open })},
	{name: "gross", rule: true, text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Gross })},
	{name: "refunds", text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Refunds })},
	{name: "coupons, not settled", optional: true, text: money(unsettled)},
	{name: "fees charged", text: money(func(a pipeline.AccountOverview) settlement.Amount { return -a.Charged })},
	{name: "net", rule: true, text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Net })},
	{name: "fees expected", rule: true, text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Expected })},
	{name: "fees charged, as cost", text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Charged })},
	{name: "fee variance", text: money(func(a pipeline.AccountOverview) settlement.Amount { return a.Variance })},
}

// unsettled is the part of gross and refunds that is not settled with the
// merchant, such as coupons of the merchant's own: what makes the column add up.
func unsettled(a pipeline.AccountOverview) settlement.Amount {
	return a.Net - a.Gross - a.Refunds + a.Charged
}

// perBlock is how many accounts stand side by side in 80 columns.
const perBlock = 2

// figures prints a column for each wallet and account, and one for their total.
func (s *summary) figures() {
	accounts := s.result.Overview.Accounts
	total := pipeline.AccountOverview{}
	for _, a := range accounts {
		total.Events += a.Events
		total.Lines += a.Lines
		total.Matched += a.Matched
		total.Breaks += a.Breaks
		total.Open += a.Open
		total.Gross += a.Gross
		total.Refunds += a.Refunds
		total.Expected += a.Expected
		total.Charged += a.Charged
		total.Variance += a.Variance
		total.Net += a.Net
	}
	for len(accounts) > 0 {
		n := min(perBlock, len(accounts))
		block := accounts[:n]
		accounts = accounts[n:]
		s.block(block, total, len(accounts) == 0)
	}
}

func (s *summary) block(accounts []pipeline.AccountOverview, total pipeline.AccountOverview, last bool) {
	heading, numbers := []string{s.say("CNY")}, []string{""}
	for _, a := range accounts {
		heading = append(heading, s.walletName(a.Wallet))
		numbers = append(numbers, cmp.Or(a.Account, s.say("(no account)")))
	}
	columns := accounts
	if last {
		columns = append(append([]pipeline.AccountOverview(nil), accounts...), total)
		heading, numbers = append(heading, s.say("total")), append(numbers, "")
	}
	g := &grid{left: map[int]bool{0: true}, rules: map[int]bool{}}
	g.row(heading...)
	g.row(numbers...)
	g.rule()
	for _, m := range measures {
		row := []string{s.say(m.name)}
		for _, a := range columns {
			row = append(row, m.text(a))
		}
		if m.optional && unsettled(total) == 0 && allZero(row[1:]) {
			continue
		}
		if m.rule {
			g.rule()
		}
		g.row(row...)
	}
	s.printf("%s\n", g.text(""))
}

func allZero(texts []string) bool {
	for _, t := range texts {
		if t != "0.00" {
			return false
		}
	}
	return true
}

func (s *summary) walletName(w settlement.Wallet) string {
	if w == settlement.NoWallet {
		return s.say("(no wallet)")
	}
	return s.say(w.String())
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
	s.printf("%s\n", g.text(""))
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
		if in.DuplicateOf != "" {
			continue
		}
		totals += len(in.Totals)
		if isBill(in.Kind) {
			read += in.Rows
		}
	}
	written := rowsOf(m, "statement_lines")
	billed, charged := feesProved(m)
	s.printf("%s\n", s.say("Proof"))
	s.printf("  %s\n", s.sayf("%d of %d checks hold, read back from the written files by a second Parquet reader", held, len(m.Proof)))
	s.printf("  %s\n", s.sayf("%d control totals of the files tie: stated = computed", totals))
	s.printf("  %s\n", s.sayf("%s rows read = %s written + %s copies", groupedCount(read), groupedCount(written), groupedCount(read-written)))
	s.printf("  %s\n\n", s.sayf("fees billed %s = Σ charges %s", grouped(billed), grouped(charged)))
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
	notes = append(notes, m.Notes...)
	for _, in := range m.Inputs {
		for _, note := range in.Notes {
			notes = append(notes, settlement.Position{File: in.Name, Member: in.Member}.String()+": "+note)
		}
	}
	if len(notes) == 0 {
		return
	}
	s.printf("%s\n", s.say("Notes"))
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
		s.printf("  reconcile show breaks --out %s\n", out)
		s.printf("  reconcile explain %s --out %s\n", s.say("ORDER_NO"), out)
	}
	s.printf("  reconcile verify %s\n", out)
}

// shellWord quotes a path where a shell would take it apart.
func shellWord(path string) string {
	if strings.ContainsAny(path, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// grouped prints an amount with its thousands apart: 1,234.50.
func grouped(a settlement.Amount) string { return groupDigits(a.String()) }

func groupedCount(n int64) string { return groupDigits(fmt.Sprint(n)) }

func groupDigits(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if pointed {
		whole += "." + fraction
	}
	return sign + whole
}
