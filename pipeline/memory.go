package pipeline

import "sync"

// MinMemory is the smallest budget that holds: a bucket at work and the program
// itself need most of it. With less a run still ends, but takes more than it was
// given.
const MinMemory = 256 << 20

// The budget of a run goes to rows that wait in exchanges, to buckets at work, and
// to the program with its readers and writers. These shares were measured on
// generated days; the tests of the target limits hold them.
const (
	programMemory = 32 << 20
	// bucketMemory is what a bucket of bucketBytes takes while it is computed.
	bucketMemory = 120 << 20
	// A row at work takes about as much as three rows of a batch: as it was loaded, in
	// the order of its table, and the matches and charges that come of it.
	workFactor = 3
)

// waitingShare is how much of a budget rows may take that wait: what is left beside
// the program and a bucket a core; where that is little, half of what is left beside
// one bucket.
func waitingShare(memory int64, jobs int) int64 {
	return max(memory-programMemory-int64(jobs)*bucketMemory, (memory-programMemory-bucketMemory)/2, memory/8)
}

// bucketsIn is how many buckets of the usual size a budget holds beside the rows that
// wait.
func bucketsIn(memory int64, jobs int) int {
	return int((memory - programMemory - waitingShare(memory, jobs)) / bucketMemory)
}

// workroom admits buckets to work while they fit into the budget beside the rows
// that wait. One is always admitted. How many work at a time has no bearing on what
// they write.
type workroom struct {
	memory  int64 // of the whole run
	waiting *budget

	mu    sync.Mutex
	freed *sync.Cond
	taken int64 // by the buckets at work
}

func newWorkroom(memory int64, waiting *budget) *workroom {
	w := &workroom{memory: memory, waiting: waiting}
	w.freed = sync.NewCond(&w.mu)
	return w
}

// enter waits until a bucket whose rows take so many bytes may be loaded and
// computed; leave says that it is written and gone.
func (w *workroom) enter(rows int64) (leave func()) {
	need := workFactor * rows
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.taken > 0 && !w.fits(need) {
		w.freed.Wait()
	}
	w.taken += need
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.taken -= need
		w.freed.Broadcast()
	}
}

// fits says that there is room for so many bytes more.
func (w *workroom) fits(need int64) bool {
	return programMemory+w.waiting.used.Load()+w.taken+need <= w.memory
}
