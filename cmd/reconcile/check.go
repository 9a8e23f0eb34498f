package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

const checkHelp = `Says what each file is, from its content: kind, wallet, account, period,
layout and rows. Proves its control totals: those that the file states against
those that its rows add up to. Writes nothing.`

const checkCodes = `  0    every file could be used
  1    internal or I/O failure
  2    usage or configuration
  4    a file was refused
  130  interrupted`

func (a *app) checkCommand() *cobra.Command {
	var flags jobFlags
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Say what files are and prove their control totals",
		Long:  checkHelp + exitCodes(checkCodes),
		Example: `  reconcile check alipay.zip wechat.csv
  reconcile check inbox --json | jq '.inputs[].rows'`,
		Args: atLeastOne("name the files or folders to check"),
		RunE: func(cmd *cobra.Command, args []string) error {
			job, err := a.job(&flags, args)
			if err != nil {
				return err
			}
			bar := a.progress()
			if bar != nil {
				job.Progress, job.Took = bar.report, bar.took
			}
			checked, err := pipeline.Check(cmd.Context(), job)
			bar.finish()
			if err != nil {
				return err
			}
			a.outcome = outcome{refused: len(checked.Refusals) > 0}
			return a.printChecked(checked)
		},
	}
	a.withConfig(cmd)
	flags.add(cmd)
	a.withOutput(cmd, "print JSON", "print only what was refused")
	return cmd
}

func (a *app) printChecked(checked *pipeline.Checked) error {
	switch {
	case a.json:
		a.printRefusals(a.err, checked.Refusals)
		return printJSON(a.out, checkedJSON(checked))
	case a.quiet:
		a.printRefusals(a.err, checked.Refusals)
		return nil
	}
	var b strings.Builder
	for _, s := range checked.Statements {
		a.printStatement(&b, s)
	}
	a.printRefusals(&b, checked.Refusals)
	fmt.Fprintf(&b, a.say("%d usable, %d refused")+"\n", len(checked.Statements), len(checked.Refusals))
	_, err := io.WriteString(a.out, b.String())
	return err
}

type checkedFiles struct {
	Inputs  []output.Input        `json:"inputs"`
	Refused []output.RefusedInput `json:"refused"`
}

func checkedJSON(checked *pipeline.Checked) checkedFiles {
	files := checkedFiles{Inputs: []output.Input{}, Refused: []output.RefusedInput{}}
	for _, s := range checked.Statements {
		in := output.InputOf(s.Statement)
		in.DuplicateOf, in.Copies = s.CopyOf, s.Copies
		files.Inputs = append(files.Inputs, in)
	}
	for _, r := range checked.Refusals {
		files.Refused = append(files.Refused, output.RefusedOf(r))
	}
	return files
}

func (a *app) printStatement(b *strings.Builder, s pipeline.CheckedStatement) {
	fmt.Fprintf(b, "%s\n", printable(s.Source()))
	line := func(name, value string) {
		if value != "" {
			name, value = a.say(name), printable(value)
			fmt.Fprintf(b, "  %s%s%s\n", name, strings.Repeat(" ", max(1, 10-cells.StringWidth(name))), value)
		}
	}
	line("kind", a.say(string(s.Kind)))
	if !s.IsExtract() {
		line("wallet", a.walletName(s.Wallet))
		line("account", strings.TrimSpace(cmp.Or(s.Account, a.say("(no account)"))+" "+s.SubAccount))
		line("period", cmp.Or(periodText(s.Statement), a.say("(not stated)")))
	} else {
		line("until", s.Watermark.String())
	}
	line("layout", s.Layout)
	if s.Part > 0 {
		line("part", fmt.Sprint(s.Part))
	}
	line("rows", groupedCount(s.Rows))
	for _, text := range settlement.DriftTexts(s.Drift) {
		line("drift", text)
	}
	for _, note := range s.Notes {
		line("note", note)
	}
	if len(s.Totals) > 0 {
		b.WriteString(a.table(a.totalsGrid(s.Totals), "  "))
	}
	b.WriteByte('\n')
}

// periodText is the period of a statement: its day, or its first and last.
func periodText(s *settlement.Statement) string {
	switch {
	case s.From == settlement.NoDay:
		return ""
	case s.Until == s.From+1:
		return s.From.String()
	}
	return s.From.String() + " – " + (s.Until - 1).String()
}

func (a *app) walletName(w settlement.Wallet) string {
	if w == settlement.NoWallet {
		return a.say("(no wallet)")
	}
	return a.say(w.String())
}
