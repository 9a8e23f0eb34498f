package fees

import (
	"fmt"

	"reconcile/settlement"
)

// OwnRate is the rule_id of a fee that is priced by the rate its own row prints
// (费率).
const OwnRate = "own_rate"

// OwnRateVersion is the rule_version of OwnRate: half up of the settled amount,
// refunds per refund clamped.
const OwnRateVersion = "1"

// Charge is one row of the table charges. Amounts are costs: positive on a
// payment, negative on a refund that returns fee.
type Charge struct {
	Event       settlement.Kind
	RuleID      string // "" where no rule gives an expectation
	RuleVersion string
	// Base is what the fee is computed on, as a magnitude: 应结订单金额 or 商家实收 of a
	// payment, 退款金额 of a refund, 0 of a line that settles nothing; NoAmount where
	// the line does not state it.
	Base     settlement.Amount
	Rate     settlement.Rate   // the rate used, NoRate where none is
	Expected settlement.Amount // NoAmount where no rule gives an expectation
	Charged  settlement.Amount // NoAmount where the line does not state it
	Variance settlement.Amount // Expected − Charged, NoAmount where either is
	Class    settlement.VarianceClass
	Assumed  bool // the expectation is a preset's
}

// ChargeAt returns row i of charges.
func ChargeAt(charges *settlement.Charges, i int) Charge {
	return Charge{
		Event: charges.Event[i], RuleID: charges.RuleID.StringAt(i), RuleVersion: charges.RuleVer.StringAt(i),
		Base: charges.Base[i], Rate: charges.Rate[i], Expected: charges.Expected[i], Charged: charges.Charged[i],
		Variance: charges.Variance[i], Class: charges.Class[i], Assumed: charges.Assumed[i] != 0,
	}
}

// Finding is a line whose fee is a break (手续费差异). Amounts have the sign of
// statement_lines.fee_amount: towards the merchant, −0.60 on a payment.
type Finding struct {
	Row              int32
	Expected, Actual settlement.Amount
	Reason           string // the arithmetic, for people
}

// Known is what else is known of the lines of a bucket. The zero value is nothing.
type Known struct {
	// Moved is what the fund flow shows: the truth about what was charged.
	Moved Moved
	// Prior are payments of former days, by which refunds are priced whose payment is
	// not among the lines; nil for none.
	Prior *settlement.Prior
	// Describe adds to a line's subject what the line itself does not tell, such as its
	// shop; nil for nothing. It is asked where rules depend on it.
	Describe func(line int, q Subject) Subject
}

// ChargeLines appends to dst one charge for every line of a bucket, in row
// order, and returns the lines whose fee is a break, in row order too. lines
// must be all lines of their payments that the bucket has: a refund is limited
// by what its payment was charged, where that is among them or in known.Prior.
//
// The expectation is the contract's where schedule has a rule that is not
// assumed, else that of the row's own rate, else a preset's. A fee that differs
// from the contract's or from its own row's expectation is a break, but for one
// fen on a refund; one that differs from a preset's is none. Where the fund flow
// shows what was charged, that the bill's line states another fee is a break too.
//
// An error (a line of no kind, sums beyond 64 bits) leaves dst as it was.
func ChargeLines(schedule *Schedule, lines *settlement.Lines, known Known, dst *settlement.Charges) ([]Finding, error) {
	for i, kind := range lines.Kind {
		if kind == settlement.NoKind || kind > settlement.Revoke {
			return nil, fmt.Errorf("line %s is neither payment, refund nor revoke", lines.ID[i])
		}
	}
	refunds, err := refundsOf(lines, known)
	if err != nil {
		return nil, err
	}
	dst.LineID = append(dst.LineID, lines.ID...)
	dst.Wallet = append(dst.Wallet, lines.Wallet...)
	appendTexts(&dst.Account, &lines.Account)
	appendTexts(&dst.OrderNo, &lines.OrderNo)
	dst.Event = append(dst.Event, lines.Kind...)
	dst.SettledOn = append(dst.SettledOn, lines.SettledOn...)
	out := newChargeRows(dst, lines.Len())

	p := pricer{schedule: schedule, lines: lines, moved: known.Moved.OfLine, prior: known.Prior, describe: known.Describe}
	for w := range p.detailed {
		wallet := settlement.Wallet(w)
		p.detailed[w] = schedule.NeedsDetail(wallet, OnPayment, settlement.ChannelFee) || schedule.NeedsDetail(wallet, OnRefund, settlement.ChannelFee)
	}
	var findings []Finding
	var c priced
	next := 0
	for i, kind := range lines.Kind {
		p.of = notRefunded
		if kind != settlement.Payment {
			p.of = refunds[next]
			next++
		}
		p.price(i, &c)
		if p.isBreak(i, &c) {
			findings = append(findings, p.finding(i, c))
		}
		out.set(i, &c)
	}
	out.flush(lines.Len())
	p.states(dst)
	return findings, nil
}

