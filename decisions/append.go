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

// ErrNotRecorded marks decisions of which nothing was written.
var ErrNotRecorded = errors.New("nothing was recorded")

// longest is how many characters a text of a decision may have.
const longest = 1000

// patience is how long another program's lock is waited for.
const patience = 3 * time.Second

// Append adds decisions to the CSV file at path, which is made where it is not there.
// Rows are only ever added, all of them in one write under the file's lock, and are on
// disk when it returns; what stood in the file is not touched. The columns are those of
// the file's header, in its order. A file with faults gets no rows: a run would not read
// them. With an error nothing was recorded, and it wraps ErrNotRecorded.
func Append(ctx context.Context, path string, entries []Entry) error {
	if err := appendRows(ctx, path, entries); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	return nil
}

func appendRows(ctx context.Context, path string, entries []Entry) error {
	for i := range entries {
		if err := entries[i].check(); err != nil {
			return err
		}
	}
	if name, ok := openElsewhere(path); ok {
		return fmt.Errorf("%s is open in another program, which would overwrite what is recorded now (close it there; its mark is %s)", path, name)
	}
	f, err := openLocked(ctx, path)
	if err != nil {
		return hinted(err)
	}
	added, err := f.add(path, entries)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil && added && f.made {
		err = syncFolder(filepath.Dir(path))
	}
	return hinted(err)
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
	made bool // it was not there
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
			f.File, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
			f.made = true
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

// add writes the rows; added is false where there was nothing to write.
func (f *lockedFile) add(path string, entries []Entry) (added bool, err error) {
	if len(entries) == 0 {
		return false, nil
	}
	before, err := io.ReadAll(f)
	if err != nil {
		return false, err
	}
	if sheet.Recognise(before) {
		return false, fmt.Errorf("%s is a workbook: rows are added to CSV files alone (name a .csv as decisions)", path)
	}
	text, err := rowsFor(path, before, entries)
	if err != nil {
		return false, err
	}
	return true, writeWhole(f, int64(len(before)), text)
}

// appendable is a file to which bytes are added.
type appendable interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
}

// writeWhole adds text to a file of a size, or leaves it as it was.
func writeWhole(f appendable, size int64, text []byte) error {
	n, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err != nil && n > 0 {
		err = errors.Join(err, f.Truncate(size), f.Sync())
	}
	return err
}

// bom makes spreadsheet programs read UTF-8.
const bom = "\ufeff"

// rowsFor is what is added behind the bytes that a file has.
func rowsFor(path string, before []byte, entries []Entry) ([]byte, error) {
	var text bytes.Buffer
	out := spreadsheet.NewCSV(&text)
	out.LineEnd = "\n"
	header := strings.Split(columns, ",")
	if len(before) == 0 {
		text.WriteString(bom)
		out.Record(header...)
	} else {
		latest, err := latestOf(path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if last, ok := latest[e.ID]; ok && last > e.When {
				return nil, fmt.Errorf("%s was decided at %s, later than now, %s (set the clock of this machine)", e.ID, last, e.When)
			}
		}
		if header, err = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(before, []byte(bom)))).Read(); err != nil {
			return nil, err
		}
		for _, needed := range []string{"note", "assignee"} {
			if !slices.Contains(header, needed) {
				return nil, fmt.Errorf("%s has no column %s (its first line names the columns: %s)", path, needed, columns)
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

// latestOf is when each break of a file was last decided.
func latestOf(path string) (map[settlement.ID]settlement.Instant, error) {
	entries, err := History(path)
	if err != nil {
		return nil, err
	}
	latest := make(map[settlement.ID]settlement.Instant, len(entries))
	for _, e := range entries {
		if last, ok := latest[e.ID]; !ok || e.When > last {
			latest[e.ID] = e.When
		}
	}
	return latest, nil
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
