package generate_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/settlement"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestMemberNamesAreGBK(t *testing.T) {
	gbk := func(text string) string {
		return must[string](t)(simplifiedchinese.GBK.NewEncoder().String(text))
	}
	const stem = "20886012345678900156_20240912_"
	for name, want := range map[string][]string{
		"as delivered today":                            {"业务明细.csv", "业务明细(汇总).csv"},
		"Alipay in parts, summary first, fees positive": {"业务明细(汇总).csv", "业务明细_1.csv", "业务明细_2.csv"},
		"Alipay returns fees, names wrongly flagged":    {"业务明细.csv", "业务明细(汇总).csv"},
	} {
		key := writeDay(t, variants[name])
		if base := filepath.Base(key.Files[0]); base != "20886012345678900156_20240912.csv.zip" {
			t.Errorf("the ZIP is called %s", base)
		}
		members := readZIP(t, key.Files[0])
		for i, m := range members[:len(want)] {
			if m.name != stem+gbk(want[i]) {
				t.Errorf("%s: member %d is called %q", name, i, m.name)
			}
			if flagged := m.flags&0x800 != 0; flagged != variants[name].Alipay.NamesFlaggedUTF8 {
				t.Errorf("%s: UTF-8 flag %v", name, flagged)
			}
		}
	}
}

func TestAlipayRowsHaveTabsWhereRealFilesHave(t *testing.T) {
	tabbed := []int{1, 2, 3, 7, 8, 9, 10, 11, 20, 22}
	for _, m := range readZIP(t, writeDay(t, variants["as delivered today"]).Files[0])[:1] {
		f := parseAlipay(t, m.content)
		if len(f.header) != 25 {
			t.Fatalf("%d columns", len(f.header))
		}
		for _, row := range f.rows {
			for i, name := range f.header {
				value := row[name]
				if tab := strings.HasSuffix(value, "\t"); tab != slices.Contains(tabbed, i+1) || strings.Count(value, "\t") > 1 {
					t.Fatalf("column %d, %s: %q", i+1, name, value)
				}
			}
			refund := strings.HasPrefix(row["订单金额（元）"], "-")
			if refund != (row["业务类型"] == "退款\t") || refund == (row["退款批次号/请求号"] == "\t") {
				t.Fatalf("neither payment nor refund: %v", row)
			}
			if taobao := strings.HasPrefix(row["商户订单号"], "22") || strings.HasPrefix(row["商户订单号"], "23"); taobao {
				t.Fatalf("a Taobao order without T200P: %s", row["商户订单号"])
			}
		}
	}
}

func TestAlipayFeeSignIsAsAskedFor(t *testing.T) {
	for name, signs := range map[string][2]string{
		"as delivered today":                            {"-", "0"},
		"Alipay in parts, summary first, fees positive": {"", "0"},
		"Alipay returns fees, names wrongly flagged":    {"-", ""},
	} {
		for _, m := range readZIP(t, writeDay(t, variants[name]).Files[0]) {
			for _, row := range parseAlipay(t, m.content).rows {
				fee, sign := row["服务费（元）"], signs[0]
				if row["业务类型"] == "退款\t" {
					sign = signs[1]
				}
				if row["业务类型"] != "" && fee != "0.00" && (sign == "0" || strings.HasPrefix(fee, "-") != (sign == "-")) {
					t.Fatalf("%s: fee %s on %s", name, fee, row["业务类型"])
				}
			}
		}
	}
}

func TestAlipayReturnsAtMostAFenMoreThanItCharged(t *testing.T) {
	kept, paid, returned := map[string]settlement.Amount{}, map[string]bool{}, 0
	key := writeDay(t, variants["Alipay returns fees, names wrongly flagged"])
	rows := parseAlipay(t, readZIP(t, key.Files[0])[0].content).rows
	for _, row := range rows {
		kept[row["支付宝交易号"]] -= fen(t, row["服务费（元）"])
		paid[row["支付宝交易号"]] = paid[row["支付宝交易号"]] || row["业务类型"] == "交易\t"
		if row["业务类型"] == "退款\t" && row["服务费（元）"] != "0.00" {
			returned++
		}
	}
	for no, fee := range kept {
		if paid[no] && fee < -1 { // else it was charged on an earlier day
			t.Errorf("%s: %s more is returned than was charged", no, -fee)
		}
	}
	if returned == 0 {
		t.Error("no fee is returned")
	}
}

