package output

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/metadata"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"reconcile/settlement"
)

const (
	magic = "PAR1"

	// Keys and the producer of a part's key/value metadata. Nothing there may
	// change from run to run.
	metaTable    = "reconcile.table"
	metaVersion  = "reconcile.schema_version"
	metaProducer = "reconcile.producer"
	producer     = "reconcile"
)

// PartInfo says what a part holds; it goes into the manifest, and ReadBack proves
// the file against it.
type PartInfo struct {
	Path   string // where the part was written
	Table  string
	Rows   int64
	Bytes  int64
	SHA256 string // of the file, lower-case hex
	// MoneySums is the sum of each money column in fen, nulls left out.
	MoneySums map[string]settlement.Amount
}

// PartWriter writes one part of one table. It belongs to one goroutine. After an
// error it is of no use; Close or Discard must still be called.
type PartWriter struct {
	table   settlement.Table
	columns []partColumn
	files   []string
	sums    []settlement.Amount // by column

	path    string
	file    *os.File
	sink    *sink
	schema  *schema.Schema
	footer  *metadata.FileMetaDataBuilder
	groups  int16
	written int64 // rows in finished row groups

	work *workspace
	err  error
}

// partColumn is a column of the table and where the records hold it.
type partColumn struct {
	settlement.TableColumn
	at       int // index of the record's column, -1 before the first record
	sorted   bool
	encoding parquet.Encoding // where no dictionary is used
}

// workspace is the memory of a writer that is worth keeping for the next one.
type workspace struct {
	encoder encoder
	packer  *packer
	rows    []columnRows // the record being written
	pending []columnRows // copied rows that wait for their row group to fill
	waiting int          // how many rows wait
	buffer  *bufio.Writer
}

var workspaces = sync.Pool{New: func() any {
	return &workspace{packer: newPacker(), buffer: bufio.NewWriterSize(nil, 1<<18)}
}}

// sink counts and hashes what goes into the file.
type sink struct {
	buffer *bufio.Writer
	offset int64
	file   *os.File
	sha    hash.Hash
}

// Write implements io.Writer.
func (s *sink) Write(p []byte) (int, error) {
	n, err := s.buffer.Write(p)
	s.offset += int64(n)
	return n, err
}

// hashedFile is the end of the sink: every byte that reaches the file is hashed.
type hashedFile struct{ *sink }

func (h hashedFile) Write(p []byte) (int, error) {
	n, err := h.file.Write(p)
	h.sha.Write(p[:n])
	return n, err
}

// NewPart creates the file path, which must not exist, for rows of table. files
// are the names behind the codes of TypeFile columns. Missing folders are made.
func NewPart(path string, table settlement.Table, files []string) (*PartWriter, error) {
	sc, err := parquetSchema(table)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("write table %s: %w", table.Name, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write table %s: %w", table.Name, err)
	}
	w := &PartWriter{
		table: table, columns: make([]partColumn, len(table.Columns)), files: files,
		sums: make([]settlement.Amount, len(table.Columns)),
		path: path, file: file, schema: sc, work: workspaces.Get().(*workspace),
	}
	for i, c := range table.Columns {
		w.columns[i] = partColumn{c, -1, slices.Contains(table.SortedBy, c.Name), encodingOf(table.Name, c)}
	}
	w.work.start(len(table.Columns))
	w.sink = &sink{buffer: w.work.buffer, file: file, sha: sha256.New()}
	w.sink.buffer.Reset(hashedFile{w.sink})
	meta := metadata.NewKeyValueMetadata()
	for _, kv := range [][2]string{
		{metaTable, table.Name}, {metaVersion, strconv.Itoa(settlement.SchemaVersion)}, {metaProducer, producer},
	} {
		if err := meta.Append(kv[0], kv[1]); err != nil {
			return nil, errors.Join(w.fail(err), w.Discard())
		}
	}
	w.footer = metadata.NewFileMetadataBuilder(sc, writerProperties(table), meta)
	if _, err := w.sink.Write([]byte(magic)); err != nil {
		return nil, errors.Join(w.fail(err), w.Discard())
	}
	return w, nil
}

// start readies the workspace for a table of that many columns.
func (k *workspace) start(columns int) {
	k.rows = slices.Grow(k.rows[:0], columns)[:columns]
	for len(k.pending) < columns {
		k.pending = append(k.pending, columnRows{})
	}
	for i := range k.pending {
		k.pending[i].reset()
	}
	k.waiting = 0
}

// fail records the first error, with the file's name before it.
func (w *PartWriter) fail(err error) error {
	if w.err == nil {
		w.err = fmt.Errorf("write %s: %w", w.path, err)
	}
	return w.err
}

