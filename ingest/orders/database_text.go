package orders

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"reconcile/settlement"
)

// queryText is an answer as the text of an extract: a header, then a line a row,
// in UTF-8 with LF. The hash of a statement is that of this text, so equal rows in
// equal order give an equal hash, whichever server they came from:
//
//   - an amount is yuan with as many decimals as it has, two at least where it was fen;
//   - a time is 2024-09-12 08:30:00 in Asia/Shanghai, with a fraction where there is one;
//   - NULL is nothing; so is any value of a column that is not used.
type queryText struct {
	answer answer
	source string
	kind   settlement.StatementKind
	names  []string
	cells  []func(to, value []byte) []byte // by column; nil where it is not used

	allowEmpty bool
	rows       int64 // read so far
	waiting    []byte
	ended      error // what Read returns behind waiting, nil while rows may come
	lost       error // why the database did not deliver all
}

// batchRows is how many rows are taken from the database at a time, and
// batchBytes about how much text at most.
const (
	batchRows  = 4096
	batchBytes = 256 << 10
)

// text checks the types of the answer's columns and returns its text. A
// *settlement.Refusal names every column that cannot be read.
func (q *Query) text(rows answer, kind settlement.StatementKind, m Mapping) (*queryText, error) {
	t := &queryText{answer: rows, source: q.Source(kind), kind: kind, allowEmpty: q.AllowEmpty}
	columns := rows.columns()
	if len(columns) == 0 {
		return nil, settlement.Refuse(t.fault(0, "", "give one SELECT", "the query returns no columns"))
	}
	t.cells = make([]func(to, value []byte) []byte, len(columns))
	refusal := &settlement.Refusal{Source: t.source}
	places := map[string]int{}
	for i, c := range columns {
		if i > 0 {
			t.waiting = append(t.waiting, ',')
		}
		t.waiting = appendField(t.waiting, []byte(strings.Join(strings.Fields(c.name), " ")))
		t.names = append(t.names, c.name)
		places[strings.TrimSpace(c.name)] = i
	}
	t.waiting = append(t.waiting, '\n')
	required, optional := columnsOf(kind)
	for _, list := range [][]column{required, optional} {
		for _, c := range list {
			name, _ := m.headerName(c)
			i, ok := places[name]
			if !ok {
				continue // Read says what is missing
			}
			cell, what, do := q.cell(c, columns[i])
			if what != "" {
				refusal.Add(t.fault(0, name, strings.NewReplacer("<kind>", string(kind), "<name>", name).Replace(do), what))
			}
			t.cells[i] = cell
		}
	}
	if len(refusal.Errors) > 0 {
		return nil, refusal
	}
	return t, nil
}

// fault is what is wrong in a row, or with the whole answer where row is 0.
func (t *queryText) fault(row int64, name, do, what string) *settlement.InputError {
	e := &settlement.InputError{Position: settlement.Position{File: t.source}, ColumnName: name, What: what, Do: do}
	if row > 0 {
		e.Line = row + 1
	}
	return e
}

// Read takes rows from the database as they are wanted.
func (t *queryText) Read(p []byte) (int, error) {
	for len(t.waiting) == 0 {
		if t.ended != nil {
			return 0, t.ended
		}
		t.batch()
	}
	n := copy(p, t.waiting)
	t.waiting = t.waiting[n:]
	return n, nil
}

// batch takes the next rows.
func (t *queryText) batch() {
	t.waiting = t.waiting[:0]
	for range batchRows {
		if len(t.waiting) >= batchBytes {
			return
		}
		if !t.answer.next() {
			t.end()
			return
		}
		t.rows++
		if t.ended = t.row(); t.ended != nil {
			return
		}
	}
}

// end says why there are no more rows.
func (t *queryText) end() {
	t.lost = t.answer.failure()
	switch {
	case t.lost != nil:
		t.ended = t.lost
	case t.rows == 0 && !t.allowEmpty:
		t.ended = t.fault(0, "", fmt.Sprintf("is its condition right? where a day may be without rows, set %s.sql.allow_empty: true", t.kind), "the query returned no rows")
	default:
		t.ended = io.EOF
	}
}

// row appends the current row.
func (t *queryText) row() error {
	for i, cell := range t.cells {
		if i > 0 {
			t.waiting = append(t.waiting, ',')
		}
		if cell == nil {
			continue
		}
		value := t.answer.cell(i)
		if bytes.ContainsAny(value, "\r\n\x00") {
			if value = bytes.Trim(value, " \t\r\n"); bytes.ContainsAny(value, "\r\n\x00") {
				return t.fault(t.rows, t.names[i], "take it out in the query", "a line break or a NUL inside the value")
			}
		}
		if !utf8.Valid(value) {
			return t.fault(t.rows, t.names[i], "convert it in the query, or correct the column's character set", "not UTF-8")
		}
		t.waiting = cell(t.waiting, value)
	}
	t.waiting = append(t.waiting, '\n')
	return nil
}

// appendField appends a field of CSV.
func appendField(to, value []byte) []byte {
	if bytes.IndexByte(value, '"') < 0 && bytes.IndexByte(value, ',') < 0 {
		return append(to, value...)
	}
	to = append(to, '"')
	for _, c := range value {
		if c == '"' {
			to = append(to, '"')
		}
		to = append(to, c)
	}
	return append(to, '"')
}
