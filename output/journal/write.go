package journal

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

// Columns are what a CSV of vouchers can have, in the order of who chooses none.
var Columns = []string{"voucher_no", "date", "line", "account", "debit", "credit", "currency", "summary", "wallet", "merchant_account", "kind", "role"}

// WriteCSV writes an entry a line, with the given columns, under names where names has
// one. A debit stands in debit, a credit in credit, both without a sign.
func WriteCSV(w io.Writer, vouchers []Voucher, columns []string, names map[string]string) error {
	out := spreadsheet.NewCSV(w)
	header := make([]string, len(columns))
	for i, c := range columns {
		if header[i] = names[c]; header[i] == "" {
			header[i] = c
		}
	}
	out.Record(header...)
	for i := range vouchers {
		v := &vouchers[i]
		for n, e := range v.Entries {
			values := map[string]string{"voucher_no": v.No, "date": v.On.String(), "line": strconv.Itoa(n + 1), "account": e.Account,
				"currency": settlement.CNY.String(), "summary": v.Summary, "wallet": v.Wallet.String(), "merchant_account": v.Of, "kind": v.Kind, "role": string(e.Role)}
			if e.Amount > 0 {
				values["debit"] = e.Amount.String()
			} else {
				values["credit"] = (-e.Amount).String()
			}
			record := make([]string, len(columns))
			for i, c := range columns {
				record[i] = values[c]
			}
			out.Record(record...)
		}
	}
	return out.Flush()
}

// beanAccount is what beancount takes for the name of an account.
var beanAccount = regexp.MustCompile(`^(Assets|Liabilities|Equity|Income|Expenses)(:[\p{Lu}\p{Nd}][\p{L}\p{Nd}-]*)+$`)

// openings is the account against which what was there before is booked.
const openings = "Equity:Opening"

// WriteBeancount writes the vouchers as a file of beancount. Each account of a wallet
// begins with what it held before the first day, and each day ends with the assertion
// that it holds what its file says: bean-check then proves the books against the wallet.
func WriteBeancount(w io.Writer, m Map, vouchers []Voucher, accounts []Account) error {
	out := bufio.NewWriter(w)
	first := map[string]settlement.Day{}
	open := func(account string, on settlement.Day) error {
		if !beanAccount.MatchString(account) {
			return fmt.Errorf("account %q: beancount takes names such as Assets:Wallet:Alipay:2088, which begin with Assets, Liabilities, Equity, Income or Expenses (map another one in journal.accounts)", account)
		}
		if day, known := first[account]; !known || on < day {
			first[account] = on
		}
		return nil
	}
	for i := range vouchers {
		for _, e := range vouchers[i].Entries {
			if err := open(e.Account, vouchers[i].On); err != nil {
				return err
			}
		}
	}
	held := openingBalances(m, accounts)
	for i := range held {
		if err := open(held[i].account, held[i].on); err != nil {
			return err
		}
		if err := open(openings, held[i].on); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "option \"operating_currency\" \"%s\"\n\n", settlement.CNY)
	for _, account := range sortedKeys(first) {
		fmt.Fprintf(out, "%s open %s %s\n", first[account]-1, account, settlement.CNY)
	}
	for _, h := range held {
		if h.opening != 0 {
			fmt.Fprintf(out, "\n%s * \"opening balance\"\n  %s  %s %s\n  %s  %s %s\n", h.on-1, h.account, h.opening, settlement.CNY, openings, -h.opening, settlement.CNY)
		}
	}
	for i := range vouchers {
		v := &vouchers[i]
		fmt.Fprintf(out, "\n%s * %s %s\n  voucher: \"%s\"\n", v.On, quoted(v.Wallet.String()+" "+v.Of), quoted(v.Summary), v.No)
		for _, e := range v.Entries {
			fmt.Fprintf(out, "  %s  %s %s\n", e.Account, e.Amount, settlement.CNY)
		}
	}
	fmt.Fprintln(out)
	for _, h := range held {
		for _, c := range h.closings { // an assertion is of the beginning of its day
			fmt.Fprintf(out, "%s balance %s  %s %s\n", c.on+1, h.account, c.amount, settlement.CNY)
		}
	}
	return out.Flush()
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(text) + `"`
}

func sortedKeys(m map[string]settlement.Day) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// holding is what an account of the books held, as far as the wallets say it.
type holding struct {
	account  string
	on       settlement.Day // the first day
	opening  settlement.Amount
	closings []closing
}

type closing struct {
	on     settlement.Day
	amount settlement.Amount
}

// openingBalances are the accounts whose balances are known from their first day on,
// until the first day of which they are not. Several accounts of wallets may be one of
// the books: then their balances are added up where all are known.
func openingBalances(m Map, accounts []Account) (held []holding) {
	type day struct {
		account string
		on      settlement.Day
	}
	sums, unknown, firsts := map[day]Account{}, map[day]bool{}, map[string]settlement.Day{}
	days := map[string][]settlement.Day{}
	for i := range accounts {
		a := &accounts[i]
		key := day{m.Of(Wallet, a.Wallet, a.Account), a.On}
		sum, known := sums[key]
		if !known {
			days[key.account] = append(days[key.account], a.On)
			sum = Account{}
		}
		if a.Opening == settlement.NoAmount || a.Closing == settlement.NoAmount {
			unknown[key] = true
		} else {
			sum.Opening += a.Opening
			sum.Closing += a.Closing
		}
		sums[key] = sum
		if first, ok := firsts[key.account]; !ok || a.On < first {
			firsts[key.account] = a.On
		}
	}
	for _, account := range sortedKeys(firsts) {
		slices.Sort(days[account])
		h := holding{account: account, on: firsts[account]}
		for n, on := range days[account] {
			key := day{account, on}
			if unknown[key] || n > 0 && (on != days[account][n-1]+1 || sums[key].Opening != sums[day{account, days[account][n-1]}].Closing) {
				break // from here on the sum of movements is not the balance
			}
			if n == 0 {
				h.opening = sums[key].Opening
			}
			h.closings = append(h.closings, closing{on, sums[key].Closing})
		}
		if len(h.closings) > 0 {
			held = append(held, h)
		}
	}
	return held
}
