package main

import (
	"cmp"
	"slices"
)

// found is a finding.
type found struct {
	kind, orderNo, paymentNo, refundNo, txn string
	wallet, account, shop, source           string
	line                                    *line
	event                                   *event
	expected, actual                        int64
	noExpected, noActual                    bool
}

// matcher holds a day in maps.
type matcher struct {
	lines, payments, back      []*line
	orders, refunds            []*event
	watermark, refundWatermark int64 // up to when the extracts speak
	opens, closes              int64

	units    map[string][]*event // orders by the number that the wallet knows
	ofOrder  map[string][]*event
	byNumber map[string][]*line // payment lines
	byTxn    map[string]*line   // payment lines
	backOf   map[string][]*line // refund lines by number
	findings []found
	open     []*line
	openAt   []*event
	pairs    []*event
}

func number(e *event) string {
	if e.paymentNo != "" {
		return e.paymentNo
	}
	return e.orderNo
}

func expectsMoney(e *event) bool { return e.status == "paid" || e.status == "refunded" }

func (m *matcher) index() {
	m.backOf = map[string][]*line{}
	m.units, m.ofOrder = map[string][]*event{}, make(map[string][]*event, len(m.orders))
	m.byNumber, m.byTxn = make(map[string][]*line, len(m.lines)), make(map[string]*line, len(m.lines))
	for _, o := range m.orders {
		m.units[number(o)] = append(m.units[number(o)], o)
		m.ofOrder[o.orderNo] = append(m.ofOrder[o.orderNo], o)
		m.watermark = max(m.watermark, o.moment)
	}
	m.refundWatermark = m.watermark
	for _, r := range m.refunds {
		m.refundWatermark = max(m.refundWatermark, r.moment)
	}
	for _, l := range m.lines {
		if l.refund {
			m.back = append(m.back, l)
			m.backOf[l.orderNo] = append(m.backOf[l.orderNo], l)
			continue
		}
		m.payments = append(m.payments, l)
		m.byNumber[l.orderNo] = append(m.byNumber[l.orderNo], l)
		m.byTxn[l.wallet+l.txn] = l
	}
	for _, shares := range m.units {
		if len(shares) > 1 {
			slices.SortFunc(shares, func(a, b *event) int { return cmp.Compare(a.orderNo, b.orderNo) })
		}
	}
}

func sum(shares []*event) (total int64) {
	for _, s := range shares {
		total += s.amount
	}
	return total
}

func fits(o *event, l *line) bool {
	return (o.wallet == "" || o.wallet == l.wallet) && (o.account == "" || o.account == l.account)
}

// matchPayments runs the three passes over the payments.
func (m *matcher) matchPayments() {
	for key, shares := range m.units {
		m.claim(shares, m.byNumber[key], 1, fits)
		if shares[0].line == nil {
			m.claim(shares, m.byNumber[key], 2, func(o *event, l *line) bool { return o.wallet != "" && o.txn == "" && o.wallet != l.wallet })
		}
	}
	for _, shares := range m.units {
		if o := shares[0]; o.line == nil && o.txn != "" {
			for _, wallet := range []string{"alipay", "wechat"} {
				if l := m.byTxn[wallet+o.txn]; l != nil && l.event == nil && o.line == nil {
					m.claim(shares, []*line{l}, 3, fits)
				}
			}
		}
	}
	for _, shares := range m.units {
		for _, o := range shares {
			if o.line == nil && expectsMoney(o) {
				m.missing(o, "missing_in_statement", o.wallet, o.account)
			}
		}
	}
	for _, l := range m.payments {
		if l.event != nil {
			continue
		}
		f := found{kind: "missing_in_orders", orderNo: l.orderNo, txn: l.txn, wallet: l.wallet, account: l.account, source: l.source, line: l, actual: l.gross, noExpected: true}
		var paid int64
		for _, other := range m.byNumber[l.orderNo] {
			paid += other.gross
		}
		shares := m.units[l.orderNo]
		switch {
		case len(shares) > 0 && paid > sum(shares):
			f.kind, f.noExpected = "duplicate_payment", false
		case l.moment >= m.watermark:
			l.state = "open"
			m.open = append(m.open, l)
			continue
		}
		l.state = "broken"
		m.findings = append(m.findings, f)
	}
}

