package orders

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"reconcile/settlement"
)

// jdOrders is the order export of JD's back office (京东商家后台). JD takes the buyers'
// money itself and settles it, so that no wallet's bill has to show an order: its orders
// are escrow whose release this export does not tell.
//
// A payment time decides whether an order is paid: 等待出库 is also the word for orders
// paid on delivery or later.
var jdOrders = &knownLayout{
	name:  "JD order export (京东)",
	signs: []string{"订单号", "京东价", "订单金额"},
	columns: map[column][]string{
		colOrderNo: {"订单号"},
		colAmount:  {"应付金额"},
		colPaidAt:  {"付款确认时间"},
		colStatus:  {"订单状态"},
		colShop:    {"店铺名称"},
	},
	statuses: map[string]string{
		"等待付款": "unpaid", "未付款": "unpaid", "等待付款确认": "unpaid",
		"等待出库": "paid", "等待确认收货": "paid", "完成": "paid",
		"锁定": "paid", "(锁定)等待出库": "paid", "(锁定)等待确认收货": "paid",
		"已取消": RefundedIfPaid, "(删除)等待付款": RefundedIfPaid, "(删除)未付款": RefundedIfPaid, "(删除)新订单": RefundedIfPaid,
		"(删除)暂停": RefundedIfPaid, "(删除)锁定": RefundedIfPaid, "(删除)等待出库": RefundedIfPaid, "(删除)等待确认收货": RefundedIfPaid,
	},
	defaults:    map[string]string{"platform": "jd"},
	escrow:      true,
	heldBy:      "JD takes the buyers' money and settles it itself: no wallet's bill has to show these orders",
	paidByTime:  true,
	productRows: true,
	others: strings.Split("商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,订单类型,下单帐号,客户姓名,客户地址,联系电话,"+
		"订单备注,发票类型,发票抬头,发票内容,纳税人识别号,商家备注,商家备注等级（等级1-5为由高到低）,运费金额,增值税发票,普通发票纳税编号,货号,订单完成时间,"+
		"订单来源,订单渠道,仓库id,仓库名称,送装服务,服务费,商家SKUID,邮政编码,邮箱地址,是否为品牌商订单,是否为toplife订单,店铺ID", ","),
}

// orderRow is what a row says of its order, in an export with a row for each product:
// all rows of an order say the same.
type orderRow struct {
	order  uint64 // hash of its number
	line   int64
	amount settlement.Amount
	paidAt settlement.Instant
	status settlement.Status
}

func (r orderRow) agrees(o orderRow) bool {
	return r.amount == o.amount && r.paidAt == o.paidAt && r.status == o.status
}

// addProduct notes a row. Rows of an order mostly stand together: of a run that agrees
// one is kept.
func (w *worker) addProduct(r *row, line int64) {
	of := orderRow{xxhash.Sum64(r.orderNo), line, r.amount, r.paidAt, r.status}
	if n := len(w.products); n > 0 && w.products[n-1].order == of.order && w.products[n-1].agrees(of) {
		w.furtherProducts++
		return
	}
	w.products = append(w.products, of)
}

// judgeProducts refuses orders whose rows disagree, which then hold the share of a
// product or belong to two exports, and tells how many rows say an order again.
func (r *reading) judgeProducts(st *settlement.Statement, workers []*worker) {
	var all []orderRow
	var further int64
	for _, w := range workers {
		all = append(all, w.products...)
		further += w.furtherProducts
	}
	slices.SortFunc(all, func(a, b orderRow) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.line, b.line)) })
	for i := 1; i < len(all); i++ {
		first, again := all[i-1], all[i]
		if first.order != again.order {
			continue
		}
		if first.agrees(again) {
			further++
			continue
		}
		c, was, is := colStatus, first.status.String(), again.status.String()
		if first.amount != again.amount {
			c, was, is = colAmount, first.amount.String(), again.amount.String()
		} else if first.paidAt != again.paidAt {
			c, was, is = colPaidAt, cmp.Or(first.paidAt.String(), "none"), cmp.Or(again.paidAt.String(), "none")
		}
		r.problems.Add(&settlement.InputError{
			Position:   settlement.Position{File: r.in.File, Member: r.in.Member, Line: again.line},
			ColumnName: r.layout.names[c],
			What:       fmt.Sprintf("%s, but line %d of the same order has %s", is, first.line, was),
			Do:         "each of an order's rows, one a product, states the whole order; where yours state a product's share, give the orders themselves as CSV",
		})
	}
	if further > 0 {
		st.Notef("%d rows are further products of an order: an order counts once", further)
	}
}
