package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/schedule/metrics"
	"reconcile/settlement"
)

const runHelp = `Recognises each file by its content, proves it against its own control
totals, matches its lines with the orders and refunds, computes the fees again
and writes the tables. FILE is a statement, an orders or refunds CSV, an archive
of them, a folder, or a pattern such as 'bills/*.zip'. A file is used whole or
not at all; one that cannot be used is refused with the place and the reason,
and the others go on.

The result takes its place in one step. A folder that holds anything else is
never replaced.

With --date, or --from and --to, days of the configured inbox are run. Each gets
a folder of its own, dt=2024-09-12, and takes over what the day before left.`

const runExamples = `  reconcile run alipay.zip wechat.csv orders.csv refunds.csv
  reconcile run inbox --out september --breaks-ok
  reconcile run bill.csv orders.csv --day 2024-09-12 --account 1230000109
  reconcile run inbox --json | jq .counts
  reconcile run --date 2024-09-12 --config /etc/reconcile.yaml
  reconcile run --from 2024-09-01 --to 2024-09-30`

const runCodes = `  0    done, no breaks (or --breaks-ok)
  1    internal or I/O failure; nothing was committed, unless the message
       says that the new result stands
  2    usage or configuration
  3    done, with breaks
  4    an input was refused: the run is incomplete
  5    no bill of a wallet was there: nothing was compared; try again later
  130  interrupted; nothing was committed`

