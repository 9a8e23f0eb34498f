package report

import (
	"cmp"
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// view is what the templates show: texts, and figures that are text already.
type view struct {
	*overview.Overview
	First  Language
	Policy string
	Title  string // the same in both languages: names of files cannot be two
	Period string
	State  string // balanced, breaks, nothing; how the verdict looks
	Facts  []fact
	Total  output.AccountFigures
	Shown  []output.AccountFigures // accounts, the wallets before what states none

	Cards      []card
	Rates      []rateRow
	Breaks     []breakRow
	Fees       []feeRow
	Steps      []bar
	Days       *daysChart
	Inputs     []inputRow
	Refused    []refusedRow
	Held       int
	ShownProof []output.Check
	Versions   []string

	// What is left out of each table, 0 where nothing is.
	MoreBreaks, MoreFees, MoreWithdrawals, MoreInputs, MoreProof, MoreAccounts int64
}

// fact is one figure beside the verdict.
type fact struct {
	Name  template.HTML
	Value template.HTML
	Note  template.HTML
}

func newPage(v *overview.Overview, first Language) (*view, error) {
	total, err := v.Total()
	if err != nil {
		return nil, err
	}
	p := &view{Overview: v, First: first, Policy: policy(), Total: total}
	p.Period = v.Manifest.DaysText()
	p.Title = strings.TrimSpace("reconcile " + p.Period)
	p.verdict()
	p.Shown = slices.Clone(v.Accounts)
	slices.SortStableFunc(p.Shown, func(a, b output.AccountFigures) int {
		return cmp.Compare(a.Wallet.Rank(), b.Wallet.Rank())
	})
	p.Shown, p.MoreAccounts = capped(p.Shown, mostAccounts)
	p.Cards = cards(v)
	p.Rates = rates(p.Shown, &total)
	for i := range v.Findings.Single {
		p.Breaks = append(p.Breaks, breakRowOf(&v.Findings.Single[i]))
	}
	p.Breaks, _ = capped(p.Breaks, MostBreaks)
	p.MoreBreaks = v.Findings.Count - int64(len(p.Breaks))
	p.Fees = feeRows(v.Figures.Fees)
	p.Fees, p.MoreFees = capped(p.Fees, mostFeeRules)
	p.MoreWithdrawals = v.Withdrawals.Count - int64(len(v.Withdrawals.Single))
	p.Steps = waterfall(v.Steps)
	p.Days = historyChart(v.History)
	p.inputs()
	p.proof()
	return p, nil
}

// capped is the first of a list, and how many are left out.
func capped[T any](list []T, most int) ([]T, int64) {
	if len(list) <= most {
		return list, 0
	}
	return list[:most], int64(len(list) - most)
}

// verdict chooses what the page says first.
func (p *view) verdict() {
	v := &p.Verdict
	switch {
	case v.NoBill || v.NoOrders:
		p.State = "nothing"
	case v.Breaks > 0:
		p.State = "breaks"
	case v.Refused > 0:
		p.State = "rest"
	default:
		p.State = "balanced"
	}
	t := &p.Total
	p.Facts = []fact{
		{say("open breaks"), count(v.Breaks), ""},
		{say("short"), money(v.Short), say("money that is missing")},
		{say("over"), money(v.Over), say("money that is too much")},
		{say("waiting"), count(v.Open), say("not wrong yet")},
		{say("lines matched"), share(t.LinesRate.Matched, t.LinesRate.Rows), sayf("%s of %s", count(t.LinesRate.Matched), count(t.LinesRate.Rows))},
		{say("matched by amount"), share(int64(t.LinesRate.MatchedAmount), int64(t.LinesRate.Amount)), sayf("of %s", money(t.LinesRate.Amount))},
		{say("gross less refunds"), money(t.Gross + t.Refunds), say("as the wallets bill it")},
		{say("net"), money(t.Net), sayf("after fees of %s", money(t.Billed))},
	}
}

// rateRow is how much of an account agrees, seen from both sides.
type rateRow struct {
	Wallet, Account string
	IsTotal         bool
	Sides           [2]side
}

type side struct {
	Name                  template.HTML
	Rows, Matched         int64
	Amount, MatchedAmount settlement.Amount
	ByCount, ByAmount     template.HTML
	CountBar, AmountBar   int64 // of barWidth
}

func rates(accounts []output.AccountFigures, total *output.AccountFigures) (rows []rateRow) {
	of := func(name string, m *output.MatchFigures) side {
		return side{Name: say(name), Rows: m.Rows, Matched: m.Matched, Amount: m.Amount, MatchedAmount: m.MatchedAmount,
			ByCount: share(m.Matched, m.Rows), ByAmount: share(int64(m.MatchedAmount), int64(m.Amount)),
			CountBar: settlement.PartsDown(m.Matched, m.Rows, barWidth), AmountBar: settlement.PartsDown(int64(m.MatchedAmount), int64(m.Amount), barWidth)}
	}
	for i := range accounts {
		a := &accounts[i]
		rows = append(rows, rateRow{Wallet: a.Wallet.String(), Account: a.Account, Sides: [2]side{of("statement lines", &a.LinesRate), of("order events", &a.EventsRate)}})
	}
	return append(rows, rateRow{IsTotal: true, Sides: [2]side{of("statement lines", &total.LinesRate), of("order events", &total.EventsRate)}})
}

// Ages are those of which there are breaks; HasAge and Age go by the index into all ages.
func (p *view) Ages() (ages []string) {
	for _, a := range p.Findings.ByAge {
		ages = append(ages, a.Age)
	}
	return ages
}

// HasAge says whether any break is of that age.
func (p *view) HasAge(i int) bool { return slices.Contains(p.Ages(), overview.Ages[i]) }

// Age is the word of an age.
func (p *view) Age(i int) string { return overview.Ages[i] }

// CostRate is the blended cost of acceptance of all accounts, in percent.
func (p *view) CostRate() template.HTML { return p.CostOf(p.Total) }

// CostOf is that of one account: fees charged and those of withdrawals, of what was kept.
func (p *view) CostOf(a output.AccountFigures) template.HTML {
	return rate(a.Charged+a.Withdrawal, a.Gross+a.Refunds)
}

// breakRow is one break, with the file it can be looked at in.
type breakRow struct {
	*overview.Break
	FileName string // without its folders
	AgeWord  string
	Number   string // under which people look it up
}

func breakRowOf(b *overview.Break) breakRow {
	row := breakRow{Break: b, FileName: b.File, AgeWord: overview.Ages[overview.AgeOf(b.Age)], Number: cmp.Or(b.OrderNo, b.PaymentNo, b.RefundNo, b.ProviderID)}
	// A member of an archive says more than the archive.
	if archive, member, inside := strings.Cut(b.File, "!"); inside {
		row.FileName = path.Base(archive) + "!" + path.Base(member)
	} else if b.File != "" {
		row.FileName = path.Base(b.File)
	}
	return row
}

// feeRow is what one rule expects, and what was charged.
type feeRow struct {
	output.FeeFigures
	Rate, ExpectedRate template.HTML
	Known              bool // a rule gives an expectation
}

func feeRows(all []output.FeeFigures) (rows []feeRow) {
	for _, f := range all {
		rows = append(rows, feeRow{f, rate(f.Charged, f.Base), rate(f.Expected, f.Base), f.RuleID != ""})
	}
	return rows
}

// card is an account: how its balance moved, beside what the wallet's own files say.
type card struct {
	Wallet, Account string
	Rolls           []roll
	Totals          []totalRow
	More            int64 // totals left out
	Files           int
	Rows            int64
}

// totalRow is a control total, as the lines and as the wallet have it.
type totalRow struct {
	overview.NamedTotal
	Ours, Theirs, Apart template.HTML
	Ties                bool
	NewKind             bool // it is the first of its kind of file
}

func totalRowOf(t overview.NamedTotal) totalRow {
	text := money
	if t.Whole {
		text = func(a settlement.Amount) template.HTML { return count(int64(a / 100)) }
	}
	return totalRow{NamedTotal: t, Ours: text(t.Computed), Theirs: text(t.Stated), Apart: text(t.Computed - t.Stated), Ties: t.Computed == t.Stated}
}

// roll is a roll-forward of a card.
type roll struct {
	*overview.RollForward
	Days string
	Rows []rollLine
}

// rollLine is a row of it; Theirs and Difference are "" where the wallet says nothing of it.
type rollLine struct {
	Name                     template.HTML
	Ours, Theirs, Difference template.HTML
	Rule, Wrong              bool
}

// cards puts the roll-forwards and the control totals of each account side by side.
func cards(v *overview.Overview) []card {
	var list []card
	at := map[[2]string]int{}
	of := func(wallet, account string) *card {
		key := [2]string{wallet, account}
		n, ok := at[key]
		if !ok {
			n = len(list)
			at[key] = n
			list = append(list, card{Wallet: wallet, Account: account})
		}
		return &list[n]
	}
	for _, t := range v.Totals {
		c := of(t.Wallet, t.Account)
		c.Files += t.Files
		c.Rows += t.Rows
		for _, total := range t.Totals {
			row := totalRowOf(total)
			row.NewKind = len(c.Totals) == 0 || c.Totals[len(c.Totals)-1].Kind != total.Kind
			c.Totals = append(c.Totals, row)
		}
	}
	for _, r := range v.Balances {
		c := of(r.Wallet, r.Account)
		c.Rolls = append(c.Rolls, rollOf(r))
	}
	for i := range list {
		list[i].Totals, list[i].More = capped(list[i].Totals, mostTotals)
	}
	slices.SortStableFunc(list, func(a, b card) int {
		x, _ := settlement.ParseWallet(a.Wallet)
		y, _ := settlement.ParseWallet(b.Wallet)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.Account, b.Account))
	})
	return list
}

