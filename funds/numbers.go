package funds

import (
	"bytes"

	"reconcile/settlement"
)

// numbers finds unsettled rows by what names them.
type numbers struct {
	by map[numbered][]int32
}

// numbered is a number that names a payment or a refund.
type numbered struct {
	wallet settlement.Wallet
	of     numberOf
	number string
}

type numberOf uint8

const (
	ofTransaction numberOf = iota // the wallet's, of the payment or of the refund
	ofRefund                      // the merchant's refund number
	ofOrder                       // the merchant's order number
)

func newNumbers(b *settlement.Unsettled, side settlement.MoneySide) *numbers {
	n := &numbers{by: map[numbered][]int32{}}
	for i := range b.Len() {
		if b.Side[i] != side {
			continue
		}
		for _, one := range [...]struct {
			of   numberOf
			text []byte
		}{{ofTransaction, b.ProviderTxnID.At(i)}, {ofTransaction, b.ProviderRefundID.At(i)}, {ofRefund, b.RefundNo.At(i)}, {ofOrder, b.OrderNo.At(i)}} {
			if len(one.text) > 0 {
				key := numbered{b.Wallet[i], one.of, string(one.text)}
				n.by[key] = append(n.by[key], int32(i))
			}
		}
	}
	return n
}

// wanted is what a row of today says of itself.
type wanted struct {
	kind                                              settlement.Kind
	wallet                                            settlement.Wallet
	account, orderNo, refundNo, transaction, refundID []byte
	// amounts are what the other side would come to, with the fee and without.
	amounts [2]settlement.Amount
}

// suits says that row i, of which nothing else came yet, is of the amount: of several
// refunds of one payment that tells them apart.
func (w *wanted) suits(b *settlement.Unsettled, i int32) bool {
	if b.Side[i] == settlement.FundsSide {
		return b.Booked[i] == w.amounts[0] || b.Booked[i] == w.amounts[1]
	}
	expected := b.Expected[i]
	return b.Booked[i] == settlement.NoAmount && (expected == w.amounts[0] || b.Fee[i] != settlement.NoAmount && expected+b.Fee[i] == w.amounts[0])
}

// find returns the row of b that a row of today is the other side of, −1 for none: by
// the wallet's number, by the refund number, then by the order number where that leaves
// one alone; of several of one number that of its amount, else the first. Rows that are
// done are passed over.
func (n *numbers) find(b *settlement.Unsettled, w wanted, done []bool) int32 {
	fits := func(row int32) bool {
		x := b.Account.At(int(row))
		isPayment := b.Kind[row] == settlement.Payment
		return (done == nil || !done[row]) && isPayment == (w.kind == settlement.Payment) && (len(x) == 0 || len(w.account) == 0 || bytes.Equal(x, w.account))
	}
	for _, one := range [...]struct {
		of   numberOf
		text []byte
	}{{ofTransaction, w.refundID}, {ofRefund, w.refundNo}, {ofTransaction, w.transaction}, {ofOrder, w.orderNo}} {
		if len(one.text) == 0 {
			continue
		}
		found, many, suits := int32(-1), false, false
		for _, row := range n.by[numbered{w.wallet, one.of, string(one.text)}] {
			if !fits(row) || w.kind != settlement.Payment && len(w.refundNo) > 0 && b.RefundNo.Len() > 0 && len(b.RefundNo.At(int(row))) > 0 && !bytes.Equal(b.RefundNo.At(int(row)), w.refundNo) {
				continue
			}
			many = many || found >= 0
			if found < 0 || !suits && w.suits(b, row) {
				found, suits = row, w.suits(b, row)
			}
		}
		if found >= 0 && (!many || one.of != ofOrder) {
			return found
		}
	}
	return -1
}
