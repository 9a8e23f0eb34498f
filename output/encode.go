package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"reconcile/settlement"
)

// errNoValue says that a batch lacks a value where the table promises one.
var errNoValue = errors.New("no value in a column that is never null")

// rowError says in which row of a page or chunk the value stands that cannot be
// written; the writer turns it into a row of the part.
type rowError struct {
	row int
	err error
}

func (e *rowError) Error() string { return e.err.Error() }
func (e *rowError) Unwrap() error { return e.err }

// encoder holds the buffers in which a column becomes pages. All of them are
// reused from page to page, column to column and part to part.
type encoder struct {
	valid   []byte   // of the rows of the chunk or page: 1 has a value, 0 is null
	values  []byte   // values of a page
	longs   []int64  // of a page, before they are packed
	page    []byte   // a page before compression, where levels come first
	packed  []byte   // a page after compression
	header  []byte   // a page header
	indices []uint32 // of a dictionary column, one for each row that is not null
	dict    dictionary
}

// chunkStats are the statistics of one column chunk.
type chunkStats struct {
	nulls    int64
	any      bool // min and max are set
	min, max int64
	minText  []byte // shares memory with the rows; copied into the footer
	maxText  []byte
	sum      settlement.Amount // of a money column
}

// encodePage fills e.values and, for a nullable column, e.valid with the rows.
// It returns how many are null.
func (e *encoder) encodePage(c *partColumn, rows columnRows, stats *chunkStats) (nulls int, err error) {
	e.values = e.values[:0]
	switch c.Type {
	case settlement.TypeMoney, settlement.TypeInstant, settlement.TypeCount:
		nulls, err = e.wide(c, rows.wide, stats)
	case settlement.TypeRate, settlement.TypeDay:
		nulls, err = e.narrow(c, rows.narrow, stats)
	case settlement.TypeFlag:
		nulls, err = e.flags(rows.codes)
	case settlement.TypeID:
		nulls, err = e.ids(c, rows.ids)
	case settlement.TypeText:
		nulls, err = e.texts(c, rows, stats)
	default: // words and files come here only where a chunk's dictionary is empty
		nulls = len(rows.codes) + len(rows.narrow)
		e.valid = sized(e.valid, nulls)
		clear(e.valid)
	}
	stats.nulls += int64(nulls)
	return nulls, err
}

// wide encodes int64 values. The sentinel of all three types is the same number.
func (e *encoder) wide(c *partColumn, rows []int64, stats *chunkStats) (nulls int, err error) {
	const null = int64(settlement.NoAmount)
	e.valid = sized(e.valid, len(rows))
	out := sized(e.longs, len(rows))
	money := c.Type == settlement.TypeMoney
	low, high, sum, n := stats.min, stats.max, stats.sum, 0
	if !stats.any {
		low, high = int64(^uint64(0)>>1), null
	}
	for i, v := range rows {
		if v == null {
			if !c.Nullable {
				return 0, &rowError{i, errNoValue}
			}
			e.valid[i] = 0
			continue
		}
		if money {
			a := settlement.Amount(v)
			if a > settlement.MaxAmount || a < -settlement.MaxAmount {
				return 0, &rowError{i, fmt.Errorf("%s: %w", a, settlement.ErrNumberRange)}
			}
			if sum, err = sum.Add(a); err != nil {
				return 0, &rowError{i, err}
			}
		}
		e.valid[i] = 1
		out[n] = v
		n++
		low, high = min(low, v), max(high, v)
	}
	e.longs = out
	if n > 0 {
		stats.any, stats.min, stats.max, stats.sum = true, low, high, sum
	}
	e.values = appendDeltas(e.values[:0], out[:n])
	return len(rows) - n, nil
}

