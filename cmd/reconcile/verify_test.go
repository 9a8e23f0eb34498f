package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// runSample runs the sample day into a new folder.
func runSample(t *testing.T, inbox string) (out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "out")
	if code, _, stderr := call(context.Background(), "run", inbox, "--out", out, "-q"); code != exitBreaks {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	return out
}

// editManifest changes run.json as someone would who wants to hide a change.
func editManifest(t *testing.T, dir string, change func(m *output.Manifest)) {
	t.Helper()
	m, err := output.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	change(m)
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// replacePart writes another part in the place of a table's, and has run.json say
// that it was always so: rows, bytes and SHA-256.
func replacePart(t *testing.T, dir, name string, rows settlement.Batch) {
	t.Helper()
	table, _ := settlement.TableNamed(name)
	path := filepath.Join(dir, name, output.PartName(0))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w, err := output.NewPart(path, table, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(settlement.Record(rows)); err != nil {
		t.Fatal(err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	editManifest(t, dir, func(m *output.Manifest) {
		for i := range m.Tables {
			if m.Tables[i].Name == name {
				p := &m.Tables[i].Parts[0]
				p.Rows, p.Bytes, p.SHA256 = info.Rows, info.Bytes, info.SHA256
				m.Tables[i].Rows = info.Rows
			}
		}
	})
}

// TestAChangeThatCoversItsTracesIsFound changes a result so that all its files have
// the hashes that run.json lists: only computing again finds it.
func TestAChangeThatCoversItsTracesIsFound(t *testing.T) {
	inbox := t.TempDir()
	if _, err := generate.SampleDay(inbox); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		want   string
	}{
		"no breaks": {func(t *testing.T, dir string) {
			replacePart(t, dir, "breaks", &settlement.Breaks{})
		}, "breaks: count breaks of run.json: expected 15, found 0"},
		"no breaks, and the count says so": {func(t *testing.T, dir string) {
			replacePart(t, dir, "breaks", &settlement.Breaks{})
			editManifest(t, dir, func(m *output.Manifest) {
				for name := range m.Counts {
					if strings.HasPrefix(name, "breaks") {
						m.Counts[name] = 0
					}
				}
			})
		}, "summary: figures of alipay 2088601234567890: expected 42 lines, 34 matched, 0 breaks"},
		"no charges": {func(t *testing.T, dir string) {
			replacePart(t, dir, "charges", &settlement.Charges{})
		}, "charges: Σ charged_fee, where the fund flow says another the bill's, = −Σ fee_amount of alipay 2088601234567890: expected 461.00, found 0.00"},
		"no matches": {func(t *testing.T, dir string) {
			replacePart(t, dir, "matches", &settlement.Matches{})
		}, "matches: rows = events with a line"},
		"no lines": {func(t *testing.T, dir string) {
			replacePart(t, dir, "statement_lines", &settlement.Lines{})
		}, "from Parquet: expected 21, found 0"},
		"no control totals": {func(t *testing.T, dir string) {
			replacePart(t, dir, "control_totals", &settlement.ControlTotals{})
		}, "control_totals: rows: expected 18, found 0"},
		"an empty summary": {func(t *testing.T, dir string) {
			replacePart(t, dir, "summary", &settlement.Summary{})
		}, "summary: it has no row of alipay 2088601234567890"},
		"a total of an input": {func(t *testing.T, dir string) {
			editManifest(t, dir, func(m *output.Manifest) {
				m.Inputs[0].Totals[0].Stated, m.Inputs[0].Totals[0].Computed = "22", "22"
			})
		}, "总交易单数"},
		"a check that fails": {func(t *testing.T, dir string) {
			editManifest(t, dir, func(m *output.Manifest) { m.Proof[0].Holds = false })
		}, "every check of the run's own proof is marked as held"},
		"no proof": {func(t *testing.T, dir string) {
			editManifest(t, dir, func(m *output.Manifest) { m.Proof = nil })
		}, "it has no proof"},
		"a table that is not listed": {func(t *testing.T, dir string) {
			editManifest(t, dir, func(m *output.Manifest) { m.Tables = m.Tables[1:] })
		}, "tables listed"},
		"a part elsewhere": {func(t *testing.T, dir string) {
			editManifest(t, dir, func(m *output.Manifest) { m.Tables[0].Parts[0].Path = "../part-00000.parquet" })
		}, "no name of a part"},
		"a link": {func(t *testing.T, dir string) {
			path := filepath.Join(dir, "breaks", output.PartName(0))
			if err := os.Rename(path, filepath.Join(filepath.Dir(dir), "elsewhere")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(filepath.Dir(dir), "elsewhere"), path); err != nil {
				t.Fatal(err)
			}
		}, "no regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runSample(t, inbox)
			c.change(t, dir)
			code, stdout, stderr := call(context.Background(), "verify", dir)
			if code != exitFailed || !strings.Contains(stderr, c.want) || strings.Contains(stdout, "PROVED") {
				t.Errorf("exit %d, want %q in\n%s", code, c.want, stderr)
			}
			if !strings.Contains(stderr, dir+string(filepath.Separator)) {
				t.Errorf("no file is named:\n%s", stderr)
			}
		})
	}
}

// TestCopiesOfLinesAreProved runs over WeChat Pay's ALL, SUCCESS and REFUND bills of
// one day: each line stands in two files and counts once, and the control totals of
// all three are proved from the one table.
func TestCopiesOfLinesAreProved(t *testing.T) {
	options := generate.Sample()
	options.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
	inbox, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	if _, err := generate.Day(inbox, options); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := call(context.Background(), "run", inbox, "--out", out)
	if code != exitBreaks || !strings.Contains(stdout, "84 rows read = 63 written + 21 copies") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = call(context.Background(), "verify", out)
	if code != exitDone {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	// Copies that are not as the proof notes them are found.
	m, err := output.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	noted := 0
	for i := range m.Proof {
		if r, err := pipeline.ParseRecount(m.Proof[i].Note); err == nil && r.Column == "rows" && r.Copies > 0 {
			r.Copies--
			m.Proof[i].Note = r.String()
			noted++
		}
	}
	if err := m.Write(out); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr = call(context.Background(), "verify", out); noted != 2 || code != exitFailed || !strings.Contains(stderr, "from Parquet: expected") {
		t.Errorf("%d notes changed, exit %d\n%s", noted, code, stderr)
	}
}

// TestBalancesAreComputedAgain changes the table balances so that all its files have the
// hashes that run.json lists.
func TestBalancesAreComputedAgain(t *testing.T) {
	o := generate.Sample()
	o.FundFlow = true
	inbox := t.TempDir()
	if _, err := generate.Day(inbox, o); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(b *settlement.Balances)
		want   string
	}{
		"nothing":           {func(*settlement.Balances) {}, ""},
		"no row":            {func(b *settlement.Balances) { *b = settlement.Balances{} }, "balances: it has no row of alipay 2088601234567890 2024-09-12"},
		"the income":        {func(b *settlement.Balances) { b.Income[0] += 1; b.Computed[0] += 1; b.Unexplained[0]-- }, "balances: income of alipay 2088601234567890 2024-09-12: expected "},
		"the end":           {func(b *settlement.Balances) { b.Computed[1] += 1 }, "computed_closing 2000000.01 is not opening 2000000.00 + income"},
		"what is left over": {func(b *settlement.Balances) { b.Unexplained[1] = 5 }, "unexplained 0.05 is not closing 2000000.00 − computed_closing 2000000.00"},
		"a category": {func(b *settlement.Balances) {
			b.By[settlement.FundPayment][1] -= 3
			b.By[settlement.FundOther][1] += 3
		}, "balances: other of wechat 1600123456 basic 2024-09-12: expected 0.00, found 0.03"},
		"the count": {func(b *settlement.Balances) { b.Lines[1]++ }, "balances: lines of wechat 1600123456 basic 2024-09-12: expected "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runSample(t, inbox)
			in, err := output.OpenBatches(filepath.Join(dir, "balances", output.PartName(0)), "balances")
			if err != nil {
				t.Fatal(err)
			}
			b := &settlement.Balances{}
			for rows, ok := in.Next(); ok; rows, ok = in.Next() {
				all := make([]int32, rows)
				for i := range all {
					all[i] = int32(i)
				}
				if err := in.Append(b, all, func(string) int32 { return -1 }); err != nil {
					t.Fatal(err)
				}
			}
			in.Close()
			c.change(b)
			replacePart(t, dir, "balances", b)
			code, _, stderr := call(context.Background(), "verify", dir)
			if c.want == "" && code != exitDone || c.want != "" && (code != exitFailed || !strings.Contains(stderr, c.want)) {
				t.Errorf("exit %d, want %q in\n%s", code, c.want, stderr)
			}
		})
	}
}
