package orders

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// readTable reads a table and returns its events in order.
func readTable(content []byte, orders, refunds Mapping) (*settlement.Statement, *settlement.Events, error) {
	var all settlement.Events
	in := delimited.Input{File: "orders.x", Stream: bytes.NewReader(content), Index: 7, Workers: 2, Day: settlement.NoDay}
	st, err := ReadTable(context.Background(), in, orders, refunds, func(record arrow.Record) error {
		var events settlement.Events
		if err := settlement.View(record, &events); err != nil {
			return err
		}
		settlement.AppendAll(&all, &events)
		return nil
	})
	return st, &all, err
}

func field(name string, of arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: of, Nullable: true}
}

// tableOf builds a record from rows of JSON objects.
func tableOf(t testing.TB, fields []arrow.Field, rows string) arrow.Record {
	t.Helper()
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// formats writes a record in each of the columnar formats.
func columnarFiles(t testing.TB, record arrow.Record) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(record.Schema(), &b, parquet.NewWriterProperties(parquet.WithRootRepetition(parquet.Repetitions.Required)), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		t.Fatal(err)
	}
	if err = errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	files["Parquet"] = b.Bytes()
	var stream bytes.Buffer
	s := ipc.NewWriter(&stream, ipc.WithSchema(record.Schema()))
	if err = errors.Join(s.Write(record), s.Close()); err != nil {
		t.Fatal(err)
	}
	files["Arrow IPC stream"] = stream.Bytes()
	var file buffer
	f, err := ipc.NewFileWriter(&file, ipc.WithSchema(record.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	if err = errors.Join(f.Write(record), f.Close()); err != nil {
		t.Fatal(err)
	}
	files["Arrow IPC file"] = file.Bytes()
	return files
}

// buffer is a bytes.Buffer that tells how much was written.
type buffer struct{ bytes.Buffer }

func (b *buffer) Seek(int64, int) (int64, error) { return int64(b.Len()), nil }

var plainRows = [][]string{
	{"order_no", "wallet", " amount ", "paid_at", "status", "shop", "platform", "note"},
	{"2701860591230000001", "alipay", "#100", "2024-09-12 08:30:00", "paid", "shop-a", "taobao", "x"},
	{"2701860591230000002", "", "#0.050000000000000003", "2024-09-12 08:30:01", "refunded", "shop-a", "taobao"},
	{"#123456789012345", "wechat", "7.50", "", "closed"},
}

var plainEvents = []string{
	"2: payment 2701860591230000001 100.00 paid wallet=alipay shop=shop-a platform=taobao paid_at=2024-09-12 08:30:00",
	"3: payment 2701860591230000002 0.05 refunded shop=shop-a platform=taobao paid_at=2024-09-12 08:30:01",
	"4: payment 123456789012345 7.50 closed wallet=wechat",
}

func TestSpreadsheetsAreReadAsCSVIs(t *testing.T) {
	typed := make([][]string, len(plainRows)) // HTML has no numbers
	for y, row := range plainRows {
		for _, text := range row {
			if strings.Contains(text, "000003") {
				text = "0.05"
			}
			typed[y] = append(typed[y], text)
		}
	}
	for name, content := range map[string][]byte{
		"workbook": ingesttest.Workbook(plainRows), "workbook with an empty sheet": ingesttest.Workbook(plainRows, nil),
		"blank rows at the end": ingesttest.Workbook(append(plainRows[:len(plainRows):len(plainRows)], nil, []string{"", ""})),
		"HTML table":            ingesttest.HTMLTable(typed), "SpreadsheetML": ingesttest.SpreadsheetML(plainRows),
	} {
		t.Run(name, func(t *testing.T) {
			st, events, err := readTable(content, Mapping{}, Mapping{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plainEvents, showAll(events)); diff != "" {
				t.Error(diff)
			}
			if st.Kind != settlement.OrderExtract || st.Rows != 3 || st.Bytes != int64(len(content)) || len(st.SHA256) != 64 || st.Watermark.String() != "2024-09-12 08:30:01" {
				t.Errorf("statement %+v", st)
			}
			if st.Layout != "plain, 8 columns" {
				t.Error(st.Layout)
			}
		})
	}
}

func TestRefundsAndMappingsInSpreadsheets(t *testing.T) {
	refunds := Mapping{Columns: map[string]string{"order_no": "单号", "amount": "金额"}, Statuses: map[string]string{"完成": "success"}}
	st, events, err := readTable(ingesttest.Workbook([][]string{{"单号", "refund_no", "金额", "refunded_at", "status"}, {"S-0001", "R-0001", "#1.5", "2024-09-12 10:00:00", "完成"}}), Mapping{}, refunds)
	if err != nil || st.Kind != settlement.RefundExtract || st.Layout != "mapped, 5 columns" {
		t.Fatal(st, err)
	}
	if diff := cmp.Diff([]string{"2: refund S-0001 -1.50 success refund_no=R-0001 paid_at=2024-09-12 10:00:00"}, showAll(events)); diff != "" {
		t.Error(diff)
	}
}

func TestSpreadsheetsRefuse(t *testing.T) {
	header := []string{"order_no", "amount", "paid_at", "status"}
	good := []string{"S-0001", "1.00", "2024-09-12 08:30:00", "paid"}
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"numbers that have lost digits", ingesttest.Workbook([][]string{{"order_no", "amount", "paid_at", "status", "provider_txn_id"}, {"#2701860591230000001", "1.00", "", "closed", "#2.0240912E27"}, {"#2701860591230000001", "1.00", "", "closed"}}), []string{
			"orders.x:2:1: order_no: 2701860591230000001 is a number of more than 15 digits", "orders.x:2:5: provider_txn_id: 2024091200000", "orders.x:3:1: order_no: "}},
		{"positions are the sheet's", ingesttest.Workbook([][]string{header, good, nil, {"S-0003", "x", "", "closed"}}), []string{
			"orders.x:4:2: amount: "}},
		{"a cell beyond the header", ingesttest.Workbook([][]string{header, {"S-0001", "1.00", "", "closed", "", "x"}}), []string{"orders.x:2:6: a cell to the right of the header's last"}},
		{"a missing column", ingesttest.Workbook([][]string{{"order_no", "amount", "paid_on", "status"}, good}), []string{`orders.x:1: paid_at: this column is missing (found "paid_on" instead`}},
		{"a name twice", ingesttest.Workbook([][]string{append(header[:4:4], "amount"), good}), []string{"orders.x:1:5: amount: the header has this name twice"}},
		{"rows on a second sheet", ingesttest.Workbook([][]string{header, good}, [][]string{header, good}), []string{"orders.x:1: rows on a second sheet, S2, beside those on S1"}},
		{"a title above the header", ingesttest.Workbook([][]string{{"九月订单"}, header, good}), []string{"orders.x:1: the first row is not the header"}},
		{"other columns", ingesttest.Workbook([][]string{{"name", "phone"}, {"x", "1"}}), []string{`orders.x:1: not a file of a known kind: its columns are "name", "phone"`}},
		{"a JD settlement export with a title", ingesttest.Workbook([][]string{{"结算单"}, {"订单编号", "父单号", "费用名称", "应结金额"}}), []string{"orders.x: this is a JD settlement export"}},
		{"a JD order export without payment times", ingesttest.Workbook([][]string{{"订单号", "商品ID", "京东价", "订单金额", "应付金额"}}), []string{"orders.x:1: 付款确认时间: this column is missing, which gives paid_at"}},
		{"zero bytes", nil, []string{"orders.x: the file is empty (zero bytes)"}},
		{"no rows at all", ingesttest.Workbook(nil), []string{"orders.x: the file has no rows, not even a header"}},
		{"a workbook cut short", ingesttest.Workbook([][]string{header, good})[:900], []string{"orders.x: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, _, err := readTable(c.content, Mapping{}, Mapping{})
			text := errorsOf(t, err)
			lines := strings.Split(text, "\n")
			if len(lines) != len(c.want) {
				t.Errorf("%d errors instead of %d:\n%s", len(lines), len(c.want), text)
			}
			for i, want := range c.want {
				if i < len(lines) && !strings.Contains(lines[i], want) {
					t.Errorf("%q is not in\n%s", want, lines[i])
				}
			}
			if st.Bytes != int64(len(c.content)) {
				t.Errorf("statement %+v", st)
			}
		})
	}
}

func TestColumnarFilesAreReadAsCSVIs(t *testing.T) {
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	record := tableOf(t, []arrow.Field{
		field("order_no", arrow.PrimitiveTypes.Int64), field("amount", &arrow.Decimal128Type{Precision: 18, Scale: 4}),
		field("paid_at", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}), field("confirmed_at", &arrow.TimestampType{Unit: arrow.Millisecond}),
		field("status", dictionary), field("shop", arrow.BinaryTypes.String), field("nested", arrow.ListOf(arrow.PrimitiveTypes.Int64)),
		field("score", arrow.PrimitiveTypes.Float64),
	}, `[{"order_no": "2701860591230000001", "amount": "100.5000", "paid_at": "2024-09-12 00:30:00.25", "confirmed_at": "2024-09-15 10:00:00", "status": "paid", "shop": "甲店", "nested": [1], "score": 1},
		{"order_no": "2701860591230000002", "amount": "0", "status": "closed", "shop": null, "nested": null}]`)
	want := []string{
		"1: payment 2701860591230000001 100.50 paid shop=甲店 paid_at=2024-09-12 08:30:00 confirmed_at=2024-09-15 10:00:00 escrow=1",
		"2: payment 2701860591230000002 0.00 closed escrow=1",
	}
	for name, content := range columnarFiles(t, record) {
		t.Run(name, func(t *testing.T) {
			if !RecogniseColumnar(content) {
				t.Error("it is not recognised")
			}
			st, events, err := readTable(content, Mapping{}, Mapping{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, showAll(events)); diff != "" {
				t.Error(diff)
			}
			if st.Rows != 2 || st.Bytes != int64(len(content)) || st.Kind != settlement.OrderExtract {
				t.Errorf("statement %+v", st)
			}
			if events.PaidAt[0]%settlement.Second != settlement.Second/4 {
				t.Error("the fraction is lost")
			}
		})
	}
}

// Buckets are made by how much text there is: a Parquet file of the same orders gets as many as
// their CSV.
func TestATableTellsHowMuchTextItHolds(t *testing.T) {
	const rows = 1000
	text := rows * int64(len("S0000000001,12.34,2024-09-12 10:00:00,paid\n"))
	for name, content := range columnarFiles(t, manyTableRows(rows)) {
		st, _, err := readTable(content, Mapping{}, Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		if st.TextBytes < text/2 || st.TextBytes > text*2 {
			t.Errorf("%s of %d bytes: %d bytes of text, about %d stand in it", name, len(content), st.TextBytes, text)
		}
	}
}

func TestColumnarFilesRefuse(t *testing.T) {
	text := arrow.BinaryTypes.String
	stamp := &arrow.TimestampType{Unit: arrow.Microsecond}
	money := &arrow.Decimal128Type{Precision: 18, Scale: 3}
	for _, c := range []struct {
		name                      string
		number, amount, at, state arrow.DataType
		rows                      string
		want                      []string
	}{
		{"columns of types that lose digits, by name", arrow.PrimitiveTypes.Float64, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Date32, text, `[]`, []string{
			"orders.x: order_no: the column is float64, which keeps 15 digits", "orders.x: amount: the column is float64, which does not hold decimal fractions exactly (write amounts as decimal(18,2), or as text)", "paid_at: the column is date32: a day without its time"}},
		{"integers for amounts", text, arrow.PrimitiveTypes.Int64, stamp, text, `[]`, []string{"amount: the column is int64, which does not say whether it counts yuan or fen"}},
		{"other types", arrow.FixedWidthTypes.Boolean, arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, arrow.FixedWidthTypes.Boolean, `[]`, []string{"order_no: the column is bool", "amount: the column is bool", "paid_at: the column is int64", "status: the column is bool"}},
		{"fractions of a fen", text, money, stamp, text, `[{"order_no": "S-0001", "amount": "1.000", "status": "closed"}, {"order_no": "S-0002", "amount": "1.005", "status": "closed"}]`, []string{`orders.x:2:2: amount: "1.005": not a plain`}},
		{"NULL keys and amounts", text, money, stamp, text, `[{"order_no": "S-0001", "amount": "1", "status": "closed"}, {"order_no": null, "amount": null, "status": null}]`, []string{
			"orders.x:2:1: order_no: NULL (every row needs an order number)", "orders.x:2:2: amount: NULL", "orders.x:2:4: status: empty"}},
		{"a paid order without a time", text, money, stamp, text, `[{"order_no": "S-0001", "amount": "1", "status": "paid"}]`, []string{"orders.x:1:3: paid_at: empty although the order is paid"}},
		{"times of another unit", text, money, stamp, text, `[{"order_no": "S-0001", "amount": "1", "paid_at": "1970-01-20 23:31:00", "status": "paid"}]`, []string{"orders.x:1:3: paid_at: 1970-01-20T23:31:00Z is no time of the years 2000 to 2099"}},
		{"words and negative amounts", text, money, stamp, text, `[{"order_no": "S-0001", "amount": "-1", "status": "done"}]`, []string{`orders.x:1:2: amount: "-1" is negative`, `orders.x:1:4: status: "done" is no known word`}},
	} {
		record := tableOf(t, []arrow.Field{field("order_no", c.number), field("amount", c.amount), field("paid_at", c.at), field("status", c.state)}, c.rows)
		for name, content := range columnarFiles(t, record) {
			t.Run(c.name+", "+name, func(t *testing.T) {
				_, _, err := readTable(content, Mapping{}, Mapping{})
				text := errorsOf(t, err)
				lines := strings.Split(text, "\n")
				if len(lines) != len(c.want) {
					t.Errorf("%d errors instead of %d:\n%s", len(lines), len(c.want), text)
				}
				for i, want := range c.want {
					if i < len(lines) && !strings.Contains(lines[i], want) {
						t.Errorf("%q is not in\n%s", want, lines[i])
					}
				}
			})
		}
	}
}

// manyTableRows is a record of n good rows.
func manyTableRows(n int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		field("order_no", arrow.BinaryTypes.String), field("amount", &arrow.Decimal128Type{Precision: 18, Scale: 2}),
		field("paid_at", &arrow.TimestampType{Unit: arrow.Second}), field("status", arrow.BinaryTypes.String)}, nil))
	base, _ := time.Parse(time.DateTime, "2024-09-12 00:00:00")
	for i := range n {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("S-%08d", i))
		b.Field(1).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(i)))
		b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(base.Unix() + int64(i)))
		b.Field(3).(*array.StringBuilder).Append("paid")
	}
	return b.NewRecord()
}

