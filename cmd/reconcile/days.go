package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/settlement"
)

// dayFlags say which days of the inbox are run.
type dayFlags struct{ date, from, to string }

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
	job.Dataset = dataset
	return job, plainDataset(dataset)
}

// plainDataset refuses a folder that holds a result of its own: days would stand in it.
func plainDataset(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, output.ManifestName)); err == nil {
		return usage(fmt.Errorf("%s holds the result of a run of its own: name another folder for the days (schedule.out, or --out)", dir))
	}
	return nil
}

// runDays runs the days of a range in order.
func (a *app) runDays(ctx context.Context, c *config, flags *jobFlags, dataset string, from, to settlement.Day, breaksOK bool) error {
	job, err := a.nightlyJob(c, flags, dataset)
	if err != nil {
		return err
	}
	catalogue, err := pipeline.OpenCatalogue(ctx, job)
	if err != nil {
		return err
	}
	for _, source := range catalogue.Undated() {
		a.log.Warn("a file that does not say of which day it is belongs to no day's run", "file", source)
	}
	total := outcome{}
	for day := from; day <= to; day++ {
		if err := a.runDay(ctx, job, catalogue.Of(day), breaksOK); err != nil {
			return err
		}
		total.add(a.outcome)
	}
	a.outcome = total
	return nil
}

// runDay runs one day. Without a wallet's bill nothing is written: it may still come.
func (a *app) runDay(ctx context.Context, job pipeline.Job, files pipeline.DayFiles, breaksOK bool) error {
	if len(files.Bills) == 0 {
		a.outcome = outcome{noBill: true}
		_, err := fmt.Fprintf(a.err, a.say("%s: no bill of a wallet is there yet")+"\n", files.Day)
		return err
	}
	job.Day, job.Paths, job.InputsDigest = files.Day, files.Paths, files.Digest
	result, err := a.reconcile(ctx, job, breaksOK)
	if err != nil {
		return fmt.Errorf("%s: %w", files.Day, err)
	}
	return a.printRun(result, pipeline.DayFolder(job.Dataset, files.Day))
}

// planOf works out which days of the inbox are missing or stale.
func planOf(catalogue *pipeline.Catalogue, dataset string) ([]schedule.Due, error) {
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
		if previous, err := settlement.ParseDay([]byte(s.Previous)); err == nil && previous < floor {
			s.Previous, s.PreviousDigest = "", "" // it was pruned
		}
	}
	var list []schedule.DayState
	for _, s := range states {
		list = append(list, *s)
	}
	return schedule.PlanDays(list), nil
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
