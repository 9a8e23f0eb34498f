package settlement

import (
	"bytes"
	"math"
	"reflect"
	"slices"
)

// Packed is rows of one kind of batch as they wait between two stages, in an order
// of the caller's: a column whose rows all agree is held once, every other in memory
// of exactly its size. Rows of a file agree in half of their columns.
type Packed struct {
	rows    int
	columns []packedColumn
}

// packedColumn is a column of Packed.
type packedColumn interface {
	bytes() int64
	// appendTo appends rows [from, until) to a column of the kind that was packed.
	appendTo(dst columnData, from, until int)
	// appendRows appends the given rows to such a column.
	appendRows(dst columnData, rows []int32)
	// text is the bytes of text in rows [from, until).
	text(from, until int) int
	// agrees says that all rows of both columns hold one value.
	agrees(with packedColumn) bool
}

// Pack packs the given rows of a batch by its columns. Nothing of the batch is kept.
func Pack(columns []Column, rows []int32) *Packed {
	p := &Packed{rows: len(rows), columns: make([]packedColumn, len(columns))}
	for i, c := range columns {
		p.columns[i] = c.data.pack(rows)
	}
	return p
}

// PackedOver lays packed rows over a batch, whose memory they share.
func PackedOver(b Batch) *Packed {
	columns := b.Columns()
	p := &Packed{rows: b.Len(), columns: make([]packedColumn, len(columns))}
	for i, c := range columns {
		p.columns[i] = c.data.packed()
	}
	return p
}

// Len is the number of rows.
func (p *Packed) Len() int { return p.rows }

// Bytes is the memory that the rows take.
func (p *Packed) Bytes() (sum int64) {
	for _, c := range p.columns {
		sum += c.bytes()
	}
	return sum
}

// Piece is rows [From, Until) of packed rows.
type Piece struct {
	Rows        *Packed
	From, Until int
}

// AppendPieces appends pieces to the columns of a batch; to those of the given names
// alone, where there are any.
func AppendPieces(dst []Column, pieces []Piece, names ...string) {
	for i, c := range dst {
		if len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		for _, p := range pieces {
			p.Rows.columns[i].appendTo(c.data, p.From, p.Until)
		}
	}
}

// AppendPieceRows appends rows of pieces to the columns of a batch: row n is the n-th
// of all pieces together. What a column needs is brought together in scratch, the
// columns of another batch, first; it may hold some of them already, all others of a
// type share one there.
func AppendPieceRows(dst, scratch []Column, pieces []Piece, rows []int32) {
	shared := map[reflect.Type]columnData{}
	for i, c := range dst {
		if one := sameInAll(pieces, i); one != nil {
			for done := 0; done < len(rows); {
				n := min(len(rows)-done, one.Until-one.From)
				one.Rows.columns[i].appendTo(c.data, one.From, one.From+n)
				done += n
			}
			continue
		}
		from := scratch[i].data
		if from.len() == 0 {
			kind := reflect.TypeOf(from)
			if shared[kind] == nil {
				shared[kind] = from
			}
			from = shared[kind]
			from.reset()
			for _, p := range pieces {
				p.Rows.columns[i].appendTo(from, p.From, p.Until)
			}
		}
		c.data.appendRows(from, rows)
	}
	for _, column := range shared {
		column.reset()
	}
}

// sameInAll returns a piece where all rows of all pieces agree in a column.
func sameInAll(pieces []Piece, column int) *Piece {
	var first *Piece
	for i := range pieces {
		p := &pieces[i]
		if p.From == p.Until {
			continue
		}
		if first == nil {
			first = p
		}
		if !first.Rows.columns[column].agrees(p.Rows.columns[column]) {
			return nil
		}
	}
	return first
}

// packedFixed is rows of fixed width: values, or n times same.
type packedFixed[T comparable] struct {
	same   T
	values []T
}

func (f fixed[T]) pack(rows []int32) packedColumn {
	src := *f.values
	if len(rows) == 0 {
		return packedFixed[T]{}
	}
	first := src[rows[0]]
	at := 1
	for at < len(rows) && src[rows[at]] == first {
		at++
	}
	if at == len(rows) {
		return packedFixed[T]{same: first}
	}
	switch src := any(f.values).(type) {
	case *[]Amount:
		if packed, ok := packNarrow(*src, rows); ok {
			return packed
		}
	case *[]int64:
		if packed, ok := packNarrow(*src, rows); ok {
			return packed
		}
	}
	values := make([]T, len(rows))
	for i, r := range rows {
		values[i] = src[r]
	}
	return packedFixed[T]{values: values}
}

func (f fixed[T]) slice() any { return f.values }

func (f fixed[T]) packed() packedColumn { return packedFixed[T]{values: *f.values} }

func (p packedFixed[T]) agrees(with packedColumn) bool {
	other, ok := with.(packedFixed[T])
	return ok && p.values == nil && other.values == nil && p.same == other.same
}

func (p packedFixed[T]) bytes() int64      { return fixed[T]{values: &p.values}.bytes() }
func (p packedFixed[T]) text(_, _ int) int { return 0 }
func (p packedFixed[T]) appendTo(dst columnData, from, until int) {
	values := dst.(fixed[T]).values
	if p.values != nil {
		*values = append(*values, p.values[from:until]...)
		return
	}
	all, added := more(*values, until-from)
	for i := range added {
		added[i] = p.same
	}
	*values = all
}

func (p packedFixed[T]) appendRows(dst columnData, rows []int32) {
	if p.values == nil {
		p.appendTo(dst, 0, len(rows))
		return
	}
	dst.appendRows(fixed[T]{values: &p.values}, rows)
}

