package alipay

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// Read reads a trade bill. emit is called from in.Workers goroutines at a time
// with records of the schema of settlement.Lines; a record is valid during the
// call only. An error of emit, and one of ctx, stops the reading and is returned
// as it is.
//
// A bill that may not be used returns a *settlement.Refusal; rows of it may have
// been emitted by then. The statement is returned in any case, as far as it was
// read.
//
// A part of a bill (Statement.Part above 0) is not refused for totals that do
// not tie or are missing, because its footer may speak of all parts: it is not
// to be used before TieParts has said so.
func Read(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	st := &settlement.Statement{
		File: in.File, Member: in.Member, Kind: settlement.TradeBill, Wallet: settlement.Alipay, Currency: "CNY",
		Account: in.Account, From: settlement.NoDay, Until: settlement.NoDay, Part: partNumber(in.File, in.Member),
		Watermark: settlement.NoInstant,
	}
	lines, err := newLineReader(in)
	if err == nil {
		err = readBill(ctx, lines, st, emit)
	}
	return st, verdict(lines, st, err)
}

// emitError carries an error of emit through the parsing. It does not unwrap: an
// InputError inside is not one of this file.
type emitError struct{ error }

// verdict fills in the content's hash and says how a reading ended.
func verdict(lines *lineReader, st *settlement.Statement, err error) error {
	if own, ok := ofTheRun(err); ok {
		return own
	}
	if drained := lines.from.Drain(); drained == nil {
		st.SHA256, st.Bytes = lines.from.SHA256(), lines.from.Size()
	} else if err == nil {
		err = drained
	}
	return refused(st, err)
}

// ofTheRun tells errors that are not the file's: those of emit and of the context.
func ofTheRun(err error) (error, bool) {
	var emitting emitError
	switch {
	case errors.As(err, &emitting):
		return emitting.error, true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err, true
	}
	return nil, false
}

// refused makes an error of the file a refusal.
func refused(st *settlement.Statement, err error) error {
	var refusal *settlement.Refusal
	var fault *settlement.InputError
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &fault):
		refusal = settlement.Refuse(fault)
	default:
		return err
	}
	refusal.Statement = st
	return refusal
}

func readBill(ctx context.Context, lines *lineReader, st *settlement.Statement, emit func(arrow.Record) error) error {
	pre, err := lines.readPreamble(billFile)
	st.Notes = append(st.Notes, pre.notes...)
	if pre.stated != "" {
		st.Account = pre.account
	}
	st.From, st.Until = pre.from, pre.until
	if err != nil {
		return err
	}
	head, faults := parseHeader(lines.in, pre.headerLine, pre.header)
	if head != nil {
		st.Layout, st.Drift = head.layout, head.drift()
	}
	if len(faults) > 0 {
		return &settlement.Refusal{Source: st.Source(), Errors: faults}
	}
	if err := pre.complete(lines); err != nil {
		return err
	}
	if len(head.unknown) > 0 {
		st.Notef("columns not read: %s", strings.Join(head.unknown, ", "))
	}
	problems := &delimited.Problems{}
	sum, err := readRows(ctx, lines, st, head, problems, emit)
	end := &trailer{}
	if err == nil {
		end, err = lines.readTrailer(problems.Add)
	}
	// A stream that breaks is one problem more: the bad rows before are listed too.
	var fault *settlement.InputError
	if errors.As(err, &fault) {
		problems.Add(fault)
	} else if err != nil {
		return err
	}
	return conclude(lines.in, st, sum, end, problems)
}

// readRows parses the rows in parallel.
func readRows(ctx context.Context, lines *lineReader, st *settlement.Statement, head *header, problems *delimited.Problems, emit func(arrow.Record) error) (*tally, error) {
	sum := &tally{}
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	workers := make([]*worker, max(lines.in.Workers, 1))
	for i := range workers {
		workers[i] = &worker{
			in: lines.in, gb18030: lines.gb18030, header: head, account: []byte(st.Account), from: st.From, until: st.Until,
			types:    typeWords{payment: encoded(typeOf[settlement.Payment], lines.gb18030), refund: encoded(typeOf[settlement.Refund], lines.gb18030)},
			problems: problems,
		}
	}
	err := lines.from.Blocks(ctx, []byte("#"), func(number int, b *delimited.Block) error {
		w := workers[number]
		settlement.Reset(&w.lines)
		w.parse(b)
		if w.lines.Len() == 0 {
			return nil
		}
		record := settlement.Record(&w.lines)
		defer record.Release()
		if err := emit(record); err != nil {
			return emitError{err}
		}
		return nil
	})
	for _, w := range workers {
		sum.merge(&w.tally)
	}
	return sum, err
}

// conclude compares the rows with the footers.
func conclude(in delimited.Input, st *settlement.Statement, sum *tally, end *trailer, problems *delimited.Problems) error {
	st.KindSums = sum.sums
	for _, s := range sum.sums {
		st.Rows += s.Rows
	}
	st.Notes = append(st.Notes, sum.notes()...)
	for _, fault := range sum.faults(in) {
		problems.Add(fault)
	}
	if refusal := problems.Refusal(st.Source()); refusal != nil {
		return refusal
	}
	whole := end.payments.line != 0 && end.refunds.line != 0
	none := end.payments.line == 0 && end.refunds.line == 0
	if !whole && !(none && st.Part > 0) {
		return in.Errorf(0, "the file is truncated: fetch it again", "the file ends without its control totals (%s)", end.missing())
	}
	for _, extra := range append(end.payments.extra, end.refunds.extra...) {
		st.Notef("the footer also states %q, which is not checked", extra)
	}
	if none {
		return nil
	}
	st.Totals = end.totals(sum.sums)
	if st.Part > 0 {
		return nil
	}
	return refuseUntied(in, st, end.lines())
}

func (t *trailer) missing() string {
	var names []string
	for _, f := range []struct {
		line int64
		name string
	}{{t.payments.line, paymentFooter.label}, {t.refunds.line, refundFooter.label}} {
		if f.line == 0 {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// refuseUntied refuses a bill of which a total does not tie. lines are those of
// the totals.
func refuseUntied(in delimited.Input, st *settlement.Statement, lines []int64) error {
	refusal := &settlement.Refusal{Source: st.Source(), Totals: st.Totals}
	for i, total := range st.Totals {
		if !total.Ties() {
			fault := in.Errorf(lines[i], "fetch the bill again; do not edit it", "%s", untied(total, fmt.Sprintf("its %d rows", st.Rows)))
			refusal.Add(fault)
		}
	}
	if len(refusal.Errors) == 0 {
		return nil
	}
	return refusal
}