func TestManyBatches(t *testing.T) {
	const n = 3*tableRows + 17
	for name, content := range columnarFiles(t, manyTableRows(n)) {
		t.Run(name, func(t *testing.T) {
			rows, sum := int64(n), settlement.Amount(n*(n-1)/2)
			st, events, err := readTable(content, Mapping{TotalRows: &rows, TotalAmount: &sum}, Mapping{})
			if err != nil || events.Len() != n || events.OrderNo.StringAt(n-1) != fmt.Sprintf("S-%08d", n-1) {
				t.Fatal(st, events.Len(), err)
			}
			short := rows + 1
			if _, _, err = readTable(content, Mapping{TotalRows: &short}, Mapping{}); err == nil || !strings.Contains(err.Error(), "total_rows: stated ") {
				t.Error(err)
			}
		})
	}
}

func TestACutTableIsRefused(t *testing.T) {
	files := columnarFiles(t, manyTableRows(20))
	files["workbook"] = ingesttest.Workbook(plainRows)
	files["HTML table"] = ingesttest.HTMLTable(plainRows)
	files["SpreadsheetML"] = ingesttest.SpreadsheetML(plainRows)
	for name, content := range files {
		whole, _, _ := readTable(content, Mapping{}, Mapping{})
		for end := 8; end < len(content); end++ {
			st, events, err := readTable(content[:end], Mapping{}, Mapping{})
			if err == nil && (name != "HTML table" || st.Rows != whole.Rows) {
				t.Fatalf("%s: %d of %d bytes give %d rows", name, end, len(content), events.Len())
			}
			var refusal *settlement.Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Fatalf("%s: %d of %d bytes: %v is no refusal", name, end, len(content), err)
			}
		}
	}
}

