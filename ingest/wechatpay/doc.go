// Package wechatpay reads the trade bill (交易账单) of WeChat Pay (微信支付): ALL,
// SUCCESS and REFUND, in the current and the legacy wording, as statement lines.
//
// A bill is a header, a row a payment or refund, and a summary of two lines:
//
//	交易时间,公众账号ID,商户号,…            names, no backticks
//	`2024-09-12 08:30:00,`wx…,`1900000109,…  every value behind one backtick
//	总交易单数,应结订单总金额,…              starts the summary
//	`1,`100.00,…
//
// It reads two bills of fund lines as well: the fund-flow bill (资金账单), which looks
// alike, and the profit-sharing bill (分账账单), whose lines are copies.
//
// README.md beside this file tells the layouts, the traps and what is refused.
package wechatpay
