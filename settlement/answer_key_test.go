package settlement

import "testing"

func TestAnswerKeyIsATableLikeTheOthers(t *testing.T) {
	schema := SchemaOf(new(AnswerKey))
	if schema.NumFields() != len(AnswerKeyTable.Columns) {
		t.Fatalf("%d columns in the batch, %d in the table", schema.NumFields(), len(AnswerKeyTable.Columns))
	}
	for i, c := range AnswerKeyTable.Columns {
		if f := schema.Field(i); f.Name != c.Name || f.Type.ID() != fits[c.Type] {
			t.Errorf("column %d is %s %s, the batch has %s %s", i, c.Name, c.Type, f.Name, f.Type)
		}
	}
	if _, written := TableNamed(AnswerKeyTable.Name); written {
		t.Error("a run would write it")
	}
	for _, shared := range []string{"kind", "order_no", "refund_no", "expected_amount", "actual_amount"} {
		mine, _ := AnswerKeyTable.Column(shared)
		theirs, ok := breaks.Column(shared)
		if !ok || mine.Type != theirs.Type {
			t.Errorf("%s is %s here and %s in breaks", shared, mine.Type, theirs.Type)
		}
	}
}
