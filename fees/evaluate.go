package fees

import (
	"fmt"
	"math/bits"

	"reconcile/settlement"
)

// million is the denominator of rates.
const million = 1_000_000

// Fee is what r takes of a base, as a cost: base is a magnitude of at most
// MaxAmount, 0 of what settles nothing. It is NoAmount where the rule alone does not
// tell: of AsBilled, Instalment (see InstalmentFee) and QuotaPercent (see Excess).
// A base of 0 costs nothing, whatever the minimum.
func (r *Rule) Fee(base settlement.Amount) settlement.Amount {
	if r.plain {
		return r.Rate.HalfUp(base)
	}
	switch r.Kind {
	case AsBilled, Instalment, QuotaPercent:
		return settlement.NoAmount
	}
	return r.fee(base, nil)
}

// ExcessFee is what a withdrawal of amount costs when free of it is covered by
// quotas: nothing where nothing exceeds them, not even the minimum.
func (r *Rule) ExcessFee(amount, free settlement.Amount) settlement.Amount {
	if free >= amount {
		return 0
	}
	return r.fee(amount-free, nil)
}

// InstalmentFee is what r takes of a base paid in so many periods; ok is false where
// its table does not have them.
func (r *Rule) InstalmentFee(base settlement.Amount, periods int) (fee settlement.Amount, ok bool) {
	for _, p := range r.Instalments {
		if p.Periods == periods {
			return r.round(product(uint64(base), uint64(p.Rate))), true
		}
	}
	return settlement.NoAmount, false
}

// SplitInstalments divides a fee over periods: the floor of equal parts each, what
// remains in the first.
func SplitInstalments(fee settlement.Amount, periods int) []settlement.Amount {
	if periods < 1 {
		return nil
	}
	split := make([]settlement.Amount, periods)
	each := fee / settlement.Amount(periods)
	for i := range split {
		split[i] = each
	}
	split[0] += fee - each*settlement.Amount(periods)
	return split
}

// trace takes the steps of an evaluation, for people; nil takes none.
type trace func(format string, args ...any)

func (t trace) step(format string, args ...any) {
	if t != nil {
		t(format, args...)
	}
}

// fee evaluates r after its quotas: rate or tiers, rounding, the fixed amount, the
// clamp, the waiver, in this order.
func (r *Rule) fee(base settlement.Amount, t trace) settlement.Amount {
	if base == 0 || r.Kind == Zero {
		return 0
	}
	var fee settlement.Amount
	switch {
	case r.Kind == Tiered && r.Mode == Graduated:
		fee = r.round(r.graduated(base))
	case r.Kind == Tiered:
		fee = r.round(product(uint64(base), uint64(r.tier(base).Rate)))
	case r.Rate != settlement.NoRate && r.Kind != Fixed:
		fee = r.round(product(uint64(base), uint64(r.Rate)))
	}
	if t != nil {
		r.traceShare(base, fee, t)
	}
	if r.FixedFee != 0 {
		fee += r.FixedFee
		t.step("+ %s fixed = %s", r.FixedFee, fee)
	}
	if r.MinFee != settlement.NoAmount && fee < r.MinFee {
		t.step("raised to the minimum of %s", r.MinFee)
		fee = r.MinFee
	}
	if r.MaxFee != settlement.NoAmount && fee > r.MaxFee {
		t.step("cut at the maximum of %s", r.MaxFee)
		fee = r.MaxFee
	}
	if r.Kind == Waiver {
		if fee != 0 {
			t.step("%s waived", fee)
		} else {
			t.step("waived")
		}
		fee = 0
	}
	return min(fee, settlement.MaxAmount)
}

// graduated is Σ part × rate over the tiers, in millionths of a fen.
func (r *Rule) graduated(base settlement.Amount) (sum wide) {
	below := settlement.Amount(0)
	for _, tier := range r.Tiers {
		upTo := base
		if tier.UpTo != settlement.NoAmount {
			upTo = min(base, tier.UpTo)
		}
		if upTo > below {
			sum = sum.plus(product(uint64(upTo-below), uint64(tier.Rate)))
			below = upTo
		}
	}
	return sum
}

// tier is the one that a whole base lies in.
func (r *Rule) tier(base settlement.Amount) Tier {
	for _, tier := range r.Tiers {
		if tier.UpTo == settlement.NoAmount || base <= tier.UpTo {
			return tier
		}
	}
	return Tier{UpTo: settlement.NoAmount}
}

