// Package ingest reads what wallets and merchants deliver: it opens containers,
// recognises each file by its content, has the provider of that kind read it, and
// says which files may be used. Nothing of a file is used before all of it was
// read and its control totals tied.
package ingest

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/alipay"
	"reconcile/ingest/bank"
	"reconcile/ingest/delimited"
	"reconcile/ingest/orders"
	"reconcile/ingest/sheet"
	"reconcile/ingest/taobao"
	"reconcile/ingest/wechatpay"
	"reconcile/settlement"
)

// Emit takes a record of a provider's rows, which is valid only during the call.
// It is called from several goroutines.
type Emit func(arrow.Record) error

// Emits take the rows of a file, each kind of batch in a place of its own: records of
// settlement.Lines, settlement.Events and settlement.FundLines.
type Emits struct{ Lines, Events, Funds Emit }

// format is one kind of file.
//
// Where sheets is set, the file may be a spreadsheet too. recognise is then shown the
// first rows as lines of CSV in UTF-8, and the stream that read gets is a
// *sheet.Spooled: sheet.Open takes it as it is.
type format struct {
	name      string
	sheets    bool
	recognise func(head []byte) bool
	read      func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error)
}

// providers is the one list of what is read. A new wallet is one folder beside
// this file and one entry here.
func providers(m Mappings) []format {
	return []format{
		{
			name:      "WeChat Pay trade bill (交易账单)",
			recognise: wechatpay.Recognise,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return wechatpay.Read(ctx, in, emit.Lines)
			},
		},
		{
			name:      "WeChat Pay fund-flow bill (资金账单)",
			recognise: wechatpay.RecogniseFunds,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return wechatpay.ReadFunds(ctx, in, emit.Funds)
			},
		},
		{
			name:      "WeChat Pay profit-sharing bill (分账账单)",
			recognise: wechatpay.RecogniseProfitShare,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return wechatpay.ReadProfitShare(ctx, in, emit.Funds)
			},
		},
		{
			name:      "Alipay trade bill (业务明细)",
			recognise: alipay.Recognise,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return alipay.Read(ctx, in, emit.Lines)
			},
		},
		{
			name:      "Alipay trade summary (业务汇总)",
			recognise: alipay.RecogniseSummary,
			read: func(ctx context.Context, in delimited.Input, _ Emits) (*settlement.Statement, error) {
				return alipay.ReadSummary(ctx, in)
			},
		},
		{
			name:      "Alipay account log (账务明细)",
			recognise: alipay.RecogniseLog,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return alipay.ReadLog(ctx, in, emit.Funds)
			},
		},
		{
			name:      "Alipay account log summary (账务汇总)",
			recognise: alipay.RecogniseLogSummary,
			read: func(ctx context.Context, in delimited.Input, _ Emits) (*settlement.Statement, error) {
				return alipay.ReadLogSummary(ctx, in)
			},
		},
		{
			name:      "Alipay portal export (账务组合查询)",
			sheets:    true,
			recognise: alipay.RecognisePortal,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return alipay.ReadPortal(ctx, in, emit.Funds)
			},
		},
		{
			name:      "Alipay portal list of trades (交易订单)", // refused
			sheets:    true,
			recognise: alipay.RecogniseTrades,
			read: func(ctx context.Context, in delimited.Input, _ Emits) (*settlement.Statement, error) {
				return alipay.ReadTrades(ctx, in)
			},
		},
		{
			name:      "export of a Taobao aggregated settlement account (聚合结算账户 收支明细, 动账)",
			sheets:    true,
			recognise: taobao.Recognise,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return taobao.Read(ctx, in, emit.Lines, emit.Funds)
			},
		},
		extract("orders", settlement.OrderExtract, m.Orders, m),
		extract("refunds", settlement.RefundExtract, m.Refunds, m),
		{
			name:      "bank statement (camt.053)",
			recognise: bank.RecogniseCAMT,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return bank.ReadCAMT(ctx, in, m.Bank, emit.Funds)
			},
		},
		{
			name:      "bank statement (CSV)",
			recognise: func(head []byte) bool { return bank.Recognise(head, m.Bank) },
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return bank.Read(ctx, in, m.Bank, emit.Funds)
			},
		},
		{
			name:      "orders or refunds (Parquet, Arrow IPC)",
			recognise: orders.RecogniseColumnar,
			read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
				return orders.ReadTable(ctx, in, m.Orders, m.Refunds, emit.Events)
			},
		},
	}
}

// Mappings adapts the merchant's extracts and bank statements to the plain layouts.
type Mappings struct {
	Orders, Refunds orders.Mapping
	// The queries ask databases for extracts; nil where files alone have them.
	OrdersQuery, RefundsQuery *orders.Query
	Bank                      bank.Mapping
}

func extract(name string, kind settlement.StatementKind, m orders.Mapping, all Mappings) format {
	return format{
		name:   name,
		sheets: true,
		recognise: func(head []byte) bool {
			found, ok := orders.Recognise(head, m)
			return ok && found == kind
		},
		read: func(ctx context.Context, in delimited.Input, emit Emits) (*settlement.Statement, error) {
			if _, isSheet := in.Stream.(*sheet.Spooled); isSheet {
				return orders.ReadTable(ctx, in, all.Orders, all.Refunds, emit.Events)
			}
			return orders.Read(ctx, in, kind, m, emit.Events)
		},
	}
}

// foreign recognises files that are not read, to say what they are and what to
// deliver instead.
func foreign(head []byte) (what, do string, ok bool) {
	for _, recognise := range []func([]byte) (string, string, bool){wechatpay.Foreign, alipay.Foreign, orders.Foreign, bank.Foreign} {
		if what, do, ok = recognise(head); ok {
			return what, do, true
		}
	}
	return "", "", false
}
