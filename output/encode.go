package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/parquet"

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
	longs   []int64  // of a page: numbers, or what texts share, before they are packed
	lengths []int64  // of a page: lengths of texts, before they are packed
	lead    []byte   // of a page: what comes before its values' bytes
	body    []byte   // of a page: its values' bytes; of ids those of the rows
	head    []byte   // levels and lead
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

// encodePage fills e.lead, e.body and, for a nullable column, e.valid with the rows.
// It returns how many are null.
func (e *encoder) encodePage(c *partColumn, rows columnRows, stats *chunkStats) (nulls int, err error) {
	e.lead, e.body = e.lead[:0], e.body[:0]
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
	if c.encoding == parquet.Encodings.Plain {
		e.body = appendPlain(e.body, out[:n])
	} else {
		e.body = appendDeltas(e.body, out[:n])
	}
	return len(rows) - n, nil
}

// appendPlain appends values as PLAIN has them: eight bytes each, little endian.
func appendPlain(dst []byte, values []int64) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 8*len(values))[:at+8*len(values)]
	for i, v := range values {
		binary.LittleEndian.PutUint64(dst[at+8*i:], uint64(v))
	}
	return dst
}

// narrow encodes rates and days.
func (e *encoder) narrow(c *partColumn, rows []int32, stats *chunkStats) (nulls int, err error) {
	null := int32(settlement.NoDay)
	if c.Type == settlement.TypeRate {
		null = int32(settlement.NoRate)
	}
	e.valid = sized(e.valid, len(rows))
	out := sized(e.body, 4*len(rows))
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
	e.body = out[:n]
	return len(rows) - n/4, nil
}

// flags encodes booleans, which no table has nullable.
func (e *encoder) flags(rows []uint8) (nulls int, err error) {
	for i, v := range rows {
		if v > 1 {
			return 0, &rowError{i, fmt.Errorf("a flag of %d", v)}
		}
	}
	e.body = appendBits(e.body, rows)
	return 0, nil
}

// ids leaves the rows of ids in the body, for packIDs to encode, and their lengths in
// the lead, which are all equal.
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
	e.lead = appendSameDeltas(e.lead, settlement.IDLength, n-nulls)
	if nulls == 0 {
		e.body = append(e.body, rows...)
		return 0, nil
	}
	for i := range n {
		if e.valid[i] != 0 {
			e.body = append(e.body, rows[i*idBytes:(i+1)*idBytes]...)
		}
	}
	return nulls, nil
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
