package orders

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readWith reads content with that many workers and returns the events in file
// order.
func readWith(workers int, content []byte, kind settlement.StatementKind, m Mapping) (*settlement.Statement, *settlement.Events, error) {
	var mu sync.Mutex
	var all settlement.Events
	in := delimited.Input{File: "orders.csv", Stream: bytes.NewReader(content), Index: 7, Workers: workers, Day: settlement.NoDay}
	st, err := Read(context.Background(), in, kind, m, func(record arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		var events settlement.Events
		if err := settlement.View(record, &events); err != nil {
			return err
		}
		settlement.AppendAll(&all, &events)
		return nil
	})
	order := make([]int32, all.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return int(all.Line[a] - all.Line[b]) })
	var sorted settlement.Events
	settlement.AppendRows(&sorted, &all, order)
	return st, &sorted, err
}

func read(content string, m Mapping) (*settlement.Statement, *settlement.Events, error) {
	return readWith(1, []byte(content), "", m)
}

// show prints one event as the non-null columns that ingest fills.
func show(e *settlement.Events, i int) string {
	var b strings.Builder
	put := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, " %s=%s", name, text)
		}
	}
	fmt.Fprintf(&b, "%d: %s %s %s %s", e.Line[i], e.Kind[i], e.OrderNo.At(i), e.Amount[i], e.Status[i])
	put("payment_no", e.PaymentNo.StringAt(i))
	put("refund_no", e.RefundNo.StringAt(i))
	put("provider_txn_id", e.ProviderTxnID.StringAt(i))
	put("wallet", e.Wallet[i].String())
	put("home_wallet", e.HomeWallet[i].String())
	put("account", e.Account.StringAt(i))
	put("shop", e.Shop.StringAt(i))
	put("platform", e.Platform.StringAt(i))
	put("paid_at", e.PaidAt[i].String())
	put("confirmed_at", e.ConfirmedAt[i].String())
	put("succeeded_at", e.SucceededAt[i].String())
	if e.Payout[i] != settlement.NoAmount {
		put("payout", e.Payout[i].String())
	}
	if e.Escrow[i] == 1 {
		put("escrow", "1")
	}
	return b.String()
}

func showAll(e *settlement.Events) []string {
	var out []string
	for i := range e.Len() {
		out = append(out, show(e, i))
	}
	return out
}

// errorsOf returns the lines of a refusal.
func errorsOf(t *testing.T, err error) string {
	t.Helper()
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v instead of a refusal", err)
	}
	return refusal.Error()
}

func gb(text string) string {
	out, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return out
}

const plainHeader = "order_no,wallet,amount,paid_at,status,shop,platform\n"

var taobaoMap = Mapping{
	Columns:  map[string]string{"order_no": "订单编号", "amount": "买家实际支付金额", "paid_at": "订单付款时间", "status": "订单状态", "shop": "店铺名称", "confirmed_at": "确认收货时间", "payout_amount": "打款商家金额"},
	Statuses: map[string]string{"交易成功": "paid", "买家已付款，等待卖家发货": "paid", "等待买家付款": "unpaid", "交易关闭": RefundedIfPaid},
	Defaults: map[string]string{"platform": "taobao", "home_wallet": "alipay"},
}

const taobaoFile = `"订单编号","订单状态","买家实际支付金额","订单付款时间 ","宝贝标题 ","店铺名称","确认收货时间","打款商家金额"
"=""2701860591230000001""","交易成功","88.00","2024-09-12 08:30:00","杯子, 一对","甲店","2024-09-15 10:00:00","86.50"
="2701860591230000002","买家已付款，等待卖家发货","12.50","2024/9/12 8:31","5"" 屏
保护膜","甲店","",""
"=""2701860591230000003""","交易关闭","9.90","2024-09-12 09:00:00","尺","甲店","",""
"=""2701860591230000004""","交易关闭","9.90","","尺","甲店","",""
`

