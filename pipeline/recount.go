package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// Recount says how a control total of a file is computed again from the table
// statement_lines: the sum of Measure over the file's lines, and Copies, what those
// lines of the file add to it that stand in the table under another file. Copies
// has the sign of the table and is in fen, or in rows. The proof in run.json notes
// it with each such check, so that a result can be proved again by itself.
type Recount struct {
	settlement.Measure
	Copies int64
}

// Of computes the total from the lines of one file, by kind, as the file would
// print it; in rows, or in fen.
func (r Recount) Of(lines func(settlement.Kind) output.LineTotals) int64 {
	sum := r.Copies
	for kind := settlement.Payment; kind <= settlement.Expense; kind++ {
		if !r.Has(kind) {
			continue
		}
		v, _ := lines(kind).Measure(r.Column)
		sum += v
	}
	if r.Negate {
		return -sum
	}
	return sum
}

const (
	recountTurned = " × −1"
	recountKinds  = " of "
	recountCopies = "; copies "
)

// String prints r as "Σ fee_amount × −1 of payment, refund; copies 0.00".
func (r Recount) String() string {
	out := "Σ " + r.Column
	if r.Negate {
		out += recountTurned
	}
	var kinds []string
	for kind := settlement.Payment; kind <= settlement.Expense; kind++ {
		if r.Has(kind) {
			kinds = append(kinds, kind.String())
		}
	}
	copies := settlement.ControlTotal{Computed: r.Copies, Measure: r.Measure}
	return out + recountKinds + strings.Join(kinds, ", ") + recountCopies + copies.ComputedText()
}

// ErrRecount marks a text that is no Recount.
var ErrRecount = errors.New("not a note on how a total is computed")

// ParseRecount reads what String prints.
func ParseRecount(text string) (Recount, error) {
	var r Recount
	measure, copies, ok := strings.Cut(text, recountCopies)
	column, kinds, ok2 := strings.Cut(measure, recountKinds)
	column, ok3 := strings.CutPrefix(column, "Σ ")
	if !ok || !ok2 || !ok3 {
		return r, fmt.Errorf("%w: %q", ErrRecount, text)
	}
	r.Column, r.Negate = strings.CutSuffix(column, recountTurned)
	if _, ok := (output.LineTotals{}).Measure(r.Column); !ok {
		return r, fmt.Errorf("%w: column %q", ErrRecount, r.Column)
	}
	for _, word := range strings.Split(kinds, ", ") {
		kind := slices.Index(settlement.KindWords, word)
		if kind < int(settlement.Payment) {
			return r, fmt.Errorf("%w: kind %q", ErrRecount, word)
		}
		r.Kinds |= settlement.KindSet(settlement.Kind(kind))
	}
	var err error
	if r.Column == "rows" {
		r.Copies, err = strconv.ParseInt(copies, 10, 64)
	} else {
		var fen settlement.Amount
		fen, err = settlement.ParseAmount([]byte(copies))
		r.Copies = int64(fen)
	}
	if err != nil {
		return r, fmt.Errorf("%w: copies %q", ErrRecount, copies)
	}
	return r, nil
}
