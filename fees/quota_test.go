package fees

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

const oneDay = 24 * 60 * settlement.Minute

// quotaRule has every period of quota, of which the smaller matter soonest.
func quotaRule(t testing.TB) *Schedule {
	t.Helper()
	r := stated(t, OnWithdrawal, "kind: quota_percent, rate: 0.1%, min_fen: 10, quotas: [{period: lifetime, scope: identity, amount_fen: 100000}, "+
		"{period: month, scope: account, amount_fen: 50000}, {period: day, scope: account, amount_fen: 20000}, "+
		"{period: lot, scope: account, share_ppm: 1000000, valid_years: 1, accrues_from: 2024-01-01}]")
	return schedule(t, *r)
}

func lifetimeRow(granted settlement.Amount) Quota {
	return Quota{Wallet: settlement.WeChat, Owner: "id", RuleID: "stated", Period: Lifetime, Start: settlement.NoInstant, Expiry: settlement.NoInstant, Granted: granted}
}

// TestAFoldIsItsPieces: movements cut anywhere give the same fees and the same state;
// no quota is ever less than nothing, and what is used is what was used up.
func TestAFoldIsItsPieces(t *testing.T) {
	s := quotaRule(t)
	start := at(t, "2024-01-01 00:00:00")
	rapid.Check(t, func(t *rapid.T) {
		state := QuotaState{Since: start, Quotas: []Quota{lifetimeRow(100_000)}}
		var moves []Movement
		var flows []string
		for i := range rapid.IntRange(1, 30).Draw(t, "movements") {
			m := Movement{Owner: owner(settlement.WeChat, Personal), FlowNo: fmt.Sprintf("%03d", i), Amount: settlement.Amount(rapid.Int64Range(0, 60_000).Draw(t, "amount")),
				At: start + settlement.Instant(i)*5*oneDay + settlement.Instant(rapid.IntRange(0, 3).Draw(t, "at"))*oneDay}
			m.Owner.Account = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "account")
			m.Kind = rapid.SampledFrom([]MoveKind{Withdraw, Withdraw, Receive, Bounce}).Draw(t, "kind")
			switch m.Kind {
			case Bounce:
				m.Of = rapid.SampledFrom(append(flows, "none")).Draw(t, "of")
			case Withdraw:
				flows = append(flows, m.FlowNo)
			}
			moves = append(moves, m)
		}
		whole, after, err := s.Withdrawals(state, moves)
		if err != nil {
			t.Fatal(err)
		}
		var pieces []WithdrawalFee
		piece := state
		for rest := moves; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "cut")
			var out []WithdrawalFee
			if out, piece, err = s.Withdrawals(piece, rest[:n]); err != nil {
				t.Fatal(err)
			}
			pieces, rest = append(pieces, out...), rest[n:]
		}
		if diff := cmp.Diff(whole, pieces, cmp.AllowUnexported(Rule{})); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(after, piece, cmp.AllowUnexported(Rule{})); diff != "" {
			t.Fatal(diff)
		}
		shuffled, _, err := s.Withdrawals(state, rapid.Permutation(moves).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, shuffled, cmp.AllowUnexported(Rule{})); diff != "" {
			t.Fatalf("the order of arrival matters: %s", diff)
		}
		var used, stillUsed settlement.Amount
		for _, w := range whole {
			if w.Expected == settlement.NoAmount {
				if w.Class == settlement.ClassMatch || w.Why == "" {
					t.Fatalf("null without a reason: %+v", w)
				}
				continue
			}
			used += w.QuotaUsed
			if w.Kind == Withdraw && w.Expected != w.Rule.ExcessFee(w.Amount, w.QuotaUsed) {
				t.Fatalf("%s of %s with %s free", w.Expected, w.Amount, w.QuotaUsed)
			}
		}
		for _, q := range after.Quotas {
			if err := q.Check(); err != nil {
				t.Fatal(err)
			}
			stillUsed += q.Used
		}
		if used != stillUsed {
			t.Fatalf("%s was used, the state has %s", used, stillUsed)
		}
	})
}

