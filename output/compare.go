package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/parquet/schema"

	"reconcile/settlement"
)

// HashFile returns the SHA-256 of a file, lower-case hex, and its size: to be
// compared with the manifest before the file is believed.
func HashFile(path string) (sha string, size int64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	h := sha256.New()
	size, err = io.Copy(h, in)
	if err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// CompareAll reads every column of a part with both Parquet implementations and
// compares every value, nulls included, and the footer's statistics with the
// values. It returns the rows of the part. An error names file, column, row of
// the part (from 0) and both values. The file's schema must be the table's.
func CompareAll(path string, table settlement.Table) (rows int64, err error) {
	p, err := openPart(path)
	if err != nil {
		return 0, err
	}
	defer p.close()
	w, err := openWitness(path)
	if err != nil {
		return 0, err
	}
	defer w.close()
	if err := checkSchema(path, p.reader.MetaData().Schema, table); err != nil {
		return 0, err
	}
	if n := p.reader.NumRows(); n != w.footer.NumRows {
		return 0, fmt.Errorf("%s: arrow-go counts %d rows, xitongsys %d", path, n, w.footer.NumRows)
	}
	for group := range p.reader.NumRowGroups() {
		n := p.enter(group)
		for column := range p.names {
			if err := compareColumn(p, w, group, column, rows); err != nil {
				return rows, err
			}
			p.columns[column] = nil
		}
		rows += int64(n)
	}
	return rows, nil
}

// checkSchema compares the columns of a file with those of its table.
func checkSchema(path string, found *schema.Schema, table settlement.Table) error {
	want, err := parquetSchema(table)
	if err != nil {
		return err
	}
	if found.NumColumns() != want.NumColumns() {
		return fmt.Errorf("%s: %d columns instead of the %d of table %s", path, found.NumColumns(), want.NumColumns(), table.Name)
	}
	for i := range found.NumColumns() {
		f, w := found.Column(i), want.Column(i)
		if f.Name() != w.Name() || f.PhysicalType() != w.PhysicalType() ||
			f.MaxDefinitionLevel() != w.MaxDefinitionLevel() || !f.LogicalType().Equals(w.LogicalType()) {
			return fmt.Errorf("%s: column %d is %s %s %s instead of %s %s %s of table %s", path, i,
				f.Name(), f.PhysicalType(), f.LogicalType(), w.Name(), w.PhysicalType(), w.LogicalType(), table.Name)
		}
	}
	return nil
}

// compareColumn compares one column of a row group; before is the number of rows
// in the groups before it.
func compareColumn(p *part, w *witness, group, column int, before int64) error {
	c := p.load(column)
	if c == nil {
		return p.err
	}
	nulls := int64(0)
	row := 0
	err := w.pages(group, column, func(page *decodedPage) error {
		next := 0
		for i := range page.rows {
			var theirs any
			if page.null(i) {
				nulls++
			} else {
				theirs = page.value(next)
				next++
			}
			if !c.equals(row, theirs) {
				return fmt.Errorf("%s: column %s, row %d: arrow-go reads %s, xitongsys %s",
					p.path, p.names[column], before+int64(row), c.show(row), show(theirs))
			}
			row++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if row != p.rows {
		return fmt.Errorf("%s: column %s: arrow-go reads %d rows, xitongsys %d", p.path, p.names[column], p.rows, row)
	}
	return c.checkStatistics(w, group, column, nulls)
}

// equals compares a row with what the other implementation reads there, nil for
// null.
func (c *readColumn) equals(row int, theirs any) bool {
	at := c.at[row]
	if at < 0 || theirs == nil {
		return at < 0 && theirs == nil
	}
	switch v := theirs.(type) {
	case int64:
		return c.wide != nil && c.wide[at] == v
	case int32:
		return c.narrow != nil && c.narrow[at] == v
	case bool:
		return c.flags != nil && c.flags[at] == v
	case string:
		return c.texts != nil && c.texts[at] == v
	}
	return false
}

func (c *readColumn) show(row int) string {
	if c.at[row] < 0 {
		return "null"
	}
	return show(c.text(row))
}

func show(v any) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprintf("%#v", v)
}

// checkStatistics holds the footer's statistics of a chunk against its values.
func (c *readColumn) checkStatistics(w *witness, group, column int, nulls int64) error {
	s := w.footer.RowGroups[group].Columns[column].MetaData.Statistics
	if s == nil {
		return nil
	}
	where := fmt.Sprintf("%s: column %s, row group %d", w.path, w.columns[column].Name, group)
	if s.NullCount != nil && *s.NullCount != nulls {
		return fmt.Errorf("%s: statistics count %d nulls of %d", where, *s.NullCount, nulls)
	}
	if s.MinValue == nil && s.MaxValue == nil {
		return nil
	}
	low, high, ok := c.bounds()
	if !ok || !bytes.Equal(low, s.MinValue) || !bytes.Equal(high, s.MaxValue) {
		return fmt.Errorf("%s: statistics have bounds %x and %x, the values %x and %x", where, s.MinValue, s.MaxValue, low, high)
	}
	return nil
}

// bounds are the smallest and largest value as statistics hold them.
func (c *readColumn) bounds() (low, high []byte, ok bool) {
	switch {
	case len(c.wide) > 0 && c.used() > 0:
		a, b := extremes(c.wide[:c.used()])
		return binary.LittleEndian.AppendUint64(nil, uint64(a)), binary.LittleEndian.AppendUint64(nil, uint64(b)), true
	case len(c.narrow) > 0 && c.used() > 0:
		a, b := extremes(c.narrow[:c.used()])
		return binary.LittleEndian.AppendUint32(nil, uint32(a)), binary.LittleEndian.AppendUint32(nil, uint32(b)), true
	case len(c.texts) > 0:
		a, b := extremes(c.texts)
		return []byte(a), []byte(b), true
	}
	return nil, nil, false
}

// used is the number of rows that are not null.
func (c *readColumn) used() (n int) {
	for _, at := range c.at {
		n = max(n, int(at)+1)
	}
	return n
}

func extremes[T int32 | int64 | string](values []T) (low, high T) {
	low, high = values[0], values[0]
	for _, v := range values[1:] {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}
