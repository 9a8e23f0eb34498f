package funds_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"reconcile/funds"
	"reconcile/settlement"
)

// shown is a line of an account: a copy in the portal's file, or what the account's own
// file or another has.
type shown struct {
	wallet       settlement.Wallet
	state        settlement.FundState
	flow, order  string
	amount       settlement.Amount
	file         int32
	trade        string
	sourceNumber int64
}

func (s shown) add(b *settlement.FundLines) {
	add(b, s.flow, s.amount, s.file, s.sourceNumber)
	i := b.Len() - 1
	var h settlement.IDHasher
	b.ID[i] = settlement.FundLineID(&h, settlement.PortalFunds, s.wallet, nil, nil, fmt.Append(nil, s.flow, s.file, s.sourceNumber), b.Direction[i])
	b.Wallet[i], b.State[i] = s.wallet, s.state
	replaceLast(&b.OrderNo, s.order)
	replaceLast(&b.ProviderTxnID, s.trade)
}

func replaceLast(t *settlement.Text, text string) {
	var other settlement.Text
	for i := range t.Len() - 1 {
		other.Append(t.At(i))
	}
	other.AppendString(text)
	*t = other
}

const (
	alipay     = settlement.Alipay
	aggregated = settlement.TaobaoAggregated
	booked     = settlement.Booked
	copied     = settlement.CopiedLine
)

func tiesOf(rows ...shown) []funds.Ties {
	lines := &settlement.FundLines{}
	for i, row := range rows {
		row.sourceNumber = int64(i + 1)
		row.add(lines)
	}
	return funds.TieCopies(lines)
}

func TestCopiesAreTiedToTheirOriginals(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []shown
		want string
	}{
		{"by the number of the movement", []shown{{alipay, copied, "F1", "", 100, 0, "", 0}, {aggregated, booked, "F1", "", 100, 1, "", 0}}, "[{0 1 0 1.00 0.00 []}]"},
		{"by the trade that the other account calls its movement", []shown{{alipay, copied, "A1", "", 100, 0, "F1", 0}, {aggregated, booked, "F1", "", 100, 1, "F1", 0}}, "[{0 1 0 1.00 0.00 []}]"},
		{"by the order", []shown{{alipay, copied, "A1", "S1", 100, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 1 0 1.00 0.00 []}]"},
		{"not of another amount", []shown{{alipay, copied, "F1", "S1", 101, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 1.01 [1]}]"},
		{"not of the other direction", []shown{{alipay, copied, "F1", "S1", -100, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 -1.00 [1]}]"},
		{"not of another order", []shown{{alipay, copied, "F1", "S2", 100, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 1.00 [1]}]"},
		{"not to the same wallet's line", []shown{{alipay, copied, "F1", "S1", 100, 0, "", 0}, {alipay, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 1.00 [1]}]"},
		{"not to a copy", []shown{{alipay, copied, "F1", "S1", 100, 0, "", 0}, {aggregated, copied, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 1.00 [1]} {1 0 1 0.00 1.00 [2]}]"},
		{"an original once", []shown{{alipay, copied, "A1", "S1", 100, 0, "", 0}, {alipay, copied, "A2", "S1", 100, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 1 1 1.00 1.00 [2]}]"},
		{"the number goes before the order", []shown{{alipay, copied, "A1", "S1", 100, 0, "", 0}, {alipay, copied, "F1", "S1", 100, 2, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 0 1 0.00 1.00 [1]} {2 1 0 1.00 0.00 []}]"},
		{"an original of another order is left to its own copy", []shown{{alipay, copied, "F1", "S2", 100, 0, "", 0}, {alipay, copied, "F1", "S1", 100, 0, "", 0}, {aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[{0 1 1 1.00 1.00 [1]}]"},
		{"Alipay's in the aggregated account's file", []shown{{aggregated, copied, "F1", "S1", 100, 0, "", 0}, {alipay, booked, "A1", "S1", 100, 1, "", 0}}, "[{0 1 0 1.00 0.00 []}]"},
		{"a share of WeChat Pay is not judged", []shown{{settlement.WeChat, copied, "F1", "S1", -100, 0, "", 0}}, "[]"},
		{"no copies", []shown{{aggregated, booked, "F1", "S1", 100, 1, "", 0}}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(tiesOf(c.rows...)); got != c.want {
				t.Errorf("%s instead of %s", got, c.want)
			}
		})
	}
}

// Whatever the order of files and rows: every copy is tied or not, never to an original
// that another copy has, and the counts are the same.
func TestTiesDoNotDependOnTheOrderOfFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []shown
		for i := range rapid.IntRange(0, 14).Draw(t, "rows") {
			row := shown{
				wallet: rapid.SampledFrom([]settlement.Wallet{alipay, aggregated}).Draw(t, "wallet"),
				state:  rapid.SampledFrom([]settlement.FundState{booked, copied}).Draw(t, "state"),
				flow:   rapid.SampledFrom([]string{"F1", "F2", "F3"}).Draw(t, "flow"),
				order:  rapid.SampledFrom([]string{"", "S1", "S2"}).Draw(t, "order"),
				amount: settlement.Amount(rapid.SampledFrom([]int64{100, 70, -70}).Draw(t, "amount")),
				file:   rapid.Int32Range(0, 3).Draw(t, "file"), sourceNumber: int64(i + 1),
			}
			rows = append(rows, row)
		}
		outcome := func(order []int, files []int32) string {
			lines := &settlement.FundLines{}
			for _, i := range order {
				row := rows[i]
				row.file = files[row.file]
				row.add(lines)
				var h settlement.IDHasher // an identity is of what a line is, not of its file
				lines.ID[lines.Len()-1] = h.Start("row").Code(uint64(i)).ID()
			}
			kept, _, conflict := funds.Distinct([]int32{0, 1, 2, 3}, lines)
			if conflict != nil {
				t.Fatal(conflict)
			}
			all := funds.TieCopies(kept)
			var tied, originals, copies int64
			for i := range all { // under the first run's names of the files
				all[i].File = int32(slices.Index(files, all[i].File))
				tied += all[i].Tied
				copies += all[i].Tied + all[i].Untied
			}
			slices.SortFunc(all, func(a, b funds.Ties) int { return int(a.File - b.File) })
			for i := range kept.Len() {
				if kept.State[i] == booked {
					originals++
				} else {
					copies--
				}
			}
			if copies != 0 || tied > originals {
				t.Fatalf("%d copies are not judged, %d tied to %d originals", -copies, tied, originals)
			}
			return fmt.Sprint(all)
		}
		forward := make([]int, len(rows))
		for i := range forward {
			forward[i] = i
		}
		a := outcome(forward, []int32{0, 1, 2, 3})
		b := outcome(rapid.Permutation(forward).Draw(t, "order"), rapid.Permutation([]int32{0, 1, 2, 3}).Draw(t, "files"))
		if a != b {
			t.Fatalf("in order\n%s\nin another\n%s", a, b)
		}
	})
}

func TestACopyIsOneAlsoWhereAFileDoesNotMarkIt(t *testing.T) {
	for _, marked := range []int32{0, 1} {
		lines := &settlement.FundLines{}
		add(lines, "F1", 100, 0, 5)
		add(lines, "F1", 100, 1, 6)
		lines.State[marked] = settlement.CopiedLine
		kept, _, conflict := funds.Distinct(rank, lines)
		if conflict != nil || kept.Len() != 1 || kept.State[0] != settlement.CopiedLine {
			t.Errorf("marked in file %d: %v, %v", marked, kept.State, conflict)
		}
	}
}
