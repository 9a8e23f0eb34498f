package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"

	"reconcile/decisions"
	"reconcile/settlement"
)

// audit is the file of decisions, and the workbook beside it. It is read again when one of
// the two is another.
type audit struct {
	path, workbook string

	mu    sync.Mutex
	stamp string
	said  *said
	bytes []byte // of the file, the most that it is known to have had
	lost  bool   // it begins with these no longer: another program wrote over it
}

// said is what was decided, as of one state of the files. It is not changed once it is read.
type said struct {
	entries []decisions.Entry
	byBreak map[settlement.ID][]decisions.Entry
	latest  map[settlement.ID]decisions.Entry
	texts   map[settlement.ID]string // notes and names of all entries, in lower case
	ids     []settlement.ID          // each once; the file only grows, and so does this
	// fault is why the file cannot be used: a run would stop at it, and nothing is added.
	fault error
	lost  bool
}

// read returns what was decided.
func (a *audit) read() *said {
	a.mu.Lock()
	defer a.mu.Unlock()
	stamp := ""
	var paths []string
	for _, path := range []string{a.path, a.workbook} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err == nil:
			paths = append(paths, path)
			stamp += fmt.Sprintln(path, info.Size(), info.ModTime().UnixNano(), inode(info))
		case !errors.Is(err, fs.ErrNotExist):
			return &said{fault: err}
		}
	}
	if a.said != nil && a.stamp == stamp {
		return a.said
	}
	s := &said{byBreak: map[settlement.ID][]decisions.Entry{}, latest: map[settlement.ID]decisions.Entry{}, texts: map[settlement.ID]string{}}
	if s.entries, s.fault = decisions.History(paths...); s.fault == nil {
		s.index(a.path)
		a.notice()
	}
	s.lost = a.lost
	a.stamp, a.said = stamp, s
	return s
}

// index prepares what pages ask. What stands in the workbook is before what is added to path.
func (s *said) index(path string) {
	for _, added := range []bool{false, true} {
		for _, e := range s.entries {
			if _, known := s.byBreak[e.ID]; !known && added == (e.Path == path) {
				s.ids = append(s.ids, e.ID)
				s.byBreak[e.ID] = nil
			}
		}
	}
	for _, e := range s.entries {
		s.byBreak[e.ID] = append(s.byBreak[e.ID], e)
		if text := e.Note + e.Assignee; text != "" {
			s.texts[e.ID] += strings.ToLower(e.Note + "\n" + e.Assignee + "\n")
		}
	}
	for id, list := range s.byBreak {
		s.latest[id] = decisions.Latest(list)
	}
}

// notice says whether the file still begins with what it held before; what it held stays
// known, so that a file into which it was put back is sound again.
func (a *audit) notice() {
	if a.path == "" {
		return
	}
	text, err := os.ReadFile(a.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if a.lost = !bytes.HasPrefix(text, a.bytes); !a.lost {
		a.bytes = text
	}
}

// inode tells one file from another that took its place.
func inode(info fs.FileInfo) uint64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return sys.Ino
	}
	return 0
}

// record adds decisions to the file, and reads it again.
func (a *audit) record(ctx context.Context, entries []decisions.Entry) error {
	beside := a.workbook
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		beside = "" // nothing is decided in it
	}
	err := decisions.Append(ctx, a.path, beside, entries)
	if errors.Is(err, decisions.ErrNotRecorded) {
		return err
	}
	a.mu.Lock()
	a.stamp = ""
	a.mu.Unlock()
	return errors.Join(err, a.read().fault)
}

// verdict is what the files say of a break where it is a verdict that the run did not know.
func (s *said) verdict(r *row) (e decisions.Entry, ok bool) {
	e, ok = s.latest[r.ID]
	if !ok || !e.GivesVerdict() || e.What == r.Decision && e.When.String() == r.DecidedAt {
		return e, false
	}
	return e, true
}

// state is the state of a break on the page.
func (s *said) state(r *row) string {
	e, recorded := s.verdict(r)
	switch r.Status {
	case settlement.BreakClosed.String():
		return stateClosed
	case settlement.BreakAccepted.String(), settlement.BreakWrittenOff.String():
		if recorded && e.What == decisions.Reopen {
			return stateRecorded
		}
		return stateDecided
	}
	if recorded && e.What != decisions.Reopen {
		return stateRecorded
	}
	return stateTodo
}

// recordedOf counts those of the breaks that are open that were accepted or written off since.
func (s *said) recordedOf(open map[settlement.ID]bool) (n int) {
	for id, isOpen := range open {
		if e := s.latest[id]; isOpen && (e.What == decisions.Accept || e.What == decisions.WriteOff) {
			n++
		}
	}
	return n
}

// assignee is who looks after a break, "" where nobody was named.
func (s *said) assignee(r *row) string {
	if e, ok := s.latest[r.ID]; ok && e.Assignee != "" {
		return e.Assignee
	}
	return r.Assignee
}

// note is what people noted of a break last.
func (s *said) note(r *row) string {
	if e, ok := s.latest[r.ID]; ok && e.Note != "" {
		return e.Note
	}
	return r.Note
}

// places names the first of breaks that were decided, with the file and line.
func (s *said) places(ids []settlement.ID) (some []string) {
	const shown = 5
	for _, id := range ids[:min(len(ids), shown)] {
		e := s.byBreak[id][0]
		some = append(some, fmt.Sprintf("%s (%s:%d)", id, e.Path, e.Line))
	}
	return some
}
