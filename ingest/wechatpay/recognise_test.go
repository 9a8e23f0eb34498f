package wechatpay

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"with BOM", "\ufeff" + newBill(currentALL).text(), true},
		{"line feeds alone", strings.ReplaceAll(newBill(currentREFUND).text(), "\r\n", "\n"), true},
		{"the header alone", legacySUCCESS, true},
		{"nothing", "", false},
		{"BOM alone", "\ufeff", false},
		{"orders of the merchant", "order_no,wallet,amount,paid_at,status,shop,platform\n", false},
		{"names of the trade that others use too", "交易时间,商户号,设备号,交易类型,交易状态,货币种类,退款金额,商品名称,手续费,费率\n", false},
		{"a few names", "交易时间,微信订单号,手续费\n", false},
		{"the header on the second line", "微信\n" + currentALL, false},
		{"a header cut within a character", currentALL[:len(currentALL)-1], true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Recognise([]byte(c.head)); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestForeignFilesAreNamed(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(newBill(currentALL, paymentRow()).text())
	if err != nil {
		t.Fatal(err)
	}
	gbkFund, err := simplifiedchinese.GBK.NewEncoder().String(newFundBill(moved()).text())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, head, what, do string }{
		{"the totals of a fund-flow bill alone", "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n", "control totals of a WeChat Pay fund-flow bill", "fetch the bill again"},
		{"personal account", "\ufeff微信支付账单明细,,,,,,,,\r\n微信昵称：[某某],,,,,,,,\r\n", "personal account's export", "export the 交易账单 from pay.weixin.qq.com"},
		{"global statement", "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,充值券币种,充值券金额," +
			"优惠券币种,优惠券金额,微信退款单号,商户退款单号,退款类型,退款状态,商品名称,商户数据包,手续费,费率,标价币种,订单金额(标价币种)\n", "cross-border statement", "CNY"},
		{"older cross-border statement", "Transaction time,Official account ID(appid),Vendor ID(mch_id)\n", "cross-border statement", "CNY"},
		{"global profit sharing", "create_time,initiator,sponsor,sub_mchid,transaction_id,order_id,out_order_no,detail_id,receiver_account\n", "cross-border profit-sharing", "leave it out"},
		{"RECHARGE_REFUND", strings.Replace(currentREFUND, "手续费", "返还手续费", 1) + "\n", "RECHARGE_REFUND", "use the trade bill"},
		{"a bill saved again in GBK", gbk, "saved again in GBK", "fetch it again"},
		{"a fund-flow bill saved again in GBK", gbkFund, "fund-flow bill that was saved again in GBK", "fetch it again"},
		{"error reply in JSON", `{"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"}`, "error reply", "fetch the bill again"},
		{"error reply in XML", "<xml>\n<return_code><![CDATA[FAIL]]></return_code>\n</xml>", "error reply", "fetch the bill again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			what, do, ok := Foreign([]byte(c.head))
			if !ok || !strings.Contains(what, c.what) || !strings.Contains(do, c.do) {
				t.Errorf("%v: %s (%s)", ok, what, do)
			}
			if Recognise([]byte(c.head)) {
				t.Error("recognised as a trade bill")
			}
			refuse(t, input(c.head), "bill.csv:1: this is "+what)
		})
	}
	for name, head := range map[string]string{"a trade bill": newBill(currentALL).text(), "nothing": "", "orders": "order_no,wallet\n",
		"an Alipay preamble": "#支付宝业务明细查询\n", "binary": "\x00\xff\xfe"} {
		t.Run(name+" is not foreign", func(t *testing.T) {
			if what, _, ok := Foreign([]byte(head)); ok {
				t.Errorf("taken for %s", what)
			}
		})
	}
}

func TestOtherInputIsRefused(t *testing.T) {
	bill := newBill(currentALL, paymentRow()).text()
	for _, c := range []struct{ name, text, want string }{
		{"zero bytes", "", "bill.csv: the file is empty"},
		{"BOM alone", "\ufeff", "bill.csv: the file is empty"},
		{"something else", "a,b\n1,2\n", "bill.csv:1: the first line is not the header of a trade bill"},
		{"NUL bytes", strings.Replace(bill, "茶叶", "\x00", 1), "bill.csv:2: a NUL byte"},
		{"an absurdly long line", strings.Replace(bill, "茶叶", strings.Repeat("x", 3<<20), 1), "a line of more than"},
	} {
		t.Run(c.name, func(t *testing.T) { refuse(t, input(c.text), c.want) })
	}
}