// states fills the columns that say by which file a line was charged.
func (p *pricer) states(dst *settlement.Charges) {
	rows := p.lines.Len()
	billed, moved := extend(&dst.Billed, rows), extend(&dst.Moved, rows)
	for i := range rows {
		billed[i], moved[i] = settlement.NoAmount, settlement.NoAmount
		if p.isMoved(i) {
			billed[i], moved[i] = negated(p.lines.Fee[i]), p.moved[i]
		}
	}
}

// priced is a Charge under construction; small, because there is one a row.
type priced struct {
	event settlement.Kind
	rate  settlement.Rate
	class settlement.VarianceClass
	// rule is never nil: ownRate where the row's own rate decides, noRule where
	// nothing does.
	rule                              *Rule
	base, expected, charged, variance settlement.Amount
}

func (c *priced) charge() Charge {
	return Charge{
		Event: c.event, RuleID: c.rule.ID, RuleVersion: c.rule.Version, Base: c.base, Rate: c.rate,
		Expected: c.expected, Charged: c.charged, Variance: c.variance, Class: c.class, Assumed: c.rule.Assumed,
	}
}

var (
	// ownRate stands for the rate that a row prints. How refunds return it is
	// official for WeChat Pay, the only wallet whose rows print one.
	ownRate = &Rule{ID: OwnRate, Version: OwnRateVersion, Kind: Percent, Rate: settlement.NoRate, Rounding: HalfUp, Refund: RefundPerRefundClamped}
	noRule  = &Rule{Rate: settlement.NoRate}
)

// notRefunded stands for the refund of a payment's row.
var notRefunded = refund{payment: none, prior: none, held: settlement.NoAmount, settled: settlement.NoAmount, refunded: settlement.NoAmount}

// pricer prices the lines of one bucket.
type pricer struct {
	schedule *Schedule
	lines    *settlement.Lines
	moved    []settlement.Amount // nil, or Moved.OfLine
	prior    *settlement.Prior
	describe func(line int, q Subject) Subject
	detailed [settlement.Bank + 1]bool // by wallet: rules ask for more than it
	merchant string                    // the account of the line before
	of       refund                    // of the line at hand, notRefunded of a payment
}

// isMoved says that a fund flow shows what line i was charged.
func (p *pricer) isMoved(i int) bool { return p.moved != nil && p.moved[i] != settlement.NoAmount }

// charged is what line i was charged, as a cost.
func (p *pricer) charged(i int) settlement.Amount {
	if p.isMoved(i) {
		return p.moved[i]
	}
	return negated(p.lines.Fee[i])
}

// ownRate is the rate that line i prints, or where it prints none, the one that its
// payment of a former day printed.
func (p *pricer) ownRate(i int) settlement.Rate {
	if own := p.lines.FeeRate[i]; own != settlement.NoRate || p.of.prior == none {
		return own
	}
	return p.prior.Rate[p.of.prior]
}

// price sets c to the charge of line i.
func (p *pricer) price(i int, c *priced) {
	lines := p.lines
	c.event, c.base, c.charged = lines.Kind[i], p.base(i), p.charged(i)
	p.expectNothing(c)
	own := p.ownRate(i)
	switch {
	case c.base == settlement.NoAmount:
	case own != settlement.NoRate && !p.schedule.HasContract(lines.Wallet[i]):
		p.byOwnRate(i, c)
	default:
		rule := p.rule(i)
		if own != settlement.NoRate && (rule == nil || rule.Assumed) {
			p.byOwnRate(i, c)
		} else if rule != nil {
			p.byRule(i, rule, c)
		}
	}
	p.compare(i, c)
}

// base is the amount that the fee of line i is computed on.
func (p *pricer) base(i int) settlement.Amount {
	settled := p.lines.Settled[i]
	switch {
	case settled == settlement.NoAmount:
		return settlement.NoAmount
	case !p.lines.Settles(i):
		return 0
	case p.lines.Kind[i] == settlement.Payment:
		return settled
	}
	return settled.Abs()
}

