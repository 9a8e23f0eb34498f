package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/sync/errgroup"

	"reconcile/funds"
	"reconcile/ingest"
	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// run is the state of one run.
type run struct {
	job     Job
	rules   *Rules
	intake  *ingest.Intake
	files   []string // the name of each statement, for the column source_file
	budget  *budget
	work    *workroom
	spare   *spares
	buckets int
	// partitions is how finely the exchanges cut, see partitionCount.
	partitions int

	// Of a day of a dataset: what days before have left. state is nil otherwise.
	state                     *state
	superseded                map[string]string // of the day's former run, see supersededBefore
	firstCarried, settledFile int32
	carriedRows               [2]int64 // lines, events
	earlier                   *earlierBreaks
	other                     otherDays
	restated                  *Restatement

	lines   *exchange[settlement.Lines, *settlement.Lines]
	events  *exchange[settlement.Events, *settlement.Events]
	refunds *exchange[settlement.Events, *settlement.Events] // that look for their payment number
	funds   *exchange[settlement.FundLines, *settlement.FundLines]
	// unsettled is money of former days that trade bill and fund flow do not agree on;
	// strayUnsettled that of it which looks for its payment's bucket.
	unsettled      *exchange[settlement.Unsettled, *settlement.Unsettled]
	strayUnsettled *exchange[settlement.Unsettled, *settlement.Unsettled]
	strays         *exchange[settlement.FundLines, *settlement.FundLines] // that look for their payment's bucket

	// What is brought together for the costs of orders: payments and proceeds of former
	// days, by order; what orders leave in their accounts, by time; increments of
	// cross-wallet cost, by order; the fund lines that are withdrawals.
	prior     *exchange[settlement.Prior, *settlement.Prior]
	carried   *exchange[settlement.Proceeds, *settlement.Proceeds]
	proceeds  *exchange[settlement.Proceeds, *settlement.Proceeds]
	cross     *exchange[settlement.CrossWallet, *settlement.CrossWallet]
	withdrawn settlement.FundLines
	// transfers are the lines of banks and deposits into wallets; those of days before,
	// and the payouts of these, stand beside them.
	transfers       settlement.FundLines
	transfersBefore settlement.Transfers
	payoutsBefore   settlement.Payouts
	payoutNotes     []string
	accruing        map[flowAccount]bool

	// chains are what the pieces of each file say of its account's balance.
	chains   [][]*funds.Piece
	chaining sync.Mutex
	balanced *funds.Balanced

	// What loading a bucket needs and the next one uses again.
	arrangers idle[arranger]

	// latest is the latest instant of any line; residue says that pass 3 can claim
	// some event: it carries a provider's number, or a payment number of several.
	latest  atomic.Int64
	residue atomic.Bool

	// read is what ingest handed over of each file, added up independently of the
	// providers' own control totals.
	read []fileSums

	suggestions suggestions

	mu    sync.Mutex // guards what the buckets add up
	proof proofSums
	tally *tally
	parts []output.PartInfo

	started time.Time
	costs   *costs
}

// Run reads the job's files, reconciles them and commits the result to job.Out.
//
// Refused files are in the result, not in the error: the run goes on without them
// and is incomplete. An error means that nothing was committed. Cancelling ctx
// stops the run; nothing of it stays behind.
func Run(ctx context.Context, job Job) (*Result, error) {
	job = job.orDefaults()
	if job.Dataset != "" {
		job.Out = DayFolder(job.Dataset, job.Day)
	}
	started := time.Now()
	if !job.Locked {
		lock, err := output.Acquire(cmp.Or(job.Dataset, job.Out))
		if err != nil {
			return nil, err
		}
		defer lock.Release()
	}
	restated, err := job.restatement()
	if err != nil {
		return nil, err
	}
	deliveries, refused, err := ingest.Open(job.Paths)
	if err != nil {
		return nil, err
	}
	refused = append(refused, job.Refused...)
	answers, bad, err := job.answers(ctx)
	if err != nil {
		return nil, err
	}
	deliveries, refused = append(deliveries, answers...), append(refused, bad...)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(max(job.Memory, MinMemory) / 100 * 110))
	// Two files that contradict each other in a line are found while the buckets are
	// computed. Both are refused and the run begins again without them.
	excluded := map[string]string{}
	for {
		result, err := profiled(job.ProfileDir, func() (*Result, error) {
			return runOnce(ctx, job, deliveries, refused, excluded, restated)
		})
		var conflict *conflictError
		if errors.As(err, &conflict) {
			excluded[conflict.source], excluded[conflict.other] = conflict.what, conflict.whatOther
			continue
		}
		if result != nil {
			result.Elapsed = time.Since(started)
			err = errors.Join(err, job.noteRestatement(restated, result.Manifest))
		}
		return result, err
	}
}

