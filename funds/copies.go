package funds

import (
	"bytes"
	"slices"

	"reconcile/settlement"
)

// Ties is what became of the copies of one file: rows that it shows a second time of
// another account, such as the portal's of 聚合结算渠道.
type Ties struct {
	File int32
	// Tied copies have their original among the lines of the other account, Untied ones
	// have not.
	Tied, Untied             int64
	TiedAmount, UntiedAmount settlement.Amount
	// First are the lines of the first untied copies, at most firstUntied.
	First []int64
}

const firstUntied = 5

// alike is how many originals of one number and amount are looked at for a copy.
const alike = 64

// Add adds what another bucket says of the same file.
func (t *Ties) Add(o *Ties) {
	t.Tied += o.Tied
	t.Untied += o.Untied
	t.TiedAmount += o.TiedAmount
	t.UntiedAmount += o.UntiedAmount
	t.First = append(t.First, o.First...)
	slices.Sort(t.First)
	t.First = t.First[:min(len(t.First), firstUntied)]
}

// OriginalsOf is the wallet whose lines the copies of a wallet's files show: Alipay's portal
// shows those of the aggregated settlement account, whose export 动账 shows Alipay's.
// NoWallet where originals are not known by a number: WeChat Pay's profit-sharing bill
// (分账账单) and its fund-flow bill need not number a share alike.
func OriginalsOf(copies settlement.Wallet) settlement.Wallet {
	switch copies {
	case settlement.Alipay:
		return settlement.TaobaoAggregated
	case settlement.TaobaoAggregated:
		return settlement.Alipay
	}
	return settlement.NoWallet
}

// TieCopies ties the copies among the lines of a bucket, as Distinct returns them, to their
// originals: booked lines of the other account of the same direction and amount, by the
// number of the movement where both accounts give it the same, else by the order number.
// An original is tied to one copy at most. The result is by file.
func TieCopies(lines *settlement.FundLines) []Ties {
	var copies []int32
	for i, state := range lines.State {
		if state == settlement.CopiedLine && OriginalsOf(lines.Wallet[i]) != settlement.NoWallet {
			copies = append(copies, int32(i))
		}
	}
	if len(copies) == 0 {
		return nil
	}
	t := &tying{lines: lines, taken: make([]bool, lines.Len())}
	originals := t.originals(copies)
	left := t.tie(copies, originals, func(i int) [2][]byte { return [2][]byte{lines.FlowNo.At(i), lines.ProviderTxnID.At(i)} })
	left = t.tie(left, originals, func(i int) [2][]byte { return [2][]byte{lines.OrderNo.At(i), nil} })
	return t.byFile(copies, left)
}

type tying struct {
	lines *settlement.FundLines
	taken []bool // by row: an original that has its copy
}

// movement is what a copy and its original agree in.
type movement struct {
	number    string
	wallet    settlement.Wallet // of the original
	direction settlement.Kind
	amount    settlement.Amount
}

// originals are the lines that copies may show.
func (t *tying) originals(copies []int32) (rows []int32) {
	wanted := map[settlement.Wallet]bool{}
	for _, c := range copies {
		wanted[OriginalsOf(t.lines.Wallet[c])] = true
	}
	for i, state := range t.lines.State {
		if state == settlement.Booked && wanted[t.lines.Wallet[i]] {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

// tie gives each copy the first original that is left with one of its numbers, and returns
// the copies that got none. Rows come in the order of the table, so that which of equal
// ones are tied does not depend on the files' order.
func (t *tying) tie(copies, originals []int32, numbers func(i int) [2][]byte) (left []int32) {
	l := t.lines
	at := map[movement][]int32{}
	for _, o := range originals {
		if t.taken[o] {
			continue
		}
		of := numbers(int(o))
		for n, number := range of {
			if len(number) == 0 || n > 0 && bytes.Equal(number, of[0]) {
				continue
			}
			key := movement{string(number), l.Wallet[o], l.Direction[o], l.Amount[o]}
			at[key] = append(at[key], o)
		}
	}
	for _, c := range copies {
		tied := false
		for _, number := range numbers(int(c)) {
			key := movement{string(number), OriginalsOf(l.Wallet[c]), l.Direction[c], l.Amount[c]}
			free := at[key]
			for len(free) > 0 && t.taken[free[0]] {
				free = free[1:]
			}
			for _, o := range free[:min(len(free), alike)] {
				if !tied && !t.taken[o] && t.agree(c, o) {
					tied, t.taken[o] = true, true
				}
			}
			if len(at[key]) > 0 {
				at[key] = free
			}
		}
		if !tied {
			left = append(left, c)
		}
	}
	return left
}

// agree says that a copy and an original do not name different orders.
func (t *tying) agree(c, o int32) bool {
	a, b := t.lines.OrderNo.At(int(c)), t.lines.OrderNo.At(int(o))
	return len(a) == 0 || len(b) == 0 || bytes.Equal(a, b)
}

func (t *tying) byFile(copies, untied []int32) (all []Ties) {
	of := func(file int32) *Ties {
		i := slices.IndexFunc(all, func(ties Ties) bool { return ties.File == file })
		if i < 0 {
			i, all = len(all), append(all, Ties{File: file})
		}
		return &all[i]
	}
	for _, c := range copies {
		ties, amount := of(t.lines.File[c]), t.lines.Amount[c]
		if len(untied) > 0 && untied[0] == c {
			untied = untied[1:]
			ties.Add(&Ties{Untied: 1, UntiedAmount: amount, First: []int64{t.lines.Line[c]}})
		} else {
			ties.Add(&Ties{Tied: 1, TiedAmount: amount})
		}
	}
	slices.SortFunc(all, func(a, b Ties) int { return int(a.File - b.File) })
	return all
}
