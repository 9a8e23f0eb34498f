package settlement

// PieceIndex finds the rows of pieces where they lie: row n is the n-th of all pieces
// together. For a look at a few texts of many rows that costs less than bringing the
// texts together. Its memory serves one set of pieces after the other.
type PieceIndex struct {
	pieces []Piece
	of     []int32 // by row, its piece
	first  []int32 // by piece, the row that the first of its packed rows would be
}

// Lay lays the index over pieces.
func (x *PieceIndex) Lay(pieces []Piece) {
	x.pieces, x.of, x.first = pieces, x.of[:0], x.first[:0]
	for i, p := range pieces {
		x.first = append(x.first, int32(len(x.of)-p.From))
		for range p.Until - p.From {
			x.of = append(x.of, int32(i))
		}
	}
}

// Len is the number of rows.
func (x *PieceIndex) Len() int { return len(x.of) }

// Texts is the texts of a column, as columns name and number it: those of the kind of
// batch that was packed.
func (x *PieceIndex) Texts(columns []Column, name string) PieceTexts {
	t := PieceTexts{of: x.of, at: make([]placedText, len(x.pieces))}
	for i, c := range columns {
		if c.Name != name {
			continue
		}
		for n, p := range x.pieces {
			t.at[n] = placedText{p.Rows.columns[i].(packedText), x.first[n]}
		}
	}
	return t
}

// PieceTexts is a text column of pieces.
type PieceTexts struct {
	of []int32
	at []placedText // by piece
}

type placedText struct {
	packedText
	first int32
}

// At returns the text of a row. It shares the memory of the pieces.
func (t *PieceTexts) At(row int32) []byte {
	p := &t.at[t.of[row]]
	return p.at(row - p.first)
}

// AppendFewRows is AppendPieceRows for few rows, which must be ascending. It goes column
// by column: each of these rows has to be fetched from memory, and of one column the
// processor fetches several at a time.
func AppendFewRows(dst []Column, pieces []Piece, rows []int32) {
	own := make([]int32, len(rows)) // within their piece
	var parts []fewRows
	first, done := 0, 0
	for _, p := range pieces {
		from := done
		for done < len(rows) && int(rows[done]) < first+p.Until-p.From {
			own[done] = rows[done] - int32(first-p.From)
			done++
		}
		first += p.Until - p.From
		if from < done {
			parts = append(parts, fewRows{p.Rows, own[from:done]})
		}
	}
	for i, c := range dst {
		for _, part := range parts {
			part.of.columns[i].appendRows(c.data, part.rows)
		}
	}
}

// fewRows is some rows of one piece.
type fewRows struct {
	of   *Packed
	rows []int32
}
