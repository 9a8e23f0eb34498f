package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"reconcile/ingest"
	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/report"
	"reconcile/output/workbook"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// defaultOut is where a run writes that is not told where.
const defaultOut = "./reconcile-out"

// jobFlags are the flags that shape a job; what is stated here goes before the
// configuration.
type jobFlags struct {
	account, day, memory string
	jobs                 int
	supersede            []string
	noReport             bool
}

func (f *jobFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.day, "day", "", "day of the bills that do not tell it themselves, as 2024-09-12")
	cmd.Flags().StringVar(&f.account, "account", "", "merchant number of the statements that do not tell it themselves")
	cmd.Flags().IntVar(&f.jobs, "jobs", 0, "cores to use (default: all)")
	cmd.Flags().StringArrayVar(&f.supersede, "supersede", nil, "file that takes the place of another for the same account and period; may be repeated")
	cmd.Flags().StringVar(&f.memory, "memory", "", "most memory to use, such as 512MiB, at least 256MiB (default: 1GiB)")
}

// addReport adds the flag that leaves out what people look at.
func (f *jobFlags) addReport(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.noReport, "no-report", false, "do not write report.html and report.xlsx into the result")
}

// job is the job that flags and configuration ask for.
func (a *app) job(f *jobFlags, paths []string) (pipeline.Job, error) {
	if err := mustBeFound(paths); err != nil {
		return pipeline.Job{}, err
	}
	c, err := readConfig(a.configFlag)
	if err != nil {
		return pipeline.Job{}, err
	}
	a.configPath = c.path
	for _, w := range c.fees.warnings {
		a.log.Warn(w.Error())
	}
	job, err := c.job(f, paths)
	if !f.noReport && !c.noReport {
		job.Show = a.showing("")
	}
	return job, err
}

// showing writes what people look at into a result, in their language. dataset is the folder
// of the days that a day's history is of, "" of a result that is no day of one.
func (a *app) showing(dataset string) func(dir string, m *output.Manifest) ([]string, error) {
	return func(dir string, m *output.Manifest) ([]string, error) {
		v, err := overview.Read(dir, m, report.Reading(dataset))
		if err != nil {
			return nil, err
		}
		var both errgroup.Group // each keeps one core busy
		both.Go(func() error { return a.writePage(filepath.Join(dir, report.Name), v) })
		both.Go(func() error {
			return workbook.Write(filepath.Join(dir, workbook.Name), dir, v, a.workbookOptions())
		})
		return []string{report.Name, workbook.Name}, both.Wait()
	}
}

// writePage writes the page of a result to a file, and reads it back.
func (a *app) writePage(path string, v *overview.Overview) error {
	var page bytes.Buffer
	if err := report.Write(&page, v, a.pageLanguage()); err != nil {
		return err
	}
	if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
		return err
	}
	written, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(written, page.Bytes()) {
		err = fmt.Errorf("%s does not read back as it was written (is the disk in order?)", path)
	}
	return err
}

// pageLanguage is the language that a page shows first.
func (a *app) pageLanguage() report.Language {
	if a.language == chinese {
		return report.Chinese
	}
	return report.English
}

func (a *app) workbookOptions() workbook.Options {
	if a.language != chinese {
		return workbook.Options{}
	}
	return workbook.Options{Chinese: true, Reason: report.ReasonInChinese}
}

// mustBeFound says which of the paths does not exist, or is a pattern that no file
// matches.
func mustBeFound(paths []string) error {
	for _, path := range paths {
		err := ingest.Found(path)
		var noMatch *settlement.InputError
		switch {
		case errors.As(err, &noMatch):
			return usage(err)
		case err != nil:
			return notThere(path)
		}
	}
	return nil
}

func (c *config) job(f *jobFlags, paths []string) (pipeline.Job, error) {
	job := pipeline.Job{
		Paths: paths, Mappings: c.mappings, Day: settlement.NoDay, Window: c.window,
		Account: cmp.Or(f.account, c.account), Jobs: cmp.Or(f.jobs, c.jobs), Memory: c.memory,
		Calendar: c.payouts.calendar, Banks: c.payouts.banks,
		ConfigHash: c.hash, Version: version, Supersede: append(slices.Clone(c.supersede), f.supersede...),
	}
	if f.jobs < 0 || f.jobs > maxJobs {
		return job, usage(fmt.Errorf("--jobs %d: give the number of cores; 0 takes all", f.jobs))
	}
	if err := c.queriesReady(); err != nil {
		return job, usage(err)
	}
	var err error
	if job.Decisions, err = c.readDecisions(); err != nil {
		return job, err
	}
	if job.Terms, err = c.feeTerms(); err != nil {
		return job, err
	}
	if f.day != "" {
		if job.Day, err = settlement.ParseDay([]byte(f.day)); err != nil {
			return job, usage(fmt.Errorf("--day %q: not a day such as 2024-09-12", f.day))
		}
	}
	if f.memory != "" {
		if job.Memory, err = parseSize(f.memory); err != nil {
			return job, usage(fmt.Errorf("--memory: %w (%s)", err, sizeAdvice))
		}
	}
	return job, nil
}