var taobaoEvents = []string{
	"2: payment 2701860591230000001 88.00 paid home_wallet=alipay shop=甲店 platform=taobao paid_at=2024-09-12 08:30:00 confirmed_at=2024-09-15 10:00:00 payout=86.50 escrow=1",
	"3: payment 2701860591230000002 12.50 paid home_wallet=alipay shop=甲店 platform=taobao paid_at=2024-09-12 08:31:00 escrow=1",
	"5: payment 2701860591230000003 9.90 refunded home_wallet=alipay shop=甲店 platform=taobao paid_at=2024-09-12 09:00:00 escrow=1",
	"6: payment 2701860591230000004 9.90 closed home_wallet=alipay shop=甲店 platform=taobao escrow=1",
}

func mappingWith(m Mapping, change func(*Mapping)) Mapping {
	change(&m)
	return m
}

func TestReadAccepts(t *testing.T) {
	gbTaobao := mappingWith(taobaoMap, func(m *Mapping) { m.Encoding = "gb18030" })
	for _, c := range []struct {
		name    string
		content string
		mapping Mapping
		kind    settlement.StatementKind
		want    []string
	}{
		{"plain layout", plainHeader +
			"2701860591230000001,alipay,100.00,2024-09-12 08:30:00,paid,shop-a,taobao\n" +
			"2701860591230000002,,0.05,2024-09-12 08:30:01,refunded,shop-a,taobao\n" +
			"2701860591230000003,taobao_aggregated,7,,unpaid,,\n" +
			"2701860591230000004,wechat,7.5,,closed,,\n" +
			"2701860591230000005,wechat,7.5,2024-09-12 08:30:02,cancelled,,\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment 2701860591230000001 100.00 paid wallet=alipay shop=shop-a platform=taobao paid_at=2024-09-12 08:30:00",
			"3: payment 2701860591230000002 0.05 refunded shop=shop-a platform=taobao paid_at=2024-09-12 08:30:01",
			"4: payment 2701860591230000003 7.00 unpaid wallet=taobao_aggregated",
			"5: payment 2701860591230000004 7.50 closed wallet=wechat",
			"6: payment 2701860591230000005 7.50 cancelled wallet=wechat paid_at=2024-09-12 08:30:02",
		}},
		{"optional columns, any order, extra ones", "note,home_wallet,payment_no,status,provider_txn_id,amount,order_no,account,paid_at,currency\n" +
			"x,alipay,P-900001,paid,4200002345202409120000000001,1.00,S-0001,1900000109,2024-09-12 08:30:00,CNY\n" +
			"x,,S-0002,paid,,1.00,S-0002,,2024-09-12 08:30:00,\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment S-0001 1.00 paid payment_no=P-900001 provider_txn_id=4200002345202409120000000001 home_wallet=alipay account=1900000109 paid_at=2024-09-12 08:30:00",
			"3: payment S-0002 1.00 paid paid_at=2024-09-12 08:30:00",
		}},
		{"refunds are positive in the file, negative in the event", "order_no,refund_no,amount,refunded_at,status,succeeded_at\n" +
			"S-0001,R-0001,1.50,2024-09-12 10:00:00,success,2024-09-12 10:02:00\n" +
			"S-0002,,2.00,,success,2024-09-12 10:02:00\n" +
			"S-0003,R-0003,2.00,,processing,\n" +
			"S-0004,R-0004,2.00,2024-09-12 10:00:00,failed,\n", Mapping{}, settlement.RefundExtract, []string{
			"2: refund S-0001 -1.50 success refund_no=R-0001 paid_at=2024-09-12 10:00:00 succeeded_at=2024-09-12 10:02:00",
			"3: refund S-0002 -2.00 success succeeded_at=2024-09-12 10:02:00",
			"4: refund S-0003 -2.00 processing refund_no=R-0003",
			"5: refund S-0004 -2.00 failed refund_no=R-0004 paid_at=2024-09-12 10:00:00",
		}},
		{"refunds of which only the success time is known", "order_no,refund_no,amount,succeeded_at,status\nS-0001,R-0001,1.50,2024-09-12 10:00:00,success\n", Mapping{}, settlement.RefundExtract, []string{
			"2: refund S-0001 -1.50 success refund_no=R-0001 succeeded_at=2024-09-12 10:00:00"}},
		{"refunds joined to their order's paid_at", "order_no,refund_no,amount,paid_at,refunded_at,status\nS-0001,R-0001,1.50,2024-09-11 10:00:00,2024-09-12 10:00:00,success\n", Mapping{}, settlement.RefundExtract, []string{
			"2: refund S-0001 -1.50 success refund_no=R-0001 paid_at=2024-09-12 10:00:00"}},
		{"mapped export with quotes, newlines and ids as text", taobaoFile, taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"the same in GB18030, when told", gb(taobaoFile), gbTaobao, settlement.OrderExtract, taobaoEvents},
		{"GB18030 with a byte order mark", gb("\uFEFF" + taobaoFile), gbTaobao, settlement.OrderExtract, taobaoEvents},
		{"UTF-8 byte order mark", "\uFEFF" + taobaoFile, taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"UTF-8 byte order mark although GB18030 is stated", "\uFEFF" + taobaoFile, gbTaobao, settlement.OrderExtract, taobaoEvents},
		{"ASCII although GB18030 is stated", "order_no,amount,paid_at,status\nS-0001,1.00,2024-09-12 08:30:00,paid\n", Mapping{Encoding: "GBK"}, settlement.OrderExtract, []string{
			"2: payment S-0001 1.00 paid paid_at=2024-09-12 08:30:00"}},
		{"CRLF", strings.ReplaceAll(taobaoFile, "\n", "\r\n"), taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"no final newline", strings.TrimSuffix(taobaoFile, "\n"), taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"CR alone at the end", strings.TrimSuffix(taobaoFile, "\n") + "\r", taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"blank lines at the end", taobaoFile + "\n\r\n  \n", taobaoMap, settlement.OrderExtract, taobaoEvents},
		{"header names with blanks around them and a newline inside", " order_no ,\"amount\n\",\t paid_at,status\u3000\nS-0001,1.00,2024-09-12 08:30:00,paid\n", Mapping{}, settlement.OrderExtract, []string{
			"3: payment S-0001 1.00 paid paid_at=2024-09-12 08:30:00"}},
		{"fixed values stand in for missing columns and empty cells", "order_no,amount,paid_at,wallet\nS-0001,1.00,2024-09-12 08:30:00,\nS-0002,1.00,2024-09-12 08:30:00,alipay\n",
			Mapping{Defaults: map[string]string{"status": "paid", "wallet": "wechat", "shop": "main", "account": "1900000109"}}, settlement.OrderExtract, []string{
				"2: payment S-0001 1.00 paid wallet=wechat account=1900000109 shop=main paid_at=2024-09-12 08:30:00",
				"3: payment S-0002 1.00 paid wallet=alipay account=1900000109 shop=main paid_at=2024-09-12 08:30:00",
			}},
		{"wallet words through the map, one of them saying nothing", "order_no,amount,paid_at,status,wallet\nS-0001,1.00,2024-09-12 08:30:00,paid,微信\nS-0002,1.00,2024-09-12 08:30:00,paid,扫码\n",
			Mapping{Wallets: map[string]string{"微信": "wechat", "扫码": ""}, Defaults: map[string]string{"wallet": "alipay"}}, settlement.OrderExtract, []string{
				"2: payment S-0001 1.00 paid wallet=wechat paid_at=2024-09-12 08:30:00",
				"3: payment S-0002 1.00 paid paid_at=2024-09-12 08:30:00",
			}},
		{"ids that look odd and are not", "order_no,amount,paid_at,status\n1,1.00,2024-09-12 08:30:00,paid\nA.1+2=,1.00,2024-09-12 08:30:00,paid\n12E45678,1.00,2024-09-12 08:30:00,paid\n4E27,1.00,2024-09-12 08:30:00,paid\n2701860591230000000,1.00,2024-09-12 08:30:00,paid\n订单1,1.00,2024-09-12 08:30:00,paid\n  S 0001\t,1.00,2024-09-12 08:30:00,paid\n'S-0002,1.00,2024-09-12 08:30:00,paid\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment 1 1.00 paid paid_at=2024-09-12 08:30:00",
			"3: payment A.1+2= 1.00 paid paid_at=2024-09-12 08:30:00",
			"4: payment 12E45678 1.00 paid paid_at=2024-09-12 08:30:00",
			"5: payment 4E27 1.00 paid paid_at=2024-09-12 08:30:00",
			"6: payment 2701860591230000000 1.00 paid paid_at=2024-09-12 08:30:00",
			"7: payment 订单1 1.00 paid paid_at=2024-09-12 08:30:00",
			"8: payment S 0001 1.00 paid paid_at=2024-09-12 08:30:00",
			"9: payment S-0002 1.00 paid paid_at=2024-09-12 08:30:00",
		}},
		{"a paid order of nothing", "order_no,amount,paid_at,status\nS-0001,0.00,2024-09-12 08:30:00,paid\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment S-0001 0.00 paid paid_at=2024-09-12 08:30:00"}},
		{"payout without confirmation is kept and not escrow", "order_no,amount,paid_at,status,payout_amount\nS-0001,1.00,2024-09-12 08:30:00,paid,0.90\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment S-0001 1.00 paid paid_at=2024-09-12 08:30:00 payout=0.90"}},
		{"a mapped name wins over our own", "order_no,amount,实付,paid_at,status\nS-0001,9.00,1.00,2024-09-12 08:30:00,paid\n", Mapping{Columns: map[string]string{"amount": "实付"}}, settlement.OrderExtract, []string{
			"2: payment S-0001 1.00 paid paid_at=2024-09-12 08:30:00"}},
		{"a trailing column without name", "order_no,amount,paid_at,status,,\nS-0001,1.00,2024-09-12 08:30:00,paid,,\n", Mapping{}, settlement.OrderExtract, []string{
			"2: payment S-0001 1.00 paid paid_at=2024-09-12 08:30:00"}},
		{"an empty extract", plainHeader, Mapping{}, settlement.OrderExtract, nil},
		{"an empty extract without newline", strings.TrimSpace(plainHeader), Mapping{}, settlement.OrderExtract, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if kind, ok := Recognise([]byte(c.content), c.mapping); !ok || kind != c.kind {
				t.Errorf("recognised as %q", kind)
			}
			st, events, err := read(c.content, c.mapping)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, showAll(events)); diff != "" {
				t.Error(diff)
			}
			if st.Kind != c.kind || st.Rows != int64(len(c.want)) || st.Bytes != int64(len(c.content)) || len(st.SHA256) != 64 {
				t.Errorf("statement %+v", st)
			}
			if st.From != settlement.NoDay || st.Until != settlement.NoDay || st.Wallet != settlement.NoWallet || st.Currency != "CNY" {
				t.Errorf("statement %+v", st)
			}
		})
	}
}

