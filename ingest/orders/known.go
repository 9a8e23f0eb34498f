package orders

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// knownLayout is an order export of a platform that is read without any
// configuration. What the configuration says goes before it, entry by entry.
type knownLayout struct {
	name string // for Statement.Layout
	// signs are header names that only this export has together.
	signs []string
	// columns are the names that a column of ours had in the export's versions.
	columns  map[column][]string
	statuses map[string]string
	defaults map[string]string
	// walletText names columns whose free text tells the paying wallet.
	walletText []string
	// unit may stand behind an amount.
	unit string
	// escrow says that every row is escrow, also where the export has no
	// confirmation time: then the money may arrive and is not waited for.
	escrow bool
	// heldBy is told where the export does not say when escrow is released.
	heldBy string
	// paidByTime says that an order without a payment time is not paid, whatever its
	// status.
	paidByTime bool
	// productRows says that the export has a row for each product of an order, and
	// each states the whole order.
	productRows bool
	// others are names of the export's versions that are not used, and not worth
	// a note.
	others []string
}

// knownLayouts are tried in order. Taobao's report of chosen columns (2026) has
// other names than the two that it chooses itself, and no status.
var knownLayouts = []*knownLayout{taobaoReport("Taobao/Tmall order report of chosen columns (千牛)", "买家实付金额"),
	taobaoReport("Taobao/Tmall order export (千牛 ExportOrderList)", ""), jdOrders}

func taobaoReport(name, sign string) *knownLayout {
	signs := []string{"订单编号", "买家应付货款", "总金额", "订单付款时间"}
	if sign != "" {
		signs = append(signs, sign)
	}
	return &knownLayout{
		name:  name,
		signs: signs,
		columns: map[column][]string{
			colOrderNo:     {"订单编号"},
			colAmount:      {"买家实际支付金额", "买家实付金额"},
			colPaidAt:      {"订单付款时间"},
			colStatus:      {"订单状态"},
			colShop:        {"店铺名称"},
			colConfirmedAt: {"确认收货时间"},
			colPayout:      {"打款商家金额", "确认收货打款金额"},
		},
		statuses: map[string]string{
			"交易成功":  "paid",
			"卖家已发货": "paid", "卖家已发货，等待买家确认": "paid", "卖家已发货,等待买家确认": "paid",
			"买家已付款": "paid", "买家已付款，等待卖家发货": "paid", "买家已付款,等待卖家发货": "paid",
			"等待买家付款": "unpaid",
			"交易关闭":   RefundedIfPaid,
		},
		defaults:   map[string]string{"platform": "taobao", "home_wallet": "alipay"},
		walletText: []string{"支付详情", "支付单号"},
		unit:       "元",
		escrow:     true,
		heldBy:     "no column 确认收货时间: when the money was released is not known, so it is not waited for: choose the column in the report",
		others: strings.Split("买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付积分,"+
			"买家留言,收货人姓名,收货地址,运送方式,联系电话,联系手机,订单创建时间,宝贝标题,宝贝种类,物流单号,物流公司,订单备注,宝贝总数量,"+
			"店铺Id,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,分阶段订单信息,特权订金订单id,是否上传合同照片,是否上传小票,"+
			"是否代付,定金排名,修改后的sku,修改后的收货地址,异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,新零售交易类型,新零售导购门店名称,"+
			"新零售导购门店id,新零售发货门店名称,新零售发货门店id,退款金额,预约门店,含应开票给个人的个人红包,是否信用购,体验期结束时间,"+
			"前N有礼,配送类型,主订单编号,商品标题,是否主动赔付,主动赔付金额,主动赔付出账时间,商品属性SKU,C2B小额收款,含应开票给个人红包,总金额(旧版)", ","),
	}
}

// knownLayoutOf returns the layout that header is of, nil where there is none. No single
// name decides: one sign may be missing or have another name.
func knownLayoutOf(header []string) *knownLayout {
	for _, k := range knownLayouts {
		if hasAll(header, k.signs) {
			return k
		}
	}
	for _, k := range knownLayouts {
		if k.lacksOneSign(header) {
			return k
		}
	}
	return nil
}

// fewestNames is how many names of its layout tell an export that lacks a sign.
const fewestNames = 10

// lacksOneSign says that a header has all signs but one, and that most of its names are
// those of the layout, so that no merchant's own table is taken for an export. One without
// its payment times is told as that, see Foreign.
func (k *knownLayout) lacksOneSign(header []string) bool {
	lacking := slices.DeleteFunc(slices.Clone(k.signs), func(sign string) bool { return slices.Contains(header, sign) })
	if len(lacking) != 1 || slices.Contains(k.columns[colPaidAt], lacking[0]) {
		return false
	}
	own := 0
	for _, name := range header {
		isColumn := false
		for _, names := range k.columns {
			isColumn = isColumn || slices.Contains(names, name)
		}
		if isColumn || slices.Contains(k.others, name) || slices.Contains(k.walletText, name) {
			own++
		}
	}
	return own >= fewestNames && 4*own >= 3*len(header)
}

// knownExport recognises a known layout by its first line, in either encoding.
func knownExport(head []byte) *knownLayout {
	for _, names := range headReadings(head, 1) {
		if k := knownLayoutOf(names); k != nil {
			return k
		}
	}
	return nil
}

