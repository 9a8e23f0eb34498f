package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reconcile/decisions"
	"reconcile/output"
	"reconcile/settlement"
)

// actions are what can be decided, in the order in which they are offered.
var actions = []string{decisions.Accept, decisions.WriteOff, decisions.Explain, decisions.Assign, decisions.Note, decisions.Reopen}

// longestNote is how many characters a note may have.
const longestNote = 500

// mostAtOnce is how many breaks can be decided in one go.
const mostAtOnce = 10_000

// choice is a decision about some breaks, as a form asks for it.
type choice struct {
	Action, Note, Assignee string
	Rows                   []*row // of which it can be decided
	Left                   []left // of which it cannot
	Scope                  string // page or filter: how the breaks were chosen
	digest                 string // of Rows: what is confirmed
	Sum                    settlement.Amount
}

// left is a break of which something cannot be decided.
type left struct {
	Row *row
	Why string // in English, and has Chinese
}

func refused(what string) error { return &pageError{http.StatusUnprocessableEntity, what, nil} }

// scene is what is known where something is decided.
type scene struct {
	breaks *queue
	said   *said
	// later is the breaks of the newest day, nil for that day itself: what it has is decided
	// there, and what it left out as decided can be reopened on an earlier one.
	later *queue
}

// earlierDay is why nothing but that can be decided on a day before the newest.
const earlierDay = "This is how things stood on an earlier day. Decide on the newest one."

// mayDecide says why nothing can be decided on a day, "" where it can.
func (s *Server) mayDecide(d *day, said *said) string {
	switch {
	case s.Decisions == "":
		return "No file of decisions is named, so nothing can be decided here: set decisions in the configuration, or start with --decisions FILE."
	case said.fault != nil:
		return "The file of decisions has faults, so nothing is added to it, and a run would stop at it."
	case !d.newest.Load():
		return earlierDay
	}
	return ""
}

// why says why a break cannot be decided so, "" where it can.
func (s *Server) why(action string, r *row, at *scene) string {
	if at.later != nil && (action != decisions.Reopen || at.later.byID(r.ID) != nil) {
		return earlierDay
	}
	said := at.said
	state := said.state(r)
	switch action {
	case decisions.Reopen:
		if state != stateDecided && state != stateRecorded {
			return "It was not accepted or written off."
		}
		if e, ok := said.verdict(r); ok && e.What == decisions.Reopen {
			return "It is reopened already."
		}
		return ""
	case decisions.Explain, decisions.Assign, decisions.Note:
		return ""
	}
	switch state {
	case stateClosed:
		return "It is closed: its counterpart came."
	case stateDecided, stateRecorded:
		if e, ok := said.verdict(r); !ok || e.What != decisions.Reopen {
			return "It was decided already: reopen it first."
		}
	}
	if action == decisions.WriteOff {
		if r.Difference == settlement.NoAmount {
			return "It has no amount that could be written off."
		}
		if s.WriteOffLimit == 0 && r.size() > 0 {
			return "No write-off limit is configured (write_off_limit)."
		}
		if r.size() > s.WriteOffLimit {
			return "Its difference is above the write-off limit."
		}
	}
	return ""
}

// choiceOf reads a form: the breaks by their identities, or all that a filter selects.
func (s *Server) choiceOf(form url.Values, at *scene) (*choice, error) {
	c := &choice{Action: form.Get("action"), Note: strings.TrimSpace(form.Get("note")), Assignee: strings.TrimSpace(form.Get("assignee")), Scope: form.Get("scope")}
	if !slices.Contains(actions, c.Action) {
		return nil, refused("Choose what to decide.")
	}
	for _, text := range []string{c.Note, c.Assignee} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return nil, refused("A note and a name are one line, without characters that are none.")
		}
	}
	switch {
	case utf8.RuneCountInString(c.Note) > longestNote:
		return nil, refused("The note is too long: it may have 500 characters.")
	case utf8.RuneCountInString(c.Assignee) > longestName:
		return nil, refused("The name is too long, or has characters that are none.")
	case c.Note == "" && (c.Action == decisions.Explain || c.Action == decisions.Note):
		return nil, refused("Write the note: it is what this decision consists of.")
	case c.Assignee == "" && c.Action == decisions.Assign:
		return nil, refused("Name who looks after the break.")
	}
	rows, err := chosen(form, c.Scope, at.breaks, at.said)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, refused("Choose at least one break.")
	}
	if len(rows) > mostAtOnce {
		return nil, refused("These are more than 10,000 breaks: narrow the filter, and decide in several goes.")
	}
	for _, r := range rows {
		if why := s.why(c.Action, r, at); why != "" {
			c.Left = append(c.Left, left{r, why})
			continue
		}
		c.Rows = append(c.Rows, r)
		if r.Difference != settlement.NoAmount {
			if c.Sum, err = c.Sum.Add(r.Difference); err != nil {
				return nil, err
			}
		}
	}
	c.digest = digest(c.Rows)
	return c, nil
}

