package alipay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// portalMoves are the rows of a portal export, the newest first.
func portalMoves() []movement {
	return []movement{
		moved("7000003", "2024091229001", "理财申购", "", "20.00", "90.00", "发生时间", "2024-09-12 12:00:00"),
		moved("7000002", "2024091228001", "退款", "", "10.00", "110.00", "发生时间", "2024-09-12 11:00:00", "备注", "某人要退"),
		moved("7000001", "2024091227001", "在线支付", "20.00", "", "120.00", "商户订单号", "T1NP99", "业务基础订单号", "88", "业务描述", "0010001|交易收款-交易收款"),
	}
}

func TestAPortalExportIsReadAsFundLines(t *testing.T) {
	text := portalText(portalHeader, portalMoves()...)
	for name, content := range map[string][]byte{"GB18030": gb(text), "UTF-8": []byte(text), "BOM, CRLF": []byte("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")),
		"no last line end": gb(strings.TrimSuffix(text, "\n"))} {
		t.Run(name, func(t *testing.T) {
			st, funds, err := readFundsOf(t, ReadPortal, input(content))
			if err != nil {
				t.Fatal(err)
			}
			if st.Kind != settlement.PortalFunds || st.Account != "2088000011112222" || st.From.String() != "2024-09-12" || st.Until != st.From+1 || len(st.Totals) > 0 ||
				st.Rows != 3 || !hasNote(st, "states no totals") || !hasNote(st, "up to") && !hasNote(st, "to 2024-09-12 18:06:54") || hasNote(st, "账户余额") || strings.Contains(fmt.Sprint(st), "@") {
				t.Errorf("got %+v", st)
			}
			for i, want := range []fund{
				{Direction: "expense", Category: "transfer", Txn: "2024091229001", Flow: "7000003", Amount: "-20.00", Balance: "90.00", Type: "理财申购"},
				{Direction: "expense", Category: "refund", Txn: "2024091228001", Flow: "7000002", Amount: "-10.00", Balance: "110.00", Type: "退款"},
				{Direction: "income", Category: "payment", Order: "88", Txn: "2024091227001", Flow: "7000001", Amount: "20.00", Balance: "120.00", Type: "在线支付", Note: "0010001|交易收款-交易收款"},
			} {
				got := funds[i]
				want.Wallet, want.Account, want.State, want.Day, want.At, want.Line, want.ID = "alipay", "2088000011112222", "booked", "2024-09-12", got.At, int64(4+i), got.ID
				if got != want {
					t.Errorf("line %d\n got %+v\nwant %+v", i, got, want)
				}
			}
		})
	}
}

// The log and the portal give a movement of one number one identity.
func TestPortalAndLogShareIdentities(t *testing.T) {
	_, logged := acceptedLog(t, gb(testLog{rows: fewMoves()}.text()))
	_, exported, err := readFundsOf(t, ReadPortal, input(gb(portalText(portalHeader, fewMoves()...))))
	if err != nil || exported[0].ID != logged[0].ID || exported[0].Order != logged[0].Order {
		t.Errorf("%v, %v, %v", exported, logged, err)
	}
}

func TestRowsOfTheAggregatedAccountAreCopies(t *testing.T) {
	rows := portalMoves()
	rows[1]["支付渠道"] = "聚合结算渠道"
	rows[1]["账户余额"] = "7.00" // of the other account
	rows[2]["账户余额"] = "110.00"
	st, funds, err := readFundsOf(t, ReadPortal, input(gb(portalText(workbookHeader, rows...))))
	if err != nil || funds[1].State != "copy" || funds[0].State != "booked" || st.Rows != 3 || st.KindSums[settlement.Expense].Rows != 2 {
		t.Fatalf("%v, %v", funds, err)
	}
	if !hasNote(st, "1 rows of 支付渠道 聚合结算渠道 come to -10.00 (first on line 5)") || hasNote(st, "账户余额") {
		t.Errorf("notes %q", st.Notes)
	}
}

