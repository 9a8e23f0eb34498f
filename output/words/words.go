// Package words says the words of the tables as people read them, in English and Chinese:
// one list, so that a kind of break, a wallet or a kind of file has one name in the
// terminal, on pages and in workbooks. What only one of them says stands there.
package words

// English is the English of a word of the tables; ok is false where it has none but itself.
func English(word string) (text string, ok bool) {
	both, ok := list[word]
	return both[0], ok
}

// Chinese is the same in Chinese.
func Chinese(word string) (text string, ok bool) {
	both, ok := list[word]
	return both[1], ok
}

// list has the English and the Chinese of each word.
var list = map[string][2]string{
	// wallets, platforms
	"alipay":            {"Alipay", "支付宝"},
	"wechat":            {"WeChat Pay", "微信支付"},
	"taobao_aggregated": {"Taobao aggregated", "淘宝聚合账户"},
	"bank":              {"Bank", "银行"},
	"taobao":            {"Taobao", "淘宝"},
	"tmall":             {"Tmall", "天猫"},
	"jd":                {"JD", "京东"},
	"(no wallet)":       {"(no wallet)", "（渠道不明）"},
	"(no account)":      {"(no account)", "（商户号不明）"},

	// purses of an account
	"basic":     {"basic", "基本账户"},
	"operation": {"operation", "运营账户"},

	// kinds of breaks, their ages and what became of them
	"missing_in_statement":        {"Missing in statement", "短款"},
	"missing_in_orders":           {"Missing in orders", "长款"},
	"amount_mismatch":             {"Amount differs", "金额不符"},
	"status_mismatch":             {"Status differs", "状态不符"},
	"wallet_mismatch":             {"Other wallet", "渠道不符"},
	"duplicate_payment":           {"Paid twice", "重复支付"},
	"refund_missing_in_statement": {"Refund missing in statement", "退款短款"},
	"refund_missing_in_orders":    {"Refund missing in orders", "退款长款"},
	"refund_exceeds_payment":      {"Refund exceeds payment", "超额退款"},
	"fee_variance":                {"Fee variance", "手续费差异"},
	"settlement_mismatch":         {"Bill and fund flow differ", "账实不符"},
	"balance_gap":                 {"Balance does not follow", "余额不连续"},
	"payout_missing":              {"Withdrawal not arrived", "提现未到账"},
	"payout_mismatch":             {"Withdrawal differs", "提现不符"},

	"0d":      {"new", "当日"},
	"1-3d":    {"1–3 days", "1–3 天"},
	"4-7d":    {"4–7 days", "4–7 天"},
	"8-30d":   {"8–30 days", "8–30 天"},
	"31d+":    {"31 days and more", "31 天以上"},
	"unknown": {"not known", "不明"},

	"accepted":    {"accepted", "已接受"},
	"written_off": {"written off", "已核销"},

	// lines, fees, withdrawals, balances
	"payment":      {"payment", "收款"},
	"refund":       {"refund", "退款"},
	"revoke":       {"revocation", "撤销"},
	"withdrawal":   {"withdrawal", "提现"},
	"channel":      {"channel", "渠道手续费"},
	"instalment":   {"instalments", "分期手续费"},
	"platform":     {"platform fee", "平台服务费"},
	"deposit":      {"deposit", "充值手续费"},
	"in_transit":   {"in transit", "在途"},
	"received":     {"received", "已到账"},
	"returned":     {"sent back", "已退回"},
	"fee_alone":    {"fee alone", "单独手续费"},
	"home":         {"withdrawing other orders' money", "其他订单资金的提现"},
	"residual":     {"withdrawing beside orders' money", "订单资金以外的提现"},
	"day_before":   {"the day before", "前一日期末"},
	"first_row":    {"the day's first row", "首行余额"},
	"statement":    {"the bank statement", "对账单所载"},
	"opening_file": {"the opening file", "期初余额文件"},

	// kinds of files
	"trade_bill":         {"trade bill", "交易账单"},
	"trade_bill_success": {"trade bill, payments", "交易账单（成功）"},
	"trade_bill_refund":  {"trade bill, refunds", "交易账单（退款）"},
	"trade_summary":      {"trade summary", "业务汇总"},
	"fund_bill":          {"fund-flow bill", "资金账单"},
	"account_log":        {"account log", "账务明细"},
	"account_summary":    {"account log summary", "账务汇总"},
	"portal_funds":       {"portal fund flow", "账务组合查询"},
	"portal_trades":      {"portal trades", "交易查询"},
	"aggregated_funds":   {"aggregated account", "聚合账户收支明细"},
	"profit_share_bill":  {"profit-sharing bill", "分账账单"},
	"bank_statement":     {"bank statement", "银行对账单"},
	"order":              {"order", "订单"},
	"line":               {"line", "账单行"},
	"lines":              {"lines", "账单行"},
	"orders":             {"orders", "订单"},
	"refunds":            {"refunds", "退款单"},
}
