package output

import (
	"encoding/binary"
	"errors"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
)

// A page is compressed into one frame of Zstandard (RFC 8878):
//
//	[magic][frame header: size][block]…[block][low half of XXH64 of the content]
//	block:            [type, size, last?: 3 bytes][content of up to 128 KiB]
//	compressed block: [literals header: 5 bytes][Huffman table][4 streams][no sequences: 0]
//
// Looking for matches is most of what an encoder does, and on most bytes of a table
// it finds none: amounts and times are packed to their bits, and of sorted numbers
// the digits are left in which they differ. Such pages are framed here, of blocks
// that are stored or whose bytes are Huffman codes and nothing else, at 2 instead of
// 5 to 10 ns a byte; pages in which matches pay go to the encoder.
const (
	blockBytes = 128 << 10 // the format's largest block

	blockStored     = 0
	blockRepeated   = 1
	blockCompressed = 2

	literalsCompressed = 2
	literalsTreeless   = 3 // with the Huffman table of the block before
	literalsOverhead   = 6 // bytes of a block beside its table and streams

	// smallPage is the size up to which a page goes to the encoder untried.
	smallPage = 16 << 10
	// probeBytes is how much of a page is tried; it decides for the whole page.
	probeBytes = 4 << 10
)

// packer compresses pages, one after the other.
type packer struct {
	zstd  *zstd.Encoder
	huff  huff0.Scratch
	sum   xxhash.Digest
	whole []byte // a page in one piece
	probe []byte // what the encoder makes of the probe
	text  []byte // of ids
}

func newPacker() *packer {
	// Level 1, one state; every page carries a checksum, so readers notice damage.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithZeroFrames(true))
	if err != nil {
		panic("output: zstd options: " + err.Error())
	}
	return &packer{zstd: z}
}

// A packing is how a page becomes a frame.
type packing int

const (
	packMatches  packing = iota // by the encoder
	packLiterals                // Huffman codes alone
	packNothing                 // stored
)

// pack appends a page of head and body as one frame. The two have nothing in common
// and no block has bytes of both.
func (p *packer) pack(dst, head, body []byte) []byte {
	how := packMatches
	if len(body) > smallPage {
		how = p.choose(body[len(body)/2-probeBytes/2:][:probeBytes])
	}
	if how == packMatches {
		p.whole = append(append(p.whole[:0], head...), body...)
		return p.zstd.EncodeAll(p.whole, dst)
	}
	dst = p.begin(dst, len(head)+len(body))
	dst = p.blocks(dst, head, packLiterals, false)
	dst = p.blocks(dst, body, how, true)
	return p.end(dst)
}

// choose tries both ways on a part of a page. Matches must win a third of the bytes
// against Huffman codes, and those an eighth against none.
func (p *packer) choose(probe []byte) packing {
	p.probe = p.zstd.EncodeAll(probe, p.probe[:0])
	literals := len(probe)
	table, data, _, err := huff0.EstimateSizes(probe, &p.huff)
	if err == nil {
		literals = min(literals, table+data)
	}
	switch {
	case len(p.probe) < literals-literals/3:
		return packMatches
	case literals < len(probe)-len(probe)/8:
		return packLiterals
	}
	return packNothing
}

// begin appends the frame's header for content of size bytes.
func (p *packer) begin(dst []byte, size int) []byte {
	const (
		sizeIn4Bytes = 2 << 6
		oneSegment   = 1 << 5 // the window is the content
		checksum     = 1 << 2
	)
	p.sum.Reset()
	p.huff.Reuse = huff0.ReusePolicyNone
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd, sizeIn4Bytes|oneSegment|checksum)
	return binary.LittleEndian.AppendUint32(dst, uint32(size))
}

// end appends the checksum.
func (p *packer) end(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(p.sum.Sum64()))
}

// blocks appends content, which is not empty where it ends the frame: last.
func (p *packer) blocks(dst, content []byte, how packing, last bool) []byte {
	p.sum.Write(content)
	for len(content) > 0 {
		piece := content[:min(len(content), blockBytes)]
		content = content[len(piece):]
		dst = p.block(dst, piece, how, last && len(content) == 0)
	}
	return dst
}

// block appends one block.
func (p *packer) block(dst, content []byte, how packing, last bool) []byte {
	const fewest = 256 // no table pays for fewer bytes
	if how == packLiterals && len(content) >= fewest {
		packed, reused, err := huff0.Compress4X(content, &p.huff)
		switch {
		case err == nil && len(packed)+literalsOverhead < len(content):
			p.huff.Reuse = huff0.ReusePolicyAllow
			kind := literalsCompressed
			if reused {
				kind = literalsTreeless
			}
			return appendLiterals(dst, kind, len(content), packed, last)
		case errors.Is(err, huff0.ErrUseRLE):
			return append(appendBlockHeader(dst, blockRepeated, len(content), last), content[0])
		}
	}
	p.huff.Reuse = huff0.ReusePolicyNone // a table of this block is in no frame
	return append(appendBlockHeader(dst, blockStored, len(content), last), content...)
}

func appendBlockHeader(dst []byte, kind, size int, last bool) []byte {
	h := uint32(size)<<3 | uint32(kind)<<1
	if last {
		h |= 1
	}
	return append(dst, byte(h), byte(h>>8), byte(h>>16))
}

// appendLiterals appends a block of literals and no sequences. packed is the Huffman
// table, but of treeless ones, and the streams.
func appendLiterals(dst []byte, kind, size int, packed []byte, last bool) []byte {
	dst = appendLiteralsHeaders(dst, kind, size, len(packed), last)
	dst = append(dst, packed...)
	return append(dst, 0)
}

// appendLiteralsHeaders appends the headers of such a block and of its literals, in
// four streams and with sizes of 18 bits.
func appendLiteralsHeaders(dst []byte, kind, size, packed int, last bool) []byte {
	dst = appendBlockHeader(dst, blockCompressed, packed+literalsOverhead, last)
	h := uint64(kind) | 3<<2 | uint64(size)<<4 | uint64(packed)<<22
	return append(dst, byte(h), byte(h>>8), byte(h>>16), byte(h>>24), byte(h>>32))
}
