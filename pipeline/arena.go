package pipeline

import "sync"

// arena is memory for what is read from disk, or written to it, at a time: records of
// Arrow take it piece by piece, and all of it at once serves the next. Fresh memory
// would have to be cleared and collected again: without arenas that was half of what a
// run of 20 million orders allocated. It is a memory.Allocator for one goroutine.
type arena struct {
	chunk []byte // the rest of what pieces are taken of
	whole []byte // all of it
	taken int    // by all pieces, those of former chunks too
	most  int    // that was ever taken between two resets
}

// Records are laid out for pieces that start at a multiple of 64.
const (
	arenaAlign = 64
	arenaChunk = 1 << 20
)

// Allocate implements memory.Allocator. The memory is not cleared.
func (a *arena) Allocate(size int) []byte {
	room := (size + arenaAlign - 1) &^ (arenaAlign - 1)
	if room > len(a.chunk) {
		// Slices that large start at a page. What the former chunk holds stays in use.
		a.whole = make([]byte, max(room, a.most-a.taken, arenaChunk))
		a.chunk = a.whole
	}
	piece := a.chunk[:size:size]
	a.chunk = a.chunk[room:]
	a.taken += room
	return piece
}

// Reallocate implements memory.Allocator.
func (a *arena) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	larger := a.Allocate(size)
	copy(larger, b)
	return larger
}

// Free implements memory.Allocator: nothing is free before all is.
func (a *arena) Free([]byte) {}

// reset makes all memory free; nobody may use what lies in it from then on. Where one
// chunk was not enough, the next is as large as all of them.
func (a *arena) reset() {
	a.most = max(a.most, a.taken)
	if a.taken > len(a.whole) {
		a.whole = nil
	}
	a.chunk, a.taken = a.whole, 0
}

// idle keeps what nobody uses at the moment for who needs it next. A sync.Pool would lose
// it to every other collection of garbage.
type idle[T any] struct {
	mu   sync.Mutex
	list []*T
}

// take returns one that was given back, or a new one.
func (s *idle[T]) take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.list) - 1
	if last < 0 {
		return new(T)
	}
	t := s.list[last]
	s.list = s.list[:last]
	return t
}

// give takes one back, which nobody may use from then on, nor what lies in it.
func (s *idle[T]) give(t *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, t)
}

// drop gives back the memory of all that nobody uses.
func (s *idle[T]) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}
