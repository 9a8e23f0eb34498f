package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// Orders may carry a payment number that differs from the order number; then the
// wallet knows the payment, and its refunds, under the former. A list of refunds
// names the order only. So before the match such refunds look up their order's
// payment number: order rows send a message (LinkAlias) to the bucket of their
// order number, where the refunds wait for it.

// wantsLink says that an event is a refund that names an order and no payment.
func wantsLink(e *settlement.Events, i int) bool {
	return e.Kind[i] == settlement.Refund && len(e.PaymentNo.At(i)) == 0 && len(e.OrderNo.At(i)) > 0
}

// sendsAlias says that an event is an order whose payment has another number.
func sendsAlias(e *settlement.Events, i int) bool {
	number := e.PaymentNo.At(i)
	return e.Kind[i] == settlement.Payment && len(number) > 0 && !bytes.Equal(number, e.OrderNo.At(i))
}

// routeEvents puts a provider's events where they belong: refunds that have to
// find their payment number wait in refunds, beside the aliases of orders; all
// other events go on.
func (r *run) routeEvents(events *settlement.Events) error {
	var onward, waiting, aliases []int32
	for i := range events.Len() {
		if wantsLink(events, i) {
			waiting = append(waiting, int32(i))
			continue
		}
		onward = append(onward, int32(i))
		if sendsAlias(events, i) {
			aliases = append(aliases, int32(i))
		}
	}
	if len(waiting) == 0 && len(aliases) == 0 {
		return r.events.scatter(events)
	}
	if len(aliases) > 0 {
		messages := &settlement.Events{}
		settlement.AppendRows(messages, events, aliases)
		for i := range messages.Len() {
			messages.Link[i] = settlement.LinkAlias
			messages.Key[i] = settlement.EventKey(nil, messages.OrderNo.At(i), nil)
		}
		if err := r.refunds.scatter(messages); err != nil {
			return err
		}
	}
	if len(waiting) > 0 {
		if err := r.refunds.scatterRows(events, waiting); err != nil {
			return err
		}
	}
	return r.events.scatterRows(events, onward)
}

// linkRefunds sends the waiting refunds on, under their order's payment number
// where it has one. What orders of today say of their payment numbers is written for
// the days to come.
func (r *run) linkRefunds(ctx context.Context, staging *output.Staging) error {
	return r.each(ctx, r.buckets, func(ctx context.Context, b int) error {
		numbers := &settlement.Events{}
		from, until := r.bucketParts(b)
		step := min(r.refunds.step(), until-from)
		for p := from; p < until; p += step {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := r.linkPartitions(p, p+step, numbers); err != nil {
				return err
			}
		}
		if r.state == nil {
			return nil
		}
		part, err := r.writePart(staging, "payment_numbers", b, sortedNumbers(numbers))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.parts = append(r.parts, part)
		return err
	})
}

// linkPartitions is linkRefunds for partitions [from, until) of orders.
func (r *run) linkPartitions(from, until int, numbers *settlement.Events) error {
	waiting, err := r.refunds.load(from, until)
	if err != nil {
		return err
	}
	waiting = keepRows(waiting, func(i int) bool { return r.usable(waiting.File[i]) })
	if r.state != nil {
		addNumbers(numbers, waiting, func(file int32) bool { return file < r.firstCarried })
		if err := r.orderNumbers(waiting, from, until); err != nil {
			return err
		}
	}
	found := link(waiting)
	if slices.ContainsFunc(found.Link, settlement.EventLink.Inferred) {
		r.residue.Store(true)
	}
	r.refunds.release(from, until)
	return r.events.scatter(found)
}

