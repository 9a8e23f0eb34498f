package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"reconcile/pipeline"
)

// A failingDisk lets one operation on spill files fail. It counts the operations of
// the kind that it is to fail.
type failingDisk struct {
	operation string // open, write, read, close
	at        int64  // the operation that fails, from 1; 0 for none
	err       error  // nil: it does less than it was asked to and says nothing
	done      atomic.Int64
}

// fails says that this operation is the one.
func (d *failingDisk) fails(operation string) bool {
	return d.operation == operation && d.done.Add(1) == d.at
}

func (d *failingDisk) open(path string) (pipeline.SpillFile, error) {
	if d.fails("open") {
		return nil, &fs.PathError{Op: "open", Path: path, Err: d.err}
	}
	file, err := pipeline.OpenSpill(path)
	return &failingFile{file, d}, err
}

type failingFile struct {
	pipeline.SpillFile
	disk *failingDisk
}

func (f *failingFile) Write(p []byte) (int, error) {
	if !f.disk.fails("write") {
		return f.SpillFile.Write(p)
	}
	n, _ := f.SpillFile.Write(p[:len(p)/2])
	return n, f.disk.err
}

func (f *failingFile) Read(p []byte) (int, error) {
	if !f.disk.fails("read") {
		return f.SpillFile.Read(p)
	}
	if f.disk.err == nil {
		return 0, io.EOF // a file that was cut
	}
	return 0, f.disk.err
}

func (f *failingFile) Close() error {
	err := f.SpillFile.Close()
	if f.disk.fails("close") {
		return f.disk.err
	}
	return err
}

func TestADiskThatFailsEndsTheRunAndLeavesTheFormerResult(t *testing.T) {
	d := plantedDay(t, nil)
	out := filepath.Join(t.TempDir(), "out")
	if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: d.all()[:2], Out: out}); err != nil {
		t.Fatal(err)
	}
	before := everything(t, filepath.Dir(out))
	run := func(out string, disk *failingDisk) (*pipeline.Result, error) {
		job := pipeline.Job{Paths: d.all(), Out: out, Memory: 1 << 17, Jobs: 2}
		return pipeline.Run(context.Background(), job.With(1<<17, disk.open))
	}
	for _, c := range []struct {
		name, operation string
		err             error
		words           string
	}{
		{"no space to open a file", "open", syscall.ENOSPC, ""}, // to write or to read
		{"no space to write", "write", syscall.ENOSPC, "is the disk full?"},
		{"a write fails", "write", syscall.EIO, "is the disk full?"},
		{"a write is short", "write", nil, "is the disk full?"},
		{"a read fails", "read", syscall.EIO, "is the disk in order?"},
		{"a file ends too soon", "read", nil, "is the disk in order?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := &failingDisk{operation: c.operation}
			if _, err := run(filepath.Join(t.TempDir(), "whole"), whole); err != nil {
				t.Fatal(err)
			}
			n := whole.done.Load()
			if n < 5 {
				t.Fatalf("only %d operations: too few rows went to the disk", n)
			}
			// The count varies a little with the order in which workers come.
			for _, at := range slices.Compact([]int64{1, 2, 3, max(n/2, 3), max(n*3/4, 3)}) {
				disk := &failingDisk{operation: c.operation, at: at, err: c.err}
				result, err := run(out, disk)
				if err == nil || result != nil {
					t.Fatalf("operation %d of %d failed, but the run did not: %v", at, n, err)
				}
				if c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("operation %d: the error hides its cause: %v", at, err)
				}
				place := fmt.Sprintf("%s/.out.staging-", filepath.Dir(out))
				if message := err.Error(); !strings.Contains(message, place) || !strings.Contains(message, c.words) || !strings.Contains(message, "is the disk") {
					t.Errorf("operation %d: the message does not help: %v", at, err)
				}
				sameFiles(t, everything(t, filepath.Dir(out)), before)
			}
		})
	}
}

// Closing what was written can fail as the last write can; closing what was read
// has no bearing on it.
func TestAFileThatCannotBeClosedAfterAWriteIsAnError(t *testing.T) {
	d := plantedDay(t, nil)
	out := filepath.Join(t.TempDir(), "out")
	disk := &failingDisk{operation: "close", at: 1, err: syscall.ENOSPC}
	job := pipeline.Job{Paths: d.all(), Out: out, Memory: 1 << 17}.With(0, disk.open)
	if _, err := pipeline.Run(context.Background(), job); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if left := everything(t, filepath.Dir(out)); len(left) != 1 {
		t.Errorf("left behind: %d files", len(left)-1)
	}
}
