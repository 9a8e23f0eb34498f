package match

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"reconcile/settlement"
)

// Resolution is what pass 3 found for the lines and events of one bucket, and the
// matches and breaks that belong to its events.
type Resolution struct {
	Lines   map[settlement.ID]ClaimedLine
	Events  map[settlement.ID]ClaimedEvent
	Matches *settlement.Matches // nil for none
	Breaks  *settlement.Breaks  // nil for none
}

// Line returns what pass 3 says of a line; r may be nil.
func (r *Resolution) Line(id settlement.ID) (claim ClaimedLine, ok bool) {
	if r != nil {
		claim, ok = r.Lines[id]
	}
	return claim, ok
}

// Event returns what pass 3 says of an event; r may be nil.
func (r *Resolution) Event(id settlement.ID) (claim ClaimedEvent, ok bool) {
	if r != nil {
		claim, ok = r.Events[id]
	}
	return claim, ok
}

// ClaimedLine is what pass 3 says of a line: its state and the shop of its order; of a
// refund also the order, which further findings on the line name.
type ClaimedLine struct {
	State         settlement.MatchState
	Shop, OrderNo string
}

// ClaimedEvent is what pass 3 says of an event: its state and where its line
// stands.
type ClaimedEvent struct {
	State     settlement.MatchState
	SettledOn settlement.Day
	Wallet    settlement.Wallet
	Account   string
}

// ResidueKey is the number by which pass 3 brings together what the buckets left:
// for payments the provider's number, for refunds the refund number, for those
// without one the order number, by which ResidueByOrder looks for them.
func ResidueKey(kind settlement.Kind, provider, refundNo, orderNo []byte) uint64 {
	switch {
	case kind == settlement.Payment:
		return xxhash.Sum64(provider)
	case len(refundNo) > 0:
		return xxhash.Sum64(refundNo)
	}
	return OrderKey(orderNo)
}

// OrderKey brings together what ResidueByOrder looks at.
func OrderKey(orderNo []byte) uint64 { return xxhash.Sum64(orderNo) }

// InResidue says that pass 3 can claim an event: it carries a provider's number,
// or it is a refund whose payment number was found among those of its order.
func InResidue(e *settlement.Events, i int) bool {
	if e.Kind[i] == settlement.Payment {
		return len(e.ProviderTxnID.At(i)) > 0
	}
	return e.Link[i].Inferred() || len(e.RefundNo.At(i)) > 0 && len(e.ProviderTxnID.At(i)) > 0
}

// Claimed is a pair that pass 3 claimed: the match, its finding if it has one, and
// the two buckets' keys under which both sides learn of it. A line that pays
// several orders stands in one for each.
type Claimed struct {
	LineID, EventID   settlement.ID
	LineKey, EventKey uint64
	Line              ClaimedLine
	Event             ClaimedEvent
}

// ResidueOutcome is what pass 3 leaves for one bucket of leftovers.
type ResidueOutcome struct {
	Claimed []Claimed
	Matches *settlement.Matches
	Breaks  *settlement.Breaks
	// MatchKey and BreakKey are the event's bucket keys of the rows.
	MatchKey, BreakKey []uint64
	// LeftLines and LeftEvents are the refunds that ResidueByOrder may still tie
	// together.
	LeftLines  *settlement.Lines
	LeftEvents *settlement.Events
}

// residue is the state of pass 3.
type residue struct {
	*bucket
	found *ResidueOutcome
	// byNumber is the lines by the numbers that name them, each list in the order in
	// which its lines compete. Hashes may collide: the numbers are compared.
	byNumber map[uint64][]int32
}

// Residue runs pass 3 over leftovers that share residue keys: payments whose
// orders carry the provider's transaction number, and refunds by their number,
// together with that of the payment or of the order. Each line is claimed once,
// each event once: exact amounts first, then the earliest.
func Residue(rules *Rules, lines *settlement.Lines, events *settlement.Events) *ResidueOutcome {
	r := newResidue(rules, lines, events, 1)
	r.indexLines()
	r.buildShares()
	for _, expected := range [...]bool{true, false} {
		for _, exact := range [...]bool{true, false} {
			for i := range r.units {
				if u := &r.units[i]; (u.class != noMoney) == expected {
					r.claimShares(u, exact)
				}
			}
		}
	}
	r.claimLeftRefunds(r.claimRefund)
	r.leaveRefunds()
	return r.found
}

// ResidueByOrder is the last of pass 3, over what Residue left of all that share an
// OrderKey: a refund of an order with several payment numbers may be of each of
// them. Where the list or the bill gives no refund number, the order's refund lines
// compete for it, whichever payment they are of.
func ResidueByOrder(rules *Rules, lines *settlement.Lines, events *settlement.Events) *ResidueOutcome {
	r := newResidue(rules, lines, events, 2)
	for _, line := range r.linesInOrder() {
		key := hashOf(lines.OrderNoRaw.At(int(line)))
		r.byNumber[key] = append(r.byNumber[key], line)
	}
	r.refunds = r.groupEvents
	refundsOf := map[uint64]int{}
	for _, event := range r.refunds {
		refundsOf[hashOf(events.OrderNo.At(int(event)))]++
	}
	r.claimLeftRefunds(func(event int32, exact bool) { r.claimByOrder(event, exact, refundsOf) })
	return r.found
}

