package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"reconcile/generate"
	"reconcile/pipeline"
)

// The test program runs a job in place of the tests when this names the result; it
// kills itself at the instant that killAt names.
const (
	runInstead = "RECONCILE_TEST_RUN_INSTEAD"
	killAt     = "RECONCILE_TEST_KILL_AT"
)

func TestMain(m *testing.M) {
	if out := os.Getenv(runInstead); out != "" {
		os.Exit(runKilled(out, os.Args[1:]))
	}
	if dataset := os.Getenv(replayInstead); dataset != "" {
		os.Exit(replay(dataset, os.Args[1]))
	}
	os.Exit(m.Run())
}

// killSelf ends the process as a power cut would.
func killSelf() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until the signal arrives
}

// runKilled runs a job over files that spills, and kills the process when killAt,
// such as "spill 3" or "match 3", is reached.
func runKilled(out string, files []string) int {
	reached := func(what string, n int64) {
		if os.Getenv(killAt) == fmt.Sprint(what, " ", n) {
			killSelf()
		}
	}
	var spills atomic.Int64
	job := pipeline.Job{Paths: files, Out: out, Memory: 1 << 20, Jobs: 2,
		Progress: func(stage pipeline.Stage, done, _ int64) { reached(string(stage), done) },
	}.With(1<<18, func(path string) (pipeline.SpillFile, error) {
		defer reached("spill", spills.Add(1))
		return pipeline.OpenSpill(path)
	})
	if _, err := pipeline.Run(context.Background(), job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func TestAKilledRunLeavesNothingThatTheNextDoesNotRemove(t *testing.T) {
	o := generate.Defaults()
	o.Orders = 3_000
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	other := plantedDay(t, nil)
	_, formerOut := ran(t, other.all()...)
	former := tree(t, formerOut)
	start := func(out, kill string) (killed bool) {
		cmd := exec.Command(os.Args[0], key.Files...)
		cmd.Env = append(os.Environ(), runInstead+"="+out, killAt+"="+kill)
		text, err := cmd.CombinedOutput()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return status.Signal() == syscall.SIGKILL
		}
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return false
	}
	undisturbed := filepath.Join(t.TempDir(), "out")
	start(undisturbed, "")
	want := tree(t, undisturbed)

	for _, kill := range []string{"spill 3", "match 3", "commit 0"} {
		t.Run(kill, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: other.all(), Out: out}); err != nil {
				t.Fatal(err)
			}
			if !start(out, kill) {
				t.Fatal("the run was not killed: it never came so far")
			}
			if left := beside(t, out); len(left) != 2 {
				t.Fatalf("a killed run left %v beside the result: it should have died with its lock and a staging folder", left)
			}
			sameFiles(t, tree(t, out), former)
			if start(out, "") {
				t.Fatal("the second run was killed")
			}
			sameFiles(t, tree(t, out), want)
			if left := beside(t, out); len(left) > 0 {
				t.Errorf("left beside the result: %v", left)
			}
		})
	}
}

// beside is what stands beside a result, without the result.
func beside(t testing.TB, out string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(out))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(out) {
			names = append(names, e.Name())
		}
	}
	return names
}
