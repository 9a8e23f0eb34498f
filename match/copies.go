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
func (b *bucket) dropCopies() (conflict *settlement.ConflictError) {
	rows, lines := b.groupLines, b.lines
	if len(rows) < 2 {
		return nil
	}
	sortCopies(b.rules.FileRank, lines, rows)
	kept := rows[:1]
	for _, row := range rows[1:] {
		first := kept[len(kept)-1]
		if lines.ID[row] != lines.ID[first] {
			kept = append(kept, row)
			continue
		}
		if c := compareCopies(lines, first, row); c != nil {
			conflict = settlement.FirstConflict(b.rules.FileRank, conflict, c)
			continue
		}
		b.dropLine[row] = true
		b.out.Dropped = append(b.out.Dropped, Dropped{
			Side: settlement.LineSide, File: lines.File[row], FileLine: lines.Line[row],
			KeptFile: lines.File[first], KeptLine: lines.Line[first], Kind: lines.Kind[row],
			Gross: lines.Gross[row], Settled: lines.Settled[row], Fee: lines.Fee[row], Coupon: lines.Coupon[row],
		})
	}
	b.groupLines = kept
	return conflict
}

// sortCopies brings the copies of each line together, the one that stays first.
func sortCopies(rank []int32, lines *settlement.Lines, rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(lines.ID[x].Compare(lines.ID[y]),
			cmp.Compare(rank[lines.File[x]], rank[lines.File[y]]),
			cmp.Compare(lines.Line[x], lines.Line[y]))
	})
}

// FindConflict returns the first conflict between copies of lines, nil where all
// copies agree. rank is Rules.FileRank.
func FindConflict(rank []int32, lines *settlement.Lines) (conflict *settlement.ConflictError) {
	rows := make([]int32, lines.Len())
	for i := range rows {
		rows[i] = int32(i)
	}
	sortCopies(rank, lines, rows)
	for n, first := 1, 0; n < len(rows); n++ {
		if lines.ID[rows[n]] != lines.ID[rows[first]] {
			first = n
			continue
		}
		conflict = settlement.FirstConflict(rank, conflict, compareCopies(lines, rows[first], rows[n]))
	}
	return conflict
}

// compareCopies compares two copies of a line on the columns that every layout has:
// ids and amounts. Times and states of refunds differ between files as a matter
// of course.
func compareCopies(lines *settlement.Lines, x, y int32) *settlement.ConflictError {
	differ := func(column, value, other string) *settlement.ConflictError {
		return &settlement.ConflictError{
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
		b.findShop(row)
		b.identify(row, previous)
		previous = row
	}
	b.reducePayouts()
}

// sortEvents orders the group's events by everything that tells them apart, so
// that nothing depends on the order in which they were delivered.
func (b *bucket) sortEvents() {
	e := b.events
	slices.SortFunc(b.groupEvents, func(x, y int32) int {
		if c := b.compareNumbers(x, y); c != 0 {
			return c
		}
		// Rows of earlier days keep their identities, so they come before those that get one.
		if c := cmp.Compare(boolRank(e.ID[x] == settlement.ID{}), boolRank(e.ID[y] == settlement.ID{})); c != 0 {
			return c
		}
		if c := b.compareEvents(x, y); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(b.rules.FileRank[e.File[x]], b.rules.FileRank[e.File[y]]), cmp.Compare(e.Line[x], e.Line[y]))
	})
}

// compareEvents orders events by what they say: the numbers first, and of two that
// agree otherwise that which says more behind the other.
func (b *bucket) compareEvents(x, y int32) int {
	e, i, j := b.events, int(x), int(y)
	if c := b.compareNumbers(x, y); c != 0 {
		return c
	}
	return cmp.Or(
		bytes.Compare(e.Account.At(i), e.Account.At(j)),
		cmp.Compare(e.Wallet[x], e.Wallet[y]),
		bytes.Compare(e.ProviderTxnID.At(i), e.ProviderTxnID.At(j)),
		cmp.Compare(e.Amount[x], e.Amount[y]),
		cmp.Compare(e.PaidAt[x], e.PaidAt[y]),
		cmp.Compare(e.SucceededAt[x], e.SucceededAt[y]),
		cmp.Compare(e.ConfirmedAt[x], e.ConfirmedAt[y]),
		cmp.Compare(progress(e.Status[x]), progress(e.Status[y])),
		cmp.Compare(e.Status[x], e.Status[y]),
		cmp.Compare(e.Escrow[x], e.Escrow[y]),
		cmp.Compare(e.Payout[x], e.Payout[y]),
		bytes.Compare(e.Shop.At(i), e.Shop.At(j)),
		bytes.Compare(e.Platform.At(i), e.Platform.At(j)),
		cmp.Compare(e.HomeWallet[x], e.HomeWallet[y]),
		cmp.Compare(e.Link[x], e.Link[y]))
}

