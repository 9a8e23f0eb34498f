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

// What is left of the groups that are looked at closely is all that is left.
func TestGroupsThatLeaveNothingArePassedOver(t *testing.T) {
	memory := match.NewMemory(1)
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 2 }))
		before := slices.Concat(rowTexts("line", &s.lines), rowTexts("event", &s.events))
		want, wantErr := match.LeftOfAllGroups(context.Background(), &s.rules, &s.lines, &s.events)
		got, err := match.Left(context.Background(), &s.rules, memory, &s.lines, &s.events)
		var conflict, wantConflict *settlement.ConflictError
		if errors.As(err, &conflict) != errors.As(wantErr, &wantConflict) || cmp.Diff(wantConflict, conflict) != "" {
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
		for i := range got.Events.Len() {
			if !match.InResidue(got.Events, i) {
				t.Fatalf("event %d cannot be claimed", i)
			}
		}
		if after := slices.Concat(rowTexts("line", &s.lines), rowTexts("event", &s.events)); !slices.Equal(before, after) {
			t.Fatal("the rows were changed")
		}
	})
}

// Buckets that follow one another in the same memory are those of fresh memory.
func TestMemoryHasNoBearingOnABucket(t *testing.T) {
	memory := match.NewMemory(1)
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 2 }))
		bucket := func(memory *match.Memory, lines *settlement.Lines, events *settlement.Events) string {
			settlement.AppendAll(lines, &s.lines)
			settlement.AppendAll(events, &s.events)
			out, err := match.Bucket(context.Background(), &s.rules, memory, lines, events, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Release()
			return digest(&tables{outcomes: []*match.Outcome{out}, matches: []*settlement.Matches{out.Matches}, breaks: []*settlement.Breaks{out.Breaks}})
		}
		want := bucket(nil, &settlement.Lines{}, &settlement.Events{})
		for range 2 {
			if got := bucket(memory, memory.Lines.Take(), memory.Events.Take()); got != want {
				t.Fatalf("in fresh memory:\n%s\n\nin used memory:\n%s", want, got)
			}
		}
	})
}
