package fees

import (
	"fmt"
	"math"

	"reconcile/settlement"
)

// RuleKind is how a rule computes a fee. docs/fees.md has an example of each.
type RuleKind string

const (
	// Zero costs nothing.
	Zero RuleKind = "zero"
	// Percent is a share of the base, rounded per transaction.
	Percent RuleKind = "percent"
	// Fixed is an amount per transaction.
	Fixed RuleKind = "fixed"
	// PercentFixed is a share, rounded, and an amount on top of it.
	PercentFixed RuleKind = "percent_fixed"
	// Clamp is a share, rounded, then raised to the minimum or cut at the maximum.
	Clamp RuleKind = "clamp"
	// Tiered is a share that depends on the base (阶梯): Mode says how.
	Tiered RuleKind = "tiered"
	// Discount is a share of the list rate (九折).
	Discount RuleKind = "discount"
	// Instalment is a share that depends on the number of periods (分期).
	Instalment RuleKind = "instalment"
	// QuotaPercent is a share of what exceeds the free quotas (免费额度).
	QuotaPercent RuleKind = "quota_percent"
	// Waiver computes like the fields it states and then waives all of it.
	Waiver RuleKind = "waiver"
	// AsBilled expects whatever the wallet charged: the bill is the only source.
	AsBilled RuleKind = "as_billed"
)

// RuleKinds are all kinds.
var RuleKinds = []string{string(Zero), string(Percent), string(Fixed), string(PercentFixed), string(Clamp), string(Tiered),
	string(Discount), string(Instalment), string(QuotaPercent), string(Waiver), string(AsBilled)}

// Mode is how tiers apply.
type Mode string

const (
	// Graduated prices each part of the base by the tier it lies in (超额累进).
	Graduated Mode = "graduated"
	// Volume prices the whole base by the tier it lies in (全额累进).
	Volume Mode = "volume"
)

// Tier is one step of a tiered rule: it holds for the part of a base (Graduated) or
// the bases (Volume) above UpTo of the tier before it and not above its own.
type Tier struct {
	UpTo settlement.Amount // NoAmount in the last tier, which has no end
	Rate settlement.Rate
}

// PeriodRate is one row of an instalment table.
type PeriodRate struct {
	Periods int
	Rate    settlement.Rate
}

// Rounding is how a share becomes whole fen.
type Rounding string

const (
	// HalfUp rounds half away from zero (四舍五入), as both wallets' acquiring does.
	HalfUp Rounding = "half_up"
	// HalfEven rounds half to the even fen, as Huabei instalments do.
	HalfEven Rounding = "half_even"
	// Floor cuts what is no whole fen.
	Floor Rounding = "floor"
	// Ceiling makes a whole fen of any part of one.
	Ceiling Rounding = "ceiling"
)

// Roundings are all roundings.
var Roundings = []string{string(HalfUp), string(HalfEven), string(Floor), string(Ceiling)}

// RefundPolicy is what becomes of a payment's fee when the payment is refunded.
// It is contract data: where it is not known there is no expectation.
type RefundPolicy string

const (
	// RefundUnknown gives no expectation for refunds.
	RefundUnknown RefundPolicy = ""
	// RefundNone: the wallet keeps the fee.
	RefundNone RefundPolicy = "none"
	// RefundPerRefundClamped: each refund returns the rate on its own amount,
	// rounded for itself, together never more than the payment was charged.
	RefundPerRefundClamped RefundPolicy = "per_refund_clamped"
	// RefundCumulative: after each refund the wallet holds the fee of what is still
	// settled, so that a refund of everything returns everything.
	RefundCumulative RefundPolicy = "cumulative"
	// RefundFullOnly: the fee comes back with one refund of the whole settled amount,
	// with no other.
	RefundFullOnly RefundPolicy = "full_only"
	// RefundWithinWindow is RefundPerRefundClamped for refunds less than RefundDays
	// times 24 hours after the payment, RefundNone for later ones.
	RefundWithinWindow RefundPolicy = "within_window"
)

// RefundPolicies are all policies that a rule can state.
var RefundPolicies = []string{string(RefundNone), string(RefundPerRefundClamped), string(RefundCumulative),
	string(RefundFullOnly), string(RefundWithinWindow)}

// Mark says how well a rule's source is established.
type Mark string

const (
	Official   Mark = "O"
	Press      Mark = "P"
	ThirdParty Mark = "T"
	Convention Mark = "C" // chosen by this project
)

// Marks are all marks.
var Marks = []string{string(Official), string(Press), string(ThirdParty), string(Convention)}

// Event is what a fee is taken for.
type Event uint8

const (
	NoEvent      Event = iota
	OnPayment          // 收款
	OnRefund           // 退款, 撤销
	OnWithdrawal       // 提现
	OnDeposit          // 充值, 转入
)

// EventWords is the dictionary of Event.
var EventWords = []string{"", "payment", "refund", "withdrawal", "deposit"}

func (e Event) String() string { return EventWords[e] }

// EventOf is the event of a line: revokes are refunds.
func EventOf(kind settlement.Kind) Event {
	switch kind {
	case settlement.Payment:
		return OnPayment
	case settlement.Refund, settlement.Revoke:
		return OnRefund
	}
	return NoEvent
}

// AccountType is what kind of account a wallet keeps for its owner. Withdrawal fees
// depend on it.
type AccountType string

const (
	AnyAccountType AccountType = ""
	Merchant       AccountType = "merchant"   // 商户号, 企业
	Enterprise     AccountType = "enterprise" // 企业支付宝 and the like, without an acquiring contract
	Personal       AccountType = "personal"   // 个人
	Micro          AccountType = "micro"      // 小微商户, 个人收款码
)

