package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/settlement"
)

// dayFlags say which days of the inbox are run, and how.
type dayFlags struct {
	date, from, to  string
	cascade, dryRun bool
	restate         string
	refresh         bool
}

func (f *dayFlags) any() bool { return f.date != "" || f.from != "" || f.to != "" }

// days are the first and the last day that the flags name.
func (f *dayFlags) days() (from, to settlement.Day, err error) {
	if f.date != "" {
		if f.from != "" || f.to != "" {
			return 0, 0, usage(errors.New("--date names one day, --from and --to a range: use one of the two"))
		}
		f.from, f.to = f.date, f.date
	}
	if f.from == "" || f.to == "" {
		return 0, 0, usage(errors.New("a range needs --from and --to"))
	}
	for _, day := range []struct {
		flag, text string
		to         *settlement.Day
	}{{"--from", f.from, &from}, {"--to", f.to, &to}} {
		if *day.to, err = settlement.ParseDay([]byte(day.text)); err != nil {
			return 0, 0, usage(fmt.Errorf("%s %q: not a day such as 2024-09-12", day.flag, day.text))
		}
	}
	if to < from {
		return 0, 0, usage(fmt.Errorf("--to %s lies before --from %s", to, from))
	}
	return from, to, nil
}

// nightlyJob is the job of the configured inbox and dataset.
func (a *app) nightlyJob(c *config, flags *jobFlags, dataset string) (pipeline.Job, error) {
	job, err := c.job(flags, []string{c.nightly.inbox})
	if err != nil {
		return job, err
	}
	if dataset == "" {
		dataset = c.nightly.out
	}
	if !flags.noReport && !c.noReport {
		job.Show = a.showing(dataset)
	}
	job.Dataset = dataset
	if job.Opening, err = c.openingOf(dataset); err != nil {
		return job, err
	}
	return job, plainDataset(dataset)
}

// plainDataset refuses a folder that holds a result of its own: days would stand in it.
func plainDataset(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, output.ManifestName)); err == nil {
		return usage(fmt.Errorf("%s holds the result of a run of its own: name another folder for the days (schedule.out, or --out)", dir))
	}
	return nil
}

// daysRun is a run over days of the inbox.
type daysRun struct {
	*app
	job       pipeline.Job
	catalogue *pipeline.Catalogue
	breaksOK  bool
	total     outcome
	last      settlement.Day // that was begun; NoDay before the first
}

// openDays locks the dataset and brings the catalogue of the inbox up to date. Release
// the lock.
func (a *app) openDays(ctx context.Context, c *config, flags *jobFlags, dataset string, breaksOK bool) (*daysRun, *output.Lock, error) {
	job, err := a.nightlyJob(c, flags, dataset)
	if err != nil {
		return nil, nil, err
	}
	lock, err := output.Acquire(job.Dataset)
	if err != nil {
		return nil, nil, err
	}
	job.Locked = true
	r := &daysRun{app: a, job: job, breaksOK: breaksOK, last: settlement.NoDay}
	if r.catalogue, err = pipeline.OpenCatalogue(ctx, job); err != nil {
		lock.Release()
		return nil, nil, err
	}
	for _, source := range r.catalogue.Undated() {
		a.log.Warn("a file that does not say of which day it is belongs to no day's run", "file", source)
	}
	return r, lock, nil
}

