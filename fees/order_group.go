package fees

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// orderRun is the lines [from, until) of one order in one wallet: all that has to be
// known of an order that was paid with its home wallet. There is one for nearly every
// line, so it is small and has no pointers.
type orderRun struct {
	from, until int32
	cross       int32 // of groups, none for an order that does not cross
	wallet      settlement.Wallet
}

// number is the number under which the wallet knows the payment of a run.
func (c *costing) number(r *orderRun) []byte {
	if r.cross != none {
		return c.groups[r.cross].number
	}
	return numberOf(c.in.Lines, int(r.from))
}

// orderGroup is an order with what is known of it beside its lines.
type orderGroup struct {
	wallet  settlement.Wallet
	account []byte
	number  []byte // under which the wallet knows the payment
	from    int    // lines [from, until)
	until   int
	alone   []int32 // charges of fee rows that name no line of the bucket
	key     uint64

	order Order
	home  settlement.Wallet
	prior int32 // payment of a former day, none where there is none or it is not known
	cross bool
}

// numberOf is the number under which the wallet knows the payment of a line.
func numberOf(lines *settlement.Lines, i int) []byte {
	if order := lines.OrderNo.At(i); len(order) > 0 {
		return order
	}
	return lines.ProviderTxnID.At(i)
}

// group brings the lines together by order.
func (c *costing) group() {
	l := c.in.Lines
	c.runs = make([]orderRun, 0, l.Len())
	ordered := true
	for i := 0; i < l.Len(); {
		until := i + 1
		if order := l.OrderNo.At(i); len(order) > 0 {
			for until < l.Len() && l.Wallet[until] == l.Wallet[i] && bytes.Equal(l.OrderNo.At(until), order) {
				until++
			}
		} else {
			ordered = false // it goes by another number
		}
		g := orderGroup{wallet: l.Wallet[i], account: l.Account.At(i), number: numberOf(l, i), from: i, until: until, key: l.Key[i], prior: none}
		c.describe(&g)
		c.add(&g)
		i = until
	}
	if !ordered {
		c.sort()
	}
}

// add adds the run of a group, and the group where its order crosses.
func (c *costing) add(g *orderGroup) {
	run := orderRun{from: int32(g.from), until: int32(g.until), cross: none, wallet: g.wallet}
	if g.cross {
		run.cross = int32(len(c.groups))
		c.groups = append(c.groups, *g)
	}
	c.runs = append(c.runs, run)
}

func (c *costing) sort() {
	slices.SortStableFunc(c.runs, func(a, b orderRun) int {
		return cmp.Or(cmp.Compare(a.wallet, b.wallet), bytes.Compare(c.number(&a), c.number(&b)))
	})
}

// describe finds out what is known of a group's order: from its payments, else its
// refunds, else the payment of a former day.
func (c *costing) describe(g *orderGroup) {
	l := c.in.Lines
	at, known := settlement.NoInstant, false
	for _, payments := range [...]bool{true, false} {
		for i := g.from; i < g.until && !known; i++ {
			if (l.Kind[i] == settlement.Payment) != payments {
				continue
			}
			if g.order, known = c.in.OrderOf(i); known {
				at = l.OccurredAt[i]
			}
		}
	}
	if c.in.Prior.Len() > 0 && !c.hasPayment(g) {
		g.prior = c.priorOf(g)
	}
	c.place(g, at)
}

// place decides home and paying wallet.
func (c *costing) place(g *orderGroup, at settlement.Instant) {
	o := &g.order
	if p := c.in.Prior; g.prior != none {
		i := int(g.prior)
		o.Shop, o.Platform = p.Shop.At(i), p.Platform.At(i)
		o.Home, o.Paying, at = p.HomeWallet[i], p.Paying[i], p.PaidAt[i]
	}
	if g.home = o.Home; g.home == settlement.NoWallet && (len(o.Platform) > 0 || len(o.Shop) > 0) {
		g.home = c.terms.Homes.Of(c.text(o.Platform), c.text(o.Shop), at)
	}
	if g.wallet != settlement.TaobaoAggregated {
		o.Paying = g.wallet // the money is there, whatever the order says
	}
	g.cross = g.home != settlement.NoWallet && g.home != o.Paying
}

func (c *costing) hasPayment(g *orderGroup) bool {
	for i := g.from; i < g.until; i++ {
		if c.in.Lines.Kind[i] == settlement.Payment && c.in.Lines.Settles(i) {
			return true
		}
	}
	return false
}

// priorOf is the payment of a former day of a group's order, by its number.
func (c *costing) priorOf(g *orderGroup) int32 {
	p := c.in.Prior
	if c.prior == nil {
		c.prior = make(map[string]int32, p.Len())
		for i := range p.Len() {
			number := p.OrderNo.At(i)
			if len(number) == 0 {
				number = p.ProviderTxnID.At(i)
			}
			name := priorName(p.Wallet[i], p.Account.At(i), number)
			if _, twice := c.prior[name]; !twice {
				c.prior[name] = int32(i)
			}
		}
	}
	if i, ok := c.prior[priorName(g.wallet, g.account, g.number)]; ok {
		return i
	}
	return none
}

func priorName(wallet settlement.Wallet, account, number []byte) string {
	return string(append(append(append([]byte{byte(wallet)}, account...), 0), number...))
}

// find is the run of a wallet and number, nil where there is none.
func (c *costing) find(wallet settlement.Wallet, number []byte) *orderRun {
	at, ok := slices.BinarySearchFunc(c.runs, number, func(r orderRun, number []byte) int {
		return cmp.Or(cmp.Compare(r.wallet, wallet), bytes.Compare(c.number(&r), number))
	})
	if !ok {
		return nil
	}
	return &c.runs[at]
}
