package taobao

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const listHeader = "入账时间,支付流水号,淘宝订单编号,入账类型,收入金额（元）,支出金额,业务描述,备注"

const list = listHeader + `
2025-03-02 09:10:11,710000000000001,3100000000000000011,交易收款,88.5,,0010001|交易收款-交易收款,
2025-03-02 09:20:00,710000000000002,T200P3100000000000000012,交易退款(售后),,8.0,,"订单{3100000000000000012}退款"
2025-03-02 10:00:00,710000000000003,,扣款,,0.53,0030130|软件服务费-基础软件服务费,基础软件服务费(3100000000000000011)扣款
2025-03-02 10:00:01,710000000000004,3100000000000000011,服务费,,0.60,0030038|软件服务费-支付宝服务费,服务费[2025030222001400000000000001]
2025-03-02 11:00:00,710000000000005,3100000000000000011,扣款退回,0.53,0.00,,
2025-03-02 12:00:00,710000000000006,,提现,0,60,,
2025-03-02 13:00:00,710000000000007,,神秘,,1.2,,
`

const movements = "商家昵称,入帐日期,入帐时间,支付流水号,主订单id,子订单id,入帐类型,收入金额(元),支出金额(元),业务描述,备注,收/付渠道,数据创建时间,数据修改时间\n" +
	"甲店,2025-03-02,09:10:11,710000000000001,3100000000000000011,3100000000000000111,交易收款,88.50,,0010001|交易收款-交易收款,,聚合结算账户渠道,2025-03-03 01:00:00,\n" +
	"甲店,2025-03-02,2025-03-02 09:10:12,710000000000009,3100000000000000019,,交易收款,20.00,,,,支付宝,2025-03-03 01:00:00,\n"

// result is what a file gave.
type result struct {
	st           *settlement.Statement
	lines, funds []string
	ids          []string
}

func read(content []byte, change func(*delimited.Input)) (result, error) {
	in := delimited.Input{File: "a.csv", Stream: bytes.NewReader(content), Index: 3, Workers: 2, Day: settlement.NoDay}
	if change != nil {
		change(&in)
	}
	var out result
	var err error
	out.st, err = Read(context.Background(), in, func(r arrow.Record) error {
		var b settlement.Lines
		if err := settlement.View(r, &b); err != nil {
			return err
		}
		for i := range b.Len() {
			out.ids = append(out.ids, b.ID[i].String())
			out.lines = append(out.lines, fmt.Sprint(b.Line[i], " ", b.Kind[i], " ", b.OrderNo.StringAt(i), "<", b.OrderNoRaw.StringAt(i), " ", b.ProviderTxnID.StringAt(i),
				" ", b.OccurredAt[i], " ", b.Gross[i], " ", b.Settled[i], " ", b.Fee[i], " ", b.Net[i], " ", b.TimeBasis[i], " ", b.RawType.StringAt(i)))
		}
		return nil
	}, func(r arrow.Record) error {
		var b settlement.FundLines
		if err := settlement.View(r, &b); err != nil {
			return err
		}
		for i := range b.Len() {
			out.funds = append(out.funds, fmt.Sprint(b.Line[i], " ", b.Category[i], " ", b.Direction[i], " ", b.Amount[i], " ", b.FlowNo.StringAt(i), " ", b.OrderNo.StringAt(i),
				" ", b.ProviderTxnID.StringAt(i), " ", b.State[i], " ", b.RawNote.StringAt(i)))
		}
		return nil
	})
	return out, err
}

