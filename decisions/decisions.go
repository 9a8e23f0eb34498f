// Package decisions reads what people decided of breaks, and tells breaks of it.
package decisions

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"reconcile/settlement"
)

// Register is what people decided of breaks: a CSV file to which rows are only ever
// added, with the columns break_id, decision, who and when, and where they are needed
// note and assignee; or a workbook with these columns among others, in which rows
// without a decision are of breaks that nobody has looked at. Of several rows for one
// break the last one counts; a note and an assignee stay until a later row names others.
type Register struct {
	// WriteOffLimit is the largest difference that may be written off, as a magnitude.
	WriteOffLimit settlement.Amount

	byBreak map[settlement.ID]*decision

	mu      sync.Mutex
	applied map[settlement.ID]bool
	beyond  []string // write-offs above the limit, which are not applied
}

type decision struct {
	what, who, assignee, note string
	when                      settlement.Instant
	line                      int
}

// The words of the column decision.
const (
	decideAccept   = "accept"    // it is as it should be
	decideWriteOff = "write_off" // 核销: the difference is borne
	decideExplain  = "explain"   // a note alone
	decideAssign   = "assign"    // somebody looks after it
	decideNote     = "note"      // a remark
	decideReopen   = "reopen"    // what was accepted or written off counts again
)

var words = []string{decideAccept, decideWriteOff, decideExplain, decideAssign, decideNote, decideReopen}

// ErrUnusable marks a file of decisions that cannot be used.
var ErrUnusable = errors.New("the decisions cannot be used")

const (
	columns   = "break_id,decision,who,when,note,assignee"
	maxFaults = 100
)

// Read reads files of decisions, each a CSV or a workbook that was edited; later files
// go on where the ones before end. A CSV file of no bytes has no decisions yet; a workbook
// of none has lost them. The error joins every fault with its place and wraps ErrUnusable;
// with a fault none of them is used at all.
func Read(paths ...string) (*Register, error) {
	d := &Register{byBreak: map[settlement.ID]*decision{}, applied: map[settlement.ID]bool{}}
	if err := readAll(paths, func(_ string, id settlement.ID, row decision) { d.add(id, row) }); err != nil {
		return nil, err
	}
	return d, nil
}

// readAll calls add with each row of the files, in order.
func readAll(paths []string, add func(path string, id settlement.ID, row decision)) error {
	var faults []error
	for _, path := range paths {
		r := &reader{path: path}
		source, err := open(path)
		if err != nil {
			return err
		}
		err = r.read(source, func(id settlement.ID, row decision) { add(path, id, row) })
		if closed := source.close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		faults = append(faults, r.faults...)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %w", ErrUnusable, errors.Join(faults...))
	}
	return nil
}

// read calls add with each row of one file.
func (r *reader) read(from source, add func(settlement.ID, decision)) error {
	header, line, err := from.next()
	if errors.Is(err, io.EOF) && !strings.EqualFold(filepath.Ext(r.path), ".xlsx") {
		return nil // nobody has decided anything yet
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return fmt.Errorf("%w: %s: %w (its first line names the columns: %s)", ErrUnusable, r.path, err, columns)
	}
	r.header = from.named(header)
	for _, needed := range []string{"break_id", "decision", "who", "when"} {
		if !slices.Contains(r.header, needed) {
			r.fault(line, "the column %s is missing (the columns are %s)", needed, columns)
		}
	}
	for len(r.faults) < maxFaults {
		fields, line, err := from.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.faults = append(r.faults, fmt.Errorf("%s: %w", r.path, err))
			break
		}
		if from.undecided(r.header, fields) {
			continue
		}
		if id, row, ok := r.row(fields, line, from.word); ok {
			add(id, row)
		}
	}
	return nil
}

// Reopened are the breaks that count again, after they were accepted or written off.
func (d *Register) Reopened() map[settlement.ID]bool {
	reopened := map[settlement.ID]bool{}
	if d == nil {
		return reopened
	}
	for id, row := range d.byBreak {
		if row.what == decideReopen {
			reopened[id] = true
		}
	}
	return reopened
}

// Fresh is d for another run: what was decided, of which nothing is applied yet.
func (d *Register) Fresh() *Register {
	if d == nil {
		return nil
	}
	return &Register{WriteOffLimit: d.WriteOffLimit, byBreak: d.byBreak, applied: map[settlement.ID]bool{}}
}

// reader reads rows and gathers what is wrong with them.
type reader struct {
	path   string
	header []string
	faults []error
}

func (r *reader) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s:%d: "+format, append([]any{r.path, line}, args...)...))
}

