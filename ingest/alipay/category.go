package alipay

import (
	"bytes"
	"strings"

	"reconcile/settlement"
)

// typeCategories is 业务类型 (账务类型 of the portal) by what it is about. The list is
// open: typeParts names the rest by a part of the word.
var typeCategories = map[string]settlement.Category{
	"在线支付": settlement.FundPayment, "交易付款": settlement.FundPayment, "交易收款": settlement.FundPayment, "交易": settlement.FundPayment,
	"即时到账交易": settlement.FundPayment, "担保交易": settlement.FundPayment, "收款": settlement.FundPayment, "当面付": settlement.FundPayment,
	"收费": settlement.FundFee, "服务费": settlement.FundFee, "退费": settlement.FundFeeReturn, "服务费退回": settlement.FundFeeReturn,
	"其它": settlement.FundOther, "其他": settlement.FundOther, "": settlement.FundOther,
}

// typeParts are tried in order. Buying into a fund (理财申购, 余额宝) moves the merchant's
// own money elsewhere: a transfer, and so is what is paid to a buyer beside a refund
// (赔付). What a dispute holds back (争议, 投诉) is frozen.
var typeParts = []struct {
	part     string
	category settlement.Category
}{
	{"手续费", settlement.FundFee}, {"收费", settlement.FundFee}, {"服务费", settlement.FundFee},
	{"退款", settlement.FundRefund}, {"赔", settlement.FundTransfer}, {"争议", settlement.FundFreeze}, {"投诉", settlement.FundFreeze}, {"分账", settlement.FundProfitShare}, {"分润", settlement.FundProfitShare},
	{"提现", settlement.FundWithdrawal}, {"充值", settlement.FundTopUp},
	{"转账", settlement.FundTransfer}, {"代发", settlement.FundTransfer}, {"批量付款", settlement.FundTransfer},
	{"理财", settlement.FundTransfer}, {"余额宝", settlement.FundTransfer}, {"基金", settlement.FundTransfer},
	{"红包", settlement.FundCoupon}, {"代金券", settlement.FundCoupon}, {"优惠", settlement.FundCoupon}, {"集分宝", settlement.FundCoupon},
	{"冻结", settlement.FundFreeze}, {"解冻", settlement.FundFreeze}, {"保证金", settlement.FundFreeze},
	{"保险", settlement.FundPlatformFee}, {"佣金", settlement.FundPlatformFee}, {"扣款", settlement.FundPlatformFee},
	{"支付", settlement.FundPayment}, {"收款", settlement.FundPayment}, {"付款", settlement.FundPayment}, {"交易", settlement.FundPayment},
}

// codeCategories is 业务描述, `<code>|<label>`, by the first four digits of its code. What
// Taobao takes out for itself and for others (software, insurance, marketing, gifts to
// charity) is a fee of the platform.
var codeCategories = map[string]settlement.Category{
	"0010": settlement.FundPayment, "0020": settlement.FundRefund, "0030": settlement.FundPlatformFee, "0050": settlement.FundPlatformFee,
	"0060": settlement.FundPlatformFee, "0070": settlement.FundPlatformFee, "0110": settlement.FundPlatformFee, "0170": settlement.FundPlatformFee,
	"0240": settlement.FundCoupon, "0530": settlement.FundPlatformFee, "0080": settlement.FundFreeze,
}

// walletFeeCode is 软件服务费-支付宝服务费: the wallet's fee, not the platform's.
const walletFeeCode = "0030038"

// categoryOf says what a line is about: by the code of its description, else by a note
// in the wallet's own words, else by its type. A note is only looked at where the
// wallet, not a person, has written it.
func categoryOf(kind, note, description []byte, direction settlement.Kind) settlement.Category {
	category := typeCategory(kind)
	if code, _, ok := bytes.Cut(description, []byte{'|'}); ok && len(code) >= 4 {
		if known, ok := codeCategories[string(code[:4])]; ok {
			if category = known; string(code) == walletFeeCode {
				category = settlement.FundFee
			}
			return returned(category, direction)
		}
	}
	switch {
	case category == settlement.FundFee, category == settlement.FundOther,
		category == settlement.FundPayment && direction == settlement.Expense,
		category == settlement.FundRefund && direction == settlement.Income:
		category = noteCategory(note, category)
	}
	return returned(category, direction)
}

