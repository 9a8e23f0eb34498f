package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"reconcile/generate"
)

//go:embed sample.yaml
var sampleConfig []byte

// sampleWeek is a week of Taobao orders paid with WeChat Pay: the export of an aggregated
// account, the orders, and a configuration with the contract of the home wallet.
//
//go:embed week
var sampleWeek embed.FS

// The names inside the folder that init fills. The configuration names them too.
const (
	sampleInbox  = "inbox"
	sampleResult = "result"
	sampleWeekIn = "week"
)

func (a *app) initCommand() *cobra.Command {
	var deploy bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a commented configuration and a small sample day",
		Long: `Writes reconcile.yaml with a comment on every key, and into inbox/ a day of
invented data: statements of both wallets, orders and refunds, with breaks of
every kind among them. In week/ lies a week of Taobao orders that were paid with
WeChat Pay, with a configuration of its own that knows what they would have cost
in Alipay. A file that exists is never overwritten.

With --deploy, what a machine needs that runs the job every night instead: a
configuration, a hardened systemd service with its timer, a service that stays,
a crontab and a Kubernetes CronJob.` + exitCodes(`  0    written
  1    I/O failure
  2    usage, or a file of that name exists already`),
		Example: `  reconcile init demo
  reconcile init
  reconcile init --deploy deployment`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if deploy {
				return a.writeDeployment(dir)
			}
			return a.writeSample(dir)
		},
	}
	cmd.Flags().BoolVar(&deploy, "deploy", false, "write what runs the job every night: systemd, cron, Kubernetes")
	a.withOutput(cmd, "print what was written as JSON", "print nothing")
	return cmd
}

// writeSample writes configuration and sample day into dir: all of it, or nothing.
func (a *app) writeSample(dir string) error {
	config, inbox := filepath.Join(dir, configName), filepath.Join(dir, sampleInbox)
	for _, path := range []string{config, inbox, filepath.Join(dir, sampleWeekIn)} {
		if _, err := os.Lstat(path); err == nil {
			return usage(fmt.Errorf("%s exists already, and nothing was written (choose another folder, or move it away)", path))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.MkdirAll(inbox, 0o755); err != nil {
		return err
	}
	files, err := generate.SampleDay(inbox)
	if err != nil {
		return err
	}
	if err := writeNew(config, sampleConfig); err != nil {
		return err
	}
	files = append([]string{config}, files...)
	week, err := writeWeek(filepath.Join(dir, sampleWeekIn))
	if err != nil {
		return err
	}
	files = append(files, week...)
	switch {
	case a.json:
		return printJSON(a.out, struct {
			Files []string `json:"files"`
		}{files})
	case a.quiet:
		return nil
	}
	for _, f := range files {
		fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), f)
	}
	result := filepath.Join(dir, sampleResult)
	fmt.Fprintf(a.out, "\n%s\n  %s run %s --out %s\n  %s show breaks --out %s\n",
		a.say("Next:"), programName(), shellWord(inbox), shellWord(result), programName(), shellWord(result))
	return nil
}

// writeWeek writes the sample week: the configuration into dir, the rest into its inbox.
func writeWeek(dir string) (files []string, err error) {
	entries, err := sampleWeek.ReadDir(sampleWeekIn)
	if err != nil {
		return nil, err
	}
	inbox := filepath.Join(dir, sampleInbox)
	if err := os.MkdirAll(inbox, 0o755); err != nil {
		return nil, err
	}
	for _, e := range entries {
		content, err := sampleWeek.ReadFile(sampleWeekIn + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		to := filepath.Join(inbox, e.Name())
		if e.Name() == configName {
			to = filepath.Join(dir, configName)
		}
		if err := writeNew(to, content); err != nil {
			return nil, err
		}
		files = append(files, to)
	}
	return files, nil
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
