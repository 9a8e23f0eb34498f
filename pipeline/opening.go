package pipeline

import (
	"errors"
	"slices"

	"reconcile/opening"
	"reconcile/settlement"
)

// ErrOpening marks a day that does not come after that of the opening file.
var ErrOpening = errors.New("the opening file says how things stood at the end of")

// Of the days before the first one, the opening file is what is known. Its open orders
// and refunds are carried into the first day and from there on like any other; its
// payments are asked for by every day, beside the days before.

// takeOpening adds what stood open to the rows of the first day.
func (r *run) takeOpening(files *sources) error {
	open := &settlement.Events{}
	all := r.state.opening.Open
	settlement.AppendRows(open, all, allRows(all.Len()))
	if open.Len() == 0 {
		return nil
	}
	file := files.number(r.state.opening.Source)
	for i := range open.Len() {
		open.File[i] = file
		if len(open.ProviderTxnID.At(i)) > 0 {
			r.residue.Store(true)
		}
	}
	r.carriedRows[1] += int64(open.Len())
	return r.routeEvents(open)
}

// openingReach is how far back an opening file speaks for its accounts.
const openingReach = 365

// coverOpening says that of the accounts whose balance it has, the opening file lists all
// that stood open: an order that was paid before, and whose money has not come, is not
// waiting for a file any more.
func coverOpening(c *settlement.Coverage, o *opening.State) {
	for _, b := range o.Balances {
		if b.Wallet == settlement.Bank {
			continue
		}
		for _, refunds := range [...]bool{false, true} {
			c.AddSpan(b.Wallet, b.Account, refunds, o.Day-openingReach, o.Day+1)
		}
	}
}

// askOpening adds the payments of the opening file that have one of the wanted numbers.
func (s *search) askOpening(wanted map[uint64]dayRange) {
	o := s.run.state.opening
	if o == nil {
		return
	}
	var rows []int32
	for key := range wanted {
		rows = append(rows, o.PaymentsOf(key)...)
	}
	if len(rows) == 0 {
		return
	}
	slices.Sort(rows)
	from, fromEvents := s.lines.Len(), s.events.Len()
	settlement.AppendRows(s.lines, o.Payments, rows)
	settlement.AppendRows(s.events, o.Paid, rows)
	for i, row := range rows {
		line, event := from+i, fromEvents+i
		s.lines.File[line], s.events.File[event] = s.run.settledFile, s.run.settledFile
		s.pairs[s.lines.ID[line]] = s.events.ID[event]
		s.chargeOpening(line, o.Fee[row])
		if back := o.Refunded[row]; back > 0 {
			s.refundOpening(line, back, o.FeeReturned[row])
		}
	}
}

// refundOpening adds what was refunded of a payment before the first day, as one refund.
func (s *search) refundOpening(payment int, back, returned settlement.Amount) {
	one, at := &settlement.Lines{}, s.lines.Len()
	settlement.AppendRows(one, s.lines, []int32{int32(payment)})
	settlement.AppendRows(s.lines, one, []int32{0})
	var hash settlement.IDHasher
	l := s.lines
	l.ID[at] = hash.Start("opening refund").Identity(l.ID[payment]).ID()
	l.Kind[at] = settlement.Refund
	l.Gross[at], l.Settled[at], l.Fee[at], l.Net[at] = -back, -back, returned, returned-back
	s.chargeOpening(at, -returned)
}

// chargeOpening notes what a line of the opening file was charged.
func (s *search) chargeOpening(line int, charged settlement.Amount) {
	if charged == settlement.NoAmount {
		return
	}
	c, l := s.charges, s.lines
	c.LineID = append(c.LineID, l.ID[line])
	c.Wallet = append(c.Wallet, l.Wallet[line])
	c.Account.Append(l.Account.At(line))
	c.OrderNo.Append(l.OrderNo.At(line))
	c.Event = append(c.Event, l.Kind[line])
	c.Component = append(c.Component, settlement.ChannelFee)
	c.RuleID.AppendString("")
	c.RuleVer.AppendString("")
	c.Base = append(c.Base, l.Gross[line])
	c.Rate = append(c.Rate, l.FeeRate[line])
	c.Expected = append(c.Expected, settlement.NoAmount)
	c.Charged = append(c.Charged, charged)
	c.Variance = append(c.Variance, settlement.NoAmount)
	c.Class = append(c.Class, 0)
	c.Assumed = append(c.Assumed, 0)
	c.SettledOn = append(c.SettledOn, l.SettledOn[line])
	c.Billed = append(c.Billed, settlement.NoAmount)
	c.Moved = append(c.Moved, settlement.NoAmount)
}

// openingNumbers adds to the rows of a partition the payment numbers that orders of the
// opening file have, of the orders that are asked for.
func (r *run) openingNumbers(asked map[string]bool, into *settlement.Events) {
	o := r.state.opening
	if o == nil || len(asked) == 0 {
		return
	}
	for _, events := range [...]*settlement.Events{o.Open, o.Paid} {
		var rows []int32
		for i := range events.Len() {
			if asked[events.OrderNo.StringAt(i)] && sendsAlias(events, i) {
				rows = append(rows, int32(i))
			}
		}
		from := into.Len()
		settlement.AppendRows(into, events, rows)
		for i := from; i < into.Len(); i++ {
			into.Link[i], into.File[i] = settlement.LinkAlias, r.settledFile
			into.Key[i] = settlement.EventKey(nil, into.OrderNo.At(i), nil)
			into.PaidAt[i] = settlement.NoInstant
		}
	}
}
