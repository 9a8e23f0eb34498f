package fees

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

// TestAllocationSumsExactly: shares and residual sum to the withdrawal and its fee to
// the fen, nothing is negative, money in = money out, and each share is within one
// fen of its exact part.
func TestAllocationSumsExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var queue []Proceeds
		var before settlement.Amount
		for i := range rapid.IntRange(0, 12).Draw(t, "orders") {
			p := Proceeds{OrderNo: string(rune('a' + i)), SettledAt: settlement.Instant(rapid.IntRange(0, 5).Draw(t, "at")), Net: settlement.Amount(rapid.Int64Range(-3000, 10_000).Draw(t, "net"))}
			queue, before = append(queue, p), before+p.Net
		}
		amount := settlement.Amount(rapid.Int64Range(0, 50_000).Draw(t, "amount"))
		fee := settlement.Amount(rapid.Int64Range(0, 500).Draw(t, "fee"))
		kept := slices.Clone(queue)
		a, err := Allocate(amount, fee, 3, queue)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(kept, queue); diff != "" {
			t.Fatalf("the queue was written to: %s", diff)
		}
		moved, fees := a.Residual.Moved, a.Residual.Fee
		for _, s := range append(a.Shares, a.Residual) {
			if s.Moved < 0 || s.Fee < 0 {
				t.Fatalf("negative: %+v", s)
			}
			if amount > 0 {
				exact := new(big.Rat).SetFrac64(int64(fee)*int64(s.Moved), int64(amount))
				if gap := exact.Sub(exact, ratOf(s.Fee)); gap.Abs(gap).Cmp(big.NewRat(1, 1)) >= 0 {
					t.Fatalf("%+v is a fen or more off", s)
				}
			}
		}
		var left settlement.Amount
		for _, s := range a.Shares {
			moved, fees = moved+s.Moved, fees+s.Fee
		}
		for _, p := range a.Left {
			left += p.Net
		}
		if moved != amount || fees != fee || before-left != amount-a.Residual.Moved {
			t.Fatalf("moved %s of %s, fees %s of %s, left %s of %s", moved, amount, fees, fee, left, before)
		}
		again, err := Allocate(amount, fee, 3, rapid.Permutation(queue).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, again); diff != "" {
			t.Fatalf("the order of arrival matters: %s", diff)
		}
	})
}