// Write adds the rows of rec, a record of the table's batch, in their order. rec
// may be reused when Write has returned. Where the row groups are cut does not
// depend on how the rows are spread over calls.
//
// An amount beyond DECIMAL(18,2), a sum beyond 64 bits, a text that is not UTF-8
// or a missing value of a column that is never null is an error that names the
// column and the row.
func (w *PartWriter) Write(rec arrow.Record) error { return w.write(rec, false) }

// WriteLast is Write of the last rows of a part: none of them is copied.
func (w *PartWriter) WriteLast(rec arrow.Record) error { return w.write(rec, true) }

func (w *PartWriter) write(rec arrow.Record, last bool) error {
	if w.err != nil {
		return w.err
	}
	if err := w.layOver(rec); err != nil {
		return w.fail(err)
	}
	for from, n := 0, int(rec.NumRows()); from < n; {
		k := w.work
		if k.waiting == 0 && (last || n-from >= MaxRowGroup) {
			rows := min(n-from, MaxRowGroup)
			group := make([]columnRows, len(w.columns))
			for i := range w.columns {
				group[i] = k.rows[i].slice(w.columns[i].Type, from, from+rows)
			}
			if err := w.writeGroup(group, rows); err != nil {
				return w.fail(err)
			}
			from += rows
			continue
		}
		take := min(n-from, MaxRowGroup-k.waiting)
		for i := range w.columns {
			k.pending[i].add(k.rows[i].slice(w.columns[i].Type, from, from+take))
		}
		k.waiting += take
		from += take
		if k.waiting == MaxRowGroup {
			if err := w.flush(); err != nil {
				return w.fail(err)
			}
		}
	}
	return nil
}

// layOver points the workspace's rows at the columns of rec.
func (w *PartWriter) layOver(rec arrow.Record) error {
	for i := range w.columns {
		c := &w.columns[i]
		if c.at < 0 || c.at >= int(rec.NumCols()) || rec.ColumnName(c.at) != c.Name {
			found := rec.Schema().FieldIndices(c.Name)
			if len(found) != 1 {
				return fmt.Errorf("the record has %d columns %s", len(found), c.Name)
			}
			c.at = found[0]
		}
		rows, err := rowsOf(c.Type, rec.Column(c.at))
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		w.work.rows[i] = rows
	}
	return nil
}

// flush writes the waiting rows as a row group.
func (w *PartWriter) flush() error {
	k := w.work
	if k.waiting == 0 {
		return nil
	}
	if err := w.writeGroup(k.pending[:len(w.columns)], k.waiting); err != nil {
		return err
	}
	for i := range k.pending {
		k.pending[i].reset()
	}
	k.waiting = 0
	return nil
}

// Close writes what is left and the footer and says what the file holds. It does not
// wait for the disk: Commit syncs all files before any is seen. After an earlier error
// it removes the file and returns that error.
func (w *PartWriter) Close() (PartInfo, error) {
	if w.file == nil {
		return PartInfo{}, errors.New("write " + w.path + ": closed already")
	}
	if w.err == nil {
		if err := w.finish(); err != nil {
			_ = w.fail(err) // kept in w.err
		}
	}
	if w.err != nil {
		return PartInfo{}, errors.Join(w.err, w.Discard())
	}
	err := w.file.Close()
	w.release()
	if err != nil {
		return PartInfo{}, w.fail(err)
	}
	info := PartInfo{
		Path: w.path, Table: w.table.Name, Rows: w.written, Bytes: w.sink.offset,
		SHA256: hex.EncodeToString(w.sink.sha.Sum(nil)), MoneySums: map[string]settlement.Amount{},
	}
	for i, c := range w.columns {
		if c.Type == settlement.TypeMoney {
			info.MoneySums[c.Name] = w.sums[i]
		}
	}
	return info, nil
}

// finish writes the rows that wait and the footer.
func (w *PartWriter) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	footer, err := w.footer.Finish()
	if err != nil {
		return err
	}
	start := w.sink.offset
	if _, err := footer.WriteTo(w.sink, nil); err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(w.sink.offset-start))
	if _, err := w.sink.Write(append(tail, magic...)); err != nil {
		return err
	}
	return w.sink.buffer.Flush()
}

// Discard drops the part and removes its file. After Close it does nothing.
func (w *PartWriter) Discard() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.file.Close(), os.Remove(w.path))
	w.release()
	return err
}

// release gives the workspace back; its rows may share memory with records.
func (w *PartWriter) release() {
	clear(w.work.rows)
	w.work.buffer.Reset(nil)
	workspaces.Put(w.work)
	w.file, w.work = nil, nil
}
