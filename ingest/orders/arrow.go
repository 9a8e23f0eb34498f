package orders

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

var (
	parquetMagic = []byte("PAR1")
	arrowMagic   = []byte("ARROW1")
)

func isParquet(head []byte) bool   { return bytes.HasPrefix(head, parquetMagic) }
func isArrowFile(head []byte) bool { return bytes.HasPrefix(head, arrowMagic) }

// isArrowStream knows the continuation mark and the length of the schema behind it.
func isArrowStream(head []byte) bool {
	return len(head) >= 8 && binary.LittleEndian.Uint32(head) == 1<<32-1 && binary.LittleEndian.Uint32(head[4:]) < 1<<24
}

const (
	adviceColumnar = "write the file again"
	// memorySpool is how much of a file is kept in memory; a larger one goes into a
	// temporary file.
	memorySpool = 16 << 20
	// maxBuffer is the largest piece of memory that a file may ask for at once: one
	// that asks for more is corrupt, or has pages that no writer makes.
	maxBuffer = 512 << 20
)

// columnar is a Parquet or Arrow IPC file. The libraries panic on corrupt ones, so
// that every call goes through guard, and nothing of them runs on a goroutine of its
// own: a panic there could not be caught.
type columnar struct {
	what   string // for messages
	fields []arrow.Field
	used   []bool
	batch  func() ([]arrow.Array, int, error) // by field, nil where it is not used; io.EOF at the end
	done   []func() error

	columns []arrow.Array
	rows    int
	at      int   // next row of columns
	row     int64 // rows handed out
	cells   []cell
	texts   []byte
}

// bounded is memory of which no piece is larger than maxBuffer.
type bounded struct{ memory.Allocator }

var errBuffer = fmt.Errorf("it asks for more than %d MiB at once", maxBuffer>>20)

func (b bounded) Allocate(size int) []byte {
	if size < 0 || size > maxBuffer {
		panic(errBuffer)
	}
	return b.Allocator.Allocate(size)
}

func (b bounded) Reallocate(size int, old []byte) []byte {
	if size < 0 || size > maxBuffer {
		panic(errBuffer)
	}
	return b.Allocator.Reallocate(size, old)
}

// guard runs f and makes an error or panic of it an error of the file.
func (t *columnar) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = t.corrupt(fmt.Errorf("%v", p))
		}
	}()
	err = f()
	if err == nil || err == io.EOF {
		return err
	}
	return t.corrupt(err)
}

func (t *columnar) corrupt(err error) error {
	var placed *settlement.InputError
	if errors.As(err, &placed) {
		return placed
	}
	line := int64(0)
	if t.row > 0 {
		line = t.row + 1
	}
	return &settlement.InputError{
		Position: settlement.Position{Line: line},
		What:     fmt.Sprintf("the %s breaks off or is corrupt: %s", t.what, delimited.Short(err.Error())), Do: adviceColumnar,
	}
}

// seekable is a whole file of random access.
type seekable interface {
	io.ReadSeeker
	io.ReaderAt
}

// spool reads stream to its end.
func spool(stream io.Reader) (s seekable, done func() error, err error) {
	var first bytes.Buffer
	if _, err := io.CopyN(&first, stream, memorySpool); err == io.EOF {
		return bytes.NewReader(first.Bytes()), func() error { return nil }, nil
	} else if err != nil {
		return nil, nil, err
	}
	f, err := os.CreateTemp("", "reconcile-orders-*")
	if err != nil {
		return nil, nil, err
	}
	_ = os.Remove(f.Name()) // nothing outlives the process
	done = func() error {
		_ = os.Remove(f.Name())
		return f.Close()
	}
	if _, err = io.Copy(f, io.MultiReader(&first, stream)); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = done()
		return nil, nil, err
	}
	return f, done, nil
}

