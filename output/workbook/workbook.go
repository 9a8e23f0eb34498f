// Package workbook writes what an accountant looks at: a result as a workbook of sheets
// (report.xlsx), and the open breaks alone as a list to be decided.
//
//	written tables ─► rows ─► sheets, streamed, each split where Excel has no more rows
//	                    └──► totals: a formula, and what it comes to
//
// Amounts are numbers, made of their decimal text; everything else that a table holds is
// text, which no program takes for a formula. Nothing in a workbook depends on the clock:
// equal results give equal files.
package workbook

import (
	"fmt"
	"path/filepath"

	"reconcile/output/overview"
)

// Name is the workbook's name in a result.
const Name = "report.xlsx"

// mostListed is how many rows of a detail are listed that is not what people work off:
// where there are more, sums are shown for all and the rest stands in the tables.
const mostListed = 10_000

// The sheets.
const (
	sheetSummary  = "汇总"
	sheetDaily    = "渠道日报"
	sheetBreaks   = "差异明细"
	sheetFees     = "手续费核对"
	sheetPayouts  = "提现与跨钱包"
	sheetWaiting  = "未达与跨日"
	sheetBalances = "余额"
	sheetAbout    = "说明"
)

// Options are how a workbook is written.
type Options struct {
	// Chinese is the language of headings and words; the names of the sheets are Chinese
	// in any language.
	Chinese bool
	// Reason says in the reader's language why something is a break, or waits, which the
	// tables say in English; nil leaves it as it is.
	Reason func(english string) string

	// What tests change: how many rows a sheet takes, and a detail lists.
	rows, listed int64
}

// report is a workbook of a result while it is written.
type report struct {
	*book
	*overview.Overview
	dir    string
	found  *breakOrder
	listed int64
}

// Write writes a result as a workbook to path: its tables are in dir, v is what was read of
// it. The file is there whole or not at all.
func Write(path, dir string, v *overview.Overview, o Options) (err error) {
	b, err := newBook(filepath.Dir(path), o)
	if err != nil {
		return err
	}
	defer func() { err = firstFault(err, b.close()) }()
	r := &report{book: b, Overview: v, dir: dir, listed: mostListed}
	if o.rows > 0 {
		b.limit = o.rows
	}
	if o.listed > 0 {
		r.listed = o.listed
	}
	if r.found, err = breaksOf(dir, false, breaksInMemory); err != nil {
		return err
	}
	for _, sheet := range []func() error{r.summary, r.daily, r.breakSheet, r.feeSheet, r.payouts, r.waits, r.balanceSheet, r.about} {
		if err := sheet(); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return b.save(path)
}

// WriteBreaks writes the open breaks of the result in dir to path, to be decided, and
// returns how many they are.
func WriteBreaks(path, dir string, o Options) (n int64, err error) {
	b, err := newBook(filepath.Dir(path), o)
	if err != nil {
		return 0, err
	}
	defer func() { err = firstFault(err, b.close()) }()
	open, err := breaksOf(dir, true, breaksInMemory)
	if err != nil {
		return 0, err
	}
	if err := b.sheet(sheetBreaks, b.say("Open breaks"), []string{b.say(howToDecide)}, breaksTable(open)); err != nil {
		return 0, err
	}
	return open.rows, b.save(path)
}

// rowsOf is how many rows a table has.
func (r *report) rowsOf(table string) int64 {
	for _, t := range r.Manifest.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// titled is a sheet's title with the day or days of the result.
func (r *report) titled(text string) string {
	if days := r.Manifest.DaysText(); days != "" {
		return r.say(text) + "  " + days
	}
	return r.say(text)
}

func (r *report) daily() error {
	return r.sheet(sheetDaily, r.titled("Daily report by wallet and shop"), nil,
		&table{columns: dailyColumns, rows: read(r.dir, "summary"), onTop: true, filter: true})
}

func (r *report) breakSheet() error {
	t := breaksTable(r.found)
	t.empty = r.say("no breaks")
	return r.sheet(sheetBreaks, r.titled("All breaks"), []string{r.say(howToDecide)}, t)
}

func (r *report) payouts() error {
	costs := where(read(r.dir, "summary"), func(s row) bool {
		withdrawing, known := s.Money("withdrawal_fees")
		crossing, knownToo := s.Money("cross_wallet_fees")
		return known && withdrawing != 0 || knownToo && crossing != 0
	})
	var tables []*table // the sums of all where rows are left out, then the rows
	cross := &table{title: r.say("Orders that were paid across wallets"), columns: crossColumns, rows: read(r.dir, "cross_wallet"), filter: true}
	if n := r.rowsOf("cross_wallet"); n > r.listed {
		cross.rows = firstOf(r.listed, cross.rows)
		cross.notes, cross.cut = []string{fmt.Sprintf(r.say(cutShort), r.listed, n, "cross_wallet")}, true
		tables = append(tables, &table{title: r.say("All that was paid across wallets"), columns: crossSumColumns, rows: listed(crossSums(r.Cross))})
	}
	payouts := &table{title: r.say("Withdrawals"), columns: withdrawalColumns, rows: read(r.dir, "withdrawals")}
	if n := r.rowsOf("withdrawals"); n > r.listed {
		payouts.rows = firstOf(r.listed, payouts.rows)
		payouts.notes, payouts.cut = []string{fmt.Sprintf(r.say(cutShort), r.listed, n, "withdrawals")}, true
		all, err := sumsBy(read(r.dir, "withdrawals"), withdrawalGroup, withdrawalMoney...)
		if err != nil {
			return err
		}
		tables = append(tables, &table{title: r.say("All withdrawals"), columns: withdrawalSumColumns, rows: listed(all)})
	}
	tables = append(tables, payouts, &table{title: r.say("Cost by day and shop"), columns: costColumns, rows: costs}, cross)
	return r.sheet(sheetPayouts, r.titled("Withdrawals and cross-wallet cost"), nil, tables...)
}

func (r *report) waits() error {
	rows := waiting(r.dir)
	if n := r.rowsOf("open_items") + r.rowsOf("unsettled"); n > r.listed {
		all, err := waitingSums(rows)
		if err != nil {
			return err
		}
		return r.sheet(sheetWaiting, r.titled("Open items and cut-off"), nil,
			&table{title: r.say("All that waits"), columns: waitingSumColumns, rows: listed(all)},
			&table{title: r.say("Detail"), notes: []string{fmt.Sprintf(r.say(cutShort), r.listed, n, "open_items, unsettled")},
				columns: waitingColumns, rows: firstOf(r.listed, rows), filter: true, cut: true})
	}
	return r.sheet(sheetWaiting, r.titled("Open items and cut-off"), nil,
		&table{columns: waitingColumns, rows: rows, onTop: true, filter: true, empty: r.say("nothing waits")})
}

func (r *report) balanceSheet() error {
	rows, err := balanceRows(r.dir)
	if err != nil {
		return err
	}
	return r.sheet(sheetBalances, r.titled("Balances"), []string{r.say("opening + income − expense = computed closing; unexplained = closing, by the file − computed closing")},
		&table{columns: balanceColumns(rows), rows: listed(rows), onTop: true, filter: true, empty: r.say("no fund flow was delivered: no balance is known")})
}
