package decisions

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"reconcile/ingest/sheet"
	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

// What is wrong where decisions were not recorded as they should be.
var (
	// ErrNotRecorded marks decisions of which nothing was written.
	ErrNotRecorded = errors.New("nothing was recorded")
	// ErrUnsure marks decisions of which rows stand in the file that may not last, or that
	// could not be taken back.
	ErrUnsure = errors.New("what was written may not last")
)

// longest is how many characters a text of a decision may have.
const longest = 1000

// patience is how long another program's lock is waited for.
const patience = 3 * time.Second

// Append adds decisions to the CSV file at path, which is made where it is not there.
// Rows are only ever added, all of them in one write under the file's lock, and are on
// disk when it returns; what stood in the file is not touched. The columns are those of
// the file's header, in its order. A file with faults gets no rows: a run would not read
// them. beside is a file of decisions that a run reads behind this one, "" for none: a row
// that would not be the latest of its break in both is refused.
//
// An error wraps ErrNotRecorded, or ErrUnsure where rows were written.
func Append(ctx context.Context, path, beside string, entries []Entry) error {
	err := appendRows(ctx, path, beside, entries, syncFolder)
	if err == nil || errors.Is(err, ErrUnsure) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotRecorded, hinted(err))
}

func appendRows(ctx context.Context, path, beside string, entries []Entry, syncFolder func(string) error) error {
	for i := range entries {
		if err := entries[i].check(); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return nil
	}
	if name, ok := openElsewhere(path); ok {
		return fmt.Errorf("%s is open in another program, which would overwrite what is recorded now (close it there; its mark is %s)", path, name)
	}
	f, err := openLocked(ctx, path)
	if err != nil {
		return err
	}
	if err := f.add(path, beside, entries); err != nil {
		if f.made {
			err = errors.Join(err, f.takeAway(path))
		}
		return errors.Join(err, f.Close())
	}
	err = f.Close()
	if f.made {
		err = errors.Join(err, syncFolder(filepath.Dir(path)))
	}
	if err != nil {
		return fmt.Errorf("%w if this machine stops now: the rows stand in %s: %w", ErrUnsure, path, err)
	}
	return nil
}

// check says what keeps a decision from being written so that it reads back the same.
func (e *Entry) check() error {
	d := decision{what: e.What, who: e.Who, assignee: e.Assignee, note: e.Note}
	if faults := d.faults(); len(faults) > 0 {
		return fmt.Errorf("%s: %s", e.ID, strings.Join(faults, "; "))
	}
	for _, text := range []string{e.Who, e.Assignee, e.Note} {
		switch {
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			return fmt.Errorf("%s: a text has characters that are none, or ends a line", e.ID)
		case strings.TrimSpace(text) != text:
			return fmt.Errorf("%s: a text has blanks around it", e.ID)
		case utf8.RuneCountInString(text) > longest:
			return fmt.Errorf("%s: a text has more than %d characters", e.ID, longest)
		}
	}
	if e.When == settlement.NoInstant {
		return fmt.Errorf("%s: the time is not known", e.ID)
	}
	return nil
}

// openElsewhere finds the mark that office programs put beside a file while it is edited.
func openElsewhere(path string) (mark string, ok bool) {
	dir, name := filepath.Split(path)
	for _, mark := range []string{".~lock." + name + "#", "~$" + name} {
		if _, err := os.Lstat(filepath.Join(dir, mark)); err == nil {
			return mark, true
		}
	}
	return "", false
}

// lockedFile is a file of decisions that nobody else adds to.
type lockedFile struct {
	*os.File
	made bool // it was not there: this made it
}

// openLocked opens a file and takes its lock. Closing the file gives it back.
func openLocked(ctx context.Context, path string) (*lockedFile, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		f := &lockedFile{}
		var err error
		f.File, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		if errors.Is(err, fs.ErrNotExist) {
			f.File, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
			f.made = true
			if errors.Is(err, fs.ErrExist) && ctx.Err() == nil {
				continue // somebody else made it meanwhile
			}
		}
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil && f.isStill(path), errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
			return f, nil // a file system without locks gives one to everybody
		case err != nil && !errors.Is(err, unix.EWOULDBLOCK):
			return nil, errors.Join(err, f.Close())
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: another program holds its lock (try again)", path)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// isStill says that path names the open file: an editor may have put another in its place.
func (f *lockedFile) isStill(path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}

// takeAway removes a file that was made for rows of which none came into it: a run would
// find an empty file. Whoever waits for its lock looks for the file again.
func (f *lockedFile) takeAway(path string) error {
	info, err := f.Stat()
	if err != nil || info.Size() > 0 || !f.isStill(path) {
		return err
	}
	return os.Remove(path)
}

// add writes the rows.
func (f *lockedFile) add(path, beside string, entries []Entry) error {
	before, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if sheet.Recognise(before) {
		return fmt.Errorf("%s is a workbook: rows are added to CSV files alone (name a .csv as decisions)", path)
	}
	if err := wouldCount(path, beside, entries); err != nil {
		return err
	}
	text, err := rowsFor(path, before, entries)
	if err != nil {
		return err
	}
	return writeWhole(f, int64(len(before)), text)
}

// appendable is a file to which bytes are added.
type appendable interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
}

