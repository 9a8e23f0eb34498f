package output

import (
	"encoding/binary"

	"reconcile/settlement"
)

// Ids are 16 characters of 5 bits each, and the bits are random. In a Huffman code
// in which all 32 characters have 5 bits, numbered as the characters are sorted, a
// character's code is its 5 bits; the alphabet of ids is sorted. So a stream of ids
// is their bits, ten bytes each, and nothing has to be counted or looked up. Streams
// are read from their end: the ids stand in them from last to first, each little
// endian, before a byte with the bit that marks the end.
//
// The characters themselves are only made for the frame's checksum.
const (
	packedID = 10 // bytes of an id's 80 bits
	idBlock  = 4096
	// fewestCoded is from how many ids on the code and its table take fewer bytes than
	// the characters. Fewer are stored: a block that is larger than its frame's whole
	// content is against the format, and libzstd refuses the page.
	fewestCoded = 16
)

// idTable describes that code: a byte of 127 + the number of weights, then a weight
// of 4 bits for every byte value below 'v', 1 for those that occur, two in a byte,
// first one high. The last one's weight follows from the others.
var idTable = func() []byte {
	const last = 'v'
	table := make([]byte, 1+last/2)
	table[0] = 127 + last
	for v := range last {
		if v >= '0' && v <= '9' || v >= 'a' {
			table[1+v/2] |= 1 << (4 - 4*(v%2))
		}
	}
	return table
}()

// packIDs is pack for a page of head and the texts of ids, 16 bytes each in two
// native-endian words.
func (p *packer) packIDs(dst, head, ids []byte) []byte {
	n := len(ids) / idBytes
	dst = p.begin(dst, len(head)+n*settlement.IDLength)
	dst = p.blocks(dst, head, packLiterals, n == 0)
	for kind := literalsCompressed; n >= 4; kind = literalsTreeless {
		// Four streams of as many ids each; of the last block up to three are left.
		take := min(n, idBlock) &^ 3
		if kind == literalsCompressed && take < fewestCoded {
			break
		}
		dst = p.idBlock(dst, ids[:take*idBytes], kind, take == n)
		ids, n = ids[take*idBytes:], n-take
	}
	if n > 0 {
		p.text = appendIDs(p.text[:0], ids)
		dst = p.blocks(dst, p.text, packNothing, true)
	}
	return p.end(dst)
}

// idBlock appends a block of ids, a multiple of four.
func (p *packer) idBlock(dst, ids []byte, kind int, last bool) []byte {
	p.text = appendIDs(p.text[:0], ids)
	p.sum.Write(p.text)
	stream := len(ids) / 4
	size := stream/idBytes*packedID + 1
	table := idTable
	if kind == literalsTreeless {
		table = nil
	}
	dst = appendLiteralsHeaders(dst, kind, len(p.text), len(table)+6+4*size, last)
	dst = append(dst, table...)
	for range 3 { // the fourth stream's size follows from the block's
		dst = binary.LittleEndian.AppendUint16(dst, uint16(size))
	}
	for s := range 4 {
		dst = appendIDStream(dst, ids[s*stream:(s+1)*stream])
	}
	return append(dst, 0) // no sequences
}

func appendIDStream(dst, ids []byte) []byte {
	for at := len(ids) - idBytes; at >= 0; at -= idBytes {
		hi, lo := binary.NativeEndian.Uint64(ids[at:]), binary.NativeEndian.Uint64(ids[at+8:])
		dst = binary.LittleEndian.AppendUint64(dst, hi<<16|lo>>48)
		dst = binary.LittleEndian.AppendUint16(dst, uint16(hi>>48))
	}
	return append(dst, 1)
}

// appendIDs appends the texts of ids: what settlement.ID.Append appends, eight
// characters at a time.
func appendIDs(dst, ids []byte) []byte {
	for ; len(ids) >= idBytes; ids = ids[idBytes:] {
		hi, lo := binary.NativeEndian.Uint64(ids), binary.NativeEndian.Uint64(ids[8:])
		dst = binary.LittleEndian.AppendUint64(dst, eightCharacters(hi>>24))
		dst = binary.LittleEndian.AppendUint64(dst, eightCharacters(hi<<16&(1<<40-1)|lo>>48))
	}
	return dst
}

// eightCharacters spreads 40 bits over eight bytes, the highest five into the lowest
// byte, and turns each five into their character.
func eightCharacters(b uint64) uint64 {
	b = b>>20 | b&(1<<20-1)<<32
	b = b>>10&0x000003ff_000003ff | b&0x000003ff_000003ff<<16
	b = b>>5&0x001f001f_001f001f | b&0x001f001f_001f001f<<8
	letters := (b + 0x76767676_76767676) >> 7 & 0x01010101_01010101 // 1 where a byte is 10 or more
	return b + 0x30303030_30303030 + letters*('a'-10-'0')
}
