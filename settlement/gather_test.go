package settlement_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// Texts that are gathered are those that Append adds one by one, whatever their length
// and however near the end of their column they stand.
func TestGatheredTextsAreTheTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var src settlement.Text
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 70), 1, 30).Draw(t, "lengths") {
			src.AppendString(strings.Repeat(string(rune('a'+src.Len())), n))
		}
		rows := rapid.SliceOfN(rapid.Int32Range(0, int32(src.Len()-1)), 0, 60).Draw(t, "rows")
		var got, want settlement.Text
		for range 2 {
			got.AppendRows(&src, rows)
			for _, r := range rows {
				want.Append(src.At(int(r)))
			}
		}
		if string(got.Data) != string(want.Data) || got.Len() != want.Len() {
			t.Fatalf("%d texts %q instead of %d %q", got.Len(), got.Data, want.Len(), want.Data)
		}
		for i := range want.Len() {
			if got.StringAt(i) != want.StringAt(i) {
				t.Fatalf("text %d is %q instead of %q", i, got.At(i), want.At(i))
			}
		}
	})
}

// A text of pieces is the one that the pieces have in a batch.
func TestTextsOfPiecesAreReadWhereTheyLie(t *testing.T) {
	var index settlement.PieceIndex
	rapid.Check(t, func(t *rapid.T) {
		lines := drawnLines(t, rapid.IntRange(1, 40).Draw(t, "rows"))
		rows := rapid.SliceOfN(rapid.Int32Range(0, int32(lines.Len()-1)), 1, 40).Draw(t, "packed")
		packed := settlement.Pack(lines.Columns(), rows)
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		pieces := []settlement.Piece{
			{Rows: packed, From: cut, Until: len(rows)}, {Rows: packed, From: cut, Until: cut},
			{Rows: settlement.PackedOver(lines), From: lines.Len() / 2, Until: lines.Len()}, {Rows: packed, Until: cut},
		}
		all := &settlement.Lines{}
		settlement.AppendPieces(all.Columns(), pieces)
		index.Lay(pieces)
		if index.Len() != all.Len() {
			t.Fatalf("%d rows instead of %d", index.Len(), all.Len())
		}
		for name, column := range map[string]*settlement.Text{"order_no": &all.OrderNo, "account": &all.Account, "raw_type": &all.RawType} {
			texts := index.Texts(all.Columns(), name)
			for i := range all.Len() {
				if string(texts.At(int32(i))) != column.StringAt(i) {
					t.Fatalf("%s of row %d is %q instead of %q", name, i, texts.At(int32(i)), column.At(i))
				}
			}
		}
	})
}
