package opening

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnOpeningWorkbookIsReadAsCSVIs(t *testing.T) {
	rows := func(order any) [][]any {
		return [][]any{{"kind", "time", "wallet", "account", "order_no", "amount"}, {"day", "2024-08-31"}, {"balance", "", "alipay", "2088", "", "10.50"},
			{"order", "2024-08-30 10:00:00", "", "", order, "20.00"}}
	}
	s, err := Parse("opening.xlsx", workbook(t, rows("O1")...))
	if err != nil || s.Open.Len() != 1 || s.Open.Amount[0] != 20_00 || s.Balances[0].Amount != 10_50 || s.Day.String() != "2024-08-31" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Parse("opening.xlsx", workbook(t, rows(int64(2206339594444199918))...)); err == nil || !strings.Contains(err.Error(), "opening.xlsx:4:5: order_no: ") {
		t.Errorf("%v", err)
	}
}
