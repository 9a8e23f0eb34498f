package pipeline

import (
	"context"
	"errors"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest"
	"reconcile/output"
	"reconcile/settlement"
)

// Checked is what Check found of each delivery.
type Checked struct {
	// Statements are the files that may be used, in the order of their names.
	Statements []CheckedStatement
	Refusals   []*settlement.Refusal
}

// CheckedStatement is a file that may be used.
type CheckedStatement struct {
	*settlement.Statement
	// CopyOf names the file with the same content that counts, "" for none.
	CopyOf string
	// Copies counts its lines that are another account's, nil where it has none.
	Copies *output.InputCopies
}

// Check reads the job's files, proves their control totals and says what each is, and
// which copies of another account's lines have their original in another file. It writes
// nothing and matches nothing else.
func Check(ctx context.Context, job Job) (checked *Checked, err error) {
	job = job.orDefaults()
	deliveries, refused, err := ingest.Open(job.Paths)
	if err != nil {
		return nil, err
	}
	deliveries = append(deliveries, ingest.Queries(job.Mappings)...)
	r := &run{job: job}
	copies, err := newTier(&job)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, copies.remove()) }()
	drop := func(arrow.Record) error { return nil }
	if err := r.ingest(ctx, deliveries, refused, nil, ingest.Emits{Lines: drop, Events: drop, Funds: copies.take}); err != nil {
		return nil, err
	}
	ties, err := copies.tie(ctx, r.intake, r.fileRank())
	if err != nil {
		return nil, err
	}
	ties.note(r.intake)
	out := &Checked{Refusals: r.intake.Refusals}
	for i, s := range r.intake.Statements {
		if s == nil {
			continue
		}
		c := CheckedStatement{Statement: s, Copies: ties.copiesOf(int32(i))}
		if of := r.intake.CopyOf[i]; of >= 0 {
			c.CopyOf = r.files[of]
		}
		out.Statements = append(out.Statements, c)
	}
	return out, nil
}
