package orders

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// orderSample is an extract in the plain layout, texts in quotes among it.
func orderSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("order_no,wallet,amount,paid_at,status,shop,platform,account,payment_no,provider_txn_id,confirmed_at,payout_amount,home_wallet,currency\n")
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		wallet := []string{"alipay", "wechat"}[i%2]
		confirmed, payout := "", ""
		if i%3 == 0 {
			confirmed, payout = "2024-09-15 10:00:00", (amount - 100).String()
		}
		fmt.Fprintf(&b, "S2024%06d,%s,%s,2024-09-12 08:%02d:%02d,paid,\"茶, 一店\",own,20880001,P%06d,42%06d,%s,%s,alipay,CNY\n",
			i, wallet, amount, i/60%60, i%60, i, i, confirmed, payout)
	}
	return b.String()
}

func refundSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("order_no,refund_no,amount,refunded_at,succeeded_at,status\n")
	for i := range rows {
		fmt.Fprintf(&b, "S2024%06d,R%06d,%s,2024-09-12 09:%02d:%02d,2024-09-13 10:%02d:%02d,success\n", i, i,
			settlement.Amount(random.Int64N(90_000)+1_000), i/60%60, i%60, i/60%60, i%60)
	}
	return b.String()
}

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name      string
		kind      settlement.StatementKind
		mapping   Mapping
		encoding  ingesttest.Encoding
		sample    func(int, uint64) string
		uncovered []string
		bad       []ingesttest.Bad
	}{
		{"orders", settlement.OrderExtract, Mapping{}, ingesttest.UTF8, orderSample, ofOrders, badOrders},
		{"orders in GB18030", settlement.OrderExtract, Mapping{Encoding: "gb18030"}, ingesttest.GB18030, orderSample, ofOrders, badOrders},
		{"refunds", settlement.RefundExtract, Mapping{}, ingesttest.UTF8, refundSample, ofRefunds, []ingesttest.Bad{
			{Column: "amount", Find: `,R0[0-9]+,([0-9.]+)`, Put: "-1.00"},
			{Column: "succeeded_at", Find: `,(2024-09-13 [0-9:]+)`, Put: "13.09.2024"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: func(head []byte) bool { kind, ok := Recognise(head, c.mapping); return ok && kind == c.kind },
				Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
					return Read(ctx, in, c.kind, c.mapping, emit)
				},
				Sample: c.sample, Encodings: []ingesttest.Encoding{c.encoding}, Uncovered: c.uncovered, NoTotals: true, Bad: c.bad,
			})
		})
	}
}

// An extract has nothing to prove it but what the configuration states (TestStatedTotals).
var (
	ofOrders = []string{"order_no", "amount", "paid_at", "wallet", "shop", "platform", "account", "payment_no", "provider_txn_id",
		"confirmed_at", "payout", "escrow", "home_wallet"}
	ofRefunds = []string{"order_no", "refund_no", "amount", "paid_at", "succeeded_at"}
)

var badOrders = []ingesttest.Bad{
	{Column: "amount", Find: `(?:alipay|wechat),([0-9.]+),2024`, Put: "1E2"},
	{Column: "paid_at", Find: `,(2024-09-12 08:[0-9:]+),paid`, Put: "2024-09-31 08:00:00"},
	{Column: "wallet", Find: `,(alipay),[0-9]`, Put: "cheque"},
	{Column: "order_no", Find: `\n(S2024[0-9]+)`, Put: "2.70186E+18"},
	{Column: "payout_amount", Find: `10:00:00,([0-9.]+)`, Put: "1.005"},
}

// taobaoSample is an order export with the columns of 2021 that tell something.
func taobaoSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("订单编号,支付详情,买家应付货款,总金额,买家实际支付金额,订单状态,店铺名称,确认收货时间,打款商家金额,订单付款时间 \n")
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		status, confirmed, payout := "交易成功", "2024-09-15 10:00:00", (amount-100).String()+"元"
		if i%3 == 1 {
			status, confirmed, payout = "卖家已发货", "", "0.00元"
		}
		fmt.Fprintf(&b, "\"31055500000%08d\",支付宝支付,%s,%s,%s,%s,甲店,%s,%s,2024-09-12 08:%02d:%02d\n", i, amount, amount, amount, status, confirmed, payout, i/60%60, i%60)
	}
	return b.String()
}

// jdSample is an order export of JD, an order of each three with two products.
func jdSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("订单号,商品ID,京东价,订单金额,应付金额,订单状态,付款确认时间,订单来源\n")
	amount := settlement.Amount(0)
	for i := range rows {
		if i%3 != 2 {
			amount = settlement.Amount(random.Int64N(90_000) + 1_000)
		}
		order := i/3*2 + i%3 - i%3/2
		fmt.Fprintf(&b, "29%09d,%06d,12.00,%s,%s,完成,2024-09-12 08:%02d:%02d,移动端订单\n", order, i, amount, amount, order/60%60, order%60)
	}
	return b.String()
}

