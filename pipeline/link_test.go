package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/ingest"
	"reconcile/match"
	"reconcile/settlement"
)

// row is an order or a refund in few words:
//
//	order ORDER PAYMENT_NO STATUS [ACCOUNT [unreleased]]
//	refund ORDER NUMBER [ACCOUNT]
func addRow(e *settlement.Events, row string) {
	words := append(strings.Fields(row), "-", "-")
	text := func(word string) []byte { return []byte(strings.Trim(word, "-")) }
	kind, refund, payment, status := settlement.Payment, "-", words[2], settlement.Success
	account := words[4]
	if words[0] == "refund" {
		kind, refund, payment, account = settlement.Refund, words[2], "-", words[3]
	} else {
		status = settlement.Status(slices.Index(settlement.StatusWords, words[3]))
	}
	e.ID = append(e.ID, settlement.ID{})
	e.Kind = append(e.Kind, kind)
	e.OrderNo.Append(text(words[1]))
	e.PaymentNo.Append(text(payment))
	e.RefundNo.Append(text(refund))
	e.Wallet = append(e.Wallet, settlement.WeChat)
	e.Account.Append(text(account))
	e.Shop.Append(nil)
	e.Platform.Append(nil)
	e.ExpectedAt = append(e.ExpectedAt, settlement.NoInstant)
	e.Amount = append(e.Amount, 100)
	e.Status = append(e.Status, status)
	e.MatchState = append(e.MatchState, settlement.NoState)
	e.ProviderTxnID.Append(nil)
	e.HomeWallet = append(e.HomeWallet, settlement.NoWallet)
	e.PaidAt = append(e.PaidAt, 0)
	e.ConfirmedAt = append(e.ConfirmedAt, settlement.NoInstant)
	e.SucceededAt = append(e.SucceededAt, settlement.NoInstant)
	e.File = append(e.File, 0)
	e.Line = append(e.Line, int64(len(e.Line)+1))
	e.Payout = append(e.Payout, settlement.NoAmount)
	e.Escrow = append(e.Escrow, 0)
	if strings.HasSuffix(row, " unreleased") { // by an escrow platform
		e.Escrow[e.Len()-1] = 1
	}
	e.Link = append(e.Link, settlement.LinkStated)
	e.Key = append(e.Key, settlement.EventKey(text(payment), text(words[1]), nil))
}

var linkWords = []string{"stated", "found", "ambiguous", "alias", "listed"}

