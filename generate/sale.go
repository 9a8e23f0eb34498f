package generate

import (
	"math/rand/v2"

	"reconcile/settlement"
)

// A sale is everything that happened to one purchase: the merchant's rows, the
// wallets' rows, and what was planted. It is rebuilt in place for each index.
// Amounts are towards the merchant: refunds negative, fees of payments negative.
// Times are seconds since the start of the day in Asia/Shanghai.
type sale struct {
	index  int // among the purchases of all days
	kind   Case
	shop   *shop
	wallet settlement.Wallet // where the money arrived, or would have

	orders                             [3]orderRow
	lines                              [6]line
	refunds                            [3]refundRow
	faults                             [2]fault
	nOrders, nLines, nRefunds, nFaults int
	// implied says that the order is refunded, no refund is listed, and the line of
	// the whole is there.
	implied bool
	// delay is how many days after its own the rest of the sale is delivered, 0 where
	// it is whole.
	delay int
}

// fate is what a run must find about an event.
type fate struct {
	verdict settlement.Verdict    // of the pair, NoVerdict where there is no line
	state   settlement.MatchState // where there is no line
}

// orderRow is a row of orders.csv.
type orderRow struct {
	no, paymentNo, providerNo number
	stated                    settlement.Wallet // the wallet as the orders state it
	account                   bool              // whether the row states that wallet's account
	amount                    settlement.Amount // expected in the statement
	payoutUnstated            bool              // column payout_amount is empty
	asked                     settlement.Amount // column amount, more than the payout where a platform chips in
	at                        int               // expected in the statement
	paidAt                    int               // column paid_at, before at on escrow platforms
	paid, confirmed           bool              // whether these times are stated
	status                    settlement.Status
	late                      bool // comes with the rest
	fate
}

// refundRow is a row of refunds.csv.
type refundRow struct {
	orderNo, no number
	amount      settlement.Amount // negative; the file has the magnitude
	at          int               // acceptance
	succeededAt int
	status      settlement.Status
	late        bool // comes with the rest, and of which
	backdated   bool // it was made on the sale's own day
	fate
}

// line is a row of a wallet's bill.
type line struct {
	kind        settlement.Kind
	merchantNo  number // 商户订单号, without Taobao's prefix
	providerNo  number
	refundNo    number
	refundID    number // 微信退款单号
	gross       settlement.Amount
	settled     settlement.Amount
	fee         settlement.Amount
	topUp       settlement.Amount // 充值券 used: the wallet pays it, part of settled
	discount    settlement.Amount // 免充值券, 商家优惠: gross − settled
	redPacket   settlement.Amount // 支付宝红包: funded by Alipay, changes nothing
	rate        settlement.Rate
	campaign    bool // the rate is a campaign's
	created     int  // Alipay's 创建时间, of a refund the payment's
	paidAt      int  // of the payment
	at          int  // success of a payment, acceptance of a refund
	succeededAt int
	// status is 退款状态 when the bill was made; Failed and Changed rows move no
	// money. A payment has none.
	status  settlement.Status
	flavour uint64 // decides the columns that nobody reconciles

	returned settlement.Amount // of a payment: fee given back so far
	feeRows  int               // how often the fund flow shows the fee more than once: −1 never
	// moneyRows is the same of the money itself, moneyOff by how much it is off.
	moneyRows int
	moneyOff  settlement.Amount
	// balanceOff is by how much the balance of the fund flow is off from the row on.
	balanceOff settlement.Amount
	claims     int  // events that claim this line
	late       bool // comes with the rest
}

// fault is a planted break.
type fault struct {
	kind              settlement.BreakKind
	orderNo, refundNo number
	expected, actual  settlement.Amount
	// Days after the sale's own, among days that follow each other: on which it is seen
	// first, and on which it ends, 0 never, because of the row with the number endedBy.
	seen, ended int
	endedBy     number
	restated    bool // what ends it belongs to the sale's own day, which is run again
}

// maker builds sales, one after another in the same memory. Each pass over the
// day has its own.
type maker struct {
	*plan
	yesterday *maker    // nil on the first day
	then      numbering // of an earlier day, see earlier
	pcg       *rand.PCG
	rng       *rand.Rand
	sale
}

func (p *plan) maker() *maker {
	m := &maker{plan: p, pcg: rand.NewPCG(0, 0)}
	m.rng = rand.New(m.pcg)
	if p.before != nil {
		m.yesterday = p.before.maker()
	}
	return m
}

// each builds every sale of the day in order. The sale is valid during the call.
func (p *plan) each(visit func(*sale) error) error {
	m := p.maker()
	for i := range p.options.Orders {
		if i%tickSales == tickSales-1 {
			if err := p.tick(tickSales); err != nil {
				return err
			}
		}
		s := m.at(i)
		if s.delay > 0 {
			s.keep(false)
		}
		if p.wrong && i%wrongEvery == 0 {
			s.nLines = 0
		}
		if err := visit(s); err != nil {
			return err
		}
	}
	return p.eachLate(visit)
}

// at builds sale i of the day.
func (m *maker) at(i int) *sale {
	m.begin(i)
	builders[m.kind](m)
	return &m.sale
}

// begin clears the sale and decides what all sales have: case, shop and wallet.
func (m *maker) begin(i int) {
	m.index, m.kind = m.first+i, m.caseOf(i)
	m.pcg.Seed(mix(m.options.Seed^mix(uint64(m.index))), uint64(m.index))
	m.nOrders, m.nLines, m.nRefunds, m.nFaults, m.implied, m.delay = 0, 0, 0, 0, false, 0
	m.shop = m.drawShop()
	m.wallet = settlement.Alipay
	if m.rng.IntN(1000) < wechatPerMille[m.shop.platform] {
		m.wallet = settlement.WeChat
	}
}

