package wechatpay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// column is what a column of the bill means, whatever its wording and place.
type column uint8

const (
	tradeTime column = iota
	appID
	merchant
	subMerchant
	device
	txnID
	orderNo
	openID
	tradeType
	tradeState
	bank
	currency
	settledAmount
	coupon
	refundAppliedAt
	refundSucceededAt
	refundID
	refundNo
	refundAmount
	couponRefund
	refundType
	refundStatus
	goods
	attach
	fee
	rate
	orderAmount
	appliedRefund
	rateNote
	columnCount
)

// wordings are the names of each column: the current one first, then those of
// older bills.
var wordings = [columnCount][]string{
	tradeTime:         {"交易时间"},
	appID:             {"公众账号ID"},
	merchant:          {"商户号"},
	subMerchant:       {"特约商户号", "子商户号"},
	device:            {"设备号"},
	txnID:             {"微信订单号"},
	orderNo:           {"商户订单号"},
	openID:            {"用户标识"},
	tradeType:         {"交易类型"},
	tradeState:        {"交易状态"},
	bank:              {"付款银行"},
	currency:          {"货币种类"},
	settledAmount:     {"应结订单金额", legacyTotal},
	coupon:            {"代金券金额", "企业红包金额", "代金券或立减优惠金额"},
	refundAppliedAt:   {"退款申请时间"},
	refundSucceededAt: {"退款成功时间"},
	refundID:          {"微信退款单号"},
	refundNo:          {"商户退款单号"},
	refundAmount:      {"退款金额"},
	couponRefund:      {"充值券退款金额", "企业红包退款金额", "代金券或立减优惠退款金额"},
	refundType:        {"退款类型"},
	refundStatus:      {"退款状态"},
	goods:             {"商品名称"},
	attach:            {"商户数据包"},
	fee:               {"手续费"},
	rate:              {"费率"},
	orderAmount:       {"订单金额"},
	appliedRefund:     {"申请退款金额"},
	rateNote:          {"费率备注"},
}

// legacyTotal is the legacy wording that stands for both 应结订单金额 and 订单金额.
const legacyTotal = "总金额"

var (
	requiredAlways = []column{tradeTime, merchant, subMerchant, txnID, orderNo, tradeType,
		tradeState, currency, settledAmount, coupon, fee, rate}
	requiredWithRefunds = []column{refundID, refundNo, refundAmount, couponRefund, refundStatus}
	requiredOfRefunds   = []column{refundAppliedAt, refundSucceededAt}

	// freeText columns hold what the merchant sent; only these may hold a raw ",`".
	freeText = []column{device, goods, attach}
)

const layoutsKnown = "layouts known: ALL with 27 (legacy 24) columns, SUCCESS with 20 (18), REFUND with 29 (26); " +
	"fetch the bill again, or see ingest/wechatpay/README.md for the columns of each"

var columnOf = func() map[string]column {
	known := make(map[string]column)
	for c, names := range wordings {
		for _, name := range names {
			known[name] = column(c)
		}
	}
	return known
}()

// maxNames bounds the names of a header and of a summary; real ones have at most 29.
const maxNames = 100

// layout says where the columns of one bill stand.
type layout struct {
	names   []string // as the header has them
	index   [columnCount]int
	unknown []string
	kind    settlement.StatementKind
	legacy  bool // gross and settled are one column
}

// has says whether the header has c.
func (l *layout) has(c column) bool { return l.index[c] >= 0 }

// name is the header's own wording of c, the current one where it has none.
func (l *layout) name(c column) string {
	if l.has(c) {
		return l.names[l.index[c]]
	}
	return wordings[c][0]
}

// title names the layout for people, such as "current ALL, 27 columns".
func (l *layout) title() string {
	age, kind := "current", "ALL"
	if l.legacy {
		age = "legacy"
	}
	switch l.kind {
	case settlement.TradeBillSuccess:
		kind = "SUCCESS"
	case settlement.TradeBillRefund:
		kind = "REFUND"
	}
	return fmt.Sprintf("%s %s, %d columns", age, kind, len(l.names))
}