func rollOf(r *overview.RollForward) roll {
	out := roll{RollForward: r, Days: r.From}
	if r.To != r.From {
		out.Days = r.From + " – " + r.To
	}
	for _, row := range overview.RollRows() {
		if !row.Says([]*overview.RollForward{r}) || row.Name == "closing, by the file" || row.Name == "unexplained" {
			continue
		}
		line := rollLine{Name: say(row.Name), Ours: money(row.Amount(r)), Rule: row.Rule}
		if row.Name == "computed closing" {
			line.Name, line.Theirs, line.Difference = say("closing"), money(r.Closing), money(r.Unexplained)
			line.Wrong = r.Unexplained != settlement.NoAmount && r.Unexplained != 0
		}
		out.Rows = append(out.Rows, line)
	}
	return out
}

// inputRow is an input that was used, or left out for another.
type inputRow struct {
	output.Input
	Place, Days string
	Tied        int
}

// refusedRow is an input of which nothing was used.
type refusedRow struct {
	output.RefusedInput
	Faults []fault
	More   int64
}

// fault is one thing wrong with it. What quotes of the file is left out: it may be anybody's
// name, since the file is not what it should be. The place says where to look.
type fault struct{ Place, What, Do string }

func (p *view) inputs() {
	for _, in := range p.Manifest.Inputs {
		row := inputRow{Input: in, Place: settlement.Position{File: in.Name, Member: in.Member}.String()}
		for _, t := range in.Totals {
			if t.Stated == t.Computed {
				row.Tied++
			}
		}
		row.Days = output.DaysText(in.Days())
		p.Inputs = append(p.Inputs, row)
	}
	p.Inputs, p.MoreInputs = capped(p.Inputs, mostInputs)
	for _, r := range p.Manifest.Refused {
		row := refusedRow{RefusedInput: r, More: r.More}
		for _, f := range r.Errors {
			at := settlement.Position{File: f.File, Member: f.Member, Line: f.Line, Column: f.Column}.String()
			if f.ColumnName != "" {
				at += " " + f.ColumnName
			}
			row.Faults = append(row.Faults, fault{at, clip(withoutQuotes(f.What)), clip(f.Do)})
		}
		var more int64
		row.Faults, more = capped(row.Faults, mostFaults)
		row.More += more
		p.Refused = append(p.Refused, row)
	}
}

func (p *view) proof() {
	for _, c := range p.Manifest.Proof {
		if c.Holds {
			p.Held++
		}
	}
	p.ShownProof, p.MoreProof = capped(p.Manifest.Proof, mostProofs)
	names := make([]string, 0, len(p.Manifest.Versions))
	for name := range p.Manifest.Versions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.Versions = append(p.Versions, fmt.Sprintf("%s %s", name, p.Manifest.Versions[name]))
	}
}
