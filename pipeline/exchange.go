package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"

	"reconcile/settlement"
)

// partitions is how finely the exchange cuts: a power of two, at least the number
// of buckets of any run. Partition p holds the keys whose top bits are p; a bucket
// is a run of neighbouring partitions, so the number of buckets can be chosen
// after everything was read.
const partitions = 256

// budget is the memory that the rows waiting in all exchanges of a run may take,
// and where they go when it is used up.
type budget struct {
	limit int64
	used  atomic.Int64
	dir   string // of the spill files, made when first needed

	mu      sync.Mutex
	made    bool
	spilled int64 // bytes written
}

// file creates a spill file.
func (b *budget) file(name string) (*os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.made {
		if err := os.MkdirAll(b.dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder for rows that do not fit into memory: %w", err)
		}
		b.made = true
	}
	f, err := os.Create(filepath.Join(b.dir, name))
	if err != nil {
		return nil, fmt.Errorf("make a file for rows that do not fit into memory: %w", err)
	}
	return f, nil
}

// batchOf is a kind of batch by its pointer.
type batchOf[T any] interface {
	*T
	settlement.Batch
}

// exchange gathers the rows of one kind of batch by the top bits of their key.
// add may be called from many goroutines; take follows when all is added.
type exchange[T any, B batchOf[T]] struct {
	name   string
	key    func(B) []uint64
	budget *budget
	parts  [partitions]part[T]
	rows   atomic.Int64
}

type part[T any] struct {
	mu    sync.Mutex
	batch T
	bytes int64
	spill *spillFile
}

type spillFile struct {
	file   *os.File
	writer *ipc.Writer
}

func newExchange[T any, B batchOf[T]](name string, budget *budget, key func(B) []uint64) *exchange[T, B] {
	return &exchange[T, B]{name: name, key: key, budget: budget}
}

// add scatters the rows of a record, which is not kept.
func (x *exchange[T, B]) add(rec arrow.Record) error {
	var view T
	if err := settlement.View(rec, B(&view)); err != nil {
		return fmt.Errorf("%s: %w", x.name, err)
	}
	return x.scatter(B(&view))
}

func (x *exchange[T, B]) scatter(view B) error {
	keys := x.key(view)
	x.rows.Add(int64(len(keys)))
	// Rows by partition, as a counting sort: one pass to count, one to place.
	var start [partitions + 1]int32
	for _, k := range keys {
		start[k>>56+1]++
	}
	for p := range partitions {
		start[p+1] += start[p]
	}
	rows := make([]int32, len(keys))
	next := start
	for i, k := range keys {
		rows[next[k>>56]] = int32(i)
		next[k>>56]++
	}
	for p := range partitions {
		if start[p] == start[p+1] {
			continue
		}
		if err := x.append(p, view, rows[start[p]:start[p+1]]); err != nil {
			return err
		}
	}
	return nil
}

// maxPart is the size at which a partition is spilled whatever the budget: the
// offsets of its texts are 32 bits wide.
const maxPart = 1 << 30

func (x *exchange[T, B]) append(p int, view B, rows []int32) error {
	part := &x.parts[p]
	part.mu.Lock()
	defer part.mu.Unlock()
	settlement.AppendRows(B(&part.batch), view, rows)
	bytes := settlement.Bytes(B(&part.batch))
	used := x.budget.used.Add(bytes - part.bytes)
	part.bytes = bytes
	// A partition that holds its share of a full budget goes to disk. The test is
	// local, so partitions spill one after the other as they fill.
	if used > x.budget.limit && bytes > x.budget.limit/(4*partitions) || bytes > maxPart {
		return x.spillPart(p)
	}
	return nil
}

// spillPart writes the rows of a partition behind those it spilled before, as an
// LZ4 Arrow IPC stream. The caller holds its lock.
func (x *exchange[T, B]) spillPart(p int) error {
	part := &x.parts[p]
	if part.spill == nil {
		f, err := x.budget.file(fmt.Sprintf("%s-%03d.arrows", x.name, p))
		if err != nil {
			return err
		}
		schema := settlement.SchemaOf(B(&part.batch))
		part.spill = &spillFile{f, ipc.NewWriter(f, ipc.WithSchema(schema), ipc.WithLZ4())}
	}
	if err := part.spill.writer.Write(settlement.Record(B(&part.batch))); err != nil {
		return fmt.Errorf("write rows that do not fit into memory to %s (is the disk full?): %w", x.budget.dir, err)
	}
	x.budget.mu.Lock()
	x.budget.spilled += part.bytes
	x.budget.mu.Unlock()
	x.budget.used.Add(-part.bytes)
	part.bytes = 0
	var empty T
	part.batch = empty
	return nil
}

// load returns the rows of partitions [from, until) as one batch. They stay in
// the exchange: a bucket whose leftovers go through pass 3 is loaded twice.
func (x *exchange[T, B]) load(from, until int) (B, error) {
	if until == from+1 && x.parts[from].spill == nil {
		return B(&x.parts[from].batch), nil
	}
	all := B(new(T))
	rows := 0
	for p := from; p < until; p++ {
		rows += B(&x.parts[p].batch).Len()
	}
	settlement.Grow(all, rows)
	for p := from; p < until; p++ {
		part := &x.parts[p]
		if part.spill != nil {
			if err := x.loadSpilled(part.spill, all); err != nil {
				return nil, err
			}
		}
		settlement.AppendAll(all, B(&part.batch))
	}
	return all, nil
}

func (x *exchange[T, B]) loadSpilled(s *spillFile, into B) error {
	if err := s.writer.Close(); err != nil {
		return fmt.Errorf("finish %s: %w", s.file.Name(), err)
	}
	if _, err := s.file.Seek(0, 0); err != nil {
		return fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	reader, err := ipc.NewReader(s.file)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	defer reader.Release()
	for reader.Next() {
		var view T
		if err := settlement.View(reader.Record(), B(&view)); err != nil {
			return fmt.Errorf("read %s: %w", s.file.Name(), err)
		}
		settlement.AppendAll(into, B(&view))
	}
	if err := reader.Err(); err != nil {
		return fmt.Errorf("read %s: %w", s.file.Name(), err)
	}
	return nil
}

// release gives back the memory of partitions [from, until) and closes their
// spill files.
func (x *exchange[T, B]) release(from, until int) {
	for p := from; p < until; p++ {
		part := &x.parts[p]
		if part.spill != nil {
			part.spill.file.Close()
			os.Remove(part.spill.file.Name())
			part.spill = nil
		}
		x.budget.used.Add(-part.bytes)
		var empty T
		part.batch, part.bytes = empty, 0
	}
}

// filter removes the rows for which keep is false, in partitions that are still in
// memory; spilled rows are filtered when they are loaded.
func keepRows[T any, B batchOf[T]](batch B, keep func(i int) bool) B {
	all := true
	rows := make([]int32, 0, batch.Len())
	for i := range batch.Len() {
		if keep(i) {
			rows = append(rows, int32(i))
		} else {
			all = false
		}
	}
	if all {
		return batch
	}
	kept := B(new(T))
	settlement.AppendRows(kept, batch, slices.Clip(rows))
	return kept
}