func (a *app) runCommand() *cobra.Command {
	var flags jobFlags
	var out, profile string
	var breaksOK bool
	var dated dayFlags
	var metricsFile string
	cmd := &cobra.Command{
		Use:     "run [FILE…]",
		Short:   "Reconcile files, or days of the inbox, and write the result",
		Long:    runHelp + exitCodes(runCodes),
		Example: runExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if dated.any() && len(args) > 0 {
				return usage(errors.New("a day is run from the configured inbox: name no files, or leave --date, --from and --to out"))
			}
			if dated.any() {
				return nil
			}
			if dated.refresh {
				return usage(errors.New("--refresh is for a day: name it with --date; a run of files asks the database each time"))
			}
			return atLeastOne("name the files or folders to reconcile, or a day of the inbox with --date")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.measured(metricsFile, func() error {
				if dated.any() {
					return a.runDated(cmd, &dated, &flags, out, breaksOK)
				}
				job, err := a.job(&flags, args)
				if err != nil {
					return err
				}
				job.Out, job.ProfileDir = out, profile
				result, err := a.reconcile(cmd.Context(), job, breaksOK)
				if err != nil {
					return err
				}
				return a.printRun(result, out)
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder that becomes the result; with --date the folder of the days (default: schedule.out)")
	cmd.Flags().StringVar(&dated.date, "date", "", "run this day of the configured inbox, on top of the day before")
	cmd.Flags().StringVar(&dated.from, "from", "", "with --to: run these days in order")
	cmd.Flags().StringVar(&dated.to, "to", "", "the last day of --from")
	cmd.Flags().BoolVar(&dated.cascade, "cascade", false, "with a day: run the later days again that were built on it")
	cmd.Flags().BoolVar(&dated.dryRun, "dry-run", false, "with a day: say what would be read and replaced, and run nothing")
	cmd.Flags().StringVar(&dated.restate, "restate", "", "with a day of a closed month: the reason why it changes")
	cmd.Flags().BoolVar(&dated.refresh, "refresh", false, "with a day: ask the databases of orders.sql and refunds.sql again, in place of reading what they answered before")
	a.withConfig(cmd)
	flags.add(cmd)
	flags.addReport(cmd)
	cmd.Flags().StringVar(&profile, "profile", "", "folder for CPU and heap profiles and the time of each stage")
	cmd.Flags().BoolVar(&breaksOK, "breaks-ok", false, "exit with 0 although there are breaks")
	withMetricsFile(cmd, &metricsFile)
	a.withOutput(cmd, "print run.json in place of the summary", "print only what was refused")
	return cmd
}

// measured does a run and writes its metrics to a file, also where it failed; "" writes
// none.
func (a *app) measured(file string, run func() error) error {
	if file == "" {
		return run()
	}
	a.metrics = metrics.New(version, time.Now)
	err := run()
	if err == nil && !a.outcome.refused && !a.outcome.noBill {
		a.metrics.Succeeded()
	}
	return errors.Join(err, a.metrics.WriteFile(file))
}

// runDated runs days of the configured inbox.
func (a *app) runDated(cmd *cobra.Command, dated *dayFlags, flags *jobFlags, out string, breaksOK bool) error {
	from, to, err := dated.days()
	if err != nil {
		return err
	}
	c, err := a.nightlyConfig()
	if err != nil {
		return err
	}
	a.configPath = c.path
	if !cmd.Flags().Changed("out") {
		out = ""
	}
	ctx := cmd.Context()
	r, lock, err := a.openDays(ctx, c, flags, out, breaksOK)
	if err != nil {
		return err
	}
	defer lock.Release()
	r.job.Restate, r.job.Refresh = dated.restate, dated.refresh
	if dated.dryRun {
		return r.preview(a.out, from, to)
	}
	if err := r.days(ctx, from, to); err != nil {
		return err
	}
	r.job.Refresh = false // later days read what they were made from
	if a.metrics != nil {
		defer func() { a.showDataset(&c.nightly, r) }()
	}
	stale, err := r.staleAfter(to)
	switch {
	case err != nil:
		return err
	case len(stale) > 0 && dated.cascade:
		err = r.due(ctx, func(d schedule.Due) bool { return d.Day > to.String() && d.Why != schedule.Missing })
	case len(stale) > 0:
		a.log.Warn("later days were built on what this day was; run them with --cascade, or leave them to the schedule",
			"first", stale[0].Day, "days", len(stale))
	}
	a.outcome = r.total
	return err
}

// showDataset tells the metrics what the dataset looks like after a run of days.
func (a *app) showDataset(c *nightly, r *daysRun) {
	v, err := viewWhole(c, r.catalogue, &r.job, time.Now(), lookBack)
	if err != nil {
		a.log.Warn("the metrics do not show the dataset", "error", err)
		return
	}
	a.metrics.SetDataset(v.forMetrics())
}

// reconcile runs the job and notes what it came to.
func (a *app) reconcile(ctx context.Context, job pipeline.Job, breaksOK bool) (*pipeline.Result, error) {
	bar := a.progressOf(job.Day)
	if bar != nil {
		job.Progress, job.Took = bar.report, bar.took
	}
	log, began := a.logRun(job)
	result, err := pipeline.Run(ctx, job)
	bar.finish()
	a.logResult(log, result, err, time.Since(began))
	if err != nil {
		return nil, err
	}
	a.outcome = outcome{refused: !result.Complete(), noBill: result.Manifest != nil && result.Overview.Bills == 0, breaks: result.Overview.BreakCount() > 0 && !breaksOK}
	return result, nil
}

// printRun prints what a run found, in the form that was asked for.
func (a *app) printRun(result *pipeline.Result, out string) error {
	switch {
	case a.json:
		a.printRefusals(a.err, result.Refusals)
		return printJSON(a.out, manifestOf(result))
	case a.quiet:
		a.printRefusals(a.err, result.Refusals)
		return nil
	}
	s := summary{app: a, result: result, out: out}
	if result.Manifest != nil {
		days, err := overview.BalanceDays(out, "")
		if err != nil {
			return err
		}
		if s.balances, err = overview.RollForwards(days); err != nil {
			return err
		}
	}
	_, err := io.WriteString(a.out, s.text())
	return err
}

// manifestOf is what run.json says; of a run that committed nothing, what it would
// have said.
func manifestOf(result *pipeline.Result) output.Manifest {
	m := output.Manifest{Inputs: []output.Input{}, Tables: []output.TableOutput{}, Totals: []output.Total{},
		Counts: map[string]int64{}, Proof: []output.Check{}, Versions: map[string]string{"reconcile": version}}
	if result.Manifest != nil {
		m = *result.Manifest
	} else {
		for _, r := range result.Refusals {
			m.Refused = append(m.Refused, output.RefusedOf(r))
		}
	}
	m.Program, m.SchemaVersion = "reconcile", settlement.SchemaVersion
	return m
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(verbatim(w))
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printRefusals prints each refusal with its places, and the control totals side
// by side where they did not tie.
func (a *app) printRefusals(w io.Writer, refusals []*settlement.Refusal) {
	for _, r := range refusals {
		fmt.Fprintf(w, "%s %s\n", a.paintOn(w, bad, a.say("REFUSED")), printable(r.Source))
		for _, e := range r.Errors {
			fmt.Fprintf(w, "  %s\n", printableLines(e.Error()))
		}
		if r.More > 0 {
			fmt.Fprintf(w, "  "+a.say("… and %d more")+"\n", r.More)
		}
		if r.Statement != nil {
			for _, text := range settlement.DriftTexts(r.Statement.Drift) {
				fmt.Fprintf(w, "  %s %s\n", a.say("drift"), printable(text))
			}
		}
		if len(r.Totals) > 0 {
			fmt.Fprint(w, a.table(a.totalsGrid(r.Totals), "  "))
		}
		fmt.Fprintln(w)
	}
}

// totalsGrid sets control totals side by side: stated, computed, difference.
func (a *app) totalsGrid(totals []settlement.ControlTotal) *grid {
	g := newGrid(a.say("control total"), a.say("stated"), a.say("computed"), a.say("difference"), "")
	g.leftAlign(4)
	for _, t := range totals {
		verdict := a.paint(good, a.say("ties"))
		if !t.Ties() {
			verdict = a.paint(bad, a.say("DOES NOT TIE"))
		}
		g.row(t.Name, t.StatedText(), t.ComputedText(), t.DifferenceText(), verdict)
	}
	return g
}
