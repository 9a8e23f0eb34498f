package fees

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

func TestArithmetic(t *testing.T) {
	const own, null = OwnRate, settlement.NoAmount
	pay, back := settlement.Payment, settlement.Refund
	for _, c := range []struct {
		want string
		Charge
	}{
		{"100.00 × 0.60% = 0.60 expected, 0.65 charged", Charge{Event: pay, RuleID: own, Base: 10000, Rate: 6000, Expected: 60, Charged: 65}},
		{"32.50 × 0.60% = 0.195, rounded to 0.20 expected, 0.20 charged", Charge{Event: pay, RuleID: own, Base: 3250, Rate: 6000, Expected: 20, Charged: 20}},
		{"0.01 × 0.60% = 0.00006, rounded to 0.00 expected, 0.00 charged", Charge{Event: pay, RuleID: own, Base: 1, Rate: 6000}},
		{"0.01 × 0.0001% = 0.00000001, rounded to 0.00 expected, 0.00 charged", Charge{Event: pay, RuleID: own, Base: 1, Rate: 1}},
		{"0.00 × 0.60% = 0.00 expected, 0.00 charged", Charge{Event: pay, RuleID: own, Rate: 6000}},
		{"100.00 × 0.60% = 0.60 expected, 0.10 paid to the merchant", Charge{Event: pay, RuleID: own, Base: 10000, Rate: 6000, Expected: 60, Charged: -10}},
		{"50.00 × 0.60% = 0.30 expected back, 0.30 returned", Charge{Event: back, RuleID: own, Base: 5000, Rate: 6000, Expected: -30, Charged: -30}},
		{"50.00 × 0.60% = 0.30 expected back, 0.10 charged", Charge{Event: back, RuleID: own, Base: 5000, Rate: 6000, Expected: -30, Charged: 10}},
		{"1.00 × 0.60% = 0.006, rounded to 0.01, limited to 0.00 (what is still held of the payment's fee) expected back, 0.00 returned",
			Charge{Event: back, RuleID: own, Base: 100, Rate: 6000}},
		{"no rule gives an expectation for 50.00, 0.00 returned", Charge{Event: back, Base: 5000, Rate: settlement.NoRate, Expected: null}},
		{"no rule gives an expectation, 0.10 charged", Charge{Event: pay, Base: null, Rate: settlement.NoRate, Expected: null, Charged: 10}},
		{"rule keeps: 0.00 expected back, 0.30 returned", Charge{Event: back, RuleID: "keeps", Base: 5000, Rate: settlement.NoRate, Charged: -30}},
		{"100.00 × 0.60% = 0.60 expected, the bill does not say what was charged", Charge{Event: pay, RuleID: own, Base: 10000, Rate: 6000, Expected: 60, Charged: null}},
		{"100.00 × 0.54% = 0.54 expected, 0.60 charged (contract: terms)",
			Charge{Event: pay, RuleID: "terms", Base: 10000, Rate: 5400, Expected: 54, Charged: 60}},
		{"100.00 × 0.60% = 0.60 expected, 0.00 charged (assumed: alipay_acquiring_standard)",
			Charge{Event: pay, RuleID: "alipay_acquiring_standard", Base: 10000, Rate: 6000, Expected: 60, Assumed: true}},
	} {
		t.Run(c.want, func(t *testing.T) {
			if got := Arithmetic(c.Charge); got != c.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestProductIsExact: the printed product is the product, digit for digit.
func TestProductIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := settlement.Amount(rapid.Int64Range(-int64(settlement.MaxAmount), int64(settlement.MaxAmount)).Draw(t, "base"))
		rate := settlement.Rate(rapid.Int32Range(0, 1_000_000).Draw(t, "rate"))
		text, whole := productText(base, rate)
		printed, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is no number", text)
		}
		want := new(big.Rat).Mul(big.NewRat(int64(base), 100), big.NewRat(int64(rate), 1_000_000))
		if printed.Cmp(want) != 0 {
			t.Fatalf("printed %s, is %s", text, want)
		}
		if _, decimals, _ := strings.Cut(text, "."); whole != (len(decimals) == 2) {
			t.Fatalf("%s: whole fen %t", text, whole)
		}
	})
}