func TestQuotasAreUsedByExpiry(t *testing.T) {
	s := quotaRule(t)
	o := owner(settlement.WeChat, Personal)
	when := at(t, "2024-06-15 12:00:00")
	state := QuotaState{Since: at(t, "2024-01-01 00:00:00"), Quotas: []Quota{lifetimeRow(100_000)}}
	out, _, err := s.Withdrawals(state, []Movement{
		{Kind: Receive, Owner: o, At: when - oneDay, FlowNo: "1", Amount: 7_000},
		{Kind: Withdraw, Owner: o, At: when, FlowNo: "2", Amount: 90_000}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Use{{Daily, at(t, "2024-06-15 00:00:00"), 20_000}, {Monthly, at(t, "2024-06-01 00:00:00"), 50_000},
		{LotPeriod, when - oneDay, 7_000}, {Lifetime, settlement.NoInstant, 13_000}}
	if diff := cmp.Diff(want, out[0].Uses); diff != "" {
		t.Error(diff)
	}
}

func TestAQuotaThatIsNotKnownIsNotGuessed(t *testing.T) {
	s := quotaRule(t)
	o := owner(settlement.WeChat, Personal)
	when := at(t, "2024-06-15 12:00:00")
	move := []Movement{{Kind: Withdraw, Owner: o, At: when, FlowNo: "1", Amount: 100}}
	lots := Quota{Wallet: settlement.WeChat, Owner: "a", RuleID: "stated", Period: LotPeriod, Start: when - oneDay, Expiry: when + oneDay}
	for _, c := range []struct {
		name  string
		state QuotaState
		known bool
	}{
		{"nothing", QuotaState{Since: settlement.NoInstant}, false},
		{"no lifetime", QuotaState{Since: at(t, "2024-01-01 00:00:00")}, false},
		{"a month that began before", QuotaState{Since: at(t, "2024-06-02 00:00:00"), Quotas: []Quota{lifetimeRow(0), lots}}, false},
		{"lots before the state", QuotaState{Since: at(t, "2024-02-01 00:00:00"), Quotas: []Quota{lifetimeRow(0)}}, false},
		{"all", QuotaState{Since: at(t, "2024-06-01 00:00:00"), Quotas: []Quota{lifetimeRow(0), lots}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _, err := s.Withdrawals(c.state, move)
			if err != nil {
				t.Fatal(err)
			}
			w := out[0]
			if c.known != (w.Class == settlement.ClassMatch) || !c.known && (w.Expected != settlement.NoAmount || w.Class != settlement.ClassQuotaUnknown || w.Why == "") {
				t.Errorf("%+v", w)
			}
		})
	}
	t.Run("a lot that accrues does not make the others known", func(t *testing.T) {
		state := QuotaState{Since: at(t, "2024-02-01 00:00:00"), Quotas: []Quota{lifetimeRow(0)}}
		out, _, err := s.Withdrawals(state, append([]Movement{{Kind: Receive, Owner: o, At: when - oneDay, FlowNo: "0", Amount: 500}}, move...))
		if err != nil || out[0].Class != settlement.ClassQuotaUnknown {
			t.Errorf("%+v, %v", out, err)
		}
	})
	t.Run("a withdrawal that came back and is not known", func(t *testing.T) {
		out, _, err := s.Withdrawals(QuotaState{Since: when}, []Movement{{Kind: Bounce, Owner: o, At: when, FlowNo: "1", Of: "0", Amount: 100}})
		if err != nil || out[0].Class != settlement.ClassQuotaUnknown || out[0].Expected != settlement.NoAmount {
			t.Errorf("%+v, %v", out, err)
		}
	})
	t.Run("it comes back once", func(t *testing.T) {
		state := QuotaState{Since: at(t, "2024-01-01 00:00:00"), Quotas: []Quota{lifetimeRow(0)}}
		out, _, err := s.Withdrawals(state, append(move, Movement{Kind: Bounce, Owner: o, At: when + 1, FlowNo: "2", Of: "1", Amount: 100},
			Movement{Kind: Bounce, Owner: o, At: when + 2, FlowNo: "3", Of: "1", Amount: 100}))
		if err != nil || out[1].Expected != -out[0].Expected || out[2].Expected != settlement.NoAmount {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

func TestFaultsOfQuotasAndMovements(t *testing.T) {
	s := quotaRule(t)
	good := Movement{Kind: Withdraw, Owner: owner(settlement.WeChat, Personal), At: 0, FlowNo: "1", Amount: 100}
	over := lifetimeRow(100)
	over.Used = 101
	negative := good
	negative.Amount = -1
	for name, c := range map[string]struct {
		quotas []Quota
		moves  []Movement
	}{
		"more used than granted": {[]Quota{over}, nil},
		"a negative amount":      {nil, []Movement{negative}},
		"one flow number twice":  {nil, []Movement{good, good}},
		"no kind":                {nil, []Movement{{Amount: 1}}},
	} {
		if _, _, err := s.Withdrawals(QuotaState{Quotas: c.quotas}, c.moves); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
