package overview_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// generatedDays runs days with fund flows and a bank into a dataset, and returns their folders.
func generatedDays(t *testing.T, days int) (folders []string) {
	t.Helper()
	dataset := filepath.Join(t.TempDir(), "days")
	for n := range days {
		o := generate.Defaults()
		o.Orders, o.FundFlow, o.Bank, o.Nth = 500, true, true, n
		o.Day += settlement.Day(n)
		for _, c := range generate.Askable() {
			if c.PlantsBreak() && c.IsPossible(o) {
				o.Cases[c] = generate.Count(2)
			}
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Dataset: dataset, Day: o.Day}); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, pipeline.DayFolder(dataset, o.Day))
	}
	return folders
}

func read(t *testing.T, dir string, o overview.Options) *overview.Overview {
	t.Helper()
	m, err := output.Verified(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := overview.Read(dir, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sums adds up money columns of a table's rows by a key.
func sums(t *testing.T, dir, table string, key func(output.Row) string, columns ...string) map[string][]settlement.Amount {
	t.Helper()
	all := map[string][]settlement.Amount{}
	err := output.ReadTable(dir, table, func(r output.Row) error {
		k := key(r)
		if k == "" {
			return nil
		}
		if all[k] == nil {
			all[k] = make([]settlement.Amount, len(columns)+1)
		}
		all[k][0]++ // rows
		for i, column := range columns {
			a, _ := r.Money(column)
			all[k][i+1] += a
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFeesByRuleAreTheSumsOfTheTables(t *testing.T) {
	for _, dir := range generatedDays(t, 2) {
		v := read(t, dir, overview.Options{})
		rule := func(r output.Row) string {
			return fmt.Sprintf("%s|%s|%s|%s %s %s", r.Text("wallet"), r.Text("component"), r.Text("event"), r.Text("rule_id"), r.Text("rule_version"), r.Text("assumed"))
		}
		want := sums(t, dir, "charges", rule, "base_amount", "expected_fee", "charged_fee", "variance")
		for k, w := range sums(t, dir, "withdrawals", func(r output.Row) string {
			return fmt.Sprintf("%s|withdrawal|withdrawal|%s %s %s", r.Text("wallet"), r.Text("rule_id"), r.Text("rule_version"), r.Text("assumed"))
		}, "amount", "expected_fee", "charged_fee", "variance") {
			want[k] = w
		}
		for _, f := range v.Fees {
			k := fmt.Sprintf("%s|%s|%s|%s %s %t", f.Wallet, f.Component, f.Event, f.RuleID, f.Version, f.Assumed)
			got := []settlement.Amount{settlement.Amount(f.Lines), f.Base, f.Expected, f.Charged, f.Variance}
			if fmt.Sprint(got) != fmt.Sprint(want[k]) {
				t.Errorf("%s: %v, the tables say %v", k, got, want[k])
			}
			delete(want, k)
		}
		if len(want) > 0 || len(v.Fees) < 4 {
			t.Errorf("rules of the tables that the figures do not have: %v", want)
		}
	}
}

func TestMatchRatesAreThoseOfTheTables(t *testing.T) {
	for _, dir := range generatedDays(t, 2) {
		v := read(t, dir, overview.Options{})
		total, err := v.Total()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			table, column string
			got           output.MatchFigures
		}{{"statement_lines", "gross_amount", total.LinesRate}, {"order_events", "amount", total.EventsRate}} {
			var want output.MatchFigures
			if err := output.ReadTable(dir, c.table, func(r output.Row) error {
				a, _ := r.Money(c.column)
				switch r.Text("match_state") {
				case "matched":
					want.Matched++
					want.MatchedAmount += a.Abs()
					fallthrough
				case "broken", "open":
					want.Rows++
					want.Amount += a.Abs()
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if c.got != want || want.Matched == 0 || want.Matched == want.Rows {
				t.Errorf("%s: %+v, the table says %+v", c.table, c.got, want)
			}
		}
	}
}

func TestCrossWalletFiguresAreTheSumsOfTheTable(t *testing.T) {
	dir := generatedDays(t, 2)[1]
	v := read(t, dir, overview.Options{})
	want := sums(t, dir, "cross_wallet", func(r output.Row) string {
		if of := r.Text("cost_of"); of != "order" && of != "movement" {
			return of + "|||"
		}
		return r.Text("cost_of") + "|" + r.Text("home_wallet") + "|" + r.Text("paying_wallet") + "|" + r.Text("platform")
	}, "paid_amount", "refunded_amount", "channel_fee", "home_fee", "incremental_fee", "repatriation_fee", "deposit_fee", "cross_wallet_fee")
	for _, c := range v.Cross {
		k := fmt.Sprintf("%s|%s|%s|%s", c.CostOf, c.Home, c.Paying, c.Platform)
		got := []settlement.Amount{c.Paid, c.Refunded, c.ChannelFee, c.HomeFee, c.Incremental, c.Repatriation, c.Deposit, c.Cost}
		if want[k] == nil || fmt.Sprint(got) != fmt.Sprint(want[k][1:]) {
			t.Errorf("%s: %v, the table says %v", k, got, want[k])
		}
		delete(want, k)
	}
	if len(want) > 0 || len(v.Cross) < 2 {
		t.Errorf("not in the figures: %v", want)
	}
}

func TestTheLargestBreaksAreKeptAndAllAreCounted(t *testing.T) {
	dir := generatedDays(t, 2)[1]
	all, few := read(t, dir, overview.Options{Breaks: 1 << 20}), read(t, dir, overview.Options{Breaks: 5})
	if all.Findings.Count != all.BreakCount() || int64(len(all.Findings.Single)) != all.Findings.Count || all.Findings.Count < 10 {
		t.Fatalf("%d read, %d counted, %d by the figures", len(all.Findings.Single), all.Findings.Count, all.BreakCount())
	}
	if few.Findings.Count != all.Findings.Count || len(few.Findings.Single) != 5 {
		t.Errorf("%d of %d", len(few.Findings.Single), few.Findings.Count)
	}
	var short, over settlement.Amount
	for i, b := range all.Findings.Single {
		if i > 0 && b.Difference.Abs() > all.Findings.Single[i-1].Difference.Abs() {
			t.Errorf("%s stands behind a smaller one", b.Difference)
		}
		if i < 5 && few.Findings.Single[i] != b {
			t.Errorf("the first five differ: %v, %v", few.Findings.Single[i], b)
		}
		short, over = short+min(b.Difference, 0), over+max(b.Difference, 0)
	}
	if short != all.Verdict.Short || over != all.Verdict.Over {
		t.Errorf("short %s, over %s, the verdict says %s, %s", short, over, all.Verdict.Short, all.Verdict.Over)
	}
	var byAge, byKind int64
	for _, a := range few.Findings.ByAge {
		byAge += a.Count
	}
	for _, k := range few.Findings.ByKind {
		byKind += k.Count
	}
	if byAge != all.Findings.Count || byKind != all.Findings.Count {
		t.Errorf("by age %d, by kind %d of %d", byAge, byKind, all.Findings.Count)
	}
}

func TestStepsLeadFromGrossToWhatIsLeft(t *testing.T) {
	v := read(t, generatedDays(t, 2)[1], overview.Options{})
	var at settlement.Amount
	for _, s := range v.Steps {
		if s.Subtotal && s.Amount != at {
			t.Errorf("%s: %s, the steps before come to %s", s.Name, s.Amount, at)
		}
		if !s.Subtotal {
			at += s.Amount
		}
	}
	if last := v.Steps[len(v.Steps)-1]; !last.Subtotal || len(v.Steps) < 5 {
		t.Errorf("%+v", v.Steps)
	}
}

func TestTheHistoryIsOfTheDaysBefore(t *testing.T) {
	days := generatedDays(t, 3)
	v := read(t, days[2], overview.Options{Days: 30})
	if len(v.History) != 3 {
		t.Fatalf("%+v", v.History)
	}
	for i, dir := range days {
		m, err := output.ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		if h := v.History[i]; h.Day != m.Figures.Day || h.Breaks != m.Counts["breaks"] || h.Gross == 0 || !h.Compared {
			t.Errorf("%+v: run.json says %d breaks", h, m.Counts["breaks"])
		}
	}
	if v := read(t, days[2], overview.Options{Days: 2}); len(v.History) != 2 || v.History[1].Day != v.Day {
		t.Errorf("%+v", v.History)
	}
}

func TestAResultWithoutFiguresIsNotShown(t *testing.T) {
	if _, err := overview.Read(t.TempDir(), &output.Manifest{}, overview.Options{}); !errors.Is(err, overview.ErrNoFigures) {
		t.Error(err)
	}
}

// TestARunThatIsWrongOfItsBreaksIsNotShown: no hash covers run.json, and no page may say
// Balanced above a table of breaks.
func TestARunThatIsWrongOfItsBreaksIsNotShown(t *testing.T) {
	dir := generatedDays(t, 1)[0]
	path := filepath.Join(dir, output.ManifestName)
	asWritten, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*output.Manifest){
		"no breaks in the figures alone": func(m *output.Manifest) { m.Figures.Breaks = []output.BreakFigures{} },
		"no breaks, as the counts say too": func(m *output.Manifest) {
			m.Figures.Breaks, m.Counts["breaks"] = []output.BreakFigures{}, 0
		},
		"a break less":      func(m *output.Manifest) { m.Figures.Breaks[0].Count--; m.Counts["breaks"]-- },
		"another amount":    func(m *output.Manifest) { m.Figures.Breaks[0].Over++; m.Figures.Breaks[0].Difference++ },
		"another account's": func(m *output.Manifest) { m.Figures.Accounts[0].Breaks++ },
	} {
		m, err := output.ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		change(m)
		if err := m.Write(dir); err != nil {
			t.Fatal(err)
		}
		m, err = output.Verified(context.Background(), dir)
		if err == nil {
			_, err = overview.Read(dir, m, overview.Options{})
		}
		if !errors.Is(err, output.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.WriteFile(path, asWritten, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read(t, dir, overview.Options{})
}

// weekly is a dataset of so many runs, each a week after the one before, and the last of them.
func weekly(t *testing.T, runs int) (dataset string, last *overview.Overview) {
	t.Helper()
	dir := generatedDays(t, 1)[0]
	dataset = filepath.Dir(dir)
	m, err := output.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	day := m.Figures.Day
	for n := 1; n < runs; n++ {
		m.Figures.Day = day - settlement.Day(7*n)
		before := pipeline.DayFolder(dataset, m.Figures.Day)
		if err := errors.Join(os.Mkdir(before, 0o755), m.Write(before)); err != nil {
			t.Fatal(err)
		}
	}
	return dataset, read(t, dir, overview.Options{Days: 30})
}

func TestTheHistoryIsOfThirtyRunsHoweverFarApart(t *testing.T) {
	dataset, v := weekly(t, 40)
	if len(v.History) != 30 {
		t.Fatalf("%d runs", len(v.History))
	}
	for i, h := range v.History {
		without := ""
		if i > 0 {
			without = output.DaysText(v.History[i-1].Day+1, h.Day-1)
		}
		if h.Unknown || h.Gross == 0 || h.Without != without {
			t.Errorf("%s: %+v", h.Day, h)
		}
	}
	// After a year, too, the days without a run are told.
	far := pipeline.DayFolder(dataset, v.Day-400)
	if err := os.RemoveAll(pipeline.DayFolder(dataset, v.Day-7)); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < 40; n++ {
		if err := os.RemoveAll(pipeline.DayFolder(dataset, v.Day-settlement.Day(7*n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(far, 0o755); err != nil {
		t.Fatal(err)
	}
	v = read(t, pipeline.DayFolder(dataset, v.Day), overview.Options{Days: 30})
	if len(v.History) != 2 || v.History[1].Without != output.DaysText(v.Day-399, v.Day-1) {
		t.Errorf("%+v", v.History)
	}
}

func TestADayThatCannotBeReadIsUnknownInTheHistory(t *testing.T) {
	dataset, v := weekly(t, 2)
	path := filepath.Join(pipeline.DayFolder(dataset, v.Day-7), output.ManifestName)
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	v = read(t, pipeline.DayFolder(dataset, v.Day), overview.Options{Days: 30})
	if len(v.History) != 2 || !v.History[0].Unknown || v.History[1].Unknown {
		t.Errorf("%+v", v.History)
	}
}

func TestASumOfWhichNothingIsKnownIsNotZero(t *testing.T) {
	dir := generatedDays(t, 1)[0]
	known := map[string]bool{}
	if err := output.ReadTable(dir, "withdrawals", func(r output.Row) error {
		known["variance"] = known["variance"] || !r.IsNull("variance")
		known["charged_fee"] = known["charged_fee"] || !r.IsNull("charged_fee")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w := read(t, dir, overview.Options{}).Withdrawals
	if w.Count == 0 || known["variance"] || !known["charged_fee"] {
		t.Fatalf("the day has %d withdrawals, known: %v", w.Count, known)
	}
	if w.Variance != settlement.NoAmount || w.Charged == settlement.NoAmount {
		t.Errorf("variance %s, charged %s", w.Variance, w.Charged)
	}
}
