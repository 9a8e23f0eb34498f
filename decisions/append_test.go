package decisions

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

const (
	firstBreak  = "0000000000000001"
	secondBreak = "0000000000000002"
)

func entry(t testing.TB, id, what, note string) Entry {
	t.Helper()
	parsed, ok := settlement.ParseID(id)
	when, err := settlement.ParseInstant([]byte("2024-09-13 09:05:00"))
	if !ok || err != nil {
		t.Fatal(id, err)
	}
	return Entry{ID: parsed, What: what, Who: "李会计", When: when, Note: note}
}

func contents(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDecisionsAreAddedAsRowsAndNothingElseIsTouched(t *testing.T) {
	for name, before := range map[string]string{
		"none":                "",
		"a mark alone":        "\ufeff",
		"an empty line":       "\r\n",
		"other order":         "note,who,when,decision,break_id,assignee,差额\n收到,Li,2024-09-13 09:00:00,accept,0000000000000003,,1.00\n",
		"windows":             "\ufeffbreak_id,decision,who,when,note,assignee\r\n0000000000000003,accept,Li,2024-09-13 09:00:00,,\r\n",
		"no end of last line": "break_id,decision,who,when,note,assignee\n0000000000000003,accept,Li,2024-09-13 09:00:00,,",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "decisions.csv")
			if before != "" {
				if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "=1+1"), entry(t, secondBreak, WriteOff, "尾差, 一分")}); err != nil {
				t.Fatal(err)
			}
			after := contents(t, path)
			if !strings.HasPrefix(after, before) || !strings.HasSuffix(after, "\n") {
				t.Errorf("%q", after)
			}
			if end := strings.Contains(before, "assignee\r\n"); end != strings.HasSuffix(after, "\r\n") {
				t.Errorf("the file's lines end otherwise: %q", after)
			}
			list, err := History(path)
			if err != nil {
				t.Fatal(err)
			}
			added := list[len(list)-2:]
			for i, want := range []Entry{entry(t, firstBreak, Accept, "=1+1"), entry(t, secondBreak, WriteOff, "尾差, 一分")} {
				got := added[i]
				if got.Path, got.Line = "", 0; got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
		})
	}
}

// Whatever somebody types reads back the same, and no cell of it is a formula.
func TestTypedTextReadsBackAndIsNoFormula(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("=+-@＝＋－＠'\",;|!1 aä中\u3000\u200b")), 1, 20, -1).Draw(r, "text")
		if strings.TrimSpace(text) != text || text == "" {
			r.Skip("blanks around it are not kept")
		}
		path := filepath.Join(dir, rapid.StringMatching("[a-z]{12}").Draw(r, "name"))
		_ = os.Remove(path)
		e := entry(t, firstBreak, Note, text)
		e.Who, e.Assignee = text, text
		if err := Append(context.Background(), path, "", []Entry{e}); err != nil {
			r.Fatal(err)
		}
		list, err := History(path)
		if err != nil || len(list) != 1 || list[0].Note != text || list[0].Who != text || list[0].Assignee != text {
			r.Fatalf("%q became %+v, %v", text, list, err)
		}
		rows, err := csv.NewReader(strings.NewReader(contents(t, path))).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		for _, cell := range rows[1] {
			if spreadsheet.IsFormula(cell) && !strings.HasPrefix(cell, "'") {
				r.Fatalf("%q is a formula", cell)
			}
		}
	})
}

func TestWhatCannotBeRecordedIsToldAndNothingIsWritten(t *testing.T) {
	good := "break_id,decision,who,when,note,assignee\n0000000000000001,accept,Li,2024-09-14 09:00:00,,\n"
	for name, c := range map[string]struct {
		before string
		change func(*Entry)
		want   string
	}{
		"no name":          {good, func(e *Entry) { e.Who = "" }, "who: nobody is named"},
		"no explanation":   {good, func(e *Entry) { e.What = Explain }, "note: there is no explanation"},
		"an unknown word":  {good, func(e *Entry) { e.What = "delete" }, `decision: "delete" is none of`},
		"a further line":   {good, func(e *Entry) { e.Note = "a\n0000000000000002,accept,Li" }, "ends a line"},
		"no text":          {good, func(e *Entry) { e.Note = "\xff" }, "characters that are none"},
		"blanks around":    {good, func(e *Entry) { e.Who = " Li" }, "blanks around it"},
		"too much":         {good, func(e *Entry) { e.Note = strings.Repeat("长", 1001) }, "more than 1000 characters"},
		"a clock set back": {good, func(*Entry) {}, "not before now"},
		"faults":           {good + "0000000000000002,maybe,Li,2024-09-14 09:00:00,,\n", func(*Entry) {}, `:3: decision: "maybe"`},
		"half a row":       {good + "0000000000000002,acc", func(*Entry) {}, ":3: 2 fields where the header has 6"},
		"no note":          {"break_id,decision,who,when\n", func(e *Entry) { e.Note = "a" }, "has no column note"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "decisions.csv")
			if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			e := entry(t, firstBreak, Accept, "")
			c.change(&e)
			err := Append(t.Context(), path, "", []Entry{e})
			if !errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if contents(t, path) != c.before {
				t.Errorf("the file was changed: %q", contents(t, path))
			}
		})
	}
}

