package alipay

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

func TestBadRowsAreListedWithTheirPlace(t *testing.T) {
	at := func(row int, more ...string) testBill {
		rows := twoRows()
		rows[row].with(more...)
		return testBill{rows: rows}
	}
	for _, c := range []struct {
		name string
		bill testBill
		want string
	}{
		{"an unknown 业务类型", at(0, "业务类型", "转账"), `bill.csv:6:57: 业务类型: "转账" is neither 交易 nor 退款`},
		{"an empty 业务类型", at(0, "业务类型", ""), `"" is neither`},
		{"a missing provider number", at(0, "支付宝交易号", ""), "bill.csv:6:1: 支付宝交易号: the row has no number"},
		{"a control character in a provider number", at(0, "支付宝交易号", "20240\x0022"), "a NUL byte"},
		{"a control character in an order number", at(0, "商户订单号", "S\x1b1"), "商户订单号: \"*\\x1b1\": a control character"},
		{"a provider number from a spreadsheet", at(0, "支付宝交易号", "2.02409E+27"), `"2.02409E+27": scientific notation`},
		{"an order number from a spreadsheet", at(0, "商户订单号", "2.34568e+18"), "商户订单号: \"2.34568e+18\": scientific notation"},
		{"a time from a spreadsheet", at(0, "完成时间", "2024/9/12 8:30"), "完成时间: \"2024/9/12 8:30\": not a time of the form"},
		{"a day that is not in the calendar", at(0, "完成时间", "2024-02-30 08:30:00"), "not in the calendar"},
		{"a negative payment", at(0, "订单金额", "-100.00"), "订单金额（元）: -100.00 has the wrong sign for a row of 交易"},
		{"a negative receipt of a payment", at(0, "商家实收", "-100.00"), "商家实收（元）: -100.00 has the wrong sign"},
		{"a negative discount of a payment", at(0, "商家优惠", "-1.00"), "商家优惠（元）: -1.00 has the wrong sign"},
		{"a positive refund", at(1, "订单金额", "50.00"), "bill.csv:7:131: 订单金额（元）: 50.00 has the wrong sign for a row of 退款"},
		{"a positive receipt of a refund", at(1, "商家实收", "50.00"), "商家实收（元）: 50.00 has the wrong sign"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusedFor(t, gb(c.bill.text()), []string{c.want})
			refusedFor(t, []byte(c.bill.text()), []string{c.want})
		})
	}
	for _, number := range []string{"1.-5", "--1", "1.+5", "1e2", "1.005", "１２", "1 000.00", " 1", "+", "", "100.00元", "0x10", "NaN"} {
		for _, column := range []string{"订单金额", "商家实收", "商家优惠", "服务费"} {
			t.Run(fmt.Sprintf("%s %q", column, number), func(t *testing.T) {
				refusal := refusedFor(t, gb(at(0, column, number).text()), nil)
				if refusal.Errors[0].ColumnName != column+"（元）" {
					t.Errorf("got %v", refusal)
				}
			})
		}
	}
}

func TestAllBadRowsAreListed(t *testing.T) {
	var rows []testRow
	for i := range 150 {
		rows = append(rows, pay(fmt.Sprint(2024091200+i), "A", "x"))
	}
	refusal := refusedFor(t, gb(testBill{rows: rows}.text()), []string{"bill.csv: and 50 more"})
	if len(refusal.Errors) != settlement.MaxListed || refusal.More != 50 || refusal.Errors[0].Line != 6 || refusal.Errors[99].Line != 105 {
		t.Errorf("%d errors and %d more", len(refusal.Errors), refusal.More)
	}
}

