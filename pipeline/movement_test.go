package pipeline_test

import (
	"path/filepath"
	"strings"
	"testing"

	"reconcile/settlement"
)

// alipayLog writes 账务明细 of a day; rows are the columns behind the account number's:
// number, transaction, time, income, expense, balance, type, note.
func alipayLog(t testing.TB, dir, day, next string, income, expense settlement.Amount, in, out int, rows ...string) string {
	t.Helper()
	compact := strings.ReplaceAll(day, "-", "年")
	compact = compact[:len("2024年09")] + "月" + day[8:] + "日"
	after := next[:4] + "年" + next[5:7] + "月" + next[8:] + "日"
	text := "#支付宝账务明细查询\n#账号：[20881011221362410156]\n#起始日期：[" + compact + " 00:00:00]   终止日期：[" + after + " 00:00:00]\n" +
		"#-----------------------------------------账务明细列表----------------------------------------\n" +
		"账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注\n"
	for _, row := range rows {
		text += row + "\n"
	}
	text += "#----------------------------------------账务明细列表结束-------------------------------------\n" +
		"#支出合计：" + itoa(out) + "笔，共" + expense.String() + "元\n#收入合计：" + itoa(in) + "笔，共" + income.String() + "元\n#导出时间：[" + after + " 09:00:00]\n"
	return writeText(t, filepath.Join(dir, "alipay-log-"+day+".csv"), text)
}

func itoa(n int) string { return string(rune('0' + n)) }

// Money that is withdrawn from WeChat Pay and put into Alipay through the bank is one
// movement: what putting it in cost is counted once, on the day that proves it.
func TestAMovementBetweenWalletsCostsItsFeesOnce(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run("2024-09-12", payoutDay(t, dir, "2024-09-12", map[string]settlement.Amount{"P12": 5_000_00}),
		bankRows(t, dir, "2024-09-12", "2024-09-12,0.01,S12,,结息"))
	second := s.run("2024-09-13", payoutDay(t, dir, "2024-09-13", nil),
		bankRows(t, dir, "2024-09-13", "2024-09-13,5000.00,B13,财付通支付科技有限公司,商户提现", "2024-09-13,-5000.00,C13,支付宝,充值"),
		alipayLog(t, dir, "2024-09-13", "2024-09-14", 5_000_00, 5_00, 1, 1,
			"A1,T1,,,2024-09-13 15:00:00,,5000.00,0.00,5000.00,银行,充值,", "A2,T1,,,2024-09-13 15:00:00,,0.00,5.00,4995.00,银行,收费,充值手续费"))
	third := s.run("2024-09-14", payoutDay(t, dir, "2024-09-14", nil), bankRows(t, dir, "2024-09-14", "2024-09-14,0.01,S14,,结息"),
		alipayLog(t, dir, "2024-09-14", "2024-09-15", 0, 0, 0, 0))
	movements := func(dir string) (list []string) {
		for _, row := range tableRows(t, dir, "cross_wallet", "cost_of", "wallet", "account", "deposit_fee", "cross_wallet_fee") {
			if strings.HasPrefix(row, "movement") {
				list = append(list, row)
			}
		}
		return list
	}
	expect(t, "payouts of the second day", tableRows(t, second, "payouts", "payout_no", "status", "movement", "leg_wallet", "leg_fee"), "P12 received proven alipay 5.00")
	expect(t, "the first day", movements(first))
	expect(t, "the second day", movements(second), "movement alipay 2088101122136241 5.00 5.00")
	expect(t, "the third day", movements(third))
	expect(t, "in the summary", tableRows(t, second, "summary", "wallet", "cross_wallet_fees"), "alipay 5.00")
}