// A changed byte never panics, and never makes the reading hang.
func TestADamagedTableNeverPanics(t *testing.T) {
	for name, content := range columnarFiles(t, manyTableRows(20)) {
		for at := range content {
			damaged := bytes.Clone(content)
			damaged[at] ^= 0xff
			_, _, err := readTable(damaged, Mapping{}, Mapping{})
			var refusal *settlement.Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Fatalf("%s, byte %d: %v is no refusal", name, at, err)
			}
		}
	}
}

// Damage of several places: bytes changed, left out, doubled. Such files made the
// libraries ask for all memory, or look for a next page for ever.
func TestADamagedTableEnds(t *testing.T) {
	files := columnarFiles(t, manyTableRows(3))
	files["workbook"], files["HTML table"], files["SpreadsheetML"] = ingesttest.Workbook(plainRows), ingesttest.HTMLTable(plainRows), ingesttest.SpreadsheetML(plainRows)
	for name, content := range files {
		random := rand.New(rand.NewPCG(1, uint64(len(name))))
		for range 2000 {
			damaged := bytes.Clone(content)
			for range 1 + random.IntN(4) {
				at := random.IntN(len(damaged))
				switch random.IntN(3) {
				case 0:
					damaged[at] ^= 1 << random.IntN(8)
				case 1:
					damaged = slices.Delete(damaged, at, min(at+1+random.IntN(8), len(damaged)))
				case 2:
					damaged = slices.Insert(damaged, at, bytes.Clone(damaged[at:min(at+8, len(damaged))])...)
				}
			}
			_, _, err := readTable(damaged, Mapping{}, Mapping{})
			var refusal *settlement.Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Fatalf("%s: %v is no refusal", name, err)
			}
		}
	}
}

