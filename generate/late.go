package generate

import "reconcile/settlement"

// Days that follow each other, delivered night by night: a purchase of one day may have
// rows in a later day's files. Those files are written from the purchases of both days.

const (
	// longestLag is how many days after its payment a refund may be made, and how late
	// anything may come.
	longestLag = 25
	// wrongEvery is which purchases a bill leaves out that is corrected later.
	wrongEvery = 7
)

// daysBefore are the plans of the days whose purchases may come late on the day of p.
func (p *plan) daysBefore() (earlier []*plan) {
	if p.options.Lag == 0 {
		return nil
	}
	for back := 1; back <= min(longestLag, p.options.Nth); back++ {
		o := p.options
		o.Day, o.Nth = o.Day-settlement.Day(back), o.Nth-back
		q := *p
		q.options, q.before, q.first, q.numbers = o, nil, o.Nth*o.Orders, newNumbering(o.Seed, o.Day)
		q.roles = rolesOf(o)
		earlier = append(earlier, &q)
	}
	return earlier
}

// eachLate builds what comes today of the purchases of earlier days.
func (p *plan) eachLate(visit func(*sale) error) error {
	for back, day := range p.earlier {
		m := day.maker()
		for role := p.bounds[LateLine-1]; role < p.bounds[RefundLater]; role++ {
			s := m.at(int(day.roles.fromWithin(role, uint64(day.options.Orders))))
			if s.delay != back+1 {
				continue
			}
			s.keep(true)
			if err := visit(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep reduces a sale to what is delivered on its own day, or to what comes late, with
// times that count from the day on which it comes.
func (s *sale) keep(late bool) {
	nOrders, nLines, nRefunds := s.nOrders, s.nLines, s.nRefunds
	s.nOrders, s.nLines, s.nRefunds = 0, 0, 0
	if late {
		s.nFaults = 0 // the key has them on their own day
	}
	back := s.delay * daySeconds
	for _, o := range s.orders[:nOrders] {
		if o.late == late {
			if late {
				o.at, o.paidAt = o.at-back, o.paidAt-back
			}
			s.orders[s.nOrders] = o
			s.nOrders++
		}
	}
	for _, l := range s.lines[:nLines] {
		if l.late == late {
			if late && l.kind != settlement.Payment {
				l.created, l.paidAt = l.created-back, l.paidAt-back
			}
			s.lines[s.nLines] = l
			s.nLines++
		}
	}
	for _, r := range s.refunds[:nRefunds] {
		if r.late == late {
			if late && r.backdated {
				r.at, r.succeededAt = r.at-back, r.succeededAt-back
			}
			s.refunds[s.nRefunds] = r
			s.nRefunds++
		}
	}
}

// ends says that a break lasts until the rest of the sale comes.
func (m *maker) ends(f *fault, by number, restated bool) {
	f.ended, f.endedBy, f.restated = m.delay, by, restated
}

func (m *maker) drawDelay(most int) { m.delay = 1 + m.rng.IntN(most) }

func (m *maker) lateLine() {
	m.drawDelay(m.options.Lag)
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	o.providerNo, l.late = number{}, true
	m.ends(m.plant(settlement.MissingInStatement, o.no, number{}, o.amount, settlement.NoAmount), l.providerNo, false)
}

func (m *maker) lateOrder() {
	m.drawDelay(m.options.Lag)
	o := m.order(m.amount(1), m.moment(lastPayment))
	l := m.pay(o)
	o.late = true
	m.ends(m.plant(settlement.MissingInOrders, o.no, number{}, settlement.NoAmount, l.gross), o.no, true)
}

func (m *maker) lateRefundLine() {
	m.drawDelay(m.options.Lag)
	o, l := m.paid(200)
	r := m.refund(o, m.between(1, o.amount), m.later(o.at))
	back := m.repay(l, r)
	back.late = true
	m.ends(m.plant(settlement.RefundMissingInStatement, o.no, r.no, r.amount, settlement.NoAmount), l.providerNo, false)
}

func (m *maker) lateRefundList() {
	m.drawDelay(m.options.Lag)
	o, l := m.paid(200)
	r := m.refund(o, m.between(1, o.amount), m.later(o.at))
	back := m.repay(l, r)
	r.late, r.backdated = true, true
	m.ends(m.plant(settlement.RefundMissingInOrders, o.no, r.no, settlement.NoAmount, back.gross), r.no, true)
}

func (m *maker) refundLater() {
	m.drawDelay(longestLag)
	o, l := m.paid(200)
	r := m.refund(o, m.between(1, o.amount), m.moment(lastRefund))
	m.repay(l, r).late = true
	r.late = true
}
