package match

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// dropCopies leaves one of each line that was delivered several times (daily and
// monthly bills, ALL beside SUCCESS): ALL before SUCCESS and REFUND, then the
// smallest content hash and line. Copies must agree in ids and amounts.
func (b *bucket) dropCopies() error {
	rows, lines := b.groupLines, b.lines
	if len(rows) < 2 {
		return nil
	}
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(lines.ID[x].Compare(lines.ID[y]),
			cmp.Compare(b.rules.FileRank[lines.File[x]], b.rules.FileRank[lines.File[y]]),
			cmp.Compare(lines.Line[x], lines.Line[y]))
	})
	kept := rows[:1]
	for _, row := range rows[1:] {
		first := kept[len(kept)-1]
		if lines.ID[row] != lines.ID[first] {
			kept = append(kept, row)
			continue
		}
		if err := b.conflict(first, row); err != nil {
			return err
		}
		b.dropLine[row] = true
		b.out.Dropped = append(b.out.Dropped, Dropped{
			Side: settlement.LineSide, File: lines.File[row], FileLine: lines.Line[row],
			KeptFile: lines.File[first], KeptLine: lines.Line[first], Kind: lines.Kind[row],
			Gross: lines.Gross[row], Settled: lines.Settled[row], Fee: lines.Fee[row], Coupon: lines.Coupon[row],
		})
	}
	b.groupLines = kept
	return nil
}

// conflict compares two copies of a line on the columns that every layout has:
// ids and amounts. Times and states of refunds differ between files as a matter
// of course.
func (b *bucket) conflict(x, y int32) error {
	lines := b.lines
	differ := func(column, value, other string) error {
		return &ConflictError{
			File: lines.File[x], Line: lines.Line[x], OtherFile: lines.File[y], OtherLine: lines.Line[y],
			Column: column, Value: value, Other: other,
			Key: "transaction " + lines.ProviderTxnID.StringAt(int(x)),
		}
	}
	for _, text := range []struct {
		name   string
		column *settlement.Text
	}{
		{"provider_txn_id", &lines.ProviderTxnID}, {"provider_refund_id", &lines.ProviderRefundID},
		{"order_no", &lines.OrderNo}, {"refund_no", &lines.RefundNo}, {"sub_account", &lines.SubAccount},
	} {
		if a, c := text.column.At(int(x)), text.column.At(int(y)); !bytes.Equal(a, c) {
			return differ(text.name, string(a), string(c))
		}
	}
	for _, money := range []struct {
		name   string
		column []settlement.Amount
	}{
		{"gross_amount", lines.Gross}, {"settled_amount", lines.Settled},
		{"fee_amount", lines.Fee}, {"coupon_amount", lines.Coupon},
	} {
		if a, c := money.column[x], money.column[y]; a != c {
			return differ(money.name, a.String(), c.String())
		}
	}
	if lines.Kind[x] != lines.Kind[y] {
		return differ("kind", lines.Kind[x].String(), lines.Kind[y].String())
	}
	return nil
}

// prepareEvents drops copies of the group's events, adds the whole refund that an
// order with status refunded and no listed refund expects, works out what escrow
// orders expect, and gives every event its identity.
func (b *bucket) prepareEvents() {
	if len(b.groupEvents) > 1 {
		b.sortEvents()
		b.dropEventCopies()
	}
	b.addWholeRefunds()
	previous := int32(-1)
	for _, row := range b.groupEvents {
		b.expect(row)
		b.identify(row, previous)
		previous = row
	}
}

// sortEvents orders the group's events by everything that tells them apart, so
// that nothing depends on the order in which they were delivered.
func (b *bucket) sortEvents() {
	e := b.events
	slices.SortFunc(b.groupEvents, func(x, y int32) int {
		i, j := int(x), int(y)
		return cmp.Or(
			cmp.Compare(e.Kind[x], e.Kind[y]),
			bytes.Compare(e.OrderNo.At(i), e.OrderNo.At(j)),
			bytes.Compare(e.PaymentNo.At(i), e.PaymentNo.At(j)),
			bytes.Compare(e.RefundNo.At(i), e.RefundNo.At(j)),
			bytes.Compare(e.Account.At(i), e.Account.At(j)),
			cmp.Compare(e.Wallet[x], e.Wallet[y]),
			bytes.Compare(e.ProviderTxnID.At(i), e.ProviderTxnID.At(j)),
			cmp.Compare(e.Amount[x], e.Amount[y]),
			cmp.Compare(e.PaidAt[x], e.PaidAt[y]),
			cmp.Compare(e.SucceededAt[x], e.SucceededAt[y]),
			cmp.Compare(e.ConfirmedAt[x], e.ConfirmedAt[y]),
			cmp.Compare(progress(e.Status[x]), progress(e.Status[y])),
			cmp.Compare(e.Payout[x], e.Payout[y]),
			bytes.Compare(e.Shop.At(i), e.Shop.At(j)),
			bytes.Compare(e.Platform.At(i), e.Platform.At(j)),
			cmp.Compare(e.Link[x], e.Link[y]),
			cmp.Compare(b.rules.FileRank[e.File[x]], b.rules.FileRank[e.File[y]]),
			cmp.Compare(e.Line[x], e.Line[y]))
	})
}

