package settlement_test

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// drawnLines is a batch whose columns agree, differ a little or differ in every row.
func drawnLines(t *rapid.T, rows int) *settlement.Lines {
	texts := rapid.SampledFrom([][]string{{""}, {"same"}, {"", "x"}, {"a", "b"}, {"one", "two", "a longer one", "账"}})
	numbers := rapid.SampledFrom([]int64{1, 2, 1 << 40})
	l := &settlement.Lines{}
	all := []*settlement.Text{&l.Account, &l.SubAccount, &l.OrderNo, &l.OrderNoRaw, &l.RefundNo, &l.ProviderTxnID, &l.ProviderRefundID, &l.RawType}
	words := make([][]string, len(all))
	for i := range all {
		words[i] = texts.Draw(t, "texts")
	}
	of, seed := numbers.Draw(t, "numbers"), rapid.Int64Range(0, 1000).Draw(t, "seed")
	for i := range rows {
		n := (seed + int64(i)*7919) % of
		l.ID = append(l.ID, settlement.ID{Hi: uint64(n), Lo: uint64(n * n)})
		l.Wallet = append(l.Wallet, settlement.Alipay)
		l.Kind = append(l.Kind, settlement.Kind(1+n%2))
		for k, text := range all {
			text.AppendString(words[k][int(n)%len(words[k])])
		}
		l.OccurredAt = append(l.OccurredAt, settlement.Instant(n))
		l.TimeBasis = append(l.TimeBasis, settlement.BasisSuccess)
		l.SettledOn = append(l.SettledOn, settlement.NoDay)
		for _, money := range []*[]settlement.Amount{&l.Gross, &l.Settled, &l.Fee, &l.Net, &l.Coupon} {
			*money = append(*money, settlement.Amount(n))
		}
		l.FeeRate = append(l.FeeRate, settlement.NoRate)
		l.Currency = append(l.Currency, settlement.CNY)
		l.MatchState = append(l.MatchState, settlement.NoState)
		l.File = append(l.File, int32(n))
		l.Line = append(l.Line, int64(i))
		l.Status = append(l.Status, settlement.Success)
		l.Key = append(l.Key, uint64(n))
	}
	return l
}

// printed is the rows of a batch as text, column by column.
func printed(b settlement.Batch) string {
	var out bytes.Buffer
	rec := settlement.Record(b)
	for i := range int(rec.NumCols()) {
		fmt.Fprintln(&out, rec.ColumnName(i), rec.Column(i))
	}
	return out.String()
}

// What comes out of packed rows is what AppendRows, which packs nothing, gives.
func TestPackedRowsAreTheRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := drawnLines(t, rapid.IntRange(1, 40).Draw(t, "rows"))
		rows := rapid.SliceOf(rapid.Int32Range(0, int32(lines.Len()-1))).Draw(t, "packed")
		packed := settlement.Pack(lines.Columns(), rows)
		if packed.Len() != len(rows) {
			t.Fatalf("%d rows of %d", packed.Len(), len(rows))
		}
		got, want := &settlement.Lines{}, &settlement.Lines{}
		var room settlement.Room
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(rows)), 2, 2).Draw(t, "cut")
		from, until := min(cuts[0], cuts[1]), max(cuts[0], cuts[1])
		for _, piece := range [][2]int{{from, until}, {0, len(rows)}, {until, until}} {
			room.AddPacked(packed, piece[0], piece[1])
			settlement.AppendPieces(got.Columns(), []settlement.Piece{{Rows: packed, From: piece[0], Until: piece[1]}})
			settlement.AppendRows(want, lines, rows[piece[0]:piece[1]])
		}
		if g, w := printed(got), printed(want); g != w {
			t.Fatalf("got\n%s\nwant\n%s", g, w)
		}
		some := []int32{}
		pieces := []settlement.Piece{{Rows: packed, From: from, Until: until}, {Rows: settlement.PackedOver(lines), Until: lines.Len()}, {Rows: packed, Until: len(rows)}}
		all := &settlement.Lines{}
		settlement.AppendPieces(all.Columns(), pieces)
		for i := range all.Len() {
			if i%3 != 1 {
				some = append(some, int32(i))
			}
		}
		few, ordered, chosen := &settlement.Lines{}, &settlement.Lines{}, &settlement.Lines{}
		settlement.AppendRows(chosen, all, some)
		settlement.AppendFewRows(few.Columns(), pieces, some)
		settlement.AppendPieceRows(ordered.Columns(), (&settlement.Lines{}).Columns(), pieces, some)
		if printed(few) != printed(chosen) || printed(ordered) != printed(chosen) {
			t.Fatalf("few\n%s\nordered\n%s\nwant\n%s", printed(few), printed(ordered), printed(chosen))
		}
		made := &settlement.Lines{}
		room.Make(made)
		if cap(made.OrderNo.Data) < len(want.OrderNo.Data) || cap(made.ID) < want.Len() {
			t.Fatalf("room for %d bytes and %d rows, %d and %d are needed", cap(made.OrderNo.Data), cap(made.ID), len(want.OrderNo.Data), want.Len())
		}
		if packed.Bytes() > settlement.Bytes(want)+64 {
			t.Fatalf("%d bytes packed, %d not", packed.Bytes(), settlement.Bytes(want))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	lines := &settlement.Lines{}
	for i := range 5000 {
		row := rowOf(i)
		settlement.AppendAll(lines, row)
	}
	order := make([]int32, lines.Len())
	for i := range order {
		order[i] = int32(i * 7919 % len(order))
	}
	columns := lines.Columns()
	b.SetBytes(settlement.Bytes(lines))
	b.ReportAllocs()
	for b.Loop() {
		settlement.Pack(columns, order)
	}
}

// rowOf is a line as a bill has it: half of its columns agree with all others.
func rowOf(i int) *settlement.Lines {
	l := &settlement.Lines{
		ID: []settlement.ID{{Hi: uint64(i) * 0x9e3779b97f4a7c15, Lo: uint64(i)}}, Wallet: []settlement.Wallet{settlement.Alipay}, Kind: []settlement.Kind{settlement.Payment},
		OccurredAt: []settlement.Instant{settlement.Instant(i) * 17}, TimeBasis: []settlement.TimeBasis{settlement.BasisSuccess}, SettledOn: []settlement.Day{19000},
		Gross: []settlement.Amount{settlement.Amount(i)}, Settled: []settlement.Amount{settlement.Amount(i)}, Fee: []settlement.Amount{-1}, Net: []settlement.Amount{settlement.Amount(i - 1)},
		FeeRate: []settlement.Rate{6000}, Currency: []settlement.Currency{settlement.CNY}, MatchState: []settlement.MatchState{0}, File: []int32{0}, Line: []int64{int64(i)},
		Status: []settlement.Status{settlement.Success}, Coupon: []settlement.Amount{0}, Key: []uint64{uint64(i) * 0x9e3779b97f4a7c15},
	}
	l.OrderNo.AppendString(fmt.Sprintf("S20240912%012d", i))
	l.ProviderTxnID.AppendString(fmt.Sprintf("2024091222001%015d", i))
	for _, same := range []*settlement.Text{&l.Account, &l.SubAccount, &l.OrderNoRaw, &l.RefundNo, &l.ProviderRefundID, &l.RawType} {
		same.AppendString("")
	}
	return l
}
