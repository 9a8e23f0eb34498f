package pipeline_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// recall is how a run answered for one kind of break. A break counts as found
// when kind, order, refund and both amounts are those of the answer key.
type recall struct{ planted, reported, right int }

func (r recall) perfect() bool { return r.right == r.planted && r.right == r.reported }

// share prints right of n as a ratio, exactly where it is 1.
func share(right, n int) string {
	if right == n {
		return "1"
	}
	return fmt.Sprintf("%d/%d", right, n)
}

// recallOf compares the answer key with the written breaks, kind by kind.
func recallOf(t testing.TB, key *generate.Key, out string) map[string]recall {
	t.Helper()
	kinds := map[string]recall{}
	left := map[string]int{}
	kindOf := func(text string) string { kind, _, _ := strings.Cut(text, " "); return kind }
	for _, text := range planted(key) {
		r := kinds[kindOf(text)]
		r.planted++
		kinds[kindOf(text)] = r
		left[text]++
	}
	for _, text := range found(t, out) {
		r := kinds[kindOf(text)]
		r.reported++
		if left[text] > 0 {
			left[text]--
			r.right++
		} else {
			t.Errorf("found, not planted: %s", text)
		}
		kinds[kindOf(text)] = r
	}
	for text, n := range left {
		if n > 0 {
			t.Errorf("planted, not found: %s", text)
		}
	}
	return kinds
}

// recallDays are days with every case in them.
func recallDays() map[string]generate.Options {
	day := func(change func(*generate.Options)) generate.Options {
		o := generate.Defaults()
		o.Orders = 12_000
		for _, c := range generate.Askable() {
			if c.IsPossible(o) {
				o.Cases[c] = generate.Count(25)
			}
		}
		change(&o)
		return o
	}
	return map[string]generate.Options{
		"as delivered today": day(func(*generate.Options) {}),
		"with fund flows": day(func(o *generate.Options) {
			o.FundFlow = true
			for c := generate.FeeRowMissing; c <= generate.BalanceOff; c++ {
				o.Cases[c] = generate.Count(25)
			}
		}),
		"a later day, legacy layout, two bills": day(func(o *generate.Options) {
			o.Nth, o.WeChat.Legacy = 3, true
			o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
		}),
		"escrow orders": day(func(o *generate.Options) {
			o.Seed, o.Extract.Escrow = 3, true
			o.Cases[generate.Unreleased] = generate.Count(25)
			o.Cases[generate.RefundBeforeRelease] = generate.Count(80)
		}),
	}
}

// needsMore says that a day has no files in which a kind of break could be planted.
func needsMore(kind string, o generate.Options) bool {
	switch kind {
	case settlement.SettlementMismatch.String(), settlement.BalanceGap.String():
		return !o.FundFlow
	case settlement.PayoutMissing.String(), settlement.PayoutMismatch.String():
		return true // of several days too: see TestPayoutsOfGeneratedDaysAreWhatTheKeySays
	}
	return false
}

func TestRecallAndPrecisionAreOneForEveryKindOfBreak(t *testing.T) {
	for name, o := range recallDays() {
		t.Run(name, func(t *testing.T) {
			key, _, out := runDay(t, o, nil)
			kinds := recallOf(t, key, out)
			table := fmt.Sprintf("%-28s %8s %8s %10s %8s\n", "kind", "planted", "found", "precision", "recall")
			for _, kind := range settlement.BreakWords[1:] {
				r := kinds[kind]
				table += fmt.Sprintf("%-28s %8d %8d %10s %8s\n", kind, r.planted, r.reported, share(r.right, r.reported), share(r.right, r.planted))
				if r.planted == 0 && !needsMore(kind, o) {
					t.Errorf("%s: none is planted: this test would prove nothing of it", kind)
				}
				if !r.perfect() {
					t.Errorf("%s: %d planted, %d found, of which %d are right", kind, r.planted, r.reported, r.right)
				}
				delete(kinds, kind)
			}
			for kind, r := range kinds {
				t.Errorf("%s: %d found of a kind that nobody knows", kind, r.reported)
			}
			t.Log("\n" + table)
			for _, c := range generate.Askable() {
				if key.Cases[c] == 0 && c.IsPossible(o) {
					t.Errorf("no purchase of case %s", c)
				}
			}
		})
	}
}

// Days that follow each other, run together: refunds of yesterday's payments find
// them, and an order that a later extract repeats counts once.
func TestDaysThatFollowEachOtherAreOneStory(t *testing.T) {
	o := generate.Defaults()
	o.Orders = 6_000
	for _, c := range generate.Askable() {
		if c.IsPossible(o) {
			o.Cases[c] = generate.Count(20)
		}
	}
	o.Cases[generate.LaterRefund] = generate.Count(300)
	// What waits at a day's end is decided by the next day's files.
	delete(o.Cases, generate.NearMidnight)
	delete(o.Cases, generate.AfterExtract)
	both, written := &generate.Key{}, int64(0)
	for n := range 2 {
		day := o
		day.Day, day.Nth = o.Day+settlement.Day(n), n
		key, err := generate.Day(t.TempDir(), day)
		if err != nil {
			t.Fatal(err)
		}
		both.Files = append(both.Files, key.Files...)
		both.Planted = append(both.Planted, key.Planted...)
		written += key.Events()
	}
	out := filepath.Join(t.TempDir(), "out")
	result, err := pipeline.Run(t.Context(), pipeline.Job{Paths: both.Files, Out: out})
	if err != nil || !result.Complete() {
		t.Fatalf("%v, refused: %v", err, result.Refusals)
	}
	for kind, r := range recallOf(t, both, out) {
		if !r.perfect() {
			t.Errorf("%s: %d planted, %d found, of which %d are right", kind, r.planted, r.reported, r.right)
		}
	}
	repeated := written
	for _, n := range result.Overview.Events {
		repeated -= n
	}
	if repeated < 50 || repeated > 300 {
		t.Errorf("the second day's extract repeats %d orders: not some of those whose refunds are of earlier days", repeated)
	}
}