func TestRefusedBills(t *testing.T) {
	good := testBill{rows: twoRows()}
	with := func(change func(*testBill)) string {
		b := testBill{rows: twoRows()}
		change(&b)
		return b.text()
	}
	without := func(name string) string {
		return with(func(b *testBill) { b.header = strings.Replace(usualHeader, name, "x"+name+"y", 1) })
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"no account", with(func(b *testBill) { b.account = "-" }), []string{"bill.csv: the bill does not state its account"}},
		{"an account without brackets", with(func(b *testBill) { b.account = "#账号：20880000111122220156" }), []string{"bill.csv:2: not of the form #账号：[…]"}},
		{"two accounts", with(func(b *testBill) { b.title = "#账号：[20880000111122220156]" }), []string{"a second 账号"}},
		{"no period", with(func(b *testBill) { b.period = "-" }), []string{"does not state its period"}},
		{"a period that ends before it starts", with(func(b *testBill) {
			b.period = "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月12日 00:00:00]"
		}), []string{"bill.csv:3: 终止日期 is not after 起始日期"}},
		{"a period that starts within a day", with(func(b *testBill) {
			b.period = "#起始日期：[2024年09月12日 01:00:00]   终止日期：[2024年09月13日 00:00:00]"
		}), []string{"起始日期 is not the start of a day"}},
		{"a period that is none", with(func(b *testBill) { b.period = "#起始日期：[昨天]   终止日期：[今天]" }), []string{"bill.csv:3: not of the form"}},
		{"an unknown line before the rows", with(func(b *testBill) { b.title = "#支付宝业务明细查询\n#说明" }), []string{"bill.csv:2: a line that does not belong before the rows"}},
		{"a missing column", without("商家实收"), []string{"bill.csv:5: 商家实收: the required column is missing; the closest name found is \"x商家实收y", "known layouts"}},
		{"several missing columns", strings.NewReplacer("完成时间", "完", "退款批次号/请求号", "号", "服务费（元）", "费").Replace(good.text()),
			[]string{"完成时间: the required", "退款批次号/请求号: the required", "服务费: the required"}},
		{"a column that is there twice", with(func(b *testBill) { b.header = usualHeader + ",服务费(元)" }), []string{"服务费(元): the header has this column twice, as number 23 and 26"}},
		{"no rows and no end", strings.Join(good.lines()[:4], "\n"), []string{"the file ends before its header"}},
		{"zero bytes", "", []string{"the file ends before its header"}},
		{"no totals of payments", with(func(b *testBill) { b.payments = "-" }), []string{"the file ends without its control totals (交易合计)", "truncated"}},
		{"no totals of refunds", with(func(b *testBill) { b.refunds = "-" }), []string{"the file ends without its control totals (退款合计)"}},
		{"no totals", with(func(b *testBill) { b.payments, b.refunds = "-", "-" }), []string{"control totals (交易合计, 退款合计)"}},
		{"totals twice", with(func(b *testBill) { b.exported = good.lines()[8] }), []string{"bill.csv:11: a second 交易合计"}},
		{"totals of another form", with(func(b *testBill) { b.payments = "#交易合计：1笔，商家实收共100.00元" }), []string{"bill.csv:9: 交易合计 does not state 商家优惠"}},
		{"totals that are no numbers", with(func(b *testBill) {
			b.payments = "#交易合计：1笔，商家实收共1e2元，商家优惠共0.00元"
		}), []string{"交易合计 商家实收: scientific notation"}},
		{"totals with a count that is none", with(func(b *testBill) {
			b.payments = "#交易合计：一笔，商家实收共100.00元，商家优惠共0.00元"
		}), []string{"交易合计 笔: "}},
		{"a row behind the end", good.text() + good.rows[0].text(usualHeader), []string{"bill.csv:12: text behind the end of the rows"}},
		{"an unknown line behind the end", good.text() + "#再见\n", []string{"bill.csv:12: a line that does not belong behind the rows"}},
		{"two bills in one file", good.text() + good.text(), []string{"bill.csv:12: a line that does not belong behind the rows"}},
		{"an empty line between the rows", strings.Replace(good.text(), "\n20", "\n\n20", 1), []string{"bill.csv:6: an empty line between the rows"}},
		{"a row with too few fields", strings.Replace(good.text(), ",茶具套装", "", 1), []string{"bill.csv:6: the row has a wrong number of fields: 24 where the header has 25"}},
		{"a row with far too many fields", strings.Replace(good.text(), "茶具套装", strings.Repeat(",", 200), 1), []string{"225 where the header has 25"}},
		{"a NUL byte", strings.Replace(good.text(), "茶具套装", "茶\x00", 1), []string{"a NUL byte"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusedFor(t, gb(c.text), c.want)
			if !strings.Contains(c.text, "\x00") && c.text != "" {
				refusedFor(t, []byte("\ufeff"+c.text), c.want)
			}
		})
	}
}

