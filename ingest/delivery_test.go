package ingest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/generate"
	"reconcile/ingest"
	"reconcile/ingest/orders"
	"reconcile/settlement"
)

func TestKindsAreRecognisedByContentNotByName(t *testing.T) {
	d := generated(t, nil)
	parts := generated(t, func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
	})
	old := generated(t, func(o *generate.Options) { o.WeChat.Legacy, o.WeChat.BOM = true, true })
	for _, c := range []struct {
		name, content string
		kind          settlement.StatementKind
		wallet        settlement.Wallet
	}{
		{"orders.csv", d.wechat[0], settlement.TradeBill, settlement.WeChat},
		{"2088601234567890_业务明细.csv", parts.wechat[0], settlement.TradeBillSuccess, settlement.WeChat},
		{"1600123456_SUCCESS.csv", parts.wechat[1], settlement.TradeBillRefund, settlement.WeChat},
		{"refunds.txt", old.wechat[0], settlement.TradeBill, settlement.WeChat},
		{"1600123456_ALL_bill.csv", d.bill, settlement.TradeBill, settlement.Alipay},
		{"业务明细.csv", d.summary, settlement.TradeSummary, settlement.Alipay},
		{"业务明细(汇总).csv", d.bill, settlement.TradeBill, settlement.Alipay},
		{"1600123456All.csv", d.orders, settlement.OrderExtract, settlement.NoWallet},
		{"bill.zip", d.refunds, settlement.RefundExtract, settlement.NoWallet},
		{"orders.csv", gzipped(d.refunds), settlement.RefundExtract, settlement.NoWallet},
		{"orders.csv", zipped(t, "refunds.csv", d.wechat[0]), settlement.TradeBill, settlement.WeChat},
		{"no-ending", d.orders, settlement.OrderExtract, settlement.NoWallet},
		{"orders.csv", "account,booked_at,amount,balance,reference,counterparty,purpose\n1109,2024-09-12,5.00,5.00,B1,,\n", settlement.BankStatement, settlement.Bank},
		{"refunds.csv", `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>1109</IBAN></Id></Acct>` +
			`<Ntry><Amt Ccy="CNY">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-09-12</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>`,
			settlement.BankStatement, settlement.Bank},
	} {
		t.Run(string(c.kind)+" as "+c.name, func(t *testing.T) {
			got := deliver(t, c.name, c.content)
			if len(got.Refusals) > 0 {
				t.Fatal(got.Refusals[0])
			}
			s := got.Statements[0]
			if s.Kind != c.kind || s.Wallet != c.wallet || !got.Accepted(0) {
				t.Errorf("%s of %q", s.Kind, s.Wallet)
			}
			if len(s.SHA256) != 64 || s.Bytes == 0 || s.Rows == 0 {
				t.Errorf("hash %q, %d bytes, %d rows", s.SHA256, s.Bytes, s.Rows)
			}
			if s.Kind != settlement.TradeSummary && got.rows != s.Rows {
				t.Errorf("%d rows were handed over, the statement counts %d", got.rows, s.Rows)
			}
		})
	}
}

const portalOrders = "交易订单\n商户订单号,支付宝交易号,商家实收(元),交易状态,创建时间,付款备注,商家实退(元),服务费(元),退服务费(元)\n" +
	"S1,2026050122001400000000000001,10.00,交易成功,2026-05-01 10:00:00,,5.00,0.06,0.03\n"