// linked routes and links rows as a run does and returns what reaches the buckets.
func linked(t rapid.TB, rows []string, partitions int) []string {
	t.Helper()
	var events settlement.Events
	for _, row := range rows {
		addRow(&events, row)
	}
	r := testRun(partitions, 1)
	if err := r.routeEvents(&events); err != nil {
		t.Fatal(err)
	}
	if err := r.linkRefunds(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	out, err := r.events.load(0, partitions)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	inferred := false
	for i := range out.Len() {
		if out.Key[i] != settlement.EventKey(out.PaymentNo.At(i), out.OrderNo.At(i), nil) {
			t.Fatalf("row %d has not the key of its number", i)
		}
		inferred = inferred || out.Link[i].Inferred()
		if out.Kind[i] == settlement.Refund {
			list = append(list, fmt.Sprintf("refund %s %s%s under %q %s", out.OrderNo.At(i), out.RefundNo.At(i),
				out.Account.At(i), out.PaymentNo.At(i), linkWords[out.Link[i]]))
		}
	}
	if inferred != r.residue.Load() {
		t.Fatalf("payment numbers inferred: %v, pass 3 asked for: %v", inferred, r.residue.Load())
	}
	slices.Sort(list)
	return list
}

// testRun is a run whose files are all accepted.
func testRun(partitions, files int) *run {
	r := &run{partitions: partitions, budget: &budget{limit: 1 << 30}, rules: &Rules{Match: &match.Rules{}}, intake: &ingest.Intake{
		Statements: make([]*settlement.Statement, files), CopyOf: slices.Repeat([]int32{-1}, files),
	}}
	for i := range r.intake.Statements {
		r.intake.Statements[i] = &settlement.Statement{Kind: settlement.OrderExtract}
		r.rules.Match.FileRank = append(r.rules.Match.FileRank, int32(i))
	}
	r.lines = newExchange[settlement.Lines]("lines", partitions, r.budget, func(l *settlement.Lines) []uint64 { return l.Key })
	r.events = newExchange[settlement.Events]("events", partitions, r.budget, func(e *settlement.Events) []uint64 { return e.Key })
	r.refunds = newExchange[settlement.Events]("refunds", partitions, r.budget, func(e *settlement.Events) []uint64 { return e.Key })
	return r
}

func TestRefundsFindThePaymentNumberOfTheirOrder(t *testing.T) {
	for _, c := range []struct {
		name       string
		rows, want []string
	}{
		{"an order without payment numbers keeps its refunds", []string{"order O1 - paid", "refund O1 R1"},
			[]string{`refund O1 R1 under "" stated`}},
		{"a refund whose order is not there stays under the order number", []string{"order O1 P1 paid", "refund O2 R1"},
			[]string{`refund O2 R1 under "" stated`}},
		{"one payment number", []string{"refund O1 R1", "order O1 P1 paid", "refund O1 R2"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" found`, `refund O1 R2 under "P1" found`}},
		{"copies of an order have one number", []string{"order O1 P1 unpaid", "order O1 P1 paid", "refund O1 R1"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" found`}},
		{"of several numbers the smallest, and the others learn that refunds are listed, once",
			[]string{"order O1 P2 paid", "order O1 P1 paid", "order O1 P3 refunded", "refund O1 R1", "refund O1 R2"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" ambiguous`, `refund O1 R1 under "P2" listed`, `refund O1 R1 under "P3" listed`,
				`refund O1 R2 under "P1" ambiguous`}},
		{"a payment that expects money comes before one that does not, which may have been paid all the same",
			[]string{"order O1 P1 closed", "order O1 P2 paid", "refund O1 R1"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" listed`, `refund O1 R1 under "P2" ambiguous`}},
		{"a payment that the escrow platform has not released, which the refund reduces, comes before those that it has",
			[]string{"order O1 P1 paid", "order O1 P2 paid - unreleased", "refund O1 R1", "refund O1 R2"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" listed`, `refund O1 R1 under "P2" ambiguous`, `refund O1 R2 under "P2" ambiguous`}},
		{"where no payment was, the refund goes to what there is", []string{"order O1 P1 closed", "refund O1 R1"},
			[]string{`refund O1 R1 under "O1" listed`, `refund O1 R1 under "P1" found`}},
		{"the same order number in two accounts", []string{"order O1 P1 paid a1", "order O1 P2 paid a2", "refund O1 R1 a2"},
			[]string{`refund O1 R1a2 under "O1" listed`, `refund O1 R1a2 under "P2" found`}},
		{"a refund of another account than the order's", []string{"order O1 P1 paid a1", "refund O1 R1 a2"},
			[]string{`refund O1 R1a2 under "" stated`}},
		{"refunds of two accounts tell the payments of both",
			[]string{"order O1 P1 paid a1", "order O1 P2 paid a1", "order O1 P3 paid a2", "order O1 P4 paid a2", "refund O1 R1 a1", "refund O1 R2 a2"},
			[]string{`refund O1 R1a1 under "O1" listed`, `refund O1 R1a1 under "P1" ambiguous`, `refund O1 R1a1 under "P2" listed`,
				`refund O1 R2a2 under "O1" listed`, `refund O1 R2a2 under "P3" ambiguous`, `refund O1 R2a2 under "P4" listed`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, partitions := range []int{1, 256} {
				if diff := cmp.Diff(c.want, linked(t, c.rows, partitions)); diff != "" {
					t.Errorf("%d partitions (-want +got)\n%s", partitions, diff)
				}
			}
		})
	}
}

func TestLinksDoNotDependOnOrderOrPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			order, account := rapid.SampledFrom([]string{"O1", "O2"}).Draw(t, "order"), rapid.SampledFrom([]string{"", "a1", "a2"}).Draw(t, "account")
			if rapid.Bool().Draw(t, "refund") {
				return fmt.Sprintf("refund %s R%d %s", order, rapid.IntRange(1, 2).Draw(t, "number"), account)
			}
			return fmt.Sprintf("order %s %s %s %s", order, rapid.SampledFrom([]string{"-", "P1", "P2", "P3"}).Draw(t, "payment"),
				rapid.SampledFrom([]string{"paid", "closed"}).Draw(t, "status"), account)
		}), 0, 12).Draw(t, "rows")
		// Which refund of an account tells the other payments is of no matter.
		anonymous := func(list []string) []string {
			for i, row := range list {
				if strings.HasSuffix(row, "listed") {
					list[i] = strings.NewReplacer("R1", "R", "R2", "R").Replace(row)
				}
			}
			slices.Sort(list)
			return list
		}
		want := anonymous(linked(t, rows, 1))
		if diff := cmp.Diff(want, anonymous(linked(t, rapid.Permutation(rows).Draw(t, "shuffled"), 256))); diff != "" {
			t.Fatalf("(-in order +shuffled, in partitions)\n%s", diff)
		}
	})
}
