package generate

import (
	"compress/gzip"
	"io"
	"strconv"

	"reconcile/settlement"
)

// wechatLayout is the wording of one type of WeChat Pay's trade bill.
type wechatLayout struct{ header, trailer string }

const (
	wechatTrailer       = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
	wechatLegacyTrailer = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"
	// wechatShortTrailer is SUCCESS's trailer in the documents.
	wechatShortTrailer = "总交易单数,应结订单总金额,手续费总金额,订单总金额"

	wechatFirst = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
	wechatTimes = "退款申请时间,退款成功时间,"
	wechatBack  = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"

	legacyFirst = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,"
	legacyBack  = "微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,"
	legacyLast  = "商品名称,商户数据包,手续费,费率"
)

var wechatLayouts = map[BillType]wechatLayout{
	BillAll:     {wechatFirst + wechatBack + "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注", wechatTrailer},
	BillSuccess: {wechatFirst + "商品名称,商户数据包,手续费,费率,订单金额,费率备注", wechatTrailer},
	BillRefund:  {wechatFirst + wechatTimes + wechatBack + "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注", wechatTrailer},
}

var wechatLegacyLayouts = map[BillType]wechatLayout{
	BillAll:     {legacyFirst + legacyBack + legacyLast, wechatLegacyTrailer},
	BillSuccess: {legacyFirst + legacyLast, wechatLegacyTrailer},
	BillRefund:  {legacyFirst + wechatTimes + legacyBack + legacyLast, wechatLegacyTrailer},
}

// wechatSums are the trailer's columns, as the bill prints them.
type wechatSums struct {
	rows                                            int64
	settled, refunded, topUpBack, fee, gross, asked settlement.Amount
}

// wechatWriter writes one trade bill.
type wechatWriter struct {
	*plan
	bill  BillType
	rates map[settlement.Rate]string
}

// wechatFile is the name of a bill.
func (p *plan) wechatFile(bill BillType) string {
	name := p.options.WeChat.MchID + "_" + string(bill) + "_" + p.options.Day.String() + ".csv"
	if p.options.WeChat.Gzip {
		name += ".gz"
	}
	return name
}

func (p *plan) writeWeChat(out io.Writer, bill BillType) error {
	if p.options.WeChat.Gzip {
		// The header carries no time and no name, so that bytes do not change.
		z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
		if err != nil {
			return err
		}
		if err := p.writeWeChatText(z, bill); err != nil {
			return err
		}
		return z.Close()
	}
	return p.writeWeChatText(out, bill)
}

func (p *plan) writeWeChatText(to io.Writer, bill BillType) error {
	o := p.options.WeChat
	w := &wechatWriter{plan: p, bill: bill,
		rates: map[settlement.Rate]string{o.Rate: o.Rate.String(), campaignRate: campaignRate.String()}}
	out := newSink(to)
	layout := wechatLayouts[bill]
	if o.Legacy {
		layout = wechatLegacyLayouts[bill]
	}
	if o.BOM {
		out.buf = append(out.buf, "\uFEFF"...)
	}
	out.buf = append(append(out.buf, layout.header...), "\r\n"...)
	var sums wechatSums
	err := p.each(func(s *sale) error {
		if s.wallet != settlement.WeChat {
			return nil
		}
		for i := range s.lines[:s.nLines] {
			l := &s.lines[i]
			if bill == BillAll || (bill == BillRefund) == (l.kind != settlement.Payment) {
				out.buf = w.row(out.buf, s.shop, l)
				sums.add(l)
			}
		}
		return out.spill()
	})
	if err != nil {
		return err
	}
	out.buf = w.trailer(out.buf, layout.trailer, &sums)
	return out.flush()
}

func (s *wechatSums) add(l *line) {
	s.rows++
	s.fee -= l.fee
	if l.kind == settlement.Payment {
		s.settled += l.settled
		s.gross += l.gross
		return
	}
	s.refunded -= l.settled
	s.topUpBack -= l.topUp
	s.asked -= l.gross
}

// field appends a field that is not the last: backtick, text, comma.
func field[T string | []byte](dst []byte, text T) []byte {
	return append(append(append(dst, '`'), text...), ',')
}

func money(dst []byte, a settlement.Amount) []byte { return append(a.Append(append(dst, '`')), ',') }

// fee appends 手续费 or its sum, which have five decimals.
func fee(dst []byte, a settlement.Amount) []byte {
	return append(a.Append(append(dst, '`')), "000,"...)
}