func TestOtherFilesAreRefusedByWhatTheyAre(t *testing.T) {
	d := generated(t, nil)
	utf16 := []byte{0xff, 0xfe}
	for _, c := range d.orders[:60] {
		utf16 = append(utf16, byte(c), 0)
	}
	for _, c := range []struct{ name, content, what, do string }{
		{"a WeChat Pay RECHARGE_REFUND bill", "交易时间,公众账号ID,商户号,微信订单号,返还手续费,费率\n`2024-09-12", "this is a WeChat Pay RECHARGE_REFUND bill (充值退款账单)", "use the trade bill"},
		{"a personal WeChat export", "微信支付账单明细,,,\n微信昵称：[x]", "this is a personal account's export", "pay.weixin.qq.com"},
		{"a WeChat Pay bill saved again in GBK", gbk(t, d.wechat[0]), "this is a WeChat Pay trade bill that was saved again in GBK", "fetch it again"},
		{"an error reply", `{"code":"NO_STATEMENT_EXIST","message":"账单不存在"}`, "this is an error reply of the WeChat Pay download interface", "fetch the bill again"},
		{"a personal Alipay export", gbk(t, "支付宝交易记录明细查询\r\n"), "this is a personal Alipay account's export", "of the merchant's account"},
		{"a Taobao order export without its payment times", "订单编号,买家会员名,买家应付货款,总金额\n1,2,3,4\n", "this is a Taobao/Tmall order export", "orders.columns"},
		{"the Alipay portal's list of orders", gbk(t, portalOrders), "this is an order list of the Alipay portal (交易订单)", "use the trade bill"},
		{"the Alipay portal's list of orders as xlsx", string(workbook(t, portalOrders)), "this is an order list of the Alipay portal (交易订单)", "use the trade bill"},
		{"an HTML table", "<html><table><tr><td>name<td>phone</table>", "not a file of a known kind: its first line is “name,phone”", "orders.columns"},
		{"a text document", zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>"), "this is a spreadsheet or archive", "export it as CSV"},
		{"a bank's camt.052", `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"/>`, "this is a bank's report within a day (camt.052)", "camt.053"},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "this is a spreadsheet or archive", "export it as CSV"},
		{"unknown text", "name,phone\nx,1\n", "not a file of a known kind: its first line is “name,phone”", "orders.columns"},
		{"a long first line", strings.Repeat("很", 100), "its first line is “" + strings.Repeat("很", 60) + "…”", "orders.columns"},
		{"a first line of data", "张三,6222021001112223334,13812345678\n", "its first line is “**,*******************,***********”", "orders.columns"},
		{"a first line of persons", "收货人王五丰,杭州市余杭区文三路,oUpFabc\n", "its first line is “******,*********,*******”", "orders.columns"},
		{"a first line with a mail address", "王五丰,pat.smith@example.com\n", "its first line is “***,***.*****@*******.***”", "orders.columns"},
		{"a first line that steers", "or\x1b[31mder,wal\x1b]0;x\n", "its first line is “or�[31mder,wal�]0;x”", "orders.columns"},
		{"binary", "\x00\x01\x02\x03", "not a file of a known kind", "orders.columns"},
		{"UTF-16", string(utf16), "not a file of a known kind", "orders.columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deliver(t, "orders.csv", c.content)
			if len(got.Refusals) != 1 || got.Statements[0] != nil || got.Accepted(0) {
				t.Fatalf("got %+v", got.Intake)
			}
			r := got.Refusals[0]
			if e := r.Errors[0]; !strings.Contains(e.What, c.what) || !strings.Contains(e.Do, c.do) {
				t.Errorf("got %v, want %s (%s)", e, c.what, c.do)
			}
			if !r.NotAStatement || !strings.HasSuffix(r.Source, "orders.csv") {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// A workbook that breaks off may have been a statement.
func TestASpreadsheetThatCannotBeOpenedIsRefusedAndIsNoForeignFile(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"a.xlsx": {zipped(t, "[Content_Types].xml", "<Types/>"), "holds no workbook"},
		"b.xls":  {"<html><table><tr><td>name", "ends before its table does"},
		"c.xls":  {"<html>login</html>", "without a table"},
		"d.xls":  {"<table><tr><td>支付宝交易号<td>商户订单号<td>业务类型<td>商家实收<td>完成时间</table>", "a spreadsheet with the columns of Alipay trade bill"},
	} {
		got := deliver(t, name, c.content)
		if len(got.Refusals) != 1 || !strings.Contains(got.Refusals[0].Error(), name+": ") && !strings.Contains(got.Refusals[0].Error(), name+":1:") ||
			!strings.Contains(got.Refusals[0].Error(), c.want) || got.Refusals[0].NotAStatement {
			t.Errorf("%s: %v", name, got.Refusals)
		}
	}
}

func TestAnEmptyFileIsRefusedAndIsNoForeignFile(t *testing.T) {
	for name, content := range map[string]string{"a.csv": "", "a.csv.gz": gzipped(""), "a.zip": zipped(t, "b.csv", "")} {
		got := deliver(t, name, content)
		if len(got.Refusals) != 1 || !strings.Contains(got.Refusals[0].Error(), "zero bytes") || got.Refusals[0].NotAStatement {
			t.Errorf("%s: %v", name, got.Refusals)
		}
	}
}

// A bill that is cut short may not pass for a foreign file: it was delivered, and
// its account has not.
func TestATruncatedBillIsRefusedAsAStatement(t *testing.T) {
	d := generated(t, nil)
	for name, content := range map[string]string{
		"plain":      d.wechat[0][:len(d.wechat[0])/2],
		"gzip":       gzipped(d.wechat[0])[:len(gzipped(d.wechat[0]))/2],
		"Alipay":     d.bill[:len(d.bill)*2/3],
		"zip member": zipped(t, "a.csv", d.bill)[:len(zipped(t, "a.csv", d.bill))/2],
	} {
		t.Run(name, func(t *testing.T) {
			got := deliver(t, "a", content)
			if len(got.Refusals) != 1 || got.Refusals[0].NotAStatement || got.accepted() != 0 {
				t.Errorf("got %v", got.Refusals)
			}
		})
	}
}

func TestOneBadFileDoesNotStopTheOthers(t *testing.T) {
	d := generated(t, nil)
	got := deliver(t, "a.csv", "", "b.csv", d.wechat[0], "c.zip", "PK\x03\x04 and no more", "d/e.csv", d.orders, "f.txt", "what")
	if got.accepted() != 2 || len(got.Refusals) != 3 {
		t.Errorf("%d accepted, refused: %v", got.accepted(), got.Refusals)
	}
}

func TestAFolderIsTakenWhole(t *testing.T) {
	d := generated(t, nil)
	got := deliver(t, "alipay/2088.zip", zipped(t, "业务明细.csv", d.bill, "业务明细(汇总).csv", d.summary),
		"wechat/2024/bill.csv.gz", gzipped(d.wechat[0]), "orders.csv", d.orders, "refunds.csv", d.refunds)
	if len(got.Refusals) > 0 || got.accepted() != 5 {
		t.Errorf("%d of %q accepted, refused %v", got.accepted(), got.names, got.Refusals)
	}
}

func TestAPathThatDoesNotExistIsTheCallersError(t *testing.T) {
	_, _, err := ingest.Open([]string{filepath.Join(t.TempDir(), "nowhere")})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestTheRunsOwnErrorsAreNoRefusals(t *testing.T) {
	d := generated(t, nil)
	path := filepath.Join(t.TempDir(), "a.csv")
	for kind, content := range map[string]string{"WeChat Pay": d.wechat[0], "Alipay": d.bill, "orders": d.orders} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		deliveries, _, err := ingest.Open([]string{path})
		if err != nil {
			t.Fatal(err)
		}
		full := errors.New("the disk is full")
		fail := func(arrow.Record) error { return full }
		if _, err := deliveries[0].Read(context.Background(), 0, ingest.Options{Workers: 2, Day: settlement.NoDay, Emits: ingest.Emits{Lines: fail, Events: fail, Funds: fail}}); err != full {
			t.Errorf("%s, rows not taken: %v", kind, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		take := func(arrow.Record) error { return nil }
		_, err = deliveries[0].Read(ctx, 0, ingest.Options{Workers: 2, Day: settlement.NoDay, Emits: ingest.Emits{Lines: take, Events: take, Funds: take}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", kind, err)
		}
	}
}

func TestHowMuchTextADeliveryLikelyHolds(t *testing.T) {
	dir := t.TempDir()
	files := map[string]int64{
		"plain.csv":     1, // so many times its size
		"packed.csv.gz": 32, "orders.parquet": 6,
	}
	text := strings.Repeat("order_no,amount\n", 100)
	contents := map[string]string{"plain.csv": text, "packed.csv.gz": gzipped(text), "orders.parquet": "PAR1" + text + "PAR1"}
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	deliveries, refusals, err := ingest.Open([]string{dir})
	if err != nil || len(refusals) > 0 || len(deliveries) != len(files) {
		t.Fatal(deliveries, refusals, err)
	}
	for _, d := range deliveries {
		name := filepath.Base(d.File)
		if size, known := d.LikelySize(); !known || size != files[name]*int64(len(contents[name])) {
			t.Errorf("%s of %d bytes: %d, %v", name, len(contents[name]), size, known)
		}
	}
	for _, d := range ingest.Queries(ingest.Mappings{OrdersQuery: &orders.Query{}}) {
		if size, known := d.LikelySize(); known || size != 0 {
			t.Errorf("a query that was not asked: %d, %v", size, known)
		}
	}
}

func TestADeliveryMayBeReadAgain(t *testing.T) {
	d := generated(t, nil)
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, []byte(zipped(t, "a.csv", d.bill)), 0o644); err != nil {
		t.Fatal(err)
	}
	deliveries, _, err := ingest.Open([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	var hashes [2]string
	for i := range hashes {
		take := func(arrow.Record) error { return nil }
		s, err := deliveries[0].Read(context.Background(), 0, ingest.Options{Workers: 1, Day: settlement.NoDay, Emits: ingest.Emits{Lines: take, Events: take, Funds: take}})
		if err != nil {
			t.Fatal(err)
		}
		hashes[i] = s.SHA256
	}
	if hashes[0] != hashes[1] {
		t.Errorf("got %q", hashes)
	}
}
