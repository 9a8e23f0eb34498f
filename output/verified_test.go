package output

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shownResult is a committed result with one part and a page beside its tables.
func shownResult(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	s, err := Stage(out)
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{Complete: true, Proof: []Check{{Name: "rows", Expected: "1", Actual: "1", Holds: true}}}
	if err := os.MkdirAll(filepath.Join(s.Dir(), "breaks"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{s.PartPath("breaks", 0): "rows", s.Path("report.html"): "page"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sha, size, err := HashFile(s.PartPath("breaks", 0))
	if err != nil {
		t.Fatal(err)
	}
	m.AddPart(PartInfo{Table: "breaks", Path: s.PartPath("breaks", 0), Rows: 1, Bytes: size, SHA256: sha})
	if err := errors.Join(m.AddFile(s.Dir(), "report.html"), m.Write(s.Dir()), s.Commit(true)); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyWhatTheRunWroteIsShown(t *testing.T) {
	part := filepath.Join("breaks", "part-00000.parquet")
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	replace := func(old, new string) func(string) error {
		return func(dir string) error {
			path := filepath.Join(dir, ManifestName)
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), old) {
				return errors.Join(err, errors.New("run.json has no "+old))
			}
			return os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644)
		}
	}
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   error
		says   string
	}{
		{"as it was written", func(string) error { return nil }, nil, ""},
		{"a part has other bytes of the same number", write(part, "ROWS"), ErrChanged, "part-00000.parquet: not what its run wrote: SHA-256: expected"},
		{"a part is cut", write(part, "ro"), ErrChanged, "bytes: expected 4, found 2"},
		{"a part is gone", remove(part), ErrChanged, "it is missing"},
		{"a part was added", write(filepath.Join("breaks", "part-00001.parquet"), "x"), ErrChanged, "the run did not write it"},
		{"run.json is gone", remove(ManifestName), ErrChanged, "a run that did not end"},
		{"_SUCCESS is gone", remove(SuccessName), ErrChanged, SuccessName + " is there: false"},
		{"another version of the schema", replace(`"schema_version": `, `"schema_version": 9`), ErrManifest, "this program knows"},
		{"run.json is cut", write(ManifestName, `{"program": "reconcile"`), ErrManifest, ""},
		{"a check of the proof that does not hold", replace(`"actual": "1"`, `"actual": "2"`), ErrChanged, "its proof does not hold: rows"},
		{"another file beside the tables does no harm", write("notes.txt", "mine"), nil, ""},
		{"nor does a page that was changed", write("report.html", "PAGE"), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := shownResult(t)
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			m, err := Verified(context.Background(), dir)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || (m == nil) == (c.want == nil) {
				t.Fatalf("%v", err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), dir)) {
				t.Errorf("%v\nwant %s", err, c.says)
			}
		})
	}
	t.Run("a folder that is no result", func(t *testing.T) {
		if _, err := Verified(context.Background(), t.TempDir()); !errors.Is(err, ErrNoResult) {
			t.Error(err)
		}
	})
}

func TestAPageThatWasChangedIsFound(t *testing.T) {
	dir := shownResult(t)
	if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte("PAGE"), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := CheckFiles(context.Background(), dir, m)
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, c := range checks {
		if c.Fault != "" {
			faults = append(faults, c.Path+": "+c.Name)
		}
	}
	if strings.Join(faults, ", ") != "report.html: SHA-256" {
		t.Errorf("%q", faults)
	}
}
