package wechatpay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

func TestRowIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		row  fields
		want string
	}{
		{"a time with full-width colons", paymentRow("交易时间", "2014-11-10 16：33：45"), `:2:2: 交易时间: "2014-11-10 16：33：45": not a time`},
		{"an id in scientific notation", paymentRow("微信订单号", "4.20000E+27"), `:2:60: 微信订单号: "4.20000E+27": a number in scientific notation`},
		{"the merchant's number in scientific notation", paymentRow("商户订单号", "2E+20"), `商户订单号: "2E+20": a number in scientific notation`},
		{"a refund number in scientific notation", refundRow("微信退款单号", "5.03E+28"), `微信退款单号: "5.03E+28": a number in scientific`},
		{"advice against spreadsheets", paymentRow("商户订单号", "2.1E+20"), "a spreadsheet has saved this file"},
		{"an id of WeChat Pay with a sign", paymentRow("微信订单号", "42000-1"), `微信订单号: "42000-1": a character that no number of WeChat Pay has`},
		{"no id of WeChat Pay", paymentRow("微信订单号", ""), "微信订单号: no number of WeChat Pay"},
		{"a lone zero as id", paymentRow("微信订单号", "0"), "微信订单号: no number of WeChat Pay"},
		{"no merchant", paymentRow("商户号", ""), "商户号: no merchant number"},
		{"a blank in an order number", paymentRow("商户订单号", "S2024 1"), `商户订单号: "S2024 1": a blank or a control character`},
		{"an order number that is not UTF-8", paymentRow("商户订单号", "S\xd6\xd0"), "商户订单号: \"*��\": not UTF-8"},
		{"another currency", paymentRow("货币种类", "HKD"), `货币种类: "HKD" where only CNY is accepted`},
		{"another state", paymentRow("交易状态", "USERPAYING"), `交易状态: "USERPAYING" is none of SUCCESS, REFUND, REVOKED`},
		{"another refund status", refundRow("退款状态", "CLOSED"), `退款状态: "CLOSED" is none of`},
		{"a payment with refund status", paymentRow("退款状态", "SUCCESS"), "退款状态: \"SUCCESS\": a payment row has no refund status"},
		{"a payment with refund number", paymentRow("微信退款单号", "50302"), "a payment row has no refund number"},
		{"a payment with the merchant's refund number", paymentRow("商户退款单号", "R1"), "商户退款单号: \"R1\": a payment row has no refund number"},
		{"a refund without number", refundRow("微信退款单号", "0"), "微信退款单号: a refund without WeChat Pay's refund number"},
		{"a refunded amount on a payment", paymentRow("退款金额", "1.00"), "退款金额: 1.00 where a row of state SUCCESS has 0.00"},
		{"a requested refund on a payment", paymentRow("申请退款金额", "1.00"), "申请退款金额: 1.00 where"},
		{"a returned coupon on a payment", paymentRow("充值券退款金额", "1.00"), "充值券退款金额: 1.00 where"},
		{"an order amount on a refund", refundRow("订单金额", "1.00"), "订单金额: 1.00 where a row of state REFUND has 0.00"},
		{"a settled amount on a refund", refundRow("应结订单金额", "1.00"), "应结订单金额: 1.00 where"},
		{"a coupon on a refund", refundRow("代金券金额", "1.00"), "代金券金额: 1.00 where"},
		{"a negative payment", paymentRow("订单金额", "-100.00"), "订单金额: -100.00 is negative"},
		{"a negative refund", refundRow("退款金额", "-50.00"), "退款金额: -50.00 is negative"},
		{"a negative fee of a payment", paymentRow("手续费", "-0.60000"), "手续费: -0.60: the fee of a payment is not negative"},
		{"a positive fee of a refund", refundRow("手续费", "0.30000"), "手续费: 0.30: the fee of a refund is returned and not positive"},
		{"an unrounded fee", paymentRow("手续费", "0.19500"), "bills from before mid-2015 carry unrounded fees"},
		{"no fee", paymentRow("手续费", ""), "手续费: \"\": no number"},
		{"no rate", paymentRow("费率", ""), "费率: \"\": no number"},
		{"a rate without percent", paymentRow("费率", "0.006"), "费率: \"0.006\": not a percentage"},
		{"full-width colons in a time", paymentRow("交易时间", "2024-09-12 10：11：12"), `:2:2: 交易时间: "2024-09-12 10：11：12": not a time`},
		{"two blanks in a time", paymentRow("交易时间", "2024-09-12  10:11:1"), "交易时间"},
		{"a day that is not in the calendar", paymentRow("交易时间", "2024-02-30 10:11:12"), "not in the calendar"},
		{"a blank in the type", paymentRow("交易类型", "JS API"), "交易类型: \"** ***\": a blank"},
		{"an absurdly long value is cut in the message", paymentRow("交易状态", strings.Repeat("长", 5000)), strings.Repeat("*", 60) + `…" is none of`},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, input(newBill(currentALL, c.row).text()), c.want)
		})
	}
}

