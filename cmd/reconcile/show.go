package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/settlement"
)

const showHelp = `Prints rows of a table of a result, or of one Parquet file. On a terminal the
columns that matter most are shown, and at most 100 rows; --columns and --limit
change that. --json and --csv print all columns and all rows.

Where a row is wider than the terminal its texts are shortened (…), then it goes
on in the next line, and where that would be many it is shown as a record, one
value a line. Numbers are never shortened. --wide, or a pipe, prints rows whole.

EXPR selects rows: conditions joined by “and”, each a column, an operator and a
value. Operators are = != < <= > >= and ~ (contains). Money, days, times, rates
and counts compare as what they are; a day stands for all times of that day;
null is written null. Times are those of Asia/Shanghai.

In CSV, text that a spreadsheet would take for a formula gets a ' before it;
numbers stay numbers.

SQL engines read the tables too: “reconcile ddl” defines them there.`

const showExamples = `  reconcile show breaks
  reconcile show breaks --where 'kind = amount_mismatch and difference < -10.00'
  reconcile show statement_lines --where 'occurred_at > "2024-09-12 18:00"'
  reconcile show charges --where 'variance != 0' --csv > fees.csv
  reconcile show result/breaks/part-00000.parquet --columns kind,order_no,reason`

const showCodes = `  0    printed, also where no row is selected
  1    the file cannot be read
  2    usage: no such table, column, result, or a fault in EXPR
  130  interrupted`

// defaultRows is how many rows people see who do not say how many.
const defaultRows = 100

type showFlags struct {
	out, where, columns string
	limit               int64
	csv, wide           bool
}

func (a *app) showCommand() *cobra.Command {
	var flags showFlags
	cmd := &cobra.Command{
		Use:     "show TABLE|FILE.parquet",
		Short:   "Print rows of a table",
		Long:    showHelp + "\n\n" + wrapped("Tables: "+strings.Join(tableNames(), ", ")+".") + exitCodes(showCodes),
		Example: showExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("show: name one table or file (tables: %s)", strings.Join(tableNames(), ", "))
			}
			return nil
		},
		ValidArgs: tableNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("limit") && !a.json && !flags.csv {
				flags.limit = defaultRows
			}
			return a.show(cmd.Context(), args[0], flags)
		},
	}
	cmd.Flags().StringVarP(&flags.out, "out", "o", defaultOut, "folder of the result")
	cmd.Flags().StringVarP(&flags.where, "where", "w", "", "which rows, as an expression")
	cmd.Flags().StringVarP(&flags.columns, "columns", "c", "", "which columns, with commas between; all shows every column")
	cmd.Flags().Int64VarP(&flags.limit, "limit", "n", 0, "at most so many rows; 0 shows all")
	cmd.Flags().BoolVar(&flags.wide, "wide", false, "print each row on one line, whole, however wide the terminal is")
	cmd.Flags().BoolVar(&flags.csv, "csv", false, "print CSV")
	a.withOutput(cmd, "print a JSON array of objects, money as text", "")
	cmd.MarkFlagsMutuallyExclusive("json", "csv")
	return cmd
}

func tableNames() (names []string) {
	for _, t := range settlement.Tables {
		names = append(names, t.Name)
	}
	return names
}

// shortColumns are the columns that people see who do not say which.
var shortColumns = map[string][]string{
	"fund_lines":        {"wallet", "category", "order_no", "occurred_at", "amount", "balance", "raw_type", "state"},
	"statement_lines":   {"wallet", "kind", "order_no", "refund_no", "occurred_at", "gross_amount", "fee_amount", "net_amount", "match_state"},
	"order_events":      {"kind", "order_no", "refund_no", "wallet", "expected_at", "amount", "status", "match_state"},
	"unsettled":         {"side", "kind", "wallet", "order_no", "refund_no", "occurred_at", "expected_amount", "booked_amount", "state"},
	"matches":           {"wallet", "kind", "order_no", "refund_no", "order_amount", "line_amount", "difference", "verdict"},
	"breaks":            {"kind", "wallet", "order_no", "refund_no", "expected_amount", "actual_amount", "difference"},
	"open_items":        {"side", "kind", "wallet", "order_no", "amount", "at", "reason"},
	"withdrawals":       {"wallet", "payout_no", "amount", "charged_fee", "status"},
	"payouts":           {"wallet", "payout_no", "amount", "due_on", "status"},
	"carried_transfers": {"side", "account", "settled_on", "amount", "raw_note"},
	"quotas":            {"wallet", "owner", "rule_id", "period", "expires_at", "granted_amount", "used_amount"},
	"proceeds":          {"wallet", "account", "order_no", "settled_at", "net_amount", "home_wallet"},
	"cross_wallet":      {"order_no", "shop", "home_wallet", "paying_wallet", "paid_amount", "refunded_amount", "channel_fee", "home_fee", "repatriation_fee", "cross_wallet_fee"},
	"charges":           {"wallet", "order_no", "event", "base_amount", "rate", "expected_fee", "charged_fee", "variance", "variance_class"},
	"control_totals":    {"source_file", "name", "stated", "computed", "difference"},
	"carried_lines":     {"wallet", "kind", "order_no", "refund_no", "occurred_at", "gross_amount", "match_state"},
	"carried_events":    {"kind", "order_no", "refund_no", "wallet", "expected_at", "amount", "status", "match_state"},
	"payment_keys":      {"key"},
	"payment_numbers":   {"order_no", "account", "payment_no", "status"},
	"summary":           {"settled_on", "wallet", "account", "shop", "lines", "breaks", "gross", "refunds", "charged_fees", "net"},
	"balances":          {"wallet", "account", "sub_account", "settled_on", "opening", "income", "expense", "closing", "unexplained", "opening_known_by", "missing_days"},
}

