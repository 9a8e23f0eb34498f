package main

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// balancesOfDays are days of several accounts, each with every category.
func balancesOfDays(accounts, days int) (all []overview.BalanceDay) {
	for a := range accounts {
		opening := settlement.Amount(9_876_543_210_12)
		for d := range days {
			one := overview.BalanceDay{PurseDay: overview.PurseDay{Wallet: "wechat", Account: fmt.Sprintf("16001234%02d", a), SubAccount: "operation", Day: fmt.Sprintf("2024-09-%02d", 12+d)},
				Opening: opening, Opens: "day_before", Lines: 2, Closing: opening}
			for i := range one.By {
				one.By[i] = settlement.Amount(i - 3)
				one.Income += max(one.By[i], 0)
				one.Expense += max(-one.By[i], 0)
			}
			one.Closing += one.Income - one.Expense
			all = append(all, one)
			opening = one.Closing
		}
	}
	return all
}

func TestRollForwardsFitATerminal(t *testing.T) {
	all, err := overview.RollForwards(balancesOfDays(7, 3))
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
	days[2].Closing += 5
	quiet := overview.BalanceDay{PurseDay: days[2].PurseDay, Opening: days[2].Closing, Closing: settlement.NoAmount, Opens: "day_before", Missing: 2, Breaks: 1, BreaksAt: "f:9"}
	quiet.Day = "2024-09-17"
	all, err := overview.RollForwards(append(days, quiet))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d: %v", len(all), err)
	}
	r := all[0]
	sum := r.Opening
	for _, amount := range r.Categories {
		sum += amount
	}
	if sum != r.Computed || r.Opening+r.Income-r.Expense != r.Computed {
		t.Errorf("%+v", r)
	}
	if r.Closing != r.Computed+5 || r.Unexplained != 5 || r.From != "2024-09-12" || r.To != "2024-09-17" || r.Lines != 6 || r.Missing != 2 || r.BreaksAt != "f:9" {
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
	days[0].Opening, days[0].Closing, days[0].Opens = settlement.NoAmount, settlement.NoAmount, "unknown"
	all, err := overview.RollForwards(days)
	if err != nil || all[0].Opening != settlement.NoAmount || all[0].Computed != settlement.NoAmount || all[0].Unexplained != settlement.NoAmount {
		t.Fatalf("%+v: %v", all[0], err)
	}
	if n := strings.Count((&app{}).rollText(all), "not known"); n != 4 {
		t.Errorf("not known stands %d times", n)
	}
}
