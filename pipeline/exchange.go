package pipeline

import (
	"fmt"
	"math/bits"
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
//
// Every batch that comes in is sorted by partition and packed as it is: rows move
// once, within memory that the processor's cache holds, into memory of exactly their
// size. A bucket is then a slice of each block.
type exchange[T any, B batchOf[T]] struct {
	name   string
	key    func(B) []uint64
	budget *budget
	shift  int // of a key to its partition

	mu     sync.Mutex
	blocks []block
	held   int64      // bytes of blocks
	runs   []spillRun // what went to disk
	parts  []partition
	gone   int   // partitions that were released
	dense  int64 // bytes that all rows take in a batch
	rows   atomic.Int64
	spare  settlement.Spare[T, B] // what loading needs and the next load uses again
}

// block is a batch by partition: rows [start[p], start[p+1]) are those of p.
type block struct {
	rows  *settlement.Packed
	start []int32
}

// partition is what an exchange knows of one of its partitions.
type partition struct {
	rows     int64
	released bool
}

func newExchange[T any, B batchOf[T]](name string, partitions int, budget *budget, key func(B) []uint64) *exchange[T, B] {
	x := &exchange[T, B]{name: name, key: key, budget: budget, parts: make([]partition, partitions)}
	x.shift = 64 - bits.TrailingZeros(uint(partitions))
	x.spare.Most = budget.jobs
	budget.share(x)
	return x
}

// scatter adds the rows of a batch, which is not kept.
func (x *exchange[T, B]) scatter(view B) error {
	rows := make([]int32, view.Len())
	for i := range rows {
		rows[i] = int32(i)
	}
	return x.scatterRows(view, rows)
}

// scatterRows adds the given rows of a batch, which is not kept.
func (x *exchange[T, B]) scatterRows(view B, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	keys := x.key(view)
	// Rows by partition, as a counting sort: one pass to count, one to place.
	start := make([]int32, len(x.parts)+1)
	for _, r := range rows {
		start[keys[r]>>x.shift+1]++
	}
	for p := range x.parts {
		start[p+1] += start[p]
	}
	next := slices.Clone(start)
	order := make([]int32, len(rows))
	for _, r := range rows {
		p := keys[r] >> x.shift
		order[next[p]] = r
		next[p]++
	}
	columns := view.Columns()
	packed := settlement.Pack(columns, order)
	bytes := packed.Bytes()
	x.rows.Add(int64(len(rows)))
	x.mu.Lock()
	x.blocks = append(x.blocks, block{packed, start})
	x.held += bytes
	x.dense += settlement.ColumnBytes(columns) * int64(len(rows)) / int64(len(keys))
	for p := range x.parts {
		x.parts[p].rows += int64(start[p+1] - start[p])
	}
	x.mu.Unlock()
	return x.budget.take(bytes)
}

// load returns the rows of partitions [from, until) as one batch. They stay in the
// exchange: a bucket whose leftovers go through pass 3 is loaded twice.
func (x *exchange[T, B]) load(from, until int) (B, error) {
	into := B(new(T))
	return into, x.loadInto(into, from, until)
}

// loadInto is load into an empty batch that may have memory already.
func (x *exchange[T, B]) loadInto(into B, from, until int) error {
	pieces, done, err := x.pieces(from, until)
	if err != nil {
		return err
	}
	defer done()
	if err := makeRoom(into, pieces); err != nil {
		return err
	}
	settlement.AppendPieces(into.Columns(), pieces)
	return nil
}

// pieces returns the rows of partitions [from, until) where they lie, until done is
// called.
func (x *exchange[T, B]) pieces(from, until int) (pieces []settlement.Piece, done func(), err error) {
	x.mu.Lock()
	blocks, runs := x.blocks, x.runs
	x.mu.Unlock()
	memory := x.budget.arenas.take()
	memory.reset()
	for i := range runs {
		batches, err := x.loadRun(&runs[i], from, until, memory)
		if err != nil {
			x.budget.arenas.give(memory)
			return nil, nil, err
		}
		for _, batch := range batches {
			pieces = append(pieces, settlement.Piece{Rows: settlement.PackedOver(batch), Until: batch.Len()})
		}
	}
	for _, b := range blocks {
		if b.start[from] < b.start[until] {
			pieces = append(pieces, settlement.Piece{Rows: b.rows, From: int(b.start[from]), Until: int(b.start[until])})
		}
	}
	return pieces, func() { x.budget.arenas.give(memory) }, nil
}

// makeRoom makes room for pieces in a batch.
func makeRoom(into settlement.Batch, pieces []settlement.Piece) error {
	var room settlement.Room
	for _, p := range pieces {
		room.AddPacked(p.Rows, p.From, p.Until)
	}
	if !room.Fits() {
		return fmt.Errorf("one of the run's buckets holds more than 2 GiB of text in a column: too many rows share one order number (look for a file whose order numbers are all the same)")
	}
	room.Make(into)
	return nil
}

// release says that partitions [from, until) are not loaded again. When all are
// released, the memory of the exchange is given back and its spill files go.
func (x *exchange[T, B]) release(from, until int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for p := from; p < until; p++ {
		if !x.parts[p].released {
			x.parts[p].released = true
			x.gone++
		}
	}
	if x.gone < len(x.parts) {
		return
	}
	x.budget.used.Add(-x.held)
	x.blocks, x.held = nil, 0
	for _, run := range x.runs {
		run.remove()
	}
	x.runs = nil
}

// bytes is the memory that the rows of partitions [from, until) take in a batch.
func (x *exchange[T, B]) bytes(from, until int) (sum int64) {
	var rows int64
	for _, p := range x.parts[from:until] {
		rows += p.rows
	}
	return x.dense / max(x.rows.Load(), 1) * rows
}

// keepRows returns the rows for which keep is true: the batch itself where that is
// all of them.
func keepRows[T any, B batchOf[T]](batch B, keep func(i int) bool) B {
	rows, all := rowsThat(batch.Len(), keep)
	if all {
		return batch
	}
	kept := B(new(T))
	settlement.AppendRows(kept, batch, rows)
	return kept
}

// rowsThat returns the rows for which keep is true, and whether that is all of them.
func rowsThat(n int, keep func(i int) bool) (rows []int32, all bool) {
	first := 0
	for first < n && keep(first) {
		first++
	}
	if first == n {
		return nil, true
	}
	for i := range n {
		if i < first || i > first && keep(i) {
			rows = append(rows, int32(i))
		}
	}
	return rows, false
}
