package pipeline

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// sources gives numbers to the names of files of earlier days, beyond those of the
// run's own: rows that are carried keep saying where they were read.
type sources struct {
	r     *run
	known map[string]int32
}

func (s *sources) number(name string) int32 {
	n, ok := s.known[name]
	if !ok {
		n = int32(len(s.r.files))
		s.known[name] = n
		s.r.files = append(s.r.files, name)
	}
	return n
}

// usable says that the rows of a file go on: those of an accepted file and all of
// earlier days.
func (r *run) usable(file int32) bool {
	return int(file) >= len(r.intake.Statements) || r.intake.Accepted(file)
}

// takeState reads what the day before hands on: its open breaks, and the lines and
// events that still wait, which join those of the day.
func (r *run) takeState() error {
	if r.state == nil {
		return nil
	}
	r.firstCarried = int32(len(r.files))
	files := &sources{r, map[string]int32{}}
	if r.state.previous != nil {
		dir := r.state.days[0].dir
		if err := r.takeBreaks(dir, files); err != nil {
			return err
		}
		if err := r.takeCarriedLines(dir, files); err != nil {
			return err
		}
		if err := r.takeCarriedEvents(dir, files); err != nil {
			return err
		}
		if err := r.takeUnsettled(dir, files); err != nil {
			return err
		}
		if err := r.takePayouts(dir, files); err != nil {
			return err
		}
	}
	if r.state.previous == nil && r.state.opening != nil {
		if err := r.takeOpening(files); err != nil {
			return err
		}
	}
	if len(r.files) == int(r.firstCarried) {
		r.files = append(r.files, "") // so that the settled rows' file is beyond the carried ones'
	}
	r.settledFile = int32(len(r.files))
	r.files = append(r.files, "an earlier day")
	return nil
}

// readBatches calls fn with the rows of each row group of a table of a day.
func readBatches(dir, table string, fn func(*output.BatchReader, int) error) error {
	parts, err := output.Parts(dir, table)
	if err != nil {
		return err
	}
	for _, path := range parts {
		if err := readPart(path, table, fn); err != nil {
			return err
		}
	}
	return nil
}

func readPart(path, table string, fn func(*output.BatchReader, int) error) error {
	in, err := output.OpenBatches(path, table)
	if err != nil {
		return err
	}
	defer in.Close()
	for rows, ok := in.Next(); ok; rows, ok = in.Next() {
		if err := fn(in, rows); err != nil {
			return err
		}
	}
	return nil
}

