package fees

import (
	"testing"

	"reconcile/settlement"
)

// TestFeeOfAPayment holds the worked examples of acquiring fees (by their ids)
// and real rows of WeChat Pay bills (by their dates). Each is checked by the
// row's own rate and by a contract of that rate.
func TestFeeOfAPayment(t *testing.T) {
	for _, c := range []struct{ name, base, rate, fee string }{
		{"A01 standard rate", "100.00", "0.60%", "0.60"},
		{"A02 one fen costs nothing", "0.01", "0.60%", "0.00"},
		{"largest amount without a fee", "0.83", "0.60%", "0.00"},
		{"A04 smallest amount with a fee", "0.84", "0.60%", "0.01"},
		{"A05 exact half rounds up", "7.50", "0.60%", "0.05"},
		{"A07 just below half", "1.31", "0.38%", "0.00"},
		{"A08 just above half", "1.32", "0.38%", "0.01"},
		{"A10 nine tenths of the rate", "100.00", "0.54%", "0.54"},
		{"A11 half a fen at 1%", "0.50", "1.00%", "0.01"},
		{"A13 half a fen at 0.2%", "2.50", "0.20%", "0.01"},
		{"A14 0.30%", "350.00", "0.30%", "1.05"},
		{"2015-08-14 real row", "21.00", "0.30%", "0.06"},
		{"2015-09-30 real row", "10.80", "0.60%", "0.06"},
		{"2016-02-16 real row, exact half", "32.50", "0.60%", "0.20"},
		{"2016-02-16 real row", "95.00", "0.60%", "0.57"},
		{"2016-05-20 real row, 1 yuan", "1.00", "0.60%", "0.01"},
		{"2016-05-20 real row, 1 fen", "0.01", "0.60%", "0.00"},
		{"2018-05-07 real row, 1000 yuan", "1000.00", "0.60%", "6.00"},
		{"2018-05-07 real row, 400 yuan", "400.00", "0.60%", "2.40"},
		{"2018-05-07 real row, 3 fen", "0.03", "0.60%", "0.00"},
		{"2019-02-19 real row, 3 fen at 39%", "0.03", "39.00%", "0.01"},
		{"2019-02-19 real row, 1 fen at 39%", "0.01", "39.00%", "0.00"},
		{"2019-07-25 real row", "6.00", "0.60%", "0.04"},
		{"2020-01-04 real row", "0.12", "1.00%", "0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			byRow, findings := charge(t, presets(t), batch(t, testLine{settled: c.base, rate: c.rate, fee: c.fee}))
			got := ChargeAt(byRow, 0)
			if got.Expected != yuan(t, c.fee) || got.Class != settlement.ClassMatch || got.Assumed ||
				got.RuleID != OwnRate || got.Base != yuan(t, c.base) || got.Rate != percent(t, c.rate) || len(findings) != 0 {
				t.Errorf("by its own rate: %+v, findings %v, want %s expected", got, findings, c.fee)
			}
			terms := schedule(t, contract("terms", settlement.Alipay, percent(t, c.rate), settlement.NoInstant, settlement.NoInstant))
			byContract, findings := charge(t, terms, batch(t, testLine{wallet: settlement.Alipay, settled: c.base, fee: c.fee}))
			got = ChargeAt(byContract, 0)
			if got.Expected != yuan(t, c.fee) || got.Class != settlement.ClassMatch || got.RuleID != "terms" || len(findings) != 0 {
				t.Errorf("by contract: %+v, findings %v, want %s expected", got, findings, c.fee)
			}
		})
	}
}

func TestBaseIsTheSettledAmount(t *testing.T) {
	for _, c := range []struct{ name, settled, gross, coupon, fee string }{
		{"A16 a coupon without top-up (免充值券) leaves the base", "90.00", "100.00", "10.00", "0.54"},
		{"A17 a prepaid coupon (充值券) stays in the base", "100.00", "100.00", "10.00", "0.60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			charges, _ := charge(t, presets(t), batch(t,
				testLine{settled: c.settled, gross: c.gross, coupon: c.coupon, rate: "0.60%", fee: c.fee}))
			got := ChargeAt(charges, 0)
			if got.Base != yuan(t, c.settled) || got.Expected != yuan(t, c.fee) || got.Class != settlement.ClassMatch {
				t.Errorf("got %+v, want %s on %s", got, c.fee, c.settled)
			}
		})
	}
}

