package fees

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

const (
	refunded = settlement.Refund
	revoked  = settlement.Revoke
)

// unknown stands for null in the tables below.
const unknown = "null"

func amountOrNull(t testing.TB, text string) settlement.Amount {
	if text == unknown {
		return settlement.NoAmount
	}
	return yuan(t, text)
}

// TestVarianceClasses: the last line of each case is the one looked at.
func TestVarianceClasses(t *testing.T) {
	pay := func(settled, fee string) testLine {
		return testLine{txn: "4200", settled: settled, rate: "0.60%", fee: fee}
	}
	back := func(settled, fee string) testLine {
		return testLine{txn: "4200", kind: refunded, refund: "a", at: "2024-09-12 11:00:00", settled: settled, rate: "0.60%", fee: fee}
	}
	alipay := func(kind settlement.Kind, settled, fee string) testLine {
		return testLine{wallet: settlement.Alipay, txn: "2024", kind: kind, settled: settled, fee: fee}
	}
	with := func(l testLine, change func(*testLine)) testLine { change(&l); return l }

	for _, c := range []struct {
		name     string
		lines    []testLine
		expected string
		variance string
		class    settlement.VarianceClass
		reason   string // of the break, "" where there is none
	}{
		{"match: a payment", []testLine{pay("100.00", "0.60")}, "0.60", "0.00", settlement.ClassMatch, ""},
		{"match: a payment too small for a fee", []testLine{pay("0.83", "0.00")}, "0.00", "0.00", settlement.ClassMatch, ""},
		{"match: a refund", []testLine{pay("100.00", "0.60"), back("50.00", "0.30")}, "-0.30", "0.00", settlement.ClassMatch, ""},
		{"match: nothing comes back of a payment that was charged nothing",
			[]testLine{pay("100.00", "0.00"), back("100.00", "0.00")}, "0.00", "0.00", settlement.ClassMatch, ""},
		{"match: a rate of 0.00%", []testLine{{settled: "100.00", rate: "0.00%"}}, "0.00", "0.00", settlement.ClassMatch, ""},

		{"rounding_residual: one fen too little", []testLine{pay("100.00", "0.60"), back("50.00", "0.29")},
			"-0.30", "-0.01", settlement.ClassRoundingResidual, ""},
		{"rounding_residual: one fen too much", []testLine{pay("100.00", "0.60"), back("50.00", "0.31")},
			"-0.30", "0.01", settlement.ClassRoundingResidual, ""},
		{"rounding_residual: one fen above the clamp", []testLine{pay("2.00", "0.01"), back("1.00", "0.01"),
			with(back("1.00", "0.01"), func(l *testLine) { l.refund, l.at = "b", "2024-09-12 12:00:00" })},
			"0.00", "0.01", settlement.ClassRoundingResidual, ""},
		{"rounding_residual: the one fen due is kept", []testLine{pay("1.00", "0.01"), back("1.00", "0.00")},
			"-0.01", "-0.01", settlement.ClassRoundingResidual, ""},
		{"rounding_residual: a revoke", []testLine{pay("100.00", "0.60"),
			with(back("100.00", "0.59"), func(l *testLine) { l.kind, l.refund = revoked, "" })},
			"-0.60", "-0.01", settlement.ClassRoundingResidual, ""},
		{"no tolerance on a payment: one fen too much", []testLine{pay("100.00", "0.61")},
			"0.60", "-0.01", settlement.ClassRateMismatch, "100.00 × 0.60% = 0.60 expected, 0.61 charged"},
		{"no tolerance on a payment: one fen too little", []testLine{pay("100.00", "0.59")},
			"0.60", "0.01", settlement.ClassRateMismatch, "100.00 × 0.60% = 0.60 expected, 0.59 charged"},
		{"two fen are not tolerated on a refund", []testLine{pay("100.00", "0.60"), back("50.00", "0.28")},
			"-0.30", "-0.02", settlement.ClassRateMismatch, "50.00 × 0.60% = 0.30 expected back, 0.28 returned"},

		{"rate_mismatch: a payment", []testLine{pay("100.00", "0.65")},
			"0.60", "-0.05", settlement.ClassRateMismatch, "100.00 × 0.60% = 0.60 expected, 0.65 charged"},
		{"rate_mismatch: a fee at 0.00%", []testLine{{settled: "100.00", rate: "0.00%", fee: "0.60"}},
			"0.00", "-0.60", settlement.ClassRateMismatch, "100.00 × 0.00% = 0.00 expected, 0.60 charged"},
		{"rate_mismatch: a refund that is charged", []testLine{pay("100.00", "0.60"), back("50.00", "-0.10")},
			"-0.30", "-0.40", settlement.ClassRateMismatch, "50.00 × 0.60% = 0.30 expected back, 0.10 charged"},

		{"base_mismatch: the order amount", []testLine{with(pay("90.00", "0.60"), func(l *testLine) { l.gross, l.coupon = "100.00", "10.00" })},
			"0.54", "-0.06", settlement.ClassBaseMismatch,
			"90.00 × 0.60% = 0.54 expected, 0.60 charged; 0.60 is the rate on 100.00, another amount of the row"},
		{"base_mismatch: the order amount less coupons", []testLine{with(pay("100.00", "0.54"), func(l *testLine) { l.coupon = "10.00" })},
			"0.60", "0.06", settlement.ClassBaseMismatch,
			"100.00 × 0.60% = 0.60 expected, 0.54 charged; 0.54 is the rate on 90.00, another amount of the row"},
		{"base_mismatch: the amount asked back (申请退款金额)", []testLine{pay("100.00", "0.60"),
			with(back("45.00", "0.30"), func(l *testLine) { l.gross = "50.00" })},
			"-0.27", "0.03", settlement.ClassBaseMismatch,
			"45.00 × 0.60% = 0.27 expected back, 0.30 returned; 0.30 is the rate on 50.00, another amount of the row"},
		{"base_mismatch: the whole share where less was charged", []testLine{pay("100.00", "0.50"), back("100.00", "0.60")},
			"-0.50", "0.10", settlement.ClassBaseMismatch,
			"100.00 × 0.60% = 0.60, limited to 0.50 (what is still held of the payment's fee) expected back, 0.60 returned; the row's full share, more than the limit"},
		{"base_mismatch comes before double_billed", []testLine{with(pay("50.00", "0.60"), func(l *testLine) { l.gross, l.coupon = "100.00", "50.00" })},
			"0.30", "-0.30", settlement.ClassBaseMismatch,
			"50.00 × 0.60% = 0.30 expected, 0.60 charged; 0.60 is the rate on 100.00, another amount of the row"},

		{"fee_not_returned", []testLine{pay("100.00", "0.60"), back("100.00", "0.00")},
			"-0.60", "-0.60", settlement.ClassFeeNotReturned, "100.00 × 0.60% = 0.60 expected back, 0.00 returned"},
		{"fee_not_returned: by a revoke", []testLine{pay("100.00", "0.60"),
			with(back("100.00", "0.00"), func(l *testLine) { l.kind, l.refund = revoked, "" })},
			"-0.60", "-0.60", settlement.ClassFeeNotReturned, "100.00 × 0.60% = 0.60 expected back, 0.00 returned"},
		{"unbilled", []testLine{pay("100.00", "0.00")},
			"0.60", "0.60", settlement.ClassUnbilled, "100.00 × 0.60% = 0.60 expected, 0.00 charged"},
		{"unbilled: one fen", []testLine{pay("0.84", "0.00")},
			"0.01", "0.01", settlement.ClassUnbilled, "0.84 × 0.60% = 0.00504, rounded to 0.01 expected, 0.00 charged"},
		{"double_billed", []testLine{pay("100.00", "1.20")},
			"0.60", "-0.60", settlement.ClassDoubleBilled, "100.00 × 0.60% = 0.60 expected, 1.20 charged; exactly twice"},
		{"double_billed: returned twice", []testLine{pay("100.00", "0.60"), back("50.00", "0.60")},
			"-0.30", "0.30", settlement.ClassDoubleBilled, "50.00 × 0.60% = 0.30 expected back, 0.60 returned; exactly twice"},

		{"rule_missing: a refund of Alipay that returns nothing", []testLine{alipay(settlement.Payment, "100.00", "0.60"), alipay(refunded, "100.00", "0.00")},
			unknown, unknown, settlement.ClassRuleMissing, ""},
		{"rule_missing: a refund of Alipay that returns fee", []testLine{alipay(settlement.Payment, "100.00", "0.60"), alipay(refunded, "100.00", "0.60")},
			unknown, unknown, settlement.ClassRuleMissing, ""},
		{"rule_missing: a wallet without a rule", []testLine{{wallet: settlement.TaobaoAggregated, settled: "100.00", fee: "0.60"}},
			unknown, unknown, settlement.ClassRuleMissing, ""},

		{"an assumed rate: match", []testLine{alipay(settlement.Payment, "100.00", "0.60")}, "0.60", "0.00", settlement.ClassMatch, ""},
		{"an assumed rate is never a break: unbilled", []testLine{alipay(settlement.Payment, "100.00", "0.00")},
			"0.60", "0.60", settlement.ClassUnbilled, ""},
		{"an assumed rate is never a break: rate_mismatch", []testLine{alipay(settlement.Payment, "100.00", "0.38")},
			"0.60", "0.22", settlement.ClassRateMismatch, ""},
		{"an assumed rate is never a break: double_billed", []testLine{alipay(settlement.Payment, "100.00", "1.20")},
			"0.60", "-0.60", settlement.ClassDoubleBilled, ""},
		{"an assumed rate of a wallet that returns fee", []testLine{{txn: "4200", settled: "100.00", fee: "0.60"},
			{txn: "4200", kind: refunded, refund: "a", settled: "100.00"}},
			"-0.60", "-0.60", settlement.ClassFeeNotReturned, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := batch(t, c.lines...)
			charges, findings := charge(t, presets(t), lines)
			last := len(c.lines) - 1
			got := ChargeAt(charges, last)
			if got.Expected != amountOrNull(t, c.expected) || got.Variance != amountOrNull(t, c.variance) || got.Class != c.class {
				t.Errorf("expected %s, variance %s, class %s; want %s, %s, %s",
					got.Expected, got.Variance, got.Class, c.expected, c.variance, c.class)
			}
			var finding *Finding
			for i := range findings {
				if findings[i].Row == int32(last) {
					finding = &findings[i]
				}
			}
			switch {
			case c.reason == "" && finding != nil:
				t.Errorf("is a break: %s", finding.Reason)
			case c.reason != "" && finding == nil:
				t.Error("is no break")
			case finding != nil:
				if finding.Reason != c.reason {
					t.Errorf("reason %q, want %q", finding.Reason, c.reason)
				}
				if finding.Expected != -got.Expected || finding.Actual != lines.Fee[last] {
					t.Errorf("break says %s expected, %s actual", finding.Expected, finding.Actual)
				}
			}
		})
	}
}