// conflictError is a settlement.ConflictError by the names of the files.
type conflictError struct{ source, other, what, whatOther string }

func (e *conflictError) Error() string { return e.what }

func runOnce(ctx context.Context, job Job, deliveries []*ingest.Delivery, refused []*settlement.Refusal, excluded map[string]string, restated *Restatement) (*Result, error) {
	staging, err := output.Stage(job.Out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = staging.Abort() }() // after Commit it does nothing
	job.Decisions = job.Decisions.Fresh()
	r := &run{
		job:      job,
		restated: restated,
		budget:   &budget{limit: waitingShare(job.Memory, job.Jobs), dir: staging.Path("spill"), jobs: job.Jobs, open: job.openSpill},
		tally:    newTally(),
		started:  time.Now(),
		costs:    &costs{},
	}
	if job.Dataset != "" {
		r.superseded = supersededBefore(DayFolder(job.Dataset, job.Day))
		if r.state, err = openState(job.Dataset, job.Day); err != nil {
			return nil, err
		}
		if r.state.opening = job.Opening; job.Opening != nil && job.Day <= job.Opening.Day {
			return nil, fmt.Errorf("%s: %w %s, and %s does not come after it (correct the day in the file, or leave the earlier days out)",
				job.Opening.Source, ErrOpening, job.Opening.Day, job.Day)
		}
	}
	r.work = newWorkroom(job.Memory, r.budget)
	likely, known := likelySize(deliveries)
	r.partitions = partitionCount(likely)
	if known { // else a group might be many buckets
		r.budget.together = r.partitions / bucketCount(likely, job.bucketBytes, r.partitions)
	}
	r.latest.Store(int64(settlement.NoInstant))
	r.lines = newExchange[settlement.Lines]("lines", r.partitions, r.budget, func(l *settlement.Lines) []uint64 { return l.Key })
	r.events = newExchange[settlement.Events]("events", r.partitions, r.budget, func(e *settlement.Events) []uint64 { return e.Key })
	r.refunds = newExchange[settlement.Events]("refunds", r.partitions, r.budget, func(e *settlement.Events) []uint64 { return e.Key })
	r.funds = newExchange[settlement.FundLines]("funds", r.partitions, r.budget, func(f *settlement.FundLines) []uint64 { return f.Key })
	r.strays = newExchange[settlement.FundLines]("strays", r.partitions, r.budget, func(f *settlement.FundLines) []uint64 { return f.Key })

	byKey := func(u *settlement.Unsettled) []uint64 { return u.Key }
	r.unsettled = newExchange[settlement.Unsettled]("unsettled", r.partitions, r.budget, byKey)
	r.strayUnsettled = newExchange[settlement.Unsettled]("unsettled-strays", r.partitions, r.budget, byKey)

	if err := r.costs.time(StageIngest, func() error {
		return r.ingest(ctx, deliveries, refused, excluded, ingest.Emits{Lines: r.takeLines, Events: r.takeEvents, Funds: r.takeFunds})
	}); err != nil {
		return nil, err
	}
	if !r.anythingAccepted() {
		return &Result{Refusals: r.intake.Refusals}, nil
	}
	if err := r.takeState(); err != nil {
		return nil, err
	}
	if err := r.costs.time(StageMatch, func() error { return r.reconcile(ctx, staging) }); err != nil {
		return nil, r.named(err)
	}
	manifest, err := r.finish(ctx, staging)
	if err != nil {
		return nil, err
	}
	overview := r.overview()
	overview.Day = manifest.Figures.Day
	return &Result{Refusals: r.intake.Refusals, Manifest: manifest, Overview: overview}, nil
}

func (r *run) anythingAccepted() bool {
	for i := range r.intake.Statements {
		if r.intake.Accepted(int32(i)) {
			return true
		}
	}
	return false
}

// named turns a conflict between two lines into one between two files.
func (r *run) named(err error) error {
	var c *settlement.ConflictError
	if !errors.As(err, &c) {
		return err
	}
	say := func(line int64, other int32, otherLine int64, value, otherValue string) string {
		return fmt.Sprintf("line %d gives %s %s for %s, but %s:%d gives %s",
			line, c.Column, value, c.Key, r.files[other], otherLine, otherValue)
	}
	return &conflictError{
		source: r.files[c.File], other: r.files[c.OtherFile],
		what:      say(c.Line, c.OtherFile, c.OtherLine, c.Value, c.Other),
		whatOther: say(c.OtherLine, c.File, c.Line, c.Other, c.Value),
	}
}

