package workbook

import (
	"cmp"
	"maps"
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// The sheet 差异明细: the breaks, and columns in which people decide. The package
// decisions reads these columns back by their headings, whatever else was moved.

// decisions are what people can decide of a break, as the list offers it.
var decisions = []string{"accept", "write off", "explain", "assign", "note", "reopen"}

// decisionWords are the decisions as the table breaks has them.
var decisionWords = map[string]string{"accept": "accept", "write_off": "write off", "explain": "explain", "assign": "assign", "note": "note", "reopen": "reopen"}

var breakColumns = []column{
	{name: "Kind", of: "kind", width: 24, kind: asWord},
	{name: "Status", of: "status", width: 8, kind: asWord},
	{name: "Wallet", of: "wallet", width: 12, kind: asWord},
	{name: "Order no.", of: "order_no", width: 24, kind: asID},
	{name: "Refund no.", of: "refund_no", width: 24, kind: asID},
	{name: "Expected", of: "expected_amount", width: 12, kind: asMoney, total: true},
	{name: "Actual", of: "actual_amount", width: 12, kind: asMoney, total: true},
	{name: "Difference", of: "difference", width: 12, kind: asMoney, total: true},
	{name: "First seen", of: "first_seen_on", width: 11, kind: asDay},
	{name: "Age, days", of: "age_days", width: 7, kind: asCount},
	{name: "Reason", of: "reason", width: 40, kind: asReason},
	{name: "Decision", of: "decision", width: 9, kind: asChoice},
	{name: "Who", of: "decided_by", width: 9, kind: asEdited},
	{name: "When", of: "decided_at", width: 19, kind: asMoment},
	{name: "Note", of: "note", width: 22, kind: asEdited},
	{name: "Assignee", of: "assignee", width: 9, kind: asEdited},
	{name: "Suggestion", of: "suggestion", width: 40, kind: asReason, screen: true},
	{name: "Account", of: "account", width: 18, kind: asID, screen: true},
	{name: "Shop", of: "shop", width: 16, screen: true},
	{name: "Transaction", of: "provider_txn_id", width: 31, kind: asID, screen: true},
	{name: "Payment no.", of: "payment_no", width: 24, kind: asID, screen: true},
	{name: "Closed on", of: "closed_on", width: 12, kind: asDay, screen: true},
	{name: "File and line", of: "source_file", width: 90, kind: asPlace, screen: true},
	{name: "Break id", of: "break_id", width: 19, kind: asID, screen: true},
}

// breaksTable is the breaks of a result.
func breaksTable(o *breakOrder) *table {
	return &table{columns: breakColumns, rows: o.each, onTop: true, filter: true, keep: 4}
}

// breakOrder is the breaks of a result in the order in which people look at them: what
// is open first, the oldest before others. Those of one age stay in the table's order.
type breakOrder struct {
	dir  string
	rows int64
	// kept are the breaks in their order, where they are few.
	kept []ranked
	// turns are else read one after the other: the ranks of each are held in memory
	// together, unless it is a single rank.
	turns [][]breakRank
}

// ranked is a break and where it belongs.
type ranked struct {
	rank breakRank
	row  record
}

// breakRank is by what breaks are ordered.
type breakRank struct {
	settled bool  // closed or decided
	younger int64 // −age in days
}

func (a breakRank) compare(b breakRank) int {
	if a.settled != b.settled {
		if a.settled {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.younger, b.younger)
}

func rankOf(r row) (breakRank, error) {
	age, err := parseCount(r.Text("age_days"))
	return breakRank{r.Text("status") != settlement.BreakOpen.String(), -age}, err
}

// breaksInMemory is how many breaks are held in memory at a time.
const breaksInMemory = 10_000

// breaksOf reads the breaks of a result, all or the open ones alone; of many, how many
// there are of each rank.
func breaksOf(dir string, openAlone bool, inMemory int) (*breakOrder, error) {
	o, counts := &breakOrder{dir: dir}, map[breakRank]int{}
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		rank, err := rankOf(r)
		if err != nil || openAlone && rank.settled {
			return err
		}
		counts[rank]++
		if o.rows++; o.rows <= int64(inMemory) {
			o.kept = append(o.kept, ranked{rank, copyOf(r, breakColumns)})
		}
		return nil
	})
	if o.rows > int64(inMemory) {
		o.kept, o.turns = nil, shareOut(counts, inMemory)
	}
	inRanks(o.kept)
	return o, err
}

func inRanks(rows []ranked) {
	slices.SortStableFunc(rows, func(a, b ranked) int { return a.rank.compare(b.rank) })
}

// shareOut puts ranks together until a turn has so many rows.
func shareOut(counts map[breakRank]int, most int) (turns [][]breakRank) {
	rows := 0
	for _, rank := range slices.SortedFunc(maps.Keys(counts), breakRank.compare) {
		if n := len(turns); n > 0 && rows+counts[rank] <= most {
			turns[n-1] = append(turns[n-1], rank)
			rows += counts[rank]
			continue
		}
		turns, rows = append(turns, []breakRank{rank}), counts[rank]
	}
	return turns
}

// each calls fn with each break in order.
func (o *breakOrder) each(fn func(row) error) error {
	for _, k := range o.kept {
		if err := fn(k.row); err != nil {
			return err
		}
	}
	for _, ranks := range o.turns {
		if err := o.turn(ranks, fn); err != nil {
			return err
		}
	}
	return nil
}

func (o *breakOrder) turn(ranks []breakRank, fn func(row) error) error {
	var held []ranked
	err := output.ReadTable(o.dir, "breaks", func(r output.Row) error {
		rank, err := rankOf(r)
		switch {
		case err != nil || !slices.Contains(ranks, rank):
			return err
		case len(ranks) == 1:
			return fn(r)
		}
		held = append(held, ranked{rank, copyOf(r, breakColumns)})
		return nil
	})
	if err != nil {
		return err
	}
	inRanks(held)
	for _, k := range held {
		if err := fn(k.row); err != nil {
			return err
		}
	}
	return nil
}

// copyOf keeps what columns show of a row.
func copyOf(r row, columns []column) record {
	c := record{map[string]string{"source_line": r.Text("source_line")}, map[string]settlement.Amount{}}
	for i := range columns {
		of := columns[i].of
		if !columns[i].kind.isMoney() {
			c.texts[of] = r.Text(of)
		} else if a, ok := r.Money(of); ok {
			c.money[of] = a
		}
	}
	return c
}
