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
	"BALANCED: no breaks":                   "平账：无差异",
	"BREAKS: %s, Σ difference %s":           "有差异：%s 笔，差额合计 %s",
	"BREAKS: %s, short %s, over %s":         "有差异：%s 笔，短 %s，长 %s",
	"NOTHING COMPARED: no bill of a wallet": "未核对：没有钱包账单",
	"NOTHING COMPARED: no orders":           "未核对：没有订单",
	"sums that differ":                      "不同的合计",
	"after":                                 "之后",
	"before":                                "之前",
	"nothing differs":                       "没有差别",
	"breaks that changed":                   "有变化的差异",
	"breaks that opened":                    "新增差异",
	"breaks that are there no longer":       "消失的差异",
	"column":                                "列",
	"%s: no bill of a wallet is there yet":  "%s：还没有任何钱包的账单",
	"%s: would read":                        "%s：将读取",
	"on top of %s":                          "承接 %s",
	"replacing %s":                          "替换 %s",
	"writing %s":                            "写入 %s",
	"then stale where the tables change: %s to %s (--cascade runs them too)": "表有变化时 %s 至 %s 需重跑（--cascade 一并重跑）",
	"%s is closed: %d days":                           "%s 已关账：%d 天",
	"the configuration %s was applied":                "已应用配置 %s",
	"no breaks in the rest":                           "其余无差异",
	"open items: %s":                                  "未达 %s 笔",
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
	"CNY":                     "人民币元",
	"total":                   "合计",
	"wallet":                  "渠道",
	"count":                   "笔数",
	"difference":              "差额",
	"order events":            "订单收退款",
	"lines":                   "账单行",
	"matched":                 "对平",
	"breaks":                  "差异",
	"open":                    "未达",
	"gross":                   "收款",
	"refunds":                 "退款",
	"coupons, not settled":    "优惠等未结算",
	"fees":                    "手续费",
	"net":                     "净额",
	"fees expected":           "应收手续费",
	"fees charged":            "实收手续费",
	"of these without a rule": "其中无规则",
	"fee variance":            "手续费差异",
	"platform fees":           "平台服务费",
	"withdrawals":             "提现笔数",
	"withdrawal fees":         "提现手续费",
	"paid across wallets":     "跨钱包支付笔数",
	"of these not priced":     "其中无法定价",
	"cross-wallet cost":       "跨钱包成本",
	"cost, basis points":      "综合费率（基点）",
	"breaks by kind":          "差异类型",

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
	"settlement_mismatch":         "账实不符",
	"balance_gap":                 "余额不连续",
	"payout_missing":              "提现未到账",
	"payout_mismatch":             "提现不符",

	// the proof
	"Proof": "核验",
	"%d of %d checks hold; every table was read back by a second Parquet reader": "%d / %d 项成立，各表均由第二种 Parquet 实现回读",
	"gross of the lines tied to orders %s = Σ matches %s":                        "已勾对账单行收退款 %s = 勾对表合计 %s",
	"%d control totals of the files tie: stated = computed":                      "文件自带合计 %d 项全部相符：所载 = 计算",
	"%s rows read = %s written + %s copies":                                      "读入 %s 行 = 写出 %s 行 + 重复 %s 行",
	"Moved, by the fund flows":                                                   "资金流水",
	"Cost of the other wallet":                                                   "跨钱包成本",
	"not known":                                                                  "未知",
	"the bill states %s, the fund flow shows %s":                                 "账单列示 %s，资金流水 %s",
	"home wallet %s, paid with %s":                                               "归属钱包 %s，支付钱包 %s",
	"channel fee %s − in the home wallet %s = %s":                                "渠道手续费 %s − 归属钱包应收 %s = %s",
	"%s + withdrawing %s + deposit %s = %s":                                      "%s + 提现 %s + 转入 %s = %s",
	"fees by rule":                                                               "按规则",
	"event":                                                                      "事件",
	"charged":                                                                    "实收",
	"overcharged":                                                                "多收",
	"assumed":                                                                    "假定",
	"overcharged most: %s %s, %s":                                                "多收最多：%s %s，%s",
	"why":                                                                        "原因",
	"fees of %s":                                                                 "手续费 %s",
	"all days":                                                                   "全部日期",
	"returned":                                                                   "退回",
	"channel, net":                                                               "渠道手续费净额",
	"to be invoiced":                                                             "应开票金额",
	"(no entity)":                                                                "（未配置主体）",
	"%s rows state no day":                                                       "%s 行没有日期",
	"number":                                                                     "流水号",
	"paid":                                                                       "已付",
	"refunded":                                                                   "已退",
	"fees billed %s = Σ charges %s":                                              "账单手续费 %s = 逐笔合计 %s",
	"Notes":                                                                      "说明",
	"The tables are in %s (Parquet, run.json).":                                  "结果在 %s（Parquet、run.json）。",
	"ORDER_NO":                                                                   "订单号",

	// control totals
	"control total": "合计项",
	"stated":        "所载",
	"computed":      "计算",
	"ties":          "相符",
	"DOES NOT TIE":  "不符",

	"wrote": "已写出",
	"Next:": "接下来：",

	// schedule, status, alerts
	"day":               "日期",
	"new":               "新增",
	"closed":            "了结",
	"short":             "短",
	"over":              "长",
	"missing":           "未跑",
	"late":              "账单迟到",
	"stale":             "需重跑",
	"waiting":           "等待账单",
	"incomplete":        "不完整",
	"balanced":          "平账",
	"late: %s":          "迟到：%s",
	"not there yet: %s": "尚未到：%s",
	"the month is closed: it stays as it is (run --restate REASON)": "该月已关账，维持原样（重述：run --restate 原因）",
	"refused: %d":                                          "拒收 %d 个",
	"any wallet":                                           "任一渠道",
	"no day is expected, and none was run":                 "没有应到的账单，也没有已跑的日期",
	"reconcile · what needs attention":                     "reconcile · 需要处理",
	"the run failed, nothing was committed: %s":            "运行失败，未提交任何结果：%s",
	"%s: the run failed, nothing was committed: %s":        "%s：运行失败，未提交任何结果：%s",
	"%s: bill late: %s (it was due by %s)":                 "%s：账单迟到：%s（应于 %s 前到）",
	"%s: incomplete: %d inputs were refused":               "%s：不完整：拒收 %d 个文件",
	"%s: %s new breaks, short %s, over %s":                 "%s：新增差异 %s 笔，短 %s，长 %s",
	"the disk is full":                                     "磁盘已满",
	"a file or folder may not be read or written":          "文件或目录无权读写",
	"the dataset is damaged, or something else lies in it": "数据集已损坏，或其中有他物",
	"the configuration does not fit":                       "配置不符",
	"a file or folder is not there":                        "文件或目录不存在",
	"interrupted":                                          "已中断",
	"see the log":                                          "详见日志",

	// prune, doctor, init --deploy
	"removed":          "已删除",
	"would be removed": "将删除",
	"%d days removed or to be removed, kept from %s": "已删或将删 %d 天，自 %s 起保留",
	"ok":                           "正常",
	"WARN":                         "注意",
	"FAILED":                       "不可",
	"there is none in this folder": "此目录中没有配置",
	"schedule.cron is not set":     "未设置 schedule.cron",
	"schedule.inbox is not set":    "未设置 schedule.inbox",
	"schedule.out is not set":      "未设置 schedule.out",
	"next wake-up %s, bills are late from %s":       "下次唤醒 %s，账单过 %s 为迟到",
	"%s: %d files, all readable":                    "%s：%d 个文件，均可读",
	"the database answers":                          "数据库有应答",
	"%s: %d days, the newest %s":                    "%s：%d 天，最新 %s",
	"%s MiB free, for days and for what is spilled": "可用 %s MiB，供结果与溢出之用",
	"it is free":                 "空闲",
	"nobody is told of anything": "未配置通知对象",
	"%s, for %s":                 "%s，通知 %s",
	"%s is not of this machine alone: account numbers and counts can be read there": "%s 并非仅限本机：他人可读到商户号与笔数",
	"the program or this machine is broken: report it with this text":               "程序或本机有故障：请附上此文反馈",
	"name it with --config, or write one with reconcile init":                       "用 --config 指明，或用 reconcile init 写一份",
	"set it, or let cron or systemd run reconcile schedule --once":                  "请设置，或由 cron、systemd 运行 reconcile schedule --once",
	"set schedule.cron":                                                                    "请设置 schedule.cron",
	"set the clock of this machine":                                                        "请校准本机时钟",
	"set it to the folder in which the bills arrive":                                       "请设为账单到达的目录",
	"let the user of the job read everything in the inbox":                                 "请让任务的用户能读收件目录中的一切",
	"see that the server is reachable, and its dsn_env or dsn_file":                        "请确认服务器可达，并检查 dsn_env 或 dsn_file",
	"set it to the folder of the days":                                                     "请设为按日结果的目录",
	"let the user of the job write beside the folder of the days: results are built there": "请让任务的用户能写结果目录的上级：结果先在那里生成",
	"run the newest day again":                                                             "请重跑最新的一天",
	"make room: a run needs that of a day's tables and of its decoded files":               "请腾出空间：一次运行需放下一天的表与解码后的文件",
	"make room, or remove old days with reconcile prune":                                   "请腾出空间，或用 reconcile prune 删除旧日",
	"nothing, where a run is meant to be going on":                                         "若正有运行在进行，则无需处理",
	"name a robot under alerts":                                                            "请在 alerts 下配置机器人",
	"see url_env or url_file, secret_env or secret_file":                                   "请检查 url_env 或 url_file、secret_env 或 secret_file",
	"nothing, where the schedule is running; else choose another schedule.listen":          "若调度正在运行，则无需处理；否则另选 schedule.listen",
	"listen on 127.0.0.1, or let a firewall say who may ask":                               "请监听 127.0.0.1，或以防火墙限定来者",
	"configuration":                       "配置",
	"clock":                               "时钟",
	"inbox":                               "收件目录",
	"dataset":                             "数据集",
	"disk":                                "磁盘",
	"lock":                                "锁",
	"alerts":                              "通知",
	"metrics":                             "指标",
	"self-test":                           "自检",
	"schedule":                            "调度",
	"the sample day comes out as it must": "样例日结果正确",
	"Each says at its top where it belongs. Use one of: the timer with its service, reconcile-schedule.service, the crontab, the CronJob.": "各文件开头写明放置之处。四者择一：定时器及其服务、reconcile-schedule.service、crontab、CronJob。",

	// progress
	"reading":    "读取",
	"matching":   "对账",
	"proving":    "核验",
	"committing": "提交",

	// check
	"%d usable, %d refused": "可用 %d 个，拒收 %d 个",
	"kind":                  "类型",
	"account":               "商户号",
	"period":                "账期",
	"(not stated)":          "（未载明）",
	"until":                 "截至",
	"layout":                "版式",
	"part":                  "分卷",
	"rows":                  "行数",
	"note":                  "说明",
	"drift":                 "版式变化",
	"trade_bill":            "交易账单",
	"trade_bill_success":    "交易账单（成功）",
	"trade_bill_refund":     "交易账单（退款）",
	"trade_summary":         "业务汇总",
	"orders":                "订单",

	// show
	"The first %d rows; --limit 0 shows all.": "仅前 %d 行；--limit 0 显示全部。",

	// explain
	"Order":                       "订单",
	"shop":                        "店铺",
	"platform":                    "平台",
	"Verdict":                     "结论",
	"Expected, by the orders":     "应收（订单）",
	"Received, by the statements": "实收（账单）",
	"Tied together":               "勾对",
	"Breaks":                      "差异",
	"Open":                        "未达",
	"nothing":                     "无",
	"payment":                     "收款",
	"refund":                      "退款",
	"revoke":                      "撤销",
	"income":                      "收入",
	"money of the accounts":       "资金变动",
	"change":                      "净变动",
	"%s lines of %s are a second view of another account's: they are not counted here": "%s 行合计 %s 是另一账户流水的副本,此处不计",
	"expense":            "支出",
	"order":              "订单号",
	"payment no.":        "支付单号",
	"refund no.":         "退款单号",
	"transaction":        "渠道单号",
	"refund transaction": "渠道退款单号",
	"as printed":         "账单所载",
	"expected at":        "应到",
	"settled":            "结算",
	"fee":                "手续费",
	"ordered":            "订单",
	"received":           "账单",
	"by":                 "依据",
	"expected":           "应为",
	"actual":             "实为",
	"since":              "始见",
	"broken":             "不平",
	"awaiting_release":   "待确认收货",
	"not_expected":       "无需对账",
	"copy":               "重复行",
	"open: something still waits for its counterpart":   "未达：尚有一方未到",
	"awaiting release: the buyer has not confirmed yet": "待确认收货：买家尚未确认",

	// quote, plan, config
	"rule":       "规则",
	"by period:": "各期：",
	"%d accounts, %d contract rules in %d files, %d opening quotas": "账户 %d 个，合同规则 %d 条（文件 %d 个），期初额度 %d 项",
	"moved by":             "转出，截至",
	"for %s":               "手续费 %s",
	"home wallet":          "本位钱包",
	"returned by the bank": "银行退回",
	"withdrawal":           "提现",
	"leaves the account, with the fee on top:": "账户支出（含手续费）：",
	"incremental": "增量",
	"none":        "无",
	"emptying every account every day: %s in %d withdrawals; saving %s":         "每日全部提现：手续费 %s，共 %d 笔；节省 %s",
	"emptying every account every day: %s in %d withdrawals, and moves only %s": "每日全部提现：手续费 %s，共 %d 笔，只能转出 %s",
	"fee kept":                           "渠道留存手续费",
	"sound":                              "无误",
	"component":                          "费用项",
	"source":                             "依据",
	"quota used":                         "所用额度",
	"deposit":                            "充值",
	"withdraw":                           "提现",
	"coupon without top-up":              "免充值券",
	"%s waits; to withdraw it costs %s":  "%s 暂留；现在提现需手续费 %s",
	"%s of it is money that was settled": "其中实际结算 %s",
	"rate":                               "费率",
	"passed over":                        "未采用的规则",
	"Fee rules in force at %s":           "生效的费用规则，%s",
	"no rule":                            "无规则",
	"warning":                            "提醒",
	"the rate from %s on":                "满 %s 起按费率",
	"comes back":                         "退还",
	"total fee":                          "手续费合计",
	"on":                                 "，基数",
	"balanced: every event has its line, to the fen": "平账：每笔均有账单行，分毫不差",
	"no money is expected, and none came":            "无应收，亦无实收",

	// verify
	"PROVED: %s": "核验通过：%s",
	"%d files have the bytes and SHA-256 that run.json lists; none is missing, none is added": "%d 个文件的字节数与 SHA-256 均同 run.json 所列，不多不少",
	"every value of %s rows is the same for two Parquet implementations":                      "%s 行的每个值经两种 Parquet 实现读出均一致",
	"%d checks hold, computed again from the tables":                                          "由各表重新计算，%d 项全部成立",
	"the run was incomplete: %d refused":                                                      "该次对账未完成：拒收 %d 个文件",
}
