package orders

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// table is a file whose rows come as cells: a spreadsheet, Parquet, Arrow IPC. CSV
// is none, since its rows are cut out of blocks in parallel; from the cut on both go
// the same way (worker.record).
type table interface {
	// header returns the column names and the row they stand in, 0 where they stand
	// in none; io.EOF where there are none.
	header() (names []string, row int64, err error)
	// use is told, before the first row, in which fields the columns stand that are
	// wanted, and says which of them cannot be read.
	use(l *layout) []headerFault
	// next returns a row as its cells, empty ones at the end possibly left out, and
	// its number. They are valid until the next call. io.EOF is the end.
	next() (cells []cell, row int64, err error)
	close() error
}

// cell is one value of a row as text.
type cell struct {
	text []byte
	lost bool // was a number of more digits than its file keeps
	null bool // is NULL, which is more than an empty text
	// what is wrong with it, "" where nothing is, and what to do.
	what, do string
}

// tableRows is how many rows of a table are emitted at a time.
const tableRows = 8192

// RecogniseColumnar says whether head begins a Parquet or Arrow IPC file. Whether it
// holds orders or refunds shows only in its schema, which may be anywhere in the file.
func RecogniseColumnar(head []byte) bool {
	return isParquet(head) || isArrowFile(head) || isArrowStream(head)
}

// ReadTable is Read of a spreadsheet, also one that is spooled already, or of a file
// that RecogniseColumnar knows. Its header decides between
// orders and refunds, each with its mapping. A row counts as a line, a cell as a
// column; of Parquet and Arrow files the first row is 1, of spreadsheets it is the
// sheet's own number.
//
// A file that is of neither kind is refused as no statement.
func ReadTable(ctx context.Context, in delimited.Input, orders, refunds Mapping, emit func(arrow.Record) error) (*settlement.Statement, error) {
	if err := errors.Join(orders.faultsError(), refunds.faultsError()); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in.Workers = 1
	r := &reading{in: in, emit: emit, cells: true}
	st := newStatement(in, "")
	source := &hashed{stream: in.Stream, sum: sha256.New()}
	var workers []*worker
	var t table
	var err error
	if spooled, ok := in.Stream.(*sheet.Spooled); ok {
		t, err = openSheet(spooled)
	} else {
		t, err = openTable(source)
	}
	if err == nil {
		defer t.close()
		if err = r.tableHeader(t, orders, refunds, st); err == nil && !r.broken.Load() {
			workers = []*worker{newWorker(r)}
			err = workers[0].table(ctx, t)
		}
	}
	if stop := r.stops(ctx, err); stop != nil {
		return nil, stop
	}
	if spreadsheet, ok := t.(*sheetTable); ok {
		st.SHA256, st.Bytes = spreadsheet.reader.SHA256(), spreadsheet.reader.Size()
	} else {
		_, drained := io.Copy(io.Discard, source)
		if err == nil {
			err = drained
		}
		st.SHA256, st.Bytes = hex.EncodeToString(source.sum.Sum(nil)), source.size
	}
	for _, w := range workers {
		st.TextBytes += w.cellBytes
	}
	if source.broke != nil {
		err = in.ReadError(0, source.broke)
	}
	err = r.verdict(st, workers, sheet.At(err, in.File, in.Member))
	if refusal := (*settlement.Refusal)(nil); r.kind == "" && t != nil && errors.As(err, &refusal) {
		refusal.NotAStatement = true
	}
	return st, err
}

// hashed is a stream that is hashed and counted while it is read.
type hashed struct {
	stream io.Reader
	sum    hash.Hash
	size   int64
	broke  error // what ended the stream before its end
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.stream.Read(p)
	h.sum.Write(p[:n])
	h.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		h.broke = err
	}
	return n, err
}

