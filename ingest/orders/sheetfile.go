package orders

import (
	"io"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// sheetTable is a spreadsheet. Its header is its first row that is not empty; all its
// rows are on one sheet.
type sheetTable struct {
	reader *sheet.Reader
	sheet  string
	cells  []cell
	texts  []byte
}

func openSheet(stream io.Reader) (table, error) {
	reader, err := sheet.Open(stream)
	if err != nil {
		return nil, err
	}
	return &sheetTable{reader: reader}, nil
}

func (t *sheetTable) header() ([]string, int64, error) {
	name, row, cells, err := t.reader.Next()
	if err != nil {
		return nil, 0, err
	}
	t.sheet = name
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = c.Text
	}
	return names, int64(row), nil
}

func (t *sheetTable) use(*layout) []headerFault { return nil }

func (t *sheetTable) next() ([]cell, int64, error) {
	name, row, cells, err := t.reader.Next()
	if err != nil {
		return nil, 0, err
	}
	if name != t.sheet {
		return nil, 0, &settlement.InputError{
			Position: settlement.Position{Line: int64(row)},
			What:     "rows on a second sheet, " + delimited.Short(name) + ", beside those on " + delimited.Short(t.sheet),
			Do:       "keep one extract in a workbook, on one sheet",
		}
	}
	t.cells, t.texts = t.cells[:0], t.texts[:0]
	for _, c := range cells {
		begin := len(t.texts)
		t.texts = append(t.texts, c.Text...)
		t.cells = append(t.cells, cell{text: t.texts[begin:len(t.texts):len(t.texts)], lost: c.Lost()})
	}
	return t.cells, int64(row), nil
}

func (t *sheetTable) close() error { return t.reader.Close() }
