package generate

// Case is what a purchase is planted as.
type Case uint8

const (
	// Plain purchases are what is left over: paid, perhaps with coupons,
	// discounts, or refunded in whole, in part or several times on the same day.
	Plain Case = iota

	// Faults: each plants one break, except those that name two.

	MissingInStatement
	MissingInOrders
	AmountMismatch
	AmountMismatchOfRefund // the refund's line differs from the listed refund
	StatusMismatch         // a line for a closed, cancelled or unpaid order
	WalletMismatch         // the orders state the other wallet and no provider's number
	DuplicatePayment       // a second line of the order number, another provider's number
	RefundMissingInStatement
	RefundMissingInOrders
	RefundExceedsPayment // line and listed refund agree, the sum does not
	FeeVariance          // WeChat Pay: 手续费 is not base × the row's rate, if only by a fen
	FeeVarianceOfRefund  // by two fen or more: one is tolerated
	AmountAndFeeVariance // two breaks: AmountMismatch and FeeVariance
	RefundMissingAndFee  // two breaks: RefundMissingInStatement and FeeVariance

	WalletAndAmountMismatch // two breaks: WalletMismatch and AmountMismatch
	LaterRefundMissing      // RefundMissingInStatement, of a payment of an earlier day
	LaterRefundUnlisted     // RefundMissingInOrders, of a payment of an earlier day
	RefundFailedAtWallet    // RefundMissingInStatement: listed as success, the wallet's row says FAIL
	RevokedButPaid          // RefundMissingInOrders: 撤销 that the paid order knows nothing of
	FeeRowMissing           // FeeVariance: the account shows the payment, but not the fee that the bill states
	FeeRowTwice             // FeeVariance: the account shows the fee twice
	MoneyRowMissing         // SettlementMismatch: the account does not show the payment that the bill settles
	MoneyRowTwice           // SettlementMismatch: the account shows the payment twice
	MoneyRowShort           // SettlementMismatch: the account shows a fen less than the bill settles
	BalanceOff              // BalanceGap: the balance of WeChat Pay's account is off from a row on

	// Near-misses: nothing is wrong with these.

	RefundFeeOneFenOff // a WeChat Pay refund whose fee is a fen off
	NearMidnight       // no line, but within the cut-off of midnight: an open item
	IdenticalPayments  // two orders, same amount, same second
	RefundNotSettled   // a refund listed as processing or failed, without a line
	TinyPayment        // so small that the fee rounds to nothing
	UnstatedWallet     // an order that states no wallet
	RefundFailed       // a row FAIL or CHANGE, which settles nothing, of a refund not listed as success
	Revoked            // 撤销: an order that expects no money, its payment and the revoke of it
	AfterExtract       // a line later than all that the orders speak of: an open item
	LaterRefund        // line and listed refund of a payment of an earlier day

	// Shapes.

	Combined            // 合单: two or three orders under one payment number
	TwoPayments         // deposit and balance of one order, each with its payment number
	NotPaid             // unpaid, closed or cancelled, and no line
	ImpliedRefund       // an order `refunded` without a listed refund; one line of the whole
	ProviderNo          // only the provider's number joins order and line
	Unreleased          // escrow: paid, not yet confirmed, no line
	RefundBeforeRelease // escrow: refunded while the platform held the money; no line of the refund

	// What comes on a later day, see late.go.

	LateLine       // the payment's line stands in a later day's bill: MissingInStatement until then
	LateOrder      // a later extract has the order: MissingInOrders until then
	LateRefundLine // RefundMissingInStatement until a later day's bill
	LateRefundList // RefundMissingInOrders until a later list of refunds
	RefundLater    // refund and its line 1 to 25 days after the payment; nothing is wrong

	// lastOfDay is one purchase later than every other payment and refund, so
	// that the extracts speak of the whole day.
	lastOfDay

	numCases
)

const (
	lastFault    = BalanceOff
	lastNearMiss = LaterRefund
)

// CaseWords names the cases as options and keys spell them.
var CaseWords = [numCases]string{"plain",
	"missing_in_statement", "missing_in_orders", "amount_mismatch", "amount_mismatch_of_refund",
	"status_mismatch", "wallet_mismatch", "duplicate_payment", "refund_missing_in_statement",
	"refund_missing_in_orders", "refund_exceeds_payment", "fee_variance", "fee_variance_of_refund",
	"amount_and_fee_variance", "refund_missing_and_fee_variance",
	"wallet_and_amount_mismatch", "later_refund_missing", "later_refund_unlisted", "refund_failed_at_wallet",
	"revoked_but_paid", "fee_row_missing", "fee_row_twice", "money_row_missing", "money_row_twice", "money_row_short", "balance_off",
	"refund_fee_one_fen_off", "near_midnight", "identical_payments", "refund_not_settled",
	"tiny_payment", "unstated_wallet", "refund_failed", "revoked", "after_extract", "later_refund",
	"combined", "two_payments", "not_paid", "implied_refund", "provider_no", "unreleased", "refund_before_release",
	"late_line", "late_order", "late_refund_line", "late_refund_list", "refund_later",
	"last_of_day"}

