package pipeline

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest"
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
}

// Check reads the job's files, proves their control totals and says what each is.
// It writes nothing and matches nothing.
func Check(ctx context.Context, job Job) (*Checked, error) {
	job = job.orDefaults()
	deliveries, refused, err := ingest.Open(job.Paths)
	if err != nil {
		return nil, err
	}
	deliveries = append(deliveries, ingest.Queries(job.Mappings)...)
	r := &run{job: job}
	drop := func(arrow.Record) error { return nil }
	if err := r.ingest(ctx, deliveries, refused, nil, ingest.Emits{Lines: drop, Events: drop, Funds: drop}); err != nil {
		return nil, err
	}
	out := &Checked{Refusals: r.intake.Refusals}
	for i, s := range r.intake.Statements {
		if s == nil {
			continue
		}
		c := CheckedStatement{Statement: s}
		if of := r.intake.CopyOf[i]; of >= 0 {
			c.CopyOf = r.files[of]
		}
		out.Statements = append(out.Statements, c)
	}
	return out, nil
}
