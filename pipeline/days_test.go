package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/decisions"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// shop is a merchant at WeChat Pay whose days are run one after the other into one
// dataset.
type shop struct {
	t       testing.TB
	dataset string
	change  func(*pipeline.Job)
}

func newShop(t testing.TB) *shop { return &shop{t: t, dataset: filepath.Join(t.TempDir(), "dataset")} }

// trade is a row of a bill: a payment, or with a refund number a refund.
type trade struct {
	order, refund string
	amount        settlement.Amount // fen, without a sign
	at            string            // of the day, or with its own
	txn           string            // "" takes one from order and day
	paidOn        string            // of refunds: the day in the transaction's number, "" the bill's
}

func (r trade) txnID(day string) string {
	if r.txn != "" {
		return r.txn
	}
	if r.paidOn != "" {
		day = r.paidOn
	}
	return "4200000001" + strings.ReplaceAll(day, "-", "") + fmt.Sprintf("%010d", hashText(r.order)%1e10)
}

func hashText(s string) (h uint64) {
	for _, c := range s {
		h = h*1099511628211 + uint64(c)
	}
	return h
}

func onDay(day, at string) string {
	if len(at) > 8 {
		return at
	}
	return day + " " + at
}

// wechatBill writes the ALL bill of a day.
func wechatBill(t testing.TB, dir, day string, trades ...trade) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n")
	var paid, returned, fees settlement.Amount
	for _, r := range trades {
		fee := (r.amount*6 + 500) / 1000
		if r.refund == "" {
			paid, fees = paid+r.amount, fees+fee
			fmt.Fprintf(&b, "`%s,`wx0,`1230000109,`0,`,`%s,`%s,`u,`JSAPI,`SUCCESS,`OTHERS,`CNY,`%s,`0.00,`0,`0,`0.00,`0.00,`,`,`goods,`,`%s000,`0.60%%,`%s,`0.00,`\n",
				onDay(day, r.at), r.txnID(day), r.order, r.amount, fee, r.amount)
			continue
		}
		returned, fees = returned+r.amount, fees-fee
		fmt.Fprintf(&b, "`%s,`wx0,`1230000109,`0,`,`%s,`%s,`u,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5000%s,`%s,`%s,`0.00,`ORIGINAL,`SUCCESS,`goods,`,`%s000,`0.60%%,`0.00,`%s,`\n",
			onDay(day, r.at), r.txnID(day), r.order, r.refund, r.refund, r.amount, -fee, r.amount)
	}
	fmt.Fprintf(&b, "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n`%d,`%s,`%s,`0.00,`%s000,`%s,`%s\n",
		len(trades), paid, returned, fees, paid, returned)
	return writeText(t, filepath.Join(dir, "1230000109_ALL_"+day+".csv"), b.String())
}

