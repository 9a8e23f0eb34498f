package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// htmlRows reads the tables of an HTML page: each is a sheet.
type htmlRows struct {
	tokens *html.Tokenizer
	table  int
	inside bool // a table

	row   int
	inRow bool
	cells []Cell
	down  map[int]int // rows that a cell above still covers, by column from 0
	bytes int

	inCell bool
	number bool
	text   []byte
	span   int
	below  int
}

var charset = regexp.MustCompile(`charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)`)

// htmlEncoding decides by the page's own word, else by its first bytes.
func htmlEncoding(head []byte) (encoding.Encoding, error) {
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		return nil, nil
	}
	if label := charset.FindSubmatch(opening(head)); label != nil {
		e, ok := encodingNamed(string(label[1]))
		if !ok {
			return nil, fault(0, 0, "save it as CSV (UTF-8)", "an HTML page in the encoding %s", label[1])
		}
		return e, nil
	}
	for len(head) > 0 && !utf8.RuneStart(head[len(head)-1]) {
		head = head[:len(head)-1]
	}
	if utf8.Valid(head[:max(len(head)-1, 0)]) {
		return nil, nil
	}
	return simplifiedchinese.GB18030, nil
}

func newHTMLRows(from io.Reader, head []byte) (*htmlRows, error) {
	e, err := htmlEncoding(head)
	if err != nil {
		return nil, err
	}
	if e != nil {
		from = e.NewDecoder().Reader(from)
	}
	in := bufio.NewReaderSize(from, 64<<10)
	h := &htmlRows{tokens: html.NewTokenizer(in), down: map[int]int{}}
	h.tokens.SetMaxBuf(maxToken)
	return h, nil
}

func (h *htmlRows) name() string { return fmt.Sprintf("table %d", h.table) }

func (h *htmlRows) fault(do, format string, args ...any) error {
	return fault(h.row, len(h.cells)+1, do, h.name()+": "+format, args...)
}

func (h *htmlRows) next() (string, int, []Cell, error) {
	for {
		kind := h.tokens.Next()
		if kind == html.ErrorToken {
			return h.ended()
		}
		complete, err := h.take(kind)
		if err != nil {
			return h.name(), h.row, nil, err
		}
		if complete {
			return h.name(), h.row, h.cells, nil
		}
	}
}

func (h *htmlRows) ended() (string, int, []Cell, error) {
	err := h.tokens.Err()
	switch {
	case errors.Is(err, html.ErrBufferExceeded):
		err = h.fault(adviceDistill, "a tag or text of more than %d bytes", maxToken)
	case err != io.EOF: //nolint:errorlint // the tokenizer returns it as it is
		err = placed(err, h.row, 0)
	case h.inside:
		err = h.fault(adviceFetch, "the page ends before its table does")
	case h.table == 0:
		err = fault(0, 0, "download the export again: the site may have asked for a login", "an HTML page without a table")
	}
	return h.name(), h.row, nil, err
}

// take handles one token; complete says that a row ended with it.
func (h *htmlRows) take(kind html.TokenType) (complete bool, err error) {
	switch kind {
	case html.TextToken:
		if h.inCell && len(h.text) <= maxCell {
			h.text = append(h.text, html.UnescapeString(string(h.tokens.Raw()))...)
		}
		return false, nil
	case html.StartTagToken, html.SelfClosingTagToken:
		tag, more := h.tokens.TagName()
		return h.start(string(tag), more)
	case html.EndTagToken:
		tag, _ := h.tokens.TagName()
		return h.end(string(tag))
	}
	return false, nil
}

func (h *htmlRows) start(tag string, more bool) (complete bool, err error) {
	switch tag {
	case "table":
		if h.inside {
			return false, h.fault(adviceDistill, "a table within a table")
		}
		if h.table++; h.table > maxSheets {
			return false, h.fault(adviceDistill, "more than %d tables", maxSheets)
		}
		h.inside, h.row = true, 0
		clear(h.down)
	case "tr":
		if !h.inside {
			return false, nil
		}
		// A row may end where the next begins.
		complete, err = h.endRow()
		if !complete {
			h.beginRow()
			return false, err
		}
		// The finished cells are handed out now; the row that begins is begun by its
		// first cell.
		return true, err
	case "td", "th":
		if !h.inside {
			return false, nil
		}
		if err := h.endCell(); err != nil {
			return false, err
		}
		if !h.inRow {
			h.beginRow()
		}
		return false, h.beginCell(more)
	case "br", "p", "div":
		if h.inCell && len(h.text) <= maxCell {
			h.text = append(h.text, ' ')
		}
	}
	return false, nil
}

func (h *htmlRows) end(tag string) (complete bool, err error) {
	switch tag {
	case "td", "th":
		return false, h.endCell()
	case "tr":
		return h.endRow()
	case "table":
		if !h.inside {
			return false, nil
		}
		complete, err = h.endRow()
		h.inside = false
		return complete, err
	}
	return false, nil
}

func (h *htmlRows) beginRow() {
	h.row++
	h.inRow, h.cells, h.bytes = true, h.cells[:0], 0
	h.covered()
}

// covered leaves room for cells that reach down from above.
func (h *htmlRows) covered() {
	for h.down[len(h.cells)] > 0 {
		if h.down[len(h.cells)]--; h.down[len(h.cells)] == 0 {
			delete(h.down, len(h.cells))
		}
		h.cells = append(h.cells, Cell{})
	}
}

func (h *htmlRows) beginCell(more bool) error {
	h.inCell, h.number, h.span, h.below, h.text = true, false, 1, 0, h.text[:0]
	for more {
		var key, value []byte
		key, value, more = h.tokens.TagAttr()
		switch string(key) {
		case "colspan":
			h.span = count(value)
		case "rowspan":
			h.below = count(value) - 1
		case "x:num":
			h.number = true
		}
	}
	if len(h.cells)+h.span > maxColumns || h.row > maxRows {
		return h.fault(adviceDistill, "more than %d columns or %d rows", maxColumns, maxRows)
	}
	return nil
}

// count reads a number of columns or rows; browsers take 1 for what is none.
func count(text []byte) int {
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxRows)
}

func (h *htmlRows) endCell() error {
	if !h.inCell {
		return nil
	}
	h.inCell = false
	text := plainText(string(h.text))
	if h.bytes += len(text); len(h.text) > maxCell || h.bytes > maxRow {
		return h.fault(adviceDistill, "a cell of more than %d bytes, or a row of more than %d", maxCell, maxRow)
	}
	cell := Cell{Text: text}
	if plain, ok := decimal(text); ok && h.number {
		cell = Cell{Text: plain, Number: true}
	}
	for i := range h.span {
		if h.below > 0 {
			h.down[len(h.cells)] = h.below
		}
		if i > 0 {
			cell = Cell{}
		}
		h.cells = append(h.cells, cell)
	}
	h.covered()
	return nil
}

func (h *htmlRows) endRow() (complete bool, err error) {
	if err := h.endCell(); err != nil || !h.inRow {
		return false, err
	}
	h.inRow = false
	return true, nil
}

// plainText joins the words of a cell as a browser shows them.
func plainText(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " ")
}
