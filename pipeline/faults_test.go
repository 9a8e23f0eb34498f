//go:build limits && linux

package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reconcile/generate"
	"reconcile/pipeline"
)

// faultsEach is about how many operations of each sort fail; RECONCILE_FAULTS says how
// many, or all.
func faultsEach(t testing.TB) int {
	switch text := os.Getenv("RECONCILE_FAULTS"); text {
	case "":
		return 3
	case "all":
		return math.MaxInt
	default:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("RECONCILE_FAULTS=%s: a number, or all", text)
		}
		return n
	}
}

// faulty is a folder with a result that is to be replaced by that of other files.
type faulty struct {
	home   string
	result string   // the folder's name in home
	args   []string // the command that replaces it, and what it needs
	env    []string
	start  map[string]string // home as it is before
	want   map[string]string // and after a run without faults, as lasting gives it
}

// begin notes what home is before and after a run without faults.
func (d *faulty) begin(t testing.TB) {
	t.Helper()
	d.start = everything(t, d.home)
	r, w := d.run(t, fault{})
	succeeds(t, r)
	d.want = lasting(everything(t, d.home))
	if maps.Equal(d.committed(d.start), d.committed(d.want)) {
		t.Fatal("the result did not change: this would prove nothing")
	}
	t.Logf("operations below the folder: %v", w.counts)
}

func (d *faulty) run(t testing.TB, f fault) (ranProgram, *watched) {
	t.Helper()
	return underFault(t, f, d.home, d.args, d.env...)
}

// put makes home anew as it was before the run.
func (d *faulty) put(t testing.TB) {
	t.Helper()
	if err := os.RemoveAll(d.home); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(d.start)) {
		path := filepath.Join(d.home, name)
		var err error
		if d.start[name] == "a folder" {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(d.start[name]), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// committed is the result in a tree.
func (d *faulty) committed(tree map[string]string) map[string]string {
	out := lasting(tree)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasPrefix(name, d.result+"/") })
	return out
}

// lasting is a tree without the catalogue, which is made again, and without what differs
// from run to run: times and costs in run.json, and the page, which tells the time of its
// run.
func lasting(tree map[string]string) map[string]string {
	tree = maps.Clone(tree)
	delete(tree, ".days.catalogue.json")
	for name, content := range tree {
		if filepath.Base(name) == "report.html" {
			tree[name] = "a page"
			continue
		}
		var m map[string]any
		if filepath.Base(name) != "run.json" || json.Unmarshal([]byte(content), &m) != nil {
			continue
		}
		for _, key := range []string{"started_at", "finished_at", "stages", "spilled_bytes"} {
			delete(m, key)
		}
		files, _ := m["files"].([]any)
		for _, of := range files {
			if file, ok := of.(map[string]any); ok && file["path"] == "report.html" {
				delete(file, "sha256")
				delete(file, "bytes")
			}
		}
		text, _ := json.Marshal(m) // of what JSON gave
		tree[name] = string(text)
	}
	return tree
}

// faultsOf is the faults that are tried, spread evenly over the operations of each sort:
// each of a sort, and of writes, which may lie, twice as many.
func faultsOf(counts map[sort]int, each int) (list []fault) {
	for _, s := range sorts {
		n := counts[s]
		step := max(n/each, 1)
		if s == writes {
			step = (step + 1) / 2
		}
		for k := 1; k <= n; k += step {
			for _, on := range []bool{false, true} {
				list = append(list, fault{of: s, k: k, on: on, errno: unix.EIO})
				if slices.Contains([]sort{creates, writes, cuts, syncs, renames, exchanges, mkdirs, links}, s) {
					list = append(list, fault{of: s, k: k, on: on, errno: unix.ENOSPC})
				}
				if s == writes {
					list = append(list, fault{of: s, k: k, on: on, how: short}, fault{of: s, k: k, on: on, how: lying})
				}
			}
		}
	}
	return list
}

