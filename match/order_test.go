package match_test

import (
	"bytes"
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"reconcile/match"
	"reconcile/settlement"
)

// compareLines and compareEvents are the order of the tables, written plainly. Of
// events that is without their identities where they have none yet.
func compareLines(x *settlement.Lines, i int, y *settlement.Lines, j int) int {
	return cmp.Or(cmp.Compare(x.Wallet[i], y.Wallet[j]), bytes.Compare(x.OrderNo.At(i), y.OrderNo.At(j)), x.ID[i].Compare(y.ID[j]))
}

func compareEvents(x *settlement.Events, i int, y *settlement.Events, j int) int {
	return cmp.Or(cmp.Compare(x.Wallet[i], y.Wallet[j]), bytes.Compare(x.OrderNo.At(i), y.OrderNo.At(j)), x.ID[i].Compare(y.ID[j]))
}

func TestTablesStandByWalletOrderNumberAndIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var breaks settlement.Breaks
		var hash settlement.IDHasher
		numbers := rapid.SampledFrom([]string{"", "O", "O\x00", "O1", "2024091210000001", "20240912100000010", "20240912100000011", "20240912100000012"})
		for n := range rapid.IntRange(0, 30).Draw(t, "breaks") {
			breaks.Add(&hash, settlement.Break{
				Wallet: settlement.Wallet(rapid.IntRange(0, 4).Draw(t, "wallet")), OrderNo: []byte(numbers.Draw(t, "order")), Nth: n,
			}, settlement.NoDay)
		}
		sorted := match.SortBreaks(&breaks)
		if sorted.Len() != breaks.Len() {
			t.Fatalf("%d of %d breaks", sorted.Len(), breaks.Len())
		}
		for i := 1; i < sorted.Len(); i++ {
			if c := cmp.Or(cmp.Compare(sorted.Wallet[i-1], sorted.Wallet[i]), bytes.Compare(sorted.OrderNo.At(i-1), sorted.OrderNo.At(i)),
				sorted.ID[i-1].Compare(sorted.ID[i])); c >= 0 {
				t.Fatalf("break %d stands behind %d: %s %q %s, %s %q %s", i, i-1, sorted.Wallet[i], sorted.OrderNo.At(i), sorted.ID[i],
					sorted.Wallet[i-1], sorted.OrderNo.At(i-1), sorted.ID[i-1])
			}
		}
	})
}

// Rows come in the order of the tables, in any other, and in that order but for a
// few: the tables are the same.
func TestTablesAreTheSameInWhateverOrderTheirRowsCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(int) int { return 0 }))
		want := digest(mustReconcile(t, s, 0))
		lines, events := inOrder(s)
		for range rapid.IntRange(0, 3).Draw(t, "out of order") {
			for _, rows := range [...][]int32{lines, events} {
				if len(rows) > 0 {
					i, j := rapid.IntRange(0, len(rows)-1).Draw(t, "row"), rapid.IntRange(0, len(rows)-1).Draw(t, "other")
					rows[i], rows[j] = rows[j], rows[i]
				}
			}
		}
		other := *s
		other.lines, other.events = settlement.Lines{}, settlement.Events{}
		settlement.AppendRows(&other.lines, &s.lines, lines)
		settlement.AppendRows(&other.events, &s.events, events)
		got := mustReconcile(t, &other, 0)
		if text := digest(got); text != want {
			t.Fatalf("as they came:\n%s\n\nin order:\n%s", want, text)
		}
		for _, out := range got.outcomes {
			for i := 1; i < out.Lines.Len(); i++ {
				if compareLines(out.Lines, i-1, out.Lines, i) >= 0 {
					t.Fatalf("line %d stands before %d", i-1, i)
				}
			}
			for i := 1; i < out.Events.Len(); i++ {
				if compareEvents(out.Events, i-1, out.Events, i) >= 0 {
					t.Fatalf("event %d stands before %d", i-1, i)
				}
			}
		}
	})
}
