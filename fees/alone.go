package fees

import (
	"bytes"
	"cmp"

	"reconcile/settlement"
)

// ChargeAlone appends to dst a charge for each of the given fund lines: fee rows that
// name no line of the bucket, and fees of the platform. No rule gives an expectation.
//
// counted is, by fund line, what an earlier day has charged already for the line that
// the fee is of: only what differs from it is a charge of this day.
func ChargeAlone(funds *settlement.FundLines, rows []int32, counted map[int32]settlement.Amount, dst *settlement.Charges) {
	for _, row := range rows {
		i := int(row)
		component, event := settlement.ChannelFee, settlement.Payment
		if funds.Category[i] == settlement.FundPlatformFee {
			component = settlement.PlatformFee
		}
		if funds.Amount[i] > 0 {
			event = settlement.Refund
		}
		dst.LineID = append(dst.LineID, funds.ID[i])
		dst.Wallet = append(dst.Wallet, funds.Wallet[i])
		dst.Account.Append(funds.Account.At(i))
		dst.OrderNo.Append(funds.OrderNo.At(i))
		dst.Event = append(dst.Event, event)
		dst.Component = append(dst.Component, component)
		dst.RuleID.Append(nil)
		dst.RuleVer.Append(nil)
		dst.Base = append(dst.Base, settlement.NoAmount)
		dst.Rate = append(dst.Rate, settlement.NoRate)
		dst.Expected = append(dst.Expected, settlement.NoAmount)
		billed, ok := counted[row]
		if !ok {
			billed = 0
		}
		dst.Charged = append(dst.Charged, -funds.Amount[i]-billed)
		dst.Variance = append(dst.Variance, settlement.NoAmount)
		dst.Class = append(dst.Class, settlement.ClassRuleMissing)
		dst.Assumed = append(dst.Assumed, 0)
		dst.SettledOn = append(dst.SettledOn, funds.SettledOn[i])
		if ok {
			dst.Billed = append(dst.Billed, billed)
		} else {
			dst.Billed = append(dst.Billed, settlement.NoAmount)
		}
		dst.Moved = append(dst.Moved, -funds.Amount[i])
	}
}

// InOrder returns the charges in the order of their table. The first so many rows are
// those of lines, which stand in it; so do the rows behind them, each for itself.
func InOrder(charges *settlement.Charges, lines int) *settlement.Charges {
	if charges.Len() == lines {
		return charges
	}
	order := make([]int32, 0, charges.Len())
	less := func(i, j int) bool {
		return cmp.Or(cmp.Compare(charges.Wallet[i], charges.Wallet[j]), bytes.Compare(charges.OrderNo.At(i), charges.OrderNo.At(j)),
			charges.LineID[i].Compare(charges.LineID[j])) < 0
	}
	next := 0
	for alone := lines; alone < charges.Len(); alone++ {
		for next < lines && less(next, alone) {
			order = append(order, int32(next))
			next++
		}
		order = append(order, int32(alone))
	}
	for ; next < lines; next++ {
		order = append(order, int32(next))
	}
	sorted := &settlement.Charges{}
	settlement.AppendRows(sorted, charges, order)
	return sorted
}