// narrow encodes rates and days.
func (e *encoder) narrow(c *partColumn, rows []int32, stats *chunkStats) (nulls int, err error) {
	null := int32(settlement.NoDay)
	if c.Type == settlement.TypeRate {
		null = int32(settlement.NoRate)
	}
	e.valid = sized(e.valid, len(rows))
	out := sized(e.values, 4*len(rows))
	n := 0
	for i, v := range rows {
		if v == null {
			if !c.Nullable {
				return 0, &rowError{i, errNoValue}
			}
			e.valid[i] = 0
			continue
		}
		if c.Type == settlement.TypeRate && (v < 0 || v > 999_999_999) {
			return 0, &rowError{i, fmt.Errorf("a rate of %d millionths", v)}
		}
		e.valid[i] = 1
		binary.LittleEndian.PutUint32(out[n:], uint32(v))
		n += 4
		w := int64(v)
		if !stats.any {
			stats.any, stats.min, stats.max = true, w, w
		}
		stats.min, stats.max = min(stats.min, w), max(stats.max, w)
	}
	e.values = out[:n]
	return len(rows) - n/4, nil
}

// flags encodes booleans, which no table has nullable.
func (e *encoder) flags(rows []uint8) (nulls int, err error) {
	for i, v := range rows {
		if v > 1 {
			return 0, &rowError{i, fmt.Errorf("a flag of %d", v)}
		}
	}
	e.values = appendBits(e.values, rows)
	return 0, nil
}

// ids encodes the characters of each id behind their lengths, which are all equal:
// the characters are random and zstd passes over them at once when nothing stands
// between them.
func (e *encoder) ids(c *partColumn, rows []byte) (nulls int, err error) {
	n := len(rows) / idBytes
	e.valid = sized(e.valid, n)
	for i := range n {
		if binary.NativeEndian.Uint64(rows[i*idBytes:])|binary.NativeEndian.Uint64(rows[i*idBytes+8:]) != 0 {
			e.valid[i] = 1
			continue
		}
		if !c.Nullable {
			return 0, &rowError{i, errNoValue}
		}
		e.valid[i] = 0
		nulls++
	}
	out := slices.Grow(e.values[:0], 64+5*(n/deltaBlock+1)+n*settlement.IDLength)
	out = appendSameDeltas(out, settlement.IDLength, n-nulls)
	for i := range n {
		id := settlement.ID{
			Hi: binary.NativeEndian.Uint64(rows[i*idBytes:]),
			Lo: binary.NativeEndian.Uint64(rows[i*idBytes+8:]),
		}
		if e.valid[i] != 0 {
			out = id.Append(out)
		}
	}
	e.values = out
	return nulls, nil
}

// texts encodes texts as they are, with their lengths. Engines refuse a STRING
// that is not UTF-8, so it is refused here, where the cause is near.
func (e *encoder) texts(c *partColumn, rows columnRows, stats *chunkStats) (nulls int, err error) {
	n := len(rows.offsets) - 1
	all := rows.data[rows.offsets[0]:rows.offsets[n]]
	if !utf8.Valid(all) {
		return 0, firstNotUTF8(rows)
	}
	e.valid = sized(e.valid, n)
	out := slices.Grow(e.values, len(all)+4*n)
	for i := range n {
		text := rows.text(i)
		if len(text) == 0 && c.Nullable {
			e.valid[i] = 0
			nulls++
			continue
		}
		e.valid[i] = 1
		out = binary.LittleEndian.AppendUint32(out, uint32(len(text)))
		out = append(out, text...)
		if c.sorted {
			stats.addText(text)
		}
	}
	e.values = out
	return nulls, nil
}

func firstNotUTF8(rows columnRows) error {
	for i := range len(rows.offsets) - 1 {
		if text := rows.text(i); !utf8.Valid(text) {
			return &rowError{i, fmt.Errorf("%q is not UTF-8", text)}
		}
	}
	return &rowError{0, errors.New("not UTF-8")}
}

// addText widens min and max to hold text.
func (s *chunkStats) addText(text []byte) {
	if !s.any {
		s.any, s.minText, s.maxText = true, text, text
		return
	}
	if bytes.Compare(text, s.minText) < 0 {
		s.minText = text
	}
	if bytes.Compare(text, s.maxText) > 0 {
		s.maxText = text
	}
}

// sized returns a buffer of n elements of which nothing is promised, reusing buffer.
func sized[T any](buffer []T, n int) []T {
	if cap(buffer) < n {
		return make([]T, n)
	}
	return buffer[:n]
}
