package alipay

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"reconcile/settlement"
)

func TestALogIsReadAsFundLines(t *testing.T) {
	st, funds := acceptedLog(t, gb(testLog{rows: fewMoves()}.text()))
	if st.Kind != settlement.AccountLog || st.Wallet != settlement.Alipay || st.Account != "2088000011112222" || st.From.String() != "2024-09-12" ||
		st.Until != st.From+1 || st.SHA256 == "" || len(st.Notes) > 0 || st.KindSums[settlement.Income].Gross.String() != "100.30" || st.KindSums[settlement.Expense].Gross.String() != "-100.30" {
		t.Errorf("got %+v", st)
	}
	const trade, order = "2024091222001400001234500001", "2345678900012345678"
	for i, want := range []fund{
		{Direction: "income", Category: "payment", Order: order, Txn: trade, Flow: "30000000001", Amount: "100.00", Balance: "1100.00", Type: "交易付款"},
		{Direction: "expense", Category: "fee", Order: order, Txn: trade, Flow: "30000000002", Amount: "-0.60", Balance: "1099.40", Type: "收费", Note: "服务费[" + trade + "]"},
		{Direction: "expense", Category: "refund", Order: order, Txn: trade, Flow: "30000000003", Amount: "-50.00", Balance: "1049.40", Type: "交易退款"},
		{Direction: "income", Category: "fee_return", Txn: trade, Flow: "30000000004", Amount: "0.30", Balance: "1049.70", Type: "收费", Note: "服务费退回(" + trade + ")"},
		{Direction: "expense", Category: "withdrawal", Txn: "30000000005", Flow: "30000000005", Amount: "-49.70", Balance: "1000.00", Type: "提现"},
	} {
		got := funds[i]
		want.Wallet, want.Account, want.State, want.Day, want.At, want.Line, want.ID = "alipay", "2088000011112222", "booked", "2024-09-12", got.At, int64(6+i), got.ID
		if got != want {
			t.Errorf("line %d\n got %+v\nwant %+v", i, got, want)
		}
	}
}

