package fees

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// What lines were charged is the sum of the fee rows that book them; a payment without
// one was charged nothing where its file shows the fees of others.
func TestFeeRowsAreAddedUpByLine(t *testing.T) {
	at := settlement.Day(19978).Start() + settlement.Second
	full, late, none := Shown{settlement.Day(19979).Start()}, Shown{settlement.Day(19978).Start()}, Shown{settlement.NoInstant}
	type row struct {
		of       int32
		category settlement.Category
		amount   settlement.Amount
	}
	for _, c := range []struct {
		name  string
		rows  []row
		shown Shown
		want  string // what the payment and the refund were charged, – where nothing tells; then the rows that stand alone
	}{
		{"one", []row{{0, settlement.FundFee, -60}}, full, "0.60 – []"},
		{"taken twice", []row{{0, settlement.FundFee, -60}, {0, settlement.FundFee, -60}}, full, "1.20 – []"},
		{"and given back", []row{{0, settlement.FundFee, -60}, {1, settlement.FundFeeReturn, 10}}, full, "0.60 -0.10 []"},
		{"of no line", []row{{-1, settlement.FundFee, -60}}, full, "– – [0]"},
		{"of the platform", []row{{0, settlement.FundPlatformFee, -60}}, full, "– – [0]"},
		{"never taken, while the file shows fees", []row{{0, settlement.FundPayment, 100_00}}, full, "0.00 – []"},
		{"never taken, in a file without fees", []row{{0, settlement.FundPayment, 100_00}}, none, "– – []"},
		{"not taken yet at the file's end", []row{{0, settlement.FundPayment, 100_00}}, late, "– – []"},
		{"money alone", []row{{1, settlement.FundRefund, -50_00}}, full, "– – []"},
	} {
		lines, funds, lineOf := &settlement.Lines{ID: make([]settlement.ID, 2), Fee: []settlement.Amount{-60, 30}}, &settlement.FundLines{}, []int32{}
		for n, r := range c.rows {
			funds.ID = append(funds.ID, settlement.ID{Hi: uint64(n)})
			funds.Wallet = append(funds.Wallet, settlement.Alipay)
			funds.Category = append(funds.Category, r.category)
			funds.OccurredAt = append(funds.OccurredAt, at)
			funds.Amount = append(funds.Amount, r.amount)
			funds.State = append(funds.State, settlement.Booked)
			funds.File = append(funds.File, 0)
			lineOf = append(lineOf, r.of)
		}
		moved, err := Charged(lines, funds, lineOf, c.shown)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for line := range lines.Len() {
			word := "–"
			if charged := moved.at(line); charged != settlement.NoAmount {
				word = charged.String()
			}
			words = append(words, word)
		}
		if got := strings.Join(words, " ") + " " + fmt.Sprint(moved.Alone); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A fee that the fund flow contradicts is a break, also where no rule expects one; a
// bill's 0.00 on a refund is no contradiction.
func TestTheFundFlowIsTheTruthAboutAFee(t *testing.T) {
	one := testLine{settled: "100.00", fee: "0.60", rate: "0.60%"}
	lines := batch(t, one, one, one)
	known := Known{Moved: Moved{OfLine: []settlement.Amount{60, 0, 120}}}
	charges := &settlement.Charges{}
	findings, err := ChargeLines(presets(t), lines, known, charges)
	if err != nil {
		t.Fatal(err)
	}
	var rows []int32
	for _, f := range findings {
		rows = append(rows, f.Row)
		if !strings.Contains(f.Reason, "the bill states a fee of 0.60, the fund flow shows") {
			t.Errorf("reason %q", f.Reason)
		}
	}
	classes := []settlement.VarianceClass{settlement.ClassMatch, settlement.ClassUnbilled, settlement.ClassDoubleBilled}
	if !slices.Equal(rows, []int32{1, 2}) || !slices.Equal(charges.Class, classes) || !slices.Equal(charges.Charged, []settlement.Amount{60, 0, 120}) {
		t.Errorf("breaks of %v, classes %v, charged %v", rows, charges.Class, charges.Charged)
	}
	if !slices.Equal(charges.Billed, []settlement.Amount{60, 60, 60}) || !slices.Equal(charges.Moved, known.Moved.OfLine) {
		t.Errorf("billed %v, moved %v", charges.Billed, charges.Moved)
	}
}