// round makes whole fen of millionths.
func (r *Rule) round(share wide) settlement.Amount {
	fen, rest := bits.Div64(share.hi, share.lo, million)
	switch r.Rounding {
	case HalfUp:
		if rest >= million/2 {
			fen++
		}
	case HalfEven:
		if rest > million/2 || rest == million/2 && fen&1 == 1 {
			fen++
		}
	case Ceiling:
		if rest > 0 {
			fen++
		}
	case Floor:
	}
	return settlement.Amount(fen)
}

// LargestAll is the largest amount that can be withdrawn from a balance of which
// free is covered by quotas, with its fee: of a fee on top the largest x with
// x + fee(x) ≤ balance, else the whole balance.
func (r *Rule) LargestAll(balance, free settlement.Amount) (amount, fee settlement.Amount) {
	if balance <= 0 {
		return 0, 0
	}
	if !r.OnTop {
		return balance, r.ExcessFee(balance, free)
	}
	low, high := settlement.Amount(0), balance // x + fee(x) grows with x
	for low < high {
		middle := low + (high-low+1)/2
		if middle+r.ExcessFee(middle, free) <= balance {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, r.ExcessFee(low, free)
}

// Explained is an evaluation with its steps, for people.
type Explained struct {
	Fee   settlement.Amount
	Steps []string
}

func (e *Explained) trace() trace {
	return func(format string, args ...any) { e.Steps = append(e.Steps, fmt.Sprintf(format, args...)) }
}

// ExplainFee is Fee with its steps.
func (r *Rule) ExplainFee(base settlement.Amount) (e Explained) {
	e.Fee = settlement.NoAmount
	switch r.Kind {
	case AsBilled:
		e.trace()("the bill alone says what was charged")
	case Instalment, QuotaPercent:
		e.trace()("a rule of kind %s needs more than an amount", r.Kind)
	default:
		if base == 0 {
			e.trace()("nothing is settled, so nothing is charged")
		} else if r.Kind == Zero {
			e.trace()("no fee by this rule")
		}
		e.Fee = r.fee(base, e.trace())
	}
	return e
}

// ExplainExcess is ExcessFee with its steps.
func (r *Rule) ExplainExcess(amount, free settlement.Amount) (e Explained) {
	switch {
	case len(r.Quotas) == 0:
		return r.ExplainFee(amount)
	case free >= amount:
		e.trace()("%s − %s free quota: nothing exceeds it, so there is no fee", amount, amount)
		return e
	}
	e.trace()("%s − %s free quota = %s", amount, free, amount-free)
	e.Fee = r.fee(amount-free, e.trace())
	return e
}

// ExplainInstalment is InstalmentFee with its steps.
func (r *Rule) ExplainInstalment(base settlement.Amount, periods int) (e Explained) {
	fee, ok := r.InstalmentFee(base, periods)
	e.Fee = fee
	if !ok {
		e.trace()("the rule has no rate for %d periods", periods)
		return e
	}
	for _, p := range r.Instalments {
		if p.Periods == periods {
			e.trace()("%s", r.shareText(base, p.Rate, fee))
		}
	}
	return e
}

// traceShare tells the rate's part of an evaluation.
func (r *Rule) traceShare(base, fee settlement.Amount, t trace) {
	switch {
	case r.Kind == Tiered && r.Mode == Graduated:
		below := settlement.Amount(0)
		for _, tier := range r.Tiers {
			upTo := base
			if tier.UpTo != settlement.NoAmount {
				upTo = min(base, tier.UpTo)
			}
			if upTo > below {
				part, _ := productText(upTo-below, tier.Rate)
				t("%s (above %s) × %s = %s", upTo-below, below, tier.Rate, part)
				below = upTo
			}
		}
		t("together, rounded %s: %s", r.Rounding, fee)
	case r.Kind == Tiered:
		t("%s", r.shareText(base, r.tier(base).Rate, fee))
	case r.Kind == Discount:
		t("%s × %s of it = %s", r.ListRate, r.Share, r.Rate)
		t("%s", r.shareText(base, r.Rate, fee))
	case r.Rate != settlement.NoRate && r.Kind != Fixed:
		t("%s", r.shareText(base, r.Rate, fee))
	}
}

// shareText is "7.50 × 0.60% = 0.045, rounded half_up to 0.05".
func (r *Rule) shareText(base settlement.Amount, rate settlement.Rate, fee settlement.Amount) string {
	exact, whole := productText(base, rate)
	text := base.String() + " × " + rate.String() + " = " + exact
	if !whole {
		text += ", rounded " + string(r.Rounding) + " to " + fee.String()
	}
	return text
}
