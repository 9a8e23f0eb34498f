package wechatpay

import (
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

func TestControlTotalsMustTie(t *testing.T) {
	// 100.00 − 50.00 with fees of 0.60 and −0.30, coupons of 5.00 and 2.00.
	text := func(values string) string {
		return newBill(currentALL, paymentRow("代金券金额", "5.00"), refundRow("充值券退款金额", "2.00")).stating(summary7, values).text()
	}
	accept(t, input(text("`2,`100.00,`50.00,`2.00,`0.30000,`100.00,`50.00")))
	for _, c := range []struct{ name, values, want string }{
		{"count", "`3,`100.00,`50.00,`2.00,`0.30000,`100.00,`50.00", "bill.csv:5:2: 总交易单数: the bill states 3, its rows add up to 2 (difference -1)"},
		{"settled", "`2,`100.01,`50.00,`2.00,`0.30000,`100.00,`50.00", "应结订单总金额: the bill states 100.01, its rows add up to 100.00 (difference -0.01)"},
		{"refunded", "`2,`100.00,`49.99,`2.00,`0.30000,`100.00,`50.00", ":5:13: 退款总金额: the bill states 49.99, its rows add up to 50.00 (difference 0.01)"},
		{"refunded coupons", "`2,`100.00,`50.00,`0.00,`0.30000,`100.00,`50.00", "充值券退款总金额: the bill states 0.00, its rows add up to 2.00"},
		{"fees", "`2,`100.00,`50.00,`2.00,`0.60000,`100.00,`50.00", "手续费总金额: the bill states 0.60, its rows add up to 0.30"},
		{"the sign of fees", "`2,`100.00,`50.00,`2.00,`-0.30000,`100.00,`50.00", "手续费总金额: the bill states -0.30, its rows add up to 0.30"},
		{"gross", "`2,`100.00,`50.00,`2.00,`0.30000,`1.00,`50.00", "订单总金额: the bill states 1.00, its rows add up to 100.00"},
		{"gross refunds", "`2,`100.00,`50.00,`2.00,`0.30000,`100.00,`0", "申请退款总金额: the bill states 0.00, its rows add up to 50.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := refuse(t, input(text(c.values)), c.want)
			if len(r.Errors) != 1 || len(r.Totals) != 7 {
				t.Errorf("%d errors, %d totals side by side", len(r.Errors), len(r.Totals))
			}
		})
	}
	t.Run("every one that does not tie is listed", func(t *testing.T) {
		if r := refuse(t, input(text("`9,`9.00,`9.00,`9.00,`9.00000,`9.00,`9.00"))); len(r.Errors) != 7 {
			t.Errorf("%d errors", len(r.Errors))
		}
	})
}

func TestShapesOfTotals(t *testing.T) {
	for _, values := range []string{
		"`1,`0.01,`0.00,`0.00,`0.00000,`0.01,`0.00",
		"`1.0,`0.01,`0.0,`0.0,`0.0,`0.01,`0",
		"`1,`0.01000,`0,`0,`0,`0.01000,`0.00000",
		"1,`0.01,`0.00,`0.00,`0.00000,`0.01,`0.00",
		"1,0.01,0,0,0,0.01,0",
	} {
		t.Run(values, func(t *testing.T) {
			row := paymentRow("应结订单金额", "0.01", "订单金额", "0.01", "手续费", "0.00000")
			_, s := accept(t, input(newBill(currentALL, row).stating(summary7, values).text()))
			for i, want := range []int64{1, 1, 0, 0, 0, 1, 0} {
				if s.Totals[i].Stated != want || s.Totals[i].Computed != want {
					t.Errorf("%s: %d and %d instead of %d", s.Totals[i].Name, s.Totals[i].Stated, s.Totals[i].Computed, want)
				}
			}
		})
	}
}

