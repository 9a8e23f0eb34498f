package funds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// bothDelivered is rules of an account whose trade bill and fund flow of the test's day
// were delivered, and of those days after it.
func bothDelivered(after ...settlement.Day) *Rules {
	trades, funds := &settlement.Coverage{}, &settlement.Coverage{}
	for _, on := range append([]settlement.Day{testDay}, after...) {
		for _, c := range [...]*settlement.Coverage{trades, funds} {
			for _, refunds := range [...]bool{false, true} {
				c.AddSpan(settlement.Alipay, "A", refunds, on, on+1)
			}
		}
	}
	return &Rules{TradeBills: trades, FundFlows: funds, Window: 30 * settlement.Minute, Day: testDay + settlement.Day(len(after)), Names: []string{"trade.csv", "log.csv"}}
}

const noon, nearMidnight = 12 * 3600, 24*3600 - 60

func settled(t *testing.T, r *Rules, lines []tradeLine, rows []fundRow, before *settlement.Unsettled) Settled {
	t.Helper()
	l, f := tradesAndFunds(lines, rows)
	out := r.Settle(Trades{Lines: l, Funds: f, LineOf: LineOf(l, f, nil), Before: before})
	if s := out.Sums; s.Rows != s.BookedRows+s.EarlierRows+s.AloneRows || s.Money != s.Booked+s.Earlier+s.Alone {
		t.Errorf("money is lost: %+v", s)
	}
	return out
}

// said is the unsettled rows in words: side, state, expected and booked.
func said(u *settlement.Unsettled) string {
	var words []string
	for i := range u.Len() {
		words = append(words, fmt.Sprintf("%s %s %s %s→%s", u.Side[i], u.State[i], u.Kind[i], amountOf(u.Expected[i]), amountOf(u.Booked[i])))
	}
	slices.Sort(words)
	return strings.Join(words, "; ")
}

func amountOf(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return "–"
	}
	return a.String()
}

