package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/funds"
	"reconcile/ingest"
	"reconcile/output"
	"reconcile/settlement"
)

// tiesByFile adds up, over the buckets, which copies of another account's lines have
// their original in the run.
type tiesByFile map[int32]*funds.Ties

func (b tiesByFile) add(ties []funds.Ties) {
	for i := range ties {
		file := ties[i].File
		if b[file] == nil {
			b[file] = &funds.Ties{File: file}
		}
		b[file].Add(&ties[i])
	}
}

func (b tiesByFile) merge(o tiesByFile) {
	for _, ties := range o {
		b.add([]funds.Ties{*ties})
	}
}

// copiesOf is what run.json says of a statement's copies, nil where it has none.
func (b tiesByFile) copiesOf(file int32) *output.InputCopies {
	t := b[file]
	if t == nil {
		return nil
	}
	return &output.InputCopies{
		Tied: t.Tied, TiedAmount: output.Money(t.TiedAmount), Untied: t.Untied, UntiedAmount: output.Money(t.UntiedAmount),
	}
}

// note tells each statement with copies what became of them.
func (b tiesByFile) note(in *ingest.Intake) {
	for file, t := range b {
		s := in.Statements[file]
		of := funds.OriginalsOf(s.Wallet)
		delivered := false
		for i, other := range in.Statements {
			delivered = delivered || in.Accepted(int32(i)) && other.Wallet == of && other.Kind.IsFunds()
		}
		switch {
		case !delivered:
			s.Notef("no file of %s's own account was delivered: its %d copies here, together %s, are tied to nothing", of, t.Untied, t.UntiedAmount)
		case t.Untied == 0:
			s.Notef("all %d copies of %s's lines, together %s, are tied to their originals", t.Tied, of, t.TiedAmount)
		default:
			s.Notef("%d copies of %s's lines, together %s, are tied to their originals; %d, together %s, have none in the files delivered (lines %s)",
				t.Tied, of, t.TiedAmount, t.Untied, t.UntiedAmount, firstLines(t))
		}
	}
}

func firstLines(t *funds.Ties) (list string) {
	for i, line := range t.First {
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprint(line)
	}
	if t.Untied > int64(len(t.First)) {
		list += ", …"
	}
	return list
}

// tier gathers the fund lines of a check, on disk where they are many, to tie copies to
// their originals: nothing else of them is looked at.
type tier struct {
	budget *budget
	funds  *exchange[settlement.FundLines, *settlement.FundLines]
}

func newTier(job *Job) (*tier, error) {
	dir, err := os.MkdirTemp("", "reconcile-check-")
	if err != nil {
		return nil, err
	}
	t := &tier{budget: &budget{limit: waitingShare(job.Memory, job.Jobs), dir: filepath.Join(dir, "spill"), jobs: job.Jobs, open: job.openSpill}}
	t.funds = newExchange[settlement.FundLines]("funds", minPartitions, t.budget, func(f *settlement.FundLines) []uint64 { return f.Key })
	return t, nil
}

func (t *tier) remove() error { return os.RemoveAll(filepath.Dir(t.budget.dir)) }

// take keeps the lines of the accounts that copies are of, or are in.
func (t *tier) take(record arrow.Record) error {
	var lines settlement.FundLines
	if err := settlement.View(record, &lines); err != nil {
		return err
	}
	if lines.Len() == 0 || funds.OriginalsOf(lines.Wallet[0]) == settlement.NoWallet {
		return nil
	}
	return t.funds.scatter(&lines)
}

// tie ties what was taken of the files that may be used; rank is their rank. Lines that contradict each other
// are left to the run, which refuses both files.
func (t *tier) tie(ctx context.Context, in *ingest.Intake, rank []int32) (tiesByFile, error) {
	all := tiesByFile{}
	for p := range minPartitions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lines, err := t.funds.load(p, p+1)
		if err != nil {
			return nil, err
		}
		lines = keepRows(lines, func(i int) bool { return in.Accepted(lines.File[i]) })
		if kept, _, conflict := funds.Distinct(rank, lines); conflict == nil {
			lines = kept
		}
		all.add(funds.TieCopies(lines))
		t.funds.release(p, p+1)
	}
	return all, nil
}
