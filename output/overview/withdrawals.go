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
	Amount, Expected, Charged, Variance, QuotaUsed settlement.Amount
}

// Withdrawals is what getting the money out cost.
type Withdrawals struct {
	Count             int64
	Amount            settlement.Amount
	Charged, Variance settlement.Amount // sums of what is known; NoAmount where it is of none
	InTransit         int64
	InTransitSum      settlement.Amount
	Single            []Withdrawal // the largest, in the order of time
	UnknownExpected   int64        // of which nobody knows what they should cost
}

// readWithdrawals reads the table withdrawals: all are counted, the most largest are kept.
func readWithdrawals(dir string, most int) (w Withdrawals, err error) {
	w.Charged, w.Variance = settlement.NoAmount, settlement.NoAmount
	err = output.ReadTable(dir, "withdrawals", func(r output.Row) error {
		one := Withdrawal{Wallet: r.Text("wallet"), Account: r.Text("account"), PayoutNo: r.Text("payout_no"), At: r.Text("withdrawn_at"),
			Status: r.Text("status"), Arrival: r.Text("arrival"), ArrivedOn: r.Text("arrived_on"), DueOn: r.Text("due_on"),
			Amount: amount(r, "amount"), Expected: amount(r, "expected_fee"), Charged: amount(r, "charged_fee"), Variance: amount(r, "variance"),
			QuotaUsed: amount(r, "quota_used")}
		w.Count++
		for _, sum := range []struct {
			to   *settlement.Amount
			from settlement.Amount
		}{{&w.Amount, one.Amount}, {&w.Charged, one.Charged}, {&w.Variance, one.Variance}} {
			switch {
			case sum.from == settlement.NoAmount:
				continue
			case *sum.to == settlement.NoAmount:
				*sum.to = 0
			}
			if *sum.to, err = sum.to.Add(sum.from); err != nil {
				return err
			}
		}
		if one.Expected == settlement.NoAmount {
			w.UnknownExpected++
		}
		if one.Status == settlement.InTransit.String() {
			w.InTransit++
			if w.InTransitSum, err = w.InTransitSum.Add(one.Amount); err != nil {
				return err
			}
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
