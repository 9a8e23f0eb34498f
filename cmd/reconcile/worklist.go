package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"reconcile/output"
	"reconcile/settlement"
)

const worklistHelp = `Writes the open breaks of a result into a workbook (差异明细) to be decided: one
row a break, the oldest first, with a list to choose from in 处理 (接受 accept,
核销 write off, 说明 explain, 指派 assign) and columns for 处理人, 处理时间,
备注 and 负责人. What was decided before is filled in.

Name the edited file as decided_workbook in the configuration: the next run
reads these columns, whatever else was added or moved. A file that is there
already is not overwritten, since somebody may have filled it in.

Numbers and amounts are texts, so that no spreadsheet program rounds them.`

const worklistExamples = `  reconcile worklist --out days worklist.xlsx
  reconcile worklist --out demo/out --lang en breaks.xlsx`

const worklistCodes = `  0    written
  1    the result cannot be read, or the file not written
  2    usage, no result there, or the file exists
  130  interrupted`

// worklistColumns are the columns of the workbook: their names, and the columns of breaks.
var worklistColumns = []struct {
	name, column string
	width        int // in characters
}{
	{"差异编号", "break_id", 19}, {"类型", "kind", 18}, {"钱包", "wallet", 10}, {"商户号", "account", 18}, {"订单号", "order_no", 24}, {"退款单号", "refund_no", 20},
	{"应收", "expected_amount", 13}, {"实收", "actual_amount", 13}, {"差额", "difference", 13}, {"首次发现", "first_seen_on", 12}, {"账龄", "age_days", 7},
	{"原因", "reason", 50}, {"建议", "suggestion", 50}, {"处理", "decision", 10}, {"处理人", "decided_by", 12}, {"处理时间", "decided_at", 20}, {"备注", "note", 30}, {"负责人", "assignee", 12},
}

// decisionWords are the decisions in a workbook.
var decisionWords = map[string]string{"accept": "接受", "write_off": "核销", "explain": "说明", "assign": "指派"}

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
	n, err := a.writeWorklist(dir, path)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(a.out, map[string]any{"file": path, "breaks": n})
	}
	_, err = fmt.Fprintf(a.out, a.say("%d open breaks in %s")+"\n", n, path)
	return err
}

// worklistRow is one break: its cells, and by what it is ordered.
type worklistRow struct {
	cells []any
	age   int64
}

func (a *app) worklistRows(dir string) (rows []worklistRow, err error) {
	err = output.ReadTable(dir, "breaks", func(r output.Row) error {
		if r.Text("status") != settlement.BreakOpen.String() {
			return nil
		}
		row := worklistRow{}
		for _, c := range worklistColumns {
			text := r.Text(c.column)
			switch c.column {
			case "kind", "wallet":
				text = a.say(text)
			case "decision":
				text = decisionWords[text]
			case "age_days":
				if row.age, err = strconv.ParseInt(text, 10, 64); err != nil && text != "" {
					return err
				}
			}
			row.cells = append(row.cells, text)
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// writeWorklist writes the open breaks of a result to path, which is there whole or not at
// all, and returns how many they are.
func (a *app) writeWorklist(dir, path string) (n int, err error) {
	rows, err := a.worklistRows(dir)
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(rows, func(x, y worklistRow) int { return cmp.Compare(y.age, x.age) })
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	const sheet = "差异明细"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return 0, err
	}
	if err := fillWorklist(f, sheet, rows); err != nil {
		return 0, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".worklist-*.xlsx")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // after the rename it is gone
	if _, err := f.WriteTo(temporary); err != nil {
		return 0, errors.Join(err, temporary.Close())
	}
	if err := errors.Join(temporary.Sync(), temporary.Close()); err != nil {
		return 0, err
	}
	return len(rows), os.Rename(temporary.Name(), path)
}

func fillWorklist(f *excelize.File, sheet string, rows []worklistRow) error {
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF7"}}})
	if err != nil {
		return err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	header := make([]any, len(worklistColumns))
	decided := 0
	for i, c := range worklistColumns {
		if err := w.SetColWidth(i+1, i+1, float64(c.width)); err != nil {
			return err
		}
		if c.column == "decision" {
			decided = i + 1
		}
		header[i] = excelize.Cell{StyleID: bold, Value: c.name}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, cells := range append([][]any{header}, cellsOf(rows)...) {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, cells); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return w.Flush()
	}
	first, err := excelize.CoordinatesToCellName(decided, 2)
	if err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(decided, len(rows)+1)
	if err != nil {
		return err
	}
	choice := excelize.NewDataValidation(true)
	choice.Sqref = first + ":" + last
	if err := choice.SetDropList([]string{"接受", "核销", "说明", "指派"}); err != nil {
		return err
	}
	if err := f.AddDataValidation(sheet, choice); err != nil {
		return err
	}
	corner, err := excelize.CoordinatesToCellName(len(worklistColumns), len(rows)+1)
	if err != nil {
		return err
	}
	if err := f.AutoFilter(sheet, "A1:"+corner, nil); err != nil {
		return err
	}
	return w.Flush()
}

func cellsOf(rows []worklistRow) [][]any {
	all := make([][]any, len(rows))
	for i := range rows {
		all[i] = rows[i].cells
	}
	return all
}
