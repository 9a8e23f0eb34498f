package main

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/settlement"
)

// balancesOfDays are days of several accounts, each with every category.
func balancesOfDays(accounts, days int) (all []balanceDay) {
	for a := range accounts {
		opening := settlement.Amount(9_876_543_210_12)
		for d := range days {
			one := balanceDay{purseDay: purseDay{"wechat", fmt.Sprintf("16001234%02d", a), "operation", fmt.Sprintf("2024-09-%02d", 12+d)},
				opening: opening, opens: "day_before", lines: 2, closing: opening}
			for i := range one.by {
				one.by[i] = settlement.Amount(i - 3)
				one.income += max(one.by[i], 0)
				one.expense += max(-one.by[i], 0)
			}
			one.closing += one.income - one.expense
			all = append(all, one)
			opening = one.closing
		}
	}
	return all
}

func TestRollForwardsFitATerminal(t *testing.T) {
	all, err := rollForwards(balancesOfDays(7, 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []language{english, chinese} {
		text := (&app{language: language}).rollText(all)
		for line := range strings.Lines(text) {
			if w := cells.StringWidth(strings.TrimRight(line, "\n")); w > pageWidth {
				t.Errorf("%d cells: %s", w, line)
			}
		}
		for a := range 7 {
			if n := strings.Count(text, fmt.Sprintf("16001234%02d", a)); n != 1 {
				t.Errorf("account %d stands %d times", a, n)
			}
		}
	}
}

// The rows by category add up from the opening balance to the computed closing, over
// days; where nothing moved, the file's last word holds.
func TestARollForwardAddsUp(t *testing.T) {
	days := balancesOfDays(1, 3)
	days[2].closing += 5
	quiet := balanceDay{purseDay: days[2].purseDay, opening: days[2].closing, closing: settlement.NoAmount, opens: "day_before", missing: 2, breaks: 1, breaksAt: "f:9"}
	quiet.day = "2024-09-17"
	all, err := rollForwards(append(days, quiet))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d: %v", len(all), err)
	}
	r := all[0]
	sum := *r.Opening
	for _, amount := range r.Categories {
		sum += amount
	}
	if sum != *r.Computed || *r.Opening+r.Income-r.Expense != *r.Computed {
		t.Errorf("%+v", r)
	}
	if *r.Closing != *r.Computed+5 || *r.Unexplained != 5 || r.From != "2024-09-12" || r.To != "2024-09-17" || r.Lines != 6 || r.Missing != 2 || r.BreaksAt != "f:9" {
		t.Errorf("%+v", r)
	}
	text := (&app{}).rollText(all)
	for _, want := range []string{"unexplained", "0.05", "2024-09-12…09-17", "days before of which the fund flow is missing: 2", "does not follow: 1, the first f:9"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestWhatIsNotKnownIsSaid(t *testing.T) {
	days := balancesOfDays(1, 1)
	days[0].opening, days[0].closing, days[0].opens = settlement.NoAmount, settlement.NoAmount, "unknown"
	all, err := rollForwards(days)
	if err != nil || all[0].Opening != nil || all[0].Computed != nil || all[0].Unexplained != nil {
		t.Fatalf("%+v: %v", all[0], err)
	}
	if n := strings.Count((&app{}).rollText(all), "not known"); n != 4 {
		t.Errorf("not known stands %d times", n)
	}
}
