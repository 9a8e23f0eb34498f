package generate

import "reconcile/settlement"

// Each builder below makes one faulty purchase and plants what a run must say
// of it.

func (m *maker) missingInStatement() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	o.fate = fate{state: settlement.Broken}
	if m.options.Extract.Escrow && m.rng.IntN(2) == 0 {
		o.asked += m.between(1, 2000)
	}
	m.plant(settlement.MissingInStatement, o.no, number{}, o.amount, settlement.NoAmount)
}

func (m *maker) missingInOrders() {
	l := m.line(settlement.Payment, m.amount(1), m.moment(lastPayment))
	l.merchantNo = m.numbers.order(m.shop.platform, m.index, slotForeign, m.rng.Uint64())
	m.plant(settlement.MissingInOrders, l.merchantNo, number{}, settlement.NoAmount, l.gross)
}

func (m *maker) amountMismatch() (*orderRow, *line) {
	o := m.order(m.amount(200), m.moment(lastPayment))
	l := m.pay(o)
	off := m.between(1, min(o.amount/2, 5000))
	if m.rng.IntN(2) == 0 {
		off = -off
	}
	l.gross += off
	l.price()
	o.verdict = settlement.VerdictAmount
	m.plant(settlement.AmountMismatch, o.no, number{}, o.amount, l.gross)
	return o, l
}

func (m *maker) amountMismatchOfRefund() {
	o, l := m.paid(1000)
	r := m.refund(o, m.between(500, o.amount*3/4), m.later(o.at))
	paid := -r.amount - m.between(1, -r.amount/2)
	m.refundLine(l, r.no, paid, r.at, r.succeededAt).claims = 1
	r.verdict = settlement.VerdictAmount
	m.plant(settlement.AmountMismatch, o.no, r.no, r.amount, -paid)
}

func (m *maker) statusMismatch() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	o.status = oneOf(m, settlement.Unpaid, settlement.Closed, settlement.Cancelled)
	o.paid, o.confirmed, o.providerNo = false, false, number{}
	o.verdict = settlement.VerdictStatus
	m.plant(settlement.StatusMismatch, o.no, number{}, 0, l.gross)
}

func (m *maker) walletMismatch() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	o.stated, o.account, o.providerNo = settlement.Alipay+settlement.WeChat-m.wallet, false, number{}
	o.verdict = settlement.VerdictWallet
	m.plant(settlement.WalletMismatch, o.no, number{}, o.amount, l.gross)
}

func (m *maker) duplicatePayment() {
	o := m.order(m.amount(1), m.moment(lastPayment))
	first := m.pay(o)
	second := m.line(settlement.Payment, first.gross, first.at+5+m.rng.IntN(300))
	second.merchantNo = first.merchantNo
	m.plant(settlement.DuplicatePayment, o.no, number{}, 0, second.gross)
}

func (m *maker) refundMissingInStatement() (*orderRow, *line) {
	o, l := m.paid(200)
	r := m.refund(o, m.between(1, o.amount), m.later(o.at))
	if -r.amount == o.amount {
		o.status = settlement.Refunded
	}
	r.fate = fate{state: settlement.Broken}
	m.plant(settlement.RefundMissingInStatement, o.no, r.no, r.amount, settlement.NoAmount)
	return o, l
}

func (m *maker) refundMissingInOrders() {
	o, l := m.paid(200)
	at := m.later(o.at)
	back := m.refundLine(l, m.numbers.refundNo(m.index, slotForeign), m.between(1, o.amount), at, at+3)
	m.plant(settlement.RefundMissingInOrders, o.no, back.refundNo, settlement.NoAmount, back.gross)
}

// refundExceedsPayment refunds twice. On WeChat Pay the excess is so small that
// the fee returned is right to the fen under either reading of its limit, so
// nothing but the excess is wrong.
func (m *maker) refundExceedsPayment() {
	o, l := m.paid(2000)
	o.status = settlement.Refunded
	excess := m.between(1, o.amount/4)
	if m.wallet == settlement.WeChat {
		excess = min(excess, 50)
	}
	first := m.refund(o, m.between(o.amount/3, o.amount*2/3), m.later(o.at))
	m.repay(l, first)
	left := o.amount + first.amount
	second := m.refund(o, left+excess, m.later(first.at))
	back := m.repay(l, second)
	m.plant(settlement.RefundExceedsPayment, o.no, second.no, -left, back.gross)
}

// misprice changes the fee of a payment by a fen or more.
func (m *maker) misprice(o *orderRow, l *line) {
	right := l.fee
	off := m.between(1, max(1, min(-right, 300)))
	if m.rng.IntN(3) == 0 {
		off = 1
	}
	if off > -right || m.rng.IntN(2) == 0 {
		l.fee -= off
	} else {
		l.fee += off
	}
	m.plant(settlement.FeeVariance, o.no, number{}, right, l.fee)
}

func (m *maker) feeVariance() {
	m.wallet = settlement.WeChat
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	m.coupons(l)
	m.misprice(o, l)
}

// feeVarianceOfRefund returns at least two fen too little.
func (m *maker) feeVarianceOfRefund() {
	m.wallet = settlement.WeChat
	o, l := m.paid(10_000)
	back := m.repay(l, m.refund(o, m.between(o.amount/2, o.amount*3/4), m.later(o.at)))
	right := back.fee
	if right < 2 { // a rate of next to nothing: too much is returned
		back.fee += 2
	} else {
		back.fee -= m.between(2, right)
	}
	m.plant(settlement.FeeVariance, o.no, back.refundNo, right, back.fee)
}

func (m *maker) amountAndFeeVariance() {
	m.wallet = settlement.WeChat
	m.misprice(m.amountMismatch())
}

func (m *maker) walletAndAmountMismatch() {
	o, l := m.amountMismatch()
	o.stated, o.account, o.providerNo = settlement.Alipay+settlement.WeChat-m.wallet, false, number{}
	o.verdict = settlement.VerdictWallet
	m.plant(settlement.WalletMismatch, o.no, number{}, o.amount, l.gross)
}

func (m *maker) refundMissingAndFee() {
	m.wallet = settlement.WeChat
	m.misprice(m.refundMissingInStatement())
}

// moneyRows lets the fund flow show a payment so many times more than once, and by so
// much off.
func (m *maker) moneyRows(more int, off settlement.Amount) {
	o := m.order(m.amount(1_000), m.moment(lastPayment))
	l := m.pay(o)
	l.moneyRows, l.moneyOff = more, off
	booked := settlement.NoAmount
	if more >= 0 {
		booked = (l.settled + off) * settlement.Amount(more+1)
	}
	m.plant(settlement.SettlementMismatch, o.no, number{}, l.settled, booked)
}

// feeRows lets the fund flow show a payment's fee so many times.
func (m *maker) feeRows(times int) {
	o := m.order(m.amount(1_000), m.moment(lastPayment))
	l := m.pay(o)
	l.feeRows = times - 1
	m.plant(settlement.FeeVariance, o.no, number{}, l.fee, l.fee*settlement.Amount(times))
}

// balanceOff lets the balance of WeChat Pay's fund flow be a few fen off from a payment's
// row on. What the break expects is known when the rows before it are.
func (m *maker) balanceOff() {
	m.wallet = settlement.WeChat
	o := m.order(m.amount(1_000), m.moment(lastPayment))
	m.pay(o).balanceOff = -3
}
