package decisions

import "reconcile/settlement"

// The decisions that can be recorded, as the column decision has them.
const (
	Accept   = decideAccept
	WriteOff = decideWriteOff
	Explain  = decideExplain
	Assign   = decideAssign
	Note     = decideNote
	Reopen   = decideReopen
)

// Entry is one row of a file of decisions.
type Entry struct {
	ID                        settlement.ID
	What, Who, Assignee, Note string
	When                      settlement.Instant
	Path                      string // of the file
	Line                      int    // in it, from 1
}

// GivesVerdict says that a row decides whether its break counts; other rows only add a
// note or name somebody.
func (e *Entry) GivesVerdict() bool {
	return e.What == Accept || e.What == WriteOff || e.What == Reopen
}

// History reads every row of files of decisions, in the order in which they stand. Errors
// are those of Read.
func History(paths ...string) (list []Entry, err error) {
	err = readAll(paths, func(path string, id settlement.ID, row decision) {
		list = append(list, Entry{id, row.what, row.who, row.assignee, row.note, row.when, path, row.line})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Latest is what a history comes to for a break: of several verdicts the latest, and the
// last note and assignee, by the rules by which a run reads them. entries are of one break.
func Latest(entries []Entry) Entry {
	d := Register{byBreak: map[settlement.ID]*decision{}}
	for _, e := range entries {
		d.add(e.ID, decision{what: e.What, who: e.Who, assignee: e.Assignee, note: e.Note, when: e.When, line: e.Line})
	}
	for id, row := range d.byBreak {
		return Entry{id, row.what, row.who, row.assignee, row.note, row.when, "", row.line}
	}
	return Entry{}
}
