package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

const pruneHelp = `Removes days of the dataset that are older than so many days before its newest
one. Each is gone from one moment to the next; no other folder is touched, and
one that holds anything that no run wrote is refused.

A refund is matched with its payment up to 365 days back: fewer than 366 days
are kept only with --force, and refunds of payments before them then stay
unexplained. A removed day is not run again, also where its files still lie in
the inbox.`

const pruneCodes = `  0    done, or nothing to do
  1    I/O failure; what was removed stays removed; try again
  2    usage or configuration, or a folder that holds what is not ours
  6    another run holds the lock`

// leastKept is how many days a dataset needs: refunds look 365 days back.
const leastKept = 366

func (a *app) pruneCommand() *cobra.Command {
	var keep, out string
	var dry, force bool
	cmd := &cobra.Command{
		Use:   "prune --keep DAYS",
		Short: "Remove days of the dataset that are older than is kept",
		Long:  pruneHelp + exitCodes(pruneCodes),
		Example: `  reconcile prune --keep 400d --dry-run
  reconcile prune --keep 800d --config /etc/reconcile/reconcile.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			days, err := parseKeep(keep, force)
			if err != nil {
				return usage(err)
			}
			if out == "" {
				c, err := a.nightlyConfig()
				if err != nil {
					return err
				}
				out = c.nightly.out
			}
			if err := mustExist([]string{out}); err != nil {
				return err
			}
			lock, err := output.Acquire(out)
			if err != nil {
				return err
			}
			defer lock.Release()
			return a.prune(out, days, dry)
		},
	}
	a.withConfig(cmd)
	cmd.Flags().StringVar(&keep, "keep", "", "how many days before the newest are kept, such as 400d; at least 366d without --force")
	cmd.Flags().StringVarP(&out, "out", "o", "", "the dataset (default: schedule.out)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be removed")
	cmd.Flags().BoolVar(&force, "force", false, "keep fewer than 366 days: refunds of payments before them stay unexplained")
	a.withOutput(cmd, "print what was removed as JSON", "print nothing")
	return cmd
}

func parseKeep(text string, force bool) (days int, err error) {
	const advice = "a number of days such as 400d"
	number, ok := strings.CutSuffix(text, "d")
	days, err = strconv.Atoi(number)
	switch {
	case text == "":
		return 0, errors.New("--keep is needed: " + advice)
	case !ok || err != nil || days < 1 || days > 36500:
		return 0, fmt.Errorf("--keep %q: give %s", text, advice)
	case days < leastKept && !force:
		return 0, fmt.Errorf("--keep %s: refunds look up to 365 days back, and with fewer than %dd kept those of older payments would be breaks (keep more, or say --force)", text, leastKept)
	}
	return days, nil
}

// pruned is what a removal came to.
type pruned struct {
	KeptFrom string   `json:"kept_from"` // the first day that is kept
	DryRun   bool     `json:"dry_run"`
	Removed  []string `json:"removed"` // days; of a dry run those that would be
}

// prune removes the days of a dataset before the last so many.
func (a *app) prune(dataset string, keep int, dry bool) error {
	days, err := pipeline.Days(dataset)
	if err != nil {
		return err
	}
	if len(days) == 0 {
		return usage(fmt.Errorf("%s holds no days (name the dataset with --out)", dataset))
	}
	from := days[len(days)-1] - settlement.Day(keep)
	p := pruned{KeptFrom: from.String(), DryRun: dry, Removed: []string{}}
	for _, day := range days {
		if day < from {
			p.Removed = append(p.Removed, day.String())
		}
	}
	if !dry && len(p.Removed) > 0 {
		// Noted first: a removal that is cut short is not taken for days that are missing.
		if err := keepFrom(dataset, from); err != nil {
			return err
		}
		for _, day := range p.Removed {
			if err := output.Remove(filepath.Join(dataset, "dt="+day)); err != nil {
				return err
			}
		}
	}
	if !dry {
		if err := clearStagings(dataset, from); err != nil {
			return err
		}
		if err := pipeline.RemoveSnapshots(dataset, from); err != nil {
			return err
		}
	}
	return a.printPruned(&p)
}

func (a *app) printPruned(p *pruned) error {
	switch {
	case a.json:
		return printJSON(a.out, p)
	case a.quiet:
		return nil
	}
	what := a.say("removed")
	if p.DryRun {
		what = a.say("would be removed")
	}
	for _, day := range p.Removed {
		fmt.Fprintf(a.out, "%s %s\n", day, what)
	}
	fmt.Fprintln(a.out, a.sayf("%d days removed or to be removed, kept from %s", len(p.Removed), p.KeptFrom))
	return nil
}

// clearStagings removes what a removal that died left of days before from.
func clearStagings(dataset string, from settlement.Day) error {
	prefix := "." + filepath.Base(filepath.Clean(dataset)) + ".dt="
	entries, err := os.ReadDir(filepath.Dir(filepath.Clean(dataset)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || len(rest) < len("2024-09-12") {
			continue
		}
		day, err := settlement.ParseDay([]byte(rest[:len("2024-09-12")]))
		if err != nil || day >= from {
			continue
		}
		s, err := output.Stage(pipeline.DayFolder(dataset, day))
		if err == nil {
			err = s.Abort()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keptDays is what is remembered of removals, beside the dataset.
type keptDays struct {
	From string `json:"kept_from"`
}

// keptFrom is the first day that a removal has kept, NoDay where nothing was removed.
func keptFrom(dataset string) (settlement.Day, error) {
	path := besideDataset(dataset, "kept.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return settlement.NoDay, nil
	}
	if err != nil {
		return settlement.NoDay, err
	}
	var k keptDays
	if err := json.Unmarshal(raw, &k); err != nil {
		return settlement.NoDay, fmt.Errorf("%s: %w (write the first day that is kept: {\"kept_from\": \"2024-09-12\"})", path, err)
	}
	day, err := settlement.ParseDay([]byte(k.From))
	if err != nil {
		return settlement.NoDay, fmt.Errorf("%s: %q is no day (write the first day that is kept: {\"kept_from\": \"2024-09-12\"})", path, k.From)
	}
	return day, nil
}

// keepFrom remembers the first day that is kept; it never moves back.
func keepFrom(dataset string, from settlement.Day) error {
	before, err := keptFrom(dataset)
	if err != nil || from <= before {
		return err
	}
	raw, err := json.Marshal(keptDays{from.String()})
	if err != nil {
		return err
	}
	path := besideDataset(dataset, "kept.json")
	if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