// compareNumbers orders events by their kind and numbers.
func (b *bucket) compareNumbers(x, y int32) int {
	e, i, j := b.events, int(x), int(y)
	if e.Kind[x] != e.Kind[y] {
		return cmp.Compare(e.Kind[x], e.Kind[y])
	}
	for _, number := range [...]*settlement.Text{&e.OrderNo, &e.PaymentNo, &e.RefundNo} {
		if c := bytes.Compare(number.At(i), number.At(j)); c != 0 {
			return c
		}
	}
	return 0
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
	e, kept, all := b.events, b.groupEvents[:0], len(b.groupEvents)
	for _, row := range b.groupEvents {
		at := b.copyOf(row, kept)
		if at < 0 {
			kept = append(kept, row)
			continue
		}
		stays, goes := kept[at], row
		if b.further(row, stays) {
			stays, goes = row, stays
		}
		stays, goes = b.keepEarlier(stays, goes)
		kept[at] = stays
		b.dropEvent[goes] = true
		b.out.Dropped = append(b.out.Dropped, Dropped{
			Side: settlement.EventSide, File: e.File[goes], FileLine: e.Line[goes],
			KeptFile: e.File[stays], KeptLine: e.Line[stays], Kind: e.Kind[goes],
			OlderStatus: e.Status[goes] != e.Status[stays], Gross: e.Amount[goes],
		})
	}
	b.groupEvents = kept
	if len(kept) < all {
		b.sortEvents() // what stays need not stand where its copy stood
	}
}

// copyOf returns which of kept the event is a copy of, −1 for none. Rows with the
// same numbers stand together; of very many only the nearest are compared.
func (b *bucket) copyOf(row int32, kept []int32) int {
	const nearest = 64
	e := b.events
	for at := len(kept) - 1; at >= max(len(kept)-nearest, 0); at-- {
		other := kept[at]
		if !b.sameNumbers(other, row) {
			break
		}
		if e.Link[other] != settlement.LinkListed && e.Link[row] != settlement.LinkListed && b.sameEvent(other, row) {
			return at
		}
	}
	return -1
}

// sameNumbers says that two events carry the same order, payment and refund number.
func (b *bucket) sameNumbers(x, y int32) bool {
	e, i, j := b.events, int(x), int(y)
	return e.Kind[x] == e.Kind[y] && bytes.Equal(e.OrderNo.At(i), e.OrderNo.At(j)) &&
		bytes.Equal(e.PaymentNo.At(i), e.PaymentNo.At(j)) && bytes.Equal(e.RefundNo.At(i), e.RefundNo.At(j))
}

// sameEvent says that two rows with the same numbers are the same payment or
// refund: an earlier extract need not know the wallet yet in which the order was
// paid later. Two payments of one order that carry no payment number differ in
// time or amount.
func (b *bucket) sameEvent(x, y int32) bool {
	e, i, j := b.events, int(x), int(y)
	if e.Amount[x] != e.Amount[y] ||
		e.Wallet[x] != e.Wallet[y] && e.Wallet[x] != settlement.NoWallet && e.Wallet[y] != settlement.NoWallet ||
		!compatible(e.Account.At(i), e.Account.At(j)) || !compatible(e.ProviderTxnID.At(i), e.ProviderTxnID.At(j)) {
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
		b.compareEvents(x, y),
		cmp.Compare(b.rules.FileRank[e.File[y]], b.rules.FileRank[e.File[x]]),
		cmp.Compare(e.Line[y], e.Line[x])) > 0
}

// identify gives an event its identity. Events that agree in all that names them
// (two payments of an order that carry no payment number) are counted in the
// order of amount and time; previous is the event before row in the order of
// sortEvents, −1 for the first.
func (b *bucket) identify(row, previous int32) {
	e, i := b.events, int(row)
	known := e.ID[row] != settlement.ID{}
	if previous >= 0 && b.sameNumbers(previous, row) && bytes.Equal(e.Account.At(int(previous)), e.Account.At(i)) {
		b.nth[row] = b.nth[previous] + 1
	}
	if known { // a row of an earlier day, which sorts before those of today
		return
	}
	b.hash.Start("event").Code(uint64(e.Kind[row])).Text(e.Account.At(i)).Text(e.OrderNo.At(i)).
		Text(e.PaymentNo.At(i)).Text(e.RefundNo.At(i))
	e.ID[row] = b.hash.ID()
	if b.nth[row] > 0 {
		e.ID[row] = b.hash.Code(uint64(b.nth[row])).ID()
	}
}
