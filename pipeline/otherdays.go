package pipeline

import (
	"sync"

	"reconcile/settlement"
)

// otherDays is what the files of a day hold of other days: a monthly bill beside the
// daily ones, an extract that goes on after the day. Those rows are counted and left
// out; each of them belongs to the run of its own day.
type otherDays struct {
	mu     sync.Mutex
	kinds  map[fileKind]lineSums
	events map[int32]int64 // by extract
}

func (o *otherDays) add(key fileKind, gross, settled, fee, coupon settlement.Amount) {
	if o.kinds == nil {
		o.kinds = map[fileKind]lineSums{}
	}
	sums := o.kinds[key]
	sums.add(1, gross, settled, fee, coupon)
	o.kinds[key] = sums
}

// of adds up what a file holds of other days, of fund lines or of statement lines.
func (o *otherDays) of(file int32, funds bool) (sum lineSums) {
	for key, s := range o.kinds {
		if key.file == file && (key.kind >= settlement.Income) == funds {
			sum.add(s.rows, s.gross, s.settled, s.fee, s.coupon)
		}
	}
	return sum
}

// otherEvents is how many rows the extracts that count have of other days; those of an
// extract that was delivered twice are of its first copy.
func (r *run) otherEvents() (n int64) {
	for file, rows := range r.other.events {
		if r.intake.Accepted(file) {
			n += rows
		}
	}
	return n
}

// isOther says that a row with that day is not of the run's day.
func (r *run) isOther(on settlement.Day) bool {
	return r.state != nil && on != settlement.NoDay && on != r.job.Day
}

// ownLines returns the lines of the run's day.
func (r *run) ownLines(l *settlement.Lines) *settlement.Lines {
	if r.state == nil {
		return l
	}
	rows, all := rowsThat(l.Len(), func(i int) bool { return !r.isOther(l.SettledOn[i]) })
	if all {
		return l
	}
	r.other.mu.Lock()
	defer r.other.mu.Unlock()
	for i, on := range l.SettledOn {
		if r.isOther(on) {
			r.other.add(fileKind{l.File[i], l.Kind[i]}, l.Gross[i], l.Settled[i], l.Fee[i], l.Coupon[i])
		}
	}
	own := &settlement.Lines{}
	settlement.AppendRows(own, l, rows)
	return own
}

// ownFunds returns the fund lines of the run's day.
func (r *run) ownFunds(l *settlement.FundLines) *settlement.FundLines {
	if r.state == nil {
		return l
	}
	rows, all := rowsThat(l.Len(), func(i int) bool { return !r.isOther(l.SettledOn[i]) })
	if all {
		return l
	}
	r.other.mu.Lock()
	defer r.other.mu.Unlock()
	for i, on := range l.SettledOn {
		if r.isOther(on) {
			r.other.add(fileKind{l.File[i], l.Direction[i]}, l.Amount[i], 0, 0, 0)
		}
	}
	own := &settlement.FundLines{}
	settlement.AppendRows(own, l, rows)
	return own
}

// ownEvents returns the events that the run's day can know of: those of later days are
// left to them, but for the minutes around midnight in which the two sides may differ.
func (r *run) ownEvents(e *settlement.Events) *settlement.Events {
	if r.state == nil {
		return e
	}
	end := (r.job.Day + 1).Start() + r.job.Window
	later := func(i int) bool {
		at := e.PaidAt[i]
		if at == settlement.NoInstant {
			at = e.SucceededAt[i]
		}
		return at != settlement.NoInstant && at >= end
	}
	rows, all := rowsThat(e.Len(), func(i int) bool { return !later(i) })
	if all {
		return e
	}
	r.other.mu.Lock()
	if r.other.events == nil {
		r.other.events = map[int32]int64{}
	}
	for i, file := range e.File {
		if later(i) {
			r.other.events[file]++
		}
	}
	r.other.mu.Unlock()
	own := &settlement.Events{}
	settlement.AppendRows(own, e, rows)
	return own
}
