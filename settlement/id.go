package settlement

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/zeebo/xxh3"
)

// ID identifies a line, an event, a match or a break by what it is, never by
// where it stood: the top 80 bits of an XXH3-128 over its parts. IDs of equal
// parts are equal on every machine and every day.
type ID struct{ Hi, Lo uint64 }

// idAlphabet keeps the order of the bits, so sorting texts sorts IDs.
const idAlphabet = "0123456789abcdefghijklmnopqrstuv"

// IDLength is the length of an ID's text.
const IDLength = 16

// Append appends the 16 characters of id to dst.
func (id ID) Append(dst []byte) []byte {
	hi, lo := id.Hi, id.Lo
	var text [IDLength]byte
	for i := range text {
		text[i] = idAlphabet[hi>>59]
		hi = hi<<5 | lo>>59
		lo <<= 5
	}
	return append(dst, text[:]...)
}

// String returns the 16 characters of id.
func (id ID) String() string { return string(id.Append(nil)) }

// Compare orders IDs as their texts are ordered.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Hi, other.Hi), cmp.Compare(id.Lo, other.Lo))
}

// IDHasher builds IDs from parts. The zero value is ready; it may be reused, not
// shared between goroutines.
type IDHasher struct{ buffer []byte }

// Start begins an ID of a named family, such as "line" or "break".
func (h *IDHasher) Start(family string) *IDHasher {
	h.buffer = append(h.buffer[:0], family...)
	h.buffer = append(h.buffer, 0)
	return h
}

// Text adds a part; its length is part of the hash, so parts cannot run into
// each other.
func (h *IDHasher) Text(part []byte) *IDHasher {
	if n := len(part); n < 0x80 { // AppendUvarint for most parts, in line
		h.buffer = append(h.buffer, byte(n))
	} else {
		h.buffer = binary.AppendUvarint(h.buffer, uint64(n))
	}
	h.buffer = append(h.buffer, part...)
	return h
}

// Code adds an enumeration's code or a small number.
func (h *IDHasher) Code(code uint64) *IDHasher {
	h.buffer = binary.AppendUvarint(h.buffer, code)
	return h
}

// ID returns the identity of the parts since Start.
func (h *IDHasher) ID() ID {
	sum := xxh3.Hash128(h.buffer)
	return ID{sum.Hi, sum.Lo & idKept}
}

// idKept are the bits of the low word that an identity's text holds: all that it has.
const idKept = ^uint64(1<<48 - 1)

// ParseID reads the text of an identity; ok is false for any other text.
func ParseID(text string) (id ID, ok bool) {
	if len(text) != IDLength {
		return ID{}, false
	}
	for i := range len(text) {
		digit := strings.IndexByte(idAlphabet, text[i])
		if digit < 0 {
			return ID{}, false
		}
		id.Hi, id.Lo = id.Hi<<5|id.Lo>>59, id.Lo<<5|uint64(digit)
	}
	return ID{id.Hi<<48 | id.Lo>>16, id.Lo << 48}, true
}

// Identity adds another ID as a part.
func (h *IDHasher) Identity(id ID) *IDHasher {
	h.buffer = binary.BigEndian.AppendUint64(h.buffer, id.Hi)
	h.buffer = binary.BigEndian.AppendUint64(h.buffer, id.Lo)
	return h
}