func gbk(t testing.TB, text string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// workbook has the rows of a CSV as texts, with further cells set by change.
func workbook(t testing.TB, csv string, change func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, line := range strings.Split(strings.TrimSuffix(csv, "\n"), "\n") {
		fields, ok := split(line)
		if !ok {
			t.Fatal(line)
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &fields); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(f)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryRowIsAFundLineAndTradesAreLinesToo(t *testing.T) {
	wantLines := []string{
		"2 payment 3100000000000000011< 710000000000001 2025-03-02 09:10:11 88.50 88.50 0.00 88.50 success 交易收款",
		"3 refund 3100000000000000012<T200P3100000000000000012 710000000000002 2025-03-02 09:20:00 -8.00 -8.00 0.00 -8.00 success 交易退款(售后)",
	}
	wantFunds := []string{
		"2 payment income 88.50 710000000000001 3100000000000000011 710000000000001 booked 0010001|交易收款-交易收款",
		"3 refund expense -8.00 710000000000002 3100000000000000012 710000000000002 booked ",
		"4 platform_fee expense -0.53 710000000000003 3100000000000000011  booked 0030130|软件服务费-基础软件服务费; 基础软件服务费(3100000000000000011)扣款",
		"5 fee expense -0.60 710000000000004 3100000000000000011 2025030222001400000000000001 booked 0030038|软件服务费-支付宝服务费; 服务费[2025030222001400000000000001]",
		"6 platform_fee income 0.53 710000000000005 3100000000000000011  booked ",
		"7 withdrawal expense -60.00 710000000000006   booked ",
		"8 other expense -1.20 710000000000007   booked ",
	}
	for name, content := range map[string][]byte{
		"CSV in UTF-8":                      []byte(list),
		"CSV with a BOM":                    []byte("\ufeff" + list),
		"CSV in GB18030":                    gbk(t, list),
		"CSV with CRLF":                     []byte(strings.ReplaceAll(list, "\n", "\r\n")),
		"CSV without a last newline":        []byte(strings.TrimSuffix(list, "\n")),
		"CSV with texts of spreadsheets":    []byte(strings.NewReplacer(",710000000000001,3100000000000000011,", ",=\"710000000000001\",'3100000000000000011\t,").Replace(list)),
		"CSV with columns in another order": reordered(t, list),
		"a workbook":                        workbook(t, list, nil),
		"a workbook with numbers, dates and a second sheet": workbook(t, list, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "E2", "88.5")
			f.SetCellInt("Sheet1", "B3", 710000000000002)
			f.SetCellInt("Sheet1", "F3", 8)
			f.NewSheet("二")
			names, _ := split(listHeader)
			f.SetSheetRow("二", "A1", &names)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if bytes.HasPrefix(content, []byte("PK")) == Recognise(content) {
				t.Error("recognised wrongly")
			}
			got, err := read(content, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantLines, got.lines); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wantFunds, got.funds); diff != "" {
				t.Error(diff)
			}
			sums := got.st.KindSums
			in, out := sums[settlement.Income], sums[settlement.Expense]
			if got.st.Rows != 7 || in.Rows != 2 || in.Gross != 8903 || out.Rows != 5 || out.Gross != -7033 ||
				sums[settlement.Payment].Gross != 8850 || sums[settlement.Refund].Settled != -800 {
				t.Errorf("got %+v", got.st)
			}
			if got.st.From.String() != "2025-03-02" || got.st.Until != got.st.From+1 || len(got.st.SHA256) != 64 || got.st.Bytes != int64(len(content)) {
				t.Errorf("got %+v", got.st)
			}
			noted(t, got.st, `入账类型 "**" is not known: 1 rows, together -1.20, are in category other`)
			noted(t, got.st, "states no control totals")
		})
	}
}

// reordered moves the last column to the front.
func reordered(t testing.TB, csv string) []byte {
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(csv, "\n"), "\n") {
		fields, ok := split(line)
		if !ok {
			t.Fatal(line)
		}
		last := len(fields) - 1
		out.WriteString(strings.Join(append([]string{fields[last]}, fields[:last]...), ",") + "\n")
	}
	return []byte(out.String())
}

func noted(t *testing.T, st *settlement.Statement, want string) {
	t.Helper()
	if !slices.ContainsFunc(st.Notes, func(note string) bool { return strings.Contains(note, want) }) {
		t.Errorf("no note says %q: %q", want, st.Notes)
	}
}

