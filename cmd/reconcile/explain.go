package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

const explainHelp = `Tells the whole story of one order: what the orders expect, the statement
lines with file and line, the rule by which both were tied, the arithmetic of
each fee, what moved on the accounts, what it cost that the buyer used another
wallet, what does not agree and why, and what it comes to.

The number may be an order number, a payment number, the number as the
wallet's file prints it, a refund number, a wallet's transaction or refund
number, or the id of a line, event or break. Orders that were paid together are
told together.

The number of a withdrawal (提现), or the bank's of what it received, tells when
it left the wallet, its fee, when it was due, and what the bank booked.`

func (a *app) explainCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "explain ORDER_NO|TXN_ID",
		Short: "Tell the whole story of one order",
		Long: explainHelp + exitCodes(`  0    found and printed
  1    the result cannot be read
  2    usage, no result there, or nothing known under that number
  130  interrupted`),
		Example: `  reconcile explain 2201351122628588102
  reconcile explain 4200001122334455667788990011 --out september`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return fmt.Errorf("explain: name one number")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dirs, err := resultDirs(out)
			if err != nil {
				return err
			}
			if err := verifiedResults(cmd.Context(), dirs); err != nil {
				return err
			}
			s, err := tellStory(cmd.Context(), dirs, args[0])
			if err != nil {
				return err
			}
			if s.empty() {
				return usage(fmt.Errorf("nothing is known under %q in %s (order, payment, refund and transaction numbers are looked up, as a whole)",
					args[0], filepath.Clean(out)))
			}
			return a.printStory(s)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of days: then all of them are looked through")
	a.withOutput(cmd, "print JSON", "")
	return cmd
}

func (a *app) printStory(s *story) error {
	if a.json {
		return printJSON(a.out, struct {
			*story
			Verdict string `json:"verdict"`
		}{s, s.verdict(&app{})})
	}
	t := storyText{app: a, story: s}
	t.heading()
	t.payouts()
	if len(s.Payouts) == 0 || len(s.Events)+len(s.Lines) > 0 {
		t.events()
		t.lines()
	}
	t.moved()
	t.crossWallet()
	t.matches()
	t.breaks()
	t.waiting()
	_, err := io.WriteString(a.out, t.b.String())
	return err
}

// storyText writes a story for people.
type storyText struct {
	*app
	*story
	b strings.Builder
}

func (t *storyText) printf(format string, args ...any) { fmt.Fprintf(&t.b, format, args...) }

// part prints what is known of the words, blanks between.
func (t *storyText) part(words ...string) string {
	var known []string
	for _, w := range words {
		if w != "" {
			known = append(known, printable(w))
		}
	}
	return strings.Join(known, "  ")
}

// named is "name value", "" where there is no value.
func (t *storyText) named(name, value string) string {
	if value == "" {
		return ""
	}
	return t.say(name) + " " + value
}

func (t *storyText) heading() {
	seen := map[string]bool{}
	for _, f := range append(append([]fact{}, t.Events...), t.Lines...) {
		no := f["order_no"]
		if no == "" || seen[no] {
			continue
		}
		seen[no] = true
		t.printf("%s\n", t.part(t.say("Order"), no, t.named("shop", f["shop"]), t.named("platform", f["platform"])))
	}
	t.printf("%s: %s\n\n", t.say("Verdict"), t.paint(bold, t.verdict(t.app)))
}

func (t *storyText) events() {
	t.printf("%s\n", t.paint(bold, t.say("Expected, by the orders")))
	if len(t.Events) == 0 {
		t.printf("  %s\n", t.say("nothing"))
	}
	for _, f := range t.Events {
		t.printf("  %s\n", t.part(t.say(f["kind"]), f["amount"], t.say(f["wallet"]), f["account"], f["status"], "→ "+t.say(f["match_state"])))
		t.printf("    %s\n", t.part(t.named("order", f["order_no"]), t.named("payment no.", f["payment_no"]), t.named("refund no.", f["refund_no"]),
			t.named("transaction", f["provider_txn_id"])))
		t.printf("    %s\n", t.part(t.named("expected at", f["expected_at"]), placeOfFact(f)))
	}
	t.printf("\n")
}

