package alipay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// usualHeader is the 25 columns as the wallet writes them.
const usualHeader = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"

// bankHeader is the form that banks hand out, 29 columns.
const bankHeader = "银联交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号,服务费（元）,实收净额（元）,商户识别号,交易方式,备注,花呗分期手续费,花呗分期数"

// testRow is a row by the normal names of its columns; what is not given has a
// default.
type testRow map[string]string

func pay(txn, order, amount string, more ...string) testRow {
	return testRow{"支付宝交易号": txn, "商户订单号": order, "业务类型": "交易", "订单金额": amount, "商家实收": amount}.with(more...)
}

func refund(txn, order, amount, number string, more ...string) testRow {
	return testRow{"支付宝交易号": txn, "商户订单号": order, "业务类型": "退款", "订单金额": amount, "商家实收": amount, "退款批次号/请求号": number}.with(more...)
}

// with sets columns: name, value, name, value, …
func (r testRow) with(pairs ...string) testRow {
	for i := 0; i < len(pairs); i += 2 {
		r[pairs[i]] = pairs[i+1]
	}
	return r
}

// tabbed are the columns whose fields the wallet ends with a tab.
var tabbed = map[string]bool{"支付宝交易号": true, "商户订单号": true, "业务类型": true, "门店编号": true, "门店名称": true, "操作员": true,
	"终端号": true, "对方账户": true, "商家红包消费金额": true, "退款批次号/请求号": true, "银联交易号": true, "退款批次号": true}

// text is the row under a header.
func (r testRow) text(header string) string {
	var fields []string
	for name := range strings.SplitSeq(header, ",") {
		normal := normalName(name)
		key := map[string]string{"银联交易号": "支付宝交易号", "退款批次号": "退款批次号/请求号", "集分宝抵扣": "集分宝"}[normal]
		if key == "" {
			key = normal
		}
		value, given := r[key]
		if !given {
			switch {
			case shapes[normal] == money:
				value = "0.00"
			case shapes[normal] == instant:
				value = "2024-09-12 08:30:00"
			case normal == "商品名称":
				value = "茶具套装"
			case normal == "对方账户":
				value = "*测(138****0000)"
			}
		}
		if tabbed[normal] {
			value += "\t"
		}
		fields = append(fields, value)
	}
	return strings.Join(fields, ",")
}

// testBill is a bill to write; empty fields have defaults, "-" leaves a line out.
type testBill struct {
	title, account, period, fence, header string
	rows                                  []testRow
	end, payments, refunds, exported      string
}

func (b testBill) lines() []string {
	count := func(word string) int {
		n := 0
		for _, r := range b.rows {
			if r["业务类型"] == word {
				n++
			}
		}
		return n
	}
	sum := func(word, column string) settlement.Amount {
		var sum settlement.Amount
		for _, r := range b.rows {
			if r["业务类型"] == word && r[column] != "" {
				amount, _ := settlement.ParseAmount([]byte(r[column]))
				sum += amount
			}
		}
		return sum
	}
	or := func(given, usual string) string {
		if given == "" {
			return usual
		}
		return given
	}
	header := or(b.header, usualHeader)
	lines := []string{
		or(b.title, "#支付宝业务明细查询"),
		or(b.account, "#账号：[20880000111122220156]"),
		or(b.period, "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]"),
		or(b.fence, "#-----------------------------------------业务明细列表----------------------------------------"),
		header,
	}
	for _, r := range b.rows {
		lines = append(lines, r.text(header))
	}
	lines = append(lines,
		or(b.end, "#-----------------------------------------业务明细列表结束------------------------------------"),
		or(b.payments, fmt.Sprintf("#交易合计：%d笔，商家实收共%s元，商家优惠共%s元", count("交易"), sum("交易", "商家实收"), sum("交易", "商家优惠"))),
		or(b.refunds, fmt.Sprintf("#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共%s元", count("退款"), sum("退款", "商家实收"), sum("退款", "商家优惠"))),
		or(b.exported, "#导出时间：[2024年09月13日 05:46:49]"))
	kept := lines[:0]
	for _, line := range lines {
		if line != "-" {
			kept = append(kept, line)
		}
	}
	return kept
}

// text is the bill in UTF-8 with LF.
func (b testBill) text() string { return strings.Join(b.lines(), "\n") + "\n" }

