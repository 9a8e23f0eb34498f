package settlement

import "github.com/cespare/xxhash/v2"

// Addresses is a batch of messages between buckets: what the wallet knows under a
// number of its own lies under Key.
type Addresses struct {
	Number []uint64 // AddressOf the number
	Key    []uint64
}

// AddressOf hashes a wallet's own number of a payment or a refund: as the Key of a
// fund line that names nothing else.
func AddressOf(number []byte) uint64 { return xxhash.Sum64(number) }

// Columns implements Batch.
func (b *Addresses) Columns() []Column {
	return []Column{hashColumn("number", &b.Number), hashColumn("key", &b.Key)}
}

// Len implements Batch.
func (b *Addresses) Len() int { return len(b.Number) }