// writeWhole adds text to a file of a size, or leaves it as it was; what could not be taken
// back wraps ErrUnsure.
func writeWhole(f appendable, size int64, text []byte) error {
	n, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err == nil || n == 0 {
		return err
	}
	if kept := f.Truncate(size); kept != nil {
		return fmt.Errorf("%w, and could not be taken back: look at the end of the file: %w, %w", ErrUnsure, err, kept)
	}
	return errors.Join(err, f.Sync())
}

// bom makes spreadsheet programs read UTF-8.
const bom = "\ufeff"

// isBlank says that a file has no rows yet, and no header: it was made and then nothing
// came into it.
func isBlank(text []byte) bool {
	lines := bytes.ReplaceAll(bytes.TrimPrefix(text, []byte(bom)), []byte("\r\n"), []byte("\n"))
	return len(bytes.Trim(lines, "\n")) == 0
}

// rowsFor is what is added behind the bytes that a file has.
func rowsFor(path string, before []byte, entries []Entry) ([]byte, error) {
	var text bytes.Buffer
	out := spreadsheet.NewCSV(&text)
	out.LineEnd = "\n"
	header := strings.Split(columns, ",")
	if isBlank(before) {
		if len(before) == 0 {
			text.WriteString(bom)
		}
		out.Record(header...)
	} else {
		var err error
		if header, err = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(before, []byte(bom)))).Read(); err != nil {
			return nil, err
		}
		for name, used := range map[string]func(Entry) bool{
			"note": func(e Entry) bool { return e.Note != "" }, "assignee": func(e Entry) bool { return e.Assignee != "" },
		} {
			if !slices.Contains(header, name) && slices.ContainsFunc(entries, used) {
				return nil, fmt.Errorf("%s has no column %s (its first line names the columns: %s)", path, name, columns)
			}
		}
		first, _, _ := bytes.Cut(before, []byte("\n"))
		if bytes.HasSuffix(first, []byte("\r")) {
			out.LineEnd = "\r\n"
		}
		if before[len(before)-1] != '\n' {
			text.WriteString(out.LineEnd)
		}
	}
	for _, e := range entries {
		value := map[string]string{"break_id": e.ID.String(), "decision": e.What, "who": e.Who, "when": e.When.String(), "note": e.Note, "assignee": e.Assignee}
		record := make([]string, len(header))
		for i, name := range header {
			record[i] = value[strings.TrimSpace(name)]
		}
		out.Record(record...)
	}
	err := out.Flush()
	return text.Bytes(), err
}

// wouldCount says which decision would not be the latest of its break: a run would keep to
// the one that is there. Of rows of one second it takes that of the file read last.
func wouldCount(path, beside string, entries []Entry) error {
	paths := []string{path}
	if beside != "" {
		paths = append(paths, beside)
	}
	list, err := History(paths...)
	if err != nil {
		return err
	}
	latest := make(map[settlement.ID]Entry, len(list))
	for _, e := range list {
		if last, ok := latest[e.ID]; !ok || e.When >= last.When {
			latest[e.ID] = e
		}
	}
	for _, e := range entries {
		last, ok := latest[e.ID]
		if ok && (last.When > e.When || last.When == e.When && last.Path == beside) {
			return fmt.Errorf("%s:%d: %s is decided there at %s, not before now, %s: a run would keep to that row (correct its time, or the clock of this machine)",
				last.Path, last.Line, e.ID, last.When, e.When)
		}
	}
	return nil
}

// hinted adds what to do where a file cannot be written.
func hinted(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w (make room on the disk, then decide again)", err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w (let the user who runs reconcile serve write this file and its folder)", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w (make its folder)", err)
	}
	return err
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
