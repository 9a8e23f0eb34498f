package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// listed reads everything as lines of sheet:row|cell|cell; # marks numbers.
func listed(content []byte) (lines []string, err error) {
	r, err := Open(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		sheet, row, cells, err := r.Next()
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		line := fmt.Sprintf("%s:%d", sheet, row)
		for _, c := range cells {
			line += "|" + c.Text
			if c.Number {
				line += "#"
			}
		}
		lines = append(lines, line)
	}
}

func gbk(t testing.TB, text string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// written is a workbook as another library writes it.
func written(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	contentTypes = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
	rootRels     = `<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookXML      = `<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`
	bookRels     = `<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`
)

// absent leaves a part out.
const absent = "absent"

// packed is a workbook of one sheet with these rows, and further parts as name, content.
func packed(t testing.TB, rows string, parts ...string) []byte {
	t.Helper()
	all := append([]string{
		"[Content_Types].xml", contentTypes, "_rels/.rels", rootRels,
		"xl/workbook.xml", bookXML, "xl/_rels/workbook.xml.rels", bookRels,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}, parts...)
	content := map[string]string{}
	var names []string
	for i := 0; i < len(all); i += 2 {
		if _, twice := content[all[i]]; !twice {
			names = append(names, all[i])
		}
		content[all[i]] = all[i+1]
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		if content[name] == absent {
			continue
		}
		member, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(member, content[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const spreadsheetML = `<?xml version="1.0"%s?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="d"/></Styles>
<Worksheet ss:Name="账务1"><Table>
<Row><Cell><Data ss:Type="String">流水号</Data></Cell><Cell ss:Index="3"><Data ss:Type="String">金额</Data><Comment><Data>x</Data></Comment></Cell></Row>
<Row ss:Index="4"><Cell ss:MergeAcross="1"><Data ss:Type="String">7<B>0</B>1</Data></Cell><Cell><Data ss:Type="Number">1.1000000000000001</Data></Cell><Cell><Data ss:Type="DateTime">2025-03-02T09:10:11.000</Data></Cell></Row>
</Table></Worksheet>
<Worksheet ss:Name="账务2"><Table><Row><Cell ss:Formula="=1+1"><Data ss:Type="Number">2</Data></Cell></Row></Table></Worksheet>
</Workbook>`

const page = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=%s"></head><body>
<table border=1><tr><th>订单编号</th><th>金额 </th><th>备注</th></tr>
<tr><td rowspan=2>701&nbsp;</td><td x:num="12.5">12.5</td><td>a &amp; b<br>c</td></tr>
<tr><td colspan="2">x</td></tr><tr><td><tr><td>末</table></body></html>`

func TestRowsAreRead(t *testing.T) {
	day := time.Date(2025, 3, 2, 9, 10, 11, 0, time.UTC)
	ml := []string{"账务1:1|流水号||金额", "账务1:4|701||1.1#|2025-03-02 09:10:11", "账务2:1|2#"}
	table := []string{"table 1:1|订单编号|金额|备注", "table 1:2|701|12.5#|a & b c", "table 1:3||x", "table 1:5|末"}
	for _, c := range []struct {
		name    string
		content []byte
		want    []string
	}{
		{"a workbook of another library", written(t, func(f *excelize.File) {
			f.SetSheetRow("Sheet1", "A1", &[]any{"号", "额", "时"})
			f.SetSheetRow("Sheet1", "A3", &[]any{"2701855562034109276", 19, day, true, "a\r\nb"})
			f.NewSheet("二")
			f.SetCellValue("二", "B2", "_x0041_bc_x")
			f.MergeCell("二", "A4", "C4")
			f.SetCellValue("二", "A4", "合")
		}), []string{"Sheet1:1|号|额|时", "Sheet1:3|2701855562034109276|19#|2025-03-02 09:10:11|TRUE|a\r\nb", "二:2||Abc_x", "二:4|合"}},
		{"numbers as they were typed", packed(t, `<row><c><v>19.379999999999999</v></c><c><v>1.1000000000000001E-2</v></c><c><v>2.7018555620341094E+18</v></c><c t="n"><v>-0.5</v></c><c><v>0</v></c></row>`),
			[]string{"S:1|19.38#|0.011#|2701855562034109400#|-0.5#|0#"}},
		{"texts in their places", packed(t, `<row r="2"><c r="B2" t="inlineStr"><is><r><t>甲</t></r><rPh><t>x</t></rPh><t>乙</t></is></c><c r="D2" t="str"><f>A1&amp;""</f><v></v></c><c r="E2" t="d"><v>2025-03-02T09:10:11Z</v></c></row><row/><row r="9"><c><v>1</v></c></row>`),
			[]string{"S:2||甲乙|||2025-03-02 09:10:11", "S:9|1#"}},
		{"SpreadsheetML", fmt.Appendf(nil, spreadsheetML, ""), ml},
		{"SpreadsheetML in GBK", gbk(t, fmt.Sprintf(spreadsheetML, ` encoding="GBK"`)), ml},
		{"SpreadsheetML with a BOM", fmt.Appendf(nil, "\ufeff"+spreadsheetML, ""), ml},
		{"an HTML table", fmt.Appendf(nil, page, "utf-8"), table},
		{"an HTML table in GBK", gbk(t, fmt.Sprintf(page, "gb2312")), table},
		{"an HTML table in GBK that does not say so", gbk(t, strings.Replace(page, "charset=%s", "", 1)), table},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !Recognise(c.content) {
				t.Error("it is not recognised")
			}
			got, err := listed(c.content)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}
