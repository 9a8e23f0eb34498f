package alipay

import (
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// field returns field i of text without the tabs that end it. ends holds the
// offset behind each field.
func field(text []byte, ends []int32, i int) []byte {
	start := int32(0)
	if i > 0 {
		start = ends[i-1] + 1
	}
	return withoutTabs(text[start:ends[i]])
}

func withoutTabs(text []byte) []byte {
	for n := len(text); n > 0 && text[n-1] == '\t'; n-- {
		text = text[:n-1]
	}
	return text
}

// withoutBlanks trims blanks and tabs on both sides.
func withoutBlanks(text []byte) []byte {
	for len(text) > 0 && text[0] <= ' ' {
		text = text[1:]
	}
	for n := len(text); n > 0 && text[n-1] <= ' '; n-- {
		text = text[:n-1]
	}
	return text
}

// maxExtra is how many commas of free text are sorted out in one row.
const maxExtra = 16

// anchor finds the fields of a row with more commas than its header, because free
// text holds some. It tries every way to give the additional commas to the
// columns of free text, and takes a way in which all times, amounts and the 业务类型
// are what they must be. If several ways do, they must agree on every column that
// is read. An amount with thousands separators must not pass as two fields: so
// amounts must have the wallet's own form, and none that is read may stand right
// behind free text. ends is the offset behind each field with every comma taken for
// a separator, and becomes the offset behind each field of the header; else why says
// what is wrong.
func (h *header) anchor(text []byte, ends []int32, types *typeWords) (fields []int32, why string) {
	width := len(h.names)
	extra := len(ends) - width
	if extra <= 0 || extra > maxExtra || len(h.free) == 0 || h.moneyBehindText {
		return ends, "the row has a wrong number of fields"
	}
	var found [maxColumns]int32
	ways, agree := 0, true
	var give func(free, left int, shares []int)
	give = func(free, left int, shares []int) {
		if free == len(h.free)-1 {
			var try [maxColumns]int32
			h.distribute(ends, append(shares, left), try[:width])
			if !h.fits(text, try[:width], types) {
				return
			}
			if ways++; ways == 1 {
				found = try
			} else if !h.sameCells(text, found[:width], try[:width]) {
				agree = false
			}
			return
		}
		for share := 0; share <= left; share++ {
			give(free+1, left-share, append(shares, share))
		}
	}
	give(0, extra, make([]int, 0, len(h.free)))
	switch {
	case ways == 0:
		return ends, "the row has too many fields, and no reading of commas in its free text (" + h.freeNames() + ") makes sense"
	case !agree:
		return ends, "the row has too many fields, and commas in its free text (" + h.freeNames() + ") can be read in several ways"
	}
	return append(ends[:0], found[:width]...), ""
}

func (h *header) freeNames() string {
	var names []string
	for _, i := range h.free {
		names = append(names, h.names[i])
	}
	return strings.Join(names, ", ")
}

// distribute writes the end of each field to ends, where free column i takes
// shares[i] commas more than its own.
func (h *header) distribute(at []int32, shares []int, ends []int32) {
	next, free := 0, 0
	for i := range ends {
		if free < len(h.free) && h.free[free] == i {
			next += shares[free]
			free++
		}
		ends[i] = at[next]
		next++
	}
}

// fits says that every field looks as its column does.
func (h *header) fits(text []byte, ends []int32, types *typeWords) bool {
	for i, s := range h.shapes {
		var err error
		switch cell := field(text, ends, i); s {
		case instant:
			_, err = settlement.ParseInstant(cell)
		case money:
			if !isPlainMoney(cell) {
				return false
			}
		case sideMoney:
			if blank := withoutBlanks(cell); len(blank) > 0 && string(blank) != "0" && !isPlainMoney(blank) {
				return false
			}
		case digits:
			if !delimited.IsDigits(withoutBlanks(cell)) {
				return false
			}
		case typeWord:
			if types.kind(cell) == settlement.NoKind {
				return false
			}
		}
		if err != nil {
			return false
		}
	}
	return len(h.sides) == 0 || slices.ContainsFunc(h.sides, func(i int) bool { return i >= 0 && len(withoutBlanks(field(text, ends, i))) > 0 })
}

// isPlainMoney tells an amount as the wallet prints it: two decimals, and no zeros
// to lead.
func isPlainMoney(cell []byte) bool {
	amount, err := settlement.ParseAmount(cell)
	if err != nil {
		return false
	}
	printed := amount.String()
	return printed == string(cell) || amount == 0 && string(cell) == "-0.00"
}

// sameCells says that two readings of a row agree on all that is kept.
func (h *header) sameCells(text []byte, a, b []int32) bool {
	for _, i := range h.at {
		if i < 0 {
			continue
		}
		if string(field(text, a, i)) != string(field(text, b, i)) {
			return false
		}
	}
	return true
}
