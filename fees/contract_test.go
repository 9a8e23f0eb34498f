package fees

import (
	"testing"

	"reconcile/settlement"
)

// TestContractAgainstOwnRate: where both are known the expectation is the
// contract's, and a fee at odds with either is a break.
func TestContractAgainstOwnRate(t *testing.T) {
	terms := schedule(t, contract("terms", settlement.WeChat, 5400, settlement.NoInstant, settlement.NoInstant))
	for _, c := range []struct {
		name, rate, fee string
		class           settlement.VarianceClass
		reason          string
	}{
		{"all agree", "0.54%", "0.54", settlement.ClassMatch, ""},
		{"billed by another rate than the contract's", "0.60%", "0.60", settlement.ClassRateMismatch, "100.00 × 0.54% = 0.54 expected, 0.60 charged (contract: terms)"},
		{"a promotion of 0.00% is a rate, not an unbilled fee", "0.00%", "0.00", settlement.ClassRateMismatch, "100.00 × 0.54% = 0.54 expected, 0.00 charged (contract: terms)"},
		{"the contract's fee, but not the row's own", "0.60%", "0.54", settlement.ClassMatch, "100.00 × 0.60% = 0.60 expected, 0.54 charged"},
		{"neither", "0.60%", "0.70", settlement.ClassRateMismatch, "100.00 × 0.54% = 0.54 expected, 0.70 charged (contract: terms)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			charges, findings := charge(t, terms, batch(t, testLine{settled: "100.00", rate: c.rate, fee: c.fee}))
			if got := ChargeAt(charges, 0); got.RuleID != "terms" || got.Expected != 54 || got.Class != c.class || got.Assumed {
				t.Errorf("got %+v", got)
			}
			if c.reason == "" && len(findings) > 0 || c.reason != "" && (len(findings) != 1 || findings[0].Reason != c.reason) {
				t.Errorf("findings %v, want %q", findings, c.reason)
			}
		})
	}
	t.Run("as billed: the bill is right unless its own rate says otherwise", func(t *testing.T) {
		billed := schedule(t, Rule{ID: "billed", Version: "1", Wallet: settlement.WeChat, Event: OnPayment,
			From: settlement.NoInstant, Until: settlement.NoInstant, Kind: AsBilled, Rate: settlement.NoRate, Source: "bill", Mark: Convention})
		charges, findings := charge(t, billed, batch(t, testLine{settled: "100.00", fee: "0.70"},
			testLine{settled: "100.00", rate: "0.60%", fee: "0.70"}))
		if got := ChargeAt(charges, 0); got.Expected != 70 || got.Class != settlement.ClassMatch || got.RuleID != "billed" {
			t.Errorf("got %+v", got)
		}
		if len(findings) != 1 || findings[0].Row != 1 || findings[0].Expected != -60 || findings[0].Actual != -70 {
			t.Errorf("findings %v", findings)
		}
	})
	t.Run("a contract silent on refunds leaves them to their own rate", func(t *testing.T) {
		silent := contract("silent", settlement.WeChat, 6000, settlement.NoInstant, settlement.NoInstant)
		silent.Refund = RefundUnknown
		charges, _ := charge(t, schedule(t, silent), batch(t,
			testLine{kind: refunded, refund: "a", settled: "100.00", rate: "0.60%", fee: "0.60"},
			testLine{kind: refunded, refund: "b", settled: "100.00", fee: "0.60"}))
		if got := ChargeAt(charges, 0); got.RuleID != OwnRate || got.Expected != -60 {
			t.Errorf("with its own rate: %+v", got)
		}
		if got := ChargeAt(charges, 1); got.Class != settlement.ClassRuleMissing {
			t.Errorf("without: %+v", got)
		}
	})
	t.Run("a rule of its own for refunds", func(t *testing.T) {
		refunds := contract("refunds", settlement.WeChat, 3000, settlement.NoInstant, settlement.NoInstant)
		refunds.Event = OnRefund
		both := schedule(t, refunds, contract("payments", settlement.WeChat, 6000, settlement.NoInstant, settlement.NoInstant))
		charges, _ := charge(t, both, batch(t, testLine{txn: "4200", settled: "100.00", fee: "0.60"},
			testLine{txn: "4200", kind: revoked, settled: "100.00", fee: "0.30"}))
		if got := ChargeAt(charges, 1); got.RuleID != "refunds" || got.Expected != -30 || got.Class != settlement.ClassMatch {
			t.Errorf("got %+v", got)
		}
	})
}

// TestFeeReturnedAgainstTheContract: by contract the wallet keeps the fee, yet
// some came back.
func TestFeeReturnedAgainstTheContract(t *testing.T) {
	keeps := contract("keeps", settlement.Alipay, 6000, settlement.NoInstant, settlement.NoInstant)
	keeps.Refund = RefundNone
	charges, findings := charge(t, schedule(t, keeps), batch(t,
		testLine{wallet: settlement.Alipay, kind: refunded, refund: "a", settled: "100.00", fee: "0.60"}))
	if got := ChargeAt(charges, 0); got.Expected != 0 || got.Variance != 60 || got.Class != settlement.ClassRateMismatch {
		t.Errorf("got %+v", got)
	}
	if len(findings) != 1 || findings[0].Reason != "rule keeps: 0.00 expected back, 0.60 returned" {
		t.Errorf("findings %v", findings)
	}
}
