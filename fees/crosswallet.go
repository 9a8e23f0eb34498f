package fees

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"reconcile/settlement"
)

// Refunded is one refund of an order, for a counterfactual fee.
type Refunded struct {
	Amount settlement.Amount // 退款金额, a magnitude
	At     settlement.Instant
}

// Counterfactual is what an order's payment and refunds would have cost under a
// wallet's schedule at the time of payment: fees charged − fees returned. It is
// NoAmount where the schedule has no rule for it, and where a refund's policy is not
// known. escrow says that the order is one of an escrow platform, whose fee follows
// from the platform's contract: no generic rule prices it.
func (s *Schedule) Counterfactual(q Subject, settled settlement.Amount, paidAt settlement.Instant, refunds []Refunded, escrow bool) settlement.Amount {
	q.Event = OnPayment
	rule := s.Select(q, paidAt)
	if rule == nil || escrow && (rule.ExcludesEscrow || rule.Assumed) {
		return settlement.NoAmount
	}
	fee := rule.Fee(settled)
	if fee == settlement.NoAmount {
		return fee
	}
	q.Event = OnRefund
	returns := s.Select(q, paidAt)
	if returns == nil {
		returns = rule
	}
	p := Refunding{PaidAt: paidAt, Settled: settled, Charged: fee}
	for _, r := range refunds {
		back := returns.Return(p, r.Amount, r.At)
		if back == settlement.NoAmount {
			return back
		}
		p.Refunded += r.Amount
		p.Returned += back
	}
	return fee - p.Returned
}

// Incremental is the channel fee in the paying wallet less that in the home wallet:
// negative where the buyer's choice saved money, NoAmount where either is not known,
// 0 where paying and home wallet are the same.
func Incremental(paying, home settlement.Wallet, payingFee, homeFee settlement.Amount) settlement.Amount {
	switch {
	case paying == settlement.NoWallet || home == settlement.NoWallet:
		return settlement.NoAmount
	case paying == home:
		return 0
	case payingFee == settlement.NoAmount || homeFee == settlement.NoAmount:
		return settlement.NoAmount
	}
	return payingFee - homeFee
}

// CrossWalletFee is incremental + repatriation + deposit, NoAmount where one of them
// is not known.
func CrossWalletFee(incremental, repatriation, deposit settlement.Amount) settlement.Amount {
	if incremental == settlement.NoAmount || repatriation == settlement.NoAmount || deposit == settlement.NoAmount {
		return settlement.NoAmount
	}
	return incremental + repatriation + deposit
}

// DepositFee is what it costs to put amount into a wallet; 0 where no rule says
// anything of deposits.
func (s *Schedule) DepositFee(q Subject, amount settlement.Amount, at settlement.Instant) settlement.Amount {
	q.Event = OnDeposit
	rule := s.Select(q, at)
	if rule == nil {
		return 0
	}
	return rule.Fee(amount)
}

// Proceeds are what one order left in an account and was not yet withdrawn. They are
// consumed in the order (SettledAt, OrderNo).
type Proceeds struct {
	OrderNo   string
	SettledAt settlement.Instant
	// Net is what is left, in fen; negative where a refund took more than the order had
	// in the account. It is then made up by the earliest proceeds.
	Net settlement.Amount
}

func compareProceeds(a, b Proceeds) int {
	return cmp.Or(cmp.Compare(a.SettledAt, b.SettledAt), cmp.Compare(a.OrderNo, b.OrderNo))
}

// Share is the part of a withdrawal that is an order's.
type Share struct {
	OrderNo string
	Moved   settlement.Amount // net proceeds that the withdrawal moved
	Fee     settlement.Amount // of the withdrawal's fee
}

// Allocation is a withdrawal divided over the orders whose proceeds it moved. What no
// order's proceeds explain (top-ups, the opening balance) is Residual. Moved and Fee
// of the shares and the residual sum to those of the withdrawal exactly.
type Allocation struct {
	Shares   []Share // in the order of the queue
	Residual Share   // OrderNo ""
	// Left are the proceeds that remain, in order.
	Left []Proceeds
}

// Allocate divides a withdrawal of amount with its fee over the proceeds that were
// settled until at, first in first out, and its fee by largest remainder on what it
// moved; among equal remainders the earlier settled gets the fen, then the smaller
// order number, the residual last. Proceeds settled after at stay. The slice given
// stays as it is.
func Allocate(amount, fee settlement.Amount, at settlement.Instant, queue []Proceeds) (Allocation, error) {
	if amount < 0 || fee < 0 || amount > settlement.MaxAmount || fee > settlement.MaxAmount {
		return Allocation{}, fmt.Errorf("a withdrawal of %s with a fee of %s cannot be allocated", amount, fee)
	}
	left := slices.Clone(queue)
	slices.SortStableFunc(left, compareProceeds)
	makeUp(left, at)
	var a Allocation
	rest := amount
	for i := range left {
		p := &left[i]
		if p.SettledAt > at || rest == 0 {
			break
		}
		if part := min(p.Net, rest); part > 0 {
			a.Shares = append(a.Shares, Share{OrderNo: p.OrderNo, Moved: part})
			p.Net -= part
			rest -= part
		}
	}
	a.Residual.Moved = rest
	a.Left = slices.DeleteFunc(left, func(p Proceeds) bool { return p.Net == 0 })

	weights := make([]settlement.Amount, 0, len(a.Shares)+1)
	for _, s := range a.Shares {
		weights = append(weights, s.Moved)
	}
	parts := LargestRemainder(fee, append(weights, rest))
	for i := range a.Shares {
		a.Shares[i].Fee = parts[i]
	}
	a.Residual.Fee = parts[len(parts)-1]
	return a, nil
}

// makeUp lets the earliest proceeds settled until at fill what is negative among
// them.
func makeUp(queue []Proceeds, at settlement.Instant) {
	from := 0
	for i := range queue {
		for n := &queue[i]; n.SettledAt <= at && n.Net < 0 && from < len(queue) && queue[from].SettledAt <= at; {
			if queue[from].Net <= 0 {
				from++
				continue
			}
			part := min(-n.Net, queue[from].Net)
			n.Net += part
			queue[from].Net -= part
		}
	}
}

// LargestRemainder divides fee by weights, none negative, so that the parts sum to
// fee: each gets the floor of its share, and the fen left over go to the largest
// fractions, the first among equal ones. Where all weights are 0 the last gets all.
func LargestRemainder(fee settlement.Amount, weights []settlement.Amount) []settlement.Amount {
	if len(weights) == 0 {
		return nil
	}
	parts := make([]settlement.Amount, len(weights))
	var total uint64
	for _, w := range weights {
		total += uint64(w)
	}
	if total == 0 {
		parts[len(parts)-1] = fee
		return parts
	}
	rests := make([]uint64, len(weights))
	left := fee
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(fee), uint64(w))
		quotient, rest := bits.Div64(hi, lo, total)
		parts[i], rests[i] = settlement.Amount(quotient), rest
		left -= parts[i]
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// Cost is the blended cost of acceptance (综合费率) in hundredths of a basis point: fees over
// what was paid less refunded, rounded half away from zero; ok is false where nothing
// was.
func Cost(fees, accepted Sum) (hundredths int64, ok bool) {
	return ratio(fees, accepted, 1_000_000)
}
