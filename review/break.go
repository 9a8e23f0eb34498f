package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"reconcile/decisions"
	"reconcile/settlement"
	"reconcile/story"
)

// breakPage is one break, with its order's story.
type breakPage struct {
	frame
	Day           string
	Single        bool
	Newest        bool
	Row           *row
	Said          *said
	State         string
	Verdict       string // recorded since the run, "" for nothing
	Assignee      string
	Note          string
	History       []historyEntry
	ReadOnly      string
	LeftOut       bool // by the newest day, since it was decided: it can be reopened
	Limit         settlement.Amount
	Choices       []offered
	Query         string // of the filter by which it was found
	Before, After *row
	Digest        string // of the break as it is shown

	Story *told
	Fault string
}

// offered is a decision that can be taken here, or why it cannot.
type offered struct {
	Action string
	Why    string // "" where it can be taken
}

// told is a story in the reader's language.
type told struct {
	Orders   [][]string
	Verdict  string
	Sections []story.Section
	Skipped  []string // days of which it tells nothing: they are not what their runs wrote
}

// showBreak sends what is known of the break at once, and the story behind it, which may
// have to be looked for in every day.
func (s *Server) showBreak(q *request) error {
	d, breaks, said, err := s.open(q)
	if err != nil {
		return err
	}
	id, ok := settlement.ParseID(q.PathValue("break"))
	r := breaks.byID(id)
	if !ok || r == nil {
		return notFound("This day has no such break: it may have been closed or decided since, or the number is mistyped.")
	}
	f := filterOf(q.URL.Query())
	page := &breakPage{frame: s.frame(q, "Break"), Day: d.name, Single: d.name == single, Newest: d.newest.Load(), Row: r, Said: said,
		State: said.state(r), Verdict: verdictOf(said, r), Assignee: said.assignee(r), Note: said.note(r), History: history(said, id), Limit: s.WriteOffLimit, Query: f.Query()}
	page.tell(said)
	s.offer(q.Context(), page, &scene{breaks: breaks, said: said}, s.mayDecide(d, said))
	page.Digest = digest([]*row{r})
	page.Before, page.After = breaks.neighbours(&f, said, r)
	page.Title = page.T(r.Kind) + " " + r.OrderNo
	var head bytes.Buffer
	if err := s.pages.ExecuteTemplate(&head, "break.html", page); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := head.WriteTo(q.w); err != nil {
		return nil //nolint:nilerr // whoever asked is gone
	}
	if err := http.NewResponseController(q.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil //nolint:nilerr // whoever asked is gone
	}
	if q.Method == http.MethodHead {
		return nil
	}
	page.Story, err = s.storyOf(q, d, r, page)
	if err != nil {
		s.Log.Warn("a story could not be told", "break", r.ID, "error", err)
		page.Fault = err.Error()
	}
	var rest bytes.Buffer
	if err := s.pages.ExecuteTemplate(&rest, "story.html", page); err != nil {
		return fmt.Errorf("the story of %s: %w", r.ID, err)
	}
	_, _ = rest.WriteTo(q.w) // whoever asked is gone
	return nil
}

// offer says on a page what can be decided of its break; why is why nothing can on its day.
func (s *Server) offer(ctx context.Context, page *breakPage, at *scene, why string) {
	if why == earlierDay {
		later, err := s.later(ctx)
		at.later = later
		if err == nil && s.why(decisions.Reopen, page.Row, at) == "" {
			page.LeftOut, page.Choices = true, []offered{{decisions.Reopen, ""}}
			return
		}
	}
	page.ReadOnly = page.T(why)
	for _, action := range actions {
		page.Choices = append(page.Choices, offered{action, s.why(action, page.Row, at)})
	}
}

// storyOf reads the story of a break's order from all days that are what their runs wrote.
func (s *Server) storyOf(q *request, d *day, r *row, page *breakPage) (*told, error) {
	dirs, skipped := []string{d.dir}, []string(nil)
	if d.name != single {
		var err error
		if dirs, skipped, err = s.data.dirs(q.Context()); err != nil {
			return nil, err
		}
	}
	number := r.OrderNo
	for _, other := range []string{r.LineID, r.EventID, r.ProviderID, r.ID.String()} {
		if number == "" {
			number = other
		}
	}
	one, err := story.Read(q.Context(), dirs, number)
	if err != nil {
		return nil, err
	}
	teller := story.Teller{Say: page.T, Reason: page.Reason, Calendar: s.Calendar}
	return &told{teller.Orders(one), teller.Verdict(one), teller.Sections(one), skipped}, nil
}

// Back is the address of the queue from which the break was reached.
func (p *breakPage) ToQueue() string { return "/day/" + p.Day + "/breaks" + p.Query }

// To is the address of another break of the queue.
func (p *breakPage) To(r *row) string {
	return "/day/" + p.Day + "/breaks/" + url.PathEscape(r.ID.String()) + p.Query
}

// IsVerdict says that an action decides whether the break counts.
func (p *breakPage) IsVerdict(action string) bool {
	e := decisions.Entry{What: action}
	return e.GivesVerdict()
}
