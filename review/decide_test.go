package review

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/decisions"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

func recorded(t testing.TB, s *Server) []decisions.Entry {
	t.Helper()
	list, err := decisions.History(s.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// withDifference is the identity of the first invented break with a difference.
func withDifference(t testing.TB, b *settlement.Breaks, fits func(settlement.Amount) bool) string {
	t.Helper()
	for i := range b.ID {
		if fits(b.Difference[i]) {
			return b.ID[i].String()
		}
	}
	t.Fatal("no such break")
	return ""
}

func TestADecisionIsARowOfTheFileAndIsSeenAtOnce(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 50)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	id := b.ID[3].String()
	w := who.decide("2024-09-12", "accept", url.Values{"note": {"=cmd|'/c calc'!A1 <script>alert(1)</script>"}}, id)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/day/2024-09-12/breaks/"+id+"?done=") {
		t.Fatalf("%d %s %s", w.Code, w.Header().Get("Location"), textOf(w.Body.String()))
	}
	told := w.Header().Get("Location")
	page := who.page(told)
	for _, want := range []string{"1 recorded.", "takes effect with the next run", "李会计", "2024-09-16 09:00:00", "=cmd|&#39;/c calc&#39;!A1 &lt;script&gt;alert(1)&lt;/script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, path := range []string{told, "/day/2024-09-12?done=1", "/?done=500"} { // loaded again, or a link
		if strings.Contains(textOf(who.page(path)), "recorded.") {
			t.Errorf("%s tells of decisions that nobody took now", path)
		}
	}
	list := recorded(t, s)
	if len(list) != 1 || list[0].What != "accept" || list[0].Who != "李会计" || list[0].When.String() != "2024-09-16 09:00:00" || list[0].Note != "=cmd|'/c calc'!A1 <script>alert(1)</script>" {
		t.Errorf("%+v", list)
	}
	text, err := os.ReadFile(s.Decisions)
	if err != nil || !strings.Contains(string(text), ",'=cmd|") {
		t.Errorf("a spreadsheet would take the note for a formula: %s, %v", text, err)
	}
	if page := who.page("/day/2024-09-12/breaks?size=200"); strings.Contains(page, id) || !strings.Contains(textOf(page), "49 breaks") {
		t.Error("it is still to be done")
	}
	if page := who.page("/day/2024-09-12/breaks?state=recorded"); !strings.Contains(page, id) {
		t.Error("it is not among those recorded")
	}
	if page := who.page("/day/2024-09-12"); !strings.Contains(textOf(page), "1 decided since this run") {
		t.Error("the day does not tell of it")
	}
}

func TestEachDecisionNeedsWhatItConsistsOf(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 2100)
	s := newServer(t, dir) // the limit is 5.00
	who := newBrowser(t, s)
	small := withDifference(t, b, func(a settlement.Amount) bool { return a == -500 })
	large := withDifference(t, b, func(a settlement.Amount) bool { return a == 501 })
	for name, c := range map[string]struct {
		action, id string
		values     url.Values
		want       int
		says       string
	}{
		"explain without a note": {"explain", small, nil, http.StatusUnprocessableEntity, "Write the note"},
		"note without a note":    {"note", small, url.Values{"note": {"  "}}, http.StatusUnprocessableEntity, "Write the note"},
		"assign to nobody":       {"assign", small, nil, http.StatusUnprocessableEntity, "Name who looks after"},
		"above the limit":        {"write_off", large, nil, http.StatusUnprocessableEntity, "above the write-off limit"},
		"an unknown word":        {"delete", small, nil, http.StatusUnprocessableEntity, "Choose what to decide"},
		"nothing to reopen":      {"reopen", small, nil, http.StatusUnprocessableEntity, "not accepted or written off"},
		"two lines":              {"note", small, url.Values{"note": {"a\nb"}}, http.StatusUnprocessableEntity, "one line"},
		"no name":                {"accept", small, url.Values{"name": {""}}, http.StatusUnprocessableEntity, "Give your name"},
		"an unknown break":       {"accept", small, url.Values{"id": {"0000000000000000"}}, http.StatusConflict, "no longer there"},
		"no break":               {"accept", small, url.Values{"id": {}}, http.StatusUnprocessableEntity, "at least one"},
		"a mistyped one":         {"accept", small, url.Values{"id": {"' or 1=1"}}, http.StatusConflict, "no longer there"},
	} {
		w := newBrowser(t, s).decide("2024-09-12", c.action, c.values, c.id)
		if w.Code != c.want || !strings.Contains(textOf(w.Body.String()), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, textOf(w.Body.String()))
		}
		back := "/day/2024-09-12/breaks/" + c.id
		switch ids := c.values["id"]; {
		case c.values.Has("id") && len(ids) == 0:
			back = "/day/2024-09-12/breaks"
		case len(ids) == 1:
			back = "/day/2024-09-12/breaks/" + url.PathEscape(ids[0])
		}
		if !strings.Contains(html.UnescapeString(w.Body.String()), `href="`+back+`"`) {
			t.Errorf("%s: no way back to %s", name, back)
		}
	}
	if _, err := os.Stat(s.Decisions); err == nil {
		t.Fatal("something was recorded")
	}
	for _, c := range []struct {
		action string
		values url.Values
	}{{"explain", url.Values{"note": {"客户已补差"}}}, {"assign", url.Values{"assignee": {"王"}}}, {"note", url.Values{"note": {"看过"}}}, {"write_off", nil}, {"reopen", nil}, {"accept", nil}} {
		if w := who.decide("2024-09-12", c.action, c.values, small); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", c.action, w.Code, textOf(w.Body.String()))
		}
	}
	if w := who.decide("2024-09-12", "accept", nil, small); !strings.Contains(textOf(w.Body.String()), "decided already") {
		t.Errorf("twice: %d", w.Code)
	}
	if list := recorded(t, s); len(list) != 6 {
		t.Errorf("%+v", list)
	}
	page := textOf(who.page("/day/2024-09-12/breaks/" + small))
	if !strings.Contains(page, "Assigned to 王") || !strings.Contains(page, "explained") || !strings.Contains(page, "reopened") {
		t.Errorf("the history is not shown: %s", page)
	}
}

