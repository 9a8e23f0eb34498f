package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// runDay generates a day, runs it and returns its key, the result and the folder
// of the tables.
func runDay(t testing.TB, o generate.Options, change func(*pipeline.Job)) (*generate.Key, *pipeline.Result, string) {
	t.Helper()
	dir := t.TempDir()
	key, err := generate.Day(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	job := pipeline.Job{Paths: key.Files, Out: filepath.Join(t.TempDir(), "out")}
	if change != nil {
		change(&job)
	}
	result, err := pipeline.Run(context.Background(), job)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range result.Refusals {
		t.Fatalf("refused: %v", r)
	}
	return key, result, job.Out
}

// planted and found print breaks alike, so that they can be compared as sets.
func planted(key *generate.Key) []string {
	var list []string
	for _, p := range key.Planted {
		list = append(list, fmt.Sprintf("%s order %s refund %s expected %s actual %s",
			p.Kind, p.OrderNo, p.RefundNo, amountText(p.Expected), amountText(p.Actual)))
	}
	slices.Sort(list)
	return list
}

func amountText(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return ""
	}
	return a.String()
}

func found(t testing.TB, out string) []string {
	t.Helper()
	var list []string
	err := output.ReadTable(out, "breaks", func(r output.Row) error {
		list = append(list, fmt.Sprintf("%s order %s refund %s expected %s actual %s",
			r.Text("kind"), r.Text("order_no"), r.Text("refund_no"), r.Text("expected_amount"), r.Text("actual_amount")))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// compareBreaks reports what was planted and not found, and the other way round.
func compareBreaks(t testing.TB, key *generate.Key, out string) {
	t.Helper()
	want, got := planted(key), found(t, out)
	counts := map[string]int{}
	for _, p := range want {
		counts[p]++
	}
	for _, f := range got {
		counts[f]--
	}
	shown := 0
	for text, n := range counts {
		if n == 0 {
			continue
		}
		if shown++; shown > 20 {
			t.Errorf("… and more")
			break
		}
		if n > 0 {
			t.Errorf("planted, not found: %s", text)
		} else {
			t.Errorf("found, not planted: %s", text)
		}
	}
	if len(want) == 0 {
		t.Error("nothing was planted: this test would prove nothing")
	}
}

func TestEveryPlantedBreakIsFoundAndNoOther(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*generate.Options)
	}{
		{"a day of 100,000 orders", func(o *generate.Options) { o.Orders = 100_000 }},
		{"another seed", func(o *generate.Options) { o.Seed = 7 }},
		{"no provider numbers in the orders", func(o *generate.Options) {
			o.Extract.ProviderTxnID = false
			delete(o.Cases, generate.ProviderNo)
		}},
		{"no accounts in the orders", func(o *generate.Options) { o.Extract.Account = false }},
		{"WeChat Pay SUCCESS and REFUND bills", func(o *generate.Options) {
			o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
		}},
		{"all three WeChat Pay bills: each line counts once", func(o *generate.Options) {
			o.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
		}},
		{"legacy WeChat Pay layout, BOM, gzip", func(o *generate.Options) {
			o.WeChat.Legacy, o.WeChat.BOM, o.WeChat.Gzip = true, true, true
		}},
		{"Alipay bill in parts, summary first, wrong name flags", func(o *generate.Options) {
			o.Alipay.PartRows, o.Alipay.SummaryFirst, o.Alipay.NamesFlaggedUTF8 = 1000, true, true
		}},
		{"escrow orders", func(o *generate.Options) {
			o.Extract.Escrow = true
			o.Cases[generate.Unreleased] = generate.Count(25)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := generate.Defaults()
			c.change(&o)
			key, result, out := runDay(t, o, nil)
			compareBreaks(t, key, out)
			if got := result.Overview.BreakCount(); got != int64(len(key.Planted)) {
				t.Errorf("the overview counts %d breaks, %d were planted", got, len(key.Planted))
			}
			var lines, events int64
			for _, n := range result.Overview.Lines {
				lines += n
			}
			for _, n := range result.Overview.Events {
				events += n
			}
			if want := key.Alipay.Lines() + key.WeChat.Lines(); lines != want {
				t.Errorf("%d lines ended in a state, %d were written", lines, want)
			}
			if events != key.Events() {
				t.Errorf("%d events ended in a state, %d were written", events, key.Events())
			}
			if got := result.Overview.Events["awaiting_release"]; got != key.EventsUnreleased {
				t.Errorf("%d orders await release, %d were planted", got, key.EventsUnreleased)
			}
		})
	}
}

// tree returns the content of every Parquet file of a result by its name.
func tree(t testing.TB, out string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(out, path)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTablesDependOnTheInputAlone(t *testing.T) {
	o := generate.Defaults()
	o.Orders = 80_000 // several pages a column, some of them without a value
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	run := func(paths []string, jobs int, memory int64) map[string]string {
		out := filepath.Join(t.TempDir(), "out")
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: paths, Out: out, Jobs: jobs, Memory: memory}); err != nil {
			t.Fatal(err)
		}
		return tree(t, out)
	}
	want := run(key.Files, 1, 0)
	if len(want) < 8 {
		t.Fatalf("only %d tables", len(want))
	}
	reversed := slices.Clone(key.Files)
	slices.Reverse(reversed)
	for _, c := range []struct {
		name   string
		paths  []string
		jobs   int
		memory int64
	}{
		{"again", key.Files, 1, 0},
		{"eight cores", key.Files, 8, 0},
		{"files in another order", reversed, 2, 0},
		{"everything spilled", key.Files, 2, 1 << 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := run(c.paths, c.jobs, c.memory)
			for name, content := range want {
				if got[name] != content {
					t.Errorf("%s differs", name)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d tables instead of %d", len(got), len(want))
			}
		})
	}
}
