package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/pierrec/lz4/v4"
	"golang.org/x/sync/errgroup"

	"reconcile/settlement"
)

// budget is the memory that the rows waiting in all exchanges of a run may take,
// and where they go when it is used up.
type budget struct {
	limit int64
	used  atomic.Int64
	dir   string // of the spill files, made when first needed
	jobs  int    // that may write at a time
	// together is how many neighbouring partitions, a power of two, share a stream on
	// disk: those that are likely to be one bucket. A stream of fewer rows costs more.
	together int
	// open opens a spill file to read it, or to write behind what it holds. It is
	// openSpill, but in tests of disks that fail.
	open func(path string) (spillSink, error)
	// arenas is the memory of records that are read from disk or written to it.
	arenas idle[arena]

	spilling sync.Mutex // held while an exchange goes to disk

	mu      sync.Mutex
	shares  []spiller
	files   int
	spilled int64 // bytes that the rows took in memory
}

// spiller is an exchange, of whatever kind of batch.
type spiller interface {
	holds() int64
	spill() error
}

// share makes an exchange one of those that may have to go to disk.
func (b *budget) share(x spiller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shares = append(b.shares, x)
}

// take counts bytes in. Where they exceed the budget, the exchange that holds most
// goes to disk; whoever brings more rows meanwhile waits.
func (b *budget) take(bytes int64) error {
	if b.used.Add(bytes) <= b.limit {
		return nil
	}
	b.spilling.Lock()
	defer b.spilling.Unlock()
	for b.used.Load() > b.limit {
		b.mu.Lock()
		var largest spiller
		var most int64
		for _, x := range b.shares {
			if n := x.holds(); n > most {
				largest, most = x, n
			}
		}
		b.mu.Unlock()
		if largest == nil {
			return nil
		}
		if err := largest.spill(); err != nil {
			return err
		}
	}
	return nil
}

// spillSink is an open spill file.
type spillSink interface {
	io.ReadWriteSeeker
	io.Closer
}

func openSpill(path string) (spillSink, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// spillRun is what an exchange held when it went to disk: files of Arrow IPC streams, two
// a group of neighbouring partitions, one behind the other: LZ4 of most columns, and as
// they are those that LZ4 makes little smaller.
type spillRun struct {
	files []spillFile // each of neighbouring groups, in their order
}

// spillFile is the streams of groups [from, from+len(extents)). It is open only while
// it is written or read.
type spillFile struct {
	path    string
	from    int
	extents []extent
}

// extent is where the streams of a group stand in its file, and how many rows they have.
// A group without rows has none.
type extent struct{ start, end, rows int64 }

func (r *spillRun) remove() {
	for _, f := range r.files {
		_ = os.Remove(f.path) // else it goes with the folder
	}
}

func (x *exchange[T, B]) holds() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.held
}

