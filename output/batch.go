package output

import (
	"fmt"
	"slices"

	"reconcile/settlement"
)

// BatchReader reads the rows of a written part back into a batch. Columns of the batch
// that the table does not have become zeros.
type BatchReader struct {
	part  *part
	table settlement.Table
	group int
}

// OpenBatches opens a part of a table. Close it.
func OpenBatches(path, table string) (*BatchReader, error) {
	t, ok := settlement.TableNamed(table)
	if !ok {
		return nil, fmt.Errorf("%s: no table %s", path, table)
	}
	p, err := openPart(path)
	if err != nil {
		return nil, err
	}
	return &BatchReader{part: p, table: t, group: -1}, nil
}

// Close closes the file.
func (r *BatchReader) Close() { r.part.close() }

// Next goes to the next row group and returns how many rows it has; ok is false behind
// the last one.
func (r *BatchReader) Next() (rows int, ok bool) {
	if r.group++; r.group >= r.part.reader.NumRowGroups() {
		return 0, false
	}
	return r.part.enter(r.group), true
}

// Numbers returns the values of a column of counts that is never null.
func (r *BatchReader) Numbers(column string) ([]int64, error) {
	c := r.part.load(slices.Index(r.part.names, column))
	if c == nil || c.wide == nil || len(c.wide) != r.part.rows {
		return nil, r.missing(column)
	}
	return c.wide, r.part.err
}

// Texts calls fn with each row of a column of texts, null as the empty text.
func (r *BatchReader) Texts(column string, fn func(row int, text string)) error {
	c := r.part.load(slices.Index(r.part.names, column))
	if c == nil {
		return r.missing(column)
	}
	for row := range r.part.rows {
		text := ""
		if at := c.at[row]; at >= 0 {
			text = c.texts[at]
		}
		fn(row, text)
	}
	return r.part.err
}

func (r *BatchReader) missing(column string) error {
	if r.part.err != nil {
		return r.part.err
	}
	return fmt.Errorf("%s: %w: no column %s", r.part.path, ErrDamaged, column)
}

// Append appends rows of the row group at hand to a batch; file gives the number of a
// source file's name.
func (r *BatchReader) Append(into settlement.Batch, rows []int32, file func(name string) int32) error {
	for _, column := range into.Columns() {
		t, ok := r.table.Column(column.Name)
		if !ok {
			column.AppendZeros(len(rows))
			continue
		}
		at := slices.Index(r.part.names, column.Name)
		if at < 0 && t.Nullable { // written before the column was appended to the schema
			if err := nulls(rows).appendTo(column, t, rows, file); err != nil {
				return err
			}
			continue
		}
		c := r.part.load(at)
		if c == nil {
			return r.missing(column.Name)
		}
		if err := c.appendTo(column, t, rows, file); err != nil {
			return fmt.Errorf("%s: column %s: %w", r.part.path, column.Name, err)
		}
	}
	return nil
}

// nulls is a column of nulls, of which rows can be appended.
func nulls(rows []int32) *readColumn {
	c := &readColumn{}
	for _, row := range rows {
		for len(c.at) <= int(row) {
			c.at = append(c.at, -1)
		}
	}
	return c
}

// appendTo appends rows of a column to the column of a batch.
func (c *readColumn) appendTo(column settlement.Column, t settlement.TableColumn, rows []int32, file func(name string) int32) error {
	switch t.Type {
	case settlement.TypeText:
		texts := column.Values().(*settlement.Text)
		for _, row := range rows {
			texts.AppendString(c.textAt(row))
		}
	case settlement.TypeID:
		ids := make([]settlement.ID, len(rows))
		for i, row := range rows {
			text := c.textAt(row)
			id, ok := settlement.ParseID(text)
			if !ok && text != "" {
				return fmt.Errorf("%w: %q is no identity", ErrDamaged, text)
			}
			ids[i] = id
		}
		settlement.AppendNumbers(column, ids)
	case settlement.TypeWord:
		codes := make([]uint8, len(rows))
		known := map[string]uint8{}
		for i, row := range rows {
			text := c.textAt(row)
			code, ok := known[text]
			if !ok {
				at := slices.Index(t.Words, text)
				if at < 0 {
					return fmt.Errorf("%w: the word %q", ErrDamaged, text)
				}
				code = uint8(at)
				known[text] = code
			}
			codes[i] = code
		}
		settlement.AppendNumbers(column, codes)
	case settlement.TypeFlag:
		codes := make([]uint8, len(rows))
		for i, row := range rows {
			if at := c.at[row]; at >= 0 && c.flags[at] {
				codes[i] = 1
			}
		}
		settlement.AppendNumbers(column, codes)
	case settlement.TypeFile:
		numbers := make([]int32, len(rows))
		for i, row := range rows {
			numbers[i] = file(c.textAt(row))
		}
		settlement.AppendNumbers(column, numbers)
	case settlement.TypeRate, settlement.TypeDay:
		return c.appendNarrow(column, t, rows)
	default:
		return c.appendWide(column, t, rows)
	}
	return nil
}

func (c *readColumn) textAt(row int32) string {
	if at := c.at[row]; at >= 0 && c.texts != nil {
		return c.texts[at]
	}
	return ""
}

func (c *readColumn) appendNarrow(column settlement.Column, t settlement.TableColumn, rows []int32) error {
	null := int32(settlement.NoRate)
	if t.Type == settlement.TypeDay {
		null = int32(settlement.NoDay)
	}
	values := make([]int32, len(rows))
	for i, row := range rows {
		if values[i] = null; c.at[row] >= 0 {
			if c.narrow == nil {
				return fmt.Errorf("%w: not a column of type %s", ErrDamaged, t.Type)
			}
			values[i] = c.narrow[c.at[row]]
		}
	}
	settlement.AppendNumbers(column, values)
	return nil
}

func (c *readColumn) appendWide(column settlement.Column, t settlement.TableColumn, rows []int32) error {
	null := settlement.NoCount
	switch t.Type {
	case settlement.TypeMoney:
		null = int64(settlement.NoAmount)
	case settlement.TypeInstant:
		null = int64(settlement.NoInstant)
	}
	values := make([]int64, len(rows))
	for i, row := range rows {
		if values[i] = null; c.at[row] >= 0 {
			if c.wide == nil {
				return fmt.Errorf("%w: not a column of type %s", ErrDamaged, t.Type)
			}
			values[i] = c.wide[c.at[row]]
		}
	}
	settlement.AppendNumbers(column, values)
	return nil
}
