package review

import (
	"net/http"
	"net/url"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// sortLink is a column's heading: where it leads, and which way the column is sorted.
type sortLink struct {
	Name, Href string
	Direction  string // ascending, descending, ""
	Number     bool
}

// queuePage is the breaks of a day, a page of them.
type queuePage struct {
	frame
	Day      string
	Single   bool
	Newest   bool
	Queue    *queue
	Filter   filter
	Found    found
	First    int
	Last     int
	Pages    int
	Said     *said
	ReadOnly string
	Limit    settlement.Amount
	Actions  []string
	Sizes    []int
	States   []string
	Ages     []string
}

func (s *Server) showQueue(q *request) error {
	d, breaks, said, err := s.open(q)
	if err != nil {
		return err
	}
	page := &queuePage{frame: s.frame(q, "Breaks"), Day: d.name, Single: d.name == single, Newest: d.newest.Load(), Queue: breaks, Filter: filterOf(q.URL.Query()), Said: said,
		Limit: s.WriteOffLimit, Actions: actions, Sizes: sizes, States: states, Ages: overview.Ages[:]}
	page.tell(said)
	page.ReadOnly = page.T(s.mayDecide(d, said))
	if page.Found, err = breaks.find(&page.Filter, said); err != nil {
		return err
	}
	page.Pages = max(1, (page.Found.Count+page.Filter.Size-1)/page.Filter.Size)
	if page.Filter.Page > page.Pages {
		http.Redirect(q.w, q.Request, "/day/"+d.name+"/breaks"+page.Filter.with(func(f *filter) { f.Page = page.Pages }), http.StatusSeeOther)
		return nil
	}
	page.First = min((page.Filter.Page-1)*page.Filter.Size+1, page.Found.Count)
	page.Last = page.First + len(page.Found.Rows) - 1
	if page.Found.Count == 0 {
		page.Last = 0
	}
	page.Title = page.Tf("Breaks of %s", page.T(d.name))
	return s.show(q, "queue.html", page)
}

// Fen is the difference of a break for whoever adds them up; 0 where there is none.
func (p *queuePage) Fen(r *row) int64 {
	if r.Difference == settlement.NoAmount {
		return 0
	}
	return int64(r.Difference)
}

// Sort is a heading by which the queue is sorted.
func (p *queuePage) Sort(name, sorting string, number bool) sortLink {
	l := sortLink{Name: name, Number: number}
	down := p.Filter.Sort == sorting && !p.Filter.Reverse
	l.Href = p.Filter.with(func(f *filter) { f.Sort, f.Reverse, f.Page = sorting, down, 1 })
	if l.Href == "" {
		l.Href = "?"
	}
	if p.Filter.Sort == sorting {
		largestFirst := sorting == "amount" || sorting == "age"
		l.Direction = "ascending"
		if largestFirst != p.Filter.Reverse {
			l.Direction = "descending"
		}
	}
	return l
}

// At is the address's query of another page of the queue.
func (p *queuePage) At(page int) string {
	if text := p.Filter.with(func(f *filter) { f.Page = page }); text != "" {
		return text
	}
	return "?"
}

// Turn is a page before or behind this one.
func (p *queuePage) Turn(by int) int { return p.Filter.Page + by }

// Plain is the query without anything but the state.
func (p *queuePage) Plain(state string) string {
	f := filterOf(url.Values{"state": {state}})
	if text := f.Query(); text != "" {
		return text
	}
	return "?"
}

// StateOf, VerdictOf, AssigneeOf and NoteOf say what was decided of a break.
func (p *queuePage) StateOf(r *row) string    { return p.Said.state(r) }
func (p *queuePage) AssigneeOf(r *row) string { return p.Said.assignee(r) }
func (p *queuePage) NoteOf(r *row) string     { return p.Said.note(r) }

// VerdictOf is what was recorded since the run, "" for nothing.
func (p *queuePage) VerdictOf(r *row) string { return verdictOf(p.Said, r) }

func verdictOf(s *said, r *row) string {
	if e, ok := s.verdict(r); ok {
		return e.What
	}
	return ""
}
