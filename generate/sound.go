package generate

import "reconcile/settlement"

// The builders below make purchases with which nothing is wrong.

// paid is an order with its payment, early enough to be refunded the same day.
func (m *maker) paid(least settlement.Amount) (*orderRow, *line) {
	o := m.order(m.amount(least), m.moment(lastRefunded))
	return o, m.pay(o)
}

func (m *maker) plain() {
	if m.chance(m.options.RefundShare) {
		m.refunded()
		return
	}
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	if m.rng.IntN(8) == 0 {
		o.providerNo = number{} // not every system keeps it
	}
	if m.options.Extract.Escrow && m.rng.IntN(8) == 0 {
		o.asked += m.between(1, 2000)
	}
	if m.wallet == settlement.WeChat {
		m.coupons(l)
	} else {
		m.discounts(l)
	}
}

// coupons lets some buyers of WeChat Pay use a 充值券 (the wallet settles it), a
// 免充值券 (the merchant bears it, so less is settled), or both. The legacy
// layout knows no 免充值券.
func (m *maker) coupons(l *line) {
	if l.gross < 1000 || m.rng.IntN(20) != 0 {
		return
	}
	if m.rng.IntN(3) > 0 && !m.options.WeChat.Legacy {
		l.discount = m.between(1, l.gross/3)
	}
	if l.discount == 0 || m.rng.IntN(3) == 0 {
		l.topUp = m.between(1, l.gross/3)
	}
	l.price()
}

// discounts gives some buyers of Alipay a 商家优惠 or a 支付宝红包.
func (m *maker) discounts(l *line) {
	if l.gross < 1000 {
		return
	}
	switch m.rng.IntN(24) {
	case 0:
		l.discount = m.between(1, l.gross/3)
		l.price()
	case 1:
		l.redPacket = m.between(1, 500)
	}
}

// refunded pays back the whole or a part, at once or in up to three refunds.
func (m *maker) refunded() {
	o, l := m.paid(300)
	times := oneOf(m, 1, 1, 1, 1, 2, 3)
	total := o.amount
	if m.rng.IntN(2) == 0 {
		total = m.between(o.amount/5, o.amount*4/5)
	} else {
		o.status = settlement.Refunded
	}
	if times == 1 && m.wallet == settlement.WeChat {
		m.coupons(l)
	}
	at := o.at
	for n := range times {
		part := total
		if n < times-1 {
			part = m.between(1, total/2)
		}
		total -= part
		at = m.later(at)
		m.repay(l, m.refund(o, part, at))
	}
}

// refundFeeOneFenOff: one fen is tolerated on the fee of a refund.
func (m *maker) refundFeeOneFenOff() {
	m.wallet = settlement.WeChat
	o, l := m.paid(5000)
	back := m.repay(l, m.refund(o, m.between(o.amount/3, o.amount*2/3), m.later(o.at)))
	if back.fee > 0 && m.rng.IntN(2) == 0 {
		back.fee--
	} else {
		back.fee++
	}
}

// nearMidnight: its line may stand in the bill of the day before or after.
func (m *maker) nearMidnight() {
	at := m.rng.IntN(cutOffSeconds)
	if m.rng.IntN(2) == 0 {
		at = daySeconds - 1 - at
	}
	o := m.order(m.amount(1), at)
	o.fate = fate{state: settlement.Open}
	if m.options.Lag == 0 || at < cutOffSeconds && m.options.Nth == 0 {
		return // of the minutes after the first midnight nobody ever knows
	}
	f := m.plant(settlement.MissingInStatement, o.no, number{}, o.amount, settlement.NoAmount)
	if at >= cutOffSeconds {
		f.seen = 1
	}
}

func (m *maker) identicalPayments() {
	first := m.order(m.amount(1), m.moment(lastPayment))
	second := m.order(first.amount, first.at)
	m.pay(first)
	m.pay(second)
}

func (m *maker) refundNotSettled() {
	o, _ := m.paid(200)
	r := m.refund(o, m.between(1, o.amount/2), m.later(o.at))
	if m.rng.IntN(2) == 0 {
		r.status, r.fate = settlement.Processing, fate{state: settlement.Open}
	} else {
		r.status, r.fate = settlement.Failed, fate{state: settlement.NotExpected}
	}
}

func (m *maker) tinyPayment() {
	m.pay(m.order(m.between(1, 49), m.moment(lastPayment)))
}