// TestFeeReturnedByRefunds holds the worked examples of refunds: what comes back,
// refund by refund, from a wallet that returns what is due.
func TestFeeReturnedByRefunds(t *testing.T) {
	for _, c := range []struct {
		name, paid, charged string
		refunds, returned   []string
	}{
		{"R02 a part", "100.00", "0.60", []string{"30.00"}, []string{"0.18"}},
		{"R03 the second is limited to what is left", "2.00", "0.01", []string{"1.00", "1.00"}, []string{"0.01", "0.00"}},
		{"R05 less than half a fen twice", "1.60", "0.01", []string{"0.80", "0.80"}, []string{"0.00", "0.00"}},
		{"R09 the refund's own amount is its base", "7.00", "0.04", []string{"6.30"}, []string{"0.04"}},
		{"the official example", "100.00", "0.60", []string{"50.00"}, []string{"0.30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := []testLine{{txn: "4200", settled: c.paid, rate: "0.60%", fee: c.charged}}
			for i, amount := range c.refunds {
				list = append(list, testLine{kind: settlement.Refund, txn: "4200", refund: string(rune('a' + i)),
					at: []string{"2024-09-12 11:00:00", "2024-09-12 12:00:00"}[i], settled: amount, rate: "0.60%", fee: c.returned[i]})
			}
			charges, findings := charge(t, presets(t), batch(t, list...))
			for i := range c.refunds {
				got := ChargeAt(charges, i+1)
				if got.Expected != -yuan(t, c.returned[i]) || got.Class != settlement.ClassMatch || got.Base != yuan(t, c.refunds[i]) {
					t.Errorf("refund %d: %+v, want −%s expected and returned", i+1, got, c.returned[i])
				}
			}
			if len(findings) != 0 {
				t.Errorf("findings %v", findings)
			}
		})
	}
	t.Run("R11 a contract by which the wallet keeps the fee", func(t *testing.T) {
		keeps := contract("keeps", settlement.Alipay, 6000, settlement.NoInstant, settlement.NoInstant)
		keeps.Refund = RefundNone
		charges, findings := charge(t, schedule(t, keeps), batch(t,
			testLine{wallet: settlement.Alipay, txn: "2024", settled: "100.00", fee: "0.60"},
			testLine{wallet: settlement.Alipay, txn: "2024", kind: settlement.Refund, refund: "a", settled: "100.00"}))
		if got := ChargeAt(charges, 1); got.Expected != 0 || got.Class != settlement.ClassMatch || got.RuleID != "keeps" || len(findings) != 0 {
			t.Errorf("got %+v, findings %v", got, findings)
		}
	})
	t.Run("R12 the rate of the original payment", func(t *testing.T) {
		change := at(t, "2024-10-01 00:00:00")
		terms := schedule(t,
			contract("enrolled", settlement.Alipay, 5400, settlement.NoInstant, change),
			contract("standard", settlement.Alipay, 6000, change, settlement.NoInstant))
		paid := testLine{wallet: settlement.Alipay, txn: "2024", at: "2024-09-30 12:00:00", settled: "100.00", fee: "0.54"}
		refund := testLine{wallet: settlement.Alipay, txn: "2024", kind: settlement.Refund, refund: "a",
			at: "2024-10-05 12:00:00", settled: "100.00", fee: "0.54"}
		charges, _ := charge(t, terms, batch(t, refund, paid))
		if got := ChargeAt(charges, 0); got.Expected != yuan(t, "-0.54") || got.RuleID != "enrolled" || got.Class != settlement.ClassMatch {
			t.Errorf("with its payment: %+v", got)
		}
		charges, _ = charge(t, terms, batch(t, refund))
		if got := ChargeAt(charges, 0); got.Expected != settlement.NoAmount || got.Class != settlement.ClassRuleMissing {
			t.Errorf("without its payment either rate could apply, got %+v", got)
		}
	})
}

// TestSumsOfRoundedRows: fees are rounded per row and then added.
func TestSumsOfRoundedRows(t *testing.T) {
	for _, c := range []struct{ name, amount, fee, sum string }{
		{"G02 a hundred million times 0.84", "0.84", "0.01", "1000000.00"},
		{"G03 a hundred million times 200000.00", "200000.00", "1200.00", "120000000000.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const rows, batches = 10_000, 10_000
			list := make([]testLine, rows)
			for i := range list {
				list[i] = testLine{settled: c.amount, rate: "0.60%", fee: c.fee}
			}
			charges, _ := charge(t, presets(t), batch(t, list...))
			var one, all Totals
			if err := one.Add(charges); err != nil {
				t.Fatal(err)
			}
			for range batches {
				if err := all.Merge(one); err != nil {
					t.Fatal(err)
				}
			}
			want := yuan(t, c.sum)
			if all.Rows != rows*batches || all.Expected != want || all.Charged != want || all.Variance != 0 {
				t.Errorf("got %+v, want %s", all, want)
			}
		})
	}
}
