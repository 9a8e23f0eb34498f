package review

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reconcile/output"
)

// change rewrites a day's run.json.
func change(t testing.TB, dir string, with func(map[string]any)) {
	t.Helper()
	path := filepath.Join(dir, output.ManifestName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	with(m)
	if raw, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsShownOfAResultThatIsNotWhatItsRunWrote(t *testing.T) {
	part := filepath.Join("breaks", output.PartName(0))
	for name, c := range map[string]struct {
		harm func(dir string) error
		says string
	}{
		"a changed part": {func(dir string) error {
			text, err := os.ReadFile(filepath.Join(dir, part))
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 1
			return os.WriteFile(filepath.Join(dir, part), text, 0o600)
		}, "SHA-256: expected"},
		"a cut part":     {func(dir string) error { return os.Truncate(filepath.Join(dir, part), 100) }, "bytes: expected"},
		"a missing part": {func(dir string) error { return os.Remove(filepath.Join(dir, part)) }, "it is missing"},
		"an added part": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "breaks", output.PartName(1)), nil, 0o600)
		}, "the run did not write it"},
		"no run.json": {func(dir string) error { return os.Remove(filepath.Join(dir, output.ManifestName)) }, "a run that did not end"},
		"an unknown version": {func(dir string) error {
			change(t, dir, func(m map[string]any) { m["schema_version"] = 99 })
			return nil
		}, "schema version 99"},
		"a damaged run.json": {func(dir string) error { return os.Truncate(filepath.Join(dir, output.ManifestName), 200) }, "not a usable run.json"},
		"a proof that fails": {func(dir string) error {
			change(t, dir, func(m map[string]any) { m["proof"].([]any)[0].(map[string]any)["holds"] = false })
			return nil
		}, "its proof does not hold"},
		"no _SUCCESS": {func(dir string) error { return os.Remove(filepath.Join(dir, output.SuccessName)) }, "_SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := daysOf(t, "2024-09-11", "2024-09-12")
			s := newServer(t, dir)
			who := newBrowser(t, s)
			id := idOf(t, who, "2024-09-12", 0) // it was sound when it was looked at first
			if err := c.harm(filepath.Join(dir, "dt=2024-09-12")); err != nil {
				t.Fatal(err)
			}
			if page := textOf(who.page("/")); !strings.Contains(page, "damaged") || !strings.Contains(page, c.says) {
				t.Errorf("the list: %s", page)
			}
			for _, path := range []string{"/day/2024-09-12", "/day/2024-09-12/breaks", "/day/2024-09-12/breaks/" + id, "/day/2024-09-12/report.html"} {
				w := who.ask(http.MethodGet, path, "")
				if says := textOf(w.Body.String()); w.Code < 400 || !strings.Contains(says, c.says) || !strings.Contains(says, "Nothing of it is shown") || strings.Contains(says, "O0000") {
					t.Errorf("%s: %d %s", path, w.Code, says)
				}
			}
			form := fields(who.page("/"))
			form.Set("id", id)
			form.Set("action", "accept")
			form.Set("once", "x")
			form.Set("name", "李")
			if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code < 400 {
				t.Errorf("a break of it was decided: %d", w.Code)
			}
			if _, err := os.Stat(s.Decisions); err == nil {
				t.Error("something was recorded")
			}
			if w := who.ask(http.MethodGet, "/day/2024-09-11", ""); w.Code != http.StatusOK {
				t.Errorf("the other day: %d", w.Code)
			}
			if err := s.Look(t.Context()); err == nil {
				t.Error("nothing is said at the start")
			}
		})
	}
}

