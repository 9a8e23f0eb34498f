package generate

import (
	"io"

	"reconcile/settlement"
)

// OrdersFile and RefundsFile are the names of the merchant's extracts.
const (
	OrdersFile  = "orders.csv"
	RefundsFile = "refunds.csv"
)

// writeOrders writes orders.csv: UTF-8, LF, times without a zone.
func (p *plan) writeOrders(to io.Writer) error {
	e := p.options.Extract
	out := newSink(to)
	out.buf = append(out.buf, "order_no,wallet,amount,paid_at,status,shop,platform"...)
	for _, column := range []struct {
		there bool
		name  string
	}{
		{e.Account, "account"}, {e.PaymentNo, "payment_no"}, {e.ProviderTxnID, "provider_txn_id"},
		{e.HomeWallet, "home_wallet"}, {e.Escrow, "confirmed_at"}, {e.Escrow, "payout_amount"},
	} {
		if column.there {
			out.buf = append(append(out.buf, ','), column.name...)
		}
	}
	out.buf = append(out.buf, '\n')
	err := p.each(func(s *sale) error {
		for i := range s.orders[:s.nOrders] {
			out.buf = append(p.orderRow(out.buf, s.shop, &s.orders[i]), '\n')
		}
		return out.spill()
	})
	if err != nil {
		return err
	}
	return out.flush()
}

func (p *plan) orderRow(dst []byte, s *shop, o *orderRow) []byte {
	e := &p.options.Extract
	dst = append(append(dst, o.no.bytes()...), ',')
	dst = append(append(dst, o.stated.String()...), ',')
	dst = append(o.asked.Append(dst), ',')
	if o.paid {
		dst = p.clock.append(dst, o.paidAt)
	}
	dst = append(append(append(dst, ','), o.status.String()...), ',')
	dst = append(append(dst, s.extract...), ',')
	dst = append(dst, platformWords[s.platform]...)
	if e.Account {
		dst = append(dst, ',')
		switch {
		case o.account && o.stated == settlement.Alipay:
			dst = append(dst, p.options.Alipay.PID...)
		case o.account && o.stated == settlement.WeChat:
			dst = append(dst, p.options.WeChat.MchID...)
		}
	}
	if e.PaymentNo {
		dst = append(append(dst, ','), o.paymentNo.bytes()...)
	}
	if e.ProviderTxnID {
		dst = append(append(dst, ','), o.providerNo.bytes()...)
	}
	if e.HomeWallet {
		dst = append(append(dst, ','), homeWallet[s.platform].String()...)
	}
	if e.Escrow {
		dst = append(dst, ',')
		if o.confirmed {
			dst = p.clock.append(dst, o.at)
		}
		if dst = append(dst, ','); !o.payoutUnstated {
			dst = o.amount.Append(dst)
		}
	}
	return dst
}

// writeRefunds writes refunds.csv. Amounts are magnitudes, as systems export
// them.
func (p *plan) writeRefunds(to io.Writer) error {
	out := newSink(to)
	out.buf = append(out.buf, "order_no,refund_no,amount,refunded_at,status"...)
	if p.options.Extract.SucceededAt {
		out.buf = append(out.buf, ",succeeded_at"...)
	}
	out.buf = append(out.buf, '\n')
	err := p.each(func(s *sale) error {
		for i := range s.refunds[:s.nRefunds] {
			r := &s.refunds[i]
			dst := append(append(out.buf, r.orderNo.bytes()...), ',')
			dst = append(append(dst, r.no.bytes()...), ',')
			dst = append((-r.amount).Append(dst), ',')
			dst = append(p.clock.append(dst, r.at), ',')
			dst = append(dst, r.status.String()...)
			if p.options.Extract.SucceededAt {
				dst = append(dst, ',')
				if r.status == settlement.Success {
					dst = p.clock.append(dst, r.succeededAt)
				}
			}
			out.buf = append(dst, '\n')
		}
		return out.spill()
	})
	if err != nil {
		return err
	}
	return out.flush()
}