func TestKnownExportsConform(t *testing.T) {
	for _, c := range []struct {
		name      string
		sample    func(int, uint64) string
		uncovered []string
		bad       []ingesttest.Bad
	}{
		{"Taobao", taobaoSample, []string{"amount", "confirmed_at", "order_no", "paid_at", "payout", "shop", "wallet"}, []ingesttest.Bad{
			{Column: "买家实际支付金额", Find: `,([0-9.]+),交易成功`, Put: "1E2"},
			{Column: "订单付款时间", Find: `,(2024-09-12 08:[0-9:]+)\n`, Put: "2024-09-31 08:00:00"},
			{Column: "打款商家金额", Find: `10:00:00,([0-9.]+元),`, Put: "1.005元"},
		}},
		{"JD", jdSample, []string{"amount", "order_no", "paid_at"}, []ingesttest.Bad{
			{Column: "应付金额", Find: `,([0-9.]+),完成`, Put: "1E2"},
			{Column: "付款确认时间", Find: `,(2024-09-12 08:[0-9:]+),`, Put: "2024-09-31 08:00:00"},
			{Column: "订单号", Find: `\n(29[0-9]{9}),`, Put: "2.9E+10"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: func(head []byte) bool {
					kind, ok := Recognise(head, Mapping{})
					return ok && kind == settlement.OrderExtract
				},
				Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
					return Read(ctx, in, settlement.OrderExtract, Mapping{}, emit)
				},
				Sample: c.sample, Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8}, Uncovered: c.uncovered, NoTotals: true, Bad: c.bad,
			})
		})
	}
}

// Of tables, a workbook's archive has a check sum of each part, so that no changed byte
// changes a cell. Parquet and Arrow as they are written here have none: what is wrong with
// a value is caught by its grammar, or by stated totals.
func TestTablesConform(t *testing.T) {
	read := func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
		return ReadTable(ctx, in, Mapping{}, Mapping{}, emit)
	}
	sample := func(rows int, seed uint64) string {
		return strings.ReplaceAll(orderSample(rows, seed), "\"茶, 一店\"", "一店")
	}
	sheetHead := func(head []byte) bool {
		kind, ok := Recognise(head, Mapping{})
		return ok && kind == settlement.OrderExtract
	}
	cells := func(text string) [][]string { return ingesttest.Cells(text) }
	columnar := func(format string) func(string) []byte {
		return func(text string) []byte { return columnarFiles(t, textRecord(cells(text)))[format] }
	}
	withoutHeader := func(line, field int64) (int64, int64) { return line - 1, field }
	for _, c := range []struct {
		name      string
		recognise func([]byte) bool
		read      ingesttest.Read
		pack      func(string) []byte
		place     func(int64, int64) (int64, int64)
		uncovered []string
	}{
		{"workbook", ingesttest.Head(sheetHead), ingesttest.Spooled(read), func(text string) []byte { return ingesttest.Workbook(cells(text)) }, nil, nil},
		{"SpreadsheetML", ingesttest.Head(sheetHead), ingesttest.Spooled(read), func(text string) []byte { return ingesttest.SpreadsheetML(cells(text)) }, nil, ofOrders},
		{"HTML", ingesttest.Head(sheetHead), ingesttest.Spooled(read), func(text string) []byte { return ingesttest.HTMLTable(cells(text)) }, nil, ofOrders},
		{"Parquet", RecogniseColumnar, read, columnar("Parquet"), withoutHeader, ofOrders},
		{"Arrow IPC file", RecogniseColumnar, read, columnar("Arrow IPC file"), withoutHeader, ofOrders},
		{"Arrow IPC stream", RecogniseColumnar, read, columnar("Arrow IPC stream"), withoutHeader, ofOrders},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: c.recognise, Read: c.read, Sample: sample, Pack: c.pack, Place: c.place, Few: true, NoTotals: true, Uncovered: c.uncovered, Bad: badOrders,
			})
		})
	}
}

// textRecord has rows under their header as texts.
func textRecord(rows [][]string) arrow.Record {
	var fields []arrow.Field
	for _, name := range rows[0] {
		fields = append(fields, field(name, arrow.BinaryTypes.String))
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, row := range rows[1:] {
		for i, text := range row {
			b.Field(i).(*array.StringBuilder).Append(text)
		}
	}
	return b.NewRecord()
}

// The rows of a query are text of one form when they are read; how a database breaks off
// is tested beside them.
func TestTheTextOfAQueryConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: func(head []byte) bool {
			kind, ok := Recognise(head, Mapping{})
			return ok && kind == settlement.OrderExtract
		},
		Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
			return Read(ctx, in, settlement.OrderExtract, Mapping{}, emit)
		},
		Sample: func(rows int, seed uint64) string {
			random := rand.New(rand.NewPCG(seed, 0))
			var all [][]string
			for i := range rows {
				amount := settlement.Amount(random.Int64N(90_000) + 1_000)
				all = append(all, []string{fmt.Sprintf("S2024%06d", i), amount.String() + "00", fmt.Sprintf("2024-09-12 00:%02d:%02d+00", i/60%60, i%60), "paid", `茶 "一" 店`, "0.1"})
			}
			q := Query{AllowEmpty: true}
			text, err := q.text(orderAnswer(all...), settlement.OrderExtract, Mapping{})
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(text)
			if err != nil {
				t.Fatal(err)
			}
			return string(content)
		},
		Uncovered: []string{"amount", "order_no", "paid_at", "shop"}, NoTotals: true,
		Bad: []ingesttest.Bad{
			{Column: "amount", Find: `\nS2024[0-9]+,([0-9.]+),`, Put: "1E2"},
			{Column: "paid_at", Find: `,(2024-09-12 00:[0-9:+]+),paid`, Put: "2024-09-31 08:00:00"},
			{Column: "order_no", Find: `\n(S2024[0-9]+),`, Put: "2.70186E+18"},
		},
	})
}
