package settlement

import (
	"cmp"
	"slices"
)

// Coverage is the periods that each account of each wallet has delivered.
type Coverage struct {
	accounts []accountCoverage
	// unknown are wallets of which a statement was refused before its account was
	// known: nothing of them is complete.
	unknown [Bank + 1]bool
}

type accountCoverage struct {
	wallet  Wallet
	account string
	spans   [2][]span // of payments, of refunds
}

// span is [from, until).
type span struct{ from, until Instant }

// AddStatement adds the period of an accepted statement.
func (c *Coverage) AddStatement(s *Statement) {
	a := c.account(s.Wallet, s.Account)
	if s.From == NoDay || s.Until == NoDay {
		return
	}
	for i, kind := range [...]Kind{Payment, Refund} {
		if s.Kind.Covers(kind) {
			a.spans[i] = mergeSpan(a.spans[i], span{s.From.Start(), s.Until.Start()})
		}
	}
}

// AddRefused records that a statement was refused: its account counts as one
// that has not delivered. An account that is not known leaves the whole wallet
// incomplete, a wallet that is not known all of them.
func (c *Coverage) AddRefused(w Wallet, account string) {
	switch {
	case w == NoWallet:
		for i := range c.unknown {
			c.unknown[i] = true
		}
	case account == "":
		c.unknown[w] = true
	default:
		c.account(w, account)
	}
}

func (c *Coverage) account(w Wallet, account string) *accountCoverage {
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
func (c *Coverage) Covers(w Wallet, account []byte, kind Kind, at, window Instant) bool {
	return at != NoInstant && c.CoversAll(w, account, kind, at-window, at+window)
}

// CoversAll is Covers of all instants [from, until].
func (c *Coverage) CoversAll(w Wallet, account []byte, kind Kind, from, until Instant) bool {
	which := 0
	if kind != Payment {
		which = 1
	}
	any := false
	for i := range c.accounts {
		a := &c.accounts[i]
		if w != NoWallet && a.wallet != w || len(account) > 0 && a.account != "" && a.account != string(account) {
			continue
		}
		any = true
		if c.unknown[a.wallet] && len(account) == 0 {
			return false
		}
		if !slices.ContainsFunc(a.spans[which], func(s span) bool { return s.from < from && until < s.until }) {
			return false
		}
	}
	if w == NoWallet && slices.Contains(c.unknown[:], true) {
		return false
	}
	return any
}

// Knows says that an account of a wallet has delivered a period, whichever.
func (c *Coverage) Knows(w Wallet, account []byte) bool {
	return slices.ContainsFunc(c.accounts, func(a accountCoverage) bool {
		return a.wallet == w && (len(account) == 0 || a.account == "" || a.account == string(account)) && len(a.spans[0])+len(a.spans[1]) > 0
	})
}

// Any says that some account has delivered a period.
func (c *Coverage) Any() bool {
	return slices.ContainsFunc(c.accounts, func(a accountCoverage) bool { return len(a.spans[0])+len(a.spans[1]) > 0 })
}

// Span is days [From, Until) that an account has delivered, of payments or of refunds.
type Span struct {
	Wallet      Wallet
	Account     string
	Refunds     bool
	From, Until Day
}

// kind is the index of what was delivered: 0 payments, 1 refunds.
func (s Span) kind() int {
	if s.Refunds {
		return 1
	}
	return 0
}

// Spans returns all that was delivered, in order.
func (c *Coverage) Spans() []Span {
	var list []Span
	for _, a := range c.accounts {
		for kind, spans := range a.spans {
			for _, s := range spans {
				list = append(list, Span{a.wallet, a.account, kind == 1, DayOf(s.from), DayOf(s.until)})
			}
		}
	}
	slices.SortFunc(list, func(x, y Span) int {
		return cmp.Or(cmp.Compare(x.Wallet, y.Wallet), cmp.Compare(x.Account, y.Account),
			cmp.Compare(x.kind(), y.kind()), cmp.Compare(x.From, y.From))
	})
	return list
}

// AddSpan adds what an earlier run has found delivered.
func (c *Coverage) AddSpan(w Wallet, account string, refunds bool, from, until Day) {
	a, kind := c.account(w, account), Span{Refunds: refunds}.kind()
	a.spans[kind] = mergeSpan(a.spans[kind], span{from.Start(), until.Start()})
}
