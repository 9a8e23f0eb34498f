package bank

import (
	"strings"
	"testing"
)

// TestWhatPayersTypeIsKeptWhereItNamesNobody: a wallet's or a fee's word in a payer's own
// text makes it no bank's.
func TestWhatPayersTypeIsKeptWhereItNamesNobody(t *testing.T) {
	for _, c := range []struct{ counterparty, kind, purpose, rawType, note string }{
		{"", "转账给孙七", "支付宝转账-赵六宝 13912345678", "转账", "支付宝 转账"},
		{"", "电子汇入 周八九", "王五丰 手续费 借款150 13912345678", "电子 汇入", ""},
		{"", "手续费", "王五丰 冻结", "手续费", ""},
		{"王五丰", "手续费 王五丰", "王五丰 手续费", "手续费", "手续费"},
		{"", "网上支付", "9月房租", "网上支付", "9月房租"},
		{"", "", "账户管理费", "", "账户管理费"},
		{"", "Transfer Pat Smith", "alipay transfer Pat Smith", "transfer", "alipay transfer"},
		{"支付宝-赵六宝", "转账", "给赵六宝", "转账", "支付宝"},
		{"支付宝（中国）网络技术有限公司", "转账", "提现 20240912001234 6228 4804 0256 4890 018", "转账",
			"支付宝（中国）网络技术有限公司; 提现 20240912001234 **** **** **** **** ***"},
	} {
		_, lines := accepted(t, "account,booked_at,amount,reference,counterparty,type,purpose\n"+
			strings.Join([]string{"110900000010001", "2024-09-12 16:20:00", "-88.00", "B1", c.counterparty, c.kind, c.purpose}, ",")+"\n", Mapping{})
		if got := lines.RawType.StringAt(0); got != c.rawType {
			t.Errorf("type %q of %q, want %q", got, c.kind, c.rawType)
		}
		if got := lines.RawNote.StringAt(0); got != c.note {
			t.Errorf("note %q of %q, want %q", got, c.purpose, c.note)
		}
	}
}