// rule returns the rule that gives line i an expectation, nil where none does.
func (p *pricer) rule(i int) *Rule {
	var rule *Rule
	if p.lines.Kind[i] == settlement.Payment {
		rule = p.schedule.Select(p.subject(i, OnPayment), p.lines.OccurredAt[i])
	} else {
		if rule = p.refundRule(i, OnRefund); rule == nil {
			rule = p.refundRule(i, OnPayment)
			if rule != nil && rule.Refund == RefundUnknown {
				return nil
			}
		}
	}
	if rule != nil && rule.ExcludesEscrow && isEscrowNumber(p.lines.OrderNoRaw.At(i)) {
		return nil
	}
	return rule
}

// refundRule selects by the time of the payment; where the bucket lacks the
// payment it was made not after its refund.
func (p *pricer) refundRule(i int, event Event) *Rule {
	q := p.subject(i, event)
	if p.of.payment != none {
		return p.schedule.Select(q, p.lines.OccurredAt[p.of.payment])
	}
	if p.of.prior != none {
		return p.schedule.Select(q, p.prior.PaidAt[p.of.prior])
	}
	if at := p.lines.OccurredAt[i]; at != settlement.NoInstant {
		return p.schedule.SelectBefore(q, at)
	}
	return p.schedule.Select(q, settlement.NoInstant)
}

// subject is what line i tells of its event: more than the wallet only where a rule
// asks for it.
func (p *pricer) subject(i int, event Event) Subject {
	q := Subject{Wallet: p.lines.Wallet[i], Event: event}
	if p.detailed[q.Wallet] {
		if account := p.lines.Account.At(i); string(account) != p.merchant {
			p.merchant = string(account)
		}
		q.Merchant = p.merchant
		if p.describe != nil {
			q = p.describe(i, q)
		}
	}
	return q
}

// isEscrowNumber says that a merchant order number as the wallet prints it is
// one that Taobao, Tmall or 1688 made: T, digits, perhaps N, P.
func isEscrowNumber(raw []byte) bool {
	i := 1
	for i < len(raw) && raw[i]-'0' <= 9 {
		i++
	}
	if i == 1 || raw[0] != 'T' || i == len(raw) {
		return false
	}
	if raw[i] == 'N' {
		i++
	}
	return i < len(raw) && raw[i] == 'P'
}

// expectNothing sets that no rule gives an expectation.
func (p *pricer) expectNothing(c *priced) {
	c.rule, c.rate, c.expected = noRule, settlement.NoRate, settlement.NoAmount
}

// byOwnRate sets the expectation from the rate that row i prints.
func (p *pricer) byOwnRate(i int, c *priced) {
	c.rule, c.rate = ownRate, p.ownRate(i)
	c.expected = p.percentage(c)
}

// byRule sets the expectation from a rule.
func (p *pricer) byRule(i int, rule *Rule, c *priced) {
	c.rule = rule
	if rule.Base == BaseGross && c.base != 0 && p.lines.Gross[i] != settlement.NoAmount {
		c.base = p.lines.Gross[i].Abs()
	}
	if rule.plain || rule.Kind == Discount {
		c.rate = rule.Rate
	}
	switch {
	case rule.plain && (c.event == settlement.Payment || rule.Refund == RefundPerRefundClamped):
		c.expected = p.percentage(c)
	case rule.Kind == AsBilled:
		c.expected = c.charged
	case c.event == settlement.Payment:
		c.expected = rule.Fee(c.base)
	default:
		c.expected = negated(rule.Return(p.refunding(), c.base, p.lines.OccurredAt[i]))
		if rule.Refund == RefundNone {
			c.rate = settlement.NoRate
		}
	}
	if c.expected == settlement.NoAmount {
		p.expectNothing(c)
	}
}

// refunding is what is known of the payment of the refund at hand. What its earlier
// refunds returned is taken off its fee already.
func (p *pricer) refunding() Refunding {
	of := &p.of
	r := Refunding{PaidAt: settlement.NoInstant, Settled: of.settled, Charged: of.held, Refunded: of.refunded}
	switch {
	case of.payment != none:
		r.PaidAt = p.lines.OccurredAt[of.payment]
	case of.prior != none:
		r.PaidAt = p.prior.PaidAt[of.prior]
	}
	return r
}

// percentage is c's rate of its base: of a payment the fee, of a refund what
// comes back of it, limited by what the wallet still holds.
func (p *pricer) percentage(c *priced) settlement.Amount {
	fee := c.rate.HalfUp(c.base)
	if c.event == settlement.Payment {
		return fee
	}
	if p.of.held != settlement.NoAmount {
		fee = min(fee, p.of.held)
	}
	return -fee
}

// negated is −a, NoAmount where a is.
func negated(a settlement.Amount) settlement.Amount {
	if a == settlement.NoAmount {
		return a
	}
	return -a
}
