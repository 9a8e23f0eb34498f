package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestARemovedDayLeavesNothingBehind(t *testing.T) {
	root := t.TempDir()
	day, other := filepath.Join(root, "days", "dt=2024-09-12"), filepath.Join(root, "days", "dt=2024-09-13")
	commitResult(t, day, "one")
	commitResult(t, other, "two")
	before := tree(t, other)
	if err := Remove(day); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(day); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the day is still there: %v", err)
	}
	if got := tree(t, root); len(got) != len(before) {
		t.Errorf("left: %v", got)
	}
}

func TestOnlyResultsAreRemoved(t *testing.T) {
	root := t.TempDir()
	foreign := filepath.Join(root, "days", "dt=2024-09-12")
	commitResult(t, foreign, "one")
	if err := os.WriteFile(filepath.Join(foreign, "notes.txt"), []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(root, "days", "dt=2024-09-13")
	if err := os.MkdirAll(bare, 0o755); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(root, "elsewhere")
	commitResult(t, elsewhere, "two")
	link := filepath.Join(root, "days", "dt=2024-09-14")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{foreign, bare, link} {
		if err := Remove(dir); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if err := Remove(filepath.Join(root, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	for _, path := range []string{filepath.Join(foreign, "notes.txt"), filepath.Join(foreign, ManifestName), bare, link, filepath.Join(elsewhere, ManifestName)} {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}

// A removal that died left its staging folder; the next one that stages the day clears it.
func TestARemovalThatDiedIsClearedAway(t *testing.T) {
	day := filepath.Join(t.TempDir(), "days", "dt=2024-09-12")
	commitResult(t, day, "one")
	s, err := Stage(day)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(day, s.Path("removed")); err != nil {
		t.Fatal(err)
	}
	s.unlock() // the process is gone
	again, err := Stage(day)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(s.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there", s.Dir())
	}
}