func TestMovementsOfAlipayAreCopies(t *testing.T) {
	for name, content := range map[string][]byte{"CSV": gbk(t, movements), "a workbook": workbook(t, movements, nil)} {
		t.Run(name, func(t *testing.T) {
			got, err := read(content, nil)
			if err != nil {
				t.Fatal(err)
			}
			wantFunds := []string{
				"2 payment income 88.50 710000000000001 3100000000000000011 710000000000001 booked 0010001|交易收款-交易收款",
				"3 payment income 20.00 710000000000009 3100000000000000019 710000000000009 copy ",
			}
			if diff := cmp.Diff(wantFunds, got.funds); diff != "" || len(got.lines) != 1 {
				t.Errorf("%s\n%q", diff, got.lines)
			}
			if got.st.Account != "甲店" || !strings.HasPrefix(got.st.Layout, "动账, 14 columns, ") {
				t.Errorf("got %+v", got.st)
			}
			noted(t, got.st, "1 rows of the channel 支付宝, together 20.00, are a second view of Alipay's account")
		})
	}
}

func TestARowIsTheSameInBothExports(t *testing.T) {
	short, err1 := read([]byte(list), func(in *delimited.Input) { in.Account = "甲店" })
	long, err2 := read([]byte(movements), nil)
	if err1 != nil || err2 != nil || short.ids[0] != long.ids[0] {
		t.Errorf("%v %v: %v and %v", err1, err2, short.ids, long.ids)
	}
}

func TestEqualRowsOfOneFileAreNotOne(t *testing.T) {
	row := "2025-03-02 09:10:11,710000000000001,3100000000000000011,交易收款,5.00,,,\n"
	got, err := read([]byte(listHeader+"\n"+row+row), nil)
	if err != nil || len(got.ids) != 2 || got.ids[0] == got.ids[1] {
		t.Errorf("%v: %v", err, got.ids)
	}
}

func TestPeriodAndAccount(t *testing.T) {
	day := func(text string) settlement.Day {
		d, err := settlement.ParseDay([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	two := list + "2025-03-05 09:10:11,710000000000011,3100000000000000018,交易收款,1,,,\n"
	for _, c := range []struct {
		name, content string
		day           settlement.Day
		from, note    string
	}{
		{"rows of several days", two, settlement.NoDay, "", "its rows are of 2025-03-02 to 2025-03-05"},
		{"rows of several days, one of them stated", two, day("2025-03-05"), "", "its rows are of 2025-03-02 to 2025-03-05"},
		{"an empty day", listHeader + "\n", settlement.NoDay, "", "an export without rows"},
		{"an empty day that is stated", listHeader, day("2025-03-05"), "2025-03-05", "no control totals"},
		{"titles before the header", "收支明细\n导出,2025\n" + list, settlement.NoDay, "2025-03-02", "2 rows before the header are not read: 收支明细 / 导出 2025"},
		{"a column more", strings.Replace(strings.ReplaceAll(list, "\n", ",\n"), "备注,", "备注,新列", 1), settlement.NoDay, "2025-03-02", "columns not read: 新列"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.content), func(in *delimited.Input) { in.Day = c.day })
			if err != nil || got.st.From.String() != c.from {
				t.Fatalf("%v, from %s", err, got.st.From)
			}
			noted(t, got.st, c.note)
			noted(t, got.st, "which shop's account")
		})
	}
}

