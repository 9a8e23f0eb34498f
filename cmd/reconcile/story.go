package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"reconcile/fees"
	"reconcile/output"
	"reconcile/settlement"
)

// fact is one row of a table, as text by column; null is "".
type fact map[string]string

// story is everything a result knows of one order: what was expected, what came,
// how both were tied, what was charged, and what does not agree.
type story struct {
	Query       string   `json:"query"`
	Events      []fact   `json:"order_events"`
	Lines       []fact   `json:"statement_lines"`
	Matches     []fact   `json:"matches"`
	Charges     []fact   `json:"charges"`
	Breaks      []fact   `json:"breaks"`
	Open        []fact   `json:"open_items"`
	Funds       []fact   `json:"fund_lines"`
	Cross       []fact   `json:"cross_wallet"`
	Payouts     []fact   `json:"payouts"`
	Withdrawals []fact   `json:"withdrawals"`
	Bank        []fact   `json:"bank_lines"`
	dirs        []string // of a result, or of the days of a dataset in their order
	ctx         context.Context
	numbers     map[string]bool // under which the order is known
	ids         map[string]bool // of its lines and events
	exactly     map[string]bool // the query alone: numbers that belong to one row
	scanned     int
	nextStop    int
}

// tellStory reads a result, or the days of a dataset in their order. Numbers are followed: the order of a refund,
// the other orders of a combined payment, the line that a provider's number ties to
// an event.
func tellStory(ctx context.Context, dirs []string, query string) (*story, error) {
	s := &story{
		Query: query, dirs: dirs, ctx: ctx,
		Withdrawals: []fact{}, Bank: []fact{}, numbers: map[string]bool{query: true}, ids: map[string]bool{query: true}, exactly: map[string]bool{query: true},
	}
	for known := 0; known != len(s.numbers)+len(s.ids); {
		known = len(s.numbers) + len(s.ids)
		if err := s.follow(); err != nil {
			return nil, err
		}
	}
	err := s.gather("charges", &s.Charges, []keyed{{"line_id", s.ids}, {"order_no", s.numbers}})
	if err == nil {
		err = s.gather("fund_lines", &s.Funds, []keyed{{"order_no", s.numbers}, {"provider_txn_id", s.wallets()}, {"line_id", s.exactly}})
	}
	if err == nil {
		err = s.gather("cross_wallet", &s.Cross, []keyed{{"order_no", s.numbers}})
	}
	if err == nil {
		err = s.gatherPayouts()
	}
	if err == nil {
		err = s.gather("open_items", &s.Open, []keyed{{"item_id", s.ids}})
	}
	if err == nil {
		err = s.gather("breaks", &s.Breaks, []keyed{{"line_id", s.ids}, {"event_id", s.ids}, {"break_id", s.exactly}})
	}
	s.bringUpToDate()
	for _, c := range s.Charges {
		c["arithmetic"] = fees.Arithmetic(chargeOf(c))
	}
	sortFacts(s.Events, "paid_at", "kind")
	sortFacts(s.Lines, "occurred_at", "line_id")
	sortFacts(s.Funds, "occurred_at", "category", "line_id")
	sortFacts(s.Cross, "settled_on", "wallet")
	return s, err
}

// wallets are the wallet's numbers of the order's payments and refunds, under which its
// fund lines stand.
func (s *story) wallets() map[string]bool {
	numbers := map[string]bool{}
	for _, f := range s.Lines {
		for _, column := range []string{"provider_txn_id", "provider_refund_id"} {
			if f[column] != "" {
				numbers[f[column]] = true
			}
		}
	}
	return numbers
}

// keyed is a column and the values that are looked for in it.
type keyed struct {
	column string
	values map[string]bool
}

// follow reads events, lines and their pairs once and learns their numbers.
func (s *story) follow() error {
	if err := s.gather("order_events", &s.Events, []keyed{
		{"order_no", s.numbers}, {"payment_no", s.numbers}, {"provider_txn_id", s.numbers}, {"refund_no", s.exactly}, {"event_id", s.ids},
	}); err != nil {
		return err
	}
	s.learn(s.Events, "event_id")
	if err := s.gather("statement_lines", &s.Lines, []keyed{
		{"order_no", s.numbers}, {"order_no_raw", s.numbers}, {"provider_txn_id", s.numbers}, {"refund_no", s.exactly},
		{"provider_refund_id", s.exactly}, {"line_id", s.ids},
	}); err != nil {
		return err
	}
	s.learn(s.Lines, "line_id")
	if err := s.gather("matches", &s.Matches, []keyed{{"line_id", s.ids}, {"event_id", s.ids}}); err != nil {
		return err
	}
	s.learn(s.Matches, "line_id")
	s.learn(s.Matches, "event_id")
	return nil
}

// learn adds the numbers and identities of facts.
func (s *story) learn(facts []fact, id string) {
	for _, f := range facts {
		s.ids[f[id]] = true
		for _, column := range []string{"order_no", "payment_no", "provider_txn_id"} {
			if f[column] != "" {
				s.numbers[f[column]] = true
			}
		}
	}
}

