package alipay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

func TestAPaymentAndARefundBecomeLines(t *testing.T) {
	rows := twoRows()
	rows[0].with("商家优惠", "2.00", "商家实收", "98.00")
	rows[1].with("商家优惠", "-1.00", "商家实收", "-49.00")
	content := gb(testBill{rows: rows}.text())
	st, lines := accepted(t, content)
	var h settlement.IDHasher
	id := func(refund string, word string) string {
		return settlement.LineID(&h, settlement.TradeBill, settlement.Alipay, []byte("2088000011112222"),
			[]byte("2024091222001400001234500001"), []byte(word), []byte(refund)).String()
	}
	key := settlement.PaymentKey([]byte("2345678900012345678"), nil)
	want := map[int64]line{
		6: {ID: id("", "交易"), Account: "2088000011112222", Kind: "payment", Order: "2345678900012345678", OrderRaw: "T200P2345678900012345678",
			Txn: "2024091222001400001234500001", At: "2024-09-12 08:30:01", Basis: "success", Day: "2024-09-12", Gross: "100.00", Settled: "98.00",
			Fee: "-0.60", Net: "97.40", Currency: "CNY", RawType: "交易", Status: "success", Coupon: "2.00", File: 7, Line: 6, Key: key},
		7: {ID: id("RF-1", "退款"), Account: "2088000011112222", Kind: "refund", Order: "2345678900012345678", OrderRaw: "T200P2345678900012345678",
			Refund: "RF-1", Txn: "2024091222001400001234500001", At: "2024-09-12 21:00:00", Basis: "success", Day: "2024-09-12", Gross: "-50.00", Settled: "-49.00",
			Fee: "0.30", Net: "-48.70", Currency: "CNY", RawType: "退款", Status: "success", Coupon: "-1.00", File: 7, Line: 7, Key: key},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	hash := sha256.Sum256(content)
	day, _ := settlement.CivilDay(2024, 9, 12)
	payments, refunds := settlement.KindSet(settlement.Payment), settlement.KindSet(settlement.Refund)
	wantStatement := &settlement.Statement{
		File: "bill.csv", SHA256: hex.EncodeToString(hash[:]), Bytes: int64(len(content)), Layout: "25 columns",
		Kind: settlement.TradeBill, Wallet: settlement.Alipay, Account: "2088000011112222", Currency: "CNY", From: day, Until: day + 1, Rows: 2,
		KindSums: [6]settlement.KindSum{
			settlement.Payment: {Rows: 1, Gross: 10000, Settled: 9800, Fee: -60, Coupon: 200},
			settlement.Refund:  {Rows: 1, Gross: -5000, Settled: -4900, Fee: 30, Coupon: -100},
		},
		Totals: []settlement.ControlTotal{
			{Name: "交易合计", Stated: 1, Computed: 1, Measure: settlement.Measure{Column: "rows", Kinds: payments}},
			{Name: "商家实收", Stated: 9800, Computed: 9800, Measure: settlement.Measure{Column: "settled_amount", Kinds: payments}},
			{Name: "商家优惠", Stated: 200, Computed: 200, Measure: settlement.Measure{Column: "coupon_amount", Kinds: payments}},
			{Name: "退款合计", Stated: 1, Computed: 1, Measure: settlement.Measure{Column: "rows", Kinds: refunds}},
			{Name: "商家实收退款", Stated: -4900, Computed: -4900, Measure: settlement.Measure{Column: "settled_amount", Kinds: refunds}},
			{Name: "商家优惠退款", Stated: -100, Computed: -100, Measure: settlement.Measure{Column: "coupon_amount", Kinds: refunds}},
		},
		Watermark: settlement.NoInstant,
	}
	if diff := cmp.Diff(wantStatement, st); diff != "" {
		t.Error(diff)
	}
}

// shuffled is the usual header in another order.
func shuffled() string {
	names := strings.Split(usualHeader, ",")
	slices.Reverse(names)
	return strings.Join(names, ",")
}

// TestEveryFormOfAFileGivesTheSameLines: encoding, line ends, order and wording of
// columns, fences and padding do not change what a bill says.
func TestEveryFormOfAFileGivesTheSameLines(t *testing.T) {
	usual := testBill{rows: twoRows()}
	_, want := accepted(t, gb(usual.text()))
	padded := strings.ReplaceAll(usual.text(), "\n", ",,,\n")
	for i := range twoRows() { // rows and header are not padded
		row := usual.rows[i].text(usualHeader)
		padded = strings.ReplaceAll(padded, row+",,,\n", row+"\n")
	}
	padded = strings.ReplaceAll(padded, usualHeader+",,,\n", usualHeader+"\n")
	for _, c := range []struct {
		name    string
		content []byte
		layout  string
	}{
		{"UTF-8", []byte(usual.text()), ""},
		{"UTF-8 with BOM", []byte("\ufeff" + usual.text()), ""},
		{"GB18030 with CRLF", gb(strings.ReplaceAll(usual.text(), "\n", "\r\n")), ""},
		{"UTF-8 with BOM and CRLF", []byte("\ufeff" + strings.ReplaceAll(usual.text(), "\n", "\r\n")), ""},
		{"no line end at the end", gb(strings.TrimSuffix(usual.text(), "\n")), ""},
		{"blank lines at the end", gb(usual.text() + "\n \r\n,,,\n"), ""},
		{"columns in another order", gb(testBill{rows: twoRows(), header: shuffled()}.text()), ""},
		{"half-width parentheses", gb(testBill{rows: twoRows(), header: strings.NewReplacer("（", "(", "）", ")").Replace(usualHeader)}.text()), ""},
		{"amounts without unit, 集分宝抵扣, blanks in names", gb(testBill{rows: twoRows(),
			header: strings.NewReplacer("（元）", "", "集分宝", "集分宝抵扣", "备注", " 备注 ").Replace(usualHeader)}.text()), ""},
		{"the 29 columns of bank channels", gb(testBill{rows: twoRows(), header: bankHeader}.text()), "bank channel, 29 columns"},
		{"fences of other lengths", gb(testBill{rows: twoRows(), fence: "#-业务明细列表-", end: "#---业务明细列表结束-"}.text()), ""},
		{"half-width punctuation in the footers", gb(testBill{rows: twoRows(), payments: "#交易合计:1笔,商家实收共100.00元,商家优惠共0.00元"}.text()), ""},
		{"commas that fill up the lines around the rows", gb(padded), ""},
		{"no time of export", gb(testBill{rows: twoRows(), exported: "-"}.text()), ""},
		{"no end of the list", gb(testBill{rows: twoRows(), end: "-"}.text()), ""},
		{"only the columns that are read", gb(testBill{rows: twoRows(), header: "支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,商家实收（元）,商家优惠（元）,退款批次号/请求号,服务费（元）"}.text()), "9 columns"},
		{"empty columns at the end of header and rows", gb(testBill{rows: twoRows(), header: usualHeader + ",,"}.text()), "27 columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, got := accepted(t, c.content)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if c.layout == "" {
				c.layout = "25 columns"
			}
			if st.Layout != c.layout || len(st.Notes) != 0 {
				t.Errorf("layout %q, notes %q", st.Layout, st.Notes)
			}
		})
	}
}

