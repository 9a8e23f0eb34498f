package fees

import "reconcile/settlement"

// Refunding is what is known of a payment when a refund of it is priced. Amounts are
// magnitudes.
type Refunding struct {
	PaidAt settlement.Instant // NoInstant where it is not known
	// Settled is what the payment settled, Charged its fee, Refunded and Returned
	// what earlier refunds took back of each. NoAmount where it is not known.
	Settled, Charged   settlement.Amount
	Refunded, Returned settlement.Amount
	Periods            int // of an instalment payment
}

// held is the fee that the wallet still has, NoAmount where it is not known.
func (p *Refunding) held() settlement.Amount {
	if p.Charged == settlement.NoAmount || p.Returned == settlement.NoAmount {
		return settlement.NoAmount
	}
	return max(p.Charged-p.Returned, 0)
}

// Return is the fee that comes back with a refund of amount (退款金额, a magnitude) at
// refundedAt, by the rule of its payment; NoAmount where that cannot be told. It is
// never more than the wallet still holds, where that is known.
func (r *Rule) Return(p Refunding, amount settlement.Amount, refundedAt settlement.Instant) settlement.Amount {
	return r.giveBack(p, amount, refundedAt, nil)
}

// ExplainReturn is Return with its steps.
func (r *Rule) ExplainReturn(p Refunding, amount settlement.Amount, refundedAt settlement.Instant) (e Explained) {
	e.Fee = r.giveBack(p, amount, refundedAt, e.trace())
	return e
}

func (r *Rule) giveBack(p Refunding, amount settlement.Amount, at settlement.Instant, t trace) settlement.Amount {
	switch r.Refund {
	case RefundNone:
		t.step("the wallet keeps the fee (refund_policy none)")
		return 0
	case RefundPerRefundClamped:
		return r.perRefund(p, amount, t)
	case RefundWithinWindow:
		if at == settlement.NoInstant || p.PaidAt == settlement.NoInstant {
			t.step("whether the refund is within %d days of the payment is not known", r.RefundDays)
			return settlement.NoAmount
		}
		end := p.PaidAt + settlement.Instant(r.RefundDays)*24*60*settlement.Minute
		if at >= end {
			t.step("not before %s, %d days after the payment: the wallet keeps the fee", end, r.RefundDays)
			return 0
		}
		t.step("before %s, %d days after the payment", end, r.RefundDays)
		return r.perRefund(p, amount, t)
	case RefundCumulative:
		return r.cumulative(p, amount, t)
	case RefundFullOnly:
		held := p.held()
		switch {
		case p.Settled == settlement.NoAmount:
			t.step("whether the whole payment is refunded is not known")
			return settlement.NoAmount
		case amount != p.Settled:
			t.step("not the whole %s: the wallet keeps the fee (refund_policy full_only)", p.Settled)
			return 0
		case held == settlement.NoAmount:
			held = r.of(p, p.Settled)
		}
		t.step("the whole payment: its fee of %s comes back", held)
		return held
	}
	t.step("the rule does not say what becomes of the fee")
	return settlement.NoAmount
}

// perRefund is the rate on the refund's own amount, at most what is held. A volume
// tier is that of the payment.
func (r *Rule) perRefund(p Refunding, amount settlement.Amount, t trace) settlement.Amount {
	rate := r.Rate
	switch r.Kind {
	case Zero, Waiver:
		t.step("nothing was charged by this rule")
		return 0
	case Tiered:
		if p.Settled == settlement.NoAmount {
			t.step("which tier the payment lies in is not known")
			return settlement.NoAmount
		}
		rate = r.tier(p.Settled).Rate
	case Instalment:
		found := false
		for _, row := range r.Instalments {
			if row.Periods == p.Periods {
				rate, found = row.Rate, true
			}
		}
		if !found {
			t.step("the rule has no rate for %d periods", p.Periods)
			return settlement.NoAmount
		}
	}
	fee := r.round(product(uint64(amount), uint64(rate)))
	if t != nil {
		t("%s", r.shareText(amount, rate, fee))
	}
	return limit(fee, p.held(), t)
}

// cumulative is what is held less the fee of what stays settled.
func (r *Rule) cumulative(p Refunding, amount settlement.Amount, t trace) settlement.Amount {
	if p.Settled == settlement.NoAmount || p.Refunded == settlement.NoAmount {
		t.step("how much of the payment stays settled is not known")
		return settlement.NoAmount
	}
	held := p.held()
	if held == settlement.NoAmount {
		held = r.of(p, p.Settled-min(p.Refunded, p.Settled))
	}
	left := max(p.Settled-p.Refunded-amount, 0)
	keeps := r.of(p, left)
	if keeps == settlement.NoAmount || held == settlement.NoAmount {
		t.step("the rule does not tell the fee of what stays settled")
		return settlement.NoAmount
	}
	t.step("%s stays settled, on which the fee is %s", left, keeps)
	back := max(held-keeps, 0)
	t.step("%s held − %s = %s", held, keeps, back)
	return back
}

// of is r's fee of a base of the payment p.
func (r *Rule) of(p Refunding, base settlement.Amount) settlement.Amount {
	if r.Kind == Instalment {
		fee, _ := r.InstalmentFee(base, p.Periods)
		return fee
	}
	return r.Fee(base)
}

// limit cuts a return at what is held, where that is known.
func limit(fee, held settlement.Amount, t trace) settlement.Amount {
	if held != settlement.NoAmount && fee > held {
		t.step("limited to %s, what is still held of the payment's fee", held)
		return held
	}
	return fee
}
