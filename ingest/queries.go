package ingest

import (
	"context"

	"reconcile/ingest/delimited"
	"reconcile/ingest/orders"
	"reconcile/settlement"
)

// query is a delivery that is asked for in place of being opened.
type query struct {
	*orders.Query
	kind    settlement.StatementKind
	mapping orders.Mapping
}

// Queries lists the deliveries that are read from databases, which nothing names
// but the configuration.
func Queries(m Mappings) []*Delivery {
	var deliveries []*Delivery
	for _, q := range []query{
		{m.OrdersQuery, settlement.OrderExtract, m.Orders},
		{m.RefundsQuery, settlement.RefundExtract, m.Refunds},
	} {
		if q.Query != nil {
			deliveries = append(deliveries, &Delivery{File: q.Source(q.kind), Size: -1, query: &q})
		}
	}
	return deliveries
}

// readQuery is Read for a query, whose kind is stated.
func (d *Delivery) readQuery(ctx context.Context, index int32, o Options) (*settlement.Statement, error) {
	in := delimited.Input{Index: index, Workers: o.Workers, Account: o.Account, Day: o.Day}
	statement, err := d.query.Read(ctx, in, d.query.kind, d.query.mapping, o.Emits.Events)
	if err != nil {
		return nil, d.refuse(err)
	}
	return statement, nil
}
