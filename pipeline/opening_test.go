package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"reconcile/opening"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

func openingState(t *testing.T, text string) *opening.State {
	t.Helper()
	s, err := opening.Parse("opening.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheFirstDayFollowsFromTheOpeningFile(t *testing.T) {
	text := "kind,wallet,account,order_no,refund_no,provider_txn_id,amount,time,fee,fee_rate,refunded,fee_returned\n" +
		"day,,,,,,,2024-09-11,,,,\norder,wechat,1230000109,A1,,,20.00,2024-09-11 23:59:50,,,,\norder,wechat,1230000109,A2,,,7.00,2024-09-11 12:00:00,,,,\n" +
		"payment,wechat,1230000109,P1,," + trade{order: "P1"}.txnID("2024-09-10") + ",10.00,2024-09-10 10:00:00,0.06,0.60%,6.00,0.04\n"
	s, dir := newShop(t), t.TempDir()
	state := openingState(t, text)
	s.change = func(j *pipeline.Job) { j.Opening = state }
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 2000, at: "00:00:05"}, trade{order: "P1", refund: "R1", amount: 400, at: "09:00:00", paidOn: "2024-09-10"}),
		extract(t, dir, d1, paid("B1", 100, d1+" 23:50:00")), refundList(t, dir, d1, "P1,R1,4.00,"+d1+" 09:00:00,success"))
	expect(t, "matches", tableRows(t, first, "matches", "kind", "order_no", "verdict"), "payment A1 equal", "refund P1 equal")
	expect(t, "open", tableRows(t, first, "open_items", "order_no"), "A2", "B1")
	// 0.02 of the fee of 0.06 are left to come back.
	expect(t, "fees", tableRows(t, first, "charges", "event", "order_no", "expected_fee", "charged_fee"),
		"payment A1 0.12 0.12", "refund P1 -0.02 -0.02")
	m, err := output.ReadManifest(first)
	if err != nil || m.Day.OpeningSHA256 != state.SHA256 || m.Day.PreviousDigest != state.SHA256 || m.Day.CarriedEvents != 2 {
		t.Fatalf("%v %+v", err, m.Day)
	}
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "B1", amount: 100, at: "00:00:05"}, trade{order: "A2", amount: 700, at: "01:00:00"},
		trade{order: "P1", refund: "R2", amount: 100, at: "09:00:00", paidOn: "2024-09-10"}),
		extract(t, dir, d2, paid("C1", 100, d2+" 23:50:00")), refundList(t, dir, d2, "P1,R2,1.00,"+d2+" 09:00:00,success"))
	expect(t, "more than was paid", tableRows(t, second, "breaks", "kind", "refund_no"), "refund_exceeds_payment R2")
}

// Of an account whose balance the opening file has, it lists all that stood open: what
// was paid long before and does not come is a break from the first day on, and what is
// listed at the cut-off waits.
func TestWhatAnOpeningFileLeavesOpenIsDue(t *testing.T) {
	state := openingState(t, "kind,wallet,account,order_no,refund_no,amount,time,sub_account,rule_id,period,granted\n"+
		"day,,,,,,2024-09-11,,,,\nbalance,wechat,1230000109,,,10000.00,,basic,,,\n"+
		"order,wechat,,LOST,,30.00,2024-09-01 10:00:00,,,,\norder,wechat,,LATE,,12.00,2024-09-11 23:50:00,,,,\n"+
		"refund,wechat,,BACK,R1,5.00,2024-09-11 12:00:00,,,,\n")
	s, dir := newShop(t), t.TempDir()
	s.change = func(j *pipeline.Job) { j.Opening = state }
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "NEW", amount: 1_00, at: "12:00:00"}), extract(t, dir, d1, paid("NEW", 1_00, d1+" 12:00:00")), refundList(t, dir, d1))
	expect(t, "breaks of the first day", breaksIn(t, first), "missing_in_statement LATE  open 2024-09-12 0", "missing_in_statement LOST  open 2024-09-12 0", "refund_missing_in_statement BACK R1 open 2024-09-12 0")
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "LOST", amount: 30_00, at: "12:00:00"}), extract(t, dir, d2), refundList(t, dir, d2))
	expect(t, "breaks of the second day", breaksIn(t, second), "missing_in_statement LATE  open 2024-09-12 1", "missing_in_statement LOST  closed 2024-09-12 1", "refund_missing_in_statement BACK R1 open 2024-09-12 1")
}

func TestADayBeforeThatOfTheOpeningFileIsNotRun(t *testing.T) {
	state := openingState(t, "kind,time\nday,"+d1+"\n")
	on, _ := settlement.ParseDay([]byte(d1))
	_, err := pipeline.Run(context.Background(), pipeline.Job{Dataset: t.TempDir(), Day: on, Opening: state})
	if !errors.Is(err, pipeline.ErrOpening) {
		t.Errorf("%v", err)
	}
}
