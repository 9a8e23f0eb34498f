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
		asCSV(jdExport(jd2016, jdRows...)), gb(asCSV(jdExport(jd2018, jdRows...))), gb(asCSV(taobaoExport(taobao2021, taobaoRows...))),
		taobaoFile, gb(taobaoFile), "\uFEFF" + plainHeader, "",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, gb18030 bool) {
		m := taobaoMap
		if bytes.Contains(content, []byte("order_no")) || knownExport(content) != nil {
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

// FuzzTimes: a time of whatever form is read as what it prints as, or not at all.
func FuzzTimes(f *testing.F) {
	for _, seed := range []string{"2024-09-12 08:30:00", "2024-09-12T08:30:00.123Z", "2024/9/2 8:30", "2024-09-12 08:30:00+0800", "2024-02-30 08:30:00", "1999-12-31T23:59:59-08", "2099-12-31 23:59:60", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := newWorker(&reading{})
		at, ok := w.otherTime([]byte(text))
		plain, err := settlement.ParseInstant([]byte(text))
		if !ok || err == nil && plain != at {
			if ok {
				t.Fatalf("%q is %s and %s", text, plain, at)
			}
			return
		}
		if again, ok := w.otherTime([]byte(at.Time().Format("2006-01-02T15:04:05.999999Z07:00"))); !ok || again != at || !inTables(at) {
			t.Fatalf("%q is %s, which is read as %s", text, at, again)
		}
	})
}
