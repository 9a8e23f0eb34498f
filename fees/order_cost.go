package fees

import (
	"bytes"
	"slices"

	"reconcile/settlement"
)

// Order is what the merchant's side says of the order behind a line.
type Order struct {
	Shop, Platform []byte
	Home           settlement.Wallet // as the order states it, NoWallet where it does not
	Paying         settlement.Wallet // the same
	Escrow         bool              // the platform holds the money until the buyer confirms
}

// CostInput is the rows of a bucket of which the cost of orders is worked out.
type CostInput struct {
	Lines   *settlement.Lines // in the order of their table
	Charges *settlement.Charges
	Funds   *settlement.FundLines // in the order of their table
	// Today says which lines are of today: those of earlier days only say what their
	// orders were and cost. nil where all are.
	Today func(line int) bool
	// OrderOf is what is known of the order of a line; ok is false where nothing is.
	OrderOf func(line int) (o Order, ok bool)
	Prior   *settlement.Prior
	// Flows says that the fund flow of an account was delivered: what its orders leave
	// there is then known.
	Flows   func(wallet settlement.Wallet, account []byte) bool
	Carried *settlement.Proceeds // of the bucket
}

// OrderCosts is what a bucket says of the cost of its orders.
type OrderCosts struct {
	// Cross are the increments of orders that were paid with another wallet than
	// their home wallet, without what withdrawing their money cost.
	Cross *settlement.CrossWallet
	// Proceeds are what orders left in accounts whose fund flow was delivered, with
	// what former days left there.
	Proceeds *settlement.Proceeds
	// Channel is the channel fees of the bucket by wallet: those of Cross, those of all
	// other orders, and the residual, of fee rows of which no order is known.
	Channel [settlement.Bank + 1]struct{ Cross, Home, Residual settlement.Amount }
}

// Costs works out what the orders of a bucket cost beside their prices.
func (t *Terms) Costs(in CostInput) *OrderCosts {
	c := costing{terms: t, in: in, words: map[string]string{}, out: &OrderCosts{Cross: &settlement.CrossWallet{}, Proceeds: &settlement.Proceeds{}}}
	if in.Prior == nil {
		c.in.Prior = &settlement.Prior{}
	}
	c.group()
	c.addAlone()
	c.increments()
	c.proceeds()
	return c.out
}

// costing is the state of Costs.
type costing struct {
	terms  *Terms
	in     CostInput
	out    *OrderCosts
	runs   []orderRun   // every order, by wallet and number
	groups []orderGroup // those of crossing orders
	prior  map[string]int32
	words  map[string]string // one string of each shop and platform
}

func (c *costing) text(word []byte) string {
	known, ok := c.words[string(word)]
	if !ok {
		known = string(word)
		c.words[known] = known
	}
	return known
}

// addAlone gives fee rows that name no line to their order, where that is known: to the
// group of one that crosses, else to the sum of all others.
func (c *costing) addAlone() {
	ch := c.in.Charges
	var more []orderGroup // of orders that only former days know
	for i := c.in.Lines.Len(); i < ch.Len(); i++ {
		if ch.Component[i] != settlement.ChannelFee {
			continue
		}
		sums := &c.out.Channel[ch.Wallet[i]]
		number := ch.OrderNo.At(i)
		if len(number) == 0 {
			sums.Residual += ch.Charged[i]
			continue
		}
		var g *orderGroup
		if run := c.find(ch.Wallet[i], number); run == nil {
			if n := len(more); n == 0 || more[n-1].wallet != ch.Wallet[i] || !bytes.Equal(more[n-1].number, number) {
				one, ok := c.priorGroup(i)
				if !ok {
					sums.Residual += ch.Charged[i]
					continue
				}
				more = append(more, one)
			}
			g = &more[len(more)-1]
		} else if run.cross != none {
			g = &c.groups[run.cross]
		}
		if g == nil || !g.cross {
			sums.Home += ch.Charged[i]
			continue
		}
		g.alone = append(g.alone, int32(i))
	}
	for i := range more {
		if more[i].cross {
			c.add(&more[i])
		}
	}
	if len(more) > 0 {
		c.sort()
	}
}

