package output

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"reconcile/settlement"
)

func TestBothImplementationsReadWhatWasWritten(t *testing.T) {
	for _, c := range []struct {
		table string
		batch settlement.Batch
		rows  int
	}{
		{"statement_lines", new(settlement.Lines), 0},
		{"statement_lines", new(settlement.Lines), 1},
		{"statement_lines", new(settlement.Lines), 7},
		{"statement_lines", new(settlement.Lines), pageRows},
		{"statement_lines", new(settlement.Lines), pageRows + 1},
		{"statement_lines", new(settlement.Lines), MaxRowGroup + pageRows + 5},
		{"breaks", new(settlement.Breaks), 9000},
		{"charges", new(settlement.Charges), 9001},
		{"matches", new(settlement.Matches), 77},
	} {
		t.Run(fmt.Sprintf("%s_%d", c.table, c.rows), func(t *testing.T) {
			table := tableNamed(t, c.table)
			invent(table, c.batch, c.rows, uint64(c.rows))
			info := writePart(t, table, c.batch, max(c.rows, 1))
			if info.Rows != int64(c.rows) {
				t.Errorf("the part is said to hold %d rows", info.Rows)
			}
			rows, err := CompareAll(info.Path, table)
			if err != nil || rows != int64(c.rows) {
				t.Errorf("compared %d rows: %v", rows, err)
			}
			if err := info.Prove(); err != nil {
				t.Error(err)
			}
			checkAgainstBatch(t, info.Path, table, c.batch)
		})
	}
}

func TestEveryTableIsWrittenAndReadBack(t *testing.T) {
	batches := map[string]settlement.Batch{
		"statement_lines": new(settlement.Lines), "fund_lines": new(settlement.FundLines), "unsettled": new(settlement.Unsettled), "order_events": new(settlement.Events), "matches": new(settlement.Matches),
		"breaks": new(settlement.Breaks), "open_items": new(settlement.OpenItems), "charges": new(settlement.Charges),
		"withdrawals": new(settlement.Withdrawals), "payouts": new(settlement.Payouts), "quotas": new(settlement.Quotas), "proceeds": new(settlement.Proceeds), "cross_wallet": new(settlement.CrossWallet), "balances": new(settlement.Balances),
		"control_totals": new(settlement.ControlTotals), "summary": new(settlement.Summary),
		"carried_lines": new(settlement.Lines), "carried_events": new(settlement.Events), "carried_transfers": new(settlement.Transfers), "payment_keys": new(settlement.PaymentKeys), "payment_numbers": new(settlement.Events),
	}
	for _, table := range settlement.Tables {
		for _, rows := range []int{1, 2, 999} {
			t.Run(fmt.Sprintf("%s_%d", table.Name, rows), func(t *testing.T) {
				b := batches[table.Name]
				rec := anyRecord(table, b, rows, uint64(rows))
				if err := settlement.View(rec, b); err != nil {
					t.Fatal(err)
				}
				info := writePart(t, table, b, rows)
				if n, err := CompareAll(info.Path, table); err != nil || n != int64(rows) {
					t.Errorf("compared %d rows: %v", n, err)
				}
				if err := info.Prove(); err != nil {
					t.Error(err)
				}
				checkAgainstBatch(t, info.Path, table, b)
			})
		}
	}
}

// checkAgainstBatch compares the texts of every row with those of the batch.
func checkAgainstBatch(t *testing.T, path string, table settlement.Table, b settlement.Batch) {
	t.Helper()
	want := map[string]func(int) string{}
	for _, column := range b.Columns() {
		if c, ok := table.Column(column.Name); ok {
			want[c.Name] = textOf(c, column.Values())
		}
	}
	row, failures := 0, 0
	err := ReadFile(path, func(r Row) error {
		for _, c := range table.Columns {
			if got := r.Text(c.Name); got != want[c.Name](row) && failures < 5 {
				t.Errorf("row %d, %s: %q instead of %q", row, c.Name, got, want[c.Name](row))
				failures++
			}
			if c.Nullable && r.IsNull(c.Name) != (want[c.Name](row) == "") {
				t.Fatalf("row %d, %s: null and no value differ", row, c.Name)
			}
		}
		row++
		return nil
	})
	if err != nil || row != b.Len() {
		t.Errorf("read %d rows of %d: %v", row, b.Len(), err)
	}
}

