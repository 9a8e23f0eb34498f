package fees

import (
	"cmp"
	"math/bits"
	"slices"

	"reconcile/settlement"
)

// Payout is a withdrawal whose fee is divided over the orders whose money it moved.
type Payout struct {
	At          settlement.Instant
	FlowNo      string
	Amount, Fee settlement.Amount // magnitudes
	On          settlement.Day
}

// Queue divides the payouts of one account over its proceeds, first in first out, as
// Allocate does one by one, for more proceeds than memory holds: these pass by
// several times, and only sums are kept.
//
// First Note is called with all proceeds in any order, then Settle. Then they pass in
// the order (settled at, order number): where NeedsRests says so once with Rest, and
// once with Move.
type Queue struct {
	payouts []Payout
	noted   []struct{ in, out settlement.Amount } // between payouts: positive, negative
	takes   []take
	left    settlement.Amount // of the fills: what makes up for negative proceeds

	at    int // take that is under way
	taken settlement.Amount
}

// take is what one payout, or one filling up of negative proceeds, takes of the queue.
type take struct {
	payout  int // −1 of a filling up
	amount  settlement.Amount
	fee     settlement.Amount // of the payout
	whole   settlement.Amount // amount of the payout, of which take.amount are proceeds
	rests   []uint64          // fractions of a fen, by share in the order of the queue
	largest uint64            // fractions above it get a fen more,
	equal   int               // and so many of those that are equal to it
}

// NewQueue makes the queue of an account's payouts.
func NewQueue(payouts []Payout) *Queue {
	q := &Queue{payouts: slices.Clone(payouts)}
	slices.SortStableFunc(q.payouts, func(a, b Payout) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.FlowNo, b.FlowNo)) })
	q.noted = make([]struct{ in, out settlement.Amount }, len(payouts)+1)
	return q
}

// Payouts are the payouts in their order.
func (q *Queue) Payouts() []Payout { return q.payouts }

// Note counts proceeds in.
func (q *Queue) Note(at settlement.Instant, net settlement.Amount) {
	k, _ := slices.BinarySearchFunc(q.payouts, at, func(p Payout, at settlement.Instant) int {
		if p.At < at {
			return -1
		}
		return 1
	})
	if net > 0 {
		q.noted[k].in += net
	} else {
		q.noted[k].out -= net
	}
}

// Settle works out how much each payout takes of proceeds that were settled by then.
func (q *Queue) Settle() {
	pool, missing := settlement.Amount(0), settlement.Amount(0)
	for k, p := range q.payouts {
		pool += q.noted[k].in
		missing += q.noted[k].out
		if fill := min(missing, pool); fill > 0 {
			q.takes = append(q.takes, take{payout: -1, amount: fill})
			pool, missing, q.left = pool-fill, missing-fill, q.left+fill
		}
		amount := min(p.Amount, pool)
		q.takes = append(q.takes, take{payout: k, amount: amount, fee: p.Fee, whole: p.Amount})
		pool -= amount
	}
}

// NeedsRests says that a fee has to be divided, for which the proceeds pass once more.
func (q *Queue) NeedsRests() bool {
	return slices.ContainsFunc(q.takes, func(t take) bool { return t.payout >= 0 && t.fee > 0 && t.amount > 0 })
}

// Idle says that proceeds of which the positive sum to in and the negative to out leave
// nothing and cost nothing, whatever their order; they then count as passed.
func (q *Queue) Idle(in, out settlement.Amount) bool {
	if q.NeedsRests() || out > q.left {
		return false
	}
	ahead := -q.taken
	for _, t := range q.takes[q.at:] {
		ahead += t.amount
	}
	if ahead < in {
		return false
	}
	q.left -= out
	q.consume(in, nil)
	return true
}

// consume moves amount through the takes.
func (q *Queue) consume(amount settlement.Amount, part func(t *take, amount settlement.Amount)) (left settlement.Amount) {
	for amount > 0 && q.at < len(q.takes) {
		t := &q.takes[q.at]
		here := min(amount, t.amount-q.taken)
		if here > 0 && part != nil {
			part(t, here)
		}
		amount -= here
		if q.taken += here; q.taken == t.amount {
			q.at, q.taken = q.at+1, 0
		}
	}
	return amount
}

// Rest notes the fractions of a fen that proceeds have of fees.
func (q *Queue) Rest(net settlement.Amount) {
	if net <= 0 {
		return
	}
	q.consume(net, func(t *take, amount settlement.Amount) {
		if t.payout >= 0 && t.fee > 0 {
			_, rest := feeShare(t.fee, amount, t.whole)
			t.rests = append(t.rests, rest)
		}
	})
}

// feeShare is fee × amount ÷ whole, and what remains.
func feeShare(fee, amount, whole settlement.Amount) (settlement.Amount, uint64) {
	hi, lo := bits.Mul64(uint64(fee), uint64(amount))
	quotient, rest := bits.Div64(hi, lo, uint64(whole))
	return settlement.Amount(quotient), rest
}

// Divide ends the pass of Rest: it finds which fractions get the fen that are left
// over. The queue passes again from its start.
func (q *Queue) Divide() {
	for i := range q.takes {
		t := &q.takes[i]
		if len(t.rests) == 0 {
			continue
		}
		// What is left over: the fractions sum to a whole number of fen, together with
		// the one of what no proceeds explain.
		residual := t.whole - t.amount
		hi, lo, carry := uint64(0), uint64(0), uint64(0)
		for _, rest := range t.rests {
			lo, carry = bits.Add64(lo, rest, 0)
			hi += carry
		}
		_, rest := feeShare(t.fee, residual, t.whole)
		lo, carry = bits.Add64(lo, rest, 0)
		hi += carry
		left, _ := bits.Div64(hi, lo, uint64(t.whole))
		sorted := append(slices.Clone(t.rests), rest)
		slices.SortFunc(sorted, func(a, b uint64) int { return cmp.Compare(b, a) })
		t.largest, t.equal = ^uint64(0), 0
		if left > 0 {
			t.largest = sorted[left-1]
			for _, rest := range sorted[:left] {
				if rest == t.largest {
					t.equal++
				}
			}
		}
	}
	q.at, q.taken = 0, 0
}

// PayoutShare is a part of an order's proceeds that a payout took.
type PayoutShare struct {
	Payout int
	Fee    settlement.Amount
}

// Move passes the next proceeds: what of them is left, and what each payout took of
// them. The result is valid until the next call.
func (q *Queue) Move(net settlement.Amount, shares []PayoutShare) (settlement.Amount, []PayoutShare) {
	shares = shares[:0]
	if net <= 0 {
		fill := min(-net, q.left)
		q.left -= fill
		return net + fill, shares
	}
	left := q.consume(net, func(t *take, amount settlement.Amount) {
		if t.payout < 0 {
			return
		}
		one := PayoutShare{Payout: t.payout}
		if t.fee > 0 {
			var rest uint64
			one.Fee, rest = feeShare(t.fee, amount, t.whole)
			if rest > t.largest || rest == t.largest && t.equal > 0 {
				if rest == t.largest {
					t.equal--
				}
				one.Fee++
			}
		}
		shares = append(shares, one)
	})
	return left, shares
}
