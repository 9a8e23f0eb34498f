package report_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/report"
	"reconcile/settlement"
)

const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>'` + "`{{.}}"

// hostile is a result of which every text that comes out of a file is an attack.
func hostile(breaks int) *overview.Overview {
	v := &overview.Overview{Manifest: &output.Manifest{
		Inputs: []output.Input{{Name: attack, Member: attack, Kind: "trade_bill", Wallet: "alipay", Account: attack, SHA256: attack, Layout: attack,
			Notes: []string{attack}, Totals: []output.InputTotal{{Name: attack, Stated: "1.00", Computed: "1.00", Difference: "0.00"}},
			Drift: []output.InputDrift{{Change: attack, Column: attack, Meaning: attack}}}},
		Refused: []output.RefusedInput{{Source: attack, Kind: attack, Totals: []output.InputTotal{{Name: attack, Stated: attack, Computed: attack, Difference: attack}},
			Errors: []output.InputFault{{File: attack, Member: attack, ColumnName: attack, What: attack, Do: attack, Line: 3, Column: 4}}}},
		Notes: []string{attack}, Proof: []output.Check{{Name: attack, Expected: attack, Actual: attack, Holds: true}},
		Versions: map[string]string{attack: attack}, StartedAt: attack, FinishedAt: attack, ConfigurationSHA256: attack,
	}}
	v.Day = settlement.Day(19978)
	v.Accounts = []output.AccountFigures{{Wallet: settlement.Alipay, Account: attack, Lines: 1}}
	v.Balances = []*overview.RollForward{{Wallet: attack, Account: attack, SubAccount: attack, From: attack, To: attack, OpeningBy: attack, BreaksAt: attack}}
	v.Fees = []output.FeeFigures{{Component: attack, Event: attack, RuleID: attack, Version: attack, Lines: 1}}
	v.Cross = []output.CrossFigures{{CostOf: "order", Platform: attack, Orders: 1}, {CostOf: attack}}
	v.Withdrawals = overview.Withdrawals{Count: 1, Single: []overview.Withdrawal{{Wallet: attack, Account: attack, PayoutNo: attack, At: attack, Status: attack, ArrivedOn: attack, DueOn: attack}}}
	v.Totals = []overview.WalletTotals{{Wallet: attack, Account: attack, Files: 1, Totals: []overview.NamedTotal{{Kind: attack, Name: attack, Files: 2}}}}
	v.Verdict = overview.Verdict{Breaks: int64(breaks), Refused: 1}
	v.Findings = overview.Findings{Count: int64(breaks), ByKind: []overview.KindAge{{Kind: attack, Count: int64(breaks)}}, ByAge: []overview.AgeBreaks{{Age: "0d", Count: int64(breaks)}}}
	for i := range breaks {
		v.Findings.Single = append(v.Findings.Single, overview.Break{ID: fmt.Sprint(i), Kind: attack, Wallet: attack, Account: attack, Shop: attack, OrderNo: attack + fmt.Sprint(i),
			PaymentNo: attack, RefundNo: attack, ProviderID: attack, Difference: -1, FirstSeenOn: attack, Reason: attack, Suggestion: attack, File: attack, Line: attack, Assignee: attack})
	}
	return v
}

func TestWhatAFileSaysIsTextOnThePage(t *testing.T) {
	text := render(t, hostile(3), report.Chinese)
	p := parsed(t, text)
	if scripts := all(p.root, func(n *html.Node) bool { return n.Data == "script" }); len(scripts) != 1 {
		t.Errorf("%d scripts", len(scripts))
	}
	if images := all(p.root, func(n *html.Node) bool { return n.Data == "img" }); len(images) > 0 {
		t.Errorf("%d images", len(images))
	}
	for _, n := range all(p.root, func(*html.Node) bool { return true }) {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	if n := strings.Count(text, "&lt;script&gt;alert(1)"); n < 50 {
		t.Errorf("the attack stands %d times as text", n)
	}
	// A command that is copied does nothing else.
	if !strings.Contains(html.UnescapeString(text), `reconcile explain --out . -- '"><script>alert(1)</script><img src=x onerror=alert(1)>'\''`) {
		t.Error("an order number is not quoted for a shell")
	}
}

func TestLargeTablesAreCappedAndSayWhereTheRestIs(t *testing.T) {
	v := hostile(3 * report.MostBreaks)
	for i := range v.Findings.Single {
		v.Findings.Single[i].Reason = strings.Repeat("long ", 40)
	}
	text := render(t, v, report.English)
	p := parsed(t, text)
	if n := len(rows(p.id(t, "break-table"))); n != report.MostBreaks {
		t.Errorf("%d breaks are shown", n)
	}
	section := said(p.id(t, "breaks"))
	for _, want := range []string{"The largest 1,000 of 3,000 are shown", "breaks/*.parquet", "reconcile show breaks --out .", "SELECT * FROM 'breaks/*.parquet'"} {
		if !strings.Contains(section, want) {
			t.Errorf("no %q", want)
		}
	}
	if len(text) > 5_000_000 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestAnIncompleteRunSaysSoAtTheTop(t *testing.T) {
	for _, breaks := range []int{0, 3} {
		p := parsed(t, render(t, hostile(breaks), report.English))
		verdict := all(p.root, func(n *html.Node) bool { return strings.HasPrefix(attribute(n, "class"), "verdict") })
		if len(verdict) != 1 || !strings.Contains(said(verdict[0]), "Incomplete: 1 input files were refused") || strings.Contains(said(verdict[0]), "Balanced") {
			t.Errorf("%d breaks: %s", breaks, said(verdict[0]))
		}
	}
}

func TestNothingCalledBalancedThatWasNotCompared(t *testing.T) {
	for _, c := range []struct {
		verdict overview.Verdict
		want    string
	}{
		{overview.Verdict{}, "Balanced"},
		{overview.Verdict{NoBill: true}, "Nothing compared: no bill of a wallet"},
		{overview.Verdict{NoOrders: true}, "Nothing compared: no orders"},
		{overview.Verdict{Refused: 1}, "No breaks in what could be used"},
		{overview.Verdict{Breaks: 2, Short: -100, Over: 50}, "2 breaks: short -1.00, over 0.50"},
	} {
		v := hostile(0)
		v.Verdict = c.verdict
		if got := said(parsed(t, render(t, v, report.English)).id(t, "verdict")); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s", c.verdict, got)
		}
	}
}

// A refused file may hold anything in any column.
func TestWhatIsQuotedOfARefusedFileIsLeftOut(t *testing.T) {
	v := hostile(0)
	v.Manifest.Refused = []output.RefusedInput{{Source: "orders.csv", Errors: []output.InputFault{
		{File: "orders.csv", Line: 7, Column: 3, What: `wallet: "王小明" is no known word`}, {File: "orders.csv", Line: 8, What: `amount: "13812345678" is too much`},
		{File: "orders.csv", Line: 9, What: `amount: "12.345" is no amount`},
		{File: "old.csv", What: `not a file of a known kind: its first line is “**,***” ***,6222021001112223334”`}}}}
	text := render(t, v, report.English)
	for _, canary := range []string{"王小明", "13812345678", "6222021001112223334"} {
		if strings.Contains(text, canary) {
			t.Errorf("%s stands on the page", canary)
		}
	}
	for _, want := range []string{"orders.csv:7:3", "12.345", "is no known word", "its first line is “…”"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}