func writeText(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// paid is an order's row as the plain layout has it.
func paid(order string, amount settlement.Amount, at string) string {
	return fmt.Sprintf("%s,wechat,%s,%s,paid,shop1,mini", order, amount, at)
}

func extract(t testing.TB, dir, day string, rows ...string) string {
	t.Helper()
	return writeText(t, filepath.Join(dir, "orders-"+day+".csv"),
		"order_no,wallet,amount,paid_at,status,shop,platform\n"+strings.Join(rows, "\n")+"\n")
}

func refundList(t testing.TB, dir, day string, rows ...string) string {
	t.Helper()
	return writeText(t, filepath.Join(dir, "refunds-"+day+".csv"),
		"order_no,refund_no,amount,refunded_at,status\n"+strings.Join(rows, "\n")+"\n")
}

// run runs a day and returns its folder.
func (s *shop) run(day string, files ...string) string {
	s.t.Helper()
	on, err := settlement.ParseDay([]byte(day))
	if err != nil {
		s.t.Fatal(err)
	}
	job := pipeline.Job{Paths: files, Dataset: s.dataset, Day: on}
	if s.change != nil {
		s.change(&job)
	}
	result, err := pipeline.Run(context.Background(), job)
	if err != nil {
		s.t.Fatalf("%s: %v", day, err)
	}
	for _, r := range result.Refusals {
		s.t.Fatalf("%s: refused: %v", day, r)
	}
	return pipeline.DayFolder(s.dataset, on)
}

// breaksIn lists the breaks of a day: kind, order, refund, status, first day, age.
func breaksIn(t testing.TB, dir string) []string {
	t.Helper()
	return tableRows(t, dir, "breaks", "kind", "order_no", "refund_no", "status", "first_seen_on", "age_days")
}

func tableRows(t testing.TB, dir, table string, columns ...string) (list []string) {
	t.Helper()
	err := output.ReadTable(dir, table, func(r output.Row) error {
		var row []string
		for _, c := range columns {
			row = append(row, r.Text(c))
		}
		list = append(list, strings.Join(row, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func expect(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %q\n want %q", what, got, want)
	}
}

func tablesDigest(t testing.TB, dir string) string {
	t.Helper()
	m, err := output.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m.TablesDigest()
}

const (
	d1 = "2024-09-12"
	d2 = "2024-09-13"
	d3 = "2024-09-14"
)

func TestAnOrderPaidAtMidnightMatchesInTheNextDaysBill(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}),
		extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A2", 2000, d1+" 23:59:50"), paid("A3", 10, d2+" 00:00:10")))
	expect(t, "breaks", breaksIn(t, first))
	expect(t, "open", tableRows(t, first, "open_items", "order_no", "side"), "A2 event", "A3 event")
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A2", amount: 2000, at: "00:00:02"}, trade{order: "A3", amount: 10, at: "00:00:10"}),
		extract(t, dir, d2, paid("B1", 500, d2+" 23:50:00")))
	expect(t, "breaks", breaksIn(t, second))
	expect(t, "matches", tableRows(t, second, "matches", "order_no", "verdict"), "A2 equal", "A3 equal")
	expect(t, "events of the day alone", tableRows(t, second, "order_events", "order_no", "match_state"), "B1 open")
}

func TestALateLineClosesItsBreakAndNamesItself(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run(d1, wechatBill(t, dir, d1), extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A2", 1000, d1+" 23:00:00")))
	expect(t, "first", breaksIn(t, first), "missing_in_statement A1  open 2024-09-12 0", "missing_in_statement A2  open 2024-09-12 0")
	second := s.run(d2, wechatBill(t, dir, d2), extract(t, dir, d2, paid("B1", 500, d2+" 23:50:00")))
	expect(t, "second", breaksIn(t, second), "missing_in_statement A1  open 2024-09-12 1", "missing_in_statement A2  open 2024-09-12 1")
	third := s.run(d3, wechatBill(t, dir, d3, trade{order: "A1", amount: 1000, at: "08:00:00"}, trade{order: "B1", amount: 500, at: "00:00:00"}),
		extract(t, dir, d3, paid("C1", 500, d3+" 23:50:00")))
	expect(t, "third", breaksIn(t, third), "missing_in_statement A1  closed 2024-09-12 2", "missing_in_statement A2  open 2024-09-12 2")
	reasons := tableRows(t, third, "breaks", "order_no", "closed_on", "reason")
	if !strings.HasPrefix(reasons[0], "A1 2024-09-14 its line came on 2024-09-14: ") || !strings.Contains(reasons[0], "1230000109_ALL_2024-09-14.csv:2") {
		t.Errorf("the closing does not name day and line: %q", reasons[0])
	}
}

func TestALateOrderClosesTheBreakOfItsLine(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, paid("A2", 1000, d1+" 23:50:00")))
	expect(t, "first", breaksIn(t, first), "missing_in_orders A1  open 2024-09-12 0")
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A2", amount: 1000, at: "00:00:01"}), extract(t, dir, d2, paid("A1", 1000, d1+" 10:00:00"), paid("B1", 1, d2+" 23:50:00")))
	expect(t, "second", breaksIn(t, second), "missing_in_orders A1  closed 2024-09-12 1")
}

func TestARefundFindsThePaymentOfAnEarlierDay(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}, trade{order: "A2", amount: 1000, at: "10:00:00"}),
		extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A2", 1000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00")))
	s.run(d2, wechatBill(t, dir, d2, trade{order: "A1", refund: "R1", amount: 600, at: "10:00:00", paidOn: d1}, trade{order: "A9", amount: 1, at: "00:00:00"}),
		extract(t, dir, d2, paid("B1", 1, d2+" 23:50:00")), refundList(t, dir, d2, "A1,R1,6.00,"+d2+" 10:00:00,success"))
	third := s.run(d3, wechatBill(t, dir, d3, trade{order: "A1", refund: "R2", amount: 600, at: "10:00:00", paidOn: d1},
		trade{order: "A2", refund: "R3", amount: 1000, at: "11:00:00", paidOn: d1}, trade{order: "B1", amount: 1, at: "00:00:00"}),
		extract(t, dir, d3, paid("C1", 1, d3+" 23:50:00")), refundList(t, dir, d3, "A1,R2,6.00,"+d3+" 10:00:00,success", "A2,R3,10.00,"+d3+" 11:00:00,success"))
	expect(t, "6.00 and 6.00 of 10.00", breaksIn(t, third), "fee_variance A1 R2 open 2024-09-14 0", "refund_exceeds_payment A1 R2 open 2024-09-14 0")
	expect(t, "shops", tableRows(t, third, "order_events", "refund_no", "shop", "match_state"), " shop1 open", "R2 shop1 broken", "R3 shop1 matched")
	// The second refund of 6.00 returns 0.04 by rate, but only 0.02 of the payment's 0.06 are left.
	expect(t, "fees", tableRows(t, third, "charges", "event", "order_no", "expected_fee", "charged_fee"),
		"payment B1 0.00 0.00", "refund A1 -0.02 -0.04", "refund A2 -0.06 -0.06")
}

