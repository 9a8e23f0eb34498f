package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/schedule/metrics"
	"reconcile/settlement"
)

// besideDataset is the path of a file that is kept about a dataset, outside it: readers
// of the dataset never see it.
func besideDataset(dataset, name string) string {
	dataset = filepath.Clean(dataset)
	return filepath.Join(filepath.Dir(dataset), "."+filepath.Base(dataset)+"."+name)
}

// datasetView is what the days of a dataset and its inbox look like at an instant.
type datasetView struct {
	now    time.Time
	days   []dayView // the last ones of which anything is known, in order
	newest settlement.Day
	// atNewest is the newest committed day, which may be older than days; nil where there
	// is none.
	atNewest *dayView
	// awaited are the bills that should be there and are not.
	awaited []schedule.Awaited
	due     []schedule.Due
	closed  *pipeline.Closed
	damaged []error // of days that are not what their runs wrote
}

// dayView is one day of it.
type dayView struct {
	day       settlement.Day
	committed bool
	complete  bool
	refused   int          // inputs
	due       schedule.Why // "" where it is up to date
	closed    bool         // its month is closed: what is due stays as it is
	late      []string     // wallets and accounts whose bill is late
	waiting   []string     // the same whose deadline has not passed
	held      bool         // it is not run before its orders are there, or late
	openItems int64
	breaks    breakSums
	finished  time.Time // when its run ended; zero where that is not told
	damaged   error     // it is not what its run wrote: nothing else of it is told
}

// viewDataset looks at the inbox's catalogue and the last days of a dataset.
func viewDataset(c *nightly, catalogue *pipeline.Catalogue, job *pipeline.Job, now time.Time, last int) (*datasetView, error) {
	dataset := job.Dataset
	due, err := planOf(catalogue, job)
	if err != nil {
		return nil, err
	}
	closed, err := pipeline.OpenClosed(dataset)
	if err != nil {
		return nil, err
	}
	v := &datasetView{now: now, newest: settlement.NoDay, due: due, closed: closed}
	committed, err := pipeline.Days(dataset)
	if err != nil {
		return nil, err
	}
	if len(committed) > 0 {
		v.newest = committed[len(committed)-1]
	}
	if v.awaited, err = awaitedOf(c, catalogue, job, committed, now); err != nil {
		return nil, err
	}
	if v.newest != settlement.NoDay {
		v.atNewest = &dayView{day: v.newest}
		if err := v.look(v.atNewest, dataset); err != nil {
			return nil, err
		}
	}
	end := v.lastKnown()
	for day := end - settlement.Day(last) + 1; day <= end; day++ {
		d := dayView{day: day}
		if day == v.newest {
			d = *v.atNewest
		} else if _, ok := slices.BinarySearch(committed, day); ok {
			if err := v.look(&d, dataset); err != nil {
				return nil, err
			}
		}
		v.complete(&d)
		v.days = append(v.days, d)
	}
	return v, nil
}

// viewWhole is viewDataset for whoever acts on it: a day that is not what its run wrote is
// an error.
func viewWhole(c *nightly, catalogue *pipeline.Catalogue, job *pipeline.Job, now time.Time, last int) (*datasetView, error) {
	v, err := viewDataset(c, catalogue, job, now, last)
	if err == nil && len(v.damaged) > 0 {
		return nil, errors.Join(v.damaged...)
	}
	return v, err
}

// look reads what a committed day says of itself. A day that is not what its run wrote is
// noted, so that the others can be told.
func (v *datasetView) look(d *dayView, dataset string) error {
	err := d.read(pipeline.DayFolder(dataset, d.day))
	if errors.Is(err, output.ErrChanged) || errors.Is(err, output.ErrManifest) || errors.Is(err, output.ErrNoResult) {
		*d = dayView{day: d.day, damaged: err}
		v.damaged = append(v.damaged, err)
		return nil
	}
	return err
}

// lastKnown is the last day of which anything is to be said: as a rule yesterday.
func (v *datasetView) lastKnown() settlement.Day {
	last := v.newest
	for _, a := range v.awaited {
		last = max(last, a.Day)
	}
	for _, d := range v.due {
		if day, err := settlement.ParseDay([]byte(d.Day)); err == nil {
			last = max(last, day)
		}
	}
	if last == settlement.NoDay {
		last = v.yesterday()
	}
	return last
}

func (v *datasetView) yesterday() settlement.Day {
	return settlement.DayOf(settlement.Instant(v.now.UnixMicro())) - 1
}

// recent says that a bill of the day is still asked for; one that is missing for longer
// was told long ago.
func (v *datasetView) recent(day settlement.Day) bool { return day > v.yesterday()-lookBack }

