package alipay

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
		{"none", usualHeader, nil, false},
		{"none, without units", strings.ReplaceAll(usualHeader, "（元）", ""), nil, false},
		{"none: bank channel", bankHeader, nil, false},
		{"a new column", strings.Replace(usualHeader, ",备注", ",场景,备注", 1), []string{"new: 场景 (25): left out"}, false},
		{"a column that is not read goes", strings.Replace(usualHeader, ",终端号", "", 1), []string{"missing: 终端号, known as column 10: the file is read without it"}, false},
		{"a column that is not read is renamed", strings.Replace(usualHeader, "终端号", "终端编号", 1), []string{"renamed: 终端编号, column 10, was known as 终端号: left out"}, false},
		{"a column moves", "备注," + strings.TrimSuffix(usualHeader, ",备注"), []string{"moved: 备注, from column 25 to 1: read under its name"}, false},
		{"a total's column is renamed", strings.Replace(usualHeader, "商家实收（元）", "商家实收额（元）", 1),
			[]string{"renamed: 商家实收额（元）, column 13, was known as 商家实收: refused, control total 商家实收 needs it"}, true},
		{"a required column goes", strings.Replace(usualHeader, ",服务费（元）", "", 1),
			[]string{"missing: 服务费, known as column 23: refused, column fee_amount needs it"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bill := testBill{header: c.header, rows: twoRows()}
			var statement *settlement.Statement
			if c.refused {
				statement = refusedFor(t, []byte(bill.text()), nil).Statement
			} else {
				statement, _ = accepted(t, []byte(bill.text()))
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
