package story

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/funds"
	"reconcile/settlement"
)

// Teller tells a story in a reader's language.
type Teller struct {
	// Say gives a text in the language of the reader; the English is the key.
	Say func(text string) string
	// Reason gives why something is a break in the language of the reader; nil leaves it in
	// English, as the tables have it.
	Reason func(text string) string
	// Calendar has the days on which banks work; nil is the shipped one.
	Calendar *funds.Calendar
}

// Section is a part of a story under its title.
type Section struct {
	Title []string // its parts, none of them empty
	Lines []Line
}

// Line is one line of a section: its parts, none of them empty, and how deep it is
// indented, from 1.
type Line struct {
	Depth int
	Parts []string
}

// telling is a story while it is told.
type telling struct {
	Teller
	*Story
	sections []Section
}

func (t *telling) sayf(format string, args ...any) string { return fmt.Sprintf(t.Say(format), args...) }

// begin begins a section.
func (t *telling) begin(title ...string) {
	t.sections = append(t.sections, Section{Title: known(title)})
}

// line adds a line of the parts that are known to the section at hand; without any of
// them it adds nothing.
func (t *telling) line(depth int, parts ...string) {
	if parts = known(parts); len(parts) > 0 {
		s := &t.sections[len(t.sections)-1]
		s.Lines = append(s.Lines, Line{depth, parts})
	}
}

func known(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return part == "" })
}

// named is "name value", "" where there is no value.
func (t *telling) named(name, value string) string {
	if value == "" {
		return ""
	}
	return t.Say(name) + " " + value
}

func (t *telling) reason(text string) string {
	if t.Reason == nil || text == "" {
		return text
	}
	return t.Reason(text)
}

// or is a value, or that it is not known.
func (t *telling) or(value string) string {
	if value == "" {
		return t.Say("not known")
	}
	return value
}

// Orders names the orders that a story is of, each with shop and platform.
func (t Teller) Orders(s *Story) (lines [][]string) {
	in := telling{Teller: t, Story: s}
	seen := map[string]bool{}
	for _, f := range slices.Concat(s.Events, s.Lines) {
		no := f["order_no"]
		if no == "" || seen[no] {
			continue
		}
		seen[no] = true
		lines = append(lines, known([]string{t.Say("Order"), no, in.named("shop", f["shop"]), in.named("sold on", f["platform"])}))
	}
	return lines
}

// Sections tells the story.
func (t Teller) Sections(s *Story) []Section {
	in := telling{Teller: t, Story: s}
	in.payouts()
	if len(s.Payouts) == 0 || len(s.Events)+len(s.Lines) > 0 {
		in.events()
		in.lines()
	}
	in.moved()
	in.crossWallet()
	in.matches()
	in.breaks()
	in.waiting()
	return in.sections
}

// Verdict is what the order comes to.
func (t Teller) Verdict(s *Story) string {
	in := telling{Teller: t, Story: s}
	states := map[string]int{}
	for _, f := range slices.Concat(s.Events, s.Lines) {
		states[f["match_state"]]++
	}
	open, sum := in.breaksOf(settlement.BreakOpen)
	switch {
	case open > 0:
		return in.sayf("BREAKS: %s, Σ difference %s", settlement.GroupedCount(open), sum.Grouped())
	case states["open"] > 0:
		return t.Say("open: something still waits for its counterpart")
	case states["awaiting_release"] > 0:
		return t.Say("awaiting release: the buyer has not confirmed yet")
	case in.payoutVerdict() != "":
		return in.payoutVerdict()
	case in.decidedVerdict() != "":
		return in.decidedVerdict()
	case in.closedOn() != "" && (states["broken"] > 0 || states["matched"] == 0): // its rows stand as that day left them
		return in.sayf("closed on %s", in.closedOn())
	case states["matched"] > 0:
		return t.Say("balanced: every event has its line, to the fen")
	}
	return t.Say("no money is expected, and none came")
}

// breaksOf counts the breaks that stand so, and adds up their differences.
func (t *telling) breaksOf(status settlement.BreakStatus) (count int64, sum settlement.Amount) {
	for _, b := range t.Breaks {
		if b["status"] != status.String() {
			continue
		}
		count++
		if d := amountOf(b["difference"]); d != settlement.NoAmount {
			sum += d
		}
	}
	return count, sum
}

// decidedVerdict tells of breaks that people accepted or wrote off, "" where there are none.
func (t *telling) decidedVerdict() string {
	var parts []string
	sum := settlement.Amount(0)
	for _, status := range []settlement.BreakStatus{settlement.BreakAccepted, settlement.BreakWrittenOff} {
		count, of := t.breaksOf(status)
		if count > 0 {
			parts = append(parts, t.Say(status.String())+" "+settlement.GroupedCount(count))
		}
		sum += of
	}
	if len(parts) == 0 {
		return ""
	}
	return t.sayf("decided: %s, Σ difference %s", strings.Join(parts, ", "), sum.Grouped())
}

// closedOn is the last day on which a break was closed, "" where none was.
func (t *telling) closedOn() (day string) {
	for _, b := range t.Breaks {
		if b["status"] == settlement.BreakClosed.String() {
			day = max(day, b["closed_on"])
		}
	}
	return day
}

// Place is file:line of a row, "" where its file is not known.
func (f Fact) Place() string {
	if f["source_file"] == "" {
		return ""
	}
	return fmt.Sprintf("%s:%s", f["source_file"], f["source_line"])
}