// claim takes the line that is exact, then the earliest, for a payment.
func (m *matcher) claim(shares []*event, lines []*line, pass int, fits func(*event, *line) bool) {
	o, total := shares[0], sum(shares)
	var best *line
	for _, l := range lines {
		if l.event != nil || !fits(o, l) {
			continue
		}
		if best == nil || l.gross == total && best.gross != total || (l.gross == total) == (best.gross == total) && (l.moment < best.moment || l.moment == best.moment && l.id < best.id) {
			best = l
		}
	}
	if best == nil {
		return
	}
	verdict, kind, expected := "equal", "", total
	switch {
	case !expectsMoney(o):
		verdict, kind, expected = "status", "status_mismatch", 0
	case pass == 2:
		verdict, kind = "wallet", "wallet_mismatch"
	case best.gross != total:
		verdict, kind = "amount", "amount_mismatch"
	}
	if verdict == "status" && m.revoked(best) {
		best.event, best.shop, best.state = o, o.shop, "not_expected"
		for _, s := range shares {
			s.line = best
		}
		return
	}
	best.event, best.shop, best.events, best.state = o, o.shop, int64(len(shares)), "matched"
	rule := [...]string{"", "1 order number", "2 order number in another wallet", "3 provider number"}[pass]
	if pass == 1 && o.paymentNo != "" {
		rule = "1 payment number"
	}
	left := best.gross
	for i, s := range shares {
		s.line, s.verdict, s.rule, s.claimedAmount = best, verdict, rule, s.amount
		if i == len(shares)-1 {
			s.claimedAmount = left
		}
		left -= s.claimedAmount
		m.pairs = append(m.pairs, s)
	}
	if kind == "" {
		return
	}
	best.state = "broken"
	f := found{kind: kind, orderNo: o.orderNo, paymentNo: o.paymentNo, txn: best.txn, wallet: best.wallet, account: best.account, shop: o.shop, source: best.source, line: best, event: o, expected: expected, actual: best.gross}
	m.findings = append(m.findings, f)
	if pass == 2 && expectsMoney(o) && best.gross != total {
		f.kind = "amount_mismatch"
		m.findings = append(m.findings, f)
	}
}

// revoked says that a payment was taken back at the till, which settles nothing.
func (m *matcher) revoked(l *line) bool {
	for _, r := range m.backOf[l.orderNo] {
		if r.kind == "revoke" && r.state == "" && r.txn == l.txn && r.wallet == l.wallet && r.gross == -l.gross {
			r.state = "not_expected"
			return true
		}
	}
	return false
}

// missing decides an expected event without a line.
func (m *matcher) missing(e *event, kind, wallet, account string) {
	if e.moment <= m.opens || e.moment >= m.closes {
		m.openAt = append(m.openAt, e)
		return
	}
	m.findings = append(m.findings, found{kind: kind, orderNo: e.orderNo, paymentNo: e.paymentNo, refundNo: e.refundNo, txn: e.txn, wallet: wallet, account: account, shop: e.shop, event: e,
		expected: e.amount, noActual: true})
}

// matchRefunds claims refund lines by number, and whole refunds by the order's.
func (m *matcher) matchRefunds() {
	type key struct{ number, refundNo string }
	byRefund, byOrder, listed := map[key]*line{}, map[string][]*line{}, map[string]bool{}
	for _, l := range m.back {
		if l.unsettled {
			l.state = "not_expected"
		}
		if l.state != "" {
			continue
		}
		byRefund[key{l.orderNo, l.refundNo}] = l
		byOrder[l.orderNo] = append(byOrder[l.orderNo], l)
	}
	for _, r := range m.refunds {
		listed[r.orderNo] = true
		numbers := []string{r.orderNo}
		if orders := m.ofOrder[r.orderNo]; len(orders) > 0 {
			numbers = numbers[:0]
			for _, o := range orders {
				numbers = append(numbers, number(o))
			}
			r.shop = orders[0].shop
		}
		for _, n := range numbers {
			if l := byRefund[key{n, r.refundNo}]; l != nil && l.event == nil && r.line == nil {
				m.claimRefund(r, l)
			}
		}
	}
	for _, o := range m.orders {
		if o.status != "refunded" || listed[o.orderNo] {
			continue
		}
		whole := &event{id: identity("event", o.orderNo, "whole"), orderNo: o.orderNo, wallet: o.wallet, account: o.account, amount: -o.amount, status: "success", shop: o.shop, whole: true}
		for _, l := range byOrder[number(o)] {
			if l.event == nil && fits(whole, l) && whole.line == nil {
				m.claimRefund(whole, l)
			}
		}
		if whole.line == nil {
			m.openAt = append(m.openAt, whole)
		}
	}
	for _, r := range m.refunds {
		if r.line != nil {
			continue
		}
		for _, o := range m.ofOrder[r.orderNo] {
			r.expectedWallet, r.expectAccount = o.wallet, o.account
			if o.line != nil {
				r.expectedWallet, r.expectAccount = o.line.wallet, o.line.account
			}
		}
		switch r.status {
		case "success":
			m.missing(r, "refund_missing_in_statement", r.expectedWallet, r.expectAccount)
		case "processing":
			m.openAt = append(m.openAt, r)
		}
	}
	for _, l := range m.back {
		switch {
		case l.event != nil || l.state == "not_expected":
		case l.moment < m.refundWatermark:
			l.state = "broken"
			m.findings = append(m.findings, found{kind: "refund_missing_in_orders", orderNo: l.orderNo, refundNo: l.refundNo, txn: l.txn, wallet: l.wallet, account: l.account, source: l.source, line: l, actual: l.gross, noExpected: true})
		default:
			l.state = "open"
			m.open = append(m.open, l)
		}
	}
}

