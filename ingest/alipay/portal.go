package alipay

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// ReadPortal reads what the portal exports of an account's movements (账务组合查询): CSV,
// or the .xls that is SpreadsheetML, which comes as a *sheet.Spooled. Records are of
// settlement.FundLines; else it is like Read. The file states no totals.
func ReadPortal(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	st := fundStatement(in, portalLayout)
	st.Notef("a portal export states no totals: that all its rows are there is not proved")
	if _, ok := in.Stream.(*sheet.Spooled); ok {
		return st, readWorkbook(ctx, in, st, emit)
	}
	lines, err := newLineReader(in)
	if err == nil {
		err = readPortal(ctx, lines, st, emit)
	}
	return st, verdict(lines, st, err)
}

func readPortal(ctx context.Context, lines *lineReader, st *settlement.Statement, emit func(arrow.Record) error) error {
	head, noType, err := lines.openFunds(st, portalLayout, portalFile)
	if err != nil {
		return err
	}
	if head.at[channel] < 0 {
		st.Notef("no column 支付渠道: rows copied from an aggregated settlement account (聚合结算渠道) cannot be told from Alipay's own; the .xls export has it")
	}
	problems := &delimited.Problems{}
	sum, err := lines.readFunds(ctx, st, head, portalLayout, problems, emit)
	ended := false
	if err == nil {
		ended, err = lines.readPortalEnd(problems.Add)
	}
	if err := streamFault(problems, err); err != nil {
		return err
	}
	if err := concludeFunds(lines.in, portalLayout, st, sum, noType, problems, false); err != nil {
		return err
	}
	if !ended {
		return lines.in.Errorf(0, "the file is truncated: export it again", "the file ends without its last line, #导出时间")
	}
	return nil
}

// readPortalEnd reads to the end of the file; ended says that its last line was there.
func (l *lineReader) readPortalEnd(report func(*settlement.InputError)) (ended bool, err error) {
	for {
		text, line, err := l.next()
		if err == io.EOF {
			return ended, nil
		}
		if err != nil {
			return ended, err
		}
		switch text = unpadded(text); {
		case text == "":
		case strings.HasPrefix(text, "#导出时间"):
			ended = true
		default:
			report(l.in.Errorf(line, adviceForm, "a line that does not belong behind the rows of %s", portalFile.name))
		}
	}
}

// workbookRows is how many rows of a workbook are handed over at a time.
const workbookRows = 8192

// workbook reads the sheets of an export. The header stands on the first alone, and
// the sheets are segments that overlap: a row that another sheet has had is its copy.
type workbook struct {
	*fundWorker
	pre     *preamble
	noType  *settlement.InputError
	serial  int // the field of 序号, which counts anew on each sheet, or -1
	seen    map[settlement.ID]int
	sheets  int
	run     int
	repeats counted
}

func readWorkbook(ctx context.Context, in delimited.Input, st *settlement.Statement, emit func(arrow.Record) error) error {
	from, err := sheet.Open(in.Stream)
	if err != nil {
		return refused(st, sheet.At(err, in.File, in.Member))
	}
	defer from.Close()
	st.SHA256, st.Bytes = from.SHA256(), from.Size()
	b := &workbook{
		fundWorker: &fundWorker{in: in, layout: portalLayout, problems: &delimited.Problems{}},
		pre:        &preamble{from: settlement.NoDay, until: settlement.NoDay}, seen: map[settlement.ID]int{},
	}
	err = b.read(ctx, from, st, emit)
	if own, ok := ofTheRun(err); ok {
		return own
	}
	return refused(st, err)
}

