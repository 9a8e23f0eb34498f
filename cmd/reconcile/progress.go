package main

import (
	"os"
	"sync"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"

	"reconcile/pipeline"
)

// progress shows how far a run is, on a terminal alone. The nil value shows
// nothing.
type progress struct {
	app   *app
	mu    sync.Mutex
	stage pipeline.Stage
	bar   *progressbar.ProgressBar
}

func (a *app) progress() *progress {
	file, ok := a.err.(*os.File)
	if !ok || a.quiet || !isatty.IsTerminal(file.Fd()) {
		return nil
	}
	return &progress{app: a}
}

// stageNames is what the stages are called for people.
var stageNames = map[pipeline.Stage]string{
	pipeline.StageIngest: "reading",
	pipeline.StageMatch:  "matching",
	pipeline.StageProve:  "proving",
	pipeline.StageReport: "writing the report",
	pipeline.StageCommit: "committing",
}

func (p *progress) report(stage pipeline.Stage, done, total int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil || p.stage != stage {
		p.clear()
		p.stage = stage
		p.bar = progressbar.NewOptions64(max(total, 1), progressbar.OptionSetWriter(p.app.err),
			progressbar.OptionSetDescription(p.app.say(stageNames[stage])), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	p.bar.Set64(done) //nolint:errcheck // a bar that cannot be drawn is no reason to stop
}

func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear() //nolint:errcheck // see report
	}
}

func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
