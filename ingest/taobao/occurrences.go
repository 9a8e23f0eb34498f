package taobao

import (
	"slices"

	"reconcile/settlement"
)

// occurrences numbers statement lines of the same identity. Equal ones have the same time,
// and exports go forward or back in time: while the lines of a file do so, only those of the
// same moment are looked at. A file in another order has all its identities in a map.
type occurrences struct {
	ids   []settlement.ID // while the file is in order, of all lines so far
	since int             // of those, the first of the last moment
	last  settlement.Instant
	order int                      // of time: 1 forward, -1 back, 0 not yet known
	times map[settlement.ID]uint32 // nil while the file is in order
}

// manyOfAMoment is how many lines of one moment are compared one by one.
const manyOfAMoment = 64

// add counts a line once more and returns how often its identity had occurred.
func (o *occurrences) add(id settlement.ID, at settlement.Instant) (before uint32) {
	if o.times == nil && !o.inOrder(at) {
		o.times = make(map[settlement.ID]uint32, 2*len(o.ids))
		for _, id := range o.ids {
			o.times[id]++
		}
		o.ids = nil
	}
	if o.times != nil {
		before = o.times[id]
		o.times[id] = before + 1
		return before
	}
	for _, other := range o.ids[o.since:] {
		if other == id {
			before++
		}
	}
	if len(o.ids) == cap(o.ids) {
		o.ids = slices.Grow(o.ids, max(len(o.ids), manyOfAMoment)) // twice the room: less is copied
	}
	o.ids = append(o.ids, id)
	return before
}

// inOrder says that a line at a moment goes on in the order of the lines so far, and that
// not too many are of the same moment.
func (o *occurrences) inOrder(at settlement.Instant) bool {
	order := 1
	switch {
	case len(o.ids) == 0:
		o.last = at
		return true
	case at == o.last:
		return len(o.ids)-o.since < manyOfAMoment
	case at < o.last:
		order = -1
	}
	if o.order == -order {
		return false
	}
	o.order, o.last, o.since = order, at, len(o.ids)
	return true
}