// readAtOnce is how many deliveries are read at a time. While one begins or ends,
// inflates or waits for its disk, the other keeps the cores busy; more would only
// take memory.
const readAtOnce = 2

// ingest reads all deliveries, hands their rows to lines and events, and decides
// which of the deliveries may be used.
func (r *run) ingest(ctx context.Context, deliveries []*ingest.Delivery, refused []*settlement.Refusal, excluded map[string]string, emits ingest.Emits) error {
	r.intake = &ingest.Intake{
		Statements: make([]*settlement.Statement, len(deliveries)),
		Refusals:   append([]*settlement.Refusal(nil), refused...),
		Supersede:  r.job.Supersede,
		Superseded: r.superseded,
	}
	r.read = make([]fileSums, len(deliveries))
	r.chains = make([][]*funds.Piece, len(deliveries))
	r.files = make([]string, len(deliveries))
	refusals := make([]*settlement.Refusal, len(deliveries))
	took := r.bytesTold(deliveries)
	r.job.Progress(StageIngest, 0, int64(len(deliveries)))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(min(r.job.Jobs, readAtOnce), 1))
	for i, d := range deliveries {
		r.files[i] = d.Source()
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			statement, err := d.Read(ctx, int32(i), ingest.Options{
				Mappings: r.job.Mappings, Workers: r.job.Jobs, Account: r.job.Account, Day: r.job.Day,
				Emits: emits, Took: took,
			})
			switch {
			case errors.As(err, &refusals[i]):
			case err != nil:
				return err
			default:
				r.intake.Statements[i] = statement
			}
			r.job.Progress(StageIngest, done.Add(1), int64(len(deliveries)))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, refusal := range refusals {
		if refusal != nil {
			r.intake.Refusals = append(r.intake.Refusals, refusal)
		}
	}
	r.countRead()
	r.intake.Settle()
	for i, name := range r.files {
		if what, ok := excluded[name]; ok {
			r.intake.Refuse(int32(i), what, "one of the two files is wrong; take it out of the run and start again")
		}
	}
	return nil
}

// bytesTold tells the job's listener how many bytes of the files were read, of how many;
// nil where nobody listens.
func (r *run) bytesTold(deliveries []*ingest.Delivery) func(int64) {
	if r.job.Took == nil {
		return nil
	}
	sizes := map[string]int64{}
	for _, d := range deliveries {
		sizes[d.File] = d.FileSize
	}
	var total int64
	for _, size := range sizes {
		total += size
	}
	var read atomic.Int64
	r.job.Took(0, total)
	return func(bytes int64) { r.job.Took(min(read.Add(bytes), total), total) }
}

// countRead notes how much was read, for the costs of the run.
func (r *run) countRead() {
	if r.costs == nil {
		return
	}
	cost := r.costs.of(StageIngest)
	for i, s := range r.intake.Statements {
		if s != nil {
			cost.bytes.Add(s.Bytes)
			cost.rows.Add(r.read[i].rows.Load())
		}
	}
}

// takeLines is where providers hand over lines.
func (r *run) takeLines(rec arrow.Record) error {
	var lines settlement.Lines
	if err := settlement.View(rec, &lines); err != nil {
		return err
	}
	if lines.Len() == 0 {
		return nil
	}
	r.read[lines.File[0]].add(&lines)
	latest := settlement.NoInstant
	for _, at := range lines.OccurredAt {
		latest = max(latest, at)
	}
	for {
		known := r.latest.Load()
		if int64(latest) <= known || r.latest.CompareAndSwap(known, int64(latest)) {
			break
		}
	}
	own := r.ownLines(&lines)
	if own.Len() == 0 {
		return nil
	}
	return r.lines.scatter(own)
}

// takeEvents is where providers hand over order events.
func (r *run) takeEvents(rec arrow.Record) error {
	var events settlement.Events
	if err := settlement.View(rec, &events); err != nil {
		return err
	}
	if events.Len() == 0 {
		return nil
	}
	r.read[events.File[0]].rows.Add(int64(events.Len()))
	if len(events.ProviderTxnID.Data) > 0 {
		r.residue.Store(true)
	}
	own := r.ownEvents(&events)
	if own.Len() == 0 {
		return nil
	}
	return r.routeEvents(own)
}

