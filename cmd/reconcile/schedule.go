package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

const scheduleHelp = `Wakes at the times of schedule.cron, in the zone of schedule.zone, and when it
starts, and runs everything that is due over schedule.inbox, a folder or a
pattern such as bills/2024-*/*.zip: days whose bills are there and that were
never run, days with a file that came or changed, and the days built on them,
in order. A time that passes while it is not running is caught up by the next.
One that fails does not end the schedule.

Where a bill that should be there by now is not, it looks again, after the
pauses of schedule.retry, until the time of schedule.deadline; then the bill is
late, which is told (alerts, metrics, status), and is looked for at the next
times.

On schedule.listen it answers /healthz, /readyz and /metrics.

The first SIGINT or SIGTERM lets it finish the day that is being run; a second
one ends that too, and nothing of it is committed.`

const scheduleCodes = `  0    stopped; with --once done, no breaks
  1    with --once: failure, nothing was committed
  2    usage or configuration
  3    with --once: done, with breaks
  4    with --once: an input was refused, the run is incomplete
  5    with --once: a bill of yesterday is not there; try again later
  6    with --once: another run holds the lock
  130  interrupted by a second signal; with --once, by the first`

func (a *app) scheduleCommand() *cobra.Command {
	var once, breaksOK bool
	var metricsFile, at string
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Run what is due, at the times of the configuration",
		Long:  scheduleHelp + exitCodes(scheduleCodes),
		Example: `  reconcile schedule --config /etc/reconcile/reconcile.yaml
  reconcile schedule --once
  reconcile schedule --once --log-format json --metrics-file reconcile.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.scheduleConfig()
			if err != nil {
				return err
			}
			n := a.newNight(c, breaksOK, metricsFile)
			switch {
			case at != "" && !once:
				return usage(errors.New("--now is for schedule --once: a schedule that keeps waking lives by the clock"))
			case at != "":
				if n.now, err = clockAt(at); err != nil {
					return err
				}
				n.sender.Now = n.now
			}
			if once {
				_, err := n.wakeUp(cmd.Context(), cmd.Context())
				return err
			}
			return n.keepWaking(cmd.Context())
		},
	}
	a.withConfig(cmd)
	cmd.Flags().BoolVar(&once, "once", false, "run what is due now, once, and exit as the command run does")
	cmd.Flags().BoolVar(&breaksOK, "breaks-ok", false, "with --once, exit with 0 although there are breaks")
	withMetricsFile(cmd, &metricsFile)
	withClock(cmd, &at)
	a.withOutput(cmd, "print run.json after each run in place of the summary", "print only what was refused")
	return cmd
}

// scheduleConfig reads the configuration and asks for what a schedule needs.
func (a *app) scheduleConfig() (*config, error) { return a.configWith("schedule.cron") }

// nightlyConfig asks for what a day's run needs.
func (a *app) nightlyConfig() (*config, error) { return a.configWith() }

// configWith reads the configuration and asks for the inbox, the folder of the days,
// and the keys that are named.
func (a *app) configWith(keys ...string) (*config, error) {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return nil, err
	}
	if c.path == "" {
		return nil, usage(fmt.Errorf("a configuration is needed: there is no %s here (write one with reconcile init, or name it with --config)", configName))
	}
	var missing []error
	for _, key := range []struct{ name, value string }{
		{"schedule.cron", c.nightly.cron}, {"schedule.inbox", c.nightly.inbox}, {"schedule.out", c.nightly.out},
	} {
		if key.value == "" && (key.name != "schedule.cron" || slices.Contains(keys, key.name)) {
			missing = append(missing, fmt.Errorf("%s: %s is not set", c.path, key.name))
		}
	}
	if len(missing) > 0 {
		return nil, usage(errors.Join(missing...))
	}
	folder := c.nightly.inboxFolder()
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, usage(fmt.Errorf("%s: schedule.inbox: there is no folder %s", c.path, folder))
	}
	return c, nil
}
