package review

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// listedDay is a day in the list of days.
type listedDay struct {
	Name, State string // of state: balanced, breaks, incomplete, not compared, damaged
	Fault       string
	Summary     *summary
	Refused     int
	OpenItems   int64
	Recorded    int // breaks of the newest day that were decided since its run
}

// daysPage is the list of days.
type daysPage struct {
	frame
	Days   []listedDay
	Newest *listedDay // nil where it is damaged
	More   int        // earlier days that are not listed
	most   int64      // open breaks of one day
}

// Share is how much of the day with most open breaks a day has, in hundredths.
func (p *daysPage) Share(open int64) int64 {
	if p.most == 0 {
		return 0
	}
	return (open*100 + p.most - 1) / p.most
}

// shownDays is how many days the list shows.
const shownDays = 31

func (s *Server) showDays(q *request) error {
	names, err := s.data.names()
	if err != nil {
		return err
	}
	if len(names) == 1 && names[0] == single {
		http.Redirect(q.w, q.Request, "/day/"+single, http.StatusSeeOther)
		return nil
	}
	if len(names) == 0 {
		return unfit(fmt.Errorf("%s: %w", filepath.Clean(s.Out), output.ErrNoResult))
	}
	page := &daysPage{frame: s.frame(q, "Days")}
	for _, name := range names[:min(len(names), shownDays)] {
		d := s.data.known(name, names)
		one := listedDay{Name: name}
		sums, err := d.summary(q.Context())
		if q.Context().Err() != nil {
			return nil //nolint:nilerr // whoever asked is gone
		}
		if err != nil {
			one.State, one.Fault = "damaged", err.Error()
			page.Days = append(page.Days, one)
			continue
		}
		one.Summary, one.State = sums, stateOfDay(sums.manifest)
		one.Refused, one.OpenItems = len(sums.manifest.Refused), rowsOf(sums.manifest, "open_items")
		page.most = max(page.most, sums.Open)
		page.Days = append(page.Days, one)
	}
	page.More = len(names) - len(page.Days)
	said := s.audit.read()
	page.tell(said)
	where := s.lookFor(q.Context(), said, names)
	page.tellUnknown(said, where.nowhere)
	page.Skipped = where.skipped
	if newest := &page.Days[0]; newest.Fault == "" {
		page.Newest, newest.Recorded = newest, said.recordedOf(where.newest)
	}
	return s.show(q, "days.html", page)
}

// whereabouts is in which days the breaks are that were decided.
type whereabouts struct {
	newest  map[settlement.ID]bool // that the newest day has, and whether they are open there
	nowhere []settlement.ID
	skipped []string // days that could not be read, while some had not been found yet
}

// lookFor looks for the breaks that were decided, from the newest day back until each is
// found.
func (s *Server) lookFor(ctx context.Context, said *said, names []string) (w whereabouts) {
	w.nowhere = said.ids
	for i, name := range names {
		if len(w.nowhere) == 0 {
			return w
		}
		last := slices.Index(said.ids, w.nowhere[len(w.nowhere)-1])
		found, err := s.data.known(name, names).decided(ctx, said.ids, last)
		if err != nil {
			w.skipped = append(w.skipped, name)
			continue
		}
		if i == 0 {
			w.newest = found
		}
		w.nowhere = slices.DeleteFunc(slices.Clone(w.nowhere), func(id settlement.ID) bool { _, there := found[id]; return there })
	}
	return w
}

func rowsOf(m *output.Manifest, table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// stateOfDay is the one word for a result that is shown first.
func stateOfDay(m *output.Manifest) string {
	switch {
	case !m.Complete:
		return "incomplete"
	case m.Figures != nil && (m.Figures.Bills == 0 || m.Figures.Orders == 0):
		return "not compared"
	case m.Figures != nil && m.Figures.BreakCount() > 0:
		return "breaks"
	case m.Figures == nil:
		return "no figures"
	}
	return "balanced"
}