func TestChargeRow(t *testing.T) {
	lines := batch(t,
		testLine{txn: "4200", raw: "S1", settled: "100.00", rate: "0.60%", fee: "0.65"},
		testLine{txn: "4200", raw: "S1", kind: refunded, refund: "a", settled: "50.00", rate: "0.60%", fee: "0.30", at: "2024-09-12 11:00:00"},
		testLine{wallet: settlement.Alipay, account: "2088", raw: "S2", settled: "10.00"},
		testLine{wallet: settlement.Alipay, account: "2088", raw: "S3", kind: refunded, settled: "10.00"})
	charges, findings := charge(t, presets(t), lines)
	want := []Charge{
		{settlement.Payment, OwnRate, OwnRateVersion, 10000, 6000, 60, 65, -5, settlement.ClassRateMismatch, false},
		{settlement.Refund, OwnRate, OwnRateVersion, 5000, 6000, -30, -30, 0, settlement.ClassMatch, false},
		{settlement.Payment, "alipay_acquiring_standard", "1", 1000, 6000, 6, 0, 6, settlement.ClassUnbilled, true},
		{settlement.Refund, "", "", 1000, settlement.NoRate, settlement.NoAmount, 0, settlement.NoAmount, settlement.ClassRuleMissing, false},
	}
	for i := range want {
		if diff := cmp.Diff(want[i], ChargeAt(charges, i)); diff != "" {
			t.Errorf("row %d (− want, + got):\n%s", i, diff)
		}
		if charges.LineID[i] != lines.ID[i] || charges.Wallet[i] != lines.Wallet[i] || charges.SettledOn[i] != lines.SettledOn[i] ||
			charges.Account.StringAt(i) != lines.Account.StringAt(i) || charges.OrderNo.StringAt(i) != lines.OrderNo.StringAt(i) ||
			charges.Component[i] != settlement.ChannelFee {
			t.Errorf("row %d does not name its line", i)
		}
	}
	wantFindings := []Finding{{Row: 0, Expected: -60, Actual: -65, Reason: "100.00 × 0.60% = 0.60 expected, 0.65 charged"}}
	if diff := cmp.Diff(wantFindings, findings); diff != "" {
		t.Errorf("findings (− want, + got):\n%s", diff)
	}
}

