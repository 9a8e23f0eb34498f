package pipeline_test

import (
	"testing"

	"reconcile/generate"
	"reconcile/output"
)

// A list of refunds names the order alone; the shop is the order's, so that a shop's
// net has its refunds taken off.
func TestARefundBelongsToTheShopOfItsOrder(t *testing.T) {
	_, _, out := runDay(t, generate.Defaults(), nil)
	shopOf := map[string]string{}
	refunds := 0
	for _, kind := range []string{"payment", "refund"} {
		err := output.ReadTable(out, "order_events", func(r output.Row) error {
			order := r.Text("order_no")
			switch shop, known := shopOf[order]; {
			case r.Text("kind") != kind || r.Text("payment_no") != "":
			case kind == "payment":
				shopOf[order] = r.Text("shop")
			case known:
				refunds++
				if r.Text("shop") != shop || shop == "" {
					t.Errorf("order %s is of shop %q, its refund %s of %q", order, shop, r.Text("refund_no"), r.Text("shop"))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if refunds < 100 {
		t.Fatalf("only %d refunds were looked at", refunds)
	}
}
