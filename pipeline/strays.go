package pipeline

import (
	"context"
	"sync"

	"reconcile/settlement"
)

// A payment's money lies in the bucket of its trade line, which goes by the merchant's
// order number. Some fund lines do not name it: a refund of WeChat Pay and the fee that
// comes back with it name the refund alone, a fee that Alipay gives back the trade
// alone. These strays wait by the wallet's number until the lines tell them under
// which number their payment lies.

// isStray says that fund line i belongs to a payment of which it names only the
// wallet's number.
func isStray(f *settlement.FundLines, i int) bool {
	if len(f.OrderNo.At(i)) > 0 || len(f.ProviderTxnID.At(i)) == 0 {
		return false
	}
	switch f.Category[i] {
	case settlement.FundPayment, settlement.FundRefund, settlement.FundFee, settlement.FundFeeReturn:
		return true
	}
	return false
}

// routeFunds puts a provider's fund lines where they belong.
func (r *run) routeFunds(lines *settlement.FundLines) error {
	strays, all := rowsThat(lines.Len(), func(i int) bool { return isStray(lines, i) })
	if all {
		return r.strays.scatter(lines)
	}
	if len(strays) == 0 {
		return r.funds.scatter(lines)
	}
	if err := r.strays.scatterRows(lines, strays); err != nil {
		return err
	}
	others, _ := rowsThat(lines.Len(), func(i int) bool { return !isStray(lines, i) })
	return r.funds.scatterRows(lines, others)
}

// placeStrays sends the strays on to the buckets of their payments. One whose payment
// is in no file goes by its own number.
func (r *run) placeStrays(ctx context.Context) error {
	defer r.strays.release(0, r.partitions)
	defer r.strayUnsettled.release(0, r.partitions)
	if r.strays.rows.Load()+r.strayUnsettled.rows.Load() == 0 {
		return nil
	}
	wanted, err := r.strayNumbers(ctx)
	if err != nil {
		return err
	}
	told := newExchange[settlement.Addresses]("addresses", r.partitions, r.budget, func(a *settlement.Addresses) []uint64 { return a.Number })
	defer told.release(0, r.partitions)
	if err := r.eachBucket(ctx, func(_ context.Context, b int) error { return r.tellAddresses(b, wanted, told) }); err != nil {
		return err
	}
	step := max(r.strays.step(), told.step(), r.strayUnsettled.step())
	return r.each(ctx, r.partitions/step, func(_ context.Context, i int) error {
		from, until := i*step, (i+1)*step
		strays, err := r.strays.load(from, until)
		if err != nil {
			return err
		}
		strays = keepRows(strays, func(i int) bool { return r.usable(strays.File[i]) })
		addresses, err := told.load(from, until)
		if err != nil {
			return err
		}
		// Should a number stand for lines of several keys, the smallest serves.
		key := make(map[uint64]uint64, addresses.Len())
		for i, number := range addresses.Number {
			if known, ok := key[number]; !ok || addresses.Key[i] < known {
				key[number] = addresses.Key[i]
			}
		}
		for i := range strays.Len() {
			if of, ok := key[settlement.AddressOf(strays.ProviderTxnID.At(i))]; ok {
				strays.Key[i] = of
			}
		}
		if err := r.funds.scatter(strays); err != nil {
			return err
		}
		return r.placeUnsettled(from, until, key)
	})
}

// numberSet tells numbers that may be wanted from those that are not, in little memory.
type numberSet []uint64

func (s numberSet) add(number uint64) { s[number>>6&uint64(len(s)-1)] |= 1 << (number & 63) }
func (s numberSet) may(number uint64) bool {
	return s[number>>6&uint64(len(s)-1)]&(1<<(number&63)) != 0
}

// strayNumbers is the numbers that strays name.
func (r *run) strayNumbers(ctx context.Context) (numberSet, error) {
	size := 1 << 10
	for int64(size) < (r.strays.rows.Load()+r.strayUnsettled.rows.Load())/4 && size < 1<<21 { // of 64 bits: 16 a stray, at most 16 MiB
		size *= 2
	}
	wanted := make(numberSet, size)
	var mu sync.Mutex
	step := max(r.strays.step(), r.strayUnsettled.step())
	err := r.each(ctx, r.partitions/step, func(_ context.Context, i int) error {
		from, until := i*step, (i+1)*step
		strays := r.strays.spare.Take()
		defer r.strays.spare.Give(strays)
		pieces, done, err := r.strays.pieces(from, until)
		if err != nil {
			return err
		}
		settlement.AppendPieces(strays.Columns(), pieces, "provider_txn_id")
		done()
		waiting, err := r.strayUnsettled.load(from, until)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, numbers := range [...]*settlement.Text{&strays.ProviderTxnID, &waiting.ProviderTxnID} {
			for i := range numbers.Len() {
				wanted.add(settlement.AddressOf(numbers.At(i)))
			}
		}
		return nil
	})
	return wanted, err
}

// tellAddresses says under which key the payments and refunds of bucket b lie that are
// wanted.
func (r *run) tellAddresses(b int, wanted numberSet, told *exchange[settlement.Addresses, *settlement.Addresses]) error {
	from, until := r.bucketParts(b)
	lines := r.lines.spare.Take()
	defer r.lines.spare.Give(lines)
	pieces, done, err := r.lines.pieces(from, until)
	if err != nil {
		return err
	}
	settlement.AppendPieces(lines.Columns(), pieces, "provider_txn_id", "provider_refund_id", "source_file", "key")
	done()
	out := &settlement.Addresses{}
	tell := func(key uint64, numbers ...[]byte) {
		for _, number := range numbers {
			if len(number) == 0 {
				continue
			}
			if address := settlement.AddressOf(number); wanted.may(address) {
				out.Number, out.Key = append(out.Number, address), append(out.Key, key)
			}
		}
	}
	for i, file := range lines.File {
		if r.usable(file) {
			tell(lines.Key[i], lines.ProviderTxnID.At(i), lines.ProviderRefundID.At(i))
		}
	}
	waiting, err := r.unsettled.load(from, until)
	if err != nil {
		return err
	}
	for i := range waiting.Len() {
		if waiting.Side[i] == settlement.TradeSide {
			tell(waiting.Key[i], waiting.ProviderTxnID.At(i), waiting.ProviderRefundID.At(i))
		}
	}
	return told.scatter(out)
}
