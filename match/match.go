package match

import (
	"bytes"
	"context"
	"fmt"

	"reconcile/settlement"
)

// Outcome is what the matching of a bucket leaves: every line and every event in
// exactly one state, in the order of the tables, with what pass 3 found.
type Outcome struct {
	Lines   *settlement.Lines
	Events  *settlement.Events
	Matches *settlement.Matches
	Breaks  *settlement.Breaks // in the order in which they were found
	Open    *settlement.OpenItems
	// EventOfLine is, for each of Lines, the row in Events that it was claimed for
	// (of several shares the first), −1 where there is none in this bucket.
	// LineOfEvent is the other way round.
	EventOfLine, LineOfEvent []int32
	// WholeRefunds is how many of Events were added for orders with status refunded
	// of which no refund is listed.
	WholeRefunds int64
	// Messages is how many rows were messages between buckets, no events.
	Messages int64
	// Dropped are the copies that were left out.
	Dropped []Dropped
	// Asked is what the escrow orders asked whose payout refunds have reduced.
	Asked map[settlement.ID]settlement.Amount

	memory *Memory
}

// Dropped is one copy of a line or event that was left out, and what it is a copy
// of.
type Dropped struct {
	Side                settlement.Side
	File, KeptFile      int32
	FileLine, KeptLine  int64
	OlderStatus         bool // an event with an older status of the same order
	Gross, Settled, Fee settlement.Amount
	Coupon              settlement.Amount
	Kind                settlement.Kind
}

// bucket is the state of one bucket's matching. Its memory serves the next one, see
// memory.go.
type bucket struct {
	memory   *Memory
	rules    *Rules
	resolved *Resolution
	lines    *settlement.Lines
	events   *settlement.Events
	groups   groups
	hash     settlement.IDHasher
	out      *Outcome

	lineState  []settlement.MatchState
	lineEvent  []int32 // the event a line was claimed for, −1
	dropLine   []bool
	eventState []settlement.MatchState
	eventLine  []int32 // the line an event was claimed by, −1
	dropEvent  []bool
	nth        []int32 // of events that agree in everything that names them
	pairs      []pairing
	// eventColumns are those of events, once rows are added to them.
	eventColumns []settlement.Column

	// Of the group at hand.
	groupLines, groupEvents []int32
	paymentLines            []int32
	refundLines             []int32
	units                   []unit
	refunds                 []int32 // events
	ambiguous               string  // why the group is not paired, "" where it is
	sums                    []accountSums

	named map[settlement.ID]bool
	// Rules.FirstCarried and FirstSettled, beyond every file where there is none.
	carried, settled int32
	// refreshed are events of earlier days of which a later row was read, −1 for those
	// whose whole refund an earlier day knows; asked is what was asked of an escrow
	// order before refunds reduced its payout.
	refreshed map[int32]int32
	asked     map[int32]settlement.Amount
	pass3     int // which round of pass 3 this is, 0 for none
	leaving   leaving
	// leavingOnly: nothing is asked for but what pass 3 gets.
	leavingOnly bool
	orderOf     []int32 // of refunds that state no shop: the order whose it is, −1; nil where none is
	arrange     arrangement
	keys        keyTable // of Suspects
}

// Bucket matches the lines and events of one bucket, with what pass 3 found for
// it; resolved is nil where pass 3 did not run. The batches are Bucket's from then
// on: it writes to them, and they may come back as those of the outcome. The rows
// may come in any order; those of the tables (wallet, order number, of lines also
// identity) cost least. memory may be nil.
func Bucket(ctx context.Context, rules *Rules, memory *Memory, lines *settlement.Lines, events *settlement.Events, resolved *Resolution) (*Outcome, error) {
	if memory == nil {
		memory = &Memory{}
	}
	b := memory.take(rules)
	defer memory.give(b)
	b.setRows(lines, events, lines.MatchState)
	b.resolved = resolved
	b.out = &Outcome{Matches: memory.matches.Take(), Breaks: memory.breaks.Take(), Open: memory.open.Take(), memory: memory}
	b.groups.build(lines, events)
	var conflict *settlement.ConflictError
	for i, head := range b.groups.heads {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if line, event, ok := b.groups.pair(head); ok && b.plain(line, event) {
			b.expect(event)
			b.identify(event, -1)
			b.claimPlain(line, event)
			continue
		}
		b.groupLines, b.groupEvents = b.groups.appendRows(b.groupLines[:0], b.groupEvents[:0], head)
		conflict = settlement.FirstConflict(rules.FileRank, conflict, b.solve())
	}
	if conflict != nil {
		return nil, conflict
	}
	out := b.out
	out.Asked = b.askedByID()
	b.finish()
	return out, nil
}

// The work on one number is bounded: above these its rows are not paired but
// reported as ambiguous. Real payments have a handful of rows a side.
const (
	maxEvents = 10_000
	maxPairs  = 100_000_000
)

