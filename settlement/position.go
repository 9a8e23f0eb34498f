package settlement

import (
	"fmt"
	"strings"
)

// Position is a place in an input. Line and Column count from 1 in decoded
// characters; 0 means that the finding is about the whole file or line. Member
// is the name inside an archive, "" where the file is none.
type Position struct {
	File   string
	Member string
	Line   int64
	Column int64
}

// String prints file!member:line:column and leaves out what is not known.
func (p Position) String() string {
	out := p.File
	if p.Member != "" {
		out += "!" + p.Member
	}
	if p.Line > 0 {
		out += fmt.Sprintf(":%d", p.Line)
		if p.Column > 0 {
			out += fmt.Sprintf(":%d", p.Column)
		}
	}
	return out
}

// InputError is one thing wrong with an input: where, in which column, what is
// wrong, and what to do about it.
type InputError struct {
	Position
	ColumnName string
	What       string
	Do         string
}

// Error prints `file!member:line:column: column name: what is wrong (what to do)`.
func (e *InputError) Error() string {
	out := e.Position.String() + ": "
	if e.ColumnName != "" {
		out += e.ColumnName + ": "
	}
	out += e.What
	if e.Do != "" {
		out += " (" + e.Do + ")"
	}
	return out
}

// MaxListed is how many bad records of one file are listed before a count
// stands for the rest.
const MaxListed = 100

// Refusal says that nothing of a file is used, and why. It lists up to
// MaxListed errors; More counts those beyond. Totals holds the control totals
// side by side where they did not tie. Statement is what was learnt of the file
// before it was refused, nil where it was not even recognised.
type Refusal struct {
	Source    string
	Errors    []*InputError
	More      int64
	Totals    []ControlTotal
	Statement *Statement
	// NotAStatement says that the file is none of a kind that a run uses: nothing is
	// missing from the run because it was refused.
	NotAStatement bool
}

// Add records one more error; beyond MaxListed it is only counted.
func (r *Refusal) Add(e *InputError) {
	if len(r.Errors) < MaxListed {
		r.Errors = append(r.Errors, e)
		return
	}
	r.More++
}

// Error prints every listed error on a line of its own.
func (r *Refusal) Error() string {
	var b strings.Builder
	for i, e := range r.Errors {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "\n%s: and %d more", r.Source, r.More)
	}
	return b.String()
}

// Refuse returns a Refusal with one error.
func Refuse(e *InputError) *Refusal {
	source := e.File
	if e.Member != "" {
		source += "!" + e.Member
	}
	return &Refusal{Source: source, Errors: []*InputError{e}}
}
