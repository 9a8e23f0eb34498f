package orders

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// taobaoExport builds an export with the columns of a layout: those in row have its
// values, the others are personal or of no use.
func taobaoExport(header string, rows ...map[string]string) [][]string {
	names := strings.Split(header, ",")
	table := [][]string{names}
	for _, row := range rows {
		var cells []string
		for _, name := range names {
			value := row[strings.TrimSpace(name)]
			if value == "" && slices.Contains([]string{"买家会员名", "收货人姓名", "收货地址", "联系手机"}, strings.TrimSpace(name)) {
				value = "'甲某某13800000000"
			}
			cells = append(cells, value)
		}
		table = append(table, cells)
	}
	return table
}

func asCSV(table [][]string) string {
	var b strings.Builder
	for _, row := range table {
		for i, text := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// The columns of the versions, without some that nothing depends on.
const (
	taobao2019 = "订单编号,买家会员名,买家应付货款,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,店铺Id,店铺名称,退款金额,确认收货时间,打款商家金额"
	taobao2021 = "订单编号,买家会员名,支付单号,支付详情,买家应付货款,总金额,买家实际支付金额,订单状态,收货人姓名,收货地址 ,联系手机,订单付款时间 ,宝贝标题 ,店铺Id,店铺名称,确认收货时间,打款商家金额,是否信用购,主订单编号"
	taobao2026 = "订单编号,支付单号,支付详情,买家应付货款,买家应付邮费,总金额,买家实付金额,订单创建时间,订单付款时间,商品标题,退款金额,确认收货打款金额,总金额(旧版)"
)

var taobaoRows = []map[string]string{
	{"订单编号": `="3105550000000000001"`, "总金额": "99.00", "买家应付货款": "99.00", "买家实际支付金额": "88.00", "买家实付金额": "88.00", "订单状态": "交易成功", "订单付款时间": "2026-03-01 10:00:00", "店铺名称": "甲店", "确认收货时间": "2026-03-05 12:00:00", "打款商家金额": "86.50元", "确认收货打款金额": "86.50元", "支付详情": "支付宝支付88.00元"},
	{"订单编号": `'3105550000000000002`, "总金额": "20.00", "买家应付货款": "20.00", "买家实际支付金额": "20.00", "买家实付金额": "20.00", "订单状态": "卖家已发货，等待买家确认", "订单付款时间": "2026-03-01 10:00:01", "店铺名称": "甲店", "打款商家金额": "0.00元", "确认收货打款金额": "0.00元", "支付详情": "微信支付"},
	{"订单编号": `3105550000000000003`, "总金额": "5.00", "买家应付货款": "5.00", "买家实际支付金额": "5.00", "买家实付金额": "5.00", "订单状态": "交易关闭", "订单付款时间": "2026-03-01 10:00:02", "店铺名称": "甲店", "打款商家金额": "0.00元", "支付单号": "4200009999202603010000000001"},
	{"订单编号": `3105550000000000004`, "总金额": "6.00", "买家应付货款": "6.00", "买家实际支付金额": "0.00", "买家实付金额": "0.00", "订单状态": "交易关闭", "店铺名称": "甲店"},
	{"订单编号": `3105550000000000005`, "总金额": "7.00", "买家应付货款": "7.00", "买家实际支付金额": "0.00", "买家实付金额": "0.00", "订单状态": "等待买家付款", "店铺名称": "甲店"},
	{"订单编号": `3105550000000000006`, "总金额": "8.00", "买家应付货款": "8.00", "买家实际支付金额": "8.00", "买家实付金额": "8.00", "订单状态": "买家已付款，等待卖家发货", "订单付款时间": "2026-03-01 10:00:05", "店铺名称": "甲店", "支付单号": "2026030122009900000000000001"},
}

func TestTaobaoExportsAreReadWithoutConfiguration(t *testing.T) {
	events := func(wallets ...string) []string {
		put := func(i int) string {
			if len(wallets) == 0 || wallets[i] == "" {
				return ""
			}
			return " wallet=" + wallets[i]
		}
		return []string{
			"2: payment 3105550000000000001 88.00 paid" + put(0) + " home_wallet=alipay shop=甲店 platform=taobao paid_at=2026-03-01 10:00:00 confirmed_at=2026-03-05 12:00:00 payout=86.50 escrow=1",
			"3: payment 3105550000000000002 20.00 paid" + put(1) + " home_wallet=alipay shop=甲店 platform=taobao paid_at=2026-03-01 10:00:01 escrow=1",
			"4: payment 3105550000000000003 5.00 refunded" + put(2) + " home_wallet=alipay shop=甲店 platform=taobao paid_at=2026-03-01 10:00:02 payout=0.00 escrow=1",
			"5: payment 3105550000000000004 0.00 closed" + put(3) + " home_wallet=alipay shop=甲店 platform=taobao escrow=1",
			"6: payment 3105550000000000005 0.00 unpaid" + put(4) + " home_wallet=alipay shop=甲店 platform=taobao escrow=1",
			"7: payment 3105550000000000006 8.00 paid" + put(5) + " home_wallet=alipay shop=甲店 platform=taobao paid_at=2026-03-01 10:00:05 escrow=1",
		}
	}
	report := events("alipay", "wechat", "wechat", "", "", "alipay")
	for i := range report { // neither status nor confirmation nor shop
		report[i] = strings.NewReplacer(" shop=甲店", "", " confirmed_at=2026-03-05 12:00:00", "", " refunded ", " paid ", " closed ", " unpaid ", " payout=0.00", "").Replace(report[i])
	}
	for _, c := range []struct {
		name, header, layout string
		want                 []string
	}{
		{"2019", taobao2019, "Taobao/Tmall order export (千牛 ExportOrderList), 18 columns", events()},
		{"2021", taobao2021, "Taobao/Tmall order export (千牛 ExportOrderList), 19 columns", events("alipay", "wechat", "wechat", "", "", "alipay")},
		{"report of chosen columns", taobao2026, "Taobao/Tmall order report of chosen columns (千牛), 13 columns", report},
	} {
		rows := taobaoExport(c.header, taobaoRows...)
		csv := asCSV(rows)
		for form, content := range map[string][]byte{"CSV in GBK": []byte(gb(csv)), "CSV in UTF-8": []byte("\uFEFF" + csv), "workbook": ingesttest.Workbook(rows), "HTML table": ingesttest.HTMLTable(rows)} {
			t.Run(c.name+", "+form, func(t *testing.T) {
				read := func() (*settlement.Statement, *settlement.Events, error) {
					return readTable(content, Mapping{}, Mapping{})
				}
				layout := c.layout
				if strings.HasPrefix(form, "CSV") {
					if kind, ok := Recognise(content, Mapping{}); !ok || kind != settlement.OrderExtract {
						t.Error("it is not recognised")
					}
					read = func() (*settlement.Statement, *settlement.Events, error) {
						return readWith(2, content, settlement.OrderExtract, Mapping{})
					}
				}
				if form == "CSV in GBK" {
					layout += ", GB18030"
				}
				st, events, err := read()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, showAll(events)); diff != "" {
					t.Error(diff)
				}
				if st.Layout != layout {
					t.Error(st.Layout)
				}
				notes := strings.Join(st.Notes, "\n")
				if strings.Contains(notes, "columns not used") || strings.Contains(notes, "138000") {
					t.Error(notes)
				}
				if isReport := c.header == taobao2026; isReport != strings.Contains(notes, "no column 订单状态") || isReport != strings.Contains(notes, "no column 确认收货时间") {
					t.Error(notes)
				}
			})
		}
	}
}

func TestTaobaoExportsRefuse(t *testing.T) {
	with := func(change map[string]string) []map[string]string {
		row := map[string]string{}
		for name, value := range taobaoRows[0] {
			row[name] = value
		}
		for name, value := range change {
			row[name] = value
		}
		return []map[string]string{row}
	}
	for _, c := range []struct {
		name, header, want string
		rows               []map[string]string
	}{
		{"an unknown status, by its name", taobao2021, `订单状态: "付款确认中" is no known word (known: `, with(map[string]string{"订单状态": "付款确认中"})},
		{"a word for an amount", taobao2021, `打款商家金额: "***": `, with(map[string]string{"打款商家金额": "面议元"})},
		{"a missing amount column", strings.Replace(taobao2021, "买家实际支付金额", "买家支付", 1), "orders.csv:1: 买家实际支付金额: this column is missing, which gives amount (found ", taobaoRows[:1]},
		{"a paid order without its time", taobao2021, "订单付款时间: empty although the order is paid", with(map[string]string{"订单付款时间": ""})},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readWith(1, []byte(gb(asCSV(taobaoExport(c.header, c.rows...)))), settlement.OrderExtract, Mapping{})
			if text := errorsOf(t, err); !strings.Contains(text, c.want) {
				t.Error(text)
			}
		})
	}
	t.Run("numbers stored as numbers", func(t *testing.T) {
		_, _, err := readTable(ingesttest.Workbook(taobaoExport(taobao2021, with(map[string]string{"订单编号": "#3105550000000000001"})...)), Mapping{}, Mapping{})
		if text := errorsOf(t, err); !strings.Contains(text, "orders.x:2:1: 订单编号: 3105550000000000001 is a number of more than 15 digits") {
			t.Error(text)
		}
	})
}

func TestConfigurationGoesBeforeAKnownLayout(t *testing.T) {
	m := Mapping{Columns: map[string]string{"amount": "总金额"}, Statuses: map[string]string{"交易成功": "closed"}, Defaults: map[string]string{"platform": "tmall"}}
	_, events, err := readWith(1, []byte(gb(asCSV(taobaoExport(taobao2021, taobaoRows[0])))), settlement.OrderExtract, m)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2: payment 3105550000000000001 99.00 closed wallet=alipay home_wallet=alipay shop=甲店 platform=tmall paid_at=2026-03-01 10:00:00 confirmed_at=2026-03-05 12:00:00 payout=86.50 escrow=1"}
	if diff := cmp.Diff(want, showAll(events)); diff != "" {
		t.Error(diff)
	}
}
