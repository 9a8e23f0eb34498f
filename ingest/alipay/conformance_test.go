package alipay

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
