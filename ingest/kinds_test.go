package ingest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/xuri/excelize/v2"

	"reconcile/generate"
	"reconcile/ingest"
	"reconcile/settlement"
)

// kind is one kind of file in one of its forms, with files of it that are accepted.
type kind struct {
	name  string
	is    settlement.StatementKind
	text  func(t testing.TB, rows int) string // UTF-8, LF, about so many rows; values are invented
	form  func(t testing.TB, text string) []byte
	first string // the first name of the header
	// The header's names of a column that is needed and of one that is not, "" where all are.
	needed, spare string
	// anyOrder says that the order of columns tells nothing.
	anyOrder bool
}

// file is a file of the kind.
func (k kind) file(t testing.TB, rows int) []byte { return k.form(t, k.text(t, rows)) }

// kinds are the kinds that have rows under a header, and camt.053.
var kinds = []kind{
	{"WeChat Pay trade bill", settlement.TradeBill, madeDay("_ALL_"), plain, "交易时间", "手续费", "设备号", false},
	{"WeChat Pay fund-flow bill", settlement.FundBill, madeDay("fundflow_BASIC"), plain, "记账时间", "收支金额(元)", "资金变更提交申请人", false},
	{"WeChat Pay profit-sharing bill", settlement.ProfitShareBill, profitShares, plain, "分账时间", "分账明细单号", "分账接收方", false},
	{"Alipay trade bill", settlement.TradeBill, madeDay("业务明细.csv"), inGB18030, "支付宝交易号", "服务费（元）", "操作员", false},
	{"Alipay account log", settlement.AccountLog, madeDay("账务明细.csv"), inGB18030, "账务流水号", "收入金额（+元）", "对方账号", true},
	{"Alipay portal export, CSV", settlement.PortalFunds, portalRows, inGB18030, "序号", "账务类型", "对方账户", false},
	{"Alipay portal export, SpreadsheetML", settlement.PortalFunds, portalRows, spreadsheetML, "序号", "账务类型", "对方账户", false},
	{"Taobao aggregated account, CSV", settlement.AggregatedFunds, aggregatedRows, plain, "入账时间", "支付流水号", "备注", false},
	{"Taobao aggregated account, xlsx", settlement.AggregatedFunds, aggregatedRows, workbook, "入账时间", "支付流水号", "备注", false},
	{"bank statement, CSV", settlement.BankStatement, bankRows, plain, "account", "booked_at", "purpose", true},
	{"bank statement, camt.053", settlement.BankStatement, camtEntries, plain, "", "", "", true},
	{"orders, CSV", settlement.OrderExtract, madeDay(generate.OrdersFile), plain, "order_no", "amount", "shop", true},
	{"orders, xlsx", settlement.OrderExtract, madeDay(generate.OrdersFile), workbook, "order_no", "amount", "shop", true},
	{"orders, HTML table", settlement.OrderExtract, madeDay(generate.OrdersFile), htmlTable, "order_no", "amount", "shop", true},
	{"JD order export, CSV", settlement.OrderExtract, jdOrders, inGB18030, "订单号", "应付金额", "客户姓名", true},
	{"JD order export, xlsx", settlement.OrderExtract, jdOrders, workbook, "订单号", "应付金额", "客户姓名", true},
	{"orders, Parquet", settlement.OrderExtract, madeDay(generate.OrdersFile), parquetFile, "order_no", "amount", "shop", true},
	{"orders, Arrow IPC", settlement.OrderExtract, madeDay(generate.OrdersFile), arrowFile, "order_no", "amount", "shop", true},
}

func TestEveryKindOfFileIsReadFromItsFirstByteToItsLast(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s, rows, err := readBytes(k.file(t, 40))
			if err != nil {
				t.Fatal(err)
			}
			if s.Kind != k.is || s.Rows < 10 || rows < s.Rows || len(s.Drift) > 0 {
				t.Errorf("%s, %d rows, %d handed over, drift %v", s.Kind, s.Rows, rows, s.Drift)
			}
		})
	}
}

// readBytes reads a file as a run does, and counts the rows that it hands over.
func readBytes(content []byte) (*settlement.Statement, int64, error) {
	return readStream(func() io.ReadCloser { return io.NopCloser(bytes.NewReader(content)) })
}

