package wechatpay

import (
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

func TestLayouts(t *testing.T) {
	reversed := strings.Split(currentALL, ",")
	slices.Reverse(reversed)
	// In a legacy bill gross and settled are one column.
	for _, c := range []struct {
		name, header, summary string
		kind                  settlement.StatementKind
		title                 string
		legacy                bool
	}{
		{"current ALL", currentALL, summary7, settlement.TradeBill, "current ALL, 27 columns", false},
		{"current SUCCESS with the seven totals that real files have", currentSUCCESS, summary7, settlement.TradeBillSuccess, "current SUCCESS, 20 columns", false},
		{"current SUCCESS with the four totals of the document", currentSUCCESS, summary4, settlement.TradeBillSuccess, "current SUCCESS, 20 columns", false},
		{"current REFUND", currentREFUND, summary7, settlement.TradeBillRefund, "current REFUND, 29 columns", false},
		{"legacy ALL", legacyALL, summary5, settlement.TradeBill, "legacy ALL, 24 columns", true},
		{"legacy SUCCESS", legacySUCCESS, summary5, settlement.TradeBillSuccess, "legacy SUCCESS, 18 columns", true},
		{"legacy REFUND", legacyREFUND, summary5, settlement.TradeBillRefund, "legacy REFUND, 26 columns", true},
		{"wording of 2014", doc2014ALL, summary5of[doc2014ALL], settlement.TradeBill, "legacy ALL, 24 columns", true},
		{"current columns with 子商户号", strings.Replace(currentALL, "特约商户号", "子商户号", 1), summary7, settlement.TradeBill, "current ALL, 27 columns", false},
		{"current columns with the older coupon names", strings.NewReplacer("代金券金额", "企业红包金额", "充值券退款金额", "企业红包退款金额").Replace(currentALL),
			summary5, settlement.TradeBill, "current ALL, 27 columns", false},
		{"legacy columns with the current totals", legacyALL, summary7, settlement.TradeBill, "legacy ALL, 24 columns", true},
		{"columns in another order", strings.Join(reversed, ","), summary7, settlement.TradeBill, "current ALL, 27 columns", false},
		{"names with blanks around", strings.ReplaceAll(currentALL, ",", " ,"), summary7, settlement.TradeBill, "current ALL, 27 columns", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBill(c.header)
			b.header = strings.ReplaceAll(c.header, " ", "")
			b.summary = c.summary
			gross, refunded := "98.00", "45.00"
			if !c.legacy {
				gross, refunded = "100.00", "50.00"
			}
			want := []string{}
			if c.kind.Covers(settlement.Payment) {
				b.add(paymentRow("应结订单金额", "98.00", "订单金额", gross, "代金券金额", "5.00", "特约商户号", "1900000110", "手续费", "0.59000"))
				want = append(want, "payment gross "+gross+" settled 98.00 fee -0.59 net 97.41 coupon 5.00 sub 1900000110 success JSAPI/SUCCESS")
			}
			if c.kind.Covers(settlement.Refund) {
				b.add(refundRow("退款金额", "45.00", "申请退款金额", refunded, "充值券退款金额", "2.00", "手续费", "-0.27000"))
				want = append(want, "refund gross -"+refunded+" settled -45.00 fee 0.27 net -44.73 coupon -2.00 sub  success JSAPI/REFUND/SUCCESS")
			}
			b.header = c.header
			if !Recognise([]byte(b.text())) {
				t.Error("not recognised")
			}
			lines, s := accept(t, input(b.text()))
			if s.Kind != c.kind || s.Layout != c.title || s.Rows != int64(len(want)) || s.Account != "1900000109" {
				t.Errorf("kind %s, layout %s, rows %d, account %s", s.Kind, s.Layout, s.Rows, s.Account)
			}
			if len(s.Totals) != len(strings.Split(c.summary, ",")) {
				t.Errorf("%d control totals of %s", len(s.Totals), c.summary)
			}
			for i, w := range want {
				got := strings.Join([]string{lines.Kind[i].String(), "gross", lines.Gross[i].String(), "settled", lines.Settled[i].String(),
					"fee", lines.Fee[i].String(), "net", lines.Net[i].String(), "coupon", lines.Coupon[i].String(),
					"sub", lines.SubAccount.StringAt(i), lines.Status[i].String(), lines.RawType.StringAt(i)}, " ")
				if got != w {
					t.Errorf("line %d\n got %s\nwant %s", i, got, w)
				}
			}
		})
	}
}

