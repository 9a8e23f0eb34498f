package output

import (
	"fmt"
	"strings"

	"reconcile/settlement"
)

// Document returns the description of all tables as Markdown: the README.md of
// this folder, which a test keeps equal to the registry.
func Document() string {
	var b strings.Builder
	fmt.Fprintf(&b, documentHead, settlement.SchemaVersion)
	b.WriteString("\n| Table | One row is |\n|---|---|\n")
	for _, t := range settlement.Tables {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", t.Name, t.Name, t.Grain)
	}
	for _, t := range settlement.Tables {
		fmt.Fprintf(&b, "\n## %s\n\nOne row is %s.\n\n%s\n\n", t.Name, t.Grain, t.Doc)
		fmt.Fprintf(&b, "Key: %s. Sorted by %s.\n\n", codes(t.Key), codes(t.SortedBy))
		b.WriteString("| Column | Type | Null | Meaning |\n|---|---|---|---|\n")
		for _, c := range t.Columns {
			null := "no"
			if c.Nullable {
				null = "yes"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, storedAs(c.Type), null, strings.ReplaceAll(c.Meaning(), "|", "\\|"))
		}
	}
	return b.String()
}

const documentHead = `# Tables of a run

Generated from ` + "`settlement.Tables`" + `; change it there and run ` + "`go test ./output -run Document -update`" + `.

Schema version %d. A result is a folder:

    statement_lines/part-00000.parquet   one folder a table, one part a bucket
    run.json                             inputs, totals, proof, parts with rows and SHA-256
    _SUCCESS                             absent when the run is incomplete

Every file is Parquet with zstd, in row groups of at most 122,880 rows. Read a table as
` + "`statement_lines/*.parquet`" + `. Rows are sorted inside a part; parts are not sorted against each
other. The same inputs give the same bytes.

Money is ` + "`DECIMAL(18,2)`" + `, in yuan. Rates are ` + "`DECIMAL(9,6)`" + ` fractions. Instants are UTC. Numbers
that identify something (订单号, 商户号) are always text. Words are lower-case English. A column
with "no" under Null is never null. Columns are only ever appended, and appended columns are nullable.

## Other engines

` + "`reconcile ddl --engine duckdb`" + `, ` + "`clickhouse`" + ` or ` + "`spark`" + ` prints the definitions of these tables, with the meaning of
each column as its comment; ` + "`reconcile ddl --json`" + ` describes them for programs. Of a folder of days each table
has the column ` + "`dt`" + `, the day of the run, and the view ` + "`breaks_latest`" + ` has each break once, as the newest day says
that tells of it. How tables are loaded in six engines, and ten questions: [docs/analytics.md](../docs/analytics.md).

## Tables
`

func codes(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

func storedAs(t settlement.ColumnType) string {
	switch t {
	case settlement.TypeMoney:
		return "DECIMAL(18,2)"
	case settlement.TypeRate:
		return "DECIMAL(9,6)"
	case settlement.TypeInstant:
		return "TIMESTAMP, UTC"
	case settlement.TypeDay:
		return "DATE"
	case settlement.TypeCount:
		return "INT64"
	case settlement.TypeFlag:
		return "BOOLEAN"
	default:
		return "STRING"
	}
}
