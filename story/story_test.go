package story_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/story"
)

// TestAStoryIsToldOfEveryBreak: each break of a day is found under its order's number, with
// the file and line where it stands, and a reader's words are used throughout.
func TestAStoryIsToldOfEveryBreak(t *testing.T) {
	dir := t.TempDir()
	inbox, out := filepath.Join(dir, "inbox"), filepath.Join(dir, "out")
	if _, err := generate.SampleDay(inbox); err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Run(t.Context(), pipeline.Job{Paths: []string{inbox}, Out: out}); err != nil {
		t.Fatal(err)
	}
	tell := story.Teller{Say: func(text string) string { return "‹" + text + "›" }, Reason: func(text string) string { return "why " + text }}
	breaks := 0
	err := output.ReadTable(out, "breaks", func(r output.Row) error {
		breaks++
		s, err := story.Read(t.Context(), []string{out}, r.Text("order_no"))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.Breaks, func(f story.Fact) bool { return f["break_id"] == r.Text("break_id") }) {
			t.Errorf("the story of %s does not know its break", r.Text("order_no"))
		}
		if !strings.HasPrefix(tell.Verdict(s), "‹BREAKS") {
			t.Errorf("%s: %s", r.Text("order_no"), tell.Verdict(s))
		}
		var all []string
		for _, section := range tell.Sections(s) {
			all = append(all, section.Title...)
			for _, line := range section.Lines {
				if line.Depth < 1 || len(line.Parts) == 0 || slices.Contains(line.Parts, "") {
					t.Errorf("%s: a line of %q is empty", r.Text("order_no"), section.Title)
				}
				all = append(all, line.Parts...)
			}
		}
		for _, want := range []string{"‹Expected, by the orders›", "‹Received, by the statements›", "‹Breaks›", "why " + r.Text("reason"), r.Text("source_file") + ":" + r.Text("source_line")} {
			if !slices.Contains(all, want) {
				t.Errorf("the story of %s does not tell %q", r.Text("order_no"), want)
			}
		}
		return nil
	})
	if err != nil || breaks != 15 {
		t.Errorf("%d breaks, %v", breaks, err)
	}
	if s, err := story.Read(t.Context(), []string{out}, "nothing"); err != nil || !s.Empty() {
		t.Errorf("something is known of nothing: %v", err)
	}
}

// What people decided, or what came later, is what an order comes to: neither is it balanced
// to the fen, nor was no money expected.
func TestTheVerdictTellsOfBreaksThatAreDecidedOrClosed(t *testing.T) {
	tell := story.Teller{Say: func(text string) string { return text }}
	broken := []story.Fact{{"match_state": "broken"}}
	for name, c := range map[string]struct {
		story story.Story
		want  string
	}{
		"accepted": {story.Story{Events: broken, Breaks: []story.Fact{{"status": "accepted", "difference": "-58150.90"}}}, "decided: accepted 1, Σ difference -58,150.90"},
		"both": {story.Story{Lines: []story.Fact{{"match_state": "matched"}}, Breaks: []story.Fact{{"status": "accepted", "difference": "0.30"}, {"status": "written_off", "difference": "-0.10"}, {"status": "written_off"}}},
			"decided: accepted 1, written_off 2, Σ difference 0.20"},
		"closed":             {story.Story{Events: broken, Lines: []story.Fact{{"match_state": "matched"}}, Breaks: []story.Fact{{"status": "closed", "closed_on": "2024-09-14"}}}, "closed on 2024-09-14"},
		"closed long ago":    {story.Story{Breaks: []story.Fact{{"status": "closed", "closed_on": "2024-09-14"}}}, "closed on 2024-09-14"},
		"closed and matched": {story.Story{Lines: []story.Fact{{"match_state": "matched"}}, Breaks: []story.Fact{{"status": "closed", "closed_on": "2024-09-14"}}}, "balanced: every event has its line, to the fen"},
		"one is open still":  {story.Story{Breaks: []story.Fact{{"status": "accepted", "difference": "1.00"}, {"status": "open", "difference": "2.00"}}}, "BREAKS: 1, Σ difference 2.00"},
	} {
		if got := tell.Verdict(&c.story); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
