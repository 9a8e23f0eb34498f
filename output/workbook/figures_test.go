package workbook

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// writtenOf writes a result of those figures, and returns its sheets.
func writtenOf(t *testing.T, f output.Figures) []sheetXML {
	t.Helper()
	dir, path := resultWith(t, 1), filepath.Join(t.TempDir(), Name)
	m := manifestOf(0)
	m.Figures = &f
	if err := Write(path, dir, overviewOf(t, dir, m), Options{}); err != nil {
		t.Fatal(err)
	}
	return sheetsOf(t, path)
}

// rowOf is the row of a sheet that begins with a text.
func rowOf(t *testing.T, s sheetXML, first string) []cellXML {
	t.Helper()
	for _, row := range s.rows {
		if len(row) > 0 && row[0].Text == first {
			return row
		}
	}
	t.Fatalf("no row %s on %s", first, s.name)
	return nil
}

// TestNothingButTheWholeIsAHundredPercent: a match rate is rounded down, as on the page.
func TestNothingButTheWholeIsAHundredPercent(t *testing.T) {
	nearly := output.MatchFigures{Rows: 2_000_000_000, Matched: 1_999_999_999, Amount: 2_000_000_000, MatchedAmount: 1_999_999_999}
	s := named(t, writtenOf(t, output.Figures{Accounts: []output.AccountFigures{
		{Wallet: settlement.Alipay, LinesRate: nearly},
		{Wallet: settlement.WeChat, LinesRate: output.MatchFigures{Rows: 3, Matched: 3, Amount: 3, MatchedAmount: 3}},
	}}), sheetSummary)
	for _, name := range []string{"Match rate, by count", "Match rate, by amount"} {
		row := rowOf(t, s, name)
		for i, want := range []string{"0.9999", "1", "0.9999"} {
			if got := row[i+1].Value; got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
	}
}

// TestFeeRatesAreRoundedNotCut: what the cell holds is what the amounts come to, with its sign.
func TestFeeRatesAreRoundedNotCut(t *testing.T) {
	s := named(t, writtenOf(t, output.Figures{Fees: []output.FeeFigures{
		{Wallet: settlement.Alipay, RuleID: "a", Charged: 48_415, Base: 8_075_921},
		{Wallet: settlement.Alipay, RuleID: "b", Charged: 5_883, Base: 1_000_000},
		{Wallet: settlement.Alipay, RuleID: "c", Charged: -582, Base: 100_000},
		{Wallet: settlement.Alipay, RuleID: "d", Charged: 1, Base: 0},
	}}), sheetFees)
	cells, _ := s.column(t, "Charged, of base")
	for i, want := range []string{"0.005994982", "0.005883", "-0.00582", ""} {
		if got := cells[i].Value; got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

// TestACostThatIsNotKnownIsNoZero: the blended cost of what kept nothing is blank, and one that
// came back is negative.
func TestACostThatIsNotKnownIsNoZero(t *testing.T) {
	row := rowOf(t, named(t, writtenOf(t, output.Figures{Accounts: []output.AccountFigures{
		{Wallet: settlement.Alipay, Account: "1", Lines: 1, Gross: 100_000, Charged: -600},
		{Wallet: settlement.WeChat, Account: "2", Lines: 1, Charged: 5},
	}}), sheetSummary), "Cost, bp")
	if row[1].Value != "-60" || row[2].Value != "" {
		t.Errorf("%+v", row)
	}
}

// TestTotalsOfACutListSayWhatTheyAreOf: a list that is cut is totalled as what is listed, and
// the sums of all stand beside it; days without a cost are no rows of costs.
func TestTotalsOfACutListSayWhatTheyAreOf(t *testing.T) {
	dir, v := generatedResult(t)
	path := filepath.Join(t.TempDir(), Name)
	if err := Write(path, dir, v, Options{listed: 1}); err != nil {
		t.Fatal(err)
	}
	s := named(t, sheetsOf(t, path), sheetPayouts)
	var paid, channel settlement.Amount
	for _, c := range v.Cross {
		paid, channel = paid+c.Paid, channel+c.ChannelFee
	}
	for title, want := range map[string][]settlement.Amount{
		"All withdrawals":                  {v.Withdrawals.Amount},
		"All that was paid across wallets": {paid, channel},
	} {
		total := totalBelow(t, s, title)
		if total[0].Text != "Total" {
			t.Errorf("%s: its total is called %q", title, total[0].Text)
		}
		for _, a := range want {
			if a == 0 || !slices.ContainsFunc(total, func(c cellXML) bool { return c.Value == strings.TrimRight(strings.TrimRight(a.String(), "0"), ".") }) {
				t.Errorf("%s: %s is not in %+v", title, a, total)
			}
		}
	}
	for _, title := range []string{"Withdrawals", "Orders that were paid across wallets"} {
		if total := totalBelow(t, s, title); total[0].Text != totalListed {
			t.Errorf("%s: its total is called %q", title, total[0].Text)
		}
	}
	for _, row := range section(t, s, "Cost by day and shop") {
		if len(row) > 3 && row[3].Value != "" && !slices.ContainsFunc(row[5:], func(c cellXML) bool { return c.Value != "" && c.Value != "0" }) {
			t.Errorf("a row without a cost: %+v", row)
		}
	}
}

// section is the rows of a sheet below a title, up to the next one.
func section(t *testing.T, s sheetXML, title string) [][]cellXML {
	t.Helper()
	at := slices.IndexFunc(s.rows, func(row []cellXML) bool { return len(row) > 0 && row[0].Text == title })
	if at < 0 {
		t.Fatalf("no section %s", title)
	}
	rows := s.rows[at+1:]
	for i, row := range rows {
		if strings.HasPrefix(row[0].Text, "Total") {
			return rows[:i+1]
		}
	}
	t.Fatalf("the section %s has no total", title)
	return nil
}

func totalBelow(t *testing.T, s sheetXML, title string) []cellXML {
	t.Helper()
	rows := section(t, s, title)
	return rows[len(rows)-1]
}

// generatedResult is a day with withdrawals, orders paid across wallets and every case there is.
func generatedResult(t *testing.T) (string, *overview.Overview) {
	t.Helper()
	o := generate.Defaults()
	o.Orders, o.FundFlow, o.Bank = 500, true, true
	for _, c := range generate.Askable() {
		if c.IsPossible(o) {
			o.Cases[c] = generate.Count(2)
		}
	}
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "result")
	if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Out: dir}); err != nil {
		t.Fatal(err)
	}
	m, err := output.Verified(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := overview.Read(dir, m, overview.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return dir, v
}

// TestTheVerdictSaysWhatWaitsBesideOpenItems: what waits in sum is what the verdict counts.
func TestTheVerdictSaysWhatWaitsBesideOpenItems(t *testing.T) {
	dir, v := generatedResult(t)
	path := filepath.Join(t.TempDir(), Name)
	if err := Write(path, dir, v, Options{Chinese: true}); err != nil {
		t.Fatal(err)
	}
	s := named(t, sheetsOf(t, path), sheetSummary)
	verdict, beside := s.rows[1][0].Text, 0
	waits, err := sumsBy(waiting(dir), []string{"what"})
	if err != nil {
		t.Fatal(err)
	}
	var all int64
	for _, w := range waits {
		n, err := parseCount(w.texts["count"])
		if err != nil {
			t.Fatal(err)
		}
		if isOpenItem(w.texts["what"]) {
			all += n
			continue
		}
		beside++
		if want := sayer(true)(w.texts["what"]) + " " + w.texts["count"] + " 笔"; !strings.Contains(verdict, want) {
			t.Errorf("%s: no %s", verdict, want)
		}
	}
	if all != v.Verdict.Open || all == 0 || beside < 2 {
		t.Errorf("%d open items, the verdict says %d; %d else", all, v.Verdict.Open, beside)
	}
}

func TestNumbersOfOrdersAreNeverCut(t *testing.T) {
	const number = "R202409120349535678-0001-0002"
	table := &table{columns: []column{{of: "refund_no", width: 20, kind: asID}, {of: "note", width: 20}},
		rows: listed([]record{{texts: map[string]string{"refund_no": "R1", "note": number}}, {texts: map[string]string{"refund_no": number}}})}
	parts, err := measure(table, 10, 10)
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{}
	s.widen(table, parts)
	if s.widths[0] < len(number)+2 || s.widths[1] != 20 {
		t.Errorf("columns of %v digits for a number of %d", s.widths, len(number))
	}
}
