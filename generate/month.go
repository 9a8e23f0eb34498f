package generate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Month is days that follow each other, and how their files are delivered. Rates are
// shares of the wallets' bills; a bill is at most one of the three.
type Month struct {
	Days                    int
	Late, Corrected, Double settlement.Rate
}

// lateNights is how many nights a late bill or a correction may take.
const lateNights = 4

// Delivery is a file that lies in the inbox from a night on.
type Delivery struct {
	Night settlement.Day // the date of the morning on which it is there; a bill in time the day after its own
	File  string         // below the folder of the files
	Name  string         // in the inbox; one of that name is replaced
	How   How
}

// How says in which way a file is delivered.
type How string

// The ways.
const (
	InTime      How = "in_time"
	LateFile    How = "late"
	FirstDraft  How = "to_be_corrected" // lines are missing from it
	Corrected   How = "corrected"       // takes the place of the first one, under its name
	Superseding How = "superseding"     // lies beside the first one and is to be named with --supersede
	DoubledFile How = "doubled"         // another copy of a file
)

// MonthKey is the answer key of days that follow each other.
type MonthKey struct {
	Files      []string // that were written
	Planted    []Planted
	Deliveries []Delivery // in the order of nights and names
	Cases      [numCases]int64
}

// WriteMonth writes the files of the days into folders of dir, one a day, and returns
// what was planted and how it is delivered. A break that no day of the month shows is
// left out, and one that the month does not see end has no end. Equal arguments give
// equal bytes.
func WriteMonth(ctx context.Context, dir string, o Options, m Month, progress func(done, total int64)) (*MonthKey, error) {
	if m.Days < 1 || !isRate(m.Late) || !isRate(m.Corrected) || !isRate(m.Double) || m.Late+m.Corrected+m.Double > 1_000_000 {
		return nil, errors.New("generate: Month: at least one day, and shares of the bills that add up to 100% at the most")
	}
	key, last := &MonthKey{}, o.Day+settlement.Day(m.Days-1)
	for n := range m.Days {
		day := o
		day.Day, day.Nth = o.Day+settlement.Day(n), o.Nth+n
		one, err := Write(ctx, filepath.Join(dir, day.Day.String()), day, func(done, total int64) {
			if progress != nil {
				progress(int64(n)*total+done, int64(m.Days)*total)
			}
		})
		if err != nil {
			return key, err
		}
		key.Files = append(key.Files, one.Files...)
		key.take(one, last)
		if err := key.deliver(dir, day, m, one.Files); err != nil {
			return key, err
		}
	}
	slices.SortFunc(key.Deliveries, func(a, b Delivery) int {
		return strings.Compare(a.Night.String()+a.Name, b.Night.String()+b.Name)
	})
	return key, nil
}

func (k *MonthKey) take(day *Key, last settlement.Day) {
	for c, n := range day.Cases {
		k.Cases[c] += n
	}
	for _, p := range day.Planted {
		if p.FirstSeenOn > last {
			continue
		}
		if p.ClosedOn > last {
			p.ClosedOn, p.ClosedBy, p.Restated = settlement.NoDay, "", false
		}
		k.Planted = append(k.Planted, p)
	}
}

// deliver draws how the files of a day are delivered, and writes the first drafts.
func (k *MonthKey) deliver(dir string, o Options, m Month, files []string) error {
	random := rand.New(rand.NewPCG(mix(o.Seed^7), uint64(o.Day)))
	for _, path := range files {
		base, folder := filepath.Base(path), o.Day.String()
		at := Delivery{Night: o.Day + 1, File: filepath.Join(folder, base), Name: base, How: InTime}
		if base == OrdersFile || base == RefundsFile {
			at.Name = marked(base, "-"+folder)
			k.Deliveries = append(k.Deliveries, at)
			continue
		}
		draw, nights := settlement.Rate(random.IntN(1_000_000)), settlement.Day(1+random.IntN(lateNights))
		again := at
		again.Night += nights
		switch {
		case draw < m.Late:
			at.Night, at.How = again.Night, LateFile
		case draw < m.Late+m.Corrected:
			draft := filepath.Join(folder, "draft", base)
			if err := writeDraft(filepath.Join(dir, draft), o); err != nil {
				return err
			}
			k.Files = append(k.Files, filepath.Join(dir, draft))
			at.File, at.How, again.How = draft, FirstDraft, Corrected
			if random.IntN(2) == 0 {
				again.Name, again.How = marked(base, "_corrected"), Superseding
			}
			k.Deliveries = append(k.Deliveries, again)
		case draw < m.Late+m.Corrected+m.Double:
			again.Name, again.How = marked(base, "_again"), DoubledFile
			k.Deliveries = append(k.Deliveries, again)
		}
		k.Deliveries = append(k.Deliveries, at)
	}
	return nil
}

// marked adds a mark to a name, before what says of which kind the file is.
func marked(name, mark string) string {
	stem, kind, _ := strings.Cut(name, ".")
	return stem + mark + "." + kind
}

// writeDraft writes the bill of that name with lines left out, and true totals.
func writeDraft(path string, o Options) error {
	p, err := newPlan(o)
	if err != nil {
		return err
	}
	p.wrong = true
	_, shops, err := p.answer()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	for _, f := range p.files(shops) {
		if f.name == filepath.Base(path) {
			return writeFile(path, f.write)
		}
	}
	return fmt.Errorf("generate: no bill is called %s", filepath.Base(path))
}

// WritePlan writes the deliveries as night, file, name, how.
func (k *MonthKey) WritePlan(w io.Writer) error {
	out := keyCSV(w)
	out.Record("night", "file", "name", "how")
	for _, d := range k.Deliveries {
		out.Record(d.Night.String(), filepath.ToSlash(d.File), d.Name, string(d.How))
	}
	return out.Flush()
}

// WriteCSV writes the planted breaks with their history.
func (k *MonthKey) WriteCSV(w io.Writer) error {
	out := keyCSV(w)
	out.Record("kind", "order_no", "refund_no", "expected_amount", "actual_amount", "planted_as", "first_seen_on", "closed_on", "closed_by", "closing")
	for _, p := range k.Planted {
		out.Record(p.Kind.String(), p.OrderNo, p.RefundNo, amountOrEmpty(p.Expected), amountOrEmpty(p.Actual), p.Case.String(),
			p.FirstSeenOn.String(), p.ClosedOn.String(), p.ClosedBy, p.Closing())
	}
	return out.Flush()
}

// Closing is how a break of days that follow each other ends: never; closed, which the
// day of its end shows; or restated, after which no day has it.
func (p *Planted) Closing() string {
	switch {
	case p.ClosedOn == settlement.NoDay:
		return "never"
	case p.Restated:
		return "restated"
	}
	return "closed"
}
