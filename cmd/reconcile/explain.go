package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/funds"
	"reconcile/output/report"
	"reconcile/story"
)

const explainHelp = `Tells the whole story of one order: what the orders expect, the statement
lines with file and line, the rule by which both were tied, the arithmetic of
each fee, what moved on the accounts, what it cost that the buyer used another
wallet, what does not agree and why, and what it comes to.

The number may be an order number, a payment number, the number as the
wallet's file prints it, a refund number, a wallet's transaction or refund
number, or the id of a line, event or break. Orders that were paid together are
told together.

The number of a withdrawal (提现), or the bank's of what it received, tells when
it left the wallet, its fee, when it was due, and what the bank booked.`

func (a *app) explainCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "explain ORDER_NO|TXN_ID",
		Short: "Tell the whole story of one order",
		Long: explainHelp + exitCodes(`  0    found and printed
  1    the result cannot be read
  2    usage, no result there, or nothing known under that number
  130  interrupted`),
		Example: `  reconcile explain 2201351122628588102
  reconcile explain 4200001122334455667788990011 --out september`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return fmt.Errorf("explain: name one number")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dirs, err := resultDirs(out)
			if err != nil {
				return err
			}
			if err := verifiedResults(cmd.Context(), dirs); err != nil {
				return err
			}
			s, err := story.Read(cmd.Context(), dirs, args[0])
			if err != nil {
				return err
			}
			if s.Empty() {
				return usage(fmt.Errorf("nothing is known under %q in %s (order, payment, refund and transaction numbers are looked up, as a whole)",
					args[0], filepath.Clean(out)))
			}
			return a.printStory(s)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of days: then all of them are looked through")
	a.withOutput(cmd, "print JSON", "")
	return cmd
}

func (a *app) printStory(s *story.Story) error {
	if a.json {
		english := story.Teller{Say: (&app{}).say}
		return printJSON(a.out, struct {
			*story.Story
			Verdict string `json:"verdict"`
		}{s, english.Verdict(s)})
	}
	tell := story.Teller{Say: a.say, Calendar: a.bankCalendar()}
	if a.language == chinese {
		tell.Reason = report.ReasonInChinese
	}
	var b strings.Builder
	for _, parts := range tell.Orders(s) {
		fmt.Fprintf(&b, "%s\n", partsOf(parts))
	}
	fmt.Fprintf(&b, "%s: %s\n\n", a.say("Verdict"), a.paint(bold, printable(tell.Verdict(s))))
	for _, section := range tell.Sections(s) {
		fmt.Fprintf(&b, "%s\n", a.paint(bold, partsOf(section.Title)))
		for _, line := range section.Lines {
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", line.Depth), partsOf(line.Parts))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// partsOf prints the parts of a line, blanks between.
func partsOf(parts []string) string { return printable(strings.Join(parts, "  ")) }

// bankCalendar is the calendar that is configured here, nil for the shipped one.
func (a *app) bankCalendar() *funds.Calendar {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return nil
	}
	return c.payouts.calendar
}
