package pipeline

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/cespare/xxhash/v2"

	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// summaryKey is the grain of the table summary.
type summaryKey struct {
	on      settlement.Day
	wallet  settlement.Wallet
	account string
	shop    string
}

// summaryRow is one row of the table summary while it is added up.
type summaryRow struct {
	events, lines, matched, breaks, open             int64
	gross, refunds, expected, charged, variance, net settlement.Amount
	priced                                           int64 // charges with an expectation, charges with a fee
	charges                                          int64
	unpriced                                         settlement.Amount // charged where no rule gives an expectation
	platform                                         settlement.Amount // fees of the platform, which no wallet charges
	platformFees                                     int64
	billed                                           settlement.Amount // as the bills state it
	withdrawal, cross                                settlement.Amount
	withdrawals, crossed                             int64 // withdrawals; rows of cross_wallet of which the cost is known
	linesRate, eventsRate                            output.MatchFigures
	crossOrders, uncrossed                           int64 // orders that were paid across wallets; those whose cost is not known
}

// tally adds up the rows of buckets by the grain of the summary. Each worker has
// its own; merge joins them.
type tally struct {
	rows map[summaryKey]*summaryRow
	// texts makes one string of each account and shop.
	texts map[string]string
	// recent are rows that were used of late, by the hash of their shop: the maps
	// are slow for every line.
	recent [256]struct {
		key summaryKey
		row *summaryRow
	}
	// breaks by kind and wallet, for the printed summary.
	breaks map[breakKey]*breakCount
	// fees by rule, and cross-wallet cost by the two wallets.
	fees  feeTally
	cross map[crossKey]*output.CrossFigures
	// overflow is set once a sum no longer fits.
	overflow error
}

type breakKey struct {
	wallet settlement.Wallet
	kind   settlement.BreakKind
}

type breakCount struct {
	count       int64
	short, over settlement.Amount // Σ of the negative, of the positive differences
}

func newTally() *tally {
	return &tally{rows: map[summaryKey]*summaryRow{}, texts: map[string]string{}, breaks: map[breakKey]*breakCount{},
		fees: feeTally{rules: map[ruleKey]*output.FeeFigures{}}, cross: map[crossKey]*output.CrossFigures{}}
}

func (t *tally) text(b []byte) string {
	if known, ok := t.texts[string(b)]; ok {
		return known
	}
	text := string(b)
	t.texts[text] = text
	return text
}

func (t *tally) at(on settlement.Day, wallet settlement.Wallet, account, shop []byte) *summaryRow {
	recent := &t.recent[uint8(xxhash.Sum64(shop))^uint8(wallet)<<4^uint8(on)]
	if k := &recent.key; recent.row != nil && k.on == on && k.wallet == wallet && k.account == string(account) && k.shop == string(shop) {
		return recent.row
	}
	key := summaryKey{on, wallet, t.text(account), t.text(shop)}
	row := t.rows[key]
	if row == nil {
		row = &summaryRow{}
		t.rows[key] = row
	}
	recent.key, recent.row = key, row
	return row
}

// add adds v to a sum and remembers an overflow.
func (t *tally) add(sum *settlement.Amount, v settlement.Amount) {
	if v == settlement.NoAmount {
		return
	}
	s, err := sum.Add(v)
	if err != nil {
		t.overflow = err
		return
	}
	*sum = s
}

// bucket adds the tables of one bucket. shopOf gives the shop of lines that pass 3
// claimed for an event of another bucket; eventAt where such an event's line is.
func (t *tally) bucket(out *BucketOutput, resolved *match.Resolution) {
	t.addLines(out, resolved)
	t.addAlone(out)
	t.addCharges(out.Charges)
	t.addEvents(out, resolved)
	t.addBreaks(out.Breaks)
	for i := range out.Open.Len() {
		o := out.Open
		t.at(o.FirstSeenOn[i], o.Wallet[i], o.Account.At(i), o.Shop.At(i)).open++
	}
}

// addBreaks adds findings.
func (t *tally) addBreaks(b *settlement.Breaks) {
	for i := range b.Len() {
		if b.Status[i] != settlement.BreakOpen {
			continue
		}
		t.at(b.FirstSeenOn[i], b.Wallet[i], b.Account.At(i), b.Shop.At(i)).breaks++
		key := breakKey{b.Wallet[i], b.Kind[i]}
		if t.breaks[key] == nil {
			t.breaks[key] = &breakCount{}
		}
		t.breaks[key].count++
		t.add(&t.breaks[key].short, min(b.Difference[i], 0))
		t.add(&t.breaks[key].over, max(b.Difference[i], 0))
	}
}

