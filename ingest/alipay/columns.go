package alipay

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// column is a column that is read. Each is required: a column of the table, a
// part of the row's identity or a control total comes from it.
type column uint8

const (
	txnID      column = iota // 支付宝交易号
	orderNo                  // 商户订单号
	rowType                  // 业务类型
	finishedAt               // 完成时间
	orderAmount
	received // 商家实收
	coupon   // 商家优惠
	refundNo // 退款批次号/请求号
	serviceFee
	columnCount
)

// wordings are the names of each column as normalName gives them; the usual one
// first.
var wordings = [columnCount][]string{
	txnID:       {"支付宝交易号", "银联交易号"},
	orderNo:     {"商户订单号"},
	rowType:     {"业务类型"},
	finishedAt:  {"完成时间"},
	orderAmount: {"订单金额"},
	received:    {"商家实收"},
	coupon:      {"商家优惠"},
	refundNo:    {"退款批次号/请求号", "退款批次号"},
	serviceFee:  {"服务费"},
}

// bankChannelID is the first column of the form that banks hand to institutions.
const bankChannelID = "银联交易号"

// shape is what the text of a field looks like. It is used to find the fields of
// a row in which free text holds commas.
type shape uint8

const (
	closedText shape = iota // anything without a comma
	freeText                // what people typed: may hold commas
	typeWord
	instant
	money
	digits    // or nothing
	sideMoney // of two columns, the side that a row does not use may be blank
)

// shapes are the columns known, read or not, by normal name.
var shapes = map[string]shape{
	"支付宝交易号": closedText, "银联交易号": closedText, "商户订单号": closedText, "业务类型": typeWord,
	"商品名称": freeText, "创建时间": instant, "完成时间": instant, "门店编号": closedText, "门店名称": closedText,
	"操作员": closedText, "终端号": closedText, "对方账户": closedText, "订单金额": money, "商家实收": money,
	"支付宝红包": money, "集分宝": money, "集分宝抵扣": money, "支付宝优惠": money, "商家优惠": money, "券核销金额": money,
	"券名称": freeText, "商家红包消费金额": money, "卡消费金额": money, "退款批次号/请求号": closedText, "退款批次号": closedText,
	"服务费": money, "分润": money, "备注": freeText, "实收净额": money, "商户识别号": closedText,
	"交易方式": closedText, "花呗分期手续费": closedText, "花呗分期数": closedText,
}

// knownLayouts is told with a missing column.
const knownLayouts = "known layouts: the 25 columns from 支付宝交易号 to 备注, in any order, and the 29 columns of bank channels from 银联交易号 to 花呗分期数"

// maxColumns is the widest header that is read.
const maxColumns = 96

// header is the meaning of each field.
type header struct {
	names   []string // as written
	shapes  []shape  // of each field
	free    []int    // the fields of free text
	at      []int    // the field of each column; -1 where the header lacks an optional one
	layout  string
	unknown []string // not read, and not known

	// sides are the two columns of which a row uses one at least; none of a trade bill.
	sides []int

	// moneyBehindText: an amount that is read stands right behind free text.
	moneyBehindText bool
}

// normalName is a column's name without blanks, unit and full-width characters:
// `订单金额（元）`, `订单金额(元)` and `订单金额` are one, and so are `收入金额（+元）` and `收入金额`.
func normalName(name string) string {
	name = strings.Trim(name, " \t\u3000\ufeff")
	name = widths.Replace(name)
	for _, unit := range []string{"(元)", "(+元)", "(-元)"} {
		name = strings.TrimSuffix(name, unit)
	}
	return strings.TrimRight(name, " ")
}

// widths turns full-width signs of names into those of ASCII.
var widths = strings.NewReplacer("（", "(", "）", ")", "／", "/", "＋", "+", "－", "-")

// parseHeader gives each column its place. It reports every fault at once.
func parseHeader(in delimited.Input, line int64, text string) (*header, []*settlement.InputError) {
	h, place, faults := placeNames(in, line, strings.Split(text, ","), shapes, knownLayouts)
	if h == nil {
		return nil, faults
	}
	for _, names := range wordings {
		found := slices.IndexFunc(names, func(name string) bool { _, ok := place[name]; return ok })
		if found < 0 {
			faults = append(faults, missingColumn(in, line, names[0], h.names, wordings[:], knownLayouts))
			h.at = append(h.at, -1)
			continue
		}
		h.at = append(h.at, place[names[found]])
	}
	for _, c := range []column{orderAmount, received, coupon, serviceFee} {
		h.moneyBehindText = h.moneyBehindText || slices.Contains(h.free, h.at[c]-1)
	}
	h.layout = fmt.Sprintf("%d columns", len(h.names))
	if at := h.at[txnID]; at >= 0 && normalName(h.names[at]) == bankChannelID {
		h.layout = "bank channel, " + h.layout
	}
	return h, faults
}

// placeNames finds the place of each name of a header, by its normal name. known are
// the columns known, read or not; advice tells the layouts. The header is nil where it
// is too wide.
func placeNames(in delimited.Input, line int64, names []string, known map[string]shape, advice string) (*header, map[string]int, []*settlement.InputError) {
	h := &header{names: names}
	if len(names) > maxColumns {
		return nil, nil, []*settlement.InputError{in.Errorf(line, advice, "a header of more than %d columns", maxColumns)}
	}
	var faults []*settlement.InputError
	place := map[string]int{}
	for i, name := range names {
		normal := normalName(name)
		names[i] = strings.Trim(name, " \t\u3000\ufeff")
		looks, ok := known[normal]
		h.shapes = append(h.shapes, looks)
		if looks == freeText {
			h.free = append(h.free, i)
		}
		if normal == "" { // padding
			continue
		}
		if !ok {
			h.unknown = append(h.unknown, names[i])
		}
		if before, twice := place[normal]; twice {
			fault := in.Errorf(line, "remove the copy, or fetch the bill again", "the header has this column twice, as number %d and %d", before+1, i+1)
			fault.ColumnName = names[i]
			faults = append(faults, fault)
			continue
		}
		place[normal] = i
	}
	return h, place, faults
}

// missingColumn says that a header lacks a column; all are the names of the columns
// that are read.
func missingColumn(in delimited.Input, line int64, name string, found []string, all [][]string, advice string) *settlement.InputError {
	what := "the required column is missing"
	if near := closest(name, found, all); near != "" {
		what += fmt.Sprintf("; the closest name found is %q", near)
	}
	fault := in.Errorf(line, advice, "%s", what)
	fault.ColumnName = name
	return fault
}

// closest returns the candidate that differs least from name, "" where none
// shares at least half of it.
func closest(name string, candidates []string, all [][]string) string {
	best, least := "", (len([]rune(name))+1)/2+1
	for _, candidate := range candidates {
		normal := normalName(candidate)
		if slices.ContainsFunc(all, func(names []string) bool { return slices.Contains(names, normal) }) {
			continue // it is there in its own right
		}
		if d := editDistance([]rune(name), []rune(normal)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// editDistance is how many characters must be added, dropped or replaced.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
