package orders

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// peekSize is how much of a file Recognise and the header's messages look at.
const peekSize = 64 << 10

// reading is one file being read: what its workers share.
type reading struct {
	in      delimited.Input
	kind    settlement.StatementKind
	mapping Mapping
	gb18030 bool
	known   *knownLayout // nil where the file is none
	words   knownWords
	// statusByTime says that a known layout has no status, and the payment time
	// stands in for it.
	statusByTime bool
	cells        bool // the rows are a table's cells, not lines
	layout       layout
	tables       tables
	emit         func(arrow.Record) error

	seam     *seam
	problems delimited.Problems
	unknown  unknownWords
	blanks   blankLines
	broken   atomic.Bool // a problem was found: nothing more needs to be emitted
	cutOff   atomic.Bool // the last line has no line end
}

// Read reads a whole extract. kind is OrderExtract or RefundExtract, or "" to
// take what Recognise says. emit is called from in.Workers goroutines with
// records of settlement.Events, valid only during the call; an error of it, or of
// ctx, stops the reading and is returned as it is. Rows of one file come in no
// particular order.
//
// A refused file gives a *settlement.Refusal that lists every bad record, the
// statement being filled with what was learnt; rows may have been emitted before.
// A faulty m is an error that joins its Faults.
//
// in.Account is taken for rows that state no account, in.Day is not used.
func Read(ctx context.Context, in delimited.Input, kind settlement.StatementKind, m Mapping, emit func(arrow.Record) error) (*settlement.Statement, error) {
	if err := m.faultsError(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in.Workers = max(in.Workers, 1)
	r := &reading{in: in, kind: kind, mapping: m, emit: emit}
	source := delimited.NewReader(in)
	st := newStatement(in, kind)
	var workers []*worker
	err := r.header(source, st)
	if err == nil && !r.broken.Load() {
		workers, err = r.rows(ctx, source)
	}
	if stop := r.stops(ctx, err); stop != nil {
		return nil, stop
	}
	if err == nil {
		err = source.Drain()
	} else {
		_ = source.Drain() // only for the hash of a file that is refused anyway
	}
	st.SHA256, st.Bytes = source.SHA256(), source.Size()
	return st, r.verdict(st, workers, err)
}

func newStatement(in delimited.Input, kind settlement.StatementKind) *settlement.Statement {
	return &settlement.Statement{
		File: in.File, Member: in.Member, Kind: kind, Currency: "CNY",
		From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
	}
}

// emitError marks an error of the caller's emit.
type emitError struct{ error }

// stops returns the error that ends the reading without a verdict on the file.
func (r *reading) stops(ctx context.Context, err error) error {
	var ours emitError
	if errors.As(err, &ours) {
		return ours.error
	}
	return ctx.Err()
}

// header reads the first record, decides kind, encoding and columns, and tells
// the statement what it saw.
func (r *reading) header(source *delimited.Reader, st *settlement.Statement) error {
	head, err := source.Peek(peekSize)
	if err != nil {
		return err
	}
	if len(head) == 0 {
		return r.in.Errorf(0, "export it again; an extract without orders still has its header", "the file is empty (zero bytes)")
	}
	if r.kind == "" {
		r.kind, _ = Recognise(head, r.mapping)
	}
	st.Kind = r.kind
	foreign, do, isForeign := Foreign(head)
	if r.kind == "" && isForeign {
		return r.in.Errorf(0, do, "this is %s", foreign)
	}
	if r.kind == "" {
		return r.in.Errorf(1, fmt.Sprintf("orders need %s; refunds need %s; other names are given with orders.columns or refunds.columns",
			plainLayout(settlement.OrderExtract), plainLayout(settlement.RefundExtract)), "the first line is no header of orders or refunds")
	}
	if r.kind == settlement.OrderExtract && !isMapped(head, r.mapping) {
		r.known = knownExport(head)
	}
	line, err := r.headerRecord(source)
	if err != nil {
		return err
	}
	if r.known != nil && r.mapping.Encoding == "" && !utf8.Valid(line) {
		r.mapping.Encoding = "gb18030"
	}
	if line, err = r.decide(line, st); err != nil {
		return err
	}
	if n := bytes.Count(line, []byte{','}) + 1; n > delimited.MaxFields { // before a name is made of each
		return r.in.Errorf(1, "this is no export of orders or refunds", "a header of %d columns; %d are read at most", n, delimited.MaxFields)
	}
	names := headerNames(line, r.gb18030)
	faults := r.arrange(names, st)
	var split splitter
	split.split(line)
	for _, f := range faults {
		if isForeign && r.known == nil && f.field < 0 {
			f.do = fmt.Sprintf("%s; the file looks like %s", f.do, foreign)
		}
		at := settlement.Position{File: r.in.File, Member: r.in.Member, Line: 1}
		if f.field >= 0 {
			at = positionIn(r.in, line, 1, split.start(f.field), r.gb18030)
		}
		r.headerFault(f, at)
	}
	return nil
}

// isMapped says that the configuration knows the header without our help.
func isMapped(head []byte, m Mapping) bool {
	return slices.ContainsFunc(headReadings(head, 1), func(names []string) bool {
		_, ok := kindOf(names, m)
		return ok
	})
}

// arrange lays the columns out under the kind, mapping and known layout that were
// decided, and tells the statement.
func (r *reading) arrange(names []string, st *settlement.Statement) []headerFault {
	if r.known != nil {
		r.statusByTime = r.mapping.Defaults["status"] == ""
		r.mapping = r.known.adapt(r.mapping, names)
		_, hasStatus := r.mapping.Columns[columnNames[colStatus]]
		r.statusByTime = r.statusByTime && !hasStatus
	}
	var faults []headerFault
	r.layout, faults = layOut(names, r.kind, r.mapping, r.known)
	st.Drift = driftOf(names, r.kind, r.mapping, r.known)
	r.tables = newTables(r.mapping, r.kind, r.in.Account)
	r.words = newKnownWords(r.known, r.gb18030)
	r.describe(st)
	return faults
}

func (r *reading) headerFault(f headerFault, at settlement.Position) {
	r.problems.Add(&settlement.InputError{Position: at, ColumnName: delimited.Short(f.name), What: f.what, Do: f.do})
	r.broken.Store(true)
}

// headerRecord reads the header without its last line end. It may go over
// several lines inside quotes.
func (r *reading) headerRecord(source *delimited.Reader) ([]byte, error) {
	var record []byte
	for quotes := 0; ; {
		line, number, err := source.Line()
		if err == io.EOF {
			return nil, r.in.Errorf(1, quoteAdvice, "%s in the header", quoteOpen)
		}
		if err != nil {
			return nil, err
		}
		record = append(record, line...)
		r.seam = newSeam(number + 1)
		if quotes += bytes.Count(line, []byte{'"'}); quotes%2 == 0 {
			break
		}
		if len(record) > delimited.MaxLine {
			return nil, r.in.Errorf(1, quoteAdvice, "%s in the header", quoteOpen)
		}
		record = append(record, '\n')
	}
	plain := bytes.TrimPrefix(bytes.TrimPrefix(record, markUTF8), markGB18030)
	var s splitter
	if _, what := s.split(plain); what != "" {
		return nil, r.in.Errorf(1, quoteAdvice, "%s in the header", what)
	}
	if len(bytes.TrimSpace(plain)) == 0 {
		return nil, r.in.Errorf(1, "the first line holds the column names; remove what stands before it", "a blank line where the header is expected")
	}
	if bytes.IndexByte(plain, '\r') >= 0 {
		return nil, r.in.Errorf(1, "export it with line ends LF or CRLF", "a carriage return inside the header")
	}
	return record, nil
}

// decide settles the encoding and takes the byte order mark off the header.
func (r *reading) decide(line []byte, st *settlement.Statement) ([]byte, error) {
	r.gb18030, _ = r.mapping.gb18030()
	if bytes.HasPrefix(line, markUTF8) {
		if r.gb18030 {
			st.Notef("the file begins with a UTF-8 byte order mark and was read as UTF-8 although %s.encoding says %s", r.kind, r.mapping.Encoding)
		}
		r.gb18030 = false
		line = line[len(markUTF8):]
	}
	if r.gb18030 {
		line = bytes.TrimPrefix(line, markGB18030)
		if _, asStated := kindOf(headerNames(line, true), r.mapping); !asStated && !isASCII(line) && utf8.Valid(line) {
			return nil, r.in.Errorf(1, fmt.Sprintf("remove %s.encoding", r.kind), "the header is UTF-8 and not %s", r.mapping.Encoding)
		}
		return line, nil
	}
	if !utf8.Valid(line) {
		return nil, r.notUTF8(1, line)
	}
	return line, nil
}

func (r *reading) notUTF8(line int64, text []byte) *settlement.InputError {
	e := r.in.Errorf(line, fmt.Sprintf("set %s.encoding: gb18030 if the file is GBK or GB18030, or export it as UTF-8", r.kind), "not UTF-8")
	at := 0
	for at < len(text) {
		char, size := utf8.DecodeRune(text[at:])
		if char == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	e.Position = positionIn(r.in, text, line, at, false)
	return e
}

// describe writes what the header says into the statement.
func (r *reading) describe(st *settlement.Statement) {
	words := "plain"
	if r.known != nil {
		words = r.known.name
	} else if len(r.mapping.Columns) > 0 {
		words = "mapped"
	}
	encoding := ""
	if r.gb18030 {
		encoding = ", GB18030"
	}
	st.Layout = fmt.Sprintf("%s, %d columns%s", words, r.layout.fields, encoding)
	named := slices.DeleteFunc(slices.Clone(r.layout.extra), func(name string) bool { return name == "" })
	if len(named) > 0 {
		st.Notef("columns not used: %s", delimited.Listed(named, 200))
	}
	if unnamed := len(r.layout.extra) - len(named); unnamed > 0 {
		st.Notef("%d columns without a name are not used", unnamed)
	}
	for _, c := range []column{colWallet, colShop, colPlatform} {
		// The plain layout of refunds has none of them: they are the order's.
		if c == colWallet && len(r.layout.walletText) > 0 {
			continue
		}
		if r.kind == settlement.OrderExtract && !r.layout.has(c) && r.mapping.Defaults[columnNames[c]] == "" {
			st.Notef("no column %s: it is not stated for any row", r.layout.names[c])
		}
	}
	if r.known != nil {
		r.known.note(st, r)
	} else if r.kind == settlement.OrderExtract && r.layout.has(colPayout) && !r.layout.has(colConfirmedAt) {
		st.Notef("%s is of no use without confirmed_at", r.layout.names[colPayout])
	}
}

// never is a trailer that no line starts with: the reader refuses NUL bytes.
var never = []byte{0}

// rows reads everything behind the header.
func (r *reading) rows(ctx context.Context, source *delimited.Reader) ([]*worker, error) {
	workers := make([]*worker, r.in.Workers)
	for i := range workers {
		workers[i] = newWorker(r)
	}
	err := source.Blocks(ctx, never, func(i int, b *delimited.Block) error {
		return workers[i].block(b)
	})
	if err != nil {
		return workers, err
	}
	if open := r.seam.open; open != nil {
		w := workers[0]
		w.data, w.line = open, r.seam.openLine
		_, what := w.split(open)
		if what == "" {
			what = quoteOpen
		}
		if r.seam.lost {
			w.quoteFault(what, quoteAdvice+"; the lines behind it were not judged")
		} else {
			w.quoteFault(what, quoteAdvice)
		}
	}
	return workers, nil
}

// verdict fills the statement from the workers and returns the refusal, nil
// where the file is good. failure is what ended the reading, if anything.
func (r *reading) verdict(st *settlement.Statement, workers []*worker, failure error) error {
	all := tally{latest: settlement.NoInstant}
	for _, w := range workers {
		if err := all.add(&w.tally); err != nil {
			r.problems.Add(r.in.Errorf(0, "", "%s: %v", r.layout.names[colAmount], err))
		}
	}
	st.Rows = all.rows
	if len(workers) > 0 {
		all.note(st, r)
		r.judgeProducts(st, workers)
	}
	r.blanks.judge(r)
	r.unknown.judge(r)
	if failure != nil {
		var input *settlement.InputError
		if !errors.As(failure, &input) {
			return failure
		}
		r.problems.Add(input)
	}
	if refusal := r.problems.Refusal(st.Source()); refusal != nil {
		refusal.Statement = st
		return refusal
	}
	st.Watermark = all.latest
	if r.mapping.statesWatermark() {
		st.Watermark = r.mapping.Watermark
	}
	return r.tie(st, all)
}

// tie compares the stated control totals with the rows.
func (r *reading) tie(st *settlement.Statement, all tally) error {
	if n := r.mapping.TotalRows; n != nil {
		st.Totals = append(st.Totals, settlement.ControlTotal{
			Name: "total_rows", Stated: *n, Computed: all.rows, Measure: settlement.Measure{Column: "rows"}})
	}
	if sum := r.mapping.TotalAmount; sum != nil {
		st.Totals = append(st.Totals, settlement.ControlTotal{
			Name: "total_amount", Stated: int64(*sum), Computed: int64(all.amount),
			Measure: settlement.Measure{Column: "amount", Negate: r.kind == settlement.RefundExtract}})
	}
	var refusal *settlement.Refusal
	for _, total := range st.Totals {
		if total.Ties() {
			continue
		}
		if refusal == nil {
			refusal = &settlement.Refusal{Source: st.Source(), Totals: st.Totals, Statement: st}
		}
		e := r.in.Errorf(0, "the extract is not complete, or the stated total is of another one: export both again",
			"stated %s, the rows give %s: difference %s", total.StatedText(), total.ComputedText(), total.DifferenceText())
		e.ColumnName = total.Name
		refusal.Add(e)
	}
	if refusal == nil {
		return nil
	}
	return refusal
}