// row reads one row; ok is false where something is wrong with it.
func (r *reader) row(fields []string, line int, word func(string) string) (id settlement.ID, d decision, ok bool) {
	if len(fields) != len(r.header) {
		r.fault(line, "%d fields where the header has %d", len(fields), len(r.header))
		return id, d, false
	}
	before := len(r.faults)
	value := map[string]string{}
	for i, name := range r.header {
		value[name] = strings.TrimSpace(fields[i])
	}
	d = decision{what: word(value["decision"]), who: value["who"], assignee: value["assignee"], note: value["note"], line: line}
	if id, ok = settlement.ParseID(value["break_id"]); !ok {
		r.fault(line, "break_id: %.40q is no identity of a break (16 characters, as the table breaks has them)", value["break_id"])
	}
	for _, f := range d.faults() {
		r.fault(line, "%s", f)
	}
	if !utf8.ValidString(strings.Join(fields, "")) {
		r.fault(line, "it is not UTF-8 (save the file as “CSV UTF-8”)")
	}
	var err error
	if d.when, err = settlement.ParseInstant([]byte(value["when"])); err != nil {
		r.fault(line, "when: %.40q: %v (a time in Asia/Shanghai, such as 2024-09-13 09:05:00)", value["when"], err)
	}
	return id, d, len(r.faults) == before
}

// faults says what a decision lacks.
func (d *decision) faults() (list []string) {
	if !slices.Contains(words, d.what) {
		list = append(list, fmt.Sprintf("decision: %.40q is none of %s", d.what, strings.Join(words, ", ")))
	}
	if d.who == "" {
		list = append(list, "who: nobody is named")
	}
	if d.what == decideAssign && d.assignee == "" {
		list = append(list, "assignee: nobody is named to look after the break")
	}
	if (d.what == decideExplain || d.what == decideNote) && d.note == "" {
		list = append(list, "note: there is no explanation")
	}
	return list
}

// add takes a row; one that was decided earlier than what is known adds nothing.
func (d *Register) add(id settlement.ID, row decision) {
	known := d.byBreak[id]
	if known == nil {
		d.byBreak[id] = &row
		return
	}
	if row.when < known.when {
		return
	}
	if row.assignee == "" {
		row.assignee = known.assignee
	}
	if row.note == "" {
		row.note = known.note
	}
	if row.what == decideExplain || row.what == decideAssign || row.what == decideNote { // the verdict stays
		row.what, row.who, row.when = known.what, known.who, known.when
	}
	*known = row
}

// verdict is the status that a decision gives a break; ok is false where it gives none,
// or where more would be written off than may be.
func (d *Register) verdict(row *decision, b *settlement.Breaks, i int) (status settlement.BreakStatus, ok bool) {
	switch row.what {
	case decideAccept:
		return settlement.BreakAccepted, true
	case decideWriteOff:
		if b.Difference[i] == settlement.NoAmount || b.Difference[i].Abs() > d.WriteOffLimit {
			d.beyond = append(d.beyond, fmt.Sprintf("%s (%s, line %d)", b.ID[i], b.Difference[i], row.line))
			return 0, false
		}
		return settlement.BreakWrittenOff, true
	}
	return 0, false
}

// Apply gives breaks what was decided of them.
func (d *Register) Apply(b *settlement.Breaks) {
	if d == nil || len(d.byBreak) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var decided, by, assignee, note settlement.Text
	for i, id := range b.ID {
		row := d.byBreak[id]
		if row == nil {
			decided.Append(b.Decision.At(i))
			by.Append(b.DecidedBy.At(i))
			assignee.Append(b.Assignee.At(i))
			note.Append(b.Note.At(i))
			continue
		}
		d.applied[id] = true
		decided.AppendString(row.what)
		by.AppendString(row.who)
		assignee.AppendString(row.assignee)
		note.AppendString(row.note)
		b.DecidedAt[i] = row.when
		if status, ok := d.verdict(row, b, i); ok && b.Status[i] == settlement.BreakOpen {
			b.Status[i] = status
		}
	}
	b.Decision, b.DecidedBy, b.Assignee, b.Note = decided, by, assignee, note
}

// Notes says which decisions came to nothing.
func (d *Register) Notes() (notes []string) {
	if d == nil {
		return nil
	}
	var unknown []string
	for id := range d.byBreak {
		if !d.applied[id] {
			unknown = append(unknown, id.String())
		}
	}
	slices.Sort(unknown)
	slices.Sort(d.beyond)
	const shown = 10
	if n := len(unknown); n > 0 {
		notes = append(notes, fmt.Sprintf("%d decisions are about breaks that this day does not have: %s", n, strings.Join(unknown[:min(n, shown)], ", ")))
	}
	if n := len(d.beyond); n > 0 {
		notes = append(notes, fmt.Sprintf("%d write-offs are above the limit of %s and were not applied: %s", n, d.WriteOffLimit, strings.Join(d.beyond[:min(n, shown)], ", ")))
	}
	return notes
}