func openArrow(head []byte, stream io.Reader) (table, error) {
	s, done, err := spool(stream)
	if err != nil {
		return nil, err
	}
	t := &columnar{done: []func() error{done}}
	err = t.guard(func() error {
		switch {
		case isParquet(head):
			t.what = "Parquet file"
			return t.openParquet(s)
		case isArrowFile(head):
			t.what = "Arrow IPC file"
			return t.openArrowFile(s)
		}
		t.what = "Arrow IPC stream"
		return t.openArrowStream(s)
	})
	if err != nil {
		_ = t.close()
		return nil, err
	}
	t.used, t.cells = make([]bool, len(t.fields)), make([]cell, len(t.fields))
	return t, nil
}

// openParquet reads column by column: ReadTable and GetRecordReader start goroutines.
func (t *columnar) openParquet(s seekable) error {
	mem := bounded{memory.DefaultAllocator}
	reader, err := file.NewParquetReader(s, file.WithReadProps(parquet.NewReaderProperties(mem)))
	if err != nil {
		return err
	}
	if stored := reader.MetaData().KeyValueMetadata().FindValue("ARROW:schema"); stored != nil {
		if err := checkStoredSchema(*stored); err != nil {
			return fmt.Errorf("its Arrow schema: %w", err)
		}
	}
	rows, err := pqarrow.NewFileReader(reader, pqarrow.ArrowReadProperties{}, mem)
	if err != nil {
		return err
	}
	groups := make([]int, reader.NumRowGroups())
	for i := range groups {
		groups[i] = i
	}
	leaves := make([]int, 0, len(rows.Manifest.Fields))
	for i := range rows.Manifest.Fields {
		f := &rows.Manifest.Fields[i]
		t.fields = append(t.fields, *f.Field)
		leaves = append(leaves, f.ColIndex)
	}
	size, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var columns []*pqarrow.ColumnReader
	left := reader.NumRows()
	t.batch = func() ([]arrow.Array, int, error) {
		if columns == nil {
			columns = make([]*pqarrow.ColumnReader, len(leaves))
			for i, leaf := range leaves {
				if !t.used[i] {
					continue
				}
				for _, group := range groups {
					if err := checkPages(s, size, reader, group, leaf); err != nil {
						return nil, 0, fmt.Errorf("column %s: %w", t.fields[i].Name, err)
					}
				}
				c, err := rows.GetFieldReader(context.Background(), i, map[int]bool{leaf: true}, groups)
				if err != nil {
					return nil, 0, err
				}
				columns[i] = c
			}
		}
		if left <= 0 {
			return nil, 0, io.EOF
		}
		want := min(left, tableRows)
		batch := make([]arrow.Array, len(columns))
		for i, c := range columns {
			if c == nil {
				continue
			}
			chunked, err := c.NextBatch(want)
			if err != nil {
				return nil, 0, err
			}
			if int64(chunked.Len()) != want {
				return nil, 0, fmt.Errorf("column %s has fewer rows than the file", t.fields[i].Name)
			}
			if batch[i], err = array.Concatenate(chunked.Chunks(), mem); err != nil {
				return nil, 0, err
			}
		}
		left -= want
		return batch, int(want), nil
	}
	return nil
}

func (t *columnar) openArrowFile(s seekable) error {
	size, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := checkFile(s, size); err != nil {
		return err
	}
	reader, err := ipc.NewFileReader(s, ipc.WithAllocator(bounded{memory.DefaultAllocator}))
	if err != nil {
		return err
	}
	t.fields = reader.Schema().Fields()
	next := 0
	t.batch = func() ([]arrow.Array, int, error) {
		if next == reader.NumRecords() {
			return nil, 0, io.EOF
		}
		record, err := reader.RecordAt(next)
		if err != nil {
			return nil, 0, err
		}
		next++
		return record.Columns(), int(record.NumRows()), nil
	}
	return nil
}

// openArrowStream reads a stream up to its end mark: without one it was cut off.
func (t *columnar) openArrowStream(s seekable) error {
	size, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := checkStream(s, size); err != nil {
		return err
	}
	if _, err = s.Seek(0, io.SeekStart); err != nil {
		return err
	}
	reader, err := ipc.NewReader(s, ipc.WithAllocator(bounded{memory.DefaultAllocator}))
	if err != nil {
		return err
	}
	t.fields = reader.Schema().Fields()
	t.batch = func() ([]arrow.Array, int, error) {
		if !reader.Next() {
			if err := reader.Err(); err != nil {
				return nil, 0, err
			}
			return nil, 0, io.EOF
		}
		return reader.Record().Columns(), int(reader.Record().NumRows()), nil
	}
	return nil
}

