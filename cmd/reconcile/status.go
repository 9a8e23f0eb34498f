package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/schedule/metrics"
	"reconcile/settlement"
)

const statusHelp = `Shows the last days of the dataset at a glance, one a line: whether each is
missing (its bills are there, it was not run), late (a bill that should be there
is not), stale (its files or the day before it changed since), waiting,
incomplete (an input was refused), has breaks or is balanced; with what is open
at its end. Below stands how old the breaks are that are open at the end of the
newest day. Nothing is run.`

func (a *app) statusCommand() *cobra.Command {
	var last int
	var at string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "The last 30 days at a glance",
		Long: statusHelp + exitCodes(`  0    shown, whatever it is
  1    I/O failure, or a day is not what its run wrote: the others are shown
  2    usage or configuration`),
		Example: `  reconcile status
  reconcile status --days 7 --config /etc/reconcile/reconcile.yaml
  reconcile status --json | jq -r '.days[] | select(.state == "late") | .day'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 1 || last > 3660 {
				return usage(fmt.Errorf("--days %d: give a number from 1", last))
			}
			c, err := a.nightlyConfig()
			if err != nil {
				return err
			}
			job, err := a.nightlyJob(c, &jobFlags{}, "")
			if err != nil {
				return err
			}
			catalogue, err := pipeline.LookAtCatalogue(cmd.Context(), job)
			if err != nil {
				return err
			}
			now, err := clockAt(at)
			if err != nil {
				return err
			}
			v, err := viewDataset(&c.nightly, catalogue, &job, now(), last)
			if err != nil {
				return err
			}
			if err := a.printStatus(v); err != nil {
				return err
			}
			return errors.Join(v.damaged...)
		},
	}
	a.withConfig(cmd)
	cmd.Flags().IntVar(&last, "days", lookBack, "how many days are shown")
	withClock(cmd, &at)
	a.withOutput(cmd, "print the days as JSON", "")
	return cmd
}

// statusDay is a day of status --json. Money is text in yuan.
type statusDay struct {
	Day       string       `json:"day"`
	State     string       `json:"state"` // "" where nothing is expected
	Committed bool         `json:"committed"`
	Complete  bool         `json:"complete"`
	Due       string       `json:"due,omitempty"`    // why it would be run now
	Closed    bool         `json:"closed,omitempty"` // its month is: it is not run without a reason
	Late      []string     `json:"late,omitempty"`
	Waiting   []string     `json:"waiting,omitempty"`
	Refused   int          `json:"refused,omitempty"`
	Breaks    int64        `json:"breaks"`
	NewBreaks int64        `json:"new_breaks"`
	Solved    int64        `json:"closed_breaks"`
	OpenItems int64        `json:"open_items"`
	Short     output.Money `json:"short"`
	Over      output.Money `json:"over"`
}

func (a *app) printStatus(v *datasetView) error {
	if a.json {
		list := []statusDay{}
		for i := range v.days {
			d := &v.days[i]
			list = append(list, statusDay{Day: d.day.String(), State: d.state(), Committed: d.committed, Complete: d.complete, Due: string(d.due),
				Late: d.late, Waiting: d.waiting, Refused: d.refused, Breaks: d.breaks.open, NewBreaks: d.breaks.fresh, Solved: d.breaks.closed, Closed: d.closed,
				OpenItems: d.openItems, Short: output.Money(d.breaks.short), Over: output.Money(d.breaks.over)})
		}
		return printJSON(a.out, struct {
			AsOf string      `json:"as_of"`
			Days []statusDay `json:"days"`
			Ages []statusAge `json:"ages"`
		}{v.now.In(settlement.Shanghai).Format(time.RFC3339), list, v.ages()})
	}
	g := newGrid(a.say("day"), "", a.say("breaks"), a.say("new"), a.say("closed"), a.say("open"), a.say("short"), a.say("over"), "")
	g.leftAlign(1)
	g.leftAlign(8)
	g.notes = true
	from := slices.IndexFunc(v.days, func(d dayView) bool { return d.state() != "" })
	if from < 0 {
		from = len(v.days)
	}
	for i := range v.days[from:] {
		d := &v.days[from+i]
		g.row(a.statusRow(d)...)
	}
	fmt.Fprint(a.out, a.table(g, ""))
	fmt.Fprintln(a.out)
	fmt.Fprintln(a.out, a.statusSummary(v))
	ages := v.ages()
	if len(ages) == 0 {
		return nil
	}
	g = newGrid(a.say("open breaks by age"), a.say("breaks"), a.say("short"), a.say("over"))
	for _, age := range ages {
		g.row(age.Age, groupedCount(age.Breaks), grouped(settlement.Amount(age.Short)), grouped(settlement.Amount(age.Over)))
	}
	fmt.Fprintf(a.out, "\n%s", a.table(g, ""))
	return nil
}

// statusAge adds up the breaks of an age that are open at the end of the newest day.
type statusAge struct {
	Age    string       `json:"age"` // in days: 0d, 1-3d, 4-7d, 8-30d, 31d+
	Breaks int64        `json:"breaks"`
	Short  output.Money `json:"short"`
	Over   output.Money `json:"over"`
}

// ages are those of which there are breaks, youngest first.
func (v *datasetView) ages() []statusAge {
	list := []statusAge{}
	if v.atNewest == nil {
		return list
	}
	for _, bucket := range metrics.AgeBuckets {
		if sum, ok := v.atNewest.breaks.ages[bucket]; ok {
			list = append(list, statusAge{bucket, sum.breaks, output.Money(sum.short), output.Money(sum.over)})
		}
	}
	return list
}

// styleOf is how the state of a day stands out.
func styleOf(state string) style {
	switch state {
	case stateBalanced:
		return good
	case stateWaiting, stateStale:
		return warning
	}
	return bad
}

// statusRow is the line of a day.
func (a *app) statusRow(d *dayView) []string {
	state := d.state()
	if state == "" {
		return []string{d.day.String(), "–"}
	}
	shown := a.paint(styleOf(state), a.say(state))
	row := []string{d.day.String(), shown, "", "", "", "", "", ""}
	if d.committed {
		row = []string{d.day.String(), shown, groupedCount(d.breaks.open), groupedCount(d.breaks.fresh), groupedCount(d.breaks.closed),
			groupedCount(d.openItems), grouped(d.breaks.short), grouped(d.breaks.over)}
	}
	var notes []string
	if d.damaged != nil {
		notes = append(notes, a.say("not what its run wrote: see below"))
	}
	if len(d.late) > 0 {
		notes = append(notes, a.sayf("late: %s", strings.Join(d.late, ", ")))
	}
	if len(d.waiting) > 0 {
		notes = append(notes, a.sayf("not there yet: %s", strings.Join(d.waiting, ", ")))
	}
	if d.refused > 0 {
		notes = append(notes, a.sayf("refused: %d", d.refused))
	}
	if d.closed && d.due != "" {
		notes = append(notes, a.say("the month is closed: it stays as it is (run --restate REASON)"))
	}
	return append(row, strings.Join(notes, "; "))
}

// statusSummary counts the days that need something.
func (a *app) statusSummary(v *datasetView) string {
	counts := map[string]int{}
	for i := range v.days {
		counts[v.days[i].state()]++
	}
	var parts []string
	for _, state := range dayStates {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", a.paint(styleOf(state), a.say(state)), counts[state]))
		}
	}
	if len(parts) == 0 {
		return a.say("no day is expected, and none was run")
	}
	return strings.Join(parts, " · ")
}
