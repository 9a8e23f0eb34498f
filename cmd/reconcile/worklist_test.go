package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// A break that is decided in the workbook is decided in the next run.
func TestABreakIsDecidedInTheWorkbook(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := call(context.Background(), "init", filepath.Join(dir, "demo"), "-q"); code != 0 {
		t.Fatal(stderr)
	}
	inbox, out, path := filepath.Join(dir, "demo", "inbox"), filepath.Join(dir, "out"), filepath.Join(dir, "worklist.xlsx")
	config := filepath.Join(dir, "reconcile.yaml")
	if err := os.WriteFile(config, []byte("decided_workbook: worklist.xlsx\nwrite_off_limit: 1000.00\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		if code, _, stderr := call(context.Background(), "run", inbox, "--out", out, "--config", config, "-q"); code != exitBreaks {
			t.Fatalf("exit %d: %s", code, stderr)
		}
	}
	// A workbook that is not there is no decision that was forgotten in silence.
	if code, _, stderr := call(context.Background(), "run", inbox, "--out", out, "--config", config, "-q"); code != exitUsage || !strings.Contains(stderr, "worklist.xlsx is not there") {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if code, _, stderr := call(context.Background(), "run", inbox, "--out", out, "-q"); code != exitBreaks {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if code, text, stderr := call(context.Background(), "worklist", "--lang", "zh", "--out", out, path); code != 0 || !strings.Contains(text, "未结差异") {
		t.Fatalf("%s %s", text, stderr)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	id := decideFirst(t, f, map[string]string{"处理": "接受", "处理人": "Li", "处理时间": "2024-09-13 09:00:00", "备注": "=1+1 是对的"})
	if lists, err := f.GetDataValidations("差异明细"); err != nil || len(lists) != 1 || !strings.Contains(lists[0].Formula1, "核销") {
		t.Errorf("%+v, %v", lists, err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	run()
	_, text, _ := call(context.Background(), "show", "breaks", "--out", out, "--columns", "break_id,status,decision,decided_by,note", "--where", "break_id = "+id, "--limit", "0")
	if !strings.Contains(text, "accepted") || !strings.Contains(text, "Li") || !strings.Contains(text, "=1+1 是对的") {
		t.Errorf("%s", text)
	}
	if code, _, stderr := call(context.Background(), "worklist", "--lang", "zh", "--out", out, path); code != exitUsage || !strings.Contains(stderr, "exists already: it may hold decisions") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	again := filepath.Join(dir, "again.xlsx")
	if code, _, stderr := call(context.Background(), "worklist", "--lang", "zh", "--out", out, again); code != 0 {
		t.Fatal(stderr)
	}
	second, err := excelize.OpenFile(again)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := second.GetRows("差异明细")
	if err != nil || len(rows) < 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		if slices.Contains(row, id) {
			t.Error("an accepted break is still to be decided")
		}
	}
}

// decideFirst fills in the first break of the sheet 差异明细, by the headings, and returns
// its id.
func decideFirst(t *testing.T, f *excelize.File, fill map[string]string) (id string) {
	t.Helper()
	rows, err := f.GetRows("差异明细")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		at := max(slices.Index(row, "差异编号"), slices.Index(row, "Break id"))
		if at < 0 {
			continue
		}
		for heading, text := range fill {
			cell, err := excelize.CoordinatesToCellName(slices.Index(row, heading)+1, i+2)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStr("差异明细", cell, text); err != nil {
				t.Fatal(err)
			}
		}
		if id = rows[i+1][at]; len(id) != 16 {
			t.Fatalf("%q is no id of a break", id)
		}
		return id
	}
	t.Fatal("the sheet has no headings")
	return ""
}