func (m *matcher) claimRefund(r *event, l *line) {
	r.line, l.event, l.shop, l.events, l.state = l, r, r.shop, 1, "matched"
	r.verdict, r.rule, r.claimedAmount = "equal", "1 refund number", l.gross
	kind, expected := "", r.amount
	switch {
	case r.status == "failed":
		r.verdict, kind, expected = "status", "status_mismatch", 0
	case r.amount != l.gross:
		r.verdict, kind = "amount", "amount_mismatch"
	}
	m.pairs = append(m.pairs, r)
	if kind != "" {
		l.state = "broken"
		m.findings = append(m.findings, found{kind: kind, orderNo: r.orderNo, refundNo: l.refundNo, txn: l.txn, wallet: l.wallet, account: l.account, shop: r.shop, source: l.source, line: l, event: r, expected: expected, actual: l.gross})
	}
}

func halfUp(rate, base int64) int64 { return (base*rate + 500_000) / 1_000_000 }

// price works out what each line should have cost, and what was refunded too much.
func (m *matcher) price() {
	for _, l := range m.payments {
		m.charge(l, -1)
	}
	slices.SortFunc(m.back, func(a, b *line) int { return cmp.Or(cmp.Compare(a.moment, b.moment), cmp.Compare(a.id, b.id)) })
	type sums struct {
		left, held int64
		crossed    bool
	}
	of := map[*line]*sums{}
	for _, l := range m.back {
		p := m.byTxn[l.wallet+l.txn]
		if p == nil {
			m.charge(l, -1)
			continue
		}
		s := of[p]
		if s == nil {
			s = &sums{left: p.gross, held: -p.fee}
			of[p] = s
		}
		m.charge(l, max(s.held, 0))
		if l.unsettled {
			continue
		}
		s.held -= l.fee
		before := s.left
		s.left += l.gross
		if s.left < 0 && !s.crossed {
			s.crossed = true
			l.state = "broken"
			f := found{kind: "refund_exceeds_payment", orderNo: l.orderNo, refundNo: l.refundNo, txn: l.txn, wallet: l.wallet, account: l.account, source: l.source, line: l, expected: -before, actual: l.gross}
			if l.event != nil {
				f.orderNo, f.event, f.shop = l.event.orderNo, l.event, l.event.shop
			}
			m.findings = append(m.findings, f)
		}
	}
}

// charge sets l's charge; held is what is left of the payment's fee, −1 unknown.
func (m *matcher) charge(l *line, held int64) {
	l.charged, l.base, l.class = -l.fee, positive(l.settled), "rule_missing"
	if l.unsettled {
		l.base = 0
	}
	switch {
	case l.rate > 0:
		l.rule, l.usedRate = "own_rate", l.rate
	case !l.refund && l.orderNoRaw[0] != 'T':
		l.rule, l.usedRate = "alipay_acquiring_standard", 6000
	default:
		return
	}
	l.priced, l.expected = true, halfUp(l.usedRate, l.base)
	if l.refund {
		if held >= 0 {
			l.expected = min(l.expected, held)
		}
		l.expected = -l.expected
	}
	l.variance = l.expected - l.charged
	l.class = l.classify()
	if l.rule == "own_rate" && l.class != "match" && l.class != "rounding_residual" {
		m.findings = append(m.findings, found{kind: "fee_variance", orderNo: l.orderNo, refundNo: l.refundNo, txn: l.txn, wallet: l.wallet, account: l.account, shop: l.shop, source: l.source, line: l, expected: -l.expected, actual: l.fee})
	}
}

func (l *line) classify() string {
	switch {
	case l.variance == 0:
		return "match"
	case l.refund && positive(l.variance) <= 1:
		return "rounding_residual"
	case l.refund && l.charged == 0:
		return "fee_not_returned"
	case l.charged == 0:
		return "unbilled"
	}
	gross, coupon := positive(l.gross), positive(l.coupon)
	for _, base := range [...]int64{l.base, gross, gross - coupon, l.base - coupon} {
		if base > 0 && halfUp(l.usedRate, base) == positive(l.charged) {
			return "base_mismatch"
		}
	}
	if l.charged == 2*l.expected {
		return "double_billed"
	}
	return "rate_mismatch"
}
