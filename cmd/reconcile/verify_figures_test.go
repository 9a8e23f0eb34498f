package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/settlement"
)

// notHeldByVerify is what verify cannot hold a number of run.json against, and why: the
// tables do not tell it, or it is no figure.
var notHeldByVerify = map[string]string{
	"buckets":        "how the tables are cut, which no reader needs: parts say it themselves",
	"inputs.#.bytes": "of a file that is no part of the result; its SHA-256 says whether one is that file",
	"stages.#":       "what the run took: a measurement",
	"spilled_bytes":  "what the run took: a measurement",
}

// summaryRows stands for the rows of inputs that are a 汇总.
const summaryRows = "inputs.#.rows of a 汇总"

// number is text that is an amount or a count.
var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// leaf is one number of run.json.
type leaf struct {
	path   string // .-separated
	change func() (undo func())
}

// numbersOf walks a JSON tree and returns each number, flag and text that is a number, with
// what changes it by its last digit.
func numbersOf(path string, node any) (found []leaf) {
	visit := func(at string, value any, set func(any)) {
		other := any(nil)
		switch v := value.(type) {
		case json.Number:
			other = json.Number(lastDigitChanged(v.String()))
		case bool:
			other = !v
		case string:
			if !number.MatchString(v) {
				break
			}
			other = lastDigitChanged(v)
		default:
			found = append(found, numbersOf(at, value)...)
		}
		if other != nil {
			found = append(found, leaf{strings.TrimPrefix(at, "."), func() func() { set(other); return func() { set(value) } }})
		}
	}
	switch node := node.(type) {
	case map[string]any:
		for name, value := range node {
			visit(path+"."+name, value, func(v any) { node[name] = v })
		}
	case []any:
		for i, value := range node {
			visit(fmt.Sprintf("%s.%d", path, i), value, func(v any) { node[i] = v })
		}
	}
	slices.SortFunc(found, func(a, b leaf) int { return strings.Compare(a.path, b.path) })
	return found
}

func lastDigitChanged(text string) string {
	last := text[len(text)-1]
	return text[:len(text)-1] + string('0'+(last-'0'+1)%10)
}

var inputRows = regexp.MustCompile(`^inputs\.([0-9]+)\.rows$`)

var index = regexp.MustCompile(`\.[0-9]+(\.|$)`)

// notHeld says whether a number is one of notHeldByVerify, and which.
func notHeld(path string) (pattern string, is bool) {
	path = index.ReplaceAllString(index.ReplaceAllString(path, ".#$1"), ".#$1")
	for pattern := range notHeldByVerify {
		if path == pattern || strings.HasPrefix(path, pattern+".") {
			return pattern, true
		}
	}
	return "", false
}

// TestEveryNumberOfRunJSONIsHeld changes each number of a real run.json by its last digit, and
// each flag, and wants verify to fail and to name it. It finds them by walking the file, so
// that a number which is added later must be held, or listed with the reason why it is not.
func TestEveryNumberOfRunJSONIsHeld(t *testing.T) {
	o := generate.Sample()
	o.FundFlow = true
	inbox := t.TempDir()
	if _, err := generate.Day(inbox, o); err != nil {
		t.Fatal(err)
	}
	dir := runSample(t, inbox)
	path := filepath.Join(dir, output.ManifestName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	tables := &verification{ctx: context.Background(), dir: dir}
	if err := tables.run(); err != nil || len(tables.faults) > 0 {
		t.Fatal(err, tables.faults)
	}
	used, held := map[string]bool{}, 0
	for _, l := range numbersOf("", tree) {
		pattern, free := notHeld(l.path)
		if m := inputRows.FindStringSubmatch(l.path); m != nil {
			i, _ := strconv.Atoi(m[1])
			free = settlement.StatementKind(tree["inputs"].([]any)[i].(map[string]any)["kind"].(string)).IsSummary()
			pattern = summaryRows
		}
		if free {
			used[pattern] = true
			continue
		}
		undo := l.change()
		changed, err := json.Marshal(tree)
		undo()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		faults, err := verifiedAgain(dir, l.path, tables)
		if err == nil && len(faults) == 0 {
			t.Errorf("%s was changed, and the result is proved", l.path)
			continue
		}
		held++
		if said := fmt.Sprint(append(faults, err)); !strings.Contains(said, namedBy(tree, l.path)) {
			t.Errorf("%s was changed; it is not named (%s):\n%s", l.path, namedBy(tree, l.path), said)
		}
	}
	if held < 300 {
		t.Errorf("%d numbers were changed", held)
	}
	for pattern := range notHeldByVerify {
		if !used[pattern] && pattern != "spilled_bytes" { // which this run has none of
			t.Errorf("%s has no number any more", pattern)
		}
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := call(context.Background(), "verify", dir, "-q"); code != exitDone {
		t.Errorf("as it was: exit %d\n%s", code, stderr)
	}
}

// verifiedAgain verifies the result whose run.json was changed at path. Of figures, totals,
// counts and inputs it does so with the rows that were added up before, which are the same.
func verifiedAgain(dir, path string, tables *verification) ([]error, error) {
	v := &verification{ctx: context.Background(), dir: dir}
	switch section, _, _ := strings.Cut(path, "."); section {
	case "figures", "totals", "counts", "inputs":
		if err := v.readManifest(); err != nil || len(v.faults) > 0 {
			return v.faults, err
		}
		again := *tables.again
		again.v = v
		if err := again.tieManifest(); err != nil {
			return v.faults, err
		}
		err := v.tieControlTotals()
		return v.faults, err
	}
	err := v.run()
	return v.faults, err
}

// namedBy is what verify must say of a number under path: the field of a figure, the name of a
// total or count; of others nothing is asked but that it fails.
func namedBy(tree map[string]any, path string) string {
	steps := strings.Split(path, ".")
	switch steps[0] {
	case "figures":
		last := steps[len(steps)-1]
		if last == "account" || last == "rule_version" || last == "assumed" { // an entry is named by them
			return "figures, " + steps[1]
		}
		return last + ": expected "
	case "totals":
		return "total "
	case "counts":
		return "count " + strings.Join(steps[1:], ".")
	}
	return ""
}
