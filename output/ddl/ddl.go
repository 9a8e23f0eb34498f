package ddl

import (
	"fmt"
	"strings"

	"reconcile/settlement"
)

// LatestBreaks is the view over a dataset's breaks that has each break once, as the
// newest day says that tells of it.
const LatestBreaks = "breaks_latest"

// Statements are the definitions of the source's tables for an engine, each with a
// semicolon at the end of its last line. They may be run again: they replace what they
// defined before.
func Statements(e Engine, s Source) string {
	var b strings.Builder
	define := map[Engine]func(*strings.Builder, Source, settlement.Table){DuckDB: duckView, ClickHouse: clickTable, Spark: sparkTable}[e]
	for _, t := range s.tables() {
		b.WriteString("\n")
		define(&b, s, t)
	}
	if t, ok := settlement.TableNamed("breaks"); ok && s.Dataset {
		latest(&b, e, s, t)
	}
	return b.String()
}

// latest defines the view LatestBreaks, which all engines understand alike.
func latest(b *strings.Builder, e Engine, s Source, t settlement.Table) {
	columns := names(e, s.columns(t))
	fmt.Fprintf(b, "\n-- Each break once, as the newest day says that tells of it: open at the end of the last\n"+
		"-- day, or how and when it ended. dt is that day.\n")
	fmt.Fprintf(b, "CREATE OR REPLACE VIEW %s AS\nSELECT %s\nFROM (\n  SELECT %s, row_number() OVER (PARTITION BY break_id ORDER BY dt DESC) AS newest_first\n  FROM %s\n) AS states\nWHERE newest_first = 1;\n",
		name(e, LatestBreaks), columns, columns, name(e, t.Name))
}

// duckView defines a view. It names its columns and unites the files with a row of none
// that has them all: a file that lacks a column shows nulls, one that has a column more
// changes nothing, as DuckDB else refuses a view whose columns have changed.
func duckView(b *strings.Builder, s Source, t settlement.Table) {
	columns := s.columns(t)
	hive := ""
	if s.Dataset {
		hive = ", hive_partitioning = true, hive_types = {'dt': DATE}"
	}
	none := make([]string, len(columns))
	for i, c := range columns {
		none[i] = fmt.Sprintf("NULL::%s AS %s", typeIn(DuckDB, c), name(DuckDB, c.Name))
	}
	fmt.Fprintf(b, "CREATE OR REPLACE VIEW %s AS\nSELECT %s\nFROM (\n  SELECT * FROM read_parquet(%s, union_by_name = true%s)\n  UNION ALL BY NAME\n  SELECT %s WHERE false\n);\n",
		name(DuckDB, t.Name), names(DuckDB, columns), quoted(DuckDB, s.files(t)), hive, strings.Join(none, ", "))
	fmt.Fprintf(b, "COMMENT ON VIEW %s IS %s;\n", name(DuckDB, t.Name), quoted(DuckDB, comment(t)))
	for _, c := range columns {
		fmt.Fprintf(b, "COMMENT ON COLUMN %s.%s IS %s;\n", name(DuckDB, t.Name), name(DuckDB, c.Name), quoted(DuckDB, c.Meaning()))
	}
}

// clickTable defines a table in the order of its key and the statement that fills it. A
// file that lacks a column gives nulls.
func clickTable(b *strings.Builder, s Source, t settlement.Table) {
	columns := s.columns(t)
	defined, structure := make([]string, len(columns)), make([]string, len(t.Columns))
	for i, c := range columns {
		defined[i] = fmt.Sprintf("  %s %s COMMENT %s", name(ClickHouse, c.Name), typeIn(ClickHouse, c), quoted(ClickHouse, c.Meaning()))
	}
	for i, c := range t.Columns {
		plain := c // files have no such property
		plain.Repeats = false
		if fewValues(plain) {
			plain.Type = settlement.TypeText
		}
		structure[i] = name(ClickHouse, c.Name) + " " + typeIn(ClickHouse, plain)
	}
	key := make([]string, 0, len(t.Key)+1)
	for _, column := range t.Key {
		key = append(key, name(ClickHouse, column))
	}
	partition, day, settings := "", "", "input_format_parquet_allow_missing_columns = 1"
	if s.Dataset {
		key = append(key, name(ClickHouse, dayColumn.Name))
		partition = "PARTITION BY dt\n"
		day = ", toDate(extract(_path, '/dt=([0-9-]{10})/'))"
		settings += ", max_partitions_per_insert_block = 0"
	}
	fmt.Fprintf(b, "CREATE OR REPLACE TABLE %s (\n%s\n)\nENGINE = MergeTree\n%sORDER BY (%s)\nSETTINGS allow_nullable_key = 1\nCOMMENT %s;\n",
		name(ClickHouse, t.Name), strings.Join(defined, ",\n"), partition, strings.Join(key, ", "), quoted(ClickHouse, comment(t)))
	fmt.Fprintf(b, "INSERT INTO %s (%s)\nSELECT %s%s\nFROM file(%s, 'Parquet', %s)\nSETTINGS %s;\n",
		name(ClickHouse, t.Name), names(ClickHouse, columns), names(ClickHouse, t.Columns), day,
		quoted(ClickHouse, s.files(t)), quoted(ClickHouse, strings.Join(structure, ", ")), settings)
}

// sparkTable defines an external table. Of a dataset each day is a partition that says
// where its files lie: Spark looks for dt= below a table's folder, and here the tables
// lie below the day's, since a day is replaced as a whole.
func sparkTable(b *strings.Builder, s Source, t settlement.Table) {
	columns := s.columns(t)
	defined := make([]string, len(columns))
	for i, c := range columns {
		defined[i] = fmt.Sprintf("  %s %s COMMENT %s", name(Spark, c.Name), typeIn(Spark, c), quoted(Spark, c.Meaning()))
	}
	location, partition := s.folder(t, ""), ""
	if s.Dataset {
		location, partition = s.Root, "PARTITIONED BY (dt)\n"
	}
	fmt.Fprintf(b, "DROP TABLE IF EXISTS %s;\nCREATE TABLE %s (\n%s\n)\nUSING PARQUET\n%sLOCATION %s\nCOMMENT %s;\n",
		name(Spark, t.Name), name(Spark, t.Name), strings.Join(defined, ",\n"), partition, quoted(Spark, location), quoted(Spark, comment(t)))
	if !s.Dataset {
		return
	}
	if s.Days == nil {
		fmt.Fprintf(b, "-- For each day: ALTER TABLE %s ADD IF NOT EXISTS PARTITION (dt = DATE'2024-09-12') LOCATION %s;\n",
			name(Spark, t.Name), quoted(Spark, s.folder(t, "2024-09-12")))
		return
	}
	days := s.Days(t.Name)
	if len(days) == 0 {
		return
	}
	fmt.Fprintf(b, "ALTER TABLE %s ADD IF NOT EXISTS", name(Spark, t.Name))
	for _, day := range days {
		fmt.Fprintf(b, "\n  PARTITION (dt = DATE'%s') LOCATION %s", day, quoted(Spark, s.folder(t, day)))
	}
	b.WriteString(";\n")
}
