package fees

import (
	"slices"

	"reconcile/settlement"
)

// chargeRows are the rows that ChargeLines adds to a batch, but for the columns
// that it copies whole from the lines.
type chargeRows struct {
	dst                               *settlement.Charges
	base, expected, charged, variance []settlement.Amount
	rate                              []settlement.Rate
	class                             []settlement.VarianceClass
	assumed                           []uint8
	rule                              *Rule // of the rows from named on, whose rule columns are still to be written
	named                             int
}

func newChargeRows(dst *settlement.Charges, rows int) chargeRows {
	for i := range extend(&dst.Component, rows) {
		dst.Component[len(dst.Component)-rows+i] = settlement.ChannelFee
	}
	for _, text := range []*settlement.Text{&dst.RuleID, &dst.RuleVer} {
		text.Offsets = slices.Grow(text.Offsets, rows+1)
	}
	return chargeRows{
		dst: dst, base: extend(&dst.Base, rows), expected: extend(&dst.Expected, rows), charged: extend(&dst.Charged, rows),
		variance: extend(&dst.Variance, rows), rate: extend(&dst.Rate, rows), class: extend(&dst.Class, rows),
		assumed: extend(&dst.Assumed, rows),
	}
}

// extend lengthens a column by rows whose values are not set yet, and returns
// them.
func extend[T any](column *[]T, rows int) []T {
	n := len(*column)
	*column = slices.Grow(*column, rows)[:n+rows]
	return (*column)[n:]
}

// set writes the i-th of the new rows; rows must be set in order.
func (r *chargeRows) set(i int, c *priced) {
	r.base[i], r.rate[i] = c.base, c.rate
	r.expected[i], r.charged[i], r.variance[i], r.class[i] = c.expected, c.charged, c.variance, c.class
	r.assumed[i] = 0
	if c.rule.Assumed {
		r.assumed[i] = 1
	}
	if c.rule != r.rule {
		r.flush(i)
		r.rule = c.rule
	}
}

// flush names the rule of the rows since the last flush, up to row end. Rows of
// one rule stand together, so this is done once for many.
func (r *chargeRows) flush(end int) {
	if rows := end - r.named; rows > 0 {
		appendRepeated(&r.dst.RuleID, r.rule.ID, rows)
		appendRepeated(&r.dst.RuleVer, r.rule.Version, rows)
	}
	r.named = end
}

// appendTexts appends all texts of src to dst. src may be a view whose offsets do
// not begin with 0.
func appendTexts(dst, src *settlement.Text) {
	n := src.Len()
	if n == 0 {
		return
	}
	if len(dst.Offsets) == 0 {
		dst.Offsets = append(dst.Offsets, 0)
	}
	shift := int32(len(dst.Data)) - src.Offsets[0]
	dst.Data = append(dst.Data, src.Data[src.Offsets[0]:src.Offsets[n]]...)
	for _, end := range src.Offsets[1:] {
		dst.Offsets = append(dst.Offsets, end+shift)
	}
}

// appendRepeated appends one text for a number of rows.
func appendRepeated(dst *settlement.Text, text string, rows int) {
	if len(dst.Offsets) == 0 {
		dst.Offsets = append(dst.Offsets, 0)
	}
	start := len(dst.Data)
	dst.Data = slices.Grow(dst.Data, rows*len(text))[:start+rows*len(text)]
	for done := copy(dst.Data[start:], text); done > 0 && start+done < len(dst.Data); {
		done += copy(dst.Data[start+done:], dst.Data[start:start+done])
	}
	for row := 1; row <= rows; row++ {
		dst.Offsets = append(dst.Offsets, int32(start+row*len(text)))
	}
}