func newResidue(rules *Rules, lines *settlement.Lines, events *settlement.Events, round int) *residue {
	out := &ResidueOutcome{Matches: &settlement.Matches{}, Breaks: &settlement.Breaks{}, LeftLines: &settlement.Lines{}, LeftEvents: &settlement.Events{}}
	r := &residue{found: out, byNumber: map[uint64][]int32{}, bucket: &bucket{
		rules: rules, lines: lines, events: events, out: &Outcome{Breaks: out.Breaks},
		lineState: make([]settlement.MatchState, lines.Len()), lineEvent: slices.Repeat([]int32{-1}, lines.Len()),
		eventState: make([]settlement.MatchState, events.Len()), eventLine: slices.Repeat([]int32{-1}, events.Len()),
		nth: make([]int32, events.Len()), pass3: round,
	}}
	for i := range events.Len() {
		if InResidue(events, i) {
			r.groupEvents = append(r.groupEvents, int32(i))
		}
	}
	return r
}

// claimLeftRefunds lets the refunds claim in their order, those of the exact amount
// first, and makes the rows of all pairs.
func (r *residue) claimLeftRefunds(claim func(event int32, exact bool)) {
	e := r.events
	slices.SortFunc(r.refunds, func(x, y int32) int {
		return cmp.Or(cmp.Compare(refundRank(e.Status[x]), refundRank(e.Status[y])),
			cmp.Compare(refundAt(e, x), refundAt(e, y)), cmp.Compare(e.Amount[x], e.Amount[y]), e.ID[x].Compare(e.ID[y]))
	})
	for _, exact := range [...]bool{true, false} {
		for _, event := range r.refunds {
			if r.eventLine[event] < 0 {
				claim(event, exact)
			}
		}
	}
	order := make([]int32, len(r.pairs))
	for i := range order {
		order[i] = int32(i)
	}
	r.appendMatches(r.found.Matches, order)
}

// leaveRefunds brings what ResidueByOrder may claim into batches of its own.
func (r *residue) leaveRefunds() {
	var lines, events []int32
	for i, state := range r.lineState {
		if state == settlement.NoState && r.lines.Kind[i] != settlement.Payment && len(r.lines.OrderNoRaw.At(i)) > 0 {
			lines = append(lines, int32(i))
		}
	}
	for _, event := range r.refunds {
		if r.eventLine[event] < 0 && r.events.Link[event].Inferred() {
			events = append(events, event)
		}
	}
	settlement.AppendRows(r.found.LeftLines, r.lines, lines)
	settlement.AppendRows(r.found.LeftEvents, r.events, events)
}

// hashOf is the hash of numbers that together name a line.
func hashOf(numbers ...[]byte) uint64 {
	var h xxhash.Digest
	h.Reset()
	for _, number := range numbers {
		h.Write(number)
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// linesInOrder is the lines as they compete: earliest first, then by identity.
func (r *residue) linesInOrder() []int32 {
	l := r.lines
	order := make([]int32, l.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(l.OccurredAt[x], l.OccurredAt[y]), l.ID[x].Compare(l.ID[y]))
	})
	return order
}

func (r *residue) indexLines() {
	l := r.lines
	add := func(key uint64, line int32) { r.byNumber[key] = append(r.byNumber[key], line) }
	for _, line := range r.linesInOrder() {
		i := int(line)
		if l.Kind[i] == settlement.Payment {
			add(hashOf(l.ProviderTxnID.At(i)), line)
			continue
		}
		if refund := l.RefundNo.At(i); len(refund) > 0 {
			add(hashOf([]byte("payment"), refund, l.ProviderTxnID.At(i)), line)
			if order := l.OrderNoRaw.At(i); len(order) > 0 {
				add(hashOf([]byte("order"), refund, order), line)
			}
		}
	}
}

// buildShares makes the units of payments that carry one provider's number: where
// there are several orders, the payment covers them all.
func (r *residue) buildShares() {
	e := r.events
	payments := r.groupEvents[:0]
	for _, event := range r.groupEvents {
		if e.Kind[event] != settlement.Payment {
			r.refunds = append(r.refunds, event)
		} else {
			payments = append(payments, event)
		}
	}
	together := func(x, y int32) int {
		i, j := int(x), int(y)
		return cmp.Or(cmp.Compare(r.classOf(x), r.classOf(y)), bytes.Compare(e.ProviderTxnID.At(i), e.ProviderTxnID.At(j)),
			cmp.Compare(e.Wallet[x], e.Wallet[y]), bytes.Compare(e.Account.At(i), e.Account.At(j)))
	}
	slices.SortFunc(payments, func(x, y int32) int {
		return cmp.Or(together(x, y), cmp.Compare(e.ExpectedAt[x], e.ExpectedAt[y]), e.ID[x].Compare(e.ID[y]))
	})
	for n, event := range payments {
		if n == 0 || together(payments[n-1], event) != 0 || r.classOf(event) == noMoney {
			r.units = append(r.units, unit{class: r.classOf(event), line: -1})
		}
		u := &r.units[len(r.units)-1]
		u.shares = append(u.shares, event)
		u.amount += e.Amount[event]
	}
}

