package settlement

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// A batch is a set of columns of equal length: what flows between stages. Each
// kind of batch is a struct of typed columns (lines.go, events.go, findings.go)
// that shares its memory with an Arrow record: Record wraps the columns, View
// lays the columns over a record. Nothing is copied either way, so a stage reads
// and writes plain slices while everything that passes between stages, is
// spilled or is handed to another engine is Arrow.
//
// In memory:
//
//	ID        FixedSizeBinary(16), two native-endian words
//	text      Utf8; the empty text stands for null
//	word      UInt8, a code of a fixed dictionary; 0 stands for null
//	file      Int32, an index into the run's list of statements
//	money     Int64 fen; NoAmount stands for null
//	rate      Int32 millionths; NoRate stands for null
//	instant   Int64 microseconds UTC; NoInstant stands for null
//	day       Int32 days; NoDay stands for null
//	count     Int64
//	hash      UInt64
//
// No validity bitmaps: a column either has a sentinel or is never null.
type Batch interface {
	// Columns returns the columns in the order of the batch's schema.
	Columns() []Column
	// Len is the number of rows.
	Len() int
}

// Column is one typed column of a batch.
type Column struct {
	Name string
	data columnData
}

type columnData interface {
	arrowType() arrow.DataType
	len() int
	bytes() int64
	reset()
	grow(rows int)
	appendRows(from columnData, rows []int32)
	appendAll(from columnData)
	toArray() arrow.Array
	fromArray(arrow.Array) error
	appendRaw(first unsafe.Pointer, n int)
	pack(rows []int32) packedColumn
	packed() packedColumn
}

// Text is a column of texts: text i is Data[Offsets[i]:Offsets[i+1]]. Offsets is
// empty in a column without rows, else it starts with 0.
type Text struct {
	Offsets []int32
	Data    []byte
}

// Append adds one text.
func (t *Text) Append(text []byte) {
	if len(t.Offsets) == 0 {
		t.Offsets = append(t.Offsets, 0)
	}
	t.Data = append(t.Data, text...)
	t.Offsets = append(t.Offsets, int32(len(t.Data)))
}

// AppendString adds one text.
func (t *Text) AppendString(text string) {
	if len(t.Offsets) == 0 {
		t.Offsets = append(t.Offsets, 0)
	}
	t.Data = append(t.Data, text...)
	t.Offsets = append(t.Offsets, int32(len(t.Data)))
}

// At returns text i. It shares the column's memory: it is valid until the column
// is reset, and must not be written to.
func (t *Text) At(i int) []byte { return t.Data[t.Offsets[i]:t.Offsets[i+1]:t.Offsets[i+1]] }

// StringAt returns a copy of text i.
func (t *Text) StringAt(i int) string { return string(t.At(i)) }

// Len is the number of texts.
func (t *Text) Len() int { return max(len(t.Offsets)-1, 0) }

func (t *Text) arrowType() arrow.DataType { return arrow.BinaryTypes.String }
func (t *Text) len() int                  { return t.Len() }
func (t *Text) bytes() int64              { return int64(len(t.Data)) + 4*int64(len(t.Offsets)) }
func (t *Text) reset()                    { t.Offsets, t.Data = t.Offsets[:0], t.Data[:0] }

func (t *Text) grow(rows int) { t.Offsets = slices.Grow(t.Offsets, rows+1) }

// AppendRows appends the given texts of src.
func (t *Text) AppendRows(src *Text, rows []int32) {
	if len(t.Offsets) == 0 {
		t.Offsets = append(t.Offsets, 0)
	}
	bytes := 0
	for _, r := range rows {
		bytes += int(src.Offsets[r+1] - src.Offsets[r])
	}
	offsets, ends := more(t.Offsets, len(rows))
	at := len(t.Data)
	data, _ := more(t.Data, bytes)
	src.gather(data, at, ends, rows)
	t.Offsets, t.Data = offsets, data
}

func (t *Text) appendRows(from columnData, rows []int32) { t.AppendRows(from.(*Text), rows) }

func (t *Text) appendAll(from columnData) {
	src := from.(*Text)
	if src.Len() == 0 {
		return
	}
	if len(t.Offsets) == 0 {
		t.Offsets = append(t.Offsets, 0)
	}
	shift := int32(len(t.Data)) - src.Offsets[0]
	t.Data = append(t.Data, src.Data[src.Offsets[0]:src.Offsets[src.Len()]]...)
	offsets := slices.Grow(t.Offsets, src.Len())
	for _, end := range src.Offsets[1:] {
		offsets = append(offsets, end+shift)
	}
	t.Offsets = offsets
}

func (t *Text) appendRaw(unsafe.Pointer, int) {
	panic("settlement: a text column is no column of numbers")
}

