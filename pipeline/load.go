package pipeline

import "reconcile/settlement"

// loadRows returns all rows of bucket b.
func (r *run) loadRows(b int) (in *bucketRows, err error) {
	in = &bucketRows{}
	from, until := r.bucketParts(b)
	if in.lines, in.events, err = r.loadBucket(b); err != nil {
		return nil, err
	}
	if in.prior, err = r.prior.load(from, until); err != nil {
		return nil, err
	}
	if in.carried, err = r.carried.load(from, until); err != nil {
		return nil, err
	}
	if in.unsettled, err = r.unsettled.load(from, until); err != nil {
		return nil, err
	}
	in.funds, err = r.loadFunds(b)
	return in, err
}

// loadBucket returns the rows of bucket b that may be used, in the order of their
// tables as far as it is known: events have no identity yet.
func (r *run) loadBucket(b int) (*settlement.Lines, *settlement.Events, error) {
	from, until := r.bucketParts(b)
	order := r.arrangers.take()
	defer r.arrangers.give(order)
	lines := r.spare.match.Lines.Take()
	err := loadOrdered(r.lines, lines, from, until, []string{"line_id", "wallet", "order_no", "source_file"}, func(l *settlement.Lines) []int32 {
		return order.arrange(l.Wallet, &l.OrderNo, l.ID, func(i int) bool { return r.usable(l.File[i]) })
	})
	if err != nil {
		return nil, nil, err
	}
	r.fillDays(lines)
	events := r.spare.match.Events.Take()
	err = loadOrdered(r.events, events, from, until, []string{"event_id", "wallet", "order_no", "source_file"}, func(e *settlement.Events) []int32 {
		return order.arrange(e.Wallet, &e.OrderNo, e.ID, func(i int) bool { return r.usable(e.File[i]) })
	})
	return lines, events, err
}

// loadFunds returns the fund lines of bucket b that may be used, in the order of their
// table.
func (r *run) loadFunds(b int) (*settlement.FundLines, error) {
	from, until := r.bucketParts(b)
	order := r.arrangers.take()
	defer r.arrangers.give(order)
	lines := r.spare.funds.Take()
	err := loadOrdered(r.funds, lines, from, until, []string{"line_id", "wallet", "order_no", "source_file"}, func(f *settlement.FundLines) []int32 {
		return order.arrange(f.Wallet, &f.OrderNo, f.ID, func(i int) bool { return r.intake.Accepted(f.File[i]) })
	})
	if err != nil {
		return nil, err
	}
	for i, on := range lines.SettledOn {
		if on == settlement.NoDay {
			lines.SettledOn[i] = r.intake.Statements[lines.File[i]].From
		}
	}
	return lines, nil
}

// fillDays gives lines the day of their bill where that was known only at its end.
func (r *run) fillDays(lines *settlement.Lines) {
	for i, on := range lines.SettledOn {
		if on == settlement.NoDay && int(lines.File[i]) < len(r.intake.Statements) {
			lines.SettledOn[i] = r.intake.Statements[lines.File[i]].From
		}
	}
}

// loadOrdered appends the rows of partitions [from, until) of an exchange to a batch,
// those and in the order that order asks for, which sees the named columns of them.
func loadOrdered[T any, B batchOf[T]](x *exchange[T, B], into B, from, until int, sees []string, order func(B) []int32) error {
	raw := x.spare.Take()
	defer x.spare.Give(raw)
	pieces, done, err := x.pieces(from, until)
	if err != nil {
		return err
	}
	defer done()
	if err := makeRoom(into, pieces); err != nil {
		return err
	}
	columns := raw.Columns()
	settlement.AppendPieces(columns, pieces, sees...)
	settlement.AppendPieceRows(into.Columns(), columns, pieces, order(raw))
	return nil
}
