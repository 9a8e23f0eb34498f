package pipeline

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/settlement"
)

// testLine is what tests say of a line.
type testLine struct {
	order, txn, refund string
	kind               settlement.Kind
	gross, fee         settlement.Amount
	file               int32
}

const testDay = settlement.Day(19978) // 2024-09-12

func addLine(l *settlement.Lines, of testLine) {
	var hash settlement.IDHasher
	l.ID = append(l.ID, settlement.LineID(&hash, settlement.TradeBill, settlement.WeChat, []byte("a1"), []byte(of.txn), []byte(of.refund), []byte(of.kind.String())))
	l.Wallet = append(l.Wallet, settlement.WeChat)
	l.Account.AppendString("a1")
	l.SubAccount.Append(nil)
	l.Kind = append(l.Kind, of.kind)
	l.OrderNo.AppendString(of.order)
	l.OrderNoRaw.Append(nil)
	l.RefundNo.AppendString(of.refund)
	l.ProviderTxnID.AppendString(of.txn)
	l.ProviderRefundID.Append(nil)
	l.OccurredAt = append(l.OccurredAt, testDay.Start()+600*settlement.Minute)
	l.TimeBasis = append(l.TimeBasis, settlement.BasisSuccess)
	l.SettledOn = append(l.SettledOn, testDay)
	l.Gross = append(l.Gross, of.gross)
	l.Settled = append(l.Settled, of.gross)
	l.Fee = append(l.Fee, of.fee)
	l.Net = append(l.Net, of.gross+of.fee)
	l.FeeRate = append(l.FeeRate, 6000)
	l.Currency = append(l.Currency, settlement.CNY)
	l.MatchState = append(l.MatchState, settlement.NoState)
	l.RawType.Append(nil)
	l.File = append(l.File, of.file)
	l.Line = append(l.Line, int64(len(l.Line)+1))
	l.Status = append(l.Status, settlement.Success)
	l.Coupon = append(l.Coupon, 0)
	l.Key = append(l.Key, settlement.PaymentKey([]byte(of.order), []byte(of.txn)))
}

func testRules(t *testing.T) *Rules {
	t.Helper()
	terms, err := fees.PresetTerms()
	if err != nil {
		t.Fatal(err)
	}
	return &Rules{Terms: terms, Funds: &funds.Rules{TradeBills: &settlement.Coverage{}, FundFlows: &settlement.Coverage{}}, Match: &match.Rules{
		Day: testDay, Watermark: (testDay + 1).Start(), RefundsListed: true, FileRank: []int32{0, 1, 2},
		Window: match.DefaultWindow, SuccessWindow: match.DefaultSuccessWindow,
	}}
}

func TestBucketMatchesAndPrices(t *testing.T) {
	var lines settlement.Lines
	var events settlement.Events
	addLine(&lines, testLine{order: "O1", txn: "W1", kind: settlement.Payment, gross: 100_00, fee: -61})
	addLine(&lines, testLine{order: "O2", txn: "W2", kind: settlement.Payment, gross: 200_00, fee: -1_20})
	addRow(&events, "order O1 - paid")
	events.Amount[0] = 100_00
	out, err := Bucket(context.Background(), testRules(t), BucketInput{Lines: settlement.Record(&lines), Events: settlement.Record(&events)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]settlement.MatchState{settlement.Matched, settlement.Broken}, out.Lines.MatchState); diff != "" {
		t.Errorf("states of the lines (-want +got)\n%s", diff)
	}
	if out.Charges.Len() != 2 || out.Matches.Len() != 1 {
		t.Errorf("%d charges and %d matches", out.Charges.Len(), out.Matches.Len())
	}
	// A wrong fee is a finding and leaves the line matched; breaks stand by order number.
	if diff := cmp.Diff([]settlement.BreakKind{settlement.FeeVariance, settlement.MissingInOrders}, out.Breaks.Kind); diff != "" {
		t.Fatalf("breaks (-want +got)\n%s", diff)
	}
	if out.Breaks.EventID[0] != out.Events.ID[0] || out.Breaks.LineID[0] != out.Lines.ID[0] {
		t.Error("the fee's break does not name its line and event")
	}
	for i := range out.Breaks.Len() {
		expected := out.Breaks.Expected[i]
		if expected == settlement.NoAmount {
			expected = 0
		}
		if out.Breaks.Difference[i] != out.Breaks.Actual[i]-expected {
			t.Errorf("break %d: %s − %s ≠ %s", i, out.Breaks.Actual[i], expected, out.Breaks.Difference[i])
		}
	}
}

