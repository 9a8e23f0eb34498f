package funds_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"reconcile/funds"
	"reconcile/settlement"
)

// add adds a line with a flow number, of a file.
func add(b *settlement.FundLines, flow string, amount settlement.Amount, file int32, line int64) {
	var h settlement.IDHasher
	direction := settlement.Income
	if amount < 0 {
		direction = settlement.Expense
	}
	b.ID = append(b.ID, settlement.FundLineID(&h, settlement.FundBill, settlement.WeChat, []byte("1600000001"), nil, []byte(flow), direction))
	b.Wallet = append(b.Wallet, settlement.WeChat)
	b.Direction = append(b.Direction, direction)
	b.Category = append(b.Category, settlement.FundPayment)
	b.FlowNo.AppendString(flow)
	b.OrderNo.AppendString("O" + flow)
	for _, empty := range []*settlement.Text{&b.Account, &b.SubAccount, &b.RefundNo, &b.ProviderTxnID, &b.RawType, &b.RawNote} {
		empty.AppendString("")
	}
	b.OccurredAt = append(b.OccurredAt, settlement.Instant(line))
	b.SettledOn = append(b.SettledOn, 19000)
	b.Amount = append(b.Amount, amount)
	b.Balance = append(b.Balance, settlement.NoAmount)
	b.Currency = append(b.Currency, settlement.CNY)
	b.State = append(b.State, settlement.Booked)
	b.File = append(b.File, file)
	b.Line = append(b.Line, line)
	b.Key = append(b.Key, 0)
}

var rank = []int32{0, 1, 2, 3}

func TestACopyInAnotherFileCountsOnce(t *testing.T) {
	lines := &settlement.FundLines{}
	add(lines, "F1", 100, 1, 5)
	add(lines, "F1", 100, 0, 9)
	add(lines, "F1", -60, 0, 10) // the fee under the same number goes the other way
	kept, copied, conflict := funds.Distinct(rank, lines)
	if conflict != nil || kept.Len() != 2 || len(copied) != 1 || copied[0].File != 1 || copied[0].KeptFile != 0 {
		t.Errorf("kept %d, copied %+v, %v", kept.Len(), copied, conflict)
	}
}

func TestLinesOfOneNumberInOneFileAreLinesOfTheirOwn(t *testing.T) {
	lines := &settlement.FundLines{}
	for file := range int32(2) { // the second file repeats the first
		add(lines, "F1", 100, file, 5)
		add(lines, "F1", 100, file, 6)
		add(lines, "F1", 70, file, 7)
	}
	kept, copied, conflict := funds.Distinct(rank, lines)
	if conflict != nil || kept.Len() != 3 || len(copied) != 3 {
		t.Fatalf("kept %d, copied %+v, %v", kept.Len(), copied, conflict)
	}
	ids := map[settlement.ID]bool{}
	for _, id := range kept.ID {
		ids[id] = true
	}
	if len(ids) != 3 {
		t.Error("two lines share an identity")
	}
}

func TestCopiesThatDifferAreAConflict(t *testing.T) {
	lines := &settlement.FundLines{}
	add(lines, "F1", 100, 0, 5)
	add(lines, "F1", 101, 1, 6)
	if _, _, conflict := funds.Distinct(rank, lines); conflict == nil || conflict.Column != "amount" || conflict.Line != 5 || conflict.OtherLine != 6 {
		t.Errorf("got %+v", conflict)
	}
}

// Whatever the order of the rows, the same lines are kept under the same identities,
// and none is lost.
func TestTheOrderOfRowsHasNoBearing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type row struct {
			flow   string
			amount settlement.Amount
			file   int32
			line   int64
		}
		var rows []row
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			rows = append(rows, row{rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "flow"), settlement.Amount(rapid.SampledFrom([]int64{100, 70, -60}).Draw(t, "amount")), rapid.Int32Range(0, 3).Draw(t, "file"), int64(i)})
		}
		outcome := func(order []int) string {
			lines := &settlement.FundLines{}
			for _, i := range order {
				add(lines, rows[i].flow, rows[i].amount, rows[i].file, rows[i].line)
			}
			kept, copied, conflict := funds.Distinct(rank, lines)
			if conflict != nil {
				return fmt.Sprint(*conflict)
			}
			if kept.Len()+len(copied) != len(rows) {
				t.Fatalf("%d kept and %d copies of %d", kept.Len(), len(copied), len(rows))
			}
			out := ""
			for i := range kept.Len() {
				out += fmt.Sprintln(kept.ID[i], kept.Amount[i], kept.File[i], kept.Line[i])
			}
			return out
		}
		forward := make([]int, len(rows))
		for i := range forward {
			forward[i] = i
		}
		if a, b := outcome(forward), outcome(rapid.Permutation(forward).Draw(t, "order")); a != b {
			t.Fatalf("in order\n%s\nin another\n%s", a, b)
		}
	})
}

// In the order of the table and without twins, lines are taken as they are; any other
// order, and any copy, gives the same lines.
func TestLinesWithoutTwinsAreTakenAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := &settlement.FundLines{}
		n := rapid.IntRange(0, 40).Draw(t, "lines")
		for i := range n {
			add(lines, fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "flow")), 100, 0, int64(i))
		}
		flows := map[string]int{}
		for i := range n {
			flows[lines.FlowNo.StringAt(i)]++
		}
		kept, copied, conflict := funds.Distinct(rank, lines)
		if conflict != nil || kept.Len() != n || len(copied) != 0 {
			t.Fatalf("%d of %d lines, %d copies, %v", kept.Len(), n, len(copied), conflict)
		}
		again, copied, conflict := funds.Distinct(rank, kept)
		if conflict != nil || again.Len() != n || len(copied) != 0 {
			t.Fatalf("again: %d of %d lines, %d copies, %v", again.Len(), n, len(copied), conflict)
		}
		if len(flows) == n && again != kept {
			t.Fatal("lines without twins were copied")
		}
		for i := 1; i < again.Len(); i++ {
			if again.OrderNo.StringAt(i-1) > again.OrderNo.StringAt(i) {
				t.Fatal("not in the order of the table")
			}
		}
	})
}
