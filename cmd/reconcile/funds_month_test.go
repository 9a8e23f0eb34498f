package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/output/journal"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// A month from the bill to the bank, with every fault of fund flows, balances and fees
// that can be planted, and every fate of a payout: each is found under its day, nothing
// else is, and on every day position and vouchers add up to the fen.
func TestAMonthFromTheBillToTheBank(t *testing.T) {
	const days = 30
	dataset := filepath.Join(t.TempDir(), "days")
	byKind, payouts := map[settlement.BreakKind]int{}, 0
	for n := range days {
		o := generate.Defaults()
		o.Orders, o.FundFlow, o.Bank, o.Nth, o.Day = 250, true, true, n, o.Day+settlement.Day(n)
		o.Cases = map[generate.Case]generate.Frequency{}
		for _, c := range [...]generate.Case{generate.FeeVariance, generate.FeeRowMissing, generate.FeeRowTwice, generate.MoneyRowMissing, generate.MoneyRowTwice,
			generate.MoneyRowShort, generate.BalanceOff, generate.MissingInStatement, generate.MissingInOrders, generate.AmountMismatch, generate.Revoked, generate.RefundFailed} {
			o.Cases[c] = generate.Count(1 + n%2)
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Dataset: dataset, Day: o.Day}); err != nil {
			t.Fatal(err)
		}
		dir := pipeline.DayFolder(dataset, o.Day)
		var want []string
		for _, p := range key.Planted {
			want = append(want, plantedText(p))
			byKind[p.Kind]++
		}
		found, of := newBreaks(t, dir, o.Day)
		payouts += of
		slices.Sort(want)
		if !slices.Equal(found, want) {
			t.Errorf("%s: new breaks\n got  %q\n want %q", o.Day, found, want)
		}
		addsUp(t, dataset, o.Day)
	}
	for _, kind := range [...]settlement.BreakKind{settlement.FeeVariance, settlement.SettlementMismatch, settlement.BalanceGap, settlement.MissingInStatement} {
		if byKind[kind] < days {
			t.Errorf("only %d of %s were planted", byKind[kind], kind)
		}
	}
	if payouts == 0 {
		t.Error("no payout was a break: this proves too little")
	}
}

// plantedText is a break in words. Of a balance that is off, the difference: where the
// day's first row is off, what was expected is what the day before ended with.
func plantedText(p generate.Planted) string {
	if p.Kind == settlement.BalanceGap {
		return fmt.Sprintf("%s %s", p.Kind, p.Actual-p.Expected)
	}
	text := func(a settlement.Amount) string {
		if a == settlement.NoAmount {
			return ""
		}
		return a.String()
	}
	return fmt.Sprintf("%s %s %s %s→%s", p.Kind, p.OrderNo, p.RefundNo, text(p.Expected), text(p.Actual))
}

// newBreaks are the breaks that a day sees first, but for those of payouts, which are
// counted: what becomes of them is told by their own test.
func newBreaks(t *testing.T, dir string, day settlement.Day) (list []string, payouts int) {
	t.Helper()
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		kind := r.Text("kind")
		switch {
		case r.Text("first_seen_on") != day.String():
		case kind == settlement.PayoutMissing.String() || kind == settlement.PayoutMismatch.String():
			payouts++
		case kind == settlement.BalanceGap.String():
			list = append(list, kind+" "+r.Text("difference"))
		default:
			list = append(list, fmt.Sprintf("%s %s %s %s→%s", kind, r.Text("order_no"), r.Text("refund_no"), r.Text("expected_amount"), r.Text("actual_amount")))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list, payouts
}

// addsUp proves position and vouchers of a day.
func addsUp(t *testing.T, dataset string, day settlement.Day) {
	t.Helper()
	var p struct{ Total map[string]any }
	if err := json.Unmarshal([]byte(said(t, "position", "--out", dataset, "--date", day.String(), "--json")), &p); err != nil {
		t.Fatal(err)
	}
	if p.Total["difference"] != "0.00" || p.Total["fees_not_booked"] != "0.00" {
		t.Errorf("%s: difference %v, fees not booked %v", day, p.Total["difference"], p.Total["fees_not_booked"])
	}
	b, err := readBooks(t.Context(), dataset, &dayFlags{date: day.String()})
	if err != nil {
		t.Fatal(err)
	}
	vouchers, err := journal.Vouchers(nil, b.all(), b.payouts)
	if err != nil || len(vouchers) < 6 {
		t.Errorf("%s: %d vouchers, %v", day, len(vouchers), err)
	}
}