// headerFault is one thing wrong with the header, at the byte offset of a name.
type headerFault struct {
	offset         int
	name, what, do string
}

// readHeader maps the names of the header line to columns. It reports every
// duplicated and every missing name.
func readHeader(line []byte) (*layout, []headerFault) {
	l := new(layout)
	var faults []headerFault
	l.names, l.unknown, faults = mapNames(line, wordings[:], l.index[:], layoutsKnown)
	if len(l.names) > maxNames {
		return l, faults
	}
	l.kind = l.kindOf()
	l.legacy = !l.has(orderAmount) && !l.has(appliedRefund) && slices.Contains(l.names, legacyTotal)
	for _, c := range l.missing() {
		faults = append(faults, headerFault{0, wordings[c][0], whatIsMissing(wordings[c], l.unknown), layoutsKnown})
	}
	return l, faults
}

// mapNames finds the columns of the header line by their wordings: index is where
// each stands, −1 where it does not. It reports every name that stands twice.
func mapNames(line []byte, wordings [][]string, index []int, layouts string) (names, unknown []string, faults []headerFault) {
	names = headerNames(line)
	for c := range index {
		index[c] = -1
	}
	if len(names) > maxNames {
		return names, nil, []headerFault{{0, "", fmt.Sprintf("%d columns", len(names)), layouts}}
	}
	raw := bytes.Split(line, []byte{','})
	seen := make(map[string]bool, len(names))
	offset, shown := 0, delimited.Names(names)
	for i, name := range names {
		c := slices.IndexFunc(wordings, func(known []string) bool { return slices.Contains(known, name) })
		switch {
		case seen[name]:
			faults = append(faults, headerFault{offset, shown(name), "the header has this name twice", layouts})
		case c < 0:
			unknown = append(unknown, shown(name))
		case index[c] >= 0:
			faults = append(faults, headerFault{offset, name,
				"the header has this column already as " + names[index[c]], layouts})
		default:
			index[c] = i
		}
		seen[name] = true
		offset += len(raw[i]) + 1
	}
	return names, unknown, faults
}

func headerNames(line []byte) []string {
	names := strings.Split(string(line), ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

func (l *layout) kindOf() settlement.StatementKind {
	if slices.ContainsFunc(requiredOfRefunds, l.has) {
		return settlement.TradeBillRefund
	}
	if slices.ContainsFunc(requiredWithRefunds, l.has) || l.has(refundType) || l.has(appliedRefund) {
		return settlement.TradeBill
	}
	return settlement.TradeBillSuccess
}

// missing returns the required columns that the header lacks.
func (l *layout) missing() []column {
	required := slices.Clone(requiredAlways)
	if !l.legacy {
		required = append(required, orderAmount)
	}
	if l.kind != settlement.TradeBillSuccess {
		required = append(required, requiredWithRefunds...)
		if !l.legacy {
			required = append(required, appliedRefund)
		}
	}
	if l.kind == settlement.TradeBillRefund {
		required = append(required, requiredOfRefunds...)
	}
	return slices.DeleteFunc(required, l.has)
}

// whatIsMissing says that a required column of these names is, and what may stand
// in its place.
func whatIsMissing(names, unknown []string) string {
	what := "this required column is missing"
	if others := names[1:]; len(others) > 0 {
		what += " (also known as " + strings.Join(others, ", ") + ")"
	}
	if near := closest(names, unknown); near != "" {
		what += "; the header has " + near + " instead"
	} else if len(unknown) > 0 {
		what += "; columns of no known name: " + strings.Join(unknown, ", ")
	}
	return what
}

// closest returns the candidate that needs the fewest edits to become one of
// names, "" where none shares at least half of its characters.
func closest(names, candidates []string) string {
	best, bestCost := "", 0
	for _, candidate := range candidates {
		for _, name := range names {
			a, b := []rune(name), []rune(candidate)
			cost := edits(a, b)
			if 2*cost <= max(len(a), len(b)) && (best == "" || cost < bestCost) {
				best, bestCost = candidate, cost
			}
		}
	}
	return best
}

// edits is the Levenshtein distance of a and b.
func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range b {
			cost := diagonal
			if ra != rb {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