func TestAnEmptyDayIsAccepted(t *testing.T) {
	st, lines := accepted(t, gb(testBill{}.text()))
	if st.Rows != 0 || len(lines) != 0 || st.From.String() != "2024-09-12" {
		t.Errorf("got %+v", st)
	}
}

func TestAnUnknownColumnIsAcceptedAndNamed(t *testing.T) {
	st, _ := accepted(t, gb(testBill{rows: twoRows(), header: usualHeader + ",碳积分,数字人民币红包（元）"}.text()))
	if want := []string{"columns not read: 碳积分, 数字人民币红包（元）"}; !slices.Equal(st.Notes, want) {
		t.Errorf("notes %q, want %q", st.Notes, want)
	}
}

func TestOrderNumbersLoseTheTaobaoPrefix(t *testing.T) {
	for raw, want := range map[string]string{
		"T200P2345678900012345678": "2345678900012345678", "T1P2": "2", "T200NP345": "345", "T200NNP345": "T200NNP345",
		"TP345": "TP345", "T200X345": "T200X345", "t200P345": "t200P345", "T200P": "T200P", "T200NP": "T200NP", "T200N": "T200N", "XT200P345": "XT200P345",
		"T200PT300P1": "T300P1", "": "", "T": "T", "A-1": "A-1", "NP": "NP",
	} {
		if got := string(merchantNumber([]byte(raw))); got != want {
			t.Errorf("%q became %q, want %q", raw, got, want)
		}
	}
}

