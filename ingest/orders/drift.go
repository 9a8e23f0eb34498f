package orders

import (
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// driftOf compares a header with the columns that are asked for: the plain layout's,
// under the names that the configuration gives. The order tells nothing, since the
// extract is the merchant's own; and where columns are mapped others are expected.
func driftOf(header []string, kind settlement.StatementKind, m Mapping) []settlement.Drift {
	l := delimited.Layout{AnyOrder: true, Others: len(m.Columns) > 0}
	required, optional := columnsOf(kind)
	for _, c := range slices.Concat(required, optional) {
		theirs, mapped := m.headerName(c)
		column := delimited.KnownColumn{Names: []string{theirs}, Optional: true}
		if mapped || slices.Contains(required, c) && !(c == colStatus && m.Defaults["status"] != "") {
			column.Optional, column.Needs = false, "column "+columnNames[c]
		}
		l.Columns = append(l.Columns, column)
	}
	return delimited.Drift(header, l, strings.TrimSpace)
}
