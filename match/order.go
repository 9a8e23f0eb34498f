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

// tableOrder returns the rows of a bucket in the order of the tables: by wallet,
// order number and identity. rows with keep false are left out.
func tableOrder(of []settlement.Wallet, orderNo *settlement.Text, ids []settlement.ID, keep func(i int) bool) []int32 {
	var count [len(wallets)]int
	for _, w := range of {
		count[w]++
	}
	var byWallet [len(wallets)][]sortKey
	for w, n := range count {
		byWallet[w] = make([]sortKey, 0, n)
	}
	for i, w := range of {
		if keep(i) {
			first, second := prefix(orderNo.At(i))
			byWallet[w] = append(byWallet[w], sortKey{first, second, int32(i)})
		}
	}
	order := make([]int32, 0, len(of))
	for _, keys := range byWallet {
		slices.SortFunc(keys, func(a, b sortKey) int {
			switch {
			case a.first != b.first:
				return cmp.Compare(a.first, b.first)
			case a.second != b.second:
				return cmp.Compare(a.second, b.second)
			}
			if c := bytes.Compare(orderNo.At(int(a.row)), orderNo.At(int(b.row))); c != 0 {
				return c
			}
			return ids[a.row].Compare(ids[b.row])
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
