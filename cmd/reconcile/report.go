package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/workbook"
)

const reportHelp = `Writes the workbook of a result anew, in the language that --lang names: the
sheets 汇总, 渠道日报, 差异明细, 手续费核对, 提现与跨钱包, 未达与跨日, 余额 and
说明. A run writes it into its result as report.xlsx. DIR is a result, or a
dataset, of which it is the newest day. A result whose tables are not those that
its run wrote is not shown.`

const reportExamples = `  reconcile report --xlsx september.xlsx demo/out
  reconcile report days --xlsx newest.xlsx --lang en`

const reportCodes = `  0    written
  1    the result is damaged or was changed, or the file cannot be written
  2    usage, or no result there
  130  interrupted`

func (a *app) reportCommand() *cobra.Command {
	var xlsx string
	cmd := &cobra.Command{
		Use:     "report [DIR]",
		Short:   "Write the workbook of a result anew",
		Long:    reportHelp + exitCodes(reportCodes),
		Example: reportExamples,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if xlsx == "" {
				return usage(errors.New("name the workbook with --xlsx FILE"))
			}
			out := defaultOut
			if len(args) > 0 {
				out = args[0]
			}
			dir, err := resultDir(out)
			if err != nil {
				return err
			}
			m, err := output.Verified(cmd.Context(), dir)
			if errors.Is(err, output.ErrNoResult) {
				return usage(err)
			}
			if err != nil {
				return err
			}
			v, err := overview.Read(dir, m, overview.Options{})
			if err != nil {
				return err
			}
			if err := workbook.Write(xlsx, dir, v, a.workbookOptions()); err != nil {
				return err
			}
			if a.json {
				return printJSON(a.out, map[string]string{"file": xlsx})
			}
			_, err = fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), xlsx)
			return err
		},
	}
	cmd.Flags().StringVar(&xlsx, "xlsx", "", "the workbook to write")
	a.withOutput(cmd, "print the file's name as JSON", "")
	return cmd
}
