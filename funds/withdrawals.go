package funds

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Withdrawal is one payout to a bank (提现), or its return (提现退回), with the fee rows
// that belong to it. Amount and Fee are magnitudes of a payout; of a return Fee is a
// cost all the same, negative where it came back.
type Withdrawal struct {
	Wallet    settlement.Wallet
	Account   string
	FlowNo    string
	TxnID     string
	At        settlement.Instant
	Amount    settlement.Amount
	Fee       settlement.Amount
	Returns   bool   // the bank sent the money back
	Of        string // FlowNo of the payout that came back, "" where it is not known
	CameBack  bool   // a payout that Returns is of
	FeeAlone  bool   // a fee that names no withdrawal
	ID        settlement.ID
	SettledOn settlement.Day
	File      int32
	Line      int64
}

// IsWithdrawal says that fund line i is a payout of a wallet, its return, or a fee of
// either.
func IsWithdrawal(f *settlement.FundLines, i int) bool {
	return f.State[i] == settlement.Booked && f.Wallet[i] != settlement.Bank &&
		(f.Category[i] == settlement.FundWithdrawal || f.Category[i] == settlement.FundWithdrawalFee)
}

// Withdrawals reads the payouts out of fund lines of the kind that IsWithdrawal tells,
// in any order. past are payouts of former days, which may come back. The result is in
// the order (wallet, account, time, flow number).
//
// A return is of the payout that it names, else of the latest one before it with its
// amount that has not come back. A fee is of the withdrawal that it names, else of the
// latest one not after it that has none.
func Withdrawals(lines *settlement.FundLines, past []Withdrawal) []Withdrawal {
	order := make([]int32, lines.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return compareMovements(lines, x, y) })
	var out []Withdrawal
	var feeRows []int32
	for _, row := range order {
		i := int(row)
		if lines.Category[i] == settlement.FundWithdrawalFee {
			feeRows = append(feeRows, row)
			continue
		}
		out = append(out, withdrawalOf(lines, i))
	}
	unique(out)
	for i := range out {
		if out[i].Returns {
			sentBack(&out[i], out[:i], past)
		}
	}
	for _, row := range feeRows {
		i := int(row)
		if w := withdrawalOfFee(out, lines, i); w != nil {
			w.Fee -= lines.Amount[i]
			continue
		}
		alone := withdrawalOf(lines, i)
		alone.FeeAlone, alone.Returns, alone.Amount, alone.Fee = true, false, 0, -lines.Amount[i]
		out = append(out, alone)
	}
	slices.SortStableFunc(out, func(a, b Withdrawal) int {
		return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.At, b.At), cmp.Compare(a.FlowNo, b.FlowNo))
	})
	unique(out)
	return out
}

func compareMovements(l *settlement.FundLines, x, y int32) int {
	i, j := int(x), int(y)
	return cmp.Or(cmp.Compare(l.Wallet[i], l.Wallet[j]), bytes.Compare(l.Account.At(i), l.Account.At(j)), cmp.Compare(l.OccurredAt[i], l.OccurredAt[j]),
		bytes.Compare(l.FlowNo.At(i), l.FlowNo.At(j)), l.ID[i].Compare(l.ID[j]))
}

func withdrawalOf(l *settlement.FundLines, i int) Withdrawal {
	return Withdrawal{
		Wallet: l.Wallet[i], Account: l.Account.StringAt(i), FlowNo: l.FlowNo.StringAt(i), TxnID: l.ProviderTxnID.StringAt(i),
		At: l.OccurredAt[i], Amount: l.Amount[i].Abs(), Returns: l.Amount[i] > 0, ID: l.ID[i], SettledOn: l.SettledOn[i],
		File: l.File[i], Line: l.Line[i],
	}
}

// unique numbers the later ones of several movements of one account and flow number.
func unique(all []Withdrawal) {
	type key struct {
		wallet          settlement.Wallet
		account, flowNo string
	}
	seen := map[key]int{}
	for i := range all {
		k := key{all[i].Wallet, all[i].Account, all[i].FlowNo}
		if seen[k]++; seen[k] > 1 {
			all[i].FlowNo = fmt.Sprintf("%s/%d", all[i].FlowNo, seen[k])
		}
	}
}

// sentBack finds the payout that a return is of.
func sentBack(back *Withdrawal, today, past []Withdrawal) {
	var best *Withdrawal
	for _, named := range [...]bool{true, false} {
		for _, list := range [...][]Withdrawal{past, today} {
			for i := range list {
				w := &list[i]
				if w.Returns || w.CameBack || w.FeeAlone || w.Wallet != back.Wallet || w.Account != back.Account || w.Amount != back.Amount || w.At > back.At {
					continue
				}
				if is := back.TxnID != "" && (w.TxnID == back.TxnID || w.FlowNo == back.TxnID); is == named {
					best = w // the latest: both lists are in the order of time
				}
			}
		}
		if best != nil {
			best.CameBack, back.Of = true, best.FlowNo
			return
		}
	}
}

// withdrawalOfFee is the withdrawal that fee row i belongs to, nil for none.
func withdrawalOfFee(all []Withdrawal, l *settlement.FundLines, i int) *Withdrawal {
	comesBack := l.Amount[i] > 0
	var latest *Withdrawal
	for n := range all {
		w := &all[n]
		if w.Wallet != l.Wallet[i] || w.Account != string(l.Account.At(i)) {
			continue
		}
		if w.Returns == comesBack && w.At <= l.OccurredAt[i] && w.Fee == 0 {
			latest = w
		}
		if number := string(l.ProviderTxnID.At(i)); number != "" && w.Returns == comesBack && (w.TxnID == number || w.FlowNo == number) {
			return w
		}
		if w.Returns == comesBack && w.FlowNo == string(l.FlowNo.At(i)) {
			return w
		}
	}
	return latest
}