// priorGroup is the group of a charge's order of which only former days know; ok is
// false where they do not.
func (c *costing) priorGroup(charge int) (g orderGroup, ok bool) {
	if c.in.Prior.Len() == 0 {
		return g, false
	}
	ch := c.in.Charges
	number := ch.OrderNo.At(charge)
	g = orderGroup{wallet: ch.Wallet[charge], account: ch.Account.At(charge), number: number, prior: none, key: settlement.PaymentKey(number, nil)}
	if g.prior = c.priorOf(&g); g.prior == none {
		return g, false
	}
	c.place(&g, settlement.NoInstant)
	return g, true
}

// increments works out the rows of the table cross_wallet.
func (c *costing) increments() {
	ch := c.in.Charges
	for n := range c.runs {
		run := &c.runs[n]
		if run.cross != none {
			c.crossRows(&c.groups[run.cross])
			continue
		}
		sum := &c.out.Channel[run.wallet].Home
		for i := int(run.from); i < int(run.until); i++ {
			if c.today(i) && ch.Charged[i] != settlement.NoAmount {
				*sum += ch.Charged[i]
			}
		}
	}
}

func (c *costing) today(line int) bool { return c.in.Today == nil || c.in.Today(line) }

// crossRows adds a row for each day on which a group's order changed.
func (c *costing) crossRows(g *orderGroup) {
	l, ch := c.in.Lines, c.in.Charges
	var days []settlement.Day
	add := func(on settlement.Day) {
		if !slices.Contains(days, on) {
			days = append(days, on)
		}
	}
	earlier := false
	for i := g.from; i < g.until; i++ {
		if c.today(i) {
			add(dayOfLine(l, i))
		} else {
			earlier = true
		}
	}
	for _, i := range g.alone {
		add(ch.SettledOn[i])
	}
	slices.Sort(days)
	before := settlement.Amount(0)
	switch {
	case g.prior != none:
		before = heldAtHome(c.in.Prior, int(g.prior))
	case earlier && len(days) > 0:
		before = c.atHome(g, days[0]-1)
	}
	for _, on := range days {
		row := CrossRow{OrderNo: g.number, Shop: g.order.Shop, Platform: g.order.Platform, Home: g.home, Paying: g.order.Paying,
			Of: settlement.CostOrder, Wallet: g.wallet, Account: g.account, SettledOn: on, Key: g.key,
			Repatriation: settlement.NoAmount, HomeFee: settlement.NoAmount}
		if c.in.Flows(g.wallet, g.account) {
			row.Repatriation = 0
		}
		var net settlement.Amount
		for i := g.from; i < g.until; i++ {
			if !c.today(i) || dayOfLine(l, i) != on {
				continue
			}
			row.ChannelFee = plus(row.ChannelFee, ch.Charged[i])
			if ch.Charged[i] != settlement.NoAmount {
				c.out.Channel[g.wallet].Cross += ch.Charged[i]
			}
			if !l.Settles(i) {
				continue
			}
			net += l.Settled[i]
			if l.Kind[i] == settlement.Payment {
				row.Paid += l.Gross[i]
			} else {
				row.Refunded += l.Gross[i].Abs()
			}
		}
		for _, i := range g.alone {
			if ch.SettledOn[i] == on {
				row.ChannelFee = plus(row.ChannelFee, ch.Charged[i])
				c.out.Channel[g.wallet].Cross += ch.Charged[i]
			}
		}
		if after := c.atHome(g, on); after != settlement.NoAmount && before != settlement.NoAmount {
			row.HomeFee, before = after-before, after
		} else {
			before = settlement.NoAmount
		}
		row.Deposit = c.deposit(g, net, row.ChannelFee, on)
		row.appendTo(c.out.Cross)
	}
}

// plus adds two amounts, NoAmount where one is.
func plus(a, b settlement.Amount) settlement.Amount {
	if a == settlement.NoAmount || b == settlement.NoAmount {
		return settlement.NoAmount
	}
	return a + b
}

func dayOfLine(l *settlement.Lines, i int) settlement.Day {
	if l.SettledOn[i] != settlement.NoDay || l.OccurredAt[i] == settlement.NoInstant {
		return l.SettledOn[i]
	}
	return settlement.DayOf(l.OccurredAt[i])
}

// heldAtHome is what the home wallet would have of a payment of a former day.
func heldAtHome(p *settlement.Prior, i int) settlement.Amount {
	if p.HomeFee[i] == settlement.NoAmount || p.HomeReturned[i] == settlement.NoAmount {
		return settlement.NoAmount
	}
	return p.HomeFee[i] - p.HomeReturned[i]
}

