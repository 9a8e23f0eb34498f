package pipeline_test

import (
	"errors"
	"testing"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

func TestRecountIsReadAsItIsPrinted(t *testing.T) {
	payments := settlement.KindSet(settlement.Payment)
	all := settlement.KindSet(settlement.Payment, settlement.Refund, settlement.Revoke)
	for text, want := range map[string]pipeline.Recount{
		"Σ rows of payment, refund, revoke; copies 3":                 {Measure: settlement.Measure{Column: "rows", Kinds: all}, Copies: 3},
		"Σ settled_amount of payment; copies 0.00":                    {Measure: settlement.Measure{Column: "settled_amount", Kinds: payments}},
		"Σ fee_amount × −1 of payment, refund, revoke; copies -12.30": {Measure: settlement.Measure{Column: "fee_amount", Kinds: all, Negate: true}, Copies: -1230},
	} {
		if got := want.String(); got != text {
			t.Errorf("%+v prints %q, want %q", want, got, text)
		}
		if got, err := pipeline.ParseRecount(text); err != nil || got != want {
			t.Errorf("%q reads as %+v, %v; want %+v", text, got, err, want)
		}
	}
	everything := pipeline.Recount{Measure: settlement.Measure{Column: "rows"}}
	if got := everything.String(); got != "Σ rows of payment, refund, revoke; copies 0" {
		t.Errorf("no kinds stand for all of them: %q", got)
	}
	for _, text := range []string{"", "Σ rows", "Σ colour of payment; copies 0", "Σ rows of gift; copies 0", "Σ rows of payment; copies 1.5",
		"Σ rows of ; copies 1", "Σ fee_amount of payment; copies 1e2"} {
		if r, err := pipeline.ParseRecount(text); !errors.Is(err, pipeline.ErrRecount) {
			t.Errorf("%q reads as %+v, %v", text, r, err)
		}
	}
}

func TestRecountAddsCopiesAndTurnsTheSign(t *testing.T) {
	lines := map[settlement.Kind]output.LineTotals{
		settlement.Payment: {Rows: 2, Fee: -60},
		settlement.Refund:  {Rows: 1, Fee: 30},
		settlement.Revoke:  {Rows: 1, Fee: 5},
	}
	of := func(k settlement.Kind) output.LineTotals { return lines[k] }
	fees := pipeline.Recount{Measure: settlement.Measure{Column: "fee_amount", Negate: true}, Copies: -10}
	if got := fees.Of(of); got != 35 {
		t.Errorf("−(−60 + 30 + 5 − 10) = %d", got)
	}
	refunds := pipeline.Recount{Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Refund, settlement.Revoke)}}
	if got := refunds.Of(of); got != 2 {
		t.Errorf("rows of refunds and revokes: %d", got)
	}
}
