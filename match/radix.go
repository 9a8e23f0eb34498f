package match

import (
	"math/bits"
	"slices"
)

const (
	few  = 24   // keys that are sorted by insertion
	many = 2048 // keys that are distributed by one byte alone
)

// sortFully sorts keys in any order; spare is as long as keys. Comparing costs a
// jump that cannot be foretold, so keys are first distributed by bytes, least
// significant first (radix sort): by the leading bytes in which they differ at all,
// as many as tell n keys apart. Numbers share leading bytes, such as a date, and
// have ten values a byte. What these bytes leave together is sorted again by the next
// that differ, and by comparison in the end. Many keys may be of several formats,
// which one byte tells apart.
func sortFully(keys, spare []sortKey, compare func(a, b sortKey) int) {
	if len(keys) <= few {
		insert(keys, compare)
		return
	}
	var first, second uint64 // bits that differ
	for i := range keys {
		first |= keys[i].first ^ keys[0].first
		second |= keys[i].second ^ keys[0].second
	}
	var byFirst, bySecond uint64 // bytes that keys are distributed by
	need := bits.Len(uint(len(keys)))
	if len(keys) > many {
		need = 1
	}
	for shift := 56; shift >= 0 && need > 0; shift -= 8 {
		if differ := bits.OnesCount8(uint8(first >> shift)); differ > 0 {
			byFirst |= 0xff << shift
			need -= differ
		}
	}
	for shift := 56; shift >= 0 && need > 0; shift -= 8 {
		if differ := bits.OnesCount8(uint8(second >> shift)); differ > 0 {
			bySecond |= 0xff << shift
			need -= differ
		}
	}
	if byFirst|bySecond == 0 {
		slices.SortFunc(keys, compare)
		return
	}
	from, to := keys, spare
	for shift := 0; shift < 64; shift += 8 {
		if bySecond>>shift&0xff != 0 {
			distribute(from, to, func(k *sortKey) uint8 { return uint8(k.second >> shift) })
			from, to = to, from
		}
	}
	for shift := 0; shift < 64; shift += 8 {
		if byFirst>>shift&0xff != 0 {
			distribute(from, to, func(k *sortKey) uint8 { return uint8(k.first >> shift) })
			from, to = to, from
		}
	}
	for start := 0; start < len(from); {
		end := start + 1
		for end < len(from) && (from[end].first^from[start].first)&byFirst == 0 && (from[end].second^from[start].second)&bySecond == 0 {
			end++
		}
		sortFully(from[start:end], to[start:end], compare)
		start = end
	}
	copy(keys, from) // which they may be
}

// distribute moves keys in the order of a byte, those that agree in it in the order
// in which they come.
func distribute(from, to []sortKey, digit func(k *sortKey) uint8) {
	var place [256]int32
	for i := range from {
		place[digit(&from[i])]++
	}
	next := int32(0)
	for d, n := range place {
		place[d] = next
		next += n
	}
	for i := range from {
		d := digit(&from[i])
		to[place[d]] = from[i]
		place[d]++
	}
}

func insert(keys []sortKey, compare func(a, b sortKey) int) {
	for i := 1; i < len(keys); i++ {
		k, at := keys[i], i
		for ; at > 0 && compare(k, keys[at-1]) < 0; at-- {
			keys[at] = keys[at-1]
		}
		keys[at] = k
	}
}
