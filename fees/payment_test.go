package fees

import (
	"testing"

	"reconcile/settlement"
)

// TestRefundsMeetTheirPayment: only the payment of the same wallet, account and
// number limits a refund.
func TestRefundsMeetTheirPayment(t *testing.T) {
	paid := testLine{txn: "4200", settled: "100.00", rate: "0.60%", fee: "0.10"}
	back := testLine{txn: "4200", kind: refunded, refund: "a", at: "2024-09-12 11:00:00", settled: "100.00", rate: "0.60%", fee: "0.60"}
	change := func(l testLine, change func(*testLine)) testLine { change(&l); return l }
	for _, c := range []struct {
		name     string
		paid     []testLine
		expected string
	}{
		{"its payment", []testLine{paid}, "-0.10"},
		{"no payment in the bucket", nil, "-0.60"},
		{"another number", []testLine{change(paid, func(l *testLine) { l.txn = "4201" })}, "-0.60"},
		{"another number of one order", []testLine{change(paid, func(l *testLine) { l.txn, l.raw = "4201", "S4200" })}, "-0.60"},
		{"the number under another order number", []testLine{change(paid, func(l *testLine) { l.raw = "S4201" })}, "-0.60"},
		{"another account", []testLine{change(paid, func(l *testLine) { l.account = "10002" })}, "-0.60"},
		{"another wallet", []testLine{change(paid, func(l *testLine) { l.wallet = settlement.Alipay })}, "-0.60"},
		{"a payment that did not settle", []testLine{change(paid, func(l *testLine) { l.status = settlement.Failed })}, "-0.60"},
		{"among others", []testLine{change(paid, func(l *testLine) { l.account = "10002" }), paid,
			change(paid, func(l *testLine) { l.txn = "4201" })}, "-0.10"},
		{"shown twice, both charged", []testLine{paid, change(paid, func(l *testLine) { l.refund = "x" })}, "-0.20"},
		{"a payment that was paid a fee", []testLine{change(paid, func(l *testLine) { l.fee = "-0.10" })}, "0.00"},
	} {
		for _, first := range []string{"payment", "refund"} {
			t.Run(c.name+", "+first+" first", func(t *testing.T) {
				list, at := append(append([]testLine{}, c.paid...), back), len(c.paid)
				if first == "refund" {
					list, at = append([]testLine{back}, c.paid...), 0
				}
				charges, _ := charge(t, presets(t), batch(t, list...))
				if got := ChargeAt(charges, at).Expected; got != yuan(t, c.expected) {
					t.Errorf("expected %s, want %s", got, c.expected)
				}
			})
		}
	}
	t.Run("lines without a number are never one payment", func(t *testing.T) {
		lines := batch(t, paid, back)
		lines.ProviderTxnID = settlement.Text{}
		lines.ProviderTxnID.AppendString("")
		lines.ProviderTxnID.AppendString("")
		charges, _ := charge(t, presets(t), lines)
		if got := ChargeAt(charges, 1).Expected; got != -60 {
			t.Errorf("expected %s, want −0.60", got)
		}
	})
	t.Run("a payment whose fee is not stated sets no limit", func(t *testing.T) {
		lines := batch(t, paid, back)
		lines.Fee[0] = settlement.NoAmount
		charges, findings := charge(t, presets(t), lines)
		if got := ChargeAt(charges, 1); got.Expected != -60 {
			t.Errorf("refund: %+v", got)
		}
		if got := ChargeAt(charges, 0); got.Expected != 60 || got.Charged != settlement.NoAmount ||
			got.Variance != settlement.NoAmount || got.Class != settlement.NoClass || len(findings) != 0 {
			t.Errorf("payment: %+v, findings %v", got, findings)
		}
	})
}

// TestOrderOfRefunds: the earlier refund takes what is left, then the smaller
// line ID, whatever the order of rows.
func TestOrderOfRefunds(t *testing.T) {
	list := []testLine{
		{txn: "4200", settled: "2.00", rate: "0.60%", fee: "0.01"},
		{txn: "4200", kind: refunded, refund: "late", at: "2024-09-12 12:00:00", settled: "1.00", rate: "0.60%"},
		{txn: "4200", kind: refunded, refund: "early", at: "2024-09-12 11:00:00", settled: "1.00", rate: "0.60%", fee: "0.01"},
	}
	charges, _ := charge(t, presets(t), batch(t, list...))
	if late, early := charges.Expected[1], charges.Expected[2]; early != -1 || late != 0 {
		t.Errorf("by time: early %s, late %s", early, late)
	}
	list[1].at, list[2].at = "2024-09-12 11:00:00", "2024-09-12 11:00:00"
	list[1].fee, list[2].fee = "0.01", "0.01"
	lines := batch(t, list...)
	first, second := 1, 2
	if lines.ID[2].Compare(lines.ID[1]) < 0 {
		first, second = 2, 1
	}
	charges, _ = charge(t, presets(t), lines)
	if charges.Expected[first] != -1 || charges.Expected[second] != 0 {
		t.Errorf("by line ID: %s then %s", charges.Expected[first], charges.Expected[second])
	}
}
