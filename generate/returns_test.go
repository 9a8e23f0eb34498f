package generate_test

import (
	"strings"
	"testing"

	"reconcile/generate"
)

// Days of one merchant share no number but those of refunds, which name payments
// of the day before, and of orders that the later extract repeats for them.
func TestLaterDaysRefundPaymentsOfTheDayBefore(t *testing.T) {
	first := variants["as delivered today"]
	second := each(func(o *generate.Options) {
		o.Day, o.Nth = first.Day+1, 1
		o.Cases[generate.LaterRefund] = generate.Count(200)
	})
	payments, orders := [2]map[string]bool{{}, {}}, [2]map[string]string{{}, {}}
	refunds, refundNos := 0, map[string]bool{}
	for n, o := range []generate.Options{first, second} {
		key := writeDay(t, o)
		seen := func(number, refundNo string) {
			switch {
			case refundNo == "":
				if payments[0][number] || payments[1][number] {
					t.Errorf("payment number %s twice", number)
				}
				payments[n][number] = true
			case refundNos[refundNo]:
				t.Errorf("refund number %s twice", refundNo)
			default:
				refundNos[refundNo] = true
				if n == 1 && payments[0][number] {
					refunds++
				}
			}
		}
		for _, row := range parseAlipay(t, readZIP(t, filesNamed(key.Files, ".csv.zip")[0])[0].content).rows {
			seen(row["支付宝交易号"], strings.TrimRight(row["退款批次号/请求号"], "\t"))
		}
		bill, _ := parseWeChat(t, filesNamed(key.Files, "_ALL_"+o.Day.String()+".csv")[0])
		for _, row := range bill.rows {
			if row["交易状态"] != "REVOKED" {
				seen(row["微信订单号"], strings.TrimLeft(row["商户退款单号"], "0"))
			}
		}
		for _, row := range parseExtract(t, filesNamed(key.Files, "orders.csv")[0]).rows {
			orders[n][row["order_no"]] = row["paid_at"] + row["amount"] + row["payment_no"] + row["provider_txn_id"]
		}
	}
	if refunds < 100 {
		t.Errorf("%d refunds of the second day are of payments of the first", refunds)
	}
	repeated := 0
	for no, row := range orders[1] {
		if before, there := orders[0][no]; there {
			repeated++
			if row != before || !strings.HasPrefix(row, first.Day.String()) {
				t.Errorf("order %s is %s, and was %s", no, row, before)
			}
		}
	}
	if repeated < 50 || repeated > refunds {
		t.Errorf("%d orders are repeated, %d refunds are of the day before", repeated, refunds)
	}
}