// addWithdrawals adds what withdrawals cost.
func (t *tally) addWithdrawals(w *settlement.Withdrawals) {
	for i := range w.Len() {
		row := t.at(w.SettledOn[i], w.Wallet[i], w.Account.At(i), nil)
		t.add(&row.withdrawal, w.Charged[i])
		row.withdrawals++
		f := t.fees.at(w.Wallet[i], settlement.NoComponent, settlement.NoKind, w.Assumed[i] != 0, w.RuleID.At(i), w.RuleVer.At(i))
		t.addFee(f, w.Amount[i], w.Expected[i], w.Charged[i], w.Variance[i])
	}
}

// addCross adds what orders cost that were paid across wallets.
func (t *tally) addCross(c *settlement.CrossWallet) {
	for i, of := range c.Of {
		t.addCrossFigures(c, i)
		if of != settlement.CostOrder && of != settlement.CostMovement {
			continue
		}
		row := t.at(c.SettledOn[i], c.Wallet[i], c.Account.At(i), c.Shop.At(i))
		pays := int64(0)
		if c.Paid[i] != 0 {
			pays = 1
		}
		row.crossOrders += pays
		if c.Cost[i] == settlement.NoAmount {
			row.uncrossed += pays
			continue
		}
		t.add(&row.cross, c.Cost[i])
		row.crossed++
	}
}

func (t *tally) addLines(out *BucketOutput, resolved *match.Resolution) {
	l, c := out.Lines, out.Charges
	for i := range l.Len() {
		var shop []byte
		if event := out.EventOfLine[i]; event >= 0 {
			shop = out.Events.Shop.At(int(event))
		} else if claim, ok := resolved.Line(l.ID[i]); ok {
			shop = []byte(claim.Shop)
		}
		row := t.at(dayOfLine(l, i), l.Wallet[i], l.Account.At(i), shop)
		row.lines++
		if l.MatchState[i] == settlement.Matched {
			row.matched++
		}
		t.addRate(&row.linesRate, l.MatchState[i], l.Gross[i])
		t.add(&row.billed, -l.Fee[i])
		t.add(&row.expected, c.Expected[i])
		t.add(&row.charged, c.Charged[i])
		t.add(&row.variance, c.Variance[i])
		if c.Expected[i] == settlement.NoAmount {
			t.add(&row.unpriced, c.Charged[i])
		} else {
			row.priced++
		}
		if c.Charged[i] != settlement.NoAmount {
			row.charges++
		}
		if !l.Settles(i) {
			continue
		}
		if l.Kind[i] == settlement.Payment {
			t.add(&row.gross, l.Gross[i])
		} else {
			t.add(&row.refunds, l.Gross[i])
		}
		t.add(&row.net, l.Net[i])
	}
}

// addAlone adds the fee rows that stand alone, with the shop of their order where it
// has a line of the same wallet.
func (t *tally) addAlone(out *BucketOutput) {
	l, c := out.Lines, out.Charges
	for i := l.Len(); i < c.Len(); i++ {
		var shop []byte
		order := c.OrderNo.At(i)
		at := sort.Search(l.Len(), func(line int) bool {
			return cmp.Or(cmp.Compare(l.Wallet[line], c.Wallet[i]), bytes.Compare(l.OrderNo.At(line), order)) >= 0
		})
		if len(order) > 0 && at < l.Len() && l.Wallet[at] == c.Wallet[i] && bytes.Equal(l.OrderNo.At(at), order) && out.EventOfLine[at] >= 0 {
			shop = out.Events.Shop.At(int(out.EventOfLine[at]))
		}
		row := t.at(c.SettledOn[i], c.Wallet[i], c.Account.At(i), shop)
		if c.Component[i] == settlement.PlatformFee {
			t.add(&row.platform, c.Charged[i])
			row.platformFees++
			continue
		}
		t.add(&row.charged, c.Charged[i])
		t.add(&row.unpriced, c.Charged[i])
		row.charges++
	}
}

func dayOfLine(l *settlement.Lines, i int) settlement.Day {
	if l.SettledOn[i] != settlement.NoDay {
		return l.SettledOn[i]
	}
	return settlement.DayOf(l.OccurredAt[i])
}

