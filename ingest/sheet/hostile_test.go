package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"reconcile/settlement"
)

func ml(rows string) []byte {
	return []byte(`<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>` + rows + `</Table></Worksheet></Workbook>`)
}

const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`

func TestSpreadsheetsAreRefused(t *testing.T) {
	cell := func(inner string) string { return `<row r="1"><c r="A1">` + inner + `</c></row>` }
	long := strings.Repeat("x", maxCell+1)
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"text", []byte("a,b\n"), "this is no spreadsheet"},
		{"an empty file", nil, "this is no spreadsheet"},
		{"a binary workbook of 1997", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a binary Excel file"},
		{"a binary workbook of 2007", packed(t, "", "xl/workbook.bin", "x", "xl/workbook.xml", absent), "a binary workbook (.xlsb)"},
		{"another document", packed(t, "", "xl/workbook.xml", absent), "holds no workbook"},
		{"two parts of a name", packed(t, "", "XL/workbook.xml", bookXML), "two parts of the workbook have the name"},
		{"a sheet that is not there", packed(t, "", "xl/_rels/workbook.xml.rels", strings.ReplaceAll(bookRels, "sheet1", "sheet2")), "lacks its part"},
		{"a sheet without a place", packed(t, "", "xl/_rels/workbook.xml.rels", "<Relationships/>"), "does not say where its sheet"},
		{"no sheet", packed(t, "", "xl/workbook.xml", "<workbook/>"), "a workbook without a sheet"},
		{"no rows", packed(t, "", "xl/worksheets/sheet1.xml", "<worksheet/>"), "it is no worksheet"},
		{"an entity of its own", packed(t, "", "xl/worksheets/sheet1.xml", bomb+`<worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`), "invalid character entity &b;"},
		{"an entity in SpreadsheetML", bytes.Replace(ml(`<Row><Cell><Data>&b;</Data></Cell></Row>`), []byte("<Workbook"), []byte(bomb+"<Workbook"), 1), "invalid character entity &b;"},
		{"a long text", packed(t, cell("<v>"+strings.Repeat("1", maxToken+1)+"</v>")), "a tag or text of more than 1048576 bytes"},
		{"a long cell", packed(t, `<row><c t="str"><v>`+long+`</v></c></row>`), "a cell of more than"},
		{"a long cell in pieces", packed(t, `<row><c t="str"><v>`+strings.Repeat("x<!-- -->", maxCell+1)+`</v></c></row>`), "a cell of more than"},
		{"a long shared text", packed(t, "", "xl/_rels/workbook.xml.rels", strings.Replace(bookRels, "</Rel", `<Relationship Id="s" Type="x/sharedStrings" Target="s.xml"/></Rel`, 1),
			"xl/s.xml", "<sst><si><t>"+long+"</t></si></sst>"), "a text of more than"},
		{"a long row", packed(t, `<row>`+strings.Repeat(`<c t="str"><v>`+long[:maxCell]+`</v></c>`, maxRow/maxCell+1)+`</row>`), "or a row of more than"},
		{"a long row of shared texts", packed(t, `<row>`+strings.Repeat(`<c t="s"><v>0</v></c>`, maxRow/maxCell+1)+`</row>`,
			"xl/_rels/workbook.xml.rels", strings.Replace(bookRels, "</Rel", `<Relationship Id="s" Type="x/sharedStrings" Target="s.xml"/></Rel`, 1),
			"xl/s.xml", "<sst><si><t>"+long[:maxCell]+"</t></si></sst>"), "refers to text"},
		{"too many columns", packed(t, `<row>`+strings.Repeat("<c/>", maxColumns+1)+`</row>`), "a row of more than 16384 columns"},
		{"a column far away", packed(t, `<row r="1"><c r="ZZZZ1"><v>1</v></c></row>`), "of more than 16384 columns"},
		{"a row far away", packed(t, `<row r="1048577"/>`), "more than 1048576 rows"},
		{"rows that go back", packed(t, `<row r="2"/><row r="1"/>`), `a row "1" behind row 2`},
		{"cells that go back", packed(t, `<row r="1"><c r="B1"/><c r="A1"/></row>`), `a cell "A1" where C1 is expected`},
		{"a cell of another row", packed(t, `<row r="1"><c r="A2"/></row>`), `a cell "A2" where A1 is expected`},
		{"deep tags", packed(t, strings.Repeat("<a>", 100)), "more than 64 deep"},
		{"a formula without value", packed(t, `<row r="3"><c r="B3"><f>1+1</f></c></row>`), ":3:2: sheet S: the formula in B3 has no value"},
		{"no number", packed(t, cell("<v>eins</v>")), `:1:1: sheet S: A1 is "****" and no number`},
		{"an exponent that explodes", packed(t, cell("<v>1E999999999</v>")), "and no number"},
		{"a text that is not there", packed(t, `<row r="1"><c r="A1" t="s"><v>7</v></c></row>`), "refers to text"},
		{"an unknown type", packed(t, `<row r="1"><c r="A1" t="x"><v>7</v></c></row>`), "the unknown type"},
		{"a sheet that breaks off", packed(t, "", "xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c><v>1</v></c></row>"), "unexpected EOF"},
		{"SpreadsheetML that breaks off", bytes.TrimSuffix(ml(""), []byte("</Workbook>")), "unexpected EOF"},
		{"SpreadsheetML without a sheet", []byte(`<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>`), "a workbook without a sheet"},
		{"SpreadsheetML, a formula without value", ml(`<Row><Cell ss:Formula="=1"/></Row>`), ":1:1: sheet S: the formula in A1 has no value"},
		{"SpreadsheetML, rows that go back", ml(`<Row/><Row ss:Index="1"/>`), `a row "1" behind row 1`},
		{"SpreadsheetML, too many columns", ml(`<Row><Cell ss:Index="16385"/></Row>`), `a cell "16385"`},
		{"SpreadsheetML, merged too far", ml(`<Row><Cell ss:MergeAcross="999999999"/></Row>`), "merged over"},
		{"SpreadsheetML, no number", ml(`<Row><Cell><Data ss:Type="Number">x</Data></Cell></Row>`), ":1:1: \"*\" is no number"},
		{"SpreadsheetML in another encoding", append([]byte(`<?xml version="1.0" encoding="EBCDIC"?>`), ml("")...), "EBCDIC is not read"},
		{"HTML without a table", []byte("<html><body>login</body></html>"), "an HTML page without a table"},
		{"HTML that breaks off", []byte("<table><tr><td>1</td></tr>"), "the page ends before its table does"},
		{"HTML, a table in a table", []byte("<table><tr><td><table>"), "a table within a table"},
		{"HTML, too many columns", []byte("<table><tr><td colspan=99999999>1</table>"), "more than 16384 columns"},
		{"HTML, a long cell", []byte("<table><tr><td>" + long + "</table>"), "a cell of more than"},
		{"HTML, a long tag", []byte("<table><tr><td a='" + strings.Repeat("x", maxToken) + "'>1</table>"), "a tag or text of more than"},
		{"HTML in another encoding", []byte("<meta charset=big5><table></table>"), "in the encoding big5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, err := listed(c.content)
			var input *settlement.InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %.300v, %q, want %s", err, lines, c.want)
			}
			if placed := At(err, "a.xlsx", "m"); input != nil && !strings.HasPrefix(placed.Error(), "a.xlsx!m") {
				t.Error(placed)
			}
		})
	}
}

func TestAPartUnfoldsWithinBounds(t *testing.T) {
	tokens := newTokens(strings.NewReader("<a>"+strings.Repeat("<b/>", 1000)+"</a>"), "part", 1000)
	for {
		if _, err := tokens.next(); err != nil {
			if !strings.Contains(err.Error(), "part unfolds into more than is allowed") {
				t.Error(err)
			}
			return
		}
	}
}

func TestATruncatedOrChangedWorkbookIsNeverRead(t *testing.T) {
	whole := packed(t, `<row><c><v>12</v></c><c t="str"><v>abc</v></c></row>`)
	for at := range len(whole) - 1 {
		if lines, err := listed(whole[:at]); err == nil {
			t.Fatalf("cut at %d it gives %q", at, lines)
		}
	}
	want, _ := listed(whole)
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x10
		if lines, err := listed(changed); err == nil && fmt.Sprint(lines) != fmt.Sprint(want) {
			t.Fatalf("changed at %d it gives %q", at, lines)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestErrorsOfTheStreamStayAsTheyAre(t *testing.T) {
	broken := &settlement.InputError{Position: settlement.Position{File: "a.zip", Member: "b"}, What: "corrupt"}
	_, err := Open(io.MultiReader(strings.NewReader("PK\x03\x04"), failing{broken}))
	if err != broken || At(err, "x", "y") != broken { //nolint:errorlint // as it is
		t.Error(err)
	}
}

func TestNothingIsLeftOfATemporaryFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s, err := Spool(bytes.NewReader(packed(t, `<row><c><v>1</v></c></row>`)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // as often as it is given
		r, err := Open(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, cells, err := r.Next(); err != nil || cells[0].Text != "1" || len(r.SHA256()) != 64 || r.Size() != s.size {
			t.Error(cells, err)
		}
		r.Close()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Error(left)
	}
}

func TestNumbersAreAsTheyWereTyped(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "-1": "-1", "0": "0", "-0": "0", "00.50": "0.5", "19.379999999999999": "19.38", "0.1": "0.1", "1.0": "1",
		"1E3": "1000", "1.5e-3": "0.0015", "9.9999999999999995E-2": "0.1", "999999999999.99902": "999999999999.999",
		"99999999999999.996": "100000000000000", "2.7018555620341094E+18": "2701855562034109400", "123456789012345678": "123456789012345678",
		"-1.1000000000000001": "-1.1", ".5": "0.5", "5.": "5",
	} {
		if got, ok := decimal(text); !ok || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".", "1e", "e5", "1e100", "1,5", "0x1", "NaN", "--1", "1.2.3", strings.Repeat("1", 41)} {
		if got, ok := decimal(text); ok {
			t.Errorf("%s is %s", text, got)
		}
	}
}

func TestLostDigits(t *testing.T) {
	for _, c := range []struct {
		cell Cell
		want bool
	}{{Cell{"123456789012345", true}, false}, {Cell{"1234567890123456", true}, true}, {Cell{"1234567890123456", false}, false}, {Cell{"-0.1234567890123456", true}, false}} {
		if got := c.cell.Lost(); got != c.want {
			t.Errorf("%v: %v", c.cell, got)
		}
	}
}

func TestMomentsOfSerialNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"45718": "2025-03-02 00:00:00", "45718.38207175926": "2025-03-02 09:10:11", "45718.999999": "2025-03-03 00:00:00", "61": "1900-03-01 00:00:00", "0.5": "12:00:00",
	} {
		if got, ok := moment(text, false); !ok || got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if got, _ := moment("44256", true); got != "2025-03-02 00:00:00" {
		t.Error(got)
	}
	for _, text := range []string{"60", "-1", "2958466", "99999999999"} {
		if got, ok := moment(text, false); ok {
			t.Errorf("%s is %s", text, got)
		}
	}
	for format, want := range map[string]bool{
		"General": false, "0.00": false, "yyyy/m/d h:mm": true, `"s"0`: false, "[Red]0.00": false, "[h]:mm": true, "@": false, `0\d`: false, "#,##0;[$-804]d": false, `yyyy"年"m"月"`: true,
	} {
		if showsTime(format) != want {
			t.Error(format)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add(packed(f, `<row><c><v>1</v></c></row>`))
	f.Add(fmt.Appendf(nil, spreadsheetML, ""))
	f.Add(fmt.Appendf(nil, page, "gbk"))
	f.Fuzz(func(t *testing.T, content []byte) {
		Recognise(content)
		lines, err := listed(content)
		var input *settlement.InputError
		if err != nil && !errors.As(err, &input) {
			t.Fatalf("%v after %q", err, lines)
		}
	})
}

// filled is so many bytes of one kind.
type filled struct {
	with byte
	left int
}

func (z *filled) Read(p []byte) (int, error) {
	p = p[:min(len(p), z.left)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = z.with
	}
	z.left -= len(p)
	return len(p), nil
}

// TestHostileWorkbooksTakeLittleMemory: bombs by what parts declare and by what they
// hold, entities that grow, rows and texts without end. What they unfold into is never
// held.
func TestHostileWorkbooksTakeLittleMemory(t *testing.T) {
	bomb := func(name string, declared uint64) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for part, text := range map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": bookXML, "xl/_rels/workbook.xml.rels": bookRels} {
			w, _ := z.Create(part)
			io.WriteString(w, text)
		}
		var deflated bytes.Buffer
		f, _ := flate.NewWriter(&deflated, flate.BestSpeed)
		io.WriteString(f, "<worksheet><sheetData>")
		io.Copy(f, &filled{' ', 512 << 20})
		f.Close()
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(deflated.Len()), UncompressedSize64: declared})
		if err != nil {
			t.Fatal(err)
		}
		w.Write(deflated.Bytes())
		z.Close()
		return out.Bytes()
	}
	endless := func(start, again string) io.Reader {
		return io.MultiReader(strings.NewReader(start), strings.NewReader(strings.Repeat(again, (64<<20)/len(again))))
	}
	const ml = `<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>`
	entities := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">` + func() (more string) {
		for c := 'b'; c < 'k'; c++ {
			more += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
		}
		return more
	}() + `]>`
	for name, c := range map[string]struct {
		stream io.Reader
		want   string
	}{
		"a part that declares what it holds": {bytes.NewReader(bomb("xl/worksheets/sheet1.xml", 512<<20)), "a tag or text of more than 1048576 bytes"},
		"a part that declares little":        {bytes.NewReader(bomb("xl/worksheets/sheet1.xml", 10)), "xl/worksheets/sheet1.xml"},
		"a billion laughs in xlsx": {bytes.NewReader(packed(t, "", "xl/worksheets/sheet1.xml",
			entities+`<worksheet><sheetData><row><c t="str"><v>&j;</v></c></row></sheetData></worksheet>`)), "invalid character entity &j;"},
		"a billion laughs in SpreadsheetML": {strings.NewReader(entities + ml + `<Row><Cell><Data>&j;</Data></Cell></Row></Table></Worksheet></Workbook>`), ""},
		"SpreadsheetML, one text":           {endless(ml+"<Row><Cell><Data>", "xxxxxxxxxxxxxxxx"), "more than"},
		"SpreadsheetML, cells without end":  {endless(ml+"<Row>", "<Cell/>"), "behind column 16384"},
		"SpreadsheetML, NUL bytes":          {io.MultiReader(strings.NewReader(ml), &filled{0, 1 << 20}), "illegal character"},
		"HTML, one text":                    {endless("<table><tr><td>", "xxxxxxxxxxxxxxxx"), "a tag or text of more than"},
		"HTML, cells without end":           {endless("<table><tr>", "<td>"), "16384 columns"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := Open(c.stream)
			if err == nil {
				for err == nil {
					_, _, _, err = r.Next()
				}
				r.Close()
			}
			runtime.ReadMemStats(&after)
			var input *settlement.InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) || input.Do == "" {
				t.Errorf("got %v, want %s, with advice", err, c.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
				t.Errorf("%d bytes were allocated", took)
			}
		})
	}
}
