package generate

import (
	"math/bits"

	"reconcile/settlement"
)

// plan is what all passes over a day share; it does not change.
type plan struct {
	options  Options
	numbers  numbering
	shops    []shop
	products []product
	surnames [][]byte // in GB18030
	hours    [1024]uint8
	clock    clock
	first    int                     // number of the day's first purchase among those of all days
	before   *plan                   // of the day before, nil on the first day
	earlier  []*plan                 // of the days whose purchases may come late today, the newest first
	wrong    bool                    // the bills leave lines out: a first version that is corrected later
	dates    [maxDaysBack + 1]string // 20240912 and the days before
	// tick is told by each pass that it has built tickSales more sales; its error
	// ends the pass.
	tick func(sales int) error

	// Purchase i of the day has role roles.within(i, Orders). The first bounds[0] roles are
	// of case 0, the next of case 1 and so on; those beyond the last are plain.
	// So counts are exact, and the cases are scattered over the day.
	roles  permutation
	bounds [numCases]uint64
}

// tickSales is how many sales a pass builds between two calls of tick.
const tickSales = 4096

func newPlan(o Options) (*plan, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return planDay(o, true)
}

// planDay plans a day whose options are valid, and with withBefore the day before.
func planDay(o Options, withBefore bool) (*plan, error) {
	p := &plan{options: o, first: o.Nth * o.Orders,
		numbers: newNumbering(o.Seed, o.Day), hours: hourQuantiles(), clock: newClock(o.Day),
		tick: func(int) error { return nil }}
	for back := range p.dates {
		p.dates[back] = compactDate(o.Day - settlement.Day(back))
	}
	var err error
	if withBefore && o.Nth > 0 {
		yesterday := o
		yesterday.Day, yesterday.Nth = o.Day-1, o.Nth-1
		if p.before, err = planDay(yesterday, false); err != nil {
			return nil, err
		}
	}
	if p.shops, err = newShops(o.Shops); err != nil {
		return nil, err
	}
	if p.products, err = newProducts(); err != nil {
		return nil, err
	}
	for _, name := range surnames {
		encoded, err := gb18030(name)
		if err != nil {
			return nil, err
		}
		p.surnames = append(p.surnames, encoded)
	}
	p.roles = rolesOf(o)
	var sum uint64
	for c := range numCases {
		if f, asked := o.Cases[c]; asked {
			sum += uint64(f.of(o.Orders))
		}
		if c == lastOfDay && o.Orders > 0 {
			sum++
		}
		p.bounds[c] = sum
	}
	if withBefore {
		p.earlier = p.daysBefore()
	}
	return p, nil
}

// rolesOf scatters the cases over the day of o.
func rolesOf(o Options) permutation {
	return newPermutation(mix(o.Seed^5^mix(uint64(o.Nth*o.Orders))), uint(max(bits.Len(uint(o.Orders)), 2)))
}

func (p *plan) caseOf(index int) Case {
	role := p.roles.within(uint64(index), uint64(p.options.Orders))
	if role >= p.bounds[numCases-1] {
		return Plain
	}
	for c, bound := range p.bounds {
		if role < bound {
			return Case(c)
		}
	}
	return Plain
}

// clock prints seconds of the day as the wallets print times. It reaches back as
// far as the payment of an escrow order may lie that is refunded days later.
type clock struct{ days [longestLag + 2]string }

func newClock(day settlement.Day) (c clock) {
	for back := range c.days {
		c.days[back] = (day - settlement.Day(back)).String()
	}
	return c
}

// append appends 2024-09-12 08:30:00; at may be negative.
func (c *clock) append(dst []byte, at int) []byte {
	back := 0
	for at < 0 {
		at += daySeconds
		back++
	}
	dst = append(dst, c.days[back]...)
	dst = appendPair(append(dst, ' '), at/3600)
	dst = appendPair(append(dst, ':'), at/60%60)
	return appendPair(append(dst, ':'), at%60)
}

func appendPair(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }
