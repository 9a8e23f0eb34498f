package wechatpay

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// sample is a bill of so many rows: payments with a refund in each three.
func sample(header, summary string) func(rows int, seed uint64) string {
	return func(rows int, seed uint64) string {
		random := rand.New(rand.NewPCG(seed, 0))
		b := newBill(header)
		b.summary, b.end = summary, "\n"
		for i := range rows {
			amount := settlement.Amount(random.Int64N(90_000) + 1_000)
			fee := amount * 6 / 1_000
			txn := fmt.Sprintf("42000024122024091212%08d", i)
			if header == currentREFUND || header == currentALL && i%3 == 1 {
				b.add(refundRow("微信订单号", txn, "微信退款单号", fmt.Sprintf("503024121220240912%011d", i), "商户退款单号", fmt.Sprintf("R2024%06d", i),
					"退款金额", amount.String(), "申请退款金额", (amount + 100).String(), "充值券退款金额", "1.00", "手续费", (-fee).String()+"000"))
				continue
			}
			b.add(paymentRow("微信订单号", txn, "商户订单号", fmt.Sprintf("S2024%06d", i), "应结订单金额", amount.String(),
				"订单金额", (amount + 200).String(), "代金券金额", "2.00", "手续费", fee.String()+"000"))
		}
		return b.text()
	}
}

// What no total of a bill speaks of. A payment's day is proved where the request or the
// file's name states it.
var (
	unproved   = []string{"sub_account", "order_no", "provider_txn_id", "occurred_at", "fee_rate", "raw_type"}
	ofPayments = []string{"coupon_amount"} // the total of 充值券 is of refunds alone
	ofRefunds  = []string{"refund_no", "provider_refund_id"}
)

func TestConformance(t *testing.T) {
	stated, err := settlement.ParseDay([]byte("2024-09-12"))
	if err != nil {
		t.Fatal(err)
	}
	payment := []ingesttest.Bad{
		{Column: "交易时间", Find: "`(2024-09-12 10:11:12),", Put: "2024-09-31 10:11:12"},
		{Column: "应结订单金额", Find: "`CNY,`([0-9.]+)", Put: "1E2"},
		{Column: "手续费", Find: "`([0-9.]+),`0.60%", Put: "1,234.00"},
		{Column: "费率", Find: "`(0.60%)", Put: "六厘"},
		{Column: "微信订单号", Find: "`(42000024122024091212[0-9]{8})", Put: "4.20000241220E+27"},
		{Column: "交易状态", Find: "JSAPI,`(SUCCESS)", Put: "成功"},
	}
	for _, c := range []struct {
		name, header, summary string
		day                   settlement.Day
		uncovered             []string
		bad                   []ingesttest.Bad
	}{
		{"ALL", currentALL, summary7, stated, slices.Concat(unproved, ofPayments, ofRefunds), payment},
		{"SUCCESS", currentSUCCESS, summary4, settlement.NoDay, slices.Concat(unproved, ofPayments, []string{"period"}), payment},
		{"REFUND", currentREFUND, summary7, settlement.NoDay, slices.Concat(unproved, ofRefunds), []ingesttest.Bad{
			{Column: "退款成功时间", Find: "`(2024-09-12 11:00:05)", Put: "2024-09-12T11:00:05"},
			{Column: "退款金额", Find: "`R2024[0-9]+,`([0-9.]+)", Put: "-0.01"},
			{Column: "退款状态", Find: "ORIGINAL,`(SUCCESS)", Put: "OK"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ingesttest.Run(t, ingesttest.Provider{
				Recognise: Recognise, Read: Read, Sample: sample(c.header, c.summary), Uncovered: c.uncovered, Bad: c.bad,
				Prepare: func(in *delimited.Input) { in.Day = c.day },
			})
		})
	}
}

// fundSample is a fund-flow bill of so many rows: of each three a payment, its fee and a
// refund.
func fundSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	b := newFundBill()
	b.end = "\n"
	balance := settlement.Amount(5_000_000_000)
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		flow, order := fmt.Sprintf("42000024122024091212%08d", i), fmt.Sprintf("S2024%06d", i)
		switch i % 3 {
		case 0:
			balance += amount
			b.add(moved("资金流水单号", flow, "业务凭证号", order, "收支金额(元)", amount.String(), "账户结余(元)", balance.String()))
		case 1:
			balance -= amount / 100
			b.add(feeTaken("资金流水单号", flow, "业务凭证号", order, "收支金额(元)", (amount / 100).String(), "账户结余(元)", balance.String()))
		default:
			balance -= amount
			b.add(refunded("资金流水单号", flow, "业务凭证号", order, "收支金额(元)", amount.String(), "账户结余(元)", balance.String()))
		}
	}
	return b.text()
}

// Of the fund lines' columns the totals cover amount and direction, and the balances,
// which chain, say the same again. The bill does not say whose it is or of which day.
func TestTheFundFlowBillConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: RecogniseFunds, Read: ReadFunds, Sample: fundSample,
		Uncovered: []string{"balance", "category", "flow_no", "occurred_at", "order_no", "period", "provider_txn_id", "raw_note", "raw_type", "refund_no", "settled_on"},
		Bad: []ingesttest.Bad{
			{Column: "记账时间", Find: "`(2024-09-12 10:11:12),", Put: "2024-09-31 10:11:12"},
			{Column: "收支金额(元)", Find: "`(?:收入|支出),`([0-9.]+)", Put: "1E2"},
			{Column: "收支类型", Find: "`(收入),", Put: "进"},
			{Column: "资金流水单号", Find: "`(42000024122024091212[0-9]{8}),`交易", Put: "4.20000241220E+27"},
		},
	})
}

// The profit-sharing bill states no totals.
func TestTheProfitSharingBillConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: RecogniseProfitShare, Read: ReadProfitShare, NoTotals: true,
		Sample: func(rows int, seed uint64) string {
			random := rand.New(rand.NewPCG(seed, 0))
			b := newShareBill()
			b.end = "\n"
			for i := range rows {
				row := shared
				if i%3 == 1 {
					row = returned
				}
				b.add(row("分账明细单号", fmt.Sprintf("36000001%012d", i), "金额", settlement.Amount(random.Int64N(9_000)+100).String()))
			}
			return b.text()
		},
		Uncovered: []string{"account", "amount", "direction", "flow_no", "occurred_at", "order_no", "period", "provider_txn_id", "raw_type", "refund_no", "settled_on"},
		Bad: []ingesttest.Bad{
			{Column: "分账时间", Find: "`(2024-09-12 12:00:00),", Put: "2024-09-31 12:00:00"},
			{Column: "金额", Find: "某某,`([0-9.]+)", Put: "1E2"},
			{Column: "业务类型", Find: "`(分账),`处理成功", Put: "另一种"},
			{Column: "分账明细单号", Find: "`(36000001[0-9]{12})", Put: "3.6E+19"},
		},
	})
}
