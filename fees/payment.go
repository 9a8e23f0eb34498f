package fees

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"reconcile/settlement"
)

// refund is a refund or revoke of a bucket with what the bucket knows of its
// payment.
type refund struct {
	row     int32
	payment int32 // row of the payment, none where the bucket lacks it
	prior   int32 // the payment of a former day, none where it is not known
	// held is the most that this refund can return: what the payment was charged
	// less what its earlier refunds returned, never negative. NoAmount where that
	// is not known.
	held settlement.Amount
	// settled is what the payment settled, refunded what its earlier refunds took back
	// of it. NoAmount where that is not known.
	settled, refunded settlement.Amount
	next              int32 // an earlier row's refund of the same payment, none at the end
}

const none int32 = -1

// payment is what the bucket has of one payment that has refunds.
type payment struct {
	hash    uint64
	last    int32 // index of its last refund, which leads to the others by next
	row     int32
	prior   int32             // in Known.Prior, where row is none
	charged settlement.Amount // less what former days returned; NoAmount where a line does not state it
}

// payments finds the payments of a bucket's refunds by (wallet, account,
// provider's transaction number). Only payments that have refunds are kept.
//
// Both must have one Key too: lines of another key are in this bucket by chance
// of the number of buckets, on which no charge may depend.
type payments struct {
	lines *settlement.Lines
	known Known
	list  []payment
	slots []int32 // open addressing by hash: index into list + 1, 0 is free
	// seen has a bit set for the key of each refund: most payments have no refund
	// and are done with after a look at it.
	seen []uint64
}

// bit returns the word of seen for a key, and its bit there. A key's top bits are
// those of the bucket, so its low bits serve.
func (p *payments) bit(key uint64) (word *uint64, mask uint64) {
	return &p.seen[key>>6&uint64(len(p.seen)-1)], 1 << (key & 63)
}

// refundsOf returns the refunds and revokes of lines in row order, each with its
// payment where that is in lines too. The error says which sum overflowed.
func refundsOf(lines *settlement.Lines, known Known) ([]refund, error) {
	count := 0
	for _, kind := range lines.Kind {
		if kind != settlement.Payment {
			count++
		}
	}
	if count == 0 {
		return nil, nil
	}
	refunds := make([]refund, 0, count)
	size := 4
	for size < 2*count {
		size *= 2
	}
	p := payments{lines: lines, known: known, list: make([]payment, 0, count), slots: make([]int32, size), seen: make([]uint64, max(size/8, 1))}
	for i, kind := range lines.Kind {
		if kind != settlement.Payment {
			refunds = append(refunds, p.addRefund(int32(i), int32(len(refunds)), refunds))
		}
	}
	for i, kind := range lines.Kind {
		if kind == settlement.Payment && lines.Settles(i) {
			if err := p.addPayment(int32(i), refunds); err != nil {
				return nil, err
			}
		}
	}
	p.addPrior(refunds)
	var order []int32
	for i := range p.list {
		var err error
		if order, err = p.distribute(&p.list[i], refunds, order[:0]); err != nil {
			return nil, err
		}
	}
	return refunds, nil
}

// addRefund returns the refund of a row, which will stand at index, and hangs it
// on its payment's list.
func (p *payments) addRefund(row, index int32, refunds []refund) refund {
	r := refund{row: row, payment: none, prior: none, held: settlement.NoAmount, settled: settlement.NoAmount, refunded: settlement.NoAmount, next: none}
	number := p.lines.ProviderTxnID.At(int(row))
	if len(number) == 0 {
		return r
	}
	hash := xxhash.Sum64(number)
	slot := p.find(row, hash, refunds)
	if at := p.slots[slot]; at > 0 {
		group := &p.list[at-1]
		r.next, group.last = group.last, index
		return r
	}
	p.list = append(p.list, payment{hash: hash, last: index, row: none, prior: none})
	p.slots[slot] = int32(len(p.list))
	word, mask := p.bit(p.lines.Key[row])
	*word |= mask
	return r
}

// addPayment notes a payment row where it has refunds. Should two rows show one
// payment, both were charged and the earlier is its row.
func (p *payments) addPayment(row int32, refunds []refund) error {
	if word, mask := p.bit(p.lines.Key[row]); *word&mask == 0 {
		return nil
	}
	number := p.lines.ProviderTxnID.At(int(row))
	if len(number) == 0 {
		return nil
	}
	at := p.slots[p.find(row, xxhash.Sum64(number), refunds)]
	if at == 0 {
		return nil
	}
	group, fee := &p.list[at-1], p.fee(row)
	switch {
	case fee == settlement.NoAmount:
		group.charged = settlement.NoAmount
	case group.row == none:
		group.charged = -fee
	case group.charged != settlement.NoAmount:
		sum, err := group.charged.Add(-fee)
		if err != nil {
			return fmt.Errorf("fees charged on payment %s: %w", number, err)
		}
		group.charged = sum
	}
	if group.row == none || p.earlier(row, group.row) < 0 {
		group.row = row
	}
	return nil
}

