package settlement

import "sync"

// Spare keeps batches of one kind that are no longer needed, so that their memory
// serves the next of about the same size: fresh memory costs more than what most
// stages do with it. It may be used from many goroutines. A sync.Pool would lose
// what it keeps to every other collection of garbage.
type Spare[T any, B interface {
	*T
	Batch
}] struct {
	Most int // so many are kept

	mu   sync.Mutex
	idle []B
}

// Take returns an empty batch.
func (s *Spare[T, B]) Take() B {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	if last < 0 {
		return B(new(T))
	}
	b := s.idle[last]
	s.idle = s.idle[:last]
	return b
}

// Give takes a batch back, which nobody may use from then on, nor any text or slice
// of it. It must not share memory with another batch. b may be nil.
func (s *Spare[T, B]) Give(b B) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b != nil && len(s.idle) < s.Most {
		Reset(b)
		s.idle = append(s.idle, b)
	}
}
