package review

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/decisions"
	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/words"
	"reconcile/settlement"
)

// pageFuncs are what templates call beside the methods of their page.
var pageFuncs = template.FuncMap{
	"yuan":  yuan,
	"count": func(n any) string { return settlement.GroupDigits(fmt.Sprint(n)) },
	"sign": func(a settlement.Amount) string { // the class of an amount
		switch {
		case a == settlement.NoAmount || a == 0:
			return "zero"
		case a < 0:
			return "short"
		}
		return "over"
	},
	"dict": func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			m[fmt.Sprint(pairs[i])] = pairs[i+1]
		}
		return m
	},
}

// yuan is an amount for people, "" where there is none.
func yuan(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return ""
	}
	return strings.Replace(a.Grouped(), "-", "−", 1)
}

// frame is what every page has around it.
type frame struct {
	Title   string
	Chinese bool
	Theme   string
	Token   string
	Once    string // of this page's form
	Who     string
	Fixed   bool   // the name was given when the page was started
	Back    string // this page
	Out     string
	Done    int // how many decisions were recorded just now
	say     func(chinese bool, text string) string
	reason  func(text string) string // in Chinese

	Fault   string   // of the file of decisions
	Lost    bool     // it was written over
	Unknown int      // breaks that it names and no day has
	Some    []string // the first of them
	Skipped []string // days in which they were not looked for
	File    string   // of decisions
	NotRead bool
}

func (s *Server) frame(q *request, title string) frame {
	f := frame{Chinese: q.chinese, Theme: q.theme, Token: s.token(q.session), Who: q.who, Fixed: s.Who != "", Out: filepath.Clean(s.Out),
		say: s.Say, reason: s.ReasonInChinese, File: s.Decisions, NotRead: s.NotRead && s.Decisions != "", Back: "/"}
	if q.Method == http.MethodGet || q.Method == http.MethodHead {
		f.Back = q.URL.RequestURI()
		if once := q.URL.Query().Get("done"); once != "" {
			f.Back = withDone(f.Back, "")
			if q.Method == http.MethodGet {
				f.Done = s.forms.tell(once)
			}
		}
	}
	f.Title = f.T(title)
	if once, err := nonce(); err == nil {
		f.Once = once
	}
	return f
}

// T says a text in the reader's language.
func (f *frame) T(text string) string {
	if f.Chinese {
		if known, ok := chinese[text]; ok {
			return known
		}
	} else if known, ok := english[text]; ok {
		return known
	} else if known, ok := words.English(text); ok {
		return known
	}
	if f.say != nil {
		return f.say(f.Chinese, text)
	}
	return text
}

// Reason tells why something is a break.
func (f *frame) Reason(text string) string {
	if f.Chinese && f.reason != nil {
		return f.reason(text)
	}
	return text
}

// Tf is T of a text with verbs.
func (f *frame) Tf(text string, args ...any) string { return fmt.Sprintf(f.T(text), args...) }

// Lang is the page's language as HTML names it.
func (f *frame) Lang() string {
	if f.Chinese {
		return "zh-CN"
	}
	return "en"
}

// tell adds to a frame what is wrong with the file of decisions.
func (f *frame) tell(s *said) {
	f.Lost = s.lost
	if s.fault != nil {
		f.Fault = s.fault.Error()
	}
}

// tellUnknown adds to a frame which breaks were decided and are nowhere.
func (f *frame) tellUnknown(s *said, ids []settlement.ID) {
	f.Unknown, f.Some = len(ids), s.places(ids)
}

// show sends a page.
func (s *Server) show(q *request, name string, page any) error {
	var body bytes.Buffer
	if err := s.pages.ExecuteTemplate(&body, name, page); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := body.WriteTo(q.w)
	if err != nil {
		return nil //nolint:nilerr // whoever asked is gone
	}
	return nil
}

// unfit says on a page of its own why a result is not shown.
func unfit(err error) error {
	switch {
	case errors.Is(err, output.ErrChanged):
		return &pageError{http.StatusConflict, "This result is not what its run wrote, or its run did not end. Nothing of it is shown.", err}
	case errors.Is(err, output.ErrManifest):
		return &pageError{http.StatusConflict, "This result was written by another version of reconcile, or its run.json is damaged. Nothing of it is shown.", err}
	case errors.Is(err, output.ErrNoResult), errors.Is(err, os.ErrNotExist):
		return &pageError{http.StatusNotFound, "There is no result any more.", err}
	}
	return err
}

// dayPage is a day.
type dayPage struct {
	frame
	Day       string
	Newest    bool
	Single    bool
	State     string
	Overview  *overview.Overview
	Total     output.AccountFigures
	NoFigures bool
	Manifest  *output.Manifest
	Checks    int
	Report    string // "" where it can be opened, else why not
	ReadOnly  string
	Recorded  found // decided since the run
}

