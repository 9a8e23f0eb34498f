package settlement

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// SchemaOf returns the Arrow schema of a kind of batch.
func SchemaOf(b Batch) *arrow.Schema {
	columns := b.Columns()
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.data.arrowType()}
	}
	return arrow.NewSchema(fields, nil)
}

// Record wraps the columns of b as an Arrow record that shares their memory: it
// is valid until b is reset or appended to.
func Record(b Batch) arrow.Record { return RecordSome(b, func(int) bool { return true }) }

// RecordSome is Record for some of b's columns, by their number.
func RecordSome(b Batch, some func(column int) bool) arrow.Record {
	var fields []arrow.Field
	var arrays []arrow.Array
	for i, c := range b.Columns() {
		if !some(i) {
			continue
		}
		if c.data.len() != b.Len() {
			panic(fmt.Sprintf("settlement: column %s has %d rows in a batch of %d", c.Name, c.data.len(), b.Len()))
		}
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.data.arrowType()})
		arrays = append(arrays, c.data.toArray())
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(b.Len()))
}

// ViewSome lays those columns of b over rec that rec has, without nulls. The columns are
// read-only and live as long as rec does.
func ViewSome(rec arrow.Record, b Batch) error {
	columns := b.Columns()
	for i := range int(rec.NumCols()) {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == rec.ColumnName(i) })
		if at < 0 {
			return fmt.Errorf("a record has the column %q, which is none of the batch", rec.ColumnName(i))
		}
		if err := columns[at].view(rec.Column(i)); err != nil {
			return err
		}
	}
	return nil
}

// Missing names a column of b that has not as many rows as there are, "" for none.
func Missing(b Batch, rows int) string {
	for _, c := range b.Columns() {
		if c.data.len() != rows {
			return c.Name
		}
	}
	return ""
}

func (c Column) view(from arrow.Array) error {
	if n := from.NullN(); n > 0 {
		return fmt.Errorf("column %s of a record has %d nulls: batches have sentinels instead", c.Name, n)
	}
	if err := c.data.fromArray(from); err != nil {
		return fmt.Errorf("column %s of a record %w", c.Name, err)
	}
	return nil
}

// View lays the columns of b over rec, which must have exactly b's columns in
// b's order, without nulls. The columns are read-only and live as long as rec does.
func View(rec arrow.Record, b Batch) error {
	columns := b.Columns()
	if int(rec.NumCols()) != len(columns) {
		return fmt.Errorf("a record of %d columns where %d are needed", rec.NumCols(), len(columns))
	}
	for i, c := range columns {
		if name := rec.ColumnName(i); name != c.Name {
			return fmt.Errorf("column %d of a record is %q instead of %q", i, name, c.Name)
		}
		if err := c.view(rec.Column(i)); err != nil {
			return err
		}
	}
	return nil
}
