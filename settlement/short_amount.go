package settlement

import "encoding/binary"

// What wallets print most often is read eight bytes at a time: amounts of up to five
// digits before the point. Whatever is not exactly of this form is left to
// parseDecimal, which also says what is wrong.

const (
	everyByte = 0x0101010101010101
	zeros     = '0' * everyByte
)

// areDigits says that each byte of x is a digit, 0x30 to 0x39: its upper half is 3,
// and stays 3 when 6 is added.
func areDigits(x uint64) bool {
	const upper = 0xf0 * everyByte
	return x&upper == zeros && (x+6*everyByte)&upper == zeros
}

// pairs returns in byte i the number that the digits in bytes i and i+1 of x make.
func pairs(x uint64) uint64 {
	x -= zeros
	return x*10 + x>>8
}

// shortAmount reads yuan of the forms 0.00 to 99999.99 and -0.00 to -99999.99 as fen.
func shortAmount(text []byte) (fen Amount, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	n := len(text)
	if n < 4 || n > 8 || text[n-3] != '.' {
		return 0, false
	}
	// The text at the end of eight bytes, zeros before it, without its point.
	first, last := uint64(binary.LittleEndian.Uint32(text)), uint64(binary.LittleEndian.Uint32(text[n-4:]))
	missing := uint(8-n) * 8 // bits
	x := first<<missing&0xffff_ffff | 0x3030_3030_0000_0000>>(64-missing) | last<<32
	x = x&0xffff_0000_0000_0000 | x&0xff_ffff_ffff<<8 | '0'
	if !areDigits(x) {
		return 0, false
	}
	// Pairs of digits, then fours, then all eight.
	x = pairs(x)
	const two = 0x0000_00ff_0000_00ff
	fen = Amount((x&two*(100+1_000_000<<32) + x>>16&two*(1+10_000<<32)) >> 32)
	if negative {
		fen = -fen
	}
	return fen, true
}
