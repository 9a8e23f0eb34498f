package ingest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"reconcile/settlement"
)

// An export of the aggregated account is told by its header in each of its forms, also
// inside an archive.
func TestSpreadsheetsAreToldByTheirHeader(t *testing.T) {
	rows := [][]string{
		{"入账时间", "支付流水号", "淘宝订单编号", "入账类型", "收入金额（元）", "支出金额", "业务描述", "备注"},
		{"2025-03-02 12:00:00", "710000000000006", "3100000000000000011", "提现", "", "60.0", "", ""},
	}
	var csv strings.Builder
	page := "<html><meta charset=gbk><table>"
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		csv.WriteString(strings.Join(row, ",") + "\n")
		page += "<tr><td>" + strings.Join(row, "<td>")
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		f.SetSheetRow("Sheet1", cell, &row)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	book, html := out.String(), gbk(t, page+"</table></html>")
	for name, content := range map[string]string{
		"a.csv": csv.String(), "b.csv": gbk(t, csv.String()), "c.xlsx": book, "d.xls": html,
		"e.zip": zipped(t, "收支明细.xlsx", book), "f.xlsx.gz": zipped(t, "g.xls", html),
	} {
		t.Run(name, func(t *testing.T) {
			got := deliver(t, name, content)
			if len(got.Refusals) > 0 {
				t.Fatal(got.Refusals[0])
			}
			s := got.Statements[0]
			if s.Kind != settlement.AggregatedFunds || s.Wallet != settlement.TaobaoAggregated || s.Rows != 1 || got.rows != 1 || len(s.SHA256) != 64 {
				t.Errorf("got %+v", s)
			}
		})
	}
}