func TestAlipayPreambleByteForByte(t *testing.T) {
	want := "#支付宝业务明细查询\r\n#账号：[20886012345678900156]\r\n" +
		"#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]\r\n" +
		"#-----------------------------------------业务明细列表----------------------------------------\r\n" +
		"支付宝交易号,商户订单号,业务类型,商品名称,"
	end := "#-----------------------------------------业务明细列表结束------------------------------------\r\n#交易合计："
	last := "#导出时间：[2024年09月13日 05:46:49]\r\n"
	gbk := func(text string) []byte {
		return must[[]byte](t)(simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text)))
	}
	for _, m := range readZIP(t, writeDay(t, variants["as delivered today"]).Files[0])[:1] {
		if !bytes.HasPrefix(m.content, gbk(want)) || !bytes.Contains(m.content, gbk(end)) || !bytes.HasSuffix(m.content, gbk(last)) {
			t.Errorf("preamble, fence or end differ:\n%.600q", m.content)
		}
	}
}

func TestAlipayPartsHaveTheRowsAskedFor(t *testing.T) {
	o := variants["Alipay in parts, summary first, fees positive"]
	key := writeDay(t, o)
	parts := readZIP(t, key.Files[0])[1:]
	for i, m := range parts {
		rows := len(parseAlipay(t, m.content).rows)
		if last := i == len(parts)-1; rows > o.Alipay.PartRows || !last && rows != o.Alipay.PartRows {
			t.Errorf("part %d of %d has %d rows", i+1, len(parts), rows)
		}
	}
}

func TestWeChatLayouts(t *testing.T) {
	all := []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
	for _, row := range []struct {
		name             string
		legacy, short    bool
		columns, trailer [3]int
		first            string
	}{
		{"current", false, false, [3]int{27, 20, 29}, [3]int{7, 7, 7}, "应结订单金额"},
		{"current with the documented SUCCESS trailer", false, true, [3]int{27, 20, 29}, [3]int{7, 4, 7}, "应结订单金额"},
		{"legacy", true, false, [3]int{24, 18, 26}, [3]int{5, 5, 5}, "总金额"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := generate.Defaults()
			o.Orders, o.WeChat.Bills, o.WeChat.Legacy, o.WeChat.DocumentedTrailer = 2000, all, row.legacy, row.short
			key := writeDay(t, o)
			for i, bill := range all {
				path := filesNamed(key.Files, fmt.Sprintf("1600123456_%s_2024-09-12.csv", bill))[0]
				f, trailer := parseWeChat(t, path)
				if len(f.header) != row.columns[i] || len(trailer) != row.trailer[i] || f.header[12] != row.first {
					t.Errorf("%s: %d columns, trailer of %d, column 13 is %s", bill, len(f.header), len(trailer), f.header[12])
				}
			}
		})
	}
}

func TestWeChatRowsCarryCouponsCampaignsAndRefunds(t *testing.T) {
	o := variants["as delivered today"]
	f, _ := parseWeChat(t, filesNamed(writeDay(t, o).Files, "_ALL_2024-09-12.csv")[0])
	var free, topUp, campaigns, couponRefunds, processing, failed, changed, revoked int
	for _, row := range f.rows {
		gross, settled, coupon := fen(t, row["订单金额"]), fen(t, row["应结订单金额"]), fen(t, row["代金券金额"])
		asked, refunded, back := fen(t, row["申请退款金额"]), fen(t, row["退款金额"]), fen(t, row["充值券退款金额"])
		if settled > gross || gross-settled > coupon || refunded > asked || back > refunded {
			t.Fatalf("amounts that no coupon explains: %v", row)
		}
		count := func(n *int, met bool) {
			if met {
				*n++
			}
		}
		count(&free, settled < gross)
		count(&topUp, coupon > gross-settled)
		count(&campaigns, row["费率备注"] != "" && row["费率"] == "0.38%")
		count(&couponRefunds, refunded < asked)
		count(&processing, row["退款状态"] == "PROCESSING")
		count(&failed, row["退款状态"] == "FAIL")
		count(&changed, row["退款状态"] == "CHANGE")
		if row["交易状态"] == "REVOKED" {
			revoked++
			if row["微信退款单号"] != "0" || row["商户退款单号"] != "0" || asked == 0 || gross != 0 {
				t.Fatalf("no revoke: %v", row)
			}
			continue
		}
		if refund := row["交易状态"] == "REFUND"; refund != (row["微信退款单号"] != "0") || refund == (gross > 0) ||
			refund && strings.HasPrefix(row["退款金额"], "-") || refund == (row["退款类型"] == "") {
			t.Fatalf("neither payment nor refund: %v", row)
		}
	}
	for name, n := range map[string]int{"免充值券": free, "充值券": topUp, "campaigns": campaigns,
		"refunds with 免充值券": couponRefunds, "refunds in PROCESSING": processing,
		"FAIL": failed, "CHANGE": changed, "REVOKED": revoked} {
		if n == 0 {
			t.Errorf("no row with %s", name)
		}
	}
}