// packedNarrow is amounts or counts that lie so close together that their distance
// from the smallest takes half the memory.
type packedNarrow[T ~int64] struct {
	least T
	above []uint32
}

func packNarrow[T ~int64](src []T, rows []int32) (p packedNarrow[T], ok bool) {
	least, most := src[rows[0]], src[rows[0]]
	for _, r := range rows {
		least, most = min(least, src[r]), max(most, src[r])
	}
	if uint64(most)-uint64(least) > math.MaxUint32 {
		return p, false
	}
	p = packedNarrow[T]{least, make([]uint32, len(rows))}
	for i, r := range rows {
		p.above[i] = uint32(src[r] - least)
	}
	return p, true
}

func (p packedNarrow[T]) bytes() int64             { return 4 * int64(len(p.above)) }
func (p packedNarrow[T]) text(_, _ int) int        { return 0 }
func (p packedNarrow[T]) agrees(packedColumn) bool { return false }

func (p packedNarrow[T]) appendTo(dst columnData, from, until int) {
	values := valuesOf[T](dst)
	all, added := more(*values, until-from)
	for i, above := range p.above[from:until] {
		added[i] = p.least + T(above)
	}
	*values = all
}

func (p packedNarrow[T]) appendRows(dst columnData, rows []int32) {
	values := valuesOf[T](dst)
	all, added := more(*values, len(rows))
	for i, r := range rows {
		added[i] = p.least + T(p.above[r])
	}
	*values = all
}

// valuesOf is the slice behind a column of that type.
func valuesOf[T ~int64](column columnData) *[]T {
	return any(column).(interface{ slice() any }).slice().(*[]T)
}

// packedText is texts of one length, or texts that end at ends, or one text for all
// rows.
type packedText struct {
	kind  textKind
	width int     // of every text, where they have one length
	ends  []int32 // of every text in data, where they differ
	data  []byte
}

type textKind uint8

const (
	sameText textKind = iota
	oneLength
	differing
)

func (t *Text) pack(rows []int32) packedColumn {
	if len(rows) == 0 || len(t.Data) == 0 {
		return packedText{}
	}
	first, size, oneWidth := t.At(int(rows[0])), 0, true
	for _, r := range rows {
		n := int(t.Offsets[r+1] - t.Offsets[r])
		size += n
		oneWidth = oneWidth && n == len(first)
	}
	same := oneWidth
	for i := 1; same && i < len(rows); i++ {
		same = bytes.Equal(t.At(int(rows[i])), first)
	}
	if same {
		return packedText{data: bytes.Clone(first)}
	}
	data := make([]byte, size)
	if oneWidth {
		t.gatherWidth(data, len(first), rows)
		return packedText{kind: oneLength, width: len(first), data: data}
	}
	ends := make([]int32, len(rows))
	t.gather(data, 0, ends, rows)
	return packedText{kind: differing, ends: ends, data: data}
}

func (t *Text) packed() packedColumn {
	if len(t.Data) == 0 {
		return packedText{}
	}
	return packedText{kind: differing, ends: t.Offsets[1:], data: t.Data}
}

func (p packedText) agrees(with packedColumn) bool {
	other := with.(packedText)
	return p.kind == sameText && other.kind == sameText && bytes.Equal(p.data, other.data)
}

func (p packedText) bytes() int64 { return int64(len(p.data)) + 4*int64(len(p.ends)) }

// span is where the data of rows [from, until) lies.
func (p packedText) span(from, until int) (start, end int32) {
	switch {
	case p.kind == sameText || from == until:
		return 0, 0
	case p.kind == oneLength:
		return int32(from * p.width), int32(until * p.width)
	case from > 0:
		start = p.ends[from-1]
	}
	return start, p.ends[until-1]
}

func (p packedText) text(from, until int) int {
	if p.kind == sameText {
		return len(p.data) * (until - from)
	}
	start, end := p.span(from, until)
	return int(end - start)
}

func (p packedText) appendTo(dst columnData, from, until int) {
	if from == until {
		return
	}
	t := dst.(*Text)
	if len(t.Offsets) == 0 {
		t.Offsets = append(t.Offsets, 0)
	}
	n, end := len(t.Offsets), int32(len(t.Data))
	offsets := slices.Grow(t.Offsets, until-from)[:n+until-from]
	start, stop := p.span(from, until)
	t.Data = append(t.Data, p.data[start:stop]...)
	switch p.kind {
	case sameText:
		for i := n; i < len(offsets); i++ {
			t.Data = append(t.Data, p.data...)
			end += int32(len(p.data))
			offsets[i] = end
		}
	case oneLength:
		for i := n; i < len(offsets); i++ {
			end += int32(p.width)
			offsets[i] = end
		}
	default:
		for i, e := range p.ends[from:until] {
			offsets[n+i] = e + end - start
		}
	}
	t.Offsets = offsets
}

func (p packedText) appendRows(dst columnData, rows []int32) {
	if p.kind == sameText {
		p.appendTo(dst, 0, len(rows))
		return
	}
	t := dst.(*Text)
	for _, r := range rows {
		t.Append(p.at(r))
	}
}

// at is the text of a row.
func (p *packedText) at(row int32) []byte {
	switch {
	case p.kind == sameText:
		return p.data
	case p.kind == oneLength:
		start := int(row) * p.width
		return p.data[start : start+p.width]
	case row == 0:
		return p.data[:p.ends[0]]
	}
	return p.data[p.ends[row-1]:p.ends[row]]
}

// AddPacked counts rows [from, until) in.
func (r *Room) AddPacked(p *Packed, from, until int) {
	if r.text == nil {
		r.text = make([]int, len(p.columns))
	}
	r.rows += until - from
	for i, c := range p.columns {
		r.text[i] += c.text(from, until)
	}
}
