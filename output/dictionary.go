package output

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"reconcile/settlement"
)

// maxDictionary is the number of distinct texts of a column chunk beyond which a
// dictionary no longer pays and the chunk is written plain.
const maxDictionary = 16_384

// dictionary numbers the distinct values of one column chunk in the order in
// which they first occur.
type dictionary struct {
	plain   []byte   // the entries, PLAIN: what the dictionary page holds
	starts  []uint32 // where entry i begins in plain, with its length before it
	hashes  []uint64 // of a text column, of entry i
	slots   []uint32 // open addressing over the hashes: entry + 1, 0 is free
	byCode  []uint32 // of words and files: entry + 1 of a code, 0 is new
	entries int
}

func (d *dictionary) reset(codes int) {
	d.plain, d.starts, d.hashes, d.entries = d.plain[:0], d.starts[:0], d.hashes[:0], 0
	clear(d.slots)
	d.byCode = slices.Grow(d.byCode[:0], codes)[:codes]
	clear(d.byCode)
}

// entry returns the text of entry i.
func (d *dictionary) entry(i uint32) []byte {
	at := d.starts[i]
	return d.plain[at+4 : at+4+binary.LittleEndian.Uint32(d.plain[at:])]
}

func (d *dictionary) add(text []byte) uint32 {
	d.starts = append(d.starts, uint32(len(d.plain)))
	d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(text)))
	d.plain = append(d.plain, text...)
	d.entries++
	return uint32(d.entries - 1)
}

// number returns the entry of text, adding it where it is new.
func (d *dictionary) number(text []byte) uint32 {
	if 2*d.entries >= len(d.slots) {
		d.grow()
	}
	hash := xxh3.Hash(text)
	mask := uint64(len(d.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		found := d.slots[at]
		if found == 0 {
			entry := d.add(text)
			d.hashes = append(d.hashes, hash)
			d.slots[at] = entry + 1
			return entry
		}
		if d.hashes[found-1] == hash && bytes.Equal(d.entry(found-1), text) {
			return found - 1
		}
	}
}

func (d *dictionary) grow() {
	d.slots = make([]uint32, max(2*len(d.slots), 256))
	mask := uint64(len(d.slots) - 1)
	for entry, hash := range d.hashes {
		at := hash & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = uint32(entry + 1)
	}
}

// index fills e.valid, e.indices and e.dict with the rows of a column chunk. It
// returns false where the texts are too many for a dictionary.
func (e *encoder) index(c *partColumn, rows columnRows, files []string, stats *chunkStats) (ok bool, err error) {
	e.indices = e.indices[:0]
	switch c.Type {
	case settlement.TypeWord:
		e.dict.reset(len(c.Words))
		err = indexCodes(e, rows.codes, c, c.Words, 1)
	case settlement.TypeFile:
		e.dict.reset(len(files))
		err = indexCodes(e, rows.narrow, c, files, 0)
	default:
		e.dict.reset(0)
		ok, err := e.indexTexts(c, rows)
		if err != nil || !ok {
			return false, err
		}
	}
	if err != nil {
		return false, err
	}
	stats.nulls = int64(len(e.valid) - len(e.indices))
	for i := range e.dict.entries {
		stats.addText(e.dict.entry(uint32(i)))
	}
	return true, nil
}

// indexCodes numbers words and files; codes below first are null.
func indexCodes[T uint8 | int32](e *encoder, rows []T, c *partColumn, names []string, first int) error {
	e.valid = sized(e.valid, len(rows))
	indices := slices.Grow(e.indices, len(rows))
	for i, code := range rows {
		if int(code) < first {
			if !c.Nullable {
				return &rowError{i, errNoValue}
			}
			e.valid[i] = 0
			continue
		}
		if int(code) >= len(names) {
			return &rowError{i, fmt.Errorf("code %d of a dictionary of %d", code, len(names))}
		}
		e.valid[i] = 1
		if e.dict.byCode[code] == 0 {
			if !utf8.ValidString(names[code]) {
				return &rowError{i, fmt.Errorf("%q is not UTF-8", names[code])}
			}
			e.dict.byCode[code] = e.dict.add([]byte(names[code])) + 1
		}
		indices = append(indices, e.dict.byCode[code]-1)
	}
	e.indices = indices
	return nil
}

// indexTexts numbers texts.
func (e *encoder) indexTexts(c *partColumn, rows columnRows) (ok bool, err error) {
	n := len(rows.offsets) - 1
	e.valid = sized(e.valid, n)
	indices := slices.Grow(e.indices, n)
	var before []byte
	var entry uint32
	for i := range n {
		text := rows.text(i)
		if len(text) == 0 && c.Nullable {
			e.valid[i] = 0
			continue
		}
		e.valid[i] = 1
		if e.dict.entries == 0 || !bytes.Equal(text, before) {
			known := e.dict.entries
			before, entry = text, e.dict.number(text)
			if e.dict.entries > known && !utf8.Valid(text) {
				return false, &rowError{i, fmt.Errorf("%q is not UTF-8", text)}
			}
			if e.dict.entries > maxDictionary {
				return false, nil
			}
		}
		indices = append(indices, entry)
	}
	e.indices = indices
	return true, nil
}
