package alipay

import (
	"bytes"
	"slices"
	"strings"
)

// headLength is how many first bytes tell what a file is.
const headLength = 64 << 10

// headLines is how many first lines are looked at. A personal export has its
// header on line 25.
const headLines = 60

// billKind is one of the files that a bill consists of: its rows, or its 汇总.
type billKind struct{ name, title, list string }

var (
	billFile    = billKind{"a trade bill (业务明细)", "业务明细查询", "业务明细列表"}
	summaryFile = billKind{"a trade bill summary (业务明细汇总)", "业务汇总查询", "业务汇总列表"}
	logFile     = billKind{"an account log (账务明细)", "账务明细查询", "账务明细列表"}
	logSumFile  = billKind{"an account log's summary (账务明细汇总)", "账务汇总查询", "账务汇总列表"}
	portalFile  = billKind{"a portal export (账务组合查询)", "账务组合查询", "账务组合查询列表"}
)

// Recognise says whether head, the first bytes of a decoded stream, is a trade
// bill: by its title, by the fence before its rows, or by its header.
func Recognise(head []byte) bool {
	return opens(head, billFile, func(header string) bool {
		return has(header, "商家实收", "业务类型", "完成时间") && !has(header, "交易订单总笔数")
	})
}

// RecogniseSummary says whether head is the summary of a trade bill.
func RecogniseSummary(head []byte) bool {
	return opens(head, summaryFile, func(header string) bool { return has(header, "交易订单总笔数", "商家实收") })
}

// RecogniseLog says whether head is an account log.
func RecogniseLog(head []byte) bool {
	return opens(head, logFile, func(header string) bool { return has(header, "账务流水号", "业务流水号") })
}

// RecogniseLogSummary says whether head is the summary of an account log.
func RecogniseLogSummary(head []byte) bool {
	return opens(head, logSumFile, func(header string) bool { return has(header, "类型", "收入笔数", "支出笔数") })
}

// RecognisePortal says whether head is the portal's export of an account's movements
// (账务组合查询): CSV, or the first rows of a workbook as CSV, where titles may stand
// before the header.
func RecognisePortal(head []byte) bool {
	isHeader := func(line string) bool { return isPortalHeader(strings.Split(line, ",")) }
	return opens(head, portalFile, isHeader) || slices.ContainsFunc(openingLines(head), isHeader)
}

// isPortalHeader says that names are the portal's: they have what only it has together,
// or so many of the columns that are needed that one is missing or has another name.
func isPortalHeader(names []string) bool {
	normal, needed := make([]string, len(names)), 0
	for i, name := range names {
		normal[i] = normalName(name)
	}
	for _, words := range portalLayout.wordings[:fundNote] {
		if slices.ContainsFunc(words, func(word string) bool { return slices.Contains(normal, word) }) {
			needed++
		}
	}
	return needed >= int(fundNote)-2 && slices.ContainsFunc(normal, func(name string) bool { return strings.HasPrefix(name, "支付宝") }) ||
		has(strings.Join(normal, ","), "支付宝流水号", "账务类型", "入账时间")
}

// opens looks at the lines before the rows: those with #, and the header.
func opens(head []byte, kind billKind, isHeader func(string) bool) bool {
	for _, line := range openingLines(head) {
		text := strings.TrimSpace(line)
		switch {
		case text == "":
		case text[0] != '#':
			return isHeader(text)
		case has(text, kind.title) || has(text, kind.list):
			return true
		}
	}
	return false
}

// openingLines are the first lines of head, each decoded as UTF-8 where it is
// that, else as GB18030.
func openingLines(head []byte) []string {
	head = bytes.TrimPrefix(head[:min(len(head), headLength)], bom)
	var lines []string
	for line := range bytes.Lines(head) {
		text, ok := decoded(line, false)
		if !ok {
			text, _ = decoded(line, true)
		}
		if lines = append(lines, text); len(lines) == headLines {
			break
		}
	}
	return lines
}

func has(text string, all ...string) bool {
	for _, part := range all {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// foreignFile is a file that is not read. A line that has all of one of marks
// tells it.
type foreignFile struct {
	marks    [][]string
	what, do string
}

const useTradeBill = "use the trade bill 业务明细: b.alipay.com → 对账中心 → 下载账单, or the bill interface with bill_type trade"

var foreignFiles = []foreignFile{
	{[][]string{{"支付宝交易记录明细查询"}, {"支付宝", "电子客户回单"}, {"交易时间", "交易分类", "交易对方"}},
		"a personal Alipay account's export (个人账户交易明细), not a merchant's bill", useTradeBill + ", of the merchant's account"},
	{[][]string{{"Settle_batch_no"}, {"settlementBatchId"}, {"transactionRequestId", "transactionAmountValue"}, {"Partner_transaction_id", "Settlement"}},
		"a cross-border settlement file (Antom, Alipay+, Alipay Global)", "cross-border statements are not read; only domestic bills in CNY are"},
	{[][]string{{"账单大类", "业务大类", "业务小类"}},
		"a Taobao receipts export (货款明细)", "export 收支明细 of the aggregated account (千牛 → 财务 → 资金管理); the shop's Alipay rows are in Alipay's trade bill 业务明细"},
}

// Foreign recognises files of Alipay and its relatives that are not read, and
// says what head is and what to use instead.
func Foreign(head []byte) (what, do string, ok bool) {
	for _, recognise := range []func([]byte) bool{Recognise, RecogniseSummary, RecogniseLog, RecogniseLogSummary, RecognisePortal} {
		if recognise(head) {
			return "", "", false
		}
	}
	lines := openingLines(head)
	for _, file := range foreignFiles {
		for _, line := range lines {
			for _, marks := range file.marks {
				if has(line, marks...) {
					return file.what, file.do, true
				}
			}
		}
	}
	return "", "", false
}
