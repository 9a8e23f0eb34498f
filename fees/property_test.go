package fees

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// exactHalfUp is rate × base rounded half up, by rationals.
func exactHalfUp(base settlement.Amount, rate settlement.Rate) settlement.Amount {
	share := new(big.Rat).Mul(big.NewRat(int64(base), 1), big.NewRat(int64(rate), 1_000_000))
	share.Add(share, big.NewRat(1, 2))
	return settlement.Amount(new(big.Int).Div(share.Num(), share.Denom()).Int64()) // Euclidean: floor, as the divisor is positive
}

func numberedID(n uint64) settlement.ID {
	var h settlement.IDHasher
	return h.Start("line").Code(n).ID()
}

func numberedTxn(n uint64) string {
	return "4200" + string(binary.AppendUvarint(nil, n))
}

// TestEveryFenAgainstRationals prices 200,000 random payments and as many
// refunds and compares each with exact arithmetic: 0 fen off.
func TestEveryFenAgainstRationals(t *testing.T) {
	const pairs = 200_000
	random := rand.New(rand.NewPCG(2024, 912))
	lines := &settlement.Lines{}
	var want []settlement.Amount
	for n := range uint64(pairs) {
		// Magnitudes from a fen to the largest amount that the tables hold.
		limit := int64(1)
		for range random.IntN(18) {
			limit *= 10
		}
		base := settlement.Amount(min(1+random.Int64N(10*limit), int64(settlement.MaxAmount)))
		rate := settlement.Rate(random.IntN(1_000_001))
		if random.IntN(2) == 0 {
			rate = []settlement.Rate{6000, 5400, 3800, 2000, 10000, 390000}[random.IntN(6)]
		}
		fee := exactHalfUp(base, rate)
		back := settlement.Amount(1 + random.Int64N(int64(base)))
		returned := min(exactHalfUp(back, rate), fee)
		paid := line{id: numberedID(2 * n), wallet: settlement.WeChat, account: "10001", txn: numberedTxn(n), raw: "S" + numberedTxn(n),
			kind: settlement.Payment, at: 0, status: settlement.Success, settled: base, gross: base, fee: -fee, rate: rate}
		refund := paid
		refund.id, refund.kind, refund.at = numberedID(2*n+1), settlement.Refund, 1
		refund.settled, refund.gross, refund.fee = -back, -back, returned
		appendLine(lines, paid)
		appendLine(lines, refund)
		want = append(want, fee, -returned)
	}
	charges, findings := charge(t, presets(t), lines)
	for i := range want {
		if charges.Expected[i] != want[i] || charges.Class[i] != settlement.ClassMatch {
			t.Fatalf("%s: want %s, class %s", Arithmetic(ChargeAt(charges, i)), want[i], charges.Class[i])
		}
	}
	if len(findings) != 0 {
		t.Errorf("%d findings, first %v", len(findings), findings[0])
	}
}

// TestRefundsNeverReturnMoreThanCharged: whatever the payment was charged and
// whatever earlier refunds returned, an expectation never passes what is left;
// and a wallet that returns what is expected never returns more than it charged.
func TestRefundsNeverReturnMoreThanCharged(t *testing.T) {
	s := presets(t)
	rapid.Check(t, func(t *rapid.T) {
		paid := settlement.Amount(rapid.Int64Range(1, 100_000).Draw(t, "paid"))
		rate := settlement.Rate(rapid.Int32Range(0, 1_000_000).Draw(t, "rate"))
		charged := settlement.Amount(rapid.Int64Range(0, 2000).Draw(t, "charged"))
		honest := rapid.Bool().Draw(t, "honest")
		refunds := rapid.SliceOfN(rapid.Int64Range(1, 50_000), 1, 12).Draw(t, "refunds")

		lines := &settlement.Lines{}
		appendLine(lines, line{id: numberedID(0), wallet: settlement.WeChat, account: "1", txn: "42", kind: settlement.Payment,
			status: settlement.Success, settled: paid, gross: paid, fee: -charged, rate: rate})
		for i, amount := range refunds {
			appendLine(lines, line{id: numberedID(uint64(i + 1)), wallet: settlement.WeChat, account: "1", txn: "42", kind: settlement.Refund,
				status: settlement.Success, settled: settlement.Amount(-amount), gross: settlement.Amount(-amount), rate: rate,
				at: settlement.Instant(rapid.Int64Range(0, 4).Draw(t, "at"))})
		}
		order := make([]int, len(refunds))
		for i := range order {
			order[i] = i + 1
		}
		slices.SortFunc(order, func(a, b int) int {
			if lines.OccurredAt[a] != lines.OccurredAt[b] {
				return int(lines.OccurredAt[a] - lines.OccurredAt[b])
			}
			return lines.ID[a].Compare(lines.ID[b])
		})
		left := charged
		for _, i := range order {
			charges := &settlement.Charges{}
			if _, err := ChargeLines(s, lines, Known{}, charges); err != nil {
				t.Fatal(err)
			}
			want := min(exactHalfUp(-lines.Settled[i], rate), max(left, 0))
			if charges.Expected[i] != -want {
				t.Fatalf("row %d: expected %s, want −%s of %s left", i, charges.Expected[i], want, left)
			}
			lines.Fee[i] = want
			if !honest {
				lines.Fee[i] = settlement.Amount(rapid.Int64Range(0, 1000).Draw(t, "returned"))
			}
			left -= lines.Fee[i]
		}
		if honest && left < 0 {
			t.Fatalf("%s more returned than charged", -left)
		}
	})
}

