package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/settlement"
	"reconcile/story"
)

const diffHelp = `Says what changed between two results: breaks that opened, breaks that are
there no longer or were closed, breaks whose amounts or status changed, and the
sums of each wallet and account that differ. A folder of days stands for its
newest day.`

const diffCodes = `  0    nothing differs
  1    a result cannot be read
  2    usage, or no result there
  3    something differs
  130  interrupted`

// difference is what changed between two results. Money is text in yuan.
type difference struct {
	Opened  []story.Fact `json:"opened"`
	Gone    []story.Fact `json:"gone"`
	Changed []changed    `json:"changed"`
	Sums    []changedSum `json:"sums"`
}

// changed is a break of both results that is not the same in both.
type changed struct {
	Break  story.Fact        `json:"break"` // as the second result has it
	Before map[string]string `json:"before"`
}

// changedSum is a figure of a wallet and account that differs.
type changedSum struct {
	Wallet  string `json:"wallet"`
	Account string `json:"account,omitempty"`
	Name    string `json:"name"`
	Before  string `json:"before"`
	After   string `json:"after"`
}

func (d *difference) any() bool {
	return len(d.Opened)+len(d.Gone)+len(d.Changed)+len(d.Sums) > 0
}

func (a *app) diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff DIR1 DIR2",
		Short: "Say what changed between two results",
		Long:  diffHelp + exitCodes(diffCodes),
		Example: `  reconcile diff before after
  reconcile diff days/dt=2024-09-12 days/dt=2024-09-13 --json | jq .opened`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(fmt.Errorf("diff: name two results"))
			}
			return mustExist(args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := compareResults(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			a.outcome = outcome{breaks: d.any()}
			return a.printDifference(d)
		},
	}
	a.withOutput(cmd, "print what differs as JSON", "print nothing: the exit code tells")
	return cmd
}

// compared are the columns of a break of which a change is told.
var compared = []string{"status", "expected_amount", "actual_amount", "difference"}

func compareResults(ctx context.Context, before, after string) (*difference, error) {
	d := &difference{Opened: []story.Fact{}, Gone: []story.Fact{}, Changed: []changed{}, Sums: []changedSum{}}
	var breaks [2]map[string]story.Fact
	var sums [2]map[account]map[string]settlement.Amount
	for i, dir := range []string{before, after} {
		dir, m, err := readResult(ctx, dir, "breaks")
		if err != nil {
			return nil, err
		}
		if breaks[i], err = openBreaks(dir, ctx.Err); err != nil {
			return nil, err
		}
		sums[i] = sumsOf(m)
	}
	for id, b := range breaks[1] {
		was, known := breaks[0][id]
		if !known {
			d.Opened = append(d.Opened, b)
			continue
		}
		c := changed{b, map[string]string{}}
		for _, column := range compared {
			if was[column] != b[column] {
				c.Before[column] = was[column]
			}
		}
		if len(c.Before) > 0 {
			d.Changed = append(d.Changed, c)
		}
	}
	for id, b := range breaks[0] {
		if _, still := breaks[1][id]; !still {
			d.Gone = append(d.Gone, b)
		}
	}
	d.Sums = changedSums(sums[0], sums[1])
	byBreak := func(x, y story.Fact) int {
		return strings.Compare(x["kind"]+" "+x["order_no"]+" "+x["break_id"], y["kind"]+" "+y["order_no"]+" "+y["break_id"])
	}
	slices.SortFunc(d.Opened, byBreak)
	slices.SortFunc(d.Gone, byBreak)
	slices.SortFunc(d.Changed, func(x, y changed) int { return byBreak(x.Break, y.Break) })
	return d, nil
}

// openBreaks are the breaks of a result that are not closed, by identity.
func openBreaks(dir string, stop func() error) (map[string]story.Fact, error) {
	breaks := map[string]story.Fact{}
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		if r.Text("status") != settlement.BreakClosed.String() {
			breaks[r.Text("break_id")] = story.FactOf(r)
		}
		if len(breaks)%4096 == 0 {
			return stop()
		}
		return nil
	})
	return breaks, err
}

// sumsOf are the totals of run.json by wallet and account.
func sumsOf(m *output.Manifest) map[account]map[string]settlement.Amount {
	sums := map[account]map[string]settlement.Amount{}
	for _, t := range m.Totals {
		key := account{t.Wallet, t.Account}
		if sums[key] == nil {
			sums[key] = map[string]settlement.Amount{}
		}
		sums[key][t.Name] += settlement.Amount(t.Amount)
	}
	return sums
}

func changedSums(before, after map[account]map[string]settlement.Amount) []changedSum {
	list := []changedSum{}
	for _, sums := range []map[account]map[string]settlement.Amount{before, after} {
		for key, names := range sums {
			for name := range names {
				was, is := before[key][name], after[key][name]
				c := changedSum{key.wallet, key.number, name, was.String(), is.String()}
				if was != is && !slices.Contains(list, c) {
					list = append(list, c)
				}
			}
		}
	}
	slices.SortFunc(list, func(x, y changedSum) int {
		return strings.Compare(x.Wallet+" "+x.Account+" "+x.Name, y.Wallet+" "+y.Account+" "+y.Name)
	})
	return list
}

func (a *app) printDifference(d *difference) error {
	switch {
	case a.json:
		return printJSON(a.out, d)
	case a.quiet:
		return nil
	case !d.any():
		_, err := fmt.Fprintln(a.out, a.say("nothing differs"))
		return err
	}
	var b strings.Builder
	a.differing(&b, a.say("breaks that opened"), d.Opened)
	a.differing(&b, a.say("breaks that are there no longer"), d.Gone)
	if len(d.Changed) > 0 {
		g := newGrid(a.say("breaks that changed"), a.say("order"), a.say("column"), a.say("before"), a.say("after"))
		g.leftAlign(1)
		g.leftAlign(2)
		for _, c := range d.Changed {
			for _, column := range compared {
				if was, ok := c.Before[column]; ok {
					g.row(a.say(c.Break["kind"]), printable(c.Break["order_no"]), a.say(column), a.say(was), a.say(c.Break[column]))
				}
			}
		}
		fmt.Fprintf(&b, "%s\n", a.table(g, ""))
	}
	if len(d.Sums) > 0 {
		g := newGrid(a.say("sums that differ"), a.say("before"), a.say("after"))
		of := changedSum{}
		for _, s := range d.Sums {
			if s.Wallet != of.Wallet || s.Account != of.Account {
				of = s
				g.row(strings.TrimSpace(a.say(cmp.Or(s.Wallet, "(no wallet)")) + " " + s.Account))
			}
			g.row("  "+a.say(s.Name), s.Before, s.After)
		}
		fmt.Fprintf(&b, "%s\n", a.table(g, ""))
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// differing prints breaks of one of the results.
func (a *app) differing(b *strings.Builder, heading string, breaks []story.Fact) {
	if len(breaks) == 0 {
		return
	}
	g := newGrid(heading, a.say("wallet"), a.say("order"), a.say("difference"))
	g.leftAlign(1)
	g.leftAlign(2)
	for _, f := range breaks {
		g.row(a.say(f["kind"]), a.say(f["wallet"]), printable(f["order_no"]), f["difference"])
	}
	fmt.Fprintf(b, "%s\n", a.table(g, ""))
}
