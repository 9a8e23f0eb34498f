// Package story tells what a result knows of one order or payout: what was expected, what
// came, how both were tied, what was charged, what moved on the accounts, and what does not
// agree. The command explain prints it, the review page shows it.
package story

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"reconcile/fees"
	"reconcile/output"
	"reconcile/settlement"
)

// Fact is one row of a table, as text by column; null is "".
type Fact map[string]string

// Story is everything a result knows of one order: what was expected, what came,
// how both were tied, what was charged, and what does not agree.
type Story struct {
	Query       string   `json:"query"`
	Events      []Fact   `json:"order_events"`
	Lines       []Fact   `json:"statement_lines"`
	Matches     []Fact   `json:"matches"`
	Charges     []Fact   `json:"charges"`
	Breaks      []Fact   `json:"breaks"`
	Open        []Fact   `json:"open_items"`
	Funds       []Fact   `json:"fund_lines"`
	Cross       []Fact   `json:"cross_wallet"`
	Payouts     []Fact   `json:"payouts"`
	Withdrawals []Fact   `json:"withdrawals"`
	Bank        []Fact   `json:"bank_lines"`
	dirs        []string // of a result, or of the days of a dataset in their order
	ctx         context.Context
	numbers     map[string]bool // under which the order is known
	ids         map[string]bool // of its lines and events
	exactly     map[string]bool // the query alone: numbers that belong to one row
}

// Read reads what a result, or the days of a dataset in their order, know of a number.
// Numbers are followed: the order of a refund, the other orders of a combined payment, the
// line that a provider's number ties to an event.
func Read(ctx context.Context, dirs []string, query string) (*Story, error) {
	s := &Story{
		Query: query, dirs: dirs, ctx: ctx,
		Withdrawals: []Fact{}, Bank: []Fact{}, numbers: map[string]bool{query: true}, ids: map[string]bool{query: true}, exactly: map[string]bool{query: true},
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
func (s *Story) wallets() map[string]bool {
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
func (s *Story) follow() error {
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
func (s *Story) learn(facts []Fact, id string) {
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
// values, as many parts at a time as there are cores.
func (s *Story) gather(table string, to *[]Fact, keys []keyed) error {
	var paths []string
	for _, dir := range s.dirs {
		parts, err := output.Parts(dir, table)
		if err != nil {
			return err
		}
		paths = append(paths, parts...)
	}
	found := make([][]Fact, len(paths))
	group, ctx := errgroup.WithContext(s.ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() (err error) {
			found[i], err = gatherFrom(ctx, path, keys)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	*to = []Fact{}
	for _, facts := range found {
		*to = append(*to, facts...)
	}
	return nil
}

// gatherFrom is gather of one part.
func gatherFrom(ctx context.Context, path string, keys []keyed) (facts []Fact, err error) {
	var at []int
	err = output.ReadFile(path, output.Until(ctx, func(r output.Row) error {
		if at == nil {
			for _, k := range keys {
				at = append(at, slices.Index(r.Columns(), k.column))
			}
		}
		for i, k := range keys {
			if k.values[r.At(at[i])] {
				facts = append(facts, FactOf(r))
				return nil
			}
		}
		return nil
	}))
	return facts, err
}

// bringUpToDate leaves of what several days say the latest: a break as its last day
// has it, what waits at the end, and the state of what a later day has matched.
func (s *Story) bringUpToDate() {
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
	for id, facts := range map[string][]Fact{"event_id": s.Events, "line_id": s.Lines} {
		for _, f := range facts {
			if state := claimed[f[id]]; state != "" && f["match_state"] == settlement.Open.String() {
				f["match_state"] = state
			}
		}
	}
	s.Open = slices.DeleteFunc(latest(s.Open, "item_id"), func(f Fact) bool { return claimed[f["item_id"]] != "" })
}

// latest keeps of facts of one identity the last.
func latest(facts []Fact, id string) []Fact {
	last := map[string]int{}
	for i, f := range facts {
		last[f[id]] = i
	}
	kept := []Fact{}
	for i, f := range facts {
		if last[f[id]] == i {
			kept = append(kept, f)
		}
	}
	return kept
}

// FactOf is a row as it stands.
func FactOf(r output.Row) Fact {
	f := Fact{}
	for i, name := range r.Columns() {
		f[name] = r.At(i)
	}
	return f
}

func sortFacts(facts []Fact, columns ...string) {
	slices.SortStableFunc(facts, func(a, b Fact) int {
		for _, c := range columns {
			if order := cmp.Compare(a[c], b[c]); order != 0 {
				return order
			}
		}
		return 0
	})
}

// Empty says that nothing is known under the number.
func (s *Story) Empty() bool {
	return len(s.Events)+len(s.Lines)+len(s.Breaks)+len(s.Funds)+len(s.Payouts) == 0
}

// chargeOf is the charge of a row of the table charges.
func chargeOf(f Fact) fees.Charge {
	c := fees.Charge{
		RuleID: f["rule_id"], RuleVersion: f["rule_version"],
		Base: amountOf(f["base_amount"]), Expected: amountOf(f["expected_fee"]), Charged: amountOf(f["charged_fee"]),
		Variance: amountOf(f["variance"]), Rate: settlement.NoRate, Assumed: f["assumed"] == "true",
		Event: settlement.Kind(max(0, slices.Index(settlement.KindWords, f["event"]))),
		Class: settlement.VarianceClass(max(0, slices.Index(settlement.ClassWords, f["variance_class"]))),
	}
	if rate, err := rateOf(f["rate"]); err == nil {
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

// rateOf reads a rate of a table, a fraction of six decimals, as millionths.
func rateOf(text string) (settlement.Rate, error) {
	millionths, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 32)
	return settlement.Rate(millionths), err
}
