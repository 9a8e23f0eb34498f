package delimited

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// KnownColumn is a column of a layout.
type KnownColumn struct {
	Names []string // the current name first
	// Needs says what cannot be had without the column ("control total 手续费总金额"): a
	// file that lacks it is refused. "" where a file can be read without it.
	Needs string
	// Optional says that files of the layout may lack it.
	Optional bool
}

// Layout is a header that is known, in its order.
type Layout struct {
	Columns []KnownColumn
	// AnyOrder says that the order of columns tells nothing, as in extracts of the
	// merchant's own.
	AnyOrder bool
	// Others says that columns of other names are expected.
	Others bool
}

// Drift compares a header with a layout: first by name, then what is left over on both
// sides by the likeness of names. normal makes one of the spellings of a name. The
// result is in the order of the header, missing columns last; of new columns beyond
// settlement.MaxListed only their number is told.
func Drift(header []string, l Layout, normal func(string) string) []settlement.Drift {
	c := compare(header, l.Columns, normal)
	renamed := c.renamed(l.Columns)
	moved := map[int]bool{}
	if !l.AnyOrder {
		moved = c.moved()
	}
	var drift []settlement.Drift
	fresh, shown := 0, Names(header)
	for i := range header {
		old, isRenamed := renamed[i]
		d := settlement.Drift{Column: shown(strings.TrimSpace(header[i])), At: i + 1}
		switch {
		case moved[i]:
			d.Change, d.KnownAt, d.Meaning = settlement.MovedColumn, c.known[i]+1, "read under its name"
		case isRenamed:
			d.Change, d.Known, d.KnownAt = settlement.RenamedColumn, l.Columns[old].Names[0], old+1
			d.Refused, d.Meaning = meaning(l.Columns[old], "left out")
		case c.names[i] != "" && c.known[i] < 0 && !l.Others:
			d.Change, d.Meaning = settlement.NewColumn, "left out"
			if fresh++; fresh > settlement.MaxListed {
				continue
			}
		default:
			continue
		}
		drift = append(drift, d)
	}
	if more := fresh - settlement.MaxListed; more > 0 {
		drift = append(drift, settlement.Drift{Change: settlement.NewColumn, Column: fmt.Sprintf("and %d more", more), Meaning: "left out"})
	}
	for k, column := range l.Columns {
		if c.place[k] >= 0 || column.Optional || slices.ContainsFunc(drift, func(d settlement.Drift) bool {
			return d.Change == settlement.RenamedColumn && d.KnownAt == k+1
		}) {
			continue
		}
		d := settlement.Drift{Change: settlement.MissingColumn, Column: column.Names[0], KnownAt: k + 1}
		d.Refused, d.Meaning = meaning(column, "the file is read without it")
		drift = append(drift, d)
	}
	return drift
}

// meaning is what the lack of a known column means.
func meaning(column KnownColumn, without string) (refused bool, text string) {
	if column.Needs == "" {
		return false, without
	}
	return true, "refused, " + column.Needs + " needs it"
}

// Nearest returns the layout from which a header differs in the fewest names.
func Nearest(header []string, layouts []Layout, normal func(string) string) Layout {
	differ := func(l Layout) (n int) {
		c := compare(header, l.Columns, normal)
		for i, k := range c.known {
			if k < 0 && c.names[i] != "" {
				n++
			}
		}
		for _, i := range c.place {
			if i < 0 {
				n++
			}
		}
		return n
	}
	return slices.MinFunc(layouts, func(a, b Layout) int { return cmp.Compare(differ(a), differ(b)) })
}

// comparison is which columns of a header and of a layout have the same name.
type comparison struct {
	names []string // of the header, normalised
	known []int    // the layout's column for each of the header's, −1 for none
	place []int    // the header's for each of the layout's, −1 for none
}

func compare(header []string, columns []KnownColumn, normal func(string) string) *comparison {
	c := &comparison{known: slices.Repeat([]int{-1}, len(header)), place: slices.Repeat([]int{-1}, len(columns))}
	of := map[string]int{}
	for k, column := range columns {
		for _, name := range column.Names {
			of[normal(name)] = k
		}
	}
	for i, name := range header {
		c.names = append(c.names, normal(name))
		k, ok := of[c.names[i]]
		if !ok {
			continue
		}
		c.known[i] = k
		if c.place[k] < 0 {
			c.place[k] = i
		}
	}
	return c
}

// mostCompared bounds the columns whose likeness is looked at, since a header may have
// any number.
const mostCompared = 200

// renamed gives, for a column of the header of no known name, the layout's missing one
// that it is most like: the fewest edits, at most half of the longer name.
func (c *comparison) renamed(columns []KnownColumn) map[int]int {
	type pair struct{ at, old, edits, apart int }
	var pairs []pair
	compared := 0
	for i, name := range c.names {
		if c.known[i] >= 0 || name == "" || len(name) > 200 {
			continue
		}
		if compared++; compared > mostCompared {
			break
		}
		for k, column := range columns {
			if c.place[k] >= 0 {
				continue
			}
			for _, known := range column.Names {
				a, b := Letters(name), Letters(known)
				if n := Edits(a, b); 2*n <= max(len(a), len(b)) {
					pairs = append(pairs, pair{i, k, n, max(i-k, k-i)})
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(a.apart, b.apart), cmp.Compare(a.at, b.at), cmp.Compare(a.old, b.old))
	})
	renamed, taken := map[int]int{}, map[int]bool{}
	for _, p := range pairs {
		if _, has := renamed[p.at]; !has && !taken[p.old] {
			renamed[p.at], taken[p.old] = p.old, true
		}
	}
	return renamed
}

// moved are the columns to take out so that the others stand in the layout's order, as
// few as possible: a column put in between moves none behind it.
func (c *comparison) moved() map[int]bool {
	var at []int // places in the header of known columns
	for i, k := range c.known {
		if k >= 0 && c.place[k] == i {
			at = append(at, i)
		}
	}
	best, before := make([]int, len(at)), make([]int, len(at)) // longest run in order that ends here
	last := -1
	for j := range at {
		best[j], before[j] = 1, -1
		for h := range j {
			if c.known[at[h]] < c.known[at[j]] && best[h]+1 > best[j] {
				best[j], before[j] = best[h]+1, h
			}
		}
		if last < 0 || best[j] > best[last] {
			last = j
		}
	}
	moved := map[int]bool{}
	for _, i := range at {
		moved[i] = true
	}
	for ; last >= 0; last = before[last] {
		delete(moved, at[last])
	}
	return moved
}
