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