func TestTheRunsOwnErrorsStay(t *testing.T) {
	content := columnarFiles(t, manyTableRows(3))["Parquet"]
	in := delimited.Input{File: "orders.x", Stream: bytes.NewReader(content)}
	full := errors.New("the disk is full")
	if _, err := ReadTable(context.Background(), in, Mapping{}, Mapping{}, func(arrow.Record) error { return full }); err != full { //nolint:errorlint // as it is
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in.Stream = bytes.NewReader(content)
	if _, err := ReadTable(ctx, in, Mapping{}, Mapping{}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	broken := &settlement.InputError{Position: settlement.Position{File: "orders.x"}, What: "the gzip breaks off"}
	in.Stream = iotest.TimeoutReader(bytes.NewReader(content))
	in.Stream = iotest.ErrReader(broken)
	if _, err := ReadTable(context.Background(), in, Mapping{}, Mapping{}, nil); err == nil || !strings.Contains(err.Error(), "the gzip breaks off") {
		t.Error(err)
	}
	if _, err := ReadTable(context.Background(), in, Mapping{}, Mapping{Encoding: "utf-7"}, nil); err == nil || !strings.Contains(err.Error(), "utf-7") {
		t.Error(err)
	}
}

func FuzzReadTable(f *testing.F) {
	for _, content := range columnarFiles(f, manyTableRows(3)) {
		f.Add(content)
	}
	f.Add(ingesttest.Workbook(plainRows))
	f.Add(ingesttest.HTMLTable(plainRows))
	f.Add(ingesttest.SpreadsheetML(plainRows))
	f.Fuzz(func(t *testing.T, content []byte) {
		st, events, err := readTable(content, Mapping{}, Mapping{})
		if err != nil {
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		var sum settlement.Amount
		for _, amount := range events.Amount {
			sum += amount.Abs()
		}
		m := Mapping{TotalRows: &st.Rows, TotalAmount: &sum}
		if _, _, err := readTable(content, m, m); err != nil {
			t.Fatalf("its own totals do not tie: %v", err)
		}
	})
}
