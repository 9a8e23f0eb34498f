package wechatpay

import (
	"bytes"
	"fmt"
)

// maxExtra is how many raw separators inside one record are tried.
const maxExtra = 8

// anchor reads a record with more fields than columns: a raw ",`" inside free
// text (设备号, 商品名称, 商户数据包), which current bills escape. Every way in
// which these columns may have taken up the surplus is tried. The record is
// accepted where all ways that make a valid record, with nothing but digits in
// the numbers of WeChat Pay, agree on everything that is kept. So nothing is
// guessed; the free text itself is not kept.
func anchor(l *layout, line []byte, starts []int32, into *row) *fault {
	surplus := len(starts) - len(l.names)
	wrong := &fault{columnCount, 0,
		fmt.Sprintf("%d fields where the header has %d names", len(starts), len(l.names)), fetchAgain}
	if surplus > maxExtra || len(l.unknown) > 0 {
		return wrong
	}
	accepted, agree := false, true
	var first row
	var try func(columns []column, left int, taken *[columnCount]int)
	try = func(columns []column, left int, taken *[columnCount]int) {
		if len(columns) == 0 {
			if left > 0 {
				return
			}
			var found row
			attempt := record{l, line, join(l, starts, taken)}
			if attempt.parse(&found) != nil || !digits(found.txnID) || !digits(found.refundID) {
				return
			}
			if accepted && !sameKept(&first, &found) {
				agree = false
			}
			first, accepted = found, true
			return
		}
		if !l.has(columns[0]) {
			try(columns[1:], left, taken)
			return
		}
		for n := 0; n <= left; n++ {
			taken[l.index[columns[0]]] = n
			try(columns[1:], left-n, taken)
		}
		taken[l.index[columns[0]]] = 0
	}
	// taken[i] is the number of surplus fields that belong to the field at i.
	var taken [columnCount]int
	try(freeText, surplus, &taken)
	switch {
	case !accepted:
		return wrong
	case !agree:
		wrong.what += ", and more than one way to read them"
		return wrong
	}
	*into = first
	return nil
}

func digits(text []byte) bool {
	return !bytes.ContainsFunc(text, func(c rune) bool { return c < '0' || c > '9' })
}

// join leaves out the starts that lie inside the fields that took up more.
func join(l *layout, starts []int32, taken *[columnCount]int) []int32 {
	joined := make([]int32, 0, len(l.names))
	next := 0
	for i := range l.names {
		joined = append(joined, starts[next])
		next += 1 + taken[i]
	}
	return joined
}

// sameKept says whether two readings of one record put the same into the tables.
func sameKept(a, b *row) bool {
	return a.kind == b.kind && a.status == b.status && a.basis == b.basis &&
		a.occurredAt == b.occurredAt && a.gross == b.gross && a.settled == b.settled &&
		a.fee == b.fee && a.coupon == b.coupon && a.rate == b.rate &&
		bytes.Equal(a.account, b.account) && bytes.Equal(a.subAccount, b.subAccount) &&
		bytes.Equal(a.txnID, b.txnID) && bytes.Equal(a.orderNo, b.orderNo) &&
		bytes.Equal(a.refundID, b.refundID) && bytes.Equal(a.refundNo, b.refundNo) &&
		bytes.Equal(a.tradeType, b.tradeType) && bytes.Equal(a.state, b.state) &&
		bytes.Equal(a.refundState, b.refundState)
}