func allRows(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func (r *run) takeCarriedLines(dir string, files *sources) error {
	return readBatches(dir, "carried_lines", func(in *output.BatchReader, rows int) error {
		lines := &settlement.Lines{}
		if err := in.Append(lines, allRows(rows), files.number); err != nil {
			return err
		}
		for i := range lines.Len() {
			lines.Key[i] = settlement.PaymentKey(lines.OrderNo.At(i), lines.ProviderTxnID.At(i))
			lines.MatchState[i] = settlement.NoState
			r.earlier.place(lines.ID[i], lines.Key[i])
		}
		r.carriedRows[0] += int64(rows)
		return r.lines.scatter(lines)
	})
}

func (r *run) takeCarriedEvents(dir string, files *sources) error {
	return readBatches(dir, "carried_events", func(in *output.BatchReader, rows int) error {
		events := &settlement.Events{}
		if err := in.Append(events, allRows(rows), files.number); err != nil {
			return err
		}
		for i := range events.Len() {
			events.Key[i] = settlement.EventKey(events.PaymentNo.At(i), events.OrderNo.At(i), events.ProviderTxnID.At(i))
			events.MatchState[i] = settlement.NoState
			r.earlier.place(events.ID[i], events.Key[i])
			if len(events.ProviderTxnID.At(i)) > 0 || events.Link[i].Inferred() {
				r.residue.Store(true)
			}
		}
		r.carriedRows[1] += int64(rows)
		return r.events.scatter(events)
	})
}

// carried is the rows of a bucket that go on to the next day, as the tables
// carried_lines and carried_events hold them.
func carried(out *BucketOutput) (*settlement.Lines, *settlement.Events) {
	missingLines, missingEvents := out.MissingSides()
	for id := range out.Done {
		missingLines[id], missingEvents[id] = true, true
	}
	lines, events := &settlement.Lines{}, &settlement.Events{}
	for _, of := range [...]*settlement.Lines{out.Lines, out.Earlier.Lines} {
		settlement.AppendRows(lines, of, match.CarriedLines(of, missingLines))
	}
	lines = inOrder(lines)
	eventRows := match.CarriedEvents(out.Events, missingEvents)
	slices.Sort(eventRows)
	settlement.AppendRows(events, out.Events, keepBelow(eventRows, out.Events.File, out.FirstSettled))
	for i, id := range events.ID {
		// As the extract had it: what is expected is worked out again tomorrow.
		if events.Escrow[i] != 0 && events.Kind[i] == settlement.Payment && events.Payout[i] != settlement.NoAmount {
			events.Amount[i], events.Payout[i] = events.Payout[i], events.Amount[i]
		}
		if asked, ok := out.Asked[id]; ok {
			events.Amount[i] = asked
		}
	}
	return lines, events
}

// firstEvent is the first of the events that the line of an event was claimed for.
func (out *BucketOutput) firstEvent(event int) int32 {
	line := out.LineOfEvent[event]
	if line >= 0 {
		return out.EventOfLine[line]
	}
	return out.Earlier.EventOfLine[claimedEarlier-line]
}

// inOrder brings lines into the order of their table.
func inOrder(lines *settlement.Lines) *settlement.Lines {
	order := allRows(lines.Len())
	slices.SortFunc(order, func(a, b int32) int {
		x, y := int(a), int(b)
		return cmp.Or(cmp.Compare(lines.Wallet[x], lines.Wallet[y]), bytes.Compare(lines.OrderNo.At(x), lines.OrderNo.At(y)), lines.ID[x].Compare(lines.ID[y]))
	})
	sorted := &settlement.Lines{}
	settlement.AppendRows(sorted, lines, order)
	return sorted
}

func keepBelow(rows, file []int32, first int32) []int32 {
	return slices.DeleteFunc(rows, func(row int32) bool { return file[row] >= first })
}

// paymentKeysOf is the index of a bucket's own rows, each number once.
func paymentKeysOf(out *BucketOutput) *settlement.PaymentKeys {
	keys := &settlement.PaymentKeys{}
	add := func(file []int32, key []uint64) {
		for i, k := range key {
			if file[i] < out.FirstCarried {
				keys.Key = append(keys.Key, settlement.IndexedKey(k))
			}
		}
	}
	add(out.Lines.File, out.Lines.Key)
	add(out.Events.File, out.Events.Key)
	slices.Sort(keys.Key)
	keys.Key = slices.Compact(keys.Key)
	return keys
}

// Earlier is the lines of an outcome that earlier days had left open, apart from the
// lines of the day: they stand in the tables of their own day.
type Earlier struct {
	Lines       *settlement.Lines
	EventOfLine []int32 // as Outcome.EventOfLine
}

// claimedEarlier, and less, stands in Outcome.LineOfEvent for the lines of Earlier:
// row 0 is claimedEarlier, row 1 one less.
const claimedEarlier int32 = -2

// setAside takes the lines of earlier days out of those of the day.
func setAside(out *BucketOutput) {
	out.Earlier.Lines = &settlement.Lines{}
	if out.FirstCarried == noFile {
		return
	}
	file := out.Lines.File
	today, all := rowsThat(len(file), func(i int) bool { return file[i] < out.FirstCarried })
	if all {
		return
	}
	var carried []int32
	for i := range file {
		if file[i] >= out.FirstCarried && file[i] < out.FirstSettled {
			carried = append(carried, int32(i))
		}
	}
	place := make([]int32, len(file)) // of a line now, −1 of a settled one
	for i := range place {
		place[i] = -1
	}
	lines, events := &settlement.Lines{}, make([]int32, len(today))
	settlement.AppendRows(lines, out.Lines, today)
	for n, row := range today {
		place[row], events[n] = int32(n), out.EventOfLine[row]
	}
	settlement.AppendRows(out.Earlier.Lines, out.Lines, carried)
	for n, row := range carried {
		place[row] = claimedEarlier - int32(n)
		out.Earlier.EventOfLine = append(out.Earlier.EventOfLine, out.EventOfLine[row])
	}
	for i, line := range out.LineOfEvent {
		if line >= 0 {
			out.LineOfEvent[i] = place[line]
		}
	}
	out.Lines, out.EventOfLine = lines, events
}

// lineOfEvent is the batch and row of the line that an event was claimed by; ok is
// false where there is none in the bucket.
func (out *BucketOutput) lineOfEvent(event int) (l *settlement.Lines, row int, ok bool) {
	switch line := out.LineOfEvent[event]; {
	case line >= 0:
		return out.Lines, int(line), true
	case line <= claimedEarlier:
		return out.Earlier.Lines, int(claimedEarlier - line), true
	}
	return nil, 0, false
}

// writeCarried writes what a bucket hands on, and its index.
func (r *run) writeCarried(staging *output.Staging, b int, out *BucketOutput) ([]output.PartInfo, error) {
	lines, events := carried(out)
	var parts []output.PartInfo
	for _, table := range []struct {
		name string
		rows settlement.Batch
	}{{"carried_lines", lines}, {"carried_events", events}, {"payment_keys", paymentKeysOf(out)}} {
		part, err := r.writePart(staging, table.name, b, table.rows)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// earlierBreaks is the open breaks of the day before, by bucket, and behind them those of any
// day before that were decided there and are reopened.
type earlierBreaks struct {
	rows     *settlement.Breaks
	reopened int // the first row of these
	byBucket map[int][]int32
	of       map[settlement.ID][]int32 // breaks that wait for a counterpart, by their line or event
	key      []uint64                  // by row
	payouts  []int32                   // rows of payouts, which belong to no bucket
	mu       sync.Mutex
}

// waitsForOther says that breaks of a kind close when their counterpart arrives.
func waitsForOther(kind settlement.BreakKind) bool {
	switch kind {
	case settlement.MissingInOrders, settlement.RefundMissingInOrders, settlement.MissingInStatement, settlement.RefundMissingInStatement,
		settlement.SettlementMismatch:
		return true
	}
	return false
}

// isOfPayout says that breaks of a kind are of payouts or of bank lines.
func isOfPayout(kind settlement.BreakKind) bool {
	return kind == settlement.PayoutMissing || kind == settlement.PayoutMismatch
}

// sideOf is the line or event that a break is about, of which the counterpart is
// missing.
func sideOf(b *settlement.Breaks, i int) settlement.ID {
	if b.Kind[i] == settlement.MissingInStatement || b.Kind[i] == settlement.RefundMissingInStatement {
		return b.EventID[i]
	}
	return b.LineID[i]
}

func (r *run) takeBreaks(dir string, files *sources) error {
	e := &earlierBreaks{rows: &settlement.Breaks{}, of: map[settlement.ID][]int32{}}
	r.earlier = e
	err := readBatches(dir, "breaks", func(in *output.BatchReader, rows int) error {
		var open []int32
		if err := in.Texts("status", func(row int, status string) {
			if status == settlement.BreakOpen.String() {
				open = append(open, int32(row))
			}
		}); err != nil {
			return err
		}
		return in.Append(e.rows, open, files.number)
	})
	if err != nil {
		return err
	}
	e.reopened = e.rows.Len()
	if err := r.takeReopened(e, files); err != nil {
		return err
	}
	for i := e.reopened; i < e.rows.Len(); i++ {
		e.rows.Status[i] = settlement.BreakOpen
	}
	for i := range e.rows.Len() {
		number := e.rows.PaymentNo.At(i)
		if len(number) == 0 {
			number = e.rows.OrderNo.At(i)
		}
		e.key = append(e.key, settlement.PaymentKey(number, e.rows.ProviderID.At(i)))
		if isOfPayout(e.rows.Kind[i]) {
			e.payouts = append(e.payouts, int32(i))
		}
		if waitsForOther(e.rows.Kind[i]) {
			side := sideOf(e.rows, i)
			e.of[side] = append(e.of[side], int32(i))
		}
	}
	return nil
}

// place notes the bucket of a carried row, which is where its break is decided again.
func (e *earlierBreaks) place(id settlement.ID, key uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, row := range e.of[id] {
		e.key[row] = key
	}
}

// inBucket returns the breaks of a bucket.
func (e *earlierBreaks) inBucket(b int, bucketOf func(uint64) int) []int32 {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byBucket == nil {
		e.byBucket = map[int][]int32{}
		for row, key := range e.key {
			if isOfPayout(e.rows.Kind[row]) {
				continue
			}
			e.byBucket[bucketOf(key)] = append(e.byBucket[bucketOf(key)], int32(row))
		}
	}
	return e.byBucket[b]
}
