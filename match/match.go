package match

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Outcome is what the matching of a bucket leaves: every line and every event in
// exactly one state, in the order of the tables.
type Outcome struct {
	Lines   *settlement.Lines
	Events  *settlement.Events
	Matches *settlement.Matches
	Breaks  *settlement.Breaks
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
	// LeftLines and LeftEvents go through pass 3; empty unless Rules.Residue. There
	// OrderNoRaw is the order number, by the orders, of the payment that a line has
	// the number of; "" where the orders do not say or name several.
	LeftLines  *settlement.Lines
	LeftEvents *settlement.Events
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

// ConflictError says that two copies of one line differ: one of the two files is
// wrong, and nothing here can say which.
type ConflictError struct {
	File, OtherFile int32
	Line, OtherLine int64
	Column          string
	Value, Other    string
	Key             string
}

func (e *ConflictError) Error() string {
	return "two files give different values for " + e.Column + " of " + e.Key + ": " + e.Value + " and " + e.Other
}

// bucket is the state of one bucket's matching.
type bucket struct {
	rules    *Rules
	resolved *Resolution
	lines    *settlement.Lines // as delivered
	events   *settlement.Events
	groups   *groups
	hash     settlement.IDHasher
	out      *Outcome

	lineState  []settlement.MatchState
	lineEvent  []int32 // the event a line was claimed for, −1
	dropLine   []bool
	eventState []settlement.MatchState
	eventLine  []int32 // the line an event was claimed by, −1
	dropEvent  []bool
	nth        []int32 // of events that agree in everything that names them

	groupLines, groupEvents []int32
	paymentLines            []int32
	refundLines             []int32
	units                   []unit
	refunds                 []int32 // events
	ambiguous               string  // why the group is not paired, "" where it is
	sums                    []accountSums
	leftLines, leftEvents   []int32
	leftOrder               []int32 // of leftLines: an event with the order number, −1
	named                   map[settlement.ID]bool
	pass3                   int     // which round of pass 3 this is, 0 for none
	leaving                 bool    // only what is left is asked for
	orderOf                 []int32 // of refunds that state no shop: the order whose it is, −1; nil where none is
	pairs                   []pairing
}

// Bucket matches the lines and events of one bucket. Neither is changed. With
// resolved, what pass 3 found for this bucket is applied; where Rules.Residue is
// set and resolved is nil, the outcome holds LeftLines and LeftEvents alone.
func Bucket(ctx context.Context, rules *Rules, lines *settlement.Lines, events *settlement.Events, resolved *Resolution) (*Outcome, error) {
	b := &bucket{rules: rules, resolved: resolved, lines: lines, events: &settlement.Events{}, out: &Outcome{
		Lines: &settlement.Lines{}, Events: &settlement.Events{}, Matches: &settlement.Matches{},
		Breaks: &settlement.Breaks{}, Open: &settlement.OpenItems{},
		LeftLines: &settlement.Lines{}, LeftEvents: &settlement.Events{},
	}}
	b.leaving = rules.Residue && resolved == nil
	if !b.leaving { // most lines have their order
		b.pairs = make([]pairing, 0, min(lines.Len(), events.Len()))
	}
	settlement.AppendAll(b.events, events) // amounts of escrow orders change, whole refunds are added
	b.groups = groupByPayment(lines, b.events)
	b.lineState = make([]settlement.MatchState, lines.Len())
	b.lineEvent = slices.Repeat([]int32{-1}, lines.Len())
	b.dropLine = make([]bool, lines.Len())
	b.eventState = make([]settlement.MatchState, events.Len())
	b.eventLine = slices.Repeat([]int32{-1}, events.Len())
	b.dropEvent = make([]bool, events.Len())
	b.nth = make([]int32, events.Len())

	var conflict *ConflictError
	for group := range b.groups.lineHead {
		if group%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		conflict = FirstConflict(rules.FileRank, conflict, b.solve(int32(group)))
	}
	if conflict != nil {
		return nil, conflict
	}
	if b.leaving {
		b.leave()
		return b.out, nil
	}
	b.finish()
	return b.out, nil
}

// The work on one number is bounded: above these its rows are not paired but
// reported as ambiguous. Real payments have a handful of rows a side.
const (
	maxEvents = 10_000
	maxPairs  = 100_000_000
)

// solve decides every line and event of one group. It returns the first conflict
// between copies of a line; the group is then undecided.
func (b *bucket) solve(group int32) *ConflictError {
	b.groupLines = b.groups.rows(b.groups.lineHead[group], b.groups.lineNext, b.groupLines)
	b.groupEvents = b.groups.rows(b.groups.eventHead[group], b.groups.eventNext, b.groupEvents)
	if conflict := b.dropCopies(); conflict != nil {
		return conflict
	}
	b.ambiguous, b.sums = "", b.sums[:0]
	if lines, events := len(b.groupLines), len(b.groupEvents); events > maxEvents || lines*events > maxPairs {
		b.ambiguous = fmt.Sprintf("%d lines and %d order events share this number; which belongs to which cannot be told", lines, events)
	}
	b.prepareEvents()
	if len(b.groupLines) == 1 && len(b.groupEvents) == 1 && b.claimPlain(b.groupLines[0], b.groupEvents[0]) {
		return nil
	}
	b.sortLines()
	b.buildUnits()
	if b.ambiguous == "" {
		b.claimPayments()
		b.claimRefunds()
	}
	b.settleLeftRefunds()
	b.settleLeftUnits()
	b.findExcessRefunds()
	b.settleLeftLines()
	return nil
}

// claimPlain settles the common case without the general machinery: one payment
// line, one paid order, the same wallet, the same amount.
func (b *bucket) claimPlain(line, event int32) bool {
	e := b.events
	if b.lines.Kind[line] != settlement.Payment || e.Kind[event] != settlement.Payment ||
		e.Status[event] != settlement.Paid || e.Escrow[event] != 0 ||
		e.Amount[event] != b.lines.Gross[line] || !b.fits(event, line) {
		return false
	}
	b.pair(line, event, b.lines.Gross[line], b.paymentRule(event, 1), settlement.VerdictEqual, settlement.Matched)
	return true
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
	if !b.leaving {
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

// matches makes the rows of the pairs in the given order.
func (b *bucket) matches(order []int32) *settlement.Matches {
	l, e, m := b.lines, b.events, &settlement.Matches{}
	settlement.Grow(m, len(order))
	m.OrderNo.Data = make([]byte, 0, len(e.OrderNo.Data))
	m.Account.Data = make([]byte, 0, len(l.Account.Data))
	m.PaymentNo.Data = make([]byte, 0, len(e.PaymentNo.Data))
	m.RefundNo.Data = make([]byte, 0, len(l.RefundNo.Data))
	m.Rule.Data = make([]byte, 0, len(order)*len(rulePayment))
	for _, i := range order {
		p := &b.pairs[i]
		line, event := int(p.line), int(p.event)
		m.ID = append(m.ID, p.id)
		m.Wallet = append(m.Wallet, l.Wallet[line])
		m.Account.Append(l.Account.At(line))
		m.Kind = append(m.Kind, l.Kind[line])
		m.OrderNo.Append(e.OrderNo.At(event))
		m.RefundNo.Append(l.RefundNo.At(line))
		m.LineID = append(m.LineID, l.ID[line])
		m.EventID = append(m.EventID, e.ID[event])
		m.OrderAmount = append(m.OrderAmount, e.Amount[event])
		m.LineAmount = append(m.LineAmount, p.amount)
		m.Difference = append(m.Difference, p.amount-e.Amount[event])
		m.Rule.AppendString(p.rule)
		m.Verdict = append(m.Verdict, p.verdict)
		m.SettledOn = append(m.SettledOn, l.SettledOn[line])
		if p.rule == ruleRefundNo || p.rule == ruleOrderNo { // the event's was inferred, and may be wrong
			m.PaymentNo.Append(l.OrderNo.At(line))
		} else {
			m.PaymentNo.Append(e.PaymentNo.At(event))
		}
	}
	return m
}

// leave brings what is left for pass 3 into batches of its own.
func (b *bucket) leave() {
	lines := b.out.LeftLines
	settlement.AppendRows(b.out.LeftEvents, b.events, b.leftEvents)
	if b.orderOf != nil {
		b.fillShops(b.out.LeftEvents, b.leftEvents)
	}
	settlement.AppendRows(lines, b.lines, b.leftLines)
	lines.OrderNoRaw = settlement.Text{}
	for _, event := range b.leftOrder {
		var number []byte
		if event >= 0 {
			number = b.events.OrderNo.At(int(event))
		}
		lines.OrderNoRaw.Append(number)
	}
}

// finish brings lines, events and matches into the order of the tables.
func (b *bucket) finish() {
	out := b.out
	order := columnOrder(b.lines.Wallet, &b.lines.OrderNo, b.lines.ID, b.dropLine)
	settlement.AppendRows(out.Lines, b.lines, order)
	out.Lines.OrderNoRaw = settlement.Text{
		Offsets: make([]int32, 0, len(order)+1), Data: make([]byte, 0, len(out.Lines.OrderNo.Data)),
	}
	for i, row := range order {
		out.Lines.MatchState[i] = b.lineState[row]
		if raw := b.lines.OrderNoRaw.At(int(row)); len(raw) > 0 {
			out.Lines.OrderNoRaw.Append(raw)
		} else {
			out.Lines.OrderNoRaw.Append(b.lines.OrderNo.At(int(row)))
		}
	}
	eventOrder := columnOrder(b.events.Wallet, &b.events.OrderNo, b.events.ID, b.dropEvent)
	settlement.AppendRows(out.Events, b.events, eventOrder)
	if b.orderOf != nil {
		b.fillShops(out.Events, eventOrder)
	}
	place := make([]int32, b.events.Len())
	for i, row := range eventOrder {
		out.Events.MatchState[i] = b.eventState[row]
		place[row] = int32(i)
	}
	out.EventOfLine = make([]int32, len(order))
	linePlace := make([]int32, b.lines.Len())
	for i, row := range order {
		linePlace[row] = int32(i)
		out.EventOfLine[i] = -1
		if event := b.lineEvent[row]; event >= 0 {
			out.EventOfLine[i] = place[event]
		}
	}
	out.LineOfEvent = make([]int32, len(eventOrder))
	for i, row := range eventOrder {
		out.LineOfEvent[i] = -1
		if line := b.eventLine[row]; line >= 0 {
			out.LineOfEvent[i] = linePlace[line]
		}
	}
	out.Matches = b.matches(tableOrder(len(b.pairs), rowOrder{
		wallet:  func(i int) settlement.Wallet { return b.lines.Wallet[b.pairs[i].line] },
		orderNo: func(i int) []byte { return b.events.OrderNo.At(int(b.pairs[i].event)) },
		id:      func(i int) settlement.ID { return b.pairs[i].id },
	}))
	open := &settlement.OpenItems{}
	settlement.AppendRows(open, out.Open, columnOrder(out.Open.Wallet, &out.Open.OrderNo, out.Open.ID, nil))
	out.Open = open
}

// SortMatches returns matches in the order of the table: by wallet, order number
// and identity.
func SortMatches(m *settlement.Matches) *settlement.Matches {
	sorted := &settlement.Matches{}
	settlement.AppendRows(sorted, m, columnOrder(m.Wallet, &m.OrderNo, m.ID, nil))
	return sorted
}

// SortBreaks returns breaks in the order of the table: by wallet, order number and
// identity.
func SortBreaks(b *settlement.Breaks) *settlement.Breaks {
	sorted := &settlement.Breaks{}
	settlement.AppendRows(sorted, b, columnOrder(b.Wallet, &b.OrderNo, b.ID, nil))
	return sorted
}
