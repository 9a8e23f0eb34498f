package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reconcile/output"
	"reconcile/settlement"
)

// sampleDay runs the sample day and returns the folder of its files and of its result.
func sampleDay(t *testing.T, arguments ...string) (day, out string) {
	t.Helper()
	dir := t.TempDir()
	day, out = filepath.Join(dir, "demo"), filepath.Join(dir, "out")
	if code, _, stderr := call(context.Background(), "init", day, "-q"); code != 0 {
		t.Fatal(stderr)
	}
	command := append([]string{"run", filepath.Join(day, "inbox"), "--out", out, "-q", "--lang", "zh"}, arguments...)
	if code, _, stderr := call(context.Background(), command...); code != exitBreaks {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	return day, out
}

// TestEveryTotalOfTheWorkbookIsTheTables: what a cell says, and what its formula comes to,
// is the sum over the table, to the fen.
func TestEveryTotalOfTheWorkbookIsTheTables(t *testing.T) {
	_, out := sampleDay(t)
	f, err := excelize.OpenFile(filepath.Join(out, "report.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	compared := 0
	for _, c := range []struct {
		sheet, table string
		columns      map[string]string
	}{
		{"渠道日报", "summary", map[string]string{"收款": "gross", "退款": "refunds", "净额": "net", "应收手续费": "expected_fees", "实收手续费": "charged_fees", "手续费差异": "fee_variance"}},
		{"差异明细", "breaks", map[string]string{"应收": "expected_amount", "实收": "actual_amount", "差额": "difference"}},
		{"未达与跨日", "open_items", map[string]string{"金额": "amount"}},
	} {
		sums := map[string]settlement.Amount{}
		err := output.ReadTable(out, c.table, func(r output.Row) error {
			for _, column := range c.columns {
				if a, ok := r.Money(column); ok {
					sums[column] += a
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.GetRows(c.sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		heads := slices.IndexFunc(rows, func(row []string) bool { return slices.Contains(row, "渠道") })
		for heading, column := range c.columns {
			at := slices.Index(rows[heads], heading)
			said, err := settlement.ParseAmount([]byte(rows[heads-1][at]))
			if err != nil || said != sums[column] {
				t.Errorf("%s %s: the total says %q, the table %s", c.sheet, heading, rows[heads-1][at], sums[column])
			}
			cell, err := excelize.CoordinatesToCellName(at+1, heads)
			if err != nil {
				t.Fatal(err)
			}
			formula, err := f.GetCellFormula(c.sheet, cell)
			calculated, err2 := f.CalcCellValue(c.sheet, cell, excelize.Options{RawCellValue: true})
			if err != nil || err2 != nil || formula == "" || calculated != rows[heads-1][at] {
				t.Errorf("%s %s: %s comes to %s, the cell says %s (%v, %v)", c.sheet, heading, formula, calculated, rows[heads-1][at], err, err2)
			}
			compared++
		}
	}
	if compared != 10 {
		t.Errorf("%d totals were compared", compared)
	}
}

// TestTheWorkbookIsPartOfTheResult: run.json lists it with its hash, verify finds a changed
// one, and --no-report leaves it out; it is made anew from the tables alone.
func TestTheWorkbookIsPartOfTheResult(t *testing.T) {
	_, out := sampleDay(t)
	path := filepath.Join(out, "report.xlsx")
	m, err := output.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	sha, size, err := output.HashFile(path)
	if err != nil || !slices.Contains(m.Files, output.FileOutput{Path: "report.xlsx", Bytes: size, SHA256: sha}) {
		t.Fatalf("%v %v", m.Files, err)
	}
	again := filepath.Join(t.TempDir(), "again.xlsx")
	if code, _, stderr := call(context.Background(), "report", out, "--xlsx", again, "--lang", "zh"); code != 0 {
		t.Fatal(stderr)
	}
	if other, _, err := output.HashFile(again); err != nil || other != sha {
		t.Errorf("made anew it is another file (%v)", err)
	}
	if err := os.WriteFile(path, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, text, stderr := call(context.Background(), "verify", out); code == 0 || !strings.Contains(text+stderr, "report.xlsx") {
		t.Errorf("a changed workbook is not found: exit %d %s%s", code, text, stderr)
	}
	_, without := sampleDay(t, "--no-report")
	if _, err := os.Stat(filepath.Join(without, "report.xlsx")); !os.IsNotExist(err) {
		t.Errorf("--no-report: %v", err)
	}
}

// TestAChangedResultIsNotShownAsAWorkbook: of tables that are not those of the run nothing
// is written.
func TestAChangedResultIsNotShownAsAWorkbook(t *testing.T) {
	_, out := sampleDay(t)
	parts, err := output.Parts(out, "breaks")
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	if err := os.Truncate(parts[0], 100); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.xlsx")
	if code, _, stderr := call(context.Background(), "report", out, "--xlsx", path); code != 1 || !strings.Contains(stderr, "breaks/part-00000.parquet") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, _, stderr := call(context.Background(), "report", t.TempDir(), "--xlsx", path); code != exitUsage {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("a workbook was written: %v", err)
	}
}

// TestABreakIsDecidedInTheReport: the sheet 差异明细 of a result is read like a worklist,
// in both languages, and shows in the next result what was decided.
func TestABreakIsDecidedInTheReport(t *testing.T) {
	for language, fill := range map[string]map[string]string{
		"zh": {"处理": "接受", "处理人": "王芳", "处理时间": "2024-09-13 09:00:00", "备注": "@李 已核对"},
		"en": {"Decision": "accept", "Who": "王芳", "When": "2024-09-13 09:00:00", "Note": "@李 已核对"},
	} {
		t.Run(language, func(t *testing.T) {
			day, out := sampleDay(t)
			filled := filepath.Join(day, "filled.xlsx")
			if code, _, stderr := call(context.Background(), "report", out, "--xlsx", filled, "--lang", language); code != 0 {
				t.Fatal(stderr)
			}
			f, err := excelize.OpenFile(filled)
			if err != nil {
				t.Fatal(err)
			}
			id := decideFirst(t, f, fill)
			if err := f.Save(); err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(day, "decided.yaml")
			if err := os.WriteFile(config, []byte("decided_workbook: filled.xlsx\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if code, _, stderr := call(context.Background(), "run", filepath.Join(day, "inbox"), "--out", out, "--config", config, "-q", "--lang", "zh"); code != exitBreaks {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			_, text, _ := call(context.Background(), "show", "breaks", "--out", out, "--columns", "status,decided_by,note", "--where", "break_id = "+id, "--limit", "0")
			if !strings.Contains(text, "accepted") || !strings.Contains(text, "王芳") || !strings.Contains(text, "@李 已核对") {
				t.Errorf("%s", text)
			}
			next, err := excelize.OpenFile(filepath.Join(out, "report.xlsx"))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := next.GetRows("差异明细")
			if err != nil {
				t.Fatal(err)
			}
			last := rows[len(rows)-1] // what is decided stands behind what is open
			for _, want := range []string{id, "已接受", "接受", "王芳", "@李 已核对"} {
				if !slices.Contains(last, want) {
					t.Errorf("the next workbook does not say %s: %q", want, last)
				}
			}
		})
	}
}

// TestEveryDecisionOfTheFileIsOneOfTheWorkbook: what stands in 差异明细 of breaks that were
// decided elsewhere is read back, whatever was decided.
func TestEveryDecisionOfTheFileIsOneOfTheWorkbook(t *testing.T) {
	day, out := sampleDay(t)
	_, text, _ := call(context.Background(), "show", "breaks", "--out", out, "--columns", "break_id", "--csv", "--limit", "0")
	ids := strings.Fields(text)[1:]
	rows := "break_id,decision,who,when,note,assignee\n"
	for i, decision := range []string{"accept", "explain", "assign", "note", "accept"} {
		rows += ids[i] + "," + decision + ",王芳,2024-09-13 09:00:00,已核对,李娜\n"
	}
	rows += ids[4] + ",reopen,王芳,2024-09-13 09:30:00,,\n"
	for name, text := range map[string]string{"decisions.csv": rows, "by-file.yaml": "decisions: decisions.csv\n", "by-workbook.yaml": "decided_workbook: decided.xlsx\n"} {
		if err := os.WriteFile(filepath.Join(day, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	statuses := func(config, language string) string {
		if code, _, stderr := call(context.Background(), "run", filepath.Join(day, "inbox"), "--out", out, "--config", filepath.Join(day, config), "-q", "--lang", language); code != exitBreaks {
			t.Fatalf("%s, %s: exit %d: %s", config, language, code, stderr)
		}
		_, text, _ := call(context.Background(), "show", "breaks", "--out", out, "--columns", "break_id,status,decision,decided_by,decided_at,note,assignee", "--csv", "--limit", "0")
		return text
	}
	for _, language := range []string{"en", "zh"} {
		want := statuses("by-file.yaml", language)
		for _, decision := range []string{"accept", "explain", "assign", "note", "reopen"} {
			if !strings.Contains(want, ","+decision+",") {
				t.Fatalf("no break was decided by %s: %s", decision, want)
			}
		}
		if err := os.Rename(filepath.Join(out, "report.xlsx"), filepath.Join(day, "decided.xlsx")); err != nil {
			t.Fatal(err)
		}
		if got := statuses("by-workbook.yaml", language); got != want {
			t.Errorf("%s: the workbook says\n%s\nand the file\n%s", language, got, want)
		}
	}
}