func TestASecondPaymentADayLaterIsADuplicate(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00")))
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A1", amount: 1000, at: "10:00:00"}, trade{order: "A9", amount: 1, at: "00:00:00"}),
		extract(t, dir, d2, paid("B1", 1, d2+" 23:50:00")))
	expect(t, "second", breaksIn(t, second), "duplicate_payment A1  open 2024-09-13 0")
}

func TestAnExtractThatRepeatsEarlierOrdersChangesNothing(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	rows := []string{paid("A1", 1000, d1+" 10:00:00"), paid("A2", 700, d1+" 11:00:00"), paid("A3", 700, d1+" 23:59:00")}
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, rows...))
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A3", amount: 700, at: "00:00:00"}),
		extract(t, dir, d2, append(rows, paid("B1", 1, d2+" 23:50:00"))...))
	expect(t, "second", breaksIn(t, second), "missing_in_statement A2  open 2024-09-12 1")
	expect(t, "matches", tableRows(t, second, "matches", "order_no"), "A3")
	expect(t, "open", tableRows(t, second, "open_items", "order_no"), "B1")
}

func TestAnOrderRefundedDaysLaterExpectsItsRefundOnce(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	refunded := strings.Replace(paid("A1", 1000, d1+" 10:00:00"), ",paid,", ",refunded,", 1)
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00")))
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "A1", refund: "R1", amount: 1000, at: "10:00:00", paidOn: d1}, trade{order: "A9", amount: 1, at: "00:00:00"}),
		extract(t, dir, d2, refunded, paid("B1", 1, d2+" 23:50:00")))
	expect(t, "second", breaksIn(t, second))
	expect(t, "matches", tableRows(t, second, "matches", "kind", "order_no"), "payment A9", "refund A1")
	third := s.run(d3, wechatBill(t, dir, d3, trade{order: "B1", amount: 1, at: "00:00:00"}), extract(t, dir, d3, refunded, paid("C1", 1, d3+" 23:50:00")))
	expect(t, "third", breaksIn(t, third))
	expect(t, "open", tableRows(t, third, "open_items", "order_no"), "C1")
}

func TestARerunOfADayIsByteIdentical(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, paid("A2", 1000, d1+" 10:00:00"), paid("A1", 1000, d1+" 10:00:00")))
	files := []string{wechatBill(t, dir, d2, trade{order: "A2", amount: 1000, at: "00:00:00"}, trade{order: "A1", refund: "R1", amount: 10, at: "10:00:00", paidOn: d1}),
		extract(t, dir, d2, paid("B1", 1, d2+" 23:50:00"))}
	want := tablesDigest(t, s.run(d2, files...))
	if got := tablesDigest(t, s.run(d2, files...)); got != want {
		t.Error("the same day again has other tables")
	}
	s.change = func(j *pipeline.Job) { j.Jobs = 1; j.Memory = pipeline.MinMemory }
	slices.Reverse(files)
	if got := tablesDigest(t, s.run(d2, files...)); got != want {
		t.Error("with one core and files in another order the day has other tables")
	}
}

