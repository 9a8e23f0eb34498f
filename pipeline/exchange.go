package pipeline

import (
	"fmt"
	"math/bits"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"reconcile/settlement"
)

// An exchange cuts into a power of two of partitions, at least as many as there will
// be buckets. Partition p holds the keys whose top bits are p; a bucket is a run of
// neighbouring partitions, so the number of buckets can be chosen after everything
// was read.
const (
	minPartitions = 64
	maxPartitions = 1024
)

// partitionCount gives each bucket of an input of about so many decoded bytes four
// partitions, which leaves room for an input that is larger than it seemed.
func partitionCount(decoded int64) int {
	n := minPartitions
	for n < maxPartitions && int64(n)*bucketBytes < 4*decoded {
		n *= 2
	}
	return n
}

// batchOf is a kind of batch by its pointer.
type batchOf[T any] interface {
	*T
	settlement.Batch
}

// exchange gathers the rows of one kind of batch by the top bits of their key.
// scatter may be called from many goroutines; load follows when all is there.
type exchange[T any, B batchOf[T]] struct {
	name   string
	key    func(B) []uint64
	budget *budget
	parts  []part[T]
	shift  int // of a key to its partition
	rows   atomic.Int64
}

// part is one partition: the batch that grows, those that are full, and what went
// to disk. Full batches are left as they are, so that nothing is copied again
// while rows arrive.
type part[T any] struct {
	mu    sync.Mutex
	full  []T
	batch T
	// columns are those of batch, kept because a part is appended to in small pieces.
	columns []settlement.Column
	bytes   int64 // of batch
	held    int64 // of full and batch
	spill   *spillFile
}

// fullPart is the size at which a partition's batch is full.
const fullPart = 1 << 20

func newExchange[T any, B batchOf[T]](name string, partitions int, budget *budget, key func(B) []uint64) *exchange[T, B] {
	x := &exchange[T, B]{name: name, key: key, budget: budget, parts: make([]part[T], partitions)}
	x.shift = 64 - bits.TrailingZeros(uint(partitions))
	for p := range x.parts {
		x.parts[p].columns = B(&x.parts[p].batch).Columns()
	}
	return x
}

// scatter adds the rows of a batch, which is not kept.
func (x *exchange[T, B]) scatter(view B) error {
	keys := x.key(view)
	x.rows.Add(int64(len(keys)))
	// Rows by partition, as a counting sort: one pass to count, one to place.
	start := make([]int32, len(x.parts)+1)
	for _, k := range keys {
		start[k>>x.shift+1]++
	}
	for p := range x.parts {
		start[p+1] += start[p]
	}
	rows := make([]int32, len(keys))
	next := slices.Clone(start)
	for i, k := range keys {
		p := k >> x.shift
		rows[next[p]] = int32(i)
		next[p]++
	}
	columns := view.Columns()
	for p := range x.parts {
		if start[p] == start[p+1] {
			continue
		}
		if err := x.append(p, columns, rows[start[p]:start[p+1]]); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange[T, B]) append(p int, columns []settlement.Column, rows []int32) error {
	part := &x.parts[p]
	part.mu.Lock()
	defer part.mu.Unlock()
	settlement.AppendColumnRows(part.columns, columns, rows)
	bytes := settlement.ColumnBytes(part.columns)
	used := x.budget.used.Add(bytes - part.bytes)
	part.held += bytes - part.bytes
	part.bytes = bytes
	if bytes > fullPart {
		var empty T
		part.full = append(part.full, part.batch)
		part.batch, part.bytes = empty, 0
		// The next batch of the partition will be about as large.
		var room settlement.Room
		room.Add(B(&part.full[len(part.full)-1]))
		room.Make(B(&part.batch))
	}
	// A partition that holds its share of a full budget goes to disk. The test is
	// local, so partitions spill one after the other as they fill.
	if used > x.budget.limit && part.held > x.budget.limit/int64(4*len(x.parts)) {
		return x.spillPart(p)
	}
	return nil
}

// forget gives back the memory of a partition.
func (p *part[T]) forget(b *budget) {
	b.used.Add(-p.held)
	var empty T
	p.full, p.batch, p.bytes, p.held = nil, empty, 0, 0
}

// load returns the rows of partitions [from, until) as one batch. They stay in
// the exchange: a bucket whose leftovers go through pass 3 is loaded twice.
func (x *exchange[T, B]) load(from, until int) (B, error) {
	all := B(new(T))
	var room settlement.Room
	for p := from; p < until; p++ {
		part := &x.parts[p]
		if part.spill != nil {
			room.Join(&part.spill.room)
		}
		for i := range part.full {
			room.Add(B(&part.full[i]))
		}
		room.Add(B(&part.batch))
	}
	if !room.Fits() {
		return nil, fmt.Errorf("one of the run's buckets holds more than 2 GiB of text in a column: too many rows share one order number (look for a file whose order numbers are all the same)")
	}
	room.Make(all)
	for p := from; p < until; p++ {
		part := &x.parts[p]
		if part.spill != nil {
			if err := x.loadSpilled(part.spill, all); err != nil {
				return nil, err
			}
		}
		for i := range part.full {
			settlement.AppendAll(all, B(&part.full[i]))
		}
		settlement.AppendAll(all, B(&part.batch))
	}
	return all, nil
}

// release gives back the memory of partitions [from, until) and removes their
// spill files.
func (x *exchange[T, B]) release(from, until int) {
	for p := from; p < until; p++ {
		part := &x.parts[p]
		if part.spill != nil {
			_ = os.Remove(part.spill.path) // else it goes with the folder
			part.spill = nil
		}
		part.forget(x.budget)
	}
}

// keepRows returns the rows for which keep is true: the batch itself where that is
// all of them.
func keepRows[T any, B batchOf[T]](batch B, keep func(i int) bool) B {
	first := 0
	for first < batch.Len() && keep(first) {
		first++
	}
	if first == batch.Len() {
		return batch
	}
	var rows []int32
	for i := range batch.Len() {
		if i < first || i > first && keep(i) {
			rows = append(rows, int32(i))
		}
	}
	kept := B(new(T))
	settlement.AppendRows(kept, batch, rows)
	return kept
}
