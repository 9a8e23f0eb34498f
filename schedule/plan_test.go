package schedule

import (
	"fmt"
	"slices"
	"testing"
)

// ran is a day that was run on top of another, from the inputs that the inbox still has.
func ran(day, previous string) DayState {
	d := DayState{Day: day, Inputs: "files of " + day, Committed: true, RanInputs: "files of " + day, Digest: day + "!", Complete: true, Previous: previous}
	if previous != "" {
		d.PreviousDigest = previous + "!"
	}
	return d
}

func TestWhichDaysAreDue(t *testing.T) {
	late, changed, other := ran("12", "11"), ran("12", "11"), ran("12", "11")
	late.Committed = false
	changed.Inputs = "more files"
	other.Digest = "another result"
	gone := ran("12", "11")
	gone.Inputs = ""
	for name, c := range map[string]struct {
		days []DayState
		want []string
	}{
		"nothing is there":                        {nil, nil},
		"all is up to date":                       {[]DayState{ran("11", ""), ran("12", "11"), ran("13", "12")}, nil},
		"a day without a bill waits":              {[]DayState{ran("11", ""), {Day: "12"}}, nil},
		"new days, in order":                      {[]DayState{{Day: "13", Inputs: "c"}, {Day: "12", Inputs: "b"}, ran("11", "")}, []string{"12 missing", "13 missing"}},
		"a late day, and what was built without":  {[]DayState{ran("11", ""), late, ran("13", "11"), ran("14", "13")}, []string{"12 missing", "13 the day before changed", "14 the day before changed"}},
		"a corrected file, and the days after it": {[]DayState{ran("11", ""), changed, ran("13", "12")}, []string{"12 inputs changed", "13 the day before changed"}},
		"a day that was run again by hand":        {[]DayState{ran("11", ""), other, ran("13", "12")}, []string{"13 the day before changed"}},
		"files that were cleared away":            {[]DayState{ran("11", ""), gone, ran("13", "12")}, nil},
		"the first day before all others":         {[]DayState{{Day: "10", Inputs: "a"}, ran("11", ""), ran("12", "11")}, []string{"10 missing", "11 the day before changed", "12 the day before changed"}},
	} {
		var got []string
		for _, d := range PlanDays(c.days, "") {
			got = append(got, fmt.Sprintf("%s %s", d.Day, d.Why))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: due %q, want %q", name, got, c.want)
		}
	}
}

func TestAnotherOpeningFileMakesAllDaysStale(t *testing.T) {
	days := []DayState{
		{Day: "2024-09-12", Inputs: "a", RanInputs: "a", Committed: true, PreviousDigest: "o1", Digest: "d1"},
		{Day: "2024-09-13", Inputs: "b", RanInputs: "b", Committed: true, Previous: "2024-09-12", PreviousDigest: "d1", Digest: "d2"},
	}
	if due := PlanDays(days, "o1"); len(due) != 0 {
		t.Errorf("with the same file: %v", due)
	}
	for _, opening := range []string{"o2", ""} {
		if due := PlanDays(days, opening); len(due) != 2 || due[0] != (Due{"2024-09-12", BeforeChanged}) || due[1].Why != BeforeChanged {
			t.Errorf("with %q: %v", opening, due)
		}
	}
}
