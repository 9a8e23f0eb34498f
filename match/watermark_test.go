package match

import (
	"testing"

	"reconcile/settlement"
)

// A later list of refunds says nothing of payments, and without one no refund is
// judged.
func TestEachListSpeaksForItself(t *testing.T) {
	const noon, one, two = 12 * 60 * settlement.Minute, 13 * 60 * settlement.Minute, 14 * 60 * settlement.Minute
	for _, c := range []struct {
		name  string
		rules Rules
		kind  settlement.Kind
		at    settlement.Instant
		due   bool
	}{
		{"payment before the orders' watermark", Rules{Watermark: one, RefundWatermark: one}, settlement.Payment, noon, true},
		{"payment at the watermark", Rules{Watermark: noon, RefundWatermark: noon}, settlement.Payment, noon, false},
		{"payment after the orders, before the refunds' watermark", Rules{Watermark: noon, RefundWatermark: two, RefundsListed: true}, settlement.Payment, one, false},
		{"refund before its watermark", Rules{Watermark: noon, RefundWatermark: two, RefundsListed: true}, settlement.Refund, one, true},
		{"refund where none are listed", Rules{Watermark: two, RefundWatermark: two}, settlement.Refund, one, false},
		{"revoke goes with the refunds", Rules{Watermark: noon, RefundWatermark: two, RefundsListed: true}, settlement.Revoke, one, true},
		{"no orders at all", Rules{Watermark: settlement.NoInstant, RefundWatermark: settlement.NoInstant}, settlement.Payment, noon, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rules.lineDue(c.kind, c.at); got != c.due {
				t.Errorf("due is %v", got)
			}
		})
	}
}