// Whatever the order and wording of the columns, the encoding, the line ends and the
// signs, the lines are the same.
func TestLogLayouts(t *testing.T) {
	_, want := acceptedLog(t, gb(testLog{rows: fewMoves()}.text()))
	same := func(t *testing.T, content []byte) {
		t.Helper()
		_, got := acceptedLog(t, content)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
	}
	for name, header := range logHeaders {
		t.Run(name, func(t *testing.T) {
			for _, blank := range []string{"", " ", "\t"} {
				text := testLog{rows: fewMoves(), header: header, blank: blank}.text()
				same(t, gb(text))
				same(t, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")))
				same(t, []byte(strings.TrimSuffix(text, "\n")))
			}
		})
	}
	text := testLog{rows: fewMoves()}.text()
	t.Run("padded", func(t *testing.T) { same(t, gb(strings.ReplaceAll(text, "\n", ",,,,\n"))) })
	t.Run("expenses above zero", func(t *testing.T) {
		rows := fewMoves()
		for _, r := range rows {
			r["支出金额"] = strings.TrimPrefix(r["支出金额"], "-")
		}
		st, got := acceptedLog(t, gb(testLog{rows: rows}.text()))
		if fmt.Sprint(got) != fmt.Sprint(want) || st.Totals[1].Stated != 10030 {
			t.Errorf("got %v, %+v", got, st.Totals)
		}
	})
	for _, unused := range []string{"0", "", " "} {
		t.Run(fmt.Sprintf("the unused side is %q", unused), func(t *testing.T) {
			rows := fewMoves()
			for _, r := range rows {
				for _, side := range []string{"收入金额", "支出金额"} {
					if r[side] == "0.00" {
						r[side] = unused
					}
				}
			}
			same(t, gb(testLog{rows: rows}.text()))
		})
	}
}

func TestAnEmptyLogIsAccepted(t *testing.T) {
	acceptedLog(t, gb(testLog{}.text()))
	acceptedLog(t, gb(testLog{rows: fewMoves()[:1]}.text()))
	// One that says as little as this is seen as well.
	short := testLog{title: "-", account: "-", period: "-", header: "账务流水号,商户订单号,业务流水号,收入金额（+元）,支出金额（-元）,账户余额（元）,发生时间,备注"}
	st, _ := acceptedLog(t, []byte(strings.ReplaceAll(short.text(), "元\n", "元,,,,,,,\n")))
	if st.Account != "" || st.From != settlement.NoDay || !hasNote(st, "gives its account") || !hasNote(st, "gives its period") {
		t.Errorf("got %+v", st)
	}
	in := input([]byte(short.text()))
	in.File = "in/20880000111122220156_20240912_账务明细.csv"
	if st, _, err := readFundsOf(t, ReadLog, in); err != nil || st.Account != "2088000011112222" || st.From.String() != "2024-09-12" {
		t.Errorf("got %+v, %v", st, err)
	}
}

func TestALogOfSeveralDaysSettlesByItsTimes(t *testing.T) {
	rows := fewMoves()
	rows[0]["发生时间"], rows[1]["发生时间"], rows[2]["发生时间"] = "2024-09-11 23:59:59", "2024-09-13 00:00:00", "2024-09-14 00:00:00"
	st, funds := acceptedLog(t, gb(testLog{rows: rows, period: "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月14日 00:00:00]"}.text()))
	if funds[0].Day != "2024-09-12" || funds[1].Day != "2024-09-13" || funds[2].Day != "2024-09-13" || !hasNote(st, "2 rows moved outside") {
		t.Errorf("got %v, %q", funds, st.Notes)
	}
	st, _ = acceptedLog(t, gb(testLog{rows: rows, period: "-"}.text()))
	if st.From.String() != "2024-09-11" || st.Until.String() != "2024-09-15" {
		t.Errorf("period %s to %s", st.From, st.Until)
	}
}

func TestBalancesThatDoNotChainAreANote(t *testing.T) {
	rows := fewMoves()
	rows[3]["账户余额"] = "1.00"
	st, _ := acceptedLog(t, gb(testLog{rows: rows}.text()))
	if !hasNote(st, "at 2 places (first on line 9)") {
		t.Errorf("notes %q", st.Notes)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	if st, _ = acceptedLog(t, gb(testLog{rows: rows}.text())); !hasNote(st, "at 2 places (first on line 7)") {
		t.Errorf("newest first: notes %q", st.Notes)
	}
}

// The blocks of a long log are parsed apart; its balances are one chain.
func TestBalancesChainAcrossBlocks(t *testing.T) {
	long := testLog{}
	var held settlement.Amount
	for i := range 20_000 {
		held += 123
		long.rows = append(long.rows, moved(fmt.Sprint(40000000000+i), fmt.Sprint(i), "在线支付", "1.23", "0.00", held.String(), "商品名称", strings.Repeat("茶", 20)))
	}
	text := gb(long.text())
	if len(text) < 2<<20 {
		t.Fatalf("%d bytes are too few blocks", len(text))
	}
	if st, _ := acceptedLog(t, text); len(st.Notes) > 0 {
		t.Errorf("notes %q", st.Notes)
	}
}

func TestCommasInFreeTextOfALog(t *testing.T) {
	rows := fewMoves()
	rows[0]["商品名称"], rows[4]["备注"] = "茶,壶,杯", "转出,到卡"
	st, funds := acceptedLog(t, gb(testLog{rows: rows}.text()))
	if !hasNote(st, "2 rows have commas in free text (first on line 6)") || funds[0].Amount != "100.00" || funds[0].Type != "交易付款" {
		t.Errorf("got %+v, %q", funds[0], st.Notes)
	}
}

func TestLogRefusals(t *testing.T) {
	with := func(at int, column, value string) testLog {
		rows := fewMoves()
		rows[at][column] = value
		return testLog{rows: rows}
	}
	text := testLog{rows: fewMoves()}.text()
	for _, c := range []struct{ name, text, want string }{
		{"a count of expenses", testLog{rows: fewMoves(), out: "#支出合计：4笔，共-100.30元"}.text(), "log.csv:12: 支出合计笔数: the file states 4, its 5 rows add up to 3, difference -1"},
		{"a sum of expenses", testLog{rows: fewMoves(), out: "#支出合计：3笔，共-100.31元"}.text(), "log.csv:12: 支出合计: the file states -100.31, its 5 rows add up to -100.30"},
		{"a count of incomes", testLog{rows: fewMoves(), in: "#收入合计：1笔，共100.30元"}.text(), "log.csv:13: 收入合计笔数: the file states 1"},
		{"a sum of incomes", testLog{rows: fewMoves(), in: "#收入合计：2笔，共100.29元"}.text(), "log.csv:13: 收入合计: the file states 100.29"},
		{"no totals", testLog{rows: fewMoves(), in: "-", out: "-"}.text(), "the file ends without its control totals (支出合计, 收入合计)"},
		{"one of the totals", testLog{rows: fewMoves(), in: "-"}.text(), "the file ends without its control totals (收入合计)"},
		{"a total twice", testLog{rows: fewMoves(), end: "#收入合计：2笔，共100.30元"}.text(), "log.csv:13: a second 收入合计"},
		{"a total cut off", testLog{rows: fewMoves(), in: "#收入合计：2笔，共100"}.text(), "log.csv:13: not of the form #收入合计：0笔，共0.00元"},
		{"a row cut off", strings.Replace(text, "提现,", "", 1), "log.csv:10: the row has a wrong number of fields: 11 where the header has 12"},
		{"an empty line", strings.Replace(text, "30000000003", "\n30000000003", 1), "log.csv:8: an empty line between the rows"},
		{"a time", with(1, "发生时间", "2024/9/12 8:30").text(), `log.csv:7:68: 发生时间: "2024/9/12 8:30"`},
		{"an income", with(0, "收入金额", "1,000.00").text(), "log.csv:6: the row has too many fields"},
		{"an expense", with(1, "支出金额", "x").text(), `支出金额（-元）: "*"`},
		{"an income below zero", with(0, "收入金额", "-100.00").text(), "收入金额（+元）: -100.00: income below zero"},
		{"both sides", with(0, "支出金额", "1.00").text(), "the row has both an income (100.00) and an expense (1.00)"},
		{"a balance", with(0, "账户余额", "1e3").text(), `账户余额（元）: "1e3"`},
		{"no flow number", with(0, "账务流水号", "").text(), "log.csv:6:1: 账务流水号: the row has no number"},
		{"a control character in a number", with(0, "账务流水号", "300\x0100").text(), "账务流水号: \"300\\x0100\": a control character"},
		{"lost digits", with(0, "业务流水号", "2.02409E+27").text(), "业务流水号: \"2.02409E+27\": scientific notation"},
		{"a missing column", strings.Replace(text, "发生时间", "发生日期", 1), `log.csv:5: 发生时间: the required column is missing; the closest name found is "发生日期"`},
		{"no type", strings.Replace(text, "业务类型", "种类", 1), "log.csv:5: 业务类型: the required column is missing"},
		{"another account", text, "the file is of account 2088000011112222 where 2088999911112222 is configured"},
		{"text behind the rows", strings.Replace(text, "#导出时间", "导出时间", 1), "log.csv:14: text behind the end of the rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, content := range [][]byte{gb(c.text), []byte(c.text)} {
				in := input(content)
				if c.name == "another account" {
					in.Account = "2088999911112222"
				}
				_, _, err := readFundsOf(t, ReadLog, in)
				var refusal *settlement.Refusal
				if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) || refusal.Statement == nil {
					t.Errorf("got\n%v\nwant %s", err, c.want)
				}
			}
		})
	}
}