// twoDays is a dataset of two days that tie.
func twoDays(t *testing.T) (s *shop, files map[string][]string) {
	s, dir := newShop(t), t.TempDir()
	files = map[string][]string{
		d1: {wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00"))},
		d2: {wechatBill(t, dir, d2, trade{order: "A9", amount: 1, at: "00:00:00"}), extract(t, dir, d2, paid("B1", 1, d2+" 23:50:00"))},
	}
	s.run(d1, files[d1]...)
	s.run(d2, files[d2]...)
	return s, files
}

func TestADayOfAClosedMonthChangesForAReasonAlone(t *testing.T) {
	s, files := twoDays(t)
	on, _ := settlement.ParseDay([]byte(d2))
	closed := `{"months": [{"month": "2024-09", "closed_at": "2024-10-02T09:00:00+08:00", "days": []}]}`
	writeText(t, filepath.Join(filepath.Dir(s.dataset), ".dataset.closed.json"), closed)
	job := pipeline.Job{Paths: files[d2], Dataset: s.dataset, Day: on}
	before := tablesDigest(t, pipeline.DayFolder(s.dataset, on))
	if _, err := pipeline.Run(context.Background(), job); !errors.Is(err, pipeline.ErrClosed) {
		t.Fatalf("without a reason: %v", err)
	}
	for number := 1; number <= 2; number++ {
		job.Restate = "the bank's refund list came late"
		if _, err := pipeline.Run(context.Background(), job); err != nil {
			t.Fatal(err)
		}
		m, err := output.ReadManifest(pipeline.DayFolder(s.dataset, on))
		if err != nil || m.Day.Restatement != number || m.Day.RestatedFor != job.Restate {
			t.Errorf("%v %+v", err, m.Day)
		}
		c, err := pipeline.OpenClosed(s.dataset)
		if err != nil {
			t.Fatal(err)
		}
		list := c.Of(on).Restatements
		if len(list) != number || list[number-1].Number != number || list[number-1].Before != before || list[number-1].After != before {
			t.Errorf("%+v", list)
		}
	}
}

func TestAMonthIsClosedOnlyWithAllItsDays(t *testing.T) {
	s, _ := twoDays(t)
	_, err := pipeline.CloseMonth(s.dataset, "2024-09")
	if err == nil || !strings.Contains(err.Error(), "2024-09-01 was never run") || strings.Contains(err.Error(), d1) {
		t.Errorf("%v", err)
	}
	if c, err := pipeline.OpenClosed(s.dataset); err != nil || len(c.Months) > 0 {
		t.Errorf("%v %v", c.Months, err)
	}
}

func TestADayOnTopOfAChangedOneIsRefused(t *testing.T) {
	s, files := twoDays(t)
	on, _ := settlement.ParseDay([]byte(d1))
	for _, table := range []string{"carried_lines", "carried_events", "unsettled", "breaks", "proceeds", "quotas", "withdrawals", "payouts", "carried_transfers", "balances"} {
		path := filepath.Join(pipeline.DayFolder(s.dataset, on), table, "part-00000.parquet")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(content)
		changed[len(changed)/2] ^= 1
		writeText(t, path, string(changed))
		_, err = pipeline.Run(context.Background(), pipeline.Job{Paths: files[d2], Dataset: s.dataset, Day: on + 1})
		if err == nil || !strings.Contains(err.Error(), table) || !strings.Contains(err.Error(), "its SHA-256 differs from run.json") {
			t.Errorf("%s: %v", table, err)
		}
		writeText(t, path, string(content))
	}
}

func TestRowsOfOtherDaysAreLeftToTheirRuns(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	orders := []string{paid("A1", 1000, d1+" 10:00:00"), paid("B1", 700, d2+" 10:00:00"), paid("C1", 1, d3+" 10:00:00")}
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), extract(t, dir, d1, orders...))
	expect(t, "first", tableRows(t, first, "order_events", "order_no", "match_state"), "A1 matched")
	second := s.run(d2, wechatBill(t, dir, d2, trade{order: "B1", amount: 700, at: "10:00:00"}), extract(t, dir, d2, orders...))
	expect(t, "second", tableRows(t, second, "matches", "order_no"), "B1")
	expect(t, "breaks", breaksIn(t, second))
}

func TestASecondRunAtTheSameTimeIsRefused(t *testing.T) {
	s, files := twoDays(t)
	lock, err := output.Acquire(s.dataset)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	on, _ := settlement.ParseDay([]byte(d2))
	if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: files[d2], Dataset: s.dataset, Day: on}); !errors.Is(err, output.ErrLocked) {
		t.Errorf("%v", err)
	}
}

