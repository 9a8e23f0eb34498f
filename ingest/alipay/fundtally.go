package alipay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundTally is what a worker's fund lines add up to, and what of them is worth a word.
type fundTally struct {
	sums     tally // Income and Expense
	anchored int64 // rows with commas in free text

	firstComma, outside, firstOutside int64
	expenseAbove, expenseBelow        int64 // first line with 支出 above and below zero

	firstDay, lastDay settlement.Day // of the movements, NoDay where there is none

	unnamed   map[string]*counted // lines of category other, by the file's words, which may be anything
	copies    counted             // of the aggregated account
	lastRow   int64               // the largest 序号
	unordered bool                // a row has none
	chain     []stretch
}

// counted is a number of lines and what they come to.
type counted struct {
	lines, first int64
	sum          settlement.Amount
}

func (c *counted) add(amount settlement.Amount, line int64) {
	c.lines++
	c.sum += amount // for a note: the sums that count are checked
	first(&c.first, line)
}

// open starts a stretch of neighbouring lines.
func (t *fundTally) open(run int) { t.chain = append(t.chain, stretch{run: run}) }

// add counts the row of w.
func (t *fundTally) add(w *fundWorker, category settlement.Category, state settlement.FundState, m fundMoney) {
	t.sums.add(m.direction, m.amount, 0, 0, 0)
	if category == settlement.FundOther {
		if t.unnamed == nil {
			t.unnamed = map[string]*counted{}
		}
		kind := string(w.cells[fundType])
		if t.unnamed[kind] == nil {
			if len(t.unnamed) >= maxUnnamed {
				kind = "…"
			}
			t.unnamed[kind] = cmp.Or(t.unnamed[kind], &counted{})
		}
		t.unnamed[kind].add(m.amount, w.line)
	}
	if w.header.at[serial] >= 0 {
		row, err := strconv.ParseInt(string(w.cells[serial]), 10, 64)
		t.unordered = t.unordered || err != nil
		t.lastRow = max(t.lastRow, row)
	}
	if state == settlement.CopiedLine {
		t.copies.add(m.amount, w.line)
		return
	}
	t.chain[len(t.chain)-1].add(balanced{w.line, m.amount, m.balance})
}

// maxUnnamed bounds the words that a note lists.
const maxUnnamed = 32

func (t *fundTally) day(day settlement.Day) {
	if t.firstDay == 0 || day < t.firstDay { // no wallet existed on day 0
		t.firstDay = day
	}
	t.lastDay = max(t.lastDay, day)
}

// merge adds the tally of another worker.
func (t *fundTally) merge(o *fundTally) {
	t.sums.merge(&o.sums)
	t.anchored += o.anchored
	first(&t.firstComma, o.firstComma)
	t.outside += o.outside
	first(&t.firstOutside, o.firstOutside)
	first(&t.expenseAbove, o.expenseAbove)
	first(&t.expenseBelow, o.expenseBelow)
	if o.firstDay != 0 {
		t.day(o.firstDay)
		t.day(o.lastDay)
	}
	if t.unnamed == nil {
		t.unnamed = map[string]*counted{}
	}
	for kind, more := range o.unnamed {
		if t.unnamed[kind] == nil {
			t.unnamed[kind] = &counted{}
		}
		t.unnamed[kind].merge(more)
	}
	t.copies.merge(&o.copies)
	t.lastRow = max(t.lastRow, o.lastRow)
	t.unordered = t.unordered || o.unordered
	t.chain = append(t.chain, o.chain...)
}

func (c *counted) merge(o *counted) {
	c.lines += o.lines
	c.sum += o.sum
	first(&c.first, o.first)
}

// faults are what makes the sums unfit for use. Where totals prove the magnitudes of
// 支出, their signs do not matter; else the file must have one sign.
func (t *fundTally) faults(in delimited.Input, proved bool) []*settlement.InputError {
	var faults []*settlement.InputError
	if t.sums.overflow {
		faults = append(faults, in.Errorf(0, adviceForm, "the amounts are too large: %v", settlement.ErrOverflow))
	}
	if above, below := t.expenseAbove, t.expenseBelow; above > 0 && below > 0 && !proved {
		fault := in.Errorf(max(above, below), "fetch the bill again; if it is the same, ask Alipay what an expense of the other sign means",
			"expenses stand above zero (line %d) and below (line %d): which of them came back cannot be told", above, below)
		fault.ColumnName = "支出"
		faults = append(faults, fault)
	}
	return faults
}

// notes are what a reader of the run should know of the lines.
func (t *fundTally) notes(rows int64) (notes []string) {
	notef := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if t.outside > 0 {
		notef("%d rows moved outside the file's period (first on line %d); they count with its nearest day", t.outside, t.firstOutside)
	}
	if t.anchored > 0 {
		notef("%d rows have commas in free text (first on line %d)", t.anchored, t.firstComma)
	}
	for _, kind := range slices.Sorted(maps.Keys(t.unnamed)) {
		c := t.unnamed[kind]
		notef("%d rows of 业务类型 %q, which does not name what they are about, come to %s (first on line %d): category other", c.lines, settlement.PublicWord([]byte(kind)), c.sum, c.first)
	}
	if t.copies.lines > 0 {
		notef("%d rows of 支付渠道 %s come to %s (first on line %d): copies of the aggregated settlement account's, which move nothing of Alipay's",
			t.copies.lines, aggregated, t.copies.sum, t.copies.first)
	}
	if t.lastRow > 0 && t.lastRow != rows && !t.unordered {
		notef("序号 goes up to %d where the file has %d rows: rows may be missing", t.lastRow, rows)
	}
	if gaps := gapsOf(t.chain); gaps.count > 0 {
		notef("账户余额 does not follow from its neighbour at %d places (first on line %d): the wallet does not promise that it does", gaps.count, gaps.first)
	}
	return notes
}