// A file cut anywhere is refused, or only its last lines are missing.
func TestATruncatedLogIsRefused(t *testing.T) {
	content := gb(testLog{rows: fewMoves()}.text())
	for n := range content {
		st, _, err := readFundsOf(t, ReadLog, input(content[:n]))
		if err == nil && (st.Rows != 5 || !allTie(st.Totals) || len(st.Totals) != 4) {
			t.Fatalf("accepted %d of %d bytes: %+v", n, len(content), st)
		}
	}
}

func TestPartsOfALogTieTogether(t *testing.T) {
	rows := fewMoves()
	part := func(name string, l testLog) *settlement.Statement {
		in := input(gb(l.text()))
		in.File = name
		st, _, err := readFundsOf(t, ReadLog, in)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	out, in := "#支出合计：3笔，共-100.30元", "#收入合计：2笔，共100.30元"
	a, b := part("l_1.csv", testLog{rows: rows[:2], out: "-", in: "-"}), part("l_2.csv", testLog{rows: rows[2:], out: out, in: in})
	together, refused := TieParts([]*settlement.Statement{a, b})
	if len(refused) > 0 || len(together) != 4 || !allTie(together) {
		t.Errorf("%+v, refused %v", together, refused)
	}
	if _, refused := TieParts([]*settlement.Statement{b}); len(refused) != 1 {
		t.Error("a part that does not tie was used")
	}
}
