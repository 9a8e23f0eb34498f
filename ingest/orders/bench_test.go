package orders

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// ordersOf writes a plain orders file of n rows.
func ordersOf(n int, format string) []byte {
	var b bytes.Buffer
	b.WriteString("order_no,wallet,amount,paid_at,status,shop,platform\n")
	for i := range n {
		fmt.Fprintf(&b, format, 270186059120000000+int64(i)*7, []string{"alipay", "wechat"}[i%2], i%9000, i%100, i/3600%24, i/60%60, i%60, i%17)
	}
	return b.Bytes()
}

func benchmark(b *testing.B, content []byte) {
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		in := delimited.Input{File: "orders.csv", Stream: bytes.NewReader(content), Workers: 1, Day: settlement.NoDay}
		st, err := Read(context.Background(), in, "", Mapping{}, func(arrow.Record) error { return nil })
		if err != nil || st.Rows != 200_000 {
			b.Fatal(st, err)
		}
	}
}

// BenchmarkParse is a worker's own cost: a block without the reader.
func BenchmarkParse(b *testing.B) {
	for _, of := range []struct{ name, format string }{
		{"plain", "%d,%s,%d.%02d,2024-09-12 %02d:%02d:%02d,paid,店铺%02d,taobao\n"},
		{"a quote in some rows", "%d,%s,%d.%02d,2024-09-12 %02d:%02d:%02d,paid,店铺%02d,taobao\n"},
		{"quoted", `"%d","%s","%d.%02d","2024-09-12 %02d:%02d:%02d","paid","店铺%02d","taobao"` + "\n"},
	} {
		b.Run(of.name, func(b *testing.B) {
			content := ordersOf(10_000, of.format)
			if of.name == "a quote in some rows" {
				content = bytes.ReplaceAll(content, []byte("店铺07"), []byte(`"晴禾,""优选"""`))
			}
			r := &reading{in: delimited.Input{Workers: 1, Day: settlement.NoDay}, emit: func(arrow.Record) error { return nil }}
			if err := r.header(delimited.NewReader(delimited.Input{Stream: bytes.NewReader(content)}), &settlement.Statement{}); err != nil {
				b.Fatal(err)
			}
			w, block := newWorker(r), content[bytes.IndexByte(content, '\n')+1:]
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			for b.Loop() {
				r.seam = newSeam(1)
				if err := w.block(&delimited.Block{Data: block}); err != nil {
					b.Fatal(err)
				}
			}
			if w.events.Len() != 10_000 {
				b.Fatalf("%d events: %v", w.events.Len(), r.problems.Refusal("b"))
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		benchmark(b, ordersOf(200_000, "%d,%s,%d.%02d,2024-09-12 %02d:%02d:%02d,paid,shop-%02d,taobao\n"))
	})
	b.Run("quoted", func(b *testing.B) {
		benchmark(b, ordersOf(200_000, `"%d","%s","%d.%02d","2024-09-12 %02d:%02d:%02d","paid","shop-%02d","taobao"`+"\n"))
	})
	b.Run("iso times", func(b *testing.B) {
		benchmark(b, ordersOf(200_000, "%d,%s,%d.%02d,2024-09-12T%02d:%02d:%02d+08:00,paid,shop-%02d,taobao\n"))
	})
}
