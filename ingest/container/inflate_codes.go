package container

import (
	"fmt"
	"math/bits"
	"sync"
)

// codeTable finds the symbol of a Huffman code by the next bits of the stream: the
// first ones lead to an entry, or where the code is longer to a table of its own.
//
//	entry: [value: 16 bits][flags: 4][bits behind the code: 4][bits of the code: 8]
//
// The value is a literal, a length, a distance, or where the further table begins.
type codeTable struct{ entries []uint32 }

const (
	isLink    = 1 << 12
	isInvalid = 1 << 13
	isEnd     = 1 << 14
	isLiteral = 1 << 15
	isUnusual = isLink | isInvalid | isEnd

	longestCode  = 15
	literalBits  = 11
	distanceBits = 8

	endOfBlock = 256
)

// literalEntries and distanceEntries are the entries of symbols, without their codes.
var literalEntries, distanceEntries = func() (literals, distances [288]uint32) {
	for v := range endOfBlock {
		literals[v] = uint32(v)<<16 | isLiteral
	}
	literals[endOfBlock] = isEnd
	length := uint32(3)
	for s := endOfBlock + 1; s < len(literals); s++ {
		extra := uint32(max(s-261, 0)) / 4
		switch {
		case s == 285:
			literals[s] = longestMatch << 16
		case s > 285:
			literals[s] = isInvalid
		default:
			literals[s] = length<<16 | extra<<8
		}
		length += 1 << extra
	}
	back := uint32(1)
	for s := range distances {
		extra := uint32(max(s-2, 0)) / 2
		if s >= 30 {
			distances[s] = isInvalid
			continue
		}
		distances[s] = back<<16 | extra<<8
		back += 1 << extra
	}
	return literals, distances
}()

// fixedCodes are the codes of blocks that bring none.
var fixedCodes = sync.OnceValue(func() *[2]codeTable {
	var lengths [288]uint8
	for s := range lengths {
		switch {
		case s < 144, s >= 280:
			lengths[s] = 8
		case s < 256:
			lengths[s] = 9
		default:
			lengths[s] = 7
		}
	}
	var t [2]codeTable
	t[0].build(lengths[:], &literalEntries, literalBits)
	for s := range 32 {
		lengths[s] = 5
	}
	t[1].build(lengths[:32], &distanceEntries, distanceBits)
	return &t
})

// build makes the table of a code by the lengths of its symbols, 0 for those without.
// It returns false where there is no such code: not all bits lead to a symbol, or some
// to several. A single code of one bit is one, as is none at all.
func (t *codeTable) build(lengths []uint8, symbols *[288]uint32, width int) bool {
	var count [longestCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	var next [longestCode + 1]int
	code := 0
	for n := 1; n <= longestCode; n++ {
		code <<= 1
		next[n] = code
		code += count[n]
	}
	if used > 0 && code != 1<<longestCode && (used != 1 || count[1] != 1) {
		return false
	}
	if cap(t.entries) < 1<<width {
		t.entries = make([]uint32, 1<<width, 1<<width+2048)
	}
	t.entries = t.entries[:1<<width]
	for i := range t.entries {
		t.entries[i] = isInvalid
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		entry := symbols[s] | uint32(n)
		if int(n) <= width {
			for at := reversed; at < 1<<width; at += 1 << n {
				t.entries[at] = entry
			}
			continue
		}
		link := &t.entries[reversed&(1<<width-1)]
		if *link&isLink == 0 {
			*link = uint32(len(t.entries))<<16 | isLink
			for range 1 << (longestCode - width) {
				t.entries = append(t.entries, isInvalid)
			}
			link = &t.entries[reversed&(1<<width-1)]
		}
		further := t.entries[*link>>16:][:1<<(longestCode-width)]
		for at := reversed >> width; at < len(further); at += 1 << (int(n) - width) {
			further[at] = entry
		}
	}
	return true
}

// codeOrder is the order in which the lengths of the code for lengths stand.
var codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block.
func (f *inflater) readCodes() error {
	sizes, err := f.take(14)
	if err != nil {
		return err
	}
	literals, distances, given := int(sizes&31)+257, int(sizes>>5&31)+1, int(sizes>>10)+4
	if literals > 286 || distances > 30 {
		return fmt.Errorf("%w: too many codes", errCorrupt)
	}
	var lengths [286 + 30]uint8
	for _, symbol := range codeOrder[:given] {
		n, err := f.take(3)
		if err != nil {
			return err
		}
		lengths[symbol] = uint8(n)
	}
	var plain [288]uint32
	for v := range len(codeOrder) {
		plain[v] = uint32(v) << 16
	}
	// A code for lengths has at most seven bits; the table is used again at once.
	t := f.distance
	if !t.build(lengths[:len(codeOrder)], &plain, distanceBits) {
		return fmt.Errorf("%w: the code for lengths", errCorrupt)
	}
	clear(lengths[:])
	for at := 0; at < literals+distances; {
		e, err := f.symbol(t, distanceBits)
		if err != nil {
			return err
		}
		value, repeat := uint8(e>>16), 1
		if value >= 16 {
			if repeat, value, err = f.repeated(value, lengths[:at]); err != nil {
				return err
			}
		}
		if at+repeat > literals+distances {
			return fmt.Errorf("%w: too many lengths", errCorrupt)
		}
		for range repeat {
			lengths[at] = value
			at++
		}
	}
	if !f.literals.build(lengths[:literals], &literalEntries, literalBits) ||
		!f.distance.build(lengths[literals:literals+distances], &distanceEntries, distanceBits) {
		return fmt.Errorf("%w: a code", errCorrupt)
	}
	return nil
}

// repeated reads how often a length comes, by one of the symbols for that.
func (f *inflater) repeated(symbol uint8, before []uint8) (times int, length uint8, err error) {
	width, least := uint(2), 3
	switch symbol {
	case 16:
		if len(before) == 0 {
			return 0, 0, fmt.Errorf("%w: nothing to repeat", errCorrupt)
		}
		length = before[len(before)-1]
	case 17:
		width = 3
	default:
		width, least = 7, 11
	}
	more, err := f.take(width)
	return least + int(more), length, err
}
