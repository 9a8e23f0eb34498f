package match_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"reconcile/match"
	"reconcile/settlement"
)

// manyPayments are 100,000 lines and as many order events; one in a hundred is a
// refund.
func manyPayments() *scene {
	const payments = 99_000
	var rows strings.Builder
	for i := range payments {
		clock := fmt.Sprintf("@%02d:%02d:%02d", 1+i/3600%22, i/60%60, i%60)
		fmt.Fprintf(&rows, "line wechat a1 payment 2024091210%016d 1%d.00 %s txn=4200002024091200%012d fee=-0.60\n", i*7919, i%1000, clock, i)
		fmt.Fprintf(&rows, "event 2024091210%016d wechat 1%d.00 paid %s shop=flagship platform=jd\n", i*7919, i%1000, clock)
		if i < payments/99 {
			fmt.Fprintf(&rows, "line wechat a1 refund 2024091210%016d -1.00 @23:00 txn=4200002024091200%012d refund=R%016d\n", i*7919, i, i)
			fmt.Fprintf(&rows, "refund 2024091210%016d R%016d - -1.00 success @23:00\n", i*7919, i)
		}
	}
	return read(rows.String())
}

// shuffled returns n rows in another order.
func shuffled(n int) []int32 {
	rows := make([]int32, n)
	for i, row := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		rows[i] = int32(row)
	}
	return rows
}

// inOrder returns the rows of a scene in the order of the tables.
func inOrder(s *scene) (lines, events []int32) {
	lines, events = shuffled(s.lines.Len()), shuffled(s.events.Len())
	slices.SortFunc(lines, func(x, y int32) int { return compareLines(&s.lines, int(x), &s.lines, int(y)) })
	slices.SortFunc(events, func(x, y int32) int { return compareEvents(&s.events, int(x), &s.events, int(y)) })
	return lines, events
}

// BenchmarkBucket matches rows that come in the order of the tables, as they are
// loaded, and in any other.
func BenchmarkBucket(b *testing.B) {
	s, memory := manyPayments(), match.NewMemory(1)
	lines, events := inOrder(s)
	for _, c := range []struct {
		name          string
		lines, events []int32
	}{{"ordered", lines, events}, {"shuffled", shuffled(len(lines)), shuffled(len(events))}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				lines, events := memory.Lines.Take(), memory.Events.Take()
				settlement.AppendRows(lines, &s.lines, c.lines)
				settlement.AppendRows(events, &s.events, c.events)
				b.StartTimer()
				out, err := match.Bucket(context.Background(), &s.rules, memory, lines, events, nil)
				if err != nil {
					b.Fatal(err)
				}
				if out.Matches.Len() != s.lines.Len() || out.Breaks.Len() > 0 {
					b.Fatalf("%d matches of %d lines, %d breaks", out.Matches.Len(), s.lines.Len(), out.Breaks.Len())
				}
				out.Release()
			}
			b.ReportMetric(float64(len(c.lines)+len(c.events))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkLeft looks for what pass 3 gets.
func BenchmarkLeft(b *testing.B) {
	s, memory := manyPayments(), match.NewMemory(1)
	lineRows, eventRows := inOrder(s)
	var lines settlement.Lines
	var events settlement.Events
	settlement.AppendRows(&lines, &s.lines, lineRows)
	settlement.AppendRows(&events, &s.events, eventRows)
	b.ReportAllocs()
	for b.Loop() {
		out, err := match.Left(context.Background(), &s.rules, memory, &lines, &events)
		if err != nil {
			b.Fatal(err)
		}
		if out.Lines.Len() > 0 {
			b.Fatalf("%d lines are left", out.Lines.Len())
		}
	}
	b.ReportMetric(float64(len(lineRows)+len(eventRows))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
