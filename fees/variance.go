package fees

import (
	"fmt"

	"reconcile/settlement"
)

// compare sets variance and class. Both amounts are within MaxAmount, so that
// their difference fits.
func (p *pricer) compare(i int, c *priced) {
	c.variance = settlement.NoAmount
	switch {
	case c.expected == settlement.NoAmount:
		c.class = settlement.ClassRuleMissing
	case c.charged == settlement.NoAmount:
		c.class = settlement.NoClass
	case c.expected == c.charged:
		c.variance, c.class = 0, settlement.ClassMatch
	default:
		c.variance = c.expected - c.charged
		c.class = p.classify(i, c)
	}
}

// classify returns why a charge's variance is not 0. The first that holds is the
// class, so that every fen belongs to exactly one.
func (p *pricer) classify(i int, c *priced) settlement.VarianceClass {
	isRefund := c.event != settlement.Payment
	own := p.ownRate(i)
	switch {
	case isRefund && c.variance.Abs() <= 1:
		return settlement.ClassRoundingResidual
	case c.rule != ownRate && own != settlement.NoRate && own != c.rate && c.charged == p.ownFee(i, c):
		return settlement.ClassRateMismatch // billed by a rate that is not the contract's
	case isRefund && c.charged == 0:
		return settlement.ClassFeeNotReturned
	case c.charged == 0:
		return settlement.ClassUnbilled
	case p.otherBase(i, c) != settlement.NoAmount:
		return settlement.ClassBaseMismatch
	case c.charged == 2*c.expected:
		return settlement.ClassDoubleBilled
	}
	return settlement.ClassRateMismatch
}

// ownFee is what line i's own rate would charge.
func (p *pricer) ownFee(i int, c *priced) settlement.Amount {
	own := *c
	p.byOwnRate(i, &own)
	return own.expected
}

// otherBase returns an amount of line i, other than the expectation's base, of
// which c's rate gives exactly the fee that was charged; NoAmount where none
// does. It looks at the order amount, the same less coupons, the settled amount
// less coupons, and the settled amount of a line that settles nothing. Of a
// refund the base itself counts where the expectation is limited below it.
func (p *pricer) otherBase(i int, c *priced) settlement.Amount {
	if c.rate == settlement.NoRate {
		return settlement.NoAmount
	}
	settled, gross, coupon := p.lines.Settled[i].Abs(), p.lines.Gross[i], p.lines.Coupon[i]
	fee := c.charged
	if c.event != settlement.Payment {
		fee = -fee
	}
	candidates := [4]settlement.Amount{settled, settlement.NoAmount, settlement.NoAmount, settlement.NoAmount}
	if gross != settlement.NoAmount {
		candidates[1] = gross.Abs()
	}
	if coupon != settlement.NoAmount {
		candidates[3] = settled - coupon.Abs()
		if gross != settlement.NoAmount {
			candidates[2] = gross.Abs() - coupon.Abs()
		}
	}
	for _, base := range candidates {
		if base > 0 && c.rate.HalfUp(base) == fee {
			return base
		}
	}
	return settlement.NoAmount
}

// isBreak says that the fee of line i is wrong by the contract or by what its
// own row says.
func (p *pricer) isBreak(i int, c *priced) bool {
	switch c.class {
	case settlement.ClassRuleMissing, settlement.NoClass:
		return p.contradicts(i)
	case settlement.ClassMatch, settlement.ClassRoundingResidual:
	default:
		if !c.rule.Assumed {
			return true
		}
	}
	return c.rule != ownRate && p.ownRate(i) != settlement.NoRate && p.ownIsWrong(i, c) || p.contradicts(i)
}

// contradicts says that the bill's line i states another fee than the fund flow shows.
// An aggregated account has no column of fees, and the bill's 0.00 on a refund may
// mean that it does not tell.
func (p *pricer) contradicts(i int) bool {
	if !p.isMoved(i) || p.lines.Wallet[i] == settlement.TaobaoAggregated || p.lines.Fee[i] == settlement.NoAmount {
		return false
	}
	billed := -p.lines.Fee[i]
	return billed != p.moved[i] && (billed != 0 || p.lines.Kind[i] == settlement.Payment)
}

// ownIsWrong says that line i's fee differs from its own row's expectation by
// more than is tolerated.
func (p *pricer) ownIsWrong(i int, c *priced) bool {
	gap := (p.ownFee(i, c) - c.charged).Abs()
	return gap > 1 || gap == 1 && c.event == settlement.Payment
}

// finding describes the break of line i.
func (p *pricer) finding(i int, c priced) Finding {
	contradicts := ""
	if p.contradicts(i) {
		contradicts = fmt.Sprintf("the bill states a fee of %s, the fund flow shows %s", -p.lines.Fee[i], p.moved[i])
	}
	if own := p.ownRate(i); contradicts != "" && (c.rule.Assumed || c.expected == settlement.NoAmount || c.expected == c.charged) && (own == settlement.NoRate || !p.ownIsWrong(i, &c)) {
		// Only the wallet's two files are at odds.
		return Finding{Row: int32(i), Expected: p.lines.Fee[i], Actual: negated(p.moved[i]), Reason: contradicts}
	}
	if c.rule.Assumed || c.class == settlement.ClassMatch || c.class == settlement.ClassRoundingResidual {
		p.byOwnRate(i, &c) // only the own row's rate is at odds with the fee
		p.compare(i, &c)
	}
	reason := Arithmetic(c.charge())
	if !p.lines.Settles(i) {
		reason = fmt.Sprintf("a %s with status %s settles nothing: %s", c.event, p.lines.Status[i], reason)
	}
	switch c.class {
	case settlement.ClassBaseMismatch:
		base := p.otherBase(i, &c)
		if base == c.base {
			reason += "; the row's full share, more than the limit"
		} else {
			reason += fmt.Sprintf("; %s is the rate on %s, another amount of the row", c.charged.Abs(), base)
		}
	case settlement.ClassDoubleBilled:
		reason += "; exactly twice"
	}
	if contradicts != "" {
		reason += "; " + contradicts
	}
	return Finding{Row: int32(i), Expected: negated(c.expected), Actual: negated(p.charged(i)), Reason: reason}
}
