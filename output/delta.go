package output

import (
	"encoding/binary"
	"math/bits"
)

// DELTA_BINARY_PACKED, as the Parquet format defines it: a header, then blocks of
// 128 differences, each less the block's smallest and packed in four groups of 32
// with as many bits as its largest needs:
//
//	[128][4][count][first value]  [smallest][w0 w1 w2 w3][32×w0 bits]…  [smallest]…
//
// Amounts and times need two to five bytes this way, in which nothing is left to
// compress. Numbers are LEB128; first and smallest values zigzag. Differences wrap at
// 64 bits.
const (
	deltaBlock  = 128
	deltaGroups = 4
	deltaGroup  = deltaBlock / deltaGroups
)

// appendDeltas appends values; of none the header alone.
func appendDeltas(dst []byte, values []int64) []byte {
	if len(values) == 0 {
		return appendDeltaHeader(dst, 0, 0)
	}
	dst = appendDeltaHeader(dst, len(values), values[0])
	last := values[0]
	for values = values[1:]; len(values) > 0; {
		n := min(len(values), deltaBlock)
		var deltas [deltaBlock]uint64
		smallest := values[0] - last
		for i, v := range values[:n] {
			d := v - last
			last = v
			deltas[i] = uint64(d)
			smallest = min(smallest, d)
		}
		dst = appendBlock(dst, &deltas, n, smallest)
		values = values[n:]
	}
	return dst
}

func appendDeltaHeader(dst []byte, count int, first int64) []byte {
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaGroups)
	dst = binary.AppendUvarint(dst, uint64(count))
	return binary.AppendVarint(dst, first)
}

// appendBlock appends n differences. Groups beyond n have the width 0 and no body;
// a group that is filled in part is filled up with zeros.
func appendBlock(dst []byte, deltas *[deltaBlock]uint64, n int, smallest int64) []byte {
	dst = binary.AppendVarint(dst, smallest)
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for g := 0; g*deltaGroup < n; g++ {
		group := deltas[g*deltaGroup : (g+1)*deltaGroup]
		used := min(n-g*deltaGroup, deltaGroup)
		var all uint64
		for i := range group {
			if i < used {
				group[i] -= uint64(smallest)
			} else {
				group[i] = 0
			}
			all |= group[i]
		}
		width := bits.Len64(all)
		dst[at+g] = byte(width)
		dst = appendPacked(dst, group, width)
	}
	return dst
}

// appendPacked appends the lowest width bits of each value, lowest first. The
// values are 32, so the bits fill whole bytes.
func appendPacked(dst []byte, values []uint64, width int) []byte {
	if width == 0 {
		return dst
	}
	var word uint64
	filled := 0
	for _, v := range values {
		word |= v << filled
		if filled += width; filled >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, word)
			filled -= 64
			word = v >> (width - filled) // nothing where width is filled: a shift by 64 gives 0
		}
	}
	for ; filled > 0; filled -= 8 {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// appendSameDeltas appends the value n times: what appendDeltas gives for equal
// values.
func appendSameDeltas(dst []byte, value int64, n int) []byte {
	if n == 0 {
		return appendDeltaHeader(dst, 0, 0)
	}
	dst = appendDeltaHeader(dst, n, value)
	for n--; n > 0; n -= deltaBlock {
		dst = append(dst, 0, 0, 0, 0, 0)
	}
	return dst
}
