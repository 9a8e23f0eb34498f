package orders

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// orderSample is an extract in the plain layout, texts in quotes among it.
func orderSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("order_no,wallet,amount,paid_at,status,shop,platform,account,payment_no,provider_txn_id,confirmed_at,payout_amount,home_wallet,currency\n")
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		wallet := []string{"alipay", "wechat"}[i%2]
		confirmed, payout := "", ""
		if i%3 == 0 {
			confirmed, payout = "2024-09-15 10:00:00", (amount - 100).String()
		}
		fmt.Fprintf(&b, "S2024%06d,%s,%s,2024-09-12 08:%02d:%02d,paid,\"茶, 一店\",own,20880001,P%06d,42%06d,%s,%s,alipay,CNY\n",
			i, wallet, amount, i/60%60, i%60, i, i, confirmed, payout)
	}
	return b.String()
}

func refundSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("order_no,refund_no,amount,refunded_at,succeeded_at,status\n")
	for i := range rows {
		fmt.Fprintf(&b, "S2024%06d,R%06d,%s,2024-09-12 09:%02d:%02d,2024-09-13 10:%02d:%02d,success\n", i, i,
			settlement.Amount(random.Int64N(90_000)+1_000), i/60%60, i%60, i/60%60, i%60)
	}
	return b.String()
}

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name      string
		kind      settlement.StatementKind
		mapping   Mapping
		encoding  ingesttest.Encoding
		sample    func(int, uint64) string
		uncovered []string
		bad       []ingesttest.Bad
	}{
		{"orders", settlement.OrderExtract, Mapping{}, ingesttest.UTF8, orderSample, ofOrders, badOrders},
		{"orders in GB18030", settlement.OrderExtract, Mapping{Encoding: "gb18030"}, ingesttest.GB18030, orderSample, ofOrders, badOrders},
		{"refunds", settlement.RefundExtract, Mapping{}, ingesttest.UTF8, refundSample, ofRefunds, []ingesttest.Bad{
			{Column: "amount", Find: `,R0[0-9]+,([0-9.]+)`, Put: "-1.00"},
			{Column: "succeeded_at", Find: `,(2024-09-13 [0-9:]+)`, Put: "13.09.2024"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: func(head []byte) bool { kind, ok := Recognise(head, c.mapping); return ok && kind == c.kind },
				Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
					return Read(ctx, in, c.kind, c.mapping, emit)
				},
				Sample: c.sample, Encodings: []ingesttest.Encoding{c.encoding}, Uncovered: c.uncovered, NoTotals: true, Bad: c.bad,
			})
		})
	}
}

// An extract has nothing to prove it but what the configuration states (TestStatedTotals).
var (
	ofOrders = []string{"order_no", "amount", "paid_at", "wallet", "shop", "platform", "account", "payment_no", "provider_txn_id",
		"confirmed_at", "payout", "escrow", "home_wallet"}
	ofRefunds = []string{"order_no", "refund_no", "amount", "paid_at", "succeeded_at"}
)

var badOrders = []ingesttest.Bad{
	{Column: "amount", Find: `(?:alipay|wechat),([0-9.]+),2024`, Put: "1E2"},
	{Column: "paid_at", Find: `,(2024-09-12 08:[0-9:]+),paid`, Put: "2024-09-31 08:00:00"},
	{Column: "wallet", Find: `,(alipay),[0-9]`, Put: "cheque"},
	{Column: "order_no", Find: `\n(S2024[0-9]+)`, Put: "2.70186E+18"},
	{Column: "payout_amount", Find: `10:00:00,([0-9.]+)`, Put: "1.005"},
}
