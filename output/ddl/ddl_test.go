package ddl

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

var (
	result  = Source{Root: "/data/result"}
	dataset = Source{Root: "/data/days", Dataset: true, Days: func(string) []string { return []string{"2024-09-12", "2024-09-13"} }}
)

// statements cuts at the semicolons that end a line.
func statements(e Engine, s Source) []string {
	return strings.Split(Statements(e, s), ";\n")
}

// One statement about a table, which begins with those words.
func statement(t *testing.T, e Engine, s Source, begins string) string {
	t.Helper()
	for _, one := range statements(e, s) {
		if text := strings.TrimSpace(one); strings.HasPrefix(text, begins) {
			return text
		}
	}
	t.Fatalf("%s: no statement %q", e, begins)
	return ""
}

func TestEveryTableAndColumnIsDefinedWithItsTypeAndMeaning(t *testing.T) {
	for _, e := range Engines {
		for _, table := range settlement.Tables {
			create := "CREATE TABLE " + name(e, table.Name) + " ("
			switch e {
			case DuckDB:
				create = "CREATE OR REPLACE VIEW " + name(e, table.Name) + " AS"
			case ClickHouse:
				create = "CREATE OR REPLACE TABLE " + name(e, table.Name) + " ("
			}
			text := statement(t, e, dataset, create)
			for _, c := range append(slices.Clone(table.Columns), dayColumn) {
				want := "  " + name(e, c.Name) + " " + typeIn(e, c) + " COMMENT " + quoted(e, c.Meaning())
				in := text
				if e == DuckDB {
					want = "NULL::" + typeIn(e, c) + " AS " + name(e, c.Name)
					comment := statement(t, e, dataset, "COMMENT ON COLUMN "+name(e, table.Name)+"."+name(e, c.Name)+" ")
					if !strings.HasSuffix(comment, " IS "+quoted(e, c.Meaning())) {
						t.Errorf("%s.%s: %s", table.Name, c.Name, comment)
					}
				}
				if !strings.Contains(in, want) {
					t.Errorf("%s %s.%s: no %q in\n%s", e, table.Name, c.Name, want, in)
				}
			}
		}
	}
}

// Each type of the registry, as each engine calls it.
func TestTypes(t *testing.T) {
	for _, c := range []struct {
		column                    settlement.TableColumn
		duckdb, clickhouse, spark string
	}{
		{settlement.TableColumn{Type: settlement.TypeID}, "VARCHAR", "String", "STRING"},
		{settlement.TableColumn{Type: settlement.TypeText, Nullable: true}, "VARCHAR", "Nullable(String)", "STRING"},
		{settlement.TableColumn{Type: settlement.TypeText, Repeats: true}, "VARCHAR", "LowCardinality(String)", "STRING"},
		{settlement.TableColumn{Type: settlement.TypeWord, Nullable: true}, "VARCHAR", "LowCardinality(Nullable(String))", "STRING"},
		{settlement.TableColumn{Type: settlement.TypeFile}, "VARCHAR", "LowCardinality(String)", "STRING"},
		{settlement.TableColumn{Type: settlement.TypeMoney}, "DECIMAL(18,2)", "Decimal(18, 2)", "DECIMAL(18,2)"},
		{settlement.TableColumn{Type: settlement.TypeRate, Nullable: true}, "DECIMAL(9,6)", "Nullable(Decimal(9, 6))", "DECIMAL(9,6)"},
		{settlement.TableColumn{Type: settlement.TypeInstant, Nullable: true}, "TIMESTAMP WITH TIME ZONE", "Nullable(DateTime64(6, 'UTC'))", "TIMESTAMP"},
		{settlement.TableColumn{Type: settlement.TypeDay}, "DATE", "Date", "DATE"},
		{settlement.TableColumn{Type: settlement.TypeCount}, "BIGINT", "Int64", "BIGINT"},
		{settlement.TableColumn{Type: settlement.TypeFlag}, "BOOLEAN", "Bool", "BOOLEAN"},
	} {
		got := [3]string{typeIn(DuckDB, c.column), typeIn(ClickHouse, c.column), typeIn(Spark, c.column)}
		if want := [3]string{c.duckdb, c.clickhouse, c.spark}; got != want {
			t.Errorf("%s: %q instead of %q", c.column.Type, got, want)
		}
	}
}

// Tests of real engines run the statements one by one: none has a semicolon at the end of
// a line inside.
func TestStatementsEndWithTheirLine(t *testing.T) {
	begins := regexp.MustCompile(`^(CREATE|COMMENT|DROP|ALTER|INSERT|TRUNCATE) `)
	for _, e := range Engines {
		for _, s := range []Source{result, dataset} {
			list := statements(e, s)
			if rest := strings.TrimSpace(list[len(list)-1]); rest != "" {
				t.Errorf("%s: after the last semicolon stands %q", e, rest)
			}
			for _, text := range list[:len(list)-1] {
				var code []string
				for line := range strings.Lines(strings.TrimSpace(text)) {
					if !strings.HasPrefix(line, "--") {
						code = append(code, line)
					}
				}
				if len(code) == 0 || !begins.MatchString(code[0]) || strings.Count(text, "'")%2 != 0 && e == DuckDB {
					t.Errorf("%s: not a statement: %q", e, text)
				}
			}
		}
	}
}