func readStream(open func() io.ReadCloser) (*settlement.Statement, int64, error) {
	var mu sync.Mutex
	var rows int64
	count := func(rec arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		rows += rec.NumRows()
		return nil
	}
	s, err := ingest.Streamed("file", open).Read(context.Background(), 0, ingest.Options{
		Workers: 1, Day: settlement.NoDay, Emits: ingest.Emits{Lines: count, Events: count, Funds: count}})
	return s, rows, err
}

// days are generated days by their number of orders: file or member name to its text.
var days sync.Map

// madeDay is the file of a generated day whose name has the part.
func madeDay(part string) func(testing.TB, int) string {
	return func(t testing.TB, rows int) string {
		t.Helper()
		found, _ := days.LoadOrStore(rows, sync.OnceValues(func() (map[string]string, error) { return generatedTexts(t, rows) }))
		texts, err := found.(func() (map[string]string, error))()
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range texts {
			if strings.Contains(name, part) {
				return text
			}
		}
		t.Fatalf("no file %s in the generated day", part)
		return ""
	}
}

// generatedTexts writes a day and decodes its files.
func generatedTexts(t testing.TB, rows int) (map[string]string, error) {
	o := generate.Defaults()
	o.Orders, o.FundFlow = max(rows, 100), true
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, path := range key.Files {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(path, ".zip") {
			texts[filepath.Base(path)] = strings.ReplaceAll(string(content), "\r\n", "\n")
			continue
		}
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil, err
		}
		for _, member := range archive.File {
			from, err := member.Open()
			if err != nil {
				return nil, err
			}
			text, err := io.ReadAll(from)
			if err != nil {
				return nil, err
			}
			texts[utf8Of(t, member.Name)] = strings.ReplaceAll(utf8Of(t, string(text)), "\r\n", "\n")
		}
	}
	return texts, nil
}

func profitShares(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString("分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额,分账接收方,金额,业务类型,处理状态,备注\n")
	for i := range rows {
		fmt.Fprintf(&b, "`2024-09-12 %02d:%02d:%02d,`1900000100,`1900000109,`42000024122024091212%08d,`3000000120240912%010d,`3600000120240912%010d,`P20240912%08d,`%d.00,`某商户,`%d.%02d,`分账,`处理成功,`佣金\n",
			i/3600%24, i/60%60, i%60, i, i, i, i, 100+i%900, 1+i%90, i%100)
	}
	return b.String()
}

func portalRows(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString("#账号：shop@example.com[2088000011112222]\n#查询起始日期：2024-09-12 00:00:00查询终止日期：2024-09-13 00:00:00\n" +
		"序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,对方账户,对方名称,银行订单号,商品名称,备注,业务基础订单号,业务订单号,业务账单来源,业务描述,付款备注\n")
	balance := settlement.Amount(100_000)
	for i := range rows {
		amount := settlement.Amount(1_000 + i%90_000)
		balance += amount
		fmt.Fprintf(&b, "%d,2024-09-12 %02d:%02d:%02d,20240912220014%014d,3%011d,T200P27018605912%06d,在线支付,%s, ,%s,138****%04d,某人, ,茶具, , , , ,0010001|交易收款-交易收款, \n",
			i+1, i/3600%24, i/60%60, i%60, i, i, i, amount, balance, i%10_000)
	}
	b.WriteString("#导出时间：2024-09-13 18:06:54\n")
	return b.String()
}

func aggregatedRows(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString("入账时间,支付流水号,淘宝订单编号,入账类型,收入金额（元）,支出金额,业务描述,备注\n")
	for i := range rows {
		at := fmt.Sprintf("2024-09-12 %02d:%02d:%02d", i/3600%24, i/60%60, i%60)
		if i%3 == 2 {
			fmt.Fprintf(&b, "%s,71%010d,,扣款,,0.%02d,0030130|软件服务费-基础软件服务费,基础软件服务费(31%017d)扣款\n", at, i, 1+i%99, i)
			continue
		}
		fmt.Fprintf(&b, "%s,71%010d,31%017d,交易收款,%d.%02d,,0010001|交易收款-交易收款,\n", at, i, i, 1+i%900, i%100)
	}
	return b.String()
}

