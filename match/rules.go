// Package match claims statement lines for order events, one to one, and names
// what is left. It sees the lines and events of one bucket at a time and is a
// pure function of them and of the rules: no clock, no input or output, no order
// of arrival.
//
// The unit is a payment or a refund. Passes, each over what the one before left:
//
//  1. the exact number (order or payment number; of a refund also the refund
//     number) in the stated paying wallet;
//  2. the order number in another wallet, for orders that state one and carry no
//     provider's number;
//  3. the provider's transaction number, where the orders carry it; and refunds of
//     orders with several payments, under any of their numbers (residue.go).
package match

import (
	"cmp"
	"slices"

	"reconcile/settlement"
)

// Rules is what the matching of a run goes by. It is read-only once a run has
// begun and shared by all buckets.
type Rules struct {
	// Day is the settlement day of the run, the last one of its period.
	Day settlement.Day
	// Coverage is which periods which accounts have delivered.
	Coverage Coverage
	// Watermark is the instant up to which the orders speak, RefundWatermark the list
	// of refunds; NoInstant where none was delivered. A line of an earlier instant
	// that they do not have is a finding.
	Watermark, RefundWatermark settlement.Instant
	// OrdersIncomplete says that orders are missing from the run: none were delivered,
	// or a file that may have held some was refused. A refund of an order that is not
	// there may then be known to its wallet under a number that only the order tells.
	OrdersIncomplete bool
	// RefundsListed says that a list of refunds was delivered: only then is a
	// refund that is not in it a finding.
	RefundsListed bool
	// Window is how far inside a covered period an event must lie for a missing
	// counterpart to be a break at once (the cut-off, 切日). SuccessWindow is the
	// same for refunds of which only the time of success is known, since their
	// acceptance may lie days before.
	Window, SuccessWindow settlement.Instant
	// AggregatedPlatforms have an aggregated account (聚合结算账户) delivered: their
	// orders fit it whatever wallet they state.
	AggregatedPlatforms map[string]bool
	// FirstCarried is the first file whose rows are carried from earlier days, 0 where
	// there is none.
	FirstCarried int32
	// FirstSettled is the first file whose rows are of earlier days and settled there:
	// what was paid and refunded then, which takes part in sums and is not claimed
	// again. 0 where there is none.
	FirstSettled int32
	// FileRank orders the statements for choosing among equal copies of a line:
	// ALL before SUCCESS and REFUND, then by content hash.
	FileRank []int32
}

// The windows of a run that configures none.
const (
	DefaultWindow        = 30 * settlement.Minute
	DefaultSuccessWindow = 7 * 24 * 60 * settlement.Minute
)

// Coverage is the periods that each account of each wallet has delivered.
type Coverage struct {
	accounts []accountCoverage
	// unknown are wallets of which a statement was refused before its account was
	// known: nothing of them is complete.
	unknown [len(wallets)]bool
}

var wallets = [...]settlement.Wallet{settlement.NoWallet, settlement.Alipay, settlement.WeChat,
	settlement.TaobaoAggregated, settlement.Bank}

type accountCoverage struct {
	wallet  settlement.Wallet
	account string
	spans   [2][]span // of payments, of refunds
}

// span is [from, until).
type span struct{ from, until settlement.Instant }

// AddStatement adds the period of an accepted statement.
func (c *Coverage) AddStatement(s *settlement.Statement) {
	a := c.account(s.Wallet, s.Account)
	if s.From == settlement.NoDay || s.Until == settlement.NoDay {
		return
	}
	for i, kind := range [...]settlement.Kind{settlement.Payment, settlement.Refund} {
		if s.Kind.Covers(kind) {
			a.spans[i] = mergeSpan(a.spans[i], span{s.From.Start(), s.Until.Start()})
		}
	}
}

// AddRefused records that a statement was refused: its account counts as one
// that has not delivered. An account that is not known leaves the whole wallet
// incomplete, a wallet that is not known all of them.
func (c *Coverage) AddRefused(w settlement.Wallet, account string) {
	switch {
	case w == settlement.NoWallet:
		for i := range c.unknown {
			c.unknown[i] = true
		}
	case account == "":
		c.unknown[w] = true
	default:
		c.account(w, account)
	}
}