func TestExportsAreRefused(t *testing.T) {
	row := func(changed ...string) string {
		return listHeader + "\n" + strings.Join(changed, "\n") + "\n"
	}
	good := "2025-03-02 09:10:11,710000000000001,3100000000000000011,交易收款,88.5,,,"
	with := func(old, new string) string { return row(good, strings.Replace(good, old, new, 1)) }
	for _, c := range []struct{ name, content, want string }{
		{"a missing column", strings.Replace(list, "支付流水号", "流水", 1), "a.csv:1: 支付流水号: the required column is missing; found: 入账时间, 流水"},
		{"columns of another file", strings.Replace(list, listHeader, "名称,流水,数量", 1), "no row of the first 11 is the header"},
		{"a missing amount", strings.Replace(list, "支出金额", "支出", 1), "a.csv:1: 支出金额: the required column is missing"},
		{"a column twice", strings.Replace(list, "备注", "入帐时间", 1), "a.csv:1:42: 入帐时间: the header has this column twice"},
		{"a wrong time", with("2025-03-02", "2025-02-30"), "a.csv:3:1: 入账时间: \"2025-02-30 09:10:11\": a date that is not in the calendar"},
		{"no number", with("710000000000001", ""), "a.csv:3:21: 支付流水号: the row has no number"},
		{"a number without its digits", with("3100000000000000011", "3.1E+18"), "a.csv:3:37: 淘宝订单编号: 3.1E+18: a number of more than 15 digits"},
		{"both sides", with("88.5,", "88.5,1"), "an income of 88.50 and an expense of 1.00"},
		{"no side", with("88.5", ""), "neither an income nor an expense"},
		{"a negative income", with("88.5", "-88.5"), "an income of -88.50"},
		{"three decimals", with("88.5", "88.501"), "a.csv:3:62: 收入金额（元）: \"88.501\""},
		{"thousands", with("88.5", `"1,088.50"`), "\"1,088.50\""},
		{"no type", with("交易收款", ""), "the row does not say what it is"},
		{"a field too many", with(",,,", ",,,,x"), "9 fields where the header has 8"},
		{"an open quote", row(good, `2025-03-02 09:10:11,"7`), "a quote that is never closed"},
		{"expenses of both signs", row(strings.Replace(good, "88.5,", ",1", 1), strings.Replace(good, "88.5,", ",-1", 1)), "expenses above zero (row 2) and below (row 3)"},
		{"two encodings", list + string([]byte{0xd0, 0xd0}) + "\n", "a line that is not UTF-8"},
		{"two shops", movements + strings.Replace(strings.Split(movements, "\n")[1], "甲店", "乙店", 1) + "\n", "商家昵称: the file holds rows of the shops \"甲店\" and \"乙店\""},
		{"nothing", "", "no row of the first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read([]byte(c.content), nil)
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if refusal != nil && (refusal.Statement == nil || refusal.Statement != got.st || got.st.SHA256 == "") {
				t.Errorf("got %+v", refusal)
			}
		})
	}
	if _, err := read([]byte(list), func(in *delimited.Input) { in.Day = 1 }); err == nil || !strings.Contains(err.Error(), "not of 1970-01-02 as stated") {
		t.Error(err)
	}
	lost := workbook(t, list, func(f *excelize.File) { f.SetCellInt("Sheet1", "C2", 3100000000000000011) })
	if _, err := read(lost, nil); err == nil || !strings.Contains(err.Error(), "a.csv:2:3: 淘宝订单编号: 3100000000000000011: a number of more than 15 digits") {
		t.Error(err)
	}
	formula := workbook(t, list, func(f *excelize.File) { f.SetCellFormula("Sheet1", "E9", "1+1") })
	if _, err := read(formula, nil); err == nil || !strings.Contains(err.Error(), "a.csv:9:5: sheet Sheet1: the formula in E9 has no value") {
		t.Error(err)
	}
}

