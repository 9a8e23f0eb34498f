package wechatpay

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

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// The headers of WeChat Pay's documents and of older bills.
const (
	currentALL = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率," +
		"订单金额,申请退款金额,费率备注"
	currentSUCCESS = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注"
	currentREFUND = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称," +
		"商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
	legacyALL = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"总金额,企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率"
	legacySUCCESS = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"总金额,企业红包金额,商品名称,商户数据包,手续费,费率"
	legacyREFUND = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类," +
		"总金额,企业红包金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称," +
		"商户数据包,手续费,费率"

	summary7 = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
	summary5 = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"
	summary4 = "总交易单数,应结订单总金额,手续费总金额,订单总金额"
)

var (
	doc2014ALL = strings.NewReplacer("企业红包金额", "代金券或立减优惠金额", "企业红包退款金额", "代金券或立减优惠退款金额").Replace(legacyALL)
	summary5of = map[string]string{legacyALL: summary5, legacySUCCESS: summary5, legacyREFUND: summary5,
		doc2014ALL: "总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额"}
)

// fields are the values of one row by the current wording.
type fields map[string]string

func (f fields) with(pairs ...string) fields {
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = pairs[i+1]
	}
	return f
}

// paymentRow is a payment of 100.00 with a fee of 0.60, changed by pairs.
func paymentRow(pairs ...string) fields {
	return fields{
		"交易时间": "2024-09-12 10:11:12", "公众账号ID": "wx00aa11bb22cc33dd", "商户号": "1900000109", "特约商户号": "0",
		"设备号": "", "微信订单号": "4200002412202409121234567890", "商户订单号": "S20240912000001", "用户标识": "oABCDEF0123456789",
		"交易类型": "JSAPI", "交易状态": "SUCCESS", "付款银行": "OTHERS", "货币种类": "CNY", "应结订单金额": "100.00", "代金券金额": "0.00",
		"微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00", "充值券退款金额": "0.00", "退款类型": "", "退款状态": "",
		"商品名称": "茶叶", "商户数据包": "门店一", "手续费": "0.60000", "费率": "0.60%", "订单金额": "100.00", "申请退款金额": "0.00", "费率备注": "",
		"退款申请时间": "", "退款成功时间": "",
	}.with(pairs...)
}

// refundRow is a refund of 50.00 that returns a fee of 0.30, changed by pairs.
func refundRow(pairs ...string) fields {
	return paymentRow("交易状态", "REFUND", "应结订单金额", "0.00", "订单金额", "0.00", "微信退款单号", "50302412122024091298765432101",
		"商户退款单号", "R20240912000001", "退款金额", "50.00", "申请退款金额", "50.00", "退款类型", "ORIGINAL", "退款状态", "SUCCESS",
		"手续费", "-0.30000", "退款申请时间", "2024-09-12 11:00:00", "退款成功时间", "2024-09-12 11:00:05").with(pairs...)
}

// currentWording finds the value of an older name.
var currentWording = map[string]string{"子商户号": "特约商户号", "总金额": "应结订单金额", "企业红包金额": "代金券金额",
	"企业红包退款金额": "充值券退款金额", "代金券或立减优惠金额": "代金券金额", "代金券或立减优惠退款金额": "充值券退款金额"}

// fixture is a bill that is put together for one test. Its totals are true
// unless the test states others.
type fixture struct {
	header, summary, values string
	rows                    []string
	end                     string // line end
	sums                    map[string]settlement.Amount
	count                   int
}

func newBill(header string, rows ...fields) *fixture {
	b := &fixture{header: header, summary: summary7, end: "\r\n", sums: map[string]settlement.Amount{}}
	if s := summary5of[header]; s != "" {
		b.summary = s
	}
	for _, r := range rows {
		b.add(r)
	}
	return b
}

