package output

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/xitongsys/parquet-go/encoding"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

func TestTextsAreReadByTheOtherImplementation(t *testing.T) {
	piece := rapid.SampledFrom([]string{"", "a", "ab", "0123456789", "金", "金额", "釐", "é", "R20240912", "\x00", "longer than sixteen bytes"})
	rapid.Check(t, func(t *rapid.T) {
		column := partColumn{TableColumn: settlement.TableColumn{Type: settlement.TypeText, Nullable: rapid.Bool().Draw(t, "nullable")}, sorted: true}
		texts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return piece.Draw(t, "1") + piece.Draw(t, "2") + piece.Draw(t, "3")
		}), 1, 300).Draw(t, "texts")
		if rapid.Bool().Draw(t, "sorted") {
			slices.Sort(texts)
		}
		rows := columnRows{offsets: []int32{0}}
		var want []string
		for _, text := range texts {
			rows.data = append(rows.data, text...)
			rows.offsets = append(rows.offsets, int32(len(rows.data)))
			if text != "" || !column.Nullable {
				want = append(want, text)
			}
		}
		var e encoder
		var stats chunkStats
		nulls, err := e.texts(&column, rows, &stats)
		if err != nil || nulls != len(texts)-len(want) {
			t.Fatalf("%d nulls of %d: %v", nulls, len(texts)-len(want), err)
		}
		if len(want) == 0 {
			return
		}
		got, err := encoding.ReadDeltaByteArray(bytes.NewReader(append(e.lead, e.body...)))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d texts of %d: %v", len(got), len(want), err)
		}
		for i, text := range want {
			if got[i].(string) != text {
				t.Fatalf("text %d is %q instead of %q", i, got[i], text)
			}
		}
		if string(stats.minText) != slices.Min(want) || string(stats.maxText) != slices.Max(want) {
			t.Fatalf("from %q to %q instead of %q to %q", stats.minText, stats.maxText, slices.Min(want), slices.Max(want))
		}
	})
}

func TestSharedPrefix(t *testing.T) {
	for n := range 20 {
		for m := range 20 {
			for at := range 20 {
				a, b := bytes.Repeat([]byte{7}, n), bytes.Repeat([]byte{7}, m)
				want := min(n, m)
				if at < want {
					b[at], want = 8, at
				}
				if got := sharedPrefix(a, b); got != want {
					t.Errorf("%v and %v share %d instead of %d", a, b, got, want)
				}
				if got := bytesBelow(a, b, want); got != (bytes.Compare(a, b) < 0) {
					t.Errorf("%v below %v: %v", a, b, got)
				}
			}
		}
	}
}

func FuzzSharedPrefix(f *testing.F) {
	f.Add([]byte("S202409120334777772410"), []byte("S202409120334857490166"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		want := 0
		for want < min(len(a), len(b)) && a[want] == b[want] {
			want++
		}
		if got := sharedPrefix(a, b); got != want {
			t.Errorf("%d instead of %d", got, want)
		}
	})
}

// Several pages and row groups of texts that share beginnings, in the midst of a
// character too, some empty and some null.
func TestTextsOfManyPages(t *testing.T) {
	table := tableNamed(t, "breaks")
	b := new(settlement.Breaks)
	invent(table, b, 2*MaxRowGroup+pageRows+3, 9)
	b.OrderNo, b.RefundNo, b.Reason = settlement.Text{}, settlement.Text{}, settlement.Text{}
	for i := range b.Len() {
		b.OrderNo.AppendString(pick(i%pageRows < 2, "", fmt.Sprintf("SO%09d%s", i, pick(i%5 == 0, "旗", "旘"))))
		b.RefundNo.AppendString(pick(i/pageRows%2 == 0, "", fmt.Sprintf("%d", i*i%1000)))
		b.Reason.AppendString([]string{"", "金额不符", "金额不等", "銀", "a"}[i%7%5]) // never null
	}
	info := writePart(t, table, b, b.Len())
	if rows, err := CompareAll(info.Path, table); err != nil || rows != int64(b.Len()) {
		t.Errorf("compared %d rows: %v", rows, err)
	}
	checkAgainstBatch(t, info.Path, table, b)
}
