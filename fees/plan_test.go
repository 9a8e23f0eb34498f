package fees

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

const planStart = settlement.Day(20_000)

// drawPlan draws a small planning task on a grid of ten yuan, small enough to try
// every amount.
func drawPlan(t *rapid.T) (*Schedule, PlanInput) {
	amount := func(most int64, what string) settlement.Amount {
		return 1000 * settlement.Amount(rapid.Int64Range(0, most).Draw(t, what))
	}
	var rules []Rule
	in := PlanInput{From: planStart, Last: planStart + settlement.Day(rapid.IntRange(0, 1).Draw(t, "days")), Quotas: QuotaState{Since: settlement.NoInstant}}
	shared := rapid.Bool().Draw(t, "shared")
	for i := range rapid.IntRange(1, 2).Draw(t, "accounts") {
		r := blankRule()
		r.ID, r.Version, r.Wallet, r.AccountType, r.Event = fmt.Sprintf("w%d", i), "1", settlement.WeChat, Personal, OnWithdrawal
		r.Kind, r.Rate, r.Rounding, r.OnTop, r.Source, r.Mark = QuotaPercent, 100_000, HalfUp, true, "test", Convention
		r.MinFee = settlement.Amount(rapid.SampledFrom([]int64{100, 200, 300}).Draw(t, "min"))
		scope, owner := ByAccount, fmt.Sprintf("a%d", i)
		if shared {
			scope, owner, r.ID = ByIdentity, "id", "w"
		}
		r.Quotas = []Grant{{Period: Lifetime, Scope: scope, Amount: 100_000}, {Period: LotPeriod, Scope: scope, Amount: settlement.NoAmount}}
		if !shared {
			r.Merchant = fmt.Sprintf("a%d", i)
		}
		if !shared || i == 0 {
			rules = append(rules, r)
			in.Quotas.Quotas = append(in.Quotas.Quotas,
				Quota{Wallet: r.Wallet, Owner: owner, RuleID: r.ID, Period: Lifetime, Start: settlement.NoInstant, Expiry: settlement.NoInstant, Granted: amount(3, "lifetime")},
				Quota{Wallet: r.Wallet, Owner: owner, RuleID: r.ID, Period: LotPeriod, Start: (planStart - 9).Start(), Expiry: (planStart + 1).Start(), Granted: amount(3, "lot")})
		}
		a := PlanAccount{Balance: amount(6, "balance")}
		a.Owner = Owner{Wallet: r.Wallet, Account: fmt.Sprintf("a%d", i), AccountType: Personal, Identity: "id"}
		a.Income = []Income{{planStart + 1, amount(3, "income")}}
		a.Limits.Reserve = amount(1, "reserve")
		if rapid.Bool().Draw(t, "limited") {
			a.Limits.Daily = 1000 + amount(4, "limit")
		}
		in.Accounts = append(in.Accounts, a)
	}
	s, err := NewSchedule(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s, in
}

// simulate prices withdrawals by account and day through the public fold, and says
// whether the accounts have what they move.
func simulate(t *rapid.T, s *Schedule, in PlanInput, moves []Movement) (fee settlement.Amount, ok bool) {
	out, _, err := s.Withdrawals(in.Quotas, moves)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in.Accounts {
		a := &in.Accounts[i]
		for day := in.From; day <= in.Last; day++ {
			have, out, today := a.Balance-a.Limits.Reserve, out, settlement.Amount(0)
			out = slices.DeleteFunc(slices.Clone(out), func(w WithdrawalFee) bool {
				return w.Owner.Account != a.Owner.Account || settlement.DayOf(w.At) > day
			})
			for _, income := range a.Income {
				if income.On <= day {
					have += income.Amount
				}
			}
			for _, w := range out {
				have -= w.Amount + w.Expected
				if settlement.DayOf(w.At) == day {
					today += w.Amount
				}
			}
			if len(out) > 0 && have < 0 || a.Limits.Daily > 0 && today > a.Limits.Daily {
				return 0, false
			}
		}
	}
	for _, w := range out {
		fee += w.Expected
	}
	return fee, true
}

// TestNoPlanIsCheaper tries every way to withdraw on the grid, in both orders of the
// accounts on a day, and finds none that moves what is needed for less, but for half
// a fen a withdrawal, which rounding may take.
func TestNoPlanIsCheaper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, in := drawPlan(t)
		in.Amount = 1000 * settlement.Amount(rapid.Int64Range(0, 14).Draw(t, "need"))
		best, possible := settlement.Amount(0), false
		days, n := int(in.Last-in.From)+1, len(in.Accounts)
		amounts := make([]settlement.Amount, n*days)
		var try func(slot int, left settlement.Amount)
		try = func(slot int, left settlement.Amount) {
			if slot == len(amounts) {
				if left != 0 {
					return
				}
				for reversed := range 2 {
					var moves []Movement
					for i, amount := range amounts {
						if amount > 0 {
							place := i % n
							if reversed == 1 {
								place = n - 1 - place
							}
							moves = append(moves, Movement{Kind: Withdraw, Owner: in.Accounts[i%n].Owner, At: (in.From + settlement.Day(i/n)).Start(), FlowNo: fmt.Sprint(i/n*n + place), Amount: amount})
						}
					}
					if fee, ok := simulate(t, s, in, moves); ok && (!possible || fee < best) {
						best, possible = fee, true
					}
				}
				return
			}
			for amount := settlement.Amount(0); amount <= min(left, 9000); amount += 1000 {
				amounts[slot] = amount
				try(slot+1, left-amount)
			}
			amounts[slot] = 0
		}
		try(0, in.Amount)

		plan, err := s.PlanWithdrawals(in)
		if err != nil {
			if possible || !errors.Is(err, ErrShort) {
				t.Fatalf("%v; possible for %s", err, best)
			}
			return
		}
		var moves []Movement
		var moved settlement.Amount
		for _, step := range plan.Steps {
			moves = append(moves, step.Paid.Movement)
			moved += step.Paid.Amount
		}
		fee, ok := simulate(t, s, in, moves)
		if !ok || moved != in.Amount || plan.Moved != moved || plan.Fee != fee {
			t.Fatalf("the plan moves %s of %s for %s (it says %s), possible %v: %+v", moved, in.Amount, fee, plan.Fee, ok, plan.Steps)
		}
		if possible && fee > best+settlement.Amount(len(plan.Steps)/2) {
			t.Fatalf("the plan costs %s, another %s: %+v", fee, best, plan.Steps)
		}
		if plan.Saving() != settlement.NoAmount && plan.Saving() < -settlement.Amount(len(plan.Steps)/2) {
			t.Fatalf("the naive way is cheaper by %s", -plan.Saving())
		}
	})
}
