package wechatpay

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var bom = []byte("\ufeff")

// ownColumns are names that only the files of WeChat Pay have.
var ownColumns = []string{"公众账号ID", "微信订单号", "微信退款单号", "商户数据包"}

// enoughColumns is how many known names make a header a trade bill's, so that a
// bill that lacks a column is recognised and refused for what it lacks.
const enoughColumns = 8

// Recognise says whether head, the first bytes of a decoded stream, is a trade
// bill of WeChat Pay. It goes by the names of the header, with or without BOM.
func Recognise(head []byte) bool {
	if _, _, foreign := Foreign(head); foreign {
		return false
	}
	return isTradeHeader(headerNames(firstLine(head)))
}

func isTradeHeader(names []string) bool {
	known, own := 0, false
	for _, name := range names {
		if _, ok := columnOf[name]; ok {
			known++
			own = own || slices.Contains(ownColumns, name)
		}
	}
	return own && known >= enoughColumns
}

// RecogniseFunds says whether head is a fund-flow bill (资金账单) of WeChat Pay.
func RecogniseFunds(head []byte) bool {
	if _, _, foreign := Foreign(head); foreign {
		return false
	}
	return isFundHeader(headerNames(firstLine(head)))
}

// isFundHeader wants a name that no other file has, and most of the others.
func isFundHeader(names []string) bool {
	return (slices.Contains(names, "微信支付业务单号") || slices.Contains(names, "资金流水单号")) && knows(&fundHeadings, names, 4)
}

// RecogniseProfitShare says whether head is a profit-sharing bill (分账账单).
func RecogniseProfitShare(head []byte) bool {
	if _, _, foreign := Foreign(head); foreign {
		return false
	}
	return isShareHeader(headerNames(firstLine(head)))
}

func isShareHeader(names []string) bool {
	own := slices.ContainsFunc(names, func(name string) bool {
		return name == "分账时间" || name == "分账接收方" || name == "分账明细单号"
	})
	return own && knows(&shareHeadings, names, 4)
}

// knows says that at least so many of the names are those of h.
func knows(h *headings, names []string, least int) bool {
	known := 0
	for _, name := range names {
		if slices.ContainsFunc(h.wordings, func(words []string) bool { return slices.Contains(words, name) }) {
			known++
		}
	}
	return known >= least
}

// firstLine is head's first line without BOM and line end.
func firstLine(head []byte) []byte {
	line := bytes.TrimPrefix(head, bom)
	if at := bytes.IndexByte(line, '\n'); at >= 0 {
		line = line[:at]
	}
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// foreignFile is a file of WeChat Pay that is not its trade bill: any of marks,
// names of its header, tells it.
type foreignFile struct {
	marks    []string
	what, do string
}

const useTradeBill = "use the trade bill 交易账单 (ALL, or SUCCESS and REFUND) from the merchant platform pay.weixin.qq.com"

var foreignFiles = []foreignFile{
	{[]string{"资金流水总笔数"},
		"the control totals of a WeChat Pay fund-flow bill (资金账单) without its rows", fetchAgain},
	{[]string{"返还手续费"},
		"a WeChat Pay RECHARGE_REFUND bill (充值退款账单)", "this version does not read RECHARGE_REFUND bills; " + useTradeBill},
	{[]string{"标价币种", "用户支付币种", "支付汇率", "Official account ID(appid)", "Vendor ID(mch_id)"},
		"a cross-border statement of WeChat Pay (境外账单)", "only bills in CNY of mainland merchants are read; leave it out"},
	{[]string{"settlement_currency", "detaill_id", "detail_id", "Wechat refund number(refund_id)"},
		"a cross-border profit-sharing or split-refund bill of WeChat Pay", "only bills in CNY of mainland merchants are read; leave it out"},
}

// Foreign says whether head is another file of WeChat Pay that is known and not
// read: what it is, and what to do instead. Recognise is false for all of these.
func Foreign(head []byte) (what, do string, ok bool) {
	line := firstLine(head)
	if bytes.HasPrefix(bytes.TrimLeft(line, "\"\t "), []byte("微信支付账单明细")) {
		return "a personal account's export (微信支付账单明细)",
			"export the 交易账单 from pay.weixin.qq.com, the merchant platform, instead", true
	}
	names := headerNames(line)
	for _, f := range foreignFiles {
		for _, mark := range f.marks {
			if slices.Contains(names, mark) {
				return f.what, f.do, true
			}
		}
	}
	if isErrorReply(line, head) {
		return "an error reply of the WeChat Pay download interface", "look at its text, and fetch the bill again", true
	}
	if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line); err == nil && !isOwnHeader(names) {
		for _, bill := range ownBills {
			if bill.is(headerNames(decoded)) {
				return "a WeChat Pay " + bill.what + " that was saved again in GBK",
					"bills are UTF-8; a spreadsheet has changed this one, and may have damaged its numbers: fetch it again", true
			}
		}
	}
	return "", "", false
}

// ownBills are the bills that are read, by the names of their headers.
var ownBills = []struct {
	what string
	is   func(names []string) bool
}{{"trade bill", isTradeHeader}, {"fund-flow bill", isFundHeader}, {"profit-sharing bill", isShareHeader}}

func isOwnHeader(names []string) bool {
	return isTradeHeader(names) || isFundHeader(names) || isShareHeader(names)
}

// isErrorReply tells the JSON (v3) and XML (v2) replies that come where a bill
// cannot be had, and that scripts save as if they were the bill.
func isErrorReply(line, head []byte) bool {
	text := strings.TrimSpace(string(line))
	switch {
	case strings.HasPrefix(text, "{"):
		return bytes.Contains(head, []byte(`"code"`)) && bytes.Contains(head, []byte(`"message"`))
	case strings.HasPrefix(text, "<xml>"):
		return bytes.Contains(head, []byte("<return_code>"))
	}
	return false
}
