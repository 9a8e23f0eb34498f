package pipeline

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"reconcile/settlement"
)

// Decisions is what people decided of breaks: a CSV file to which rows are only ever
// added, with the columns break_id, decision, who and when, and where they are needed
// note and assignee. Of several rows for one break the last one counts; a note and an
// assignee stay until a later row names others.
type Decisions struct {
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
)

var decisionWords = []string{decideAccept, decideWriteOff, decideExplain, decideAssign}

// ErrDecisions marks a file of decisions that cannot be used.
var ErrDecisions = errors.New("the decisions cannot be used")

const (
	decisionColumns   = "break_id,decision,who,when,note,assignee"
	maxDecisionFaults = 100
)

// ReadDecisions reads a file of decisions. The error joins every fault with its place
// and wraps ErrDecisions; a file with a fault is not used at all.
func ReadDecisions(path string) (*Decisions, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &decisionReader{path: path, csv: csv.NewReader(f)}
	r.csv.FieldsPerRecord = -1
	if r.header, err = r.csv.Read(); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, fmt.Errorf("%w: %s: %w (its first line names the columns: %s)", ErrDecisions, path, err, decisionColumns)
	}
	r.header[0] = strings.TrimPrefix(r.header[0], "\ufeff")
	for _, needed := range []string{"break_id", "decision", "who", "when"} {
		if !slices.Contains(r.header, needed) {
			r.fault(1, "the column %s is missing (the columns are %s)", needed, decisionColumns)
		}
	}
	d := &Decisions{byBreak: map[settlement.ID]*decision{}, applied: map[settlement.ID]bool{}}
	for len(r.faults) < maxDecisionFaults {
		fields, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.faults = append(r.faults, fmt.Errorf("%s: %w", path, err))
			break
		}
		if id, row, ok := r.row(fields); ok {
			d.add(id, row)
		}
	}
	if len(r.faults) > 0 {
		return nil, fmt.Errorf("%w: %w", ErrDecisions, errors.Join(r.faults...))
	}
	return d, nil
}

// fresh is d for another run: what was decided, of which nothing is applied yet.
func (d *Decisions) fresh() *Decisions {
	if d == nil {
		return nil
	}
	return &Decisions{WriteOffLimit: d.WriteOffLimit, byBreak: d.byBreak, applied: map[settlement.ID]bool{}}
}

// decisionReader reads rows and gathers what is wrong with them.
type decisionReader struct {
	path   string
	csv    *csv.Reader
	header []string
	faults []error
}

func (r *decisionReader) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s:%d: "+format, append([]any{r.path, line}, args...)...))
}

// row reads one row; ok is false where something is wrong with it.
func (r *decisionReader) row(fields []string) (id settlement.ID, d decision, ok bool) {
	line, _ := r.csv.FieldPos(0)
	if len(fields) != len(r.header) {
		r.fault(line, "%d fields where the header has %d", len(fields), len(r.header))
		return id, d, false
	}
	before := len(r.faults)
	value := map[string]string{}
	for i, name := range r.header {
		value[name] = strings.TrimSpace(fields[i])
	}
	d = decision{what: value["decision"], who: value["who"], assignee: value["assignee"], note: value["note"], line: line}
	if id, ok = settlement.ParseID(value["break_id"]); !ok {
		r.fault(line, "break_id: %.40q is no identity of a break (16 characters, as the table breaks has them)", value["break_id"])
	}
	if !slices.Contains(decisionWords, d.what) {
		r.fault(line, "decision: %.40q is none of %s", d.what, strings.Join(decisionWords, ", "))
	}
	if d.who == "" {
		r.fault(line, "who: nobody is named")
	}
	if d.what == decideAssign && d.assignee == "" {
		r.fault(line, "assignee: nobody is named to look after the break")
	}
	if d.what == decideExplain && d.note == "" {
		r.fault(line, "note: there is no explanation")
	}
	var err error
	if d.when, err = settlement.ParseInstant([]byte(value["when"])); err != nil {
		r.fault(line, "when: %.40q: %v (a time in Asia/Shanghai, such as 2024-09-13 09:05:00)", value["when"], err)
	}
	return id, d, len(r.faults) == before
}

// add takes a row; one that was decided earlier than what is known adds nothing.
func (d *Decisions) add(id settlement.ID, row decision) {
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
	if row.what == decideExplain || row.what == decideAssign { // the verdict stays
		row.what, row.who, row.when = known.what, known.who, known.when
	}
	*known = row
}

// verdict is the status that a decision gives a break; ok is false where it gives none,
// or where more would be written off than may be.
func (d *Decisions) verdict(row *decision, b *settlement.Breaks, i int) (status settlement.BreakStatus, ok bool) {
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

// apply gives the breaks of a bucket what was decided of them.
func (d *Decisions) apply(b *settlement.Breaks) {
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

// notes says which decisions came to nothing.
func (d *Decisions) notes() (notes []string) {
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

// dropDecided leaves out the breaks that an earlier day showed as accepted or written
// off: they are done with, although their rows are still carried in case that the
// counterpart comes. before is which breaks were open the day before.
func dropDecided(out *BucketOutput, openBefore map[settlement.ID]bool) {
	earlier := map[settlement.ID]bool{}
	for i, file := range out.Lines.File {
		if file >= out.FirstCarried && file < out.FirstSettled {
			earlier[out.Lines.ID[i]] = true
		}
	}
	for i, file := range out.Events.File {
		if file >= out.FirstCarried && file < out.FirstSettled {
			earlier[out.Events.ID[i]] = true
		}
	}
	b := out.Breaks
	out.Breaks = keepRows(b, func(i int) bool {
		decided := b.Status[i] == settlement.BreakAccepted || b.Status[i] == settlement.BreakWrittenOff
		return !decided || openBefore[b.ID[i]] || !waitsForOther(b.Kind[i]) || !earlier[sideOf(b, i)]
	})
}
