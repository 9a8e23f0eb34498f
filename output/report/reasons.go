package report

import (
	"html/template"
	"regexp"
	"strings"

	"reconcile/output/words"
)

// reason is why something is a break, or what to do about it. The tables say it in English;
// the forms in which the stages say it are told in Chinese here, and what has none of these
// forms stays as it is.
func reason(text string) template.HTML { return both(text, reasonInChinese(text)) }

func reasonInChinese(text string) string {
	if likely, rest, ok := strings.Cut(text, "; else: "); ok {
		return reasonInChinese(likely) + "；否则：" + reasonInChinese(rest)
	}
	for _, r := range reasonForms {
		if r.form.MatchString(text) {
			return wordsOf.ReplaceAllStringFunc(r.form.ReplaceAllString(text, r.chinese), func(marked string) string {
				return inChineseText(marked[len("‹") : len(marked)-len("›")])
			})
		}
	}
	// Fees are explained step by step.
	if parts := strings.Split(text, "; "); len(parts) > 1 {
		for i, part := range parts {
			parts[i] = reasonInChinese(part)
		}
		return strings.Join(parts, "；")
	}
	return text
}

// wordsOf are the words of tables inside a form.
var wordsOf = regexp.MustCompile("‹[a-z_]*›")

func inChineseText(text string) string {
	if w, ok := words.Chinese(text); ok {
		return w
	}
	if w, ok := statusWords[text]; ok {
		return w
	}
	return text
}

// statusWords are the states of orders and refunds.
var statusWords = map[string]string{
	"paid": "已付款", "unpaid": "未付款", "closed": "已关闭", "cancelled": "已取消", "refunded": "已退款",
	"success": "成功", "processing": "处理中", "failed": "失败",
}

type reasonForm struct {
	form    *regexp.Regexp
	chinese string
}

// form reads pattern as text in which A stands for an amount, W for a word, T for a time and
// … for anything; the Chinese refers to them by their number, and has words in ‹›.
func form(pattern, chinese string) reasonForm {
	text := regexp.QuoteMeta(pattern)
	for mark, group := range map[string]string{"‹A›": `(-?[0-9.]+)`, "‹W›": `([a-z_]+)`, "‹T›": `([-0-9]+(?: [0-9:]+)?)`, "‹…›": `(.*)`} {
		text = strings.ReplaceAll(text, mark, group)
	}
	return reasonForm{regexp.MustCompile("^" + text + "$"), chinese}
}

