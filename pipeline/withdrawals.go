package pipeline

import (
	"fmt"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/settlement"
)

// flowAccount is an account whose fund flow was delivered.
type flowAccount struct {
	wallet  settlement.Wallet
	account string
}

// flows are the accounts whose fund flow was delivered: what their orders leave there,
// and what withdrawing it costs, is known.
func (r *run) flows() map[flowAccount]bool {
	flows := map[flowAccount]bool{}
	for i, s := range r.intake.Statements {
		if !r.intake.Accepted(int32(i)) {
			continue
		}
		switch s.Kind {
		case settlement.FundBill, settlement.AccountLog, settlement.PortalFunds, settlement.AggregatedFunds:
			flows[flowAccount{s.Wallet, s.Account}] = true
		}
	}
	return flows
}

// accruing are the accounts whose receipts earn free quotas (lots).
func accruing(t *fees.Terms) map[flowAccount]bool {
	accounts := map[flowAccount]bool{}
	rules := t.Schedule.Rules()
	for i := range t.Accounts {
		a := &t.Accounts[i]
		for j := range rules {
			r := &rules[j]
			if r.Event != fees.OnWithdrawal || r.Wallet != a.Wallet || r.AccountType != a.AccountType {
				continue
			}
			for _, g := range r.Quotas {
				if g.Period == fees.LotPeriod && g.Share > 0 {
					accounts[flowAccount{a.Wallet, a.Account}] = true
				}
			}
		}
	}
	return accounts
}

// takeWithdrawals keeps the fund lines of a bucket that are withdrawals, or receipts
// that earn quotas. They are few.
func (r *run) takeWithdrawals(f *settlement.FundLines) {
	var rows []int32
	for i := range f.Len() {
		switch {
		case funds.IsWithdrawal(f, i):
			rows = append(rows, int32(i))
		case f.Category[i] == settlement.FundPayment && f.State[i] == settlement.Booked && f.Amount[i] > 0 &&
			r.accruing[flowAccount{f.Wallet[i], string(f.Account.At(i))}]:
			rows = append(rows, int32(i))
		}
	}
	if len(rows) > 0 {
		settlement.AppendRows(&r.withdrawn, f, rows)
	}
}

// withdrawals is what the run's withdrawals should have cost.
type withdrawals struct {
	list   []funds.Withdrawal
	fees   []fees.WithdrawalFee // by list
	quotas []fees.Quota
	// arrived is what the bank says of the payouts, by line.
	arrived map[settlement.ID]*funds.Payout
}

// priceWithdrawals reads the withdrawals out of the fund lines and prices them, by a
// fold over the quotas that were carried.
func (r *run) priceWithdrawals() (*withdrawals, error) {
	t := r.rules.Terms
	var moved settlement.FundLines
	var receipts []fees.Movement
	var rows []int32
	for i := range r.withdrawn.Len() {
		w := &r.withdrawn
		if funds.IsWithdrawal(w, i) {
			rows = append(rows, int32(i))
			continue
		}
		receipts = append(receipts, fees.Movement{Kind: fees.Receive, Owner: t.Account(w.Wallet[i], w.Account.StringAt(i)).Owner,
			At: w.OccurredAt[i], FlowNo: w.FlowNo.StringAt(i), Amount: w.Amount[i]})
	}
	settlement.AppendRows(&moved, &r.withdrawn, rows)
	out := &withdrawals{list: funds.Withdrawals(&moved, r.job.Carried.past())}
	state, err := r.job.Carried.quotaState(t)
	if err != nil {
		return nil, err
	}
	movements := receipts
	for i := range out.list {
		w := &out.list[i]
		if w.FeeAlone {
			continue
		}
		kind := fees.Withdraw
		if w.Returns {
			kind = fees.Bounce
		}
		movements = append(movements, fees.Movement{Kind: kind, Owner: t.Account(w.Wallet, w.Account).Owner, At: w.At, FlowNo: w.FlowNo, Of: w.Of, Amount: w.Amount})
	}
	priced, after, err := t.Schedule.Withdrawals(state, movements)
	if err != nil {
		return nil, fmt.Errorf("withdrawals: %w", err)
	}
	type key struct {
		at     flowAccount
		flowNo string
		kind   fees.MoveKind
	}
	found := map[key]fees.WithdrawalFee{}
	for _, p := range priced {
		found[key{flowAccount{p.Owner.Wallet, p.Owner.Account}, p.FlowNo, p.Kind}] = p
	}
	for i := range out.list {
		w := &out.list[i]
		kind := fees.Withdraw
		if w.Returns {
			kind = fees.Bounce
		}
		p, ok := found[key{flowAccount{w.Wallet, w.Account}, w.FlowNo, kind}]
		if !ok { // a fee alone
			p = fees.WithdrawalFee{Expected: settlement.NoAmount, QuotaUsed: settlement.NoAmount, Class: settlement.ClassRuleMissing}
		}
		if p.Rule != nil && p.Rule.Kind == fees.AsBilled {
			p.Expected, p.Class = w.Fee, settlement.ClassMatch
		}
		out.fees = append(out.fees, p)
	}
	out.quotas = after.Quotas
	return out, nil
}

