package settlement

import "slices"

// What a day hands on to the next one. These tables are written by dated runs alone;
// they say nothing about the day that the other tables do not say.

var carriedLines = Table{
	Name:     "carried_lines",
	Grain:    "one statement line that waits for its order",
	Dated:    true,
	Key:      []string{"line_id"},
	SortedBy: []string{"wallet", "order_no", "line_id"},
	Doc: "The lines of this day and of days before that no order event was found for: open items, and breaks whose counterpart may still come. " +
		"The next day matches them again. Columns are those of statement_lines.",
	Columns: statementLines.Columns,
}

var carriedEvents = Table{
	Name:     "carried_events",
	Grain:    "one order event that waits for its line",
	Dated:    true,
	Key:      []string{"event_id"},
	SortedBy: []string{"wallet", "order_no", "event_id"},
	Doc: "The order events of this day and of days before that no line was found for: open items, orders that await their release (担保交易), and breaks whose counterpart may still come; " +
		"and refunds that reduce what such an order will pay out. The next day matches them again. Columns are those of order_events, and what an extract said beside them.",
	Columns: append(slices.Clone(orderEvents.Columns),
		TableColumn{Name: "payout", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signMerchant,
			Doc: "What an escrow platform pays out, as the extract states it (打款商家金额); amount is then what was asked of the buyer. Null where it does not."},
		TableColumn{Name: "escrow", Type: TypeFlag,
			Doc: "True where the extract has the column confirmed_at: the money arrives on confirmation."},
		TableColumn{Name: "link", Type: TypeWord, Words: LinkWords, Nullable: true,
			Doc: "How a refund came to its payment_no: found, the only one of its order, or one_of_several. Null where the row itself states it."}),
}

// LinkWords is the dictionary of EventLink, as far as tables hold it.
var LinkWords = []string{"", "found", "one_of_several"}

var paymentKeys = Table{
	Name:     "payment_keys",
	Grain:    "one payment number of the day",
	Dated:    true,
	Key:      []string{"key"},
	SortedBy: []string{"key"},
	Doc:      "An index: which payment numbers the lines and events of the day have, as xxhash64 with its top bit flipped, so that a later day finds the payment of a refund without reading the day's tables whole.",
	Columns: []TableColumn{
		{Name: "key", Type: TypeCount, Unit: "xxhash64 of the number under which the wallet knows the payment, XOR 2^63",
			Doc: "The number's hash. Its top bits are the part in which the rows of that number stand."},
	},
}

var paymentNumbers = Table{
	Name:     "payment_numbers",
	Grain:    "one payment number of an order",
	Dated:    true,
	Key:      []string{"order_no", "account", "payment_no"},
	SortedBy: []string{"order_no", "account", "payment_no"},
	Doc: "An index: under which payment numbers the wallet knows the day's orders, where these differ from the order number, so that a later day's refund finds its payment. " +
		"Parts are cut by the hash of order_no.",
	Columns: []TableColumn{
		{Name: "order_no", Type: TypeText, Doc: "The merchant's order number (订单号)."},
		{Name: "account", Type: TypeText, Nullable: true, Repeats: true, Doc: "The wallet's merchant number, where the orders carry it."},
		{Name: "payment_no", Type: TypeText, Doc: "The number under which the wallet knows the payment (支付单号)."},
		{Name: "status", Type: TypeWord, Words: StatusWords, Doc: "What the merchant's system said of the order on that day."},
	},
}

// PaymentKeys is a batch of the table payment_keys.
type PaymentKeys struct{ Key []int64 }

// Columns implements Batch.
func (b *PaymentKeys) Columns() []Column { return []Column{countColumn("key", &b.Key)} }

// Len implements Batch.
func (b *PaymentKeys) Len() int { return len(b.Key) }

// IndexedKey is a payment key as the table payment_keys holds it: signed, in the same
// order.
func IndexedKey(key uint64) int64 { return int64(key ^ 1<<63) }
