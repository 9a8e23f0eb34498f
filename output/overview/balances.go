package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// PurseDay is what a row of the table balances is about.
type PurseDay struct{ Wallet, Account, SubAccount, Day string }

// PurseDayOf reads it from a row of balances or fund_lines.
func PurseDayOf(r output.Row) PurseDay {
	return PurseDay{r.Text("wallet"), r.Text("account"), r.Text("sub_account"), r.Text("settled_on")}
}

func (p PurseDay) String() string {
	return strings.Join(slices.DeleteFunc([]string{p.Wallet, p.Account, p.SubAccount, p.Day}, func(text string) bool { return text == "" }), " ")
}

// Compare orders by wallet, account, purse and day.
func (p PurseDay) Compare(q PurseDay) int {
	return cmp.Or(cmp.Compare(p.Wallet, q.Wallet), cmp.Compare(p.Account, q.Account), cmp.Compare(p.SubAccount, q.SubAccount), cmp.Compare(p.Day, q.Day))
}

// BalanceDay is one row of the table balances. Amounts are NoAmount where null.
type BalanceDay struct {
	PurseDay
	Opening, Income, Expense, Closing settlement.Amount
	By                                [len(settlement.BalanceCategories)]settlement.Amount
	Opens                             string // opening_known_by
	Lines, Breaks, Missing            int64
	BreaksAt                          string
}

func balanceDayOf(r output.Row) (d BalanceDay, err error) {
	d = BalanceDay{PurseDay: PurseDayOf(r), Opening: amount(r, "opening"), Income: amount(r, "income"), Expense: amount(r, "expense"),
		Closing: amount(r, "closing"), Opens: r.Text("opening_known_by")}
	for i, c := range settlement.BalanceCategories {
		d.By[i] = amount(r, settlement.BalanceColumn(c))
	}
	for _, count := range []struct {
		column string
		to     *int64
	}{{"lines", &d.Lines}, {"chain_breaks", &d.Breaks}, {"missing_days", &d.Missing}} {
		if *count.to, err = strconv.ParseInt(r.Text(count.column), 10, 64); err != nil {
			return d, fmt.Errorf("balances: %s: %q is no whole number", count.column, r.Text(count.column))
		}
	}
	if !r.IsNull("chain_break_file") {
		d.BreaksAt = r.Text("chain_break_file") + ":" + r.Text("chain_break_line")
	}
	return d, nil
}

// amount is a money column of a row, NoAmount where it is null.
func amount(r output.Row, column string) settlement.Amount {
	if r.IsNull(column) {
		return settlement.NoAmount
	}
	a, _ := r.Money(column)
	return a
}

// BalanceDays are the rows of a result's table balances in their order: those of one day
// where that is not "".
func BalanceDays(dir, day string) (days []BalanceDay, err error) {
	err = output.ReadTable(dir, "balances", func(r output.Row) error {
		d, err := balanceDayOf(r)
		if err == nil && (day == "" || d.Day == day) {
			days = append(days, d)
		}
		return err
	})
	slices.SortStableFunc(days, func(a, b BalanceDay) int { return a.Compare(b.PurseDay) })
	return days, err
}

// RollForward is how the balance of one account, or one purse of it, moved over its days
// (余额调节表). Amounts that are not known are NoAmount.
type RollForward struct {
	Wallet     string `json:"wallet"`
	Account    string `json:"account"`
	SubAccount string `json:"sub_account,omitempty"`
	From       string `json:"from"`
	To         string `json:"to"`

	Opening     settlement.Amount            `json:"opening"`
	OpeningBy   string                       `json:"opening_known_by"`
	Categories  map[string]settlement.Amount `json:"by_category"`
	Income      settlement.Amount            `json:"income"`
	Expense     settlement.Amount            `json:"expense"`
	Computed    settlement.Amount            `json:"computed_closing"`
	Closing     settlement.Amount            `json:"closing"` // by the wallet's own file
	Unexplained settlement.Amount            `json:"unexplained"`
	Lines       int64                        `json:"lines"`
	Breaks      int64                        `json:"chain_breaks"`
	BreaksAt    string                       `json:"first_chain_break,omitempty"`
	Missing     int64                        `json:"missing_days"`
}

