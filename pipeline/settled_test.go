package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/pipeline"
	"reconcile/settlement"
)

// movement is a row of a fund-flow bill: of a trade, or with a refund number of a
// refund, which names the refund alone.
type movement struct {
	order, refund, day string // the day of the trade
	kind               string // 业务类型
	amount             settlement.Amount
	at                 string
}

// fundFlow writes the fund-flow bill of a day, opening with 10,000.00.
func fundFlow(t testing.TB, dir, day string, rows ...movement) string {
	t.Helper()
	return fundFlowFrom(t, dir, day, 10_000_00, rows...)
}

// fundFlowFrom writes the fund-flow bill of a day that begins with a balance.
func fundFlowFrom(t testing.TB, dir, day string, opening settlement.Amount, rows ...movement) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n")
	balance, income, expense := opening, settlement.Amount(0), settlement.Amount(0)
	in, out := 0, 0
	for n, r := range rows {
		direction := "收入"
		balance += r.amount
		if r.amount > 0 {
			in, income = in+1, income+r.amount
		} else {
			direction, out, expense = "支出", out+1, expense-r.amount
		}
		business, voucher, name := trade{order: r.order}.txnID(r.day), r.order, "交易"
		if r.refund != "" {
			business, voucher, name = "5000"+r.refund, r.refund, "退款"
		}
		fmt.Fprintf(&b, "`%s,`%s,`9%s%04d,`%s,`%s,`%s,`%s,`%s,`system,`,`%s\n",
			onDay(day, r.at), business, strings.ReplaceAll(day, "-", ""), n, name, r.kind, direction, r.amount.Abs(), balance, voucher)
	}
	fmt.Fprintf(&b, "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`%d,`%d,`%s,`%d,`%s\n", in+out, in, income, out, expense)
	return writeText(t, filepath.Join(dir, "1230000109_fundflow_BASIC_"+day+".csv"), b.String())
}

// Money that is booked a minute later stands in the next day's fund flow: it waits, and
// is settled there. What never comes is a break that ages, and closes when it is booked.
func TestMoneyIsLookedForInTheNextDaysFundFlow(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	one, two, three := "2024-09-12", "2024-09-13", "2024-09-14"
	orders := func(day string, rows ...string) []string {
		return []string{extract(t, dir, day, rows...), refundList(t, dir, day)}
	}
	late, lost, lone := trade{order: "LATE", amount: 100_00, at: "23:59:50"}, trade{order: "LOST", amount: 50_00, at: "12:00:00"}, trade{order: "LONE", amount: 7_00, at: "00:00:05"}
	first := s.run(one, append(orders(one, paid("LATE", 100_00, one+" 23:59:50"), paid("LOST", 50_00, one+" 12:00:00")),
		wechatBill(t, dir, one, late, lost),
		fundFlow(t, dir, one,
			movement{order: "LOST", day: one, kind: "扣除交易手续费", amount: -30, at: "12:00:00"},
			movement{order: "LONE", day: two, kind: "交易", amount: 7_00, at: "23:59:58"}))...)
	expect(t, "unsettled on the first day", tableRows(t, first, "unsettled", "side", "order_no", "expected_amount", "booked_amount", "state"),
		"trade LATE 100.00  waiting", "trade LOST 50.00  broken", "funds LONE  7.00 waiting")
	expect(t, "breaks on the first day", tableRows(t, first, "breaks", "kind", "order_no", "expected_amount", "actual_amount", "status"),
		"settlement_mismatch LOST 50.00  open")

	second := s.run(two, append(orders(two, paid("LONE", 7_00, two+" 00:00:05")),
		wechatBill(t, dir, two, lone),
		fundFlowFrom(t, dir, two, 10_006_70,
			movement{order: "LATE", day: one, kind: "交易", amount: 100_00, at: "00:00:10"},
			movement{order: "LONE", day: two, kind: "扣除交易手续费", amount: -4, at: "00:00:11"}))...)
	expect(t, "unsettled on the second day", tableRows(t, second, "unsettled", "side", "order_no", "state", "first_seen_on"),
		"trade LOST broken 2024-09-12")
	expect(t, "breaks on the second day", tableRows(t, second, "breaks", "kind", "order_no", "status", "first_seen_on", "age_days"),
		"settlement_mismatch LOST open 2024-09-12 1")

	third := s.run(three, append(orders(three, paid("NEXT", 1_00, three+" 12:00:00")),
		wechatBill(t, dir, three, trade{order: "NEXT", amount: 1_00, at: "12:00:00"}),
		fundFlowFrom(t, dir, three, 10_106_66,
			movement{order: "NEXT", day: three, kind: "交易", amount: 1_00, at: "12:00:00"},
			movement{order: "NEXT", day: three, kind: "扣除交易手续费", amount: -1, at: "12:00:00"},
			movement{order: "LOST", day: one, kind: "交易", amount: 50_00, at: "15:00:00"}))...)
	expect(t, "unsettled on the third day", tableRows(t, third, "unsettled", "order_no"))
	closed := tableRows(t, third, "breaks", "kind", "order_no", "status", "closed_on", "reason")
	if len(closed) != 1 || !strings.HasPrefix(closed[0], "settlement_mismatch LOST closed 2024-09-14 its money was booked on 2024-09-14: ") ||
		!strings.HasSuffix(closed[0], "1230000109_fundflow_BASIC_2024-09-14.csv:4, 50.00") {
		t.Errorf("%q", closed)
	}
}

