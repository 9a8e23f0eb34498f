package match

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"reconcile/settlement"
)

// sortKey is the first 16 bytes of a text, zero-padded, with its row: most
// comparisons are settled without touching the text.
type sortKey struct {
	first, second uint64
	row           int32
}

// rowOrder gives what rows are ordered by. left says which rows are left out; nil
// leaves out none.
type rowOrder struct {
	wallet  func(i int) settlement.Wallet
	orderNo func(i int) []byte
	id      func(i int) settlement.ID
	left    []bool
}

// columnOrder is tableOrder over columns.
func columnOrder(of []settlement.Wallet, orderNo *settlement.Text, ids []settlement.ID, left []bool) []int32 {
	return tableOrder(len(of), rowOrder{
		wallet:  func(i int) settlement.Wallet { return of[i] },
		orderNo: orderNo.At,
		id:      func(i int) settlement.ID { return ids[i] },
		left:    left,
	})
}

// tableOrder returns n rows in the order of the tables: by wallet, order number and
// identity.
func tableOrder(n int, by rowOrder) []int32 {
	var count [len(wallets)]int
	for i := range n {
		count[by.wallet(i)]++
	}
	var byWallet [len(wallets)][]sortKey
	for w, rows := range count {
		byWallet[w] = make([]sortKey, 0, rows)
	}
	for i := range n {
		if by.left == nil || !by.left[i] {
			w := by.wallet(i)
			first, second := prefix(by.orderNo(i))
			byWallet[w] = append(byWallet[w], sortKey{first, second, int32(i)})
		}
	}
	order := make([]int32, 0, n)
	for _, keys := range byWallet {
		slices.SortFunc(keys, func(a, b sortKey) int {
			switch {
			case a.first != b.first:
				return cmp.Compare(a.first, b.first)
			case a.second != b.second:
				return cmp.Compare(a.second, b.second)
			}
			if c := bytes.Compare(by.orderNo(int(a.row)), by.orderNo(int(b.row))); c != 0 {
				return c
			}
			return by.id(int(a.row)).Compare(by.id(int(b.row)))
		})
		for _, k := range keys {
			order = append(order, k.row)
		}
	}
	return order
}

func prefix(text []byte) (first, second uint64) {
	if len(text) >= 16 {
		return binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])
	}
	var padded [16]byte
	copy(padded[:], text)
	return binary.BigEndian.Uint64(padded[:]), binary.BigEndian.Uint64(padded[8:])
}
