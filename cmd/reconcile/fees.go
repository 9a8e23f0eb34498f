package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

const feesHelp = `Prints what the wallets charged, from the tables of one or several results:

  1. by rule: how many lines, what the rule expects, what was charged, the
     difference, and the ten lines that were overcharged most. Rules of
     contracts and the rates that rows print come first; presets are marked
     assumed.
  2. by legal entity (主体), wallet and account: the statement of fees that is
     held against the wallet's tax invoice (增值税发票): channel fees charged,
     returned and net, fees of withdrawals, and their total. What a platform
     took out is shown beside it: the platform invoices it. Entities are those
     of the accounts in the configuration.

DIR is a result, or a folder with one result a day (dt=2024-09-12). Expected
and difference leave out lines of which no rule says what they should cost;
difference is expected − charged: a negative one hurts the merchant.`

const feesExamples = `  reconcile fees september --month 2024-09
  reconcile fees day1 day2 day3 --config reconcile.yaml --json
  reconcile show charges --where 'variance < 0' --out september`

const feesCodes = `  0    printed
  1    a result cannot be read
  2    usage, configuration, or no result there
  130  interrupted`

func (a *app) feesCommand() *cobra.Command {
	var month string
	cmd := &cobra.Command{
		Use:     "fees [DIR…]",
		Short:   "Say what was overcharged by which rule, and the month's fees by legal entity",
		Long:    feesHelp + exitCodes(feesCodes),
		Example: feesExamples,
		RunE: func(cmd *cobra.Command, args []string) error {
			if month != "" && !regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`).MatchString(month) {
				return usage(fmt.Errorf("--month %q: not a month such as 2024-09", month))
			}
			if len(args) == 0 {
				args = []string{defaultOut}
			}
			dirs, err := resultsIn(cmd.Context(), args, month)
			if err != nil {
				return err
			}
			c, err := readConfig(a.configFlag)
			if err != nil {
				return err
			}
			terms, err := c.feeTerms()
			if err != nil {
				return err
			}
			report := newFeeReport(terms, month)
			for _, dir := range dirs {
				if err := report.read(cmd.Context(), dir); err != nil {
					return err
				}
			}
			report.settle()
			if a.json {
				return printJSON(a.out, report)
			}
			_, err = io.WriteString(a.out, a.feeReportText(report))
			return err
		},
	}
	cmd.Flags().StringVar(&month, "month", "", "only lines of this month, as 2024-09")
	a.withConfig(cmd)
	a.withOutput(cmd, "print JSON, money as text", "")
	return cmd
}

// resultsIn are the results that folders name: each itself, or the days in it. Days
// outside the month are left out.
func resultsIn(ctx context.Context, dirs []string, month string) (results []string, err error) {
	if err := mustExist(dirs); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		days, found := 0, len(results)
		for _, e := range entries {
			day, isDay := strings.CutPrefix(e.Name(), "dt=")
			if !isDay || !e.IsDir() {
				continue
			}
			days++
			if month == "" || strings.HasPrefix(day, month) {
				results = append(results, filepath.Join(dir, e.Name()))
			}
		}
		if days == 0 {
			results = append(results, dir)
		}
		for _, result := range results[found:] {
			if _, _, err := readResult(ctx, result, "charges", "withdrawals"); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}
