package output

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"reconcile/settlement"
)

// columnRows is some rows of one column as plain slices, of which the one that
// fits the column's type is used. It either shares the memory of a record or owns
// a copy of rows that wait for their row group to fill.
type columnRows struct {
	ids     []byte  // id: 16 bytes a row, two native-endian words
	offsets []int32 // text: row i is data[offsets[i]:offsets[i+1]]
	data    []byte
	codes   []uint8 // word, flag
	narrow  []int32 // file, rate, day
	wide    []int64 // money, instant, count
}

const idBytes = 16

// rowsOf lays a columnRows over an Arrow column.
func rowsOf(t settlement.ColumnType, column arrow.Array) (columnRows, error) {
	if column.NullN() > 0 {
		return columnRows{}, fmt.Errorf("the record has a validity bitmap, which batches do not have")
	}
	n := column.Len()
	switch t {
	case settlement.TypeID:
		if a, ok := column.(*array.FixedSizeBinary); ok && a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth == idBytes {
			if n == 0 {
				return columnRows{}, nil
			}
			raw := a.Data().Buffers()[1].Bytes()
			from := a.Data().Offset() * idBytes
			return columnRows{ids: raw[from : from+n*idBytes]}, nil
		}
	case settlement.TypeText:
		if a, ok := column.(*array.String); ok {
			if n == 0 {
				return columnRows{offsets: []int32{0}}, nil
			}
			return columnRows{offsets: a.ValueOffsets(), data: a.Data().Buffers()[2].Bytes()}, nil
		}
	case settlement.TypeWord, settlement.TypeFlag:
		if a, ok := column.(*array.Uint8); ok {
			return columnRows{codes: a.Uint8Values()}, nil
		}
	case settlement.TypeFile, settlement.TypeRate, settlement.TypeDay:
		if a, ok := column.(*array.Int32); ok {
			return columnRows{narrow: a.Int32Values()}, nil
		}
	case settlement.TypeMoney, settlement.TypeInstant, settlement.TypeCount:
		if a, ok := column.(*array.Int64); ok {
			return columnRows{wide: a.Int64Values()}, nil
		}
	}
	return columnRows{}, fmt.Errorf("a %s column cannot be written from Arrow type %s", t, column.DataType())
}

// slice returns rows [from, to) of a column of type t without copying.
func (r *columnRows) slice(t settlement.ColumnType, from, to int) (out columnRows) {
	switch t {
	case settlement.TypeID:
		out.ids = r.ids[from*idBytes : to*idBytes]
	case settlement.TypeText:
		out.offsets, out.data = r.offsets[from:to+1], r.data
	case settlement.TypeWord, settlement.TypeFlag:
		out.codes = r.codes[from:to]
	case settlement.TypeFile, settlement.TypeRate, settlement.TypeDay:
		out.narrow = r.narrow[from:to]
	default:
		out.wide = r.wide[from:to]
	}
	return out
}

// text returns text i.
func (r *columnRows) text(i int) []byte { return r.data[r.offsets[i]:r.offsets[i+1]] }

// add appends a copy of more, a slice of the same column type.
func (r *columnRows) add(more columnRows) {
	r.ids = append(r.ids, more.ids...)
	r.codes = append(r.codes, more.codes...)
	r.narrow = append(r.narrow, more.narrow...)
	r.wide = append(r.wide, more.wide...)
	if len(more.offsets) == 0 {
		return
	}
	if len(r.offsets) == 0 {
		r.offsets = append(r.offsets, 0)
	}
	first, last := more.offsets[0], more.offsets[len(more.offsets)-1]
	shift := int32(len(r.data)) - first
	r.data = append(r.data, more.data[first:last]...)
	r.offsets = slices.Grow(r.offsets, len(more.offsets)-1)
	for _, end := range more.offsets[1:] {
		r.offsets = append(r.offsets, end+shift)
	}
}

// reset empties r and keeps its memory.
func (r *columnRows) reset() {
	r.ids, r.offsets, r.data = r.ids[:0], r.offsets[:0], r.data[:0]
	r.codes, r.narrow, r.wide = r.codes[:0], r.narrow[:0], r.wide[:0]
}
