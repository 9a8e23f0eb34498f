package pipeline

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow/ipc"

	"reconcile/settlement"
)

// budget is the memory that the rows waiting in all exchanges of a run may take,
// and where they go when it is used up.
type budget struct {
	limit int64
	used  atomic.Int64
	dir   string // of the spill files, made when first needed
	// open opens a spill file to read it, or to write behind what it holds. It is
	// openSpill, but in tests of disks that fail.
	open func(path string) (spillSink, error)

	mu      sync.Mutex
	made    bool
	spilled int64 // bytes that the rows took in memory
}

// spillSink is an open spill file.
type spillSink interface{ io.ReadWriteCloser }

func openSpill(path string) (spillSink, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// spillFile is where rows of a partition went: Arrow IPC streams, LZ4, one behind
// the other. It is open only while it is written or read, so that the number of
// partitions is not bounded by that of open files.
type spillFile struct {
	path  string
	rows  int64
	bytes int64           // that the rows took in memory
	room  settlement.Room // the same by column
}

// newSpill names a new spill file and sees to its folder.
func (b *budget) newSpill(name string) (*spillFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.made {
		if err := os.MkdirAll(b.dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder for rows that do not fit into memory (is the disk full?): %w", err)
		}
		b.made = true
	}
	return &spillFile{path: filepath.Join(b.dir, name)}, nil
}

// spillPart writes the rows of a partition behind those it spilled before. The
// caller holds its lock.
func (x *exchange[T, B]) spillPart(p int) error {
	part := &x.parts[p]
	if part.spill == nil {
		var err error
		if part.spill, err = x.budget.newSpill(fmt.Sprintf("%s-%03d.arrows", x.name, p)); err != nil {
			return err
		}
	}
	batches := make([]settlement.Batch, 0, len(part.full)+1)
	for i := range part.full {
		batches = append(batches, B(&part.full[i]))
	}
	batches = append(batches, B(&part.batch))
	if err := x.budget.write(part.spill, batches); err != nil {
		return fmt.Errorf("write rows that do not fit into memory to %s (is the disk full?): %w", part.spill.path, err)
	}
	part.spill.bytes += part.held
	x.budget.mu.Lock()
	x.budget.spilled += part.held
	x.budget.mu.Unlock()
	part.forget(x.budget)
	return nil
}

// write appends batches of one kind to a spill file as one stream.
func (b *budget) write(s *spillFile, batches []settlement.Batch) (err error) {
	file, err := b.open(s.path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	buffer := bufio.NewWriterSize(file, 1<<16)
	stream := ipc.NewWriter(buffer, ipc.WithSchema(settlement.SchemaOf(batches[0])), ipc.WithLZ4())
	for _, batch := range batches {
		if batch.Len() == 0 {
			continue
		}
		if err := stream.Write(settlement.Record(batch)); err != nil {
			return err
		}
		s.rows += int64(batch.Len())
		s.room.Add(batch)
	}
	if err := stream.Close(); err != nil {
		return err
	}
	return buffer.Flush()
}

// loadSpilled appends the rows of a spill file to a batch.
func (x *exchange[T, B]) loadSpilled(s *spillFile, into B) error {
	failed := func(err error) error {
		return fmt.Errorf("read rows that did not fit into memory back from %s (is the disk in order?): %w", s.path, err)
	}
	file, err := x.budget.open(s.path)
	if err != nil {
		return failed(err)
	}
	defer file.Close()
	buffer := bufio.NewReaderSize(file, 1<<16)
	want := int64(into.Len()) + s.rows
	// The rows are counted: the end of a file that was cut between two records looks
	// like the end of its stream.
	for int64(into.Len()) < want {
		stream, err := ipc.NewReader(buffer)
		if err != nil {
			return failed(err)
		}
		for stream.Next() {
			var view T
			if err := settlement.View(stream.Record(), B(&view)); err != nil {
				return failed(err)
			}
			settlement.AppendAll(into, B(&view))
		}
		err = stream.Err()
		stream.Release()
		if err != nil {
			return failed(err)
		}
	}
	if n := int64(into.Len()); n > want {
		return failed(fmt.Errorf("%d rows more than were written", n-want))
	}
	return nil
}
