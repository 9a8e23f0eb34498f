package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
)

const verifyHelp = `Proves a written result again, from its files alone: run.json is read strictly;
every file has the bytes and the SHA-256 that it lists, nothing is missing and
nothing is added; every value of every column is read by two independent Parquet
implementations and compared; and the control totals, the states, the fees, the
summary and every figure of run.json are computed again from the tables.`

const verifyCodes = `  0    proved
  1    something does not hold; the message names the file
  2    usage, or no such folder
  130  interrupted`

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Prove a written result again",
		Long:  verifyHelp + exitCodes(verifyCodes),
		Example: `  reconcile verify
  reconcile verify september --json | jq '.checks[] | select(.holds | not)'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := defaultOut
			if len(args) == 1 {
				dir = args[0]
			}
			if err := mustExist([]string{dir}); err != nil {
				return err
			}
			dir, err := resultDir(dir)
			if err != nil {
				return err
			}
			v := &verification{ctx: cmd.Context(), dir: filepath.Clean(dir), bar: a.progress()}
			err = v.run()
			v.bar.finish()
			return a.printVerification(v, err)
		},
	}
	a.withOutput(cmd, "print every check as JSON", "print nothing where everything holds")
	return cmd
}

// errNotProved says that a result is not what its run wrote, or does not add up.
var errNotProved = errors.New("the result is not proved")

// verification proves a result. Every check is kept, those that hold too.
type verification struct {
	ctx    context.Context
	dir    string
	m      *output.Manifest
	bar    *progress
	checks []output.Check
	faults []error  // in the order they were found; each names its file
	values int64    // rows of which every value was compared
	again  *recount // what the tables add up to
}

// fault records what is wrong with a file of the result.
func (v *verification) fault(file, format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf("%s: %s", filepath.Join(v.dir, filepath.FromSlash(file)), fmt.Sprintf(format, args...)))
}

// equal records a check on a file of the result.
func (v *verification) equal(file, name string, expected, actual any) {
	e, a := fmt.Sprint(expected), fmt.Sprint(actual)
	v.checks = append(v.checks, output.Check{Name: name, Expected: e, Actual: a, Holds: e == a})
	if e != a {
		v.fault(file, "%s: expected %s, found %s", name, e, a)
	}
}

// run proves the result step by step. A step is taken only where those before it
// hold: figures of files that were changed would say nothing. The error is one of
// reading; faults are in v.
func (v *verification) run() error {
	for _, step := range []func() error{v.readManifest, v.listFiles, v.compareValues, v.recompute} {
		if err := step(); err != nil {
			return err
		}
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if len(v.faults) > 0 {
			break
		}
	}
	return nil
}

func (a *app) printVerification(v *verification, err error) error {
	if err != nil && v.ctx.Err() != nil {
		return err
	}
	all := append(v.faults, err)
	proved := len(v.faults) == 0 && err == nil
	if a.json {
		if err := printJSON(a.out, verificationJSON(v, errors.Join(all...), proved)); err != nil {
			return err
		}
	}
	if !proved {
		return errors.Join(append(all, fmt.Errorf("%s: %w", v.dir, errNotProved))...)
	}
	if a.quiet || a.json {
		return nil
	}
	parts := len(v.m.Files)
	for _, t := range v.m.Tables {
		parts += len(t.Parts)
	}
	fmt.Fprintf(a.out, "%s\n", a.paint(good, a.sayf("PROVED: %s", v.dir)))
	fmt.Fprintf(a.out, "  %s\n", a.sayf("%d files have the bytes and SHA-256 that run.json lists; none is missing, none is added", parts))
	fmt.Fprintf(a.out, "  %s\n", a.sayf("every value of %s rows is the same for two Parquet implementations", groupedCount(v.values)))
	fmt.Fprintf(a.out, "  %s\n", a.sayf("%d checks hold, computed again from the tables", len(v.checks)))
	if !v.m.Complete {
		fmt.Fprintf(a.out, "  %s\n", a.sayf("the run was incomplete: %d refused", len(v.m.Refused)))
	}
	return nil
}

type verified struct {
	Dir    string         `json:"dir"`
	Proved bool           `json:"proved"`
	Faults []string       `json:"faults"`
	Checks []output.Check `json:"checks"`
}

func verificationJSON(v *verification, err error, proved bool) verified {
	out := verified{Dir: v.dir, Proved: proved, Faults: []string{}, Checks: v.checks}
	if err != nil {
		out.Faults = strings.Split(err.Error(), "\n")
	}
	if out.Checks == nil {
		out.Checks = []output.Check{}
	}
	return out
}
