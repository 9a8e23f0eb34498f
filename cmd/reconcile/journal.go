package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/output/journal"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

const journalHelp = `Writes the double-entry vouchers (记账凭证) of a result: what the trade bills
sold and refunded, what the accounts booked, fees, withdrawals, what arrived in
the bank, and everything else that moved.

Between bill and account stands a clearing account: what is left in it is sold
and not booked yet. Every voucher balances, and its number is the same whenever
the day is worked out again, so that importing it twice can be noticed.

As CSV for an ERP system, with the columns, names and accounts of the
configuration (journal), or as a file of beancount, in which each account begins
with what it held and each day asserts what the wallet's own file says it held:
bean-check then proves the books against the wallet.

Of a folder of days (dt=2024-09-12) it writes the newest day, that of --date, or
those of --from and --to.`

const journalExamples = `  reconcile journal --out demo/out
  reconcile journal --out days --format beancount > books.beancount
  reconcile journal --out days --from 2024-09-01 --to 2024-09-30 > september.csv`

const journalCodes = `  0    written
  1    the result cannot be read, or does not balance
  2    usage, or no result there
  130  interrupted`

// journalConfig is how vouchers are written.
type journalConfig struct {
	accounts journal.Map
	columns  []string
	names    map[string]string
}

// journalField reads the section journal of the configuration.
func journalField(r *yamlfile.Reader, c *journalConfig) yamlfile.Field {
	accounts := map[string]yamlfile.Field{}
	c.accounts = journal.Map{}
	for _, role := range journal.Roles {
		accounts[string(role)] = r.Text(func(text string) (string, error) {
			if strings.TrimSpace(text) == "" {
				return "the account of your books, such as 1012.01 or Assets:Wallet:{wallet}:{account}", errors.New("it is empty")
			}
			c.accounts[role] = text
			return "", nil
		})
	}
	return func(at string, n ast.Node) {
		r.Mapping(at, n, map[string]yamlfile.Field{
			"accounts": func(at string, n ast.Node) { r.Mapping(at, n, accounts) },
			"columns":  r.List(r.OneOf(journal.Columns, func(word string) { c.columns = append(c.columns, word) })),
			"names":    r.Words(&c.names),
		})
		for name := range c.names {
			if !slices.Contains(journal.Columns, name) {
				r.Fault(r.Places[at+".names"], "the columns are "+strings.Join(journal.Columns, ", "), "%s.names: %q is no column", at, name)
			}
		}
	}
}

func (a *app) journalCommand() *cobra.Command {
	var out, format string
	flags := &dayFlags{}
	cmd := &cobra.Command{
		Use:     "journal",
		Short:   "Write the vouchers of a day, for an ERP system or beancount",
		Long:    journalHelp + exitCodes(journalCodes),
		Example: journalExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readConfig(a.configFlag)
			if err != nil {
				return err
			}
			return a.journal(cmd.Context(), out, format, flags, &c.journal)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of the days")
	cmd.Flags().StringVar(&format, "format", "csv", "csv or beancount")
	cmd.Flags().StringVar(&flags.date, "date", "", "the vouchers of this day")
	cmd.Flags().StringVar(&flags.from, "from", "", "with --to: the vouchers of these days")
	cmd.Flags().StringVar(&flags.to, "to", "", "see --from")
	a.withConfig(cmd)
	a.withOutput(cmd, "print the vouchers as JSON, money as text", "")
	return cmd
}

// printVouchers prints vouchers as JSON.
func (a *app) printVouchers(vouchers []journal.Voucher) error {
	type entry struct {
		Account string       `json:"account"`
		Role    string       `json:"role"`
		Amount  output.Money `json:"amount"` // a debit is +, a credit −
	}
	type voucher struct {
		No      string  `json:"voucher_no"`
		Date    string  `json:"date"`
		Wallet  string  `json:"wallet"`
		Account string  `json:"merchant_account"`
		Kind    string  `json:"kind"`
		Summary string  `json:"summary"`
		Entries []entry `json:"entries"`
	}
	all := make([]voucher, 0, len(vouchers))
	for i := range vouchers {
		v := &vouchers[i]
		one := voucher{No: v.No, Date: v.On.String(), Wallet: v.Wallet.String(), Account: v.Of, Kind: v.Kind, Summary: v.Summary}
		for _, e := range v.Entries {
			one.Entries = append(one.Entries, entry{e.Account, string(e.Role), output.Money(e.Amount)})
		}
		all = append(all, one)
	}
	return printJSON(a.out, struct {
		Vouchers []voucher `json:"vouchers"`
	}{all})
}

func (a *app) journal(ctx context.Context, out, format string, flags *dayFlags, c *journalConfig) error {
	if format != "csv" && format != "beancount" {
		return usage(fmt.Errorf("--format %q: csv or beancount", format))
	}
	b, err := readBooks(ctx, out, flags)
	if err != nil {
		return err
	}
	accounts := b.all()
	vouchers, err := journal.Vouchers(c.accounts, accounts, b.payouts)
	if err != nil {
		return err
	}
	if a.json {
		return a.printVouchers(vouchers)
	}
	w := verbatim(a.out)
	if format == "beancount" {
		return journal.WriteBeancount(w, c.accounts, vouchers, accounts)
	}
	columns := c.columns
	if len(columns) == 0 {
		columns = journal.Columns
	}
	// The mark by which spreadsheets know that it is UTF-8.
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	return journal.WriteCSV(w, vouchers, columns, c.names)
}

// readBooks reads the result in a folder; of a folder of days those that flags name, else
// the newest.
func readBooks(ctx context.Context, out string, flags *dayFlags) (*books, error) {
	dirs, days, err := chosenDays(out, flags)
	if err != nil {
		return nil, err
	}
	if err := verifiedResults(ctx, dirs); err != nil {
		return nil, err
	}
	b := newBooks()
	for i, dir := range dirs {
		if err := b.add(dir, days[i]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// chosenDays are the folders of the days that flags name, and the days, NoDay of a result
// of its own.
func chosenDays(out string, flags *dayFlags) (dirs []string, days []settlement.Day, err error) {
	all, err := resultDirs(out)
	if err != nil {
		return nil, nil, err
	}
	from, to := settlement.NoDay, settlement.NoDay
	if flags.any() {
		if from, to, err = flags.days(); err != nil {
			return nil, nil, err
		}
	}
	for _, dir := range all {
		m, err := output.ReadManifest(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if m.Day == nil {
			if from != settlement.NoDay {
				return nil, nil, usage(fmt.Errorf("%s is a result of its own: days are chosen of a folder of days", out))
			}
			return []string{dir}, []settlement.Day{settlement.NoDay}, nil
		}
		day, err := settlement.ParseDay([]byte(m.Day.Day))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w: %w", dir, output.ErrManifest, err)
		}
		if from == settlement.NoDay {
			dirs, days = []string{dir}, []settlement.Day{day} // the newest stays
		} else if day >= from && day <= to {
			dirs, days = append(dirs, dir), append(days, day)
		}
	}
	if len(dirs) == 0 {
		return nil, nil, usage(fmt.Errorf("%s has no day from %s to %s", out, flags.from, flags.to))
	}
	return dirs, days, nil
}