func TestAPortalExportThatLacksRowsSaysSo(t *testing.T) {
	text := portalText(portalHeader, portalMoves()...)
	lines := strings.Split(text, "\n")
	st, _, err := readFundsOf(t, ReadPortal, input(gb(strings.Join(append(lines[:3:3], lines[4:]...), "\n"))))
	if err != nil || !hasNote(st, "序号 goes up to 3 where the file has 2 rows") {
		t.Errorf("%v, %q", err, st.Notes)
	}
}

func TestPortalRefusals(t *testing.T) {
	text := portalText(portalHeader, portalMoves()...)
	mixed := portalMoves()
	mixed[0]["支出金额"] = "-20.00"
	for _, c := range []struct{ name, text, want string }{
		{"no last line", strings.Replace(text, "#导出时间：2024-09-12 18:06:54\n", "", 1), "the file ends without its last line, #导出时间"},
		{"a missing column", strings.Replace(text, "支付宝流水号", "流水", 1), "log.csv:3: 支付宝流水号: the required column is missing"},
		{"a period", strings.Replace(text, "查询终止日期", "止", 1), "log.csv:2: not of the form #查询起始日期"},
		{"a period that ends before it begins", strings.Replace(text, "查询终止日期：2024-09-12", "查询终止日期：2024-09-11", 1), "查询终止日期 is not after"},
		{"both signs of expenses", portalText(portalHeader, mixed...), "支出: expenses stand above zero (line 5) and below (line 4)"},
		{"a wide row", strings.Replace(text, "理财申购, ", "理财申购, , ", 1), "log.csv:4: the row has too many fields"},
		{"a line that does not belong", text + "#合计：3笔\n", "log.csv:8: a line that does not belong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readFundsOf(t, ReadPortal, input(gb(c.text)))
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %s", err, c.want)
			}
		})
	}
	content := gb(text)
	for n := range content {
		if st, _, err := readFundsOf(t, ReadPortal, input(content[:n])); err == nil && st.Rows != 3 {
			t.Fatalf("accepted %d of %d bytes: %+v", n, len(content), st)
		}
	}
}

// workbookText is SpreadsheetML; each sheet is rows of cells.
func workbookText(sheets ...[][]string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<?mso-application progid="Excel.Sheet"?>` + "\n" +
		`<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">`)
	for i, rows := range sheets {
		fmt.Fprintf(&b, `<Worksheet ss:Name="账务组合查询%d"><Table>`, i+1)
		for _, row := range rows {
			b.WriteString("<Row>")
			for _, cell := range row {
				kind := "String"
				if number, ok := strings.CutPrefix(cell, "number "); ok {
					kind, cell = "Number", number
				}
				fmt.Fprintf(&b, `<Cell><Data ss:Type="%s">%s</Data></Cell>`, kind, cell)
			}
			b.WriteString("</Row>")
		}
		b.WriteString("</Table></Worksheet>")
	}
	return b.String() + "</Workbook>"
}

func sheetRows(rows ...movement) (cells [][]string) {
	for i, r := range rows {
		r["序号"] = fmt.Sprint(i + 1)
		cells = append(cells, r.under(workbookHeader, " "))
	}
	return cells
}