func (a *app) show(ctx context.Context, what string, flags showFlags) error {
	if flags.limit < 0 {
		return usage(fmt.Errorf("--limit %d: give a number of rows; 0 shows all", flags.limit))
	}
	table, read, err := a.source(ctx, what, flags.out)
	if err != nil {
		return err
	}
	columns, err := chooseColumns(table, flags.columns, !a.json && !flags.csv)
	if err != nil {
		return usage(err)
	}
	filter, err := compileWhere(flags.where, table.Columns)
	if err != nil {
		return usage(err)
	}
	var print printer
	switch {
	case a.json:
		print = &jsonPrinter{w: verbatim(a.out), columns: columns}
	case flags.csv:
		print = &csvPrinter{w: verbatim(a.out), columns: columns}
	default:
		p := &gridPrinter{w: a.out, columns: columns, width: a.toOut.width, colour: a.toOut.colour, none: a.say("no rows")}
		if flags.wide {
			p.w, p.width = verbatim(a.out), 0
		}
		print = p
	}
	shown, more := int64(0), false
	err = read(func(r output.Row) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !filter.holds(r) {
			return nil
		}
		if flags.limit > 0 && shown == flags.limit {
			more = true
			return output.ErrStop
		}
		shown++
		return print.row(r)
	})
	if err = errors.Join(err, print.end()); err != nil {
		return err
	}
	if more && !a.json && !flags.csv {
		fmt.Fprintln(a.err, a.sayf("The first %d rows; --limit 0 shows all.", shown))
	}
	return nil
}

// source finds the table or file that what names, and how it is read.
func (a *app) source(ctx context.Context, what, dir string) (settlement.Table, func(func(output.Row) error) error, error) {
	if strings.HasSuffix(what, ".parquet") {
		// A part of a result is shown where it is what its run wrote.
		if of := filepath.Dir(filepath.Dir(what)); isResult(of) {
			if _, err := verifiedResult(ctx, of, filepath.Base(filepath.Dir(what))); err != nil {
				return settlement.Table{}, nil, err
			}
		}
		table, err := tableOf(what)
		return table, func(fn func(output.Row) error) error { return output.ReadFile(what, fn) }, err
	}
	table, ok := settlement.TableNamed(what)
	if !ok {
		return table, nil, usage(fmt.Errorf("no table %q (%s)", what, nearest(what, tableNames())))
	}
	dir, _, err := readResult(ctx, dir, what)
	if err != nil {
		return table, nil, err
	}
	return table, func(fn func(output.Row) error) error { return output.ReadTable(dir, what, fn) }, nil
}

// tableOf says which table a file is a part of, by its columns. The columns of any
// other file are taken for text.
func tableOf(path string) (settlement.Table, error) {
	if err := mustExist([]string{path}); err != nil {
		return settlement.Table{}, err
	}
	var names []string
	err := output.ReadFile(path, func(r output.Row) error {
		names = slices.Clone(r.Columns())
		return output.ErrStop
	})
	if err != nil {
		return settlement.Table{}, err
	}
	for _, t := range append(slices.Clone(settlement.Tables), settlement.AnswerKeyTable, settlement.HistoryKeyTable) {
		if slices.Equal(columnNames(t.Columns), names) || names == nil && t.Name == filepath.Base(filepath.Dir(path)) {
			return t, nil
		}
	}
	foreign := settlement.Table{Name: filepath.Base(path)}
	for _, name := range names {
		foreign.Columns = append(foreign.Columns, settlement.TableColumn{Name: name, Type: settlement.TypeText, Nullable: true})
	}
	return foreign, nil
}

// chooseColumns returns the columns that are asked for; short chooses for people
// who ask for none.
func chooseColumns(table settlement.Table, asked string, short bool) ([]settlement.TableColumn, error) {
	names := shortColumns[table.Name]
	if asked != "" {
		names = strings.Split(asked, ",")
	} else if !short {
		names = nil
	}
	if len(names) == 0 || asked == "all" {
		return table.Columns, nil
	}
	var columns []settlement.TableColumn
	for _, name := range names {
		c, ok := table.Column(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("--columns: no column %q in %s (%s)", name, table.Name, nearest(name, columnNames(table.Columns)))
		}
		columns = append(columns, c)
	}
	return columns, nil
}