// spill writes all blocks to disk and gives their memory back. Rows may arrive and be
// loaded meanwhile.
func (x *exchange[T, B]) spill() error {
	x.mu.Lock()
	blocks, held := x.blocks, x.held
	x.mu.Unlock()
	groups := len(x.parts) / x.together()
	files := max(min(x.budget.jobs, groups), 1)
	run := spillRun{files: make([]spillFile, files)}
	var group errgroup.Group
	for i := range run.files {
		from, until := i*groups/files, (i+1)*groups/files
		group.Go(func() (err error) {
			run.files[i], err = x.writeSpill(blocks, from, until)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	x.mu.Lock()
	x.runs = append(x.runs, run)
	x.blocks, x.held = slices.Clone(x.blocks[len(blocks):]), x.held-held
	x.mu.Unlock()
	x.budget.used.Add(-held)
	x.budget.mu.Lock()
	x.budget.spilled += held
	x.budget.mu.Unlock()
	return nil
}

// together is how many neighbouring partitions of the exchange share a stream.
func (x *exchange[T, B]) together() int { return min(max(x.budget.together, 1), len(x.parts)) }

// step is how many neighbouring partitions are loaded at a time by who takes one after the
// other: on disk those of a group, whose stream would be read again for each of them.
func (x *exchange[T, B]) step() int {
	if x.onDisk() {
		return x.together()
	}
	return 1
}

// onDisk says whether rows of the exchange went to disk.
func (x *exchange[T, B]) onDisk() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.runs) > 0
}

// newFile names a new spill file and sees to its folder.
func (b *budget) newFile(name string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.files == 0 {
		if err := os.MkdirAll(b.dir, 0o700); err != nil {
			return "", fmt.Errorf("make the folder for rows that do not fit into memory (is the disk full?): %w", err)
		}
	}
	b.files++
	return filepath.Join(b.dir, fmt.Sprintf("%s-%04d.arrows", name, b.files)), nil
}

// writeSpill writes groups [from, until) of blocks to a new file: of each block the rows
// of a group, which lie side by side.
func (x *exchange[T, B]) writeSpill(blocks []block, from, until int) (f spillFile, err error) {
	path, err := x.budget.newFile(x.name)
	if err != nil {
		return f, err
	}
	f = spillFile{path, from, make([]extent, until-from)}
	failed := func(err error) error {
		return fmt.Errorf("write rows that do not fit into memory to %s (is the disk full?): %w", path, err)
	}
	file, err := x.budget.open(path)
	if err != nil {
		return f, failed(err)
	}
	out := &counted{Writer: bufio.NewWriterSize(file, 1<<18)}
	err = func() error {
		batch := B(new(T))
		memory := x.budget.arenas.take()
		defer x.budget.arenas.give(memory)
		memory.reset()
		columns := batch.Columns()
		var plain []bool // of the columns, as the largest group so far shows
		judged := 0      // rows of that group
		var pieces []settlement.Piece
		together := x.together()
		for g := from; g < until; g++ {
			settlement.Reset(batch)
			pieces = pieces[:0]
			for _, b := range blocks {
				if first, end := b.start[g*together], b.start[(g+1)*together]; first < end {
					pieces = append(pieces, settlement.Piece{Rows: b.rows, From: int(first), Until: int(end)})
				}
			}
			settlement.AppendPieces(columns, pieces)
			if batch.Len() == 0 {
				continue
			}
			e := &f.extents[g-from]
			e.start, e.rows = out.bytes, int64(batch.Len())
			if batch.Len() > 2*judged {
				plain, judged = incompressible(settlement.Record(batch)), batch.Len()
			}
			packed := settlement.RecordSome(batch, func(column int) bool { return !plain[column] })
			if err := writeStream(out, packed, ipc.WithLZ4(), ipc.WithAllocator(memory)); err != nil {
				return err
			}
			asIs := settlement.RecordSome(batch, func(column int) bool { return plain[column] })
			if err := writeStream(out, asIs, ipc.WithAllocator(memory)); err != nil {
				return err
			}
			e.end = out.bytes
			memory.reset()
		}
		return out.Flush()
	}()
	if err = errors.Join(err, file.Close()); err != nil {
		return f, failed(err)
	}
	return f, nil
}

// writeStream writes a stream of one record, if it has columns.
func writeStream(out io.Writer, rec arrow.Record, options ...ipc.Option) error {
	if rec.NumCols() == 0 {
		return nil
	}
	stream := ipc.NewWriter(out, append(options, ipc.WithSchema(rec.Schema()))...)
	return errors.Join(stream.Write(rec), stream.Close())
}

// Numbers of orders, identities, hashes and times are random digits or bytes: LZ4 looks
// long for what repeats in them, and finds little. A column is left as it is where, by a
// sample of each of its buffers, more than plainAbove hundredths of it would be left.
const (
	plainSample = 64 << 10
	plainAbove  = 70
)

// incompressible says of the columns of a record whether LZ4 makes them little smaller.
func incompressible(rec arrow.Record) []bool {
	var packer lz4.Compressor
	room := make([]byte, lz4.CompressBlockBound(plainSample))
	plain := make([]bool, rec.NumCols())
	for i := range plain {
		whole, left := 0, 0
		for _, buffer := range rec.Column(i).Data().Buffers() {
			if buffer == nil || buffer.Len() == 0 {
				continue
			}
			sample := buffer.Bytes()[:min(buffer.Len(), plainSample)]
			n, err := packer.CompressBlock(sample, room)
			if err != nil || n == 0 { // nothing to be saved
				n = len(sample)
			}
			whole, left = whole+buffer.Len(), left+buffer.Len()*n/len(sample)
		}
		plain[i] = 100*left > plainAbove*whole
	}
	return plain
}

// counted counts what is written.
type counted struct {
	*bufio.Writer
	bytes int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.bytes += int64(n)
	return n, err
}

// loadRun returns what a run holds of partitions [from, until), a batch a group of them,
// in memory of an arena.
func (x *exchange[T, B]) loadRun(run *spillRun, from, until int, memory *arena) (batches []B, err error) {
	together := x.together()
	for _, f := range run.files {
		first, last := max(from/together, f.from), min((until+together-1)/together, f.from+len(f.extents))
		if first >= last {
			continue
		}
		more, err := loadFile[T, B](x.budget, f.path, f.extents[first-f.from:last-f.from], memory)
		if err != nil {
			return nil, fmt.Errorf("read rows that did not fit into memory back from %s (is the disk in order?): %w", f.path, err)
		}
		batches = append(batches, more...)
	}
	if from%together == 0 && until%together == 0 {
		return batches, nil
	}
	for i, batch := range batches { // the buckets are smaller than was thought
		keys := x.key(batch)
		batches[i] = keepRows[T, B](batch, func(r int) bool {
			p := int(keys[r] >> x.shift)
			return p >= from && p < until
		})
	}
	return batches, nil
}

// spillReaders are readers of spill files that nobody uses.
var spillReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 1<<18) }}

