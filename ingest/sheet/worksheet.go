package sheet

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"reconcile/settlement"
)

// worksheet is one sheet of a workbook, read row by row.
type worksheet struct {
	book   *workbook
	name   string
	tokens *tokens
	closer io.Closer

	seen  bool // sheetData
	row   int
	cells []Cell
	text  []byte
	bytes int // of the row's texts
}

func (s *worksheet) next() (int, []Cell, error) {
	for {
		token, err := s.tokens.next()
		if err == io.EOF && !s.seen { //nolint:errorlint // next returns it as it is
			return 0, nil, fault(0, 0, adviceFetch, "%s holds no rows: it is no worksheet", s.tokens.name)
		}
		if err != nil {
			return s.row, nil, err
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "sheetData":
			s.seen = true
		case "row":
			if !s.seen {
				continue
			}
			err := s.readRow(e)
			return s.row, s.cells, err
		}
	}
}

func (s *worksheet) readRow(e xml.StartElement) error {
	row := s.row + 1
	if number := attribute(e, "r"); number != "" {
		stated, err := strconv.Atoi(number)
		if err != nil || stated < row {
			return fault(s.row, 0, adviceFetch, "sheet %s: a row %.20q behind row %d", s.name, number, s.row)
		}
		row = stated
	}
	if row > maxRows {
		return fault(s.row, 0, adviceDistill, "sheet %s has more than %d rows", s.name, maxRows)
	}
	s.row, s.cells, s.bytes = row, s.cells[:0], 0
	for depth := s.tokens.depth; s.tokens.depth >= depth; {
		token, err := s.tokens.next()
		if err != nil {
			return s.placed(unexpected(s.tokens, err), 0)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "c" {
			if err := s.readCell(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// placed gives an error that came up in a cell its row and column.
func (s *worksheet) placed(err error, column int) error { return placed(err, s.row, column) }

func (s *worksheet) readCell(e xml.StartElement) error {
	column := len(s.cells) + 1
	if name := attribute(e, "r"); name != "" {
		stated, ok := columnOf(name, s.row)
		if !ok || stated < column {
			return fault(s.row, column, adviceFetch, "sheet %s: a cell %.20q where %s is expected", s.name, name, cellName(column, s.row))
		}
		column = stated
	}
	if column > maxColumns {
		return fault(s.row, 0, adviceFetch, "sheet %s: a row of more than %d columns", s.name, maxColumns)
	}
	for len(s.cells) < column-1 {
		s.cells = append(s.cells, Cell{})
	}
	value, formula, err := s.content()
	if err != nil {
		return s.placed(err, column)
	}
	if formula && !value {
		return fault(s.row, column, "open the file in a spreadsheet and save it again, or save the values alone",
			"sheet %s: the formula in %s has no value", s.name, cellName(column, s.row))
	}
	if s.bytes += len(s.text); len(s.text) > maxCell || s.bytes > maxRow {
		return fault(s.row, column, adviceDistill, "sheet %s: a cell of more than %d bytes, or a row of more than %d", s.name, maxCell, maxRow)
	}
	cell, err := s.cell(attribute(e, "t"), attribute(e, "s"), column)
	s.cells = append(s.cells, cell)
	return err
}

// content reads a cell into s.text: its value (v), which a formula (f) should have, or
// its own text (is).
func (s *worksheet) content() (value, formula bool, err error) {
	s.text = s.text[:0]
	inValue := false
	for depth := s.tokens.depth; s.tokens.depth >= depth; {
		token, err := s.tokens.next()
		if err != nil {
			return false, false, unexpected(s.tokens, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "v":
				value, inValue = true, true
			case "f":
				formula = true
			case "is":
				if s.text, err = richText(s.tokens, s.text); err != nil {
					return false, false, err
				}
				value = true
			}
		case xml.EndElement:
			inValue = false
		case xml.CharData:
			if inValue && len(s.text) <= maxCell {
				s.text = append(s.text, token...)
			}
		}
	}
	return value, formula, nil
}

// cell makes a Cell of s.text by the cell's type.
func (s *worksheet) cell(kind, style string, column int) (Cell, error) {
	text := string(s.text)
	switch kind {
	case "s":
		index, err := strconv.Atoi(strings.TrimSpace(text))
		shared, ok := s.book.strings.at(index)
		if text == "" {
			return Cell{}, nil
		}
		if s.bytes += len(shared); err != nil || !ok || s.bytes > maxRow {
			return Cell{}, fault(s.row, column, adviceFetch, "sheet %s: %s refers to text %.20q of the workbook, which has %d",
				s.name, cellName(column, s.row), text, len(s.book.strings.ends))
		}
		return Cell{Text: shared}, nil
	case "inlineStr", "str":
		return Cell{Text: unescaped(text)}, nil
	case "b":
		return Cell{Text: map[string]string{"0": "FALSE", "1": "TRUE"}[text]}, nil
	case "d":
		return Cell{Text: isoMoment(text)}, nil
	case "e":
		return Cell{Text: text}, nil // #N/A: whether it matters is for those who need the column
	case "", "n":
		if text == "" {
			return Cell{}, nil
		}
		plain, ok := decimal(strings.TrimSpace(text))
		if !ok {
			return Cell{}, fault(s.row, column, adviceFetch, "sheet %s: %s is %q and no number", s.name, cellName(column, s.row), settlement.Masked(text))
		}
		if index, err := strconv.Atoi(style); err == nil && index >= 0 && index < len(s.book.times) && s.book.times[index] {
			if moment, ok := moment(plain, s.book.since1904); ok {
				return Cell{Text: moment}, nil
			}
		}
		return Cell{Text: plain, Number: true}, nil
	}
	return Cell{}, fault(s.row, column, adviceDistill, "sheet %s: %s has the unknown type %.20q", s.name, cellName(column, s.row), kind)
}

// isoMoment writes 2024-09-12T08:30:00.000 as the wallets do.
func isoMoment(text string) string {
	text, _ = strings.CutSuffix(text, "Z")
	day, clock, found := strings.Cut(text, "T")
	if !found {
		return text
	}
	clock, fraction, _ := strings.Cut(clock, ".")
	if strings.Trim(fraction, "0") != "" {
		return text
	}
	return day + " " + clock
}

// columnOf is the column of a cell's name, which must lie in row.
func columnOf(name string, row int) (column int, ok bool) {
	at := 0
	for ; at < len(name) && name[at] >= 'A' && name[at] <= 'Z' && at < 4; at++ {
		column = column*26 + int(name[at]-'A') + 1
	}
	return column, at > 0 && name[at:] == strconv.Itoa(row)
}

// cellName is the name of a cell, such as B3.
func cellName(column, row int) string {
	name := ""
	for ; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name + strconv.Itoa(row)
}
