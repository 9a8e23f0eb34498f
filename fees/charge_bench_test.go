package fees

import (
	"fmt"
	"testing"

	"reconcile/settlement"
)

// bucketOf makes a bucket of right fees: WeChat Pay payments, then as many of
// Alipay, every refundEvery-th payment refunded in two parts (0 for none).
func bucketOf(rows, refundEvery int) *settlement.Lines {
	lines := &settlement.Lines{}
	for n := uint64(0); lines.Len() < rows; n++ {
		settled := settlement.Amount(101 + n*7919%500_000)
		l := line{id: numberedID(n), wallet: settlement.WeChat, account: "1900000109", txn: fmt.Sprintf("4200002345202409%012d", n*2654435761%1e12),
			raw: fmt.Sprintf("S20240912%011d", n), kind: settlement.Payment, at: settlement.Instant(n) * settlement.Second,
			status: settlement.Success, settled: settled, gross: settled, rate: 6000, fee: -settlement.Rate(6000).HalfUp(settled)}
		if lines.Len() >= rows/2 {
			l.wallet, l.account, l.rate = settlement.Alipay, "2088021109625633", settlement.NoRate
		}
		appendLine(lines, l)
		if refundEvery == 0 || n%uint64(refundEvery) != 0 {
			continue
		}
		fee := l.fee
		for part := range settlement.Amount(2) {
			refund := l
			refund.id, refund.kind, refund.at = numberedID(n<<2|1<<40|uint64(part)), settlement.Refund, l.at+settlement.Instant(part)
			refund.settled, refund.gross = -settled/2, -settled/2
			refund.fee = min(settlement.Rate(6000).HalfUp(settled/2), -fee)
			fee += refund.fee
			appendLine(lines, refund)
		}
	}
	return lines
}

func BenchmarkChargeLines(b *testing.B) {
	s := presets(b)
	for _, c := range []struct {
		name        string
		refundEvery int
	}{{"payments", 0}, {"a tenth refunds", 20}, {"mostly refunds", 1}} {
		b.Run(c.name, func(b *testing.B) {
			lines, dst := bucketOf(200_000, c.refundEvery), &settlement.Charges{}
			b.ReportAllocs()
			for b.Loop() {
				settlement.Reset(dst)
				findings, err := ChargeLines(s, lines, Known{}, dst)
				if err != nil || len(findings) != 0 {
					b.Fatal(err, findings)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines.Len()), "ns/row")
		})
	}
}

// TestOneOrderNumberForAllIsNotSlow: payments that share an order number share a
// key, but not the place where they are looked for.
func TestOneOrderNumberForAllIsNotSlow(t *testing.T) {
	lines := &settlement.Lines{}
	for n := range uint64(100_000) {
		l := line{id: numberedID(2 * n), wallet: settlement.WeChat, account: "1", txn: numberedTxn(n), raw: "S", kind: settlement.Payment,
			status: settlement.Success, settled: 10000, gross: 10000, rate: 6000, fee: -50}
		appendLine(lines, l)
		l.id, l.kind, l.settled, l.gross, l.fee = numberedID(2*n+1), settlement.Refund, -10000, -10000, 50
		appendLine(lines, l)
	}
	charges, _ := charge(t, presets(t), lines) // 10^10 comparisons would not end
	for i := 1; i < charges.Len(); i += 2 {
		if charges.Expected[i] != -50 {
			t.Fatalf("row %d met another payment: %+v", i, ChargeAt(charges, i))
		}
	}
}

// TestAllocationsDoNotGrowWithRows: nothing is allocated for a single row.
func TestAllocationsDoNotGrowWithRows(t *testing.T) {
	s := presets(t)
	count := func(rows int) float64 {
		lines, dst := bucketOf(rows, 10), &settlement.Charges{}
		return testing.AllocsPerRun(5, func() {
			settlement.Reset(dst)
			if _, err := ChargeLines(s, lines, Known{}, dst); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := count(1000), count(16_000); many > few {
		t.Errorf("%v allocations for 1,000 rows, %v for 16,000", few, many)
	}
}
