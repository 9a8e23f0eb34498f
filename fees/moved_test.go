package fees

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// movedLine and movedRow are what the cases below write of lines and fund lines.
type movedLine struct {
	order, txn, refundID, refundNo string
	kind                           settlement.Kind
	second                         int
	fee                            settlement.Amount
}

type movedRow struct {
	order, txn, refundNo string
	category             settlement.Category
	second               int
	amount               settlement.Amount
}

func movedInput(lines []movedLine, rows []movedRow) (*settlement.Lines, *settlement.FundLines) {
	l, f := &settlement.Lines{}, &settlement.FundLines{}
	at := func(second int) settlement.Instant {
		return settlement.Day(19978).Start() + settlement.Instant(second)*settlement.Second
	}
	for n, one := range lines {
		l.ID = append(l.ID, settlement.ID{Hi: uint64(n)})
		l.Wallet = append(l.Wallet, settlement.Alipay)
		l.Account.AppendString("A")
		l.Kind = append(l.Kind, one.kind)
		l.OrderNo.AppendString(one.order)
		l.ProviderTxnID.AppendString(one.txn)
		l.ProviderRefundID.AppendString(one.refundID)
		l.RefundNo.AppendString(one.refundNo)
		l.OccurredAt = append(l.OccurredAt, at(one.second))
		l.Fee = append(l.Fee, one.fee)
		l.Status = append(l.Status, settlement.Success)
	}
	for n, one := range rows {
		f.ID = append(f.ID, settlement.ID{Hi: uint64(n)})
		f.Wallet = append(f.Wallet, settlement.Alipay)
		f.Account.AppendString("A")
		f.Category = append(f.Category, one.category)
		f.OrderNo.AppendString(one.order)
		f.ProviderTxnID.AppendString(one.txn)
		f.RefundNo.AppendString(one.refundNo)
		f.OccurredAt = append(f.OccurredAt, at(one.second))
		f.Amount = append(f.Amount, one.amount)
		f.State = append(f.State, settlement.Booked)
		f.File = append(f.File, 0)
	}
	return l, f
}

func TestFeeRowsFindTheLinesThatTheyName(t *testing.T) {
	pay := movedLine{order: "O1", txn: "T1", kind: settlement.Payment, second: 1, fee: -60}
	other := movedLine{order: "O1", txn: "T2", kind: settlement.Payment, second: 2, fee: -30}
	back := func(no, id string, second int) movedLine {
		return movedLine{order: "O1", txn: "T1", refundNo: no, refundID: id, kind: settlement.Refund, second: second}
	}
	fee := func(order, txn string, amount settlement.Amount) movedRow {
		return movedRow{order: order, txn: txn, category: settlement.FundFee, second: 1, amount: amount}
	}
	returned := func(order, txn, no string, second int) movedRow {
		return movedRow{order: order, txn: txn, refundNo: no, category: settlement.FundFeeReturn, second: second, amount: 10}
	}
	money := movedRow{order: "O1", txn: "T1", category: settlement.FundPayment, second: 1, amount: 100_00}
	full, late := Shown{settlement.Day(19979).Start()}, Shown{settlement.Day(19978).Start()}
	for _, c := range []struct {
		name  string
		lines []movedLine
		rows  []movedRow
		shown Shown
		want  string // what each line was charged, – where nothing tells; then the rows that stand alone
	}{
		{"by the wallet's number", []movedLine{pay, other}, []movedRow{fee("O1", "T2", -30), fee("O1", "T1", -60)}, full, "0.60 0.30 []"},
		{"by the order, where it has one payment", []movedLine{pay}, []movedRow{fee("O1", "", -60)}, full, "0.60 []"},
		{"not where it has two", []movedLine{pay, other}, []movedRow{fee("O1", "", -60)}, full, "– – [0]"},
		{"by the wallet's number alone", []movedLine{pay}, []movedRow{fee("", "T1", -60)}, full, "0.60 []"},
		{"of another order", []movedLine{pay}, []movedRow{fee("O2", "T9", -60)}, full, "– [0]"},
		{"taken twice", []movedLine{pay}, []movedRow{fee("O1", "T1", -60), fee("O1", "T1", -60)}, full, "1.20 []"},
		{"never taken, while the file shows fees", []movedLine{pay}, []movedRow{money}, full, "0.00 []"},
		{"never taken, in a file without fees", []movedLine{pay}, []movedRow{money}, Shown{settlement.NoInstant}, "– []"},
		{"not taken yet at the file's end", []movedLine{pay}, []movedRow{money}, late, "– []"},
		{"a fee of the platform stands alone", []movedLine{pay}, []movedRow{{order: "O1", txn: "T1", category: settlement.FundPlatformFee, amount: -60}}, full, "– [0]"},
		{"it comes back with the refund", []movedLine{pay, back("R1", "", 5)}, []movedRow{returned("O1", "T1", "", 7)}, full, "– -0.10 []"},
		{"with the refund of its second", []movedLine{pay, back("R1", "", 5), back("R2", "", 7)}, []movedRow{returned("O1", "T1", "", 7)}, full, "– – -0.10 []"},
		{"with the latest before it", []movedLine{pay, back("R1", "", 5), back("R2", "", 7)}, []movedRow{returned("O1", "T1", "", 8)}, full, "– – -0.10 []"},
		{"one each", []movedLine{pay, back("R1", "", 5), back("R2", "", 7)}, []movedRow{returned("O1", "T1", "", 8), returned("O1", "T1", "", 9)}, full, "– -0.10 -0.10 []"},
		{"with the refund that it names", []movedLine{pay, back("R1", "", 5), back("R2", "", 7)}, []movedRow{returned("", "", "R1", 8)}, full, "– – – [0]"},
		{"by the wallet's number of the refund", []movedLine{pay, back("R1", "W1", 5), back("R2", "W2", 7)}, []movedRow{returned("", "W1", "R1", 8)}, full, "– -0.10 – []"},
		{"by the trade alone", []movedLine{pay, back("R1", "", 5)}, []movedRow{returned("", "T1", "", 8)}, full, "– -0.10 []"},
		{"without a refund it stands alone", []movedLine{pay}, []movedRow{returned("O1", "T1", "", 8)}, full, "– [0]"},
	} {
		lines, funds := movedInput(c.lines, c.rows)
		moved, err := Attach(lines, funds, c.shown, nil)
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for i := range c.lines {
			word := "–"
			if moved.OfLine != nil && moved.OfLine[i] != settlement.NoAmount {
				word = moved.OfLine[i].String()
			}
			words = append(words, word)
		}
		if got := strings.Join(words, " ") + " " + fmt.Sprint(moved.Alone); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		earlier, err := Attach(lines, funds, c.shown, func(int) bool { return false })
		if err != nil || earlier.OfLine != nil {
			t.Errorf("%s: a line of an earlier day was charged %v: %v", c.name, earlier.OfLine, err)
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