func (c *Coverage) account(w settlement.Wallet, account string) *accountCoverage {
	at := slices.IndexFunc(c.accounts, func(a accountCoverage) bool { return a.wallet == w && a.account == account })
	if at < 0 {
		at = len(c.accounts)
		c.accounts = append(c.accounts, accountCoverage{wallet: w, account: account})
	}
	return &c.accounts[at]
}

func mergeSpan(spans []span, s span) []span {
	spans = append(spans, s)
	slices.SortFunc(spans, func(a, b span) int {
		if a.from != b.from {
			return int(min(max(a.from-b.from, -1), 1))
		}
		return int(min(max(a.until-b.until, -1), 1))
	})
	merged := spans[:1]
	for _, next := range spans[1:] {
		last := &merged[len(merged)-1]
		if next.from <= last.until {
			last.until = max(last.until, next.until)
		} else {
			merged = append(merged, next)
		}
	}
	return merged
}

// Covers says that an event of the given kind at the given instant must stand in
// what was delivered: every account that it could have gone to has delivered a
// period inside which the instant lies by more than the window on both sides.
// account "" is any account of the wallet, NoWallet any wallet; a statement that
// does not say its account may be of any.
func (c *Coverage) Covers(w settlement.Wallet, account []byte, kind settlement.Kind, at, window settlement.Instant) bool {
	if at == settlement.NoInstant {
		return false
	}
	which := 0
	if kind != settlement.Payment {
		which = 1
	}
	any := false
	for i := range c.accounts {
		a := &c.accounts[i]
		if w != settlement.NoWallet && a.wallet != w || len(account) > 0 && a.account != "" && a.account != string(account) {
			continue
		}
		any = true
		if c.unknown[a.wallet] && len(account) == 0 {
			return false
		}
		if !slices.ContainsFunc(a.spans[which], func(s span) bool { return s.from < at-window && at+window < s.until }) {
			return false
		}
	}
	if w == settlement.NoWallet && slices.Contains(c.unknown[:], true) {
		return false
	}
	return any
}

// lineDue says that the order extract has passed an instant: a line of that time
// without an order is a finding, not a matter of waiting.
func (r *Rules) lineDue(kind settlement.Kind, at settlement.Instant) bool {
	if kind != settlement.Payment && !r.RefundsListed {
		return false
	}
	mark := r.Watermark
	if kind != settlement.Payment {
		mark = r.RefundWatermark
	}
	return mark != settlement.NoInstant && at < mark
}

// Any says that some account has delivered a period.
func (c *Coverage) Any() bool {
	return slices.ContainsFunc(c.accounts, func(a accountCoverage) bool { return len(a.spans[0])+len(a.spans[1]) > 0 })
}

// Span is days [From, Until) that an account has delivered, of payments or of refunds.
type Span struct {
	Wallet      settlement.Wallet
	Account     string
	Refunds     bool
	From, Until settlement.Day
}

// Spans returns all that was delivered, in order.
func (c *Coverage) Spans() []Span {
	var list []Span
	for _, a := range c.accounts {
		for kind, spans := range a.spans {
			for _, s := range spans {
				list = append(list, Span{a.wallet, a.account, kind == 1, settlement.DayOf(s.from), settlement.DayOf(s.until)})
			}
		}
	}
	slices.SortFunc(list, func(x, y Span) int {
		return cmp.Or(cmp.Compare(x.Wallet, y.Wallet), cmp.Compare(x.Account, y.Account),
			cmp.Compare(boolRank(x.Refunds), boolRank(y.Refunds)), cmp.Compare(x.From, y.From))
	})
	return list
}

// AddSpan adds what an earlier run has found delivered.
func (c *Coverage) AddSpan(w settlement.Wallet, account string, refunds bool, from, until settlement.Day) {
	a := c.account(w, account)
	a.spans[boolRank(refunds)] = mergeSpan(a.spans[boolRank(refunds)], span{from.Start(), until.Start()})
}
