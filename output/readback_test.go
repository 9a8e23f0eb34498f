package output

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

func TestReadBackTiesWithWhatWasWritten(t *testing.T) {
	table := tableNamed(t, "statement_lines")
	b := invent(table, new(settlement.Lines), pageRows+3, 1).(*settlement.Lines)
	info := writePart(t, table, b, b.Len())
	var want settlement.Amount
	for _, a := range b.Net {
		want += a
	}
	proof, err := ReadBack(info.Path, table)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Proof{int64(b.Len()), "net_amount", want}, proof); diff != "" {
		t.Error(diff)
	}
	t.Run("a_missing_row_is_found", func(t *testing.T) {
		other := info
		other.Rows++
		if err := other.Prove(); err == nil || !strings.Contains(err.Error(), "40964 rows were written, 40963 read back") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a_missing_fen_is_found", func(t *testing.T) {
		other := info
		other.MoneySums = maps.Clone(info.MoneySums)
		other.MoneySums["net_amount"]++
		if err := other.Prove(); err == nil || !strings.Contains(err.Error(), "column net_amount") {
			t.Errorf("%v", err)
		}
	})
}

func TestEveryTableHasAProvenMoneyColumn(t *testing.T) {
	for _, table := range settlement.Tables {
		if !slices.ContainsFunc(table.Columns, func(c settlement.TableColumn) bool { return c.Type == settlement.TypeMoney }) {
			continue // an index
		}
		c, ok := table.Column(provenColumn[table.Name])
		if !ok || c.Type != settlement.TypeMoney {
			t.Errorf("%s: %q is no money column", table.Name, provenColumn[table.Name])
		}
	}
}

func TestPartInfoSumsEveryMoneyColumn(t *testing.T) {
	table := tableNamed(t, "charges")
	b := invent(table, new(settlement.Charges), 1000, 1).(*settlement.Charges)
	info := writePart(t, table, b, 300)
	want := map[string]settlement.Amount{"base_amount": 0, "expected_fee": 0, "charged_fee": 0, "variance": 0, "billed_fee": 0, "moved_fee": 0}
	for i := range b.Base {
		if b.Moved[i] != settlement.NoAmount {
			want["billed_fee"] += b.Billed[i]
			want["moved_fee"] += b.Moved[i]
		}
		want["base_amount"] += b.Base[i]
		want["charged_fee"] += b.Charged[i]
		if b.Expected[i] != settlement.NoAmount {
			want["expected_fee"] += b.Expected[i]
			want["variance"] += b.Variance[i]
		}
	}
	if diff := cmp.Diff(want, info.MoneySums); diff != "" {
		t.Error(diff)
	}
}

func TestFileTotalsComeFromTheWrittenLines(t *testing.T) {
	table := tableNamed(t, "statement_lines")
	want := map[FileKind]LineTotals{}
	var paths []string
	for part, rows := range []int{0, 3, MaxRowGroup + 1} {
		b := invent(table, new(settlement.Lines), rows, uint64(part)).(*settlement.Lines)
		paths = append(paths, writePart(t, table, b, max(rows, 1)).Path)
		for i := range b.Len() {
			key := FileKind{testFiles[b.File[i]], b.Kind[i]}
			sum := want[key]
			sum.Rows++
			sum.Gross += b.Gross[i]
			sum.Settled += b.Settled[i]
			sum.Fee += b.Fee[i]
			if b.Coupon[i] != settlement.NoAmount {
				sum.Coupon += b.Coupon[i]
			}
			want[key] = sum
		}
	}
	got, err := FileTotals("statement_lines", paths)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 4 {
		t.Errorf("%d pairs: %s", len(want), diff)
	}
	for column, want := range map[string]int64{"rows": 7, "gross_amount": 1, "settled_amount": 2, "fee_amount": 3, "coupon_amount": 4} {
		if got, ok := (LineTotals{7, 1, 2, 3, 4}).Measure(column); !ok || got != want {
			t.Errorf("measure %s: %d", column, got)
		}
	}
	if _, ok := (LineTotals{}).Measure("net_amount"); ok {
		t.Error("a measure that no control total has")
	}
}

