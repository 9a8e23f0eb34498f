package fees

import (
	"errors"
	"fmt"
	"math/bits"

	"reconcile/settlement"
)

// PaymentQuestion is one hypothetical payment with its refunds. Amounts are
// magnitudes.
type PaymentQuestion struct {
	Subject Subject // Event is not looked at
	PaidAt  settlement.Instant
	// Amount is what the order asks (订单金额). Coupon of it is paid by a coupon without
	// top-up (免充值券), which nobody settles; a prepaid one (充值券) is settled like money.
	Amount, Coupon settlement.Amount
	Periods        int // of an instalment payment
	// Charged is what the wallet took, NoAmount where it is what the rule says.
	Charged settlement.Amount
	// Refunds are what was asked back (申请退款金额), in their order.
	Refunds []Refunded
	Count   uint64 // so many payments alike; 0 is 1
	Escrow  bool   // an order of an escrow platform
	// Home is the home wallet to compare with, NoWallet for none.
	Home settlement.Wallet
}

// RefundQuote is what a refund returns.
type RefundQuote struct {
	Refunded
	Settled  settlement.Amount // 退款金额: what goes back in money, the base of the return
	Decision Decision
	Explained
}

// PaymentQuote answers a PaymentQuestion. Amounts are NoAmount where no rule tells.
type PaymentQuote struct {
	Decision
	Base settlement.Amount
	Explained
	Split    []settlement.Amount // of instalments, over the periods
	Refunds  []RefundQuote
	Returned settlement.Amount
	// Total and TotalBase are those of all Count payments.
	Total, TotalBase Sum
	Home             *HomeQuote
}

// HomeQuote compares with the home wallet.
type HomeQuote struct {
	Decision
	Wallet settlement.Wallet
	// Fee is charged − returned in the home wallet, Incremental the difference to the
	// paying wallet: negative is a saving.
	Fee, Incremental settlement.Amount
	Why              string // why there is none
}

// QuotePayment answers what a payment and its refunds cost. The error says what is
// wrong with the question.
func (s *Schedule) QuotePayment(q PaymentQuestion) (*PaymentQuote, error) {
	if q.Amount < 0 || q.Coupon < 0 || q.Coupon > q.Amount || q.Amount > settlement.MaxAmount {
		return nil, fmt.Errorf("an amount of %s with a coupon of %s is no payment", q.Amount, q.Coupon)
	}
	q.Subject.Event = OnPayment
	out := &PaymentQuote{Decision: s.Decide(q.Subject, q.PaidAt), Base: q.Amount - q.Coupon, Returned: settlement.NoAmount}
	r := out.Rule
	out.Fee = settlement.NoAmount
	switch {
	case r == nil:
	case q.Escrow && r.ExcludesEscrow:
		out.Why = fmt.Sprintf("%s does not price orders of escrow platforms: their fee follows from the platform's contract", r.ID)
		out.Decision.Rule = nil
	case r.Kind == Instalment:
		if q.Periods == 0 {
			return nil, errors.New("the rule is a table of instalments: state the number of periods")
		}
		out.Explained = r.ExplainInstalment(out.Base, q.Periods)
		if out.Fee != settlement.NoAmount {
			out.Split = SplitInstalments(out.Fee, q.Periods)
		}
	default:
		out.Explained = r.ExplainFee(out.Base)
	}
	count := max(q.Count, 1)
	out.TotalBase.AddTimes(out.Base, count)
	if out.Fee != settlement.NoAmount {
		out.Total.AddTimes(out.Fee, count)
	}
	if err := s.quoteRefunds(&q, out); err != nil {
		return nil, err
	}
	if q.Home != settlement.NoWallet {
		s.quoteHome(&q, out)
	}
	return out, nil
}

// quoteRefunds prices the refunds of a question in their order.
func (s *Schedule) quoteRefunds(q *PaymentQuestion, out *PaymentQuote) error {
	subject := q.Subject
	subject.Event = OnRefund
	p := Refunding{PaidAt: q.PaidAt, Settled: out.Base, Charged: out.Fee, Periods: q.Periods}
	if q.Charged != settlement.NoAmount {
		p.Charged = q.Charged
	}
	var asked settlement.Amount
	for i, refund := range q.Refunds {
		if refund.Amount <= 0 || refund.Amount > q.Amount-asked {
			return fmt.Errorf("refund %d of %s is not within what is left of the payment, %s of %s", i+1, refund.Amount, q.Amount-asked, q.Amount)
		}
		before := RefundSettled(asked, q.Amount, out.Base)
		asked += refund.Amount
		one := RefundQuote{Refunded: refund, Settled: RefundSettled(asked, q.Amount, out.Base) - before, Decision: s.Decide(subject, q.PaidAt)}
		one.Fee = settlement.NoAmount
		if one.Decision.Rule == nil && len(one.Decision.PassedOver) == 0 {
			one.Decision = out.Decision
		}
		if r := one.Decision.Rule; r != nil {
			one.Explained = r.ExplainReturn(p, one.Settled, refund.At)
		}
		if one.Fee != settlement.NoAmount && p.Returned != settlement.NoAmount {
			p.Returned += one.Fee
		} else {
			p.Returned = settlement.NoAmount
		}
		p.Refunded += one.Settled
		out.Refunds = append(out.Refunds, one)
	}
	out.Returned = p.Returned
	return nil
}

