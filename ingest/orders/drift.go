package orders

import (
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// driftOf compares a header with the columns that are asked for: the plain layout's,
// under the names that the configuration gives, or those of a known export, which are
// all named. The order tells nothing, since the extract is the merchant's own; and where
// the configuration maps columns others are expected.
func driftOf(header []string, kind settlement.StatementKind, m Mapping, known *knownLayout) []settlement.Drift {
	l := delimited.Layout{AnyOrder: true, Others: len(m.Columns) > 0 && known == nil}
	required, optional := columnsOf(kind)
	for _, c := range slices.Concat(required, optional) {
		theirs, mapped := m.headerName(c)
		column := delimited.KnownColumn{Names: []string{theirs}, Optional: true}
		if known != nil && (!mapped || slices.Contains(known.columns[c], theirs)) {
			column.Names = known.columns[c]
		}
		if len(column.Names) == 0 {
			continue // the export never has it
		}
		if mapped || slices.Contains(required, c) && !(c == colStatus && m.Defaults["status"] != "") {
			column.Optional, column.Needs = false, "column "+columnNames[c]
		}
		l.Columns = append(l.Columns, column)
	}
	if known != nil {
		for _, name := range slices.Concat(known.others, known.walletText) {
			l.Columns = append(l.Columns, delimited.KnownColumn{Names: []string{name}, Optional: true})
		}
	}
	return delimited.Drift(header, l, strings.TrimSpace)
}