func TestEveryColumnOfALineIsFilled(t *testing.T) {
	in := input(newBill(currentALL, paymentRow("特约商户号", "1900000110"), refundRow()).text())
	in.Day, _ = settlement.ParseDay([]byte("2024-09-12"))
	lines, _ := accept(t, in)
	var hasher settlement.IDHasher
	wantID := settlement.LineID(&hasher, settlement.TradeBill, settlement.WeChat, []byte("1900000109"),
		[]byte("4200002412202409121234567890"), []byte("50302412122024091298765432101"), []byte("REFUND"))
	if lines.ID[1] != wantID {
		t.Error("line_id is not the hash of wallet, account, 微信订单号, 微信退款单号, 交易状态")
	}
	if lines.Key[0] != settlement.PaymentKey([]byte("S20240912000001"), nil) || lines.Key[1] != lines.Key[0] {
		t.Error("the key of payment and refund is not that of the order number")
	}
	lines.ID, lines.Key = make([]settlement.ID, 2), make([]uint64, 2)
	got := cells(lines)
	for _, want := range []string{
		"wallet=2 account=1900000109 sub_account=1900000110 kind=1 order_no=S20240912000001 order_no_raw= refund_no= " +
			"provider_txn_id=4200002412202409121234567890 provider_refund_id= occurred_at=1726107072000000 time_basis=1 settled_on=19978 " +
			"gross_amount=10000 settled_amount=10000 fee_amount=-60 net_amount=9940 fee_rate=6000 currency=1 match_state=0 " +
			"raw_type=JSAPI/SUCCESS source_file=3 source_line=2 status=6 coupon_amount=0",
		"wallet=2 account=1900000109 sub_account= kind=2 order_no=S20240912000001 order_no_raw= refund_no=R20240912000001 " +
			"provider_txn_id=4200002412202409121234567890 provider_refund_id=50302412122024091298765432101 occurred_at=1726107072000000 " +
			"time_basis=3 settled_on=19978 gross_amount=-5000 settled_amount=-5000 fee_amount=30 net_amount=-4970 fee_rate=6000 currency=1 " +
			"match_state=0 raw_type=JSAPI/REFUND/SUCCESS source_file=3 source_line=3 status=6 coupon_amount=0",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not there: %s\nin %s", want, got)
		}
	}
}

func TestALLAndPartBillsGiveTheSameIdentity(t *testing.T) {
	all, _ := accept(t, input(newBill(currentALL, paymentRow(), refundRow()).text()))
	success, _ := accept(t, input(newBill(legacySUCCESS, paymentRow()).text()))
	refund, _ := accept(t, input(newBill(currentREFUND, refundRow()).text()))
	if success.ID[0] != all.ID[0] || refund.ID[0] != all.ID[1] {
		t.Error("line_id depends on the selection that a bill shows")
	}
}

func TestHeaderIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, header string
		texts        []string
	}{
		{"a required column is missing", strings.Replace(currentALL, "手续费,", "", 1),
			[]string{"bill.csv:1:1: 手续费: this required column is missing", "layouts known"}},
		{"the closest name is given", strings.Replace(currentALL, ",订单金额,", ",订单总额,", 1),
			[]string{"订单金额: this required column is missing; the header has 订单总额 instead"}},
		{"the wordings of a missing column are given", strings.Replace(currentALL, "应结订单金额", "收入", 1),
			[]string{"应结订单金额: this required column is missing (also known as 总金额); columns of no known name: 收入"}},
		{"all missing columns are listed", strings.NewReplacer("货币种类,", "", "退款状态,", "").Replace(currentALL),
			[]string{"货币种类: this required column is missing", "退款状态: this required column is missing"}},
		{"a REFUND bill without one of its times", strings.Replace(currentREFUND, "退款成功时间,", "", 1),
			[]string{"退款成功时间: this required column is missing"}},
		{"gross is not guessed in a current bill", strings.Replace(currentSUCCESS, ",订单金额", "", 1),
			[]string{"订单金额: this required column is missing"}},
		{"a name twice", currentALL + ",设备号", []string{"bill.csv:1:149: 设备号: the header has this name twice"}},
		{"an unknown name twice", currentALL + ",甲,甲", []string{"甲: the header has this name twice"}},
		{"two wordings of one column", currentALL + ",总金额", []string{"总金额: the header has this column already as 应结订单金额"}},
		{"too many columns", currentALL + strings.Repeat(",甲", 100), []string{"127 columns"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := newBill(c.header).text()
			if !Recognise([]byte(text)) {
				t.Error("not recognised, so that nobody is told what it lacks")
			}
			refuse(t, input(text), c.texts...)
		})
	}
}

func TestUnknownColumnIsAcceptedAndNoted(t *testing.T) {
	b := newBill(currentALL+",优惠说明", paymentRow("优惠说明", "满减"), refundRow())
	lines, s := accept(t, input(b.text()))
	if lines.Len() != 2 || !slices.Contains(s.Notes, `column "优惠说明" is not known and was left out`) {
		t.Errorf("%d lines, notes %q", lines.Len(), s.Notes)
	}
}

func TestOptionalColumnsMayBeMissing(t *testing.T) {
	header := currentALL
	for _, name := range []string{"公众账号ID,", "设备号,", "用户标识,", "付款银行,", "退款类型,", "商品名称,", "商户数据包,"} {
		header = strings.Replace(header, name, "", 1)
	}
	lines, _ := accept(t, input(newBill(header, paymentRow(), refundRow()).text()))
	if lines.Len() != 2 {
		t.Errorf("%d lines", lines.Len())
	}
}
