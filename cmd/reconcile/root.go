package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/schedule/metrics"
)

// streams are where a command writes: results to out, everything else to err.
type streams struct{ out, err io.Writer }

// app is what all commands share during one call of the program.
type app struct {
	streams
	// toOut and toErr are the screens behind the streams; the streams fold their lines.
	toOut, toErr screen
	getenv       func(string) string
	log          *slog.Logger
	language     language
	// started is set when a command begins its work: an error before that is one of
	// usage.
	started bool
	// outcome is what the work came to; it decides the exit code where there is no
	// error.
	outcome outcome

	langFlag, logFlag, configFlag, colorFlag string

	// detail says that each run is told in the log, not only in its summary.
	detail bool
	// metrics are told of each run; nil where nobody asks for them.
	metrics *metrics.Metrics

	configPath  string // of the configuration that was read, "" for none
	json, quiet bool
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	a := &app{log: slog.New(slog.NewTextHandler(std.err, nil)), language: languageOf(getenv), getenv: getenv,
		toOut: screenOf(std.out, getenv), toErr: screenOf(std.err, getenv)}
	a.streams = streams{foldedTo(std.out, a.toOut), foldedTo(std.err, a.toErr)}
	defer flushed(a.err)
	defer flushed(a.out)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(std.out) // a shell reads what completion prints
	root.InitDefaultCompletionCmd(args...)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = usage(err)
	}
	code := exitCode(ctx, err, a.outcome)
	if err != nil {
		a.printError(err, code)
	}
	return code
}

// printError says once what went wrong.
func (a *app) printError(err error, code int) {
	if a.logFlag == "json" {
		a.log.Error("the command failed", "error", err, "exit_code", code)
		return
	}
	if code == exitInterrupted {
		fmt.Fprintln(a.err, "reconcile: "+a.say("interrupted; nothing was committed"))
		return
	}
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, " ") { // else it belongs to the line above
			line = painted(a.toErr.colour, bad, "reconcile:") + " " + line
		}
		fmt.Fprintln(a.err, line)
	}
	if code == exitUsage && !a.started {
		fmt.Fprintln(a.err, a.say("Run “reconcile --help”, or --help after a command, for its use."))
	}
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "reconcile",
		Short: "Reconcile settlement files of Alipay and WeChat Pay with orders, to the fen",
		Long: `Reads settlement files of Alipay and WeChat Pay and the merchant's orders and
refunds, proves each file against its own control totals, matches every line
to an order, computes every fee again, and writes Parquet tables that anyone
can check. Nothing is guessed, and nothing is lost without a word.

Start with a small day of invented data:

  reconcile init demo
  reconcile run demo/inbox --out demo/result`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return errors.Join(a.chooseLanguage(), a.chooseColour(), a.chooseLog())
		},
	}
	root.PersistentFlags().StringVar(&a.langFlag, "lang", "", "language of what is printed: en or zh (default: from LANG)")
	root.PersistentFlags().StringVar(&a.colorFlag, "color", "auto", "colours: auto, always or never (auto: on a terminal, unless NO_COLOR is set)")
	root.PersistentFlags().StringVar(&a.logFlag, "log-format", "", "form of the log on stderr: text or json (default: text)")
	root.AddCommand(a.runCommand(), a.checkCommand(), a.showCommand(), a.explainCommand(), a.verifyCommand(), a.diffCommand(), a.feesCommand(), a.balancesCommand(), a.journalCommand(), a.worklistCommand(), a.reportCommand(), a.positionCommand(), a.quoteCommand(), a.planCommand(), a.configCommand(), a.scheduleCommand(), a.statusCommand(), a.serveCommand(), a.doctorCommand(), a.closeMonthCommand(), a.pruneCommand(), a.ddlCommand(), a.initCommand(), a.generateCommand(), a.manCommand())
	a.begin(root)
	a.complete(root)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprintf(".FlagUsagesWrapped %d", a.page())))
	return root
}

// begin makes every command below c note that it has begun.
func (a *app) begin(c *cobra.Command) {
	for _, c := range c.Commands() {
		c.Flags().SortFlags = false
		run := c.RunE
		c.RunE = func(cmd *cobra.Command, args []string) error {
			a.started = true
			return run(cmd, args)
		}
		a.begin(c)
	}
}

func (a *app) chooseLanguage() error {
	switch a.langFlag {
	case "":
	case "en":
		a.language = english
	case "zh":
		a.language = chinese
	default:
		return fmt.Errorf("--lang %q: en and zh are known", a.langFlag)
	}
	return nil
}

// withConfig adds the flag that names the configuration.
func (a *app) withConfig(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.configFlag, "config", "", "configuration (default: "+configName+" in this folder, where there is one)")
}

// withOutput adds the flags that say what is printed.
func (a *app) withOutput(cmd *cobra.Command, json, quiet string) {
	if json != "" {
		cmd.Flags().BoolVar(&a.json, "json", false, json)
	}
	if quiet != "" {
		cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, quiet)
	}
}

// atLeastOne asks for arguments and names them.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s: %s", cmd.Name(), what)
		}
		return nil
	}
}

// mustExist says which of the paths does not exist: it was typed wrong.
func mustExist(paths []string) error {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return notThere(path)
		}
	}
	return nil
}

func notThere(path string) error {
	return usage(fmt.Errorf("%s: no such file or folder (check the path; a name with blanks needs quotes)", path))
}