// gb is a bill in the bytes of the wallet: GB18030.
func gb(text string) []byte { return encoded(text, true) }

// twoRows is a payment through Taobao with a fee and a refund of part of it.
func twoRows() []testRow {
	return []testRow{
		pay("2024091222001400001234500001", "T200P2345678900012345678", "100.00", "服务费", "0.60", "完成时间", "2024-09-12 08:30:01"),
		refund("2024091222001400001234500001", "T200P2345678900012345678", "-50.00", "RF-1", "服务费", "-0.30", "完成时间", "2024-09-12 21:00:00"),
	}
}

// line is a line of a batch, as tests look at it.
type line struct {
	ID                                                              string
	Account, Sub, Kind, Order, OrderRaw, Refund, Txn, TxnRefund     string
	At, Basis, Day, Gross, Settled, Fee, Net, Rate, Currency, State string
	RawType, Status, Coupon                                         string
	File                                                            int32
	Line                                                            int64
	Key                                                             uint64
}

// gather is an emit that keeps all lines.
type gather struct {
	mu    sync.Mutex
	lines map[int64]line
}

func (g *gather) emit(record arrow.Record) error {
	var b settlement.Lines
	if err := settlement.View(record, &b); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range b.Len() {
		if _, twice := g.lines[b.Line[i]]; twice {
			return fmt.Errorf("line %d came twice", b.Line[i])
		}
		g.lines[b.Line[i]] = line{
			ID: b.ID[i].String(), Account: b.Account.StringAt(i), Sub: b.SubAccount.StringAt(i), Kind: b.Kind[i].String(), Order: b.OrderNo.StringAt(i),
			OrderRaw: b.OrderNoRaw.StringAt(i), Refund: b.RefundNo.StringAt(i), Txn: b.ProviderTxnID.StringAt(i), TxnRefund: b.ProviderRefundID.StringAt(i),
			At: b.OccurredAt[i].String(), Basis: b.TimeBasis[i].String(), Day: b.SettledOn[i].String(), Gross: b.Gross[i].String(), Settled: b.Settled[i].String(),
			Fee: b.Fee[i].String(), Net: b.Net[i].String(), Rate: b.FeeRate[i].String(), Currency: b.Currency[i].String(), State: b.MatchState[i].String(),
			RawType: b.RawType.StringAt(i), Status: b.Status[i].String(), Coupon: b.Coupon[i].String(), File: b.File[i], Line: b.Line[i], Key: b.Key[i],
		}
	}
	return nil
}

// read reads a bill under a name, with two workers.
func read(t testing.TB, content []byte, change ...func(*delimited.Input)) (*settlement.Statement, map[int64]line, error) {
	t.Helper()
	in := delimited.Input{File: "bill.csv", Stream: strings.NewReader(string(content)), Index: 7, Workers: 2, Day: settlement.NoDay}
	for _, c := range change {
		c(&in)
	}
	g := &gather{lines: map[int64]line{}}
	st, err := Read(context.Background(), in, g.emit)
	if st == nil {
		t.Fatal("no statement")
	}
	return st, g.lines, err
}

func named(file, member string) func(*delimited.Input) {
	return func(in *delimited.Input) { in.File, in.Member = file, member }
}

// accepted reads a bill that must be accepted, and whose totals must then tie.
func accepted(t testing.TB, content []byte, change ...func(*delimited.Input)) (*settlement.Statement, map[int64]line) {
	t.Helper()
	st, lines, err := read(t, content, change...)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if len(st.Totals) != 6 || !allTie(st.Totals) || st.Rows != int64(len(lines)) {
		t.Fatalf("totals %+v of %d rows, %d lines", st.Totals, st.Rows, len(lines))
	}
	return st, lines
}

// refusedFor reads a bill that must be refused with all of the texts.
func refusedFor(t testing.TB, content []byte, want []string, change ...func(*delimited.Input)) *settlement.Refusal {
	t.Helper()
	_, _, err := read(t, content, change...)
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got\n%v\nwant %q", err, text)
		}
	}
	for _, fault := range refusal.Errors {
		if fault.Do == "" || fault.File == "" {
			t.Errorf("%v: no advice or no file", fault)
		}
	}
	if refusal.Statement == nil {
		t.Error("the refusal has no statement")
	}
	return refusal
}