// Whatever file operation of a run fails, once or from then on: the run says so and the
// former result stands whole, or the new one stands whole; never anything else. When the
// fault is gone, the same command ends in the tree of a run without it.
func TestWhateverFileOperationFailsTheDayIsWhole(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	succeeds(t, program(t, nil, "init", home))
	d := &faulty{home: home, result: "days", args: []string{os.Getenv(programVariable),
		"run", "--date", "2024-09-12", "--config", filepath.Join(home, "reconcile.yaml"), "--breaks-ok", "--quiet"}}
	// The former day lacks the last order.
	orders := filepath.Join(home, "inbox", "orders.csv")
	whole, err := os.ReadFile(orders)
	if err != nil {
		t.Fatal(err)
	}
	fewer := whole[:bytes.LastIndexByte(bytes.TrimRight(whole, "\r\n"), '\n')+1]
	if err := os.WriteFile(orders, fewer, 0o600); err != nil {
		t.Fatal(err)
	}
	succeeds(t, program(t, nil, d.args[1:]...))
	if err := os.WriteFile(orders, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	d.tryAll(t)
}

// The same of a run that has no memory for its rows and brings them to the disk.
func TestWhateverFileOperationFailsWhileRowsAreSpilledTheResultIsWhole(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	o := generate.Defaults()
	o.Orders = 3_000
	key, err := generate.Day(filepath.Join(home, "inbox"), o)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(home, "result")
	former := plantedDay(t, nil)
	if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: former.all(), Out: out}); err != nil {
		t.Fatal(err)
	}
	d := &faulty{home: home, result: "result", args: key.Files, env: []string{runInstead + "=" + out}}
	d.tryAll(t)
}

func (d *faulty) tryAll(t *testing.T) {
	d.begin(t)
	d.put(t)
	_, w := d.run(t, fault{})
	told, whole := map[sort]int{}, map[sort]int{}
	for _, f := range faultsOf(w.counts, faultsEach(t)) {
		d.put(t)
		r, w := d.run(t, f)
		if w.hit == "" {
			continue // fewer operations than the time before
		}
		after := everything(t, d.home)
		got := d.committed(after)
		isFormer, isNew := maps.Equal(got, d.committed(d.start)), maps.Equal(got, d.committed(d.want))
		switch {
		case r.code == 0 && isNew:
			whole[f.of]++
			if f.how == lying && slices.Contains([]string{".staged", ".json", ".arrows", ".html"}, filepath.Ext(w.hit)) && strings.Contains(w.hit, ".staging-") {
				t.Errorf("%v of %s: nobody read back what was written", f, w.hit)
			}
		case r.code == 1 && (isFormer || isNew && strings.Contains(r.stderr, "the new result stands")),
			r.code == 2 && isFormer && filepath.Base(w.hit) == "reconcile.yaml":
			told[f.of]++
			if strings.Count(strings.TrimSpace(r.stderr), "\n") > 0 || !strings.Contains(r.stderr, d.home) {
				t.Errorf("%v of %s: the message is not one line that names a file: %s", f, w.hit, r.stderr)
			}
		default:
			t.Errorf("%v of %s: exit code %d; the former result is whole: %v, the new one: %v: %s", f, w.hit, r.code, isFormer, isNew, r.stderr)
		}
		if maps.Equal(after, d.start) {
			continue // the same command has before it what the first one had
		}
		again, _ := d.run(t, fault{})
		if left := lasting(everything(t, d.home)); again.code != 0 || !maps.Equal(left, d.want) {
			t.Errorf("%v of %s (exit code %d): without the fault exit code %d, differs in %v: %s",
				f, w.hit, r.code, again.code, differing(left, d.want), again.stderr)
		}
	}
	for _, s := range sorts {
		t.Logf("%s: %d times told, %d times the new result was whole all the same", s, told[s], whole[s])
	}
	for _, s := range []sort{opens, creates, reads, writes, syncs, renames, exchanges, mkdirs} {
		if told[s] == 0 {
			t.Errorf("no failed %s was told: this proves too little", s)
		}
	}
}

// differing names the files that are not the same in two trees.
func differing(a, b map[string]string) (names []string) {
	for name := range a {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name+" is gone")
		}
	}
	return names
}
