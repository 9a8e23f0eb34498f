package alipay

import "testing"

func TestCategories(t *testing.T) {
	const trade = "2024091222001400001234500001"
	for _, c := range []struct{ kind, note, description, in, out string }{ // as an income, as an expense
		{"在线支付", "", "", "payment", "payment"},
		{"交易付款", "", "", "payment", "payment"},
		{"交易付款", "服务费[" + trade + "] 请开票", "", "payment", "fee"}, // an income's note may be a buyer's
		{"交易退款", "", "", "refund", "refund"},
		{"退款", "花呗退款", "", "refund", "refund"},
		{"转账", "", "", "transfer", "transfer"},
		{"交易分账", "", "", "profit_share", "profit_share"},
		{"提现", "", "", "withdrawal", "withdrawal"},
		{"理财申购", "余额自动转入", "", "transfer", "transfer"},
		{"充值", "", "", "top_up", "top_up"},
		{"红包退回", "", "", "coupon", "coupon"},
		{"保证金", "", "", "freeze", "freeze"},
		{"交易争议", "", "", "freeze", "freeze"},
		{"投诉赔付", "", "", "transfer", "transfer"},
		{"投诉退款", "", "", "refund", "refund"},
		{"收费", "", "", "fee_return", "fee"},
		{"收费", "服务费[" + trade + "]", "", "fee_return", "fee"},
		{"收费", "花呗支付服务费[" + trade + "];淘宝交易号[T200P77]", "", "fee_return", "fee"},
		{"收费", "收钱码经营版信用卡收钱服务费[" + trade + "]", "", "fee_return", "fee"},
		{"收费", "服务费退回(" + trade + ")", "", "fee_return", "fee_return"},
		{"收费", "提现服务费", "", "withdrawal_fee", "withdrawal_fee"},
		{"收费", "基础软件服务费(77)扣款", "", "platform_fee", "platform_fee"},
		{"其它", "基础软件服务费77扣款", "", "platform_fee", "platform_fee"},
		{"其它", "代扣款（扣款用途：某服务费_订单号:77，付款方：某人）", "", "platform_fee", "platform_fee"},
		{"其它", "", "0030038|软件服务费-支付宝服务费", "fee_return", "fee"},
		{"其它", "", "0030130|软件服务费-基础软件服务费", "platform_fee", "platform_fee"},
		{"交易付款", "", "0060011|营销支出-淘宝客佣金", "platform_fee", "platform_fee"},
		{"交易付款", "", "0020001|交易退款-余额退款", "refund", "refund"},
		{"其它", "", "0240004T|其他收入-某激励", "coupon", "coupon"},
		{"其它", "", "008000200003|保证金-扣除转移", "freeze", "freeze"},
		{"交易付款", "", "9990001|新的", "payment", "payment"},
		{"其它", "", "", "other", "other"},
		{"新的类型", "", "", "other", "other"},
	} {
		for direction, want := range map[string]string{"100.00": c.in, "-100.00": c.out} {
			row := moved("1", "2", c.kind, "", "", "", "备注", c.note, "业务描述", c.description)
			if direction[0] == '-' {
				row["支出金额"] = direction
			} else {
				row["收入金额"] = direction
			}
			_, funds := acceptedLog(t, gb(testLog{rows: []movement{row}, header: logHeaders["sixteen columns"]}.text()))
			if funds[0].Category != want {
				t.Errorf("%s, %q, %q of %s is %s, want %s", c.kind, c.note, c.description, direction, funds[0].Category, want)
			}
		}
	}
}

func TestWhatNothingNamesIsListed(t *testing.T) {
	st, _ := acceptedLog(t, gb(testLog{rows: []movement{
		moved("1", "1", "新的类型", "1.00", "", ""), moved("2", "2", "新的类型", "2.50", "", ""), moved("3", "3", "其它", "", "-1.00", ""),
	}}.text()))
	for _, want := range []string{`2 rows of 业务类型 "新的类型", which does not name what they are about, come to 3.50 (first on line 6)`, `1 rows of 业务类型 "其它"`} {
		if !hasNote(st, want) {
			t.Errorf("notes %q, want %s", st.Notes, want)
		}
	}
}

// A fee is linked by the trade number in its note; orders by the number that the
// platform gives them.
func TestNumbersOfFees(t *testing.T) {
	const trade = "2024091222001400001234500001"
	for _, c := range []struct{ name, order, base, kind, note, wantOrder, wantTxn string }{
		{"a fee", "A1", "", "收费", "服务费[" + trade + "]", "A1", trade},
		{"a fee of an instalment", "", "", "收费", "花呗支付服务费[" + trade + "];淘宝交易号[T200P141516028694009018]", "141516028694009018", trade},
		{"a fee that comes back", trade + "-r-2024", "", "收费", "服务费退回(" + trade + ")", "", trade},
		{"a fee without a trade", "A1", "", "收费", "服务费", "A1", "B1"},
		{"a fee of the platform", "", "", "其它", "基础软件服务费(4502224875038010000)扣款", "4502224875038010000", "B1"},
		{"a fee of the platform, bare", "", "", "其它", "某服务费_订单号:701793460165030000扣款", "701793460165030000", "B1"},
		{"with the platform's order", "T200P11", "22", "交易付款", "", "22", "B1"},
		{"without", "T200P11", "", "交易付款", "", "11", "B1"},
	} {
		row := moved("1", "B1", c.kind, "", "-1.00", "", "商户订单号", c.order, "业务基础订单号", c.base, "备注", c.note)
		_, funds := acceptedLog(t, gb(testLog{rows: []movement{row}, header: logHeaders["sixteen columns"]}.text()))
		if f := funds[0]; f.Order != c.wantOrder || f.Txn != c.wantTxn {
			t.Errorf("%s: order %q, trade %q", c.name, f.Order, f.Txn)
		}
	}
}

func TestNotesThatMayNamePeopleAreNotKept(t *testing.T) {
	for _, c := range []struct{ kind, note, want string }{
		{"转账", "给某人", ""},
		{"交易付款", "某人的备注", ""},
		{"交易退款", "退给某人", ""},
		{"收费", "服务费", "服务费"},
		{"其它", "代扣款（扣款用途：某服务费，付款方：某人）", "代扣款（扣款用途：某服务费"},
	} {
		_, funds := acceptedLog(t, gb(testLog{rows: []movement{moved("1", "2", c.kind, "", "-1.00", "", "备注", c.note)}}.text()))
		if funds[0].Note != c.want {
			t.Errorf("%s: note %q", c.kind, funds[0].Note)
		}
	}
}
