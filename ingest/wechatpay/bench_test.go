package wechatpay

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// largeBill is an ALL bill with true totals: every fourth row a refund.
func largeBill(rows int) []byte {
	b := newBill(currentALL)
	for i := range rows {
		txn := fmt.Sprintf("42000024%02d20240912%010d", i%89, 1000000000+i)
		order := fmt.Sprintf("S20240912%010d", i)
		if i%4 == 3 {
			b.add(refundRow("微信订单号", txn, "商户订单号", order, "微信退款单号", fmt.Sprintf("503024%022d", i),
				"商户退款单号", "R"+order))
			continue
		}
		b.add(paymentRow("微信订单号", txn, "商户订单号", order,
			"交易时间", fmt.Sprintf("2024-09-12 %02d:%02d:%02d", i%24, i%60, i%59)))
	}
	return []byte(b.text())
}

func BenchmarkRead(b *testing.B) {
	data := largeBill(40_000)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				in := delimited.Input{File: "bill.csv", Stream: bytes.NewReader(data), Workers: workers, Day: settlement.NoDay}
				if _, err := Read(context.Background(), in, func(arrow.Record) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRow is one row without the reader: the worker's own cost.
func BenchmarkRow(b *testing.B) {
	data := largeBill(2000)
	lines := bytes.SplitAfter(data, []byte{'\n'})
	block := bytes.Join(lines[1:2001], nil)
	found, faults := readHeader(bytes.TrimRight(lines[0], "\r\n"))
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	w := newWorker(&bill{layout: found, file: file{problems: new(delimited.Problems), expected: expectedDay{day: settlement.NoDay}}},
		func(arrow.Record) error { return nil })
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.parse(&delimited.Block{Data: block}); err != nil {
			b.Fatal(err)
		}
	}
}
