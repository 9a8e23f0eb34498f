package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// fileSums is what was handed over of one file. Sums wrap around at 64 bits: they
// are compared with sums of the same rows, and the providers refuse files whose own
// sums do not fit.
type fileSums struct {
	rows, gross, settled, fee, coupon atomic.Int64
	fundRows, fundAmount              atomic.Int64
	fundFees                          atomic.Int64 // rows that are a payment's fee
}

func (f *fileSums) add(l *settlement.Lines) {
	var gross, settled, fee, coupon settlement.Amount
	for i := range l.Len() {
		gross += l.Gross[i]
		settled += l.Settled[i]
		fee += l.Fee[i]
		coupon += l.Coupon[i]
	}
	f.rows.Add(int64(l.Len()))
	f.gross.Add(int64(gross))
	f.settled.Add(int64(settled))
	f.fee.Add(int64(fee))
	f.coupon.Add(int64(coupon))
}

// lineSums is the same of lines that ended in one state.
type lineSums struct {
	rows                        int64
	gross, settled, fee, coupon settlement.Amount
}

func (s *lineSums) add(rows int64, gross, settled, fee, coupon settlement.Amount) {
	s.rows += rows
	s.gross += gross
	s.settled += settled
	s.fee += fee
	s.coupon += coupon
}

func (s lineSums) String() string {
	return fmt.Sprintf("%d rows, gross %s, settled %s, fees %s, coupons %s", s.rows, s.gross, s.settled, s.fee, s.coupon)
}

// funds prints the sums of fund lines.
func (s lineSums) funds() string { return fmt.Sprintf("%d rows, amount %s", s.rows, s.gross) }

const states = int(settlement.Copy) + 1

// feeKey is the grain at which fees are proved.
type feeKey struct {
	wallet  settlement.Wallet
	account string
	on      settlement.Day
}

type feeSums struct {
	billed, charged    settlement.Amount // of lines, of charges without what fee rows moved
	variance, byClass  settlement.Amount
	expected, compared settlement.Amount // expected, and charged where an expectation exists
}

// proofSums is what the proof adds up over all buckets.
type proofSums struct {
	byState [][states]lineSums // by file
	dropped []lineSums         // copies, by file
	funds   fundProof
	settled funds.Sums
	// fileKinds are the copies of lines by file and kind, for the read-back.
	fileKinds map[fileKind]lineSums

	events, droppedEvents, wholeRefunds, messages int64
	carriedEvents                                 int64 // of the day before, with those that a row of today replaces
	lineStates, eventStates                       [states]int64
	matches                                       int64
	claimedEvents                                 int64
	claimedGross, matchedAmount                   settlement.Amount
	fees                                          map[feeKey]*feeSums
	// moved is by wallet: the fee rows of fund flows, and what charges hold of them.
	moved [settlement.Bank + 1]struct{ rows, charged settlement.Amount }
	costs costProof
}

type fileKind struct {
	file int32
	kind settlement.Kind
}

// bucket adds one bucket; files is the number of statements of the run.
func (p *proofSums) bucket(out *BucketOutput, resolved *match.Resolution, files int) {
	p.byState = make([][states]lineSums, files)
	p.dropped = make([]lineSums, files)
	p.fileKinds = map[fileKind]lineSums{}
	p.fees = map[feeKey]*feeSums{}
	for _, state := range out.Lines.MatchState {
		p.lineStates[state]++
	}
	p.addLines(out.Lines, out.EventOfLine, resolved)
	p.addLines(out.Earlier.Lines, out.Earlier.EventOfLine, resolved)
	p.addDropped(out)
	p.funds.add(out, files)
	p.settled = out.Settled.Sums
	for _, c := range out.FundCopies {
		kind := p.fileKinds[fileKind{c.File, c.Direction}]
		kind.add(1, c.Amount, 0, 0, 0)
		p.fileKinds[fileKind{c.File, c.Direction}] = kind
	}
	e := out.Events
	for i := range e.Len() {
		switch {
		case e.File[i] >= out.FirstSettled:
			continue
		case e.File[i] >= out.FirstCarried:
			p.carriedEvents++
		default:
			p.events++
			p.eventStates[e.MatchState[i]]++
		}
		_, _, claimed := out.lineOfEvent(i)
		if !claimed {
			_, claimed = resolved.Event(e.ID[i])
		}
		if claimed {
			p.claimedEvents++
		}
	}
	p.matches += int64(out.Matches.Len())
	for _, amount := range out.Matches.LineAmount {
		p.matchedAmount += amount
	}
	p.wholeRefunds, p.messages = out.WholeRefunds, out.Messages
	p.addFees(out)
	p.costs.addBucket(out)
}

