package fees

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// CrossRow is one row of the table cross_wallet but for what follows from the others.
type CrossRow struct {
	OrderNo, Shop, Platform           []byte
	Home, Paying                      settlement.Wallet
	Paid, Refunded                    settlement.Amount
	ChannelFee, HomeFee, Repatriation settlement.Amount
	Deposit                           settlement.Amount
	Of                                settlement.CostOf
	Wallet                            settlement.Wallet
	Account                           []byte
	SettledOn                         settlement.Day
	Key                               uint64
}

func (r *CrossRow) appendTo(b *settlement.CrossWallet) {
	incremental, cost := settlement.NoAmount, settlement.NoAmount
	if r.Of == settlement.CostOrder {
		incremental = Incremental(r.Paying, r.Home, r.ChannelFee, r.HomeFee)
		cost = CrossWalletFee(incremental, r.Repatriation, r.Deposit)
	}
	if r.Of == settlement.CostMovement {
		cost = r.Deposit
	}
	b.OrderNo.Append(r.OrderNo)
	b.Shop.Append(r.Shop)
	b.Platform.Append(r.Platform)
	b.Home = append(b.Home, r.Home)
	b.Paying = append(b.Paying, r.Paying)
	b.Paid = append(b.Paid, r.Paid)
	b.Refunded = append(b.Refunded, r.Refunded)
	b.ChannelFee = append(b.ChannelFee, r.ChannelFee)
	b.HomeFee = append(b.HomeFee, r.HomeFee)
	b.Incremental = append(b.Incremental, incremental)
	b.Repatriation = append(b.Repatriation, r.Repatriation)
	b.Deposit = append(b.Deposit, r.Deposit)
	b.Cost = append(b.Cost, cost)
	b.Of = append(b.Of, r.Of)
	b.Wallet = append(b.Wallet, r.Wallet)
	b.Account.Append(r.Account)
	b.SettledOn = append(b.SettledOn, r.SettledOn)
	b.Key = append(b.Key, r.Key)
}

// crossRowAt is row i without what follows from the others.
func crossRowAt(b *settlement.CrossWallet, i int) CrossRow {
	return CrossRow{OrderNo: b.OrderNo.At(i), Shop: b.Shop.At(i), Platform: b.Platform.At(i), Home: b.Home[i], Paying: b.Paying[i],
		Paid: b.Paid[i], Refunded: b.Refunded[i], ChannelFee: b.ChannelFee[i], HomeFee: b.HomeFee[i], Repatriation: b.Repatriation[i],
		Deposit: b.Deposit[i], Of: b.Of[i], Wallet: b.Wallet[i], Account: b.Account.At(i), SettledOn: b.SettledOn[i], Key: b.Key[i]}
}

// RepatriationRow appends what a withdrawal cost of an order's proceeds to a batch of
// increments; row i of proceeds is the order's.
func RepatriationRow(p *settlement.Proceeds, i int, fee settlement.Amount, on settlement.Day, to *settlement.CrossWallet) {
	row := CrossRow{OrderNo: p.OrderNo.At(i), Shop: p.Shop.At(i), Platform: p.Platform.At(i), Home: p.Home[i], Paying: p.Paying[i],
		Repatriation: fee, Of: settlement.CostOrder, Wallet: p.Wallet[i], Account: p.Account.At(i), SettledOn: on, Key: p.Key[i]}
	row.appendTo(to)
}

// OtherRow appends what withdrawals of an account cost that is no single order's.
func OtherRow(of settlement.CostOf, wallet settlement.Wallet, account string, on settlement.Day, fee settlement.Amount, to *settlement.CrossWallet) {
	row := CrossRow{Repatriation: fee, Of: of, Wallet: wallet, Account: []byte(account), SettledOn: on,
		ChannelFee: settlement.NoAmount, HomeFee: settlement.NoAmount, Deposit: settlement.NoAmount}
	row.appendTo(to)
}

// MovementRow appends what it cost to put money into an account that was withdrawn from
// another wallet. What the withdrawal itself cost stands with the orders whose money it
// moved.
func MovementRow(wallet settlement.Wallet, account string, on settlement.Day, fee settlement.Amount, to *settlement.CrossWallet) {
	row := CrossRow{Of: settlement.CostMovement, Wallet: wallet, Account: []byte(account), SettledOn: on,
		ChannelFee: settlement.NoAmount, HomeFee: settlement.NoAmount, Repatriation: settlement.NoAmount, Deposit: fee}
	row.appendTo(to)
}

// MergeCross adds the increments of one order and day up, in the order of the table.
func MergeCross(rows *settlement.CrossWallet) *settlement.CrossWallet {
	order := make([]int32, rows.Len())
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(x, y int32) int {
		i, j := int(x), int(y)
		return cmp.Or(cmp.Compare(rows.Wallet[i], rows.Wallet[j]), bytes.Compare(rows.Account.At(i), rows.Account.At(j)), cmp.Compare(rows.Of[i], rows.Of[j]),
			bytes.Compare(rows.OrderNo.At(i), rows.OrderNo.At(j)), cmp.Compare(rows.SettledOn[i], rows.SettledOn[j]))
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(compare(x, y), cmp.Compare(rows.Paid[y], rows.Paid[x]), cmp.Compare(rows.Refunded[y], rows.Refunded[x]), cmp.Compare(rows.Repatriation[x], rows.Repatriation[y]))
	})
	out := &settlement.CrossWallet{}
	for n := 0; n < len(order); {
		row := crossRowAt(rows, int(order[n]))
		first := order[n]
		for n++; n < len(order) && compare(first, order[n]) == 0; n++ {
			more := crossRowAt(rows, int(order[n]))
			row.Paid += more.Paid
			row.Refunded += more.Refunded
			row.ChannelFee = plus(row.ChannelFee, more.ChannelFee)
			row.HomeFee = plus(row.HomeFee, more.HomeFee)
			row.Repatriation = plus(row.Repatriation, more.Repatriation)
			row.Deposit = plus(row.Deposit, more.Deposit)
		}
		row.appendTo(out)
	}
	return out
}
