// Package pipeline is the flow of a run, from files to committed tables:
//
//	deliveries ─ ingest ─► proof of each file ═barrier═► lines, events by bucket
//	   [ ─► Left ─► Residue ] ─► Bucket (match, fees) ─► parts of the tables
//	   ─► proof ─► read-back ─► commit
//
// run.go tells it in order. Left, Residue and Bucket (bucket.go) are pure functions of a
// bucket's batches; everything that touches files, time or memory is around them.
package pipeline

import (
	"runtime"
	"time"

	"reconcile/decisions"
	"reconcile/fees"
	"reconcile/funds"
	"reconcile/ingest"
	"reconcile/match"
	"reconcile/opening"
	"reconcile/output"
	"reconcile/settlement"
)

// Job is one run: which files, to where, and by which rules.
type Job struct {
	// Paths are files and folders as the user named them.
	Paths []string
	// Refused is what was refused before: it makes the run incomplete.
	Refused []*settlement.Refusal
	// Out is the folder that the result becomes.
	Out string
	// Dataset is the folder of days of which the result becomes one, that of Day, which
	// must then be stated; Out is not used. "" for a result of its own.
	Dataset string

	// Locked says that the caller holds the lock of the dataset or of Out already.
	Locked bool
	// Refresh asks the databases for a day of the dataset again, of which a snapshot of
	// their answers is there.
	Refresh bool
	// Supersede names files that take the place of others for the same account, kind
	// and period.
	Supersede []string
	// Decisions is what people decided of breaks; nil for nothing.
	Decisions *decisions.Register
	// Opening is how things stood before the first day of the dataset; nil where nothing
	// says it. It is read and not changed.
	Opening *opening.State
	// Restate is why a day of a closed month is run again; "" where it is not.
	Restate string
	// InputsDigest is noted in the manifest of a day, see DayFiles.
	InputsDigest string

	Mappings ingest.Mappings
	// Account and Day are stated for statements that do not tell; "" and 0 or NoDay
	// where they are not stated.
	Account string
	Day     settlement.Day
	// Window is the cut-off window; 0 takes the default.
	Window settlement.Instant

	// Terms are what fees depend on; nil takes the presets.
	Terms *fees.Terms
	// Calendar is the working days of banks, nil for the shipped ones; Banks are the
	// bank accounts that receive payouts, nothing for all that are delivered.
	Calendar *funds.Calendar
	Banks    []funds.BankAccount
	// Carried is what former days left.
	Carried Carried

	// Jobs is how many cores are used; 0 takes all.
	Jobs int
	// Memory is the budget of the run in bytes; 0 takes the default. Less than
	// MinMemory does not hold.
	Memory int64

	// Show writes what people look at, from the tables in dir and their manifest, into dir,
	// before the result takes its place, and returns the names of the files; nil for
	// nothing. It is not asked where nothing is committed.
	Show func(dir string, m *output.Manifest) (files []string, err error)

	// ConfigHash identifies the configuration in the manifest; "" for none.
	ConfigHash string
	// ProfileDir is where profiles and the costs of the stages are written; "" for
	// none.
	ProfileDir string
	Version    string
	// Progress is told how far the run is; nil where nobody looks. It may be called
	// from several goroutines.
	Progress func(stage Stage, done, total int64)
	// Took is told how many bytes of the files were read, of how many; nil where nobody
	// looks. It may be called from several goroutines.
	Took func(bytes, of int64)

	// What tests change: the decoded input of a bucket, and how spill files are
	// opened.
	bucketBytes int64
	openSpill   func(path string) (spillSink, error)
}

// Stage is a part of a run, for progress and durations.
type Stage string

// The stages in their order.
const (
	StageIngest Stage = "ingest"
	StageMatch  Stage = "match"
	StageProve  Stage = "prove"
	StageReport Stage = "report"
	StageCommit Stage = "commit"
)

// DefaultMemory is the budget of a run that states none.
const DefaultMemory = 1 << 30

func (j *Job) orDefaults() Job {
	d := *j
	if d.Jobs <= 0 {
		d.Jobs = runtime.GOMAXPROCS(0)
	}
	if d.Memory <= 0 {
		d.Memory = DefaultMemory
	}
	if d.Day == 0 {
		d.Day = settlement.NoDay
	}
	if d.Window == 0 {
		d.Window = match.DefaultWindow
	}
	if d.Progress == nil {
		d.Progress = func(Stage, int64, int64) {}
	}
	if d.bucketBytes == 0 {
		d.bucketBytes = bucketBytes
	}
	if d.openSpill == nil {
		d.openSpill = openSpill
	}
	return d
}

// Result is what a run found. Manifest is what run.json says; it is nil where
// nothing was committed because nothing could be used.
type Result struct {
	Refusals []*settlement.Refusal
	Manifest *output.Manifest
	Overview Overview
	Elapsed  time.Duration
}

// Complete says that nothing was refused.
func (r *Result) Complete() bool { return len(r.Refusals) == 0 }
