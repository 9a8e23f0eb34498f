package match_test

import (
	"testing"

	"reconcile/settlement"
)

// Pass 3 knows the order of a refund line that stands under another payment's number.
func TestAnExcessRefundThatPass3ClaimedNamesItsOrder(t *testing.T) {
	all := mustReconcile(t, read(`rules pass3
line wechat a1 payment P2 30.00 @11:00 txn=W2
line wechat a1 refund P2 -40.00 @12:00 txn=W2 refund=R1
event O1 wechat 30.00 paid @11:00 pay=P2
refund O1 R1 - -40.00 success @12:00 pay=P1 link=ambiguous
refund O1 R1 - -40.00 success @12:00 pay=P2 link=listed`), 2)
	found := 0
	for _, breaks := range all.breaks {
		for i := range breaks.Len() {
			if breaks.Kind[i] == settlement.RefundExceedsPayment {
				found++
				if order := breaks.OrderNo.StringAt(i); order != "O1" {
					t.Errorf("the finding names order %q", order)
				}
			}
		}
	}
	if found != 1 {
		t.Errorf("%d findings", found)
	}
}
