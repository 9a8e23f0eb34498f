package wechatpay

import (
	"fmt"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// headings is how the columns of a bill of fund lines may be called.
type headings struct {
	wordings [][]string // of each column: the current name first
	needs    []string   // what comes from each column that must be there, "" for the others
	freeText column     // the one column that may hold separators of its own
	layouts  string     // what is known, for messages
}

// The columns of the fund-flow bill (资金账单).
const (
	fundTime column = iota
	fundTxn
	fundFlow
	fundName
	fundType
	fundDirection
	fundAmount
	fundBalance
	fundAsker
	fundNote
	fundVoucher
)

var fundHeadings = headings{
	wordings: [][]string{
		fundTime:      {"记账时间"},
		fundTxn:       {"微信支付业务单号"},
		fundFlow:      {"资金流水单号"},
		fundName:      {"业务名称"},
		fundType:      {"业务类型"},
		fundDirection: {"收支类型"},
		fundAmount:    {"收支金额(元)", "收支金额（元）"},
		fundBalance:   {"账户结余(元)", "账户结余（元）"},
		fundAsker:     {"资金变更提交申请人"},
		fundNote:      {"备注"},
		fundVoucher:   {"业务凭证号"},
	},
	needs: []string{
		fundTime: "column occurred_at", fundTxn: "column provider_txn_id", fundFlow: "column flow_no", fundName: "column raw_type",
		fundType: "column category", fundDirection: "control total 收入笔数", fundAmount: "control total 收入金额", fundBalance: "column balance",
		fundAsker: "", fundNote: "column raw_note", fundVoucher: "column order_no",
	},
	freeText: fundNote,
	layouts:  "the layout known has 11 columns; fetch the bill again, or see ingest/wechatpay/README.md for them",
}

// The columns of the profit-sharing bill (分账账单).
const (
	shareTime column = iota
	shareInitiator
	sharePayer
	shareTxn
	shareNo
	shareFlow
	shareMerchantNo
	shareOrderAmount
	shareReceiver
	shareAmount
	shareType
	shareStatus
	shareNote
)

var shareHeadings = headings{
	wordings: [][]string{
		shareTime:        {"分账时间"},
		shareInitiator:   {"分账发起方"},
		sharePayer:       {"分账方"},
		shareTxn:         {"微信订单号"},
		shareNo:          {"微信分账/回退单号"},
		shareFlow:        {"分账明细单号"},
		shareMerchantNo:  {"商户分账/回退单号"},
		shareOrderAmount: {"订单金额"},
		shareReceiver:    {"分账接收方"},
		shareAmount:      {"金额"},
		shareType:        {"业务类型"},
		shareStatus:      {"处理状态"},
		shareNote:        {"备注"},
	},
	needs: []string{
		shareTime: "column occurred_at", sharePayer: "column account", shareTxn: "column provider_txn_id", shareFlow: "column flow_no",
		shareMerchantNo: "column order_no", shareAmount: "column amount", shareType: "column category", shareStatus: "column raw_type", shareNote: "",
	},
	freeText: shareNote,
	layouts:  "the layout known has 13 columns; fetch the bill again, or see ingest/wechatpay/README.md for them",
}

// fundLayout says where the columns of one bill of fund lines stand.
type fundLayout struct {
	*headings
	names   []string
	index   []int // −1 where the header lacks the column
	unknown []string
}

// readFundHeader maps the names of the header line to columns. It reports every
// duplicated and every missing name.
func readFundHeader(h *headings, line []byte) (*fundLayout, []headerFault) {
	l := &fundLayout{headings: h, index: make([]int, len(h.wordings))}
	var faults []headerFault
	l.names, l.unknown, faults = mapNames(line, h.wordings, l.index, h.layouts)
	if len(l.names) > maxNames {
		return l, faults
	}
	for c, need := range h.needs {
		if need != "" && l.index[c] < 0 {
			faults = append(faults, headerFault{0, h.wordings[c][0], whatIsMissing(h.wordings[c], l.unknown), h.layouts})
		}
	}
	return l, faults
}

// drift compares the header with the layout, whose columns stand in the order of their
// constants.
func (l *fundLayout) drift() []settlement.Drift {
	if len(l.names) > maxNames {
		return nil
	}
	var known delimited.Layout
	for c, names := range l.wordings {
		known.Columns = append(known.Columns, delimited.KnownColumn{Names: names, Needs: l.needs[c]})
	}
	return delimited.Drift(l.names, known, strings.TrimSpace)
}

// name is the header's own wording of c.
func (l *fundLayout) name(c column) string {
	if i := l.index[c]; i >= 0 {
		return l.names[i]
	}
	return l.wordings[c][0]
}

// anchored says whether a row with surplus separators can be read: only free text
// may hold them, and which columns hold text must be known of all.
func (l *fundLayout) anchored() bool { return l.index[l.freeText] >= 0 && len(l.unknown) == 0 }

// span is where a value lies in its line.
type span struct{ start, end int }

// fundRecord is a line that was split, with as many values as the layout has names.
type fundRecord struct {
	*fundLayout
	line   []byte
	values []span
}

// text is c's value, nil where the layout lacks c.
func (r *fundRecord) text(c column) []byte {
	i := r.index[c]
	if i < 0 {
		return nil
	}
	v := r.values[i]
	return r.line[v.start:v.end:v.end]
}

func (r *fundRecord) faultf(c column, do, format string, args ...any) *fault {
	offset := 0
	if i := r.index[c]; i >= 0 {
		offset = r.values[i].start
	}
	return &fault{c, offset, fmt.Sprintf(format, args...), do}
}

// take makes the values of r of the starts of the fields in its line, each behind a
// comma and, where there is one, a backtick. Surplus fields belong to the free text,
// the one column whose commas and backticks need not be escaped.
func (r *fundRecord) take(starts []int32) *fault {
	surplus := len(starts) - len(r.names)
	if surplus != 0 && (surplus < 0 || surplus > maxExtra || !r.anchored()) {
		do := fetchAgain
		if surplus < 0 {
			do = "a row was cut or its backticks were lost: " + fetchAgain
		}
		return &fault{columnCount, 0, fmt.Sprintf("%d fields where the header has %d names", len(starts), len(r.names)), do}
	}
	r.values = r.values[:0]
	next := 0
	for i := range r.names {
		at := int(starts[next])
		if next++; surplus > 0 && i == r.index[r.freeText] {
			next += surplus
		}
		end := len(r.line)
		if next < len(starts) {
			end = int(starts[next]) - 1
			if r.line[end] == '`' {
				end--
			}
		}
		r.values = append(r.values, span{at, end})
	}
	return nil
}

// id reads a number of c.
func (r *fundRecord) id(c column) ([]byte, *fault) {
	text := r.text(c)
	if err := checkID(text, false); err != nil {
		do := fetchAgain
		if err == errIDScientific {
			do = spreadsheet
		}
		return nil, r.faultf(c, do, "%q: %v", settlement.Masked(string(text)), err)
	}
	return blankZero(text), nil
}

// positive reads an amount, which these bills print without a sign.
func (r *fundRecord) positive(c column) (settlement.Amount, *fault) {
	text := r.text(c)
	v, err := settlement.ParseAmount(text)
	switch {
	case err != nil:
		return 0, r.faultf(c, adviceFor(err), "%q: %v", settlement.Masked(string(text)), err)
	case v < 0:
		return 0, r.faultf(c, fetchAgain, "%s is negative; the bill prints amounts positive", v)
	}
	return v, nil
}
