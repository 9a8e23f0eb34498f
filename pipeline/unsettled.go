package pipeline

import (
	"reconcile/output"
	"reconcile/settlement"
)

// takeUnsettled takes over the money that trade bills and fund flows did not agree on.
// What names only the wallet's number looks for its payment's bucket like a stray.
func (r *run) takeUnsettled(dir string, files *sources) error {
	return readBatches(dir, "unsettled", func(in *output.BatchReader, rows int) error {
		u := &settlement.Unsettled{}
		if err := in.Append(u, allRows(rows), files.number); err != nil {
			return err
		}
		var placed, strays []int32
		for i := range u.Len() {
			u.Key[i] = settlement.PaymentKey(u.OrderNo.At(i), u.ProviderTxnID.At(i))
			if u.Side[i] == settlement.FundsSide && len(u.OrderNo.At(i)) == 0 {
				strays = append(strays, int32(i))
				continue
			}
			r.earlier.place(u.ID[i], u.Key[i])
			placed = append(placed, int32(i))
		}
		if len(strays) > 0 {
			if err := r.strayUnsettled.scatterRows(u, strays); err != nil {
				return err
			}
		}
		if len(placed) == 0 {
			return nil
		}
		return r.unsettled.scatterRows(u, placed)
	})
}

// placeUnsettled sends the strays among the unsettled rows of partitions [from, until) on.
func (r *run) placeUnsettled(from, until int, key map[uint64]uint64) error {
	rows, err := r.strayUnsettled.load(from, until)
	if err != nil || rows.Len() == 0 {
		return err
	}
	for i := range rows.Len() {
		if of, ok := key[settlement.AddressOf(rows.ProviderTxnID.At(i))]; ok {
			rows.Key[i] = of
		}
		r.earlier.place(rows.ID[i], rows.Key[i])
	}
	return r.unsettled.scatter(rows)
}
