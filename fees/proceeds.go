package fees

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// leftIn is what one order leaves in an account.
type leftIn struct {
	wallet  settlement.Wallet
	account []byte
	number  []byte
	at      settlement.Instant
	net     settlement.Amount
	key     uint64
	carried int32 // row of Carried, none
}

// isProceeds says that fund line i is money of an order: what a withdrawal moves.
func isProceeds(f *settlement.FundLines, i int) bool {
	if f.State[i] != settlement.Booked || f.Wallet[i] == settlement.Bank {
		return false
	}
	switch f.Category[i] {
	case settlement.FundPayment, settlement.FundRefund, settlement.FundFee, settlement.FundFeeReturn,
		settlement.FundPlatformFee, settlement.FundProfitShare, settlement.FundCoupon:
		return true
	}
	return false
}

// proceeds adds what the orders of the bucket leave in their accounts to what former
// days left there.
func (c *costing) proceeds() {
	var all []leftIn
	f := c.in.Funds
	var refunds map[string][]byte // the number of the payment, by the wallet's number of the refund
	for i := range f.Len() {
		if !isProceeds(f, i) || !c.in.Flows(f.Wallet[i], f.Account.At(i)) {
			continue
		}
		number := f.OrderNo.At(i)
		if len(number) == 0 {
			if refunds == nil {
				refunds = c.refundNumbers()
			}
			if number = refunds[string(f.ProviderTxnID.At(i))]; number == nil {
				number = f.ProviderTxnID.At(i)
			}
		}
		all = append(all, leftIn{f.Wallet[i], f.Account.At(i), number, f.OccurredAt[i], f.Amount[i], f.Key[i], none})
	}
	if p := c.in.Carried; p != nil {
		for i := range p.Len() {
			all = append(all, leftIn{p.Wallet[i], p.Account.At(i), p.OrderNo.At(i), p.SettledAt[i], p.Net[i], p.Key[i], int32(i)})
		}
	}
	compare := func(a, b leftIn) int {
		return cmp.Or(cmp.Compare(a.wallet, b.wallet), bytes.Compare(a.number, b.number), bytes.Compare(a.account, b.account))
	}
	if !slices.IsSortedFunc(all, compare) {
		slices.SortFunc(all, func(a, b leftIn) int {
			return cmp.Or(compare(a, b), cmp.Compare(b.carried, a.carried), cmp.Compare(a.at, b.at), cmp.Compare(a.net, b.net))
		})
	}
	for i := 0; i < len(all); {
		one := all[i]
		first := i
		for i++; i < len(all) && compare(all[first], all[i]) == 0; i++ {
			one.net += all[i].net
			one.at = min(one.at, all[i].at)
		}
		if one.net != 0 {
			c.appendProceeds(&one)
		}
	}
}

// refundNumbers is under which number the payment is known of each refund of the bucket,
// by the wallet's numbers of the refund and of the payment.
func (c *costing) refundNumbers() map[string][]byte {
	l := c.in.Lines
	numbers := map[string][]byte{}
	for i := range l.Len() {
		for _, own := range [...][]byte{l.ProviderRefundID.At(i), l.ProviderTxnID.At(i)} {
			if len(own) == 0 || l.Kind[i] == settlement.Payment {
				continue
			}
			if _, twice := numbers[string(own)]; !twice {
				numbers[string(own)] = numberOf(l, i)
			}
		}
	}
	return numbers
}

// appendProceeds adds a row, with what is known of an order that was paid with another
// wallet than its home wallet.
func (c *costing) appendProceeds(one *leftIn) {
	p := c.out.Proceeds
	var o Order
	home := settlement.NoWallet
	if carried := int(one.carried); one.carried != none {
		from := c.in.Carried
		o, home = Order{Shop: from.Shop.At(carried), Platform: from.Platform.At(carried), Paying: from.Paying[carried]}, from.Home[carried]
	} else if run := c.find(one.wallet, one.number); run != nil && run.cross != none {
		o, home = c.groups[run.cross].order, c.groups[run.cross].home
	}
	p.Wallet = append(p.Wallet, one.wallet)
	p.Account.Append(one.account)
	p.OrderNo.Append(one.number)
	p.SettledAt = append(p.SettledAt, one.at)
	p.Net = append(p.Net, one.net)
	p.Shop.Append(o.Shop)
	p.Platform.Append(o.Platform)
	p.Home = append(p.Home, home)
	if home == settlement.NoWallet {
		o.Paying = settlement.NoWallet
	}
	p.Paying = append(p.Paying, o.Paying)
	p.Key = append(p.Key, one.key)
}