// fee is what a line was charged, with the sign of its column.
func (p *payments) fee(row int32) settlement.Amount {
	if moved := p.known.Moved.OfLine; moved != nil && moved[row] != settlement.NoAmount {
		return -moved[row]
	}
	return p.lines.Fee[row]
}

// addPrior finds the payments of former days of those refunds whose payment is not
// among the lines.
func (p *payments) addPrior(refunds []refund) {
	prior := p.known.Prior
	if prior == nil || prior.Len() == 0 {
		return
	}
	for i := range prior.Len() {
		number := prior.ProviderTxnID.At(i)
		if len(number) == 0 {
			continue
		}
		hash := xxhash.Sum64(number)
		mask := uint64(len(p.slots) - 1)
		for slot := hash & mask; p.slots[slot] > 0; slot = (slot + 1) & mask {
			group := &p.list[p.slots[slot]-1]
			of := int(refunds[group.last].row)
			if group.hash != hash || group.row != none || group.prior != none || prior.Wallet[i] != p.lines.Wallet[of] ||
				!bytes.Equal(number, p.lines.ProviderTxnID.At(of)) || !bytes.Equal(prior.Account.At(i), p.lines.Account.At(of)) {
				continue
			}
			group.prior, group.charged = int32(i), prior.FeeCharged[i]
			if group.charged != settlement.NoAmount && prior.FeeReturned[i] != settlement.NoAmount {
				group.charged -= prior.FeeReturned[i]
			}
			break
		}
	}
}

// find returns the slot of a row's payment, or the free slot where it belongs.
func (p *payments) find(row int32, hash uint64, refunds []refund) (slot uint64) {
	mask := uint64(len(p.slots) - 1)
	for slot = hash & mask; p.slots[slot] > 0; slot = (slot + 1) & mask {
		group := &p.list[p.slots[slot]-1]
		if group.hash != hash {
			continue
		}
		other := refunds[group.last].row
		if p.lines.Key[row] == p.lines.Key[other] && p.lines.Wallet[row] == p.lines.Wallet[other] &&
			bytes.Equal(p.lines.ProviderTxnID.At(int(row)), p.lines.ProviderTxnID.At(int(other))) &&
			bytes.Equal(p.lines.Account.At(int(row)), p.lines.Account.At(int(other))) {
			break
		}
	}
	return slot
}

// distribute sets the payment and held of a payment's refunds, in the order
// (occurred_at, line ID). A refund that settles nothing returns nothing. order
// is scratch.
func (p *payments) distribute(group *payment, refunds []refund, order []int32) ([]int32, error) {
	if group.row == none && group.prior == none {
		return order, nil
	}
	for at := group.last; at != none; at = refunds[at].next {
		order = append(order, at)
	}
	lines := p.lines
	if len(order) > 1 {
		p.sort(order, refunds)
	}
	held, refunded := group.charged, settlement.Amount(0)
	var settled settlement.Amount
	if group.row != none {
		settled = lines.Settled[group.row]
	} else {
		settled, refunded = p.known.Prior.Settled[group.prior], p.known.Prior.Refunded[group.prior]
	}
	for _, at := range order {
		r := &refunds[at]
		r.payment, r.prior, r.settled, r.refunded = group.row, group.prior, settled, refunded
		if back := lines.Settled[r.row]; back != settlement.NoAmount && refunded != settlement.NoAmount && lines.Settles(int(r.row)) {
			refunded = min(refunded+back.Abs(), settlement.MaxAmount) // both are within it
		}
		if held == settlement.NoAmount {
			continue
		}
		r.held = max(held, 0)
		fee := p.fee(r.row)
		if fee == settlement.NoAmount || !lines.Settles(int(r.row)) {
			continue
		}
		left, err := held.Add(-fee)
		if err != nil || left == settlement.NoAmount {
			return order, fmt.Errorf("fees returned on payment %s: %w", lines.ProviderTxnID.At(int(r.row)), settlement.ErrOverflow)
		}
		held = left
	}
	return order, nil
}

// sort orders refunds by (occurred_at, line ID).
func (p *payments) sort(order []int32, refunds []refund) {
	slices.SortFunc(order, func(a, b int32) int { return p.earlier(refunds[a].row, refunds[b].row) })
}

// earlier compares two rows by (occurred_at, line ID).
func (p *payments) earlier(i, j int32) int {
	if c := cmp.Compare(p.lines.OccurredAt[i], p.lines.OccurredAt[j]); c != 0 {
		return c
	}
	return p.lines.ID[i].Compare(p.lines.ID[j])
}
