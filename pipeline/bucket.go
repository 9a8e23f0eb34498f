package pipeline

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/settlement"
)

// Rules is all that the computation of a bucket goes by besides its rows. It is
// read-only and shared by all buckets.
type Rules struct {
	Match *match.Rules
	Terms *fees.Terms
	// Shown says which files of fund lines show the fees of their payments.
	Shown fees.Shown
	// Flows are the accounts whose fund flow was delivered.
	Flows map[flowAccount]bool
	// Funds is what trade bills and fund flows are held against each other by.
	Funds *funds.Rules
}

// BucketInput is the rows of one bucket: records of settlement.Lines and
// settlement.Events, which are read and not changed.
type BucketInput struct {
	Lines, Events arrow.Record
	// Funds is a record of settlement.FundLines, nil for none.
	Funds arrow.Record
	// Prior is a record of settlement.Prior, nil for none: payments of former days.
	Prior arrow.Record
	// Proceeds is a record of settlement.Proceeds, nil for none: what orders left in
	// their accounts on former days.
	Proceeds arrow.Record
	// Unsettled is a record of settlement.Unsettled, nil for none: money of former days
	// of which trade bill and fund flow did not say the same.
	Unsettled arrow.Record
	// Resolved is what Residue found for this bucket, nil where it did not run.
	Resolved *match.Resolution
}

// BucketOutput is the part of each table that a bucket makes, in the tables' order,
// and what the run adds up over all buckets.
type BucketOutput struct {
	*match.Outcome
	// Charges are one for each of Lines, in their order, and then those of fee rows that
	// stand alone.
	Charges *settlement.Charges
	Funds   *settlement.FundLines
	// Costs is what the bucket's orders cost beside their prices.
	Costs *fees.OrderCosts
	// FundCopies are fund lines that stand under another file.
	FundCopies []funds.Copied
	// Earlier is the lines that earlier days had left open.
	Earlier Earlier
	// Done is the lines and events whose breaks were decided on an earlier day, and which
	// therefore have none here; they go on to the next day all the same.
	Done map[settlement.ID]bool
	// Settled is how trade bills and fund flows agree.
	Settled funds.Settled
	// Ties is, by file, which of its copies of another account's lines have an original.
	Ties []funds.Ties
	// Resolved is what pass 3 found for the bucket.
	Resolved *match.Resolution
	// FirstCarried and FirstSettled are the first files whose rows are of earlier days,
	// and settled there; noFile where there are none.
	FirstCarried, FirstSettled int32
}

const noFile = math.MaxInt32

// fromFile is noFile for 0, which is never a file of an earlier day.
func fromFile(first int32) int32 {
	if first == 0 {
		return noFile
	}
	return first
}

// spares keep the memory of buckets for those that follow; see match.Memory.
type spares struct {
	match   *match.Memory
	charges settlement.Spare[settlement.Charges, *settlement.Charges]
	funds   settlement.Spare[settlement.FundLines, *settlement.FundLines]
}

func newSpares(workers int) *spares {
	s := &spares{match: match.NewMemory(workers)}
	s.charges.Most, s.funds.Most = workers, workers
	return s
}

// release takes back the memory of rows that are written; nobody may use them from
// then on.
func (s *spares) release(out *BucketOutput) {
	out.Outcome.Release()
	s.charges.Give(out.Charges)
	s.funds.Give(out.Funds)
	*out = BucketOutput{}
}