// No hash covers run.json: sums that are not those of the rows are no sums of this result.
func TestSumsThatAreNotThoseOfTheRowsAreNotShown(t *testing.T) {
	for name, harm := range map[string]func(breaks, account map[string]any){
		"a count":            func(b, _ map[string]any) { b["count"] = 0 },
		"an amount":          func(b, _ map[string]any) { b["short"] = "-1.00" },
		"another kind":       func(b, _ map[string]any) { b["kind"] = "balance_gap" },
		"an account's count": func(_, a map[string]any) { a["breaks"] = 0 },
		"none":               func(_, _ map[string]any) {},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "days")
			jobs := generatedDays(t, folder, 1)
			day := jobs[0].Day.String()
			change(t, filepath.Join(folder, "dt="+day), func(m map[string]any) {
				figures := m["figures"].(map[string]any)
				account := map[string]any{}
				for _, a := range figures["accounts"].([]any) {
					if a := a.(map[string]any); a["breaks"] != 0.0 {
						account = a
					}
				}
				harm(figures["breaks"].([]any)[0].(map[string]any), account)
			})
			who := newBrowser(t, newServer(t, folder))
			list := textOf(who.page("/"))
			w := who.ask(http.MethodGet, "/day/"+day, "")
			if name == "none" {
				if strings.Contains(list, "damaged") || w.Code != http.StatusOK {
					t.Errorf("a sound day is not shown: %d %s", w.Code, list)
				}
				return
			}
			if !strings.Contains(list, "damaged") || !strings.Contains(list, "figures: open breaks of") {
				t.Errorf("the list: %s", list)
			}
			if says := textOf(w.Body.String()); w.Code != http.StatusConflict || !strings.Contains(says, "figures: open breaks of") {
				t.Errorf("the day: %d %s", w.Code, says)
			}
		})
	}
}

// A disk that did not answer once may answer the next time; a file that is another one stays
// so until somebody touches it.
func TestWhatADiskDidNotGiveIsAskedForAgain(t *testing.T) {
	for name, c := range map[string]struct {
		first error
		reads int
	}{"no answer": {syscall.EIO, 2}, "given up": {context.Canceled, 2}, "another file": {output.ErrChanged, 1}, "another version": {output.ErrManifest, 1}} {
		reads, s := 0, state[int]{}
		for range 2 {
			value, err := s.fresh("as it is", func() (int, error) {
				if reads++; reads == 1 {
					return 0, c.first
				}
				return 7, nil
			})
			if reads == 2 && (value != 7 || err != nil) || reads == 1 && !errors.Is(err, c.first) {
				t.Errorf("%s: %d, %v", name, value, err)
			}
		}
		if reads != c.reads {
			t.Errorf("%s: it was read %d times", name, reads)
		}
	}
}

func TestAFolderWhoseDaysAreGoneIsToldOf(t *testing.T) {
	dir := daysOf(t, "2024-09-12")
	who := newBrowser(t, newServer(t, dir))
	if err := os.RemoveAll(filepath.Join(dir, "dt=2024-09-12")); err != nil {
		t.Fatal(err)
	}
	if w := who.ask(http.MethodGet, "/", ""); w.Code != http.StatusNotFound || !strings.Contains(textOf(w.Body.String()), "There is no result any more.") {
		t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
	}
}

// An old day that was damaged is named; the story is told of the others.
func TestAStoryIsToldWithoutADayThatIsDamaged(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "days")
	jobs := generatedDays(t, folder, 2)
	first, newest := jobs[0].Day.String(), jobs[1].Day.String()
	if err := os.Truncate(filepath.Join(folder, "dt="+first, "breaks", output.PartName(0)), 100); err != nil {
		t.Fatal(err)
	}
	who := newBrowser(t, newServer(t, folder))
	page := textOf(who.page("/day/" + newest + "/breaks/" + idOf(t, who, newest, 0)))
	if !strings.Contains(page, "Days that cannot be read were not looked at: "+first) || !strings.Contains(page, "Expected, by the orders") || strings.Contains(page, "cannot be told") {
		t.Errorf("%s", page)
	}
}

