package fees

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// Payouts divided over proceeds that pass by in pieces give what Allocate gives of all
// at once, one payout after the other.
func TestAQueueDividesAsAllocateDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := settlement.Day(19978).Start()
		proceeds := make([]Proceeds, rapid.IntRange(0, 30).Draw(t, "proceeds"))
		for i := range proceeds {
			net := settlement.Amount(rapid.IntRange(-200, 1000).Draw(t, "net"))
			proceeds[i] = Proceeds{OrderNo: fmt.Sprintf("%03d", i), SettledAt: start + settlement.Instant(rapid.IntRange(0, 20).Draw(t, "at"))*settlement.Second, Net: net}
		}
		payouts := make([]Payout, rapid.IntRange(0, 4).Draw(t, "payouts"))
		for i := range payouts {
			payouts[i] = Payout{At: start + settlement.Instant(rapid.IntRange(0, 22).Draw(t, "paid at"))*settlement.Second, FlowNo: fmt.Sprint(i),
				Amount: settlement.Amount(rapid.IntRange(1, 5000).Draw(t, "amount")), Fee: settlement.Amount(rapid.IntRange(0, 40).Draw(t, "fee"))}
		}
		slices.SortFunc(proceeds, compareProceeds)
		q := NewQueue(payouts)
		for _, i := range rapid.Permutation(indices(len(proceeds))).Draw(t, "noted") {
			q.Note(proceeds[i].SettledAt, proceeds[i].Net)
		}
		q.Settle()
		if q.NeedsRests() {
			for _, p := range proceeds {
				q.Rest(p.Net)
			}
			q.Divide()
		}
		fees := map[string]settlement.Amount{}
		left := map[string]settlement.Amount{}
		var shares []PayoutShare
		for from := 0; from < len(proceeds); {
			until := min(from+rapid.IntRange(1, 10).Draw(t, "piece"), len(proceeds))
			piece := proceeds[from:until]
			from = until
			var in, out settlement.Amount
			for _, p := range piece {
				in, out = in+max(p.Net, 0), out-min(p.Net, 0)
			}
			if q.Idle(in, out) {
				continue
			}
			for _, p := range piece {
				var rest settlement.Amount
				rest, shares = q.Move(p.Net, shares)
				left[p.OrderNo] += rest
				for _, s := range shares {
					fees[fmt.Sprint(s.Payout, p.OrderNo)] += s.Fee
				}
			}
		}
		queue := proceeds
		for k, p := range q.Payouts() {
			a, err := Allocate(p.Amount, p.Fee, p.At, queue)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range a.Shares {
				if got := fees[fmt.Sprint(k, s.OrderNo)]; got != s.Fee {
					t.Fatalf("payout %d, order %s: a fee of %s, want %s", k, s.OrderNo, got, s.Fee)
				}
			}
			queue = a.Left
		}
		want := map[string]settlement.Amount{}
		for _, p := range queue {
			want[p.OrderNo] = p.Net
		}
		for _, p := range proceeds {
			if left[p.OrderNo] != want[p.OrderNo] {
				t.Fatalf("order %s: %s left, want %s", p.OrderNo, left[p.OrderNo], want[p.OrderNo])
			}
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