func (c Case) String() string {
	if c < numCases {
		return CaseWords[c]
	}
	return ""
}

// PlantsBreak says that a purchase of the case is a fault.
func (c Case) PlantsBreak() bool { return c >= MissingInStatement && c <= lastFault }

// IsNearMiss says that a purchase of the case looks wrong and is not.
func (c Case) IsNearMiss() bool { return c > lastFault && c <= lastNearMiss }

// NeedsEscrow says that the case can be planted only among escrow orders.
func (c Case) NeedsEscrow() bool { return c == Unreleased || c == RefundBeforeRelease }

// NeedsFundFlow says that the case can be planted only where fund flows are written.
func (c Case) NeedsFundFlow() bool { return c >= FeeRowMissing && c <= BalanceOff }

// ComesLate says that a part of the purchase is delivered on a later day, so that the
// case can be planted only among days that follow each other.
func (c Case) ComesLate() bool { return c >= LateLine && c <= RefundLater }

// IsPossible says that the case can be planted with the files of o. When a line is seen
// to lack its order that no extract of its own day can know depends on whether a later
// extract happens to reach back to that day.
func (c Case) IsPossible(o Options) bool {
	return (o.Lag == 0 || c != AfterExtract) && (o.Extract.Escrow || !c.NeedsEscrow()) && (o.FundFlow || !c.NeedsFundFlow()) && (o.Lag > 0 || !c.ComesLate())
}

// Askable are the cases that Options.Cases may ask for.
func Askable() []Case {
	cases := make([]Case, 0, numCases)
	for c := MissingInStatement; c < lastOfDay; c++ {
		cases = append(cases, c)
	}
	return cases
}

// ParseCase returns the case of a word of CaseWords.
func ParseCase(text string) (Case, bool) {
	for c, known := range CaseWords {
		if known == text {
			return Case(c), true
		}
	}
	return Plain, false
}

// builders fills the sale of a case.
var builders = [numCases]func(*maker){
	Plain:                    (*maker).plain,
	MissingInStatement:       (*maker).missingInStatement,
	MissingInOrders:          (*maker).missingInOrders,
	AmountMismatch:           func(m *maker) { m.amountMismatch() },
	AmountMismatchOfRefund:   (*maker).amountMismatchOfRefund,
	StatusMismatch:           (*maker).statusMismatch,
	WalletMismatch:           (*maker).walletMismatch,
	DuplicatePayment:         (*maker).duplicatePayment,
	RefundMissingInStatement: func(m *maker) { m.refundMissingInStatement() },
	RefundMissingInOrders:    (*maker).refundMissingInOrders,
	RefundExceedsPayment:     (*maker).refundExceedsPayment,
	FeeVariance:              (*maker).feeVariance,
	FeeVarianceOfRefund:      (*maker).feeVarianceOfRefund,
	AmountAndFeeVariance:     (*maker).amountAndFeeVariance,
	RefundMissingAndFee:      (*maker).refundMissingAndFee,
	WalletAndAmountMismatch:  (*maker).walletAndAmountMismatch,
	LaterRefundMissing:       (*maker).laterRefundMissing,
	LaterRefundUnlisted:      (*maker).laterRefundUnlisted,
	RefundFailedAtWallet:     (*maker).refundFailedAtWallet,
	RevokedButPaid:           (*maker).revokedButPaid,
	FeeRowMissing:            func(m *maker) { m.feeRows(0) },
	FeeRowTwice:              func(m *maker) { m.feeRows(2) },
	MoneyRowMissing:          func(m *maker) { m.moneyRows(-1, 0) },
	MoneyRowTwice:            func(m *maker) { m.moneyRows(1, 0) },
	MoneyRowShort:            func(m *maker) { m.moneyRows(0, -1) },
	BalanceOff:               (*maker).balanceOff,
	RefundFeeOneFenOff:       (*maker).refundFeeOneFenOff,
	NearMidnight:             (*maker).nearMidnight,
	IdenticalPayments:        (*maker).identicalPayments,
	RefundNotSettled:         (*maker).refundNotSettled,
	TinyPayment:              (*maker).tinyPayment,
	UnstatedWallet:           (*maker).unstatedWallet,
	RefundFailed:             (*maker).refundFailed,
	Revoked:                  (*maker).revoked,
	AfterExtract:             (*maker).afterExtract,
	LaterRefund:              (*maker).laterRefund,
	Combined:                 (*maker).combined,
	TwoPayments:              (*maker).twoPayments,
	NotPaid:                  (*maker).notPaid,
	ImpliedRefund:            (*maker).impliedRefund,
	ProviderNo:               (*maker).byProviderNo,
	Unreleased:               (*maker).unreleased,
	RefundBeforeRelease:      (*maker).refundBeforeRelease,
	LateLine:                 (*maker).lateLine,
	LateOrder:                (*maker).lateOrder,
	LateRefundLine:           (*maker).lateRefundLine,
	LateRefundList:           (*maker).lateRefundList,
	RefundLater:              (*maker).refundLater,
	lastOfDay:                (*maker).latest,
}
