package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/settlement"
)

const (
	accountLog = "#支付宝账务明细查询\r\n#账号：[20880000111122220156]\r\n#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]\r\n" +
		"#----账务明细列表----\r\n账务流水号,业务流水号,商户订单号,发生时间,收入金额（+元）,支出金额（-元）,账户余额（元）,业务类型,备注\r\n" +
		"31\t,2024091201\t,A1\t,2024-09-12 10:00:00,100.00,0.00,1100.00,在线支付,\r\n" +
		"32\t,2024091201\t,A1\t,2024-09-12 10:00:00,0.00,-0.60,1099.40,收费,服务费[2024091222001400]\r\n" +
		"#----账务明细列表结束----\r\n#支出合计：1笔，共-0.60元\r\n#收入合计：1笔，共100.00元\r\n"
	accountSummary = "#支付宝账务汇总查询\r\n#账号：[20880000111122220156]\r\n#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]\r\n" +
		"类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）\r\n合计,1,100.00,1,-0.60,99.40\r\n"
	portalExport = "#账号：a@example.com[2088000011112222]\n#查询起始日期：2024-09-12 00:00:00查询终止日期：2024-09-12 18:06:54\n" +
		"序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,备注\n" +
		"1,2024-09-12 10:00:00,2024091201,31,A1,在线支付,100.00, ,1100.00, \n#导出时间：2024-09-12 18:06:54\n"
)

func TestAnAccountLogsSummaryIsASecondControlTotal(t *testing.T) {
	log, summary := gbk(t, accountLog), gbk(t, accountSummary)
	t.Run("ties", func(t *testing.T) {
		got := deliver(t, "log.csv", log, "sum.csv", summary)
		if len(got.Refusals) > 0 || got.accepted() != 2 || got.rows != 2 || got.Statements[got.at(t, "sum.csv")].Totals[1].Computed != 10000 {
			t.Errorf("refused %v", got.Refusals)
		}
	})
	t.Run("does not tie", func(t *testing.T) {
		got := deliver(t, "log.csv", log, "sum.csv", edited(t, summary, "100.00", "100.01"))
		if got.accepted() != 0 || !strings.Contains(got.refusalOf("log.csv"), "收入金额") {
			t.Errorf("refused %v", got.Refusals)
		}
	})
	t.Run("in the log's archive, without account and period", func(t *testing.T) {
		bare := gbk(t, accountSummary[strings.Index(accountSummary, "类型"):])
		if got := deliver(t, "log.zip", zipped(t, "log.csv", log, "sum.csv", bare)); len(got.Refusals) > 0 || got.accepted() != 2 {
			t.Errorf("refused %v", got.Refusals)
		}
		if got := deliver(t, "log.zip", zipped(t, "log.csv", log, "sum.csv", strings.Replace(bare, "-0.60", "-0.61", 1))); got.accepted() != 0 {
			t.Errorf("%d accepted", got.accepted())
		}
	})
	t.Run("alone it is used for nothing", func(t *testing.T) {
		got := deliver(t, "sum.csv", summary)
		if len(got.Refusals) > 0 || !strings.Contains(strings.Join(got.Statements[0].Notes, "\n"), "used for nothing") {
			t.Errorf("%+v", got.Statements[0])
		}
	})
}

func TestAPortalExportBesideAnAccountLogOfItsDaysIsRefused(t *testing.T) {
	log := gbk(t, accountLog)
	for _, c := range []struct {
		name, log, portal string
		refused           bool
	}{
		{"of one day", log, portalExport, true},
		{"of another account", log, strings.Replace(portalExport, "2088000011112222", "2088000011113333", 1), false},
		{"of other days", log, strings.ReplaceAll(portalExport, "2024-09-12", "2024-09-13"), false},
		{"of an account that is not known", log, portalExport[strings.Index(portalExport, "\n")+1:], true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deliver(t, "log.csv", c.log, "portal.csv", c.portal)
			why := got.refusalOf("portal.csv")
			if c.refused != strings.Contains(why, "log.csv shows the movements of 2024-09-12 too") || !got.Accepted(got.at(t, "log.csv")) || len(got.Refusals) > 0 != c.refused {
				t.Errorf("refused %v", got.Refusals)
			}
		})
	}
}

func TestAGeneratedAccountLogIsRead(t *testing.T) {
	o := generate.Sample()
	o.FundFlow = true
	dir := t.TempDir()
	key, err := generate.Day(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(key.Files, func(name string) bool { return strings.Contains(name, "账务明细") })
	got := read(t, key.Files[at])
	if len(got.Refusals) > 0 || got.accepted() != 2 || got.rows == 0 {
		t.Fatalf("refused %v", got.Refusals)
	}
	for _, s := range got.Statements {
		if len(s.Totals) != 4 || len(s.Notes) > 0 || s.Account != "2088601234567890" {
			t.Errorf("got %+v", s)
		}
	}
}

func TestAPortalWorkbookIsRead(t *testing.T) {
	var book strings.Builder
	book.WriteString(`<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="账务组合查询1"><Table>`)
	for line := range strings.Lines(portalExport) {
		book.WriteString("<Row>")
		for cell := range strings.SplitSeq(strings.TrimSpace(line), ",") {
			book.WriteString(`<Cell><Data ss:Type="String">` + cell + `</Data></Cell>`)
		}
		book.WriteString("</Row>")
	}
	book.WriteString("</Table></Worksheet></Workbook>")
	for name, content := range map[string]string{"a.xls": book.String(), "a.zip": zipped(t, "a.xls", book.String())} {
		got := deliver(t, name, content)
		if len(got.Refusals) > 0 || got.rows != 1 || got.Statements[0].Kind != settlement.PortalFunds || got.Statements[0].Account != "2088000011112222" {
			t.Errorf("%s: %+v, refused %v", name, got.Statements[0], got.Refusals)
		}
	}
}
