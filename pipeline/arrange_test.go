package pipeline

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// plainly is what arrange does, without any of its ways.
func plainly(wallets []settlement.Wallet, numbers *settlement.Text, ids []settlement.ID, keep func(i int) bool) (order []int32) {
	for i := range wallets {
		if keep(i) {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(wallets[x], wallets[y]), bytes.Compare(numbers.At(int(x)), numbers.At(int(y))), ids[x].Compare(ids[y]))
	})
	return order
}

func TestArrangedRowsStandAsSortedOnes(t *testing.T) {
	var a arranger // one for all, as a worker has it
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.StringMatching(`2024091[0-9]{12}`),
			rapid.StringMatching(`(T200P)?[0-9]{17,20}`),
			rapid.StringMatching(`[ab]{0,3}`),
			rapid.Just("2024091200001111X"), rapid.Just("2024091200001111"), rapid.Just(""),
			rapid.String(),
		)
		var wallets []settlement.Wallet
		var numbers settlement.Text
		var ids []settlement.ID
		for range rapid.IntRange(0, 60).Draw(t, "rows") {
			wallets = append(wallets, rapid.SampledFrom([]settlement.Wallet{settlement.NoWallet, settlement.Alipay, settlement.WeChat}).Draw(t, "wallet"))
			numbers.AppendString(number.Draw(t, "number"))
			ids = append(ids, settlement.ID{Lo: rapid.Uint64Range(0, 3).Draw(t, "id")})
		}
		keep := func(i int) bool { return i%7 != 3 }
		if got, want := a.arrange(wallets, &numbers, ids, keep), plainly(wallets, &numbers, ids, keep); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func BenchmarkArrange(b *testing.B) {
	const rows = 130_000
	rng := rand.New(rand.NewPCG(1, 2))
	var numbers settlement.Text
	wallets, ids := make([]settlement.Wallet, rows), make([]settlement.ID, rows)
	for i := range rows {
		wallets[i] = settlement.Wallet(1 + rng.IntN(2))
		numbers.AppendString(fmt.Sprintf("20240912%013d", rng.Int64N(1e13)))
	}
	var a arranger
	b.ReportAllocs()
	for b.Loop() {
		a.arrange(wallets, &numbers, ids, func(int) bool { return true })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