// confirmed sends the form of the queue, and then that of the page which asks once more.
func confirmed(t testing.TB, b *browser, form url.Values) (asked string, form2 url.Values) {
	t.Helper()
	for name, value := range fields(b.page("/day/2024-09-12/breaks")) {
		form[name] = value
	}
	w := b.ask(http.MethodPost, "/day/2024-09-12/confirm", form.Encode())
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, textOf(w.Body.String()))
	}
	form2 = fields(w.Body.String())
	for _, name := range []string{"id", "action", "note", "assignee", "scope", "filter"} {
		if form.Has(name) {
			form2[name] = form[name]
		}
	}
	form2.Set("name", "李")
	return w.Body.String(), form2
}

func TestSeveralAreDecidedAfterCountAndSumAreShown(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 3000)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	var ids []string
	var sum settlement.Amount
	small := 0
	for i := 900; i < 1100; i++ { // −6.00 to −4.01
		ids = append(ids, b.ID[i].String())
		if b.Difference[i] >= -500 {
			small++
			sum += b.Difference[i]
		}
	}
	asked, form := confirmed(t, who, url.Values{"action": {"write_off"}, "id": ids, "scope": {"page"}, "note": {"尾差"}})
	says := textOf(asked)
	if !strings.Contains(says, fmt.Sprintf("Breaks %d", small)) || !strings.Contains(says, yuan(sum)) || !strings.Contains(says, fmt.Sprintf("Left out: %d. Its difference is above the write-off limit. (5.00)", 200-small)) {
		t.Errorf("%s", says)
	}
	if _, err := os.Stat(s.Decisions); err == nil {
		t.Fatal("it was recorded before it was confirmed")
	}
	w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode())
	told := fmt.Sprintf("%d recorded.", small)
	if w.Code != http.StatusSeeOther || !strings.Contains(textOf(who.page(w.Header().Get("Location"))), told) {
		t.Fatalf("%d %s", w.Code, textOf(w.Body.String()))
	}
	if list := recorded(t, s); len(list) != small || list[0].Note != "尾差" || list[0].What != "write_off" {
		t.Errorf("%d rows", len(list))
	}
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusSeeOther || !strings.Contains(textOf(who.page(w.Header().Get("Location"))), told) {
		t.Errorf("the same form again: %d %s", w.Code, w.Header().Get("Location"))
	}
	if list := recorded(t, s); len(list) != small {
		t.Errorf("a form that was sent twice was recorded twice: %d rows", len(list))
	}
}

