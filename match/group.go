package match

import (
	"bytes"

	"reconcile/settlement"
)

// groups ties the lines and events of a bucket together that share the number
// under which a wallet knows their payment. Chains run through next arrays and
// end with -1; they hold rows in descending order of arrival, which nothing may
// depend on: whoever cares sorts.
type groups struct {
	lineHead, eventHead []int32
	lineNext, eventNext []int32
}

// lineKey is the number under which line i's wallet knows the payment.
func lineKey(lines *settlement.Lines, i int32) []byte {
	if key := lines.OrderNo.At(int(i)); len(key) > 0 {
		return key
	}
	return lines.ProviderTxnID.At(int(i))
}

// eventKey is the same number as event i's source knows it.
func eventKey(events *settlement.Events, i int32) []byte {
	if key := events.PaymentNo.At(int(i)); len(key) > 0 {
		return key
	}
	if key := events.OrderNo.At(int(i)); len(key) > 0 {
		return key
	}
	return events.ProviderTxnID.At(int(i))
}

// groupByPayment groups by the Key columns in an open-addressing table. The key's
// text is compared before two rows are put together: equal hashes are no proof.
func groupByPayment(lines *settlement.Lines, events *settlement.Events) *groups {
	size := 16
	for size < 2*(lines.Len()+events.Len()) {
		size *= 2
	}
	mask := uint64(size - 1)
	slots := make([]int32, size) // group number + 1
	g := &groups{lineNext: make([]int32, lines.Len()), eventNext: make([]int32, events.Len())}
	hashes := make([]uint64, 0, events.Len())

	find := func(hash uint64, text []byte) int32 {
		// The bucket is the top bits of the hash, so the table goes by the low ones.
		for slot := hash & mask; ; slot = (slot + 1) & mask {
			group := slots[slot] - 1
			if group < 0 {
				group = int32(len(hashes))
				hashes = append(hashes, hash)
				g.lineHead = append(g.lineHead, -1)
				g.eventHead = append(g.eventHead, -1)
				slots[slot] = group + 1
				return group
			}
			if hashes[group] == hash && bytes.Equal(g.key(group, lines, events), text) {
				return group
			}
		}
	}
	for i := range g.lineNext {
		group := find(lines.Key[i], lineKey(lines, int32(i)))
		g.lineNext[i] = g.lineHead[group]
		g.lineHead[group] = int32(i)
	}
	for i := range g.eventNext {
		group := find(events.Key[i], eventKey(events, int32(i)))
		g.eventNext[i] = g.eventHead[group]
		g.eventHead[group] = int32(i)
	}
	return g
}

// key is the text that the rows of a group share.
func (g *groups) key(group int32, lines *settlement.Lines, events *settlement.Events) []byte {
	if i := g.lineHead[group]; i >= 0 {
		return lineKey(lines, i)
	}
	return eventKey(events, g.eventHead[group])
}

func (g *groups) rows(head int32, next, into []int32) []int32 {
	into = into[:0]
	for i := head; i >= 0; i = next[i] {
		into = append(into, i)
	}
	return into
}
