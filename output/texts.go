package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Texts are DELTA_BYTE_ARRAY: of each is written how much of its beginning it shares
// with the one before it in the page, and the rest:
//
//	[shared lengths, DELTA_BINARY_PACKED][lengths of the rests, the same][rests]
//
// Order numbers are sorted, and a wallet's transaction numbers begin with the day:
// half of their bytes are gone before anything is compressed. The first text of a
// page shares nothing.

// texts encodes a page of texts. Engines refuse a STRING that is not UTF-8, so it is
// refused here, where the cause is near.
func (e *encoder) texts(c *partColumn, rows columnRows, stats *chunkStats) (nulls int, err error) {
	n := len(rows.offsets) - 1
	all := rows.data[rows.offsets[0]:rows.offsets[n]]
	if !utf8.Valid(all) {
		return 0, firstNotUTF8(rows)
	}
	e.valid, e.longs, e.lengths = sized(e.valid, n), sized(e.longs, n), sized(e.lengths, n)
	valid, shares, lengths := e.valid, e.longs, e.lengths
	rests := slices.Grow(e.body, len(all))
	var last []byte
	used := 0
	for i := range valid {
		text := rows.text(i)
		if len(text) == 0 && c.Nullable {
			valid[i] = 0
			continue
		}
		valid[i] = 1
		shared := sharedPrefix(last, text)
		// Where texts ascend, the ends of the ascent bound them.
		if c.sorted && (used == 0 || bytesBelow(text, last, shared)) {
			if used > 0 {
				stats.addText(last)
			}
			stats.addText(text)
		}
		shares[used], lengths[used] = int64(shared), int64(len(text)-shared)
		rests = append(rests, text[shared:]...)
		last = text
		used++
	}
	if c.sorted && used > 0 {
		stats.addText(last)
	}
	e.body = rests
	e.lead = appendDeltas(appendDeltas(e.lead, shares[:used]), lengths[:used])
	return n - used, nil
}

// sharedPrefix is the number of bytes with which both begin.
func sharedPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// bytesBelow says whether a < b, of which the first shared bytes are the same and the
// next are not.
func bytesBelow(a, b []byte, shared int) bool {
	if shared == len(a) || shared == len(b) {
		return len(a) < len(b)
	}
	return a[shared] < b[shared]
}

func firstNotUTF8(rows columnRows) error {
	for i := range len(rows.offsets) - 1 {
		if text := rows.text(i); !utf8.Valid(text) {
			return &rowError{i, fmt.Errorf("%q is not UTF-8", text)}
		}
	}
	return &rowError{0, errors.New("not UTF-8")}
}
