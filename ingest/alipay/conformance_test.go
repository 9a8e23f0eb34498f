package alipay

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

// sample is a bill of so many rows: payments with a refund in each three.
func sample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b testBill
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		txn, order := fmt.Sprintf("20240912220014%014d", i), fmt.Sprintf("T200P27018605912%06d", i)
		at := fmt.Sprintf("2024-09-12 08:%02d:%02d", i/60%60, i%60)
		if i%3 == 1 {
			b.rows = append(b.rows, refund(txn, order, (-amount).String(), fmt.Sprintf("RF-%06d", i), "服务费", "-0.30", "完成时间", at, "商家优惠", "-1.00"))
			continue
		}
		b.rows = append(b.rows, pay(txn, order, amount.String(), "服务费", "0.60", "完成时间", at, "商家优惠", "2.00"))
	}
	return b.text()
}

func TestConformance(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: Recognise, Read: Read, Sample: sample,
		Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8},
		// The footers speak of 商家实收 and 商家优惠 alone; account and period stand once.
		Uncovered: []string{"account", "period", "order_no", "order_no_raw", "provider_txn_id", "refund_no", "occurred_at",
			"gross_amount", "fee_amount", "net_amount"},
		Bad: []ingesttest.Bad{
			{Column: "完成时间", Find: `,(2024-09-12 08:[0-9:]+),\t,`, Put: "2024-02-30 08:30:01"},
			{Column: "订单金额（元）", Find: `\*\*\*\*0000\)\t,([0-9.]+)`, Put: "1.5E3"},
			{Column: "业务类型", Find: `\t,(交易)\t`, Put: "转账"},
			{Column: "支付宝交易号", Find: `(20240912220014[0-9]{14})\t`, Put: "2.02409122200E+27"},
		},
	})
}

// movements are so many rows of an account: payments, of each three one a fee and one a
// payout.
func movements(rows int, seed uint64) []movement {
	random := rand.New(rand.NewPCG(seed, 0))
	balance := settlement.Amount(5_000_000_000)
	var all []movement
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		in, out := amount.String(), "0.00"
		kind, note := "交易付款", ""
		flow, trade := fmt.Sprintf("3000%011d", i), fmt.Sprintf("20240912220014%014d", i/3)
		switch i % 3 {
		case 1:
			kind, note = "收费", "服务费["+trade+"]"
			in, out, amount = "0.00", (-amount / 100).String(), -amount/100
		case 2:
			kind = "提现"
			in, out, amount = "0.00", (-amount).String(), -amount
		}
		balance += amount
		all = append(all, moved(flow, trade, kind, in, out, balance.String(), "商户订单号", fmt.Sprintf("T200P27018605912%06d", i/3),
			"商品名称", "茶具", "发生时间", fmt.Sprintf("2024-09-12 08:%02d:%02d", i/60%60, i%60), "备注", note))
	}
	return all
}

// Of the fund lines' columns the totals cover amount and direction. Numbers and times are
// caught by their grammar, an order that changes by the lack of its trade line, an
// account or a period by the names that agree with it and by the run's other files.
var ofFunds = []string{"account", "category", "flow_no", "occurred_at", "order_no", "period", "provider_txn_id", "balance", "raw_note", "raw_type"}

func badFunds(flow, at, in, before string) []ingesttest.Bad {
	return []ingesttest.Bad{
		{Column: flow, Find: `(3000[0-9]{11}),`, Put: "3.0E+14"},
		{Column: at, Find: `,(2024-09-12 08:[0-9:]+),`, Put: "2024-02-30 08:30:01"},
		{Column: in, Find: before + `,([0-9.]+),`, Put: "1.5E3"},
	}
}

func TestTheAccountLogConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: RecogniseLog, Read: ReadLog,
		Sample:    func(rows int, seed uint64) string { return testLog{rows: movements(rows, seed)}.text() },
		Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8},
		Uncovered: ofFunds,
		Bad:       badFunds("账务流水号", "发生时间", "收入金额（+元）", `0000\)`),
	})
}

func portalSample(header string) func(rows int, seed uint64) string {
	return func(rows int, seed uint64) string {
		all := movements(rows, seed)
		for _, m := range all {
			for _, side := range []string{"收入金额", "支出金额"} {
				if m[side] == "0.00" {
					m[side] = ""
				}
			}
		}
		return portalText(header, all...)
	}
}

