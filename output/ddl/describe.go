package ddl

import "reconcile/settlement"

// Description is the registry for programs: what every table and column is, and what
// the engines call its type.
type Description struct {
	SchemaVersion int                `json:"schema_version"`
	Tables        []TableDescription `json:"tables"`
}

// TableDescription describes a table.
type TableDescription struct {
	Name     string              `json:"name"`
	Grain    string              `json:"grain"`
	Doc      string              `json:"doc"`
	Key      []string            `json:"key"`
	SortedBy []string            `json:"sorted_by"`
	Dated    bool                `json:"dated"` // only days of a dataset have it
	Files    string              `json:"files"` // a pattern
	Columns  []ColumnDescription `json:"columns"`
}

// ColumnDescription describes a column.
type ColumnDescription struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // the registry's word: money, instant, id …
	Nullable bool     `json:"nullable"`
	Words    []string `json:"words,omitempty"`
	Unit     string   `json:"unit,omitempty"`
	Sign     string   `json:"sign,omitempty"`
	Doc      string   `json:"doc"`

	Parquet    string `json:"parquet"`
	Arrow      string `json:"arrow"` // as pyarrow prints it
	DuckDB     string `json:"duckdb"`
	ClickHouse string `json:"clickhouse"`
	Spark      string `json:"spark"`
}

// Describe describes the source's tables.
func Describe(s Source) Description {
	d := Description{SchemaVersion: settlement.SchemaVersion, Tables: []TableDescription{}}
	for _, t := range s.tables() {
		table := TableDescription{Name: t.Name, Grain: t.Grain, Doc: t.Doc, Key: t.Key, SortedBy: t.SortedBy, Dated: t.Dated, Files: s.files(t)}
		for _, c := range s.columns(t) {
			table.Columns = append(table.Columns, ColumnDescription{Name: c.Name, Type: c.Type.String(), Nullable: c.Nullable,
				Words: c.Values(), Unit: c.Unit, Sign: c.Sign, Doc: c.Doc,
				Parquet: typesOf[c.Type].parquet, Arrow: typesOf[c.Type].arrow,
				DuckDB: typeIn(DuckDB, c), ClickHouse: typeIn(ClickHouse, c), Spark: typeIn(Spark, c)})
		}
		d.Tables = append(d.Tables, table)
	}
	return d
}