func (t *Text) toArray() arrow.Array {
	offsets := t.Offsets
	if len(offsets) == 0 {
		offsets = []int32{0}
	}
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, t.Len(), []*memory.Buffer{
		nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(t.Data),
	}, nil, 0, 0))
}

func (t *Text) fromArray(from arrow.Array) error {
	texts, ok := from.(*array.String)
	if !ok {
		return fmt.Errorf("has Arrow type %s instead of utf8", from.DataType())
	}
	t.Offsets, t.Data = nil, nil
	if texts.Len() > 0 {
		t.Offsets, t.Data = texts.ValueOffsets(), texts.Data().Buffers()[2].Bytes()
	}
	return nil
}

// fixed is a column of fixed-width values over a typed slice.
type fixed[T comparable] struct {
	values *[]T
	typ    arrow.DataType
}

func (f fixed[T]) arrowType() arrow.DataType { return f.typ }
func (f fixed[T]) len() int                  { return len(*f.values) }
func (f fixed[T]) reset()                    { *f.values = (*f.values)[:0] }
func (f fixed[T]) grow(rows int)             { *f.values = slices.Grow(*f.values, rows) }
func (f fixed[T]) width() int                { var zero T; return int(unsafe.Sizeof(zero)) }
func (f fixed[T]) bytes() int64              { return int64(len(*f.values)) * int64(f.width()) }

func (f fixed[T]) appendRows(from columnData, rows []int32) {
	src := *from.(fixed[T]).values
	values, added := more(*f.values, len(rows))
	for i, r := range rows {
		added[i] = src[r]
	}
	*f.values = values
}

func (f fixed[T]) appendAll(from columnData) {
	*f.values = append(*f.values, *from.(fixed[T]).values...)
}

func (f fixed[T]) appendRaw(first unsafe.Pointer, n int) {
	*f.values = append(*f.values, unsafe.Slice((*T)(first), n)...)
}

func (f fixed[T]) toArray() arrow.Array {
	values := *f.values
	var raw []byte
	if len(values) > 0 {
		raw = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*f.width())
	}
	return array.MakeFromData(array.NewData(f.typ, len(values), []*memory.Buffer{nil, memory.NewBufferBytes(raw)}, nil, 0, 0))
}

func (f fixed[T]) fromArray(from arrow.Array) error {
	if !arrow.TypeEqual(from.DataType(), f.typ) {
		return fmt.Errorf("has Arrow type %s instead of %s", from.DataType(), f.typ)
	}
	*f.values = nil
	if n := from.Len(); n > 0 {
		raw := from.Data().Buffers()[1].Bytes()
		all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)/f.width())
		offset := from.Data().Offset()
		*f.values = all[offset : offset+n : offset+n]
	}
	return nil
}

var idType = &arrow.FixedSizeBinaryType{ByteWidth: 16}

func idColumn(name string, values *[]ID) Column { return Column{name, fixed[ID]{values, idType}} }
func textColumn(name string, values *Text) Column {
	return Column{name, values}
}
func wordColumn[T ~uint8](name string, values *[]T) Column {
	return Column{name, fixed[T]{values, arrow.PrimitiveTypes.Uint8}}
}
func fileColumn(name string, values *[]int32) Column {
	return Column{name, fixed[int32]{values, arrow.PrimitiveTypes.Int32}}
}
func moneyColumn(name string, values *[]Amount) Column {
	return Column{name, fixed[Amount]{values, arrow.PrimitiveTypes.Int64}}
}
func rateColumn(name string, values *[]Rate) Column {
	return Column{name, fixed[Rate]{values, arrow.PrimitiveTypes.Int32}}
}
func instantColumn(name string, values *[]Instant) Column {
	return Column{name, fixed[Instant]{values, arrow.PrimitiveTypes.Int64}}
}
func dayColumn(name string, values *[]Day) Column {
	return Column{name, fixed[Day]{values, arrow.PrimitiveTypes.Int32}}
}
func countColumn(name string, values *[]int64) Column {
	return Column{name, fixed[int64]{values, arrow.PrimitiveTypes.Int64}}
}
func hashColumn(name string, values *[]uint64) Column {
	return Column{name, fixed[uint64]{values, arrow.PrimitiveTypes.Uint64}}
}

// Values returns the slice behind a column, for code that works by a column's
// type: *Text, []ID, []Amount, []Rate, []Instant, []Day, []int64, []int32,
// []uint64, or []uint8 for every kind of word.
func (c Column) Values() any {
	switch d := c.data.(type) {
	case *Text:
		return d
	case fixed[ID]:
		return *d.values
	case fixed[Amount]:
		return *d.values
	case fixed[Rate]:
		return *d.values
	case fixed[Instant]:
		return *d.values
	case fixed[Day]:
		return *d.values
	case fixed[int64]:
		return *d.values
	case fixed[int32]:
		return *d.values
	case fixed[uint64]:
		return *d.values
	}
	if n := c.data.len(); n > 0 && c.data.arrowType().ID() == arrow.UINT8 {
		return c.data.toArray().(*array.Uint8).Uint8Values()
	}
	return []uint8(nil)
}