// addLines adds lines, of the day or of earlier ones, by their files.
func (p *proofSums) addLines(l *settlement.Lines, eventOf []int32, resolved *match.Resolution) {
	for i, state := range l.MatchState {
		p.byState[l.File[i]][state].add(1, l.Gross[i], l.Settled[i], l.Fee[i], l.Coupon[i])
		// A payment that was taken back at the till is tied to its order without a
		// pair: neither settles anything.
		claimed := eventOf[i] >= 0 && state != settlement.NotExpected
		if !claimed {
			_, claimed = resolved.Line(l.ID[i])
		}
		if claimed {
			p.claimedGross += l.Gross[i]
		}
	}
}

func (p *proofSums) addDropped(out *BucketOutput) {
	for _, d := range out.Dropped {
		switch {
		case d.File >= out.FirstSettled:
			continue
		case d.Side == settlement.EventSide && d.File >= out.FirstCarried:
			p.carriedEvents++
			continue
		case d.Side == settlement.EventSide:
			p.droppedEvents++
			continue
		}
		p.dropped[d.File].add(1, d.Gross, d.Settled, d.Fee, d.Coupon)
		kind := p.fileKinds[fileKind{d.File, d.Kind}]
		kind.add(1, d.Gross, d.Settled, d.Fee, d.Coupon)
		p.fileKinds[fileKind{d.File, d.Kind}] = kind
	}
}

func (p *proofSums) addFees(out *BucketOutput) {
	l, c := out.Lines, out.Charges
	var last *feeSums
	var lastKey feeKey
	for i := range l.Len() {
		on := dayOfLine(l, i)
		if last == nil || lastKey.on != on || lastKey.wallet != l.Wallet[i] || lastKey.account != string(l.Account.At(i)) {
			lastKey = feeKey{l.Wallet[i], l.Account.StringAt(i), on}
			if p.fees[lastKey] == nil {
				p.fees[lastKey] = &feeSums{}
			}
			last = p.fees[lastKey]
		}
		last.billed -= l.Fee[i]
		switch {
		case c.Moved[i] != settlement.NoAmount:
			last.charged += c.Billed[i]
		case c.Charged[i] != settlement.NoAmount:
			last.charged += c.Charged[i]
		}
		if c.Variance[i] != settlement.NoAmount {
			last.variance += c.Variance[i]
			last.expected += c.Expected[i]
			last.compared += c.Charged[i]
			if c.Class[i] != settlement.NoClass {
				last.byClass += c.Variance[i]
			}
		}
	}
	for i, moved := range c.Moved {
		if moved != settlement.NoAmount {
			p.moved[c.Wallet[i]].charged += moved
		}
	}
	for i := range out.Funds.Len() {
		if fees.IsFee(out.Funds, i) {
			p.moved[out.Funds.Wallet[i]].rows -= out.Funds.Amount[i]
		}
	}
}

// merge adds another bucket's sums.
func (p *proofSums) merge(o *proofSums) {
	if p.byState == nil {
		*p = *o
		return
	}
	for f := range o.byState {
		for s, sums := range o.byState[f] {
			p.byState[f][s].add(sums.rows, sums.gross, sums.settled, sums.fee, sums.coupon)
		}
		d := o.dropped[f]
		p.dropped[f].add(d.rows, d.gross, d.settled, d.fee, d.coupon)
	}
	p.funds.merge(&o.funds)
	p.settled.Add(o.settled)
	for key, d := range o.fileKinds {
		sums := p.fileKinds[key]
		sums.add(d.rows, d.gross, d.settled, d.fee, d.coupon)
		p.fileKinds[key] = sums
	}
	for s := range states {
		p.lineStates[s] += o.lineStates[s]
		p.eventStates[s] += o.eventStates[s]
	}
	p.events += o.events
	p.droppedEvents += o.droppedEvents
	p.carriedEvents += o.carriedEvents
	p.wholeRefunds += o.wholeRefunds
	p.messages += o.messages
	p.matches += o.matches
	p.claimedEvents += o.claimedEvents
	p.claimedGross += o.claimedGross
	p.matchedAmount += o.matchedAmount
	p.costs.merge(&o.costs)
	for w := range o.moved {
		p.moved[w].rows += o.moved[w].rows
		p.moved[w].charged += o.moved[w].charged
	}
	for key, f := range o.fees {
		if p.fees[key] == nil {
			p.fees[key] = &feeSums{}
		}
		sum := p.fees[key]
		sum.billed += f.billed
		sum.charged += f.charged
		sum.variance += f.variance
		sum.byClass += f.byClass
		sum.expected += f.expected
		sum.compared += f.compared
	}
}