func TestAColumnThatNothingGoesIntoNeedNotBeThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.csv")
	if err := os.WriteFile(path, []byte("break_id,decision,who,when\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")}); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, path); got != "break_id,decision,who,when\n"+firstBreak+",accept,李会计,2024-09-13 09:05:00\n" {
		t.Errorf("%q", got)
	}
}

func TestAWorkbookGetsNoRows(t *testing.T) {
	path := worklist(t, []any{"差异编号", "处理", "处理人", "处理时间", "备注", "负责人"})
	before := contents(t, path)
	if err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")}); !errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), "is a workbook") {
		t.Errorf("%v", err)
	}
	if contents(t, path) != before {
		t.Error("it was written to")
	}
}

// Several programs add at a time: every row is there, whole.
func TestRowsOfSeveralWritersDoNotMix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.csv")
	const writers, each = 8, 5
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				e := entry(t, firstBreak, Note, fmt.Sprintf("%d %d %s", w, n, strings.Repeat("备注", 200)))
				if err := Append(context.Background(), path, "", []Entry{e, e, e}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	list, err := History(path)
	if err != nil || len(list) != writers*each*3 {
		t.Fatalf("%d rows, %v", len(list), err)
	}
	for i := 0; i < len(list); i += 3 {
		if list[i].Note != list[i+1].Note || list[i].Note != list[i+2].Note {
			t.Errorf("the rows of one decision are apart: line %d", list[i].Line)
		}
	}
}

func TestALockOfAnotherProgramIsWaitedForAndToldOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.csv")
	if err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")}); err != nil {
		t.Fatal(err)
	}
	before := contents(t, path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50_000_000)
	defer cancel()
	if err := Append(ctx, path, "", []Entry{entry(t, secondBreak, Accept, "")}); !errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), "holds its lock") {
		t.Errorf("%v", err)
	}
	if contents(t, path) != before {
		t.Error("it was written to")
	}
}

func TestAFileThatIsOpenInAnOfficeProgramGetsNoRows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "decisions.csv")
	if err := os.WriteFile(filepath.Join(dir, ".~lock.decisions.csv#"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")})
	if !errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), "open in another program") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}

// failing is a file on a disk that becomes full, or that breaks when it is synced.
type failing struct {
	bytes.Buffer
	room           int
	sync, truncate error
}

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.Buffer.Write(p[:f.room])
		return n, unix.ENOSPC
	}
	return f.Buffer.Write(p)
}
func (f *failing) Sync() error { return f.sync }
func (f *failing) Truncate(size int64) error {
	if f.truncate == nil {
		f.Buffer.Truncate(int(size))
	}
	return f.truncate
}

func TestOnAFullDiskNothingHalfWrittenIsLeft(t *testing.T) {
	for name, f := range map[string]*failing{"room for half": {room: 10}, "no room": {room: 0}, "the disk fails": {room: 100, sync: unix.EIO}} {
		f.WriteString("before\n")
		if err := writeWhole(f, 7, []byte("a row that is longer\n")); err == nil {
			t.Errorf("%s: no error", name)
		}
		if f.String() != "before\n" {
			t.Errorf("%s: %q is left", name, f.String())
		}
	}
	if err := hinted(unix.ENOSPC); !strings.Contains(err.Error(), "make room on the disk") {
		t.Error(err)
	}
	if err := hinted(os.ErrPermission); !strings.Contains(err.Error(), "let the user") {
		t.Error(err)
	}
}