func TestLinesThatSettleNothingCostNothing(t *testing.T) {
	paid := testLine{txn: "4200", settled: "100.00", rate: "0.60%", fee: "0.60"}
	for _, status := range []settlement.Status{settlement.Failed, settlement.Changed} {
		t.Run(status.String(), func(t *testing.T) {
			failed := testLine{txn: "4200", kind: refunded, refund: "a", at: "2024-09-12 11:00:00", status: status,
				settled: "100.00", rate: "0.60%", fee: "0.00"}
			again := testLine{txn: "4200", kind: refunded, refund: "b", at: "2024-09-12 12:00:00",
				settled: "100.00", rate: "0.60%", fee: "0.60"}
			charges, findings := charge(t, presets(t), batch(t, paid, failed, again))
			if got := ChargeAt(charges, 1); got.Base != 0 || got.Expected != 0 || got.Class != settlement.ClassMatch {
				t.Errorf("got %+v", got)
			}
			if len(findings) != 0 {
				t.Errorf("findings %v", findings)
			}

			failed.fee = "0.60"
			charges, findings = charge(t, presets(t), batch(t, paid, failed, again))
			if got := ChargeAt(charges, 1); got.Expected != 0 || got.Class != settlement.ClassBaseMismatch {
				t.Errorf("with a fee: %+v", got)
			}
			if len(findings) != 1 || findings[0].Row != 1 || findings[0].Expected != 0 || findings[0].Actual != 60 ||
				!strings.HasPrefix(findings[0].Reason, "a refund with status "+status.String()+" settles nothing: 0.00 × 0.60% = 0.00 expected back, 0.60 returned") {
				t.Errorf("with a fee: findings %v", findings)
			}
			if got := ChargeAt(charges, 2); got.Expected != -60 || got.Class != settlement.ClassMatch {
				t.Errorf("a failed refund used up what the next one returns: %+v", got)
			}
		})
	}
	t.Run("processing settles", func(t *testing.T) {
		charges, _ := charge(t, presets(t), batch(t, paid, testLine{txn: "4200", kind: refunded, refund: "a",
			status: settlement.Processing, settled: "50.00", rate: "0.60%", fee: "0.30"}))
		if got := ChargeAt(charges, 1); got.Expected != -30 || got.Class != settlement.ClassMatch {
			t.Errorf("got %+v", got)
		}
	})
}

