package report

import "reconcile/settlement"

// barWidth is the width of a bar's drawing in its own units: the page stretches it.
const barWidth = 1000

// span is a piece of an axis from the smallest to the largest of some amounts, 0 among them.
type axis struct{ low, high settlement.Amount }

func (a *axis) hold(v settlement.Amount) { a.low, a.high = min(a.low, v), max(a.high, v) }

// at is where an amount stands on an axis of so many units.
func (a *axis) at(v settlement.Amount, units int64) int64 {
	return settlement.PartsDown(int64(v-a.low), int64(a.high-a.low), units)
}
