package workbook

import (
	"fmt"
	"slices"
	"strconv"

	"reconcile/settlement"
)

// row is one row as a sheet takes it: of a written table, or one that was added up.
type row interface {
	Text(column string) string
	Money(column string) (settlement.Amount, bool)
}

// record is a row that was added up.
type record struct {
	texts map[string]string
	money map[string]settlement.Amount
}

// Text implements row.
func (r record) Text(column string) string { return r.texts[column] }

// Money implements row.
func (r record) Money(column string) (settlement.Amount, bool) {
	a, ok := r.money[column]
	return a, ok && a != settlement.NoAmount
}

// kind is how a column's values are written.
type kind uint8

const (
	asText   kind = iota
	asID          // a number of an order, an account: text that is never cut or wrapped
	asWord        // a word of a table, in the reader's language
	asProse       // text that wraps
	asReason      // the same, of a table that says it in English
	asMoney       // an amount
	asCount       // a whole number
	asDay         // a day
	asRate        // a fraction, shown in percent
	asPlace       // source_file and source_line
	asEdited      // text that people fill in
	asChoice      // one of the decisions
	asMoment      // a time that people fill in
	asFigure      // an amount, or a whole number where the row's unit is count
)

func (k kind) isMoney() bool { return k == asMoney || k == asFigure }

// column is one column of a sheet.
type column struct {
	name  string // in English; what is read is its translation
	of    string // the row's column
	width int    // in digits
	kind  kind
	// formula gives the value from other cells of the row, whose number is #.
	formula string
	// total adds the column up.
	total bool
	// optional: an amount that is left out where it is nothing in every row.
	optional bool
	// screen: not printed. Such columns stand behind the others.
	screen bool
}

// table is rows under headings, on a sheet of their own or below others.
type table struct {
	title   string // as it is read
	notes   []string
	columns []column
	// rows calls fn with each row, each time in the same order.
	rows func(fn func(row) error) error
	// onTop: the totals stand above the headings, and follow the filter. The rows are
	// then read twice.
	onTop bool
	// filter: the headings get a filter. One table of a sheet can have it.
	filter bool
	// keep is how many columns stay on the screen when it is moved to the right.
	keep  int
	empty string // said where there are no rows
	cut   bool   // rows are left out: its totals are of those that are listed
}

// listed is a table's rows from memory.
func listed(records []record) func(fn func(row) error) error {
	return func(fn func(row) error) error {
		for _, r := range records {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// sums are the totals of a stretch of rows, by column.
type sums struct {
	rows   int64
	whole  []int64 // fen, or a count
	widest []int64 // the largest magnitude of an amount; of a number that is text, its digits
	known  []int64 // how many rows have a value
}

func newSums(columns []column) *sums {
	n := len(columns)
	return &sums{whole: make([]int64, n), widest: make([]int64, n), known: make([]int64, n)}
}

// add adds a row.
func (s *sums) add(columns []column, r row) error {
	s.rows++
	for i, c := range columns {
		if c.kind == asCount && c.total {
			n, err := parseCount(r.Text(c.of))
			if err != nil {
				return err
			}
			s.whole[i] += n
			s.known[i]++
		}
		if c.kind == asID {
			s.widest[i] = max(s.widest[i], int64(digits(r.Text(c.of))))
		}
		if !c.kind.isMoney() {
			continue
		}
		a, ok := r.Money(c.of)
		if !ok {
			continue
		}
		s.known[i]++
		s.widest[i] = max(s.widest[i], int64(a.Abs()))
		if !c.total {
			continue
		}
		sum, err := settlement.Amount(s.whole[i]).Add(a)
		if err != nil {
			return fmt.Errorf("the total of %s: %w", c.of, err)
		}
		s.whole[i] = int64(sum)
	}
	return nil
}

// join adds what another stretch came to.
func (s *sums) join(other *sums) error {
	s.rows += other.rows
	for i, n := range other.whole {
		sum, err := settlement.Amount(s.whole[i]).Add(settlement.Amount(n))
		if err != nil {
			return err
		}
		s.whole[i] = int64(sum)
		s.widest[i] = max(s.widest[i], other.widest[i])
		s.known[i] += other.known[i]
	}
	return nil
}

// live says that a spreadsheet can add the column up itself: it holds every amount of
// it, and their sum.
func (s *sums) live(i int) bool {
	return held(settlement.Amount(s.widest[i])) && held(settlement.Amount(s.whole[i]))
}

// measure adds up the rows of a table by the parts in which sheets take them: first
// rows in the first part, later ones in each of the others.
func measure(t *table, first, later int64) (parts []*sums, err error) {
	part := newSums(t.columns)
	parts, room := []*sums{part}, first
	err = t.rows(func(r row) error {
		if part.rows == room {
			part, room = newSums(t.columns), later
			parts = append(parts, part)
		}
		return part.add(t.columns, r)
	})
	return parts, err
}

// withoutNothing is a table without its optional columns that have nothing, and the sums of
// the others.
func withoutNothing(t *table, parts []*sums) (*table, []*sums) {
	nothing := func(i int) bool {
		return t.columns[i].optional && !slices.ContainsFunc(parts, func(s *sums) bool { return s.widest[i] != 0 })
	}
	slim, kept := *t, make([]*sums, len(parts))
	slim.columns = nil
	for p := range parts {
		kept[p] = &sums{rows: parts[p].rows}
	}
	for i, c := range t.columns {
		if nothing(i) {
			continue
		}
		slim.columns = append(slim.columns, c)
		for p, s := range parts {
			kept[p].whole = append(kept[p].whole, s.whole[i])
			kept[p].widest = append(kept[p].widest, s.widest[i])
			kept[p].known = append(kept[p].known, s.known[i])
		}
	}
	return &slim, kept
}

func parseCount(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}