// decide writes a file of decisions about the breaks of a day and reads it.
func decide(t testing.TB, rows ...string) *decisions.Register {
	t.Helper()
	d, err := decisions.Read(writeText(t, filepath.Join(t.TempDir(), "decisions.csv"),
		"break_id,decision,who,when,note,assignee\n"+strings.Join(rows, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	d.WriteOffLimit = 1000
	return d
}

func TestDecisionsStayWithTheirBreaks(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	files := map[string][]string{
		d1: {wechatBill(t, dir, d1), extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A2", 999999, d1+" 11:00:00"),
			paid("A3", 500, d1+" 12:00:00"), paid("A4", 500, d1+" 13:00:00"))},
		d2: {wechatBill(t, dir, d2), extract(t, dir, d2, paid("B1", 1, d2+" 23:50:00"))},
		d3: {wechatBill(t, dir, d3, trade{order: "B1", amount: 1, at: "00:00:00"}, trade{order: "A1", amount: 1000, at: "09:00:00"}), extract(t, dir, d3, paid("C1", 1, d3+" 23:50:00"))},
	}
	first := s.run(d1, files[d1]...)
	ids := map[string]string{}
	for _, row := range tableRows(t, first, "breaks", "order_no", "break_id") {
		order, id, _ := strings.Cut(row, " ")
		ids[order] = id
	}
	d := decide(t, ids["A1"]+",accept,Li,2024-09-13 09:00:00,shipped by hand,", ids["A2"]+",write_off,Li,2024-09-13 09:01:00,,",
		ids["A3"]+",write_off,Li,2024-09-13 09:02:00,too small,", ids["A4"]+",assign,Li,2024-09-13 09:03:00,,Wang",
		strings.Repeat("0", 16)+",accept,Li,2024-09-13 09:04:00,,")
	s.change = func(j *pipeline.Job) { j.Decisions = d }
	second := s.run(d2, files[d2]...)
	expect(t, "second", tableRows(t, second, "breaks", "order_no", "status", "age_days", "decision", "decided_by", "assignee", "note"),
		"A1 accepted 1 accept Li  shipped by hand", "A2 open 1 write_off Li  ", "A3 written_off 1 write_off Li  too small", "A4 open 1 assign Li Wang ")
	m, err := output.ReadManifest(second)
	if err != nil || m.Counts["breaks"] != 2 {
		t.Errorf("%v, %d breaks count as open", err, m.Counts["breaks"])
	}
	notes := strings.Join(m.Notes, "\n")
	for _, want := range []string{"1 decisions are about breaks that this day does not have: 0000000000000000", "1 write-offs are above the limit of 10.00 and were not applied: " + ids["A2"]} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q:\n%s", want, notes)
		}
	}
	before := tablesDigest(t, second)
	if s.run(d2, files[d2]...); tablesDigest(t, second) != before {
		t.Error("the same day with the same decisions has other tables")
	}
	third := s.run(d3, files[d3]...)
	expect(t, "what was decided yesterday is done with", tableRows(t, third, "breaks", "order_no", "status"), "A2 open", "A4 open")
	expect(t, "although its line came", tableRows(t, third, "matches", "order_no"), "A1", "B1")
}

// What was decided is left out of the days that follow. Reopened later, it is in the next day
// that is run, with its first day; but not what came to an end meanwhile.
func TestWhatIsReopenedLaterCountsAgainAndKeepsItsFirstDay(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	const d4 = "2024-09-15"
	nothing := func(day string) []string {
		return []string{wechatBill(t, dir, day, trade{order: "Z" + day, amount: 1, at: "10:00:00"}), extract(t, dir, day, paid("Z"+day, 1, day+" 10:00:00"))}
	}
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "DIFFERS", amount: 900, at: "10:00:00"}),
		extract(t, dir, d1, paid("DIFFERS", 1000, d1+" 10:00:00"), paid("WAITS", 500, d1+" 11:00:00"), paid("CAME", 600, d1+" 12:00:00"), paid("COMES", 700, d1+" 13:00:00")))
	var accepted, reopened []string
	for _, row := range tableRows(t, first, "breaks", "break_id") {
		accepted = append(accepted, row+",accept,Li,2024-09-13 09:00:00,,")
		reopened = append(reopened, row+",reopen,Wang,2024-09-15 09:00:00,by mistake,")
	}
	if len(accepted) != 4 {
		t.Fatal(accepted)
	}
	s.change = func(j *pipeline.Job) { j.Decisions = decide(t, accepted...) }
	expect(t, "second", tableRows(t, s.run(d2, nothing(d2)...), "breaks", "order_no", "status"), "CAME accepted", "COMES accepted", "DIFFERS accepted", "WAITS accepted")
	third := s.run(d3, wechatBill(t, dir, d3, trade{order: "CAME", amount: 600, at: "10:00:00"}), extract(t, dir, d3, paid("Z", 1, d3+" 23:50:00")))
	expect(t, "third", tableRows(t, third, "breaks", "order_no", "status"))
	files := []string{wechatBill(t, dir, d4, trade{order: "Z", amount: 1, at: "00:00:01"}, trade{order: "COMES", amount: 700, at: "10:00:00"}), extract(t, dir, d4, paid("Y", 1, d4+" 23:50:00"))}
	expect(t, "fourth, nothing reopened", tableRows(t, s.run(d4, files...), "breaks", "order_no", "status"))
	s.change = func(j *pipeline.Job) { j.Decisions = decide(t, append(accepted, reopened...)...) }
	fourth := s.run(d4, files...)
	expect(t, "fourth", tableRows(t, fourth, "breaks", "order_no", "status", "first_seen_on", "age_days", "decision", "closed_on"),
		"COMES closed "+d1+" 3 reopen "+d4, "DIFFERS open "+d1+" 3 reopen ", "WAITS open "+d1+" 3 reopen ")
	expect(t, "the third day again", tableRows(t, s.run(d3, wechatBill(t, dir, d3, trade{order: "CAME", amount: 600, at: "10:00:00"}), extract(t, dir, d3, paid("Z", 1, d3+" 23:50:00"))), "breaks", "order_no", "status", "first_seen_on"),
		"CAME closed "+d1, "COMES open "+d1, "DIFFERS open "+d1, "WAITS open "+d1)
}

