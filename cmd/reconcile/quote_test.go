package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// examplesPath has the worked examples of fees; the package fees runs them through
// its own functions, this one as a person asks them.
const examplesPath = "../../fees/testdata/examples.csv"

// splitLine splits a command line at blanks outside single quotes; 50×WORD WORD stands for
// fifty times both.
func splitLine(t *testing.T, line string) (words []string) {
	t.Helper()
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	for i, w := range words {
		if flag, ok := strings.CutPrefix(w, "50×"); ok {
			value := words[i+1]
			words = words[:i]
			for range 50 {
				words = append(words, flag, value)
			}
			return words
		}
	}
	return words
}

// runJSON runs a command line with --json and returns what it prints.
func runJSON(t *testing.T, args ...string) map[string]any {
	t.Helper()
	var out, errs bytes.Buffer
	if code := execute(t.Context(), append(args, "--json"), streams{&out, &errs}, func(string) string { return "" }); code != exitDone {
		t.Fatalf("%q: exit code %d: %s", args, code, errs.String())
	}
	decoder := json.NewDecoder(&out)
	decoder.UseNumber()
	value := map[string]any{}
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return value
}

// textAt returns the texts at a path such as refunds.*.returned, joined by bars.
func textAt(t *testing.T, value any, path string) string {
	t.Helper()
	key, rest, more := strings.Cut(path, ".")
	switch v := value.(type) {
	case string:
		return v
	case nil:
		return "null"
	case map[string]any:
		next, ok := v[key]
		if !ok {
			t.Fatalf("no key %q in %v", key, v)
		}
		return textAt(t, next, rest)
	case []any:
		if more && key == "*" {
			path = rest
		}
		var texts []string
		for _, one := range v {
			texts = append(texts, textAt(t, one, path))
		}
		return strings.Join(texts, "|")
	}
	t.Fatalf("%v is no text", value)
	return ""
}

// TestExamplesAsAPersonAsksThem runs each worked example through quote or plan.
func TestExamplesAsAPersonAsksThem(t *testing.T) {
	file, err := os.Open(examplesPath)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, row := range rows[1:] {
		id, question, line, field, want := row[0], row[1], row[2], row[3], row[4]
		if line == "" {
			continue
		}
		asked++
		t.Run(id+" "+question, func(t *testing.T) {
			args := splitLine(t, line)
			if args[0] == "plan" {
				args[1] = "../../fees/testdata/plans/" + args[1]
			}
			if got := textAt(t, runJSON(t, args...), field); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	if asked != len(rows)-1-3 {
		t.Errorf("%d of %d examples are asked; all but the three of allocation can be", asked, len(rows)-1)
	}
}