func (b *fixture) add(f fields) *fixture {
	var line strings.Builder
	for i, name := range strings.Split(b.header, ",") {
		if current := currentWording[name]; current != "" {
			name = current
		}
		if i > 0 {
			line.WriteByte(',')
		}
		line.WriteString("`" + f[name])
	}
	b.rows = append(b.rows, line.String())
	b.count++
	for name, from := range map[string]string{"应结": "应结订单金额", "退款": "退款金额", "券": "充值券退款金额", "手续费": "手续费",
		"订单": "订单金额", "申请": "申请退款金额"} {
		v, _ := settlement.ParseLongAmount([]byte(f[from]))
		b.sums[name] += v
	}
	return b
}

// raw adds a row as it stands; it does not count in the totals.
func (b *fixture) raw(line string) *fixture {
	b.rows = append(b.rows, line)
	return b
}

// stating replaces the values of the summary, which are true by default.
func (b *fixture) stating(summary, values string) *fixture {
	b.summary, b.values = summary, values
	return b
}

func (b *fixture) trueValues() string {
	var values []string
	for _, name := range strings.Split(b.summary, ",") {
		text := ""
		switch name {
		case "总交易单数":
			text = fmt.Sprint(b.count)
		case "应结订单总金额", "总交易额":
			text = b.sums["应结"].String()
		case "退款总金额", "总退款金额":
			text = b.sums["退款"].String()
		case "手续费总金额":
			text = b.sums["手续费"].String() + "000"
		case "订单总金额":
			text = b.sums["订单"].String()
		case "申请退款总金额":
			text = b.sums["申请"].String()
		default:
			text = b.sums["券"].String()
		}
		values = append(values, "`"+text)
	}
	return strings.Join(values, ",")
}

func (b *fixture) text() string {
	values := b.values
	if values == "" {
		values = b.trueValues()
	}
	lines := append([]string{b.header}, b.rows...)
	lines = append(lines, b.summary, values)
	return strings.Join(lines, b.end) + b.end
}

// input is a bill under a name without date.
func input(text string) delimited.Input {
	return delimited.Input{File: "bill.csv", Stream: strings.NewReader(text), Index: 3, Workers: 1, Day: settlement.NoDay}
}

// read reads a bill and gathers its lines by line number.
func read(in delimited.Input) (*settlement.Lines, *settlement.Statement, error) {
	var mu sync.Mutex
	var all settlement.Lines
	statement, err := Read(context.Background(), in, func(record arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		var lines settlement.Lines
		if err := settlement.View(record, &lines); err != nil {
			return err
		}
		settlement.AppendAll(&all, &lines)
		return nil
	})
	order := make([]int32, all.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return int(all.Line[a] - all.Line[b]) })
	var sorted settlement.Lines
	settlement.AppendRows(&sorted, &all, order)
	return &sorted, statement, err
}

// accept reads a bill that must be accepted.
func accept(t *testing.T, in delimited.Input) (*settlement.Lines, *settlement.Statement) {
	t.Helper()
	lines, statement, err := read(in)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return lines, statement
}

// refuse reads a bill that must be refused, with an error that contains each of
// the texts.
func refuse(t *testing.T, in delimited.Input, texts ...string) *settlement.Refusal {
	t.Helper()
	_, statement, err := read(in)
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("not refused: statement %+v, error %v", statement, err)
	}
	if refusal.Statement == nil || refusal.Statement.Wallet != settlement.WeChat {
		t.Errorf("the refusal does not tell the statement: %+v", refusal.Statement)
	}
	for _, text := range texts {
		if !strings.Contains(refusal.Error(), text) {
			t.Errorf("the refusal does not say %q:\n%v", text, refusal)
		}
	}
	return refusal
}

// cells prints every row of lines on one line, all columns.
func cells(lines *settlement.Lines) string {
	record := settlement.Record(lines)
	defer record.Release()
	var out bytes.Buffer
	for i := range lines.Len() {
		for c := range int(record.NumCols()) {
			fmt.Fprintf(&out, "%s=%s ", record.ColumnName(c), record.Column(c).ValueStr(i))
		}
		out.WriteByte('\n')
	}
	return out.String()
}
