package overview

import (
	"cmp"
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// Withdrawal is one row of the table withdrawals.
type Withdrawal struct {
	Wallet, Account, PayoutNo                      string
	At, Status, Arrival, ArrivedOn, DueOn          string
	RuleID, Version, Class                         string
	Assumed                                        bool
	Amount, Expected, Charged, Variance, QuotaUsed settlement.Amount
	File, Line                                     string
}

// Withdrawals is what getting the money out cost.
type Withdrawals struct {
	Count                       int64
	Amount, Charged, Variance   settlement.Amount
	InTransit, Returned         int64
	InTransitSum                settlement.Amount
	Single                      []Withdrawal // the largest, in the order of time
	UnknownExpected, NotCharged int64        // of which nobody knows what they should, or did, cost
}

// readWithdrawals reads the table withdrawals: all are counted, the most largest are kept.
func readWithdrawals(dir string, most int) (w Withdrawals, err error) {
	err = output.ReadTable(dir, "withdrawals", func(r output.Row) error {
		one := Withdrawal{Wallet: r.Text("wallet"), Account: r.Text("account"), PayoutNo: r.Text("payout_no"), At: r.Text("withdrawn_at"),
			Status: r.Text("status"), Arrival: r.Text("arrival"), ArrivedOn: r.Text("arrived_on"), DueOn: r.Text("due_on"),
			RuleID: r.Text("rule_id"), Version: r.Text("rule_version"), Class: r.Text("variance_class"), Assumed: r.Text("assumed") == "true",
			Amount: amount(r, "amount"), Expected: amount(r, "expected_fee"), Charged: amount(r, "charged_fee"), Variance: amount(r, "variance"),
			QuotaUsed: amount(r, "quota_used"), File: r.Text("source_file"), Line: r.Text("source_line")}
		w.Count++
		for _, sum := range []struct {
			to   *settlement.Amount
			from settlement.Amount
		}{{&w.Amount, one.Amount}, {&w.Charged, one.Charged}, {&w.Variance, one.Variance}} {
			if sum.from == settlement.NoAmount {
				continue
			}
			if *sum.to, err = sum.to.Add(sum.from); err != nil {
				return err
			}
		}
		if one.Expected == settlement.NoAmount {
			w.UnknownExpected++
		}
		if one.Charged == settlement.NoAmount {
			w.NotCharged++
		}
		switch one.Status {
		case settlement.InTransit.String():
			w.InTransit++
			if w.InTransitSum, err = w.InTransitSum.Add(one.Amount); err != nil {
				return err
			}
		case settlement.Returned.String():
			w.Returned++
		}
		if w.Single = append(w.Single, one); len(w.Single) >= 4*most {
			w.Single = largestWithdrawals(w.Single, most)
		}
		return nil
	})
	w.Single = largestWithdrawals(w.Single, most)
	slices.SortStableFunc(w.Single, func(a, b Withdrawal) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.PayoutNo, b.PayoutNo))
	})
	return w, err
}

func largestWithdrawals(all []Withdrawal, most int) []Withdrawal {
	slices.SortFunc(all, func(a, b Withdrawal) int {
		return cmp.Or(cmp.Compare(b.Amount.Abs(), a.Amount.Abs()), cmp.Compare(a.At, b.At), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.PayoutNo, b.PayoutNo))
	})
	return all[:min(len(all), most)]
}