// days runs the days of a range in order.
func (r *daysRun) days(ctx context.Context, from, to settlement.Day) error {
	for day := from; day <= to; day++ {
		if err := r.day(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// due runs what is missing or stale, in order, of the days that asked for. What it runs
// makes later days stale, which the next plan finds.
func (r *daysRun) due(ctx context.Context, asked func(schedule.Due) bool) error {
	due, err := planOf(r.catalogue, &r.job)
	if err != nil {
		return err
	}
	closed, err := pipeline.OpenClosed(r.job.Dataset)
	if err != nil {
		return err
	}
	for _, d := range due {
		if !asked(d) {
			continue
		}
		day, err := settlement.ParseDay([]byte(d.Day))
		if err != nil {
			return err
		}
		if closed.Of(day) != nil && r.job.Restate == "" {
			r.log.Warn("a day of a closed month is stale and stays as it is; run it with --restate REASON", "date", d.Day, "why", string(d.Why))
			continue
		}
		r.log.Info("day is due", "date", d.Day, "why", string(d.Why))
		if err := r.day(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// day runs one day.
func (r *daysRun) day(ctx context.Context, day settlement.Day) error {
	r.last = day
	err := r.runDay(ctx, r.job, r.catalogue.Of(day), r.breaksOK)
	r.total.add(r.outcome)
	return err
}

// staleAfter returns the committed days that a change of day makes stale.
func (r *daysRun) staleAfter(day settlement.Day) (stale []schedule.Due, err error) {
	due, err := planOf(r.catalogue, &r.job)
	if err != nil {
		return nil, fmt.Errorf("the new result stands, but whether later days were built on the former one is not known: %w", err)
	}
	for _, d := range due {
		if d.Day > day.String() && d.Why != schedule.Missing {
			stale = append(stale, d)
		}
	}
	return stale, nil
}

// preview says what a run of the days would read and replace, and runs nothing.
func (r *daysRun) preview(w io.Writer, from, to settlement.Day) error {
	committed, err := pipeline.Days(r.job.Dataset)
	if err != nil {
		return err
	}
	for day := from; day <= to; day++ {
		files := r.catalogue.Of(day)
		if len(files.Bills) == 0 {
			fmt.Fprintf(w, r.say("%s: no bill of a wallet is there yet")+"\n", day)
			continue
		}
		fmt.Fprintf(w, r.say("%s: would read")+"\n", day)
		for _, path := range files.Paths {
			fmt.Fprintf(w, "  %s\n", path)
		}
		if err := r.previewAnswers(w, day); err != nil {
			return err
		}
		before := settlement.NoDay
		for _, d := range committed {
			if d < day {
				before = d
			}
		}
		if before != settlement.NoDay {
			fmt.Fprintf(w, "  "+r.say("on top of %s")+"\n", pipeline.DayFolder(r.job.Dataset, before))
		}
		if slices.Contains(committed, day) {
			fmt.Fprintf(w, "  "+r.say("replacing %s")+"\n", pipeline.DayFolder(r.job.Dataset, day))
		} else {
			fmt.Fprintf(w, "  "+r.say("writing %s")+"\n", pipeline.DayFolder(r.job.Dataset, day))
		}
	}
	if later := slices.DeleteFunc(committed, func(d settlement.Day) bool { return d <= to }); len(later) > 0 {
		fmt.Fprintf(w, r.say("then stale where the tables change: %s to %s (--cascade runs them too)")+"\n", later[0], later[len(later)-1])
	}
	return nil
}

// previewAnswers says which snapshots of a database's answers a run of the day would
// read, and which databases it would ask.
func (r *daysRun) previewAnswers(w io.Writer, day settlement.Day) error {
	kept, err := pipeline.Snapshots(r.job.Dataset, day)
	if err != nil {
		return err
	}
	asked := map[settlement.StatementKind]string{}
	if q := r.job.Mappings.OrdersQuery; q != nil {
		asked[settlement.OrderExtract] = q.Source(settlement.OrderExtract)
	}
	if q := r.job.Mappings.RefundsQuery; q != nil {
		asked[settlement.RefundExtract] = q.Source(settlement.RefundExtract)
	}
	for _, s := range kept {
		if asked[s.Kind] != "" && r.job.Refresh {
			continue
		}
		delete(asked, s.Kind)
		fmt.Fprintf(w, "  "+r.say("%s: what it answered at %s: %s")+"\n", s.Source, s.AskedAt, s.Path())
	}
	for _, kind := range []settlement.StatementKind{settlement.OrderExtract, settlement.RefundExtract} {
		if asked[kind] != "" {
			fmt.Fprintf(w, "  "+r.say("%s: asking the database")+"\n", asked[kind])
		}
	}
	return nil
}

// runDay runs one day. Without a wallet's bill nothing is written: it may still come.
func (a *app) runDay(ctx context.Context, job pipeline.Job, files pipeline.DayFiles, breaksOK bool) error {
	if len(files.Bills) == 0 {
		a.outcome = outcome{noBill: true}
		_, err := fmt.Fprintf(a.err, a.say("%s: no bill of a wallet is there yet")+"\n", files.Day)
		return err
	}
	job.Day, job.Paths, job.Refused, job.InputsDigest = files.Day, files.Paths, files.Refused, files.Digest
	result, err := a.reconcile(ctx, job, breaksOK)
	if err != nil {
		return fmt.Errorf("%s: %w", files.Day, err)
	}
	return a.printRun(result, pipeline.DayFolder(job.Dataset, files.Day))
}

// dayStatesOf is what is known of the days of an inbox and of a dataset.
func dayStatesOf(catalogue *pipeline.Catalogue, dataset string) (list []schedule.DayState, err error) {
	states := map[settlement.Day]*schedule.DayState{}
	at := func(day settlement.Day) *schedule.DayState {
		if states[day] == nil {
			states[day] = &schedule.DayState{Day: day.String()}
		}
		return states[day]
	}
	floor, err := keptFrom(dataset)
	if err != nil {
		return nil, err
	}
	for _, day := range catalogue.Days() {
		if day >= floor {
			at(day).Inputs = catalogue.Of(day).Digest
		}
	}
	committed, err := pipeline.Days(dataset)
	if err != nil {
		return nil, err
	}
	for _, day := range committed {
		m, err := output.ReadManifest(pipeline.DayFolder(dataset, day))
		if err != nil {
			return nil, err
		}
		if m.Day == nil {
			return nil, fmt.Errorf("%s was not written as a day of a dataset", pipeline.DayFolder(dataset, day))
		}
		s := at(day)
		s.Committed, s.Complete, s.Digest = true, m.Complete, m.TablesDigest()
		s.RanInputs, s.Previous, s.PreviousDigest = m.Day.InputsDigest, m.Day.Previous, m.Day.PreviousDigest
		used, err := pipeline.SnapshotsUsed(dataset, day, m)
		if err != nil {
			return nil, err
		}
		if !used {
			s.RanInputs += " and other answers of a database"
		}
		if previous, err := settlement.ParseDay([]byte(s.Previous)); err == nil && previous < floor {
			s.Previous, s.PreviousDigest = "", "" // it was pruned
		}
	}
	for _, s := range states {
		list = append(list, *s)
	}
	return list, nil
}

// resultDir is the folder of a result: dir itself, or where dir is a dataset its newest
// day.
func resultDir(dir string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, output.ManifestName)); err == nil {
		return dir, nil
	}
	days, err := pipeline.Days(dir)
	if err != nil || len(days) == 0 {
		return dir, err
	}
	return pipeline.DayFolder(dir, days[len(days)-1]), nil
}
