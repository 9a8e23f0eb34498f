package settlement

// Prior is a batch of payments of former days with what became of them so far: what
// a refund, a fee row or a withdrawal of today needs to know of a payment that is not
// among today's lines. One row is one payment (wallet, account, provider's number).
//
// Amounts are magnitudes but for the fees, which are costs as in Charges: FeeCharged
// is +0.60, FeeReturned +0.30 where 0.30 came back.
type Prior struct {
	Wallet        []Wallet
	Account       Text
	ProviderTxnID Text
	OrderNo       Text // the merchant's, as in Lines: the number under which the wallet knows the payment
	PaidAt        []Instant
	Gross         []Amount // 订单金额
	Settled       []Amount // 应结订单金额, 商家实收: the base of the fee
	Coupon        []Amount // NoAmount where the file had no such column
	Refunded      []Amount // Σ 退款金额 of the refunds that settled so far
	FeeCharged    []Amount // what the payment was charged, NoAmount where that is not known
	FeeReturned   []Amount // what its refunds brought back so far
	Rate          []Rate   // the rate that the payment's own row printed, NoRate where it printed none
	RuleID        Text     // of the payment's charge, "" where no rule gave an expectation
	RuleVer       Text

	// Of the order that the payment was for, "" and NoWallet where none is known.
	Shop       Text
	Platform   Text
	HomeWallet []Wallet
	Paying     []Wallet // the paying wallet, as in the table cross_wallet
	// HomeFee is what the home wallet would have charged (+), HomeReturned what it
	// would have given back so far; NoAmount where its schedule is not known, or where
	// home and paying wallet are one.
	HomeFee      []Amount
	HomeReturned []Amount

	// Key is that of the payment's line: its top bits are the bucket.
	Key []uint64
}

// Columns implements Batch.
func (b *Prior) Columns() []Column {
	return []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("provider_txn_id", &b.ProviderTxnID),
		textColumn("order_no", &b.OrderNo),
		instantColumn("paid_at", &b.PaidAt),
		moneyColumn("gross_amount", &b.Gross),
		moneyColumn("settled_amount", &b.Settled),
		moneyColumn("coupon_amount", &b.Coupon),
		moneyColumn("refunded_amount", &b.Refunded),
		moneyColumn("fee_charged", &b.FeeCharged),
		moneyColumn("fee_returned", &b.FeeReturned),
		rateColumn("fee_rate", &b.Rate),
		textColumn("rule_id", &b.RuleID),
		textColumn("rule_version", &b.RuleVer),
		textColumn("shop", &b.Shop),
		textColumn("platform", &b.Platform),
		wordColumn("home_wallet", &b.HomeWallet),
		wordColumn("paying_wallet", &b.Paying),
		moneyColumn("home_fee", &b.HomeFee),
		moneyColumn("home_returned", &b.HomeReturned),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *Prior) Len() int { return len(b.Wallet) }
