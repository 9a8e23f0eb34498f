package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"reconcile/pipeline"
)

const closeMonthHelp = `Closes a month (关账): from then on its days are final. Every day of the month
must have been run whole. A day of a closed month is run again with a reason
alone (run --date DAY --restate REASON); the change gets a number and is kept.`

const closeMonthCodes = `  0    closed
  1    internal or I/O failure
  2    usage, or the month cannot be closed; nothing was changed
  6    another run holds the lock`

func (a *app) closeMonthCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "close-month MONTH",
		Short:   "Make the days of a month final",
		Long:    closeMonthHelp + exitCodes(closeMonthCodes),
		Example: "  reconcile close-month 2024-09\n  reconcile close-month 2024-09 --out /var/lib/reconcile/days",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("close-month: name one month, such as 2024-09"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				c, err := a.nightlyConfig()
				if err != nil {
					return err
				}
				out = c.nightly.out
			}
			month, err := pipeline.CloseMonth(out, args[0])
			var broken *fs.PathError
			if errors.As(err, &broken) {
				return err
			}
			if err != nil {
				return usage(err)
			}
			switch {
			case a.json:
				return printJSON(a.out, month)
			case a.quiet:
				return nil
			}
			_, err = fmt.Fprintf(a.out, a.say("%s is closed: %d days")+"\n", month.Month, len(month.Days))
			return err
		},
	}
	a.withConfig(cmd)
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder of the days (default: schedule.out)")
	a.withOutput(cmd, "print the closed month as JSON", "print nothing")
	return cmd
}
