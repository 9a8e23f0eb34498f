package orders

import (
	"bytes"
	"encoding/csv"
	"errors"
	"testing"

	"reconcile/settlement"
)

// FuzzRead: arbitrary bytes never panic; what is accepted ties with totals stated
// from its own rows, and has the rows and numbers that another CSV reader sees.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		plainHeader + "2701860591230000001,alipay,100.00,2024-09-12 08:30:00,paid,shop-a,taobao\n",
		"order_no,refund_no,amount,refunded_at,status\nS-0001,R-0001,1.50,2024-09-12T10:00:00Z,success\n",
		"order_no,amount,paid_at,status\n=\"S-0001\",1,,closed\n\"S-\"\"2\",2.5,,unpaid\r\n\n",
		shortHeader + "\"S\n1\",1.00,,closed\n", shortHeader + "S,5\" x,,closed\n", shortHeader + "S-0001,1.00,,\"clo",
		taobaoFile, gb(taobaoFile), "\uFEFF" + plainHeader, "",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, gb18030 bool) {
		m := taobaoMap
		if bytes.Contains(content, []byte("order_no")) {
			m = Mapping{}
		}
		if gb18030 {
			m.Encoding = "gb18030"
		}
		Foreign(content)
		st, events, err := readWith(1, content, "", m)
		if err != nil {
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if st.Rows != int64(events.Len()) {
			t.Fatalf("%d rows, %d events", st.Rows, events.Len())
		}
		var sum settlement.Amount
		for _, amount := range events.Amount {
			sum += amount.Abs()
		}
		m.TotalRows, m.TotalAmount = &st.Rows, &sum
		if _, _, err := readWith(2, content, st.Kind, m); err != nil {
			t.Fatalf("its own totals do not tie: %v", err)
		}
		records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, markUTF8))).ReadAll()
		if err == nil && len(records) != int(st.Rows)+1 {
			t.Fatalf("%d rows where another reader sees %d", st.Rows, len(records)-1)
		}
	})
}
