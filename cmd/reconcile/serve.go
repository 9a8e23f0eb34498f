package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/review"
)

const serveHelp = `Shows an output folder, a result or the days of a dataset, as a web page of
this machine: how each day stands, a searchable list of the open breaks, each
with its order's whole story, and what people decide of them: accept, write off
up to the limit, explain, assign, note; one or many at a time.

A decision is a row that is added to the file of decisions of the configuration
(decisions, or --decisions FILE), with who and when; the next run reads it. The
results themselves are never changed, and rows are never removed: what was
accepted by mistake is reopened by a further row. Without such a file the page
only shows.

A result is shown once every file of its tables has the SHA-256 that its
run.json states; one that was tampered with, or whose run did not end, is named
as such and not shown.

The page listens on the loopback interface alone and asks for no password: it
is for whoever is logged in on this machine. To reach it from elsewhere:

  ssh -L 8420:127.0.0.1:8420 HOST

Ctrl-C ends it.`

const serveCodes = `  0    it was stopped
  1    the address is taken, or another I/O failure
  2    usage or configuration, no result, or an address that others can reach`

const serveExamples = `  reconcile serve --out demo/out --config demo/reconcile.yaml
  reconcile serve --config /etc/reconcile/reconcile.yaml --as 李会计
  reconcile serve --out demo/out --decisions decisions.csv --listen 127.0.0.1:0`

// defaultListen is where the page is.
const defaultListen = "127.0.0.1:8420"

type serveFlags struct {
	out, listen, decisions, who string
}

func (a *app) serveCommand() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "A web page of this machine: days, breaks, their stories, decisions",
		Long:    serveHelp + exitCodes(serveCodes),
		Example: serveExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), &flags)
		},
	}
	cmd.Flags().StringVarP(&flags.out, "out", "o", "", "folder of the result, or of the days (default: schedule.out of the configuration, else "+defaultOut+")")
	a.withConfig(cmd)
	cmd.Flags().StringVar(&flags.listen, "listen", defaultListen, "address, of this machine alone; port 0 takes a free one")
	cmd.Flags().StringVar(&flags.decisions, "decisions", "", "CSV file to which decisions are added (default: decisions of the configuration)")
	cmd.Flags().StringVar(&flags.who, "as", "", "name of who decides (default: the page asks)")
	a.withOutput(cmd, "print the address as JSON, once it is listened on", "do not print the address")
	return cmd
}

func (a *app) serve(ctx context.Context, flags *serveFlags) error {
	if err := review.Loopback(flags.listen); err != nil {
		return usage(fmt.Errorf("--listen %w", err))
	}
	if fault := review.NameFault(flags.who); flags.who != "" && fault != "" {
		return usage(fmt.Errorf("--as %q: give a name of one line, without blanks around it", flags.who))
	}
	o, err := a.serveOptions(flags)
	if err != nil {
		return err
	}
	server, err := review.New(*o)
	if errors.Is(err, output.ErrNoResult) {
		return usage(err)
	}
	if err != nil {
		return err
	}
	if fault := server.Look(ctx); fault != nil && ctx.Err() == nil {
		a.log.Warn("the newest result is not shown", "error", fault)
	}
	var network net.ListenConfig
	listener, err := network.Listen(ctx, "tcp", flags.listen)
	if err != nil {
		return fmt.Errorf("%w (another program has the address? choose another with --listen)", err)
	}
	switch {
	case a.json:
		if err := printJSON(a.out, map[string]string{"url": "http://" + listener.Addr().String() + "/", "out": o.Out, "decisions": o.Decisions}); err != nil {
			return err
		}
	case !a.quiet:
		fmt.Fprintf(a.out, a.say("http://%s/ shows %s; Ctrl-C ends it")+"\n", listener.Addr(), o.Out)
		if o.Decisions == "" {
			fmt.Fprintln(a.err, a.say("nothing can be decided: no file of decisions is named (decisions in the configuration, or --decisions FILE)"))
		}
	}
	return server.Serve(ctx, listener)
}

// serveOptions are what the configuration and the flags say.
func (a *app) serveOptions(flags *serveFlags) (*review.Options, error) {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return nil, err
	}
	o := &review.Options{Out: flags.out, Decisions: flags.decisions, Workbook: c.decidedWorkbook, WriteOffLimit: c.writeOff, Who: flags.who,
		Chinese: a.language == chinese, Calendar: c.payouts.calendar, Log: a.log, Now: time.Now,
		Say: func(inChinese bool, text string) string {
			reader := app{}
			if inChinese {
				reader.language = chinese
			}
			return reader.say(text)
		}}
	if o.Out == "" {
		o.Out = c.nightly.out
	}
	if o.Out == "" {
		o.Out = defaultOut
	}
	if o.Decisions == "" {
		o.Decisions = c.decisions
	}
	o.NotRead = o.Decisions != "" && !sameFile(o.Decisions, c.decisions)
	return o, nil
}

// sameFile says that two paths name one file, which may not be there yet.
func sameFile(a, b string) bool {
	if b == "" {
		return false
	}
	first, errFirst := filepath.Abs(a)
	second, errSecond := filepath.Abs(b)
	return errFirst == nil && errSecond == nil && first == second
}