func (m *maker) unstatedWallet() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	m.pay(o)
	o.stated, o.account, o.providerNo = settlement.NoWallet, false, number{}
}

// combined: the shares of the orders sum to the payment exactly. Sometimes one
// of them is refunded, under the payment's number.
func (m *maker) combined() {
	refund := m.rng.IntN(10) == 0
	last := lastPayment
	if refund {
		last = lastRefunded
	}
	at, count, total := m.moment(last), 2+m.rng.IntN(2), settlement.Amount(0)
	paymentNo := m.numbers.payment(m.shop.platform, m.index, 0, m.rng.Uint64())
	for range count {
		o := m.order(m.amount(200), at)
		if m.nOrders > 1 {
			o.paidAt = m.orders[0].paidAt
		}
		o.paymentNo = paymentNo
		total += o.amount
	}
	l := m.pay(&m.orders[0])
	l.gross, l.claims = total, count
	l.price()
	for i := range m.orders[:count] {
		m.orders[i].providerNo = l.providerNo
	}
	if refund {
		o := &m.orders[m.rng.IntN(count)]
		m.repay(l, m.refund(o, m.between(1, o.amount-1), m.later(at)))
	}
}

// twoPayments: deposit (定金) and balance (尾款) of one order, on the same day.
// Sometimes a part of the balance is refunded.
func (m *maker) twoPayments() {
	deposit := m.order(m.amount(500), m.moment(lastRefunded-3600))
	balance := m.order(m.amount(1000), deposit.at+600+m.rng.IntN(3000))
	balance.no = deposit.no
	balance.paidAt = deposit.paidAt + balance.at - deposit.at
	deposit.paymentNo = m.numbers.payment(m.shop.platform, m.index, 0, m.rng.Uint64())
	balance.paymentNo = m.numbers.payment(m.shop.platform, m.index, 1, m.rng.Uint64())
	m.pay(deposit)
	l := m.pay(balance)
	if m.rng.IntN(5) == 0 {
		m.repay(l, m.refund(balance, m.between(1, balance.amount/2), m.later(balance.at)))
	}
}

func (m *maker) notPaid() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	o.status = oneOf(m, settlement.Unpaid, settlement.Closed, settlement.Cancelled)
	o.paid, o.confirmed = false, false
	o.fate = fate{state: settlement.NotExpected}
	if m.rng.IntN(2) == 0 {
		o.stated, o.account = settlement.NoWallet, false // not yet chosen
	}
}

// impliedRefund: the order's status alone says that all was paid back.
func (m *maker) impliedRefund() {
	o, l := m.paid(200)
	o.status, m.implied = settlement.Refunded, true
	at := m.later(o.at)
	m.refundLine(l, m.numbers.refundNo(m.index, slotForeign), o.amount, at, at+3).claims = 1
}

// byProviderNo: the wallet knows the payment under a number that the orders do
// not have.
func (m *maker) byProviderNo() {
	l := m.pay(m.order(m.amount(1), m.moment(lastPayment)))
	l.merchantNo = m.numbers.order(m.shop.platform, m.index, slotForeign, m.rng.Uint64())
}

func (m *maker) unreleased() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	o.confirmed = false
	o.fate = fate{state: settlement.AwaitingRelease}
}

// refundBeforeRelease: the platform refunds out of what it holds, so that no wallet
// shows the refund and less is paid out. An extract need not state how much.
func (m *maker) refundBeforeRelease() {
	o := m.order(m.amount(500), m.moment(lastPayment))
	part := m.between(1, o.amount-1)
	way := m.rng.IntN(4)
	if way == 3 {
		part = o.amount
	}
	m.refund(o, part, o.at-3600-m.rng.IntN(2*daySeconds)).fate = fate{state: settlement.NotExpected}
	o.amount -= part
	o.payoutUnstated = m.rng.IntN(2) == 0
	switch way {
	case 0, 1:
		m.pay(o)
	case 2:
		o.confirmed, o.fate = false, fate{state: settlement.AwaitingRelease}
	default: // nothing is left to be paid out
		o.confirmed, o.fate, o.status = false, fate{state: settlement.NotExpected}, settlement.Refunded
	}
}

func (m *maker) latest() {
	o := m.order(m.amount(1000), latestPayment)
	m.repay(m.pay(o), m.refund(o, o.amount/2, latestRefund))
}