// RollForwards adds up the days of each account; days are in their order.
func RollForwards(days []BalanceDay) (all []*RollForward, err error) {
	all = []*RollForward{}
	for i := range days {
		d := &days[i]
		var r *RollForward
		if n := len(all); n > 0 && all[n-1].Wallet == d.Wallet && all[n-1].Account == d.Account && all[n-1].SubAccount == d.SubAccount {
			r = all[n-1]
		} else {
			r = &RollForward{Wallet: d.Wallet, Account: d.Account, SubAccount: d.SubAccount, From: d.Day, Opening: d.Opening, OpeningBy: d.Opens,
				Closing: settlement.NoAmount, Computed: settlement.NoAmount, Unexplained: settlement.NoAmount,
				Missing: d.Missing, Categories: map[string]settlement.Amount{}}
			all = append(all, r)
		}
		if err := r.add(d); err != nil {
			return nil, err
		}
	}
	for _, r := range all {
		if r.Opening == settlement.NoAmount {
			continue
		}
		r.Computed = r.Opening + r.Income - r.Expense
		if r.Closing != settlement.NoAmount {
			r.Unexplained = r.Closing - r.Computed
		}
	}
	return all, nil
}

// add adds the account's next day.
func (r *RollForward) add(d *BalanceDay) error {
	if d.Day != r.From {
		r.Missing += d.Missing
	}
	if r.To = d.Day; d.Closing != settlement.NoAmount || d.Lines > 0 { // where nothing moved, the file says nothing new
		r.Closing = d.Closing
	}
	for c, amount := range d.By {
		name := settlement.BalanceColumn(settlement.BalanceCategories[c])
		sum, err := r.Categories[name].Add(amount)
		if err != nil {
			return err
		}
		r.Categories[name] = sum
	}
	income, err1 := r.Income.Add(d.Income)
	expense, err2 := r.Expense.Add(d.Expense)
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	r.Income, r.Expense = income, expense
	r.Lines += d.Lines
	r.Breaks += d.Breaks
	r.BreaksAt = cmp.Or(r.BreaksAt, d.BreaksAt)
	return nil
}

// RollRow is a row of a roll-forward as people read it.
type RollRow struct {
	Name     string // in English
	Rule     bool   // a line is drawn above it
	Optional bool   // left out where it is zero in every account
	Amount   func(*RollForward) settlement.Amount
}

// RollRows are the rows in the order in which they are signed.
func RollRows() []RollRow {
	rows := []RollRow{{Name: "opening balance", Amount: func(r *RollForward) settlement.Amount { return r.Opening }}}
	for _, c := range settlement.BalanceCategories {
		column := settlement.BalanceColumn(c)
		rows = append(rows, RollRow{Name: CategoryName(c), Optional: true, Amount: func(r *RollForward) settlement.Amount { return r.Categories[column] }})
	}
	return append(rows,
		RollRow{Name: "income", Rule: true, Amount: func(r *RollForward) settlement.Amount { return r.Income }},
		RollRow{Name: "expense", Amount: func(r *RollForward) settlement.Amount { return -r.Expense }},
		RollRow{Name: "computed closing", Rule: true, Amount: func(r *RollForward) settlement.Amount { return r.Computed }},
		RollRow{Name: "closing, by the file", Amount: func(r *RollForward) settlement.Amount { return r.Closing }},
		RollRow{Name: "unexplained", Amount: func(r *RollForward) settlement.Amount { return r.Unexplained }})
}

// Says is whether a row says anything of any of the accounts.
func (row *RollRow) Says(all []*RollForward) bool {
	return !row.Optional || slices.ContainsFunc(all, func(r *RollForward) bool {
		a := row.Amount(r)
		return a != settlement.NoAmount && a != 0
	})
}

// CategoryName is a category of a balance as people read it.
func CategoryName(c settlement.Category) string { return categoryNames[settlement.BalanceColumn(c)] }

// categoryNames are by the column of the table balances.
var categoryNames = map[string]string{
	"payments": "payments", "refunds": "refunds", "fees": "fees", "fee_returns": "fees returned", "platform_fees": "platform fees",
	"profit_sharing": "profit sharing", "transfers": "transfers", "withdrawals": "withdrawals, returns", "withdrawal_fees": "withdrawal fees",
	"coupons": "coupons", "top_ups": "top-ups", "freezes": "freezes", "other": "not named by the file",
}
