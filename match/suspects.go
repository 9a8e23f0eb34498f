package match

import (
	"bytes"
	"math/bits"

	"reconcile/settlement"
)

// Suspects returns the rows of those groups of a bucket that can leave something to
// pass 3, ascending: all but those that are plain, and those of events alone that
// carry nothing to be claimed by. Rows of files that are not accepted are left out.
//
// It looks at few columns (the wallet's and the merchant's numbers, amounts, kind and
// state), which is all that the batches need to have, and at most groups once: a table
// of the rows' keys tells which line and which event are alone under a number.
func Suspects(rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events, accepted func(file int32) bool) (lineRows, eventRows []int32) {
	if memory == nil {
		memory = &Memory{}
	}
	b := memory.take(rules)
	defer memory.give(b)
	b.lines, b.events = lines, events
	t := &b.keys
	t.reset(len(lines.Key) + len(events.Key))
	lineAt, eventAt := filled(t.lineAt, len(lines.Key), -1), filled(t.eventAt, len(events.Key), -1)
	t.lineAt, t.eventAt = lineAt, eventAt
	for i, key := range lines.Key {
		if accepted(lines.File[i]) {
			at := t.find(key)
			lineAt[i] = at
			g := &t.groups[at]
			g.lines = min(g.lines+1, 2)
			g.line = int32(i)
		}
	}
	for i, key := range events.Key {
		if accepted(events.File[i]) {
			at := t.find(key)
			eventAt[i] = at
			g := &t.groups[at]
			g.events = min(g.events+1, 2)
			g.event = int32(i)
			g.claimable = g.claimable || len(events.ProviderTxnID.At(i)) > 0 || events.Link[i].Inferred()
		}
	}
	for at := range t.groups {
		g := &t.groups[at]
		switch {
		case g.lines == 0:
			g.clear = !g.claimable
		case g.lines == 1 && g.events == 1:
			g.clear = b.plain(g.line, g.event) && bytes.Equal(lineKey(lines, g.line), eventKey(events, g.event))
		}
	}
	rows := func(at []int32) (rows []int32) {
		for i, g := range at {
			if g >= 0 && !t.groups[g].clear {
				rows = append(rows, int32(i))
			}
		}
		return rows
	}
	return rows(lineAt), rows(eventAt)
}

// keyTable finds rows by their key: open addressing, at most half full.
type keyTable struct {
	groups          []keyGroup
	mask            uint64
	lineAt, eventAt []int32 // where the group of a row is, −1 for none
}

// keyGroup is the rows under one key: how many, up to two, and the last of each side.
type keyGroup struct {
	key           uint64
	line, event   int32
	lines, events uint8
	used          bool
	claimable     bool // an event carries something that pass 3 can claim it by
	clear         bool // nothing is left of it
}

// reset empties the table and makes room for the keys of so many rows.
func (t *keyTable) reset(rows int) {
	width := bits.Len(uint(2*rows + 1))
	t.groups = filled(t.groups, 1<<width, keyGroup{})
	t.mask = 1<<width - 1
}

// find returns where the group of a key is. The keys of a bucket share their top bits.
func (t *keyTable) find(key uint64) int32 {
	for at := key & t.mask; ; at = (at + 1) & t.mask {
		g := &t.groups[at]
		if !g.used {
			g.key, g.used = key, true
			return int32(at)
		}
		if g.key == key {
			return int32(at)
		}
	}
}
