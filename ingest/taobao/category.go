package taobao

import (
	"strings"

	"reconcile/settlement"
)

// typeParts is 入账类型, an open list, by a part of the word. They are tried in order.
var typeParts = []struct {
	part     string
	category settlement.Category
}{
	{"交易收款", settlement.FundPayment}, {"交易退款", settlement.FundRefund},
	{"提现手续费", settlement.FundWithdrawalFee}, {"提现", settlement.FundWithdrawal},
	{"扣款退回", settlement.FundPlatformFee}, {"服务费退回", settlement.FundFeeReturn}, {"退费", settlement.FundFeeReturn},
	{"保证金", settlement.FundFreeze}, {"冻结", settlement.FundFreeze},
	{"扣款", settlement.FundPlatformFee}, {"服务费", settlement.FundFee}, {"手续费", settlement.FundFee},
	{"佣金", settlement.FundPlatformFee}, {"保险", settlement.FundPlatformFee}, {"营销", settlement.FundPlatformFee},
	{"充值", settlement.FundTopUp}, {"转账", settlement.FundTransfer}, {"分账", settlement.FundProfitShare}, {"红包", settlement.FundCoupon},
}

// codeCategories is 业务描述, `<code>|<label>`, by the first four digits of its code. What
// Taobao takes out for itself and for others (software, insurance, marketing, gifts to
// charity) is a fee of the platform.
var codeCategories = map[string]settlement.Category{
	"0010": settlement.FundPayment, "0020": settlement.FundRefund, "0030": settlement.FundPlatformFee, "0050": settlement.FundPlatformFee,
	"0060": settlement.FundPlatformFee, "0070": settlement.FundPlatformFee, "0080": settlement.FundFreeze, "0110": settlement.FundPlatformFee,
	"0170": settlement.FundPlatformFee, "0240": settlement.FundCoupon, "0530": settlement.FundPlatformFee,
}

// walletFeeCode is 软件服务费-支付宝服务费: a fee for the payment, not the platform's.
const walletFeeCode = "0030038"

// labelParts is the label of 业务描述 where its code is not known or left out.
var labelParts = []struct {
	part     string
	category settlement.Category
}{
	{"支付宝服务费", settlement.FundFee}, {"支付服务费", settlement.FundFee}, {"收钱服务费", settlement.FundFee}, {"交易手续费", settlement.FundFee},
	{"保证金", settlement.FundFreeze}, {"软件服务费", settlement.FundPlatformFee}, {"技术服务费", settlement.FundPlatformFee},
	{"服务费-", settlement.FundPlatformFee}, {"佣金", settlement.FundPlatformFee}, {"保险", settlement.FundPlatformFee},
	{"运费险", settlement.FundPlatformFee}, {"营销", settlement.FundPlatformFee}, {"公益", settlement.FundPlatformFee}, {"预收", settlement.FundPlatformFee},
}

// categoryOf says what a row is about. 入账类型 decides for what is no deduction; which fee
// a deduction is, 业务描述 says, else the note, else 入账类型: 服务费 is a fee for payments,
// 扣款 one of the platform's. What comes in of the latter was given back.
func categoryOf(kind, description, note string, direction settlement.Kind) settlement.Category {
	category := typeCategory(kind)
	switch category {
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee, settlement.FundOther:
	default:
		return category
	}
	if described, ok := described(description); ok {
		category = described
	} else if described, ok := labelled(note); ok {
		category = described
	}
	if direction == settlement.Income && category == settlement.FundFee {
		return settlement.FundFeeReturn
	}
	return category
}

func typeCategory(kind string) settlement.Category {
	switch kind { // the two that most rows have
	case "交易收款":
		return settlement.FundPayment
	case "扣款":
		return settlement.FundPlatformFee
	}
	for _, known := range typeParts {
		if strings.Contains(kind, known.part) {
			return known.category
		}
	}
	return settlement.FundOther
}

func described(description string) (settlement.Category, bool) {
	code, label, coded := strings.Cut(description, "|")
	if coded && len(code) >= 4 {
		if code == walletFeeCode {
			return settlement.FundFee, true
		}
		if category, ok := codeCategories[code[:4]]; ok {
			return category, true
		}
	}
	if !coded {
		label = description
	}
	return labelled(label)
}

func labelled(label string) (settlement.Category, bool) {
	for _, known := range labelParts {
		if strings.Contains(label, known.part) {
			return known.category, true
		}
	}
	if strings.HasPrefix(label, "服务费") {
		return settlement.FundFee, true
	}
	return settlement.NoCategory, false
}

// publicNote is what of 业务描述 and 备注 goes into the table: of deductions, which the
// platform describes, both, without whom it paid; else the description alone.
func publicNote(category settlement.Category, description, note string) string {
	switch category {
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee, settlement.FundFreeze, settlement.FundCoupon:
	default:
		return description
	}
	if strings.Contains(note, "款方") {
		for _, mark := range []string{"，付款方", "，收款方", "付款方：", "收款方：", "付款方:", "收款方:"} {
			note, _, _ = strings.Cut(note, mark)
		}
	}
	if description != "" && note != "" {
		return description + "; " + note
	}
	return description + note
}

// tradeInNote is the number of the payment that a fee was taken for, in brackets behind
// 服务费; "" where the note names none.
func tradeInNote(note string) string {
	_, rest, ok := strings.Cut(note, "服务费[")
	if !ok {
		if _, rest, ok = strings.Cut(note, "服务费退回("); !ok {
			return ""
		}
	}
	end := strings.IndexAny(rest, "])")
	if end < 15 || end > 64 || strings.Trim(rest[:end], "0123456789") != "" {
		return ""
	}
	return rest[:end]
}

// orderInNote is the order that a deduction names: behind 订单号: or 订单, or in brackets
// behind 服务费. It is asked where the row's own order number is empty.
func orderInNote(note string) string {
	for _, mark := range []string{"订单号:", "订单号：", "淘宝交易号[", "订单{", "预收{", "服务费(", "服务费"} {
		_, rest, ok := strings.Cut(note, mark)
		if !ok {
			continue
		}
		if end := strings.IndexAny(rest, "]}"); mark == "淘宝交易号[" && end > 0 {
			return rest[:end]
		}
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if len(digits) >= 15 && len(digits) <= 20 {
			return digits
		}
	}
	return ""
}
