package review

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/settlement"
)

func TestDecisionsAboutUnknownBreaksAreTold(t *testing.T) {
	dir := daysOf(t, "2024-09-11", "2024-09-12")
	s := newServer(t, dir)
	if err := os.WriteFile(s.Decisions, []byte("break_id,decision,who,when,note,assignee\n0000000000000007,accept,Li,2024-09-13 09:00:00,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := textOf(newBrowser(t, s).page("/")); !strings.Contains(page, "Decided, but in no day here: 1.") || !strings.Contains(page, "0000000000000007 ("+s.Decisions+":2)") {
		t.Errorf("%s", page)
	}
}

// More days than are listed, and a damaged one: what was mistyped is told all the same, and
// where it was not looked for.
func TestUnknownBreaksAreLookedForInAllDaysThatCanBeRead(t *testing.T) {
	dir, first := t.TempDir(), dayOf(t, "2024-08-01")
	var old *settlement.Breaks
	for i := range shownDays + 2 {
		b := inventedBreaks(t, filepath.Join(dir, "dt="+(first+settlement.Day(i)).String()), first+settlement.Day(i), 3+i)
		if i == 1 {
			old = b
		}
	}
	s := newServer(t, dir)
	who := newBrowser(t, s)
	row := func(id string) string { return id + ",accept,Li,2024-09-13 09:00:00,,\n" }
	text := "break_id,decision,who,when,note,assignee\n" + row(old.ID[3].String())
	if err := os.WriteFile(s.Decisions, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := textOf(who.page("/")); strings.Contains(page, "Decided, but in no day here") {
		t.Errorf("what an earlier day has is called unknown: %s", page)
	}
	if err := os.WriteFile(s.Decisions, []byte(text+row("0000000000000007")), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := textOf(who.page("/")); !strings.Contains(page, "Decided, but in no day here: 1.") || !strings.Contains(page, "0000000000000007 ("+s.Decisions+":3)") || strings.Contains(page, "not looked at") {
		t.Errorf("%s", page)
	}
	if err := os.Truncate(filepath.Join(dir, "dt="+first.String(), "breaks", output.PartName(0)), 50); err != nil {
		t.Fatal(err)
	}
	if page := textOf(who.page("/")); !strings.Contains(page, "Decided, but in no day here: 1.") || !strings.Contains(page, "Days that cannot be read were not looked at: "+first.String()) {
		t.Errorf("%s", page)
	}
}

func TestAFileThatAnotherProgramWroteOverIsToldUntilItIsPutBack(t *testing.T) {
	const says = "Another program wrote over the file of decisions."
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 20)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	if w := who.decide("2024-09-12", "accept", nil, b.ID[0].String()); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	if page := textOf(who.page("/")); strings.Contains(page, says) {
		t.Errorf("%s", page)
	}
	whole, err := os.ReadFile(s.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	row := b.ID[1].String() + ",accept,Li,2024-09-13 09:00:00,,\n"
	for _, text := range []string{"break_id,decision,who,when,note,assignee\n", "break_id,decision,who,when,note,assignee\n" + row} {
		if err := os.WriteFile(s.Decisions, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if page := textOf(who.page("/")); !strings.Contains(page, says) {
			t.Errorf("%s", page)
		}
	}
	if err := os.WriteFile(s.Decisions, append(whole, row...), 0o600); err != nil {
		t.Fatal(err)
	}
	if page := textOf(who.page("/")); strings.Contains(page, says) {
		t.Errorf("it was put back: %s", page)
	}
}

func TestWhatCannotBeWrittenIsTold(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 20)
	s := newServer(t, dir, func(o *Options) { o.Decisions = filepath.Join(o.Decisions, "no", "folder.csv") })
	who := newBrowser(t, s)
	w := who.decide("2024-09-12", "accept", nil, b.ID[0].String())
	if says := textOf(w.Body.String()); w.Code != http.StatusInsufficientStorage || !strings.Contains(says, "nothing was recorded") || !strings.Contains(says, "make its folder") {
		t.Errorf("%d %s", w.Code, says)
	}
}

// A row of the workbook that is dated later would outdo what the page says takes effect.
func TestWhatTheWorkbookWouldOutdoIsNotCalledRecorded(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 20)
	s := newServer(t, dir, func(o *Options) {
		o.Workbook = filepath.Join(filepath.Dir(o.Decisions), "beside.csv")
		text := "break_id,decision,who,when,note,assignee\n" + b.ID[0].String() + ",accept,王,2024-09-17 09:00:00,,\n" // tomorrow
		if err := os.WriteFile(o.Workbook, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	w := newBrowser(t, s).decide("2024-09-12", "reopen", nil, b.ID[0].String())
	if says := textOf(w.Body.String()); w.Code != http.StatusInsufficientStorage || !strings.Contains(says, s.Workbook+":2: ") || !strings.Contains(says, "correct its time") {
		t.Errorf("%d %s", w.Code, says)
	}
	if _, err := os.Stat(s.Decisions); err == nil {
		t.Error("something was recorded")
	}
}