// order adds a paid order of amount, whose money is expected at.
func (m *maker) order(amount settlement.Amount, at int) *orderRow {
	o := &m.orders[m.nOrders]
	*o = m.newOrder(amount, at, &m.numbers, slotOrder+m.nOrders)
	m.nOrders++
	return o
}

// newOrder is a paid order with the number of a numbering and slot.
func (m *maker) newOrder(amount settlement.Amount, at int, numbers *numbering, slot int) orderRow {
	o := orderRow{
		no:     numbers.order(m.shop.platform, m.index, slot, m.rng.Uint64()),
		stated: m.wallet, account: true,
		amount: amount, asked: amount, at: at, paidAt: at, paid: true,
		status: settlement.Paid, fate: fate{verdict: settlement.VerdictEqual},
	}
	if m.options.Extract.Escrow {
		o.confirmed = true
		o.paidAt = at - (3+m.rng.IntN(7))*daySeconds
	}
	return o
}

// pay adds the line of o's payment and lets o claim it.
func (m *maker) pay(o *orderRow) *line {
	l := m.line(settlement.Payment, o.amount, o.at)
	l.merchantNo = o.no
	if !o.paymentNo.blank() {
		l.merchantNo = o.paymentNo
	}
	o.providerNo = l.providerNo
	l.claims = 1
	return l
}

// line adds a payment line of gross with a provider's number of its own.
func (m *maker) line(kind settlement.Kind, gross settlement.Amount, at int) *line {
	l := &m.lines[m.nLines]
	*l = m.newLine(kind, gross, at, &m.numbers, m.nLines)
	m.nLines++
	return l
}

// newLine is a line with a provider's number of a numbering and slot.
func (m *maker) newLine(kind settlement.Kind, gross settlement.Amount, at int, numbers *numbering, slot int) line {
	flavour := m.rng.Uint64()
	l := line{kind: kind, gross: gross, at: at, succeededAt: at, paidAt: at,
		created: at - 5 - int(flavour%50), flavour: flavour, rate: m.options.Alipay.Rate}
	if m.wallet == settlement.WeChat {
		l.providerNo = numbers.wechat(m.index, slot)
		l.rate = m.options.WeChat.Rate
		if m.chance(m.options.WeChat.CampaignShare) {
			l.rate, l.campaign = campaignRate, true
		}
	} else {
		l.providerNo = numbers.alipay(m.index, slot, m.rng.Uint64())
	}
	l.price()
	return l
}

// price sets what a payment settles and costs: half up per row on the settled
// amount.
func (l *line) price() {
	l.settled = l.gross - l.discount
	l.fee = -l.rate.HalfUp(l.settled)
}

// refund lists a refund of amount fen (positive) of order o, accepted at.
func (m *maker) refund(o *orderRow, amount settlement.Amount, at int) *refundRow {
	r := &m.refunds[m.nRefunds]
	*r = refundRow{orderNo: o.no, no: m.numbers.refundNo(m.index, m.nRefunds), amount: -amount,
		at: at, succeededAt: at + 2 + m.rng.IntN(50), status: settlement.Success,
		fate: fate{verdict: settlement.VerdictEqual}}
	m.nRefunds++
	return r
}

// refundLine adds the line of a refund of amount fen (positive) of payment.
func (m *maker) refundLine(payment *line, no number, amount settlement.Amount, at, succeededAt int) *line {
	l := &m.lines[m.nLines]
	*l = *payment
	l.kind, l.refundNo, l.gross, l.at, l.succeededAt = settlement.Refund, no, -amount, at, succeededAt
	l.redPacket, l.returned, l.claims = 0, 0, 0
	l.discount = -portion(payment.discount, amount, payment.gross)
	l.topUp = -portion(payment.topUp, amount, payment.gross)
	l.settled = l.gross - l.discount
	l.fee = 0
	if m.wallet == settlement.WeChat {
		l.refundID = m.numbers.wechatRefund(m.index, m.nLines)
		l.status = settlement.Success
		if m.rng.IntN(20) == 0 {
			l.status = settlement.Processing
		}
	}
	if m.wallet == settlement.WeChat || m.options.Alipay.FeeReturned {
		// Each return is rounded alone, so those of a whole payment may add up to
		// a fen more than was charged. More than that is never returned, not even
		// where the refunds exceed the payment.
		l.fee = min(payment.rate.HalfUp(-l.settled), -payment.fee-payment.returned+1)
		payment.returned += l.fee
	}
	m.nLines++
	return l
}

// repay adds the line that answers refund r of payment.
func (m *maker) repay(payment *line, r *refundRow) *line {
	l := m.refundLine(payment, r.no, -r.amount, r.at, r.succeededAt)
	l.claims = 1
	return l
}

// portion is part × of/whole, half up; all are non-negative.
func portion(part, of, whole settlement.Amount) settlement.Amount {
	if part == 0 {
		return 0
	}
	return (2*part*of + whole) / (2 * whole)
}

// plant records a break that a run must find.
func (m *maker) plant(kind settlement.BreakKind, orderNo, refundNo number, expected, actual settlement.Amount) *fault {
	m.faults[m.nFaults] = fault{kind: kind, orderNo: orderNo, refundNo: refundNo, expected: expected, actual: actual}
	m.nFaults++
	return &m.faults[m.nFaults-1]
}
