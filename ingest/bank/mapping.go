package bank

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Mapping adapts a bank's CSV to the plain layout. The zero value reads the plain
// layout as it is. It says nothing of camt.053, which needs no mapping, but Account.
type Mapping struct {
	// Encoding is "" or "utf-8", or "gb18030" (also "gbk"), which is read only when it
	// is stated here.
	Encoding string
	// Columns gives, for a column name of ours, the header's name for it. A column that
	// is named here must be in the file, also an optional one.
	Columns map[string]string
	// Preamble is how many rows may stand before the header; they are not read.
	Preamble int
	// Thousands says that amounts have commas between groups of three digits.
	Thousands bool
	// Account is the account of files that do not tell theirs; "" where none is stated.
	Account string
	// What the file's rows should come to, nil where it is not stated: their number, and
	// the sums of what came in and of what went out, both positive.
	TotalRows               *int64
	TotalCredit, TotalDebit *settlement.Amount
}

// MaxPreamble is the largest Preamble.
const MaxPreamble = 100

// Fault is one thing wrong with a Mapping; Key is its path in the configuration, such
// as "columns.amount".
type Fault struct{ Key, What, Do string }

func (f Fault) Error() string { return f.Key + ": " + f.What + " (" + f.Do + ")" }

// Validate lists everything that is wrong with m, sorted by key.
func (m Mapping) Validate() []Fault {
	var faults []Fault
	add := func(key, do, format string, args ...any) {
		faults = append(faults, Fault{key, fmt.Sprintf(format, args...), do})
	}
	if _, ok := m.gb18030(); !ok {
		add("encoding", "utf-8 and gb18030 are read", "%q is no known encoding", m.Encoding)
	}
	theirs := map[string]string{}
	for c, ours := range columnNames {
		name, ok := m.Columns[ours]
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		if name == "" {
			add("columns."+ours, "give the header's name for it, or leave the entry out", "the name is empty")
		} else if former, twice := theirs[name]; twice && !mayShare(column(c), former) {
			add("columns."+ours, "give each column a name of its own", "%q is given for %s too", name, former)
		}
		theirs[name] = ours
	}
	for ours := range m.Columns {
		if !slices.Contains(columnNames[:], ours) {
			add("columns."+ours, "known: "+strings.Join(columnNames[:], ", "), "no column of this name")
		}
	}
	for _, pair := range [][2]column{{colBookedAt, colDate}, {colAmount, colCredit}, {colAmount, colDebit}} {
		if m.maps(pair[0]) && m.maps(pair[1]) {
			add("columns."+columnNames[pair[1]], "keep one of them", "%s says the same", columnNames[pair[0]])
		}
	}
	if m.Preamble < 0 || m.Preamble > MaxPreamble {
		add("preamble", fmt.Sprintf("0 to %d", MaxPreamble), "%d is no number of rows before a header", m.Preamble)
	}
	if m.Account != strings.TrimSpace(m.Account) {
		add("account", "give the account's number", "%q has blanks around it", m.Account)
	}
	if m.TotalRows != nil && *m.TotalRows < 0 {
		add("total_rows", "state the number of rows", "%d is negative", *m.TotalRows)
	}
	for key, total := range map[string]*settlement.Amount{"total_credit": m.TotalCredit, "total_debit": m.TotalDebit} {
		if total != nil && *total < 0 {
			add(key, "both sums are positive", "%s is negative", *total)
		}
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// mayShare says that one column of a file may be two of ours: a note is often type and
// purpose at once.
func mayShare(c column, other string) bool {
	return c == colType && other == columnNames[colPurpose] || c == colPurpose && other == columnNames[colType]
}

// faultsError is Validate as one error, nil where there is no fault.
func (m Mapping) faultsError() error {
	var all []error
	for _, f := range m.Validate() {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// gb18030 says whether the file is stated to be GB18030; ok is false where the stated
// encoding is not known.
func (m Mapping) gb18030() (stated, ok bool) {
	switch strings.ToLower(m.Encoding) {
	case "", "utf-8", "utf8":
		return false, true
	case "gb18030", "gbk":
		return true, true
	}
	return false, false
}

// maps says that the map names column c.
func (m Mapping) maps(c column) bool { return m.Columns[columnNames[c]] != "" }

// headerName is the file's name for column c.
func (m Mapping) headerName(c column) string {
	if theirs := strings.TrimSpace(m.Columns[columnNames[c]]); theirs != "" {
		return theirs
	}
	return columnNames[c]
}
