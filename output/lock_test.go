package output

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestOfManyWhoStartAtOnceOneGetsTheLock(t *testing.T) {
	place := filepath.Join(t.TempDir(), "out")
	locks, errs := make([]*Lock, 50), make([]error, 50)
	var together sync.WaitGroup
	for i := range locks {
		together.Go(func() { locks[i], errs[i] = Acquire(place) })
	}
	together.Wait()
	won := 0
	for i, err := range errs {
		switch {
		case err == nil:
			won++
			defer locks[i].Release()
		case !errors.Is(err, ErrLocked):
			t.Errorf("%v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 50 got the lock", won)
	}
}

func TestALockIsFreeAgainWhenItIsReleasedAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		l, err := Acquire(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		l.Release()
		l.Release()
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestTheLockOfADeadProcessIsFree starts this test again as a process that takes the
// lock and is killed while it has it.
func TestTheLockOfADeadProcessIsFree(t *testing.T) {
	if place := os.Getenv("RECONCILE_TEST_LOCK"); place != "" {
		if _, err := Acquire(place); err != nil {
			t.Fatal(err)
		}
		fmt.Println("held")
		select {}
	}
	place := filepath.Join(t.TempDir(), "out")
	child := exec.Command(os.Args[0], "-test.run", t.Name())
	child.Env = append(os.Environ(), "RECONCILE_TEST_LOCK="+place)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := make([]byte, 4)
	if _, err := out.Read(told); err != nil || string(told) != "held" {
		t.Fatalf("%q %v", told, err)
	}
	if _, err := Acquire(place); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", child.Process.Pid)) {
		t.Errorf("while it lives: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	l, err := Acquire(place)
	if err != nil {
		t.Fatalf("after its death: %v", err)
	}
	l.Release()
}

// The number in a lock's file may be that of a process that lives, and never had it.
func TestALockOfADeadProcessIsFreeWhoeverHasItsNumberNow(t *testing.T) {
	place := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(lockPath(place), fmt.Appendf(nil, "process %d\n", os.Getpid()), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Acquire(place)
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
}
