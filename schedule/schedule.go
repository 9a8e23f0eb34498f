package schedule

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"reconcile/settlement"
)

// Plan is what is done when.
type Plan struct {
	// Expression is read by Parse.
	Expression string
	// Work is done at each of its times, never twice at the same time. Its error is
	// logged and does not end the schedule; neither does a panic.
	Work func(ctx context.Context) error
	Log  *slog.Logger
}

// Run does the plan's work at its times until ctx is done. Then it waits for work
// that is going on, which ctx does not interrupt, and returns nil. An expression
// that cannot be used is the only error.
func Run(ctx context.Context, p Plan) error {
	times, err := Parse(p.Expression, time.Now())
	if err != nil {
		return err
	}
	log := cronLog{p.Log}
	c := cron.New(
		cron.WithLocation(settlement.Shanghai),
		cron.WithLogger(log),
		// The order matters: with Recover outside, a panic would never give back the
		// turn that SkipIfStillRunning took, and nothing would run again.
		cron.WithChain(cron.SkipIfStillRunning(log), cron.Recover(log)),
	)
	working := context.WithoutCancel(ctx)
	c.Schedule(times, cron.FuncJob(func() {
		p.once(working)
		p.Log.Info("waiting", "next", next(times))
	}))
	p.Log.Info("schedule started", "cron", p.Expression, "zone", settlement.Shanghai.String(), "next", next(times))
	c.Start()
	<-ctx.Done()
	p.Log.Info("stopping; a run that is going on is finished first")
	<-c.Stop().Done()
	p.Log.Info("schedule stopped")
	return nil
}

func (p Plan) once(ctx context.Context) {
	began := time.Now()
	p.Log.Info("run started")
	if err := p.Work(ctx); err != nil {
		p.Log.Error("run failed", "error", err, "took", time.Since(began).Round(time.Millisecond))
		return
	}
	p.Log.Info("run finished", "took", time.Since(began).Round(time.Millisecond))
}

func next(times cron.Schedule) string {
	return times.Next(time.Now().In(settlement.Shanghai)).Format(time.RFC3339)
}

// cronLog hands the library's messages on.
type cronLog struct{ log *slog.Logger }

// Info implements cron.Logger.
func (l cronLog) Info(message string, pairs ...any) {
	if message == "skip" {
		l.log.Warn("the run before is still going on: this one is left out", pairs...)
		return
	}
	l.log.Debug("cron: "+message, pairs...)
}

// Error implements cron.Logger.
func (l cronLog) Error(err error, message string, pairs ...any) {
	l.log.Error("run failed", append([]any{"error", err, "cause", message}, pairs...)...)
}
