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
			said := partsOf.ReplaceAllStringFunc(r.form.ReplaceAllString(text, r.chinese), func(marked string) string {
				return reasonInChinese(marked[len("«") : len(marked)-len("»")])
			})
			return wordsOf.ReplaceAllStringFunc(said, func(marked string) string {
				return inChineseText(marked[len("‹") : len(marked)-len("›")])
			})
		}
	}
	// Fees are explained step by step, and several of a kind are listed.
	for _, between := range [...]struct{ en, zh string }{{"; ", "；"}, {", ", "，"}} {
		if parts := strings.Split(text, between.en); len(parts) > 1 {
			for i, part := range parts {
				parts[i] = reasonInChinese(part)
			}
			return strings.Join(parts, between.zh)
		}
	}
	return text
}

// partsOf are the parts of a form that have forms of their own.
var partsOf = regexp.MustCompile("«[^«»]*»")

// wordsOf are the words of tables inside a form.
var wordsOf = regexp.MustCompile("‹[a-z_ ]*›")

func inChineseText(text string) string {
	if w, ok := words.Chinese(text); ok {
		return w
	}
	if w, ok := statusWords[text]; ok {
		return w
	}
	return text
}

// statusWords are the states of orders and refunds, and other words inside a form.
var statusWords = map[string]string{
	"paid": "已付款", "unpaid": "未付款", "closed": "已关闭", "cancelled": "已取消", "refunded": "已退款",
	"success": "成功", "processing": "处理中", "failed": "失败", "changed": "退款异常",
	"lines": "账单行", "orders": "订单", "listed refund": "退款单", "listed refunds": "退款单",
	"half_up": "四舍五入", "half_even": "四舍六入五成双", "up": "进一", "down": "舍去",
	"before the first row of the day": "当日首行之前", "after the last row of the day": "当日末行之后",
	"before the same row": "同一行之前", "after the same row": "同一行之后", "at the beginning of the day": "当日开始时",
}

type reasonForm struct {
	english string // as it was written, with its marks
	form    *regexp.Regexp
	chinese string
}

// marks are what stands in a form for what varies.
var marks = map[string]string{
	"‹A›": `(-?[0-9][0-9.]*)`,                         // an amount or a count
	"‹W›": `([a-z_]+)`,                                // a word of the tables
	"‹S›": `(basic|operation|fees)`,                   // a purse
	"‹K›": `(lines?|orders?|listed refunds?)`,         // what may be a counterpart
	"‹B›": `([a-z ]+ (?:row|the day|row of the day))`, // where two files differ
	"‹N›": `([^ ]+)`,                                  // a number or name
	"‹T›": `([0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9:]+)?)`,
	"‹D›": `((?:[0-9]{4}-[0-9]{2}-[0-9]{2}(?: to |, )?)+)`, // days
	"‹P›": `( \([^()]*\))?`,                                // a list in parentheses, or nothing
	"‹…›": `(.*?)`,
}

// form reads english as text in which marks stand for what varies; the Chinese refers to them by
// their number, has words in ‹› and parts that have forms of their own in «».
func form(english, chinese string) reasonForm {
	text := regexp.QuoteMeta(english)
	for mark, group := range marks {
		text = strings.ReplaceAll(text, mark, group)
	}
	return reasonForm{english, regexp.MustCompile("^" + text + "$"), chinese}
}
