package main

import (
	"fmt"
	"strings"
)

// language is what people read. Names of tables, columns and words in them are
// English in every language: other programs rely on them.
type language uint8

const (
	english language = iota
	chinese
)

// languageOf is the language of the environment, by the rules of locale(7).
func languageOf(getenv func(string) string) language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if strings.HasPrefix(strings.ToLower(value), "zh") {
				return chinese
			}
			return english
		}
	}
	return english
}

// say returns a text in the language of the reader; the English is the key.
func (a *app) say(text string) string {
	if a.language == chinese {
		if translated, ok := inChinese[text]; ok {
			return translated
		}
	}
	return text
}

// sayf is say for a text with verbs.
func (a *app) sayf(format string, args ...any) string { return fmt.Sprintf(a.say(format), args...) }

// inChinese is the Chinese of what is printed. Verbs keep their order.
var inChinese = map[string]string{
	// the verdict
	"BALANCED: no breaks":                             "平账：无差异",
	"%d breaks, Σ difference %s":                      "差异 %d 笔，差额合计 %s",
	"%d open items":                                   "未达 %d 笔",
	"INCOMPLETE: %d refused":                          "未完成：拒收 %d 个文件",
	"Nothing could be used, and nothing was written.": "没有可用的文件，未写出任何结果。",
	"interrupted; nothing was committed":              "已中断，未提交任何结果",
	"REFUSED":                                         "拒收",
	"… and %d more":                                   "……另有 %d 处",
	"Run “reconcile --help”, or --help after a command, for its use.": "用法见 reconcile --help，或在命令后加 --help。",

	// wallets
	"alipay":            "支付宝",
	"wechat":            "微信支付",
	"taobao_aggregated": "淘宝聚合账户",
	"bank":              "银行",
	"(no wallet)":       "（渠道不明）",
	"(no account)":      "（商户号不明）",

	// figures
	"CNY":                   "人民币元",
	"total":                 "合计",
	"wallet":                "渠道",
	"count":                 "笔数",
	"difference":            "差额",
	"order events":          "订单收退款",
	"lines":                 "账单行",
	"matched":               "对平",
	"breaks":                "差异",
	"open":                  "未达",
	"gross":                 "收款",
	"refunds":               "退款",
	"coupons, not settled":  "优惠等未结算",
	"fees charged":          "手续费",
	"net":                   "净额",
	"fees expected":         "应收手续费",
	"fees charged, as cost": "实收手续费",
	"fee variance":          "手续费差异",
	"breaks by kind":        "差异类型",

	// break kinds
	"missing_in_statement":        "短款",
	"missing_in_orders":           "长款",
	"amount_mismatch":             "金额不符",
	"status_mismatch":             "状态不符",
	"wallet_mismatch":             "渠道不符",
	"duplicate_payment":           "重复支付",
	"refund_missing_in_statement": "退款短款",
	"refund_missing_in_orders":    "退款长款",
	"refund_exceeds_payment":      "超额退款",
	"fee_variance":                "手续费差异",

	// the proof
	"Proof": "核验",
	"%d of %d checks hold, read back from the written files by a second Parquet reader": "%d / %d 项成立，均由第二种 Parquet 实现回读核对",
	"%d control totals of the files tie: stated = computed":                             "文件自带合计 %d 项全部相符：所载 = 计算",
	"%s rows read = %s written + %s copies":                                             "读入 %s 行 = 写出 %s 行 + 重复 %s 行",
	"fees billed %s = Σ charges %s":                                                     "账单手续费 %s = 逐笔合计 %s",
	"Notes":                                                                             "说明",
	"The tables are in %s (Parquet, run.json).":                                         "结果在 %s（Parquet、run.json）。",
	"ORDER_NO": "订单号",

	// control totals
	"control total": "合计项",
	"stated":        "所载",
	"computed":      "计算",
	"ties":          "相符",
	"DOES NOT TIE":  "不符",

	"wrote": "已写出",
	"Next:": "接下来：",

	// progress
	"reading":    "读取",
	"matching":   "对账",
	"proving":    "核验",
	"committing": "提交",
}