// adapt returns m with what the layout knows of a file with this header.
func (k *knownLayout) adapt(m Mapping, header []string) Mapping {
	m.Columns, m.Statuses, m.Defaults = entries(m.Columns), entries(m.Statuses), entries(m.Defaults)
	for c, names := range k.columns {
		ours := columnNames[c]
		if _, stated := m.Columns[ours]; stated {
			continue
		}
		at := slices.IndexFunc(names, func(name string) bool { return slices.Contains(header, name) })
		if at >= 0 {
			m.Columns[ours] = names[at]
		} else if slices.Contains(orderRequired, c) && c != colStatus {
			m.Columns[ours] = names[0] // is missed under this name
		}
	}
	for theirs, ours := range k.statuses {
		if _, stated := m.Statuses[theirs]; !stated {
			m.Statuses[theirs] = ours
		}
	}
	for ours, value := range k.defaults {
		if _, stated := m.Defaults[ours]; !stated {
			m.Defaults[ours] = value
		}
	}
	if _, stated := m.Columns[columnNames[colStatus]]; !stated && m.Defaults["status"] == "" {
		m.Defaults["status"] = settlement.Paid.String() // see finish
	}
	return m
}

func entries(m map[string]string) map[string]string {
	if m == nil {
		return make(map[string]string)
	}
	return maps.Clone(m)
}

// complete adds to a layout the columns that only a known layout uses.
func (k *knownLayout) complete(l *layout, header []string) {
	for _, name := range k.walletText {
		if at := slices.Index(header, name); at >= 0 && !l.has(colWallet) {
			l.walletText = append(l.walletText, at)
		}
	}
	l.extra = slices.DeleteFunc(l.extra, func(name string) bool {
		return slices.Contains(k.others, name) || slices.Contains(k.walletText, name)
	})
}

// note says what a known layout could not be asked.
func (k *knownLayout) note(st *settlement.Statement, r *reading) {
	if r.statusByTime {
		st.Notef("no column 订单状态: orders with a payment time are taken as paid, the others as unpaid; refunded and closed ones cannot be told: choose the column in the report")
	}
	if k.escrow && !r.layout.has(colConfirmedAt) {
		st.Notef("%s", k.heldBy)
	}
}

// finish completes an order of a known layout.
func (w *worker) finish(r *row) {
	if w.statusByTime && r.paidAt == settlement.NoInstant {
		r.status = settlement.Unpaid
	}
	if w.known.paidByTime && r.status == settlement.Paid && w.isEmpty(colPaidAt) {
		r.status = settlement.Unpaid
		w.tally.notPaidYet++
	}
	if r.payout == 0 && r.confirmedAt == settlement.NoInstant && r.status == settlement.Paid {
		r.payout = settlement.NoAmount // not paid out yet, which is not nothing to pay out
	}
	if r.wallet == settlement.NoWallet {
		r.wallet = w.walletInText()
	}
}

// walletInText reads the paying wallet off the free text of the payment, or off
// the form of its number; NoWallet where they say nothing, or two things.
func (w *worker) walletInText() settlement.Wallet {
	found := settlement.NoWallet
	for _, at := range w.layout.walletText {
		text := bytes.TrimSpace(w.at(at))
		if len(text) == 0 {
			continue
		}
		var wallet settlement.Wallet
		alipay, wechat := bytes.Contains(text, w.words.alipay), bytes.Contains(text, w.words.wechat)
		switch {
		case alipay && wechat:
			return settlement.NoWallet
		case alipay:
			wallet = settlement.Alipay
		case wechat:
			wallet = settlement.WeChat
		default:
			wallet = walletOfNumber(text)
		}
		if wallet == settlement.NoWallet {
			continue
		}
		if found != settlement.NoWallet && found != wallet {
			return settlement.NoWallet
		}
		found = wallet
	}
	return found
}

// walletOfNumber knows the wallets' trade numbers: both have 28 digits, WeChat
// Pay's begin with 4200, Alipay's with their day and 22 behind it.
func walletOfNumber(text []byte) settlement.Wallet {
	if isSpreadsheetText(text) {
		text = text[2 : len(text)-1]
	}
	text = bytes.TrimPrefix(bytes.TrimSpace(text), []byte{'\''})
	if len(text) != 28 || !delimited.IsDigits(text) {
		return settlement.NoWallet
	}
	if bytes.HasPrefix(text, []byte("4200")) {
		return settlement.WeChat
	}
	_, err := settlement.ParseDay(fmt.Appendf(nil, "%s-%s-%s", text[:4], text[4:6], text[6:8]))
	if err == nil && string(text[8:10]) == "22" {
		return settlement.Alipay
	}
	return settlement.NoWallet
}

// knownWords are words of a known layout in the file's encoding.
type knownWords struct{ alipay, wechat, unit []byte }

func newKnownWords(k *knownLayout, gb18030 bool) knownWords {
	if k == nil {
		return knownWords{}
	}
	return knownWords{alipay: encoded("支付宝", gb18030), wechat: encoded("微信", gb18030), unit: encoded(k.unit, gb18030)}
}
