package review

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"reconcile/decisions"
	"reconcile/settlement"
)

// A form that is sent twice at once is taken once, and both get the answer of the one that
// took it: a failure too.
func TestBothOfADoubleClickGetTheAnswer(t *testing.T) {
	for name, fails := range map[string]bool{"recorded": false, "not recorded": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, calls, goOn := forms{sent: map[string]*outcome{}}, 0, make(chan struct{})
				record := func() (int, error) {
					calls++
					<-goOn
					if fails {
						return 0, decisions.ErrNotRecorded
					}
					return 3, nil
				}
				for range 2 {
					go func() {
						n, err := f.send(t.Context(), "form", record)
						if fails != errors.Is(err, decisions.ErrNotRecorded) || !fails && (n != 3 || err != nil) {
							t.Errorf("%d, %v", n, err)
						}
					}()
				}
				synctest.Wait() // both are on their way
				close(goOn)
				synctest.Wait()
				if calls != 1 {
					t.Errorf("it was recorded %d times", calls)
				}
				want := [3]int{3, 3, 0}
				if fails {
					want = [3]int{}
				}
				if told := [3]int{f.tell("form"), f.tell("form"), f.tell("form")}; told != want {
					t.Errorf("%v are told", told)
				}
			})
		})
	}
}

// Rows that stand in the file are not written again by a form that is sent once more.
func TestAFormWhoseRowsStandIsNotRecordedAgain(t *testing.T) {
	f, calls := forms{sent: map[string]*outcome{}}, 0
	for range 2 {
		n, err := f.send(t.Context(), "form", func() (int, error) {
			calls++
			return 3, decisions.ErrUnsure
		})
		if n != 3 || !errors.Is(err, decisions.ErrUnsure) {
			t.Errorf("%d, %v", n, err)
		}
	}
	if calls != 1 || f.tell("form") != 0 {
		t.Errorf("it was recorded %d times, or is told as if all was well", calls)
	}
}

// What came to nothing may be sent again, once there is room: the page does not say that it
// was recorded before it is.
func TestAFormThatRecordedNothingMayBeSentAgain(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 20)
	s := newServer(t, dir, func(o *Options) { o.Decisions = filepath.Join(filepath.Dir(o.Decisions), "later", "decisions.csv") })
	who := newBrowser(t, s)
	form := fields(who.page("/day/2024-09-12/breaks/" + b.ID[0].String()))
	form.Set("id", b.ID[0].String())
	form.Set("action", "accept")
	form.Set("name", "李")
	for range 2 {
		if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusInsufficientStorage {
			t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
		}
	}
	if err := os.Mkdir(filepath.Dir(s.Decisions), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusSeeOther || !strings.Contains(textOf(who.page(w.Header().Get("Location"))), "1 recorded.") {
			t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
		}
	}
	if list := recorded(t, s); len(list) != 1 {
		t.Errorf("%d rows", len(list))
	}
	form.Del("once")
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusBadRequest {
		t.Errorf("a form without a name: %d", w.Code)
	}
}

// The day is run again between the look and the decision, and the same breaks have other
// amounts: neither the one nor the several are decided unseen.
func TestAmountsThatWereSeenBind(t *testing.T) {
	day := dayOf(t, "2024-09-12")
	write := func(dir string, actual settlement.Amount) *settlement.Breaks {
		b, h := &settlement.Breaks{}, &settlement.IDHasher{}
		for i := range 3 {
			b.Add(h, settlement.Break{Kind: 1, Wallet: 1, OrderNo: fmt.Appendf(nil, "O%012d", i), Expected: 1000, Actual: actual, SeenOn: day, FileLine: int64(i + 1)}, day)
		}
		writeResult(t, filepath.Join(dir, "dt=2024-09-12"), day, b)
		return b
	}
	dir := t.TempDir()
	b := write(dir, 900)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	ids := []string{b.ID[0].String(), b.ID[1].String()}
	one := fields(who.page("/day/2024-09-12/breaks/" + ids[0]))
	one["id"], one["action"], one["name"] = ids[:1], []string{"write_off"}, []string{"李"}
	_, several := confirmed(t, who, url.Values{"action": {"write_off"}, "id": ids, "scope": {"page"}})
	if err := os.RemoveAll(filepath.Join(dir, "dt=2024-09-12")); err != nil {
		t.Fatal(err)
	}
	if again := write(dir, 600); again.ID[0] != b.ID[0] {
		t.Fatal("the breaks are others")
	}
	for name, form := range map[string]url.Values{"one": one, "several": several} {
		if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusConflict || !strings.Contains(textOf(w.Body.String()), "or their amounts") {
			t.Errorf("%s: %d %s", name, w.Code, textOf(w.Body.String()))
		}
	}
	if _, err := os.Stat(s.Decisions); err == nil {
		t.Error("something was recorded")
	}
}

// Somebody else decides one of several between count and click: fewer than were confirmed
// would be recorded.
func TestTheCountThatWasConfirmedBinds(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 20)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	ids := []string{b.ID[0].String(), b.ID[1].String(), b.ID[2].String()}
	_, form := confirmed(t, who, url.Values{"action": {"accept"}, "id": ids, "scope": {"page"}})
	if w := newBrowser(t, s).decide("2024-09-12", "accept", nil, ids[1]); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusConflict {
		t.Errorf("%d", w.Code)
	}
	if list := recorded(t, s); len(list) != 1 {
		t.Errorf("%d rows", len(list))
	}
}
