package fees

import (
	"errors"
	"math"
	"testing"

	"reconcile/settlement"
)

func TestTotalsSkipWhatIsUnknown(t *testing.T) {
	charges, _ := charge(t, presets(t), batch(t,
		testLine{settled: "100.00", rate: "0.60%", fee: "0.65"},
		testLine{wallet: settlement.Alipay, settled: "100.00"},
		testLine{wallet: settlement.Alipay, kind: settlement.Refund, settled: "100.00", fee: "0.30"}))
	var got Totals
	if err := got.Add(charges); err != nil {
		t.Fatal(err)
	}
	want := Totals{Rows: 3, Expected: 120, Charged: 35, Variance: 55}
	want.ByClass[settlement.ClassRateMismatch], want.ByClass[settlement.ClassUnbilled] = -5, 60
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTotalsThatDoNotFitAreErrors(t *testing.T) {
	charges, _ := charge(t, presets(t), batch(t, testLine{settled: "100.00", rate: "0.60%", fee: "0.60"}))
	for name, full := range map[string]Totals{
		"expected": {Expected: math.MaxInt64}, "charged": {Charged: math.MaxInt64},
		"variance": {Variance: math.MaxInt64}, "class": {ByClass: [10]settlement.Amount{settlement.ClassMatch: math.MaxInt64}},
	} {
		t.Run(name, func(t *testing.T) {
			one := *charges
			one.Variance = []settlement.Amount{1}
			added := full
			if err := added.Add(&one); !errors.Is(err, settlement.ErrOverflow) {
				t.Errorf("adding rows: %v", err)
			}
			var other Totals
			if err := other.Add(&one); err != nil {
				t.Fatal(err)
			}
			if err := full.Merge(other); !errors.Is(err, settlement.ErrOverflow) {
				t.Errorf("merging: %v", err)
			}
		})
	}
}