func TestWrongEncodingsAreRefused(t *testing.T) {
	text := testBill{rows: twoRows()}.text()
	bill := gb(testBill{rows: []testRow{pay("2024091222001400001234500001", "订单", "1.00")}}.text())
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"GB18030 behind a BOM", append([]byte("\ufeff"), gb(text)...), "bill.csv:1: a line that is not UTF-8"},
		{"UTF-8 footers in a GB18030 bill", bytes.ReplaceAll(gb(text), gb("#退款合计："), []byte("#退款合计：\xff")), "bill.csv:10: a line that is not GB18030"},
		{"an order number that is not GB18030", bytes.Replace(bill, gb("订单\t"), []byte("\xff\xff\t"), 1), "商户订单号: the text is not in the encoding"},
		{"rows in the other encoding", bytes.Replace(gb(text), gb("交易\t"), []byte("交易\t"), 1), "业务类型"},
	} {
		t.Run(c.name, func(t *testing.T) { refusedFor(t, c.content, []string{c.want}) })
	}
}

func TestTotalsThatDoNotTieAreShownSideBySide(t *testing.T) {
	b := testBill{rows: twoRows(), payments: "#交易合计：2笔，商家实收共100.01元，商家优惠共1.00元", refunds: "#退款合计：1笔，商家实收退款共50.00元，商家优惠退款共0.00元"}
	refusal := refusedFor(t, gb(b.text()), []string{
		"bill.csv:9: 交易合计: the file states 2, its 2 rows add up to 1, difference -1",
		"bill.csv:9: 商家实收: the file states 100.01, its 2 rows add up to 100.00, difference -0.01",
		"bill.csv:9: 商家优惠: the file states 1.00, its 2 rows add up to 0.00, difference -1.00",
		"bill.csv:10: 商家实收退款: the file states 50.00, its 2 rows add up to -50.00, difference -100.00",
	})
	if len(refusal.Errors) != 4 || len(refusal.Totals) != 6 || refusal.Statement.Rows != 2 || refusal.Statement.SHA256 == "" {
		t.Errorf("got %+v", refusal)
	}
}

// TestEveryTruncationIsRefused, but for one behind the totals, which loses nothing.
func TestEveryTruncationIsRefused(t *testing.T) {
	for name, content := range map[string][]byte{
		"GB18030": gb(testBill{rows: twoRows()}.text()),
		"UTF-8":   []byte(testBill{rows: twoRows()}.text()),
	} {
		t.Run(name, func(t *testing.T) {
			whole, lines := accepted(t, content)
			tail := bytes.LastIndexByte(bytes.TrimSuffix(content, []byte("\n")), '\n')
			kept := 0
			for n := range content {
				st, got, err := read(t, content[:n])
				if err != nil {
					var refusal *settlement.Refusal
					if !errors.As(err, &refusal) {
						t.Fatalf("cut to %d bytes: %v", n, err)
					}
					continue
				}
				kept++
				if n < tail || !maps.Equal(lines, got) || !cmp.Equal(whole.Totals, st.Totals) {
					t.Errorf("cut to %d of %d bytes: accepted with %d rows", n, len(content), st.Rows)
				}
			}
			if kept == 0 {
				t.Error("a cut behind the totals was not accepted")
			}
		})
	}
}

// slowly hands out a little at a time, and breaks at the end.
type slowly struct{ rest []byte }

func (s *slowly) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), 4001)], s.rest)
	s.rest = s.rest[n:]
	if n == 0 {
		return 0, errors.New("the line broke")
	}
	return n, nil
}

func TestAStreamThatBreaksIsRefusedWithTheBadRowsBefore(t *testing.T) {
	bill := manyRows(8_000)
	bill.rows[0].with("商家实收", "x")
	refusedFor(t, nil, []string{`bill.csv:6:119: 商家实收（元）: "*"`, "bill.csv:8010: the file ends or breaks while it is read: the line broke"},
		func(in *delimited.Input) { in.Stream = &slowly{gb(bill.text())} })
}

func TestSumsAreCheckedForOverflow(t *testing.T) {
	var rows []testRow
	for i := range 12 {
		rows = append(rows, pay(fmt.Sprint(i+1), "A", "9999999999999999.99"))
	}
	refusedFor(t, gb(testBill{rows: rows}.text()), []string{"the amounts are too large"})
}