func TestEscrowOrdersAreNotPricedByAPreset(t *testing.T) {
	for _, c := range []struct {
		raw    string
		escrow bool
	}{
		{"T200P3651234567890123456", true}, {"T50060NP123", true}, {"T200P", true},
		{"S20240912", false}, {"", false}, {"T", false}, {"TP1", false}, {"T200", false}, {"T200N", false}, {"T200X1", false}, {"2T0P1", false},
	} {
		t.Run(c.raw, func(t *testing.T) {
			if isEscrowNumber([]byte(c.raw)) != c.escrow {
				t.Errorf("escrow number: %t", !c.escrow)
			}
			if c.raw == "" {
				return
			}
			charges, findings := charge(t, presets(t), batch(t, testLine{wallet: settlement.Alipay, raw: c.raw, settled: "100.00"}))
			class := settlement.ClassUnbilled
			if c.escrow {
				class = settlement.ClassRuleMissing
			}
			if got := ChargeAt(charges, 0); got.Class != class || len(findings) != 0 {
				t.Errorf("got %+v, findings %v", got, findings)
			}
		})
	}
}

func TestRefusedBatchesLeaveNothingBehind(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines func() *settlement.Lines
		want  string
	}{
		{"a line of no kind", func() *settlement.Lines {
			lines := batch(t, testLine{settled: "1.00"}, testLine{settled: "1.00"})
			lines.Kind[1] = settlement.NoKind
			return lines
		}, "neither payment, refund nor revoke"},
		{"fees of one payment beyond 64 bits", func() *settlement.Lines {
			lines := batch(t, testLine{txn: "4200", settled: "1.00"}, testLine{txn: "4200", settled: "1.00", refund: "x"},
				testLine{txn: "4200", settled: "1.00", kind: refunded, refund: "a"})
			lines.Fee[0], lines.Fee[1] = -math.MaxInt64, -1
			return lines
		}, "fees charged on payment 4200"},
		{"fees returned beyond 64 bits", func() *settlement.Lines {
			lines := batch(t, testLine{txn: "4200", settled: "1.00"}, testLine{txn: "4200", settled: "1.00", kind: refunded, refund: "a"},
				testLine{txn: "4200", settled: "1.00", kind: refunded, refund: "b"})
			lines.Fee[1], lines.Fee[2] = math.MaxInt64, math.MaxInt64
			return lines
		}, "fees returned on payment 4200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := &settlement.Charges{}
			findings, err := ChargeLines(presets(t), c.lines(), Known{}, dst)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if settlement.Record(dst).NumRows() != 0 || findings != nil {
				t.Error("something was left behind")
			}
		})
	}
}