// drawLines draws a bucket of payments and refunds of a few numbers, with right
// and wrong fees.
func drawLines(t *rapid.T) *settlement.Lines {
	lines := &settlement.Lines{}
	for i := range rapid.IntRange(1, 40).Draw(t, "rows") {
		settled := settlement.Amount(rapid.Int64Range(0, 50_000).Draw(t, "settled"))
		coupon := settlement.Amount(rapid.Int64Range(0, 100).Draw(t, "coupon"))
		l := line{
			id:      numberedID(uint64(i)),
			wallet:  rapid.SampledFrom([]settlement.Wallet{settlement.WeChat, settlement.Alipay, settlement.TaobaoAggregated}).Draw(t, "wallet"),
			account: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "account"),
			txn:     rapid.SampledFrom([]string{"", "a", "b", "c", "d"}).Draw(t, "txn"),
			raw:     rapid.SampledFrom([]string{"S1", "T200P1"}).Draw(t, "raw"),
			kind:    settlement.Kind(rapid.IntRange(1, 3).Draw(t, "kind")),
			at:      settlement.Instant(rapid.Int64Range(0, 3).Draw(t, "at")),
			status:  rapid.SampledFrom([]settlement.Status{settlement.Success, settlement.Processing, settlement.Failed}).Draw(t, "status"),
			settled: settled, gross: settled + coupon, coupon: coupon, rate: settlement.NoRate,
		}
		if l.wallet == settlement.WeChat {
			l.rate = rapid.SampledFrom([]settlement.Rate{0, 3800, 6000, 10000}).Draw(t, "rate")
		}
		due := settlement.Rate(6000).HalfUp(settled)
		l.fee = -rapid.SampledFrom([]settlement.Amount{due, due, 0, due + 1, due - 1, 2 * due, 6, settlement.Rate(6000).HalfUp(l.gross)}).Draw(t, "fee")
		if l.kind != settlement.Payment {
			l.settled, l.gross, l.coupon, l.fee = -l.settled, -l.gross, -l.coupon, -l.fee
		}
		appendLine(lines, l)
	}
	return lines
}

// TestEveryFenHasOneClass: the variances add up over the classes, match means
// none, null means that no rule gives an expectation, and the breaks are exactly
// the variances that nobody assumed and nobody tolerates.
func TestEveryFenHasOneClass(t *testing.T) {
	s := presets(t)
	rapid.Check(t, func(t *rapid.T) {
		lines, charges := drawLines(t), &settlement.Charges{}
		findings, err := ChargeLines(s, lines, Known{}, charges)
		if err != nil {
			t.Fatal(err)
		}
		var billed, byClass settlement.Amount
		var broken []int32
		for i := range charges.Len() {
			c := ChargeAt(charges, i)
			billed -= lines.Fee[i]
			isNull, isRefund := c.Class == settlement.ClassRuleMissing, c.Event != settlement.Payment
			if isNull != (c.Expected == settlement.NoAmount) || isNull != (c.Variance == settlement.NoAmount) || isNull != (c.RuleID == "") {
				t.Fatalf("row %d: null and class disagree: %+v", i, c)
			}
			if !isNull && c.Variance != c.Expected-c.Charged || (c.Class == settlement.ClassMatch) != (!isNull && c.Variance == 0) {
				t.Fatalf("row %d: variance and class disagree: %+v", i, c)
			}
			if (c.Class == settlement.ClassRoundingResidual) != (isRefund && !isNull && c.Variance.Abs() == 1) {
				t.Fatalf("row %d: tolerance: %+v", i, c)
			}
			if !isNull && !c.Assumed && c.Variance != 0 && !(isRefund && c.Variance.Abs() == 1) {
				broken = append(broken, int32(i))
			}
		}
		var totals Totals
		if err := totals.Add(charges); err != nil {
			t.Fatal(err)
		}
		for _, sum := range totals.ByClass {
			byClass += sum
		}
		if totals.Charged != billed || totals.Variance != byClass || totals.Rows != int64(lines.Len()) {
			t.Fatalf("totals %+v: billed %s, classes %s", totals, billed, byClass)
		}
		var found []int32
		for _, f := range findings {
			found = append(found, f.Row)
			if f.Expected != -charges.Expected[f.Row] || f.Actual != lines.Fee[f.Row] || f.Reason == "" {
				t.Fatalf("finding %+v of %+v", f, ChargeAt(charges, int(f.Row)))
			}
		}
		if !slices.Equal(found, broken) {
			t.Fatalf("breaks at rows %v, want %v", found, broken)
		}
	})
}

// TestRowOrderDoesNotMatter: the same lines in another order get the same charges.
func TestRowOrderDoesNotMatter(t *testing.T) {
	s := presets(t)
	rapid.Check(t, func(t *rapid.T) {
		lines, charges := drawLines(t), &settlement.Charges{}
		if _, err := ChargeLines(s, lines, Known{}, charges); err != nil {
			t.Fatal(err)
		}
		rows := make([]int32, lines.Len())
		for i := range rows {
			rows[i] = int32(i)
		}
		rows = rapid.Permutation(rows).Draw(t, "order")
		shuffled, again := &settlement.Lines{}, &settlement.Charges{}
		settlement.AppendRows(shuffled, lines, rows)
		if _, err := ChargeLines(s, shuffled, Known{}, again); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if got, want := ChargeAt(again, i), ChargeAt(charges, int(row)); got != want {
				t.Fatalf("row %d: %+v, in the other order %+v", row, want, got)
			}
		}
	})
}
