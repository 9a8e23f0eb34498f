package container

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// folder makes the files of a folder; a name ending in "@" is a link to its content.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, strings.TrimSuffix(name, "@"))
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if strings.HasSuffix(name, "@") {
			err = errors.Join(err, os.Symlink(content, path))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(content), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFilesOfAFolder(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"are sorted by path", map[string]string{"b.csv": "b", "a.csv": "a", "day/c.csv": "c", "b/0.zip": "x"}, []string{"a.csv", "b.csv", "b/0.zip", "day/c.csv"}},
		{"without hidden ones", map[string]string{"a.csv": "a", ".b.csv": "b", ".git/c": "c"}, []string{"a.csv"}},
		{"without what systems add", map[string]string{"a.csv": "a", "Thumbs.db": "b", "__MACOSX/._a.csv": "c"}, []string{"a.csv"}},
		{"without results of runs", map[string]string{"a.csv": "a", "breaks/part-00000.parquet": "b", "breaks/part-00001.parquet.staged": "b", "run.json": "{}", "report.html": "x", "journal.csv": "x", "_SUCCESS": "",
			"reconcile-out/x.csv": "c", "dt=2024-09-12/d.csv": "d", "march/run.json": "{}", "march/e.csv": "e"}, []string{"a.csv"}},
		{"with Parquet files of somebody else", map[string]string{"orders.parquet": "a", "part-1.parquet": "b"}, []string{"orders.parquet", "part-1.parquet"}},
		{"with a journal.csv that no run wrote", map[string]string{"journal.csv": "a"}, []string{"journal.csv"}},
		{"with a link to a file that is not listed itself", map[string]string{".data/a.csv": "a", "a.csv@": ".data/a.csv"}, []string{"a.csv"}},
		{"without a link to a listed file", map[string]string{"a.csv": "a", "b.csv@": "a.csv", "0.csv@": "a.csv"}, []string{"a.csv"}},
		{"without a link to a folder inside, even a circle", map[string]string{"day/a.csv": "a", "again@": "day", "day/up@": ".."}, []string{"day/a.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := folder(t, c.files)
			got, err := Files(root)
			if err != nil {
				t.Fatal(err)
			}
			for i, path := range got {
				got[i], _ = filepath.Rel(root, path)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestALinkOutOfTheFolderIsAnErrorAndTheOtherFilesGoOn(t *testing.T) {
	outside := written(t, "outside.csv", []byte("secret"))
	root := folder(t, map[string]string{"a.csv": "a", "b.csv@": outside, "c.csv@": "nowhere"})
	members, err := Open(root, Limits{})
	if len(members) != 1 || filepath.Base(members[0].File) != "a.csv" {
		t.Errorf("got %+v", members)
	}
	if err == nil || !strings.Contains(err.Error(), "b.csv: a link out of the folder") || !strings.Contains(err.Error(), "c.csv: a link that leads nowhere") {
		t.Errorf("got %v", err)
	}
}

func TestABadFileOfAFolderDoesNotHideTheOthers(t *testing.T) {
	root := folder(t, map[string]string{"a.csv": "a", "b.zip": "PK\x03\x04 and no more", "c.csv": "", "d.csv": "d"})
	members, err := Open(root, Limits{})
	if len(members) != 2 || filepath.Base(members[0].File) != "a.csv" || filepath.Base(members[1].File) != "d.csv" {
		t.Errorf("got %+v", members)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 2 {
		t.Fatalf("got %v, want two errors", err)
	}
	for _, one := range joined.Unwrap() {
		if _, ok := one.(*settlement.InputError); !ok { //nolint:errorlint // unwrapped just above
			t.Errorf("got %T", one)
		}
	}
}

func TestAFolderWithoutFilesIsAnError(t *testing.T) {
	if _, err := Open(folder(t, map[string]string{".hidden": "x"}), Limits{}); err == nil || !strings.Contains(err.Error(), "holds no file to read") {
		t.Errorf("got %v", err)
	}
}

func TestFilesOfAPattern(t *testing.T) {
	files := map[string]string{"a.zip": "a", "b.csv": "b", ".c.zip": "c", "day/d.zip": "d", "day/e.csv": "e", "x/y/f.zip": "f", "Thumbs.db": "g",
		"run/run.json": "{}", "run/g.zip": "g", "dt=2024-09-12/h.zip": "h", "[z].zip": "i", "link.zip@": "day/d.zip", "other.zip@": ".c.zip"}
	for pattern, want := range map[string][]string{
		"*.zip":      {"[z].zip", "a.zip", "link.zip", "other.zip"},
		"?.*":        {"a.zip", "b.csv"},
		"[ab].*":     {"a.zip", "b.csv"},
		"*/*.zip":    {"day/d.zip"},
		"d*":         {"day/d.zip", "day/e.csv"},
		"*/y":        {"x/y/f.zip"},
		"x/*/f.zip":  {"x/y/f.zip"},
		"[[]z].zip":  {"[z].zip"},
		"[z].zip":    {"[z].zip"}, // the file of that name
		"./day/*":    {"day/d.zip", "day/e.csv"},
		".c*":        {".c.zip"},
		"day/../?.*": {"a.zip", "b.csv"},
	} {
		t.Run(pattern, func(t *testing.T) {
			root := folder(t, files)
			got, err := Files(root + "/" + pattern)
			if err != nil {
				t.Fatal(err)
			}
			for i, path := range got {
				got[i], _ = filepath.Rel(root, path)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestPatternsThatMatchNothingOrTooMuchAreErrors(t *testing.T) {
	outside := written(t, "outside.csv", []byte("secret"))
	root := folder(t, map[string]string{"a.csv": "a", "out.csv@": outside, "up@": "..", "in@": "day", "day/b.csv": "b", "day/circle@": "."})
	for pattern, want := range map[string]string{
		"*.zip":    "*.zip: no file matches",
		"**/a.csv": "** is no part of a pattern",
		"[a":       `the pattern "[a" has a [ without its ]`,
		"o*.csv":   "out.csv: a link out of the folder is not followed",
		"u*":       "up: a link to a folder is not followed",
		"i*/b.csv": "in: a link to a folder is not followed",
		"day/c*":   "circle: a link to a folder is not followed",
	} {
		files, err := Files(root + "/" + pattern)
		if err == nil || !strings.Contains(err.Error(), want) || len(files) > 0 {
			t.Errorf("%s: %q, %v", pattern, files, err)
		}
	}
	if _, err := Files(root + "/nowhere/*"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
