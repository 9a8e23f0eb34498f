package bank

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// column is a column that this package knows, whatever the file calls it.
type column uint8

const (
	colAccount column = iota
	colBookedAt
	colDate // in place of booked_at
	colTime // beside date
	colAmount
	colDirection // beside an amount without sign (借贷标志)
	colCredit    // in place of amount: what came in (贷方, 收入)
	colDebit     // what went out (借方, 支出)
	colBalance
	colReference
	colCounterparty
	colPurpose
	colType
	colCurrency
	columnCount
)

// columnNames are the names of the plain layout.
var columnNames = [columnCount]string{"account", "booked_at", "date", "time", "amount", "direction", "credit", "debit",
	"balance", "reference", "counterparty", "purpose", "type", "currency"}

const plainLayout = "account, booked_at, amount, balance, reference, counterparty, purpose"

// layout says where in a file's rows each known column stands.
type layout struct {
	at     [columnCount]int    // field number from 0, -1 where the file lacks the column
	names  [columnCount]string // the header's own wording, for messages
	fields int                 // in every row
	extra  []string            // header names that are not used
}

func (l *layout) has(c column) bool { return l.at[c] >= 0 }

// headerFault is one thing wrong with a header.
type headerFault struct {
	field          int // from 0, -1 for the whole line
	name, what, do string
}

// layOut finds the columns in header and lists everything that is wrong.
func layOut(header []string, m Mapping) (layout, []headerFault) {
	l := layout{fields: len(header)}
	var faults []headerFault
	places := make(map[string]int, len(header))
	for i, name := range header {
		if _, twice := places[name]; twice && name != "" {
			faults = append(faults, headerFault{i, name, "the header has this name twice", "give each column a name of its own"})
			continue
		}
		places[name] = i
	}
	used := make([]bool, len(header))
	for c := range columnCount {
		l.names[c], l.at[c] = m.headerName(c), -1
		i, found := places[l.names[c]]
		switch {
		case found && l.names[c] != "":
			l.at[c], used[i] = i, true
		case m.maps(c):
			faults = append(faults, headerFault{-1, l.names[c], "no such column, which bank.columns gives for " + columnNames[c], foundInstead(l.names[c], header)})
		}
	}
	faults = append(faults, l.settle(header, m)...)
	for i, name := range header {
		if !used[i] {
			l.extra = append(l.extra, name)
		}
	}
	return l, faults
}

// settle decides between columns that say the same, and finds what is missing.
func (l *layout) settle(header []string, m Mapping) (faults []headerFault) {
	missing := func(c column, what string) {
		faults = append(faults, headerFault{-1, l.names[c], what,
			fmt.Sprintf("%s; the known layout is %s; other names are given with bank.columns", foundInstead(l.names[c], header), plainLayout)})
	}
	// What the map names stands before what is there by a plain name.
	drop := func(c column, by ...column) {
		if l.has(c) && !m.maps(c) && slices.ContainsFunc(by, m.maps) {
			l.at[c] = -1
		}
	}
	drop(colBookedAt, colDate)
	drop(colDate, colBookedAt)
	drop(colAmount, colCredit, colDebit)
	drop(colCredit, colAmount)
	drop(colDebit, colAmount)
	switch {
	case !l.has(colBookedAt) && !l.has(colDate):
		missing(colBookedAt, "this column is missing, and date too; one of them is needed")
	case l.has(colBookedAt) && l.has(colDate):
		faults = append(faults, headerFault{l.at[colDate], l.names[colDate], l.names[colBookedAt] + " says the same", "name the one to be used in bank.columns"})
	}
	switch sides := l.has(colCredit) || l.has(colDebit); {
	case sides && l.has(colAmount):
		faults = append(faults, headerFault{l.at[colAmount], l.names[colAmount], "the file has credit or debit too", "name the ones to be used in bank.columns"})
	case sides && !l.has(colDebit):
		missing(colDebit, "this column is missing beside credit")
	case sides && !l.has(colCredit):
		missing(colCredit, "this column is missing beside debit")
	case !sides && !l.has(colAmount):
		missing(colAmount, "this column is missing, and credit and debit too")
	}
	return faults
}

// driftOf compares a header with the plain layout under the names of the map. The order
// tells nothing, since banks differ; and where columns are mapped others are expected.
func driftOf(header []string, m Mapping) []settlement.Drift {
	has := func(columns ...column) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return slices.Contains(header, m.headerName(c)) })
	}
	l := delimited.Layout{AnyOrder: true, Others: len(m.Columns) > 0}
	for c := range columnCount {
		column := delimited.KnownColumn{Names: []string{m.headerName(c)}, Optional: true}
		switch {
		case m.maps(c):
			column.Optional, column.Needs = false, "bank.columns."+columnNames[c]
		case c == colBookedAt && !has(colDate):
			column.Optional, column.Needs = false, "column occurred_at"
		case c == colAmount && !has(colCredit, colDebit), c == colCredit && has(colDebit), c == colDebit && has(colCredit):
			column.Optional, column.Needs = false, "column amount"
		}
		l.Columns = append(l.Columns, column)
	}
	return delimited.Drift(header, l, strings.TrimSpace)
}

// foundInstead names what the header has in place of name.
func foundInstead(name string, header []string) string {
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t|") {
		return fmt.Sprintf("the header has no comma: %q; export it again with commas between the fields", delimited.Heading(header[0]))
	}
	for _, other := range header {
		if plain(other) == plain(name) || len(plain(name)) > 3 && strings.Contains(plain(other), plain(name)) {
			return fmt.Sprintf("found %q instead", delimited.Short(other))
		}
	}
	return "found " + delimited.Listed(header, 12)
}

// plain drops what spellings of one name differ in.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(name))
}
