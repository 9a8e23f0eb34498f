package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestTheExamplesOfTheDocumentation runs the pages of docs: what stands in a block with
// a name is written to that file (a nameless contract to contract.yaml), and each
// command after a $ prints the lines that are shown, in their order. "…" stands for
// lines that are left out. A command ends with code 0, or with the one that stands
// behind it.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	pages, err := filepath.Glob("../../docs/howto/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../docs/fees.md", "../../docs/tutorial.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Chdir(t.TempDir())
			if strings.HasSuffix(page, "/docs/fees.md") {
				writeExample(t, configName, "fees: {files: [contract.yaml]}\n")
			}
			commands := 0
			for i, block := range strings.Split(string(text), "```") {
				if i%2 == 0 {
					continue
				}
				kind, body, _ := strings.Cut(block, "\n")
				switch name := strings.Fields(kind); {
				case len(name) == 2:
					writeExample(t, name[1], body)
				case kind == "yaml" && strings.HasPrefix(body, "rules:"):
					writeExample(t, "contract.yaml", body)
				case kind == "console":
					for _, example := range strings.Split("\n"+body, "\n$ ")[1:] {
						runExample(t, example)
						commands++
					}
				}
			}
			if want := map[string]int{"fees.md": 14, "tutorial.md": 8}[filepath.Base(page)]; strings.Contains(page, "/docs/"+filepath.Base(page)) && commands < want {
				t.Errorf("%d commands were run", commands)
			}
		})
	}
}

func writeExample(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// runExample runs a command line and holds its output against the lines below it.
func runExample(t *testing.T, example string) {
	t.Helper()
	line, shown, _ := strings.Cut(example, "\n")
	line, code, _ := strings.Cut(line, "   # exit code ")
	want := 0
	if code != "" {
		var err error
		if want, err = strconv.Atoi(code); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	if args, ours := strings.CutPrefix(line, "reconcile "); ours {
		if got := execute(t.Context(), splitLine(t, args), streams{&out, &errs}, func(string) string { return "" }); got != want {
			t.Errorf("%s: exit code %d: %s", line, got, errs.String())
		}
	} else {
		command := exec.CommandContext(t.Context(), "sh", "-c", line)
		command.Stdout, command.Stderr = &out, &errs
		if err := command.Run(); err != nil {
			t.Errorf("%s: %v: %s", line, err, errs.String())
		}
	}
	rest := out.String()
	for want := range strings.Lines(shown) {
		want = strings.TrimSuffix(strings.TrimSuffix(want, "\n"), "…")
		_, after, found := strings.Cut("\n"+rest, "\n"+want)
		if !found {
			t.Errorf("%s\nprints\n%s\nwithout %q", line, out.String(), want)
			break
		}
		rest = strings.TrimPrefix(after, "\n")
	}
}
