package fees

import (
	"testing"

	"reconcile/settlement"
)

// A fee row that names no line counts with its order: in the row of one that was paid
// across wallets, else in the sum of home orders; where no order is known, it is residual.
func TestAFeeRowWithoutALineCountsWithItsOrder(t *testing.T) {
	lines := batch(t, testLine{txn: "C", settled: "100.00", fee: "0.60"}, testLine{txn: "H", settled: "200.00", fee: "1.20"}, testLine{txn: "N", settled: "300.00", fee: "1.80"})
	lines.OrderNo = settlement.Text{} // in the order of the table: the line without an order number is first
	for _, number := range []string{"", "A", "B"} {
		lines.OrderNo.AppendString(number)
	}
	lines.Key = []uint64{1, 2, 3}
	cross := func(line int) bool { return line != 1 } // C under its own number, and B
	prior := &settlement.Prior{}
	for i, platform := range []string{"taobao", "elsewhere"} {
		prior.Wallet = append(prior.Wallet, settlement.WeChat)
		prior.Account.AppendString("10001")
		prior.ProviderTxnID.AppendString("")
		prior.OrderNo.AppendString([]string{"0", "Q"}[i])
		prior.PaidAt = append(prior.PaidAt, at(t, "2024-09-11 10:00:00"))
		prior.Shop.AppendString("")
		prior.Platform.AppendString(platform)
		prior.HomeWallet = append(prior.HomeWallet, settlement.NoWallet)
		prior.Paying = append(prior.Paying, settlement.WeChat)
		prior.HomeFee = append(prior.HomeFee, settlement.NoAmount)
		prior.HomeReturned = append(prior.HomeReturned, settlement.NoAmount)
		prior.Key = append(prior.Key, 4)
	}
	terms, err := NewTerms(TermsInput{Since: settlement.NoInstant})
	if err != nil {
		t.Fatal(err)
	}
	charges := &settlement.Charges{}
	if _, err := ChargeLines(terms.Schedule, lines, Known{}, charges); err != nil {
		t.Fatal(err)
	}
	for _, alone := range []struct{ number, charged string }{
		{"", "0.01"}, {"0", "0.02"}, {"0", "0.04"}, {"A", "0.08"}, {"B", "0.16"}, {"C", "0.32"}, {"Q", "0.64"}, {"Z", "1.28"},
	} {
		charges.Wallet = append(charges.Wallet, settlement.WeChat)
		charges.Account.AppendString("10001")
		charges.OrderNo.AppendString(alone.number)
		charges.Component = append(charges.Component, settlement.ChannelFee)
		charges.Charged = append(charges.Charged, yuan(t, alone.charged))
		charges.SettledOn = append(charges.SettledOn, settlement.DayOf(at(t, "2024-09-12 00:00:00")))
		charges.LineID = append(charges.LineID, settlement.ID{})
	}
	costs := terms.Costs(CostInput{Lines: lines, Charges: charges, Funds: &settlement.FundLines{}, Prior: prior,
		OrderOf: func(line int) (Order, bool) {
			if cross(line) {
				return Order{Home: settlement.Alipay}, true
			}
			return Order{Home: settlement.WeChat}, true
		},
		Flows: func(settlement.Wallet, []byte) bool { return true }})
	got := map[string]settlement.Amount{}
	var order []string
	for i := range costs.Cross.Len() {
		number := costs.Cross.OrderNo.StringAt(i)
		got[number] = costs.Cross.ChannelFee[i]
		order = append(order, number)
	}
	for number, want := range map[string]string{"0": "0.06", "B": "1.96", "C": "0.92"} {
		if got[number] != yuan(t, want) {
			t.Errorf("order %s: channel fee %s, want %s", number, got[number], want)
		}
	}
	if len(order) != 3 || order[0] != "0" || order[1] != "B" || order[2] != "C" {
		t.Errorf("rows of orders %v, want those of 0, B, C by number", order)
	}
	sums := costs.Channel[settlement.WeChat]
	if sums.Cross != yuan(t, "2.94") || sums.Home != yuan(t, "1.92") || sums.Residual != yuan(t, "1.29") {
		t.Errorf("orders across wallets %s, home %s, residual %s; want 2.94, 1.92, 1.29", sums.Cross, sums.Home, sums.Residual)
	}
}