func TestThePortalsExportConforms(t *testing.T) {
	uncovered := append([]string{"amount"}, ofFunds...)
	t.Run("CSV", func(t *testing.T) {
		ingesttest.Run(t, ingesttest.Provider{
			Recognise: RecognisePortal, Read: ReadPortal, Sample: portalSample(portalHeader), NoTotals: true,
			Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8},
			Uncovered: uncovered, Bad: badFunds("支付宝流水号", "入账时间", "收入（+元）", "交易付款"),
		})
	})
	t.Run("SpreadsheetML", func(t *testing.T) {
		ingesttest.Run(t, ingesttest.Provider{
			Recognise: ingesttest.Head(RecognisePortal), Read: ingesttest.Spooled(ReadPortal), Sample: portalSample(workbookHeader), NoTotals: true,
			Pack: func(text string) []byte { return []byte(workbookText(ingesttest.Cells(text))) },
			Few:  true, Uncovered: slices.DeleteFunc(slices.Clone(uncovered), func(name string) bool { return name == "period" }), Bad: badFunds("支付宝流水号", "入账时间", "收入（+元）", "交易付款"),
		})
	})
}

// A summary is proved with its bill: what it states must be what the bill's rows add up to.
func TestSummariesConform(t *testing.T) {
	amount := func(seed uint64) settlement.Amount { return settlement.Amount(10_000 + seed) }
	bill := func(seed uint64) *settlement.Statement {
		st := &settlement.Statement{File: "bill.csv", Kind: settlement.TradeBill, Rows: 2}
		st.KindSums[settlement.Payment] = settlement.KindSum{Rows: 1, Gross: amount(seed), Settled: amount(seed), Fee: -60}
		st.KindSums[settlement.Refund] = settlement.KindSum{Rows: 1, Gross: -5_000, Settled: -5_000, Fee: 30}
		return st
	}
	log := func(seed uint64) *settlement.Statement {
		st := &settlement.Statement{File: "bill.csv", Kind: settlement.AccountLog, Rows: 2}
		st.KindSums[settlement.Income] = settlement.KindSum{Rows: 1, Gross: amount(seed)}
		st.KindSums[settlement.Expense] = settlement.KindSum{Rows: 1, Gross: -60}
		return st
	}
	type summarise func(context.Context, delimited.Input) (*settlement.Statement, error)
	for _, c := range []struct {
		name      string
		recognise func([]byte) bool
		read      summarise
		tie       func(*settlement.Statement, []*settlement.Statement) []*settlement.Refusal
		bill      func(uint64) *settlement.Statement
		text      func(settlement.Amount) string
		bad       []ingesttest.Bad
	}{
		{"of the trade bill", RecogniseSummary, ReadSummary, TieSummary, bill, func(a settlement.Amount) string {
			return summaryText(fmt.Sprintf("合计,,1,1,%s,%s,0.00,0.00,0.00,-0.60,0.00,99.40", a, a))
		}, []ingesttest.Bad{{Column: "订单金额（元）", Find: `合计,,1,1,([0-9.]+)`, Put: "1E2"}, {Column: "交易订单总笔数", Find: `合计,,(1)`, Put: "x"}}},
		{"of the account log", RecogniseLogSummary, ReadLogSummary, TieLogSummary, log, func(a settlement.Amount) string {
			return logSummaryText(fmt.Sprintf("合计,1,%s,1,-0.60,0.00", a))
		}, []ingesttest.Bad{{Column: "收入金额（+元）", Find: `合计,1,([0-9.]+)`, Put: "1E2"}, {Column: "收入笔数", Find: `合计,(1)`, Put: "x"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: c.recognise, NoRows: true,
				Read: func(ctx context.Context, in delimited.Input, _ func(arrow.Record) error) (*settlement.Statement, error) {
					st, err := c.read(ctx, in)
					if err != nil {
						return st, err
					}
					seed := uint64(1)
					if len(st.Totals) > 0 && strings.Contains(fmt.Sprint(st.Totals), fmt.Sprint(int64(amount(2)))) {
						seed = 2
					}
					for _, refusal := range c.tie(st, []*settlement.Statement{c.bill(seed)}) {
						return st, refusal
					}
					return st, nil
				},
				Sample:    func(_ int, seed uint64) string { return c.text(amount(seed)) },
				Encodings: []ingesttest.Encoding{ingesttest.GB18030, ingesttest.UTF8},
				Uncovered: []string{"account", "period"},
				Bad:       c.bad,
			})
		})
	}
}