func TestAllThatAFilterFindsAreDecidedOrNoneIfTheyChanged(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 700)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	asked, form := confirmed(t, who, url.Values{"action": {"accept"}, "scope": {"filter"}, "filter": {"kind=fee_variance"}})
	if !strings.Contains(textOf(asked), "Record 50 decisions") {
		t.Errorf("%s", textOf(asked))
	}
	one := withKind(b, "fee_variance")
	if w := newBrowser(t, s).decide("2024-09-12", "accept", nil, one); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusConflict || !strings.Contains(textOf(w.Body.String()), "Nothing was recorded") {
		t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
	}
	form.Del("digest")
	form.Set("once", "another")
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusConflict {
		t.Errorf("without what was confirmed: %d", w.Code)
	}
	if list := recorded(t, s); len(list) != 1 {
		t.Errorf("%d rows", len(list))
	}
	_, form = confirmed(t, who, url.Values{"action": {"accept"}, "scope": {"filter"}, "filter": {"kind=fee_variance"}})
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusSeeOther {
		t.Errorf("%d", w.Code)
	}
	if list := recorded(t, s); len(list) != 50 {
		t.Errorf("%d rows", len(list))
	}
}

func withKind(b *settlement.Breaks, kind string) string {
	for i := range b.ID {
		if b.Kind[i].String() == kind {
			return b.ID[i].String()
		}
	}
	return ""
}