func (t *tally) addEvents(out *BucketOutput, resolved *match.Resolution) {
	e := out.Events
	for i := range e.Len() {
		if e.MatchState[i] == settlement.NotExpected || e.File[i] >= out.FirstCarried {
			continue
		}
		var row *summaryRow
		shop := e.Shop.At(i)
		if l, line, ok := out.lineOfEvent(i); ok {
			// The line's row takes the shop of the first share; so does the event.
			if first := out.firstEvent(i); first >= 0 {
				shop = e.Shop.At(int(first))
			}
			row = t.at(dayOfLine(l, line), l.Wallet[line], l.Account.At(line), shop)
		} else if claim, ok := resolved.Event(e.ID[i]); ok {
			row = t.at(claim.SettledOn, claim.Wallet, []byte(claim.Account), shop)
		} else {
			on := settlement.NoDay
			if e.ExpectedAt[i] != settlement.NoInstant {
				on = settlement.DayOf(e.ExpectedAt[i])
			}
			row = t.at(on, e.Wallet[i], e.Account.At(i), shop)
		}
		row.events++
		t.addRate(&row.eventsRate, e.MatchState[i], e.Amount[i])
	}
}

// merge adds another tally to t.
func (t *tally) merge(other *tally) {
	for key, from := range other.rows {
		row := t.rows[key]
		if row == nil {
			row = &summaryRow{}
			t.rows[key] = row
		}
		row.events += from.events
		row.lines += from.lines
		row.matched += from.matched
		row.breaks += from.breaks
		row.open += from.open
		row.priced += from.priced
		row.charges += from.charges
		row.platformFees += from.platformFees
		row.withdrawals += from.withdrawals
		row.crossed += from.crossed
		row.crossOrders += from.crossOrders
		row.uncrossed += from.uncrossed
		t.mergeRate(&row.linesRate, from.linesRate)
		t.mergeRate(&row.eventsRate, from.eventsRate)
		for _, sum := range []struct {
			to   *settlement.Amount
			from settlement.Amount
		}{
			{&row.gross, from.gross}, {&row.refunds, from.refunds}, {&row.expected, from.expected},
			{&row.charged, from.charged}, {&row.variance, from.variance}, {&row.net, from.net},
			{&row.unpriced, from.unpriced}, {&row.platform, from.platform}, {&row.billed, from.billed},
			{&row.withdrawal, from.withdrawal}, {&row.cross, from.cross},
		} {
			t.add(sum.to, sum.from)
		}
	}
	for key, from := range other.breaks {
		if t.breaks[key] == nil {
			t.breaks[key] = &breakCount{}
		}
		t.breaks[key].count += from.count
		t.add(&t.breaks[key].short, from.short)
		t.add(&t.breaks[key].over, from.over)
	}
	t.mergeFigures(other)
	if other.overflow != nil {
		t.overflow = other.overflow
	}
}

// table returns the rows of the table summary in its order.
func (t *tally) table() *settlement.Summary {
	keys := make([]summaryKey, 0, len(t.rows))
	for key := range t.rows {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b summaryKey) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.wallet, b.wallet), cmp.Compare(a.account, b.account), cmp.Compare(a.shop, b.shop))
	})
	s := &settlement.Summary{}
	for _, key := range keys {
		row := t.rows[key]
		s.SettledOn = append(s.SettledOn, key.on)
		s.Wallet = append(s.Wallet, key.wallet)
		s.Account.AppendString(key.account)
		s.Shop.AppendString(key.shop)
		s.Currency = append(s.Currency, settlement.CNY)
		s.Events = append(s.Events, row.events)
		s.Lines = append(s.Lines, row.lines)
		s.Matched = append(s.Matched, row.matched)
		s.Breaks = append(s.Breaks, row.breaks)
		s.Open = append(s.Open, row.open)
		s.Gross = append(s.Gross, row.gross)
		s.Refunds = append(s.Refunds, row.refunds)
		s.Expected = append(s.Expected, known(row.expected, row.priced))
		s.Charged = append(s.Charged, known(row.charged, row.charges))
		s.Variance = append(s.Variance, known(row.variance, min(row.priced, row.charges)))
		s.Net = append(s.Net, row.net)
		s.Withdrawal = append(s.Withdrawal, known(row.withdrawal, row.withdrawals))
		s.Cross = append(s.Cross, known(row.cross, row.crossed))
		s.CostBps = append(s.CostBps, settlement.PartsOf(row.charged+row.withdrawal, row.gross+row.refunds, 10_000))
		s.Platform = append(s.Platform, known(row.platform, row.platformFees))
	}
	return s
}

// known is a sum of n amounts; a sum of none is not known.
func known(sum settlement.Amount, n int64) settlement.Amount {
	if n == 0 {
		return settlement.NoAmount
	}
	return sum
}
