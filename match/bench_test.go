package match_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"reconcile/match"
)

// BenchmarkBucket matches 100,000 lines and as many order events; one in a hundred
// is a refund.
func BenchmarkBucket(b *testing.B) {
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
	s := read(rows.String())
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		out, err := match.Bucket(context.Background(), &s.rules, &s.lines, &s.events, nil)
		if err != nil {
			b.Fatal(err)
		}
		if out.Matches.Len() != s.lines.Len() || out.Breaks.Len() > 0 {
			b.Fatalf("%d matches of %d lines, %d breaks", out.Matches.Len(), s.lines.Len(), out.Breaks.Len())
		}
	}
	b.ReportMetric(float64(s.lines.Len()+s.events.Len())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