// AccountTypes are all account types.
var AccountTypes = []string{string(Merchant), string(Enterprise), string(Personal), string(Micro)}

// Base is which amount a fee is computed on.
type Base string

const (
	BaseSettled   Base = "settled"   // 应结订单金额, 商家实收; of a refund 退款金额
	BaseGross     Base = "gross"     // 订单金额
	BaseConfirmed Base = "confirmed" // 确认收货金额 of an escrow platform
	BaseAmount    Base = "amount"    // what is withdrawn or deposited
)

// Bases are all bases.
var Bases = []string{string(BaseSettled), string(BaseGross), string(BaseConfirmed), string(BaseAmount)}

// Period is how long a quota lasts.
type Period string

const (
	Lifetime  Period = "lifetime"
	Daily     Period = "day"
	Monthly   Period = "month"
	LotPeriod Period = "lot" // one grant with an expiry of its own
)

// Periods are all quota periods.
var Periods = []string{string(Lifetime), string(Daily), string(Monthly), string(LotPeriod)}

// Scope is who shares a quota.
type Scope string

const (
	ByIdentity Scope = "identity" // all accounts of one identity document (身份证) at the wallet
	ByAccount  Scope = "account"
)

// Scopes are all scopes.
var Scopes = []string{string(ByIdentity), string(ByAccount)}

// Grant is a free quota that a rule gives.
type Grant struct {
	Period Period
	Scope  Scope
	// Amount is free in each period, NoAmount of lots.
	Amount settlement.Amount
	// Share of each receipt becomes a lot (1,000,000 is 1:1), valid for ValidYears
	// years from the receipt to the same moment; receipts count in
	// [AccruesFrom, AccruesUntil). Only of lots.
	Share                     settlement.Rate
	ValidYears                int
	AccruesFrom, AccruesUntil settlement.Instant
}

// Rule is one dated row of a contract or of the presets.
type Rule struct {
	ID      string
	Version string
	// What the rule is for; what is left zero it is for all of. Each that is stated
	// makes it more specific.
	Wallet      settlement.Wallet
	AccountType AccountType
	Merchant    string // the wallet's account number (商户号)
	Shop        string
	Category    string // trade (行业类目)
	Funding     string // what the payer paid with: debit, credit, balance, huabei …
	Product     string // how the payment was made: jsapi, native, facepay …
	Event       Event
	// Component is which fee of the event the rule prices: an event may cost several,
	// each by one rule. NoComponent is ChannelFee.
	Component settlement.Component
	// The rule holds for payments in [From, Until), also for their refunds
	// whenever those happen; NoInstant leaves that side open.
	From, Until settlement.Instant
	Base        Base
	Kind        RuleKind
	Rate        settlement.Rate // NoRate where the kind has none; of Discount after it
	// ListRate and Share (millionths) are those of a Discount: Rate is their product.
	ListRate settlement.Rate
	Share    settlement.Rate
	FixedFee settlement.Amount // 0 where there is none
	// MinFee and MaxFee clamp the rounded fee; NoAmount where there is none.
	MinFee, MaxFee settlement.Amount
	Tiers          []Tier
	Mode           Mode
	Instalments    []PeriodRate
	Quotas         []Grant
	Rounding       Rounding // "" where nothing is rounded
	// OnTop: the fee is taken beside the amount, so that amount + fee leave the
	// account; else it is deducted from the amount.
	OnTop      bool
	Refund     RefundPolicy
	RefundDays int // of RefundWithinWindow
	// ExcludesEscrow keeps the rule from pricing orders of escrow platforms, whose
	// fee follows from the platform's contract.
	ExcludesEscrow bool
	Source         string // where the rule is written, for people
	Mark           Mark
	// Assumed: the rule is a preset and nobody confirmed that the merchant's
	// contract says so. A rule that is not assumed is the merchant's contract.
	Assumed bool
	// GapsAllowed: the contract does not promise a rate for every time between its
	// first and its last.
	GapsAllowed bool
	// At is where the rule is written.
	At settlement.Position

	// plain: the fee is Rate of the base, half up, and nothing else. Set by
	// NewSchedule, for speed alone.
	plain bool
	// everyone: no more is stated of what r is for than a wallet. Set likewise.
	everyone bool
}

func (r *Rule) covers(t settlement.Instant) bool {
	return r.From <= t && (r.Until == settlement.NoInstant || t < r.Until)
}

// end is the instant before which r holds, the largest where it is open.
func (r *Rule) end() settlement.Instant {
	if r.Until == settlement.NoInstant {
		return math.MaxInt64
	}
	return r.Until
}

// String names r for people: id, version, what it is for, when, and where it is
// written.
func (r *Rule) String() string {
	from, until := "the beginning", "further notice"
	if r.From != settlement.NoInstant {
		from = r.From.String()
	}
	if r.Until != settlement.NoInstant {
		until = r.Until.String()
	}
	text := fmt.Sprintf("%s version %s (%s, from %s until %s)", r.ID, r.Version, r.scopeText(), from, until)
	if r.At.File != "" {
		text += " at " + r.At.String()
	}
	return text
}

// scopeText is what r is for: "wechat personal withdrawal", "wechat payment, shop=a".
func (r *Rule) scopeText() string {
	text := r.Wallet.String()
	for _, word := range []string{string(r.AccountType), r.Event.String()} {
		if word != "" && text != "" {
			text += " "
		}
		text += word
	}
	if r.Component > settlement.ChannelFee {
		text += " " + r.Component.String()
	}
	for d := range dimensionCount {
		if d != byWallet && d != byAccountType && r.dimension(d) != "" {
			text += ", " + dimensionWords[d] + "=" + r.dimension(d)
		}
	}
	return text
}