func TestNumbersOfARow(t *testing.T) {
	long := strings.Repeat("9", 64)
	_, lines := accepted(t, gb(testBill{rows: []testRow{
		pay("2024091222001400001234500001", "", "1.00"),
		pay("2024091222001400001234500002", " A-1 ", "1.00", "退款批次号/请求号", "REQ"),
		pay("2024091222001400001234500003", "订单甲", "1.00"),
		pay("2024091222001400001234500004", long, "1.00", "商品名称", "誠`\\|"),
		refund("2024091222001400001234500005", "A-2", "-1.00", " 退一 "),
	}}.text()))
	if got := lines[6]; got.Order != "" || got.Key != settlement.PaymentKey(nil, []byte("2024091222001400001234500001")) {
		t.Errorf("a blank order number: %+v", got)
	}
	if got := lines[7]; got.Order != "A-1" || got.OrderRaw != " A-1 " || got.Refund != "" {
		t.Errorf("blanks around a number, a request number on a payment: %+v", got)
	}
	if got := lines[8]; got.Order != "订单甲" || got.OrderRaw != "" {
		t.Errorf("an order number in Chinese: %+v", got)
	}
	if got := lines[9]; got.Order != long {
		t.Errorf("a long number: %+v", got)
	}
	if got := lines[10]; got.Refund != "退一" {
		t.Errorf("a refund number in Chinese: %+v", got)
	}
}

// TestTheSameRowHasTheSameIdentityInEveryFile: the daily and the monthly bill, in
// any encoding, show one row as one line.
func TestTheSameRowHasTheSameIdentityInEveryFile(t *testing.T) {
	_, daily := accepted(t, gb(testBill{rows: twoRows()}.text()))
	monthly := testBill{rows: append([]testRow{pay("2024090222001400001234500009", "A", "1.00", "完成时间", "2024-09-02 00:00:00")}, twoRows()...),
		period: "#起始日期：[2024年09月01日 00:00:00]   终止日期：[2024年10月01日 00:00:00]", header: shuffled()}
	st, lines := accepted(t, []byte(monthly.text()))
	for i := int64(6); i < 8; i++ {
		if daily[i].ID != lines[i+1].ID || daily[i].Day != lines[i+1].Day {
			t.Errorf("%+v is in the monthly bill %+v", daily[i], lines[i+1])
		}
	}
	if lines[6].Day != "2024-09-02" || st.From.String() != "2024-09-01" || st.Until.String() != "2024-10-01" || len(st.Notes) > 0 {
		t.Errorf("got %+v, %+v", lines[6], st)
	}
}

func TestRefundsWithoutANumberAreToldApartByTheirTime(t *testing.T) {
	rows := []testRow{
		refund("2024091222001400001234500001", "A", "-1.00", "", "完成时间", "2024-09-12 09:00:00"),
		refund("2024091222001400001234500001", "A", "-1.00", "", "完成时间", "2024-09-12 10:00:00"),
	}
	st, lines := accepted(t, gb(testBill{rows: rows}.text()))
	if lines[6].ID == lines[7].ID || lines[6].Refund != "" {
		t.Errorf("got %+v", lines)
	}
	if len(st.Notes) != 1 || !strings.HasPrefix(st.Notes[0], "2 refunds have no 退款批次号/请求号 (first on line 6)") {
		t.Errorf("notes %q", st.Notes)
	}
}