func (s *Server) showDay(q *request) error {
	d, err := s.data.day(q.PathValue("day"))
	if err != nil {
		return err
	}
	s.data.use(d)
	breaks, m, view, err := d.wholeDay(q.Context())
	if err != nil {
		return unfit(err)
	}
	said := s.audit.read()
	page := &dayPage{frame: s.frame(q, "Day"), Day: d.name, Single: d.name == single, Newest: d.newest.Load(), Manifest: m, State: stateOfDay(m), Overview: view, NoFigures: view == nil}
	page.Title = d.name
	if page.Single {
		page.Title = page.T("Result")
	}
	page.tell(said)
	if page.Single {
		page.tellUnknown(said, slices.DeleteFunc(slices.Clone(said.ids), func(id settlement.ID) bool { return breaks.byID(id) != nil }))
	}
	if view != nil {
		if page.Total, err = view.Total(); err != nil {
			return err
		}
	}
	for _, c := range m.Proof {
		if c.Holds {
			page.Checks++
		}
	}
	if err := d.hasReport(m); err != nil {
		page.Report = err.Error()
		if errors.Is(err, errNoReport) {
			page.Report = page.T("This run wrote no report.html.")
		}
	}
	page.ReadOnly = page.T(s.mayDecide(d, said))
	f := filterOf(url.Values{"state": {stateRecorded}})
	if page.Recorded, err = breaks.find(&f, said); err != nil {
		return err
	}
	return s.show(q, "day.html", page)
}

// Of counts the breaks of a kind that have an age, as text; none is a dash.
func (p *dayPage) Of(k overview.KindAge, age string) string {
	if n := k.ByAge[slices.Index(overview.Ages[:], age)]; n > 0 {
		return settlement.GroupedCount(n)
	}
	return "–"
}

// Matched is the share of a side that agreed, rounded down, so that 100.00% is said of
// nothing but the whole; a dash where nothing was to be matched.
func (p *dayPage) Matched(f output.MatchFigures) string {
	if f.Rows == 0 {
		return "–"
	}
	return settlement.Amount(f.Matched*10_000/f.Rows).String() + "%"
}

// sendReport sends the report of a run in a sandbox: it may run the scripts that stand in
// it, by their hashes, and reach neither this page nor any other.
func (s *Server) sendReport(q *request) error {
	d, err := s.data.day(q.PathValue("day"))
	if err != nil {
		return err
	}
	m, err := d.manifest(q.Context())
	if err != nil {
		return unfit(err)
	}
	text, err := d.report(m)
	switch {
	case errors.Is(err, errNoReport):
		return notFound("This run wrote no report.html.")
	case errors.Is(err, output.ErrChanged):
		return &pageError{http.StatusConflict, "The report is not what its run wrote. It is not shown.", err}
	case err != nil:
		return err
	}
	h := q.w.Header()
	h.Set("Content-Security-Policy", sandboxOf(text))
	h.Set("Content-Type", "text/html; charset=utf-8")
	if _, err := q.w.Write(text); err != nil {
		return nil //nolint:nilerr // whoever asked is gone
	}
	return nil
}

// confirmPage asks once more before several breaks are decided.
type confirmPage struct {
	frame
	Day    string
	Choice *choice
	Digest string
	Filter string // as an address's query, where all that it selects are decided
	Shown  []*row
	Limit  settlement.Amount
	Return string
}

// shownChosen is how many of the chosen breaks are listed.
const shownChosen = 20

func (s *Server) confirm(q *request) error {
	d, breaks, said, err := s.open(q)
	if err != nil {
		return err
	}
	if why := s.mayDecide(d, said); why != "" {
		return &pageError{http.StatusForbidden, why, said.fault}
	}
	c, err := s.choiceOf(q.PostForm, &scene{breaks: breaks, said: said})
	if err != nil {
		return err
	}
	page := &confirmPage{frame: s.frame(q, "Confirm"), Day: d.name, Choice: c, Digest: c.digest, Limit: s.WriteOffLimit, Return: localPath(q.PostForm.Get("back"))}
	if c.Scope == "filter" {
		page.Filter = q.PostForm.Get("filter")
	}
	page.Back = page.Return
	page.Shown = c.Rows[:min(len(c.Rows), shownChosen)]
	page.tell(said)
	return s.show(q, "confirm.html", page)
}

// More is how many of the chosen breaks are not listed.
func (p *confirmPage) More() int { return len(p.Choice.Rows) - len(p.Shown) }

// Reasons are why breaks are left out, each with how many.
func (p *confirmPage) Reasons() []struct {
	Why   string
	Count int
} {
	var list []struct {
		Why   string
		Count int
	}
	for _, l := range p.Choice.Left {
		i := slices.IndexFunc(list, func(r struct {
			Why   string
			Count int
		}) bool {
			return r.Why == l.Why
		})
		if i < 0 {
			i = len(list)
			list = append(list, struct {
				Why   string
				Count int
			}{Why: l.Why})
		}
		list[i].Count++
	}
	return list
}

// historyEntry is a row of the file of decisions on a page.
type historyEntry struct {
	decisions.Entry
	Name string // of the file
}

// history are the decisions of a break, latest first.
func history(s *said, id settlement.ID) (list []historyEntry) {
	for _, e := range s.byBreak[id] {
		list = append(list, historyEntry{e, filepath.Base(e.Path)})
	}
	slices.Reverse(list)
	return list
}
