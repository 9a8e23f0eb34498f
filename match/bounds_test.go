package match_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"reconcile/match"
	"reconcile/settlement"
)

func TestEqualHashesDoNotMergeDifferentNumbers(t *testing.T) {
	s := read(`
		line wechat a1 payment O1 100.00 @10:00 txn=W1
		line wechat a1 payment O2 100.00 @10:00 txn=W2
		line wechat a1 payment - 100.00 @10:00 txn=W3
		event O2 wechat 100.00 paid @10:00
		event O1 wechat 100.00 paid @10:00
		event O3 wechat 100.00 paid @10:00
		event O4 wechat 100.00 paid @10:00 pay=O9`)
	for i := range s.lines.Key {
		s.lines.Key[i] = 7
	}
	for i := range s.events.Key {
		s.events.Key[i] = 7
	}
	out, err := match.Bucket(context.Background(), &s.rules, nil, &s.lines, &s.events, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Matches.Len(); n != 2 {
		t.Fatalf("%d matches instead of those of O1 and O2", n)
	}
	for i := range out.Matches.Len() {
		want := map[string]string{"O1": "W1", "O2": "W2"}[out.Matches.OrderNo.StringAt(i)]
		if got := s.names[out.Matches.LineID[i]]; got != want {
			t.Errorf("order %s was claimed by line %s instead of %s", out.Matches.OrderNo.At(i), got, want)
		}
	}
}

// many returns rows that all share one number.
func many(lines, events, refunds int, event func(i int) string) *scene {
	var rows strings.Builder
	for i := range lines {
		fmt.Fprintf(&rows, "line wechat a1 payment P1 1.%02d @10:%02d:%02d txn=W%d\n", i%100, i/60%60, i%60, i)
	}
	for i := range refunds {
		fmt.Fprintf(&rows, "line wechat a1 refund P1 -1.%02d @11:%02d:%02d txn=W%d refund=R%d\n", i%100, i/60%60, i%60, i, i)
		fmt.Fprintf(&rows, "refund O%d R%d - -1.%02d success @11:%02d:%02d pay=P1\n", i, i+refunds/2, i%100, i/60%60, i%60)
	}
	for i := range events {
		rows.WriteString(event(i) + "\n")
	}
	return read(rows.String())
}

// The bound on time is generous: what it rules out takes minutes to hours.
const bounded = 30 * time.Second

func TestManyRowsUnderOneNumberTakeBoundedTime(t *testing.T) {
	paid := func(i int) string {
		return fmt.Sprintf("event O%d wechat 2.%02d refunded @10:00:00 txn=V%d pay=P1", i, i%100, i)
	}
	for _, c := range []struct {
		name                   string
		lines, events, refunds int
		ambiguous              bool
	}{
		{"lines alone", 60_000, 0, 0, false},
		{"many lines of one order", 60_000, 1, 0, false},
		{"one payment of many orders", 1, 900, 0, false},
		{"more than can be paired", 60_000, 60_000, 0, true},
		{"more refunds than can be paired", 0, 30_000, 30_000, true},
		{"almost more than can be paired", 900, 900, 0, false},
		{"almost more refunds than can be paired", 300, 300, 300, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := many(c.lines, c.events, c.refunds, paid)
			begun := time.Now()
			all := mustReconcile(t, s, 0)
			if took := time.Since(begun); took > bounded {
				t.Errorf("took %s", took)
			}
			conserved(t, s, all)
			out := all.outcomes[0]
			for i := range out.Breaks.Len() {
				reason := out.Breaks.Reason.StringAt(i)
				if told := strings.Contains(reason, "cannot be told"); told != c.ambiguous {
					t.Fatalf("a break of %d lines and %d events says: %s", c.lines+c.refunds, c.events+c.refunds, reason)
				}
			}
			if c.ambiguous && (out.Matches.Len() > 0 || out.Breaks.Len() == 0) {
				t.Errorf("%d matches and %d breaks where nothing can be told apart", out.Matches.Len(), out.Breaks.Len())
			}
		})
	}
}

// Refund numbers are the merchant's and may begin anew with every order.
func TestResidueOfOneRefundNumberTakesBoundedTime(t *testing.T) {
	const n = 30_000
	var rows strings.Builder
	rows.WriteString("rules pass3\n")
	for i := range n {
		fmt.Fprintf(&rows, "line wechat a1 refund P%d -1.00 @11:00 txn=W%d refund=1\n", i, i)
		fmt.Fprintf(&rows, "refund O%d 1 - -1.00 success @11:00 txn=W%d\n", i, i)
	}
	s := read(rows.String())
	begun := time.Now()
	all := mustReconcile(t, s, 0)
	if took := time.Since(begun); took > bounded {
		t.Errorf("took %s", took)
	}
	conserved(t, s, all)
	for _, state := range all.outcomes[0].Lines.MatchState {
		if state != settlement.Matched {
			t.Fatalf("a line is %s", state)
		}
	}
}

func TestBucketStopsWhenItIsCancelled(t *testing.T) {
	s := read("line wechat a1 payment O1 100.00 @10:00 txn=W1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := match.Bucket(ctx, &s.rules, nil, &s.lines, &s.events, nil); err != context.Canceled {
		t.Errorf("returned %v", err)
	}
}