// TestServiceFee: the sign of 服务费 is not established, so the kind of row gives
// the direction; a file that mixes signs within a kind cannot be read safely.
func TestServiceFee(t *testing.T) {
	for _, c := range []struct{ name, paid, returned string }{
		{"a cost is positive and a return negative", "0.60", "-0.30"},
		{"a cost is negative and a return positive", "-0.60", "0.30"},
		{"magnitudes", "0.60", "0.30"},
		{"all negative", "-0.60", "-0.30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := twoRows()
			rows[0].with("服务费", c.paid)
			rows[1].with("服务费", c.returned)
			_, lines := accepted(t, gb(testBill{rows: rows}.text()))
			if lines[6].Fee != "-0.60" || lines[7].Fee != "0.30" {
				t.Errorf("fees %s and %s", lines[6].Fee, lines[7].Fee)
			}
		})
	}
	t.Run("both signs on payments are refused", func(t *testing.T) {
		rows := append(twoRows(), pay("2024091222001400001234500003", "B", "1.00", "服务费", "-0.01"))
		refusedFor(t, gb(testBill{rows: rows}.text()), []string{"bill.csv:8: 服务费: rows of 交易 have it above zero (line 6) and below (line 8)"})
	})
}

// TestMerchantDiscountOfRefunds: the sign of 商家优惠 on refunds is not established,
// neither in the rows nor in the footer.
func TestMerchantDiscountOfRefunds(t *testing.T) {
	for _, c := range []struct {
		row, footer string
		negate      bool
	}{{"-1.00", "-1.00", false}, {"-1.00", "1.00", true}, {"1.00", "1.00", true}, {"1.00", "-1.00", false}} {
		t.Run(c.row+" in the row and "+c.footer+" in the footer", func(t *testing.T) {
			rows := twoRows()
			rows[1].with("商家优惠", c.row)
			st, lines := accepted(t, gb(testBill{rows: rows, refunds: "#退款合计：1笔，商家实收退款共-50.00元，商家优惠退款共" + c.footer + "元"}.text()))
			if lines[7].Coupon != "-1.00" || st.Totals[5].Measure.Negate != c.negate || st.Totals[5].StatedText() != c.footer {
				t.Errorf("coupon %s, total %+v", lines[7].Coupon, st.Totals[5])
			}
		})
	}
	t.Run("both signs in one file are refused", func(t *testing.T) {
		rows := append(twoRows(), refund("2024091222001400001234500001", "A", "-1.00", "RF-2", "商家优惠", "-0.50"))
		rows[1].with("商家优惠", "0.50")
		refusedFor(t, gb(testBill{rows: rows}.text()), []string{"商家优惠: rows of 退款 have it above zero (line 7) and below (line 8)"})
	})
}

func TestRowsCompletedOutsideThePeriodCountWithItsNearestDay(t *testing.T) {
	rows := []testRow{
		pay("2024091222001400001234500001", "A", "1.00", "完成时间", "2024-09-11 23:59:59"),
		pay("2024091222001400001234500002", "B", "1.00", "完成时间", "2024-09-12 12:00:00"),
		pay("2024091222001400001234500003", "C", "1.00", "完成时间", "2024-09-14 00:00:00"),
	}
	for _, c := range []struct{ name, period, early, late string }{
		{"a bill of one day", "", "2024-09-12", "2024-09-12"},
		{"a longer bill", "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月14日 00:00:00]", "2024-09-12", "2024-09-13"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, lines := accepted(t, gb(testBill{rows: rows, period: c.period}.text()))
			if lines[6].Day != c.early || lines[7].Day != "2024-09-12" || lines[8].Day != c.late || lines[8].At != "2024-09-14 00:00:00" {
				t.Errorf("got %+v", lines)
			}
			if len(st.Notes) != 1 || !strings.HasPrefix(st.Notes[0], "2 rows were completed outside the bill's period (first on line 6)") {
				t.Errorf("notes %q", st.Notes)
			}
		})
	}
}