// RefundSettled is the money (退款金额) in refunds of asked (申请退款金额) out of a payment:
// the share that the payment settled of what its order asked, half up. A coupon
// without top-up is not paid out.
func RefundSettled(asked, gross, settled settlement.Amount) settlement.Amount {
	if gross <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(asked), uint64(settled))
	lo, carry := bits.Add64(lo, uint64(gross)/2, 0)
	quotient, _ := bits.Div64(hi+carry, lo, uint64(gross))
	return settlement.Amount(quotient)
}

// quoteHome compares with what the home wallet would have cost.
func (s *Schedule) quoteHome(q *PaymentQuestion, out *PaymentQuote) {
	subject := q.Subject
	subject.Wallet, subject.AccountType, subject.Merchant, subject.Event = q.Home, "", "", OnPayment
	h := &HomeQuote{Wallet: q.Home, Decision: s.Decide(subject, q.PaidAt)}
	var refunds []Refunded
	for _, r := range out.Refunds {
		refunds = append(refunds, Refunded{Amount: r.Settled, At: r.At})
	}
	h.Fee = s.Counterfactual(subject, out.Base, q.PaidAt, refunds, q.Escrow)
	paid := out.Fee
	if paid != settlement.NoAmount && len(out.Refunds) > 0 {
		if out.Returned == settlement.NoAmount {
			paid = settlement.NoAmount
		} else {
			paid -= out.Returned
		}
	}
	h.Incremental = Incremental(q.Subject.Wallet, q.Home, paid, h.Fee)
	switch {
	case h.Incremental != settlement.NoAmount:
	case h.Fee == settlement.NoAmount:
		h.Why = fmt.Sprintf("what it would have cost in %s is not known: no schedule of that wallet prices it", q.Home)
	default:
		h.Why = "what it cost in the paying wallet is not known"
	}
	out.Home = h
}

// WithdrawalQuestion is one hypothetical withdrawal or a series of them.
type WithdrawalQuestion struct {
	Owner   Owner
	At      settlement.Instant
	Amounts []settlement.Amount // withdrawn at one time, in this order
	// All withdraws all of Balance, with the fee.
	All     bool
	Balance settlement.Amount
	Quotas  QuotaState
	Bounced bool // the bank returns each of them
}

// WithdrawalQuote is one withdrawal, or its return.
type WithdrawalQuote struct {
	WithdrawalFee
	Steps []string
}

// QuoteWithdrawals answers what withdrawals cost, and how the rule was chosen.
func (s *Schedule) QuoteWithdrawals(q WithdrawalQuestion) ([]WithdrawalQuote, Decision, error) {
	d := s.Decide(q.Owner.subject(), q.At)
	if q.All {
		if q.Balance < 0 {
			return nil, d, fmt.Errorf("a balance of %s cannot be withdrawn", q.Balance)
		}
		if d.Rule == nil {
			return nil, d, fmt.Errorf("what can be withdrawn of a balance depends on the fee: %s", d.Why)
		}
		f := fold{schedule: s, since: q.Quotas.Since, quotas: append([]Quota(nil), q.Quotas.Quotas...), byFlow: map[flowKey]int{}}
		rows, why := f.known(d.Rule, &q.Owner, q.At)
		if why != "" {
			return nil, d, fmt.Errorf("what can be withdrawn of a balance depends on the quota: %s", why)
		}
		var free settlement.Amount
		for _, row := range rows {
			free = min(free+row.Left(), settlement.MaxAmount)
		}
		amount, _ := d.Rule.LargestAll(q.Balance, free)
		q.Amounts = []settlement.Amount{amount}
	}
	var moves []Movement
	for i, amount := range q.Amounts {
		if amount < 0 {
			return nil, d, fmt.Errorf("an amount of %s cannot be withdrawn", amount)
		}
		flow := fmt.Sprintf("%06d", 2*i)
		moves = append(moves, Movement{Kind: Withdraw, Owner: q.Owner, At: q.At, FlowNo: flow, Amount: amount})
		if q.Bounced {
			moves = append(moves, Movement{Kind: Bounce, Owner: q.Owner, At: q.At, FlowNo: fmt.Sprintf("%06d", 2*i+1), Of: flow, Amount: amount})
		}
	}
	fees, _, err := s.Withdrawals(q.Quotas, moves)
	if err != nil {
		return nil, d, err
	}
	var out []WithdrawalQuote
	for _, w := range fees {
		one := WithdrawalQuote{WithdrawalFee: w}
		switch {
		case w.Expected == settlement.NoAmount:
			one.Steps = []string{w.Why}
		case w.Kind == Bounce:
			one.Steps = []string{fmt.Sprintf("the bank returned it: the fee of %s comes back, and %s of quota", -w.Expected, -w.QuotaUsed)}
		default:
			one.Steps = w.Rule.ExplainExcess(w.Amount, w.QuotaUsed).Steps
		}
		out = append(out, one)
	}
	return out, d, nil
}
