package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"reconcile/ingest"
	"reconcile/schedule"
)

const scheduleHelp = `Runs over schedule.inbox of the configuration, a folder or a pattern such as
bills/2024-*/*.zip, at the times of schedule.cron, in Asia/Shanghai, and puts
the result in the place of schedule.out. Two runs never overlap; one that fails
does not end the schedule. A time that passes while this command is not running
is not caught up.

It stops on SIGINT or SIGTERM, after a run that is going on.`

const scheduleCodes = `  0    stopped; with --once done, no breaks
  1    with --once: failure, nothing was committed
  2    usage or configuration
  3    with --once: done, with breaks
  4    with --once: an input was refused, the run is incomplete
  130  with --once: interrupted`

func (a *app) scheduleCommand() *cobra.Command {
	var once, breaksOK bool
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Run at the times of the configuration",
		Long:  scheduleHelp + exitCodes(scheduleCodes),
		Example: `  reconcile schedule --config /etc/reconcile.yaml
  reconcile schedule --once`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.scheduleConfig()
			if err != nil {
				return err
			}
			if once {
				return a.runScheduled(cmd.Context(), c, breaksOK)
			}
			return usageOf(schedule.ErrExpression, schedule.Run(cmd.Context(), schedule.Plan{
				Expression: c.nightly.cron, Log: a.log,
				Work: func(ctx context.Context) error {
					a.outcome = outcome{}
					err := a.runScheduled(ctx, c, breaksOK)
					a.logOutcome()
					a.outcome = outcome{} // of the schedule, which has none
					return err
				},
			}))
		},
	}
	a.withConfig(cmd)
	cmd.Flags().BoolVar(&once, "once", false, "run now, once, and exit as the command run does")
	cmd.Flags().BoolVar(&breaksOK, "breaks-ok", false, "with --once, exit with 0 although there are breaks")
	a.withOutput(cmd, "print run.json after each run in place of the summary", "print only what was refused")
	return cmd
}

// usageOf marks err as one of usage where it is a kind.
func usageOf(kind, err error) error {
	if errors.Is(err, kind) {
		return usage(err)
	}
	return err
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
	folder, ok := ingest.Pattern(c.nightly.inbox)
	if !ok {
		folder = c.nightly.inbox
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, usage(fmt.Errorf("%s: schedule.inbox: there is no folder %s", c.path, folder))
	}
	return c, nil
}

// runScheduled is one run of the schedule.
func (a *app) runScheduled(ctx context.Context, c *config, breaksOK bool) error {
	r, lock, err := a.openDays(ctx, c, &jobFlags{}, "", breaksOK)
	if err != nil {
		return err
	}
	defer lock.Release()
	due, err := planOf(r.catalogue, r.job.Dataset)
	if err != nil {
		return err
	}
	if len(due) == 0 {
		a.log.Info("every day of the inbox is up to date")
	}
	r.total.noBill = len(r.catalogue.Days()) == 0
	err = r.due(ctx, func(schedule.Due) bool { return true })
	a.outcome = r.total
	return err
}

// logOutcome says in the log what a run came to, beside its summary.
func (a *app) logOutcome() {
	switch {
	case a.outcome.refused:
		a.log.Warn("the run is incomplete: an input was refused")
	case a.outcome.breaks:
		a.log.Warn("the run has breaks")
	}
}