func TestTheLastDecisionCounts(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	files := []string{wechatBill(t, dir, d1), extract(t, dir, d1, paid("A1", 500, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00"))}
	id := tableRows(t, s.run(d1, files...), "breaks", "break_id")[0]
	d := decide(t, id+",write_off,Li,2024-09-13 09:00:00,small,", id+",accept,Wang,2024-09-12 09:00:00,earlier and so without effect,", id+",assign,Li,2024-09-13 10:00:00,,Zhao")
	s.change = func(j *pipeline.Job) { j.Decisions = d }
	expect(t, "breaks", tableRows(t, s.run(d1, files...), "breaks", "status", "decision", "decided_by", "assignee", "note"), "written_off write_off Li Zhao small")
}

// An extract that goes on after the day and is delivered twice is read twice and counts
// once, with its rows of other days too.
func TestAnExtractDeliveredTwiceLeavesItsOtherDaysOnce(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	orders := extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("B1", 700, d2+" 10:00:00"), paid("C1", 1, d3+" 10:00:00"))
	again := extract(t, filepath.Join(dir, "again"), d1, paid("A1", 1000, d1+" 10:00:00"), paid("B1", 700, d2+" 10:00:00"), paid("C1", 1, d3+" 10:00:00"))
	first := s.run(d1, wechatBill(t, dir, d1, trade{order: "A1", amount: 1000, at: "10:00:00"}), orders, again)
	expect(t, "first", tableRows(t, first, "order_events", "order_no", "match_state"), "A1 matched")
	m, err := output.ReadManifest(first)
	if err != nil || !slices.ContainsFunc(m.Notes, func(note string) bool {
		return strings.HasPrefix(note, "0 lines and 2 order events of the files are of other days")
	}) {
		t.Errorf("%v %q", err, m.Notes)
	}
}

// A correction that was named once is not named again when the schedule runs its day
// again; a further one is decided anew.
func TestACorrectionThatWasNamedOnceStaysNamed(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	on, _ := settlement.ParseDay([]byte(d1))
	orders := extract(t, dir, d1, paid("A1", 1000, d1+" 10:00:00"), paid("A9", 1, d1+" 23:50:00"))
	first := wechatBill(t, filepath.Join(dir, "first"), d1)
	second := wechatBill(t, filepath.Join(dir, "second"), d1, trade{order: "A1", amount: 1000, at: "10:00:00"})
	s.change = func(j *pipeline.Job) { j.Supersede = []string{second} }
	want := tablesDigest(t, s.run(d1, orders, first, second))
	s.change = nil
	if got := tablesDigest(t, s.run(d1, orders, first, second)); got != want {
		t.Error("the day again has other tables")
	}
	third := wechatBill(t, filepath.Join(dir, "third"), d1, trade{order: "A1", amount: 999, at: "10:00:00"})
	result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: []string{orders, first, second, third}, Dataset: s.dataset, Day: on})
	if err != nil || len(result.Refusals) != 3 {
		t.Errorf("%v, refused %v", err, result.Refusals)
	}
}
