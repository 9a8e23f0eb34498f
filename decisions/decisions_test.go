package decisions

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

func TestDecisionsThatCannotBeUsedAreToldWithTheirPlaces(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a missing column":  {"break_id,decision,who\n", "decisions.csv:1: the column when is missing"},
		"a field too many":  {"break_id,decision,who,when\na,b,c,d,e\n", "decisions.csv:2: 5 fields where the header has 4"},
		"no identity":       {"break_id,decision,who,when\nA1,accept,Li,2024-09-13 09:00:00\n", `decisions.csv:2: break_id: "A1" is no identity`},
		"an unknown word":   {"break_id,decision,who,when\n0000000000000000,ok,Li,2024-09-13 09:00:00\n", `decision: "ok" is none of accept, write_off, explain, assign`},
		"nobody":            {"break_id,decision,who,when\n0000000000000000,accept,,2024-09-13 09:00:00\n", "who: nobody is named"},
		"no time":           {"break_id,decision,who,when\n0000000000000000,accept,Li,yesterday\n", `when: "yesterday"`},
		"nobody to look":    {"break_id,decision,who,when\n0000000000000000,assign,Li,2024-09-13 09:00:00\n", "assignee: nobody is named to look after"},
		"no explanation":    {"break_id,decision,who,when\n0000000000000000,explain,Li,2024-09-13 09:00:00\n", "note: there is no explanation"},
		"a quote left open": {"break_id,decision,who,when\n\"0000000000000000,accept,Li,2024-09-13 09:00:00\n", "quote"},
		"the second of two": {"break_id,decision,who,when\n0000000000000000,accept,Li,2024-09-13 09:00:00\n0000000000000000,no,Li,2024-09-13 09:00:00\n", "decisions.csv:3:"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "decisions.csv")
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// worklist is a workbook with a sheet that tells nothing, and one of breaks.
func worklist(t *testing.T, header []any, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	sheets := map[string][][]any{"Sheet1": {{"说明"}, {"填写处理、处理人、处理时间"}}, "差异明细": append([][]any{{"差异明细 2024-09-12"}, header}, rows...)}
	for _, name := range []string{"Sheet1", "差异明细"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range sheets[name] {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(name, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "worklist.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnEditedWorkbookIsReadLikeRowsOfDecisions(t *testing.T) {
	const one, two, three = "0000000000000001", "0000000000000002", "0000000000000003"
	header := []any{"差异编号", "订单号", "差额", "处理", "处理人", "处理时间", "备注", "负责人"}
	path := worklist(t, header,
		[]any{one, "O1", "-0.01", "核销", "Li", "2024-09-13 09:05:00", "一分钱"},
		[]any{two, "O2", "3.00"},
		[]any{three, "O3", "4.00", "assign", "Li", "2024-09-13 09:06:00", "", "Wang"},
		[]any{"", "合计", "6.99"})
	d, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := settlement.ParseID(one)
	third, _ := settlement.ParseID(three)
	if len(d.byBreak) != 2 || d.byBreak[first].what != decideWriteOff || d.byBreak[first].note != "一分钱" || d.byBreak[third].assignee != "Wang" {
		t.Errorf("%+v", d.byBreak)
	}
	text := filepath.Join(t.TempDir(), "decisions.csv")
	if err := os.WriteFile(text, []byte("break_id,decision,who,when\n"+one+",accept,Chen,2024-09-14 10:00:00\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if d, err = Read(path, text); err != nil || d.byBreak[first].what != decideAccept || d.byBreak[first].note != "一分钱" {
		t.Errorf("the later decision counts: %+v, %v", d, err)
	}
	for want, rows := range map[string][]any{
		"worklist.xlsx:3: decision: \"好\" is none of accept": {one, "O1", "1.00", "好", "Li", "2024-09-13 09:05:00"},
		"worklist.xlsx:3: who: nobody is named":              {one, "O1", "1.00", "接受", "", "2024-09-13 09:05:00"},
		"worklist.xlsx:3: when: \"\"":                        {one, "O1", "1.00", "接受", "Li"},
		"worklist.xlsx:3: break_id: \"1\" is no identity":    {"1", "O1", "1.00", "接受", "Li", "2024-09-13 09:05:00"},
	} {
		if _, err := Read(worklist(t, header, rows)); !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Read(worklist(t, []any{"订单号", "备注"})); !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), "no sheet has a row with the columns break_id and decision") {
		t.Errorf("%v", err)
	}
}

// TestAWorkbookOfSeveralSheetsIsReadWhole: breaks that did not fit into one sheet go on in
// the next, whose columns may have been moved; headings and decisions may be English; a
// time may be typed as one.
func TestAWorkbookOfSeveralSheetsIsReadWhole(t *testing.T) {
	const one, two, three = "0000000000000001", "0000000000000002", "0000000000000003"
	f := excelize.NewFile()
	for _, s := range []struct {
		name string
		rows [][]any
	}{
		{"差异明细", [][]any{{"差异明细"}, {"合计", "", "6.99"}, {"Break id", "Order no.", "Decision", "Who", "When", "Note", "Assignee"},
			{one, "O1", "write off", "Li", "2024-09-13 09:05:00", "=1+1"}}},
		{"差异明细 (2)", [][]any{{"差异明细 (2)"}, {"负责人", "处理", "处理人", "处理时间", "差异编号"},
			{"", "", "", "", two}, {"Wang", "指派", "Li", 45548.378472222223, three}}},
		{"余额", [][]any{{"处理", "期初"}, {"接受", "1.00"}}},
	} {
		if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		for i, row := range s.rows {
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetSheetRow(s.name, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	format := "yyyy-mm-dd hh:mm:ss"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStyle("差异明细 (2)", "D4", "D4", style); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	d, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := settlement.ParseID(one)
	third, _ := settlement.ParseID(three)
	if len(d.byBreak) != 2 || d.byBreak[first] == nil || d.byBreak[third] == nil {
		t.Fatalf("%+v", d.byBreak)
	}
	if b := d.byBreak[first]; b.what != decideWriteOff || b.note != "=1+1" {
		t.Errorf("%+v", b)
	}
	if b := d.byBreak[third]; b.what != decideAssign || b.assignee != "Wang" || b.when.String() != "2024-09-13 09:05:00" {
		t.Errorf("%+v at %s", b, b.when)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("break_id,decision,who,when,note,assignee\n0000000000000000,accept,Li,2024-09-13 09:00:00,,\n"))
	f.Add([]byte("\ufeffbreak_id,decision,who,when\r\n\"0000000000000000\",write_off,Li,2024-09-13 09:00:00\r\n"))
	f.Add([]byte("break_id,decision\n\""))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "decisions.csv")
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err != nil && !errors.Is(err, ErrUnusable) {
			t.Fatal(err)
		}
	})
}

// TestGuardedNotesAreReadAsTheyWereWritten: what was kept from becoming a formula in a
// spreadsheet is the same text again.
func TestGuardedNotesAreReadAsTheyWereWritten(t *testing.T) {
	const id, note = "0000000000000001", "=他说：\"没收到\", -12.30"
	path := filepath.Join(t.TempDir(), "decisions.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := spreadsheet.NewCSV(f)
	out.Record("break_id", "decision", "who", "when", "note")
	out.Record(id, "explain", "@li", "2024-09-13 09:05:00", note)
	if err := errors.Join(out.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	d, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := settlement.ParseID(id)
	if got := d.byBreak[first]; got == nil || got.note != note || got.who != "@li" {
		t.Errorf("%+v", got)
	}
}
