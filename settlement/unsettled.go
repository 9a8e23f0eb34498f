package settlement

// MoneySide says which side of a payment's or refund's money there is.
type MoneySide uint8

const (
	NoMoneySide MoneySide = iota
	TradeSide             // the trade bill's line; the account's is missing or differs
	FundsSide             // the account's line; the trade bill's is missing
)

// MoneySideWords is the dictionary of MoneySide.
var MoneySideWords = []string{"", "trade", "funds"}

func (s MoneySide) String() string { return word(MoneySideWords, uint8(s)) }

// Waiting says how long the other side has been missing.
type Waiting uint8

const (
	NoWaiting    Waiting = iota
	WaitsCutOff          // it may be in the file of another day
	WaitsTooLong         // it should have been there: a break settlement_mismatch
)

// WaitingWords is the dictionary of Waiting.
var WaitingWords = []string{"", "waiting", "broken"}

func (w Waiting) String() string { return word(WaitingWords, uint8(w)) }

// Unsettled is a batch of the table unsettled: money of which the trade bill and the
// account's fund flow do not say the same yet. Amounts are signed towards the merchant.
type Unsettled struct {
	ID               []ID // of the statement line or the fund line
	Side             []MoneySide
	Kind             []Kind // payment, refund, revoke
	Wallet           []Wallet
	Account          Text
	OrderNo          Text
	RefundNo         Text
	ProviderTxnID    Text
	ProviderRefundID Text
	OccurredAt       []Instant
	TimeBasis        []TimeBasis // of trade lines
	SettledOn        []Day
	Expected         []Amount // what the trade line settles, NoAmount of a fund line
	Fee              []Amount // the trade line's while no row of its own books it, else NoAmount
	Booked           []Amount // what the account booked for it so far, NoAmount for nothing
	State            []Waiting
	FirstSeenOn      []Day
	File             []int32
	Line             []int64
	Fails            []uint8 // 1 of a trade line that settles nothing (FAIL, CHANGE)

	// Key is as in Lines: its top bits are the bucket.
	Key []uint64
}

// Columns implements Batch.
func (b *Unsettled) Columns() []Column {
	return []Column{
		idColumn("item_id", &b.ID),
		wordColumn("side", &b.Side),
		wordColumn("kind", &b.Kind),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("order_no", &b.OrderNo),
		textColumn("refund_no", &b.RefundNo),
		textColumn("provider_txn_id", &b.ProviderTxnID),
		textColumn("provider_refund_id", &b.ProviderRefundID),
		instantColumn("occurred_at", &b.OccurredAt),
		wordColumn("time_basis", &b.TimeBasis),
		dayColumn("settled_on", &b.SettledOn),
		moneyColumn("expected_amount", &b.Expected),
		moneyColumn("fee_amount", &b.Fee),
		moneyColumn("booked_amount", &b.Booked),
		wordColumn("state", &b.State),
		dayColumn("first_seen_on", &b.FirstSeenOn),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		wordColumn("fails", &b.Fails),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *Unsettled) Len() int { return len(b.ID) }
