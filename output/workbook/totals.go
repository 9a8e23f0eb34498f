package workbook

import (
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// Where a detail lists no more than its first rows, the sums of all stand above it.

// waitingSums adds up what waits by what it is and its wallet.
func waitingSums(rows func(fn func(row) error) error) ([]record, error) {
	return sumsBy(rows, []string{"what", "wallet"}, "amount", "booked")
}

// withdrawalGroup and withdrawalMoney are by what withdrawals are added up, and what of them.
var (
	withdrawalGroup = []string{"wallet", "account", "status"}
	withdrawalMoney = []string{"amount", "expected_fee", "charged_fee", "variance", "quota_used"}
)

// withdrawalSumColumns stand as the columns of withdrawals do, whose widths they share.
var withdrawalSumColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Status", of: "status", width: 36, kind: asWord},
	{width: 20},
	{name: "Count", of: "count", width: 12, kind: asCount, total: true},
	{name: "Amount", of: "amount", width: 15, kind: asMoney, total: true},
	{name: "Fee expected", of: "expected_fee", width: 13, kind: asMoney, total: true},
	{name: "Fee charged", of: "charged_fee", width: 13, kind: asMoney, total: true},
	{name: "Variance", of: "variance", width: 13, kind: asMoney, total: true},
	{name: "Free quota used", of: "quota_used", width: 13, kind: asMoney, total: true},
}

// crossSumColumns stand as the columns of orders paid across wallets do.
var crossSumColumns = []column{
	{name: "Home wallet", of: "home_wallet", width: 13, kind: asWord},
	{name: "Paying wallet", of: "paying_wallet", width: 19, kind: asWord},
	{name: "Platform", of: "platform", width: 36, kind: asWord},
	{name: "Cost of", of: "cost_of", width: 20, kind: asWord},
	{name: "Count", of: "count", width: 12, kind: asCount, total: true},
	{name: "Paid", of: "paid", width: 15, kind: asMoney, total: true},
	{name: "Refunded", of: "refunded", width: 13, kind: asMoney, total: true},
	{name: "Channel fee", of: "channel_fee", width: 13, kind: asMoney, total: true},
	{name: "Fee in the home wallet", of: "home_fee", width: 13, kind: asMoney, total: true},
	{name: "Incremental fee", of: "incremental_fee", width: 13, kind: asMoney, total: true},
	{name: "Withdrawing", of: "repatriation_fee", width: 15, kind: asMoney, total: true},
	{name: "Deposit fee", of: "deposit_fee", width: 13, kind: asMoney, total: true},
	{name: "Cross-wallet cost", of: "cross_wallet_fee", width: 13, kind: asMoney, total: true},
}

// crossSums are what the run added up of the orders paid across wallets, by their wallets.
func crossSums(all []output.CrossFigures) (rows []record) {
	for i := range all {
		c := &all[i]
		money := map[string]settlement.Amount{"paid": c.Paid, "refunded": c.Refunded, "channel_fee": c.ChannelFee, "repatriation_fee": c.Repatriation, "deposit_fee": c.Deposit}
		if c.Priced() {
			money["home_fee"], money["incremental_fee"], money["cross_wallet_fee"] = c.HomeFee, c.Incremental, c.Cost
		}
		rows = append(rows, record{map[string]string{"home_wallet": c.Home.String(), "paying_wallet": c.Paying.String(), "platform": c.Platform, "cost_of": c.CostOf,
			"count": countText(c.Orders)}, money})
	}
	return rows
}

// sumsBy counts rows by the texts of some columns and adds up their money; an amount that no
// row of a group knows stays unknown.
func sumsBy(rows func(fn func(row) error) error, by []string, columns ...string) (records []record, err error) {
	type group struct {
		record
		rows int64
	}
	found := map[string]*group{}
	err = rows(func(r row) error {
		texts, key := map[string]string{}, ""
		for _, of := range by {
			texts[of] = r.Text(of)
			key += texts[of] + "\x00"
		}
		of := found[key]
		if of == nil {
			of = &group{record: record{texts, map[string]settlement.Amount{}}}
			found[key] = of
		}
		of.rows++
		for _, column := range columns {
			a, known := r.Money(column)
			if !known {
				continue
			}
			sum, err := of.money[column].Add(a)
			if err != nil {
				return err
			}
			of.money[column] = sum
		}
		return nil
	})
	keys := make([]string, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		found[key].texts["count"] = countText(found[key].rows)
		records = append(records, found[key].record)
	}
	return records, err
}
