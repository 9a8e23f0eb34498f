package pipeline

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"reconcile/settlement"
)

// arranger brings the rows of a bucket into the order of its tables: by wallet,
// order number and, where the rows have one, identity. It is fast because the
// numbers of a bucket are alike: it sorts by those bits of a number's first 16 bytes
// in which any two of the bucket differ, which a machine word holds, one digit of
// that word after the other, and looks at texts only where all those bits agree. Its
// memory serves one bucket after the other.
type arranger struct {
	prefixes   []prefix
	keys, next []radixKey
	order      []int32
}

// prefix is the wallet and the first 16 bytes of a number, zero-padded.
type prefix struct {
	high, low uint64
	wallet    uint8
}

type radixKey struct {
	bits uint64
	row  int32
}

// prefixOf reads beyond no number: short ones are padded.
func prefixOf(wallet settlement.Wallet, number []byte) prefix {
	if len(number) >= 16 {
		return prefix{binary.BigEndian.Uint64(number), binary.BigEndian.Uint64(number[8:]), uint8(wallet)}
	}
	var padded [16]byte
	copy(padded[:], number)
	return prefix{binary.BigEndian.Uint64(padded[:]), binary.BigEndian.Uint64(padded[8:]), uint8(wallet)}
}

// arrange returns the rows for which keep is true in their order. The result is
// valid until the next call.
func (a *arranger) arrange(wallets []settlement.Wallet, numbers *settlement.Text, ids []settlement.ID, keep func(i int) bool) []int32 {
	a.prefixes, a.keys = a.prefixes[:0], a.keys[:0]
	var differ prefix
	for i, wallet := range wallets {
		if !keep(i) {
			continue
		}
		p := prefixOf(wallet, numbers.At(i))
		a.prefixes = append(a.prefixes, p)
		a.keys = append(a.keys, radixKey{row: int32(i)})
		first := &a.prefixes[0]
		differ.wallet |= p.wallet ^ first.wallet
		differ.high |= p.high ^ first.high
		differ.low |= p.low ^ first.low
	}
	take := extraction(differ)
	for i, p := range a.prefixes {
		a.keys[i].bits = take.of(p)
	}
	a.radix(take.width)
	a.order = a.order[:0]
	compare := func(x, y int32) int {
		return cmp.Or(cmp.Compare(wallets[x], wallets[y]), bytes.Compare(numbers.At(int(x)), numbers.At(int(y))), ids[x].Compare(ids[y]), cmp.Compare(x, y))
	}
	for from := 0; from < len(a.keys); {
		to := from
		for to < len(a.keys) && a.keys[to].bits == a.keys[from].bits {
			a.order = append(a.order, a.keys[to].row)
			to++
		}
		if to-from > 1 {
			slices.SortFunc(a.order[from:to], compare)
		}
		from = to
	}
	return a.order
}

// extract says which bits of a prefix make up a key: of each byte that differs
// anywhere its low bits, from the highest that differs on. They keep their order, so
// keys compare as prefixes do.
type extract struct {
	pieces []piece
	width  int // of the key, at most 64: what comes behind is left to the texts
}

type piece struct {
	word  int // 0 the wallet, 1 high, 2 low
	shift int
	width int
}

func extraction(differ prefix) (e extract) {
	for word, differ := range [...]uint64{uint64(differ.wallet), differ.high, differ.low} {
		for shift := 56; shift >= 0; shift -= 8 {
			width := bits.Len8(uint8(differ >> shift))
			if e.width+width > 64 {
				return e
			}
			if width > 0 {
				e.pieces = append(e.pieces, piece{word, shift, width})
				e.width += width
			}
		}
	}
	return e
}

func (e *extract) of(p prefix) (key uint64) {
	words := [3]uint64{uint64(p.wallet), p.high, p.low}
	for _, piece := range e.pieces {
		key = key<<piece.width | words[piece.word]>>piece.shift&(1<<piece.width-1)
	}
	return key
}

// radix sorts the keys by their bits, rows of equal bits staying as they stand.
func (a *arranger) radix(width int) {
	const digit = 11
	a.next = slices.Grow(a.next[:0], len(a.keys))[:len(a.keys)]
	var start [1 << digit]int32
	for shift := 0; shift < width; shift += digit {
		clear(start[:])
		for i := range a.keys {
			start[a.keys[i].bits>>shift&(1<<digit-1)]++
		}
		at := int32(0)
		for d, n := range start {
			start[d] = at
			at += n
		}
		for _, k := range a.keys {
			d := k.bits >> shift & (1<<digit - 1)
			a.next[start[d]] = k
			start[d]++
		}
		a.keys, a.next = a.next, a.keys
	}
}