func TestEventColumns(t *testing.T) {
	_, e, err := read("order_no,payment_no,provider_txn_id,amount,paid_at,status\nS-0001,P-0001,T-0001,1.00,2024-09-12 08:30:00,paid\nS-0002,,T-0002,1.00,2024-09-12 08:30:00,paid\n", Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if e.File[0] != 7 || e.Link[0] != settlement.LinkStated || e.MatchState[0] != settlement.NoState || e.ID[0] != (settlement.ID{}) {
		t.Errorf("file %d, link %d, state %d, id %v", e.File[0], e.Link[0], e.MatchState[0], e.ID[0])
	}
	if e.ExpectedAt[0] != settlement.NoInstant || e.ConfirmedAt[0] != settlement.NoInstant || e.SucceededAt[0] != settlement.NoInstant || e.Payout[0] != settlement.NoAmount {
		t.Error("what is not stated is not null")
	}
	if e.Key[0] != settlement.PaymentKey([]byte("P-0001"), nil) || e.Key[1] != settlement.PaymentKey([]byte("S-0002"), nil) {
		t.Error("the key is not that of the payment number, else of the order number")
	}
}

func TestTimes(t *testing.T) {
	at := func(text string) settlement.Instant {
		v, err := settlement.ParseInstant([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	base := at("2024-09-12 08:30:15")
	for text, want := range map[string]settlement.Instant{
		"2024-09-12 08:30:15":         base,
		"2024-09-12T08:30:15":         base,
		"2024-09-12 08:30:15.25":      base + settlement.Second/4,
		"2024-09-12T08:30:15.250000":  base + settlement.Second/4,
		"2024-09-12T00:30:15Z":        base,
		"2024-09-12T00:30:15.250Z":    base + settlement.Second/4,
		"2024-09-12T08:30:15+08:00":   base,
		"2024-09-12 08:30:15+08:00":   base,
		"2024-09-12 08:30:15+08":      base,
		"2024-09-12 00:30:15 +00:00":  base,
		"2024-09-11T20:30:15-0400":    base,
		"2024/09/12 08:30:15":         base,
		"2024/9/12 8:30:15":           base,
		"2024-09-12 08:30":            at("2024-09-12 08:30:00"),
		"2024/9/12 8:30":              at("2024-09-12 08:30:00"),
		"  2024-09-12 08:30:15  ":     base,
		"2024-02-29 23:59:59":         at("2024-02-29 23:59:59"),
		"2024-09-12 08:30:15.1234567": base + 123456,
	} {
		_, e, err := read("order_no,amount,paid_at,status\nS-0001,1.00,"+text+",paid\n", Mapping{})
		if err != nil || e.PaidAt[0] != want {
			t.Errorf("%q: %v, want %v, %v", text, e.PaidAt, want, err)
		}
	}
	for _, text := range []string{"2024-09-12", "2024-02-30 00:00:00", "2024-09-12 24:00:00", "2024-09-12 08:60:00",
		"12/09/2024 08:30:15", "0000-00-00 00:00:00", "1999-12-31 23:59:59", "2100-01-01 00:00:00", "2024-09-12 08：30：15",
		"45547.354", "1726101015", "NULL", "2024-09-12 08:30:15 PM", "2024-09-12 08:30:15+99:00"} {
		_, _, err := read("order_no,amount,paid_at,status\nS-0001,1.00,"+text+",paid\n", Mapping{})
		if err == nil || !strings.Contains(err.Error(), "2:13: paid_at: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWatermark(t *testing.T) {
	content := "order_no,amount,paid_at,status,confirmed_at\nS-0001,1.00,2024-09-12 08:30:00,paid,2024-09-14 10:00:00\nS-0002,1.00,2024-09-13 08:30:00,paid,\n"
	stated, _ := settlement.ParseInstant([]byte("2024-09-15 00:00:00"))
	early, _ := settlement.ParseInstant([]byte("2024-09-13 00:00:00"))
	t.Run("is the latest time of any event", func(t *testing.T) {
		st, _, err := read(content, Mapping{})
		if err != nil || st.Watermark.String() != "2024-09-14 10:00:00" {
			t.Error(st.Watermark, err)
		}
	})
	t.Run("is what is stated", func(t *testing.T) {
		st, _, err := read(content, Mapping{Watermark: stated})
		if err != nil || st.Watermark != stated {
			t.Error(st.Watermark, err)
		}
	})
	t.Run("stated earlier than events is a fault at each", func(t *testing.T) {
		_, _, err := read(content, Mapping{Watermark: early})
		text := errorsOf(t, err)
		for _, want := range []string{"orders.csv:2:38: confirmed_at: 2024-09-14 10:00:00 is later than the stated watermark 2024-09-13 00:00:00", "orders.csv:3:13: paid_at: "} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
	})
	t.Run("of an empty extract is null, or what is stated", func(t *testing.T) {
		st, _, err := read(plainHeader, Mapping{})
		if err != nil || st.Watermark != settlement.NoInstant {
			t.Error(st.Watermark, err)
		}
		st, _, err = read(plainHeader, Mapping{Watermark: stated})
		if err != nil || st.Watermark != stated {
			t.Error(st.Watermark, err)
		}
	})
}

func TestStatedTotals(t *testing.T) {
	rows, sum := int64(2), settlement.Amount(350)
	orders := "order_no,amount,paid_at,status\nS-0001,1.00,2024-09-12 08:30:00,paid\nS-0002,2.50,,closed\n"
	refunds := "order_no,refund_no,amount,refunded_at,status\nS-0001,R-0001,1.00,2024-09-12 08:30:00,success\nS-0002,R-0002,2.50,,failed\n"
	for _, content := range []string{orders, refunds} {
		st, _, err := read(content, Mapping{TotalRows: &rows, TotalAmount: &sum})
		if err != nil || len(st.Totals) != 2 || !st.Totals[0].Ties() || !st.Totals[1].Ties() {
			t.Errorf("%+v %v", st, err)
		}
		if negate := st.Kind == settlement.RefundExtract; st.Totals[1].Measure.Negate != negate {
			t.Error("the table's amounts are towards the merchant, the stated sum is as in the file")
		}
	}
	more, less := rows+1, sum-1
	st, _, err := read(orders, Mapping{TotalRows: &more, TotalAmount: &less})
	text := errorsOf(t, err)
	for _, want := range []string{"orders.csv: total_rows: stated 3, the rows give 2: difference -1", "orders.csv: total_amount: stated 3.49, the rows give 3.50: difference 0.01"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	var refusal *settlement.Refusal
	if errors.As(err, &refusal); len(refusal.Totals) != 2 || refusal.Statement != st || st.Rows != 2 {
		t.Errorf("%+v", refusal)
	}
}

func TestNotes(t *testing.T) {
	st, _, err := read("order_no,amount,paid_at,status,备注,buyer,\n S-0001,0.00,2024-09-12 08:30,paid,x,y,\n=\"S-0002\",1.00,,closed,x,y,\n", Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`columns not used: "备注", "buyer"`, "1 columns without a name are not used",
		"no column wallet: it is not stated for any row", "no column shop: it is not stated for any row", "no column platform: it is not stated for any row",
		"1 orders are paid with 0.00: no wallet was asked for money", "1 times have no seconds and were taken as the minute's first",
		"1 numbers had blanks around them, which were taken off", `1 numbers stood in a spreadsheet's text form (="…" or '…), which was taken off`}
	if diff := cmp.Diff(want, st.Notes); diff != "" {
		t.Error(diff)
	}
	st, _, _ = read("order_no,refund_no,amount,refunded_at,status\nS-0001,,0.00,2024-09-12 08:30:00,success\n", Mapping{Defaults: map[string]string{"wallet": "alipay", "shop": "s", "platform": "p"}})
	want = []string{"1 successful refunds are of 0.00: no wallet pays nothing back", "1 refunds have no refund number and can be matched by their order number alone"}
	if diff := cmp.Diff(want, st.Notes); diff != "" {
		t.Error(diff)
	}
	if st, _, _ = read(plainHeader, Mapping{}); !slices.Contains(st.Notes, "an empty extract: a header and no rows") {
		t.Error(st.Notes)
	}
}
