package wechatpay

import (
	"bytes"
	"context"
	"errors"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// headLength is how much of a stream Recognise and Foreign look at.
const headLength = 64 << 10

// file is what every kind of bill has while it is read.
type file struct {
	in        delimited.Input
	reader    *delimited.Reader
	statement *settlement.Statement
	problems  *delimited.Problems
	expected  expectedDay

	totals      []statedTotal
	trailerLine int64 // of the values of the control totals, 0 where they were not found
	untied      *settlement.Refusal
}

func newFile(in delimited.Input, kind settlement.StatementKind) file {
	in.Workers = max(in.Workers, 1)
	return file{
		in: in, reader: delimited.NewReader(in), problems: new(delimited.Problems), expected: dayBefore(in),
		statement: &settlement.Statement{
			File: in.File, Member: in.Member, Kind: kind, Wallet: settlement.WeChat, Currency: "CNY",
			From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
		},
	}
}

// emitError carries an error of emit past the errors of the input.
type emitError struct{ err error }

func (e *emitError) Error() string { return e.err.Error() }

// finish makes of what reading the file came to, err, what a reader returns.
func (f *file) finish(ctx context.Context, err error) (*settlement.Statement, error) {
	if cancelled := ctx.Err(); cancelled != nil {
		return nil, cancelled
	}
	var failed *emitError
	var broken *settlement.InputError
	switch {
	case errors.As(err, &failed):
		return nil, failed.err
	case errors.As(err, &broken):
		f.problems.Add(broken)
	case err != nil:
		return nil, err
	default:
		if err = f.reader.Drain(); errors.As(err, &broken) {
			f.problems.Add(broken)
		} else if err == nil {
			f.statement.SHA256 = f.reader.SHA256()
		}
	}
	f.statement.Bytes = f.reader.Size()
	refusal := f.problems.Refusal(f.statement.Source())
	if refusal == nil {
		refusal = f.untied
	}
	if refusal != nil {
		refusal.Statement = f.statement
		return nil, refusal
	}
	return f.statement, nil
}

// firstLine reads the line of names; nil where it is not a header of the kind that
// is called what. The text is valid until the next line is read.
func (f *file) firstLine(what, empty string, isHeader func([]string) bool, layouts string) ([]byte, int64, error) {
	head, err := f.reader.Peek(headLength)
	if err != nil {
		return nil, 0, err
	}
	if len(bytes.TrimPrefix(head, bom)) == 0 {
		f.problems.Add(f.in.Errorf(0, fetchAgain+"; "+empty, "the file is empty"))
		return nil, 0, nil
	}
	if other, do, foreign := Foreign(head); foreign {
		f.problems.Add(f.in.Errorf(1, do, "this is %s, not %s", other, what))
		return nil, 0, nil
	}
	text, line, err := f.reader.Line()
	if err != nil {
		return nil, 0, err
	}
	text = bytes.TrimPrefix(text, bom)
	if !isHeader(headerNames(text)) {
		f.problems.Add(f.in.Errorf(1, layouts, "the first line is not the header of %s of WeChat Pay", what))
		return nil, 0, nil
	}
	return text, line, nil
}

// reportHeader records what is wrong with the line of names, and what is not known
// of it; ok says that the rows can be read.
func (f *file) reportHeader(text []byte, line int64, unknown []string, faults []headerFault) (ok bool) {
	for _, fault := range faults {
		f.problems.Add(f.errorAt(line, delimited.ColumnAt(text, fault.offset, false), fault.name, fault.what, fault.do))
	}
	for _, name := range unknown {
		f.statement.Notef("column %q is not known and was left out", name)
	}
	return len(faults) == 0
}

func (f *file) errorAt(line, column int64, name, what, do string) *settlement.InputError {
	return &settlement.InputError{
		Position:   settlement.Position{File: f.in.File, Member: f.in.Member, Line: line, Column: column},
		ColumnName: name, What: what, Do: do,
	}
}
