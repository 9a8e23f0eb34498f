package workbook

import (
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// read is the rows of a written table, in its order.
func read(dir, table string) func(fn func(row) error) error {
	return func(fn func(row) error) error {
		return output.ReadTable(dir, table, func(r output.Row) error { return fn(r) })
	}
}

// firstOf is the first n rows.
func firstOf(n int64, rows func(fn func(row) error) error) func(fn func(row) error) error {
	return func(fn func(row) error) error {
		left := n
		return rows(func(r row) error {
			if left--; left < 0 {
				return output.ErrStop
			}
			return fn(r)
		})
	}
}

// where is the rows of which wanted says so.
func where(rows func(fn func(row) error) error, wanted func(row) bool) func(fn func(row) error) error {
	return func(fn func(row) error) error {
		return rows(func(r row) error {
			if !wanted(r) {
				return nil
			}
			return fn(r)
		})
	}
}

// dailyColumns are the sheet 渠道日报: the table summary.
var dailyColumns = []column{
	{name: "Day", of: "settled_on", width: 11, kind: asDay},
	{name: "Wallet", of: "wallet", width: 12, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Shop", of: "shop", width: 16},
	{name: "Order events", of: "events", width: 8, kind: asCount, total: true},
	{name: "Bill lines", of: "lines", width: 8, kind: asCount, total: true},
	{name: "Matched", of: "matched", width: 10, kind: asCount, total: true},
	{name: "Breaks", of: "breaks", width: 8, kind: asCount, total: true},
	{name: "Open items", of: "open_items", width: 8, kind: asCount, total: true},
	{name: "Gross", of: "gross", width: 13, kind: asMoney, total: true},
	{name: "Refunds", of: "refunds", width: 12, kind: asMoney, total: true},
	{name: "Net", of: "net", width: 13, kind: asMoney, total: true},
	{name: "Fees expected", of: "expected_fees", width: 13, kind: asMoney, total: true},
	{name: "Fees charged", of: "charged_fees", width: 13, kind: asMoney, total: true},
	{name: "Fee variance", of: "fee_variance", width: 12, kind: asMoney, total: true},
	{name: "Withdrawal fees", of: "withdrawal_fees", width: 12, kind: asMoney, total: true, optional: true},
	{name: "Cross-wallet cost", of: "cross_wallet_fees", width: 12, kind: asMoney, total: true, optional: true},
	{name: "Platform fees", of: "platform_fees", width: 12, kind: asMoney, total: true, optional: true},
	{name: "Cost, bp", of: "cost_bps", width: 9, kind: asCount},
}

var withdrawalColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Payout no.", of: "payout_no", width: 36, kind: asID},
	{name: "Withdrawn at", of: "withdrawn_at", width: 20},
	{name: "Status", of: "status", width: 12, kind: asWord},
	{name: "Amount", of: "amount", width: 15, kind: asMoney, total: true},
	{name: "Fee expected", of: "expected_fee", width: 13, kind: asMoney, total: true},
	{name: "Fee charged", of: "charged_fee", width: 13, kind: asMoney, total: true},
	{name: "Variance", of: "variance", width: 13, kind: asMoney, total: true},
	{name: "Free quota used", of: "quota_used", width: 13, kind: asMoney, total: true},
	{name: "Due on", of: "due_on", width: 13, kind: asDay},
	{name: "Arrived on", of: "arrived_on", width: 13, kind: asDay},
	{name: "Bank reference", of: "bank_reference", width: 24, kind: asID},
	{width: 24},
	{width: 12},
	{name: "File and line", of: "source_file", width: 60, kind: asPlace, screen: true},
}

var costColumns = []column{
	{name: "Wallet", of: "wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Shop", of: "shop", width: 30},
	{name: "Day", of: "settled_on", width: 20, kind: asDay},
	{width: 12},
	{name: "Withdrawal fees", of: "withdrawal_fees", width: 12, kind: asMoney, total: true, optional: true},
	{name: "Cross-wallet cost", of: "cross_wallet_fees", width: 12, kind: asMoney, total: true, optional: true},
}

var crossColumns = []column{
	{name: "Home wallet", of: "home_wallet", width: 13, kind: asWord},
	{name: "Account", of: "account", width: 19, kind: asID},
	{name: "Order no.", of: "order_no", width: 36, kind: asID},
	{name: "Day", of: "settled_on", width: 20, kind: asDay},
	{name: "Paying wallet", of: "paying_wallet", width: 12, kind: asWord},
	{name: "Paid", of: "paid_amount", width: 15, kind: asMoney, total: true},
	{name: "Refunded", of: "refunded_amount", width: 13, kind: asMoney, total: true},
	{name: "Channel fee", of: "channel_fee", width: 13, kind: asMoney, total: true},
	{name: "Fee in the home wallet", of: "home_fee", width: 13, kind: asMoney, total: true},
	{name: "Incremental fee", of: "incremental_fee", width: 13, kind: asMoney, total: true},
	{name: "Withdrawing", of: "repatriation_fee", width: 15, kind: asMoney, total: true},
	{name: "Deposit fee", of: "deposit_fee", width: 13, kind: asMoney, total: true},
	{name: "Cross-wallet cost", of: "cross_wallet_fee", width: 13, kind: asMoney, total: true},
	{name: "Shop", of: "shop", width: 24},
	{name: "Cost of", of: "cost_of", width: 14, kind: asWord},
}

// waitingColumns are the sheet 未达与跨日.
var waitingColumns = []column{
	{name: "What waits", of: "what", width: 20, kind: asWord},
	{name: "Kind", of: "kind", width: 9, kind: asWord},
	{name: "Wallet", of: "wallet", width: 12, kind: asWord},
	{name: "Account", of: "account", width: 18, kind: asID},
	{name: "Shop", of: "shop", width: 16},
	{name: "Order no.", of: "order_no", width: 24, kind: asID},
	{name: "Refund no.", of: "refund_no", width: 24, kind: asID},
	{name: "Amount", of: "amount", width: 13, kind: asMoney, total: true},
	{name: "Booked", of: "booked", width: 13, kind: asMoney, total: true, optional: true},
	{name: "Time", of: "at", width: 19},
	{name: "First seen", of: "first_seen_on", width: 11, kind: asDay},
	{name: "Why", of: "reason", width: 40, kind: asReason},
	{name: "Payment no.", of: "payment_no", width: 26, kind: asID, screen: true},
	{name: "Transaction", of: "provider_txn_id", width: 31, kind: asID, screen: true},
	{name: "File and line", of: "source_file", width: 90, kind: asPlace, screen: true},
}

// under shows a row under the names of another table's columns.
type under struct {
	row
	names map[string]string // the column asked for → the row's own
	fixed map[string]string
}

// Text implements row.
func (u under) Text(column string) string {
	if text, ok := u.fixed[column]; ok {
		return text
	}
	if own, ok := u.names[column]; ok {
		column = own
	}
	return u.row.Text(column)
}

// Money implements row.
func (u under) Money(column string) (settlement.Amount, bool) {
	if own, ok := u.names[column]; ok {
		column = own
	}
	return u.row.Money(column)
}

// openItems is what the table open_items holds, by side.
var openItems = map[string]map[string]string{"line": {"what": "billed, no order yet"}, "event": {"what": "ordered, no bill yet"}}

// isOpenItem says whether what waits is in the table open_items, as the figures count them.
func isOpenItem(what string) bool {
	return openItems["line"]["what"] == what || openItems["event"]["what"] == what
}

// waiting is all that waits: lines and events without a counterpart, money that trade
// bill and fund flow do not say the same of yet, and withdrawals that have not arrived.
func waiting(dir string) func(fn func(row) error) error {
	money := map[string]map[string]string{"trade": {"what": "billed, not booked yet"}, "funds": {"what": "booked, no bill yet"}}
	return func(fn func(row) error) error {
		err := read(dir, "open_items")(func(r row) error { return fn(under{row: r, fixed: openItems[r.Text("side")]}) })
		if err != nil {
			return err
		}
		err = read(dir, "unsettled")(func(r row) error {
			return fn(under{row: r, fixed: money[r.Text("side")],
				names: map[string]string{"amount": "expected_amount", "booked": "booked_amount", "at": "occurred_at"}})
		})
		if err != nil {
			return err
		}
		transit := settlement.InTransit.String()
		return read(dir, "payouts")(func(r row) error {
			if r.Text("status") != transit || r.Text("break_kind") != "" { // overdue ones are breaks
				return nil
			}
			return fn(under{row: r, fixed: map[string]string{"what": "withdrawn, not at the bank yet", "kind": ""},
				names: map[string]string{"at": "withdrawn_at", "first_seen_on": "settled_on", "reason": "note", "order_no": "payout_no"}})
		})
	}
}

// balanceColumns are the sheet 余额: the roll-forward of each account, day by day. What
// follows from other columns is a formula; # is the row.
func balanceColumns(rows []record) []column {
	columns := []column{
		{name: "Wallet", of: "wallet", width: 13, kind: asWord},
		{name: "Account", of: "account", width: 19, kind: asID},
		{name: "Purse", of: "sub_account", width: 11, kind: asWord},
		{name: "Day", of: "settled_on", width: 12, kind: asDay},
		{name: "Opening", of: "opening", width: 16, kind: asMoney},
	}
	for _, c := range settlement.BalanceCategories {
		of := settlement.BalanceColumn(c)
		if slices.ContainsFunc(rows, func(r record) bool { return r.money[of] != 0 }) {
			columns = append(columns, column{name: balanceName(c), of: of, width: 14, kind: asMoney, total: true})
		}
	}
	income := columnName(len(columns) + 1)
	expense := columnName(len(columns) + 2)
	computed := columnName(len(columns) + 3)
	closing := columnName(len(columns) + 4)
	return append(columns,
		column{name: "Income", of: "income", width: 15, kind: asMoney, total: true},
		column{name: "Expense", of: "expense", width: 15, kind: asMoney, total: true},
		column{name: "Computed closing", of: "computed_closing", width: 16, kind: asMoney, formula: "E#+" + income + "#-" + expense + "#"},
		column{name: "Closing, by the file", of: "closing", width: 16, kind: asMoney},
		column{name: "Unexplained", of: "unexplained", width: 14, kind: asMoney, total: true, formula: closing + "#-" + computed + "#"},
		column{name: "Opening known by", of: "opening_known_by", width: 13, kind: asWord},
		column{name: "Lines", of: "lines", width: 9, kind: asCount, total: true},
		column{name: "Days missing", of: "missing_days", width: 9, kind: asCount, total: true})
}

// balanceName is the heading of a category, which a roll-forward has as the name of a row.
func balanceName(c settlement.Category) string {
	name := overview.CategoryName(c)
	return strings.ToUpper(name[:1]) + name[1:]
}

// balanceRows are the rows of the table balances, by account and day.
func balanceRows(dir string) (rows []record, err error) {
	t, _ := settlement.TableNamed("balances")
	columns := make([]column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i].of = c.Name
		if c.Type == settlement.TypeMoney {
			columns[i].kind = asMoney
		}
	}
	err = read(dir, "balances")(func(r row) error {
		rows = append(rows, copyOf(r, columns))
		return nil
	})
	slices.SortStableFunc(rows, func(a, b record) int {
		for _, of := range []string{"wallet", "account", "sub_account", "settled_on"} {
			if c := strings.Compare(a.texts[of], b.texts[of]); c != 0 {
				return c
			}
		}
		return 0
	})
	return rows, err
}
