package settlement

// HistoryKey is the breaks that were planted in generated days that follow each other,
// and what becomes of each.
type HistoryKey struct {
	AnswerKey
	FirstSeenOn []Day
	ClosedOn    []Day
	ClosedBy    Text
	Closing     Text
}

// Columns implements Batch.
func (b *HistoryKey) Columns() []Column {
	return append(b.AnswerKey.Columns(),
		dayColumn("first_seen_on", &b.FirstSeenOn),
		dayColumn("closed_on", &b.ClosedOn),
		textColumn("closed_by", &b.ClosedBy),
		textColumn("closing", &b.Closing))
}

// HistoryKeyTable describes the table of a HistoryKey.
var HistoryKeyTable = Table{
	Name:  "history_key",
	Grain: "one planted break",
	Key:   AnswerKeyTable.Key,
	Doc:   "The breaks that runs over generated days must find, and no other, with what becomes of each.",
	Columns: append(append([]TableColumn{}, AnswerKeyTable.Columns...),
		TableColumn{Name: "first_seen_on", Type: TypeDay, Unit: unitDay,
			Doc: "The first day that has the break."},
		TableColumn{Name: "closed_on", Type: TypeDay, Nullable: true, Unit: unitDay,
			Doc: "The day whose files end it. Null where none of the days does."},
		TableColumn{Name: "closed_by", Type: TypeText, Nullable: true,
			Doc: "The number of what ends it: the wallet's of a line, the merchant's of an order or refund. Null where nothing does."},
		TableColumn{Name: "closing", Type: TypeText, Repeats: true,
			Doc: "never; closed: the day closed_on shows it closed; restated: what came belongs to first_seen_on, and once that day is run again no day has the break."}),
}
