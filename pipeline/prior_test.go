package pipeline_test

import (
	"testing"

	"reconcile/fees"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// contractUntil are terms under which WeChat Pay takes 0.38 % of what was paid until a
// day, and 0.60 % from then on; refunds bring the rate back. The shop's home wallet,
// Alipay, takes 0.50 % and keeps it.
func contractUntil(t testing.TB, day string) *fees.Terms {
	t.Helper()
	on, err := settlement.ParseDay([]byte(day))
	if err != nil {
		t.Fatal(err)
	}
	rule := func(id string, wallet settlement.Wallet, ppm settlement.Rate, refund fees.RefundPolicy, from, until settlement.Instant) fees.Rule {
		return fees.Rule{ID: id, Version: "1", Wallet: wallet, Event: fees.OnPayment, Kind: fees.Percent, Rate: ppm, Rounding: fees.HalfUp,
			Refund: refund, From: from, Until: until, Source: "a test", Mark: fees.Convention}
	}
	terms, err := fees.NewTerms(fees.TermsInput{
		Rules: []fees.Rule{
			rule("promotion", settlement.WeChat, 3800, fees.RefundPerRefundClamped, settlement.NoInstant, on.Start()),
			rule("standard", settlement.WeChat, 6000, fees.RefundPerRefundClamped, on.Start(), settlement.NoInstant),
			rule("home", settlement.Alipay, 5000, fees.RefundNone, settlement.NoInstant, settlement.NoInstant),
		},
		Homes: []fees.HomeWallet{{Shop: "shop1", Wallet: settlement.Alipay, From: settlement.NoInstant, Until: settlement.NoInstant}},
		Since: settlement.NoInstant,
	})
	if err != nil {
		t.Fatal(err)
	}
	return terms
}

// The promotion ended on the day of the refund: what comes back is still the rate of
// the payment, which was made before.
func TestARefundReturnsTheRateOfItsPaymentDaysAgo(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.change = func(j *pipeline.Job) { j.Terms = contractUntil(t, d2) }
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 10000, at: "10:00:00"}),
		extract(t, dir, d1, paid("A1", 10000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00")))
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A9", amount: 1, at: "00:00:00"}, trade{order: "A1", refund: "R1", amount: 5000, at: "10:00:00", paidOn: d1},
		trade{order: "B1", amount: 10000, at: "11:00:00"}),
		extract(t, dir, d2, paid("B1", 10000, d2+" 11:00:00"), paid("B9", 1, d2+" 23:50:00")), refundList(t, dir, d2, "A1,R1,50.00,"+d2+" 10:00:00,success"))
	expect(t, "charges", tableRows(t, second, "charges", "event", "order_no", "rule_id", "rate", "expected_fee"),
		"payment A9 standard 0.006000 0.00", "payment B1 standard 0.006000 0.60", "refund A1 promotion 0.003800 -0.19")
}

// What an order costs across wallets is written as it changes: on the day of a refund
// only what the refund brought back, in both wallets.
func TestCrossWalletCostIsWrittenAsItChanges(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.change = func(j *pipeline.Job) { j.Terms = contractUntil(t, d1) }
	columns := []string{"order_no", "paid_amount", "refunded_amount", "channel_fee", "home_fee", "incremental_fee"}
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 10000, at: "10:00:00"}),
		extract(t, dir, d1, paid("A1", 10000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00")))
	expect(t, "the payment", tableRows(t, first, "cross_wallet", columns...), "A1 100.00 0.00 0.60 0.50 0.10")
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A9", amount: 1, at: "00:00:00"}, trade{order: "A1", refund: "R1", amount: 5000, at: "10:00:00", paidOn: d1}),
		extract(t, dir, d2, paid("B9", 1, d2+" 23:50:00")), refundList(t, dir, d2, "A1,R1,50.00,"+d2+" 10:00:00,success"))
	expect(t, "half of it comes back, of the home wallet's fee nothing", tableRows(t, second, "cross_wallet", columns...),
		"A1 0.00 50.00 -0.30 0.00 -0.30", "A9 0.01 0.00 0.00 0.00 0.00")
	third := s.run(d3, wechatBill(t, dir, d3, trade{order: "B9", amount: 1, at: "00:00:00"}, trade{order: "A1", refund: "R2", amount: 5000, at: "10:00:00", paidOn: d1}),
		extract(t, dir, d3, paid("C9", 1, d3+" 23:50:00")), refundList(t, dir, d3, "A1,R2,50.00,"+d3+" 10:00:00,success"))
	expect(t, "the other half", tableRows(t, third, "cross_wallet", columns...),
		"A1 0.00 50.00 -0.30 0.00 -0.30", "B9 0.01 0.00 0.00 0.00 0.00")
}