func readWorkbookOf(t testing.TB, content string, change ...func(*delimited.Input)) (*settlement.Statement, []fund, error) {
	t.Helper()
	spooled, err := sheet.Spool(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer spooled.Close()
	in := delimited.Input{File: "log.xls", Stream: spooled, Day: settlement.NoDay}
	for _, c := range change {
		c(&in)
	}
	return readFundsOf(t, ReadPortal, in)
}

func TestSheetsAreSegmentsOfOneExport(t *testing.T) {
	title := [][]string{{"账务组合查询"}, {"#账号：shop@example.com[2088000011112222]"}}
	head := append(title, strings.Split(workbookHeader, ","))
	m := portalMoves()
	for _, r := range m {
		for _, side := range []string{"收入金额", "支出金额", "账户余额"} {
			if r[side] != "" {
				r[side] = "number " + r[side]
			}
		}
	}
	content := workbookText(append(head, sheetRows(m[0], m[1])...), sheetRows(m[1], m[2]), [][]string{{"#导出时间：2024-09-12 18:06:54"}})
	st, funds, err := readWorkbookOf(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if len(funds) != 3 || st.Rows != 3 || st.Account != "2088000011112222" || st.From.String() != "2024-09-12" || st.Until != st.From+1 || st.SHA256 == "" || st.Bytes != int64(len(content)) ||
		!hasNote(st, "1 rows (-10.00) stand on several sheets (first on row 1)") || hasNote(st, "账户余额") {
		t.Errorf("got %+v\n%v", st, funds)
	}
	if f := funds[2]; f.Flow != "7000001" || f.Line != 2 || f.Amount != "20.00" || f.Balance != "120.00" || f.Order != "88" {
		t.Errorf("got %+v", f)
	}
	if spooled, err := sheet.Spool(strings.NewReader(content)); err != nil {
		t.Error(err)
	} else {
		defer spooled.Close()
		if first, err := spooled.Head(); err != nil || !RecognisePortal(first) || Recognise(first) || RecogniseLog(first) {
			t.Errorf("not recognised: %v\n%s", err, first)
		}
	}
}

func TestWorkbookRefusals(t *testing.T) {
	head := [][]string{strings.Split(workbookHeader, ",")}
	with := func(column, value string) string {
		m := portalMoves()
		m[1][column] = value
		return workbookText(head, sheetRows(m...))
	}
	for _, c := range []struct{ name, text, want string }{
		{"lost digits", with("业务流水号", "number 2024091228001000000000"), "log.xls:2:3: 支付宝交易号: sheet 账务组合查询2: 2024091228001000000000 is a number of more than 15 digits"},
		{"an amount", with("支出金额", "x"), `log.xls:2:8: 支出（-元）: sheet 账务组合查询2: "*"`},
		{"a wide row", workbookText(head, [][]string{strings.Split(strings.Repeat("1,", 23)+"1", ",")}), "sheet 账务组合查询2: 24 cells where the header has 22"},
		{"no header", workbookText(sheetRows(portalMoves()...)), "no sheet has the header"},
		{"cut off", strings.TrimSuffix(with("备注", ""), "</Table></Worksheet></Workbook>"), "log.xls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, _, err := readWorkbookOf(t, c.text)
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant %s\n%+v", err, c.want, st)
			}
		})
	}
	t.Run("another account", func(t *testing.T) {
		content := workbookText([][]string{{"#账号：a@example.com[2088000011112222]"}, head[0]})
		if _, _, err := readWorkbookOf(t, content, func(in *delimited.Input) { in.Account = "2088000011113333" }); err == nil {
			t.Error("accepted")
		}
	})
}

// FuzzFunds: arbitrary bytes never panic, and what is accepted was emitted whole and,
// of a log, ties.
func FuzzFunds(f *testing.F) {
	for _, text := range []string{testLog{rows: fewMoves()}.text(), testLog{}.text(), testLog{rows: fewMoves(), header: logHeaders["in the middle"]}.text(),
		portalText(portalHeader, portalMoves()...), portalText(workbookHeader, portalMoves()...), logSummaryText(logSummaryTotal)} {
		f.Add(gb(text))
		f.Add([]byte(text))
	}
	f.Add([]byte(workbookText([][]string{strings.Split(workbookHeader, ",")}, sheetRows(portalMoves()...))))
	f.Fuzz(func(t *testing.T, content []byte) {
		RecogniseLog(content)
		RecogniseLogSummary(content)
		RecognisePortal(content)
		_, _ = ReadLogSummary(context.Background(), input(content))
		reads := map[string]reader{"log": ReadLog, "portal": ReadPortal}
		for name, read := range reads {
			in := input(content)
			if name == "portal" && sheet.Recognise(content) {
				spooled, err := sheet.Spool(bytes.NewReader(content))
				if err != nil {
					continue
				}
				defer spooled.Close()
				in.Stream = spooled
			}
			st, funds, err := readFundsOf(t, read, in)
			if err != nil {
				continue
			}
			var rows int64
			for _, sum := range st.KindSums {
				rows += sum.Rows
			}
			if int64(len(funds)) != st.Rows || rows != st.Rows || name == "log" && (len(st.Totals) != 4 || !allTie(st.Totals) || st.Totals[0].Stated+st.Totals[2].Stated != rows) {
				t.Fatalf("accepted %d lines with %+v", len(funds), st)
			}
		}
	})
}
