package pipeline

import (
	"slices"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/output"
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
	returned := c.returned()
	for i := range w.Len() {
		if w.Amount[i] <= 0 || returned[payoutOf(w, i, &w.PayoutNo)] {
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

// payout names a payout.
type payout struct {
	at     flowAccount
	flowNo string
}

func payoutOf(w *settlement.Withdrawals, i int, number *settlement.Text) payout {
	return payout{flowAccount{w.Wallet[i], w.Account.StringAt(i)}, number.StringAt(i)}
}

// returned are the payouts that came back on the day itself or on a later one.
func (c *Carried) returned() map[payout]bool {
	came := map[payout]bool{}
	w := c.Withdrawals
	for i := range w.Len() {
		switch {
		case w.Amount[i] < 0:
			came[payoutOf(w, i, &w.Of)] = true
		case w.Status[i] == settlement.Returned:
			came[payoutOf(w, i, &w.PayoutNo)] = true
		}
	}
	return came
}

// past is the payouts of former days that may come back.
func (c *Carried) past() (past []funds.Withdrawal) {
	w := c.Withdrawals
	if w == nil {
		return nil
	}
	returned := c.returned()
	for i := range w.Len() {
		if w.Amount[i] > 0 {
			past = append(past, funds.Withdrawal{Wallet: w.Wallet[i], Account: w.Account.StringAt(i), FlowNo: w.PayoutNo.StringAt(i),
				At: w.WithdrawnAt[i], Amount: w.Amount[i], CameBack: returned[payoutOf(w, i, &w.PayoutNo)]})
		}
	}
	return past
}

// bounceDays is how long a bank may take to send a payout back: seven working days and
// the holidays between them.
const bounceDays = 21

// takeCarried reads from the days before what the job does not state itself: the quotas
// of the last one, and the payouts that may still come back.
func (r *run) takeCarried() error {
	c := &r.job.Carried
	if r.state == nil || r.state.previous == nil {
		return nil
	}
	if c.Quotas == nil {
		c.Quotas = &settlement.Quotas{}
		if err := readAll(r.state.days[0].dir, "quotas", c.Quotas); err != nil {
			return err
		}
		if c.Quotas.Len() == 0 { // nothing was known then: what is configured since may say more
			c.Quotas = nil
		}
	}
	if c.Withdrawals != nil {
		return nil
	}
	c.Withdrawals = &settlement.Withdrawals{}
	for i := len(r.state.days) - 1; i >= 0; i-- {
		if past := r.state.days[i]; past.day >= r.job.Day-bounceDays {
			if err := readAll(past.dir, "withdrawals", c.Withdrawals); err != nil {
				return err
			}
		}
	}
	return nil
}

// readAll appends all rows of a table of a day to a batch; files of earlier days have
// no number.
func readAll(dir, table string, to settlement.Batch) error {
	return readBatches(dir, table, func(in *output.BatchReader, rows int) error {
		return in.Append(to, allRows(rows), noSource)
	})
}
