package funds

import (
	"fmt"
	"slices"
	"testing"

	"reconcile/settlement"
)

// tradeLine and fundRow are what the cases below write of lines and fund lines.
type tradeLine struct {
	order, txn, refundID, refundNo string
	kind                           settlement.Kind
	second                         int
	settled, fee                   settlement.Amount
	status                         settlement.Status // success where none is written
}

type fundRow struct {
	order, txn, refundNo string
	category             settlement.Category
	second               int
	amount               settlement.Amount
}

const testDay = settlement.Day(19978)

func secondOf(second int) settlement.Instant {
	return testDay.Start() + settlement.Instant(second)*settlement.Second
}

func tradesAndFunds(lines []tradeLine, rows []fundRow) (*settlement.Lines, *settlement.FundLines) {
	l, f := &settlement.Lines{}, &settlement.FundLines{}
	for n, one := range lines {
		if one.status == settlement.NoStatus {
			one.status = settlement.Success
		}
		l.ID = append(l.ID, settlement.ID{Hi: uint64(n + 1)})
		l.Wallet = append(l.Wallet, settlement.Alipay)
		l.Account.AppendString("A")
		l.Kind = append(l.Kind, one.kind)
		l.OrderNo.AppendString(one.order)
		l.ProviderTxnID.AppendString(one.txn)
		l.ProviderRefundID.AppendString(one.refundID)
		l.RefundNo.AppendString(one.refundNo)
		l.OccurredAt = append(l.OccurredAt, secondOf(one.second))
		l.TimeBasis = append(l.TimeBasis, settlement.BasisSuccess)
		l.SettledOn = append(l.SettledOn, testDay)
		l.Settled = append(l.Settled, one.settled)
		l.Fee = append(l.Fee, one.fee)
		l.Net = append(l.Net, one.settled+one.fee)
		l.Status = append(l.Status, one.status)
		l.File = append(l.File, 0)
		l.Line = append(l.Line, int64(n+6))
	}
	for n, one := range rows {
		f.ID = append(f.ID, settlement.ID{Hi: uint64(n + 101)})
		f.Wallet = append(f.Wallet, settlement.Alipay)
		f.Account.AppendString("A")
		f.Category = append(f.Category, one.category)
		f.OrderNo.AppendString(one.order)
		f.ProviderTxnID.AppendString(one.txn)
		f.RefundNo.AppendString(one.refundNo)
		f.FlowNo.AppendString(fmt.Sprint("F", n))
		f.OccurredAt = append(f.OccurredAt, secondOf(one.second))
		f.SettledOn = append(f.SettledOn, testDay)
		f.Amount = append(f.Amount, one.amount)
		f.State = append(f.State, settlement.Booked)
		f.File = append(f.File, 1)
		f.Line = append(f.Line, int64(n+2))
	}
	return l, f
}

