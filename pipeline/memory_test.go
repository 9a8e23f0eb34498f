package pipeline

import (
	"sync"
	"testing"
)

// bucketsAtWork lets buckets of such rows through a workroom and returns the most
// memory that was taken at once, and that nothing was taken at the end.
func bucketsAtWork(t *testing.T, memory, waiting int64, rows []int64) (most int64) {
	t.Helper()
	b := &budget{}
	b.used.Store(waiting)
	w := newWorkroom(memory, b)
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, bytes := range rows {
		group.Go(func() {
			leave := w.enter(bytes)
			defer leave()
			w.mu.Lock()
			taken := w.taken
			w.mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			most = max(most, taken)
		})
	}
	group.Wait()
	if w.taken != 0 {
		t.Errorf("%d bytes are taken at the end", w.taken)
	}
	return most
}

func TestBucketsWorkAsFarAsMemoryReaches(t *testing.T) {
	const mib = 1 << 20
	rows := make([]int64, 200)
	for i := range rows {
		rows[i] = int64(1+i%16) * mib
	}
	const largest = workFactor * 16 * mib
	for _, memory := range []int64{MinMemory, 512 * mib, 1024 * mib} {
		waiting := waitingShare(memory, 2)
		most := bucketsAtWork(t, memory, waiting, rows)
		if room := memory - programMemory - waiting; most > room && most > largest {
			t.Errorf("%d MiB: buckets took %d MiB, there is room for %d", memory/mib, most/mib, room/mib)
		}
	}
}

// A bucket that is alone waits for nothing, or a run would never end.
func TestABucketTooLargeForTheBudgetWorksAlone(t *testing.T) {
	const large = 1 << 30
	for _, waiting := range []int64{0, MinMemory} {
		if most := bucketsAtWork(t, MinMemory, waiting, []int64{large, large, large}); most != workFactor*large {
			t.Errorf("%d bytes were taken at once, one bucket takes %d", most, int64(workFactor*large))
		}
	}
}

// Beside the rows that may wait, a bucket of the usual size fits into any budget
// that may be given; into larger ones one for each of two cores.
func TestTheSharesOfABudgetAddUp(t *testing.T) {
	for memory, buckets := range map[int64]int64{MinMemory: 1, 2 * MinMemory: 1, 4 * MinMemory: 2, 16 * MinMemory: 2} {
		waiting := waitingShare(memory, 2)
		if sum := programMemory + waiting + buckets*bucketMemory; sum > memory {
			t.Errorf("%d MiB: shares add up to %d MiB", memory>>20, sum>>20)
		}
		if waiting < memory/8 {
			t.Errorf("%d MiB: only %d MiB for rows that wait", memory>>20, waiting>>20)
		}
	}
}
