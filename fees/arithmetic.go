package fees

import (
	"math/bits"
	"strings"

	"reconcile/settlement"
)

// Arithmetic writes out how a charge was computed and what was charged, in yuan:
//
//	100.00 × 0.60% = 0.60 expected, 0.65 charged
//	32.50 × 0.60% = 0.195, rounded to 0.20 expected, 0.20 charged
//	100.00 × 0.60% = 0.60 expected, 0.00 charged (assumed: alipay_acquiring_standard)
//	1.00 × 0.60% = 0.006, rounded to 0.01, limited to 0.00 (what is still held of the payment's fee) expected back, 0.00 returned
func Arithmetic(c Charge) string {
	var b strings.Builder
	isRefund := c.Event != settlement.Payment
	switch {
	case c.Expected == settlement.NoAmount:
		b.WriteString("no rule gives an expectation")
		if c.Base != settlement.NoAmount {
			b.WriteString(" for " + c.Base.String())
		}
	case c.Rate == settlement.NoRate:
		b.WriteString("rule " + c.RuleID + ": " + c.Expected.Abs().String())
	default:
		fee := c.Rate.HalfUp(c.Base)
		b.WriteString(c.Base.String() + " × " + c.Rate.String() + " = ")
		product, whole := productText(c.Base, c.Rate)
		b.WriteString(product)
		if !whole {
			b.WriteString(", rounded to " + fee.String())
		}
		if isRefund && c.Expected.Abs() != fee {
			b.WriteString(", limited to " + c.Expected.Abs().String() + " (what is still held of the payment's fee)")
		}
	}
	if c.Expected != settlement.NoAmount {
		if isRefund {
			b.WriteString(" expected back")
		} else {
			b.WriteString(" expected")
		}
	}
	switch {
	case c.Charged == settlement.NoAmount:
		b.WriteString(", the bill does not say what was charged")
	case isRefund && c.Charged <= 0:
		b.WriteString(", " + (-c.Charged).String() + " returned")
	case !isRefund && c.Charged < 0:
		b.WriteString(", " + (-c.Charged).String() + " paid to the merchant")
	default:
		b.WriteString(", " + c.Charged.String() + " charged")
	}
	switch {
	case c.Assumed:
		b.WriteString(" (assumed: " + c.RuleID + ")")
	case c.RuleID != "" && c.RuleID != OwnRate && c.Rate != settlement.NoRate:
		b.WriteString(" (contract: " + c.RuleID + ")")
	}
	return b.String()
}

// productText prints rate × base in yuan with every digit it has, at least two
// decimals, and says whether it is whole fen.
func productText(base settlement.Amount, rate settlement.Rate) (text string, whole bool) {
	hi, lo := bits.Mul64(uint64(base.Abs()), uint64(rate))
	fen, millionths := bits.Div64(hi, lo, 1_000_000)
	whole = millionths == 0
	var out []byte
	if base < 0 {
		out = append(out, '-')
	}
	out = settlement.Amount(fen).Append(out)
	for scale := uint64(100_000); millionths > 0; scale /= 10 {
		out = append(out, byte('0'+millionths/scale))
		millionths %= scale
	}
	return string(out), whole
}
