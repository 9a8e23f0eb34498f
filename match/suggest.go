package match

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sort"

	"reconcile/settlement"
)

// Suggestions are pass 4: for a break whose counterpart is missing, the payments or
// refunds of the same amount at about the same time that miss theirs. They are shown
// and never applied: that two amounts agree proves nothing.

// SuggestWithin is how far apart in time an order event and a line may lie to be
// suggested for each other.
const SuggestWithin = 24 * 60 * settlement.Minute

// Candidate is an order event without a line, or a line without an order event.
type Candidate struct {
	BreakID settlement.ID // zero of one that only waits
	Event   bool          // it is an event; else a line
	Refund  bool          // of a refund or a revoke
	Wallet  settlement.Wallet
	Account string // "" where it is not stated
	Amount  settlement.Amount
	At      settlement.Instant
	Number  string // that names it, for people
	Bucket  int
}

// Candidates are what a bucket leaves without a counterpart: breaks, and what still
// waits. Events from firstSettled on are of earlier days and settled there.
func Candidates(bucket int, breaks *settlement.Breaks, events *settlement.Events, firstSettled int32, lines ...*settlement.Lines) (all []Candidate) {
	breakOf := map[settlement.ID]settlement.ID{}
	for i, kind := range breaks.Kind {
		if breaks.Status[i] != settlement.BreakOpen {
			continue
		}
		switch kind {
		case settlement.MissingInStatement, settlement.RefundMissingInStatement:
			breakOf[breaks.EventID[i]] = breaks.ID[i]
		case settlement.MissingInOrders, settlement.RefundMissingInOrders:
			breakOf[breaks.LineID[i]] = breaks.ID[i]
		}
	}
	for _, l := range lines {
		for i, state := range l.MatchState {
			if state != settlement.Open && state != settlement.Broken {
				continue
			}
			if of, broken := breakOf[l.ID[i]]; broken || state == settlement.Open {
				all = append(all, Candidate{BreakID: of, Refund: l.Kind[i] != settlement.Payment, Wallet: l.Wallet[i], Account: l.Account.StringAt(i),
					Amount: l.Gross[i], At: l.OccurredAt[i], Number: firstOf(l.RefundNo.At(i), l.OrderNo.At(i), l.ProviderTxnID.At(i)), Bucket: bucket})
			}
		}
	}
	for i, state := range events.MatchState {
		if state != settlement.Open && state != settlement.Broken || events.File[i] >= firstSettled {
			continue
		}
		if of, broken := breakOf[events.ID[i]]; broken || state == settlement.Open {
			all = append(all, Candidate{BreakID: of, Event: true, Refund: events.Kind[i] != settlement.Payment, Wallet: events.Wallet[i], Account: events.Account.StringAt(i),
				Amount: events.Amount[i], At: events.ExpectedAt[i], Number: firstOf(events.RefundNo.At(i), events.OrderNo.At(i)), Bucket: bucket})
		}
	}
	return all
}

func firstOf(texts ...[]byte) string {
	for _, text := range texts {
		if len(text) > 0 {
			return string(text)
		}
	}
	return ""
}

// Suggest says of each break among the candidates what may be its counterpart, in
// words. It does not depend on the order of the candidates.
func Suggest(candidates []Candidate) map[settlement.ID]string {
	s := suggesting{}
	for i := range candidates {
		if c := &candidates[i]; c.Amount != settlement.NoAmount && c.At != settlement.NoInstant {
			s.sides[side(c.Event)] = append(s.sides[side(c.Event)], c)
		}
	}
	for n := range s.sides {
		slices.SortFunc(s.sides[n], func(a, b *Candidate) int {
			return cmp.Or(compareSum(a, b), cmp.Compare(a.At, b.At), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Number, b.Number))
		})
	}
	said := map[settlement.ID]string{}
	for n := range s.sides {
		for _, c := range s.sides[n] {
			if (c.BreakID == settlement.ID{}) {
				continue
			}
			if text := s.of(c); text != "" {
				said[c.BreakID] = text
			}
		}
	}
	return said
}

// suggesting holds lines and events, each by kind, amount and time.
type suggesting struct{ sides [2][]*Candidate }

func side(event bool) int {
	if event {
		return 1
	}
	return 0
}

func compareSum(a, b *Candidate) int {
	if a.Refund != b.Refund {
		return cmp.Compare(side(a.Refund), side(b.Refund))
	}
	return cmp.Compare(a.Amount, b.Amount)
}

// fits says that two candidates of different sides may be one another's.
func fits(a, b *Candidate) bool {
	return (a.Wallet == b.Wallet || a.Wallet == settlement.NoWallet || b.Wallet == settlement.NoWallet) &&
		(a.Account == b.Account || a.Account == "" || b.Account == "")
}

// most is how many counterparts are counted; of more it says "many".
const most = 100

// counterparts is how many candidates of the other side fit c, at most most, and the
// one that is nearest in time.
func (s *suggesting) counterparts(c *Candidate) (n int, nearest *Candidate) {
	others := s.sides[1-side(c.Event)]
	from := sort.Search(len(others), func(i int) bool {
		return cmp.Or(compareSum(others[i], c), cmp.Compare(others[i].At, c.At-SuggestWithin)) >= 0
	})
	for _, other := range others[from:] {
		if compareSum(other, c) != 0 || other.At > c.At+SuggestWithin || n == most {
			break
		}
		if !fits(c, other) {
			continue
		}
		n++
		if nearest == nil || apart(c, other) < apart(c, nearest) {
			nearest = other
		}
	}
	return n, nearest
}

func apart(a, b *Candidate) settlement.Instant { return max(a.At-b.At, b.At-a.At) }

// of says what may be the counterpart of a break, "" where nothing may.
func (s *suggesting) of(c *Candidate) string {
	n, other := s.counterparts(c)
	what := "line"
	if other != nil && other.Event {
		what = "order"
		if other.Refund {
			what = "listed refund"
		}
	}
	switch {
	case n == 0:
		return ""
	case n == most:
		return fmt.Sprintf("ambiguous: %d or more %ss of %s within a day of it miss their counterpart", most, what, c.Amount)
	case n > 1:
		return fmt.Sprintf("ambiguous: %d %ss of %s within a day of it miss their counterpart, the nearest is %s", n, what, c.Amount, other)
	}
	if rivals, _ := s.counterparts(other); rivals > 1 {
		return fmt.Sprintf("ambiguous: the %s %s has this amount and misses its counterpart, and so do %d more that it may belong to", what, other, rivals-1)
	}
	return fmt.Sprintf("likely: the %s %s has this amount and misses its counterpart too", what, other)
}

// String names a candidate for people.
func (c *Candidate) String() string {
	var b bytes.Buffer
	b.WriteString(c.Number)
	if c.Wallet != settlement.NoWallet {
		fmt.Fprintf(&b, " (%s)", c.Wallet)
	}
	fmt.Fprintf(&b, " at %s", c.At)
	return b.String()
}
