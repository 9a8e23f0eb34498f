package alipay

import (
	"strings"
	"testing"
)

const personal = `------------------------------------------------------------------------------------
导出信息：
姓名：某人
支付宝账户：a@example.com
起始时间：[2024-02-10 00:00:00]    终止时间：[2024-02-13 23:59:59]

特别提示：
1.本回单内容可表明支付宝受理了相应支付交易申请。

------------------------支付宝（中国）网络技术有限公司  电子客户回单------------------------
交易时间            ,交易分类                ,交易对方                ,对方账号
`

func TestRecognition(t *testing.T) {
	bill := testBill{rows: []testRow{pay("1", "A", "1.00", "备注", "电子客户回单 支付宝账务明细查询 支付宝")}}
	for _, c := range []struct {
		name, text    string
		bill, summary bool
		foreign       string
	}{
		{"a trade bill", bill.text(), true, false, ""},
		{"a trade bill without its title", testBill{title: "-"}.text(), true, false, ""},
		{"a trade bill's header alone", usualHeader, true, false, ""},
		{"a bank channel's header alone", bankHeader, true, false, ""},
		{"a summary", summaryText(summaryTotal), false, true, ""},
		{"a summary's header alone", summaryHeader, false, true, ""},
		{"a personal export", personal, false, false, "a personal Alipay account's export"},
		{"an old personal export", "支付宝交易记录明细查询\n账号:[a@example.com]\n", false, false, "a personal Alipay account's export"},
		{"an account log", "#支付宝账务明细查询\n#账号：[20880000111122220156]\n", false, false, "an Alipay account log (账务明细)"},
		{"an account log's header alone", "账务流水号,业务流水号,商户订单号\n", false, false, "an Alipay account log (账务明细)"},
		{"an account log's summary", "#支付宝账务汇总查询\n类型,收入笔数,收入金额（+元）,支出笔数\n", false, false, "the summary of an Alipay account log"},
		{"a portal export", "#账号：a@example.com[2088000011112222]\n#查询起始日期：2024-09-12 00:00:00查询终止日期：2024-09-13 00:00:00\n序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型\n", false, false, "an export of the Alipay portal"},
		{"receipts of a Taobao shop", "账期,账单大类,业务大类,业务小类,订单号\n", false, false, "a Taobao receipts export"},
		{"a portal workbook", "<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">\n<Worksheet ss:Name=\"账务组合查询1\">", false, false, "a SpreadsheetML workbook"},
		{"an old cross-border file", "Settle_batch_no,Settle_date,Amount,Fee,Settlement,Currency\n", false, false, "a cross-border settlement file"},
		{"an Alipay+ file", "settlementBatchId,customerId,transactionId\n", false, false, "a cross-border settlement file"},
		{"an order list", "order_no,amount,paid_at,status\n", false, false, ""},
		{"nothing", "", false, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for encoding, head := range map[string][]byte{"UTF-8": []byte(c.text), "with BOM": []byte("\ufeff" + c.text), "GB18030": gb(c.text),
				"CRLF": gb(strings.ReplaceAll(c.text, "\n", "\r\n"))} {
				if got := Recognise(head); got != c.bill {
					t.Errorf("%s: Recognise is %v", encoding, got)
				}
				if got := RecogniseSummary(head); got != c.summary {
					t.Errorf("%s: RecogniseSummary is %v", encoding, got)
				}
				what, do, ok := Foreign(head)
				if ok != (c.foreign != "") || !strings.HasPrefix(what, c.foreign) || ok && do == "" {
					t.Errorf("%s: Foreign is %q, %q, %v", encoding, what, do, ok)
				}
			}
		})
	}
}

func TestABillIsRecognisedByAHeadCutAnywhereBehindItsTitle(t *testing.T) {
	for _, content := range [][]byte{gb(testBill{rows: twoRows()}.text()), []byte(testBill{rows: twoRows()}.text())} {
		for n := 40; n < len(content); n++ {
			if !Recognise(content[:n]) {
				t.Fatalf("not by its first %d bytes", n)
			}
		}
	}
}
