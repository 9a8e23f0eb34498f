package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule/alerts"
)

// failures are what failed in a wake-up.
type failures struct {
	list []failure
	// unknown says that not everything that was due was tried: a former failure may
	// still hold.
	unknown bool
}

// failure is a day's run that failed; day is "" where it was none of one day.
type failure struct {
	day string
	err error
}

func (f *failures) add(day string, err error) { f.list = append(f.list, failure{day, err}) }

// tell sends what is to be told of a wake-up. That it cannot be sent is logged, and is
// no failure of the run.
func (n *night) tell(ctx context.Context, v *datasetView, failed *failures) {
	if len(n.sender.Routes) == 0 {
		return
	}
	found := n.failedFindings(failed)
	if v != nil {
		found = append(found, n.lateFindings(v)...)
		found = append(found, n.dayFindings(v)...)
	}
	still := map[string]bool{}
	for _, f := range found {
		still[f.Cause] = true
	}
	over := func(cause string) bool {
		kind, _, _ := strings.Cut(cause, " ")
		switch alerts.Kind(kind) {
		case alerts.Failed:
			return !still[cause] && !failed.unknown
		case alerts.Late, alerts.Incomplete:
			return !still[cause] && v != nil
		}
		return false // a day's difference is told once
	}
	if err := n.sender.Tell(ctx, found, over); err != nil {
		n.log.Error("not everything could be told", "error", err)
	}
}

// failedFindings tell what failed, by its class alone: an error's text may hold a value
// of a file.
func (n *night) failedFindings(failed *failures) (found []alerts.Finding) {
	for _, f := range failed.list {
		why := n.classOf(f.err)
		text := n.sayf("the run failed, nothing was committed: %s", why)
		if f.day != "" {
			text = n.sayf("%s: the run failed, nothing was committed: %s", f.day, why)
		}
		found = append(found, alerts.Finding{Kind: alerts.Failed, Cause: string(alerts.Failed) + " " + f.day + " " + why, Text: text})
	}
	return found
}

// classOf is what kind of failure an error is.
func (a *app) classOf(err error) string {
	var usage usageError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return a.say("the disk is full")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return a.say("a file or folder may not be read or written")
	case errors.Is(err, output.ErrManifest), errors.Is(err, output.ErrForeign), errors.Is(err, pipeline.ErrSnapshot):
		return a.say("the dataset is damaged, or something else lies in it")
	case errors.As(err, &usage):
		return a.say("the configuration does not fit")
	case errors.Is(err, fs.ErrNotExist):
		return a.say("a file or folder is not there")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return a.say("interrupted")
	}
	return a.say("see the log")
}

// lateFindings tell the bills that are late.
func (n *night) lateFindings(v *datasetView) (found []alerts.Finding) {
	for _, a := range v.awaited {
		if !a.Late(v.now) || !v.recent(a.Day) {
			continue
		}
		due := a.Deadline.In(n.c.nightly.zone).Format(time.DateTime)
		if a.Orders {
			found = append(found, alerts.Finding{Kind: alerts.Late, Cause: string(alerts.Late) + " " + a.Day.String() + " " + a.Bill,
				Text: n.sayf("%s: orders late (they were due by %s); the day is run without them", a.Day, due)})
			continue
		}
		bill := a.Bill
		if bill == "" {
			bill = n.say("any wallet")
		}
		found = append(found, alerts.Finding{Kind: alerts.Late, Cause: strings.TrimSpace(string(alerts.Late) + " " + a.Day.String() + " " + a.Bill),
			Text: n.sayf("%s: bill late: %s (it was due by %s)", a.Day, bill, due)})
	}
	return found
}

// dayFindings tell what committed days have: inputs that were refused, and the breaks
// that were first seen on them.
func (n *night) dayFindings(v *datasetView) (found []alerts.Finding) {
	for i := range v.days {
		d := &v.days[i]
		if !d.committed {
			continue
		}
		if !d.complete {
			found = append(found, alerts.Finding{Kind: alerts.Incomplete, Cause: string(alerts.Incomplete) + " " + d.day.String(),
				Text: n.sayf("%s: incomplete: %d inputs were refused", d.day, d.refused)})
		}
		if b := d.breaks; b.fresh > 0 {
			found = append(found, alerts.Finding{Kind: alerts.Difference, Cause: string(alerts.Difference) + " " + d.day.String(),
				Text: n.sayf("%s: %s new breaks, short %s, over %s", d.day, groupedCount(b.fresh), grouped(b.freshShort), grouped(b.freshOver)),
				Fen:  int64(b.freshOver) - int64(b.freshShort)})
		}
	}
	return found
}