// classOf says why a withdrawal's fee differs from what it should have been.
func classOf(w *funds.Withdrawal, p *fees.WithdrawalFee) settlement.VarianceClass {
	switch {
	case p.Expected == settlement.NoAmount:
		return p.Class
	case p.Expected == w.Fee:
		return settlement.ClassMatch
	case w.Returns && w.Fee == 0:
		return settlement.ClassFeeNotReturned
	case w.Fee == 0:
		return settlement.ClassUnbilled
	case w.Fee == 2*p.Expected:
		return settlement.ClassDoubleBilled
	}
	return settlement.ClassRateMismatch
}

// table is the table withdrawals.
func (w *withdrawals) table() *settlement.Withdrawals {
	t := &settlement.Withdrawals{}
	for i := range w.list {
		one, p := &w.list[i], &w.fees[i]
		status, amount := settlement.InTransit, one.Amount
		switch {
		case one.FeeAlone:
			status = settlement.FeeAlone
		case one.Returns:
			status, amount = settlement.Returned, -one.Amount
		case one.CameBack:
			status = settlement.Returned
		}
		t.Wallet = append(t.Wallet, one.Wallet)
		t.Account.AppendString(one.Account)
		t.PayoutNo.AppendString(one.FlowNo)
		t.WithdrawnAt = append(t.WithdrawnAt, one.At)
		t.Amount = append(t.Amount, amount)
		t.Expected = append(t.Expected, p.Expected)
		t.Charged = append(t.Charged, one.Fee)
		variance := settlement.NoAmount
		if p.Expected != settlement.NoAmount {
			variance = p.Expected - one.Fee
		}
		t.Variance = append(t.Variance, variance)
		t.QuotaUsed = append(t.QuotaUsed, p.QuotaUsed)
		w.arrival(t, one, status)
		rule := fees.Rule{}
		if p.Rule != nil {
			rule = *p.Rule
		}
		t.RuleID.AppendString(rule.ID)
		t.RuleVer.AppendString(rule.Version)
		t.Class = append(t.Class, classOf(one, p))
		assumed := uint8(0)
		if rule.Assumed {
			assumed = 1
		}
		t.Assumed = append(t.Assumed, assumed)
		t.SettledOn = append(t.SettledOn, one.SettledOn)
		t.LineID = append(t.LineID, one.ID)
		t.Uses.AppendString(fees.WriteUses(p.Uses))
		t.Of.AppendString(one.Of)
		t.File = append(t.File, one.File)
		t.Line = append(t.Line, one.Line)
	}
	return t
}

// arrival appends what the bank says of one withdrawal.
func (w *withdrawals) arrival(t *settlement.Withdrawals, one *funds.Withdrawal, status settlement.WithdrawalStatus) {
	p := w.arrived[one.ID]
	if p == nil || one.FeeAlone || one.Returns {
		p = &funds.Payout{Status: status, Due: settlement.NoDay, ArrivedOn: settlement.NoDay}
	}
	t.BankRef.AppendString(p.BankRefs)
	t.Status = append(t.Status, p.Status)
	t.DueOn = append(t.DueOn, p.Due)
	t.Arrival = append(t.Arrival, p.Arrival)
	t.ArrivedOn = append(t.ArrivedOn, p.ArrivedOn)
	t.BankAccount.AppendString(p.BankAccount)
	t.BankLine = append(t.BankLine, p.BankLine)
	leg := ""
	if p.Movement == settlement.MovedProven {
		leg = p.LegOf
	}
	t.LegOf.AppendString(leg)
}

// quotaTable is the table quotas: what had not ended when the run's day began.
func (w *withdrawals) quotaTable(day settlement.Day) *settlement.Quotas {
	t := &settlement.Quotas{}
	for _, q := range w.quotas {
		if day != settlement.NoDay && q.Expiry != settlement.NoInstant && q.Expiry <= day.Start() {
			continue
		}
		t.Wallet = append(t.Wallet, q.Wallet)
		t.Owner.AppendString(q.Owner)
		t.RuleID.AppendString(q.RuleID)
		t.Period.AppendString(string(q.Period))
		t.Start = append(t.Start, q.Start)
		t.Expiry = append(t.Expiry, q.Expiry)
		t.Granted = append(t.Granted, q.Granted)
		t.Used = append(t.Used, q.Used)
	}
	return t
}

// breaks are the withdrawals whose fee is not what the contract says.
func (w *withdrawals) breaks(on settlement.Day) *settlement.Breaks {
	b := &settlement.Breaks{}
	var hash settlement.IDHasher
	for i := range w.list {
		one, p := &w.list[i], &w.fees[i]
		if p.Rule == nil || p.Rule.Assumed || p.Expected == settlement.NoAmount || p.Expected == one.Fee {
			continue
		}
		steps := p.Rule.ExplainExcess(one.Amount, max(p.QuotaUsed, 0))
		reason := fmt.Sprintf("withdrawal of %s: %s expected, %s charged (contract: %s)", one.Amount, p.Expected, one.Fee, p.Rule.ID)
		if len(steps.Steps) > 0 && !one.Returns {
			reason += "; " + steps.Steps[0]
		}
		b.Add(&hash, settlement.Break{
			Kind: settlement.FeeVariance, Wallet: one.Wallet, Account: []byte(one.Account), ProviderID: []byte(one.FlowNo), LineID: one.ID,
			Expected: -p.Expected, Actual: -one.Fee, SeenOn: one.SettledOn, Reason: reason,
			Suggest: "ask the wallet why the fee differs; claim the difference back where too much was taken",
			File:    one.File, FileLine: one.Line,
		}, on)
	}
	return b
}
