package main

import (
	"reconcile/output"
	"reconcile/settlement"
)

// known is a money column of a row; ok is false for null.
func known(r output.Row, column string) (a settlement.Amount, ok bool) {
	a, _ = r.Money(column)
	return a, !r.IsNull(column)
}

// withdrawal holds a payout against itself and adds its fee up.
func (c *recount) withdrawal(r output.Row) error {
	expected, is := known(r, "expected_fee")
	charged := amountOrZero(r, "charged_fee")
	variance, has := known(r, "variance")
	if is != has || has && variance != expected-charged {
		return broken("withdrawals", r.Text("payout_no"), "variance %s is not expected_fee %s − charged_fee %s", r.Text("variance"), r.Text("expected_fee"), r.Text("charged_fee"))
	}
	f := c.at(r)
	f.Withdrawals++
	c.add(&f.Withdrawal, charged)
	c.priced(r, "withdrawal", "withdrawal", "amount")
	return nil
}

// quota holds a quota against itself.
func (c *recount) quota(r output.Row) error {
	granted, used := amountOrZero(r, "granted_amount"), amountOrZero(r, "used_amount")
	if used < 0 || used > granted {
		return broken("quotas", r.Text("owner"), "used_amount %s of granted_amount %s", used, granted)
	}
	return nil
}

// left holds that proceeds which are withdrawn are left out.
func (c *recount) left(r output.Row) error {
	if amountOrZero(r, "net_amount") == 0 {
		return broken("proceeds", r.Text("order_no"), "net_amount is 0.00")
	}
	return nil
}

// cross holds an order's cost against its parts and adds it up.
func (c *recount) cross(r output.Row) error {
	id := r.Text("order_no")
	c.crossed(r)
	channel, isChannel := known(r, "channel_fee")
	home, isHome := known(r, "home_fee")
	incremental, isIncremental := known(r, "incremental_fee")
	if isIncremental && (!isChannel || !isHome || incremental != channel-home) {
		return broken("cross_wallet", id, "incremental_fee %s is not channel_fee %s − home_fee %s", incremental, r.Text("channel_fee"), r.Text("home_fee"))
	}
	repatriation, isRepatriation := known(r, "repatriation_fee")
	deposit, isDeposit := known(r, "deposit_fee")
	cost, isCost := known(r, "cross_wallet_fee")
	if r.Text("cost_of") == settlement.CostMovement.String() {
		if !isCost || !isDeposit || cost != deposit {
			return broken("cross_wallet", id, "cross_wallet_fee of a movement is not its deposit_fee %s", r.Text("deposit_fee"))
		}
		c.add(&c.at(r).Cross, cost)
		return nil
	}
	if isCost && (!isIncremental || !isRepatriation || !isDeposit || cost != incremental+repatriation+deposit) {
		return broken("cross_wallet", id, "cross_wallet_fee %s is not incremental_fee + repatriation_fee + deposit_fee", cost)
	}
	if isRepatriation {
		addTo(c, c.divided, r.Text("wallet"), repatriation)
	}
	if isCost {
		c.add(&c.at(r).Cross, cost)
	}
	return nil
}