func check(name string, expected, actual any) output.Check {
	e, a := fmt.Sprint(expected), fmt.Sprint(actual)
	return output.Check{Name: name, Expected: e, Actual: a, Holds: e == a}
}

// conserve states that nothing was lost between reading and writing: what was read
// of each file, rows and money, is in exactly one state or listed as a copy; every
// fee billed stands in the charges.
func (r *run) conserve() []output.Check {
	var checks []output.Check
	p := &r.proof
	if p.fileKinds == nil {
		p.fileKinds = map[fileKind]lineSums{}
	}
	for key, sums := range r.other.kinds { // to whoever reads back, they are left out like copies
		kind := p.fileKinds[key]
		kind.add(sums.rows, sums.gross, sums.settled, sums.fee, sums.coupon)
		p.fileKinds[key] = kind
	}
	var eventsRead int64
	for _, i := range r.inNameOrder() {
		s := r.intake.Statements[i]
		read := &r.read[i]
		switch {
		case s.Kind.IsSummary():
			continue
		case s.IsExtract():
			eventsRead += read.rows.Load()
			checks = append(checks, check("rows read of "+r.files[i], s.Rows, read.rows.Load()))
			continue
		}
		if s.Kind.IsFunds() {
			in, table, copies := lineSums{rows: read.fundRows.Load(), gross: settlement.Amount(read.fundAmount.Load())}, p.funds.lines[i], p.funds.copies[i]
			others := r.other.of(i, true)
			table.add(copies.rows+others.rows, copies.gross+others.gross, 0, 0, 0)
			checks = append(checks,
				check("rows read of "+r.files[i], s.Rows, in.rows),
				check("fund lines of "+r.files[i]+" = fund_lines + copies", in.funds(), table.funds()))
			if !s.Kind.ShowsTrades() {
				continue
			}
		}
		var in, out lineSums
		in.add(read.rows.Load(), settlement.Amount(read.gross.Load()), settlement.Amount(read.settled.Load()),
			settlement.Amount(read.fee.Load()), settlement.Amount(read.coupon.Load()))
		for state := settlement.Matched; int(state) < states; state++ {
			sums := p.byState[i][state]
			out.add(sums.rows, sums.gross, sums.settled, sums.fee, sums.coupon)
		}
		for _, d := range [...]lineSums{p.dropped[i], r.other.of(i, false)} {
			out.add(d.rows, d.gross, d.settled, d.fee, d.coupon)
		}
		if !s.Kind.IsFunds() {
			checks = append(checks, check("rows read of "+r.files[i], s.Rows, read.rows.Load()))
		}
		checks = append(checks, check("lines of "+r.files[i]+" = Σ over states + copies", in, out))
	}
	checks = append(checks,
		check("order events read + whole refunds = order_events + copies", eventsRead+p.wholeRefunds, p.events+p.droppedEvents+r.otherEvents()),
		check("lines without a state", 0, p.lineStates[settlement.NoState]),
		check("order events without a state", 0, p.eventStates[settlement.NoState]),
		check("events with a line = rows of matches", p.claimedEvents, p.matches),
		check("Σ gross of claimed lines = Σ line_amount of matches", p.claimedGross, p.matchedAmount))
	if r.state != nil {
		var carried int64
		for file := r.firstCarried; file < r.settledFile; file++ {
			for _, sums := range p.byState[file] {
				carried += sums.rows
			}
			carried += p.dropped[file].rows
		}
		checks = append(checks,
			check("lines carried from the day before = Σ over states", r.carriedRows[0], carried),
			check("order events carried from the day before = Σ over states", r.carriedRows[1], p.carriedEvents))
	}
	if s := p.settled; s.Rows > 0 {
		booked := lineSums{rows: s.BookedRows + s.EarlierRows + s.AloneRows, gross: s.Booked + s.Earlier + s.Alone}
		checks = append(checks, check("payments and refunds of fund flows = booked of lines of the day, of days before, of none", lineSums{rows: s.Rows, gross: s.Money}.funds(), booked.funds()))
	}
	checks = append(checks, r.balanceChecks()...)
	checks = append(checks, p.feeChecks()...)
	return append(checks, p.costs.checks()...)
}

