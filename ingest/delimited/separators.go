package delimited

import (
	"encoding/binary"
	"math/bits"
)

const (
	everyByte = 0x0101010101010101
	low7      = 0x7f7f7f7f7f7f7f7f
)

// Separators appends to at the offsets at which text has the byte c, in order.
//
// It is fast because it looks at eight bytes at a time and because fields are short:
// a call of bytes.IndexByte for each costs three times as much.
func Separators(text []byte, c byte, at []int32) []int32 {
	wanted := uint64(c) * everyByte
	n, i := len(at), 0
	at = at[:cap(at)]
	for ; i+8 <= len(text); i += 8 {
		// A byte of x is zero where text has c. The sum sets the top bit of a byte
		// that has any other bit set, and carries into no other byte.
		x := binary.LittleEndian.Uint64(text[i:]) ^ wanted
		for found := ^(x&low7 + low7 | x | low7); found != 0; found &= found - 1 {
			if n >= len(at) {
				at = longer(at)
			}
			at[n] = int32(i + bits.TrailingZeros64(found)>>3)
			n++
		}
	}
	for ; i < len(text); i++ {
		if text[i] == c {
			if n >= len(at) {
				at = longer(at)
			}
			at[n] = int32(i)
			n++
		}
	}
	return at[:n]
}

func longer(at []int32) []int32 {
	at = append(at, 0)
	return at[:cap(at)]
}

// IsDigits says that text is nothing but ASCII digits; the empty text is. It looks at
// eight bytes at a time.
func IsDigits(text []byte) bool {
	n := len(text)
	if n < 8 {
		for _, c := range text {
			if c-'0' > 9 {
				return false
			}
		}
		return true
	}
	for i := 0; i+8 < n; i += 8 {
		if !eightDigits(binary.LittleEndian.Uint64(text[i:])) {
			return false
		}
	}
	return eightDigits(binary.LittleEndian.Uint64(text[n-8:]))
}

// eightDigits says that each byte of x is a digit, 0x30 to 0x39: its upper half is 3,
// and stays 3 when 6 is added.
func eightDigits(x uint64) bool {
	const upper, threes, sixes = 0xf0 * everyByte, 0x30 * everyByte, 6 * everyByte
	return x&upper == threes && (x+sixes)&upper == threes
}

// topBits are those of eight bytes; no ASCII character has one.
const topBits = 0x80 * everyByte

// IsASCII says that text is nothing but ASCII; the empty text is. It looks at eight bytes
// at a time.
func IsASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.LittleEndian.Uint64(text)&topBits != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