func TestTheLatestVerdictCountsAndNotesDoNotUndoIt(t *testing.T) {
	at := func(e Entry, minutes int) Entry { e.When += settlement.Instant(minutes) * settlement.Minute; return e }
	accept, note, reopen := entry(t, firstBreak, Accept, "ok"), at(entry(t, firstBreak, Note, "later"), 1), at(entry(t, firstBreak, Reopen, ""), 2)
	for want, list := range map[string][]Entry{
		"accept ok":     {accept},
		"accept later":  {accept, note},
		"reopen later":  {accept, note, reopen},
		"accept again":  {accept, reopen, at(entry(t, firstBreak, Accept, "again"), 3)},
		"note later":    {note},
		"reopen later ": {reopen, note, accept}, // an earlier one that stands below adds nothing
	} {
		got := Latest(list)
		if got.What+" "+got.Note != strings.TrimSuffix(want, " ") && want != "reopen later " {
			t.Errorf("%+v, want %s", got, want)
		}
		if want == "reopen later " && got.What != Reopen {
			t.Errorf("%+v", got)
		}
	}
}

// The first decision finds no room: no file is left, which a run would have to read.
//
// The test starts itself again as a process whose files may not grow, since the limit is
// one of a whole process and go test itself writes a log of the files that a test opens.
func TestAFileThatWasMadeForNothingIsTakenAway(t *testing.T) {
	if path := os.Getenv("RECONCILE_TEST_DECISIONS"); path != "" {
		most, err := strconv.ParseUint(os.Getenv("RECONCILE_TEST_ROOM"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		signal.Ignore(unix.SIGXFSZ)
		var former unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &former); err != nil {
			t.Fatal(err)
		}
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: most, Max: former.Max}); err != nil {
			t.Fatal(err)
		}
		err = Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")})
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &former); err != nil { // what counts coverage writes a file too
			t.Fatal(err)
		}
		if !errors.Is(err, ErrNotRecorded) || !errors.Is(err, unix.EFBIG) {
			t.Errorf("room for %d bytes: %v", most, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("room for %d bytes: the file is left: %v", most, err)
		}
		fmt.Println("tried")
		return
	}
	for _, most := range []string{"0", "20"} {
		path := filepath.Join(t.TempDir(), "decisions.csv")
		child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		child.Env = append(os.Environ(), "RECONCILE_TEST_DECISIONS="+path, "RECONCILE_TEST_ROOM="+most)
		if out, err := child.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("tried")) {
			t.Errorf("room for %s bytes: %v\n%s", most, err, out)
		}
		if err := Append(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")}); err != nil {
			t.Errorf("once there is room: %v", err)
		}
	}
}

// A program that was killed between making the file and writing to it leaves no bytes.
func TestAFileOfNoBytesHasNoDecisionsYet(t *testing.T) {
	for _, text := range []string{"", "\ufeff", "\n"} {
		path := filepath.Join(t.TempDir(), "decisions.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := Read(path); err != nil || len(d.byBreak) != 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
	workbook := filepath.Join(t.TempDir(), "breaks.xlsx")
	if err := os.WriteFile(workbook, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(workbook); !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("a workbook that lost what was decided in it: %v", err)
	}
}

func TestRowsThatStandInTheFileAreNotCalledUnrecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.csv")
	failed := func(string) error { return unix.EIO }
	err := appendRows(t.Context(), path, "", []Entry{entry(t, firstBreak, Accept, "")}, failed)
	if !errors.Is(err, ErrUnsure) || errors.Is(err, ErrNotRecorded) || !strings.Contains(err.Error(), "the rows stand in "+path) {
		t.Errorf("%v", err)
	}
	if list, err := History(path); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	f := &failing{room: 10, truncate: unix.EIO}
	if err := writeWhole(f, 0, []byte("a row that is longer\n")); !errors.Is(err, ErrUnsure) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("half a row is left: %v", err)
	}
}

// A run takes of one break the latest row of both files, and of one second the workbook's:
// a decision that it would not take is refused.
func TestADecisionThatARunWouldPassOverIsRefused(t *testing.T) {
	for when, refused := range map[string]bool{"2024-09-13 09:04:59": false, "2024-09-13 09:05:00": true, "2024-09-14 00:00:00": true} {
		path := filepath.Join(t.TempDir(), "decisions.csv")
		workbook := worklist(t, []any{"差异编号", "处理", "处理人", "处理时间", "备注", "负责人"}, []any{firstBreak, "接受", "王", when, "", ""})
		err := Append(t.Context(), path, workbook, []Entry{entry(t, firstBreak, Reopen, "")}) // at 09:05:00
		if refused != errors.Is(err, ErrNotRecorded) || refused && !strings.Contains(err.Error(), workbook+":3: "+firstBreak+" is decided there at "+when) {
			t.Errorf("%s: %v", when, err)
		}
		if refused {
			continue
		}
		list, err := History(path, workbook)
		if err != nil || Latest(list).What != Reopen {
			t.Errorf("%s: %+v, %v", when, list, err)
		}
	}
}
