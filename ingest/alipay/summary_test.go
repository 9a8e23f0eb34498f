package alipay

import (
	"context"
	"errors"
	"strings"
	"testing"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const summaryHeader = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"

// summaryText is a summary with a row of one store and the given row 合计.
func summaryText(total string) string {
	return strings.Join([]string{
		"#支付宝业务汇总查询",
		"#账号：[20880000111122220156]",
		"#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]",
		"#-----------------------------------------业务汇总列表----------------------------------------",
		summaryHeader,
		"S1\t,一店\t,1,1,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,99.40",
		total,
		"#----------------------------------------业务汇总列表结束-------------------------------------",
		"#导出时间：[2024年09月13日 05:46:49]",
	}, "\n") + "\n"
}

const summaryTotal = "合计,,1,1,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,99.40"

func summaryOf(content []byte) (*settlement.Statement, error) {
	return ReadSummary(context.Background(), delimited.Input{File: "sum.csv", Stream: strings.NewReader(string(content)), Workers: 1, Day: settlement.NoDay})
}

func TestASummaryStatesTotals(t *testing.T) {
	for name, content := range map[string][]byte{
		"GB18030":         gb(summaryText(summaryTotal)),
		"UTF-8 and CRLF":  []byte("\ufeff" + strings.ReplaceAll(summaryText(summaryTotal), "\n", "\r\n")),
		"合计 alone":        gb(strings.Replace(summaryText(summaryTotal), "S1\t,一店\t,1,1,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,99.40\n", "", 1)),
		"no end":          gb(strings.Join(strings.Split(summaryText(summaryTotal), "\n")[:7], "\n")),
		"a tab behind it": gb(summaryText("合计\t,\t,1,1,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,99.40")),
	} {
		t.Run(name, func(t *testing.T) {
			st, err := summaryOf(content)
			if err != nil {
				t.Fatal(err)
			}
			if st.Kind != settlement.TradeSummary || st.Account != "2088000011112222" || st.From.String() != "2024-09-12" || st.SHA256 == "" {
				t.Errorf("got %+v", st)
			}
			want := map[string]int64{"交易订单总笔数": 1, "退款订单总笔数": 1, "订单金额": 10000, "商家实收": 10000, "服务费": -60}
			if len(st.Totals) != len(want) {
				t.Fatalf("totals %+v", st.Totals)
			}
			for _, total := range st.Totals {
				if total.Stated != want[total.Name] || total.Computed != 0 {
					t.Errorf("%s: %+v", total.Name, total)
				}
			}
		})
	}
}

func TestSummariesRefused(t *testing.T) {
	good := summaryText(summaryTotal)
	for _, c := range []struct{ name, text, want string }{
		{"no row 合计", strings.Replace(good, summaryTotal+"\n", "", 1), "sum.csv:7: the rows end without a row 合计"},
		{"cut before 合计", good[:strings.Index(good, "合计")], "ends without its row 合计"},
		{"a missing column", strings.Replace(good, "服务费（元）", "费", 1), "服务费: the required column is missing"},
		{"an amount that is none", strings.Replace(good, "合计,,1,1,100.00", "合计,,1,1,1e2", 1), "sum.csv:7:9: 订单金额（元）: \"1e2\": scientific notation"},
		{"a count that is none", strings.Replace(good, "合计,,1", "合计,,x", 1), "交易订单总笔数: \"*\""},
		{"too few fields", strings.Replace(good, "合计,,1", "合计,1", 1), "sum.csv:7: 11 fields where the header has 12"},
		{"a row behind 合计", strings.Replace(good, summaryTotal, summaryTotal+"\n"+summaryTotal, 1), "sum.csv:8: a line that does not belong behind the row 合计"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, err := summaryOf(gb(c.text))
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) || refusal.Statement != st {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestTieSummary: the bill is +100.00 with a fee of 0.60, and a refund of 50.00
// with 0.30 returned.
func TestTieSummary(t *testing.T) {
	for _, c := range []struct{ name, total, untied string }{
		{"before refunds", summaryTotal, ""},
		{"after refunds", "合计,,1,1,50.00,50.00,0.00,0.00,0.00,-0.30,0.00,49.70", ""},
		{"each in its own reading", "合计,,1,1,100.00,50.00,0.00,0.00,0.00,0.30,0.00,0.00", ""},
		{"fee as magnitude", "合计,,1,1,100.00,100.00,0.00,0.00,0.00,0.60,0.00,0.00", ""},
		{"a payment too many", "合计,,2,1,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,0.00", "交易订单总笔数: the summary sum.csv states 2, the bill adds up to 1"},
		{"a refund too few", "合计,,1,0,100.00,100.00,0.00,0.00,0.00,-0.60,0.00,0.00", "退款订单总笔数: the summary sum.csv states 0, the bill adds up to 1"},
		{"another fee", "合计,,1,1,100.00,100.00,0.00,0.00,0.00,-0.61,0.00,0.00", "服务费: the summary sum.csv states -0.61, the bill adds up to -0.60 before and -0.30 after refunds"},
		{"another receipt", "合计,,1,1,100.00,-50.00,0.00,0.00,0.00,-0.60,0.00,0.00", "商家实收: the summary sum.csv states -50.00, the bill adds up to 100.00 before and 50.00 after refunds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bill, _ := accepted(t, gb(testBill{rows: twoRows()}.text()))
			summary, err := summaryOf(gb(summaryText(c.total)))
			if err != nil {
				t.Fatal(err)
			}
			refused := TieSummary(summary, []*settlement.Statement{bill})
			if c.untied == "" {
				if len(refused) > 0 || len(summary.Totals) != 5 || !allTie(summary.Totals) {
					t.Errorf("refused %v, totals %+v", refused, summary.Totals)
				}
				return
			}
			if len(refused) != 2 || refused[0].Statement != bill || refused[1].Statement != summary {
				t.Fatalf("refused %v, want the bill and the summary", refused)
			}
			if !strings.Contains(refused[0].Error(), "bill.csv: "+c.untied) || !strings.Contains(refused[1].Error(), "sum.csv: "+c.untied) {
				t.Errorf("got %v\n%v", refused[0], refused[1])
			}
		})
	}
}

func TestASummaryTiesWithAllPartsOfItsBill(t *testing.T) {
	parts := cut(t, []string{"own", "own"}, twoRows()[:1], twoRows()[1:])
	summary, err := summaryOf(gb(summaryText(summaryTotal)))
	if err != nil {
		t.Fatal(err)
	}
	if refused := TieSummary(summary, parts[:1]); len(refused) != 2 {
		t.Errorf("a part alone: %v", refused)
	}
	if refused := TieSummary(summary, parts); refused != nil {
		t.Errorf("both parts: %v", refused)
	}
	if refused := TieSummary(summary, nil); refused != nil {
		t.Errorf("no bill: %v", refused)
	}
}