// Bucket matches the lines and order events of one bucket and prices its fees:
// passes 1 and 2, and what pass 3 found. It is a pure function of its arguments: it
// reads nothing, writes nothing, knows no clock and no order of arrival. A
// distributed engine calls it as it is, one bucket a task.
func Bucket(ctx context.Context, rules *Rules, in BucketInput) (*BucketOutput, error) {
	lines, events, err := in.views()
	if err != nil {
		return nil, err
	}
	var ownLines settlement.Lines
	var ownEvents settlement.Events
	settlement.AppendAll(&ownLines, lines)
	settlement.AppendAll(&ownEvents, events)
	var ownFunds settlement.FundLines
	if in.Funds != nil {
		var fundLines settlement.FundLines
		if err := settlement.View(in.Funds, &fundLines); err != nil {
			return nil, fmt.Errorf("fund lines of a bucket: %w", err)
		}
		settlement.AppendAll(&ownFunds, &fundLines)
	}
	var prior settlement.Prior
	if in.Prior != nil {
		if err := settlement.View(in.Prior, &prior); err != nil {
			return nil, fmt.Errorf("payments of former days of a bucket: %w", err)
		}
	}
	var carried settlement.Proceeds
	if in.Proceeds != nil {
		if err := settlement.View(in.Proceeds, &carried); err != nil {
			return nil, fmt.Errorf("proceeds of former days of a bucket: %w", err)
		}
	}
	var unsettled settlement.Unsettled
	if in.Unsettled != nil {
		var before settlement.Unsettled
		if err := settlement.View(in.Unsettled, &before); err != nil {
			return nil, fmt.Errorf("unsettled money of former days of a bucket: %w", err)
		}
		settlement.AppendAll(&unsettled, &before)
	}
	return bucket(ctx, rules, newSpares(0), &bucketRows{&ownLines, &ownEvents, &ownFunds, &prior, &carried, &unsettled}, in.Resolved)
}

func (in *BucketInput) views() (*settlement.Lines, *settlement.Events, error) {
	var lines settlement.Lines
	if err := settlement.View(in.Lines, &lines); err != nil {
		return nil, nil, fmt.Errorf("lines of a bucket: %w", err)
	}
	var events settlement.Events
	if err := settlement.View(in.Events, &events); err != nil {
		return nil, nil, fmt.Errorf("events of a bucket: %w", err)
	}
	return &lines, &events, nil
}

// bucketRows is the rows of a bucket as batches.
type bucketRows struct {
	lines     *settlement.Lines
	events    *settlement.Events
	funds     *settlement.FundLines
	prior     *settlement.Prior
	carried   *settlement.Proceeds
	unsettled *settlement.Unsettled
}

// size is how many lines, events and fund lines there are, and what they take in memory.
func (in *bucketRows) size() (rows int, bytes int64) {
	for _, batch := range [...]settlement.Batch{in.lines, in.events, in.funds} {
		rows, bytes = rows+batch.Len(), bytes+settlement.Bytes(batch)
	}
	return rows, bytes
}

// bucket is Bucket with batches that are its own.
func bucket(ctx context.Context, rules *Rules, spare *spares, in *bucketRows, resolved *match.Resolution) (*BucketOutput, error) {
	found, err := match.Bucket(ctx, rules.Match, spare.match, in.lines, in.events, resolved)
	if err != nil {
		return nil, err
	}
	out := &BucketOutput{Outcome: found, Charges: spare.charges.Take(), Resolved: resolved,
		FirstCarried: fromFile(rules.Match.FirstCarried), FirstSettled: fromFile(rules.Match.FirstSettled)}
	setAside(out)
	var conflict *settlement.ConflictError
	if out.Funds, out.FundCopies, conflict = funds.Distinct(rules.Match.FileRank, in.funds); conflict != nil {
		return nil, conflict
	}
	lineOf := funds.LineOf(out.Lines, out.Funds, out.ofToday())
	moved, err := fees.Charged(out.Lines, out.Funds, lineOf, rules.Shown)
	if err != nil {
		return nil, err
	}
	wrong, err := fees.ChargeLines(rules.Terms.Schedule, out.Lines, fees.Known{Moved: moved, Prior: in.prior, Describe: describe(rules, out, resolved)}, out.Charges)
	if err != nil {
		return nil, err
	}
	out.Settled = rules.Funds.Settle(funds.Trades{Lines: out.Lines, Funds: out.Funds, LineOf: lineOf, Today: out.ofToday(), Before: in.unsettled})
	fees.ChargeAlone(out.Funds, moved.Alone, out.Settled.FeeCharged, out.Charges)
	out.Costs = rules.Terms.Costs(costInput(rules, out, in.prior, in.carried, resolved))
	out.Ties = funds.TieCopies(out.Funds)
	addFeeBreaks(out, wrong, rules.Match.Day)
	settlement.AppendAll(out.Breaks, out.Settled.Breaks)
	out.Breaks = match.SortBreaks(out.Breaks)
	return out, nil
}

