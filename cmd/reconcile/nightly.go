package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/schedule/alerts"
	"reconcile/schedule/metrics"
	"reconcile/settlement"
)

// night is the nightly job: what a wake-up does, and what others see of it.
type night struct {
	*app
	c           *config
	breaksOK    bool
	metricsFile string // "" for none
	pulse       *schedule.Pulse
	watch       *watch
	sender      alerts.Sender
	now         func() time.Time
}

// lookBack is how many days a wake-up looks at for alerts and metrics, and status
// unless it is told.
const lookBack = 30

// newNight prepares the job of a configuration.
func (a *app) newNight(c *config, breaksOK bool, metricsFile string) *night {
	n := &night{app: a, c: c, breaksOK: breaksOK, metricsFile: metricsFile, pulse: &schedule.Pulse{}, now: time.Now}
	a.configPath, a.detail = c.path, true
	a.metrics = metrics.New(version, time.Now)
	n.watch = &watch{pulse: n.pulse, metrics: a.metrics, places: []string{c.nightly.inboxFolder()}, now: time.Now}
	n.sender = alerts.Sender{
		Routes: c.nightly.alerts, Book: besideDataset(c.nightly.out, "alerts.json"), Title: a.say("reconcile · what needs attention"),
		Client: &http.Client{Timeout: 10 * time.Second}, Getenv: os.Getenv, Log: a.log, Now: time.Now, Zone: c.nightly.zone, Pause: alerts.Sleep,
		Sent: a.metrics.AddAlert,
	}
	return n
}

// withMetricsFile adds the flag that names the file for node_exporter.
func withMetricsFile(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "metrics-file", "", "write metrics for node_exporter's textfile collector, such as /var/lib/node_exporter/reconcile.prom")
}

// keepWaking runs the schedule until stop, the first signal, is done. A second signal
// ends the day that is being run.
func (n *night) keepWaking(stop context.Context) error {
	times, err := n.c.nightly.times()
	if err != nil {
		return usage(err)
	}
	hard, done := secondSignal(stop)
	defer done()
	n.watch.stop = stop
	close, err := n.watch.serve(n.c.nightly.listen, n.log)
	if err != nil {
		return usage(fmt.Errorf("%s: schedule.listen: %w (choose another address, or off)", n.c.path, err))
	}
	defer close()
	n.metrics.WithProcess()
	return schedule.Run(hard, stop, schedule.Plan{
		Times: times, AtOnce: true, Retry: n.c.nightly.retry, Log: n.log, Pulse: n.pulse,
		Work: func(ctx, stop context.Context) (time.Time, error) {
			n.outcome = outcome{}
			until, err := n.wakeUp(ctx, stop)
			if errors.Is(err, output.ErrLocked) {
				n.log.Warn("another run is going on: this wake-up is made up for", "error", err)
				until, err = n.now().Add(n.c.nightly.retry.Most), nil
			}
			n.logOutcome()
			n.outcome = outcome{} // of the schedule, which has none
			return until, err
		},
		Failed: n.watch.failed,
	})
}

// errSecondSignal ends a day that is being run.
var errSecondSignal = errors.New("a second signal: the day that was being run is not committed")

// secondSignal returns a context that is done at the first signal after stop. It may
// have been sent before the program was ready for it, so that counting begins at once.
func secondSignal(stop context.Context) (hard context.Context, done func()) {
	hard, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-ended:
				return
			case <-signals:
			}
			if !first {
				cancel(errSecondSignal)
				return
			}
			<-stop.Done()
		}
	}()
	return hard, func() {
		signal.Stop(signals)
		close(ended)
		cancel(nil)
	}
}

// wakeUp runs everything that is due, looks at what came of it and tells it. until is
// the deadline of bills that may still come.
func (n *night) wakeUp(ctx, stop context.Context) (until time.Time, err error) {
	failed := &failures{}
	view, err := n.runDue(ctx, stop, failed)
	switch {
	case errors.Is(err, output.ErrLocked):
		return until, err // whoever has the lock runs what is due
	case err != nil && ctx.Err() != nil:
		return until, err
	case view != nil:
		until = view.deadline()
		n.logAwaited(view)
		n.metrics.SetDataset(view.forMetrics())
		n.metrics.SetLastSuccess(view.lastSuccess())
		n.outcome.noBill = n.outcome.noBill || view.yesterdaysBillIsMissing()
	}
	if err == nil {
		n.watch.succeeded()
		if !n.outcome.refused {
			n.metrics.Succeeded()
		}
	}
	n.tell(ctx, view, failed)
	if n.metricsFile != "" {
		err = errors.Join(err, n.metrics.WriteFile(n.metricsFile))
	}
	return until, err
}

// runDue runs the days that are due, in order, and views the dataset as it is then.
// stop ends it between two days.
func (n *night) runDue(ctx, stop context.Context, failed *failures) (*datasetView, error) {
	r, lock, err := n.openDays(ctx, n.c, &jobFlags{}, "", n.breaksOK)
	if err != nil {
		failed.add("", err)
		return nil, err
	}
	defer lock.Release()
	committed, err := pipeline.Days(r.job.Dataset)
	if err != nil {
		failed.add("", err)
		return nil, err
	}
	awaited, err := awaitedOf(&n.c.nightly, r.catalogue, &r.job, committed, n.now())
	if err != nil {
		failed.add("", err)
		return nil, err
	}
	asked := 0
	err = r.due(ctx, func(d schedule.Due) bool {
		asked++
		if day, err := settlement.ParseDay([]byte(d.Day)); err == nil && d.Why == schedule.Missing && waitsForOrders(awaited, n.now(), day) {
			n.log.Info("a day waits for its orders", "date", d.Day)
			failed.unknown = true
			return false
		}
		if stop.Err() != nil && ctx.Err() == nil {
			n.log.Info("stopping: a day that is left is run at the next start")
			failed.unknown = true
			return false
		}
		return true
	})
	switch {
	case err != nil && r.last != settlement.NoDay:
		failed.add(r.last.String(), err) // the days after it are built on it
	case err != nil:
		failed.add("", err)
	case asked == 0:
		n.log.Info("every day of the inbox is up to date")
	}
	n.outcome = r.total
	view, lookErr := viewWhole(&n.c.nightly, r.catalogue, &r.job, n.now(), lookBack)
	if lookErr != nil && err == nil {
		failed.add("", lookErr)
	}
	return view, errors.Join(err, lookErr)
}

// logAwaited says which bills are not there: a line an account.
func (n *night) logAwaited(v *datasetView) {
	for _, late := range v.lateByAccount() {
		if late.bill == schedule.OrdersBill {
			n.log.Warn("orders late", "date", late.first.String())
			continue
		}
		n.log.Warn("bill late", "bill", late.bill, "days", late.days, "first", late.first.String(), "last", late.last.String())
	}
	for _, a := range v.awaited {
		switch {
		case a.Late(v.now):
		case a.Orders:
			n.log.Info("orders not there yet", "date", a.Day.String(), "deadline", a.Deadline.Format(time.RFC3339))
		default:
			n.log.Info("bill not there yet", "bill", a.Bill, "date", a.Day.String(), "deadline", a.Deadline.Format(time.RFC3339))
		}
	}
}

// logOutcome says in the log what a wake-up came to, beside its summary.
func (n *night) logOutcome() {
	switch {
	case n.outcome.refused:
		n.log.Warn("the run is incomplete: an input was refused")
	case n.outcome.breaks:
		n.log.Warn("the run has breaks")
	}
}
