package orders

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// Answer is what a query gave, as text that can be kept and read again later.
type Answer struct {
	Source string `json:"source"` // under which messages and tables know it
	SHA256 string `json:"sha256"` // of the text
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	// Unread are the columns of which the text has the name and no value, since nothing
	// used them when the database was asked.
	Unread []string `json:"unread_columns,omitempty"`
}

// Ask asks the query and writes the text of its answer, which ReadAnswer reads. Of
// columns that are not used it has no value. Errors are those of Read, as far as they
// do not need the rows to be read.
func (q *Query) Ask(ctx context.Context, kind settlement.StatementKind, m Mapping, to io.Writer) (a Answer, err error) {
	a.Source = q.Source(kind)
	err = q.answered(ctx, kind, m, func(text *queryText) error {
		h := sha256.New()
		n, err := io.Copy(io.MultiWriter(to, h), text)
		a.SHA256, a.Bytes, a.Rows = hex.EncodeToString(h.Sum(nil)), n, text.rows
		for i, name := range text.names {
			if text.cells[i] == nil {
				a.Unread = append(a.Unread, strings.TrimSpace(name))
			}
		}
		return err
	})
	var bad *settlement.InputError
	var refusal *settlement.Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &bad):
		refusal = settlement.Refuse(bad)
		sayRows(refusal)
	default:
		return a, err
	}
	refusal.Statement = newStatement(delimited.Input{File: a.Source}, kind)
	return a, refusal
}

// ReadAnswer reads, in place of asking, the text of an answer that was kept, in.Stream.
// A column that is used now and was not then has no values there: that is a
// *DatabaseError, since only the database has them. q is nil where nothing is asked any
// more.
func ReadAnswer(ctx context.Context, in delimited.Input, q *Query, kind settlement.StatementKind, m Mapping, a Answer, emit func(arrow.Record) error) (*settlement.Statement, error) {
	required, optional := columnsOf(kind)
	for _, c := range slices.Concat(required, optional) {
		if name, _ := m.headerName(c); slices.Contains(a.Unread, name) {
			return nil, &DatabaseError{Source: a.Source,
				What: fmt.Sprintf("the column %s is read now, and was not when the database was asked: what was kept of its answer has no values of it", name),
				Do:   "ask again: run the day with --refresh"}
		}
	}
	in.File = a.Source
	st, err := readAnswer(ctx, in, kind, m, emit)
	var refusal *settlement.Refusal
	if errors.As(err, &refusal) {
		for _, e := range refusal.Errors {
			e.Do = strings.TrimPrefix(e.Do+"; where it was put right in the database, run the day with --refresh", "; ")
		}
	}
	if err == nil && q != nil {
		q.noteOrder(st)
	}
	return st, err
}