func TestAmountTrapsAreRefused(t *testing.T) {
	for _, text := range []string{"1.-5", "--1", "1.+5", "1e2", "6e-05", "1.005", "１２", "1,000.00", " 1", "1 ", "+", "+1", "", ".5", "5.", "0x1", "99999999999999999999"} {
		for _, column := range []string{"应结订单金额", "代金券金额", "订单金额", "退款金额", "充值券退款金额", "申请退款金额", "手续费"} {
			t.Run(column+" "+text, func(t *testing.T) {
				row := paymentRow(column, text)
				if strings.Contains(column, "退款") {
					row = refundRow(column, text)
				}
				refuse(t, input(newBill(currentALL, row).text()), "bill.csv:2:", column)
			})
		}
	}
}

func TestEveryBadRecordIsListedUpToOneHundred(t *testing.T) {
	b := newBill(currentALL)
	for i := range 250 {
		b.add(paymentRow("手续费", fmt.Sprintf("x%d", i)))
	}
	r := refuse(t, input(b.text()))
	if len(r.Errors) != settlement.MaxListed || r.More != 150 || r.Errors[0].Line != 2 || r.Errors[99].Line != 101 {
		t.Errorf("%d listed, %d more, from line %d", len(r.Errors), r.More, r.Errors[0].Line)
	}
}

func TestRefundStatusAndTime(t *testing.T) {
	for _, c := range []struct {
		name, header string
		row          fields
		status       settlement.Status
		at           string
		basis        settlement.TimeBasis
		rawType      string
	}{
		{"ALL has only the stated time", currentALL, refundRow(), settlement.Success, "2024-09-12 10:11:12", settlement.BasisAsStated, "JSAPI/REFUND/SUCCESS"},
		{"REFUND: success time", currentREFUND, refundRow(), settlement.Success, "2024-09-12 11:00:05", settlement.BasisSuccess, "JSAPI/REFUND/SUCCESS"},
		{"REFUND: else acceptance", currentREFUND, refundRow("退款成功时间", "", "退款状态", "PROCESSING"), settlement.Processing, "2024-09-12 11:00:00", settlement.BasisAccepted, "JSAPI/REFUND/PROCESSING"},
		{"REFUND: else as stated", legacyREFUND, refundRow("退款成功时间", "", "退款申请时间", "", "退款状态", "FAIL"), settlement.Failed, "2024-09-12 10:11:12", settlement.BasisAsStated, "JSAPI/REFUND/FAIL"},
		{"changed", legacyALL, refundRow("退款状态", "CHANGE"), settlement.Changed, "2024-09-12 10:11:12", settlement.BasisAsStated, "JSAPI/REFUND/CHANGE"},
		{"no status is a success", currentALL, refundRow("退款状态", ""), settlement.Success, "2024-09-12 10:11:12", settlement.BasisAsStated, "JSAPI/REFUND"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, _ := accept(t, input(newBill(c.header, c.row).text()))
			if lines.Status[0] != c.status || lines.OccurredAt[0].String() != c.at || lines.TimeBasis[0] != c.basis || lines.RawType.StringAt(0) != c.rawType {
				t.Errorf("%s %s %s %s", lines.Status[0], lines.OccurredAt[0], lines.TimeBasis[0], lines.RawType.StringAt(0))
			}
		})
	}
}

