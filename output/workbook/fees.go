package workbook

import "reconcile/settlement"

// feeColumns are the fees of each account, of the table summary.
var feeColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Shop", of: "shop", width: 24},
	{name: "Day", of: "settled_on", width: 14, kind: asDay},
	{name: "Gross", of: "gross", width: 15, kind: asMoney, total: true},
	{name: "Refunds", of: "refunds", width: 15, kind: asMoney, total: true},
	{name: "Fees expected", of: "expected_fees", width: 15, kind: asMoney, total: true},
	{name: "Fees charged", of: "charged_fees", width: 15, kind: asMoney, total: true},
	{name: "Fee variance", of: "fee_variance", width: 15, kind: asMoney, total: true},
	{name: "Withdrawal fees", of: "withdrawal_fees", width: 15, kind: asMoney, total: true},
	{name: "Platform fees", of: "platform_fees", width: 15, kind: asMoney, total: true},
	{name: "Cost, bp", of: "cost_bps", width: 9, kind: asCount},
}

// feeBreakColumns are the breaks that are about fees.
var feeBreakColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Order no.", of: "order_no", width: 24, kind: asID},
	{name: "Status", of: "status", width: 14, kind: asWord},
	{name: "Fee expected", of: "expected_amount", width: 15, kind: asMoney, total: true},
	{name: "Fee charged", of: "actual_amount", width: 15, kind: asMoney, total: true},
	{name: "Difference", of: "difference", width: 15, kind: asMoney, total: true},
	{name: "Break id", of: "break_id", width: 19, kind: asID},
	{name: "Why", of: "reason", width: 15},
}

func (r *report) fees() error {
	ofFees := func(b row) bool { return b.Text("kind") == settlement.FeeVariance.String() }
	return r.sheet(sheetFees, r.titled("Fee check"), []string{r.say("variance = expected − charged: what is negative was overcharged")},
		&table{title: r.say("Fees by day, account and shop"), columns: feeColumns, rows: read(r.dir, "summary")},
		&table{title: r.say("Breaks about fees"), columns: feeBreakColumns, rows: where(r.found.each, ofFees), filter: true, empty: r.say("no breaks")})
}
