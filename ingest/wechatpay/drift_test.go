package wechatpay

import (
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

func TestDriftOfABill(t *testing.T) {
	for _, c := range []struct {
		name, header string
		want         []string
		refused      bool
	}{
		{"none: ALL", currentALL, nil, false},
		{"none: SUCCESS", currentSUCCESS, nil, false},
		{"none: REFUND", currentREFUND, nil, false},
		{"none: legacy ALL", legacyALL, nil, false},
		{"none: legacy SUCCESS", legacySUCCESS, nil, false},
		{"none: legacy REFUND", legacyREFUND, nil, false},
		{"none: ALL of 2014", doc2014ALL, nil, false},
		{"a new column", strings.Replace(currentALL, ",手续费,", ",场景,手续费,", 1), []string{"new: 场景 (23): left out"}, false},
		{"a column that is not read goes", strings.Replace(currentALL, ",设备号", "", 1), []string{"missing: 设备号, known as column 5: the file is read without it"}, false},
		{"a column that is not read is renamed", strings.Replace(currentALL, ",商品名称", ",商品的名称", 1), []string{"renamed: 商品的名称, column 21, was known as 商品名称: left out"}, false},
		{"a column moves", "费率," + strings.Replace(currentALL, ",费率,", ",", 1), []string{"moved: 费率, from column 24 to 1: read under its name"}, false},
		{"a total's column is renamed", strings.Replace(currentALL, ",手续费,", ",手续费额,", 1),
			[]string{"renamed: 手续费额, column 23, was known as 手续费: refused, control total 手续费总金额 needs it"}, true},
		{"a required column goes", strings.Replace(currentALL, ",商户订单号", "", 1),
			[]string{"missing: 商户订单号, known as column 7: refused, column order_no needs it"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBill(c.header)
			if !strings.Contains(c.header, "退款申请时间") {
				b.add(paymentRow("场景", "x", "商品的名称", "茶", "手续费额", "0.60000"))
			}
			if c.header == currentSUCCESS {
				b.summary = summary4
			}
			var statement *settlement.Statement
			if c.refused {
				statement = refuse(t, input(b.text())).Statement
			} else {
				_, statement = accept(t, input(b.text()))
			}
			if got := settlement.DriftTexts(statement.Drift); !slices.Equal(got, c.want) {
				t.Errorf("got %q", got)
			}
			if c.refused != slices.ContainsFunc(statement.Drift, func(d settlement.Drift) bool { return d.Refused }) {
				t.Error("the drift does not tell whether the bill is refused")
			}
		})
	}
}