// gather reads the rows of a table in which one of the columns has one of its
// values.
func (s *story) gather(table string, to *[]fact, keys []keyed) error {
	*to = []fact{}
	for _, dir := range s.dirs {
		if err := s.gatherIn(dir, table, to, keys); err != nil {
			return err
		}
	}
	return nil
}

// bringUpToDate leaves of what several days say the latest: a break as its last day
// has it, what waits at the end, and the state of what a later day has matched.
func (s *story) bringUpToDate() {
	s.Events, s.Breaks = latest(s.Events, "event_id"), latest(s.Breaks, "break_id")
	if len(s.dirs) < 2 {
		return
	}
	claimed := map[string]string{}
	for _, m := range s.Matches {
		state := settlement.Matched.String()
		if m["verdict"] != settlement.VerdictEqual.String() {
			state = settlement.Broken.String()
		}
		claimed[m["line_id"]], claimed[m["event_id"]] = state, state
	}
	for id, facts := range map[string][]fact{"event_id": s.Events, "line_id": s.Lines} {
		for _, f := range facts {
			if state := claimed[f[id]]; state != "" && f["match_state"] == settlement.Open.String() {
				f["match_state"] = state
			}
		}
	}
	s.Open = slices.DeleteFunc(latest(s.Open, "item_id"), func(f fact) bool { return claimed[f["item_id"]] != "" })
}

// latest keeps of facts of one identity the last.
func latest(facts []fact, id string) []fact {
	last := map[string]int{}
	for i, f := range facts {
		last[f[id]] = i
	}
	kept := []fact{}
	for i, f := range facts {
		if last[f[id]] == i {
			kept = append(kept, f)
		}
	}
	return kept
}

func (s *story) gatherIn(dir, table string, to *[]fact, keys []keyed) error {
	var at []int
	return output.ReadTable(dir, table, func(r output.Row) error {
		if at == nil {
			for _, k := range keys {
				at = append(at, slices.Index(r.Columns(), k.column))
			}
		}
		if s.scanned++; s.scanned >= s.nextStop {
			s.nextStop = s.scanned + 4096
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		for i, k := range keys {
			if k.values[r.At(at[i])] {
				*to = append(*to, factOf(r))
				return nil
			}
		}
		return nil
	})
}

func factOf(r output.Row) fact {
	f := fact{}
	for i, name := range r.Columns() {
		f[name] = r.At(i)
	}
	return f
}

func sortFacts(facts []fact, columns ...string) {
	slices.SortStableFunc(facts, func(a, b fact) int {
		for _, c := range columns {
			if order := cmp.Compare(a[c], b[c]); order != 0 {
				return order
			}
		}
		return 0
	})
}

func (s *story) empty() bool {
	return len(s.Events)+len(s.Lines)+len(s.Breaks)+len(s.Funds)+len(s.Payouts) == 0
}

// chargeOf is the charge of a row of the table charges.
func chargeOf(f fact) fees.Charge {
	c := fees.Charge{
		RuleID: f["rule_id"], RuleVersion: f["rule_version"],
		Base: amountOf(f["base_amount"]), Expected: amountOf(f["expected_fee"]), Charged: amountOf(f["charged_fee"]),
		Variance: amountOf(f["variance"]), Rate: settlement.NoRate, Assumed: f["assumed"] == "true",
		Event: settlement.Kind(max(0, slices.Index(settlement.KindWords, f["event"]))),
		Class: settlement.VarianceClass(max(0, slices.Index(settlement.ClassWords, f["variance_class"]))),
	}
	if rate, err := parseFraction(f["rate"]); err == nil {
		c.Rate = rate
	}
	return c
}

// amountOf reads a money value of a table; NoAmount for null.
func amountOf(text string) settlement.Amount {
	a, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		return settlement.NoAmount
	}
	return a
}

// verdict is what the order comes to.
func (s *story) verdict(a *app) string {
	states := map[string]int{}
	for _, f := range append(slices.Clone(s.Events), s.Lines...) {
		states[f["match_state"]]++
	}
	sum, open := settlement.Amount(0), 0
	for _, b := range s.Breaks {
		if b["status"] != settlement.BreakOpen.String() {
			continue
		}
		open++
		if d := amountOf(b["difference"]); d != settlement.NoAmount {
			sum += d
		}
	}
	switch {
	case open > 0:
		return a.sayf("BREAKS: %s, Σ difference %s", groupedCount(int64(open)), grouped(sum))
	case states["open"] > 0:
		return a.say("open: something still waits for its counterpart")
	case states["awaiting_release"] > 0:
		return a.say("awaiting release: the buyer has not confirmed yet")
	case s.payoutVerdict(a) != "":
		return s.payoutVerdict(a)
	case states["matched"] > 0:
		return a.say("balanced: every event has its line, to the fen")
	}
	return a.say("no money is expected, and none came")
}

// placeOfFact is file:line of a row.
func placeOfFact(f fact) string {
	if f["source_file"] == "" {
		return ""
	}
	return fmt.Sprintf("%s:%s", f["source_file"], f["source_line"])
}
