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
//     orders with several payments, under any of their numbers (residue.go);
//  4. amount and time, which only suggest (suggest.go).
package match

import "reconcile/settlement"

// Rules is what the matching of a run goes by. It is read-only once a run has
// begun and shared by all buckets.
type Rules struct {
	// Day is the settlement day of the run, the last one of its period.
	Day settlement.Day
	// Coverage is which periods which accounts have delivered.
	Coverage settlement.Coverage
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

// aggregates says that orders of a platform fit lines of that wallet whatever wallet
// they state.
func (r *Rules) aggregates(paid settlement.Wallet, platform []byte) bool {
	return paid == settlement.TaobaoAggregated && r.AggregatedPlatforms[string(platform)]
}

// The windows of a run that configures none.
const (
	DefaultWindow        = 30 * settlement.Minute
	DefaultSuccessWindow = 7 * 24 * 60 * settlement.Minute
)

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
