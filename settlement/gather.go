package settlement

import (
	"encoding/binary"
	"slices"
)

// Gathering is most of what packing and arranging rows cost: texts of ten to thirty
// bytes, a call of memmove each. Here a text of up to wide bytes is moved as four
// words, whatever its length; what they write too much, the next text writes over.
// Where four words do not fit, and for longer texts, it is a copy.

const wide = 32

// gather writes the texts of rows into data from at on, one behind the other, and where
// each ends in data into ends.
func (t *Text) gather(data []byte, at int, ends, rows []int32) {
	src := t.Data
	ends = ends[:len(rows)]
	for i, r := range rows {
		start, end := int(t.Offsets[r]), int(t.Offsets[r+1])
		n := end - start
		if n <= wide && start+wide <= len(src) && at+wide <= len(data) {
			moveWide(data[at:at+wide], src[start:start+wide])
		} else {
			copy(data[at:], src[start:end])
		}
		at += n
		ends[i] = int32(at)
	}
}

// gatherWidth is gather into data from its start of texts that have one length.
func (t *Text) gatherWidth(data []byte, width int, rows []int32) {
	src, at := t.Data, 0
	for _, r := range rows {
		start := int(t.Offsets[r])
		if width <= wide && start+wide <= len(src) && at+wide <= len(data) {
			moveWide(data[at:at+wide], src[start:start+wide])
		} else {
			copy(data[at:at+width], src[start:])
		}
		at += width
	}
}

// moveWide copies wide bytes.
func moveWide(dst, src []byte) {
	_, _ = dst[wide-1], src[wide-1]
	a, b := binary.NativeEndian.Uint64(src), binary.NativeEndian.Uint64(src[8:])
	c, d := binary.NativeEndian.Uint64(src[16:]), binary.NativeEndian.Uint64(src[24:])
	binary.NativeEndian.PutUint64(dst, a)
	binary.NativeEndian.PutUint64(dst[8:], b)
	binary.NativeEndian.PutUint64(dst[16:], c)
	binary.NativeEndian.PutUint64(dst[24:], d)
}

// more returns values with room for n more at its end, and that room.
func more[T any](values []T, n int) (all, added []T) {
	had := len(values)
	all = slices.Grow(values, n)[:had+n]
	return all, all[had:]
}
