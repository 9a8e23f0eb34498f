package generate

import "reconcile/settlement"

// The builders below make refunds of payments of earlier days, refunds that
// failed, and revokes.

// maxDaysBack is how long ago a payment is that is refunded today.
const maxDaysBack = 6

// earlier makes a payment of an earlier day: of the day before as its files show
// it, where its purchase at the same place is a plain one, else one that no file
// shows. It becomes no row of today.
func (m *maker) earlier() (o orderRow, payment line, shown bool) {
	if y := m.yesterday; y != nil && y.caseOf(m.index-m.first) == Plain {
		y.begin(m.index - m.first)
		y.plain()
		if y.nRefunds == 0 && y.orders[0].amount >= 200 {
			o, payment = y.orders[0], y.lines[0]
			m.shop, m.wallet = &m.shops[y.shop.number], y.wallet
			for _, at := range []*int{&o.at, &o.paidAt, &payment.created, &payment.paidAt, &payment.at, &payment.succeededAt} {
				*at -= daySeconds
			}
			return o, payment, true
		}
	}
	days := 1 + m.rng.IntN(maxDaysBack)
	m.then = m.numbers
	m.then.date = m.dates[days]
	o = m.newOrder(m.amount(200), m.moment(lastPayment)-days*daySeconds, &m.then, slotEarlier)
	payment = m.newLine(settlement.Payment, o.amount, o.at, &m.then, slotEarlier)
	payment.merchantNo, o.providerNo = o.no, payment.providerNo
	return o, payment, false
}

// laterRefund: some extracts repeat the order, whose payment is then due in the
// bill of its own day. No row of the first days' orders may be due in a day that
// was generated without it.
func (m *maker) laterRefund() {
	o, payment, shown := m.earlier()
	r := m.refund(&o, m.between(1, o.amount), m.moment(lastRefund))
	m.repay(&payment, r)
	if (shown || m.options.Nth == 0) && m.rng.IntN(2) == 0 {
		if -r.amount == o.amount {
			o.status = settlement.Refunded
		}
		o.fate = fate{state: settlement.Open}
		m.orders[0], m.nOrders = o, 1
	}
}

func (m *maker) laterRefundMissing() {
	o, _, _ := m.earlier()
	r := m.refund(&o, m.between(1, o.amount), m.moment(lastRefund))
	r.fate = fate{state: settlement.Broken}
	m.plant(settlement.RefundMissingInStatement, o.no, r.no, r.amount, settlement.NoAmount)
}

func (m *maker) laterRefundUnlisted() {
	o, payment, _ := m.earlier()
	at := m.moment(lastRefund)
	back := m.refundLine(&payment, m.numbers.refundNo(m.index, slotForeign), m.between(1, o.amount), at, at+3)
	m.plant(settlement.RefundMissingInOrders, o.no, back.refundNo, settlement.NoAmount, back.gross)
}

// fail adds the row of a refund of amount fen (positive) of payment that did not
// reach the buyer: FAIL or CHANGE. It moves no money and returns no fee.
func (m *maker) fail(payment *line, no number, amount settlement.Amount, at int) {
	l := m.refundLine(payment, no, amount, at, at+2+m.rng.IntN(50))
	payment.returned -= l.fee
	l.fee = 0
	l.status = oneOf(m, settlement.Failed, settlement.Changed)
}

// refundFailed: the merchant's system knows nothing of the refund, waits for it,
// knows that it failed, or tried again and succeeded.
func (m *maker) refundFailed() {
	m.wallet = settlement.WeChat
	o, l := m.paid(200)
	amount, at := m.between(1, o.amount), m.later(o.at)
	way := m.rng.IntN(4)
	if way == 0 {
		m.fail(l, m.numbers.refundNo(m.index, slotForeign), amount, at)
		return
	}
	r := m.refund(o, amount, at)
	m.fail(l, r.no, amount, at)
	if way == 1 {
		r.status, r.fate = settlement.Processing, fate{state: settlement.Open}
		return
	}
	r.status, r.fate = settlement.Failed, fate{state: settlement.NotExpected}
	if way == 3 {
		m.repay(l, m.refund(o, amount, m.later(at)))
	}
}

func (m *maker) refundFailedAtWallet() {
	m.wallet = settlement.WeChat
	o, l := m.paid(200)
	r := m.refund(o, m.between(1, o.amount), m.later(o.at))
	m.fail(l, r.no, -r.amount, r.at)
	r.fate = fate{state: settlement.Broken}
	m.plant(settlement.RefundMissingInStatement, o.no, r.no, r.amount, settlement.NoAmount)
}

// atTheTill makes the sale one of a store, paid with a code of WeChat Pay, where
// there is a store.
func (m *maker) atTheTill() {
	m.wallet = settlement.WeChat
	for i := range m.shops {
		if s := &m.shops[(m.shop.number+i)%len(m.shops)]; s.platform == pos {
			m.shop = s
			return
		}
	}
}

// revoke adds the row that takes a payment back at the till (撤销, REVOKED). It has
// no refund numbers.
func (m *maker) revoke(payment *line) *line {
	at := payment.at + 20 + m.rng.IntN(600)
	l := m.refundLine(payment, number{}, payment.gross, at, at+1)
	l.kind, l.refundID, l.status = settlement.Revoke, number{}, settlement.Success
	return l
}

// revoked: the order was closed, so that payment and revoke cancel out; or it is
// refunded, and the revoke is the refund of the whole.
func (m *maker) revoked() {
	m.atTheTill()
	o, l := m.paid(1)
	back := m.revoke(l)
	if m.rng.IntN(3) == 0 {
		o.status, m.implied, back.claims = settlement.Refunded, true, 1
		return
	}
	o.status, o.fate, l.claims = oneOf(m, settlement.Closed, settlement.Cancelled), fate{state: settlement.NotExpected}, 0
	o.paid, o.confirmed = m.rng.IntN(2) == 0, false
}

func (m *maker) revokedButPaid() {
	m.atTheTill()
	o, l := m.paid(1)
	back := m.revoke(l)
	m.plant(settlement.RefundMissingInOrders, o.no, number{}, settlement.NoAmount, back.gross)
}

// afterExtract: no extract speaks of later than the day's last second.
func (m *maker) afterExtract() {
	l := m.line(settlement.Payment, m.amount(1), daySeconds-1)
	l.merchantNo = m.numbers.order(m.shop.platform, m.index, slotForeign, m.rng.Uint64())
}