var reasonForms = []reasonForm{
	form("‹A› was expected at ‹T›, but the statements of ‹W› for that time do not show it", "应于 ${2} 收到 ${1}，但‹${3}›该时段的账单没有这笔"),
	form("‹A› was expected at ‹T›, but none of the delivered statements shows it", "应于 ${2} 收到 ${1}，但已收到的账单都没有这笔"),
	form("a refund of ‹A› succeeded at ‹T› by the order system, but the statements of ‹W› for that time do not show it", "订单系统称 ${2} 已退款 ${1}，但‹${3}›该时段的账单没有这笔"),
	form("a refund of ‹A› succeeded at ‹T› by the order system, but none of the delivered statements shows it", "订单系统称 ${2} 已退款 ${1}，但已收到的账单都没有这笔"),
	form("‹W› received ‹A› for order ‹…›, which the orders do not have", "‹${1}›收到订单 ${3} 的 ${2}，订单中没有该单"),
	form("‹W› received another ‹A› for order ‹…›, of which the orders do not list that payment", "‹${1}›又收到订单 ${3} 的 ${2}，订单未列这笔支付"),
	form("‹W› received another ‹A› for order ‹…›, more than the order expects in all", "‹${1}›又收到订单 ${3} 的 ${2}，已超出该单应收"),
	form("‹W› refunded ‹A› of order ‹…›, which the list of refunds does not have", "‹${1}›退了订单 ${3} 的 ${2}，退款单中没有这笔"),
	form("a refund of ‹A› where ‹A› of the payment of order ‹…› was left to refund", "退款 ${1}，而订单 ${3} 的支付只剩 ${2} 可退"),
	form("the order says ‹A›, ‹W› says ‹A›: ‹A› more", "订单为 ${1}，‹${2}›为 ${3}：多 ${4}"),
	form("the order says ‹A›, ‹W› says ‹A›: ‹A› less", "订单为 ${1}，‹${2}›为 ${3}：少 ${4}"),
	form("the order is ‹W›, so no money is expected, but ‹W› received ‹A›", "订单‹${1}›，不应有收款，而‹${2}›收到 ${3}"),
	form("the refund is listed as ‹W›, but ‹W› paid ‹A› out", "退款单为‹${1}›，而‹${2}›已退出 ${3}"),
	form("the refund is listed for ‹W›, but ‹W› paid it out (‹A›)", "退款单记在‹${1}›，而由‹${2}›退出（${3}）"),
	form("the order says it was paid with ‹W›, but the money (‹A›) is in ‹W›", "订单称以‹${1}›支付，而钱（${2}）在‹${3}›"),

	form("the trade bill settles ‹A›, the fund flow books nothing for it", "交易账单结算 ${1}，资金账单没有入账"),
	form("the trade bill settles ‹A›, the fund flow books ‹A›‹…›", "交易账单结算 ${1}，资金账单入账 ${2}${3}"),
	form("the trade bill settles ‹A›, the fund flow books it and takes it back‹…›", "交易账单结算 ${1}，资金账单入账后又冲回${2}"),
	form("the trade bill settles ‹A›, the fund flow books it ‹A› times‹…›", "交易账单结算 ${1}，资金账单入账 ${2} 次${3}"),
	form("the trade bill says that the ‹W› failed, the fund flow books ‹A›‹…›", "交易账单称该笔‹${1}›失败，资金账单却入账 ${2}${3}"),
	form("the fund flow books ‹A› for a ‹W› that no trade bill has", "资金账单入账一笔‹${2}› ${1}，交易账单没有"),
	form("the bill states a fee of ‹A›, the fund flow shows ‹A›", "账单列示手续费 ${1}，资金流水为 ${2}"),
	form("the bank credits ‹A› that name ‹W› as payer on ‹T›, no withdrawal explains them", "银行于 ${3} 入账 ${1}，付款人为‹${2}›，没有提现与之对应"),
	form("‹A› × ‹…› = ‹A›, rounded to ‹A› expected, ‹A› charged", "${1} × ${2} = ${3}，应收 ${4}，实收 ${5}"),
	form("‹A› × ‹…› = ‹A›, rounded to ‹A› expected back, ‹A› returned", "${1} × ${2} = ${3}，应退 ${4}，实退 ${5}"),
	form("exactly twice", "恰为两倍"),
	form("the row's full share, more than the limit", "按本行全额计，超过上限"),
	form("its line came on ‹T›: ‹…›", "对应账单行已于 ${1} 到达：${2}"),

	form("likely: the ‹W› ‹…› (‹W›) at ‹T› has this amount and misses its counterpart too", "很可能是 ${4} 的‹${1}› ${2}（‹${3}›）：金额相同，也缺对方"),
	form("ambiguous: the ‹W› ‹…› (‹W›) at ‹T› has this amount and misses its counterpart, and so do ‹A› more that it may belong to", "不能确定：${4} 的‹${1}› ${2}（‹${3}›）金额相同、也缺对方，另有 ${5} 笔亦有可能"),
	form("ambiguous: ‹A› ‹W› of ‹A› within a day of it miss their counterpart, the nearest is ‹…› (‹W›) at ‹T›", "不能确定：一天之内有 ${1} 笔 ${3} 的‹${2}›缺对方，最近的是 ${6} 的 ${4}（‹${5}›）"),

	form("look the payment up in the wallet's merchant platform; check that the statements of all its accounts were delivered", "到渠道的商户平台查这笔支付；确认其各账户的账单均已送达"),
	form("look the refund up in the wallet's merchant platform; if the wallet does not know it, the buyer has not got the money", "到渠道的商户平台查这笔退款；若渠道没有，则买家尚未收到钱"),
	form("look for the order in the shop system; if there is none, find out what was paid for before refunding", "到店铺系统查找该订单；若没有，先查明款项用途再退款"),
	form("see whether the order was paid in several payments, and list each of them in the orders", "查明该单是否分多笔支付，并在订单中逐笔列出"),
	form("refund the payment that is too much", "退还多收的一笔"),
	form("find out who refunded it (often by hand in the merchant platform) and enter it in the order system", "查明由谁退款（多为在商户平台手工退款），并补记到订单系统"),
	form("find out why more was refunded than was paid; claim the difference back", "查明超额退款的原因，追回差额"),
	form("compare the order's discounts and shipping with what the wallet was asked for; correct the side that is wrong", "核对订单的优惠、运费与请款金额，更正有误的一方"),
	form("deliver the order or refund the payment, and correct the order's status", "发货或退款，并更正订单状态"),
	form("correct the status of the refund in the order system; do not refund again", "更正订单系统中的退款状态，勿重复退款"),
	form("correct the wallet of the refund in the order system; the fee is returned by the wallet that paid it out", "更正订单系统中该退款的渠道；手续费由退出的渠道退还"),
	form("correct the paying wallet in the order system; the fee is that of the wallet that received the money", "更正订单系统中的支付渠道；手续费按实际收款的渠道计"),
	form("compare the two sides by hand; a number of its own for each payment lets them be told apart", "请人工核对双方；每笔支付各有单号方可区分"),
	form("ask the wallet why the fee differs; claim the difference back where too much was taken", "向渠道询问费用差异的原因；多收的应追回"),
	form("ask the wallet what the money is for; look whether the trade bill of the day is complete", "向渠道询问款项用途；检查当日交易账单是否完整"),
	form("ask the wallet where the money is; look whether it went to another account", "向渠道询问款项去向；检查是否进了其他账户"),
	form("ask the wallet why it booked another amount than it billed", "向渠道询问入账与账单金额不一的原因"),
	form("look for an account of the wallet whose fund flow is not delivered; else ask the bank who paid", "查找该渠道中未送达资金账单的账户；否则向银行查询付款人"),
	form("fetch the file again; if it is the same, ask the wallet for the rows that are missing", "重新下载该文件；若仍相同，向渠道索取缺失的行"),
	form("fetch the fund flow of the day before again, and of this day; ask the wallet what moved the balance between them", "重新下载前一日与当日的资金账单；向渠道询问其间余额变动"),
}