// takeFunds is where providers hand over fund lines.
func (r *run) takeFunds(rec arrow.Record) error {
	var lines settlement.FundLines
	if err := settlement.View(rec, &lines); err != nil {
		return err
	}
	if lines.Len() == 0 {
		return nil
	}
	r.read[lines.File[0]].addFunds(&lines)
	r.takePiece(&lines)
	own := r.ownFunds(&lines)
	if own.Len() == 0 {
		return nil
	}
	return r.routeFunds(own)
}

// reconcile computes every bucket and writes its part of each table.
func (r *run) reconcile(ctx context.Context, staging *output.Staging) error {
	var err error
	if r.rules, err = r.buildRules(); err != nil {
		return err
	}
	r.buckets = bucketCount(r.decodedBytes(), r.job.bucketBytes, r.partitions)
	if err := r.openCosts(); err != nil {
		return err
	}
	if err := r.checkOverlaps(ctx); err != nil {
		return err
	}
	if err := r.linkRefunds(ctx, staging); err != nil {
		return err
	}
	if err := r.addEarlier(ctx); err != nil {
		return err
	}
	if err := r.placeStrays(ctx); err != nil {
		return err
	}
	r.spare = newSpares(r.workers())
	defer func() { r.spare = nil }()
	resolved := make([]*match.Resolution, r.buckets)
	if r.residue.Load() {
		if resolved, err = r.resolveResidue(ctx); err != nil {
			return err
		}
		r.spare = newSpares(r.workers()) // pass 3 needed other memory than what follows
		r.budget.arenas.drop()
	}
	var done atomic.Int64
	err = r.eachBucket(ctx, func(ctx context.Context, b int) error {
		if err := r.computeBucket(ctx, staging, b, resolved[b]); err != nil {
			return err
		}
		r.job.Progress(StageMatch, done.Add(1), int64(r.buckets))
		return nil
	})
	if err != nil {
		return err
	}
	r.budget.arenas.drop()
	r.arrangers.drop()
	if err := r.settleCosts(ctx, staging); err != nil {
		return err
	}
	if err := r.settleBalances(staging); err != nil {
		return err
	}
	if err := r.suggest(staging); err != nil {
		return err
	}
	return r.writeTotals(staging)
}

// computeBucket computes bucket b, adds it to the run's sums and writes its parts.
func (r *run) computeBucket(ctx context.Context, staging *output.Staging, b int, resolved *match.Resolution) error {
	var in *bucketRows
	from, until := r.bucketParts(b)
	if err := r.costs.share(StageLoad, func() (err error) {
		in, err = r.loadRows(b)
		return err
	}); err != nil {
		return err
	}
	rows, bytes := in.size()
	for _, stage := range [...]Stage{StageMatch, StageLoad, StageCompute} {
		r.costs.count(stage, rows, bytes)
	}
	r.lines.release(from, until)
	r.events.release(from, until)
	r.funds.release(from, until)
	var out *BucketOutput
	sums := newTally()
	var proof proofSums
	var candidates []match.Candidate
	err := r.costs.share(StageCompute, func() (err error) {
		if out, err = bucket(ctx, r.rules, r.spare, in, resolved); err != nil {
			return err
		}
		if r.carryOn(b, out); r.state == nil {
			r.job.Decisions.Apply(out.Breaks)
		}
		candidates = match.Candidates(b, out.Breaks, out.Events, out.FirstSettled, out.Lines, out.Earlier.Lines)
		sums.bucket(out, resolved)
		proof.bucket(out, resolved, len(r.files))
		return nil
	})
	if err != nil {
		return err
	}
	var parts []output.PartInfo
	err = r.costs.share(StageWrite, func() (err error) {
		written := *out
		parts, err = r.writeParts(staging, b, &written)
		return err
	})
	if err != nil {
		return err
	}
	for _, part := range parts {
		r.costs.count(StageWrite, int(part.Rows), part.Bytes)
	}
	cross := out.Costs.Cross
	if err := r.takeCosts(staging, b, out.Costs); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.suggestions.add(candidates)
	r.takeWithdrawals(out.Funds)
	r.takeTransfers(out.Funds)
	r.spare.release(out)
	r.parts = append(r.parts, parts...)
	r.tally.merge(sums)
	r.proof.merge(&proof)
	if len(r.rules.Flows) == 0 {
		r.tally.addCross(cross)
		r.proof.costs.addCross(cross)
	}
	return r.tally.overflow
}
