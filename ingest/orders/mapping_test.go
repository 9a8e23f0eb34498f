package orders

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

func TestValidateListsAllFaultsAtOnce(t *testing.T) {
	rows, sum := int64(-1), settlement.Amount(-100)
	m := Mapping{
		Encoding:    "utf-16",
		Columns:     map[string]string{"amout": "金额", "status": " "},
		Statuses:    map[string]string{"交易成功": "done", "交易关闭": RefundedIfPaid, "成功": "success"},
		Wallets:     map[string]string{"微信": "wechatpay", "银行卡": "bank", "未知": ""},
		Defaults:    map[string]string{"wallet": "bank", "home_wallet": "", "status": "ok", "shop": " a", "platform": "taobao", "amount": "1"},
		TotalRows:   &rows,
		TotalAmount: &sum,
		Watermark:   settlement.Second,
	}
	var got []string
	for _, f := range m.Validate() {
		got = append(got, f.Error())
	}
	const statuses = " (of orders paid, unpaid, closed, cancelled, refunded or refunded_if_paid, of refunds success, processing, failed)"
	const known = "known: alipay, wechat, taobao_aggregated"
	want := []string{
		`columns.amout: no column of this name ("amount" is meant?)`,
		`columns.status: the name is empty (give the header's name for it, or leave the entry out)`,
		`defaults.amount: this column takes no fixed value (known: wallet, home_wallet, account, shop, platform, status)`,
		`defaults.home_wallet: "" is no wallet of orders (` + known + `)`,
		`defaults.shop: " a" is empty or has blanks around it (give the value, or leave the entry out)`,
		`defaults.status: "ok" is no status` + statuses,
		`defaults.wallet: "bank" is no wallet of orders (` + known + `)`,
		`encoding: "utf-16" is no known encoding (utf-8 and gb18030 are read)`,
		`statuses.交易成功: "done" is no status` + statuses,
		`total_amount: -1.00 is negative (state the sum as the file prints it: refunds too are positive there)`,
		`total_rows: -1 is negative (state the number of rows)`,
		`wallets.微信: "wechatpay" is no wallet of orders (` + known + `, or "" where it is not known)`,
		`wallets.银行卡: "bank" is no wallet of orders (` + known + `, or "" where it is not known)`,
		`watermark: 1970-01-01 08:00:01 is out of range (give a time of the years 2000 to 2099)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValidMappings(t *testing.T) {
	for _, m := range []Mapping{{}, {Encoding: "GB18030"}, {Watermark: settlement.NoInstant}, taobaoMap} {
		if faults := m.Validate(); len(faults) > 0 {
			t.Error(faults)
		}
	}
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		name, head string
		mapping    Mapping
		want       settlement.StatementKind
	}{
		{"orders", plainHeader, Mapping{}, settlement.OrderExtract},
		{"orders without status, to be told so", "order_no,amount,paid_at\n", Mapping{}, settlement.OrderExtract},
		{"orders with a refund number beside", "order_no,amount,paid_at,status,refund_no\n", Mapping{}, settlement.OrderExtract},
		{"refunds", "order_no,refund_no,amount,refunded_at,status\n", Mapping{}, settlement.RefundExtract},
		{"refunds without number, to be told so", "order_no,amount,succeeded_at,status\n", Mapping{}, settlement.RefundExtract},
		{"one line without its end", "order_no,amount,paid_at,status", Mapping{}, settlement.OrderExtract},
		{"mapped", "订单编号,买家实际支付金额,订单付款时间,订单状态\n", taobaoMap, settlement.OrderExtract},
		{"mapped, in an encoding that was not stated", gb("订单编号,买家实际支付金额,订单付款时间,订单状态\n"), taobaoMap, settlement.OrderExtract},
		{"not without the map", "订单编号,买家实际支付金额,订单付款时间,订单状态\n", Mapping{}, ""},
		{"nothing", "", Mapping{}, ""},
		{"two names are too few", "order_no,status\n", Mapping{}, ""},
		{"a statement", "交易时间,商户号,微信订单号,商户订单号,订单金额\n", Mapping{}, ""},
		{"an open quote", "\"order_no,amount,paid_at,status\n", Mapping{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if kind, ok := Recognise([]byte(c.head), c.mapping); kind != c.want || ok != (c.want != "") {
				t.Errorf("%q, %v", kind, ok)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	for _, c := range []struct{ name, head, want string }{
		{"Taobao orders without their payment times", `"订单编号","买家会员名","买家应付货款","总金额","收货地址 "`, "a Taobao/Tmall order export (千牛 ExportOrderList) without its payment times"},
		{"Taobao order details", "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注\n", "a Taobao/Tmall order detail export (千牛 ExportOrderDetailList)"},
		{"JD settlement with its header on the second line", "京东结算单\n订单编号,父单号,订单状态,费用名称,应结金额\n", "a JD settlement export (京东)"},
		{"Taobao receipts", "账期,订单号,子订单号,收/付渠道,业务流水号\n", "a Taobao receipts export (货款明细)"},
		{"orders", plainHeader, ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, head := range []string{c.head, "\uFEFF" + c.head, gb(c.head)} {
				what, do, ok := Foreign([]byte(head))
				if what != c.want || ok != (c.want != "") || ok && do == "" {
					t.Errorf("%q (%q), %v", what, do, ok)
				}
			}
			if c.want == "" {
				return
			}
			_, _, err := read(c.head, Mapping{})
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff("orders.csv: this is "+c.want, err.Error()[:len("orders.csv: this is "+c.want)]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
