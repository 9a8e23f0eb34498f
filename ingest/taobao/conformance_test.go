package taobao

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// listSample is 收支明细 of so many rows: of each three a payment, a refund and a deduction.
// Payments and refunds are statement lines too.
func listSample(rows int, seed uint64) string {
	return sampleUnder(listHeader, rows, seed, func(flow, order, kind, in, out, said string, i int) []string {
		return []string{at(i), flow, order, kind, in, out, said, ""}
	})
}

// movementSample is 动账.
func movementSample(rows int, seed uint64) string {
	header, _, _ := strings.Cut(movements, "\n")
	return sampleUnder(header, rows, seed, func(flow, order, kind, in, out, said string, i int) []string {
		return []string{"甲店", "2025-03-02", at(i), flow, order, order + "1", kind, in, out, said, "", "聚合结算账户渠道", at(i), ""}
	})
}

func at(i int) string { return fmt.Sprintf("2025-03-02 09:%02d:%02d", i/60%60, i%60) }

func sampleUnder(header string, rows int, seed uint64, row func(flow, order, kind, in, out, said string, i int) []string) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000).String()
		flow, order := fmt.Sprintf("71%013d", i), fmt.Sprintf("31000000%011d", i/3)
		fields := row(flow, order, "交易收款", amount, "", "0010001|交易收款-交易收款", i)
		switch i % 3 {
		case 1:
			fields = row(flow, order, "交易退款(售后)", "", amount, "", i)
		case 2:
			fields = row(flow, order, "扣款", "", amount, "0030130|软件服务费-基础软件服务费", i)
		}
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	return b.String()
}

// The export states no totals: nothing but grammar and the order's side proves a row. That
// both files of a shop agree is seen where both are delivered.
func TestConformance(t *testing.T) {
	// A row that is a statement line too gives two: fund lines alone are looked at.
	readFunds := func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
		return Read(ctx, in, func(arrow.Record) error { return nil }, emit)
	}
	uncovered := []string{"amount", "category", "direction", "flow_no", "occurred_at", "order_no", "period", "provider_txn_id", "raw_note", "raw_type", "settled_on"}
	bad := func(time string, in string) []ingesttest.Bad {
		return []ingesttest.Bad{
			{Column: time, Find: `(2025-03-02 09:[0-9]{2}:[0-9]{2}),71`, Put: "2025-02-30 09:00:00"},
			{Column: in, Find: `交易收款,([0-9.]+),`, Put: "1E2"},
			{Column: "支付流水号", Find: `,(71[0-9]{13}),`, Put: "7.1E+14"},
		}
	}
	for _, c := range []struct {
		name      string
		sample    func(int, uint64) string
		uncovered []string
		bad       []ingesttest.Bad
	}{
		{"收支明细", listSample, uncovered, bad("入账时间", "收入金额（元）")},
		{"动账", movementSample, append([]string{"account"}, uncovered...), bad("入帐时间", "收入金额(元)")},
	} {
		t.Run(c.name+", CSV", func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: Recognise, Read: readFunds, Sample: c.sample, NoTotals: true, Uncovered: c.uncovered, Bad: c.bad,
				Encodings: []ingesttest.Encoding{ingesttest.UTF8, ingesttest.GB18030},
			})
		})
		t.Run(c.name+", workbook", func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: ingesttest.Head(Recognise), Read: ingesttest.Spooled(readFunds), Sample: c.sample, NoTotals: true, Bad: slices.Clone(c.bad), Few: true,
				Pack: func(text string) []byte { return ingesttest.Workbook(ingesttest.Cells(text)) },
			})
		})
	}
}
