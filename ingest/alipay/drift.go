package alipay

import (
	"cmp"
	"slices"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// needs says what comes from each column that is read: a control total where one is
// computed from it, else a column of the table.
var needs = map[string]string{
	"支付宝交易号": "column provider_txn_id", "商户订单号": "column order_no", "业务类型": "column kind", "完成时间": "column occurred_at",
	"订单金额": "column gross_amount", "商家实收": "control total 商家实收", "商家优惠": "control total 商家优惠",
	"退款批次号/请求号": "column refund_no", "服务费": "column fee_amount",
}

// usual are the columns of the merchant's own bill, bank those of bank channels.
var usual, bank = layoutOf([]string{"支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称", "操作员",
	"终端号", "对方账户", "订单金额", "商家实收", "支付宝红包", "集分宝", "支付宝优惠", "商家优惠", "券核销金额", "券名称", "商家红包消费金额",
	"卡消费金额", "退款批次号/请求号", "服务费", "分润", "备注"}),
	layoutOf([]string{"银联交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称", "操作员",
		"终端号", "对方账户", "订单金额", "商家实收", "支付宝红包", "集分宝", "支付宝优惠", "商家优惠", "券核销金额", "券名称", "商家红包消费金额",
		"卡消费金额", "退款批次号", "服务费", "实收净额", "商户识别号", "交易方式", "备注", "花呗分期手续费", "花呗分期数"})

// otherNames are names of one column.
var otherNames = map[string]string{"支付宝交易号": "银联交易号", "银联交易号": "支付宝交易号", "退款批次号": "退款批次号/请求号",
	"退款批次号/请求号": "退款批次号", "集分宝": "集分宝抵扣"}

func layoutOf(names []string) (l delimited.Layout) {
	for _, name := range names {
		column := delimited.KnownColumn{Names: []string{name}, Needs: cmp.Or(needs[name], needs[otherNames[name]])}
		if other := otherNames[name]; other != "" {
			column.Names = append(column.Names, other)
		}
		l.Columns = append(l.Columns, column)
	}
	return l
}

// drift compares the header with the nearer of the known layouts.
func (h *header) drift() []settlement.Drift {
	return delimited.Drift(h.names, delimited.Nearest(h.names, []delimited.Layout{usual, bank}, normalName), normalName)
}

// fundNeeds says what comes from each column that a file of fund lines must have.
var fundNeeds = [fundColumnCount]string{
	flowNo: "column flow_no", fundTxn: "column provider_txn_id", fundOrder: "column order_no", bookedAt: "column occurred_at",
	income: "column amount", expense: "column amount", balance: "column balance", fundType: "column category", fundNote: "column raw_note",
}

// The columns of the account log, which come in several orders, and of both forms of the
// portal's export.
var (
	logColumns = []string{"账务流水号", "业务流水号", "商户订单号", "商品名称", "发生时间", "对方账号", "收入金额", "支出金额", "账户余额", "交易渠道", "业务类型", "备注",
		"业务基础订单号", "业务订单号", "业务账单来源", "业务描述", "付款备注"}
	laterLogColumns = logColumns[12:] // that logs may lack
	portalColumns   = []string{"序号", "入账时间", "支付宝交易号", "支付宝流水号", "商户订单号", "账务类型", "收入", "支出", "账户余额",
		"对方账户", "对方名称", "银行订单号", "商品名称", "备注", "业务基础订单号", "业务订单号", "业务账单来源", "业务描述", "付款备注"}
	portalSheetColumns = []string{"序号", "入账时间", "支付宝交易号", "支付宝流水号", "商户订单号", "账务类型", "收入", "支出", "账户余额", "服务费", "支付渠道", "签约产品",
		"对方账户", "对方名称", "银行订单号", "商品名称", "备注", "业务基础订单号", "业务订单号", "业务账单来源", "业务描述", "付款备注"}
)

// drift compares a header with the nearer of the layouts.
func (l *fundLayout) drift(h *header) []settlement.Drift {
	layouts := []delimited.Layout{l.layoutOf(logColumns, laterLogColumns)}
	layouts[0].AnyOrder = true
	if l.kind == settlement.PortalFunds {
		layouts = []delimited.Layout{l.layoutOf(portalColumns, nil), l.layoutOf(portalSheetColumns, nil)}
	}
	return delimited.Drift(h.names, delimited.Nearest(h.names, layouts, normalName), normalName)
}

func (l *fundLayout) layoutOf(names, optional []string) (known delimited.Layout) {
	for _, name := range names {
		column := delimited.KnownColumn{Names: []string{name}, Optional: slices.Contains(optional, name)}
		for c, words := range l.wordings {
			if slices.Contains(words, name) {
				column.Names, column.Needs = words, fundNeeds[c]
			}
		}
		known.Columns = append(known.Columns, column)
	}
	return known
}

// withoutType notes that an empty log was read although its header lacks the type.
func (l *fundLayout) withoutType(drift []settlement.Drift) {
	for i, d := range drift {
		if name := cmp.Or(d.Known, d.Column); d.Refused && slices.Contains(l.wordings[fundType], name) {
			drift[i].Refused, drift[i].Meaning = false, "a file without rows is read without it"
		}
	}
}
