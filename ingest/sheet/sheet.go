// Package sheet reads the rows of spreadsheets as text, in bounded memory: Excel
// workbooks (.xlsx), SpreadsheetML 2003 (XML with the name .xls, as Alipay's portal
// exports), and HTML tables (also with the name .xls, as Taobao exports). It knows
// cells, not columns: what they mean is the providers'.
//
//	stream ──► temporary file ──► zip: shared strings, styles, worksheets ┐
//	                              XML: worksheets                         ├─► rows of Cells
//	                              HTML: tables                            ┘
//
// Workbooks are read here and not by a library because a reader of money must tell
// what the libraries' row readers do not say: whether a number was typed as one
// (long order numbers have then lost digits), whether a formula has a value, and
// whether a sheet ended or broke off.
package sheet

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"reconcile/settlement"
)

// What a spreadsheet may hold. The first three are Excel's own limits.
const (
	maxColumns = 16_384
	maxRows    = 1_048_576
	maxCell    = 96 << 10 // bytes of a cell's text: 32,767 characters
	maxRow     = 4 << 20  // bytes of a row's texts
	maxToken   = 1 << 20  // bytes of one tag or text of XML, with its entities
	maxDepth   = 64       // of tags within tags
	maxSheets  = 1_000
	maxStyles  = 65_536
	maxStrings = 128 << 20 // bytes of a workbook's shared strings
	maxFile    = 1 << 30   // bytes of a spreadsheet
	maxPart    = 8 << 30   // bytes that one part of a workbook unfolds into
	maxRatio   = 250       // unfolded bytes for one compressed byte, beyond harmless
	harmless   = 64 << 20
)

// Cell is one cell of a row.
//
// Number says that the file holds a number and no text. Such a cell has no more than
// 15 digits: an order number of more has lost its last ones, whatever Text shows.
type Cell struct {
	Text   string
	Number bool
}

// Lost says that the cell is a whole number of more digits than a spreadsheet keeps.
func (c Cell) Lost() bool {
	if !c.Number {
		return false
	}
	whole, _, _ := strings.Cut(strings.TrimLeft(c.Text, "-0"), ".")
	return len(whole) > 15
}

// rows is a kind of spreadsheet.
type rows interface {
	next() (sheet string, row int, cells []Cell, err error)
}

// Reader reads the rows of one spreadsheet, sheet after sheet. It is not for
// concurrent use.
type Reader struct {
	spooled *Spooled
	own     bool // the spooled file is closed with the reader
	rows    rows
	failure error
}

// Open reads stream to its end into a temporary file and opens the spreadsheet in it.
// A stream that is a *Spooled is used as it is.
//
// Every error of Open and Next that speaks of the content is a *settlement.InputError
// without a file name: the line is the row, the column is the cell's. Errors of stream
// stay as they are. At gives them the file's name.
func Open(stream io.Reader) (*Reader, error) {
	spooled, given := stream.(*Spooled)
	if !given {
		var err error
		if spooled, err = Spool(stream); err != nil {
			return nil, err
		}
	}
	r := &Reader{spooled: spooled, own: !given}
	opened, err := openRows(spooled)
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	r.rows = opened
	return r, nil
}

func openRows(s *Spooled) (rows, error) {
	head := s.first
	switch {
	case isZip(head):
		return openWorkbook(s)
	case isSpreadsheetML(head):
		return newXMLRows(s.whole()), nil
	case isHTML(head):
		return newHTMLRows(s.whole(), head)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, fault(0, 0, "save it as .xlsx or CSV", "this is a binary Excel file (.xls of 1997), or a workbook with a password")
	}
	return nil, fault(0, 0, "deliver the export as it was downloaded", "this is no spreadsheet")
}

// Next returns the next row that has a text, with the name of its sheet and its number
// there, counted from 1. Cells are valid until the next call; empty ones at the end are
// left out. The error behind the last row of the last sheet is io.EOF: the file was then
// read to its end and is whole.
func (r *Reader) Next() (sheet string, row int, cells []Cell, err error) {
	if r.failure != nil {
		return "", 0, nil, r.failure
	}
	for {
		sheet, row, cells, err = r.rows.next()
		if err != nil {
			r.failure = err
			return sheet, row, nil, err
		}
		for len(cells) > 0 && cells[len(cells)-1].Text == "" {
			cells = cells[:len(cells)-1]
		}
		if len(cells) > 0 {
			return sheet, row, cells, nil
		}
	}
}

// SHA256 is the hash of the whole file, lower-case hex.
func (r *Reader) SHA256() string { return r.spooled.sum }

// Size is the number of bytes of the file.
func (r *Reader) Size() int64 { return r.spooled.size }

// Close removes the temporary file.
func (r *Reader) Close() error {
	if !r.own {
		return nil
	}
	return r.spooled.Close()
}

// At gives an error of this package the name of its file.
func At(err error, file, member string) error {
	e, ok := err.(*settlement.InputError) //nolint:errorlint // errors are returned unwrapped
	if !ok || e.File != "" {
		return err
	}
	placed := *e
	placed.File, placed.Member = file, member
	return &placed
}

func fault(row, column int, do, format string, args ...any) *settlement.InputError {
	return &settlement.InputError{
		Position: settlement.Position{Line: int64(row), Column: int64(column)},
		What:     fmt.Sprintf(format, args...),
		Do:       do,
	}
}

const (
	adviceFetch   = "download the export again"
	adviceDistill = "save the sheet as CSV (UTF-8) with the numbers as text"
)

// Recognise says whether head, the first bytes of a decoded stream, is a spreadsheet
// that Open reads. 64 KiB tell all of them.
func Recognise(head []byte) bool {
	return isZip(head) && isWorkbookHead(head) || isSpreadsheetML(head) || isHTML(head)
}

func isZip(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// isWorkbookHead looks for a part of a workbook, and none of another Office document,
// among the members that begin within head. Their order is each writer's own.
func isWorkbookHead(head []byte) bool {
	const nameAt = 30
	found := false
	for rest := head; ; {
		at := bytes.Index(rest, []byte("PK\x03\x04"))
		if at < 0 {
			return found
		}
		rest = rest[at:]
		if len(rest) > nameAt {
			name := partName(string(rest[nameAt:min(len(rest), nameAt+32)]))
			if strings.HasPrefix(name, "word/") || strings.HasPrefix(name, "ppt/") {
				return false
			}
			for _, part := range []string{"[content_types].xml", "_rels/.rels", "xl/", "docprops/"} {
				found = found || strings.HasPrefix(name, part)
			}
		}
		rest = rest[4:]
	}
}

// opening is the first text of head in lower case, without BOM and blanks.
func opening(head []byte) []byte {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	head = bytes.TrimLeft(head, " \t\r\n")
	if !bytes.HasPrefix(head, []byte("<")) {
		return nil // most files are no XML: nothing of them is looked at
	}
	return bytes.ToLower(head[:min(len(head), 8<<10)])
}

func isSpreadsheetML(head []byte) bool {
	start := opening(head)
	return bytes.HasPrefix(start, []byte("<")) && bytes.Contains(start, []byte("workbook")) &&
		bytes.Contains(start, []byte("urn:schemas-microsoft-com:office:spreadsheet"))
}

func isHTML(head []byte) bool {
	start := opening(head)
	if !bytes.HasPrefix(start, []byte("<")) || isSpreadsheetML(head) {
		return false
	}
	for _, tag := range []string{"<html", "<!doctype html", "<table", "<meta"} {
		if bytes.Contains(start, []byte(tag)) {
			return true
		}
	}
	return false
}
