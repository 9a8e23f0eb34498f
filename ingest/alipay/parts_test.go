package alipay

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/settlement"
)

func TestPartNumbers(t *testing.T) {
	for _, c := range []struct {
		file, member string
		want         int
	}{
		{"20880000111122220156_20240912.csv", "", 0},
		{"20880000111122220156_202409.csv.zip", "20880000111122220156_202409_业务明细.csv", 0},
		{"x.zip", "20880000111122220156_20240912_业务明细_1.csv", 1},
		{"x.zip", "day/业务明细(2).csv", 2},
		{"x.zip", "业务明细（3）.csv", 3},
		{"x.zip", "业务明细(汇总).csv", 0},
		{"bill_12.csv.gz", "", 12},
		{"BILL_12.CSV", "", 12},
		{"/data/bill_7.zip", "业务明细.csv", 7},
		{"/data/day_3/bill.csv", "", 0},
		{"bill_1234.csv", "", 0},
		{"bill1.csv", "", 0},
		{"_1", "", 1},
		{"", "", 0},
	} {
		if got := partNumber(c.file, c.member); got != c.want {
			t.Errorf("%s!%s is part %d, want %d", c.file, c.member, got, c.want)
		}
	}
}

// cut is a bill in parts, the rows of each given, under footers: "own", "whole" or
// "none" for each part.
func cut(t *testing.T, footers []string, rows ...[]testRow) []*settlement.Statement {
	t.Helper()
	var whole testBill
	for _, part := range rows {
		whole.rows = append(whole.rows, part...)
	}
	lines := whole.lines()
	var parts []*settlement.Statement
	for i, part := range rows {
		b := testBill{rows: part}
		switch footers[i] {
		case "whole":
			b.payments, b.refunds = lines[len(lines)-3], lines[len(lines)-2]
		case "none":
			b.payments, b.refunds = "-", "-"
		}
		st, _, err := read(t, gb(b.text()), named(fmt.Sprintf("bill_%d.csv", i+1), ""))
		if err != nil {
			t.Fatalf("part %d: %v", i+1, err)
		}
		if st.Part != i+1 {
			t.Fatalf("part %d has number %d", i+1, st.Part)
		}
		parts = append(parts, st)
	}
	return parts
}

func threeParts() [][]testRow {
	return [][]testRow{
		{pay("2024091222001400001234500001", "A", "1.00"), pay("2024091222001400001234500002", "B", "2.00", "商家优惠", "0.10")},
		{refund("2024091222001400001234500001", "A", "-1.00", "R", "商家优惠", "-0.20")},
		{},
	}
}

func TestTieParts(t *testing.T) {
	for _, c := range []struct {
		name     string
		footers  []string
		together bool
		refused  string
	}{
		{"each with a footer of its own", []string{"own", "own", "own"}, false, ""},
		{"all with the footer of the whole", []string{"whole", "whole", "whole"}, true, ""},
		{"only the last with the footer of the whole", []string{"none", "none", "whole"}, true, ""},
		{"some without a footer, the others with their own", []string{"own", "none", "own"}, false, "the parts' control totals differ"},
		{"footers of both kinds", []string{"own", "whole", "own"}, false, "the parts' control totals differ"},
		{"none with a footer", []string{"none", "none", "none"}, false, "none of the 3 parts has control totals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := cut(t, c.footers, threeParts()...)
			together, refused := TieParts(parts)
			if c.refused != "" {
				if len(refused) != 3 {
					t.Fatalf("%d refused, want every part", len(refused))
				}
				for i, r := range refused {
					if r.Statement != parts[i] || !strings.Contains(r.Error(), c.refused) || !strings.HasPrefix(r.Source, "bill_") {
						t.Errorf("part %d: %v", i+1, r)
					}
				}
				return
			}
			if len(refused) > 0 || (together != nil) != c.together {
				t.Fatalf("together %v, refused %v", together, refused)
			}
			if c.together {
				if !allTie(together) || together[0].Computed != 2 || together[1].Computed != 300 || len(parts[0].Notes) != 1 {
					t.Errorf("together %+v, notes %q", together, parts[0].Notes)
				}
			}
		})
	}
}

func TestPartsThatDoNotTieTogetherShowTheTotalsSideBySide(t *testing.T) {
	parts := cut(t, []string{"whole", "whole", "whole"}, threeParts()...)
	_, refused := TieParts([]*settlement.Statement{parts[0], parts[2]})
	if len(refused) != 2 {
		t.Fatalf("%d refused", len(refused))
	}
	text := refused[0].Error()
	for _, want := range []string{
		"bill_1.csv: 退款合计: the file states 1, the rows of all 2 parts given add up to 0, difference -1",
		"bill_1.csv: 商家实收退款: the file states -1.00, the rows of all 2 parts given add up to 0.00, difference 1.00",
		"fetch all parts of the bill again",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant %q", text, want)
		}
	}
	if len(refused[1].Totals) != 6 || allTie(refused[1].Totals) {
		t.Errorf("totals %+v", refused[1].Totals)
	}
	if len(parts[0].Notes) != 1 || parts[0].Notes[0] != "of its parts up to 3, part 2 is not among the files" {
		t.Errorf("notes %q", parts[0].Notes)
	}
}

func TestASinglePartMustTieAlone(t *testing.T) {
	good := cut(t, []string{"own"}, threeParts()[0])
	if together, refused := TieParts(good); together != nil || refused != nil || len(good[0].Notes) > 0 {
		t.Errorf("got %v, %v, %q", together, refused, good[0].Notes)
	}
	bad := cut(t, []string{"whole", "whole"}, threeParts()[0], threeParts()[1])
	if _, refused := TieParts(bad[:1]); len(refused) != 1 {
		t.Errorf("refused %v", refused)
	}
	if together, refused := TieParts(nil); together != nil || refused != nil {
		t.Error("no parts have a verdict")
	}
}

func TestAPartWithOneFooterIsTruncated(t *testing.T) {
	refusedFor(t, gb(testBill{rows: twoRows(), refunds: "-"}.text()), []string{"control totals (退款合计)"}, named("bill_1.csv", ""))
}
