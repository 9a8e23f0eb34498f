package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"reconcile/settlement"
)

// xmlRows reads SpreadsheetML 2003: Workbook, Worksheet, Table, Row, Cell, Data.
type xmlRows struct {
	tokens *tokens
	sheet  string
	sheets int
	row    int
	cells  []Cell
	bytes  int
}

func newXMLRows(from io.Reader) *xmlRows {
	return &xmlRows{tokens: newTokens(from, "the workbook", maxFile)}
}

func (x *xmlRows) next() (string, int, []Cell, error) {
	for {
		token, err := x.tokens.next()
		if err == io.EOF && x.sheets == 0 { //nolint:errorlint // next returns it as it is
			return "", 0, nil, fault(0, 0, adviceFetch, "a workbook without a sheet")
		}
		if err != nil {
			return x.sheet, x.row, nil, placed(err, x.row, 0)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "Worksheet":
			x.sheet, x.row = attribute(e, "Name"), 0
			if x.sheets++; x.sheets > maxSheets {
				return x.sheet, 0, nil, fault(0, 0, adviceDistill, "a workbook of more than %d sheets", maxSheets)
			}
		case "Row":
			err := x.readRow(e)
			return x.sheet, x.row, x.cells, err
		}
	}
}

// index reads ss:Index, which skips rows or cells; it may not go back.
func index(e xml.StartElement, expected, most int) (int, bool) {
	stated := attribute(e, "Index")
	if stated == "" {
		return expected, expected <= most
	}
	n, err := strconv.Atoi(stated)
	return n, err == nil && n >= expected && n <= most
}

func (x *xmlRows) readRow(e xml.StartElement) error {
	row, ok := index(e, x.row+1, maxRows)
	if !ok {
		return fault(x.row, 0, adviceFetch, "sheet %s: a row %.20q behind row %d", x.sheet, attribute(e, "Index"), x.row)
	}
	x.row, x.cells, x.bytes = row, x.cells[:0], 0
	for depth := x.tokens.depth; x.tokens.depth >= depth; {
		token, err := x.tokens.next()
		if err != nil {
			return placed(unexpected(x.tokens, err), x.row, 0)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "Cell" {
			if err := x.readCell(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *xmlRows) readCell(e xml.StartElement) error {
	column, ok := index(e, len(x.cells)+1, maxColumns)
	if !ok {
		return fault(x.row, len(x.cells)+1, adviceFetch, "sheet %s: a cell %.20q behind column %d", x.sheet, attribute(e, "Index"), len(x.cells))
	}
	for len(x.cells) < column-1 {
		x.cells = append(x.cells, Cell{})
	}
	cell, hasData, err := x.data()
	if err != nil {
		return placed(err, x.row, column)
	}
	if attribute(e, "Formula") != "" && !hasData {
		return fault(x.row, column, "open the file in a spreadsheet and save it again, or save the values alone",
			"sheet %s: the formula in %s has no value", x.sheet, cellName(column, x.row))
	}
	if x.bytes += len(cell.Text); len(cell.Text) > maxCell || x.bytes > maxRow {
		return fault(x.row, column, adviceDistill, "sheet %s: a cell of more than %d bytes, or a row of more than %d", x.sheet, maxCell, maxRow)
	}
	x.cells = append(x.cells, cell)
	if across := attribute(e, "MergeAcross"); across != "" {
		n, err := strconv.Atoi(across)
		if err != nil || n < 0 || column+n > maxColumns {
			return fault(x.row, column, adviceFetch, "sheet %s: a cell merged over %.20q columns", x.sheet, across)
		}
		for range n {
			x.cells = append(x.cells, Cell{})
		}
	}
	return nil
}

// data reads the cell whose start was just returned. A comment has data of its own.
func (x *xmlRows) data() (cell Cell, found bool, err error) {
	var text []byte
	kind := ""
	inData := 0 // depth of Data, which may hold tags of fonts
	for depth := x.tokens.depth; x.tokens.depth >= depth; {
		token, err := x.tokens.next()
		if err != nil {
			return Cell{}, false, unexpected(x.tokens, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch {
			case inData > 0:
			case token.Name.Local == "Comment":
				if err := x.tokens.skip(); err != nil {
					return Cell{}, false, err
				}
			case token.Name.Local == "Data":
				inData, found, kind = x.tokens.depth, true, attribute(token, "Type")
			}
		case xml.EndElement:
			if x.tokens.depth < inData {
				inData = 0
			}
		case xml.CharData:
			if inData > 0 && len(text) <= maxCell {
				text = append(text, token...)
			}
		}
	}
	cell.Text = string(text)
	switch kind {
	case "Number":
		plain, ok := decimal(strings.TrimSpace(cell.Text))
		if !ok {
			return Cell{}, false, fault(0, 0, adviceFetch, "%q is no number", settlement.Masked(cell.Text))
		}
		cell = Cell{Text: plain, Number: true}
	case "DateTime":
		cell.Text = isoMoment(strings.TrimSpace(cell.Text))
	case "Boolean":
		cell.Text = map[string]string{"0": "FALSE", "1": "TRUE"}[strings.TrimSpace(cell.Text)]
	}
	return cell, found, nil
}

// placed gives an error that has no place its row and column.
func placed(err error, row, column int) error {
	var input *settlement.InputError
	if !errors.As(err, &input) || input.File != "" || input.Line > 0 {
		return err
	}
	at := *input
	at.Line, at.Column = int64(row), int64(column)
	return &at
}
