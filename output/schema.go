package output

import (
	"fmt"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"reconcile/settlement"
)

// MaxRowGroup is the largest number of rows of a row group.
const MaxRowGroup = 122_880

// parquetSchema returns the Parquet schema of a table. The root is REQUIRED: the
// library's default, REPEATED, is refused by some warehouses.
func parquetSchema(table settlement.Table) (*schema.Schema, error) {
	fields := make(schema.FieldList, len(table.Columns))
	for i, c := range table.Columns {
		repetition := parquet.Repetitions.Required
		if c.Nullable {
			repetition = parquet.Repetitions.Optional
		}
		physical, logical := parquetType(c.Type)
		node, err := schema.NewPrimitiveNodeLogical(c.Name, repetition, logical, physical, -1, -1)
		if err != nil {
			return nil, fmt.Errorf("schema of %s.%s: %w", table.Name, c.Name, err)
		}
		fields[i] = node
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", table.Name, err)
	}
	return schema.NewSchema(root), nil
}

// parquetType is how a registry type is stored.
func parquetType(t settlement.ColumnType) (parquet.Type, schema.LogicalType) {
	switch t {
	case settlement.TypeMoney:
		return parquet.Types.Int64, schema.NewDecimalLogicalType(18, 2)
	case settlement.TypeRate:
		return parquet.Types.Int32, schema.NewDecimalLogicalType(9, 6)
	case settlement.TypeInstant:
		return parquet.Types.Int64, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	case settlement.TypeDay:
		return parquet.Types.Int32, schema.DateLogicalType{}
	case settlement.TypeCount:
		return parquet.Types.Int64, schema.NewIntLogicalType(64, true)
	case settlement.TypeFlag:
		return parquet.Types.Boolean, schema.NoLogicalType{}
	default:
		return parquet.Types.ByteArray, schema.StringLogicalType{}
	}
}

// hasDictionary says whether a column is written through a dictionary: words,
// files and the texts that the registry says repeat. Ids and order numbers hardly
// repeat; amounts, times and counts are smaller and faster written as they are.
func hasDictionary(c settlement.TableColumn) bool {
	return c.Type == settlement.TypeWord || c.Type == settlement.TypeFile || c.Repeats
}

// encodingOf is the encoding of a column's values where no dictionary is used. Money
// that the proof reads again is PLAIN: the second implementation takes a third of the
// time that it needs for differences, which is worth half a byte a value.
func encodingOf(table string, c settlement.TableColumn) parquet.Encoding {
	switch c.Type {
	case settlement.TypeMoney:
		if isReadBack(table, c.Name) {
			return parquet.Encodings.Plain
		}
		return parquet.Encodings.DeltaBinaryPacked
	case settlement.TypeInstant, settlement.TypeCount:
		return parquet.Encodings.DeltaBinaryPacked
	case settlement.TypeID:
		return parquet.Encodings.DeltaLengthByteArray
	case settlement.TypeText:
		return parquet.Encodings.DeltaByteArray
	}
	return parquet.Encodings.Plain
}

// writerProperties are what the footer says of the pages of page.go.
func writerProperties(table settlement.Table) *parquet.WriterProperties {
	properties := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithRootRepetition(parquet.Repetitions.Required),
		parquet.WithRootName("schema"),
	}
	for _, c := range table.Columns {
		properties = append(properties, parquet.WithEncodingFor(c.Name, encodingOf(table.Name, c)))
	}
	return parquet.NewWriterProperties(properties...)
}
