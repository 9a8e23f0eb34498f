package alipay

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundColumn is a column of the account log and of the portal's export that is read.
type fundColumn uint8

const (
	flowNo    fundColumn = iota // 账务流水号, 支付宝流水号
	fundTxn                     // 业务流水号, 支付宝交易号
	fundOrder                   // 商户订单号
	bookedAt                    // 发生时间, 入账时间
	income
	expense
	balance
	fundType // 业务类型, 账务类型
	fundNote // 备注
	// Optional:
	baseOrder   // 业务基础订单号
	description // 业务描述
	channel     // 支付渠道
	serial      // 序号
	fundColumnCount
)

// fundLayout is one of the two files that show the account's movements.
type fundLayout struct {
	kind     settlement.StatementKind
	wordings [fundColumnCount][]string // as normalName gives them; nil where the file has none
	shapes   map[string]shape
	known    string // told with a missing column
}

// isRequired says that a table's column, the line's identity or a control total comes
// from c.
func (c fundColumn) isRequired() bool { return c <= fundNote }

var logLayout = &fundLayout{
	kind: settlement.AccountLog,
	wordings: [fundColumnCount][]string{
		flowNo: {"账务流水号"}, fundTxn: {"业务流水号"}, fundOrder: {"商户订单号"}, bookedAt: {"发生时间"},
		income: {"收入金额", "收入"}, expense: {"支出金额", "支出"}, balance: {"账户余额"},
		fundType: {"业务类型"}, fundNote: {"备注"}, baseOrder: {"业务基础订单号"}, description: {"业务描述"},
	},
	shapes: map[string]shape{
		"账务流水号": digits, "业务流水号": closedText, "商户订单号": closedText, "商品名称": freeText, "发生时间": instant, "对方账号": closedText,
		"收入金额": sideMoney, "收入": sideMoney, "支出金额": sideMoney, "支出": sideMoney, "账户余额": money, "交易渠道": closedText,
		"业务类型": closedText, "备注": freeText, "业务基础订单号": closedText, "业务订单号": closedText, "业务账单来源": closedText,
		"业务描述": closedText, "付款备注": freeText,
	},
	known: "known layouts: the 12 columns 账务流水号, 业务流水号, 商户订单号, 商品名称, 发生时间, 对方账号, 收入金额, 支出金额, 账户余额, 交易渠道, 业务类型, 备注 in any order, " +
		"and these with 业务基础订单号, 业务订单号, 业务账单来源, 业务描述, 付款备注",
}

var portalLayout = &fundLayout{
	kind: settlement.PortalFunds,
	wordings: [fundColumnCount][]string{
		flowNo: {"支付宝流水号"}, fundTxn: {"支付宝交易号"}, fundOrder: {"商户订单号"}, bookedAt: {"入账时间"},
		income: {"收入", "收入金额"}, expense: {"支出", "支出金额"}, balance: {"账户余额"},
		fundType: {"账务类型"}, fundNote: {"备注"}, baseOrder: {"业务基础订单号"}, description: {"业务描述"},
		channel: {"支付渠道"}, serial: {"序号"},
	},
	shapes: map[string]shape{
		"序号": digits, "入账时间": instant, "支付宝交易号": closedText, "支付宝流水号": digits, "商户订单号": closedText, "账务类型": closedText,
		"收入": sideMoney, "收入金额": sideMoney, "支出": sideMoney, "支出金额": sideMoney, "账户余额": money, "服务费": sideMoney,
		"支付渠道": closedText, "签约产品": closedText, "对方账户": closedText, "对方名称": freeText, "银行订单号": digits,
		"商品名称": freeText, "备注": freeText, "业务基础订单号": closedText, "业务订单号": closedText, "业务账单来源": closedText,
		"业务描述": closedText, "付款备注": freeText,
	},
	known: "known layouts: the 19 columns from 序号 to 付款备注 of the CSV, and the 22 columns of the .xls, with 服务费, 支付渠道 and 签约产品",
}

// parse gives each column its place. Every fault is reported at once, but for a lack
// of the type, which a log of an empty day can do without: noType is its fault.
func (l *fundLayout) parse(in delimited.Input, line int64, names []string) (h *header, noType *settlement.InputError, faults []*settlement.InputError) {
	h, place, faults := placeNames(in, line, names, l.shapes, l.known)
	if h == nil {
		return nil, nil, faults
	}
	for c, names := range l.wordings {
		at := -1
		for _, name := range names {
			if i, ok := place[name]; ok {
				at = i
				break
			}
		}
		h.at = append(h.at, at)
		if at >= 0 || !fundColumn(c).isRequired() {
			continue
		}
		missing := missingColumn(in, line, names[0], h.names, l.wordings[:], l.known)
		if fundColumn(c) == fundType {
			noType = missing
			continue
		}
		faults = append(faults, missing)
	}
	for _, c := range []fundColumn{income, expense, balance} {
		h.moneyBehindText = h.moneyBehindText || h.at[c] > 0 && slices.Contains(h.free, h.at[c]-1)
	}
	h.sides = []int{h.at[income], h.at[expense]}
	h.layout = fmt.Sprintf("%d columns", len(slices.DeleteFunc(slices.Clone(h.names), func(name string) bool { return name == "" })))
	return h, noType, faults
}

// noteUnknown names the columns that are new.
func (h *header) noteUnknown(st *settlement.Statement) {
	if len(h.unknown) > 0 {
		st.Notef("columns not read: %s", strings.Join(h.unknown, ", "))
	}
}
