package output

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write README.md from the registry")

func TestDocumentIsTheREADME(t *testing.T) {
	const path = "README.md"
	if *update {
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Document(), string(raw)); diff != "" {
		t.Errorf("README.md is not what the registry says (run with -update): %s", diff)
	}
}
