package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
)

// everything is the content of each file below dir, by its name.
func everything(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || e.IsDir() {
			files[name] = "a folder"
			return err
		}
		content, err := os.ReadFile(path)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name := range got {
		if got[name] != want[name] {
			t.Errorf("%s was changed or added", name)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestWithoutAUsableFileNothingIsCommitted(t *testing.T) {
	d := plantedDay(t, nil)
	out := filepath.Join(t.TempDir(), "out")
	if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all(), Out: out}); err != nil {
		t.Fatal(err)
	}
	before := everything(t, filepath.Dir(out))
	bad := filepath.Join(t.TempDir(), "orders.csv")
	for name, content := range map[string]string{"text of no kind": "what is this", "nothing": "", "half an archive": "PK\x03\x04"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(bad, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: []string{bad}, Out: out})
			if err != nil || result.Manifest != nil || result.Complete() || len(result.Refusals) != 1 {
				t.Errorf("got %+v, %v", result, err)
			}
			sameFiles(t, everything(t, filepath.Dir(out)), before)
		})
	}
}

func TestACancelledRunLeavesNothingBehind(t *testing.T) {
	d := plantedDay(t, nil)
	for _, former := range []bool{false, true} {
		out := filepath.Join(t.TempDir(), "out")
		if former {
			if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all()[:2], Out: out}); err != nil {
				t.Fatal(err)
			}
		}
		before := everything(t, filepath.Dir(out))
		for _, c := range []struct {
			name   string
			stage  pipeline.Stage
			done   int64
			memory int64
		}{
			{"before it begins", "", 0, 0},
			{"before the first file", pipeline.StageIngest, 0, 0},
			{"between files", pipeline.StageIngest, 2, 0},
			{"with rows on the disk", pipeline.StageIngest, 3, 1 << 16},
			{"after the last bucket", pipeline.StageMatch, 1, 0},
		} {
			t.Run(c.name, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if c.stage == "" {
					cancel()
				}
				reached := c.stage == ""
				result, err := pipeline.Run(ctx, pipeline.Job{Paths: d.all(), Out: out, Jobs: 1, Memory: c.memory, Progress: func(stage pipeline.Stage, done, _ int64) {
					if stage == c.stage && done == c.done {
						reached = true
						cancel()
					}
				}})
				if !errors.Is(err, context.Canceled) || result != nil || !reached {
					t.Errorf("got %v, %v, reached = %v", result, err, reached)
				}
				sameFiles(t, everything(t, filepath.Dir(out)), before)
			})
		}
	}
}

func TestAnEarlierResultIsReplacedWhole(t *testing.T) {
	first, second := plantedDay(t, nil), plantedDay(t, func(o *generate.Options) { o.Seed, o.Orders = 99, 80 })
	out := filepath.Join(t.TempDir(), "out")
	for _, d := range []delivered{first, second} {
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all(), Out: out}); err != nil {
			t.Fatal(err)
		}
	}
	_, fresh := ran(t, second.all()...)
	sameFiles(t, tree(t, out), tree(t, fresh))
	beside, err := os.ReadDir(filepath.Dir(out))
	if err != nil || len(beside) != 1 {
		t.Errorf("beside the result stand %v, %v", beside, err)
	}
	t.Run("an incomplete one takes the place of a complete one, without its mark", func(t *testing.T) {
		rewritten(t, second.wechat, func(text string) string { return text[:len(text)/2] })
		result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: second.all(), Out: out})
		if err != nil {
			t.Fatal(err)
		}
		incomplete(t, result, out, second.wechat)
	})
}

func TestAForeignFolderIsNotReplaced(t *testing.T) {
	d := plantedDay(t, nil)
	for name, make := range map[string]func(out string) error{
		"a folder with other files": func(out string) error {
			return errors.Join(os.Mkdir(out, 0o755), os.WriteFile(filepath.Join(out, "notes.txt"), []byte("mine"), 0o644))
		},
		"a file": func(out string) error { return os.WriteFile(out, []byte("mine"), 0o644) },
		"a result with a file of somebody's": func(out string) error {
			_, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all(), Out: out})
			return errors.Join(err, os.WriteFile(filepath.Join(out, "notes.txt"), []byte("mine"), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if err := make(out); err != nil {
				t.Fatal(err)
			}
			before := everything(t, filepath.Dir(out))
			result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all(), Out: out})
			if !errors.Is(err, output.ErrForeign) || result != nil {
				t.Errorf("got %v, %v", result, err)
			}
			sameFiles(t, everything(t, filepath.Dir(out)), before)
		})
	}
}

func TestAPathThatDoesNotExistIsAnErrorBeforeAnythingIsDone(t *testing.T) {
	d := plantedDay(t, nil)
	out := filepath.Join(t.TempDir(), "out")
	_, err := pipeline.Run(context.Background(), pipeline.Job{Paths: append(d.all(), filepath.Join(t.TempDir(), "nowhere")), Out: out})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if left := everything(t, filepath.Dir(out)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
