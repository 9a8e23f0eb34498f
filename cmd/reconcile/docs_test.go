package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestTheExamplesOfTheDocumentation runs docs/fees.md: each contract in it is
// configured for the commands that follow, whose output has the lines that are shown,
// in their order.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/fees.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile(configName, []byte("fees: {files: [contract.yaml]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := 0
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 0 {
			continue
		}
		kind, body, _ := strings.Cut(block, "\n")
		if kind == "yaml" {
			if err := os.WriteFile("contract.yaml", []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, example := range strings.Split(body, "$ reconcile ")[1:] {
			line, shown, _ := strings.Cut(example, "\n")
			var out, errs bytes.Buffer
			if code := execute(t.Context(), splitLine(t, line), streams{&out, &errs}, func(string) string { return "" }); code != exitDone {
				t.Errorf("%s: exit code %d: %s", line, code, errs.String())
			}
			rest := out.String()
			for want := range strings.Lines(shown) {
				want = strings.TrimSuffix(want, "\n")
				_, after, found := strings.Cut("\n"+rest, "\n"+want)
				if !found {
					t.Errorf("%s\nprints\n%s\nwithout %q", line, out.String(), want)
					break
				}
				rest = strings.TrimPrefix(after, "\n")
			}
			commands++
		}
	}
	if commands < 14 {
		t.Errorf("%d commands were run", commands)
	}
}
