package wechatpay

import (
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// needs says what comes from each required column: a control total where one is
// computed from it, else a column of the table.
var needs = [columnCount]string{
	tradeTime: "column occurred_at", merchant: "column account", subMerchant: "column sub_account", txnID: "column provider_txn_id",
	orderNo: "column order_no", tradeType: "column raw_type", tradeState: "column kind", currency: "column currency",
	settledAmount: "control total 应结订单总金额", coupon: "column coupon_amount", refundAppliedAt: "column occurred_at",
	refundSucceededAt: "column occurred_at", refundID: "column provider_refund_id", refundNo: "column refund_no",
	refundAmount: "control total 退款总金额", couponRefund: "control total 充值券退款总金额", refundStatus: "column status",
	fee: "control total 手续费总金额", rate: "column fee_rate", orderAmount: "control total 订单总金额", appliedRefund: "control total 申请退款总金额",
}

var (
	ofRefundsOnly = []column{refundAppliedAt, refundSucceededAt}
	withRefunds   = []column{refundID, refundNo, refundAmount, couponRefund, refundType, refundStatus, appliedRefund}
	notLegacy     = []column{orderAmount, appliedRefund, rateNote}
)

// known is the layout of a bill's kind and age; columns stand in the order of their
// constants in all of them.
func (l *layout) known() delimited.Layout {
	var known delimited.Layout
	missing := l.missing()
	for c := range columnCount {
		switch {
		case l.kind != settlement.TradeBillRefund && slices.Contains(ofRefundsOnly, c),
			l.kind == settlement.TradeBillSuccess && slices.Contains(withRefunds, c),
			l.legacy && slices.Contains(notLegacy, c):
			continue
		}
		column := delimited.KnownColumn{Names: wordings[c]}
		if slices.Contains(missing, c) {
			column.Needs = needs[c]
		}
		known.Columns = append(known.Columns, column)
	}
	return known
}

// drift compares the header with the layout known of its kind.
func (l *layout) drift() []settlement.Drift {
	if len(l.names) > maxNames {
		return nil
	}
	return delimited.Drift(l.names, l.known(), strings.TrimSpace)
}