// progress orders statuses by how far an order has come: between two extracts it
// can only go on.
func progress(s settlement.Status) int {
	switch s {
	case settlement.Unpaid, settlement.Processing:
		return 1
	case settlement.Paid, settlement.Failed:
		return 2
	case settlement.Closed, settlement.Cancelled, settlement.Success:
		return 3
	case settlement.Refunded:
		return 4
	}
	return 0
}

// dropEventCopies keeps of each order event that several extracts show the one
// that has come furthest. Messages between buckets are taken out of the group.
func (b *bucket) dropEventCopies() {
	e, kept := b.events, b.groupEvents[:0]
	for _, row := range b.groupEvents {
		if len(kept) > 0 {
			last := kept[len(kept)-1]
			if e.Link[last] != settlement.LinkListed && e.Link[row] != settlement.LinkListed && b.sameEvent(last, row) {
				stays, goes := last, row
				if b.further(row, last) {
					stays, goes = row, last
				}
				kept[len(kept)-1] = stays
				b.dropEvent[goes] = true
				b.out.Dropped = append(b.out.Dropped, Dropped{
					Side: settlement.EventSide, File: e.File[goes], FileLine: e.Line[goes],
					KeptFile: e.File[stays], KeptLine: e.Line[stays], Kind: e.Kind[goes],
					OlderStatus: e.Status[goes] != e.Status[stays], Gross: e.Amount[goes],
				})
				continue
			}
		}
		kept = append(kept, row)
	}
	b.groupEvents = kept
}

// sameEvent says that two rows of extracts are the same payment or refund. Two
// payments of one order that carry no payment number differ in time or amount.
func (b *bucket) sameEvent(x, y int32) bool {
	e, i, j := b.events, int(x), int(y)
	if e.Kind[x] != e.Kind[y] || e.Amount[x] != e.Amount[y] || e.Wallet[x] != e.Wallet[y] ||
		!bytes.Equal(e.OrderNo.At(i), e.OrderNo.At(j)) || !bytes.Equal(e.PaymentNo.At(i), e.PaymentNo.At(j)) ||
		!bytes.Equal(e.RefundNo.At(i), e.RefundNo.At(j)) || !bytes.Equal(e.Account.At(i), e.Account.At(j)) ||
		!bytes.Equal(e.ProviderTxnID.At(i), e.ProviderTxnID.At(j)) {
		return false
	}
	if len(e.RefundNo.At(i)) > 0 {
		return true
	}
	return e.PaidAt[x] == e.PaidAt[y] || e.PaidAt[x] == settlement.NoInstant || e.PaidAt[y] == settlement.NoInstant
}

// further says that x shows a later state of the same event than y.
func (b *bucket) further(x, y int32) bool {
	e := b.events
	return cmp.Or(
		cmp.Compare(progress(e.Status[x]), progress(e.Status[y])),
		cmp.Compare(e.ConfirmedAt[x], e.ConfirmedAt[y]),
		cmp.Compare(e.SucceededAt[x], e.SucceededAt[y]),
		cmp.Compare(e.PaidAt[x], e.PaidAt[y]),
		cmp.Compare(b.rules.FileRank[e.File[y]], b.rules.FileRank[e.File[x]]),
		cmp.Compare(e.Line[y], e.Line[x])) > 0
}

// identify gives an event its identity. Events that agree in all that names them
// (two payments of an order that carry no payment number) are counted in the
// order of amount and time; previous is the event before row in the order of
// sortEvents, −1 for the first.
func (b *bucket) identify(row, previous int32) {
	e, i := b.events, int(row)
	b.hash.Start("event").Code(uint64(e.Kind[row])).Text(e.Account.At(i)).Text(e.OrderNo.At(i)).
		Text(e.PaymentNo.At(i)).Text(e.RefundNo.At(i))
	e.ID[row] = b.hash.ID()
	if previous >= 0 && e.Kind[previous] == e.Kind[row] &&
		bytes.Equal(e.OrderNo.At(int(previous)), e.OrderNo.At(i)) && bytes.Equal(e.PaymentNo.At(int(previous)), e.PaymentNo.At(i)) &&
		bytes.Equal(e.RefundNo.At(int(previous)), e.RefundNo.At(i)) && bytes.Equal(e.Account.At(int(previous)), e.Account.At(i)) {
		b.nth[row] = b.nth[previous] + 1
	}
	if b.nth[row] > 0 {
		e.ID[row] = b.hash.Code(uint64(b.nth[row])).ID()
	}
}
