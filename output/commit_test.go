package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

// stageResult begins a result whose content is told by mark.
func stageResult(t *testing.T, out, mark string) *Staging {
	t.Helper()
	s, err := Stage(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Abort() })
	w, err := NewPart(s.PartPath("matches", 0), tableNamed(t, "matches"), nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{Files: []FileOutput{{Path: "report.html"}}, Notes: []string{mark}}
	m.AddPart(info)
	if err := m.Write(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path("report.html"), []byte(mark), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func commitResult(t *testing.T, out, mark string) {
	t.Helper()
	if err := stageResult(t, out, mark).Commit(true); err != nil {
		t.Fatal(err)
	}
}

// tree is every file under dir with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// names are the entries of a folder.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestCommitPutsTheResultInItsPlace(t *testing.T) {
	for _, success := range []bool{true, false} {
		t.Run(map[bool]string{true: "complete", false: "incomplete_without_SUCCESS"}[success], func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "deep", "out")
			s := stageResult(t, out, "first")
			if err := s.Commit(success); err != nil {
				t.Fatal(err)
			}
			want := []string{"matches", "report.html", "run.json"}
			if success {
				want = append([]string{"_SUCCESS"}, want...)
			}
			if diff := cmp.Diff(want, names(t, out)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"part-00000.parquet"}, names(t, filepath.Join(out, "matches"))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"out"}, names(t, filepath.Dir(out))); diff != "" {
				t.Errorf("left beside the result: %s", diff)
			}
			if err := s.Commit(success); err == nil {
				t.Error("a second commit of the same staging")
			}
		})
	}
}

func TestNothingInTheStagingLooksLikeParquet(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s := stageResult(t, out, "first")
	for name := range tree(t, s.Dir()) {
		if strings.HasSuffix(name, ".parquet") {
			t.Errorf("%s would be read by a glob", name)
		}
	}
}

func TestADayIsStagedBesideItsDataset(t *testing.T) {
	root := filepath.Join(t.TempDir(), "dataset")
	s := stageResult(t, filepath.Join(root, "dt=2024-09-12"), "day")
	if filepath.Dir(s.Dir()) != filepath.Dir(root) {
		t.Errorf("%s is not beside %s", s.Dir(), root)
	}
	if err := s.Commit(true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dt=2024-09-12"}, names(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestAReplacedResultIsOldWholeOrNewWhole(t *testing.T) {
	for name, way := range map[string]func(a, b string) error{
		"by_exchange":    exchange,
		"by_two_renames": func(string, string) error { return errors.ErrUnsupported },
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			commitResult(t, out, "old")
			old := tree(t, out)
			s := stageResult(t, out, "new")
			s.exchange = func(a, b string) error {
				if diff := cmp.Diff(old, tree(t, out)); diff != "" {
					t.Errorf("just before the exchange: %s", diff)
				}
				return way(a, b)
			}
			if err := s.Commit(true); err != nil {
				t.Fatal(err)
			}
			if got := tree(t, out); got["report.html"] != "new" || len(got) != len(old) {
				t.Errorf("after it: %q", got["report.html"])
			}
			if diff := cmp.Diff([]string{"out"}, names(t, parent)); diff != "" {
				t.Errorf("left beside the result: %s", diff)
			}
		})
	}
}

func TestAReaderNeverMissesTheResult(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	commitResult(t, out, "0")
	probe := filepath.Join(t.TempDir(), "probe")
	for _, dir := range []string{probe + "a", probe + "b"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := exchange(probe+"a", probe+"b"); errors.Is(err, errors.ErrUnsupported) {
		t.Log("this file system cannot exchange; two renames leave a moment without a result")
		return
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := ReadManifest(out); err != nil {
				t.Errorf("a reader found no result: %v", err)
				return
			}
		}
	})
	for range 30 {
		commitResult(t, out, "next")
	}
	close(done)
	readers.Wait()
}

func TestAFailureBeforeTheExchangeLeavesTheFormerResult(t *testing.T) {
	injected := errors.New("injected")
	for _, step := range []string{"finish", "sync", "exchange", "between two renames"} {
		t.Run(step, func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			commitResult(t, out, "old")
			before := tree(t, out)
			s := stageResult(t, out, "new")
			s.exchange = func(string, string) error { return errors.ErrUnsupported }
			s.passing = func(at string) error { return pick(at == step, injected, nil) }
			if err := s.Commit(true); !errors.Is(err, injected) {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff(before, tree(t, out)); diff != "" {
				t.Error(diff)
			}
			if err := s.Abort(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"out"}, names(t, parent)); diff != "" {
				t.Errorf("left beside the result: %s", diff)
			}
			commitResult(t, out, "next")
		})
	}
}

func TestAFaultOfSyncingBehindIsTold(t *testing.T) {
	s := stageResult(t, filepath.Join(t.TempDir(), "out"), "x")
	if err := s.SyncBehind()(); err != nil {
		t.Fatal(err)
	}
	// What cannot be opened cannot be synced.
	if err := os.Symlink("nowhere", s.Path("lost")); err != nil {
		t.Fatal(err)
	}
	if err := s.SyncBehind()(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "commit ") {
		t.Errorf("%v", err)
	}
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if err := s.SyncBehind()(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a staging that is gone: %v", err)
	}
}

