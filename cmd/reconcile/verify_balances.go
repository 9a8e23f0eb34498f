package main

import (
	"slices"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// purseSums is what the booked fund lines of an account and day come to.
type purseSums struct {
	lines           int64
	income, expense settlement.Amount // magnitudes
	by              map[string]settlement.Amount
}

// booked adds a booked fund line.
func (c *recount) booked(r output.Row, amount settlement.Amount) {
	key := overview.PurseDayOf(r)
	if c.purses[key] == nil {
		c.purses[key] = &purseSums{by: map[string]settlement.Amount{}}
	}
	p := c.purses[key]
	p.lines++
	if amount > 0 {
		c.add(&p.income, amount)
	} else {
		c.add(&p.expense, -amount)
	}
	addTo(c, p.by, r.Text("category"), amount)
}

// balance holds a row of balances against itself and against the fund lines of its
// account and day, which were read before.
func (c *recount) balance(r output.Row) error {
	key := overview.PurseDayOf(r)
	id := key.String()
	income, expense := amountOrZero(r, "income"), amountOrZero(r, "expense")
	opening, opens := known(r, "opening")
	computed, hasComputed := known(r, "computed_closing")
	if opens != hasComputed || opens && computed != opening+income-expense {
		return broken("balances", id, "computed_closing %s is not opening %s + income %s − expense %s", r.Text("computed_closing"), r.Text("opening"), income, expense)
	}
	closing, closes := known(r, "closing")
	unexplained, has := known(r, "unexplained")
	if has != (closes && hasComputed) || has && unexplained != closing-computed {
		return broken("balances", id, "unexplained %s is not closing %s − computed_closing %s", r.Text("unexplained"), r.Text("closing"), r.Text("computed_closing"))
	}
	lines, err := parseWhole(r.Text("lines"))
	if err != nil {
		return err
	}
	moved := c.purses[key]
	if moved == nil {
		moved = &purseSums{}
	}
	delete(c.purses, key)
	c.v.equal("balances", "lines of "+id, moved.lines, lines)
	c.v.equal("balances", "income of "+id, moved.income, income)
	c.v.equal("balances", "expense of "+id, moved.expense, expense)
	for _, category := range settlement.BalanceCategories {
		column := settlement.BalanceColumn(category)
		if told := amountOrZero(r, column); told != 0 || moved.by[category.String()] != 0 {
			c.v.equal("balances", column+" of "+id, moved.by[category.String()], told)
		}
	}
	return nil
}

// tieBalances says which accounts and days have fund lines and no balance. Results of
// before there was such a table have none.
func (c *recount) tieBalances() {
	if !slices.ContainsFunc(c.v.m.Tables, func(t output.TableOutput) bool { return t.Name == "balances" }) {
		return
	}
	var left []overview.PurseDay
	for key := range c.purses {
		left = append(left, key)
	}
	slices.SortFunc(left, overview.PurseDay.Compare)
	for _, key := range left {
		c.v.fault("balances", "it has no row of %s, which has %d booked fund_lines", key, c.purses[key].lines)
	}
}
