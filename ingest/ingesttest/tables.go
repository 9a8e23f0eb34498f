package ingesttest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"html"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// Cells parts a sample's text into the cells of its rows.
func Cells(text string) (rows [][]string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		rows = append(rows, strings.Split(line, ","))
	}
	return rows
}

// Read is the reader of a kind of file.
type Read func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error)

// Spooled gives a reader of spreadsheets its file as it is given to it in a run.
func Spooled(read Read) Read {
	return func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (statement *settlement.Statement, err error) {
		spooled, err := sheet.Spool(in.Stream)
		if err != nil {
			return nil, sheet.At(err, in.File, in.Member)
		}
		defer func() {
			if closing := spooled.Close(); err == nil {
				err = closing
			}
		}()
		in.Stream = spooled
		return read(ctx, in, emit)
	}
}

// Head gives recognise the first rows of a spreadsheet as it is given them in a run.
func Head(recognise func([]byte) bool) func([]byte) bool {
	return func(content []byte) bool {
		if !sheet.Recognise(content) {
			return false
		}
		spooled, err := sheet.Spool(bytes.NewReader(content))
		if err != nil {
			return false
		}
		defer spooled.Close()
		head, err := spooled.Head()
		return err == nil && recognise(head)
	}
}

// Workbook writes sheets of rows. A cell of digits behind a # is a number, others are
// texts.
func Workbook(sheets ...[][]string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	put := func(name, text string) {
		w, _ := z.Create(name)
		_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?>` + text))
	}
	var list, relations strings.Builder
	for i := range sheets {
		fmt.Fprintf(&list, `<sheet name="S%d" sheetId="%d" r:id="rId%d"/>`, i+1, i+1, i+1)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	put("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`)
	put("_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	put("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>`+list.String()+`</sheets></workbook>`)
	put("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+relations.String()+`</Relationships>`)
	for i, rows := range sheets {
		var b strings.Builder
		b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
		for y, row := range rows {
			fmt.Fprintf(&b, `<row r="%d">`, y+1)
			for x, text := range row {
				at := fmt.Sprintf("%s%d", columnLetters(x), y+1)
				if number, isNumber := strings.CutPrefix(text, "#"); isNumber {
					fmt.Fprintf(&b, `<c r="%s"><v>%s</v></c>`, at, number)
				} else if text != "" {
					fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, html.EscapeString(text))
				}
			}
			b.WriteString(`</row>`)
		}
		b.WriteString(`</sheetData></worksheet>`)
		put(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), b.String())
	}
	_ = z.Close()
	return out.Bytes()
}

func columnLetters(x int) string {
	if x >= 26 {
		return columnLetters(x/26-1) + columnLetters(x%26)
	}
	return string(rune('A' + x))
}

// HTMLTable writes rows as the HTML table that is named .xls.
func HTMLTable(rows [][]string) []byte {
	var b strings.Builder
	b.WriteString(`<html><head><meta charset="utf-8"></head><body><table>`)
	for _, row := range rows {
		b.WriteString("<tr>")
		for _, text := range row {
			b.WriteString("<td>" + html.EscapeString(strings.TrimPrefix(text, "#")) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table></body></html>")
	return []byte(b.String())
}

// SpreadsheetML writes the XML form of a workbook with the name .xls.
func SpreadsheetML(rows [][]string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S1"><Table>`)
	for _, row := range rows {
		b.WriteString("<Row>")
		for _, text := range row {
			kind := "String"
			if number, isNumber := strings.CutPrefix(text, "#"); isNumber {
				kind, text = "Number", number
			}
			fmt.Fprintf(&b, `<Cell><Data ss:Type="%s">%s</Data></Cell>`, kind, html.EscapeString(text))
		}
		b.WriteString("</Row>")
	}
	b.WriteString(`</Table></Worksheet></Workbook>`)
	return []byte(b.String())
}
