package match_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/match"
	"reconcile/settlement"
)

// What the suspects leave is what all rows leave, of the files that are accepted.
func TestSuspectsLeaveAllThatIsLeft(t *testing.T) {
	memory := match.NewMemory(1)
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 3 }))
		refused := rapid.Int32Range(-1, 2).Draw(t, "refused file")
		accepted := func(file int32) bool { return file != refused }
		rows := func(files []int32) (rows []int32) {
			for i, file := range files {
				if accepted(file) {
					rows = append(rows, int32(i))
				}
			}
			return rows
		}
		left := func(lineRows, eventRows []int32) (*match.Leftovers, error) {
			var lines settlement.Lines
			var events settlement.Events
			settlement.AppendRows(&lines, &s.lines, lineRows)
			settlement.AppendRows(&events, &s.events, eventRows)
			return match.LeftOfAllGroups(context.Background(), &s.rules, &lines, &events)
		}
		want, wantErr := left(rows(s.lines.File), rows(s.events.File))
		lineRows, eventRows := match.Suspects(&s.rules, memory, piecesOf(t, &s.lines), piecesOf(t, &s.events), accepted)
		if !slices.IsSorted(lineRows) || !slices.IsSorted(eventRows) {
			t.Fatal("rows are not ascending")
		}
		got, err := left(lineRows, eventRows)
		var conflict, wantConflict *settlement.ConflictError
		if errors.As(err, &conflict) != errors.As(wantErr, &wantConflict) {
			t.Fatalf("returned %v instead of %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(rowTexts("line", want.Lines), rowTexts("line", got.Lines)); diff != "" {
			t.Fatalf("lines (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(rowTexts("event", want.Events), rowTexts("event", got.Events)); diff != "" {
			t.Fatalf("events (-want +got)\n%s", diff)
		}
	})
}

// piecesOf is the rows of a batch as they wait in an exchange: some packed, others as
// they come back from a disk.
func piecesOf(t *rapid.T, b settlement.Batch) []settlement.Piece {
	cut := rapid.IntRange(0, b.Len()).Draw(t, "cut")
	rows := make([]int32, cut)
	for i := range rows {
		rows[i] = int32(i)
	}
	return []settlement.Piece{
		{Rows: settlement.Pack(b.Columns(), rows), Until: cut},
		{Rows: settlement.PackedOver(b), From: cut, Until: b.Len()},
	}
}

// Groups that are settled at a glance are not looked at again: those that a day is
// made of, refunds and shares included.
func TestSettledGroupsAreNoSuspects(t *testing.T) {
	for name, c := range map[string]struct {
		rows     string
		suspects bool
	}{
		"a payment":                   {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 txn=W1", false},
		"a payment of another amount": {"line wechat a1 payment O1 11.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 txn=W1", false},
		"a payment in another wallet": {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nevent O1 alipay 10.00 paid @10:00", true},
		"a payment and its refunds": {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nline wechat a1 refund O1 -3.00 @11:00 txn=W1 refund=R1 refundid=1 status=success\n" +
			"line wechat a1 refund O1 -7.00 @11:00 txn=W1 refund=R2 refundid=2 status=success\nevent O1 wechat 10.00 refunded @10:00 txn=W1\n" +
			"refund O1 R2 wechat -7.00 success @11:00\nrefund O1 R1 wechat -3.00 success @11:00", false},
		"a refund of another amount":             {"line wechat a1 refund O1 -3.00 @11:00 txn=W1 refund=R1 refundid=1 status=success\nrefund O1 R1 wechat -4.00 success @11:00", true},
		"a refund that moved no money":           {"line wechat a1 refund O1 -3.00 @11:00 txn=W1 refund=R1 refundid=1 status=failed\nrefund O1 R1 wechat -3.00 success @11:00", true},
		"a refund without a line":                {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 txn=W1\nrefund O1 R1 wechat -4.00 success @11:00", true},
		"an order whose refund is not listed":    {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nevent O1 wechat 10.00 refunded @10:00 txn=W1", true},
		"shares of a payment":                    {"line wechat a1 payment P1 30.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 pay=P1\nevent O2 wechat 20.00 paid @10:00 pay=P1", false},
		"shares of two accounts":                 {"line wechat a1 payment P1 30.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 pay=P1 account=a1\nevent O2 wechat 20.00 paid @10:00 pay=P1", true},
		"a copy of a line":                       {"line wechat a1 payment O1 10.00 @10:00 txn=W1\nline wechat a1 payment O1 10.00 @10:00 txn=W1\nevent O1 wechat 10.00 paid @10:00 txn=W1", true},
		"an order that can be claimed elsewhere": {"event O1 wechat 10.00 paid @10:00 txn=W1", true},
		"an order that nothing can claim":        {"event O1 wechat 10.00 paid @10:00", false},
		"a line alone":                           {"line wechat a1 payment O1 10.00 @10:00 txn=W1", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := read(allRules + c.rows)
			all := func(b settlement.Batch) []settlement.Piece {
				return []settlement.Piece{{Rows: settlement.PackedOver(b), Until: b.Len()}}
			}
			lines, events := match.Suspects(&s.rules, nil, all(&s.lines), all(&s.events), func(int32) bool { return true })
			want := 0
			if c.suspects {
				want = s.lines.Len() + s.events.Len()
			}
			if len(lines)+len(events) != want {
				t.Errorf("%d lines and %d events of %d rows are suspects, not %d", len(lines), len(events), s.lines.Len()+s.events.Len(), want)
			}
		})
	}
}
