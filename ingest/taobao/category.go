package taobao

import (
	"bytes"

	"reconcile/ingest/delimited"
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
	{"赔", settlement.FundTransfer}, {"争议", settlement.FundFreeze}, {"投诉", settlement.FundFreeze},
	{"保证金", settlement.FundFreeze}, {"冻结", settlement.FundFreeze},
	{"扣款", settlement.FundPlatformFee}, {"服务费", settlement.FundFee}, {"手续费", settlement.FundFee},
	{"佣金", settlement.FundPlatformFee}, {"保险", settlement.FundPlatformFee}, {"营销", settlement.FundPlatformFee},
	{"充值", settlement.FundTopUp}, {"转账", settlement.FundTransfer}, {"分账", settlement.FundProfitShare}, {"红包", settlement.FundCoupon},
}

// codeCategory is 业务描述, `<code>|<label>`, by the first four digits of its code; NoCategory
// where they are not known. What Taobao takes out for itself and for others (software,
// insurance, marketing, gifts to charity) is a fee of the platform.
func codeCategory(code []byte) settlement.Category {
	switch string(code) {
	case "0010":
		return settlement.FundPayment
	case "0020":
		return settlement.FundRefund
	case "0030", "0050", "0060", "0070", "0110", "0170", "0530":
		return settlement.FundPlatformFee
	case "0080":
		return settlement.FundFreeze
	case "0240":
		return settlement.FundCoupon
	}
	return settlement.NoCategory
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
func categoryOf(kind, description, note []byte, direction settlement.Kind) settlement.Category {
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

func typeCategory(kind []byte) settlement.Category {
	switch string(kind) { // the two that most rows have
	case "交易收款":
		return settlement.FundPayment
	case "扣款":
		return settlement.FundPlatformFee
	}
	for _, known := range typeParts {
		if bytes.Contains(kind, []byte(known.part)) {
			return known.category
		}
	}
	return settlement.FundOther
}

func described(description []byte) (settlement.Category, bool) {
	code, label, coded := bytes.Cut(description, []byte{'|'})
	if coded && len(code) >= 4 {
		if string(code) == walletFeeCode {
			return settlement.FundFee, true
		}
		if category := codeCategory(code[:4]); category != settlement.NoCategory {
			return category, true
		}
	}
	if !coded {
		label = description
	}
	return labelled(label)
}

func labelled(label []byte) (settlement.Category, bool) {
	if len(label) == 0 {
		return settlement.NoCategory, false
	}
	for _, known := range labelParts {
		if bytes.Contains(label, []byte(known.part)) {
			return known.category, true
		}
	}
	if bytes.HasPrefix(label, []byte("服务费")) {
		return settlement.FundFee, true
	}
	return settlement.NoCategory, false
}

// publicNote appends to dst what of 业务描述 and 备注 goes into the table: of deductions,
// which the platform describes, both, without whom it paid; else the description alone.
func publicNote(category settlement.Category, description, note, dst []byte) []byte {
	dst = append(dst, settlement.PublicWord(description)...)
	switch category {
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee, settlement.FundFreeze, settlement.FundCoupon:
	default:
		return dst
	}
	if bytes.Contains(note, []byte("款方")) {
		for _, mark := range []string{"，付款方", "，收款方", "付款方：", "收款方：", "付款方:", "收款方:"} {
			note, _, _ = bytes.Cut(note, []byte(mark))
		}
	}
	if len(description) > 0 && len(note) > 0 {
		dst = append(dst, "; "...)
	}
	return append(dst, settlement.Redacted(note)...)
}

// tradeInNote is the number of the payment that a fee was taken for, in brackets behind
// 服务费; nil where the note names none.
func tradeInNote(note []byte) []byte {
	rest, ok := behind(note, []byte("服务费["), '[')
	if !ok {
		if rest, ok = behind(note, []byte("服务费退回("), '('); !ok {
			return nil
		}
	}
	end := bytes.IndexAny(rest, "])")
	if end < 15 || end > 64 || !delimited.IsDigits(rest[:end]) {
		return nil
	}
	return rest[:end]
}

// behind is what of note stands behind a mark. The mark is sought only where its byte that
// few notes have is there, which is quickly told.
func behind(note, mark []byte, rare byte) (rest []byte, ok bool) {
	if bytes.IndexByte(note, rare) < 0 {
		return nil, false
	}
	_, rest, ok = bytes.Cut(note, mark)
	return rest, ok
}

// orderMarks stand before the order that a note names, tried in order. Behind the one with
// a square bracket stands a number of any length, up to the bracket that closes.
var orderMarks = []struct {
	mark []byte
	rare byte
}{
	{[]byte("订单号:"), ':'}, {[]byte("订单号："), 0xEF}, {[]byte("淘宝交易号["), '['}, {[]byte("订单{"), '{'}, {[]byte("预收{"), '{'},
	{[]byte("服务费("), '('}, {[]byte("服务费"), 0xE6},
}

// orderInNote is the order that a deduction names: behind 订单号: or 订单, or in brackets
// behind 服务费. It is asked where the row's own order number is empty.
func orderInNote(note []byte) []byte {
	if len(note) == 0 {
		return nil
	}
	for _, known := range orderMarks {
		rest, ok := behind(note, known.mark, known.rare)
		if !ok {
			continue
		}
		if known.rare == '[' {
			if end := bytes.IndexAny(rest, "]}"); end > 0 {
				return rest[:end]
			}
		}
		digits := 0
		for digits < len(rest) && rest[digits]-'0' <= 9 {
			digits++
		}
		if digits >= 15 && digits <= 20 {
			return rest[:digits]
		}
	}
	return nil
}