func openTable(source io.Reader) (table, error) {
	head := make([]byte, 8)
	n, err := io.ReadFull(source, head)
	if errors.Is(err, io.EOF) {
		return nil, &settlement.InputError{What: "the file is empty (zero bytes)", Do: "export it again; an extract without orders still has its header"}
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	whole := io.MultiReader(bytes.NewReader(head), source)
	if RecogniseColumnar(head) {
		return openArrow(head, whole)
	}
	return openSheet(whole)
}

// tableHeader decides kind and columns by the column names.
func (r *reading) tableHeader(t table, orders, refunds Mapping, st *settlement.Statement) error {
	names, row, err := t.header()
	if errors.Is(err, io.EOF) {
		return r.in.Errorf(0, "export it again; an extract without orders still has its header", "the file has no rows, not even a header")
	}
	if err != nil {
		return err
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	known := knownLayoutOf(names)
	asOrders, _ := kindOf(names, orders)
	asRefunds, _ := kindOf(names, refunds)
	switch {
	case asOrders == settlement.OrderExtract:
		r.kind, r.mapping = asOrders, orders
	case asRefunds == settlement.RefundExtract:
		r.kind, r.mapping = asRefunds, refunds
	case known != nil:
		r.kind, r.mapping, r.known = settlement.OrderExtract, orders, known
	default:
		return r.unknownTable(t, names, row)
	}
	st.Kind = r.kind
	faults := r.arrange(names, st)
	faults = append(faults, t.use(&r.layout)...)
	for _, f := range faults {
		at := settlement.Position{File: r.in.File, Member: r.in.Member, Line: row}
		if f.field >= 0 {
			at.Column = int64(f.field) + 1
		}
		r.headerFault(f, at)
	}
	return nil
}

// unknownTable says what a table is that is not read. Some exports have a title
// above their header.
func (r *reading) unknownTable(t table, names []string, row int64) error {
	if what, do, ok := foreignHeader(names); ok {
		return r.in.Errorf(0, do, "this is %s", what)
	}
	if cells, _, err := t.next(); err == nil {
		var second []string
		for _, c := range cells {
			second = append(second, strings.TrimSpace(string(c.text)))
		}
		if what, do, ok := foreignHeader(second); ok {
			return r.in.Errorf(0, do, "this is %s", what)
		}
		if _, ok := kindOf(second, Mapping{}); ok || knownLayoutOf(second) != nil {
			return r.in.Errorf(row, "remove what stands above the header", "the first row is not the header")
		}
	}
	return r.in.Errorf(row, "orders need "+plainLayout(settlement.OrderExtract)+"; refunds need "+plainLayout(settlement.RefundExtract)+"; other names are given with orders.columns or refunds.columns",
		"not a file of a known kind: its columns are %s", delimited.Listed(names, 12))
}

// table reads the rows of t and emits them.
func (w *worker) table(ctx context.Context, t table) error {
	for ended := false; !ended; {
		if err := ctx.Err(); err != nil {
			return err
		}
		settlement.Reset(&w.events)
		for rows := 0; rows < tableRows; rows++ {
			cells, row, err := t.next()
			if errors.Is(err, io.EOF) {
				ended = true
				break
			}
			if err != nil {
				return err
			}
			w.cellRow(cells, row)
		}
		if len(w.events.Line) == 0 || w.broken.Load() {
			continue
		}
		w.complete()
		if err := w.emit(settlement.Record(&w.events)); err != nil {
			return emitError{err}
		}
	}
	return nil
}

// cellRow judges a row of a table.
func (w *worker) cellRow(cells []cell, row int64) {
	w.line, w.bad, w.told = row, false, 0
	s := &w.splitter
	s.quoted, s.fields, s.starts, s.unescaped = true, s.fields[:0], s.starts[:0], s.unescaped[:0]
	blank := true
	for i, c := range cells {
		w.cellBytes += int64(len(c.text)) + 1 // as a CSV has it
		if len(c.text) > 0 || c.what != "" {
			blank = false
			if i >= w.layout.fields {
				w.problems.Add(&settlement.InputError{Position: w.position(i), What: "a cell to the right of the header's last", Do: "give the column a name, or clear it"})
				w.broken.Store(true)
				return
			}
		}
		s.fields, s.starts = append(s.fields, c.text), append(s.starts, i)
	}
	if blank && !hasNull(cells) {
		if w.blank == 0 {
			w.blank = row
		}
		return
	}
	for len(s.fields) < w.layout.fields {
		s.fields, s.starts = append(s.fields, nil), append(s.starts, len(s.starts))
	}
	s.fields, s.starts = s.fields[:w.layout.fields], s.starts[:w.layout.fields]
	for c := range columnCount {
		at := w.layout.at[c]
		if at < 0 || at >= len(cells) {
			continue
		}
		if what, do := faultOfCell(c, &cells[at]); what != "" {
			w.fault(c, do, "%s", what)
			w.told |= 1 << c
			s.fields[at] = nil
		}
	}
	w.record(row)
}

func hasNull(cells []cell) bool {
	for _, c := range cells {
		if c.null {
			return true
		}
	}
	return false
}

// faultOfCell says what is wrong with a cell before its text is read as column c.
func faultOfCell(c column, value *cell) (what, do string) {
	switch {
	case value.what != "":
		return value.what, value.do
	case value.null && c == colOrderNo:
		return "NULL", "every row needs an order number"
	case value.null && c == colAmount:
		return "NULL", "every row needs an amount"
	case value.lost && isID(c):
		return settlement.Masked(string(value.text)) + " is a number of more than 15 digits, of which a spreadsheet keeps 15: the last ones are lost",
			"export it as CSV, or with the numbers as text, and do not save it with a spreadsheet before"
	case !utf8.Valid(value.text) || bytes.IndexByte(value.text, 0) >= 0:
		return "no UTF-8 text", "write the column as UTF-8 text"
	}
	return "", ""
}

// isID says that column c holds numbers of which every digit counts.
func isID(c column) bool {
	switch c {
	case colOrderNo, colRefundNo, colAccount, colPaymentNo, colProviderTxnID:
		return true
	}
	return false
}