func (b *workbook) read(ctx context.Context, from *sheet.Reader, st *settlement.Statement, emit func(arrow.Record) error) error {
	for {
		name, row, cells, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if err := streamFault(b.problems, sheet.At(err, b.in.File, b.in.Member)); err != nil {
				return err
			}
			break
		}
		if name != b.sheet || b.sheets == 0 {
			b.sheet = name
			b.sheets++
			b.nextRun()
		}
		b.line = int64(row)
		if b.header == nil {
			err = b.before(cells, st)
		} else {
			b.take(cells)
		}
		if err != nil {
			return err
		}
		if b.lines.Len() >= workbookRows {
			if err := errors.Join(ctx.Err(), b.hand(emit)); err != nil {
				return err
			}
		}
	}
	if b.header == nil {
		if refusal := b.problems.Refusal(st.Source()); refusal != nil {
			return refusal
		}
		return b.in.Errorf(0, adviceFetch, "no sheet has the header of %s", portalFile.name)
	}
	if err := errors.Join(ctx.Err(), b.hand(emit)); err != nil {
		return err
	}
	if r := b.repeats; r.lines > 0 {
		st.Notef("%d rows (%s) stand on several sheets (first on row %d): each is counted once", r.lines, r.sum, r.first)
	}
	return concludeFunds(b.in, portalLayout, st, &b.tally, b.noType, b.problems, false)
}

// nextRun: the next line is not a neighbour of the one before.
func (b *workbook) nextRun() {
	b.run++
	b.tally.open(b.run)
}

// rowText is a row as the line of a CSV.
func rowText(cells []sheet.Cell) string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = strings.TrimSpace(c.Text)
	}
	return unpadded(strings.Join(texts, ","))
}

// before takes a row before the header, or the header. Titles are passed over; the
// account and the period may stand there.
func (b *workbook) before(cells []sheet.Cell, st *settlement.Statement) error {
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = c.Text
	}
	if text := rowText(cells); !isPortalHeader(names) {
		if strings.HasPrefix(text, "#账号") || strings.HasPrefix(text, "#查询起始日期") {
			if why := b.pre.take(text, b.line, portalFile); why != nil {
				return b.in.Errorf(b.line, adviceForm, "sheet %s: %v", b.sheet, why)
			}
		}
		return nil
	}
	b.pre.fill(st, b.in)
	head, noType, faults := portalLayout.parse(b.in, b.line, names)
	if head != nil {
		st.Layout, st.Drift = head.layout+", workbook", portalLayout.drift(head)
	}
	if len(faults) > 0 {
		return &settlement.Refusal{Source: st.Source(), Errors: faults}
	}
	head.noteUnknown(st)
	b.serial, head.at[serial] = head.at[serial], -1
	b.header, b.noType = head, noType
	b.account, b.from, b.until = []byte(st.Account), st.From, st.Until
	return b.pre.agrees(&lineReader{in: b.in})
}

// take takes a row behind the header.
func (b *workbook) take(cells []sheet.Cell) {
	text := rowText(cells)
	switch {
	case len(cells) > len(b.header.names):
		b.problems.Add(b.in.Errorf(b.line, adviceForm, "sheet %s: %d cells where the header has %d", b.sheet, len(cells), len(b.header.names)))
		return
	case strings.HasPrefix(text, "#"), text == "", text == portalFile.title:
		return // 导出时间, and the titles of further sheets
	case slices.EqualFunc(cells, b.header.names[:len(cells)], func(c sheet.Cell, name string) bool { return strings.TrimSpace(c.Text) == name }):
		return // the header again
	}
	for c, at := range b.header.at {
		b.cells[c] = nil
		if at < 0 || at >= len(cells) {
			continue
		}
		switch fundColumn(c) {
		case flowNo, fundTxn, fundOrder, baseOrder:
			if cells[at].Lost() {
				b.bad(fundColumn(c), "export it as CSV", "%s is a number of more than 15 digits: the last ones are lost", cells[at].Text)
				return
			}
		}
		b.cells[c] = append([]byte(nil), strings.TrimSpace(cells[at].Text)...)
	}
	b.hasher.Start("row")
	for i, c := range cells {
		if i != b.serial {
			b.hasher.Text([]byte(strings.TrimSpace(c.Text)))
		}
	}
	id := b.hasher.ID()
	if of, ok := b.seen[id]; ok && of != b.sheets {
		if m, ok := b.money(); ok {
			b.repeats.add(m.amount, b.line)
		}
		b.nextRun()
		return
	}
	b.seen[id] = b.sheets
	b.row()
}