func TestAllocationIsFirstInFirstOut(t *testing.T) {
	queue := []Proceeds{{"b", 2, 3000}, {"a", 2, 1000}, {"c", 1, 5000}, {"d", 9, 9000}}
	a, err := Allocate(7000, 100, 2, queue)
	if err != nil {
		t.Fatal(err)
	}
	want := Allocation{Shares: []Share{{"c", 5000, 72}, {"a", 1000, 14}, {"b", 1000, 14}}, Left: []Proceeds{{"b", 2, 2000}, {"d", 9, 9000}}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	t.Run("what no order explains is the residual", func(t *testing.T) {
		a, err := Allocate(12_000, 12, 2, queue)
		if err != nil || a.Residual.Moved != 3000 || a.Residual.Fee != 3 {
			t.Errorf("%+v, %v", a, err)
		}
	})
	t.Run("a refund of an order that is gone is made up by the earliest", func(t *testing.T) {
		a, err := Allocate(2000, 10, 5, []Proceeds{{"a", 1, 1500}, {"b", 2, 1500}, {"gone", 3, -1000}})
		want := Allocation{Shares: []Share{{"a", 500, 3}, {"b", 1500, 7}}, Left: []Proceeds{}}
		if diff := cmp.Diff(want, a); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestHomeWallets(t *testing.T) {
	none, day := settlement.NoInstant, func(text string) settlement.Instant { return at(t, text+" 00:00:00") }
	h, err := NewHomeWallets([]HomeWallet{
		{Platform: "jd", Wallet: settlement.WeChat, From: none, Until: none},
		{Shop: "flagship", Wallet: settlement.WeChat, From: day("2024-09-01"), Until: day("2024-10-01")},
		{Platform: "taobao", Shop: "flagship", Wallet: settlement.Bank, From: none, Until: day("2024-09-02")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		platform, shop, at string
		want               settlement.Wallet
	}{
		{"taobao", "", "2024-09-12", settlement.Alipay},
		{"tmall", "other", "2024-09-12", settlement.Alipay},
		{"jd", "", "2024-09-12", settlement.WeChat},
		{"pdd", "", "2024-09-12", settlement.NoWallet},
		{"taobao", "flagship", "2024-08-31", settlement.Bank},
		{"taobao", "flagship", "2024-09-02", settlement.WeChat},
		{"taobao", "flagship", "2024-10-01", settlement.Alipay},
	} {
		if got := h.Of(c.platform, c.shop, day(c.at)); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	_, err = NewHomeWallets([]HomeWallet{
		{Platform: "jd", Wallet: settlement.WeChat, From: none, Until: none, At: settlement.Position{File: "c.yaml", Line: 3}},
		{Platform: "jd", Wallet: settlement.Alipay, From: day("2024-01-01"), Until: none, At: settlement.Position{File: "c.yaml", Line: 6}},
		{Wallet: settlement.Alipay, From: none, Until: none, At: settlement.Position{File: "c.yaml", Line: 9}},
	})
	for _, part := range []string{"c.yaml:6: home wallet of platform jd overlaps in time with another (c.yaml:3)", "c.yaml:9: a home wallet needs a platform"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
}

// TestAnAssumedRuleDoesNotPriceAnEscrowOrder: its fee follows from the platform's
// contract, so without one there is none, and no increment.
func TestAnAssumedRuleDoesNotPriceAnEscrowOrder(t *testing.T) {
	s := presets(t)
	q := Subject{Wallet: settlement.Alipay}
	when := at(t, "2024-09-12 10:00:00")
	if fee := s.Counterfactual(q, 10_000, when, nil, true); fee != settlement.NoAmount {
		t.Errorf("a preset gives %s", fee)
	}
	if fee := s.Counterfactual(q, 10_000, when, nil, false); fee != 60 {
		t.Errorf("an ordinary payment costs %s", fee)
	}
	if fee := s.Counterfactual(q, 10_000, when, []Refunded{{100, when}}, false); fee != settlement.NoAmount {
		t.Errorf("what Alipay returns is not known, and it is %s", fee)
	}
	if got := Incremental(settlement.WeChat, settlement.Alipay, 60, settlement.NoAmount); got != settlement.NoAmount {
		t.Errorf("an increment of %s against nothing", got)
	}
	if got := CrossWalletFee(settlement.NoAmount, 1, 1); got != settlement.NoAmount {
		t.Errorf("a sum of %s with something unknown", got)
	}
}

func TestSumsBeyond64Bits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := new(big.Int)
		var s, half Sum
		for range rapid.IntRange(0, 40).Draw(t, "terms") {
			a := settlement.Amount(rapid.Int64Range(-int64(settlement.MaxAmount), int64(settlement.MaxAmount)).Draw(t, "amount"))
			n := rapid.Uint64().Draw(t, "times")
			s.Add(a)
			half.AddTimes(a, n)
			want.Add(want, big.NewInt(int64(a)))
			want.Add(want, new(big.Int).Mul(big.NewInt(int64(a)), new(big.Int).SetUint64(n)))
		}
		s.Merge(half)
		if s.Int().Cmp(want) != 0 {
			t.Fatalf("%s, want %s", s.Int(), want)
		}
		a, ok := s.Amount()
		if fits := want.CmpAbs(big.NewInt(int64(settlement.MaxAmount))) <= 0; ok != fits || ok && (int64(a) != want.Int64() || a.String() != s.String()) {
			t.Fatalf("%s is %s, %v", want, a, ok)
		}
	})
}

func TestCostOfAcceptance(t *testing.T) {
	sum := func(a settlement.Amount) (s Sum) { s.Add(a); return s }
	for _, c := range []struct {
		fees, accepted settlement.Amount
		want           int64
		ok             bool
	}{{60, 10_000, 6000, true}, {-60, 10_000, -6000, true}, {1, 3, 333_333, true}, {2, 3, 666_667, true}, {1, 0, 0, false}} {
		if got, ok := Cost(sum(c.fees), sum(c.accepted)); got != c.want || ok != c.ok {
			t.Errorf("%+v: %d, %v", c, got, ok)
		}
	}
}