// returned turns a fee that comes in into a fee that comes back.
func returned(category settlement.Category, direction settlement.Kind) settlement.Category {
	if category == settlement.FundFee && direction == settlement.Income {
		return settlement.FundFeeReturn
	}
	return category
}

func typeCategory(kind []byte) settlement.Category {
	if category, ok := typeCategories[string(kind)]; ok {
		return category
	}
	for _, known := range typeParts {
		if bytes.Contains(kind, []byte(known.part)) {
			return known.category
		}
	}
	return settlement.FundOther
}

// noteCategory reads the notes of fees: 服务费[trade], 服务费退回(trade), 花呗支付服务费[trade],
// 提现服务费, 基础软件服务费(order)扣款, 代扣款（扣款用途：…）. other is the answer to any other.
func noteCategory(note []byte, other settlement.Category) settlement.Category {
	text := string(note)
	switch {
	case strings.HasPrefix(text, "服务费退回"):
		return settlement.FundFeeReturn
	case strings.Contains(text, "扣款"):
		return settlement.FundPlatformFee
	case strings.HasPrefix(text, "提现"):
		if strings.Contains(text, "费") {
			return settlement.FundWithdrawalFee
		}
	case strings.Contains(text, "服务费["), strings.Contains(text, "手续费["):
		return settlement.FundFee
	case strings.Contains(text, "软件服务费"), strings.Contains(text, "技术服务费"), strings.Contains(text, "佣金"):
		return settlement.FundPlatformFee
	}
	return other
}

// tradeInNote is the trade number in brackets that a fee's note names, nil where it
// names none.
func tradeInNote(note []byte) []byte {
	for i, c := range note {
		if c != '[' && c != '(' {
			continue
		}
		closing := byte(']')
		if c == '(' {
			closing = ')'
		}
		if end := bytes.IndexByte(note[i:], closing); end > 0 {
			if number := note[i+1 : i+end]; isTradeNumber(number) {
				return number
			}
		}
	}
	return nil
}

// isTradeNumber tells a number of the wallet: 16 digits or more.
func isTradeNumber(text []byte) bool { return len(text) >= 16 && len(text) <= 64 && isDigits(text) }

func isDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// orderMark stands before the order's number in the notes of fees on instalments.
const orderMark = "淘宝交易号["

// orderInNote is the order number that a platform's deduction names: the digits after
// 订单号, in brackets or bare; nil where there are none of an order number's length.
func orderInNote(note []byte) []byte {
	if at := bytes.Index(note, []byte(orderMark)); at >= 0 {
		rest := note[at+len(orderMark):]
		if end := bytes.IndexByte(rest, ']'); end > 0 {
			return merchantNumber(rest[:end])
		}
	}
	for i := 0; i < len(note); i++ {
		if note[i] < '0' || note[i] > '9' {
			continue
		}
		end := i
		for end < len(note) && note[end] >= '0' && note[end] <= '9' {
			end++
		}
		if n := end - i; n >= 15 && n <= 20 {
			return note[i:end]
		}
		i = end
	}
	return nil
}

// partyMark begins the part of a note that names whom the money came from.
var partyMarks = []string{"，付款方", "，收款方", "付款方：", "收款方："}

// publicNote is what of a line's note goes into the table: the wallet's own words, and
// of the note nothing that a person may have typed or that names one.
func publicNote(category settlement.Category, note, description []byte, to []byte) []byte {
	to = append(to, settlement.PublicWord(description)...)
	switch category {
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee, settlement.FundFreeze:
	default:
		return to
	}
	for _, mark := range partyMarks {
		if at := bytes.Index(note, []byte(mark)); at >= 0 {
			note = note[:at]
		}
	}
	if len(note) > 0 && len(to) > 0 {
		to = append(to, "; "...)
	}
	return append(to, settlement.Redacted(note)...)
}
