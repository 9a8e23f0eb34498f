package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/pipeline"
)

// An order under one number and its money under another lie in different buckets; the
// suggestion names each for the other, and changes nothing else.
func TestAnOrderAndALineOfItsAmountAreSuggestedForEachOther(t *testing.T) {
	for _, bucketBytes := range []int64{0, 1 << 10} {
		s, dir := newShop(t), t.TempDir()
		s.change = func(job *pipeline.Job) { *job = job.With(bucketBytes, nil) }
		orders, trades := []string{paid("OURS", 88_00, d1+" 12:00:00"), paid("LAST", 1_00, d1+" 13:00:00")}, []trade{{order: "THEIRS", amount: 88_00, at: "12:00:03"}, {order: "LAST", amount: 1_00, at: "13:00:00"}}
		for n := range 40 {
			orders = append(orders, paid(fmt.Sprint("O", n), 5_00, d1+" 10:00:00"))
			trades = append(trades, trade{order: fmt.Sprint("O", n), amount: 5_00, at: "10:00:00"})
		}
		dir1 := s.run(d1, extract(t, dir, d1, orders...), refundList(t, dir, d1), wechatBill(t, dir, d1, trades...))
		expect(t, "breaks", breaksIn(t, dir1), "missing_in_orders THEIRS  open 2024-09-12 0", "missing_in_statement OURS  open 2024-09-12 0")
		for _, row := range tableRows(t, dir1, "breaks", "order_no", "suggestion") {
			other := map[string]string{"OURS": "likely: the line THEIRS (wechat) at 2024-09-12 12:00:03", "THEIRS": "likely: the order OURS (wechat) at 2024-09-12 12:00:00"}
			order, suggestion, _ := strings.Cut(row, " ")
			if !strings.HasPrefix(suggestion, other[order]) || !strings.Contains(suggestion, "; else: look") {
				t.Errorf("%s: %q", order, suggestion)
			}
		}
		dir2 := s.run(d2, extract(t, dir, d2), refundList(t, dir, d2), wechatBill(t, dir, d2))
		for _, row := range tableRows(t, dir2, "breaks", "order_no", "suggestion") {
			if strings.Count(row, "likely:") != 1 {
				t.Errorf("on the next day: %q", row)
			}
		}
	}
}