func TestTradeBillAndFundFlowSayTheSame(t *testing.T) {
	pay := tradeLine{order: "O1", txn: "T1", kind: settlement.Payment, second: noon, settled: 100_00, fee: -60}
	back := tradeLine{order: "O1", txn: "T1", refundID: "W1", refundNo: "R1", kind: settlement.Refund, second: noon, settled: -50_00, fee: 30}
	money := func(amount settlement.Amount) fundRow {
		return fundRow{order: "O1", txn: "T1", category: settlement.FundPayment, second: noon, amount: amount}
	}
	refund := func(amount settlement.Amount) fundRow {
		return fundRow{txn: "W1", refundNo: "R1", category: settlement.FundRefund, second: noon, amount: amount}
	}
	feeBack := fundRow{txn: "W1", refundNo: "R1", category: settlement.FundFeeReturn, second: noon, amount: 30}
	late := pay
	late.second = nearMidnight
	lateMoney := money(100_00)
	lateMoney.second = nearMidnight
	failed := back
	failed.status = settlement.Failed
	for _, c := range []struct {
		name   string
		lines  []tradeLine
		rows   []fundRow
		want   string
		reason string
	}{
		{"a payment is booked", []tradeLine{pay}, []fundRow{money(100_00)}, "", ""},
		{"a refund is booked whole, its fee in a row of its own", []tradeLine{back}, []fundRow{refund(-50_00), feeBack}, "", ""},
		{"a refund is booked net of its fee", []tradeLine{back}, []fundRow{refund(-49_70)}, "", ""},
		{"a refund is booked whole, its fee never comes back: that is for the charges", []tradeLine{back}, []fundRow{refund(-50_00)}, "", ""},
		{"net of its fee, and the fee once more", []tradeLine{back}, []fundRow{refund(-49_70), feeBack}, "trade broken refund -50.00→-49.70",
			"the trade bill settles -50.00, the fund flow books -49.70 (flow number F0 of -49.70)"},
		{"a payment net of its fee is not what the bill settles", []tradeLine{pay}, []fundRow{money(99_40)}, "trade broken payment 100.00→99.40",
			"the trade bill settles 100.00, the fund flow books 99.40 (flow number F0 of 99.40)"},
		{"a payment without money", []tradeLine{pay}, nil, "trade broken payment 100.00→–", "the trade bill settles 100.00, the fund flow books nothing for it"},
		{"money without a payment", nil, []fundRow{money(100_00)}, "funds broken payment –→100.00", "the fund flow books 100.00 for a payment that no trade bill has"},
		{"money without a refund", nil, []fundRow{refund(-50_00)}, "funds broken refund –→-50.00", "the fund flow books -50.00 for a refund that no trade bill has"},
		{"a fen too little", []tradeLine{pay}, []fundRow{money(99_99)}, "trade broken payment 100.00→99.99", "the trade bill settles 100.00, the fund flow books 99.99 (flow number F0 of 99.99)"},
		{"booked twice", []tradeLine{pay}, []fundRow{money(100_00), money(100_00)}, "trade broken payment 100.00→200.00",
			"the trade bill settles 100.00, the fund flow books it 2 times (flow number F0 of 100.00, F1 of 100.00)"},
		{"booked in two parts", []tradeLine{pay}, []fundRow{money(40_00), money(60_00)}, "", ""},
		{"a refund that was closed", []tradeLine{back}, []fundRow{refund(-50_00), refund(50_00)}, "trade broken refund -50.00→0.00",
			"the trade bill settles -50.00, the fund flow books it and takes it back (flow number F0 of -50.00, F1 of 50.00)"},
		{"a refund that failed moves nothing", []tradeLine{failed}, nil, "", ""},
		{"a refund that failed, taken and given back", []tradeLine{failed}, []fundRow{refund(-50_00), refund(50_00)}, "", ""},
		{"a refund that failed, taken", []tradeLine{failed}, []fundRow{refund(-50_00)}, "trade broken refund 0.00→-50.00",
			"the trade bill says that the refund failed, the fund flow books -50.00 (flow number F0 of -50.00)"},
		{"a payment at the cut-off waits", []tradeLine{late}, nil, "trade waiting payment 100.00→–", ""},
		{"money at the cut-off waits", nil, []fundRow{lateMoney}, "funds waiting payment –→100.00", ""},
		{"nothing is expected of 0.00", []tradeLine{{order: "O1", txn: "T1", kind: settlement.Payment, second: noon}}, nil, "", ""},
	} {
		out := settled(t, bothDelivered(), c.lines, c.rows, nil)
		if got := said(out.Unsettled); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		reason := ""
		if out.Breaks.Len() > 0 {
			reason = out.Breaks.Reason.StringAt(0)
		}
		if reason != c.reason || out.Breaks.Len() > 0 && out.Breaks.Kind[0] != settlement.SettlementMismatch {
			t.Errorf("%s: break %q, want %q", c.name, reason, c.reason)
		}
	}
}

// An account of which one side alone was delivered is not compared.
func TestOneSideAloneProvesNothing(t *testing.T) {
	pay := tradeLine{order: "O1", txn: "T1", kind: settlement.Payment, second: noon, settled: 100_00}
	money := fundRow{order: "O2", txn: "T2", category: settlement.FundPayment, second: noon, amount: 100_00}
	for _, r := range [...]*Rules{
		{TradeBills: bothDelivered().TradeBills, FundFlows: &settlement.Coverage{}, Window: 30 * settlement.Minute},
		{TradeBills: &settlement.Coverage{}, FundFlows: bothDelivered().FundFlows, Window: 30 * settlement.Minute},
	} {
		if out := settled(t, r, []tradeLine{pay}, []fundRow{money}, nil); out.Unsettled.Len() != 0 {
			t.Errorf("%s", said(out.Unsettled))
		}
	}
}