// solve decides every line and event of one group. It returns the first conflict
// between copies of a line; the group is then undecided.
func (b *bucket) solve() *settlement.ConflictError {
	if conflict := b.dropCopies(); conflict != nil {
		return conflict
	}
	b.ambiguous, b.sums = "", b.sums[:0]
	if lines, events := len(b.groupLines), len(b.groupEvents); events > maxEvents || lines*events > maxPairs {
		b.ambiguous = fmt.Sprintf("%d lines and %d order events share this number; which belongs to which cannot be told", lines, events)
	}
	b.prepareEvents()
	if len(b.groupLines) == 1 && len(b.groupEvents) == 1 && b.plain(b.groupLines[0], b.groupEvents[0]) {
		b.claimPlain(b.groupLines[0], b.groupEvents[0])
		return nil
	}
	b.sortLines()
	b.buildUnits()
	b.adoptEarlier()
	if b.ambiguous == "" {
		b.claimPayments()
		b.claimRefunds()
	}
	if b.leavingOnly {
		b.leave()
		return nil
	}
	b.settleLeftRefunds()
	b.settleLeftUnits()
	b.findExcessRefunds()
	b.settleLeftLines()
	return nil
}

// plain is the common case, which needs none of the general machinery: the group
// is one payment line and one paid order of the same wallet and amount.
func (b *bucket) plain(line, event int32) bool {
	l, e := b.lines, b.events
	return l.Kind[line] == settlement.Payment && e.Kind[event] == settlement.Payment &&
		e.Status[event] == settlement.Paid && e.Escrow[event] == 0 && e.Link[event] != settlement.LinkListed &&
		e.Amount[event] == l.Gross[line] && l.File[line] < b.settled && e.File[event] < b.settled && b.fits(event, line)
}

// claimPlain settles a plain group.
func (b *bucket) claimPlain(line, event int32) {
	b.pair(line, event, b.lines.Gross[line], b.paymentRule(event, 1), settlement.VerdictEqual, settlement.Matched)
}

// fits says that an event may be claimed by a line in pass 1: the line is of the
// wallet and the account that the event states.
func (b *bucket) fits(event, line int32) bool {
	return b.walletFits(event, line) && b.accountFits(event, line)
}

func (b *bucket) walletFits(event, line int32) bool {
	stated, paid := b.events.Wallet[event], b.lines.Wallet[line]
	if stated == settlement.NoWallet || stated == paid {
		return true
	}
	return paid == settlement.TaobaoAggregated && b.rules.AggregatedPlatforms[string(b.events.Platform.At(int(event)))]
}

// accountFits says that event and line may be of one account: each may leave it
// unsaid.
func (b *bucket) accountFits(event, line int32) bool {
	return compatible(b.events.Account.At(int(event)), b.lines.Account.At(int(line)))
}

// compatible says that two numbers agree, as far as both are stated.
func compatible(x, y []byte) bool { return len(x) == 0 || len(y) == 0 || bytes.Equal(x, y) }

// sameOrder says that two events are of one order: the order number, and the
// account where both carry it.
func (b *bucket) sameOrder(x, y int32) bool {
	e, i, j := b.events, int(x), int(y)
	return bytes.Equal(e.OrderNo.At(i), e.OrderNo.At(j)) && compatible(e.Account.At(i), e.Account.At(j))
}

// The rules that claim a pair, as the table matches names them.
const (
	ruleExact    = "1 order number"
	rulePayment  = "1 payment number"
	ruleRefund   = "1 refund number"
	ruleWhole    = "1 order number, whole refund"
	ruleWallet   = "2 order number in another wallet"
	ruleAnother  = "2 refund number in another wallet"
	ruleProvider = "3 provider number"
	ruleRefundNo = "3 refund number"
	ruleOrderNo  = "3 order number"
)

// paymentRule names the rule by which a pass claims an event that is a payment.
func (b *bucket) paymentRule(event int32, pass int) string {
	switch {
	case pass == 3:
		return ruleProvider
	case pass == 2:
		return ruleWallet
	case len(b.events.PaymentNo.At(int(event))) > 0:
		return rulePayment
	}
	return ruleExact
}

// pair records that line was claimed for event; amount is the line's, or the
// share of it that falls to the event.
func (b *bucket) pair(line, event int32, amount settlement.Amount, rule string, verdict settlement.Verdict, state settlement.MatchState) {
	if b.lineEvent[line] < 0 {
		b.lineEvent[line] = event
	}
	b.eventLine[event] = line
	b.lineState[line], b.eventState[event] = state, state
	if !b.leavingOnly {
		id := b.hash.Start("match").Identity(b.lines.ID[line]).Identity(b.events.ID[event]).ID()
		b.pairs = append(b.pairs, pairing{id, amount, rule, line, event, verdict})
	}
}

// pairing is a claimed pair before it becomes a row of matches: the rows are made
// once, in their final order.
type pairing struct {
	id          settlement.ID
	amount      settlement.Amount // of the line, or the share of it
	rule        string
	line, event int32
	verdict     settlement.Verdict
}
