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
		{"without results of runs", map[string]string{"a.csv": "a", "b.parquet": "b", "run.json": "{}", "report.html": "x", "journal.csv": "x", "_SUCCESS": "",
			"reconcile-out/x.csv": "c", "dt=2024-09-12/d.csv": "d", "march/run.json": "{}", "march/e.csv": "e"}, []string{"a.csv"}},
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
