package match

import "reconcile/settlement"

// keyTable finds groups by the key of their rows: open addressing, at most three
// quarters full.
type keyTable struct {
	groups []keyGroup
	mask   uint64
}

// The two sides of a group.
const (
	lineSide  = 0
	eventSide = 1
)

// keyGroup is the rows under one key, by side: the last, from 1, and how many, up to
// 255. The others hang on the last.
type keyGroup struct {
	key   uint64
	last  [2]int32
	rows  [2]uint8
	clear bool // nothing is left of it
}

// keyedRows is the rows of one side.
type keyedRows struct {
	index settlement.PieceIndex
	at    []int32 // by row, where its group is, −1 for none
	next  []int32 // by row, another of its group, −1 for none
}

// reset empties the table and makes room for the keys of so many rows.
func (t *keyTable) reset(rows int) {
	size := 16
	for size*3 < rows*4 {
		size *= 2
	}
	t.groups = filled(t.groups, size, keyGroup{})
	t.mask = uint64(size) - 1
}

// find returns where the group of a key is. The keys of a bucket share their top bits.
func (t *keyTable) find(key uint64) int32 {
	for at := key & t.mask; ; at = (at + 1) & t.mask {
		g := &t.groups[at]
		if g.key == key || g.last == [2]int32{} {
			g.key = key
			return int32(at)
		}
	}
}

// group puts the rows of accepted files into their groups.
func (r *keyedRows) group(t *keyTable, keys []uint64, files []int32, accepted func(file int32) bool, side int) {
	r.at, r.next = filled(r.at, len(keys), -1), filled(r.next, len(keys), -1)
	for i, key := range keys {
		if !accepted(files[i]) {
			continue
		}
		at := t.find(key)
		g := &t.groups[at]
		r.at[i], r.next[i] = at, g.last[side]-1
		g.last[side] = int32(i) + 1
		if g.rows[side] < 255 {
			g.rows[side]++
		}
	}
}

// suspects returns the rows whose group is not clear.
func (t *keyTable) suspects(at []int32) (rows []int32) {
	for i, g := range at {
		if g >= 0 && !t.groups[g].clear {
			rows = append(rows, int32(i))
		}
	}
	return rows
}