func TestTrailerIsRefused(t *testing.T) {
	whole := newBill(currentALL, paymentRow()).text()
	trailer := strings.Index(whole, "总交易单数")
	values := strings.LastIndex(whole[:len(whole)-2], "\r\n") + 2
	for _, c := range []struct{ name, text, want string }{
		{"no control totals", whole[:trailer], "bill.csv:2: the file ends without its control totals"},
		{"only their names", whole[:values], "bill.csv:3: the file ends before the values"},
		{"a value less", strings.TrimSuffix(whole, ",`0.00\r\n"), "bill.csv:4: 6 control totals where 7 names are given"},
		{"a value more", strings.TrimSuffix(whole, "\r\n") + ",`1", "8 control totals where 7"},
		{"scientific notation", strings.Replace(whole, "`0.60000,`100.00,`0.00\r\n", "`6e-05,`100.00,`0.00\r\n", 1), `手续费总金额: "6e-05": scientific notation`},
		{"a fraction of a row", strings.Replace(whole, "\r\n`1,", "\r\n`1.5,", 1), `bill.csv:4:2: 总交易单数: "1.5": a count with a fraction`},
		{"a total that is no number", strings.Replace(whole, "\r\n`1,", "\r\n`一,", 1), "总交易单数"},
		{"text behind them", whole + "备注\r\n", "bill.csv:5: text behind the control totals"},
		{"two bills joined", whole + whole, "bill.csv:5: text behind the control totals (fetch the bill again from WeChat Pay; bills that were joined must be given one by one)"},
		{"a total twice", strings.Replace(whole, "申请退款总金额", "退款总金额", 1), "退款总金额: this control total stands twice"},
		{"no refund total in an ALL bill", newBill(currentALL, paymentRow()).stating(summary4, "").text(), "退款总金额: this control total is missing"},
		{"no fee total", newBill(currentSUCCESS, paymentRow()).stating("总交易单数,应结订单总金额,订单总金额", "").text(), "手续费总金额: this control total is missing"},
		{"very many totals", newBill(currentALL).stating(summary7+strings.Repeat(",总", 200), "`0").text(), "207 control totals"},
	} {
		t.Run(c.name, func(t *testing.T) { refuse(t, input(c.text), c.want) })
	}
	t.Run("blank lines behind them are accepted", func(t *testing.T) {
		accept(t, input(whole+"\r\n  \r\n\n"))
	})
	t.Run("one that is not known is noted", func(t *testing.T) {
		_, s := accept(t, input(newBill(currentALL, paymentRow()).stating(summary7+",新总额",
			"`1,`100.00,`0,`0,`0.60,`100.00,`0,`77").text()))
		if !slices.Contains(s.Notes, `control total "新总额" is not known and was not compared`) || len(s.Totals) != 7 {
			t.Errorf("notes %q", s.Notes)
		}
	})
	t.Run("gross that no total proves is noted", func(t *testing.T) {
		_, s := accept(t, input(newBill(currentALL, paymentRow()).stating(summary5, "").text()))
		if len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "states no 订单总金额") {
			t.Errorf("notes %q", s.Notes)
		}
	})
}

func TestSumsThatLeave64BitsAreRefused(t *testing.T) {
	b := newBill(currentALL)
	for range 12 {
		b.add(paymentRow("订单金额", "9999999999999999.99"))
	}
	refuse(t, input(b.stating(summary7, "`12,`1200.00,`0,`0,`7.20,`0,`0").text()), settlement.ErrOverflow.Error())
}

func TestKindSums(t *testing.T) {
	_, s := accept(t, input(newBill(currentALL, paymentRow(), paymentRow("代金券金额", "5.00"), refundRow()).text()))
	want := [6]settlement.KindSum{
		settlement.Payment: {Rows: 2, Gross: 20000, Settled: 20000, Fee: -120, Coupon: 500},
		settlement.Refund:  {Rows: 1, Gross: -5000, Settled: -5000, Fee: 30},
	}
	if s.KindSums != want || s.Rows != 3 {
		t.Errorf("%+v", s.KindSums)
	}
}