func TestCommasInFreeText(t *testing.T) {
	remarked := func(name, coupon, remark string) []testRow {
		rows := twoRows()
		rows[1].with("商品名称", name, "券名称", coupon, "备注", remark)
		return rows
	}
	_, want := accepted(t, gb(testBill{rows: twoRows()}.text()))
	for _, c := range []struct{ name, goods, coupon, remark string }{
		{"in 商品名称", "茶,壶,杯", "", ""},
		{"in 券名称", "茶", "满10,减1", ""},
		{"in 备注", "茶", "", "订单编号：7,请于10:30-11:00,取货"},
		{"in all three", "a,b", "c,d", "e,f,,"},
		{"beside what looks like an amount", "茶,0.00", "", "0.00,0.00"},
		{"with a comma as the second byte of nothing: GBK text around it", "誠,誠", "", ""},
		{"in quotes", `"茶,壶"`, "", `"a,b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, header := range []string{usualHeader, bankHeader} {
				st, got := accepted(t, gb(testBill{rows: remarked(c.goods, c.coupon, c.remark), header: header}.text()))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if len(st.Notes) != 1 || !strings.Contains(st.Notes[0], "1 rows have commas in free text (first on line 7)") {
					t.Errorf("notes %q", st.Notes)
				}
			}
		})
	}
	t.Run("that can be read in two ways are refused, unless it is all the same", func(t *testing.T) {
		// Is the second field behind 券名称 its text, or 商家红包消费金额 and 5.00 the fee?
		rows := remarked("茶", "满减,0.00", "")
		rows[1].with("退款批次号/请求号", "5.00")
		refusedFor(t, gb(testBill{rows: rows}.text()), []string{"bill.csv:7: the row has too many fields, and commas in its free text",
			"can be read in several ways: 26 where the header has 25"})
		header := strings.Replace(strings.TrimSuffix(usualHeader, ",备注"), "券名称,", "券名称,备注,", 1)
		rows[1].with("退款批次号/请求号", "RF-1", "券名称", "a,b", "备注", "c")
		accepted(t, gb(testBill{rows: rows, header: header}.text()))
	})
	t.Run("are not confused with thousands separators", func(t *testing.T) {
		for _, column := range []string{"订单金额", "商家实收", "商家优惠", "服务费"} {
			for _, number := range []string{"1,000.00", "1,234.56", "100,00", "1,234,567.89"} {
				rows := twoRows()
				rows[0].with(column, number)
				bill := testBill{rows: rows, payments: "#交易合计：1笔，商家实收共100.00元，商家优惠共0.00元"}
				refusedFor(t, gb(bill.text()), []string{"bill.csv:6: the row has too many fields"})
				bill.header = shuffled()
				refusedFor(t, gb(bill.text()), []string{"bill.csv:6: the row has too many fields"})
				bill.header = strings.Replace(strings.TrimSuffix(usualHeader, ",备注"), column+"（元）", "备注,"+column+"（元）", 1)
				refusedFor(t, gb(bill.text()), []string{"bill.csv:6: the row has a wrong number of fields"})
			}
		}
	})
}

func TestAReceiptOfZeroIsFine(t *testing.T) {
	_, lines := accepted(t, gb(testBill{rows: []testRow{
		pay("2024091222001400001234500001", "A", "1.00", "商家实收", "0.00"),
		refund("2024091222001400001234500001", "A", "-1.00", "R", "商家实收", "-0.00"),
	}}.text()))
	if lines[6].Settled != "0.00" || lines[7].Settled != "0.00" {
		t.Errorf("got %+v", lines)
	}
}

// TestTextThatIsNotReadMayBeCut: the wallet cuts long names within a character.
func TestTextThatIsNotReadMayBeCut(t *testing.T) {
	content := bytes.Replace(gb(testBill{rows: twoRows()}.text()), gb("茶具套装"), gb("茶具套装")[:7], 1)
	accepted(t, content)
}

func TestAnUnknownTotalIsNoted(t *testing.T) {
	st, _ := accepted(t, gb(testBill{rows: twoRows(), payments: "#交易合计：1笔，商家实收共100.00元，商家优惠共0.00元，服务费共0.60元"}.text()))
	if len(st.Notes) != 1 || st.Notes[0] != `the footer also states "服务费共0.60元", which is not checked` {
		t.Errorf("notes %q", st.Notes)
	}
}

func TestAccounts(t *testing.T) {
	for _, c := range []struct {
		stated, want string
		note         bool
	}{
		{"20880000111122220156", "2088000011112222", false},
		{"2088000011110156", "2088000011110156", true},
		{"20880000111122229999", "20880000111122229999", true},
		{"shop@example.com", "shop@example.com", true},
	} {
		t.Run(c.stated, func(t *testing.T) {
			st, lines := accepted(t, gb(testBill{rows: twoRows(), account: "#账号：[" + c.stated + "]"}.text()))
			if st.Account != c.want || lines[6].Account != c.want || (len(st.Notes) > 0) != c.note {
				t.Errorf("account %q, notes %q", st.Account, st.Notes)
			}
		})
	}
}

func TestWhatIsConfiguredMustAgree(t *testing.T) {
	content := gb(testBill{rows: twoRows()}.text())
	account := func(text string) func(*delimited.Input) { return func(in *delimited.Input) { in.Account = text } }
	day := func(d int) func(*delimited.Input) {
		return func(in *delimited.Input) { in.Day, _ = settlement.CivilDay(2024, 9, d) }
	}
	accepted(t, content, account("2088000011112222"), day(12))
	accepted(t, content, account("20880000111122220156"))
	refusedFor(t, content, []string{"the file is of account 2088000011112222 where 2088999911112222 is configured"}, account("2088999911112222"))
	refusedFor(t, content, []string{"bill.csv:3: the file is of 2024-09-12 up to 2024-09-12, which 2024-09-13 is not in"}, day(13))
}

func TestThePeriodMayEndAtTheLastSecondOfItsDay(t *testing.T) {
	st, _ := accepted(t, gb(testBill{rows: twoRows(), period: "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月12日 23:59:59]"}.text()))
	if st.Until.String() != "2024-09-13" || len(st.Notes) != 1 {
		t.Errorf("until %s, notes %q", st.Until, st.Notes)
	}
}

// manyRows makes a bill of several blocks.
func manyRows(n int) testBill {
	rows := make([]testRow, n)
	for i := range rows {
		txn := fmt.Sprintf("20240912220014%014d", i)
		if i%10 == 9 {
			rows[i] = refund(txn, fmt.Sprintf("T200P%d", i), "-1.23", fmt.Sprintf("R%d", i), "服务费", "-0.01")
		} else {
			rows[i] = pay(txn, fmt.Sprintf("T200P%d", i), "12.34", "服务费", "0.07", "商家优惠", "1.00")
		}
	}
	return testBill{rows: rows}
}

func TestLinesDoNotDependOnWorkers(t *testing.T) {
	content := gb(manyRows(18_000).text())
	if len(content) < 3<<20 {
		t.Fatalf("%d bytes are too few blocks", len(content))
	}
	workers := func(n int) func(*delimited.Input) { return func(in *delimited.Input) { in.Workers = n } }
	one, want := accepted(t, content, workers(1))
	four, got := accepted(t, content, workers(4))
	if !maps.Equal(want, got) || !cmp.Equal(one, four) {
		t.Error("lines or statements differ")
	}
}

func TestErrorsOfEmitAndContextAreReturnedAsTheyAre(t *testing.T) {
	content := gb(testBill{rows: twoRows()}.text())
	in := delimited.Input{File: "bill.csv", Workers: 2, Day: settlement.NoDay}
	full := &settlement.InputError{What: "the disk is full"}
	in.Stream = bytes.NewReader(content)
	if _, err := Read(context.Background(), in, func(arrow.Record) error { return full }); err != error(full) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in.Stream = bytes.NewReader(content)
	if _, err := Read(ctx, in, (&gather{lines: map[int64]line{}}).emit); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
