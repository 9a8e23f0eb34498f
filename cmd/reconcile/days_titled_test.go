package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/settlement"
)

// TestAResultOfSeveralDaysIsTitledAsThem: terminal, page and workbook say of which days the
// figures are, and run.json claims no single day.
func TestAResultOfSeveralDaysIsTitledAsThem(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	arguments := []string{"run", "--out", out}
	for n := range 3 {
		o := generate.Defaults()
		o.Orders, o.Nth = 50, n
		o.Day += settlement.Day(n)
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, key.Files...)
	}
	_, stdout, stderr := call(context.Background(), arguments...)
	m, err := output.ReadManifest(out)
	if err != nil {
		t.Fatal(err, stderr)
	}
	if m.Figures.Day != settlement.NoDay {
		t.Errorf("run.json: the day %s", m.Figures.Day)
	}
	const days = "2024-09-12 – 2024-09-14"
	if !strings.HasPrefix(stdout, days+"  ") {
		t.Errorf("the terminal begins with %.60q", stdout)
	}
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil || !strings.Contains(string(page), "<title>reconcile "+days+"</title>") {
		t.Errorf("the page is not titled %s (%v)", days, err)
	}
	f, err := excelize.OpenFile(filepath.Join(out, "report.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if title, err := f.GetCellValue("汇总", "A1"); err != nil || !strings.HasSuffix(title, days) {
		t.Errorf("the workbook is titled %q (%v)", title, err)
	}
}
