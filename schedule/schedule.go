package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Plan is what is done when.
type Plan struct {
	Times Times
	// AtOnce does the work when the schedule starts, too: what came due while it was not
	// running does not wait for the next of the times.
	AtOnce bool
	// Work does everything that is due, in order, and is never done twice at the same
	// time. Until, where it is not zero, is the deadline of something that may still
	// come: Work is then done again, ever more seldom, and once more at the deadline.
	// An error is logged and does not end the schedule; neither does a panic.
	//
	// stop is done when the schedule is told to stop: Work then begins nothing new.
	// ctx is that of Run's hard; what is going on ends at once when it is done.
	Work func(ctx, stop context.Context) (until time.Time, err error)
	// Failed is told of an error or a panic of Work; nil where nobody listens.
	Failed func(error)
	Retry  Retry
	Log    *slog.Logger
	Pulse  *Pulse // nil where nobody looks

	// now is the wall clock; tests set it back.
	now func() time.Time
}

// Retry is how long is waited for what may still come: First, then twice as long each
// time, Most at the longest.
type Retry struct{ First, Most time.Duration }

// Pulse is what others may know of a schedule that runs.
type Pulse struct{ beat, next atomic.Int64 }

// Beat is when the schedule last looked at the clock or was at work; zero before.
func (p *Pulse) Beat() time.Time { return unixOrZero(p.beat.Load()) }

// Next is the next wake-up; zero while work is going on.
func (p *Pulse) Next() time.Time { return unixOrZero(p.next.Load()) }

func unixOrZero(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// glance is how often the clock is looked at while nothing is due. A timer alone
// counts the time that the machine was awake: it would come late after a suspension,
// and at the wrong time after the clock was set.
const glance = time.Minute

// Run does the plan's work at its times until stop is done. Then it waits for work
// that is going on, which stop does not interrupt; hard does. It returns hard's cause
// where that interrupted work, else nil.
func Run(hard, stop context.Context, p Plan) error {
	if p.now == nil {
		p.now = time.Now
	}
	if p.Pulse == nil {
		p.Pulse = &Pulse{}
	}
	p.Log.Info("schedule started", "zone", p.Times.zone.String(), "next", p.Times.Next(p.now()).Format(time.RFC3339))
	retry := time.Duration(0)
	var until time.Time
	for first := true; ; first = false {
		at, again := p.wakeUp(until, retry)
		if !(first && p.AtOnce) && !p.wait(stop, at, again) {
			p.Log.Info("schedule stopped")
			return nil
		}
		p.Pulse.next.Store(0)
		until = p.once(hard, stop)
		if hard.Err() != nil {
			return context.Cause(hard)
		}
		switch {
		case until.IsZero():
			retry = 0
		case retry == 0:
			retry = p.Retry.First
		default:
			retry = min(2*retry, p.Retry.Most)
		}
	}
}

// wakeUp is when work is done next, and whether that is to look again.
func (p *Plan) wakeUp(until time.Time, retry time.Duration) (at time.Time, again bool) {
	now := p.now()
	at = p.Times.Next(now)
	if until.IsZero() || retry == 0 {
		return at, false
	}
	look := now.Add(retry)
	if look.After(until) {
		look = until
	}
	if at.Before(look) {
		return at, false
	}
	return look, true
}

// wait waits until the wall clock shows at; ok is false where the schedule stops
// before.
func (p *Plan) wait(stop context.Context, at time.Time, again bool) (ok bool) {
	p.Log.Info("waiting", "next", at.In(p.Times.zone).Format(time.RFC3339), "for_bills", again)
	p.Pulse.next.Store(at.Unix())
	last := p.now()
	for {
		now := p.now()
		p.Pulse.beat.Store(now.Unix())
		if now.Before(last.Add(-glance)) && !again {
			at = p.Times.Next(now)
			p.Log.Warn("the clock was set back", "from", last.In(p.Times.zone).Format(time.RFC3339), "next", at.Format(time.RFC3339))
			p.Pulse.next.Store(at.Unix())
		}
		last = now
		if !now.Before(at) {
			return stop.Err() == nil
		}
		timer := time.NewTimer(min(at.Sub(now), glance))
		select {
		case <-stop.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}

// once does the work, and keeps the pulse going meanwhile.
func (p *Plan) once(hard, stop context.Context) (until time.Time) {
	began := p.now()
	p.Log.Info("wake-up")
	beating := make(chan struct{})
	defer func() { <-beating }()
	working, done := context.WithCancel(context.WithoutCancel(hard))
	defer done()
	go func() {
		defer close(beating)
		p.beatWhile(working, stop)
	}()
	until, err := p.guarded(hard, stop)
	took := p.now().Sub(began).Milliseconds()
	if err != nil {
		p.Log.Error("wake-up failed", "error", err, "took_ms", took)
		if p.Failed != nil {
			p.Failed(err)
		}
		return until
	}
	p.Log.Info("wake-up done", "took_ms", took)
	if passed := p.Times.Next(began); passed.Before(p.now()) {
		p.Log.Warn("the work took longer than until the next of its times: that one is left out", "left_out", passed.Format(time.RFC3339))
	}
	return until
}

// beatWhile notes that the schedule lives until work is done, and says once that a
// stop waits for it.
func (p *Plan) beatWhile(working, stop context.Context) {
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	stopping := stop.Done()
	for {
		select {
		case <-working.Done():
			return
		case <-stopping:
			p.Log.Info("stopping; the run that is going on is finished first")
			stopping = nil
		case <-ticker.C:
			p.Pulse.beat.Store(p.now().Unix())
		}
	}
}

// guarded turns a panic of the work into an error.
func (p *Plan) guarded(hard, stop context.Context) (until time.Time, err error) {
	defer func() {
		if r := recover(); r != nil {
			until, err = time.Time{}, fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return p.Work(hard, stop)
}