// homeSubject is what is known of a group's order in its home wallet.
func (c *costing) homeSubject(g *orderGroup) Subject {
	q := Subject{Wallet: g.home}
	var own *Account
	for i := range c.terms.Accounts {
		if a := &c.terms.Accounts[i]; a.Wallet == g.home {
			if own != nil { // of several, which one is not known
				own = nil
				break
			}
			own = a
		}
	}
	if own != nil {
		q = own.Subject()
	}
	q.Shop = c.text(g.order.Shop)
	return q
}

// maxLinesOfOrder bounds the work on one order: real ones have a handful of lines.
const maxLinesOfOrder = 1_000

// atHome is what a group's payments, refunded as they were until the end of a day,
// would have cost in the home wallet; NoAmount where that is not known.
func (c *costing) atHome(g *orderGroup, on settlement.Day) settlement.Amount {
	l := c.in.Lines
	if g.order.Paying == settlement.NoWallet || g.until-g.from > maxLinesOfOrder {
		return settlement.NoAmount
	}
	q := c.homeSubject(g)
	if g.prior != none {
		return c.priorAtHome(g, q, on)
	}
	sum, payments := settlement.Amount(0), 0
	used := map[int]bool{}
	for i := g.from; i < g.until; i++ {
		if l.Kind[i] != settlement.Payment || !l.Settles(i) || dayOfLine(l, i) > on {
			continue
		}
		payments++
		var refunds []Refunded
		for j := g.from; j < g.until; j++ {
			if l.Kind[j] == settlement.Payment || !l.Settles(j) || dayOfLine(l, j) > on || used[j] || !bytes.Equal(l.ProviderTxnID.At(i), l.ProviderTxnID.At(j)) && g.until-g.from > 2 {
				continue
			}
			used[j] = true
			refunds = append(refunds, Refunded{Amount: l.Settled[j].Abs(), At: l.OccurredAt[j]})
		}
		sum = plus(sum, c.terms.Schedule.Counterfactual(q, l.Settled[i], l.OccurredAt[i], refunds, c.isEscrow(g, i)))
	}
	if payments == 0 && g.until > g.from { // refunds of a payment that is not known
		return settlement.NoAmount
	}
	return sum
}

// isEscrow says that a group's order is one of an escrow platform, whose fee follows
// from the platform's contract.
func (c *costing) isEscrow(g *orderGroup, line int) bool {
	return g.order.Escrow || defaultHomes[string(g.order.Platform)] != settlement.NoWallet || isEscrowNumber(c.in.Lines.OrderNoRaw.At(line))
}

// priorAtHome is atHome of a payment of a former day.
func (c *costing) priorAtHome(g *orderGroup, q Subject, on settlement.Day) settlement.Amount {
	l, p, i := c.in.Lines, c.in.Prior, int(g.prior)
	held := heldAtHome(p, i)
	if held == settlement.NoAmount {
		return held
	}
	q.Event = OnRefund
	rule := c.terms.Schedule.Select(q, p.PaidAt[i])
	if rule == nil {
		q.Event = OnPayment
		rule = c.terms.Schedule.Select(q, p.PaidAt[i])
	}
	of := Refunding{PaidAt: p.PaidAt[i], Settled: p.Settled[i], Charged: p.HomeFee[i], Refunded: p.Refunded[i], Returned: p.HomeReturned[i]}
	for j := g.from; j < g.until; j++ {
		if l.Kind[j] == settlement.Payment || !l.Settles(j) || dayOfLine(l, j) > on {
			continue
		}
		if rule == nil {
			return settlement.NoAmount
		}
		back := rule.Return(of, l.Settled[j].Abs(), l.OccurredAt[j])
		if back == settlement.NoAmount {
			return back
		}
		of.Returned += back
		of.Refunded = plus(of.Refunded, l.Settled[j].Abs())
	}
	return of.Charged - of.Returned
}

// deposit is what putting a day's money of an order into its home wallet costs. Money
// that went out again costs nothing.
func (c *costing) deposit(g *orderGroup, net, fee settlement.Amount, on settlement.Day) settlement.Amount {
	if fee == settlement.NoAmount {
		fee = 0
	}
	if net -= fee; net <= 0 || on == settlement.NoDay {
		return 0
	}
	return c.terms.Schedule.DepositFee(c.homeSubject(g), net, on.Start())
}