// TestViewsAndAppending: lines that lie over a slice of a record give the charges
// of those rows, and charges are appended to those that are there.
func TestViewsAndAppending(t *testing.T) {
	lines := batch(t, testLine{account: "1", raw: "first", settled: "100.00", rate: "0.60%", fee: "0.60"},
		testLine{account: "22", raw: "second", txn: "4200", settled: "100.00", rate: "0.60%", fee: "0.10"},
		testLine{account: "22", raw: "third", txn: "4200", kind: refunded, refund: "a", settled: "100.00", rate: "0.60%", fee: "0.10"})
	whole, _ := charge(t, presets(t), lines)
	var tail settlement.Lines
	if err := settlement.View(settlement.Record(lines).NewSlice(1, 3), &tail); err != nil {
		t.Fatal(err)
	}
	joined, _ := charge(t, presets(t), batch(t, testLine{account: "1", raw: "first", settled: "100.00", rate: "0.60%", fee: "0.60"}))
	if _, err := ChargeLines(presets(t), &tail, Known{}, joined); err != nil {
		t.Fatal(err)
	}
	for i, column := range joined.Columns() {
		if diff := cmp.Diff(whole.Columns()[i].Values(), column.Values()); diff != "" {
			t.Errorf("column %s:\n%s", column.Name, diff)
		}
	}
}

func TestNoLines(t *testing.T) {
	charges, findings := charge(t, presets(t), &settlement.Lines{})
	if charges.Len() != 0 || findings != nil {
		t.Errorf("%d charges, findings %v", charges.Len(), findings)
	}
}

// TestWhatIsNotStatedIsNotGuessed: lines that lack what a fee needs get no
// expectation, and no break.
func TestWhatIsNotStatedIsNotGuessed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*settlement.Lines)
		want   Charge
	}{
		{"no settled amount", func(l *settlement.Lines) { l.Settled[0] = settlement.NoAmount },
			Charge{settlement.Refund, "", "", settlement.NoAmount, settlement.NoRate, settlement.NoAmount, -60, settlement.NoAmount, settlement.ClassRuleMissing, false}},
		{"no wallet and no rate", func(l *settlement.Lines) { l.Wallet[0], l.FeeRate[0] = settlement.NoWallet, settlement.NoRate },
			Charge{settlement.Refund, "", "", 10000, settlement.NoRate, settlement.NoAmount, -60, settlement.NoAmount, settlement.ClassRuleMissing, false}},
		{"no time: the one rule that always held", func(l *settlement.Lines) { l.OccurredAt[0], l.FeeRate[0] = settlement.NoInstant, settlement.NoRate },
			Charge{settlement.Refund, "wechat_acquiring_standard", "1", 10000, 6000, -60, -60, 0, settlement.ClassMatch, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := batch(t, testLine{kind: refunded, refund: "a", settled: "100.00", rate: "0.60%", fee: "0.60"})
			c.change(lines)
			charges, findings := charge(t, presets(t), lines)
			if diff := cmp.Diff(c.want, ChargeAt(charges, 0)); diff != "" || len(findings) != 0 {
				t.Errorf("findings %v, charge (− want, + got):\n%s", findings, diff)
			}
		})
	}
	t.Run("a wallet beyond those with rules", func(t *testing.T) {
		if rule := presets(t).Select(Subject{Wallet: settlement.Bank + 1, Event: OnPayment}, at(t, "2024-09-12 10:00:00")); rule != nil {
			t.Errorf("got %s", rule)
		}
	})
}