func (t *storyText) lines() {
	t.printf("%s\n", t.paint(bold, t.say("Received, by the statements")))
	if len(t.Lines) == 0 {
		t.printf("  %s\n", t.say("nothing"))
	}
	for _, f := range t.Lines {
		t.printf("  %s\n", t.part(t.say(f["kind"]), f["gross_amount"], t.say(f["wallet"]), f["account"], f["raw_type"], f["status"], "→ "+t.say(f["match_state"])))
		raw := f["order_no_raw"]
		if raw == f["order_no"] {
			raw = ""
		}
		t.printf("    %s\n", t.part(t.named("order", f["order_no"]), t.named("as printed", raw), t.named("refund no.", f["refund_no"])))
		t.printf("    %s\n", t.part(t.named("transaction", f["provider_txn_id"]), t.named("refund transaction", f["provider_refund_id"])))
		t.printf("    %s\n", t.part(f["occurred_at"], placeOfFact(f)))
		t.printf("    %s\n", t.part(t.named("settled", f["settled_amount"]), t.named("fee", f["fee_amount"]), t.named("net", f["net_amount"])))
		for _, c := range t.Charges {
			if c["line_id"] == f["line_id"] {
				t.printf("    %s: %s\n", t.part(t.say("fee"), c["component"], c["variance_class"]), c["arithmetic"])
				if c["moved_fee"] != "" && c["moved_fee"] != c["billed_fee"] {
					t.printf("      %s\n", t.sayf("the bill states %s, the fund flow shows %s", c["billed_fee"], c["moved_fee"]))
				}
			}
		}
	}
	t.printf("\n")
}

// moved tells what moved on the accounts, and the fees that name no line.
func (t *storyText) moved() {
	if len(t.Funds) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, t.say("Moved, by the fund flows")))
	alone := map[string]fact{}
	for _, c := range t.Charges {
		alone[c["line_id"]] = c
	}
	for _, f := range t.Funds {
		t.printf("  %s\n", t.part(t.say(f["category"]), f["amount"], t.say(f["wallet"]), f["account"], f["raw_type"]))
		t.printf("    %s\n", t.part(f["occurred_at"], t.named("number", f["flow_no"]), placeOfFact(f)))
		if c := alone[f["line_id"]]; c != nil {
			t.printf("    %s: %s\n", t.part(t.say("fee"), c["component"], c["variance_class"]), c["arithmetic"])
		}
	}
	t.printf("\n")
}

// crossWallet tells what it cost that the buyer used another wallet.
func (t *storyText) crossWallet() {
	if len(t.Cross) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, t.say("Cost of the other wallet")))
	or := func(value string) string {
		if value == "" {
			return t.say("not known")
		}
		return value
	}
	for _, f := range t.Cross {
		t.printf("  %s\n", t.part(f["settled_on"], t.sayf("home wallet %s, paid with %s", t.say(or(f["home_wallet"])), t.say(or(f["paying_wallet"]))),
			t.named("paid", f["paid_amount"]), t.named("refunded", f["refunded_amount"])))
		t.printf("    %s\n", t.sayf("channel fee %s − in the home wallet %s = %s", or(f["channel_fee"]), or(f["home_fee"]), or(f["incremental_fee"])))
		t.printf("    %s\n", t.sayf("%s + withdrawing %s + deposit %s = %s", or(f["incremental_fee"]), or(f["repatriation_fee"]), or(f["deposit_fee"]), or(f["cross_wallet_fee"])))
	}
	t.printf("\n")
}

func (t *storyText) matches() {
	if len(t.Matches) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, t.say("Tied together")))
	for _, f := range t.Matches {
		t.printf("  %s\n    %s\n", t.part(t.say(f["kind"]), t.named("ordered", f["order_amount"]), t.named("received", f["line_amount"]),
			t.named("difference", f["difference"]), "→ "+f["verdict"]), t.part(t.named("by", f["rule"])))
	}
	t.printf("\n")
}

func (t *storyText) breaks() {
	if len(t.Breaks) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, t.say("Breaks")))
	for _, f := range t.Breaks {
		name := f["kind"]
		if said := t.say(name); said != name {
			name += " " + said
		}
		t.printf("  %s\n", t.part(name, t.named("expected", f["expected_amount"]), t.named("actual", f["actual_amount"]),
			t.named("difference", f["difference"])))
		t.printf("    %s\n", t.part(f["reason"]))
		if f["suggestion"] != "" {
			t.printf("    → %s\n", t.part(f["suggestion"]))
		}
		t.printf("    %s\n", t.part(t.named("since", f["first_seen_on"]), f["status"], placeOfFact(f)))
	}
	t.printf("\n")
}

func (t *storyText) waiting() {
	if len(t.Open) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, t.say("Open")))
	for _, f := range t.Open {
		t.printf("  %s\n    %s\n", t.part(t.say(f["kind"]), f["amount"], t.named("since", f["first_seen_on"])), t.part(f["reason"]))
	}
	t.printf("\n")
}
