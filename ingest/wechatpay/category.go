package wechatpay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundKind is what one pair of 业务名称 and 业务类型 in one direction is about.
type fundKind struct {
	category settlement.Category
	ofRefund bool   // 业务凭证号 is a refund's
	private  bool   // 备注 may name a person: the receiver of a transfer
	unnamed  bool   // neither word is known
	shown    string // 业务名称/业务类型 as tables and notes have them

	rows int64
	sum  settlement.Amount
}

// kindOf reads the words of a movement, of which WeChat Pay keeps no closed list:
// 业务类型 first, then 业务名称, which is the wider one. What both leave open is other.
func kindOf(name, kind string, direction settlement.Kind) fundKind {
	k := fundKind{category: cmp.Or(exactCategory(kind, direction), categoryIn(kind, direction), categoryIn(name, direction))}
	// The name of a trade or a refund says which it belongs to, not what it is: 交易
	// is the name of the fee too.
	if general := generalCategory(kind); general != settlement.NoCategory && k.category == settlement.NoCategory {
		k.category = general
	}
	if k.category == settlement.NoCategory {
		k.category, k.unnamed = settlement.FundOther, true
	}
	refunded := strings.Contains(name, "退款") || strings.Contains(kind, "退款")
	switch k.category {
	case settlement.FundRefund:
		k.ofRefund = true
	case settlement.FundFeeReturn:
		k.ofRefund = name != "交易" // where it stands under the trade, the number is the order's
	case settlement.FundOther:
		k.ofRefund = refunded
	case settlement.FundTransfer, settlement.FundProfitShare:
		k.private = true
	}
	k.shown = string(settlement.PublicWord([]byte(name))) + "/" + string(settlement.PublicWord([]byte(kind)))
	return k
}

// exactCategory knows the words that the document lists and those seen in bills.
func exactCategory(word string, direction settlement.Kind) settlement.Category {
	switch word {
	case "扣除交易手续费":
		return settlement.FundFee
	case "退还交易手续费", "退回交易手续费":
		return settlement.FundFeeReturn
	case "退款关闭": // the money of a refund that could not be delivered comes back
		return settlement.FundRefund
	case "充值/提现":
		if direction == settlement.Income {
			return settlement.FundTopUp
		}
		return settlement.FundWithdrawal
	}
	return settlement.NoCategory
}

// telling are parts of words that say what a movement is, the first that fits. A fee
// comes before what it was taken for.
var telling = []struct {
	parts    []string // all must be there
	category settlement.Category
}{
	{[]string{"提现", "手续费"}, settlement.FundWithdrawalFee},
	{[]string{"退", "手续费"}, settlement.FundFeeReturn},
	{[]string{"返还", "手续费"}, settlement.FundFeeReturn},
	{[]string{"手续费"}, settlement.FundFee},
	{[]string{"技术服务费"}, settlement.FundPlatformFee},
	{[]string{"分账"}, settlement.FundProfitShare},
	{[]string{"企业付款"}, settlement.FundTransfer},
	{[]string{"商家转账"}, settlement.FundTransfer},
	{[]string{"转账"}, settlement.FundTransfer},
	{[]string{"代金券"}, settlement.FundCoupon},
	{[]string{"立减"}, settlement.FundCoupon},
	{[]string{"折扣"}, settlement.FundCoupon},
	{[]string{"红包"}, settlement.FundCoupon},
	{[]string{"赔"}, settlement.FundTransfer}, // 赔付: paid to a buyer beside a refund
	{[]string{"争议"}, settlement.FundFreeze},  // a dispute holds money back
	{[]string{"投诉"}, settlement.FundFreeze},
	{[]string{"冻"}, settlement.FundFreeze}, // 冻结, 解冻
	{[]string{"保证金"}, settlement.FundFreeze},
}

// categoryIn finds what word says by a part of it.
func categoryIn(word string, direction settlement.Kind) settlement.Category {
	if word == "充值/提现" {
		return exactCategory(word, direction)
	}
	for _, t := range telling {
		if !slices.ContainsFunc(t.parts, func(part string) bool { return !strings.Contains(word, part) }) {
			return t.category
		}
	}
	switch {
	case strings.Contains(word, "提现"):
		return settlement.FundWithdrawal
	case strings.Contains(word, "充值"):
		return settlement.FundTopUp
	}
	return settlement.NoCategory
}

// generalCategory reads 业务类型 where no part of either word says more.
func generalCategory(kind string) settlement.Category {
	switch {
	case kind == "交易":
		return settlement.FundPayment
	case strings.Contains(kind, "退款"):
		return settlement.FundRefund
	}
	return settlement.NoCategory
}

// maxKinds bounds the pairs of words that are told apart; real bills have a dozen.
const maxKinds = 1000

// fundKinds are the kinds that a worker has met, by direction and words.
type fundKinds struct {
	known map[string]*fundKind
	key   []byte
	// more is set where a bill has more than maxKinds pairs.
	more bool
}

// of returns the kind of a row.
func (k *fundKinds) of(r *fundRecord, row *fundRow) *fundKind {
	k.key = append(append(k.key[:0], byte(row.direction)), row.rawType...)
	if kind := k.known[string(k.key)]; kind != nil {
		return kind
	}
	kind := kindOf(string(r.text(fundName)), string(r.text(fundType)), row.direction)
	if len(k.known) >= maxKinds {
		k.more = true
		return &kind
	}
	if k.known == nil {
		k.known = map[string]*fundKind{}
	}
	k.known[string(k.key)] = &kind
	return &kind
}

// merge adds another worker's kinds.
func (k *fundKinds) merge(o *fundKinds) {
	k.more = k.more || o.more
	for key, other := range o.known {
		kind := k.known[key]
		if kind == nil {
			if k.known == nil {
				k.known = map[string]*fundKind{}
			}
			kind = &fundKind{category: other.category, unnamed: other.unnamed, shown: other.shown}
			k.known[key] = kind
		}
		kind.rows += other.rows
		kind.sum += other.sum
	}
	k.more = k.more || len(k.known) > maxKinds
}

// note tells the movements that no word names, "" where there are none.
func (k *fundKinds) note() string {
	if k.more {
		return fmt.Sprintf("more than %d pairs of 业务名称 and 业务类型: those that are not known are of category other", maxKinds)
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(k.known)) {
		if kind := k.known[key]; kind.unnamed {
			list = append(list, fmt.Sprintf("%s %s (%d rows, %s)", settlement.Kind(key[0]), delimited.Short(kind.shown), kind.rows, kind.sum))
		}
	}
	const most = 20
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("and %d more", len(list)-most))
	}
	if len(list) == 0 {
		return ""
	}
	return "movements of a kind that is not known, of category other: " + strings.Join(list, "; ")
}