func TestThePageOnlyShowsWhereNothingCanBeRecorded(t *testing.T) {
	dir := t.TempDir()
	for _, day := range []string{"2024-09-11", "2024-09-12"} {
		inventedBreaks(t, filepath.Join(dir, "dt="+day), dayOf(t, day), 20)
	}
	b := inventedBreaks(t, filepath.Join(t.TempDir(), "x"), dayOf(t, "2024-09-12"), 20)
	id := b.ID[0].String()
	none := newServer(t, dir, func(o *Options) { o.Decisions = "" })
	faulty := newServer(t, dir, func(o *Options) {
		if err := os.WriteFile(o.Decisions, []byte("break_id,decision,who,when,note,assignee\nx,y,z,w,,\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	for name, c := range map[string]struct {
		server    *Server
		day, says string
	}{
		"no file":        {none, "2024-09-12", "start with --decisions FILE"},
		"a faulty file":  {faulty, "2024-09-12", "has faults"},
		"an earlier day": {newServer(t, dir), "2024-09-11", "Decide on the newest one"},
	} {
		who := newBrowser(t, c.server)
		for _, path := range []string{"/day/" + c.day, "/day/" + c.day + "/breaks", "/day/" + c.day + "/breaks/" + id} {
			page := who.page(path)
			if !strings.Contains(textOf(page), c.says) || strings.Contains(page, `name="action"`) {
				t.Errorf("%s: %s: something can be decided, or why not is not said", name, path)
			}
		}
		form := fields(who.page("/"))
		form.Set("id", id)
		form.Set("action", "accept")
		form.Set("once", "x")
		form.Set("name", "李")
		for _, path := range []string{"decide", "confirm"} {
			if w := who.ask(http.MethodPost, "/day/"+c.day+"/"+path, form.Encode()); w.Code != http.StatusForbidden || !strings.Contains(textOf(w.Body.String()), c.says) {
				t.Errorf("%s: %s: %d", name, path, w.Code)
			}
		}
	}
	if page := textOf(newBrowser(t, faulty).page("/")); !strings.Contains(page, "The file of decisions cannot be used") || !strings.Contains(page, `break_id: "x" is no identity`) {
		t.Error("the faults are not shown with their places")
	}
}

// jobWith runs a day with what is recorded, and returns what each of its breaks is and since when.
func jobWith(t *testing.T, s *Server, job pipeline.Job) map[string]string {
	t.Helper()
	register, err := decisions.Read(s.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	register.WriteOffLimit = 500
	job.Decisions = register
	if _, err := pipeline.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	if err := output.ReadTable(pipeline.DayFolder(job.Dataset, job.Day), "breaks", func(r output.Row) error {
		states[r.Text("break_id")] = r.Text("status") + " " + r.Text("first_seen_on")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return states
}

// A break that was accepted two nights ago is in the newest day no more: it is reopened on
// the day that shows it, and the next run has it again.
func TestWhatTheNewestDayLeavesOutIsReopenedOnAnEarlierOne(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "days")
	jobs := generatedDays(t, folder, 3)
	first, second, newest := jobs[0].Day.String(), jobs[1].Day.String(), jobs[2].Day.String()
	s := newServer(t, folder)
	who := newBrowser(t, s)
	id, other := "", ""
	if err := output.ReadTable(pipeline.DayFolder(folder, jobs[2].Day), "breaks", func(r output.Row) error {
		if r.Text("status") == "open" && r.Text("first_seen_on") == first {
			id, other = r.Text("break_id"), id
		}
		return nil
	}); err != nil || other == "" {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Decisions, []byte("break_id,decision,who,when,note,assignee\n"+id+",accept,Li,2024-09-13 09:00:00,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if states := jobWith(t, s, jobs[1]); states[id] != "accepted "+first {
		t.Fatalf("%q", states[id])
	}
	if states := jobWith(t, s, jobs[2]); states[id] != "" || states[other] != "open "+first {
		t.Fatalf("the newest day has %q and %q", states[id], states[other])
	}
	if w := who.ask(http.MethodGet, "/day/"+newest+"/breaks/"+id, ""); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	page := who.page("/day/" + second + "/breaks/" + id)
	if !strings.Contains(page, `value="reopen"`) || strings.Contains(page, `value="accept"`) || !strings.Contains(textOf(page), "Here it can be reopened.") {
		t.Errorf("%s", textOf(page))
	}
	if w := who.decide(second, "accept", nil, id); w.Code != http.StatusForbidden {
		t.Errorf("accepted on an earlier day: %d", w.Code)
	}
	if page := who.page("/day/" + second + "/breaks/" + other); strings.Contains(page, `value="reopen"`) {
		t.Error("what the newest day has is decided on an earlier one")
	}
	form := fields(page)
	form["id"], form["action"], form["name"] = []string{other}, []string{"reopen"}, []string{"李"}
	if w := who.ask(http.MethodPost, "/day/"+second+"/decide", form.Encode()); w.Code != http.StatusUnprocessableEntity || !strings.Contains(textOf(w.Body.String()), "Decide on the newest one.") {
		t.Errorf("%d %s", w.Code, textOf(w.Body.String()))
	}
	if w := who.decide(second, "reopen", nil, id); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, textOf(w.Body.String()))
	}
	if states := jobWith(t, s, jobs[2]); states[id] != "open "+first {
		t.Errorf("after it was reopened: %q", states[id])
	}
}

// The next run reads what the page recorded: what was accepted or written off counts no
// more, and what was reopened counts again.
func TestTheNextRunReadsWhatWasRecorded(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "days")
	jobs := generatedDays(t, folder, 2)
	day := jobs[1].Day.String()
	s := newServer(t, folder)
	who := newBrowser(t, s)
	open := map[string]settlement.Amount{}
	if err := output.ReadTable(pipeline.DayFolder(folder, jobs[1].Day), "breaks", func(r output.Row) error {
		if r.Text("status") == "open" {
			open[r.Text("break_id")], _ = r.Money("difference")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	accepted, written := "", ""
	for id, difference := range open {
		switch {
		case difference != 0 && difference.Abs() <= 500 && written == "":
			written = id
		case accepted == "":
			accepted = id
		}
	}
	story := textOf(who.page("/day/" + day + "/breaks/" + accepted))
	if !strings.Contains(story, "Expected, by the orders") || !strings.Contains(story, "BREAKS:") && !strings.Contains(story, "payout") {
		t.Errorf("the story is not told: %s", story)
	}
	for action, id := range map[string]string{"accept": accepted, "write_off": written} {
		if w := who.decide(day, action, nil, id); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", action, w.Code, textOf(w.Body.String()))
		}
	}
	again := func() map[string]string {
		t.Helper()
		states := jobWith(t, s, jobs[1])
		for id, state := range states {
			states[id], _, _ = strings.Cut(state, " ")
		}
		return states
	}
	if states := again(); states[accepted] != "accepted" || states[written] != "written_off" {
		t.Errorf("%s, %s", states[accepted], states[written])
	}
	if page := who.page("/day/" + day + "/breaks?state=decided"); !strings.Contains(page, accepted) || !strings.Contains(page, written) {
		t.Error("the page does not show the new run")
	}
	if w := who.decide(day, "reopen", nil, accepted); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, textOf(w.Body.String()))
	}
	if page := who.page("/day/" + day + "/breaks?state=recorded"); !strings.Contains(page, accepted) {
		t.Error("that it is reopened is not seen at once")
	}
	if states := again(); states[accepted] != "open" || states[written] != "written_off" {
		t.Errorf("after it was reopened: %s, %s", states[accepted], states[written])
	}
}
