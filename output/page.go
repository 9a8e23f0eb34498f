package output

import (
	"encoding/binary"
	"math/bits"
)

// The layout of a column chunk, as the Parquet format defines it (the zstd frames are
// those of frame.go and ids.go):
//
//	[page header][zstd: dictionary values, PLAIN]         only with a dictionary
//	[page header][zstd: definition levels, values]        one for every pageRows rows
//
// Definition levels (nullable columns only) are a 4-byte length and an RLE or
// bit-packed run of width 1; 1 means that the row has a value. Values of null rows
// are left out. Page headers are Thrift in its compact protocol.
//
// arrow-go's own column writers are not used: they make a new zstd encoder for
// every page (0.8 ms and 4.6 MB each), box every text of a dictionary, and keep
// references into the caller's buffers for their statistics.

// pageRows is the number of rows of a data page: three fill a row group, and a
// page of ids is about a megabyte.
const pageRows = MaxRowGroup / 3

// Encodings and page types of the format's Thrift definition.
const (
	encodingPlain = 0
	encodingRLE   = 3
	encodingDict  = 8 // RLE_DICTIONARY

	pageData       = 0
	pageDictionary = 2
)

// appendDataPageHeader appends the PageHeader of a version 1 data page.
func appendDataPageHeader(dst []byte, rows, rawBytes, bytes, encoding int) []byte {
	dst = appendPageSizes(dst, pageData, rawBytes, bytes)
	dst = append(dst, 2<<4|12) // field 5: DataPageHeader, a struct
	dst = appendField(dst, rows)
	dst = appendField(dst, encoding)
	dst = appendField(dst, encodingRLE) // of definition levels
	dst = appendField(dst, encodingRLE) // of repetition levels, of which there are none
	return append(dst, 0, 0)
}

// appendDictionaryPageHeader appends the PageHeader of a dictionary page.
func appendDictionaryPageHeader(dst []byte, values, rawBytes, bytes int) []byte {
	dst = appendPageSizes(dst, pageDictionary, rawBytes, bytes)
	dst = append(dst, 4<<4|12) // field 7: DictionaryPageHeader, a struct
	dst = appendField(dst, values)
	dst = appendField(dst, encodingPlain)
	return append(dst, 0, 0)
}

func appendPageSizes(dst []byte, pageType, rawBytes, bytes int) []byte {
	dst = appendField(dst, pageType)
	dst = appendField(dst, rawBytes)
	return appendField(dst, bytes)
}

// appendField appends an i32 as the Thrift field after the one before it.
func appendField(dst []byte, value int) []byte {
	dst = append(dst, 1<<4|5)
	return binary.AppendUvarint(dst, uint64(value)<<1) // zigzag of a value that is never negative
}

// appendLevels appends the definition levels of a page: valid[i] is 1 where row i
// has a value, 0 where it is null.
func appendLevels(dst []byte, valid []byte, nulls int) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	switch nulls {
	case 0:
		dst = append(binary.AppendUvarint(dst, uint64(len(valid))<<1), 1)
	case len(valid):
		dst = append(binary.AppendUvarint(dst, uint64(len(valid))<<1), 0)
	default:
		dst = binary.AppendUvarint(dst, uint64((len(valid)+7)/8)<<1|1)
		dst = appendBits(dst, valid)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendBits packs bytes of 0 or 1 into bits, lowest first, the last byte filled
// up with zeros.
func appendBits(dst []byte, values []byte) []byte {
	for len(values) >= 8 {
		// Gathers the lowest bit of each of the 8 bytes into the top byte.
		dst = append(dst, byte(binary.LittleEndian.Uint64(values)*0x0102040810204080>>56))
		values = values[8:]
	}
	if len(values) > 0 {
		var last byte
		for i, v := range values {
			last |= v << i
		}
		dst = append(dst, last)
	}
	return dst
}

// appendIndices appends the values of a dictionary-encoded page: the width in
// bits, then one run, of repeats where all are equal, else bit-packed.
func appendIndices(dst []byte, indices []uint32, entries int) []byte {
	width := max(bits.Len32(uint32(entries-1)), 1)
	dst = append(dst, byte(width))
	if len(indices) == 0 {
		return dst
	}
	first, equal := indices[0], true
	for _, v := range indices {
		if v != first {
			equal = false
			break
		}
	}
	if equal {
		dst = binary.AppendUvarint(dst, uint64(len(indices))<<1)
		for b := 0; b < (width+7)/8; b++ {
			dst = append(dst, byte(first>>(8*b)))
		}
		return dst
	}
	groups := (len(indices) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	end := len(dst) + groups*width
	var pending uint64
	have := 0
	for _, v := range indices {
		pending |= uint64(v) << have
		for have += width; have >= 8; have -= 8 {
			dst = append(dst, byte(pending))
			pending >>= 8
		}
	}
	if have > 0 {
		dst = append(dst, byte(pending))
	}
	for len(dst) < end {
		dst = append(dst, 0)
	}
	return dst
}
