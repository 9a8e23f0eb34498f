package alipay

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// FuzzRead: arbitrary bytes never panic, and what is accepted ties and was emitted
// whole, with valid text.
func FuzzRead(f *testing.F) {
	free := twoRows()
	free[0].with("商品名称", "茶,壶", "备注", "a,b")
	for _, b := range []testBill{
		{rows: twoRows()}, {}, {rows: free}, {rows: twoRows(), header: bankHeader}, {rows: twoRows(), header: shuffled()},
		{rows: twoRows(), payments: "#交易合计：2笔，商家实收共1e2元，商家优惠共0.00元"},
	} {
		f.Add(gb(b.text()))
		f.Add([]byte("\ufeff" + b.text()))
	}
	f.Add([]byte(summaryText(summaryTotal)))
	f.Add([]byte(personal))
	f.Fuzz(func(t *testing.T, content []byte) {
		Recognise(content)
		Foreign(content)
		summaryOf(content)
		var rows atomic.Int64
		in := delimited.Input{File: "f", Stream: strings.NewReader(string(content)), Workers: 2, Day: settlement.NoDay}
		st, err := Read(context.Background(), in, func(record arrow.Record) error {
			rows.Add(record.NumRows())
			return settlement.View(record, &settlement.Lines{})
		})
		if err != nil {
			return
		}
		var settled int64
		for _, sum := range st.KindSums {
			settled += int64(sum.Settled)
		}
		if rows.Load() != st.Rows || len(st.Totals) != 6 || !allTie(st.Totals) || st.Totals[0].Stated+st.Totals[3].Stated != st.Rows ||
			st.Totals[1].Stated+st.Totals[4].Stated != settled || st.Account == "" || st.Until <= st.From {
			t.Fatalf("accepted %d rows with %+v", rows.Load(), st)
		}
	})
}

// BenchmarkRead is the whole way from bytes to batches, on one worker.
func BenchmarkRead(b *testing.B) {
	content := gb(manyRows(40_000).text())
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		in := delimited.Input{File: "b", Stream: strings.NewReader(string(content)), Workers: 1, Day: settlement.NoDay}
		if _, err := Read(context.Background(), in, func(arrow.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParse is the parsing alone, without reading, cutting and hashing.
func BenchmarkParse(b *testing.B) {
	rows := manyRows(40_000)
	var content []byte
	for _, row := range rows.rows {
		content = append(append(content, gb(row.text(usualHeader))...), '\n')
	}
	in := delimited.Input{File: "b", Day: settlement.NoDay}
	head, _ := parseHeader(in, 5, usualHeader)
	day, _ := settlement.CivilDay(2024, 9, 12)
	w := &worker{in: in, gb18030: true, header: head, account: []byte("2088000011112222"), from: day, until: day + 1,
		types: typeWords{gb("交易"), gb("退款")}, problems: &delimited.Problems{}}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		settlement.Reset(&w.lines)
		w.parse(&delimited.Block{Data: content})
	}
	if w.lines.Len() != 40_000 {
		b.Fatalf("%d lines: %v", w.lines.Len(), w.problems.Refusal("b"))
	}
}
