package main

import (
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// state counts the one state of a line or event.
func (c *recount) state(table, id string, r output.Row) error {
	state := r.Text("match_state")
	if state == "" || !slices.Contains(settlement.StateWords, state) {
		return broken(table, id, "match_state %q is no state", state)
	}
	c.counts[table+"."+state]++
	return nil
}

func (c *recount) fund(r output.Row) error {
	id, amount := r.Text("line_id"), amountOrZero(r, "amount")
	direction, state := r.Text("direction"), r.Text("state")
	if direction == settlement.Income.String() && amount < 0 || direction == settlement.Expense.String() && amount > 0 {
		return broken("fund_lines", id, "amount %s goes against direction %q", amount, direction)
	}
	if !slices.Contains(settlement.FundStateWords[1:], state) {
		return broken("fund_lines", id, "state %q is no state", state)
	}
	c.counts["fund_lines."+state]++
	c.from(r)
	if state == settlement.Booked.String() {
		c.booked(r, amount)
	}
	wallet := r.Text("wallet")
	switch r.Text("category") {
	case settlement.FundFee.String(), settlement.FundFeeReturn.String(), settlement.FundPlatformFee.String():
		if state == settlement.Booked.String() && wallet != settlement.Bank.String() {
			addTo(c, c.moved, wallet, -amount)
		}
	}
	return nil
}

// addTo adds an amount to one of several sums.
func addTo[K comparable](c *recount, sums map[K]settlement.Amount, key K, amount settlement.Amount) {
	sum := sums[key]
	c.add(&sum, amount)
	sums[key] = sum
}

func (c *recount) line(r output.Row) error {
	id := r.Text("line_id")
	settled, fee, net := amountOrZero(r, "settled_amount"), amountOrZero(r, "fee_amount"), amountOrZero(r, "net_amount")
	if net != settled+fee {
		return broken("statement_lines", id, "net_amount %s is not settled_amount %s + fee_amount %s", net, settled, fee)
	}
	c.from(r)
	f := c.at(r)
	f.Lines++
	if r.Text("match_state") == settlement.Matched.String() {
		f.Matched++
	}
	c.add(&f.Billed, -fee)
	if status := r.Text("status"); status != settlement.Failed.String() && status != settlement.Changed.String() {
		if r.Text("kind") == settlement.Payment.String() {
			c.add(&f.Gross, amountOrZero(r, "gross_amount"))
		} else {
			c.add(&f.Refunds, amountOrZero(r, "gross_amount"))
		}
		c.add(&f.Net, net)
	}
	c.matched(&f.LinesRate, r, "gross_amount")
	return c.state("statement_lines", id, r)
}

// event adds an order event to the account of the line that claims it, else to its own.
func (c *recount) event(r output.Row) error {
	id := r.Text("event_id")
	if r.Text("match_state") != settlement.NotExpected.String() {
		f := c.claimed[id]
		if f == nil {
			f = c.at(r)
		}
		f.Events++
		c.matched(&f.EventsRate, r, "amount")
	}
	return c.state("order_events", id, r)
}

func (c *recount) match(r output.Row) error {
	ordered, came, difference := amountOrZero(r, "order_amount"), amountOrZero(r, "line_amount"), amountOrZero(r, "difference")
	if difference != came-ordered {
		return broken("matches", r.Text("match_id"), "difference %s is not line_amount %s − order_amount %s", difference, came, ordered)
	}
	if r.Text("verdict") == settlement.VerdictEqual.String() && difference != 0 {
		return broken("matches", r.Text("match_id"), "the verdict is equal, the difference %s", difference)
	}
	c.add(&c.paired, came)
	event := r.Text("event_id")
	if c.claimed[event] != nil {
		return broken("matches", r.Text("match_id"), "another match claims the event %s too", event)
	}
	c.claimed[event] = c.at(r)
	return nil
}

func (c *recount) finding(r output.Row) error {
	expected, actual, difference := amountOrZero(r, "expected_amount"), amountOrZero(r, "actual_amount"), amountOrZero(r, "difference")
	if !r.IsNull("difference") && difference != actual-expected {
		return broken("breaks", r.Text("break_id"), "difference %s is not actual_amount %s − expected_amount %s", difference, actual, expected)
	}
	if r.Text("status") != settlement.BreakOpen.String() {
		return nil
	}
	c.at(r).Breaks++
	c.counts["breaks"]++
	c.counts["breaks."+r.Text("kind")]++
	return c.broke(r)
}

func (c *recount) item(r output.Row) error {
	c.at(r).Open++
	return nil
}

func (c *recount) charge(r output.Row) error {
	expected, charged, variance := amountOrZero(r, "expected_fee"), amountOrZero(r, "charged_fee"), amountOrZero(r, "variance")
	if known := !r.IsNull("expected_fee") && !r.IsNull("charged_fee"); known != !r.IsNull("variance") || known && variance != expected-charged {
		return broken("charges", r.Text("line_id"), "variance %s is not expected_fee %s − charged_fee %s",
			r.Text("variance"), r.Text("expected_fee"), r.Text("charged_fee"))
	}
	c.priced(r, r.Text("component"), r.Text("event"), "base_amount")
	f := c.at(r)
	if err := c.chargedBy(r, charged); err != nil {
		return err
	}
	if r.Text("component") == settlement.PlatformFee.String() {
		c.add(&f.Platform, charged)
		return nil
	}
	c.add(&f.Expected, expected)
	c.add(&f.Charged, charged)
	c.add(&f.Variance, variance)
	if r.IsNull("expected_fee") {
		c.add(&f.Unpriced, charged)
	}
	return nil
}

// chargedBy holds what was charged against the file that says it: the fund flow where
// that does, else the bill.
func (c *recount) chargedBy(r output.Row, charged settlement.Amount) error {
	key := account{r.Text("wallet"), r.Text("account")}
	if r.IsNull("moved_fee") {
		addTo(c, c.stated, key, charged)
		return nil
	}
	moved := amountOrZero(r, "moved_fee")
	if moved != charged {
		return broken("charges", r.Text("line_id"), "charged_fee %s is not moved_fee %s", charged, moved)
	}
	addTo(c, c.kept, key.wallet, moved)
	addTo(c, c.stated, key, amountOrZero(r, "billed_fee"))
	return nil
}