func bankRows(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString("account,booked_at,amount,balance,reference,counterparty,purpose\n")
	balance := settlement.Amount(100_000)
	for i := range rows {
		amount := settlement.Amount(1_000 + i%90_000)
		balance += amount
		fmt.Fprintf(&b, "110900000010001,2024-09-12 %02d:%02d:%02d,%s,%s,B%010d,财付通支付科技有限公司,商户提现 1230000109\n", i/3600%24, i/60%60, i%60, amount, balance, i)
	}
	return b.String()
}

func jdOrders(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString("订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,客户姓名,客户地址,联系电话," +
		"订单备注,发票类型,发票抬头,发票内容,商家备注,商家备注等级（等级1-5为由高到低）,运费金额,付款确认时间,增值税发票,货号,订单完成时间,订单来源,订单渠道\n")
	for i := range rows {
		at := fmt.Sprintf("2024-09-12 %02d:%02d:%02d", i/3600%24, i/60%60, i%60)
		fmt.Fprintf(&b, "29%010d,10000001,茶具,1,在线支付,%s,88.00,%d.00,%d.00,0.00,%d.%02d,完成,SOP,某人,某人,某市,138****%04d,,,,,,,0.00,%s,,HH01,%s,,\n",
			i, at, 10+i%900, 10+i%900, 1+i%900, i%100, i%10_000, at, at)
	}
	return b.String()
}

func camtEntries(_ testing.TB, rows int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>110900000010001</Id></Othr></Id></Acct>` + "\n")
	for i := range rows {
		fmt.Fprintf(&b, `<Ntry><Amt Ccy="CNY">%d.%02d</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2024-09-12T%02d:%02d:%02d</DtTm></BookgDt><AcctSvcrRef>B%010d</AcctSvcrRef>`+
			`<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>财付通支付科技有限公司</Nm></Dbtr></RltdPties><RmtInf><Ustrd>商户提现</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`+"\n", 1+i%900, i%100, i/3600%24, i/60%60, i%60, i)
	}
	b.WriteString("</Stmt></BkToCstmrStmt></Document>\n")
	return b.String()
}

func plain(_ testing.TB, text string) []byte { return []byte(text) }

func inGB18030(t testing.TB, text string) []byte { return []byte(gbk(t, text)) }

// fieldsOf are the rows of a text; those of WeChat Pay's have a backtick before each value.
func fieldsOf(t testing.TB, text string) (rows [][]string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "`") {
			rows = append(rows, strings.Split(strings.ReplaceAll(line, ",`", "\x00`"), "\x00"))
			continue
		}
		from := csv.NewReader(strings.NewReader(line))
		from.LazyQuotes = true
		fields, err := from.Read()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fields)
	}
	return rows
}

func workbook(t testing.TB, text string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range fieldsOf(t, text) {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func spreadsheetML(t testing.TB, text string) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="账务组合查询1"><Table>` + "\n")
	for _, row := range fieldsOf(t, text) {
		b.WriteString("<Row>")
		for _, cell := range row {
			b.WriteString(`<Cell><Data ss:Type="String">` + html.EscapeString(cell) + `</Data></Cell>`)
		}
		b.WriteString("</Row>\n")
	}
	b.WriteString("</Table></Worksheet></Workbook>")
	return b.Bytes()
}

func htmlTable(t testing.TB, text string) []byte {
	var b bytes.Buffer
	b.WriteString(`<html><head><meta charset="utf-8"></head><body><table>`)
	for _, row := range fieldsOf(t, text) {
		b.WriteString("<tr>")
		for _, cell := range row {
			b.WriteString("<td>" + html.EscapeString(cell) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table></body></html>")
	return b.Bytes()
}

// record has the rows of a text as columns of texts, NULL where they are empty.
func record(t testing.TB, text string) arrow.Record {
	rows := fieldsOf(t, text)
	var fields []arrow.Field
	for _, name := range rows[0] {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true})
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for _, row := range rows[1:] {
		for i, cell := range row {
			if column := builder.Field(i).(*array.StringBuilder); cell == "" {
				column.AppendNull()
			} else {
				column.Append(cell)
			}
		}
	}
	return builder.NewRecord()
}

func parquetFile(t testing.TB, text string) []byte {
	t.Helper()
	rec := record(t, text)
	defer rec.Release()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &out, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func arrowFile(t testing.TB, text string) []byte {
	t.Helper()
	rec := record(t, text)
	defer rec.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(rec.Schema()))
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
