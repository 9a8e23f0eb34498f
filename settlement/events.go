package settlement

// Events is a batch of order events, the merchant's side: the columns of the
// table order_events in its order, then those that only the stages need. Signs
// are towards the merchant: a payment is positive, a refund negative.
//
// Ingest fills all but ID, ExpectedAt, Amount of escrow orders, and MatchState.
type Events struct {
	ID            []ID
	Kind          []Kind // Payment, Refund
	OrderNo       Text
	PaymentNo     Text // the number under which the wallet knows the payment, where it is another
	RefundNo      Text
	Wallet        []Wallet // the paying wallet as stated, NoWallet where it is not
	Account       Text     // the wallet's merchant number, where the orders carry it
	Shop          Text
	Platform      Text
	ExpectedAt    []Instant
	Amount        []Amount
	Status        []Status
	MatchState    []MatchState
	ProviderTxnID Text
	HomeWallet    []Wallet
	PaidAt        []Instant // of a refund: when the wallet accepted it
	ConfirmedAt   []Instant
	SucceededAt   []Instant // of a refund: when it succeeded
	File          []int32
	Line          []int64

	// Payout is what an escrow platform pays out, NoAmount where it is not stated.
	Payout []Amount
	// Escrow is 1 where the source has the column confirmed_at: the money of the
	// row arrives on confirmation.
	Escrow []uint8
	// Link says how the row came to its payment number, see the constants.
	Link []EventLink
	// Key is the hash of payment_no, else order_no, else the provider's number.
	Key []uint64
}

// EventLink says how an event came to its payment number, or that the row is a
// message between buckets and no event of its own.
type EventLink uint8

const (
	// LinkStated: the row itself says under which number the wallet knows it.
	LinkStated EventLink = iota
	// LinkFound: a refund whose order has exactly one payment number.
	LinkFound
	// LinkAmbiguous: a refund whose order has several payment numbers; it was put
	// with one of them and may be claimed by its refund number elsewhere.
	LinkAmbiguous
	// LinkAlias: a message: order order_no has payment number payment_no.
	LinkAlias
	// LinkListed: a message: the order of this payment has refunds listed.
	LinkListed
)

// Inferred says that the payment number was not stated but found: the payment may be
// another one of the order, which pass 3 can tell by the refund number.
func (l EventLink) Inferred() bool { return l == LinkFound || l == LinkAmbiguous }

// Columns implements Batch.
func (b *Events) Columns() []Column {
	return []Column{
		idColumn("event_id", &b.ID),
		wordColumn("kind", &b.Kind),
		textColumn("order_no", &b.OrderNo),
		textColumn("payment_no", &b.PaymentNo),
		textColumn("refund_no", &b.RefundNo),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("shop", &b.Shop),
		textColumn("platform", &b.Platform),
		instantColumn("expected_at", &b.ExpectedAt),
		moneyColumn("amount", &b.Amount),
		wordColumn("status", &b.Status),
		wordColumn("match_state", &b.MatchState),
		textColumn("provider_txn_id", &b.ProviderTxnID),
		wordColumn("home_wallet", &b.HomeWallet),
		instantColumn("paid_at", &b.PaidAt),
		instantColumn("confirmed_at", &b.ConfirmedAt),
		instantColumn("succeeded_at", &b.SucceededAt),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		moneyColumn("payout", &b.Payout),
		wordColumn("escrow", &b.Escrow),
		wordColumn("link", &b.Link),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *Events) Len() int { return len(b.Kind) }

// EventKey hashes the number under which the wallet knows an event's payment.
func EventKey(paymentNo, orderNo, providerTxnID []byte) uint64 {
	if len(paymentNo) > 0 {
		return PaymentKey(paymentNo, nil)
	}
	return PaymentKey(orderNo, providerTxnID)
}
