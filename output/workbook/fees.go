package workbook

import (
	"reconcile/output"
	"reconcile/settlement"
)

// The sheet 手续费核对: fees by the rules that price them, by account, and the breaks that
// are about fees.

var ruleColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Rule", of: "rule", width: 24, kind: asID},
	{name: "Version", of: "version", width: 24, kind: asID},
	{name: "By", of: "by", width: 14, kind: asWord},
	{name: "Fee of", of: "component", width: 14, kind: asWord},
	{name: "Event", of: "event", width: 10, kind: asWord},
	{name: "Rows", of: "lines", width: 10, kind: asCount, total: true},
	{name: "Base", of: "base", width: 15, kind: asMoney},
	{name: "Fees expected", of: "expected", width: 14, kind: asMoney, total: true},
	{name: "Fees charged", of: "charged", width: 14, kind: asMoney, total: true},
	{name: "Variance", of: "variance", width: 13, kind: asMoney, total: true},
	{name: "Charged, of base", of: "rate", width: 11, kind: asRate},
	{name: "Overcharged rows", of: "overcharged", width: 13, kind: asCount, total: true},
	{name: "Overcharged", of: "over", width: 14, kind: asMoney, total: true},
}

// ruleRanks are by what an expectation is known, as output.FeeFigures ranks it.
var ruleRanks = []string{"contract", "the row's rate", "preset, assumed", "no rule"}

// rateScale is how finely a fee rate is kept: formulas over it come to what the amounts do.
const rateScale = 1_000_000_000

// ruleRows are the fees that the run added up by rule.
func ruleRows(fees []output.FeeFigures) (rows []record) {
	for i := range fees {
		f := &fees[i]
		texts := map[string]string{"wallet": f.Wallet.String(), "rule": f.RuleID, "version": f.Version, "by": ruleRanks[f.Rank()], "component": f.Component, "event": f.Event,
			"lines": countText(f.Lines), "overcharged": countText(f.Overcharged), "rate": fraction(settlement.PartsOf(f.Charged, f.Base, rateScale), rateScale)}
		money := map[string]settlement.Amount{"base": f.Base, "charged": f.Charged}
		if f.RuleID != "" {
			money["expected"], money["variance"], money["over"] = f.Expected, f.Variance, f.Over
		}
		rows = append(rows, record{texts, money})
	}
	return rows
}

var feeColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 24, kind: asID},
	{width: 24},
	{width: 14},
	{width: 14},
	{width: 10},
	{name: "Cost, bp", of: "bp", width: 10, kind: asCount},
	{name: "Kept", of: "kept", width: 15, kind: asMoney, total: true},
	{name: "Fees expected", of: "expected", width: 14, kind: asMoney, total: true},
	{name: "Fees charged", of: "charged", width: 14, kind: asMoney, total: true},
	{name: "Fee variance", of: "variance", width: 13, kind: asMoney, total: true},
	{name: "of these without a rule", of: "unpriced", width: 13, kind: asMoney, total: true, optional: true},
	{name: "Withdrawal fees", of: "withdrawal", width: 13, kind: asMoney, total: true, optional: true},
	{name: "Platform fees", of: "platform", width: 13, kind: asMoney, total: true, optional: true},
}

// feeRows are the fees of each account.
func feeRows(accounts []output.AccountFigures) (rows []record) {
	for i := range accounts {
		a := &accounts[i]
		if a.Lines == 0 && a.Charged == 0 && a.Withdrawal == 0 && a.Platform == 0 {
			continue // only orders, or breaks, stand there
		}
		texts := map[string]string{"wallet": a.Wallet.String(), "account": a.Account}
		if bp := a.CostBps(); bp != settlement.NoCount {
			texts["bp"] = countText(bp)
		}
		rows = append(rows, record{texts, map[string]settlement.Amount{"kept": a.Gross + a.Refunds, "expected": a.Expected, "charged": a.Charged, "variance": a.Variance,
			"unpriced": a.Unpriced, "withdrawal": a.Withdrawal, "platform": a.Platform}})
	}
	return rows
}

// feeBreakColumns are the breaks that are about fees.
var feeBreakColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Order no.", of: "order_no", width: 24, kind: asID},
	{name: "Reason", of: "reason", width: 38, kind: asReason},
	{name: "Status", of: "status", width: 14, kind: asWord},
	{name: "First seen", of: "first_seen_on", width: 14, kind: asDay},
	{name: "Age, days", of: "age_days", width: 10, kind: asCount},
	{width: 10},
	{width: 15},
	{name: "Expected", of: "expected_amount", width: 14, kind: asMoney, total: true},
	{name: "Actual", of: "actual_amount", width: 14, kind: asMoney, total: true},
	{name: "Difference", of: "difference", width: 13, kind: asMoney, total: true},
}

func (r *report) feeSheet() error {
	ofFees := func(b row) bool { return b.Text("kind") == settlement.FeeVariance.String() }
	return r.sheet(sheetFees, r.titled("Fee check"), []string{r.say("variance = expected − charged: what is negative was overcharged")},
		&table{title: r.say("Fees by rule"), columns: ruleColumns, rows: listed(ruleRows(r.Fees))},
		&table{title: r.say("Fees by account"), columns: feeColumns, rows: listed(feeRows(r.Accounts))},
		&table{title: r.say("Breaks about fees"), columns: feeBreakColumns, rows: where(r.found.each, ofFees), filter: true, empty: r.say("no breaks")})
}