func (t *columnar) header() ([]string, int64, error) {
	if len(t.fields) == 0 {
		return nil, 0, io.EOF
	}
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.Name
	}
	return names, 0, nil
}

func (t *columnar) use(l *layout) []headerFault {
	var faults []headerFault
	for c, at := range l.at {
		if at < 0 {
			continue
		}
		t.used[at] = true
		if what, do := faultOfType(column(c), t.fields[at].Type); what != "" {
			faults = append(faults, headerFault{at, l.names[c], what, do})
		}
	}
	for _, at := range l.walletText {
		t.used[at] = faultOfText(t.fields[at].Type) == ""
	}
	return faults
}

// faultOfType says why values of a type cannot be read as column c.
func faultOfType(c column, of arrow.DataType) (what, do string) {
	of = valueType(of)
	id := of.ID()
	if d, ok := of.(arrow.DecimalType); ok && (d.GetScale() < 0 || d.GetScale() > 76) {
		return fmt.Sprintf("the column is %s", of), "write amounts as decimal(18,2), and numbers as text"
	}
	switch {
	case isText(id) || id == arrow.NULL && c != colOrderNo && c != colAmount:
		return "", ""
	case c == colAmount || c == colPayout:
		switch {
		case id == arrow.DECIMAL128 || id == arrow.DECIMAL256:
			return "", ""
		case isBinaryFraction(id):
			return fmt.Sprintf("the column is %s, which does not hold decimal fractions exactly", of), "write amounts as decimal(18,2), or as text"
		case arrow.IsInteger(id):
			return fmt.Sprintf("the column is %s, which does not say whether it counts yuan or fen", of), "write amounts as decimal(18,2), or as text"
		}
		return fmt.Sprintf("the column is %s", of), "write amounts as decimal(18,2), or as text"
	case c == colPaidAt || c == colRefundedAt || c == colSucceededAt || c == colConfirmedAt:
		switch id {
		case arrow.TIMESTAMP:
			return "", ""
		case arrow.DATE32, arrow.DATE64:
			return fmt.Sprintf("the column is %s: a day without its time", of), "write a timestamp: the time decides on which side of the cut-off an event lies"
		}
		return fmt.Sprintf("the column is %s", of), "write a timestamp, or text"
	case arrow.IsInteger(id):
		return "", ""
	case isBinaryFraction(id):
		return fmt.Sprintf("the column is %s, which keeps 15 digits: longer numbers have lost their last", of), "write it as text"
	case (id == arrow.DECIMAL128 || id == arrow.DECIMAL256) && of.(arrow.DecimalType).GetScale() == 0:
		return "", ""
	}
	return fmt.Sprintf("the column is %s", of), "write it as text"
}

func faultOfText(of arrow.DataType) string {
	what, _ := faultOfType(colShop, of)
	return what
}

func valueType(of arrow.DataType) arrow.DataType {
	if d, ok := of.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return of
}

func isText(id arrow.Type) bool {
	switch id {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW, arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return true
	}
	return false
}

func isBinaryFraction(id arrow.Type) bool {
	return id == arrow.FLOAT16 || id == arrow.FLOAT32 || id == arrow.FLOAT64
}