func TestBucketGivesEveryFeeBreakAnIdentity(t *testing.T) {
	var lines settlement.Lines
	addLine(&lines, testLine{order: "O1", txn: "W1", kind: settlement.Payment, gross: 100_00, fee: -70})
	addLine(&lines, testLine{order: "O1", txn: "W1", kind: settlement.Revoke, gross: -100_00, fee: 50})
	out, err := bucket(context.Background(), testRules(t), newSpares(0), &bucketRows{lines: &lines, events: &settlement.Events{}, funds: &settlement.FundLines{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var own []settlement.ID
	for i, kind := range out.Breaks.Kind {
		if kind == settlement.FeeVariance {
			own = append(own, out.Breaks.ID[i])
		}
	}
	if len(own) != 2 || own[0] == own[1] {
		t.Errorf("fee breaks of a payment and its revocation: %v", own)
	}
}

func TestBucketDoesNotChangeItsInput(t *testing.T) {
	var lines settlement.Lines
	var events settlement.Events
	addLine(&lines, testLine{order: "O1", txn: "W1", kind: settlement.Payment, gross: 100_00, fee: -60})
	addRow(&events, "order O1 - refunded")
	before, beforeEvents := slices.Clone(lines.MatchState), slices.Clone(events.ID)
	first, err := Bucket(context.Background(), testRules(t), BucketInput{Lines: settlement.Record(&lines), Events: settlement.Record(&events)})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Bucket(context.Background(), testRules(t), BucketInput{Lines: settlement.Record(&lines), Events: settlement.Record(&events)})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, lines.MatchState) || !slices.Equal(beforeEvents, events.ID) || events.Len() != 1 {
		t.Error("the input was changed")
	}
	if diff := cmp.Diff(first, second, cmpopts.IgnoreUnexported(match.Outcome{})); diff != "" {
		t.Errorf("a second computation differs:\n%s", diff)
	}
}

func TestBucketRefusesOtherRecords(t *testing.T) {
	lines, events := settlement.Record(&settlement.Lines{}), settlement.Record(&settlement.Events{})
	if _, err := Bucket(context.Background(), testRules(t), BucketInput{Lines: events, Events: events}); err == nil {
		t.Error("took events for lines")
	}
	if _, err := Bucket(context.Background(), testRules(t), BucketInput{Lines: lines, Events: lines}); err == nil {
		t.Error("took lines for events")
	}
	if _, err := Residue(testRules(t), events, lines); err == nil {
		t.Error("took events for left lines")
	}
}

// Copies that disagree about the order number never meet in a bucket.
func TestOverlappingStatementsThatDisagreeAreAConflict(t *testing.T) {
	payment := func(order string, gross settlement.Amount, file int32) testLine {
		return testLine{order: order, txn: "W1", kind: settlement.Payment, gross: gross, file: file}
	}
	for _, c := range []struct {
		name   string
		lines  []testLine
		column string // "" for no conflict
		files  [2]int32
	}{
		{"copies that agree", []testLine{payment("O1", 100, 0), payment("O1", 100, 1)}, "", [2]int32{}},
		{"another order number", []testLine{payment("O1", 100, 0), payment("O2", 100, 1)}, "order_no", [2]int32{0, 1}},
		{"another amount", []testLine{payment("O1", 100, 0), payment("O1", 101, 1)}, "gross_amount", [2]int32{0, 1}},
		{"of three files the first two that disagree", []testLine{payment("O1", 100, 0), payment("O2", 100, 1), payment("O3", 100, 2)}, "order_no", [2]int32{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				partitions := rapid.SampledFrom([]int{1, 256}).Draw(t, "partitions")
				r := testRun(partitions, 3)
				for _, s := range r.intake.Statements {
					*s = settlement.Statement{Kind: settlement.TradeBill, Wallet: settlement.WeChat, Account: "a1", Rows: 1, From: testDay, Until: testDay + 1}
				}
				var lines settlement.Lines
				for _, line := range rapid.Permutation(c.lines).Draw(t, "lines") {
					addLine(&lines, line)
				}
				if err := r.lines.scatter(&lines); err != nil {
					t.Fatal(err)
				}
				err := r.checkOverlaps(context.Background())
				var conflict *settlement.ConflictError
				switch {
				case c.column == "" && err != nil, c.column != "" && !errors.As(err, &conflict):
					t.Fatalf("returned %v", err)
				case c.column != "" && (conflict.Column != c.column || [2]int32{conflict.File, conflict.OtherFile} != c.files):
					t.Fatalf("%s of files %d and %d instead of %s of %v", conflict.Column, conflict.File, conflict.OtherFile, c.column, c.files)
				}
			})
		})
	}
}
