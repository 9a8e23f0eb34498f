package generate

import "reconcile/settlement"

// A serial is what makes a number unique: purchase index and slot, scrambled by
// a permutation of 40 bits so that neighbours do not look alike. It prints as 13
// digits.
const (
	serialBits   = 40
	slotBits     = 3
	serialDigits = 13
)

// Slots of a purchase's own numbers, all below 1<<slotBits.
const (
	slotOrder   = 0 // and the two after it
	slotPayment = 3 // and the two after it
	slotForeign = 6 // a number that the merchant's orders do not know
	slotEarlier = 7 // of a payment of an earlier day that no file shows
)

// permutation is a bijection on [0, 1<<bits): a Feistel network of four rounds.
type permutation struct {
	half uint // bits of a half
	keys [4]uint64
}

func newPermutation(seed uint64, bits uint) permutation {
	p := permutation{half: (bits + 1) / 2}
	for i := range p.keys {
		p.keys[i] = mix(seed + uint64(i)*0x9e3779b97f4a7c15)
	}
	return p
}

func (p *permutation) at(v uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	left, right := v>>p.half, v&mask
	for _, key := range p.keys {
		left, right = right, left^(mix(right^key)&mask)
	}
	return left<<p.half | right
}

// from is the inverse of at.
func (p *permutation) from(v uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	left, right := v>>p.half, v&mask
	for i := len(p.keys) - 1; i >= 0; i-- {
		left, right = right^(mix(left^p.keys[i])&mask), left
	}
	return left<<p.half | right
}

// fromWithin is the inverse of within.
func (p *permutation) fromWithin(v, n uint64) uint64 {
	for {
		v = p.from(v)
		if v < n {
			return v
		}
	}
}

// within permutes [0, n) by walking the cycle until it re-enters.
func (p *permutation) within(v, n uint64) uint64 {
	for {
		v = p.at(v)
		if v < n {
			return v
		}
	}
}

// mix is the finaliser of SplitMix64.
func mix(v uint64) uint64 {
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

// number is an order, payment, refund or provider's number: a short text that
// is copied by value.
type number struct {
	text [40]byte
	n    uint8
}

func (n *number) bytes() []byte  { return n.text[:n.n] }
func (n *number) String() string { return string(n.bytes()) }
func (n *number) blank() bool    { return n.n == 0 }

func (n *number) add(text string) *number {
	n.n += uint8(copy(n.text[n.n:], text))
	return n
}

// digits adds v with leading zeros, exactly width digits.
func (n *number) digits(v uint64, width int) *number {
	for i := int(n.n) + width - 1; i >= int(n.n); i-- {
		n.text[i] = byte('0' + v%10)
		v /= 10
	}
	n.n += uint8(width)
	return n
}

// numbering makes the numbers of a day. Numbers of one family are unique, and
// no number of one family looks like one of another.
type numbering struct {
	date                                          string // 20240912
	own, provider, refund, refundAtProvider, flow permutation
}

func newNumbering(seed uint64, day settlement.Day) numbering {
	return numbering{
		date:             compactDate(day),
		own:              newPermutation(mix(seed^1), serialBits),
		provider:         newPermutation(mix(seed^2), serialBits),
		refund:           newPermutation(mix(seed^3), serialBits),
		refundAtProvider: newPermutation(mix(seed^4), serialBits),
		flow:             newPermutation(mix(seed^6), serialBits),
	}
}

// compactDate prints a day as 20240912.
func compactDate(day settlement.Day) string {
	text := day.String()
	return text[:4] + text[5:7] + text[8:]
}

func serialOf(index, slot int) uint64 { return uint64(index)<<slotBits | uint64(slot) }

// order is the merchant's order number: 19 digits on Taobao and Tmall, 18 on JD,
// a letter and a date elsewhere. tail is the buyer's: his last digits.
func (n *numbering) order(p platform, index, slot int, tail uint64) (out number) {
	serial := n.own.at(serialOf(index, slot))
	switch p {
	case taobao, tmall:
		out.add("22").digits(serial, serialDigits).digits(tail%10_000, 4)
	case jd:
		out.add("30").digits(serial, serialDigits).digits(tail%1000, 3)
	case miniprogram:
		out.add("S").add(n.date).digits(serial, serialDigits)
	default:
		out.add("POS").add(n.date[2:]).digits(serial, serialDigits)
	}
	return out
}

// payment is the number under which the wallet knows a payment that is not one
// order's: 支付单号.
func (n *numbering) payment(p platform, index, slot int, tail uint64) (out number) {
	serial := n.own.at(serialOf(index, slotPayment+slot))
	if p == taobao || p == tmall {
		out.add("23").digits(serial, serialDigits).digits(tail%10_000, 4)
	} else {
		out.add("PAY").add(n.date).digits(serial, serialDigits)
	}
	return out
}

// alipay is 支付宝交易号: 28 digits, the day first.
func (n *numbering) alipay(index, slot int, tail uint64) (out number) {
	serial := n.provider.at(serialOf(index, slot))
	out.add(n.date).add("22001").digits(serial, serialDigits).digits(tail%100, 2)
	return out
}

// wechat is 微信订单号: 28 digits, the day at digits 11 to 18.
func (n *numbering) wechat(index, slot int) (out number) {
	serial := n.provider.at(serialOf(index, slot))
	out.add("4200002").digits(serial/1e10, 3).add(n.date).digits(serial%1e10, 10)
	return out
}

// wechatRefund is 微信退款单号: 29 digits.
func (n *numbering) wechatRefund(index, slot int) (out number) {
	serial := n.refundAtProvider.at(serialOf(index, slot))
	out.add("5030100").digits(serial/1e10, 3).add(n.date).digits(serial%1e10, 11)
	return out
}

// refundNo is the merchant's refund number, 退款批次号 or 商户退款单号.
func (n *numbering) refundNo(index, slot int) (out number) {
	out.add("R").add(n.date).digits(n.refund.at(serialOf(index, slot)), serialDigits)
	return out
}