// What waits, or is broken, is settled by the other side of a later day; what never
// comes breaks once the file that should have had it is there, and stays broken.
func TestTheOtherSideComesOnALaterDay(t *testing.T) {
	pay := tradeLine{order: "O1", txn: "T1", kind: settlement.Payment, second: nearMidnight, settled: 100_00, fee: -60}
	back := tradeLine{order: "O1", txn: "T1", refundID: "W1", refundNo: "R1", kind: settlement.Refund, second: nearMidnight, settled: -50_00, fee: 30}
	next := 24*3600 + 60
	money := fundRow{order: "O1", txn: "T1", category: settlement.FundPayment, second: next, amount: 100_00}
	refund := fundRow{txn: "W1", refundNo: "R1", category: settlement.FundRefund, second: next, amount: -49_70}
	first := settled(t, bothDelivered(), []tradeLine{pay, back}, nil, nil)
	if got := said(first.Unsettled); got != "trade waiting payment 100.00→–; trade waiting refund -50.00→–" {
		t.Fatal(got)
	}
	copyOf := func(u *settlement.Unsettled) *settlement.Unsettled {
		c := &settlement.Unsettled{}
		settlement.AppendAll(c, u)
		return c
	}
	second := settled(t, bothDelivered(testDay+1), nil, []fundRow{money, refund}, copyOf(first.Unsettled))
	if got := said(second.Unsettled); got != "" || len(second.Closed) != 2 {
		t.Errorf("%s, closed %v", got, second.Closed)
	}
	for _, why := range second.Closed {
		if !strings.HasPrefix(why, "its money was booked on 2024-09-13: log.csv:") {
			t.Errorf("closed by %q", why)
		}
	}
	never := settled(t, bothDelivered(testDay+1), nil, nil, copyOf(first.Unsettled))
	if got := said(never.Unsettled); got != "trade broken payment 100.00→–; trade broken refund -50.00→–" {
		t.Error(got)
	}
	gap := settled(t, bothDelivered(testDay+2), nil, nil, copyOf(first.Unsettled))
	if got := said(gap.Unsettled); got != "trade waiting payment 100.00→–; trade waiting refund -50.00→–" {
		t.Errorf("the fund flow of the next day was not delivered: %s", got)
	}
	third := settled(t, bothDelivered(testDay+1, testDay+2), nil, []fundRow{money}, copyOf(never.Unsettled))
	if got := said(third.Unsettled); got != "trade broken refund -50.00→–" {
		t.Error(got)
	}
	// Two partial refunds of one payment, which their fund lines do not tell apart by number.
	part := func(no string, amount settlement.Amount) tradeLine {
		return tradeLine{order: "O5", txn: "T5", refundNo: no, kind: settlement.Refund, second: nearMidnight, settled: amount}
	}
	paidBack := func(amount settlement.Amount) fundRow {
		return fundRow{order: "O5", txn: "T5", category: settlement.FundRefund, second: next, amount: amount}
	}
	parts := settled(t, bothDelivered(), []tradeLine{part("R5", -20_00), part("R6", -30_00)}, nil, nil)
	both := settled(t, bothDelivered(testDay+1), nil, []fundRow{paidBack(-30_00), paidBack(-20_00)}, copyOf(parts.Unsettled))
	if got := said(both.Unsettled); got != "" || len(both.Closed) != 2 {
		t.Errorf("two refunds of one payment: %s, closed %v", got, both.Closed)
	}
	lone := settled(t, bothDelivered(), nil, []fundRow{{order: "O9", txn: "T9", category: settlement.FundPayment, second: nearMidnight, amount: 7_00}}, nil)
	came := settled(t, bothDelivered(testDay+1), []tradeLine{{order: "O9", txn: "T9", kind: settlement.Payment, second: next, settled: 7_00}}, nil, copyOf(lone.Unsettled))
	if got := said(came.Unsettled); got != "" || len(came.Closed) != 1 {
		t.Errorf("%s, closed %v", got, came.Closed)
	}
}
