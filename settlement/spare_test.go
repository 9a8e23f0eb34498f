package settlement_test

import (
	"testing"

	"reconcile/settlement"
)

func TestSpareGivesEmptyBatchesAndKeepsFew(t *testing.T) {
	spare := settlement.Spare[settlement.Charges, *settlement.Charges]{Most: 1}
	first, second := spare.Take(), spare.Take()
	first.OrderNo.AppendString("O1")
	first.LineID = append(first.LineID, settlement.ID{Hi: 1})
	spare.Give(nil)
	spare.Give(first)
	spare.Give(second)
	again := spare.Take()
	if again != first || again.Len() != 0 || again.OrderNo.Len() != 0 {
		t.Errorf("got a batch of %d rows, the first one: %v", again.Len(), again == first)
	}
	if spare.Take() == second {
		t.Error("kept more than it should")
	}
}