// row appends a row. On the bill a refund's amounts are positive and its fee is
// negative; a payment's fee is positive.
func (w *wechatWriter) row(dst []byte, s *shop, l *line) []byte {
	o := &w.options.WeChat
	payment := l.kind == settlement.Payment
	variant := 1
	if payment {
		variant = 0
	}
	at := l.at
	if w.bill == BillRefund {
		at = l.paidAt // REFUND shows the payment's time here
	}
	dst = append(w.clock.append(append(dst, '`'), at), ',')
	dst = field(field(field(dst, o.AppID), o.MchID), "0")
	dst = field(field(field(dst, s.device), l.providerNo.bytes()), l.merchantNo.bytes())
	dst = openID(dst, l.flavour)
	dst = field(dst, tradeType[s.platform])
	bank := banks[l.flavour>>40%uint64(len(banks))]
	if payment {
		dst = field(field(field(dst, "SUCCESS"), bank), "CNY")
		dst = money(money(dst, l.settled), l.topUp+l.discount)
	} else {
		state := "REFUND"
		if l.kind == settlement.Revoke {
			state = "REVOKED"
		}
		dst = field(field(field(dst, state), bank), "CNY")
		dst = money(money(dst, 0), 0)
	}
	if w.bill == BillRefund {
		dst = append(w.clock.append(append(dst, '`'), l.at), ',')
		dst = append(w.clock.append(append(dst, '`'), l.succeededAt), ',')
	}
	if w.bill != BillSuccess {
		dst = w.back(dst, l, payment)
	}
	product := &w.products[l.flavour>>32%uint64(len(w.products))]
	dst = field(field(dst, product.wechat[variant]), s.attach[variant])
	dst = append(append(fee(dst, -l.fee), '`'), w.rates[l.rate]...)
	if !o.Legacy {
		dst = w.modern(dst, l, payment)
	}
	return append(dst, "\r\n"...)
}

// back appends the six columns of a refund, which payments fill with zeros.
func (w *wechatWriter) back(dst []byte, l *line, payment bool) []byte {
	if payment {
		return append(dst, "`0,`0,`0.00,`0.00,`,`,"...)
	}
	if l.kind == settlement.Revoke {
		dst = append(dst, "`0,`0,"...)
	} else {
		dst = field(field(dst, l.refundID.bytes()), l.refundNo.bytes())
	}
	dst = field(money(money(dst, -l.settled), -l.topUp), "ORIGINAL")
	return field(dst, refundStatus[l.status])
}

// refundStatus is 退款状态 by the status of the row.
var refundStatus = [...]string{settlement.Success: "SUCCESS", settlement.Processing: "PROCESSING",
	settlement.Failed: "FAIL", settlement.Changed: "CHANGE"}

// modern appends the columns behind 费率 that the legacy layouts lack.
func (w *wechatWriter) modern(dst []byte, l *line, payment bool) []byte {
	dst = append(dst, ',')
	if payment {
		dst = money(dst, l.gross)
	} else {
		dst = money(dst, 0)
	}
	if w.bill != BillSuccess {
		if payment {
			dst = money(dst, 0)
		} else {
			dst = money(dst, -l.gross)
		}
	}
	dst = append(dst, '`')
	if l.campaign {
		dst = append(dst, "CAMPAIGN-38"...)
	}
	return dst
}

func (w *wechatWriter) trailer(dst []byte, header string, s *wechatSums) []byte {
	short := w.bill == BillSuccess && w.options.WeChat.DocumentedTrailer && !w.options.WeChat.Legacy
	if short {
		header = wechatShortTrailer
	}
	dst = append(append(dst, header...), "\r\n"...)
	dst = append(strconv.AppendInt(append(dst, '`'), s.rows, 10), ',')
	dst = money(dst, s.settled)
	if !short {
		dst = money(money(dst, s.refunded), s.topUpBack)
	}
	dst = fee(dst, s.fee)
	if !w.options.WeChat.Legacy {
		dst = money(dst, s.gross)
		if !short {
			dst = money(dst, s.asked)
		}
	}
	return append(dst[:len(dst)-1], "\r\n"...)
}

// openID appends 用户标识: the same for a payment and its refunds.
func openID(dst []byte, flavour uint64) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	dst = append(dst, "`oX5w"...)
	for _, bits := range [...]uint64{mix(flavour), mix(flavour + 1), mix(flavour + 2)} {
		for range 8 {
			dst = append(dst, alphabet[bits&63])
			bits >>= 6
		}
	}
	return append(dst, ',')
}
