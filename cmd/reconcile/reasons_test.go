package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/output/report"
)

// englishSentence is two English words in a row: what is left of a sentence. Names, numbers and single
// words of a file are none.
var englishSentence = regexp.MustCompile(`[A-Za-z]{2,} [a-z]{2,}`)

// TestNoReasonIsLeftInEnglish runs days in which every case is planted, and wants no English
// sentence in what the Chinese page, workbook and story say of their rows.
func TestNoReasonIsLeftInEnglish(t *testing.T) {
	told := map[string]map[string]bool{}
	collect := func(dir string) {
		for table, columns := range map[string][]string{"breaks": {"reason", "suggestion", "note", "closed_by"}, "open_items": {"reason"}, "payouts": {"note"}} {
			if err := output.ReadTable(dir, table, func(r output.Row) error {
				for _, column := range columns {
					text := r.Text(column)
					if text == "" {
						continue
					}
					name := table + "." + column
					if told[name] == nil {
						told[name] = map[string]bool{}
					}
					told[name][text] = true
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	made := t.TempDir()
	generated := func(name string, flags ...string) string {
		dir := filepath.Join(made, name)
		args := append([]string{"generate", dir, "--orders", "150", "--plant", "all=1", "--quiet"}, flags...)
		if code, _, stderr := command(t.Context(), args...); code != exitDone {
			t.Fatalf("generate %s: exit %d: %s", name, code, stderr)
		}
		return dir
	}
	ran := func(args ...string) {
		out := t.TempDir()
		code, _, stderr := command(t.Context(), append([]string{"run", "--quiet", "--breaks-ok", "--out", filepath.Join(out, "result")}, args...)...)
		if code != exitDone && code != exitNotYet {
			t.Fatalf("run %q: exit %d: %s", args, code, stderr)
		}
		collect(filepath.Join(out, "result"))
	}
	day := func(dir string) func(pattern string) string {
		return func(pattern string) string { return filepath.Join(dir, "inbox", pattern) }
	}
	plain, flows := day(generated("plain")), day(generated("flows", "--fund-flow", "--bank"))
	ran(plain("*"))
	ran(flows("*"))
	ran(day(generated("escrow", "--escrow"))("*"))
	// What is not there makes other rows wait.
	ran(plain("20*"), plain("16*"))
	ran(plain("20*"), plain("16*"), plain("orders.csv"))
	ran(plain("20*"), plain("orders.csv"), plain("refunds.csv"))
	ran(flows("20*"), flows("orders.csv"))
	for _, days := range []string{generated("week", "--days", "7", "--fund-flow", "--bank"), filepath.Join(generated("nights", "--days", "5", "--nights"), "files")} {
		to := filepath.Join(made, filepath.Base(days)+"-out")
		config := filepath.Join(made, "config.yaml")
		inbox := filepath.Join(made, filepath.Base(days)+"-in")
		gathered(t, days, inbox)
		if err := os.WriteFile(config, fmt.Appendf(nil, "schedule:\n  inbox: %s\n  out: %s\n", inbox, to), 0o600); err != nil {
			t.Fatal(err)
		}
		last := "2024-09-18"
		if filepath.Base(days) == "files" {
			last = "2024-09-16"
		}
		if code, _, stderr := command(t.Context(), "run", "--from", "2024-09-12", "--to", last, "--config", config, "--quiet", "--breaks-ok"); code != exitDone {
			t.Fatalf("run %s: exit %d: %s", days, code, stderr)
		}
		results, err := filepath.Glob(filepath.Join(to, "dt=*"))
		if err != nil || len(results) < 5 {
			t.Fatal(results, err)
		}
		for _, dir := range results {
			collect(dir)
		}
	}
	for _, name := range []string{"breaks.reason", "breaks.suggestion", "open_items.reason", "payouts.note"} {
		if len(told[name]) == 0 {
			t.Errorf("no text of %s was looked at", name)
		}
	}
	for name, texts := range told {
		for text := range texts {
			if zh := report.ReasonInChinese(text); englishSentence.MatchString(zh) {
				t.Errorf("%s: %q is told as %q", name, text, zh)
			}
		}
	}
}

// gathered copies the files of several days into one inbox, each under the name of its day.
func gathered(t *testing.T, days, inbox string) {
	t.Helper()
	err := filepath.WalkDir(days, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rest, err := filepath.Rel(days, path)
		if err != nil || strings.Contains(rest, "key") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(inbox, strings.Split(rest, string(filepath.Separator))[0], filepath.Base(path))
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o750), os.WriteFile(to, content, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
}