func TestErrorsOfTheTakerStopTheReading(t *testing.T) {
	full := errors.New("disk full")
	in := delimited.Input{File: "a.csv", Stream: strings.NewReader(list), Day: settlement.NoDay}
	if _, err := Read(context.Background(), in, func(arrow.Record) error { return full }, func(arrow.Record) error { return nil }); err != full { //nolint:errorlint // as it is
		t.Error(err)
	}
	in.Stream = strings.NewReader(list)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, in, func(arrow.Record) error { return nil }, func(arrow.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Cut anywhere, an export of CSV is refused or its rows are those before the cut: it has
// no totals, so that a whole row less cannot be told.
func TestACutExportNeverGivesWrongRows(t *testing.T) {
	whole, err := read([]byte(list), nil)
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(list) {
		got, err := read([]byte(list[:at]), nil)
		for i, fund := range got.funds {
			last := i == len(got.funds)-1 // may have lost its end
			if fund != whole.funds[i] && !last {
				t.Fatalf("cut at %d (%v): %s", at, err, fund)
			}
		}
	}
	book := workbook(t, list, nil)
	for at := 0; at < len(book); at += 7 {
		if _, err := read(book[:at], nil); err == nil {
			t.Fatalf("a workbook cut at %d is accepted", at)
		}
	}
}

func TestWhatARowIsAbout(t *testing.T) {
	for _, c := range []struct{ kind, description, note, want, back string }{
		{"交易收款", "0010022|交易收款-提前收款", "", "payment", "payment"},
		{"交易退款", "0020001|交易退款-余额退款", "", "refund", "refund"},
		{"扣款", "0030003|软件服务费-类目软件服务费（原天猫佣金）", "", "platform_fee", "platform_fee"},
		{"扣款", "0030038|软件服务费-支付宝服务费", "", "fee", "fee_return"},
		{"扣款", "0050005|保险支出-卖家版运费险", "", "platform_fee", "platform_fee"},
		{"扣款", "008000200003|保证金-天猫-扣除转移", "", "freeze", "freeze"},
		{"扣款", "0240004T|其他收入-百亿补贴激励前返", "", "coupon", "coupon"},
		{"扣款", "9990001|佣金", "", "platform_fee", "platform_fee"},
		{"扣款", "", "服务费[2025030222001400000000000001]", "fee", "fee_return"},
		{"扣款", "", "", "platform_fee", "platform_fee"},
		{"服务费", "", "", "fee", "fee_return"},
		{"服务费", "", "基础软件服务费3100000000000000011扣款", "platform_fee", "platform_fee"},
		{"扣款退回", "", "", "platform_fee", "platform_fee"},
		{"争议冻结", "", "", "freeze", "freeze"},
		{"售后赔付", "", "", "transfer", "transfer"},
		{"扣款退回", "0030038|软件服务费-支付宝服务费", "", "fee", "fee_return"},
		{"服务费退回", "0030130|软件服务费-基础软件服务费", "", "platform_fee", "platform_fee"},
		{"提现", "", "", "withdrawal", "withdrawal"},
		{"提现手续费", "", "", "withdrawal_fee", "withdrawal_fee"},
		{"神秘", "", "", "other", "other"},
	} {
		out, in := categoryOf([]byte(c.kind), []byte(c.description), []byte(c.note), settlement.Expense), categoryOf([]byte(c.kind), []byte(c.description), []byte(c.note), settlement.Income)
		if out.String() != c.want || in.String() != c.back {
			t.Errorf("%s %s %s: %s going out and %s coming in, want %s and %s", c.kind, c.description, c.note, out, in, c.want, c.back)
		}
	}
}

func TestNotesLoseWhomWasPaid(t *testing.T) {
	note := func(category settlement.Category, description, note string) string {
		return string(publicNote(category, []byte(description), []byte(note), nil))
	}
	if note := note(settlement.FundPlatformFee, "", "代扣款（扣款用途：消费者体验_订单号:3100000000000000011，付款方：某人）"); note != "代扣款（扣款用途：消费者体验_订单号:3100000000000000011" {
		t.Error(note)
	}
	if note := note(settlement.FundTransfer, "转", "给某人"); note != "转" {
		t.Error(note)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(list))
	f.Add(gbk(f, movements))
	f.Add(workbook(f, list, nil))
	f.Add([]byte("<table><tr><td>入账时间<td>支付流水号<td>淘宝订单编号<td>入账类型<td>收入金额（元）<td>支出金额<td>业务描述<tr><td>2025-03-02 09:10:11<td>7<td>3<td>交易收款<td>1<td><td></table>"))
	f.Fuzz(func(t *testing.T, content []byte) {
		Recognise(content)
		got, err := read(content, nil)
		var refusal *settlement.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		sums := got.st.KindSums
		if int(got.st.Rows) != len(got.funds) || sums[settlement.Income].Rows+sums[settlement.Expense].Rows != got.st.Rows ||
			int(sums[settlement.Payment].Rows+sums[settlement.Refund].Rows) != len(got.lines) {
			t.Fatalf("%+v: %d fund lines, %d lines", got.st, len(got.funds), len(got.lines))
		}
	})
}
