package orders

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/settlement"
)

var (
	markUTF8    = []byte{0xEF, 0xBB, 0xBF}
	markGB18030 = []byte{0x84, 0x31, 0x95, 0x33}
)

// Recognise says whether head, the first bytes of a decoded stream, is an orders
// or a refunds extract, by its header names after m.Columns: OrderExtract or
// RefundExtract. It is lenient where Read is strict: a header of which one column
// is missing or whose encoding is not the stated one is recognised, so that Read
// can say what is wrong.
func Recognise(head []byte, m Mapping) (settlement.StatementKind, bool) {
	for _, names := range headReadings(head, 1) {
		if kind, ok := kindOf(names, m); ok {
			return kind, true
		}
	}
	if knownExport(head) != nil {
		return settlement.OrderExtract, true
	}
	return "", false
}

// kindOf judges a header. An extract that has every column of a refund is one,
// also where the order's paid_at is joined to it.
func kindOf(header []string, m Mapping) (settlement.StatementKind, bool) {
	has := func(c column) int {
		name, _ := m.headerName(c)
		if slices.Contains(header, name) {
			return 1
		}
		return 0
	}
	shared := has(colOrderNo) + has(colAmount) + max(has(colStatus), min(len(m.Defaults["status"]), 1))
	number, time := has(colRefundNo), max(has(colRefundedAt), has(colSucceededAt))
	paid := has(colPaidAt)
	switch {
	case number+time == 2 && shared >= 1, number+time == 1 && paid == 0 && shared >= 2:
		return settlement.RefundExtract, true
	case shared+paid >= 3:
		return settlement.OrderExtract, true
	}
	return "", false
}

// headReadings returns the trimmed header names that the first lines of head
// give, read as UTF-8 where they are, and as GB18030.
func headReadings(head []byte, lines int) [][]string {
	head = bytes.TrimPrefix(bytes.TrimPrefix(head, markUTF8), markGB18030)
	var readings [][]string
	for range lines {
		line, rest := firstRecord(head)
		if utf8.Valid(line) {
			readings = append(readings, headerNames(line, false))
		}
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line); err == nil && !isASCII(line) {
			readings = append(readings, headerNames(decoded, false))
		}
		head = rest
	}
	return readings
}

// firstRecord cuts the first record off head, or its first line where the quotes
// are wrong.
func firstRecord(head []byte) (record, rest []byte) {
	var s splitter
	if consumed, what := s.split(head); what == "" {
		return bytes.TrimRight(head[:consumed], "\r\n"), head[consumed:]
	}
	record, rest, _ = bytes.Cut(head, []byte{'\n'})
	return record, rest
}

// headerNames splits a header. Names are trimmed of every kind of blank. A
// header whose quotes are wrong is split as far as it goes.
func headerNames(line []byte, gb18030 bool) []string {
	var s splitter
	s.split(line)
	names := make([]string, s.count())
	for i := range names {
		field := s.at(i)
		if gb18030 {
			if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(field); err == nil {
				field = decoded
			}
		}
		names[i] = strings.TrimSpace(string(field))
	}
	return names
}

// encoded is text in the file's encoding.
func encoded(text string, gb18030 bool) []byte {
	if gb18030 {
		if bytes, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text)); err == nil {
			return bytes
		}
	}
	return []byte(text)
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foreignExports are order files of other makers, by header names that only they
// have together.
var foreignExports = []struct {
	names []string
	what  string
}{
	{[]string{"订单编号", "买家应付货款", "总金额"}, "a Taobao/Tmall order export (千牛 ExportOrderList) without its payment times"},
	{[]string{"订单编号", "外部系统编号", "套餐信息"}, "a Taobao/Tmall order detail export (千牛 ExportOrderDetailList)"},
	{[]string{"订单编号", "父单号", "费用名称", "应结金额"}, "a JD settlement export (京东)"},
	{[]string{"订单号", "子订单号", "业务流水号", "收/付渠道"}, "a Taobao receipts export (货款明细)"},
}

// Foreign recognises order files that are not read as they are, and says what to
// do instead. Ask Recognise first: with a column map most of them are read.
func Foreign(head []byte) (what, do string, ok bool) {
	for _, header := range headReadings(head, 2) {
		if what, do, ok = foreignHeader(header); ok {
			return what, do, true
		}
	}
	return "", "", false
}

// foreignHeader is Foreign by header names.
func foreignHeader(header []string) (what, do string, ok bool) {
	for _, export := range foreignExports {
		if hasAll(header, export.names) {
			return export.what, foreignAdvice(export.what), true
		}
	}
	return "", "", false
}

func foreignAdvice(what string) string {
	if strings.Contains(what, "JD settlement") {
		return "its rows are what JD pays and keeps of an order, not what was asked for it: deliver JD's order export (订单导出), or the orders themselves as CSV"
	}
	if strings.Contains(what, "receipts") {
		return "not read by this version; give the orders themselves as CSV"
	}
	return "not read by this version without a column map: map it with orders.columns (order_no, amount, paid_at, status) and orders.statuses, and set orders.encoding: gb18030 where the file is GBK"
}

func hasAll(header, names []string) bool {
	for _, name := range names {
		if !slices.Contains(header, name) {
			return false
		}
	}
	return true
}
