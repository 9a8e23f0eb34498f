package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"reconcile/pipeline"
	"reconcile/schedule/metrics"
)

// chooseLog sets the form of the log.
func (a *app) chooseLog() error {
	switch a.logFlag {
	case "", "text":
	case "json":
		a.log = slog.New(slog.NewJSONHandler(verbatim(a.err), nil))
		a.detail = true
	default:
		return fmt.Errorf("--log-format %q: text and json are known", a.logFlag)
	}
	return nil
}

// newRunID names a run in the log: when it began, and something that no other has.
func newRunID() string {
	random := make([]byte, 4)
	rand.Read(random) //nolint:errcheck // it never fails
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(random)
}

// logRun begins the log of a run and returns what ends it.
func (a *app) logRun(job pipeline.Job) (log *slog.Logger, began time.Time) {
	log = slog.New(slog.DiscardHandler)
	if a.detail {
		log = a.log.With("run_id", newRunID(), "date", job.Day.String())
	}
	log.Info("run started")
	return log, time.Now()
}

// logResult says what a run read, how long its stages took and what it came to.
func (a *app) logResult(log *slog.Logger, result *pipeline.Result, err error, took time.Duration) {
	if a.metrics != nil {
		a.metrics.AddRun(runOf(result, err, took))
	}
	if err != nil {
		log.Error("run failed", "error", err, "took_ms", took.Milliseconds())
		return
	}
	for _, refusal := range result.Refusals {
		log.Warn("input refused", "stage", string(pipeline.StageIngest), "input", refusal.Source, "faults", int64(len(refusal.Errors))+refusal.More)
	}
	if result.Manifest == nil {
		log.Warn("run ended: nothing could be used", "took_ms", took.Milliseconds())
		return
	}
	for _, in := range result.Manifest.Inputs {
		log.Info("input used", "stage", string(pipeline.StageIngest), "wallet", in.Wallet, "account", in.Account, "kind", in.Kind, "input", in.Name, "rows", in.Rows)
	}
	for _, s := range result.Manifest.Stages {
		if !s.Workers {
			log.Info("stage done", "stage", s.Stage, "took_ms", s.MS, "rows", s.Rows)
		}
	}
	for _, account := range result.Overview.Accounts {
		if account.Lines+account.Events == 0 {
			continue // nothing of it is of this day
		}
		log.Info("account reconciled", "stage", string(pipeline.StageMatch), "wallet", account.Wallet.String(), "account", account.Account,
			"lines", account.Lines, "matched", account.Matched, "breaks", account.Breaks, "open", account.Open)
	}
	log.Info("run committed", "stage", string(pipeline.StageCommit), "complete", result.Complete(), "breaks", result.Overview.BreakCount(), "took_ms", took.Milliseconds())
}

// runOf is a run as Prometheus is shown it.
func runOf(result *pipeline.Result, err error, took time.Duration) metrics.Run {
	r := metrics.Run{Result: "done", Took: took, Stages: map[string]time.Duration{}, Rows: map[string]int64{}}
	switch {
	case err != nil:
		r.Result = "failed"
		return r
	case !result.Complete():
		r.Result = "incomplete"
	case result.Overview.BreakCount() > 0:
		r.Result = "breaks"
	}
	if result.Manifest != nil {
		for _, s := range result.Manifest.Stages {
			if !s.Workers {
				r.Stages[s.Stage] = time.Duration(s.MS) * time.Millisecond
			}
		}
		for _, t := range result.Manifest.Tables {
			r.Rows[t.Name] = t.Rows
		}
	}
	return r
}