func TestCompareAllNamesColumnRowAndBothValues(t *testing.T) {
	table := tableNamed(t, "breaks")
	info := writePart(t, table, invent(table, new(settlement.Breaks), 20, 4), 20)
	for _, c := range []struct {
		column string
		spoil  func(*readColumn)
		want   string
	}{
		{"expected_amount", func(c *readColumn) { c.wide[3]++ }, `column expected_amount, row 3: arrow-go reads "10.01", xitongsys 1000`},
		{"first_seen_on", func(c *readColumn) { c.narrow[2]++ }, `column first_seen_on, row 2: arrow-go reads "2024-09-13", xitongsys 19978`},
		{"reason", func(c *readColumn) { c.texts[1] = "x" }, `column reason, row 1: arrow-go reads "x", xitongsys "金额不符`},
		{"closed_on", func(c *readColumn) { c.narrow, c.at[5] = []int32{7}, 0 }, `column closed_on, row 5: arrow-go reads "1970-01-08", xitongsys null`},
		{"kind", func(c *readColumn) { c.at[4] = -1 }, `column kind, row 4: arrow-go reads null, xitongsys "`},
	} {
		t.Run(c.column, func(t *testing.T) {
			p, err := openPart(info.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			w, err := openWitness(info.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			p.enter(0)
			column := slices.Index(p.names, c.column)
			if err := compareColumn(p, w, 0, column, 0); err != nil {
				t.Fatal(err)
			}
			c.spoil(p.load(column))
			if err := compareColumn(p, w, 0, column, 0); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("another_tables_file", func(t *testing.T) {
		if _, err := CompareAll(info.Path, tableNamed(t, "matches")); err == nil || !strings.Contains(err.Error(), "of table matches") {
			t.Errorf("%v", err)
		}
	})
	t.Run("statistics_that_are_not_those_of_the_values", func(t *testing.T) {
		p, _ := openPart(info.Path)
		defer p.close()
		w, _ := openWitness(info.Path)
		defer w.close()
		p.enter(0)
		column := slices.Index(p.names, "difference")
		*w.footer.RowGroups[0].Columns[column].MetaData.Statistics.NullCount = -1
		if err := compareColumn(p, w, 0, column, 0); err == nil || !strings.Contains(err.Error(), "statistics count -1 nulls of 0") {
			t.Errorf("%v", err)
		}
	})
}

// everyText reads all rows of a file as one text.
func everyText(path string) (string, error) {
	var b strings.Builder
	err := ReadFile(path, func(r Row) error {
		for i := range r.Columns() {
			b.WriteString(r.At(i))
			b.WriteByte('|')
		}
		b.WriteByte('\n')
		return nil
	})
	return b.String(), err
}

func TestADamagedFileIsAnErrorNeverACrash(t *testing.T) {
	table := tableNamed(t, "matches")
	info := writePart(t, table, invent(table, new(settlement.Matches), 12, 4), 12)
	whole, err := os.ReadFile(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := everyText(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.parquet")
	check := func(what string, at int, raw []byte) (found bool) {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := CompareAll(path, table); err != nil {
			return true
		}
		if got, err := everyText(path); err == nil && got != want {
			t.Errorf("%s at byte %d changed values unseen", what, at)
		}
		return false
	}
	found := 0
	for at := 0; at < len(whole); at += 2 {
		damaged := slices.Clone(whole)
		damaged[at] ^= []byte{0xff, 0x01, 0x80}[at/2%3]
		if check("damage", at, damaged) {
			found++
		}
	}
	if found < len(whole)/4 {
		t.Errorf("only %d of %d damages were found", found, len(whole)/2)
	}
	for size := 0; size < len(whole); size += 61 {
		if !check("a cut", size, whole[:size]) {
			t.Errorf("a file of %d bytes of %d was accepted", size, len(whole))
		}
	}
}

func TestReadingStopsWhenTold(t *testing.T) {
	table := tableNamed(t, "matches")
	info := writePart(t, table, invent(table, new(settlement.Matches), 12, 4), 12)
	rows := 0
	if err := ReadFile(info.Path, func(Row) error { rows++; return ErrStop }); err != nil || rows != 1 {
		t.Errorf("%d rows: %v", rows, err)
	}
	mine := errors.New("mine")
	if err := ReadFile(info.Path, func(Row) error { return mine }); err != mine {
		t.Errorf("%v", err)
	}
}

func TestRowTellsMoneyNullAndUnknownColumns(t *testing.T) {
	table := tableNamed(t, "breaks")
	b := invent(table, new(settlement.Breaks), 30, 4).(*settlement.Breaks)
	info := writePart(t, table, b, 30)
	i := 0
	err := ReadFile(info.Path, func(r Row) error {
		fen, ok := r.Money("actual_amount")
		if ok != (b.Actual[i] != settlement.NoAmount) || ok && fen != b.Actual[i] {
			t.Errorf("row %d: %d %v", i, fen, ok)
		}
		if _, ok := r.Money("age_days"); ok {
			t.Error("a count is money")
		}
		if !r.IsNull("no_such_column") || r.Text("no_such_column") != "" {
			t.Error("an unknown column has a value")
		}
		if r.IsNull("reason") {
			t.Error("a reason is null")
		}
		i++
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzReadFile(f *testing.F) {
	for _, name := range []string{"matches", "breaks"} {
		table := tableNamed(f, name)
		var b settlement.Batch = new(settlement.Matches)
		if name == "breaks" {
			b = new(settlement.Breaks)
		}
		raw, err := os.ReadFile(writePart(f, table, invent(table, b, 5, 1), 5).Path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(t.TempDir(), "f.parquet")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		everyText(path)
		for _, table := range settlement.Tables {
			CompareAll(path, table)
		}
		FileTotals("statement_lines", []string{path})
	})
}