// A fund flow of another account than the trade bill's proves nothing, and says so.
func TestAFundFlowOfAnotherAccountIsNamed(t *testing.T) {
	dir := t.TempDir()
	flow := fundFlow(t, dir, d1, movement{order: "A", day: d1, kind: "交易", amount: 100_00, at: "12:00:00"})
	other := filepath.Join(dir, "1900000109_fundflow_BASIC_"+d1+".csv")
	if err := os.Rename(flow, other); err != nil {
		t.Fatal(err)
	}
	result, out := ran(t, other, wechatBill(t, dir, d1, trade{order: "A", amount: 100_00, at: "12:00:00"}), extract(t, dir, d1, paid("A", 100_00, d1+" 12:00:00")))
	notes := strings.Join(result.Manifest.Notes, "\n")
	for _, want := range []string{"1900000109_fundflow_BASIC_2024-09-12.csv is the fund flow of wechat 1900000109, of which there is no trade bill",
		"1230000109_ALL_2024-09-12.csv is the trade bill of wechat 1230000109, of which there is no fund flow"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%s: lacks %s", notes, want)
		}
	}
	expect(t, "breaks", tableRows(t, out, "breaks", "kind"))
}

// The fee of a payment that is booked after midnight is counted on the payment's day, by
// its bill, and not once more; a second one is.
func TestAFeeBookedTheNextDayIsCountedOnce(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	one, two := "2024-09-12", "2024-09-13"
	fee := movement{order: "LATE", day: one, kind: "扣除交易手续费", amount: -60, at: "00:00:10"}
	first := s.run(one, extract(t, dir, one, paid("LATE", 100_00, one+" 23:59:50")), refundList(t, dir, one),
		wechatBill(t, dir, one, trade{order: "LATE", amount: 100_00, at: "23:59:50"}), fundFlow(t, dir, one))
	second := s.run(two, extract(t, dir, two), refundList(t, dir, two), wechatBill(t, dir, two),
		fundFlow(t, dir, two, movement{order: "LATE", day: one, kind: "交易", amount: 100_00, at: "00:00:10"}, fee, fee))
	columns := []string{"order_no", "charged_fee", "billed_fee", "moved_fee"}
	expect(t, "charges of the first day", tableRows(t, first, "charges", columns...), "LATE 0.60  ")
	expect(t, "charges of the second day", tableRows(t, second, "charges", columns...), "LATE 0.00 0.60 0.60", "LATE 0.60  0.60")
}

// A refund's row names the refund alone: its trade line of the day before is found
// wherever it lies, and the other way round.
func TestARefundBookedTheNextDayFindsItsTradeLine(t *testing.T) {
	for _, bucketBytes := range []int64{0, 1 << 10} {
		s, dir := newShop(t), t.TempDir()
		s.change = func(job *pipeline.Job) { *job = job.With(bucketBytes, nil) }
		one, two := "2024-09-12", "2024-09-13"
		var trades []trade
		var rows, orders []string
		var booked, refunds []movement
		for n := range 20 {
			order, refund := fmt.Sprint("O", n), fmt.Sprint("R", n)
			trades = append(trades, trade{order: order, amount: 100_00, at: "12:00:00"}, trade{order: order, refund: refund, amount: 50_00, at: "23:59:50"})
			orders = append(orders, paid(order, 100_00, one+" 12:00:00"))
			rows = append(rows, fmt.Sprintf("%s,%s,50.00,%s 23:59:50,success", order, refund, one))
			booked = append(booked, movement{order: order, day: one, kind: "交易", amount: 100_00, at: "12:00:00"},
				movement{order: order, day: one, kind: "扣除交易手续费", amount: -60, at: "12:00:00"})
			refunds = append(refunds, movement{order: order, refund: refund, day: one, kind: "退款", amount: -49_70, at: "00:00:03"})
		}
		first := s.run(one, extract(t, dir, one, orders...), refundList(t, dir, one, rows...), wechatBill(t, dir, one, trades...), fundFlow(t, dir, one, booked...))
		if got := tableRows(t, first, "unsettled", "kind", "state"); len(got) != 20 || got[0] != "refund waiting" {
			t.Errorf("bucket of %d: first day: %q", bucketBytes, got)
		}
		second := s.run(two, extract(t, dir, two), refundList(t, dir, two), wechatBill(t, dir, two), fundFlowFrom(t, dir, two, 11_988_00, refunds...))
		expect(t, "unsettled on the second day", tableRows(t, second, "unsettled", "order_no", "state"))
		expect(t, "breaks on the second day", tableRows(t, second, "breaks", "kind", "order_no"))
	}
}