// ofToday says which lines are of the run's own files, nil where all are.
func (out *BucketOutput) ofToday() func(line int) bool {
	if out.FirstCarried == noFile {
		return nil
	}
	return func(line int) bool { return out.Lines.File[line] < out.FirstCarried }
}

// describe tells what rules may ask of a line beside what it states itself.
func describe(rules *Rules, out *BucketOutput, resolved *match.Resolution) func(line int, q fees.Subject) fees.Subject {
	var account fees.Account
	shops := map[string]string{} // one string of each
	return func(line int, q fees.Subject) fees.Subject {
		if account.Wallet != q.Wallet || account.Account != q.Merchant {
			account = rules.Terms.Account(q.Wallet, q.Merchant)
		}
		q.AccountType, q.Category = account.AccountType, account.Category
		if event := out.EventOfLine[line]; event >= 0 {
			shop := out.Events.Shop.At(int(event))
			known, ok := shops[string(shop)]
			if !ok {
				known = string(shop)
				shops[known] = known
			}
			q.Shop = known
		} else if claim, ok := resolved.Line(out.Lines.ID[line]); ok {
			q.Shop = claim.Shop
		}
		return q
	}
}

// addFeeBreaks records fees that differ from what their rows or contracts say.
// Lines that agree in all that names them, such as a payment and its revocation,
// are counted in the order of the table.
func addFeeBreaks(out *BucketOutput, wrong []fees.Finding, on settlement.Day) {
	var hash settlement.IDHasher
	l := out.Lines
	seen := make(map[settlement.ID]int, len(wrong))
	for _, f := range wrong {
		i := int(f.Row)
		b := settlement.Break{
			Kind: settlement.FeeVariance, Wallet: l.Wallet[i], Account: l.Account.At(i), OrderNo: l.OrderNo.At(i),
			RefundNo: l.RefundNo.At(i), ProviderID: l.ProviderTxnID.At(i), LineID: l.ID[i],
			Expected: f.Expected, Actual: f.Actual, SeenOn: l.SettledOn[i], Reason: f.Reason,
			Suggest: "ask the wallet why the fee differs; claim the difference back where too much was taken",
			File:    l.File[i], FileLine: l.Line[i],
		}
		if b.SeenOn == settlement.NoDay {
			b.SeenOn = settlement.DayOf(l.OccurredAt[i])
		}
		if event := out.EventOfLine[i]; event >= 0 {
			b.EventID, b.Shop = out.Events.ID[event], out.Events.Shop.At(int(event))
		}
		name := hash.Start("fee").Code(uint64(b.Wallet)).Text(b.Account).Text(b.OrderNo).Text(b.RefundNo).Text(b.ProviderID).ID()
		b.Nth = seen[name]
		seen[name]++
		out.Breaks.Add(&hash, b, on)
	}
}

// Left is what passes 1 and 2 leave of a bucket for Residue. It is as pure as Bucket.
func Left(ctx context.Context, rules *Rules, in BucketInput) (*match.Leftovers, error) {
	lines, events, err := in.views()
	if err != nil {
		return nil, err
	}
	return match.Left(ctx, rules.Match, nil, lines, events)
}

// Residue claims, among what all buckets left and share a residue key, lines for
// events by the provider's number: pass 3. It is as pure as Bucket.
func Residue(rules *Rules, lines, events arrow.Record) (*match.ResidueOutcome, error) {
	return residue(match.Residue, rules, lines, events)
}

// ResidueByOrder claims refunds, among what Residue left and share an order key, by
// the order number alone. It is as pure as Bucket.
func ResidueByOrder(rules *Rules, lines, events arrow.Record) (*match.ResidueOutcome, error) {
	return residue(match.ResidueByOrder, rules, lines, events)
}

func residue(claim func(*match.Rules, *settlement.Lines, *settlement.Events) *match.ResidueOutcome, rules *Rules, lines, events arrow.Record) (*match.ResidueOutcome, error) {
	var leftLines settlement.Lines
	if err := settlement.View(lines, &leftLines); err != nil {
		return nil, fmt.Errorf("left lines: %w", err)
	}
	var leftEvents settlement.Events
	if err := settlement.View(events, &leftEvents); err != nil {
		return nil, fmt.Errorf("left events: %w", err)
	}
	return claim(rules.Match, &leftLines, &leftEvents), nil
}