// link gives every refund of a bucket of order numbers the payment number of its
// order. Where the order has several payments it takes the smallest number of those
// that expect money, or of those that an escrow platform had not released yet. It
// tells all others, also a payment under the order's own number, that refunds of
// their order are listed. Pass 3 may claim such a refund elsewhere. The aliases
// themselves stay behind.
func link(rows *settlement.Events) *settlement.Events {
	order := asked(rows)
	slices.SortFunc(order, func(x, y int32) int {
		i, j := int(x), int(y)
		return cmp.Or(bytes.Compare(rows.OrderNo.At(i), rows.OrderNo.At(j)),
			cmp.Compare(rows.Link[y], rows.Link[x]), // aliases before refunds
			bytes.Compare(rows.Account.At(i), rows.Account.At(j)),
			bytes.Compare(rows.PaymentNo.At(i), rows.PaymentNo.At(j)))
	})
	var out linking
	var aliases, numbers []int32
	for n, row := range order {
		i := int(row)
		first := n == 0 || !bytes.Equal(rows.OrderNo.At(i), rows.OrderNo.At(int(order[n-1])))
		if first {
			aliases = aliases[:0]
		}
		if rows.Link[i] == settlement.LinkAlias {
			aliases = append(aliases, row)
			continue
		}
		// Refunds of one account stand together and share the numbers.
		announce := first || rows.Link[order[n-1]] == settlement.LinkAlias ||
			!bytes.Equal(rows.Account.At(i), rows.Account.At(int(order[n-1])))
		if announce {
			numbers = paymentNumbers(rows, aliases, row, numbers[:0])
		}
		if len(numbers) == 0 {
			out.add(row, nil, settlement.LinkStated)
			continue
		}
		how := settlement.LinkFound
		if len(numbers) > 1 {
			how = settlement.LinkAmbiguous
		}
		of := numbers[0]
		if at := slices.IndexFunc(numbers, func(alias int32) bool { return match.BeforeRelease(rows, i, int(alias)) }); at >= 0 {
			of = numbers[at]
		}
		out.add(row, rows.PaymentNo.At(int(of)), how)
		if announce {
			for _, other := range numbers {
				if other != of {
					out.add(row, rows.PaymentNo.At(int(other)), settlement.LinkListed)
				}
			}
			out.add(row, rows.OrderNo.At(i), settlement.LinkListed)
		}
	}
	return out.events(rows)
}

// asked returns the refunds and those aliases whose order has one: most orders are not
// refunded, and need not be sorted. Of two orders with one hash both stay.
func asked(rows *settlement.Events) (asked []int32) {
	refunded := map[uint64]struct{}{}
	for i, how := range rows.Link {
		if how != settlement.LinkAlias {
			refunded[settlement.EventKey(nil, rows.OrderNo.At(i), nil)] = struct{}{}
		}
	}
	for i, how := range rows.Link {
		needed := how != settlement.LinkAlias
		if !needed {
			_, needed = refunded[settlement.EventKey(nil, rows.OrderNo.At(i), nil)]
		}
		if needed {
			asked = append(asked, int32(i))
		}
	}
	return asked
}

// linking is the rows of refunds that go on, each under a payment number or none.
type linking struct {
	rows    []int32
	numbers settlement.Text
	how     []settlement.EventLink
}

func (l *linking) add(row int32, number []byte, how settlement.EventLink) {
	l.rows = append(l.rows, row)
	l.numbers.Append(number)
	l.how = append(l.how, how)
}

// events makes the rows, copied from those that waited, which have no payment number.
func (l *linking) events(waiting *settlement.Events) *settlement.Events {
	out := &settlement.Events{}
	settlement.AppendRows(out, waiting, l.rows)
	out.PaymentNo = l.numbers
	for i, how := range l.how {
		if how != settlement.LinkStated {
			out.Link[i] = how
			out.Key[i] = settlement.EventKey(out.PaymentNo.At(i), nil, nil)
		}
	}
	return out
}

// paymentNumbers appends to into an alias for each payment number that a refund may
// be of: of the same account, as far as both state one. Payments of which money is
// expected come before all others, each in the order of their numbers.
func paymentNumbers(rows *settlement.Events, aliases []int32, refund int32, into []int32) []int32 {
	account := rows.Account.At(int(refund))
	number := func(x, y int32) int {
		return bytes.Compare(rows.PaymentNo.At(int(x)), rows.PaymentNo.At(int(y)))
	}
	for _, expected := range [...]bool{true, false} {
		from := len(into)
		for _, alias := range aliases {
			own := rows.Account.At(int(alias))
			status := rows.Status[alias]
			if (status == settlement.Paid || status == settlement.Refunded) == expected &&
				(len(own) == 0 || len(account) == 0 || bytes.Equal(own, account)) &&
				!slices.ContainsFunc(into[:from], func(known int32) bool { return number(known, alias) == 0 }) {
				into = append(into, alias)
			}
		}
		slices.SortFunc(into[from:], number)
	}
	return slices.CompactFunc(into, func(x, y int32) bool { return number(x, y) == 0 })
}