func TestTheLatestStateOfBreaksIsOfDaysAlone(t *testing.T) {
	for _, e := range Engines {
		text := Statements(e, dataset)
		if !strings.Contains(text, "CREATE OR REPLACE VIEW "+name(e, LatestBreaks)+" AS") || !strings.Contains(text, "PARTITION BY break_id ORDER BY dt DESC") {
			t.Errorf("%s: no %s", e, LatestBreaks)
		}
		if strings.Contains(Statements(e, result), LatestBreaks) {
			t.Errorf("%s: a result has one day", e)
		}
	}
}

func TestAResultHasNoDaysAndNoTablesOfDays(t *testing.T) {
	for _, e := range Engines {
		text := Statements(e, result)
		for _, not := range []string{"dt=", name(e, "dt"), "hive_partitioning", name(e, "carried_lines")} {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q", e, not)
			}
		}
		if !strings.Contains(text, "/data/result/breaks") {
			t.Errorf("%s: not where the files are", e)
		}
	}
}

// DuckDB, Spark and ClickHouse take name=value in a path for a partition: its value would
// stand in place of what the files hold.
func TestAFolderNamedLikeAColumnIsFound(t *testing.T) {
	for root, want := range map[string]string{
		"/data/wallet=alipay/result": "wallet=alipay", "/data/Wallet=alipay": "Wallet=alipay", "/data/dt=2024-09-12": "", "/data/region=north/result": "",
		"s3://bucket/order_no=1/x": "order_no=1", "/data/wallet": "", "": "",
	} {
		if got := (Source{Root: root}).NamedLikeColumn(); got != want {
			t.Errorf("%s: %q, not %q", root, got, want)
		}
	}
	if got := (Source{Root: "/data/dt=2024/days", Dataset: true}).NamedLikeColumn(); got != "dt=2024" {
		t.Errorf("a dataset in a folder of days: %q", got)
	}
}

func TestSparkIsToldEachDay(t *testing.T) {
	got := statement(t, Spark, dataset, "ALTER TABLE `breaks` ")
	want := "ALTER TABLE `breaks` ADD IF NOT EXISTS\n" +
		"  PARTITION (dt = DATE'2024-09-12') LOCATION '/data/days/dt=2024-09-12/breaks'\n" +
		"  PARTITION (dt = DATE'2024-09-13') LOCATION '/data/days/dt=2024-09-13/breaks'"
	if got != want {
		t.Errorf("%s", got)
	}
	unknown := dataset
	unknown.Days = nil
	if text := Statements(Spark, unknown); !strings.Contains(text, "-- For each day: ALTER TABLE `breaks` ADD IF NOT EXISTS PARTITION (dt = DATE'2024-09-12')") {
		t.Error("nobody is told how days are added")
	}
	unknown.Days = func(string) []string { return nil }
	if text := Statements(Spark, unknown); strings.Contains(text, "ALTER TABLE") {
		t.Error("a statement without a day")
	}
}

func TestOnlyTablesThatAreThere(t *testing.T) {
	some := result
	some.Tables = []string{"breaks", "charges"}
	if got := len(Describe(some).Tables); got != 2 {
		t.Errorf("%d tables", got)
	}
}

func TestTextsAreQuoted(t *testing.T) {
	for e, want := range map[Engine]string{DuckDB: `'it''s a\b'`, ClickHouse: `'it\'s a\\b'`, Spark: `'it\'s a\\b'`} {
		if got := quoted(e, `it's a\b`); got != want {
			t.Errorf("%s: %s instead of %s", e, got, want)
		}
	}
}

func TestTheDescriptionIsTheRegistry(t *testing.T) {
	d := Describe(dataset)
	if d.SchemaVersion != settlement.SchemaVersion || len(d.Tables) != len(settlement.Tables) {
		t.Fatalf("version %d, %d tables", d.SchemaVersion, len(d.Tables))
	}
	for i, table := range settlement.Tables {
		got := d.Tables[i]
		if got.Name != table.Name || len(got.Columns) != len(table.Columns)+1 || got.Files != "/data/days/dt=*/"+table.Name+"/*.parquet" {
			t.Errorf("%s: %s, %d columns, %s", table.Name, got.Name, len(got.Columns), got.Files)
		}
		for j, c := range table.Columns {
			if g := got.Columns[j]; g.Name != c.Name || g.Nullable != c.Nullable || g.Arrow == "" || g.Parquet == "" || slices.Contains(g.Words, "") {
				t.Errorf("%s.%s: %+v", table.Name, c.Name, g)
			}
		}
	}
}
