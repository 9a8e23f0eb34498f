package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"reconcile/output/overview"
	"reconcile/settlement"
)

const balancesHelp = `Prints how the balance of each account moved (余额调节表): with what it began,
what came in and went out by category, what that comes to, what the file itself
says that the account ended with, and the difference, which nothing explains.

The figures are those of the table balances. Of a folder of days (dt=2024-09-12)
they are of the newest day, or of --date. Several days of one result are added
up: opening of the first, closing of the last.

Opening known by says where the first figure comes from: the day before ended
with it, the first row shows it, a bank's statement or a file of opening
balances states it.`

const balancesExamples = `  reconcile balances --out demo/out
  reconcile balances --out days --date 2024-09-12 --json
  reconcile show balances --out demo/out --columns all`

const balancesCodes = `  0    printed
  1    the result cannot be read
  2    usage, or no result or no balance there
  130  interrupted`

func (a *app) balancesCommand() *cobra.Command {
	var out, date string
	cmd := &cobra.Command{
		Use:     "balances",
		Short:   "Print how the balance of each account moved, to be signed",
		Long:    balancesHelp + exitCodes(balancesCodes),
		Example: balancesExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.balances(cmd.Context(), out, date)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of the days")
	cmd.Flags().StringVar(&date, "date", "", "only this day, as 2024-09-12")
	a.withOutput(cmd, "print JSON, money as text", "")
	return cmd
}

func (a *app) balances(ctx context.Context, out, date string) error {
	if date != "" {
		if _, err := settlement.ParseDay([]byte(date)); err != nil {
			return usage(fmt.Errorf("--date %q: not a day such as 2024-09-12", date))
		}
	}
	dirs, err := resultDirs(out)
	if err != nil {
		return err
	}
	slices.Reverse(dirs) // the newest day first
	var days []overview.BalanceDay
	for n, dir := range dirs {
		if date == "" && n > 0 {
			break
		}
		if _, err := verifiedResult(ctx, dir, "balances"); err != nil {
			return err
		}
		found, err := overview.BalanceDays(dir, date)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		days = append(days, found...)
	}
	if len(days) == 0 {
		what := "no account's balance: no fund flow was delivered"
		if date != "" {
			what = "no account's balance of " + date
		}
		return usage(fmt.Errorf("%s holds %s", out, what))
	}
	all, err := overview.RollForwards(days)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, struct {
			Balances []*overview.RollForward `json:"balances"`
		}{all})
	}
	_, err = io.WriteString(a.out, a.rollText(all))
	return err
}