func TestANewRunIsSeenAtOnce(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, "dt=2024-09-12")
	inventedBreaks(t, place, dayOf(t, "2024-09-12"), 30)
	who := newBrowser(t, newServer(t, dir))
	if page := textOf(who.page("/day/2024-09-12/breaks")); !strings.Contains(page, "30 breaks") {
		t.Fatal(page)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	inventedBreaks(t, fresh, dayOf(t, "2024-09-12"), 31)
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, place); err != nil {
		t.Fatal(err)
	}
	if page := textOf(who.page("/day/2024-09-12/breaks")); !strings.Contains(page, "31 breaks") {
		t.Errorf("the former run is shown: %s", page)
	}
	inventedBreaks(t, filepath.Join(dir, "dt=2024-09-13"), dayOf(t, "2024-09-13"), 5)
	if page := who.page("/"); !strings.Contains(page, "2024-09-13") {
		t.Error("a new day is not listed")
	}
}

func TestOnlyAFewDaysAreKeptInMemory(t *testing.T) {
	names := []string{"2024-09-09", "2024-09-10", "2024-09-11", "2024-09-12", "2024-09-13"}
	s := newServer(t, daysOf(t, names...))
	who := newBrowser(t, s)
	for _, name := range names {
		who.page("/day/" + name + "/breaks")
	}
	kept := 0
	for _, d := range s.data.days {
		if d.queue.value != nil {
			kept++
		}
	}
	if kept != keptDays {
		t.Errorf("%d days are in memory", kept)
	}
}

// addReport gives a day a report.html.
func addReport(t testing.TB, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, reportName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := output.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.AddFile(dir, reportName); err != nil {
		t.Fatal(err)
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestAReportIsShownInASandboxOnceItsHashAgrees(t *testing.T) {
	dir := daysOf(t, "2024-09-12")
	place := filepath.Join(dir, "dt=2024-09-12")
	who := newBrowser(t, newServer(t, dir))
	if page := textOf(who.page("/day/2024-09-12")); !strings.Contains(page, "This run wrote no report.html.") {
		t.Error("that there is none is not said")
	}
	if w := who.ask(http.MethodGet, "/day/2024-09-12/report.html", ""); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	const report = "<!doctype html><style>a{}</style><script>\nlet a = '<b>'\n</script><p>report</p>"
	addReport(t, place, report)
	if page := who.page("/day/2024-09-12"); !strings.Contains(page, `href="/day/2024-09-12/report.html"`) {
		t.Error("it cannot be reached")
	}
	w := who.ask(http.MethodGet, "/day/2024-09-12/report.html", "")
	if w.Code != http.StatusOK || w.Body.String() != report {
		t.Fatalf("%d %s", w.Code, w.Body.String())
	}
	got := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"sandbox allow-scripts allow-popups;", "default-src 'none'", "style-src 'sha256-" + hashOf("a{}") + "'", "script-src 'sha256-" + hashOf("\nlet a = '<b>'\n") + "'", "frame-ancestors 'none'"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	if strings.Contains(got, "allow-same-origin") || strings.Contains(got, "unsafe") {
		t.Errorf("the report reaches this page: %s", got)
	}
	if err := os.WriteFile(filepath.Join(place, reportName), []byte(strings.Replace(report, "report", "rep0rt", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if w := who.ask(http.MethodGet, "/day/2024-09-12/report.html", ""); w.Code != http.StatusConflict || !strings.Contains(textOf(w.Body.String()), "It is not shown") || strings.Contains(w.Body.String(), "rep0rt") {
		t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
	}
	if err := os.Remove(filepath.Join(place, reportName)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(place, reportName)); err != nil {
		t.Fatal(err)
	}
	if w := who.ask(http.MethodGet, "/day/2024-09-12/report.html", ""); w.Code < 400 || strings.Contains(w.Body.String(), "root:") {
		t.Errorf("a link that leads out is followed: %d", w.Code)
	}
}

func TestAResultThatStandsAloneIsShown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	inventedBreaks(t, dir, dayOf(t, "2024-09-12"), 10)
	who := newBrowser(t, newServer(t, dir))
	if w := who.ask(http.MethodGet, "/", ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/day/result" {
		t.Errorf("%d", w.Code)
	}
	if page := textOf(who.page("/day/result/breaks")); !strings.Contains(page, "10 breaks") {
		t.Error(page)
	}
}
