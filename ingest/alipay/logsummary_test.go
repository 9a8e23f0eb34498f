package alipay

import (
	"context"
	"strings"
	"testing"

	"reconcile/settlement"
)

func logSummaryText(total string) string {
	return strings.Join([]string{
		"#支付宝账务汇总查询", "#账号：[20880000111122220156]",
		"#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]",
		"#-----------------------------------------账务汇总列表----------------------------------------",
		"类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）",
		"收费,1,0.30,1,-0.60,-0.30",
		total,
		"#-----------------------------------------账务汇总列表结束------------------------------------",
		"#导出时间：[2024年09月13日 05:46:49]",
	}, "\n") + "\n"
}

const logSummaryTotal = "合计,2,100.30,3,-100.30,0.00"

func TestALogSummaryTiesWithItsLog(t *testing.T) {
	log, _ := acceptedLog(t, gb(testLog{rows: fewMoves()}.text()))
	for _, c := range []struct{ name, total, want string }{
		{"as it is", logSummaryTotal, ""},
		{"expenses above zero", "合计,2,100.30,3,100.30,0.00", ""},
		{"with another 总金额", "合计,2,100.30,3,-100.30,200.60", ""},
		{"incomes counted", "合计,3,100.30,3,-100.30,0.00", "收入笔数: the summary log.csv states 3, the log adds up to 2"},
		{"incomes", "合计,2,100.31,3,-100.30,0.00", "收入金额: the summary log.csv states 100.31, the log adds up to 100.30"},
		{"expenses counted", "合计,2,100.30,2,-100.30,0.00", "支出笔数: the summary log.csv states 2, the log adds up to 3"},
		{"expenses", "合计,2,100.30,3,-100.29,0.00", "支出金额: the summary log.csv states -100.29, the log adds up to -100.30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input(gb(logSummaryText(c.total)))
			in.File = "log.csv"
			summary, err := ReadLogSummary(context.Background(), in)
			if err != nil || summary.Kind != settlement.AccountSummary || summary.Account != "2088000011112222" {
				t.Fatalf("%+v, %v", summary, err)
			}
			refused := TieLogSummary(summary, []*settlement.Statement{log})
			if c.want == "" {
				if len(refused) > 0 || !allTie(summary.Totals) || len(summary.Totals) != 4 {
					t.Errorf("refused %v, totals %+v", refused, summary.Totals)
				}
				return
			}
			if len(refused) != 2 || !strings.Contains(refused[0].Error(), c.want) || refused[1].Statement != summary {
				t.Errorf("got %v", refused)
			}
		})
	}
}

func TestALogSummaryWithoutItsTotalsIsRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{strings.Replace(logSummaryText(logSummaryTotal), logSummaryTotal+"\n", "", 1), "the rows end without a row 合计"},
		{strings.Replace(logSummaryText(logSummaryTotal), "支出笔数", "支出", 1), "支出笔数: the required column is missing"},
		{logSummaryText("合计,2,x,3,-100.30,0.00"), `收入金额（+元）: "*"`},
	} {
		if _, err := ReadLogSummary(context.Background(), input(gb(c.text))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