// complete adds to a day what is due and what is awaited.
func (v *datasetView) complete(d *dayView) {
	d.closed = v.closed.Of(d.day) != nil
	for _, one := range v.due {
		if one.Day == d.day.String() {
			d.due = one.Why
		}
	}
	for _, a := range v.awaited {
		switch {
		case a.Day != d.day:
		case a.Late(v.now):
			d.late = append(d.late, a.Bill)
		default:
			d.waiting = append(d.waiting, a.Bill)
		}
	}
	d.held = d.due == schedule.Missing && waitsForOrders(v.awaited, v.now, d.day)
}

// waitsForOrders says that a day is not run yet: without its orders, or those of a day
// before it, it would be all breaks. From the deadline on it is run without them.
func waitsForOrders(awaited []schedule.Awaited, now time.Time, day settlement.Day) bool {
	return slices.ContainsFunc(awaited, func(a schedule.Awaited) bool { return a.Orders && !a.Late(now) && a.Day <= day })
}

// awaitedOf are the bills and orders that should be there and are not: neither in the
// inbox nor in a committed day.
func awaitedOf(c *nightly, catalogue *pipeline.Catalogue, job *pipeline.Job, committed []settlement.Day, now time.Time) ([]schedule.Awaited, error) {
	dataset := job.Dataset
	floor, err := keptFrom(dataset)
	if err != nil {
		return nil, err
	}
	w := schedule.Await{Delivered: map[settlement.Day][]string{}, First: c.first, Over: c.over, Deadline: c.deadline, Zone: c.zone}
	for _, day := range catalogue.Days() {
		w.Delivered[day] = catalogue.Of(day).Bills
	}
	if len(committed) > 0 {
		// Each day hands on what was delivered up to it: the newest knows all.
		m, err := output.ReadManifest(pipeline.DayFolder(dataset, committed[len(committed)-1]))
		if err != nil {
			return nil, err
		}
		if err := addCoverage(w.Delivered, m); err != nil {
			return nil, err
		}
	}
	if floor != settlement.NoDay {
		for day := range w.Delivered {
			if day < floor {
				delete(w.Delivered, day)
			}
		}
		w.First = max(w.First, floor)
	}
	if c.waitForOrders && job.Mappings.OrdersQuery == nil { // a query is asked when its day is run
		if w.Orders, err = orderDays(catalogue, dataset, committed, now); err != nil {
			return nil, err
		}
	}
	return w.Missing(now), nil
}

// orderDays are the days with which extracts of orders end, in the inbox or in committed
// days of late.
func orderDays(catalogue *pipeline.Catalogue, dataset string, committed []settlement.Day, now time.Time) (map[settlement.Day]bool, error) {
	ends := map[settlement.Day]bool{}
	add := func(days []settlement.Day) {
		for _, day := range days {
			ends[day] = true
		}
	}
	add(catalogue.OrderDays())
	today := settlement.DayOf(settlement.Instant(now.UnixMicro()))
	for _, day := range committed {
		if day < today-lookBack {
			continue
		}
		m, err := output.ReadManifest(pipeline.DayFolder(dataset, day))
		if err != nil {
			return nil, err
		}
		add(pipeline.OrderDaysOf(m))
	}
	return ends, nil
}

// addCoverage adds the days that were delivered up to a committed day.
func addCoverage(delivered map[settlement.Day][]string, m *output.Manifest) error {
	if m.Day == nil {
		return nil
	}
	for _, span := range m.Day.Coverage {
		from, errFrom := settlement.ParseDay([]byte(span.From))
		until, errUntil := settlement.ParseDay([]byte(span.Until))
		if err := errors.Join(errFrom, errUntil); err != nil {
			return err
		}
		bill := strings.TrimSpace(span.Wallet + " " + span.Account)
		for day := from; day < until; day++ {
			if !slices.Contains(delivered[day], bill) {
				delivered[day] = append(delivered[day], bill)
			}
		}
	}
	return nil
}

// read takes what a committed day says of itself.
func (d *dayView) read(dir string) error {
	m, err := output.VerifiedTables(context.Background(), dir, "breaks")
	if err != nil {
		return err
	}
	d.committed, d.complete, d.refused = true, m.Complete, len(m.Refused)
	d.openItems = tableRows(m, "open_items")
	if at, err := time.Parse(time.RFC3339, m.FinishedAt); err == nil {
		d.finished = at
	}
	d.breaks.groups, d.breaks.ages = map[metrics.BreakGroup]int64{}, map[string]ageSum{}
	return output.ReadTable(dir, "breaks", func(row output.Row) error { return d.breaks.add(row, d.day) })
}