// AppendNumbers appends values to a column of that width: 16 bytes an identity, 8 money,
// instants and counts, 4 rates, days and files, 1 words.
func AppendNumbers[T ID | int64 | int32 | uint8](c Column, values []T) {
	if len(values) == 0 {
		return
	}
	var width int
	switch c.data.arrowType().ID() {
	case arrow.FIXED_SIZE_BINARY:
		width = 16
	case arrow.INT64, arrow.UINT64:
		width = 8
	case arrow.INT32:
		width = 4
	case arrow.UINT8:
		width = 1
	}
	if own := int(unsafe.Sizeof(values[0])); own != width {
		panic(fmt.Sprintf("settlement: values of %d bytes for column %s of %d", own, c.Name, width))
	}
	c.data.appendRaw(unsafe.Pointer(unsafe.SliceData(values)), len(values))
}

// AppendZeros appends rows of zeros: empty texts, word 0, zero identities, 0.00.
func (c Column) AppendZeros(rows int) {
	switch d := c.data.(type) {
	case *Text:
		for range rows {
			d.Append(nil)
		}
	default:
		switch zeros := make([]ID, rows); c.data.arrowType().ID() {
		case arrow.FIXED_SIZE_BINARY:
			AppendNumbers(c, zeros)
		case arrow.INT32:
			AppendNumbers(c, make([]int32, rows))
		case arrow.UINT8:
			AppendNumbers(c, make([]uint8, rows))
		default:
			AppendNumbers(c, make([]int64, rows))
		}
	}
}

// AppendRows appends the given rows of src to dst, both of one kind of batch.
func AppendRows(dst, src Batch, rows []int32) {
	if len(rows) > 0 {
		AppendColumnRows(dst.Columns(), src.Columns(), rows)
	}
}

// AppendColumnRows is AppendRows for callers that keep the columns of a batch: they
// stay valid while the batch is appended to.
func AppendColumnRows(dst, src []Column, rows []int32) {
	for i, c := range dst {
		c.data.appendRows(src[i].data, rows)
	}
}

// AppendAll appends all rows of src to dst, both of one kind of batch.
func AppendAll(dst, src Batch) {
	from := src.Columns()
	for i, c := range dst.Columns() {
		c.data.appendAll(from[i].data)
	}
}

// Room is how much rows take, by column, so that room for them can be made at once.
type Room struct {
	rows int
	text []int // bytes of text, by column
}

// Add counts the rows of b in.
func (r *Room) Add(b Batch) {
	columns := b.Columns()
	if r.text == nil {
		r.text = make([]int, len(columns))
	}
	r.rows += b.Len()
	for i, c := range columns {
		if text, ok := c.data.(*Text); ok {
			r.text[i] += len(text.Data)
		}
	}
}

// Join counts in what another has counted.
func (r *Room) Join(other *Room) {
	if other.text == nil {
		return
	}
	if r.text == nil {
		r.text = make([]int, len(other.text))
	}
	r.rows += other.rows
	for i, bytes := range other.text {
		r.text[i] += bytes
	}
}

// Fits says that the rows fit one batch: the offsets of its texts are 32 bits wide.
func (r *Room) Fits() bool {
	for _, bytes := range r.text {
		if bytes > math.MaxInt32 {
			return false
		}
	}
	return r.rows < math.MaxInt32
}

// Make makes room in dst for the rows that were counted.
func (r *Room) Make(dst Batch) {
	if r.text == nil {
		return
	}
	for i, c := range dst.Columns() {
		c.data.grow(r.rows)
		if text, ok := c.data.(*Text); ok {
			text.Data = slices.Grow(text.Data, r.text[i])
		}
	}
}

// Reset empties b and keeps its memory for reuse.
func Reset(b Batch) {
	for _, c := range b.Columns() {
		c.data.reset()
	}
}

// Grow makes room for that many more rows.
func Grow(b Batch, rows int) {
	for _, c := range b.Columns() {
		c.data.grow(rows)
	}
}

// Bytes is the memory that the rows of b take.
func Bytes(b Batch) int64 { return ColumnBytes(b.Columns()) }

// ColumnBytes is the memory that the rows of columns take.
func ColumnBytes(columns []Column) int64 {
	var sum int64
	for _, c := range columns {
		sum += c.data.bytes()
	}
	return sum
}
