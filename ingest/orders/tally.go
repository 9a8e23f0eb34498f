package orders

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// tally is what a worker counts beside the rows.
type tally struct {
	rows   int64
	amount settlement.Amount  // of the column amount, as the file prints it
	latest settlement.Instant // of all times of all rows; NoInstant where there is none

	zero        int64 // paid orders and successful refunds of 0.00
	notPaidYet  int64 // orders of a paid status without a payment time, see paidByTime
	noRefundNo  int64
	minutesOnly int64 // times without seconds
	trimmed     int64 // ids with blanks around them
	sheetText   int64 // ids in a spreadsheet's text form
}

func (t *tally) add(other *tally) (err error) {
	t.amount, err = t.amount.Add(other.amount)
	t.latest = max(t.latest, other.latest)
	t.rows += other.rows
	t.zero += other.zero
	t.notPaidYet += other.notPaidYet
	t.noRefundNo += other.noRefundNo
	t.minutesOnly += other.minutesOnly
	t.trimmed += other.trimmed
	t.sheetText += other.sheetText
	return err
}

func (t *tally) note(st *settlement.Statement, r *reading) {
	if t.rows == 0 {
		st.Notef("an empty extract: a header and no rows")
	}
	note := func(count int64, format string) {
		if count > 0 {
			st.Notef(format, count)
		}
	}
	if r.kind == settlement.RefundExtract {
		note(t.zero, "%d successful refunds are of 0.00: no wallet pays nothing back")
	} else {
		note(t.zero, "%d orders are paid with 0.00: no wallet was asked for money")
	}
	if r.cutOff.Load() {
		st.Notef(delimited.NoLineEnd)
	}
	note(t.notPaidYet, "%d rows are of orders on their way without a payment time (paid on delivery, or later): taken as unpaid")
	note(t.noRefundNo, "%d refunds have no refund number and can be matched by their order number alone")
	note(t.minutesOnly, "%d times have no seconds and were taken as the minute's first")
	note(t.trimmed, "%d numbers had blanks around them, which were taken off")
	note(t.sheetText, `%d numbers stood in a spreadsheet's text form (="…" or '…), which was taken off`)
}

// unknownWords gathers the words of status and wallet columns that no table has:
// one problem a word, not one a row. It holds up to settlement.MaxListed.
type unknownWords struct {
	mu    sync.Mutex
	words map[unknownWord]*unknownUse
	more  int64 // uses of words beyond those held
}

type unknownWord struct {
	column column
	word   string
}

type unknownUse struct {
	first settlement.Position
	rows  int64
}

func (u *unknownWords) add(c column, word string, at settlement.Position) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.words == nil {
		u.words = make(map[unknownWord]*unknownUse)
	}
	key := unknownWord{c, word}
	use := u.words[key]
	if use == nil {
		if len(u.words) == settlement.MaxListed {
			u.more++
			return
		}
		use = &unknownUse{first: at}
		u.words[key] = use
	}
	use.rows++
	if at.Line < use.first.Line {
		use.first = at
	}
}

// judge makes a problem of each word.
func (u *unknownWords) judge(r *reading) {
	for key, use := range u.words {
		known, entry := r.tables.statusKnown, "statuses"
		if key.column != colStatus {
			known, entry = r.tables.walletKnown, "wallets"
		}
		what := fmt.Sprintf("%q is no known word, here and in %d more rows", key.word, use.rows-1)
		if use.rows == 1 {
			what = fmt.Sprintf("%q is no known word", key.word)
		}
		do := fmt.Sprintf("known: %s; map it with %s.%s", known, r.kind, entry)
		if key.column != colStatus {
			do += ", or leave rows of other means of payment out of the extract"
		}
		r.problems.Add(&settlement.InputError{Position: use.first, ColumnName: r.layout.names[key.column], What: what, Do: do})
	}
	if u.more > 0 {
		r.problems.Add(r.in.Errorf(0, "is the right column mapped?", "%d rows more have words that are not known", u.more))
	}
}

// blankLines tells blank lines at the end of the file, which mean nothing, from
// those inside, which mean that something is missing or was joined.
type blankLines struct {
	mu       sync.Mutex
	runs     []int64 // first line of each run of blank lines at the end of a block
	lastData int64   // number of the last line that is not blank
}

// block adds what a worker saw: its last line that is not blank, 0 where there
// is none, and the first of the blank lines that it ends with, or 0.
func (b *blankLines) block(lastData, trailing int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lastData = max(b.lastData, lastData)
	if trailing > 0 {
		b.runs = append(b.runs, trailing)
	}
}

func (b *blankLines) judge(r *reading) {
	slices.SortFunc(b.runs, cmp.Compare)
	for _, line := range b.runs {
		if line < b.lastData {
			r.problems.Add(blankInside(r, line))
		}
	}
}

func blankInside(r *reading, line int64) *settlement.InputError {
	return r.in.Errorf(line, "export it again: two exports may have been joined here, or rows deleted", "a blank line with rows behind it")
}