// textOf says, independently of the reader, what a batch's value is as text.
func textOf(c settlement.TableColumn, values any) func(int) string {
	switch v := values.(type) {
	case *settlement.Text:
		return v.StringAt
	case []settlement.ID:
		return func(i int) string { return pick(v[i] == settlement.ID{}, "", v[i].String()) }
	case []settlement.Amount:
		return func(i int) string { return pick(v[i] == settlement.NoAmount, "", v[i].String()) }
	case []settlement.Rate:
		return func(i int) string { return pick(v[i] == settlement.NoRate, "", fmt.Sprintf("0.%06d", v[i])) }
	case []settlement.Instant:
		return func(i int) string { return v[i].String() }
	case []settlement.Day:
		return func(i int) string { return v[i].String() }
	case []int64:
		return func(i int) string { return pick(v[i] == settlement.NoCount, "", fmt.Sprint(v[i])) }
	case []int32:
		return func(i int) string { return pick(v[i] < 0, "", testFiles[max(v[i], 0)]) }
	case []uint8:
		if c.Type == settlement.TypeFlag {
			return func(i int) string { return fmt.Sprint(v[i] == 1) }
		}
		return func(i int) string { return c.Words[v[i]] }
	}
	panic(c.Name)
}

func TestTheSameRowsGiveTheSameBytes(t *testing.T) {
	table := tableNamed(t, "statement_lines")
	rows := MaxRowGroup + 30_000
	b := invent(table, new(settlement.Lines), rows, 3)
	whole := writePart(t, table, b, rows)
	t.Run("however_they_are_spread_over_calls", func(t *testing.T) {
		writePart(t, tableNamed(t, "breaks"), invent(tableNamed(t, "breaks"), new(settlement.Breaks), 500, 1), 500)
		for _, step := range []int{40_001, MaxRowGroup, MaxRowGroup + 1} {
			if got := writePart(t, table, b, step); got.SHA256 != whole.SHA256 {
				t.Errorf("in steps of %d: another file", step)
			}
		}
	})
	t.Run("and_the_hash_is_of_the_file", func(t *testing.T) {
		raw, err := os.ReadFile(whole.Path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(raw)
		if hex.EncodeToString(sum[:]) != whole.SHA256 || int64(len(raw)) != whole.Bytes {
			t.Error("hash or size are not those of the file")
		}
		sha, size, err := HashFile(whole.Path)
		if err != nil || sha != whole.SHA256 || size != whole.Bytes {
			t.Errorf("HashFile: %s %d %v", sha, size, err)
		}
	})
	t.Run("in_row_groups_of_at_most_122880", func(t *testing.T) {
		w, err := openWitness(whole.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		var got []int64
		for _, g := range w.footer.RowGroups {
			got = append(got, g.NumRows)
		}
		if diff := cmp.Diff([]int64{122_880, 30_000}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMetadataNamesTableVersionAndProducerOnly(t *testing.T) {
	table := tableNamed(t, "matches")
	info := writePart(t, table, new(settlement.Matches), 1)
	w, err := openWitness(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	got := map[string]string{}
	for _, kv := range w.footer.KeyValueMetadata {
		got[kv.Key] = kv.GetValue()
	}
	want := map[string]string{"reconcile.table": "matches", "reconcile.schema_version": "1", "reconcile.producer": "reconcile"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if w.footer.Schema[0].GetRepetitionType().String() != "REQUIRED" {
		t.Error("the schema's root is not REQUIRED")
	}
}

func TestStatistics(t *testing.T) {
	table := tableNamed(t, "statement_lines")
	b := invent(table, new(settlement.Lines), 300, 5).(*settlement.Lines)
	b.Gross[17] = -settlement.MaxAmount
	b.Gross[18] = settlement.MaxAmount
	info := writePart(t, table, b, 300)
	if _, err := CompareAll(info.Path, table); err != nil {
		t.Error(err) // holds the statistics against the values
	}
	w, err := openWitness(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for i, c := range table.Columns {
		s := w.footer.RowGroups[0].Columns[i].MetaData.Statistics
		if s == nil || s.NullCount == nil || *s.NullCount < 0 {
			t.Errorf("%s: no count of nulls", c.Name)
			continue
		}
		if s.DistinctCount != nil {
			t.Errorf("%s: a count of distinct values, which nobody counted", c.Name)
		}
		if hasBounds := s.MinValue != nil; hasBounds != (c.Type != settlement.TypeID && (c.Type != settlement.TypeText || c.Repeats || c.Name == "order_no")) &&
			*s.NullCount < 300 {
			t.Errorf("%s: bounds: %v", c.Name, hasBounds)
		}
	}
}

func TestManyDistinctTextsAreWrittenPlain(t *testing.T) {
	table := tableNamed(t, "matches")
	b := new(settlement.Matches)
	invent(table, b, maxDictionary+2, 5)
	b.Rule = settlement.Text{}
	for i := range b.Len() {
		b.Rule.AppendString(fmt.Sprintf("rule %d", i))
	}
	info := writePart(t, table, b, b.Len())
	if _, err := CompareAll(info.Path, table); err != nil {
		t.Error(err)
	}
	checkAgainstBatch(t, info.Path, table, b)
}

func TestWhatCannotBeWrittenNamesColumnAndRow(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(*settlement.Lines)
		want   string
		is     error
	}{
		"an_amount_beyond_DECIMAL_18_2": {func(b *settlement.Lines) { b.Net[3] = settlement.MaxAmount + 1 },
			"column net_amount, row 3 of the part: 10000000000000000.00", settlement.ErrNumberRange},
		"a_sum_beyond_64_bits": {func(b *settlement.Lines) {
			for i := range b.Net {
				b.Net[i] = settlement.MaxAmount
			}
		}, "column net_amount, row 9", settlement.ErrOverflow},
		"no_amount_where_one_is_promised": {func(b *settlement.Lines) { b.Gross[4] = settlement.NoAmount }, "column gross_amount, row 4", errNoValue},
		"no_word_where_one_is_promised":   {func(b *settlement.Lines) { b.Kind[5] = 0 }, "column kind, row 5", errNoValue},
		"no_id_where_one_is_promised":     {func(b *settlement.Lines) { b.ID[6] = settlement.ID{} }, "column line_id, row 6", errNoValue},
		"no_file_where_one_is_promised":   {func(b *settlement.Lines) { b.File[7] = -1 }, "column source_file, row 7", errNoValue},
		"a_word_outside_its_dictionary":   {func(b *settlement.Lines) { b.Wallet[8] = 99 }, "column wallet, row 8 of the part: code 99", nil},
		"a_file_outside_the_run":          {func(b *settlement.Lines) { b.File[2] = 3 }, "column source_file, row 2 of the part: code 3", nil},
		"a_rate_below_zero":               {func(b *settlement.Lines) { b.FeeRate[2] = -2 }, "column fee_rate, row 2", nil},
		"a_text_that_is_not_UTF8": {func(b *settlement.Lines) { b.RefundNo.Data[len(b.RefundNo.Data)-1] = 0xff },
			"column refund_no, row ", nil},
		"a_repeating_text_that_is_not_UTF8": {func(b *settlement.Lines) { b.RawType.Data[0] = 0xff }, "column raw_type, row 0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			table := tableNamed(t, "statement_lines")
			b := invent(table, new(settlement.Lines), 40, 2).(*settlement.Lines)
			c.break_(b)
			path := filepath.Join(t.TempDir(), "p.parquet")
			w, err := NewPart(path, table, testFiles)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write(settlement.Record(b))
			_, closed := w.Close()
			if err == nil {
				err = closed
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v", err)
			}
			if closed == nil {
				t.Error("Close says that all is well")
			}
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Error("the broken part is still there")
			}
		})
	}
}

func TestWriteRefusesAnotherTablesRecord(t *testing.T) {
	w, err := NewPart(filepath.Join(t.TempDir(), "p"), tableNamed(t, "statement_lines"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if err := w.Write(settlement.Record(new(settlement.Matches))); err == nil {
		t.Error("a record of matches was written as statement_lines")
	}
}

func TestNewPartDoesNotOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewPart(path, tableNamed(t, "matches"), nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	if raw, _ := os.ReadFile(path); string(raw) != "mine" {
		t.Error("the file was changed")
	}
}

func TestWritersInParallelDoNotDisturbEachOther(t *testing.T) {
	table := tableNamed(t, "statement_lines")
	b := invent(table, new(settlement.Lines), 5000, 8)
	want := writePart(t, table, b, 5000).SHA256
	dir := t.TempDir()
	var group errgroup.Group
	for i := range 6 {
		group.Go(func() error {
			w, err := NewPart(filepath.Join(dir, fmt.Sprint(i)), table, testFiles)
			if err != nil {
				return err
			}
			if err := w.Write(settlement.Record(b)); err != nil {
				return errors.Join(err, w.Discard())
			}
			info, err := w.Close()
			if err == nil && info.SHA256 != want {
				err = fmt.Errorf("writer %d wrote another file", i)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}
