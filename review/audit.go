package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	bytes []byte // of the file when it was read last
	lost  bool   // what stood in it then is gone: another program wrote over it
}

// said is what was decided, as of one state of the files. It is not changed once it is read.
type said struct {
	entries []decisions.Entry
	byBreak map[settlement.ID][]decisions.Entry
	latest  map[settlement.ID]decisions.Entry
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
	s := &said{byBreak: map[settlement.ID][]decisions.Entry{}, latest: map[settlement.ID]decisions.Entry{}}
	if s.entries, s.fault = decisions.History(paths...); s.fault == nil {
		for _, e := range s.entries {
			s.byBreak[e.ID] = append(s.byBreak[e.ID], e)
		}
		for id, list := range s.byBreak {
			s.latest[id] = decisions.Latest(list)
		}
		a.notice()
	}
	s.lost = a.lost
	a.stamp, a.said = stamp, s
	return s
}

// notice says whether the file still begins with what it held before.
func (a *audit) notice() {
	if a.path == "" {
		return
	}
	text, err := os.ReadFile(a.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if !bytes.HasPrefix(text, a.bytes) {
		a.lost = true
	}
	a.bytes = text
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

// recordedOf counts those of the open breaks that were accepted or written off since.
func (s *said) recordedOf(open map[settlement.ID]bool) (n int) {
	for id, e := range s.latest {
		if open[id] && (e.What == decisions.Accept || e.What == decisions.WriteOff) {
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

// unknown counts the breaks that were decided and that none of the days knows, and names
// the first of them.
func (s *said) unknown(known []map[settlement.ID]bool) (count int, some []string) {
	const shown = 5
	seen := map[settlement.ID]bool{}
	for _, e := range s.entries {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		there := false
		for _, ids := range known {
			there = there || ids[e.ID]
		}
		if there {
			continue
		}
		if count++; len(some) < shown {
			some = append(some, fmt.Sprintf("%s (%s:%d)", e.ID, e.Path, e.Line))
		}
	}
	return count, some
}
