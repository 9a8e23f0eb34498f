package match_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the cases under testdata give today; read the difference before committing it")

// TestDialogues runs the cases under testdata. A case is a heading that states the
// rule, the rows, a line of dashes and the answer; a blank line ends it.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { dialogues(t, file) })
	}
}

func dialogues(t *testing.T, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, text := range strings.Split(strings.TrimSpace(string(content)), "\n\n") {
		heading, rest, ok := strings.Cut(text, "\n")
		if !ok || !strings.HasPrefix(heading, "# ") {
			t.Fatalf("a case without a heading: %q", text)
		}
		rows, want, _ := strings.Cut(rest, "\n----\n")
		rows = strings.TrimSuffix(rows, "\n----")
		var got string
		t.Run(strings.TrimPrefix(heading, "# "), func(t *testing.T) {
			got = run(rows)
			if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got)); diff != "" && !*update {
				t.Errorf("%s\n%s\n(-want +got)\n%s", file, rows, diff)
			}
		})
		out.WriteString(heading + "\n" + rows + "\n----\n" + got + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(out.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
