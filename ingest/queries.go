package ingest

import (
	"context"
	"io"

	"reconcile/ingest/delimited"
	"reconcile/ingest/orders"
	"reconcile/settlement"
)

// query is a delivery that is asked for in place of being opened.
type query struct {
	*orders.Query // nil where the answer was kept and nothing is asked any more
	kind          settlement.StatementKind
	mapping       orders.Mapping
	kept          orders.Answer // that the delivery opens, where it opens any
}

// queriesOf lists the queries that are configured, or could be.
func queriesOf(m Mappings) []query {
	return []query{
		{Query: m.OrdersQuery, kind: settlement.OrderExtract, mapping: m.Orders},
		{Query: m.RefundsQuery, kind: settlement.RefundExtract, mapping: m.Refunds},
	}
}

// Queries lists the deliveries that are read from databases, which nothing names
// but the configuration.
func Queries(m Mappings) []*Delivery {
	var deliveries []*Delivery
	for _, q := range queriesOf(m) {
		if q.Query != nil {
			deliveries = append(deliveries, &Delivery{File: q.Source(q.kind), Size: -1, query: &q})
		}
	}
	return deliveries
}

// Answer is what a query gave.
type Answer = orders.Answer

// QueryOf is the delivery of a query of a kind; nil where none is configured.
func QueryOf(m Mappings, kind settlement.StatementKind) *Delivery {
	for _, d := range Queries(m) {
		if d.query.kind == kind {
			return d
		}
	}
	return nil
}

// Ask asks the delivery's query and writes the text of its answer, which a delivery of
// KeptAnswer reads.
func (d *Delivery) Ask(ctx context.Context, to io.Writer) (Answer, error) {
	return d.query.Ask(ctx, d.query.kind, d.query.mapping, to)
}

// KeptAnswer is the delivery of an answer that was kept; open opens its text.
func KeptAnswer(m Mappings, kind settlement.StatementKind, a Answer, open func() (io.ReadCloser, error)) *Delivery {
	for _, q := range queriesOf(m) {
		if q.kind == kind {
			q.kept = a
			return &Delivery{File: a.Source, Size: a.Bytes, open: open, query: &q}
		}
	}
	return nil
}

// readQuery is Read for a query, whose kind is stated.
func (d *Delivery) readQuery(ctx context.Context, index int32, o Options) (*settlement.Statement, error) {
	in := delimited.Input{Index: index, Workers: o.Workers, Account: o.Account, Day: o.Day}
	q := d.query
	if d.open == nil {
		statement, err := q.Read(ctx, in, q.kind, q.mapping, o.Emits.Events)
		if err != nil {
			return nil, d.refuse(err)
		}
		return statement, nil
	}
	text, err := d.open()
	if err != nil {
		return nil, err
	}
	defer text.Close()
	in.Stream = text
	statement, err := orders.ReadAnswer(ctx, in, q.Query, q.kind, q.mapping, q.kept, o.Emits.Events)
	if err != nil {
		return nil, d.refuse(err)
	}
	return statement, nil
}
