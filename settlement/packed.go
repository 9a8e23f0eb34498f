package settlement

import (
	"bytes"
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
	// text is the bytes of text in rows [from, until).
	text(from, until int) int
}

// Pack packs the given rows of a batch by its columns. Nothing of the batch is kept.
func Pack(columns []Column, rows []int32) *Packed {
	p := &Packed{rows: len(rows), columns: make([]packedColumn, len(columns))}
	for i, c := range columns {
		p.columns[i] = c.data.pack(rows)
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

// AppendTo appends rows [from, until) to the columns of a batch.
func (p *Packed) AppendTo(dst []Column, from, until int) {
	for i, c := range dst {
		p.columns[i].appendTo(c.data, from, until)
	}
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
	values := make([]T, len(rows))
	for i, r := range rows {
		values[i] = src[r]
	}
	return packedFixed[T]{values: values}
}

func (p packedFixed[T]) bytes() int64      { return fixed[T]{values: &p.values}.bytes() }
func (p packedFixed[T]) text(_, _ int) int { return 0 }
func (p packedFixed[T]) appendTo(dst columnData, from, until int) {
	values := dst.(fixed[T]).values
	if p.values != nil {
		*values = append(*values, p.values[from:until]...)
		return
	}
	n := len(*values)
	all := slices.Grow(*values, until-from)[:n+until-from]
	for i := n; i < len(all); i++ {
		all[i] = p.same
	}
	*values = all
}

// packedText is texts: text i is data[ends[i-1]:ends[i]]; or n times data, where ends
// is nil.
type packedText struct {
	ends []int32
	data []byte
}

func (t *Text) pack(rows []int32) packedColumn {
	if len(rows) == 0 || len(t.Data) == 0 {
		return packedText{}
	}
	first, size, same := t.At(int(rows[0])), 0, true
	for _, r := range rows {
		n := int(t.Offsets[r+1] - t.Offsets[r])
		size += n
		same = same && n == len(first)
	}
	for i := 1; same && i < len(rows); i++ {
		same = bytes.Equal(t.At(int(rows[i])), first)
	}
	if same {
		return packedText{data: bytes.Clone(first)}
	}
	ends, data := make([]int32, len(rows)), make([]byte, size)
	at := 0
	for i, r := range rows {
		at += copy(data[at:], t.Data[t.Offsets[r]:t.Offsets[r+1]])
		ends[i] = int32(at)
	}
	return packedText{ends, data}
}

func (p packedText) bytes() int64 { return int64(len(p.data)) + 4*int64(len(p.ends)) }

// span is the data of rows [from, until) of texts that differ.
func (p packedText) span(from, until int) []byte {
	start := int32(0)
	if from > 0 {
		start = p.ends[from-1]
	}
	if until == from {
		return nil
	}
	return p.data[start:p.ends[until-1]]
}

func (p packedText) text(from, until int) int {
	if p.ends == nil {
		return len(p.data) * (until - from)
	}
	return len(p.span(from, until))
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
	if p.ends == nil {
		for i := n; i < len(offsets); i++ {
			t.Data = append(t.Data, p.data...)
			end += int32(len(p.data))
			offsets[i] = end
		}
		t.Offsets = offsets
		return
	}
	span := p.span(from, until)
	shift := end - (p.ends[until-1] - int32(len(span)))
	for i, e := range p.ends[from:until] {
		offsets[n+i] = e + shift
	}
	t.Data = append(t.Data, span...)
	t.Offsets = offsets
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
