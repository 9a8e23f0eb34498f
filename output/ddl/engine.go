// Package ddl states the tables of settlement.Tables in the words of other engines:
// views of DuckDB, tables of ClickHouse with the statement that fills them, external
// tables of Spark. Nothing of a table is written down here a second time; only what an
// engine calls a type is.
package ddl

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Engine is one for which definitions are written.
type Engine string

// The engines, as --engine names them.
const (
	DuckDB     Engine = "duckdb"
	ClickHouse Engine = "clickhouse"
	Spark      Engine = "spark"
)

// Engines are all of them.
var Engines = []Engine{DuckDB, ClickHouse, Spark}

// typeWords are what engines call a type of the registry.
type typeWords struct{ parquet, arrow, duckdb, clickhouse, spark string }

var text = typeWords{"STRING", "string", "VARCHAR", "String", "STRING"}

var typesOf = map[settlement.ColumnType]typeWords{
	settlement.TypeID:   text,
	settlement.TypeText: text,
	settlement.TypeWord: text,
	settlement.TypeFile: text,
	settlement.TypeMoney: {"DECIMAL(18,2)", "decimal128(18, 2)", "DECIMAL(18,2)",
		"Decimal(18, 2)", "DECIMAL(18,2)"},
	settlement.TypeRate: {"DECIMAL(9,6)", "decimal128(9, 6)", "DECIMAL(9,6)",
		"Decimal(9, 6)", "DECIMAL(9,6)"},
	settlement.TypeInstant: {"TIMESTAMP(MICROS,true)", "timestamp[us, tz=UTC]", "TIMESTAMP WITH TIME ZONE",
		"DateTime64(6, 'UTC')", "TIMESTAMP"},
	settlement.TypeDay:   {"DATE", "date32[day]", "DATE", "Date", "DATE"},
	settlement.TypeCount: {"INT64", "int64", "BIGINT", "Int64", "BIGINT"},
	settlement.TypeFlag:  {"BOOLEAN", "bool", "BOOLEAN", "Bool", "BOOLEAN"},
}

// typeIn is what the engine calls the type of a column. Spark reads every column of a
// file as one that may be null, and a view of DuckDB has no such property.
func typeIn(e Engine, c settlement.TableColumn) string {
	words := typesOf[c.Type]
	switch e {
	case DuckDB:
		return words.duckdb
	case Spark:
		return words.spark
	}
	name := words.clickhouse
	if c.Nullable {
		name = "Nullable(" + name + ")"
	}
	if fewValues(c) {
		name = "LowCardinality(" + name + ")"
	}
	return name
}

// fewValues says that a column repeats few texts.
func fewValues(c settlement.TableColumn) bool {
	return c.Type == settlement.TypeWord || c.Type == settlement.TypeFile || c.Repeats
}

// quoted is a text as a literal of the engine.
func quoted(e Engine, s string) string {
	if e == DuckDB {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// name is a table or column as an identifier of the engine. Names of the registry are
// lower-case words, some of which are keywords somewhere.
func name(e Engine, s string) string {
	if e == DuckDB {
		return `"` + s + `"`
	}
	return "`" + s + "`"
}

func names(e Engine, columns []settlement.TableColumn) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = name(e, c.Name)
	}
	return strings.Join(list, ", ")
}

// Source is where the files of the tables lie.
type Source struct {
	// Root is the folder of a result, or of a dataset of days, as the engine calls it.
	Root string
	// Dataset: below Root is a folder for each day, dt=2024-09-12, and in it the tables.
	Dataset bool
	// Tables that are there; nil for all that a source of this kind has.
	Tables []string
	// Days are those of a dataset that have the table, oldest first. Spark is told each;
	// nil where nobody knows them.
	Days func(table string) []string
}

// PatternCharacters mean something else than themselves in the paths of engines.
const PatternCharacters = "*?[]{}"

// NamedLikeColumn is the folder on the way to the tables that is named like a value of one
// of their columns (wallet=alipay), "" where none is: engines that look for partitions take
// the column from its name, and not from the files.
func (s Source) NamedLikeColumn() (folder string) {
	for part := range strings.SplitSeq(s.Root, "/") {
		key, _, isValue := strings.Cut(part, "=")
		if !isValue {
			continue
		}
		for _, t := range s.tables() {
			for _, c := range s.columns(t) {
				if strings.EqualFold(c.Name, key) {
					return part
				}
			}
		}
	}
	return ""
}

// dayColumn is the column that a dataset's folders are.
var dayColumn = settlement.TableColumn{Name: "dt", Type: settlement.TypeDay,
	Doc: "The day of the run, from the folder's name. What waits is told again every day: name the day, or a row counts once for each."}

// tables are those of the source in the registry's order.
func (s Source) tables() []settlement.Table {
	return slices.DeleteFunc(slices.Clone(settlement.Tables), func(t settlement.Table) bool {
		if s.Tables != nil {
			return !slices.Contains(s.Tables, t.Name)
		}
		return t.Dated && !s.Dataset
	})
}

// columns are those of a table, with the day where there are days.
func (s Source) columns(t settlement.Table) []settlement.TableColumn {
	if s.Dataset {
		return append(slices.Clone(t.Columns), dayColumn)
	}
	return t.Columns
}

// folder is where a table's files lie: of all days, or of one.
func (s Source) folder(t settlement.Table, day string) string {
	if s.Dataset {
		return fmt.Sprintf("%s/dt=%s/%s", s.Root, day, t.Name)
	}
	return s.Root + "/" + t.Name
}

func (s Source) files(t settlement.Table) string { return s.folder(t, "*") + "/*.parquet" }

// comment is what the engine is told of a table.
func comment(t settlement.Table) string { return "One row is " + t.Grain + ". " + t.Doc }