func TestRevokedRowCountsWithTheRefunds(t *testing.T) {
	b := newBill(currentALL, paymentRow("交易类型", "MICROPAY"),
		refundRow("交易类型", "MICROPAY", "交易状态", "REVOKED", "微信退款单号", "0", "商户退款单号", "0", "退款状态", "", "退款金额", "100.00",
			"申请退款金额", "100.00", "手续费", "-0.60000"))
	lines, s := accept(t, input(b.text()))
	if lines.Kind[1] != settlement.Revoke || lines.Gross[1] != -10000 || lines.Fee[1] != 60 || lines.RefundNo.StringAt(1) != "" || lines.ProviderRefundID.StringAt(1) != "" {
		t.Errorf("%s", cells(lines))
	}
	if lines.ID[0] == lines.ID[1] {
		t.Error("payment and its revocation have one identity")
	}
	for _, total := range s.Totals {
		if total.Name == "退款总金额" && (total.Computed != 10000 || !total.Measure.Has(settlement.Revoke)) {
			t.Errorf("%+v", total)
		}
	}
}

func TestFreeTextMayHoldAnything(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"escaped backtick of a payment", "茶\\`叶"},
		{"escaped backtick of a refund", `茶\140叶`},
		{"escaped comma", `茶\ 叶`},
		{"raw comma", "茶,叶"},
		{"raw backtick", "茶`叶"},
		{"backtick at the start", "`茶叶"},
		{"comma at the end", "茶叶,"},
		{"escaped quotes", `\"茶\'叶\"`},
		{"a lone quote", `"茶叶`},
		{"escaped line ends and tab", `茶\n\r\t叶`},
		{"substitute character", "茶\\\x1a叶"},
		{"bytes that are not UTF-8", "茶\xff叶"},
		{"raw separator", "茶,`叶"},
		{"three raw separators", "茶,`叶,`红,`绿"},
		{"a value that looks like another column", "茶,`0.00"},
	} {
		for _, column := range []string{"设备号", "商品名称", "商户数据包"} {
			t.Run(c.name+" in "+column, func(t *testing.T) {
				got, _ := accept(t, input(newBill(currentALL, paymentRow(column, c.value), refundRow(column, c.value)).text()))
				want, _ := accept(t, input(newBill(currentALL, paymentRow(), refundRow()).text()))
				if cells(got) != cells(want) {
					t.Errorf("got %s want %s", cells(got), cells(want))
				}
			})
		}
	}
}

func TestFieldCount(t *testing.T) {
	good := newBill(currentALL, paymentRow()).rows[0]
	for _, c := range []struct{ name, row, want string }{
		{"too few", good[:strings.LastIndex(good, ",")], ":2:1: 26 fields where the header has 27 names"},
		{"a lost backtick", strings.Replace(good, ",`JSAPI", ",JSAPI", 1), "26 fields where"},
		{"no backtick at the start", good[1:], ":2:1: a row that does not start with a backtick"},
		{"an empty line", "", ":2:1: an empty line before the control totals"},
		{"a header again", currentALL, "a row that does not start with a backtick"},
		{"one too many at the end", good + ",`", "28 fields where the header has 27 names"},
		{"one too many in an id", strings.Replace(good, ",`S2024", ",`S2024,`S2024", 1), "28 fields"},
		{"far too many", strings.Replace(good, "茶叶", strings.Repeat("茶,`", 40), 1), "67 fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, input(newBill(currentALL).raw(c.row).text()), c.want)
		})
	}
	t.Run("more than one way to read it", func(t *testing.T) {
		// a, b, c, d for 设备号, 商户订单号, 商品名称: the order number is b or c.
		header := "设备号,商户订单号,商品名称," + strings.NewReplacer("设备号,", "", "商户订单号,", "", "商品名称,", "").Replace(currentALL)
		row := newBill(header, paymentRow("设备号", "a", "商户订单号", "b", "商品名称", "c,`d")).rows[0]
		refuse(t, input(newBill(header).raw(row).text()), ":2:1: 28 fields where the header has 27 names, and more than one way to read them")
		row = newBill(header, paymentRow("设备号", "a", "商户订单号", "b", "商品名称", "b,`d")).rows[0]
		refuse(t, input(newBill(header).raw(row).text()), "bill states 0") // both ways give b: the row is read
	})
	t.Run("no anchoring beside columns that are not known", func(t *testing.T) {
		refuse(t, input(newBill(currentALL+",说明", paymentRow("商品名称", "茶,`叶")).text()), "29 fields where the header has 28 names")
	})
}

