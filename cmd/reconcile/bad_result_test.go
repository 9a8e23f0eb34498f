package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// readers are the commands that show a result; DIR is its folder, DATASET the folder of days.
var readers = [][]string{
	{"show", "breaks", "--out", "DIR"}, {"explain", "ORDER", "--out", "DIR"}, {"verify", "DIR"}, {"diff", "DIR", "good"}, {"diff", "good", "DIR"},
	{"fees", "DIR"}, {"balances", "--out", "DIR"}, {"position", "--out", "DIR"}, {"journal", "--out", "DIR"}, {"worklist", "--out", "DIR", "list.xlsx"},
}

// TestNothingIsShownOfAResultThatIsNone: each command says what is wrong with a folder, in
// words that name it, and prints nothing as if it were true.
func TestNothingIsShownOfAResultThatIsNone(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, args := range [][]string{{"generate", "day", "--orders", "60", "--fund-flow", "--plant", "all=1", "--quiet"}, {"run", "day/inbox", "--out", "good", "--breaks-ok", "--quiet"}} {
		if printed, code := called(t, args...); code != 0 {
			t.Fatal(printed)
		}
	}
	order := strings.Fields(printedBy(t, "show", "breaks", "--out", "good", "--columns", "order_no", "--csv"))[1]
	for _, c := range []struct {
		name  string
		spoil func(dir string) error
		code  int
		want  string
		only  string // the commands that can tell, "" for all
	}{
		{"no output at all", func(dir string) error { return os.RemoveAll(dir + "/") }, exitUsage, "", ""},
		{"a folder of other files", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755), os.WriteFile(dir+"/notes.txt", []byte("x"), 0o644))
		}, -1, "run.json", ""},
		{"a half-written run", func(dir string) error { return os.Remove(dir + "/run.json") }, -1, "run.json", ""},
		{"without its mark", func(dir string) error { return os.Remove(dir + "/_SUCCESS") }, exitFailed, "_SUCCESS", ""},
		{"a part that was changed", func(dir string) error { return flip(t, dir+"/breaks/part-00000.parquet") }, exitFailed, "SHA-256", "show explain verify diff position journal worklist"},
		{"a part of charges that was changed", func(dir string) error { return flip(t, dir+"/charges/part-00000.parquet") }, exitFailed, "SHA-256", "explain verify fees position journal"},
		{"a part that is missing", func(dir string) error { return os.Remove(dir + "/breaks/part-00000.parquet") }, exitFailed, "part-00000.parquet", ""},
		{"a part that was added", func(dir string) error {
			return copyFile(t, dir+"/breaks/part-00000.parquet", dir+"/breaks/part-00009.parquet")
		}, exitFailed, "part-00009.parquet", ""},
		{"another version", func(dir string) error {
			return replaced(t, dir+"/run.json", `"schema_version": `, `"schema_version": 9`)
		}, exitFailed, "schema version", ""},
		{"a run.json that is cut", func(dir string) error { return os.Truncate(dir+"/run.json", 500) }, exitFailed, "run.json", ""},
		{"a proof that does not hold", func(dir string) error { return replaced(t, dir+"/run.json", `"holds": true`, `"holds": false`) }, exitFailed, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, err := exec.Command("cp", "-r", "good", "bad").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			defer os.RemoveAll("bad")
			if err := c.spoil("bad"); err != nil {
				t.Fatal(err)
			}
			for _, args := range readers {
				if c.only != "" && !strings.Contains(c.only, args[0]) {
					continue
				}
				var line []string
				for _, arg := range args {
					line = append(line, strings.NewReplacer("DIR", "bad", "ORDER", order).Replace(arg))
				}
				var out, err bytes.Buffer
				code := execute(t.Context(), line, streams{&out, &err}, func(string) string { return "" })
				wanted := code == c.code || c.code < 0 && (code == exitUsage || code == exitFailed)
				if !wanted || out.Len() > 0 || !strings.Contains(err.String(), "bad") || !strings.Contains(err.String(), c.want) {
					t.Errorf("%v: exit code %d, want %d; stdout %q; stderr %s", line, code, c.code, out.String(), err.String())
				}
			}
		})
	}
}

func printedBy(t *testing.T, args ...string) string {
	t.Helper()
	printed, code := called(t, args...)
	if code != 0 {
		t.Fatalf("%v: %s", args, printed)
	}
	return printed
}

// flip changes a byte in the middle of a file.
func flip(t *testing.T, path string) error {
	content := readFile(t, path)
	content[len(content)/2] ^= 1
	return os.WriteFile(path, content, 0o644)
}

func copyFile(t *testing.T, from, to string) error { return os.WriteFile(to, readFile(t, from), 0o644) }

func replaced(t *testing.T, path, old, with string) error {
	content := readFile(t, path)
	if !bytes.Contains(content, []byte(old)) {
		return fmt.Errorf("%s has no %s", path, old)
	}
	return os.WriteFile(path, bytes.Replace(content, []byte(old), []byte(with), 1), 0o644)
}

// TestStatusShowsTheOtherDaysBesideADamagedOne: nothing is told of a day that is not what
// its run wrote, and that it is not.
func TestStatusShowsTheOtherDaysBesideADamagedOne(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	printedBy(t, "generate", "week/files", "--days", "2", "--orders", "60", "--plant", "all=1", "--quiet")
	gather(t, filepath.Join(dir, "week"))
	printedBy(t, "run", "--from", "2024-09-12", "--to", "2024-09-13", "--config", "week/reconcile.yaml", "--breaks-ok", "--quiet")
	if err := flip(t, "week/days/dt=2024-09-12/breaks/part-00000.parquet"); err != nil {
		t.Fatal(err)
	}
	printed, code := called(t, "status", "--config", "week/reconcile.yaml", "--now", "2024-09-14T10:00")
	if code != exitFailed || !strings.Contains(printed, "2024-09-12  damaged") ||
		!strings.Contains(printed, "2024-09-13  breaks") || !strings.Contains(printed, "dt=2024-09-12/breaks/part-00000.parquet: not what its run wrote: SHA-256") {
		t.Errorf("exit code %d\n%s", code, printed)
	}
}
