package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"

	"reconcile/settlement"
)

// A file that the disk does not give is not a bad file: the run fails and the former
// result stands. As a refusal it would be in the catalogue until the file changes.
func TestADiskThatFailsIsNoRefusalOfTheFile(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			content := k.file(t, 4_000)
			if len(content) < 80_000 {
				t.Fatalf("%d bytes: the disk would fail while the file is recognised, not while it is read", len(content))
			}
			for _, at := range []int{0, 100, 70_000, len(content) / 2, len(content) - 1, len(content)} {
				broken := &fs.PathError{Op: "read", Path: "bill", Err: unix.EIO}
				_, _, err := readStream(func() io.ReadCloser {
					return io.NopCloser(io.MultiReader(bytes.NewReader(content[:at]), iotest.ErrReader(broken)))
				})
				var refusal *settlement.Refusal
				if !errors.Is(err, unix.EIO) || errors.As(err, &refusal) {
					t.Errorf("after %d of %d bytes: %s", at, len(content), fmt.Sprintf("%T %v", err, err))
				}
			}
		})
	}
}