// loadFile returns the batches of neighbouring extents of a spill file.
func loadFile[T any, B batchOf[T]](b *budget, path string, extents []extent, memory *arena) (batches []B, err error) {
	file, err := b.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := spillReaders.Get().(*bufio.Reader)
	defer spillReaders.Put(in)
	defer in.Reset(nil)
	for _, e := range extents {
		if e.rows == 0 {
			continue
		}
		if _, err := file.Seek(e.start, io.SeekStart); err != nil {
			return nil, err
		}
		in.Reset(io.LimitReader(file, e.end-e.start))
		batch := B(new(T))
		for range 2 {
			if err := readStream(in, batch, memory); err != nil {
				return nil, err
			}
		}
		// The rows are counted: a file that was cut looks like one that ends.
		if name := settlement.Missing(batch, int(e.rows)); name != "" {
			return nil, fmt.Errorf("column %s does not have the %d rows that were written", name, e.rows)
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

// readStream lays the columns of a stream of one record, if one follows, over a batch. They
// are in memory of an arena.
func readStream(in *bufio.Reader, batch settlement.Batch, memory *arena) error {
	switch _, err := in.Peek(1); err {
	case nil:
	case io.EOF:
		return nil // all columns are of one kind, or the file was cut, which loadFile sees
	default:
		return err
	}
	stream, err := ipc.NewReader(in, ipc.WithAllocator(memory))
	if err != nil {
		return err
	}
	defer stream.Release()
	if !stream.Next() {
		return stream.Err()
	}
	rec := stream.Record()
	rec.Retain() // the batch lies over its memory
	if err := settlement.ViewSome(rec, batch); err != nil {
		return err
	}
	if stream.Next() { // the next stream starts behind the end of this one
		return errors.New("a stream of several records where one was written")
	}
	return stream.Err()
}
