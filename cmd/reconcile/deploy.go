package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// deployFiles is what init --deploy writes.
//
//go:embed deploy/reconcile.yaml deploy/reconcile.env deploy/reconcile.service deploy/reconcile.timer deploy/reconcile-schedule.service deploy/crontab deploy/cronjob.yaml
var deployFiles embed.FS

// deployNames are the files in the order in which they are told.
var deployNames = []string{"reconcile.yaml", "reconcile.env", "reconcile.service", "reconcile.timer", "reconcile-schedule.service", "crontab", "cronjob.yaml"}

// writeDeployment writes what a machine needs that runs the job every night into dir:
// all of it, or nothing.
func (a *app) writeDeployment(dir string) error {
	for _, name := range deployNames {
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); err == nil {
			return usage(fmt.Errorf("%s exists already, and nothing was written (choose another folder, or move it away)", path))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var files []string
	for _, name := range deployNames {
		content, err := deployFiles.ReadFile("deploy/" + name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := writeNew(path, content); err != nil {
			return err
		}
		files = append(files, path)
	}
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
	fmt.Fprintf(a.out, "\n%s\n", a.say("Each says at its top where it belongs. Use one of: the timer with its service, reconcile-schedule.service, the crontab, the CronJob."))
	fmt.Fprintf(a.out, "%s\n  %s doctor --config %s\n", a.say("Next:"), programName(), shellWord(filepath.Join(dir, "reconcile.yaml")))
	return nil
}
