package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"reconcile/output/workbook"
)

const worklistHelp = `Writes the open breaks of a result into a workbook (差异明细) to be decided: one
row a break, the oldest first, with a list to choose from in 处理 (接受 accept,
核销 write off, 说明 explain, 指派 assign, 备注 note, 重开 reopen) and columns
for 处理人, 处理时间, 备注 and 负责人. What was decided before is filled in. The
sheet of that name in a result's report.xlsx has the same columns, and can be
filled in instead.

Name the edited file as decided_workbook in the configuration: the next run
reads these columns, whatever else was added or moved. A file that is there
already is not overwritten, since somebody may have filled it in.

Order and transaction numbers are texts, so that no spreadsheet program rounds
them.`

const worklistExamples = `  reconcile worklist --out days worklist.xlsx
  reconcile worklist --out demo/out --lang en breaks.xlsx`

const worklistCodes = `  0    written
  1    the result cannot be read, or the file not written
  2    usage, no result there, or the file exists
  130  interrupted`

func (a *app) worklistCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "worklist FILE.xlsx",
		Short:   "Write the open breaks into a workbook, to be decided",
		Long:    worklistHelp + exitCodes(worklistCodes),
		Example: worklistExamples,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.worklist(cmd.Context(), out, args[0])
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of the days")
	a.withOutput(cmd, "print the number of breaks as JSON", "")
	return cmd
}

func (a *app) worklist(ctx context.Context, out, path string) error {
	dir, _, err := readResult(ctx, out, "breaks")
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return usage(fmt.Errorf("%s exists already: it may hold decisions (name another file)", path))
	}
	n, err := workbook.WriteBreaks(path, dir, a.workbookOptions())
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, map[string]any{"file": path, "breaks": n})
	}
	_, err = fmt.Fprintf(a.out, a.say("%d open breaks in %s")+"\n", n, path)
	return err
}
