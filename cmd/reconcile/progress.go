package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"reconcile/pipeline"
	"reconcile/settlement"
)

// progress shows how far long work is, how fast it goes and how long its step still takes,
// on a terminal alone. What is said of the time is of the step at hand: nobody knows how
// long the next one takes before it has begun. The nil value shows nothing.
type progress struct {
	app *app
	of  string // the day that is run, "" for none

	mu    sync.Mutex
	stage pipeline.Stage
	bar   *progressbar.ProgressBar
	// inBytes says that the files' bytes are told, which say more than their number.
	inBytes bool
}

func (a *app) progress() *progress { return a.progressOf(settlement.NoDay) }

// progressOf is the progress of a day's run.
func (a *app) progressOf(day settlement.Day) *progress {
	if a.toErr.width == 0 || a.quiet {
		return nil
	}
	return &progress{app: a, of: day.String()}
}

// The stages of work that is no run.
const (
	stageCompare  pipeline.Stage = "compare"
	stageGenerate pipeline.Stage = "generate"
)

// stageNames is what the stages are called for people.
var stageNames = map[pipeline.Stage]string{
	pipeline.StageIngest: "reading",
	pipeline.StageMatch:  "matching",
	pipeline.StageProve:  "proving",
	pipeline.StageReport: "writing the report",
	pipeline.StageCommit: "committing",
	stageCompare:         "comparing",
	stageGenerate:        "writing",
}

// runSteps are the stages of a run that are shown, in their order.
var runSteps = []pipeline.Stage{pipeline.StageIngest, pipeline.StageMatch, pipeline.StageProve, pipeline.StageReport, pipeline.StageCommit}

// report says how many pieces of a stage are done.
func (p *progress) report(stage pipeline.Stage, done, total int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage == pipeline.StageIngest && p.inBytes {
		return
	}
	p.set(stage, done, total, progressbar.OptionShowCount())
}

// orders says how far days are written: steps of the work that is done, and the orders that
// all of it comes to.
func (p *progress) orders(done, steps, orders int64) {
	if p == nil || steps == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(stageGenerate, done*orders/steps, orders,
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(p.app.say("orders")))
}

// took says how many bytes of the files were read.
func (p *progress) took(bytes, of int64) { p.bytes(pipeline.StageIngest, bytes, of) }

// bytes says how many bytes a stage has read.
func (p *progress) bytes(stage pipeline.Stage, done, of int64) {
	if p == nil || of == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inBytes = true
	p.set(stage, done, of, progressbar.OptionShowBytes(true), progressbar.OptionShowCount())
}

// set moves the bar of the stage, which is another one than before where a stage begins.
func (p *progress) set(stage pipeline.Stage, done, total int64, options ...progressbar.Option) {
	if p.bar == nil || p.stage != stage {
		p.clear()
		p.stage = stage
		options = append(options, progressbar.OptionSetWidth(barWidth), progressbar.OptionSetPredictTime(true))
		if p.isNarrow() {
			options = []progressbar.Option{progressbar.OptionSetWidth(shortBar), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false)}
		}
		p.bar = progressbar.NewOptions64(max(total, 1), append(options, progressbar.OptionSetWriter(verbatim(p.app.err)),
			progressbar.OptionSetDescription(p.describe(stage)), progressbar.OptionThrottle(drawEvery), progressbar.OptionClearOnFinish())...)
	}
	p.bar.Set64(done) //nolint:errcheck // a bar that cannot be drawn is no reason to stop
}

const (
	barWidth  = 12 // in cells: description, counts, rate and times stand beside it
	shortBar  = 6  // where the step and the share alone do
	drawEvery = 100 * time.Millisecond
)

// isNarrow says that a line has no room for counts, rates and times: one that is
// wider than the terminal would not be drawn over by the next.
func (p *progress) isNarrow() bool { return p.app.toErr.width < roomForRates }

// roomForRates is how many cells the widest line of a bar needs.
const roomForRates = 60

// describe names a stage, and which step of how many it is.
func (p *progress) describe(stage pipeline.Stage) string {
	text := p.app.say(stageNames[stage])
	for i, s := range runSteps {
		if s == stage {
			text += fmt.Sprintf(" %d/%d", i+1, len(runSteps))
		}
	}
	if p.of != "" && p.app.toErr.width >= pageWidth {
		text = p.of + " " + text
	}
	return text
}

func (p *progress) clear() {
	if p.bar != nil {
		p.bar.Clear() //nolint:errcheck // see set
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