func (p *proofSums) feeChecks() []output.Check {
	keys := make([]feeKey, 0, len(p.fees))
	for key := range p.fees {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b feeKey) int {
		return cmp.Or(cmp.Compare(a.wallet, b.wallet), cmp.Compare(a.account, b.account), cmp.Compare(a.on, b.on))
	})
	var checks []output.Check
	for _, key := range keys {
		f := p.fees[key]
		name := fmt.Sprintf("%s %s %s", key.wallet, key.account, key.on)
		checks = append(checks,
			check("fees billed = Σ charges, "+name, f.billed, f.charged),
			check("expected − charged = Σ variance over classes, "+name, f.expected-f.compared, f.byClass))
	}
	for w, m := range p.moved {
		if m.rows != 0 || m.charged != 0 {
			checks = append(checks, check(fmt.Sprintf("fee rows of fund flows = Σ charges, %s", settlement.Wallet(w)), m.rows, m.charged))
		}
	}
	return checks
}

// readBack proves the written parts with the second Parquet implementation: the
// rows and a money column of each, and, by source file and kind, the sums that the
// control totals were computed from.
func (r *run) readBack(ctx context.Context) ([]output.Check, error) {
	var proved atomic.Int64
	r.job.Progress(StageProve, 0, int64(len(r.parts)))
	err := r.each(ctx, len(r.parts), func(_ context.Context, i int) error {
		err := r.parts[i].Prove()
		r.job.Progress(StageProve, proved.Add(1), int64(len(r.parts)))
		return err
	})
	if err != nil {
		return nil, err
	}
	paths := map[string][]string{}
	written := map[string]int64{}
	for _, part := range r.parts {
		paths[part.Table] = append(paths[part.Table], part.Path)
		written[part.Table] += part.Rows
	}
	totals := map[output.FileKind]output.LineTotals{} // those of fund lines are of other kinds
	var checks []output.Check
	for _, table := range []string{"statement_lines", "fund_lines"} {
		of, err := output.FileTotals(table, paths[table])
		if err != nil {
			return nil, err
		}
		var read int64
		for key, sums := range of {
			totals[key] = sums
			read += sums.Rows
		}
		checks = append(checks, check("rows of "+table+" written = read back", written[table], read))
	}
	for _, i := range r.inNameOrder() {
		s := r.intake.Statements[i]
		if s.IsExtract() || s.Kind.IsSummary() {
			continue
		}
		var stated, written lineSums
		for kind, sum := range s.KindSums {
			stated.add(sum.Rows, sum.Gross, sum.Settled, sum.Fee, sum.Coupon)
			w := totals[output.FileKind{File: r.files[i], Kind: settlement.Kind(kind)}]
			written.add(w.Rows, w.Gross, w.Settled, w.Fee, w.Coupon)
			d := r.proof.fileKinds[fileKind{i, settlement.Kind(kind)}]
			written.add(d.rows, d.gross, d.settled, d.fee, d.coupon)
		}
		checks = append(checks, check("control sums of "+r.files[i]+" = sums read back from Parquet + copies", stated, written))
		checks = append(checks, r.controlChecks(i, totals)...)
	}
	return checks, nil
}

// controlChecks computes each control total of a statement again from what was
// read back.
func (r *run) controlChecks(i int32, totals map[output.FileKind]output.LineTotals) []output.Check {
	var checks []output.Check
	for _, total := range r.intake.Statements[i].Totals {
		recount := Recount{Measure: total.Measure}
		for kind := settlement.Payment; kind <= settlement.Expense; kind++ {
			if total.Measure.Has(kind) {
				d := r.proof.fileKinds[fileKind{i, kind}]
				dropped, _ := output.LineTotals{Rows: d.rows, Gross: d.gross, Settled: d.settled, Fee: d.fee, Coupon: d.coupon}.Measure(total.Measure.Column)
				recount.Copies += dropped
			}
		}
		again := total
		again.Computed = recount.Of(func(kind settlement.Kind) output.LineTotals {
			return totals[output.FileKind{File: r.files[i], Kind: kind}]
		})
		// Where parts of a bill tie only together, the stated total is of all of them.
		c := check(fmt.Sprintf("%s of %s, from Parquet", total.Name, r.files[i]), total.ComputedText(), again.ComputedText())
		c.Note = recount.String()
		checks = append(checks, c)
	}
	return checks
}