// claimShares claims a line for the orders of one provider's number: for one of
// them where it has the exact amount, else for all.
func (r *residue) claimShares(u *unit, exact bool) {
	if u.line >= 0 {
		return
	}
	l, e := r.lines, r.events
	provider := e.ProviderTxnID.At(int(u.shares[0]))
	for _, line := range r.byNumber[hashOf(provider)] {
		if r.lineState[line] != settlement.NoState || l.Kind[line] != settlement.Payment ||
			!bytes.Equal(provider, l.ProviderTxnID.At(int(line))) || !r.fits(u.shares[0], line) {
			continue
		}
		if exact && l.Gross[line] != u.amount {
			at := slices.IndexFunc(u.shares, func(event int32) bool { return e.Amount[event] == l.Gross[line] })
			if at < 0 {
				continue
			}
			one := unit{shares: []int32{u.shares[at]}, amount: l.Gross[line], class: u.class, line: -1}
			r.claim(line, one.shares, func() { r.claimUnit(&one, line, 3) })
			u.shares = slices.Delete(u.shares, at, at+1)
			u.amount -= one.amount
			if len(u.shares) == 0 {
				u.line = line
				return
			}
			continue
		}
		r.claim(line, u.shares, func() { r.claimUnit(u, line, 3) })
		return
	}
}

func (r *residue) claimRefund(event int32, exact bool) {
	e, l := r.events, r.lines
	refund, provider, order := e.RefundNo.At(int(event)), e.ProviderTxnID.At(int(event)), e.OrderNo.At(int(event))
	try := func(rule string, key uint64, number []byte, of *settlement.Text) bool {
		if len(number) == 0 {
			return false
		}
		for _, line := range r.byNumber[key] {
			if r.lineState[line] != settlement.NoState || l.Kind[line] == settlement.Payment ||
				!bytes.Equal(refund, l.RefundNo.At(int(line))) || !bytes.Equal(number, of.At(int(line))) ||
				!r.fits(event, line) || exact && l.Gross[line] != e.Amount[event] {
				continue
			}
			r.claim(line, []int32{event}, func() { r.pairRefund(event, line, rule) })
			return true
		}
		return false
	}
	if try(ruleProvider, hashOf([]byte("payment"), refund, provider), provider, &l.ProviderTxnID) ||
		!e.Link[event].Inferred() {
		return
	}
	try(ruleRefundNo, hashOf([]byte("order"), refund, order), order, &l.OrderNoRaw)
}

// claimByOrder claims a line of the order's payments for a refund where one of the two
// carries no refund number. Like one number, one order is not paired beyond maxPairs.
func (r *residue) claimByOrder(event int32, exact bool, refundsOf map[uint64]int) {
	e, l := r.events, r.lines
	order, refund := e.OrderNo.At(int(event)), e.RefundNo.At(int(event))
	key := hashOf(order)
	lines := r.byNumber[key]
	if len(lines)*refundsOf[key] > maxPairs {
		return
	}
	for _, line := range lines {
		if r.lineState[line] != settlement.NoState || !bytes.Equal(order, l.OrderNoRaw.At(int(line))) ||
			len(refund) > 0 && len(l.RefundNo.At(int(line))) > 0 || !r.fits(event, line) ||
			exact && l.Gross[line] != e.Amount[event] {
			continue
		}
		r.claim(line, []int32{event}, func() { r.pairRefund(event, line, ruleOrderNo) })
		return
	}
}

// claim pairs line with events and says to which buckets the pairs belong.
func (r *residue) claim(line int32, events []int32, pair func()) {
	out, e, l := r.found, r.events, r.lines
	pair()
	of := ClaimedLine{State: r.lineState[line], Shop: e.Shop.StringAt(int(events[0]))}
	if l.Kind[line] != settlement.Payment {
		of.OrderNo = e.OrderNo.StringAt(int(events[0]))
	}
	for len(out.BreakKey) < out.Breaks.Len() {
		out.BreakKey = append(out.BreakKey, e.Key[events[0]])
	}
	for _, event := range events {
		out.MatchKey = append(out.MatchKey, e.Key[event])
		out.Claimed = append(out.Claimed, Claimed{
			LineID: l.ID[line], EventID: e.ID[event], LineKey: l.Key[line], EventKey: e.Key[event],
			Line:  of,
			Event: ClaimedEvent{r.eventState[event], seenOn(l, line), l.Wallet[line], l.Account.StringAt(int(line))},
		})
	}
}
