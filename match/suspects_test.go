package match_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/match"
	"reconcile/settlement"
)

// What the suspects leave is what all rows leave, of the files that are accepted.
func TestSuspectsLeaveAllThatIsLeft(t *testing.T) {
	memory := match.NewMemory(1)
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 3 }))
		refused := rapid.Int32Range(-1, 2).Draw(t, "refused file")
		accepted := func(file int32) bool { return file != refused }
		rows := func(files []int32) (rows []int32) {
			for i, file := range files {
				if accepted(file) {
					rows = append(rows, int32(i))
				}
			}
			return rows
		}
		left := func(lineRows, eventRows []int32) (*match.Leftovers, error) {
			var lines settlement.Lines
			var events settlement.Events
			settlement.AppendRows(&lines, &s.lines, lineRows)
			settlement.AppendRows(&events, &s.events, eventRows)
			return match.LeftOfAllGroups(context.Background(), &s.rules, &lines, &events)
		}
		want, wantErr := left(rows(s.lines.File), rows(s.events.File))
		lineRows, eventRows := match.Suspects(&s.rules, memory, piecesOf(t, &s.lines), piecesOf(t, &s.events), accepted)
		if !slices.IsSorted(lineRows) || !slices.IsSorted(eventRows) {
			t.Fatal("rows are not ascending")
		}
		got, err := left(lineRows, eventRows)
		var conflict, wantConflict *settlement.ConflictError
		if errors.As(err, &conflict) != errors.As(wantErr, &wantConflict) {
			t.Fatalf("returned %v instead of %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(rowTexts("line", want.Lines), rowTexts("line", got.Lines)); diff != "" {
			t.Fatalf("lines (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(rowTexts("event", want.Events), rowTexts("event", got.Events)); diff != "" {
			t.Fatalf("events (-want +got)\n%s", diff)
		}
	})
}

// piecesOf is the rows of a batch as they wait in an exchange: some packed, others as
// they come back from a disk.
func piecesOf(t *rapid.T, b settlement.Batch) []settlement.Piece {
	cut := rapid.IntRange(0, b.Len()).Draw(t, "cut")
	rows := make([]int32, cut)
	for i := range rows {
		rows[i] = int32(i)
	}
	return []settlement.Piece{
		{Rows: settlement.Pack(b.Columns(), rows), Until: cut},
		{Rows: settlement.PackedOver(b), From: cut, Until: b.Len()},
	}
}