func TestARunThatDiedIsCleanedUpAfter(t *testing.T) {
	t.Run("its_staging_is_removed", func(t *testing.T) {
		parent := t.TempDir()
		dead := filepath.Join(parent, ".out.staging-4711")
		if err := os.MkdirAll(filepath.Join(dead, "matches"), 0o755); err != nil {
			t.Fatal(err)
		}
		stageResult(t, filepath.Join(parent, "out"), "x")
		if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("still there: %v", err)
		}
	})
	t.Run("that_of_a_living_run_is_not", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		living := stageResult(t, out, "x")
		stageResult(t, out, "y")
		if err := living.Commit(true); err != nil {
			t.Errorf("the first run was disturbed: %v", err)
		}
	})
	t.Run("other_folders_are_not", func(t *testing.T) {
		parent := t.TempDir()
		for _, name := range []string{".out.staging-notes", ".out.staging-", ".other.staging-1", "out.staging-1"} {
			if err := os.Mkdir(filepath.Join(parent, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		stageResult(t, filepath.Join(parent, "out"), "x").Abort()
		if got := len(names(t, parent)); got != 4 {
			t.Errorf("%d folders of 4 are left", got)
		}
	})
	t.Run("between_two_renames_the_former_result_comes_back", func(t *testing.T) {
		parent := t.TempDir()
		out := filepath.Join(parent, "out")
		commitResult(t, out, "old")
		before := tree(t, out)
		if err := os.Rename(out, filepath.Join(parent, ".out.old-4711")); err != nil {
			t.Fatal(err)
		}
		stageResult(t, out, "x")
		if diff := cmp.Diff(before, tree(t, out)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("after_two_renames_the_former_result_goes", func(t *testing.T) {
		parent := t.TempDir()
		out := filepath.Join(parent, "out")
		commitResult(t, out, "new")
		if err := os.Mkdir(filepath.Join(parent, ".out.old-4711"), 0o755); err != nil {
			t.Fatal(err)
		}
		stageResult(t, out, "x").Abort()
		if diff := cmp.Diff([]string{"out"}, names(t, parent)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsNotOursIsNotReplaced(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, out string){
		"a_file": func(t *testing.T, out string) { write(t, out, "mine") },
		"a_folder_with_files": func(t *testing.T, out string) {
			write(t, filepath.Join(out, "holiday.jpg"), "mine")
		},
		"a_folder_with_another_programs_run_json": func(t *testing.T, out string) {
			write(t, filepath.Join(out, ManifestName), `{"program":"other"}`)
		},
		"a_result_with_a_file_added": func(t *testing.T, out string) {
			commitResult(t, out, "old")
			write(t, filepath.Join(out, "notes.txt"), "mine")
		},
		"a_result_with_a_file_added_to_a_table": func(t *testing.T, out string) {
			commitResult(t, out, "old")
			write(t, filepath.Join(out, "matches", "part-00001.parquet"), "mine")
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			prepare(t, out)
			before := tree(t, out)
			if _, err := Stage(out); !errors.Is(err, ErrForeign) {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(before, tree(t, out)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("and_neither_is_what_came_during_the_run", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out")
		s := stageResult(t, out, "new")
		write(t, filepath.Join(out, "notes.txt"), "mine")
		if err := s.Commit(true); !errors.Is(err, ErrForeign) {
			t.Errorf("%v", err)
		}
		if diff := cmp.Diff(map[string]string{"notes.txt": "mine"}, tree(t, out)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an_empty_folder_is_used", func(t *testing.T) {
		commitResult(t, t.TempDir(), "x")
	})
}

func TestAResultThroughASymbolicLinkIsReplacedWhereItStands(t *testing.T) {
	parent := t.TempDir()
	real, link := filepath.Join(parent, "real"), filepath.Join(parent, "link")
	commitResult(t, real, "old")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	commitResult(t, link, "new")
	if got := tree(t, real)["report.html"]; got != "new" {
		t.Errorf("%q", got)
	}
	if stat, err := os.Lstat(link); err != nil || stat.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
}

func TestCommitNeedsAManifest(t *testing.T) {
	s, err := Stage(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort()
	if err := s.Commit(true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestReadTableReadsStagedAndCommittedParts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s := stageResult(t, out, "x")
	table := tableNamed(t, "breaks")
	for bucket, rows := range []int{3, 0, 4} {
		w, err := NewPart(s.PartPath(table.Name, bucket), table, testFiles)
		if err != nil {
			t.Fatal(err)
		}
		b := invent(table, new(settlement.Breaks), rows, uint64(bucket))
		if err := w.Write(settlement.Record(b)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	count := func(dir string) (ids []string) {
		if err := ReadTable(dir, "breaks", func(r Row) error {
			ids = append(ids, r.Text("break_id"))
			return nil
		}); err != nil {
			t.Error(err)
		}
		return ids
	}
	staged := count(s.Dir())
	if len(staged) != 7 {
		t.Errorf("%d rows of 7", len(staged))
	}
	if err := s.Commit(true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(staged, count(out)); diff != "" {
		t.Error(diff)
	}
	if err := ReadTable(out, "no_such_table", func(Row) error { return errors.New("a row") }); err != nil {
		t.Errorf("a table without parts: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
