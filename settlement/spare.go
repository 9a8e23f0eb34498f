package settlement

import "sync"

// Spare keeps batches of one kind that are no longer needed, so that their memory
// serves the next of about the same size: fresh memory costs more than what most
// stages do with it. It may be used from many goroutines; what it holds is given
// back to the system when the garbage collector finds it unused.
type Spare[T any, B interface {
	*T
	Batch
}] struct {
	pool sync.Pool
}

// Take returns an empty batch.
func (s *Spare[T, B]) Take() B {
	if b, ok := s.pool.Get().(B); ok {
		return b
	}
	return B(new(T))
}

// Give takes a batch back, which nobody may use from then on, nor any text or slice
// of it. It must not share memory with another batch. b may be nil.
func (s *Spare[T, B]) Give(b B) {
	if b != nil {
		Reset(b)
		s.pool.Put(b)
	}
}
