package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/report"
	"reconcile/output/workbook"
)

const reportHelp = `Shows a result to people, anew. The page is one offline file: the verdict first,
balances beside the wallets' own totals, match rates, the breaks down to order,
file and line, fees, withdrawals, what paying across wallets cost, the way from
gross to net, the last 30 runs, inputs and proof. It is in English and Chinese,
and begins with the language that --lang names. A run writes it into its result
as report.html, and the workbook as report.xlsx.

DIR is a result, or a dataset, of which it is the newest day. A result whose
tables are not those that its run wrote is not shown.`

const reportExamples = `  reconcile report demo/out > report.html
  reconcile report days/dt=2024-09-12 --output 12.html --lang zh
  reconcile report demo/out --xlsx september.xlsx`

const reportCodes = `  0    written
  1    the result is half written, damaged or was changed, is of another
       version, or the file cannot be written
  2    usage, or no result there
  130  interrupted`

func (a *app) reportCommand() *cobra.Command {
	var page, xlsx string
	cmd := &cobra.Command{
		Use:     "report [DIR]",
		Short:   "Write the page, or the workbook, of a result anew",
		Long:    reportHelp + exitCodes(reportCodes),
		Example: reportExamples,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.json && page == "" && xlsx == "" {
				return usage(errors.New("--json names the files that were written: name one with --output or --xlsx"))
			}
			out := defaultOut
			if len(args) > 0 {
				out = args[0]
			}
			dir, v, err := openResult(cmd.Context(), out)
			if err != nil {
				return err
			}
			if page == "" && xlsx == "" {
				return report.Write(verbatim(a.out), v, a.pageLanguage())
			}
			if page != "" {
				if err := a.writePage(page, v); err != nil {
					return err
				}
			}
			if xlsx != "" {
				if err := workbook.Write(xlsx, dir, v, a.workbookOptions()); err != nil {
					return err
				}
			}
			return a.printWritten(page, xlsx)
		},
	}
	cmd.Flags().StringVarP(&page, "output", "o", "", "file for the page (default: stdout)")
	cmd.Flags().StringVar(&xlsx, "xlsx", "", "file for the workbook; the page is then written where --output names one")
	a.withOutput(cmd, "print the names of the files as JSON", "print nothing but the page")
	return cmd
}

// openResult reads what a result says, of one that its run wrote as it stands there.
func openResult(ctx context.Context, out string) (string, *overview.Overview, error) {
	if err := mustExist([]string{out}); err != nil {
		return "", nil, err
	}
	dir, err := resultDir(out)
	if err != nil {
		return "", nil, err
	}
	m, err := output.Verified(ctx, dir)
	if errors.Is(err, output.ErrNoResult) {
		return "", nil, usage(err)
	}
	if err != nil {
		return "", nil, err
	}
	v, err := overview.Read(dir, m, report.Reading(""))
	return dir, v, err
}

// printWritten names the files that were written.
func (a *app) printWritten(names ...string) error {
	written := []string{}
	for _, name := range names {
		if name != "" {
			written = append(written, name)
		}
	}
	if a.json {
		return printJSON(a.out, map[string][]string{"files": written})
	}
	for _, name := range written {
		if !a.quiet {
			fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), name)
		}
	}
	return nil
}
