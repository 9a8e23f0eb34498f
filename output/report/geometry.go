package report

import (
	"math/bits"

	"reconcile/settlement"
)

// partsDown is part in scale-ths of whole, rounded down; 0 where whole is none. Both are
// magnitudes.
func partsDown(part, whole, scale int64) int64 {
	if part <= 0 || whole <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(part), uint64(scale))
	if hi >= uint64(whole) {
		return scale
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(quotient)
}

// barWidth is the width of a bar's drawing in its own units: the page stretches it.
const barWidth = 1000

// span is a piece of an axis from the smallest to the largest of some amounts, 0 among them.
type axis struct{ low, high settlement.Amount }

func (a *axis) hold(v settlement.Amount) { a.low, a.high = min(a.low, v), max(a.high, v) }

// at is where an amount stands on an axis of so many units.
func (a *axis) at(v settlement.Amount, units int64) int64 {
	return partsDown(int64(v-a.low), int64(a.high-a.low), units)
}
