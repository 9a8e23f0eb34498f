package settlement

import "github.com/cespare/xxhash/v2"

// Lines is a batch of statement lines: the columns of the table statement_lines
// in its order, then those that only the stages need. Signs are towards the
// merchant: a payment is +100.00 with a fee of −0.60, a refund −50.00 with +0.30.
//
// Ingest fills everything but OrderNoRaw where it equals OrderNo (left empty)
// and MatchState (0); the match fills these two.
type Lines struct {
	ID               []ID
	Wallet           []Wallet
	Account          Text
	SubAccount       Text
	Kind             []Kind
	OrderNo          Text
	OrderNoRaw       Text
	RefundNo         Text
	ProviderTxnID    Text
	ProviderRefundID Text
	OccurredAt       []Instant
	TimeBasis        []TimeBasis
	SettledOn        []Day
	Gross            []Amount
	Settled          []Amount
	Fee              []Amount
	Net              []Amount
	FeeRate          []Rate
	Currency         []Currency
	MatchState       []MatchState
	RawType          Text
	File             []int32
	Line             []int64
	Status           []Status // success, processing, failed, changed
	Coupon           []Amount

	// Key is the hash of the number under which the wallet knows the payment; its
	// top bits are the bucket.
	Key []uint64
}

// Currency is the currency of a line. This version accepts CNY alone.
type Currency uint8

const (
	NoCurrency Currency = iota
	CNY
)

// CurrencyWords is the dictionary of Currency.
var CurrencyWords = []string{"", "CNY"}

func (c Currency) String() string { return word(CurrencyWords, uint8(c)) }

// Columns implements Batch.
func (b *Lines) Columns() []Column {
	return []Column{
		idColumn("line_id", &b.ID),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("sub_account", &b.SubAccount),
		wordColumn("kind", &b.Kind),
		textColumn("order_no", &b.OrderNo),
		textColumn("order_no_raw", &b.OrderNoRaw),
		textColumn("refund_no", &b.RefundNo),
		textColumn("provider_txn_id", &b.ProviderTxnID),
		textColumn("provider_refund_id", &b.ProviderRefundID),
		instantColumn("occurred_at", &b.OccurredAt),
		wordColumn("time_basis", &b.TimeBasis),
		dayColumn("settled_on", &b.SettledOn),
		moneyColumn("gross_amount", &b.Gross),
		moneyColumn("settled_amount", &b.Settled),
		moneyColumn("fee_amount", &b.Fee),
		moneyColumn("net_amount", &b.Net),
		rateColumn("fee_rate", &b.FeeRate),
		wordColumn("currency", &b.Currency),
		wordColumn("match_state", &b.MatchState),
		textColumn("raw_type", &b.RawType),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		wordColumn("status", &b.Status),
		moneyColumn("coupon_amount", &b.Coupon),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *Lines) Len() int { return len(b.ID) }

// Settles says that line i moves money: FAIL and CHANGE rows do not.
func (b *Lines) Settles(i int) bool { return b.Status[i] != Failed && b.Status[i] != Changed }

// PaymentKey hashes the number under which the wallet knows a payment: the
// merchant's order number as the wallet shows it, normalised, and where that is
// blank the provider's own number.
func PaymentKey(orderNo, providerTxnID []byte) uint64 {
	if len(orderNo) > 0 {
		return xxhash.Sum64(orderNo)
	}
	return xxhash.Sum64(providerTxnID)
}

// LineID is the identity of a statement line: the family of its kind of
// statement, wallet, account and the row key, which each provider defines.
func LineID(h *IDHasher, kind StatementKind, wallet Wallet, account []byte, rowKey ...[]byte) ID {
	h.Start("line").Text([]byte(kind.Family())).Code(uint64(wallet)).Text(account)
	for _, part := range rowKey {
		h.Text(part)
	}
	return h.ID()
}
