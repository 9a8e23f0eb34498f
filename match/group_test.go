package match

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

// numbers are such as agree in their first 16 bytes, or in all but their length.
var numbers = rapid.SampledFrom([]string{"", "1", "1\x00", "2", "2024091210000001", "2024091210000001\x00",
	"20240912100000010", "20240912100000011", "20240912100000012", "2024091210000002"})

// drawRows draws rows of which only what groups them is filled. Hashes collide.
func drawRows(t *rapid.T) (*settlement.Lines, *settlement.Events) {
	lines, events := &settlement.Lines{}, &settlement.Events{}
	bits := rapid.SampledFrom([]uint64{0, 1, 1 << 40, 3 << 31, ^uint64(0)}).Draw(t, "bits of the hash")
	for i := range rapid.IntRange(0, 20).Draw(t, "lines") {
		lines.ID = append(lines.ID, settlement.ID{})
		lines.OrderNo.AppendString(numbers.Draw(t, "order"))
		lines.ProviderTxnID.AppendString(numbers.Draw(t, "provider"))
		lines.Key = append(lines.Key, bits&settlement.PaymentKey(lines.OrderNo.At(i), lines.ProviderTxnID.At(i)))
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "events") {
		events.Kind = append(events.Kind, settlement.Payment)
		events.OrderNo.AppendString(numbers.Draw(t, "order"))
		events.PaymentNo.AppendString(numbers.Draw(t, "payment"))
		events.ProviderTxnID.AppendString(numbers.Draw(t, "provider"))
		events.Key = append(events.Key, bits&settlement.EventKey(events.PaymentNo.At(i), events.OrderNo.At(i), events.ProviderTxnID.At(i)))
	}
	return lines, events
}

func TestGroupsAreTheRowsOfOneNumberEach(t *testing.T) {
	var g groups // its memory must have no bearing
	rapid.Check(t, func(t *rapid.T) {
		lines, events := drawRows(t)
		want := map[string][2][]int32{}
		for i := range int32(lines.Len()) {
			rows := want[string(lineKey(lines, i))]
			rows[0] = append(rows[0], i)
			want[string(lineKey(lines, i))] = rows
		}
		for i := range int32(events.Len()) {
			rows := want[string(eventKey(events, i))]
			rows[1] = append(rows[1], i)
			want[string(eventKey(events, i))] = rows
		}
		got := map[string][2][]int32{}
		g.build(lines, events)
		for _, head := range g.heads {
			lineRows, eventRows := g.appendRows(nil, nil, head)
			line, event, ok := g.pair(head)
			if one := len(lineRows) == 1 && len(eventRows) == 1; one != ok || one && (line != lineRows[0] || event != eventRows[0]) {
				t.Fatalf("lines %d and events %d are a pair: %v", lineRows, eventRows, ok)
			}
			slices.Sort(lineRows)
			slices.Sort(eventRows)
			number := string(g.number(&head))
			if _, twice := got[number]; twice {
				t.Fatalf("two groups of %q", number)
			}
			got[number] = [2][]int32{lineRows, eventRows}
		}
		if diff := gocmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func TestKeysAreSortedHoweverTheyCome(t *testing.T) {
	var sorter keySorter
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(numbers).Draw(t, "numbers")
		if rapid.Bool().Draw(t, "many?") {
			format := rapid.SampledFrom([]string{"%d", "20240912%08d", "POS%025d", "%x\x00", "2024091200000000%d"}).Draw(t, "format")
			for i, n := range rapid.SliceOfN(rapid.IntRange(0, 1000), 0, 200).Draw(t, "more") {
				if i%3 == 0 {
					texts = append(texts, fmt.Sprintf("S%d", n))
				}
				texts = append(texts, fmt.Sprintf(format, n))
			}
		}
		if rapid.Bool().Draw(t, "in order?") {
			slices.Sort(texts)
			for range min(len(texts), rapid.IntRange(0, 2).Draw(t, "out of order")) {
				texts[rapid.IntRange(0, len(texts)-1).Draw(t, "row")] = numbers.Draw(t, "number")
			}
		}
		compare := func(x, y int32) int { return cmp.Or(cmp.Compare(texts[x], texts[y]), cmp.Compare(x, y)) }
		var keys []sortKey
		var want []int32
		for i := range texts {
			keys, want = append(keys, keyOf([]byte(texts[i]), int32(i))), append(want, int32(i))
		}
		sorter.sort(keys, compare)
		slices.SortFunc(want, compare)
		for i := range keys {
			if keys[i].row != want[i] {
				t.Fatalf("row %d stands at %d instead of %d", keys[i].row, i, want[i])
			}
		}
	})
}

func BenchmarkSort(b *testing.B) {
	const n = 80_000
	for _, format := range []string{"2203%015d", "20240912%012d", "%x", "mixed"} {
		b.Run(format, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			texts, keys, work := make([][]byte, n), make([]sortKey, n), make([]sortKey, n)
			for i := range texts {
				of := format
				if format == "mixed" {
					of = [...]string{"220%016d", "220%016d", "S20240912%013d", "POS240912%013d"}[random.IntN(4)]
				}
				texts[i] = fmt.Appendf(nil, of, random.Int64N(1e12))
				keys[i] = keyOf(texts[i], int32(i))
			}
			var sorter keySorter
			b.ReportAllocs()
			for b.Loop() {
				copy(work, keys)
				sorter.sort(work, func(x, y int32) int { return bytes.Compare(texts[x], texts[y]) })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/key")
		})
	}
}