func tableRows(m *output.Manifest, table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// state is the one word for a day that is shown first, "" for a day of which nothing is
// expected.
func (d *dayView) state() string {
	switch {
	case d.damaged != nil:
		return stateDamaged
	case d.held:
		return stateWaiting
	case d.due == schedule.Missing:
		return stateMissing
	case len(d.late) > 0:
		return stateLate
	case d.due != "":
		return stateStale
	case len(d.waiting) > 0:
		return stateWaiting
	case !d.committed:
		return ""
	case !d.complete:
		return stateIncomplete
	case d.breaks.open > 0:
		return stateBreaks
	}
	return stateBalanced
}

// The words of a day's state, as status prints them and programs read them.
const (
	stateDamaged    = "damaged"    // it is not what its run wrote
	stateMissing    = "missing"    // its bills are there, it was not run
	stateLate       = "late"       // a bill is late
	stateStale      = "stale"      // run, and its files or the day before changed since
	stateWaiting    = "waiting"    // a bill, or the orders, are not there yet and not late
	stateIncomplete = "incomplete" // run, and an input was refused
	stateBreaks     = "breaks"
	stateBalanced   = "balanced"
)

var dayStates = []string{stateDamaged, stateMissing, stateLate, stateStale, stateWaiting, stateIncomplete, stateBreaks, stateBalanced}

// forMetrics is the view as Prometheus is shown it.
func (v *datasetView) forMetrics() *metrics.Dataset {
	d := &metrics.Dataset{Newest: v.newest, Days: map[string]int64{}, Awaited: map[metrics.Account]time.Time{}}
	for _, one := range v.due {
		day, err := settlement.ParseDay([]byte(one.Day))
		switch {
		case err != nil || v.closed.Of(day) != nil:
		case one.Why == schedule.Missing && waitsForOrders(v.awaited, v.now, day):
		case one.Why == schedule.Missing:
			d.Days[stateMissing]++
		default:
			d.Days[stateStale]++
		}
	}
	for i := range v.days {
		day := &v.days[i]
		if len(day.late) > 0 && v.recent(day.day) {
			d.Days[stateLate]++
		}
		if day.committed && !day.complete {
			d.Days[stateIncomplete]++
		}
	}
	if day := v.atNewest; day != nil {
		d.Breaks, d.Short, d.Over, d.OpenItems = day.breaks.groups, day.breaks.short, day.breaks.over, day.openItems
	}
	for _, a := range v.awaited {
		if !v.recent(a.Day) {
			continue
		}
		wallet, account, _ := strings.Cut(a.Bill, " ")
		of := metrics.Account{Wallet: wallet, Account: account}
		if ended := (a.Day + 1).Start().Time(); d.Awaited[of].IsZero() || ended.Before(d.Awaited[of]) {
			d.Awaited[of] = ended
		}
	}
	return d
}

// lastSuccess is when a day was last committed whole; zero where none was.
func (v *datasetView) lastSuccess() (at time.Time) {
	for _, d := range v.days {
		if d.committed && d.complete && d.finished.After(at) {
			at = d.finished
		}
	}
	return at
}

// deadline is until when bills that are not late yet are worth waiting for: the earliest
// of theirs, zero where there is none.
func (v *datasetView) deadline() (until time.Time) {
	for _, a := range v.awaited {
		if !a.Late(v.now) && (until.IsZero() || a.Deadline.Before(until)) {
			until = a.Deadline
		}
	}
	return until
}

// yesterdaysBillIsMissing says that there is a reason to try again later.
func (v *datasetView) yesterdaysBillIsMissing() bool {
	return slices.ContainsFunc(v.awaited, func(a schedule.Awaited) bool { return a.Day == v.yesterday() })
}

// lateByAccount are the late bills, a row an account: how many days, and which.
func (v *datasetView) lateByAccount() (rows []lateBills) {
	for _, a := range v.awaited {
		if !a.Late(v.now) || !v.recent(a.Day) {
			continue
		}
		at := slices.IndexFunc(rows, func(r lateBills) bool { return r.bill == a.Bill })
		if at < 0 {
			at = len(rows)
			rows = append(rows, lateBills{bill: a.Bill, first: a.Day})
		}
		rows[at].days++
		rows[at].last = a.Day
	}
	slices.SortFunc(rows, func(a, b lateBills) int { return cmp.Compare(a.bill, b.bill) })
	return rows
}

type lateBills struct {
	bill        string
	days        int
	first, last settlement.Day
}
