package fees

import (
	"fmt"

	"reconcile/settlement"
)

// Totals adds charges up, in fen and with the signs of the table charges.
type Totals struct {
	Rows     int64
	Expected settlement.Amount // over the rows that have an expectation
	Charged  settlement.Amount // over the rows whose line states a fee
	Variance settlement.Amount // over the rows that have both
	// ByClass splits Variance: its sum is Variance.
	ByClass [settlement.ClassDoubleBilled + 1]settlement.Amount
}

// Add adds the rows of charges to t. A sum that does not fit 64 bits is an error
// that names it; t is then of no use.
func (t *Totals) Add(charges *settlement.Charges) error {
	for i, class := range charges.Class {
		if int(class) >= len(t.ByClass) {
			return fmt.Errorf("charge of line %s has unknown variance class %d", charges.LineID[i], class)
		}
		variance := charges.Variance[i]
		if !addKnown(&t.Expected, charges.Expected[i]) || !addKnown(&t.Charged, charges.Charged[i]) ||
			!addKnown(&t.Variance, variance) || !addKnown(&t.ByClass[class], variance) {
			return fmt.Errorf("totals of fees at line %s: %w", charges.LineID[i], settlement.ErrOverflow)
		}
	}
	t.Rows += int64(charges.Len())
	return nil
}

// Merge adds the totals of another bucket to t, with the same error.
func (t *Totals) Merge(other Totals) error {
	fits := addKnown(&t.Expected, other.Expected) && addKnown(&t.Charged, other.Charged) &&
		addKnown(&t.Variance, other.Variance)
	for class := range other.ByClass {
		fits = fits && addKnown(&t.ByClass[class], other.ByClass[class])
	}
	if !fits {
		return fmt.Errorf("totals of fees: %w", settlement.ErrOverflow)
	}
	t.Rows += other.Rows
	return nil
}

// addKnown adds a to sum unless it is NoAmount; false says that the sum does not
// fit.
func addKnown(sum *settlement.Amount, a settlement.Amount) bool {
	if a == settlement.NoAmount {
		return true
	}
	total, err := sum.Add(a)
	*sum = total
	return err == nil && total != settlement.NoAmount
}