// chosen are the breaks that a form names.
func chosen(form url.Values, scope string, q *queue, said *said) (rows []*row, err error) {
	if scope == "filter" {
		v, err := url.ParseQuery(form.Get("filter"))
		if err != nil {
			return nil, refused("The filter cannot be read.")
		}
		f := filterOf(v)
		return q.all(&f, said), nil
	}
	seen := map[settlement.ID]bool{}
	for _, text := range form["id"] {
		id, ok := settlement.ParseID(text)
		r := q.byID(id)
		if !ok || r == nil {
			return nil, &pageError{http.StatusConflict, "A break that was chosen is no longer there: the day was run again. Look at the queue once more.", nil}
		}
		if !seen[id] {
			seen[id] = true
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// open reads the day of an address, its breaks, and what was decided.
func (s *Server) open(q *request) (*day, *queue, *said, error) {
	d, err := s.data.day(q.PathValue("day"))
	if err != nil {
		return nil, nil, nil, err
	}
	s.data.use(d)
	breaks, _, err := d.breaks(q.Context())
	if err != nil {
		return d, nil, nil, unfit(err)
	}
	return d, breaks, s.audit.read(), nil
}

// later is the breaks of the newest day.
func (s *Server) later(ctx context.Context) (*queue, error) {
	names, err := s.data.names()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, unfit(output.ErrNoResult)
	}
	newest := s.data.known(names[0], names)
	s.data.use(newest)
	breaks, _, err := newest.breaks(ctx)
	return breaks, unfit(err)
}

// decide records a decision. Whoever sends a form twice records it once.
func (s *Server) decide(q *request) error {
	d, breaks, said, err := s.open(q)
	if err != nil {
		return err
	}
	form, at := q.PostForm, &scene{breaks: breaks, said: said}
	why := s.mayDecide(d, said)
	if why == earlierDay && form.Get("action") == decisions.Reopen {
		why = ""
		if at.later, err = s.later(q.Context()); err != nil {
			return err
		}
	}
	if why != "" {
		return &pageError{http.StatusForbidden, why, said.fault}
	}
	if q.who == "" {
		name := strings.TrimSpace(form.Get("name"))
		if fault := NameFault(name); fault != "" {
			return refused(fault)
		}
		q.who = name
		s.setCookie(q.w, "name", url.QueryEscape(name), keepName)
	}
	back, once := localPath(form.Get("back")), form.Get("once")
	if once == "" {
		return errNoForm
	}
	_, err = s.forms.send(q.Context(), once, func() (int, error) {
		// Whoever clicks twice takes the first request back: it is recorded all the same.
		return s.record(context.WithoutCancel(q.Context()), form, at, q.who)
	})
	switch {
	case q.Context().Err() != nil:
		return nil //nolint:nilerr // whoever asked is gone
	case err != nil:
		return err
	}
	http.Redirect(q.w, q.Request, withDone(back, once), http.StatusSeeOther)
	return nil
}

// record adds what a form decides to the file, and returns of how many breaks: also with an
// error where rows stand in the file.
func (s *Server) record(ctx context.Context, form url.Values, at *scene, who string) (int, error) {
	c, err := s.choiceOf(form, at)
	if err != nil {
		return 0, err
	}
	if len(c.Rows) == 0 {
		return 0, refused(c.Left[0].Why)
	}
	if form.Get("digest") != c.digest {
		return 0, &pageError{http.StatusConflict, "Meanwhile the breaks are others than you saw, or their amounts: somebody decided, or the day was run again. Nothing was recorded. Look at them once more.", nil}
	}
	now := settlement.Instant(s.Now().Truncate(time.Second).UnixMicro())
	entries := make([]decisions.Entry, len(c.Rows))
	for i, r := range c.Rows {
		entries[i] = decisions.Entry{ID: r.ID, What: c.Action, Who: who, When: now, Note: c.Note, Assignee: c.Assignee}
	}
	switch err := s.audit.record(ctx, entries); {
	case errors.Is(err, decisions.ErrNotRecorded):
		return 0, &pageError{http.StatusInsufficientStorage, "The decision could not be written, and nothing was recorded.", err}
	case errors.Is(err, decisions.ErrUnsure):
		return len(entries), &pageError{http.StatusInternalServerError, "The decision was written, and it is not certain that it lasts. Look into the file of decisions before you go on.", err}
	case err != nil:
		return len(entries), &pageError{http.StatusInternalServerError, "The decision was recorded, but the file of decisions cannot be read back.", err}
	}
	s.Log.Info("decisions were recorded", "file", s.Decisions, "decision", c.Action, "breaks", len(entries), "who", who)
	return len(entries), nil
}

// withDone is a path of this page on which is told what came of a form; "" of none.
func withDone(path, once string) string {
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	v := u.Query()
	v.Del("done")
	if once != "" {
		v.Set("done", once)
	}
	u.RawQuery = v.Encode()
	return u.RequestURI()
}