func TestAUTHRowsKeepTheOrderNumberOfTheBill(t *testing.T) {
	for _, pack := range []string{"wxzff|A20240912|B20240912", "wxzff|A20240912", "门店"} {
		lines, s := accept(t, input(newBill(currentALL, paymentRow("交易类型", "AUTH", "商户订单号", "T100020240912", "商户数据包", pack)).text()))
		if lines.OrderNo.StringAt(0) != "T100020240912" || lines.OrderNoRaw.StringAt(0) != "" {
			t.Errorf("order number %s, raw %s", lines.OrderNo.StringAt(0), lines.OrderNoRaw.StringAt(0))
		}
		if !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.HasPrefix(n, "1 rows of 交易类型 AUTH") }) {
			t.Errorf("notes %q", s.Notes)
		}
	}
}

func TestOpenListsAreAccepted(t *testing.T) {
	for _, kind := range []string{"MICROPAY", "NATIVE", "APP", "FACE", "SOME-NEW.TYPE", ""} {
		lines, _ := accept(t, input(newBill(currentALL, paymentRow("交易类型", kind, "付款银行", "新银行_CREDIT", "费率备注", "R-17")).text()))
		if got := lines.RawType.StringAt(0); got != kind+"/SUCCESS" {
			t.Errorf("raw_type %s", got)
		}
	}
}

func TestMerchantNumber(t *testing.T) {
	other := paymentRow("商户号", "1900000777")
	t.Run("one merchant a bill", func(t *testing.T) {
		r := refuse(t, input(newBill(currentALL, paymentRow(), other, other).text()), "bill.csv:3:43: 商户号: merchant 1900000777 in a bill of merchant 1900000109")
		if len(r.Errors) != 1 {
			t.Errorf("%d errors", len(r.Errors))
		}
	})
	t.Run("the configuration agrees", func(t *testing.T) {
		in := input(newBill(currentALL, paymentRow()).text())
		in.Account = "1900000109"
		accept(t, in)
	})
	t.Run("the configuration says another", func(t *testing.T) {
		in := input(newBill(currentALL, paymentRow()).text())
		in.Account = "1900000777"
		refuse(t, in, "bill.csv:2:43: 商户号: the bill is of merchant 1900000109, the configuration says 1900000777")
	})
	for _, c := range []struct{ name, file, account, want string }{
		{"an empty day: from the name", "dir/1900000109All2024-09-12_2024-09-12.csv", "", "1900000109"},
		{"an empty day: from the name with a line", "1900000109_ALL_2024-09-12.csv", "", "1900000109"},
		{"an empty day: from the configuration", "bill.csv", "1900000109", "1900000109"},
		{"an empty day: unknown", "1726107072.csv", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := delimited.Input{File: c.file, Account: c.account, Stream: strings.NewReader(newBill(currentALL).text()), Day: settlement.NoDay}
			lines, s := accept(t, in)
			if s.Account != c.want || s.Rows != 0 || lines.Len() != 0 || len(s.Totals) != 7 {
				t.Errorf("%+v", s)
			}
		})
	}
}
