package workbook

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// breakOf is a break of a fixture.
type breakOf struct {
	id           uint64
	order        string
	reason, note string
	difference   settlement.Amount
	age          int64
	status       settlement.BreakStatus
}

// resultWith writes breaks as the table of a result, in parts of so many rows, and
// returns its folder.
func resultWith(t testing.TB, inPart int, breaks ...breakOf) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "breaks"), 0o755); err != nil {
		t.Fatal(err)
	}
	for part := 0; len(breaks) > 0; part++ {
		n := min(inPart, len(breaks))
		var b settlement.Breaks
		for _, one := range breaks[:n] {
			appendBreak(&b, one)
		}
		writePart(t, filepath.Join(dir, "breaks", output.PartName(part)), "breaks", &b)
		breaks = breaks[n:]
	}
	return dir
}

func writePart(t testing.TB, path, name string, b settlement.Batch) {
	t.Helper()
	table, ok := settlement.TableNamed(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	w, err := output.NewPart(path, table, []string{"=inbox/bill.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(settlement.Record(b)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func appendBreak(b *settlement.Breaks, one breakOf) {
	b.ID = append(b.ID, settlement.ID{Hi: one.id << 40, Lo: one.id})
	b.Kind = append(b.Kind, settlement.AmountMismatch)
	b.Wallet = append(b.Wallet, settlement.Alipay)
	b.Account.AppendString("2088601234567890")
	b.OrderNo.AppendString(one.order)
	b.RefundNo.AppendString("")
	b.LineID = append(b.LineID, settlement.ID{})
	b.EventID = append(b.EventID, settlement.ID{})
	b.Expected = append(b.Expected, 0)
	b.Actual = append(b.Actual, one.difference)
	b.Difference = append(b.Difference, one.difference)
	b.Currency = append(b.Currency, settlement.CNY)
	b.FirstSeenOn = append(b.FirstSeenOn, settlement.Day(19978-one.age))
	b.AgeDays = append(b.AgeDays, one.age)
	b.Status = append(b.Status, one.status)
	b.ClosedOn = append(b.ClosedOn, settlement.NoDay)
	b.Reason.AppendString(one.reason)
	b.Suggestion.AppendString(one.reason)
	b.File = append(b.File, 0)
	b.Line = append(b.Line, 7)
	b.PaymentNo.AppendString(one.order)
	b.ProviderID.AppendString(one.order)
	b.Shop.AppendString(one.order)
	b.Decision.AppendString("")
	b.DecidedBy.AppendString(one.note)
	b.DecidedAt = append(b.DecidedAt, settlement.NoInstant)
	b.Assignee.AppendString(one.note)
	b.Note.AppendString(one.note)
}

// manifestOf is a manifest of that many rows of breaks.
func manifestOf(rows int64) *output.Manifest {
	return &output.Manifest{Figures: &output.Figures{}, Versions: map[string]string{"reconcile": "test"},
		Inputs: []output.Input{{Name: "inbox/bill.csv", Kind: "trade_bill", Wallet: "alipay", From: "2024-09-12", Until: "2024-09-13"}},
		Tables: []output.TableOutput{{Name: "breaks", Rows: rows}}}
}

// overviewOf is what a fixture says.
func overviewOf(t testing.TB, dir string, m *output.Manifest) *overview.Overview {
	t.Helper()
	var found output.BreakFigures
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		if r.Text("status") != settlement.BreakOpen.String() {
			return nil
		}
		d, _ := r.Money("difference")
		found.Wallet, found.Kind = settlement.Alipay, settlement.AmountMismatch
		found.Count, found.Short, found.Over, found.Difference = found.Count+1, found.Short+min(d, 0), found.Over+max(d, 0), found.Difference+d
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found.Count > 0 {
		m.Figures.Breaks = []output.BreakFigures{found}
	}
	v, err := overview.Read(dir, m, overview.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// cellXML is a cell as the file has it.
type cellXML struct {
	Ref     string `xml:"r,attr"`
	Type    string `xml:"t,attr"`
	Formula string `xml:"f"`
	Value   string `xml:"v"`
	Text    string `xml:"is>t"`
}

// sheetXML is a sheet as the file has it.
type sheetXML struct {
	name string
	rows [][]cellXML
}

// sheetsOf reads the sheets of a workbook with nothing but zip and XML.
func sheetsOf(t testing.TB, path string) (sheets []sheetXML) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
		} `xml:"sheets>sheet"`
	}
	unmarshalPart(t, &z.Reader, "xl/workbook.xml", &book)
	for i, s := range book.Sheets {
		sheets = append(sheets, sheetXML{s.Name, rowsOfSheet(t, &z.Reader, fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1))})
	}
	return sheets
}

func unmarshalPart(t testing.TB, z *zip.Reader, name string, into any) {
	t.Helper()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := xml.NewDecoder(f).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func rowsOfSheet(t testing.TB, z *zip.Reader, name string) (rows [][]cellXML) {
	t.Helper()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoder := xml.NewDecoder(f)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "row" {
			var row struct {
				Cells []cellXML `xml:"c"`
			}
			if err := decoder.DecodeElement(&row, &start); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rows = append(rows, row.Cells)
		}
	}
}

// named finds a sheet.
func named(t testing.TB, sheets []sheetXML, name string) sheetXML {
	t.Helper()
	for _, s := range sheets {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no sheet %s", name)
	return sheetXML{}
}

// column gives the cells of a column below its heading, by row, and the heading's row.
func (s sheetXML) column(t testing.TB, heading string) (cells []cellXML, above []cellXML) {
	t.Helper()
	for i, row := range s.rows {
		for _, cell := range row {
			if cell.Text != heading {
				continue
			}
			letters := strings.TrimRight(cell.Ref, "0123456789")
			for _, below := range s.rows[i+1:] {
				for _, c := range below {
					if strings.TrimRight(c.Ref, "0123456789") == letters {
						cells = append(cells, c)
					}
				}
			}
			if i > 0 {
				above = s.rows[i-1]
			}
			return cells, above
		}
	}
	t.Fatalf("no heading %s on %s", heading, s.name)
	return nil, nil
}
