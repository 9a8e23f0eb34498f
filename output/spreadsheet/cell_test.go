package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTextIsNoFormula: every way to begin a formula is guarded, numbers and other text
// are not touched.
func TestTextIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1":                "'=1+1",
		"+8613800000000":      "'+8613800000000",
		"-1+cmd|' /C calc'!A": "'-1+cmd|' /C calc'!A",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t=1",
		"\r=1":                "'\r=1",
		"\n=1":                "'\n=1",
		"＝1+1":                "'＝1+1",
		"＋1":                  "'＋1",
		"－1":                  "'－1",
		"＠A1":                 "'＠A1",
		" =1+1":               "' =1+1",
		"\u3000=1":            "'\u3000=1",
		"\ufeff=1":            "'\ufeff=1",
		"-":                   "'-",
		"--1":                 "'--1",
		"-1.":                 "'-1.",
		"-.5":                 "'-.5",
		"-1,5":                "'-1,5",
		"'=1":                 "''=1",
		"":                    "",
		"'":                   "'",
		"-12.30":              "-12.30",
		"-0":                  "-0",
		"12.30":               "12.30",
		"0.006":               "0.006",
		"a=1":                 "a=1",
		"2024-09-12":          "2024-09-12",
		"二=1":                 "二=1",
		"it's":                "it's",
		"'quoted'":            "'quoted'",
	} {
		if got := Guarded(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestGuardCanBeTakenOff: what a reader of ours takes off is exactly what was put on.
func TestGuardCanBeTakenOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[' =+\-@＝\t.0-9a]{0,6}`), rapid.String()).Draw(t, "text")
		guarded := Guarded(text)
		if back := Unguarded(guarded); back != text {
			t.Fatalf("%q is guarded as %q and comes back as %q", text, guarded, back)
		}
		if IsFormula(guarded) && !strings.HasPrefix(guarded, "'") {
			t.Fatalf("%q is still a formula", guarded)
		}
	})
}

// TestRecordsAreReadBack: a CSV reader that knows nothing of us finds the guarded fields.
func TestRecordsAreReadBack(t *testing.T) {
	rows := [][]string{{"a", "b"}, {"=1,2", "say \"hi\"\r\n"}, {"-12.30", "x;=y"}, {"\t", "备注"}}
	var b bytes.Buffer
	w := NewCSV(&b)
	for _, row := range rows {
		w.Record(row...)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "a,b\r\n") || strings.Contains(b.String(), "\r\n-12.30") == false {
		t.Errorf("written: %q", b.String())
	}
	r := csv.NewReader(&b)
	back, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for j, field := range row {
			// encoding/csv reads CR LF inside a field as LF.
			want := strings.ReplaceAll(field, "\r\n", "\n")
			if got := Unguarded(back[i][j]); got != want {
				t.Errorf("row %d: %q comes back as %q", i, field, got)
			}
		}
	}
}
