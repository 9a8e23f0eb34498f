// Package alipay reads the trade bill of Alipay (支付宝 业务明细) as statement
// lines, its account log (账务明细) and the portal's export of it (账务组合查询) as fund
// lines, and the summaries (汇总) of both as second control totals.
//
// A bill is a preamble, a header, a row a payment or refund, and two footers:
//
//	#支付宝业务明细查询
//	#账号：[2088…0156]                       the merchant number and 0156
//	#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]
//	#-----业务明细列表-----
//	支付宝交易号,商户订单号,业务类型,…        names decide, not positions
//	2024091222001…<TAB>,T200P…<TAB>,交易<TAB>,…
//	#-----业务明细列表结束-----
//	#交易合计：1笔，商家实收共100.00元，商家优惠共0.00元
//	#退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元
//	#导出时间：[2024年09月13日 05:46:49]
//
// The bytes are GB18030 or UTF-8. They are split undecoded: in neither is a byte
// of a longer character a comma, a tab or a line end. README.md beside this file
// tells the layouts, the traps and what is refused.
package alipay
