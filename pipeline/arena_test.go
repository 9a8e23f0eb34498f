package pipeline

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

var _ memory.Allocator = (*arena)(nil)

// No two pieces share memory, whatever was asked for and made larger between two resets.
func TestPiecesOfAnArenaLieApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &arena{}
		for range rapid.IntRange(1, 4).Draw(t, "resets") {
			var pieces [][]byte
			for n := range rapid.IntRange(1, 30).Draw(t, "pieces") {
				size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, arenaChunk*3/2)).Draw(t, "bytes")
				if at := rapid.IntRange(0, 3*n).Draw(t, "larger"); at < n && len(pieces[at]) < size {
					pieces[at] = fill(a.Reallocate(size, pieces[at]), at)
				}
				pieces = append(pieces, fill(a.Allocate(size), n))
				if size > 0 && uintptr(unsafe.Pointer(unsafe.SliceData(pieces[n])))%arenaAlign != 0 {
					t.Fatalf("piece %d does not start at a multiple of %d", n, arenaAlign)
				}
			}
			for n, piece := range pieces {
				if want := bytes.Repeat([]byte{byte(n)}, len(piece)); !bytes.Equal(piece, want) {
					t.Fatalf("piece %d was written over", n)
				}
			}
			a.reset()
		}
	})
}

func fill(piece []byte, n int) []byte {
	for i := range piece {
		piece[i] = byte(n)
	}
	return piece
}

// What one load took is there for the next, as one chunk, and no more is held.
func TestAnArenaHoldsWhatTheLargestLoadTook(t *testing.T) {
	a := &arena{}
	load := func(pieces int) {
		a.reset()
		for range pieces {
			a.Allocate(arenaChunk/4 + 1)
		}
	}
	load(20)
	load(20)
	held := len(a.whole)
	if took := 20 * (arenaChunk/4 + arenaAlign); held != took {
		t.Errorf("%d bytes are held for loads of %d", held, took)
	}
	if n := testing.AllocsPerRun(10, func() { load(20); load(3) }); n != 0 {
		t.Errorf("%v allocations a load", n)
	}
}
