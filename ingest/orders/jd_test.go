package orders

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// The columns of the export's versions, and the tail that later ones have.
const (
	jd2016 = "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,客户姓名,客户地址,联系电话," +
		"订单备注,发票类型,发票抬头,发票内容,商家备注,商家备注等级（等级1-5为由高到低）,运费金额,付款确认时间,增值税发票,货号,订单完成时间,订单来源,订单渠道"
	jd2018 = jd2016 + ",送装服务,服务费,仓库id,仓库名称,商家SKUID,邮政编码,邮箱地址,是否为品牌商订单,是否为toplife订单,普通发票纳税编号"
)

// jdExport builds an export: each row is order, product, amount, status, payment time.
func jdExport(header string, rows ...[5]string) [][]string {
	names := strings.Split(header, ",")
	table := [][]string{names}
	for _, row := range rows {
		values := map[string]string{"订单号": row[0], "商品ID": row[1], "商品名称": "茶, 一盒", "应付金额": row[2], "订单金额": "999.00", "结算金额": "998.00",
			"京东价": "12.00", "订单状态": row[3], "付款确认时间": row[4], "下单时间": "2026-03-01 09:59:00", "客户姓名": "甲某某", "联系电话": "13800000000"}
		cells := make([]string, len(names))
		for i, name := range names {
			cells[i] = values[name]
		}
		table = append(table, cells)
	}
	return table
}

var jdRows = [][5]string{
	{"29000000001", "100001", "88.00", "完成", "2026-03-01 10:00:00"},
	{"29000000001", "100002", "88.00", "完成", "2026-03-01 10:00:00"},
	{"29000000002", "100001", "20.00", "等待出库", "2026-03-01 10:00:01"},
	{"29000000003", "100001", "20.00", "等待出库", ""}, // on delivery
	{"29000000004", "100003", "5.00", "(删除)等待出库", "2026-03-01 10:00:02"},
	{"29000000005", "100003", "6.00", "(删除)等待付款", ""},
	{"29000000006", "100003", "7.00", "等待付款", ""},
	{"29000000007", "100003", "8.00", "(锁定)等待出库", "2026-03-01 10:00:05"},
	{"29000000001", "100003", "88.00", "完成", "2026-03-01 10:00:00"},
}

func TestJDOrdersAreReadWithoutConfiguration(t *testing.T) {
	want := []string{
		"2: payment 29000000001 88.00 paid platform=jd paid_at=2026-03-01 10:00:00 escrow=1",
		"3: payment 29000000001 88.00 paid platform=jd paid_at=2026-03-01 10:00:00 escrow=1",
		"4: payment 29000000002 20.00 paid platform=jd paid_at=2026-03-01 10:00:01 escrow=1",
		"5: payment 29000000003 20.00 unpaid platform=jd escrow=1",
		"6: payment 29000000004 5.00 refunded platform=jd paid_at=2026-03-01 10:00:02 escrow=1",
		"7: payment 29000000005 6.00 closed platform=jd escrow=1",
		"8: payment 29000000006 7.00 unpaid platform=jd escrow=1",
		"9: payment 29000000007 8.00 paid platform=jd paid_at=2026-03-01 10:00:05 escrow=1",
		"10: payment 29000000001 88.00 paid platform=jd paid_at=2026-03-01 10:00:00 escrow=1",
	}
	for version, header := range map[string]string{"2016": jd2016, "2018": jd2018} {
		rows := jdExport(header, jdRows...)
		csv := asCSV(rows)
		for form, content := range map[string][]byte{"CSV in GBK": []byte(gb(csv)), "CSV in UTF-8": []byte("\uFEFF" + csv), "workbook": ingesttest.Workbook(rows), "HTML table": ingesttest.HTMLTable(rows)} {
			t.Run(version+", "+form, func(t *testing.T) {
				st, events, err := readTable(content, Mapping{}, Mapping{})
				if strings.HasPrefix(form, "CSV") {
					if kind, ok := Recognise(content, Mapping{}); !ok || kind != settlement.OrderExtract {
						t.Error("it is not recognised")
					}
					st, events, err = readWith(2, content, settlement.OrderExtract, Mapping{})
				}
				if err != nil {
					t.Fatal(err)
				}
				for i, text := range want {
					events := showAll(events)
					if diff := cmp.Diff(strings.ReplaceAll(text, " escrow=1", ""), strings.NewReplacer(" escrow=1", "", " payout=0.00", "").Replace(events[i])); diff != "" {
						t.Error(diff)
					}
				}
				notes := strings.Join(st.Notes, "\n")
				for _, note := range []string{"2 rows are further products of an order", "1 rows are of orders on their way without a payment time", "JD takes the buyers' money"} {
					if !strings.Contains(notes, note) {
						t.Errorf("no note says %q:\n%s", note, notes)
					}
				}
				if !strings.HasPrefix(st.Layout, "JD order export (京东), ") || strings.Contains(notes, "columns not used") || strings.Contains(notes, "138000") {
					t.Error(st.Layout, notes)
				}
			})
		}
	}
}

func TestJDOrdersRefuse(t *testing.T) {
	for _, c := range []struct {
		name, header, want string
		rows               [][5]string
	}{
		{"rows of an order with other amounts", jd2016, "orders.csv:4: 应付金额: 20.00, but line 2 of the same order has 88.00", [][5]string{jdRows[0], jdRows[2], {"29000000001", "100003", "20.00", "完成", "2026-03-01 10:00:00"}}},
		{"rows of an order in other states", jd2016, "orders.csv:3: 订单状态: refunded, but line 2 of the same order has paid", [][5]string{jdRows[0], {"29000000001", "100003", "88.00", "已取消", "2026-03-01 10:00:00"}}},
		{"rows of an order paid at other times", jd2016, "orders.csv:3: 付款确认时间: 2026-03-01 10:00:09, but line 2 of the same order has 2026-03-01 10:00:00", [][5]string{jdRows[0], {"29000000001", "100003", "88.00", "完成", "2026-03-01 10:00:09"}}},
		{"a word of status that is not established", jd2016, `订单状态: "暂停" is no known word`, [][5]string{{"29000000001", "100001", "88.00", "暂停", ""}}},
		{"no payment times", strings.Replace(jd2016, ",付款确认时间", "", 1), "付款确认时间: this column is missing, which gives paid_at", jdRows[:1]},
		{"no amount payable", strings.Replace(jd2016, ",应付金额", "", 1), "应付金额: this column is missing, which gives amount", jdRows[:1]},
		{"an amount with a sign", jd2016, "应付金额: ", [][5]string{{"29000000001", "100001", "￥88.00", "完成", "2026-03-01 10:00:00"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readWith(2, []byte(gb(asCSV(jdExport(c.header, c.rows...)))), settlement.OrderExtract, Mapping{})
			if text := errorsOf(t, err); !strings.Contains(text, c.want) {
				t.Error(text)
			}
		})
	}
}

// An order's rows may lie far apart, in blocks that different workers read.
func TestJDRowsOfAnOrderAreComparedOverBlocks(t *testing.T) {
	rows := make([][5]string, 0, 20_001)
	for range 20_000 {
		rows = append(rows, jdRows[2])
	}
	rows = append(rows, [5]string{"29000000002", "100009", "20.01", "等待出库", "2026-03-01 10:00:01"})
	_, _, err := readWith(3, []byte(asCSV(jdExport(jd2018, rows...))), settlement.OrderExtract, Mapping{})
	if text := errorsOf(t, err); !strings.Contains(text, "orders.csv:20002: 应付金额: 20.01, but line ") {
		t.Error(text)
	}
}