func (t *columnar) next() (cells []cell, row int64, err error) {
	err = t.guard(func() error {
		for t.at == t.rows {
			if t.columns, t.rows, err = t.batch(); err != nil {
				return err
			}
			if len(t.columns) != len(t.fields) {
				return errors.New("a batch has other columns than the file")
			}
			t.at = 0
		}
		t.texts = t.texts[:0]
		for i, column := range t.columns {
			t.cells[i] = cell{}
			if t.used[i] {
				t.cells[i] = t.cell(column, t.at)
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	t.at++
	t.row++
	return t.cells, t.row, nil
}

func (t *columnar) close() error {
	var err error
	for _, done := range t.done {
		err = errors.Join(err, done())
	}
	return err
}

// cell is the value of a column in row i. Texts that are no part of the column lie in
// t.texts.
func (t *columnar) cell(column arrow.Array, i int) cell {
	if d, ok := column.(*array.Dictionary); ok {
		if d.IsNull(i) {
			return cell{null: true}
		}
		return t.cell(d.Dictionary(), d.GetValueIndex(i))
	}
	if column.IsNull(i) {
		return cell{null: true}
	}
	begin := len(t.texts)
	switch column := column.(type) {
	case *array.String:
		return cell{text: []byte(column.Value(i))}
	case *array.LargeString:
		return cell{text: []byte(column.Value(i))}
	case *array.StringView:
		return cell{text: []byte(column.Value(i))}
	case *array.Binary:
		return cell{text: column.Value(i)}
	case *array.LargeBinary:
		return cell{text: column.Value(i)}
	case *array.BinaryView:
		return cell{text: column.Value(i)}
	case *array.Timestamp:
		return t.timestamp(column, i)
	case *array.Decimal128:
		of := column.DataType().(arrow.DecimalType)
		return t.decimal(column.Value(i).BigInt().String(), int(of.GetScale()))
	case *array.Decimal256:
		of := column.DataType().(arrow.DecimalType)
		return t.decimal(column.Value(i).BigInt().String(), int(of.GetScale()))
	case *array.Int8:
		t.texts = strconv.AppendInt(t.texts, int64(column.Value(i)), 10)
	case *array.Int16:
		t.texts = strconv.AppendInt(t.texts, int64(column.Value(i)), 10)
	case *array.Int32:
		t.texts = strconv.AppendInt(t.texts, int64(column.Value(i)), 10)
	case *array.Int64:
		t.texts = strconv.AppendInt(t.texts, column.Value(i), 10)
	case *array.Uint8:
		t.texts = strconv.AppendUint(t.texts, uint64(column.Value(i)), 10)
	case *array.Uint16:
		t.texts = strconv.AppendUint(t.texts, uint64(column.Value(i)), 10)
	case *array.Uint32:
		t.texts = strconv.AppendUint(t.texts, uint64(column.Value(i)), 10)
	case *array.Uint64:
		t.texts = strconv.AppendUint(t.texts, column.Value(i), 10)
	default:
		return cell{what: fmt.Sprintf("a value of type %s", column.DataType()), do: "write it as text"}
	}
	return cell{text: t.texts[begin:len(t.texts):len(t.texts)]}
}

// timestamp writes a time in Asia/Shanghai. One without a zone is in Asia/Shanghai
// already.
func (t *columnar) timestamp(column *array.Timestamp, i int) cell {
	of := column.DataType().(*arrow.TimestampType)
	at := column.Value(i).ToTime(of.Unit)
	if of.TimeZone != "" {
		at = at.In(settlement.Shanghai)
	}
	if year := at.Year(); year < 2000 || year > 2099 {
		return cell{what: at.Format(time.RFC3339) + " is no time of the years 2000 to 2099", do: "is the unit right?"}
	}
	begin, layout := len(t.texts), time.DateTime
	if at.Nanosecond() != 0 {
		layout = "2006-01-02 15:04:05.000000"
	}
	t.texts = at.AppendFormat(t.texts, layout)
	return cell{text: t.texts[begin:len(t.texts):len(t.texts)]}
}

// decimal writes an exact decimal with its scale, zeros at the end left out: what has
// more than two decimals then is no amount of money.
func (t *columnar) decimal(unscaled string, scale int) cell {
	begin := len(t.texts)
	if unscaled[0] == '-' {
		t.texts = append(t.texts, '-')
		unscaled = unscaled[1:]
	}
	if missing := scale + 1 - len(unscaled); missing > 0 {
		unscaled = strings.Repeat("0", missing) + unscaled
	}
	whole, fraction := unscaled[:len(unscaled)-scale], unscaled[len(unscaled)-scale:]
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	t.texts = append(t.texts, whole...)
	if fraction != "" {
		t.texts = append(append(t.texts, '.'), fraction...)
	}
	return cell{text: t.texts[begin:len(t.texts):len(t.texts)]}
}