func TestFundLinesFindTheLinesThatTheyName(t *testing.T) {
	pay := tradeLine{order: "O1", txn: "T1", kind: settlement.Payment, second: 1, settled: 100_00, fee: -60}
	other := tradeLine{order: "O1", txn: "T2", kind: settlement.Payment, second: 2, settled: 50_00, fee: -30}
	back := func(no, id string, second int) tradeLine {
		return tradeLine{order: "O1", txn: "T1", refundNo: no, refundID: id, kind: settlement.Refund, second: second, settled: -settlement.Amount(second) * 100, fee: 10}
	}
	fee := func(order, txn string, amount settlement.Amount) fundRow {
		return fundRow{order: order, txn: txn, category: settlement.FundFee, second: 1, amount: amount}
	}
	returned := func(order, txn, no string, second int) fundRow {
		return fundRow{order: order, txn: txn, refundNo: no, category: settlement.FundFeeReturn, second: second, amount: 10}
	}
	refund := func(order, txn, no string, second int, amount settlement.Amount) fundRow {
		return fundRow{order: order, txn: txn, refundNo: no, category: settlement.FundRefund, second: second, amount: amount}
	}
	money := fundRow{order: "O1", txn: "T1", category: settlement.FundPayment, second: 1, amount: 100_00}
	for _, c := range []struct {
		name  string
		lines []tradeLine
		rows  []fundRow
		want  []int32 // the line of each fund line
	}{
		{"by the wallet's number", []tradeLine{pay, other}, []fundRow{fee("O1", "T2", -30), fee("O1", "T1", -60)}, []int32{1, 0}},
		{"by the order, where it has one payment", []tradeLine{pay}, []fundRow{fee("O1", "", -60)}, []int32{0}},
		{"not where it has two", []tradeLine{pay, other}, []fundRow{fee("O1", "", -60)}, nil},
		{"by the wallet's number alone", []tradeLine{pay}, []fundRow{fee("", "T1", -60)}, []int32{0}},
		{"of another order", []tradeLine{pay}, []fundRow{fee("O2", "T9", -60)}, nil},
		{"taken twice", []tradeLine{pay}, []fundRow{fee("O1", "T1", -60), fee("O1", "T1", -60)}, []int32{0, 0}},
		{"money beside its fee", []tradeLine{pay}, []fundRow{money, fee("O1", "T1", -60)}, []int32{0, 0}},
		{"money of a payment that failed", []tradeLine{{order: "O1", txn: "T1", kind: settlement.Payment, status: settlement.Failed}}, []fundRow{money}, nil},
		{"a fee of the platform is of no line", []tradeLine{pay}, []fundRow{{order: "O1", txn: "T1", category: settlement.FundPlatformFee, amount: -60}}, nil},
		{"it comes back with the refund", []tradeLine{pay, back("R1", "", 5)}, []fundRow{returned("O1", "T1", "", 7)}, []int32{1}},
		{"with the refund of its second", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{returned("O1", "T1", "", 7)}, []int32{2}},
		{"with the latest before it", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{returned("O1", "T1", "", 8)}, []int32{2}},
		{"one each", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{returned("O1", "T1", "", 8), returned("O1", "T1", "", 9)}, []int32{2, 1}},
		{"with the refund that it names", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{returned("", "", "R1", 8)}, nil},
		{"by the wallet's number of the refund", []tradeLine{pay, back("R1", "W1", 5), back("R2", "W2", 7)}, []fundRow{returned("", "W1", "R1", 8)}, []int32{1}},
		{"by the trade alone", []tradeLine{pay, back("R1", "", 5)}, []fundRow{returned("", "T1", "", 8)}, []int32{1}},
		{"without a refund it is of none", []tradeLine{pay}, []fundRow{returned("O1", "T1", "", 8)}, nil},
		{"a refund's money by its amount", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{refund("O1", "T1", "", 9, -5_00)}, []int32{1}},
		{"or by its amount less the fee", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)}, []fundRow{refund("O1", "T1", "", 9, -4_90)}, []int32{1}},
		{"the amount before the time, whoever comes first", []tradeLine{pay, back("R1", "", 5), back("R2", "", 7)},
			[]fundRow{refund("O1", "T1", "", 8, -3_00), refund("O1", "T1", "", 9, -7_00)}, []int32{1, 2}},
		{"a second booking of one refund", []tradeLine{pay, back("R1", "W1", 5)}, []fundRow{refund("", "W1", "R1", 5, -5_00), refund("", "W1", "R1", 6, -5_00)}, []int32{1, 1}},
		{"a refund that was closed", []tradeLine{pay, back("R1", "W1", 5)}, []fundRow{refund("", "W1", "R1", 5, -5_00), refund("", "W1", "R1", 6, 5_00)}, []int32{1, 1}},
		{"a refund that was closed names it", []tradeLine{pay, back("R1", "W1", 5)}, []fundRow{refund("O1", "", "", 6, 5_00)}, nil},
		{"the money of a refund that failed", []tradeLine{{order: "O1", txn: "T1", refundID: "W1", kind: settlement.Refund, status: settlement.Failed}}, []fundRow{refund("", "W1", "R1", 5, -5_00)}, []int32{0}},
	} {
		lines, funds := tradesAndFunds(c.lines, c.rows)
		if got := LineOf(lines, funds, nil); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := LineOf(lines, funds, func(int) bool { return false }); got != nil {
			t.Errorf("%s: lines of an earlier day are booked again: %v", c.name, fmt.Sprint(got))
		}
	}
}
