package workbook

import "reconcile/output/words"

// sayer gives a text in the language of the reader; the English is the key. Words of
// tables that have no English of their own are shown as they are.
func sayer(chinese bool) func(string) string {
	return func(text string) string {
		said, ok := words.English(text)
		if chinese {
			if said, ok = inChinese[text]; !ok {
				said, ok = words.Chinese(text)
			}
		}
		if ok {
			return said
		}
		return text
	}
}

// inChinese is the Chinese of all that is read.
var inChinese = map[string]string{
	// wallets, purses
	"basic": "基本账户", "operation": "运营账户", "fees": "手续费账户",

	// words of tables
	"open": "未结", "closed": "已结", "movement": "跨钱包转入",
	"accept": "接受", "write off": "核销", "explain": "说明", "assign": "指派", "note": "备注", "reopen": "重开",

	// titles
	"Reconciliation": "对账汇总", "Daily report by wallet and shop": "渠道日报", "All breaks": "差异明细", "Breaks": "差异", "Open breaks": "未结差异",
	"Fee check": "手续费核对", "Fees": "手续费", "Withdrawals and cross-wallet cost": "提现与跨钱包成本", "Open items and cut-off": "未达与跨日", "Balances": "余额调节表",
	"About this workbook": "说明", "Figures": "各账户数字", "Open breaks by kind": "未结差异（按类型）", "Open breaks by age": "未结差异（按账龄）", "What waits": "未达事项",
	"Fees by account": "手续费（按账户）", "Fees by rule": "手续费（按规则）", "Breaks about fees": "手续费差异",
	"Withdrawals": "提现", "Cost by day and shop": "成本（按日、店铺）", "Orders that were paid across wallets": "跨钱包支付的订单",
	"All that waits": "未达合计", "Detail": "明细", "Sheets": "各工作表", "How to decide of a break": "如何处理差异",
	"What the figures mean": "口径", "Kinds of breaks": "差异类型", "Files": "输入文件", "The run": "本次运行",

	// headings
	"CNY": "人民币元", "Total": "合计", "Total of %d sheets": "合计（%d 张表）", "Total of this sheet": "本表小计",
	"Break id": "差异编号", "Status": "状态", "Kind": "类型", "Wallet": "渠道", "Account": "商户号", "Shop": "店铺", "Order no.": "订单号",
	"Refund no.": "退款单号", "Payment no.": "支付单号", "Transaction": "渠道单号", "Expected": "应收", "Actual": "实收", "Difference": "差额",
	"First seen": "首次发现", "Age, days": "账龄（天）", "Age": "账龄", "Reason": "原因", "Suggestion": "建议",
	"Decision": "处理", "Who": "处理人", "When": "处理时间", "Note": "备注", "Assignee": "负责人", "Closed on": "结案日", "File and line": "文件与行号",
	"Day": "日期", "Order events": "订单收退款", "Bill lines": "账单行", "Matched": "对平", "Open items": "未达",
	"Gross": "收款", "Refunds": "退款", "Net": "净额", "Fees expected": "应收手续费", "Fees charged": "实收手续费", "of these without a rule": "其中无规则",
	"Fee variance": "手续费差异", "Withdrawal fees": "提现手续费", "Cross-wallet cost": "跨钱包成本", "Platform fees": "平台服务费", "Cost, bp": "综合费率（基点）",
	"Payout no.": "提现单号", "Withdrawn at": "提现时间", "Amount": "金额", "Fee expected": "应收手续费", "Fee charged": "实收手续费", "Variance": "差异",
	"Free quota used": "已用免费额度", "Due on": "应到账日", "Arrived on": "到账日", "Bank reference": "银行参考号",
	"Home wallet": "归属钱包", "Paying wallet": "支付钱包", "Paid": "支付金额", "Refunded": "已退", "Channel fee": "渠道手续费", "Fee in the home wallet": "归属钱包手续费",
	"Incremental fee": "增量手续费", "Withdrawing": "提现分摊", "Deposit fee": "转入手续费", "Cost of": "成本对象",
	"Booked": "已入账", "Time": "时间", "Why": "原因", "Count": "笔数", "Short": "短款金额", "Over": "长款金额",
	"Purse": "钱袋", "Opening": "期初余额", "Income": "收入", "Expense": "支出", "Computed closing": "应有期末余额", "Closing, by the file": "账载期末余额",
	"Unexplained": "未解释差额", "Opening known by": "期初依据", "Lines": "流水笔数", "Days missing": "缺资金账单天数",
	"Payments": "收款", "Fees returned": "手续费退回", "Profit sharing": "分账", "Transfers": "转账", "Withdrawals, returns": "提现及退回",
	"Coupons": "优惠券", "Top-ups": "充值", "Freezes": "冻结与解冻", "Not named by the file": "文件未载明",
	"What": "项目", "Meaning": "说明", "File": "文件", "What it is": "内容", "Then": "然后", "Who, When": "处理人、处理时间", "Note, Assignee": "备注、负责人",
	"Totals": "合计", "Amounts": "金额", "Large amounts": "大额", "Numbers": "单号", "Proof": "核验", "Program": "程序", "Configuration": "配置", "Note of the run": "运行说明",

	"Match rate, by count": "勾对率（笔数）", "Match rate, by amount": "勾对率（金额）", "Coupons, not settled": "优惠等未结算", "Fees, by the bills": "手续费（账单）",
	"Paid across wallets": "跨钱包支付笔数", "of these not priced": "其中无法定价",
	"Rule": "规则", "Version": "版本", "By": "依据", "Fee of": "费用项", "Event": "事件", "Rows": "笔数", "Base": "计费基数", "Charged, of base": "实际费率",
	"Overcharged rows": "多收笔数", "Overcharged": "多收金额", "Kept": "收款减退款",
	"contract": "合同", "the row's rate": "账单费率", "preset, assumed": "预置（假定）", "no rule": "无规则",

	// what waits
	"billed, no order yet": "已出账，订单未到", "ordered, no bill yet": "有订单，账单未到",
	"billed, not booked yet": "已出账，未入账", "booked, no bill yet": "已入账，未出账", "withdrawn, not at the bank yet": "提现在途", "%s: %s": "%s %s 笔",

	// ages

	// sentences
	"BALANCED: no breaks": "平账：无差异", "BREAKS: %d, short %s, over %s": "有差异：%d 笔，短 %s，长 %s",
	"open items: %d": "未达 %d 笔", "NOTHING COMPARED: no bill of a wallet": "未核对：没有钱包账单", "NOTHING COMPARED: no orders": "未核对：没有订单",
	"no breaks in the rest": "其余无差异", "INCOMPLETE: %d refused": "未完成：拒收 %d 个文件", "REFUSED": "拒收",
	"none": "无", "no breaks": "无差异", "nothing waits": "无未达", "no fund flow was delivered: no balance is known": "没有资金账单，余额不明",
	howToDecide: "请填写黄色各列，另存到结果目录之外（下次运行会替换本文件），并在配置中以 decided_workbook 指明，下次运行即读取。",
	totalListed: "所列各行合计", "All withdrawals": "提现合计", "All that was paid across wallets": "跨钱包支付合计", "Platform": "平台",
	cutShort: "仅列前 %d 行，共 %d 行；全部见结果中的 %s/*.parquet。",
	"choose one of the list, or leave it empty":                                                            "请从列表中选择，或留空",
	"variance = expected − charged: what is negative was overcharged":                                      "差异 = 应收 − 实收，负数为多收",
	"opening + income − expense = computed closing; unexplained = closing, by the file − computed closing": "期初余额 + 收入 − 支出 = 应有期末余额；未解释差额 = 账载期末余额 − 应有期末余额",
	"used": "已使用", "a copy, counted once": "重复文件，只计一次", "superseded": "已被替代", "%d rows": "%d 行", "%d control totals tie": "%d 项合计相符",
	"%d of %d checks hold; every table was read back by a second Parquet reader": "%d / %d 项成立，各表均由第二种 Parquet 实现回读",

	// 说明
	"the verdict, the figures of each account, open breaks by kind and age, what waits":                                   "对账结论、各账户数字、未结差异（按类型、账龄）、未达事项",
	"a row a day, wallet, account and shop":                                                                               "每日、每渠道、每商户号、每店铺一行",
	"every break of the result, what is open first, the oldest before others; the yellow columns are to be filled in":     "全部差异，未结在前，账龄长者在前；黄色各列供填写",
	"what fees should have been and what they were, by rule and by account; the breaks about fees":                        "按规则、按账户的应收与实收手续费，以及手续费差异",
	"withdrawals to the bank with their fees and arrival; what orders cost that were paid with another wallet than usual": "提现及其手续费、到账情况；以非归属钱包支付的订单的成本",
	"what is only late: it waits for its counterpart and is no break":                                                     "只是尚未到的：等待对方数据，不算差异",
	"how the balance of each account moved, day by day":                                                                   "各账户余额逐日变动",
	"accept: it is as it should be; write off: the difference is borne, up to the configured limit; explain: why it is so; assign: somebody looks after it; note: a remark; reopen: what was accepted or written off counts again": "接受：本应如此；核销：承担差额，以配置限额为限；说明：原因；指派：交由某人跟进；备注：记一笔；重开：已接受或核销的重新计入",
	"who decided, and when: a day with a time, such as 2024-09-13 09:05:00":                                                                         "由谁、何时处理：日期加时间，如 2024-09-13 09:05:00",
	"a note is needed to explain and to note, an assignee to assign":                                                                                "“说明”“备注”须填备注，“指派”须填负责人",
	"Totals are formulas over the rows; those above a list follow its filter. Their values were computed in whole fen before the file was written.": "合计均为公式；明细上方的合计随筛选变化。写入文件前已按整分计算其值。",
	"Amounts are yuan, towards the merchant: a payment is positive, a refund negative. Fees are costs: what was taken is positive.":                 "金额单位为元，以商户为准：收款为正，退款为负。手续费为成本：扣收为正。",
	"actual − expected: negative is money that is missing (short), positive is too much (over)":                                                     "实收 − 应收：负数为少收（短），正数为多收（长）",
	"A spreadsheet holds 15 digits. An amount of 10,000,000,000,000.00 or more stands as text, exactly, and its total too.":                         "电子表格只能保存 15 位数字。10,000,000,000,000.00 及以上的金额及其合计以文本列示，分毫不差。",
	"Order, refund and transaction numbers are text, so that no program rounds them.":                                                               "订单号、退款单号、渠道单号均为文本，以免被软件舍入。",
	"an order was paid, the wallet's bill does not show it":                                                                                         "订单已付款，渠道账单无此笔",
	"the wallet received money that no order explains":                                                                                              "渠道收到款项，无对应订单",
	"both sides have it, with different amounts":                                                                                                    "双方均有，金额不同",
	"money for an order that is closed, cancelled or unpaid":                                                                                        "订单已关闭、取消或未付款，却收到款项",
	"the money is in the other wallet than the order says":                                                                                          "款项到了订单所载以外的渠道",
	"more was paid than the order asks":                                                                                                             "付款超过订单金额",
	"a refund was made, the wallet's bill does not show it":                                                                                         "已退款，渠道账单无此笔",
	"the wallet paid back money that no refund explains":                                                                                            "渠道已退款，无对应退款单",
	"more was refunded than paid":                                                                                                                   "退款超过付款",
	"the fee is not what its row, the contract or the fund flow says":                                                                               "手续费与账单费率、合同或资金流水不符",
	"the trade bill and the account's fund flow differ":                                                                                             "交易账单与资金账单不一致",
	"an account's balance does not follow from the row before":                                                                                      "余额与上一行不衔接",
	"a withdrawal did not arrive at the bank in time":                                                                                               "提现逾期未到银行",
	"a withdrawal arrived in another amount":                                                                                                        "提现到账金额不符",
}
