package match

import (
	"cmp"
	"encoding/binary"
	"slices"

	"reconcile/settlement"
)

// sortKey is the first 16 bytes of a number, zero-padded, with its row: most
// comparisons are settled without touching the text.
type sortKey struct {
	first, second uint64
	row           int32
}

func keyOf(number []byte, row int32) sortKey {
	if len(number) >= 16 {
		return sortKey{first: binary.BigEndian.Uint64(number), second: binary.BigEndian.Uint64(number[8:]), row: row}
	}
	var padded [16]byte
	copy(padded[:], number)
	return sortKey{first: binary.BigEndian.Uint64(padded[:]), second: binary.BigEndian.Uint64(padded[8:]), row: row}
}

// comparePrefix orders keys as far as their first bytes tell.
func comparePrefix(a, b *sortKey) int {
	if a.first != b.first {
		return cmp.Compare(a.first, b.first)
	}
	return cmp.Compare(a.second, b.second)
}

// keySorter sorts keys. It is quick where little is out of order: a key that is
// below its predecessor is set aside, those set aside are sorted, and merged in
// (drop-merge sort). Its memory serves all sorts of a worker.
type keySorter struct{ aside, spare []sortKey }

// sort sorts keys by their first bytes, then by tie, which compares rows.
func (s *keySorter) sort(keys []sortKey, tie func(x, y int32) int) {
	compare := func(a, b sortKey) int {
		if c := comparePrefix(&a, &b); c != 0 {
			return c
		}
		return tie(a.row, b.row)
	}
	kept, aside := 0, s.aside[:0]
	for i := range keys {
		k := keys[i]
		if kept > 0 {
			last := &keys[kept-1]
			if k.first < last.first || k.first == last.first && (k.second < last.second || k.second == last.second && tie(k.row, last.row) < 0) {
				aside = append(aside, k)
				continue
			}
		}
		if kept < i {
			keys[kept] = k
		}
		kept++
	}
	s.spare = slices.Grow(s.spare[:0], len(aside))[:len(aside)]
	sortFully(aside, s.spare, compare)
	s.aside = aside
	for to, left := len(keys)-1, len(aside)-1; left >= 0; to-- {
		if kept > 0 && compare(aside[left], keys[kept-1]) < 0 {
			kept--
			keys[to] = keys[kept]
		} else {
			keys[to] = aside[left]
			left--
		}
	}
}

// tableKeys are the rows of a batch on their way into the order of the tables: by
// wallet, order number and identity.
type tableKeys [settlement.Bank + 1][]sortKey

func (k *tableKeys) reset() {
	for w := range k {
		k[w] = k[w][:0]
	}
}

func (k *tableKeys) add(wallet settlement.Wallet, key sortKey) { k[wallet] = append(k[wallet], key) }

func (k *tableKeys) sort(s *keySorter, tie func(x, y int32) int) {
	for _, keys := range k {
		s.sort(keys, tie)
	}
}

// rows appends the rows in their order to into.
func (k *tableKeys) rows(into []int32) []int32 {
	for _, keys := range k {
		for i := range keys {
			into = append(into, keys[i].row)
		}
	}
	return into
}

// inPlace says that rows are the n rows of a batch, each where it stands.
func inPlace(rows []int32, n int) bool {
	if len(rows) != n {
		return false
	}
	for i, row := range rows {
		if row != int32(i) {
			return false
		}
	}
	return true
}

// tableOrder returns the rows of a table of findings in its order.
func tableOrder(of []settlement.Wallet, orderNo *settlement.Text, ids []settlement.ID) []int32 {
	return new(arrangement).order(nil, of, orderNo, ids, make([]bool, len(of)))
}

// SortMatches returns matches in the order of the table: by wallet, order number
// and identity.
func SortMatches(m *settlement.Matches) *settlement.Matches {
	sorted := &settlement.Matches{}
	settlement.AppendRows(sorted, m, tableOrder(m.Wallet, &m.OrderNo, m.ID))
	return sorted
}

// SortBreaks returns breaks in the order of the table: by wallet, order number and
// identity.
func SortBreaks(b *settlement.Breaks) *settlement.Breaks {
	sorted := &settlement.Breaks{}
	settlement.AppendRows(sorted, b, tableOrder(b.Wallet, &b.OrderNo, b.ID))
	return sorted
}