func TestWeChatByteOrderMarkOnlyWhereAskedFor(t *testing.T) {
	for _, bom := range []bool{false, true} {
		o := generate.Sample()
		o.WeChat.BOM = bom
		content := must[[]byte](t)(os.ReadFile(writeDay(t, o).Files[1]))
		if got := bytes.HasPrefix(content, []byte{0xEF, 0xBB, 0xBF}); got != bom {
			t.Errorf("BOM %v, asked for %v", got, bom)
		}
	}
}

func TestExtractHasTheColumnsAskedFor(t *testing.T) {
	for name, want := range map[string][2]string{
		"as delivered today": {"order_no,wallet,amount,paid_at,status,shop,platform,account,payment_no,provider_txn_id,home_wallet",
			"order_no,refund_no,amount,refunded_at,status"},
		"least columns": {"order_no,wallet,amount,paid_at,status,shop,platform", "order_no,refund_no,amount,refunded_at,status"},
		"escrow": {"order_no,wallet,amount,paid_at,status,shop,platform,account,payment_no,provider_txn_id,home_wallet,confirmed_at,payout_amount",
			"order_no,refund_no,amount,refunded_at,status,succeeded_at"},
	} {
		key := writeDay(t, variants[name])
		for i, file := range []string{generate.OrdersFile, generate.RefundsFile} {
			if got := strings.Join(parseExtract(t, filesNamed(key.Files, file)[0]).header, ","); got != want[i] {
				t.Errorf("%s: %s has the columns %s", name, file, got)
			}
		}
	}
}

func TestShopNamesWithCommasAndQuotesAreQuoted(t *testing.T) {
	content := must[[]byte](t)(os.ReadFile(filesNamed(writeDay(t, generate.Sample()).Files, generate.OrdersFile)[0]))
	if !bytes.Contains(content, []byte(`,"晴禾生活馆,""优选""",taobao,`)) {
		t.Error("no shop whose name needs quotes")
	}
}

// Numbers are unique within their family: order numbers but for deposits and
// their balances, which share one, and the wallets' numbers but for refunds.
func TestNumbersAreUniqueAndLookReal(t *testing.T) {
	o := generate.Defaults()
	o.Orders = 20_000
	delete(o.Cases, generate.TwoPayments)
	key := writeDay(t, o)
	unique := func(name string, seen map[string]bool, value string, length int, prefix string) {
		if seen[value] || len(value) != length && length > 0 || !strings.HasPrefix(value, prefix) {
			t.Errorf("%s %q: seen before, or not %d long starting %s", name, value, length, prefix)
		}
		seen[value] = true
	}
	orders := map[string]bool{}
	for _, row := range parseExtract(t, filesNamed(key.Files, "orders.csv")[0]).rows {
		no := row["order_no"]
		unique("order_no", orders, no, 0, "")
		if digits := strings.Trim(no, "0123456789") == ""; digits && len(no) != 18 && len(no) != 19 ||
			!digits && !strings.HasPrefix(no, "S202409") && !strings.HasPrefix(no, "POS2409") {
			t.Errorf("order number %s does not look like one", no)
		}
	}
	provider := map[string]bool{}
	for _, row := range parseAlipay(t, readZIP(t, filesNamed(key.Files, ".zip")[0])[0].content).rows {
		if row["业务类型"] == "交易\t" {
			unique("支付宝交易号", provider, strings.TrimRight(row["支付宝交易号"], "\t"), 28, "202409122200")
		}
	}
	refunds := map[string]bool{}
	bill, _ := parseWeChat(t, filesNamed(key.Files, "_ALL_2024-09-12.csv")[0])
	for _, row := range bill.rows {
		switch row["交易状态"] {
		case "SUCCESS":
			unique("微信订单号", provider, row["微信订单号"], 28, "4200")
			if row["微信订单号"][10:18] != "20240912" {
				t.Errorf("微信订单号 %s has no day at digits 11 to 18", row["微信订单号"])
			}
		case "REFUND":
			unique("微信退款单号", refunds, row["微信退款单号"], 29, "5030")
		}
	}
}
