package match

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"reconcile/settlement"
)

// Resolution is what pass 3 found for the lines and events of one bucket.
type Resolution struct {
	Lines  map[settlement.ID]ClaimedLine
	Events map[settlement.ID]ClaimedEvent
}

// ClaimedLine is what pass 3 says of a line: its state and the shop of its order.
type ClaimedLine struct {
	State settlement.MatchState
	Shop  string
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
// for payments wallet and provider's number, for refunds the refund number.
func ResidueKey(kind settlement.Kind, provider, refundNo []byte) uint64 {
	if kind != settlement.Payment {
		return xxhash.Sum64(refundNo)
	}
	return xxhash.Sum64(provider)
}

// InResidue says that pass 3 can claim an event: it carries a provider's number,
// or it is a refund whose payment number was chosen among several of its order.
func InResidue(e *settlement.Events, i int) bool {
	if e.Kind[i] == settlement.Payment {
		return len(e.ProviderTxnID.At(i)) > 0
	}
	return len(e.RefundNo.At(i)) > 0 && (len(e.ProviderTxnID.At(i)) > 0 || e.Link[i] == settlement.LinkAmbiguous)
}

// Claimed is a pair that pass 3 claimed: the match, its finding if it has one, and
// the two buckets' keys under which both sides learn of it.
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
}

// Residue runs pass 3 over leftovers that share residue keys: payments whose
// orders carry the provider's transaction number, and refunds by their number.
// Each line is claimed once, each event once: exact amounts first, then the
// earliest.
func Residue(rules *Rules, lines *settlement.Lines, events *settlement.Events) *ResidueOutcome {
	out := &ResidueOutcome{Matches: &settlement.Matches{}, Breaks: &settlement.Breaks{}}
	b := &bucket{rules: rules, lines: lines, events: events, out: &Outcome{Breaks: out.Breaks, Matches: out.Matches}}
	b.lineState = make([]settlement.MatchState, lines.Len())
	b.lineEvent = slices.Repeat([]int32{-1}, lines.Len())
	b.eventState = make([]settlement.MatchState, events.Len())
	b.eventLine = slices.Repeat([]int32{-1}, events.Len())
	b.nth = make([]int32, events.Len())

	byKey := map[uint64][]int32{}
	for i := range lines.Len() {
		key := ResidueKey(lines.Kind[i], lines.ProviderTxnID.At(i), lines.RefundNo.At(i))
		byKey[key] = append(byKey[key], int32(i))
	}
	order := make([]int32, 0, events.Len())
	for i := range events.Len() {
		if InResidue(events, i) {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(events.ExpectedAt[x], events.ExpectedAt[y]), events.ID[x].Compare(events.ID[y]))
	})
	for _, exact := range [...]bool{true, false} {
		for _, event := range order {
			if b.eventLine[event] < 0 {
				key := ResidueKey(events.Kind[event], events.ProviderTxnID.At(int(event)), events.RefundNo.At(int(event)))
				b.claimResidue(out, event, byKey[key], exact)
			}
		}
	}
	return out
}

func (b *bucket) claimResidue(out *ResidueOutcome, event int32, candidates []int32, exact bool) {
	e, l := b.events, b.lines
	best := int32(-1)
	for _, line := range candidates {
		if b.lineEvent[line] >= 0 || !b.residueFits(event, line) || exact && l.Gross[line] != e.Amount[event] {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(l.OccurredAt[line], l.OccurredAt[best]), l.ID[line].Compare(l.ID[best])) < 0 {
			best = line
		}
	}
	if best < 0 {
		return
	}
	verdict, state := settlement.VerdictEqual, settlement.Matched
	if l.Gross[best] != e.Amount[event] {
		verdict, state = settlement.VerdictAmount, settlement.Broken
		b.breakPair(settlement.AmountMismatch, event, best, e.Amount[event], l.Gross[best])
		out.BreakKey = append(out.BreakKey, e.Key[event])
	}
	rule := ruleProvider
	if e.Kind[event] != settlement.Payment && !bytes.Equal(e.ProviderTxnID.At(int(event)), l.ProviderTxnID.At(int(best))) {
		rule = ruleRefundNo
	}
	b.pair(best, event, l.Gross[best], rule, verdict, state)
	out.MatchKey = append(out.MatchKey, e.Key[event])
	out.Claimed = append(out.Claimed, Claimed{
		LineID: l.ID[best], EventID: e.ID[event], LineKey: l.Key[best], EventKey: e.Key[event],
		Line:  ClaimedLine{state, e.Shop.StringAt(int(event))},
		Event: ClaimedEvent{state, seenOn(l, best), l.Wallet[best], l.Account.StringAt(int(best))},
	})
}

// residueFits says that pass 3 may claim line for event.
func (b *bucket) residueFits(event, line int32) bool {
	e, l := b.events, b.lines
	if !b.fits(event, line) || (e.Kind[event] == settlement.Payment) != (l.Kind[line] == settlement.Payment) {
		return false
	}
	provider := e.ProviderTxnID.At(int(event))
	if e.Kind[event] == settlement.Payment {
		return bytes.Equal(provider, l.ProviderTxnID.At(int(line)))
	}
	if !bytes.Equal(e.RefundNo.At(int(event)), l.RefundNo.At(int(line))) {
		return false
	}
	return e.Link[event] == settlement.LinkAmbiguous || bytes.Equal(provider, l.ProviderTxnID.At(int(line)))
}
