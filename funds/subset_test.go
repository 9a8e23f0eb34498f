package funds

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// everySubset is the sets that sum to target, by trying all of them; of a class the
// first ones alone may be taken.
func everySubset(parts []part, target settlement.Amount) (found [][]int) {
	for bits := range 1 << len(parts) {
		var set []int
		sum, first := settlement.Amount(0), true
		for i, p := range parts {
			if bits>>i&1 == 1 {
				set, sum = append(set, i), sum+p.amount
				continue
			}
			for j := i + 1; j < len(parts); j++ {
				if parts[j] == p && bits>>j&1 == 1 {
					first = false
				}
			}
		}
		if sum == target && len(set) > 1 && first {
			found = append(found, set)
		}
	}
	return found
}

func TestTheSearchForSubsetsFindsWhatTryingAllFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []part
		for range rapid.IntRange(0, 10).Draw(t, "parts") {
			parts = append(parts, part{settlement.Amount(rapid.IntRange(1, 12).Draw(t, "amount")), rapid.IntRange(0, 2).Draw(t, "class")})
		}
		target := settlement.Amount(rapid.IntRange(1, 60).Draw(t, "target"))
		want := everySubset(parts, target)
		got, searched := subsets(parts, target)
		if !searched || len(got) != min(len(want), 2) {
			t.Fatalf("%v for %s: found %v, there are %v", parts, target, got, want)
		}
		for _, set := range got {
			if !slices.ContainsFunc(want, func(w []int) bool { return slices.Equal(w, set) }) {
				t.Fatalf("%v for %s: %v is none of %v", parts, target, set, want)
			}
		}
	})
}

func TestASearchOverItsBoundsSaysSo(t *testing.T) {
	many := make([]part, MostCandidates+1)
	for i := range many {
		many[i] = part{settlement.Amount(i + 1), 0}
	}
	if found, searched := subsets(many, 3); searched || found != nil {
		t.Errorf("%d candidates: %v, searched %v", len(many), found, searched)
	}
	// Even amounts never sum to an odd one, which only trying shows.
	even := make([]part, MostCandidates)
	for i := range even {
		even[i] = part{settlement.Amount(1_000_000 + 2*i*i), i}
	}
	if found, searched := subsets(even, 12_000_001); searched || found != nil {
		t.Errorf("found %v, searched %v", found, searched)
	}
}

func TestTheCalendarKnowsHolidaysAndTheDaysThatMakeUpForThem(t *testing.T) {
	c := ChineseCalendar()
	for _, one := range []struct {
		day, after string // the second working day after it
	}{
		{"2024-09-12", "2024-09-14"}, // Thursday; Saturday is a make-up day
		{"2024-09-13", "2024-09-18"}, // 中秋节
		{"2024-09-30", "2024-10-09"}, // 国庆节
		{"2024-10-11", "2024-10-14"}, // Saturday 12 works
		{"2025-01-27", "2025-02-06"}, // 春节
		{"2025-09-30", "2025-10-10"},
		{"2026-02-13", "2026-02-24"}, // Saturday 14 works
		{"2026-10-09", "2026-10-12"},
		{"2024-12-31", "2025-01-03"},
	} {
		day, err := settlement.ParseDay([]byte(one.day))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.After(day, 2); got.String() != one.after {
			t.Errorf("T+2 of %s is %s, expected %s", one.day, got, one.after)
		}
		if back := c.Before(c.After(day, 2), 2); c.Works(day) && back != day {
			t.Errorf("back from T+2 of %s: %s", day, back)
		}
	}
}

func TestACalendarFileAddsAndReplacesDays(t *testing.T) {
	text := "# ours\nfrom,until,day,name\n2024-10-07,2024-10-07,work,we work\n2027-10-01,2027-10-01,off,国庆节\n"
	c, err := ChineseCalendar().With("days.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	day := func(text string) settlement.Day {
		d, err := settlement.ParseDay([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	got := fmt.Sprint(c.Works(day("2024-10-07")), c.Works(day("2024-10-06")), c.Works(day("2027-10-01")), c.Knows(day("2027-01-01")), c.Knows(day("2028-01-03")), ChineseCalendar().Knows(day("2027-01-01")))
	if got != "true false false true false false" {
		t.Error(got)
	}
	for text, fault := range map[string]string{
		"":                           `days.csv: no header (write from,until,day,name)`,
		"a,b\n":                      `days.csv:1:1: the header is "a,b" (write from,until,day,name)`,
		"from,until,day,name\n1,2\n": `days.csv:2:1: 2 fields where the header has 4`,
		"from,until,day,name\n2024-13-01,2024-10-01,off,x\n":                               `days.csv:2:1: from: "2024-13-01" is no day (write 2024-10-01)`,
		"from,until,day,name\n2024-10-02,2024-10-01,off,x\n":                               `days.csv:2:12: until: 2024-10-01 is not from 2024-10-02 on, or more than 62 days (until is the last day)`,
		"from,until,day,name\n2024-10-02,2024-10-02,on,x\n":                                `days.csv:2:23: day: "on" is neither off nor work`,
		"from,until,day,name\n2024-10-02,2024-10-02,off,x\n2024-10-01,2024-10-03,work,x\n": `days.csv:3:1: 2024-10-02 is stated twice, first in line 2`,
	} {
		if _, err := ChineseCalendar().With("days.csv", []byte(text)); err == nil || err.Error() != fault {
			t.Errorf("%q: %v", text, err)
		}
	}
}