func (t *telling) events() {
	t.begin(t.Say("Expected, by the orders"))
	if len(t.Events) == 0 {
		t.line(1, t.Say("nothing"))
	}
	for _, f := range t.Events {
		t.line(1, t.Say(f["kind"]), f["amount"], t.Say(f["wallet"]), f["account"], f["status"], "→ "+t.Say(f["match_state"]))
		t.line(2, t.named("order", f["order_no"]), t.named("payment no.", f["payment_no"]), t.named("refund no.", f["refund_no"]),
			t.named("transaction", f["provider_txn_id"]))
		t.line(2, t.named("expected at", f["expected_at"]), f.Place())
	}
}

func (t *telling) lines() {
	t.begin(t.Say("Received, by the statements"))
	if len(t.Lines) == 0 {
		t.line(1, t.Say("nothing"))
	}
	for _, f := range t.Lines {
		t.line(1, t.Say(f["kind"]), f["gross_amount"], t.Say(f["wallet"]), f["account"], f["raw_type"], f["status"], "→ "+t.Say(f["match_state"]))
		raw := f["order_no_raw"]
		if raw == f["order_no"] {
			raw = ""
		}
		t.line(2, t.named("order", f["order_no"]), t.named("as printed", raw), t.named("refund no.", f["refund_no"]))
		t.line(2, t.named("transaction", f["provider_txn_id"]), t.named("refund transaction", f["provider_refund_id"]))
		t.line(2, f["occurred_at"], f.Place())
		t.line(2, t.named("settled", f["settled_amount"]), t.named("fee", f["fee_amount"]), t.named("net", f["net_amount"]))
		for _, c := range t.Charges {
			if c["line_id"] == f["line_id"] {
				t.fee(c)
				if c["moved_fee"] != "" && c["moved_fee"] != c["billed_fee"] {
					t.line(3, t.sayf("the bill states %s, the fund flow shows %s", c["billed_fee"], c["moved_fee"]))
				}
			}
		}
	}
}

// fee tells the arithmetic of a charge.
func (t *telling) fee(c Fact) {
	words := strings.Join(known([]string{t.Say("fee"), c["component"], c["variance_class"]}), "  ")
	t.line(2, words+": "+c["arithmetic"])
}

// moved tells what moved on the accounts, and the fees that name no line.
func (t *telling) moved() {
	if len(t.Funds) == 0 {
		return
	}
	t.begin(t.Say("Moved, by the fund flows"))
	alone := map[string]Fact{}
	for _, c := range t.Charges {
		alone[c["line_id"]] = c
	}
	for _, f := range t.Funds {
		t.line(1, t.Say(f["category"]), f["amount"], t.Say(f["wallet"]), f["account"], f["raw_type"])
		t.line(2, f["occurred_at"], t.named("number", f["flow_no"]), f.Place())
		if c := alone[f["line_id"]]; c != nil {
			t.fee(c)
		}
	}
}

// crossWallet tells what it cost that the buyer used another wallet.
func (t *telling) crossWallet() {
	if len(t.Cross) == 0 {
		return
	}
	t.begin(t.Say("Cost of the other wallet"))
	for _, f := range t.Cross {
		t.line(1, f["settled_on"], t.sayf("home wallet %s, paid with %s", t.Say(t.or(f["home_wallet"])), t.Say(t.or(f["paying_wallet"]))),
			t.named("paid", f["paid_amount"]), t.named("refunded", f["refunded_amount"]))
		t.line(2, t.sayf("channel fee %s − in the home wallet %s = %s", t.or(f["channel_fee"]), t.or(f["home_fee"]), t.or(f["incremental_fee"])))
		t.line(2, t.sayf("%s + withdrawing %s + deposit %s = %s", t.or(f["incremental_fee"]), t.or(f["repatriation_fee"]), t.or(f["deposit_fee"]), t.or(f["cross_wallet_fee"])))
	}
}

func (t *telling) matches() {
	if len(t.Matches) == 0 {
		return
	}
	t.begin(t.Say("Tied together"))
	for _, f := range t.Matches {
		t.line(1, t.Say(f["kind"]), t.named("ordered", f["order_amount"]), t.named("received", f["line_amount"]),
			t.named("difference", f["difference"]), "→ "+f["verdict"])
		t.line(2, t.named("by", f["rule"]))
	}
}

func (t *telling) breaks() {
	if len(t.Breaks) == 0 {
		return
	}
	t.begin(t.Say("Breaks"))
	for _, f := range t.Breaks {
		name := f["kind"]
		if said := t.Say(name); said != name {
			name += " " + said
		}
		t.line(1, name, t.named("expected", f["expected_amount"]), t.named("actual", f["actual_amount"]), t.named("difference", f["difference"]))
		t.line(2, t.reason(f["reason"]))
		if f["suggestion"] != "" {
			t.line(2, "→ "+t.reason(f["suggestion"]))
		}
		t.line(2, t.named("since", f["first_seen_on"]), f["status"], f["closed_on"], f.Place())
	}
}

func (t *telling) waiting() {
	if len(t.Open) == 0 {
		return
	}
	t.begin(t.Say("Open"))
	for _, f := range t.Open {
		t.line(1, t.Say(f["kind"]), f["amount"], t.named("since", f["first_seen_on"]))
		t.line(2, t.reason(f["reason"]))
	}
}
