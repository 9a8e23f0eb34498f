package pipeline

import (
	"slices"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/settlement"
)

// Carried is what former days leave for the costs of this one; nil of what there is
// none. Their rows are read and not changed.
type Carried struct {
	Prior    *settlement.Prior    // payments, of which refunds and fee rows may speak today
	Proceeds *settlement.Proceeds // money of orders that lies in accounts
	// Quotas are the free quotas as the former day left them; nil for those that the
	// configuration opens with.
	Quotas *settlement.Quotas
	// Withdrawals are payouts that the bank may still send back: of the last days.
	Withdrawals *settlement.Withdrawals
}

// quotaState is the state of quotas that a run begins with.
func (c *Carried) quotaState(t *fees.Terms) (fees.QuotaState, error) {
	state := t.Opening
	if c.Quotas != nil {
		q := c.Quotas
		// The configuration opens what no former day knows.
		state.Quotas = slices.DeleteFunc(slices.Clone(state.Quotas), func(open fees.Quota) bool {
			for i := range q.Len() {
				if q.Wallet[i] == open.Wallet && q.Owner.StringAt(i) == open.Owner && q.RuleID.StringAt(i) == open.RuleID {
					return true
				}
			}
			return false
		})
		for i := range q.Len() {
			state.Quotas = append(state.Quotas, fees.Quota{
				Wallet: q.Wallet[i], Owner: q.Owner.StringAt(i), RuleID: q.RuleID.StringAt(i), Period: fees.Period(q.Period.StringAt(i)),
				Start: q.Start[i], Expiry: q.Expiry[i], Granted: q.Granted[i], Used: q.Used[i],
			})
		}
	}
	w := c.Withdrawals
	if w == nil {
		return state, nil
	}
	for i := range w.Len() {
		if w.Amount[i] <= 0 || w.Status[i] == settlement.Returned {
			continue
		}
		uses, err := fees.ReadUses(w.Uses.StringAt(i))
		if err != nil {
			return state, err
		}
		owner := t.Account(w.Wallet[i], w.Account.StringAt(i)).Owner
		state.Past = append(state.Past, fees.WithdrawalFee{
			Movement: fees.Movement{Kind: fees.Withdraw, Owner: owner, At: w.WithdrawnAt[i], FlowNo: w.PayoutNo.StringAt(i), Amount: w.Amount[i]},
			Rule:     t.Schedule.Rule(w.RuleID.StringAt(i), w.RuleVer.StringAt(i)),
			Expected: w.Expected[i], Class: w.Class[i], QuotaUsed: w.QuotaUsed[i], Uses: uses,
		})
	}
	return state, nil
}

// past is the payouts of former days that may come back.
func (c *Carried) past() (past []funds.Withdrawal) {
	w := c.Withdrawals
	if w == nil {
		return nil
	}
	for i := range w.Len() {
		if w.Amount[i] > 0 {
			past = append(past, funds.Withdrawal{Wallet: w.Wallet[i], Account: w.Account.StringAt(i), FlowNo: w.PayoutNo.StringAt(i),
				At: w.WithdrawnAt[i], Amount: w.Amount[i], CameBack: w.Status[i] == settlement.Returned})
		}
	}
	return past
}
