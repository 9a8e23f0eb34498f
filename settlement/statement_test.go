package settlement

import "testing"

func TestWhatAKindOfStatementShows(t *testing.T) {
	for _, c := range []struct {
		kind                    StatementKind
		payment, refund, revoke bool
	}{
		{TradeBill, true, true, true},
		{TradeBillSuccess, true, false, false},
		{TradeBillRefund, false, true, true},
		{TradeSummary, false, false, false},
		{OrderExtract, false, false, false},
	} {
		if c.kind.Covers(Payment) != c.payment || c.kind.Covers(Refund) != c.refund || c.kind.Covers(Revoke) != c.revoke {
			t.Errorf("%s: payment %v, refund %v, revoke %v", c.kind, c.kind.Covers(Payment), c.kind.Covers(Refund), c.kind.Covers(Revoke))
		}
	}
}

func TestControlTotalsTieExactly(t *testing.T) {
	for _, c := range []struct {
		total                        ControlTotal
		ties                         bool
		stated, computed, difference string
	}{
		{ControlTotal{Stated: 4800, Computed: 4800, Measure: Measure{Column: "gross_amount"}}, true, "48.00", "48.00", "0.00"},
		{ControlTotal{Stated: 4801, Computed: 4800, Measure: Measure{Column: "fee_amount"}}, false, "48.01", "48.00", "-0.01"},
		{ControlTotal{Stated: 48, Computed: 49, Measure: Measure{Column: "rows"}}, false, "48", "49", "1"},
		{ControlTotal{Stated: -5, Computed: 5, Measure: Measure{Column: "fee_amount"}}, false, "-0.05", "0.05", "0.10"},
	} {
		if c.total.Ties() != c.ties || c.total.StatedText() != c.stated || c.total.ComputedText() != c.computed || c.total.DifferenceText() != c.difference {
			t.Errorf("%+v: %v, %s, %s, %s", c.total, c.total.Ties(), c.total.StatedText(), c.total.ComputedText(), c.total.DifferenceText())
		}
	}
}

func TestAMeasureOfNoKindsCountsAll(t *testing.T) {
	refunds := Measure{Kinds: KindSet(Refund, Revoke)}
	for kind, want := range map[Kind]bool{Payment: false, Refund: true, Revoke: true} {
		if refunds.Has(kind) != want || !(Measure{}).Has(kind) {
			t.Errorf("%s: %v among refunds, %v among all", kind, refunds.Has(kind), Measure{}.Has(kind))
		}
	}
}

func TestParseWallet(t *testing.T) {
	for text, want := range map[string]Wallet{"alipay": Alipay, "wechat": WeChat, "taobao_aggregated": TaobaoAggregated, "bank": Bank} {
		if got, ok := ParseWallet(text); !ok || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "Alipay", "wechat ", "paypal"} {
		if got, ok := ParseWallet(text); ok || got != NoWallet {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

func TestACodeBeyondItsDictionaryHasNoWord(t *testing.T) {
	if w := Wallet(200).String(); w != "" {
		t.Errorf("got %q", w)
	}
}
