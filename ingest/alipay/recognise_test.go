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
		{"receipts of a Taobao shop", "账期,账单大类,业务大类,业务小类,订单号\n", false, false, "a Taobao receipts export"},
		{"an account log", "#支付宝账务明细查询\n#账号：[20880000111122220156]\n", false, false, ""},
		{"a list of the portal's trades", "商户订单号,支付宝交易号,商家实收(元),交易状态,创建时间,付款备注,商家实退(元)\n", false, false, ""},
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

func TestRecognitionOfFundFiles(t *testing.T) {
	log := testLog{rows: fewMoves()}
	for _, c := range []struct {
		name, text           string
		log, summary, portal bool
	}{
		{"a log", log.text(), true, false, false},
		{"a log's header alone", logHeader, true, false, false},
		{"a log's header in another order", logHeaders["numbers at the end"], true, false, false},
		{"a log's summary", logSummaryText(logSummaryTotal), false, true, false},
		{"a summary's header alone", "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）", false, true, false},
		{"a portal export", portalText(portalHeader, portalMoves()...), false, false, true},
		{"a portal export's header alone", portalHeader, false, false, true},
		{"a workbook's first rows", "账务组合查询\n\n" + workbookHeader, false, false, true},
		{"a trade bill", testBill{}.text(), false, false, false},
		{"a trade summary", summaryText(summaryTotal), false, false, false},
		{"a personal export", personal, false, false, false},
	} {
		for encoding, head := range map[string][]byte{"UTF-8": []byte(c.text), "with BOM": []byte("\ufeff" + c.text), "GB18030": gb(c.text)} {
			if RecogniseLog(head) != c.log || RecogniseLogSummary(head) != c.summary || RecognisePortal(head) != c.portal {
				t.Errorf("%s, %s: %v %v %v", c.name, encoding, RecogniseLog(head), RecogniseLogSummary(head), RecognisePortal(head))
			}
		}
	}
}
