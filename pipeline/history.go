package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"math/bits"
	"path/filepath"
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// Some rows of a day need to know of payments that were settled before: a refund its
// payment, a second payment of an order the first, an extract that repeats last week's
// orders what became of them. For the payment numbers of such rows the earlier days are
// asked: the index payment_keys says which days have a number, and of those days only
// the parts with these numbers are read. What is found joins the bucket as settled
// rows (match.Rules.FirstSettled).

// How far back days are asked where nothing says when a payment was made.
const (
	refundReach  = 365 // days between a payment and its refund
	paymentReach = 35  // days between an order and a further payment of it
)

// dayRange is days [from, until], both included.
type dayRange struct{ from, until settlement.Day }

func (d dayRange) join(o dayRange) dayRange {
	if d.until < d.from {
		return o
	}
	return dayRange{min(d.from, o.from), max(d.until, o.until)}
}

func (d dayRange) has(day settlement.Day) bool { return d.from <= day && day <= d.until }

// numberFacts is what a bucket has under one payment number.
type numberFacts struct {
	payLine, payEvent       bool
	refundLine, refundEvent bool
	// dated is the days of rows that belong to earlier days, hinted those on which the
	// wallet's numbers say that payments were made.
	dated, hinted dayRange
}

// wanted is the days to ask about a number; until < from where none needs to be.
func (f *numberFacts) wanted(day settlement.Day) dayRange {
	wanted := dayRange{1, 0}
	if f.dated.from <= f.dated.until {
		wanted = dayRange{f.dated.from, day - 1}
	}
	switch {
	case f.refundLine && !f.payLine && f.hinted.from <= f.hinted.until:
		wanted = wanted.join(dayRange{f.hinted.from, day - 1}) // the payment, and what was refunded since
	case f.refundLine && !f.payLine, f.refundEvent && !f.payEvent && !f.payLine:
		wanted = wanted.join(dayRange{day - refundReach, day - 1})
	}
	if f.payLine && !f.payEvent {
		wanted = wanted.join(dayRange{day - paymentReach, day - 1})
	}
	return wanted
}

// hintedDay is the day that a wallet's transaction number holds: digits 1 to 8 of
// Alipay's, 11 to 18 of WeChat Pay's.
func hintedDay(wallet settlement.Wallet, number []byte) (settlement.Day, bool) {
	at := 0
	if wallet == settlement.WeChat {
		at = 10
	}
	if len(number) < at+8 || wallet != settlement.WeChat && wallet != settlement.Alipay {
		return 0, false
	}
	digits := number[at : at+8]
	text := append(append(append(append(append([]byte{}, digits[:4]...), '-'), digits[4:6]...), '-'), digits[6:8]...)
	day, err := settlement.ParseDay(text)
	return day, err == nil && day > 0
}

// addEarlier adds to every bucket the settled rows of earlier days that its rows need.
func (r *run) addEarlier(ctx context.Context) error {
	if r.state == nil || len(r.state.days) == 0 && r.state.opening == nil {
		return nil
	}
	return r.eachBucket(ctx, func(ctx context.Context, b int) error {
		wanted, known, err := r.wantedNumbers(b)
		if err != nil || len(wanted) == 0 {
			return err
		}
		s := &search{run: r, bucket: b, known: known, lines: &settlement.Lines{}, events: &settlement.Events{}, claimed: map[settlement.ID]settlement.MatchState{},
			pairs: map[settlement.ID]settlement.ID{}, charges: &settlement.Charges{}, cross: &settlement.CrossWallet{}}
		for _, past := range r.state.days {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := s.ask(past, wanted); err != nil {
				return err
			}
		}
		s.askOpening(wanted)
		return s.join()
	})
}

// The columns by which numbers are looked through.
var (
	factLines  = []string{"line_id", "wallet", "kind", "provider_txn_id", "occurred_at", "settled_on", "source_file", "key"}
	factEvents = []string{"event_id", "kind", "source_file", "paid_at", "succeeded_at", "link", "key"}
)

// wantedNumbers returns the payment numbers of a bucket that earlier days are asked
// about, and the identities of the rows that are carried already.
func (r *run) wantedNumbers(b int) (map[uint64]dayRange, map[settlement.ID]bool, error) {
	from, until := r.bucketParts(b)
	lines, events := &settlement.Lines{}, &settlement.Events{}
	linePieces, done, err := r.lines.pieces(from, until)
	if err != nil {
		return nil, nil, err
	}
	settlement.AppendPieces(lines.Columns(), linePieces, factLines...)
	done()
	eventPieces, done, err := r.events.pieces(from, until)
	if err != nil {
		return nil, nil, err
	}
	settlement.AppendPieces(events.Columns(), eventPieces, factEvents...)
	done()
	day, known := r.job.Day, map[settlement.ID]bool{}
	facts := make(map[uint64]numberFacts, len(lines.Key)+len(events.Key)/8)
	none := dayRange{1, 0}
	at := func(key uint64) numberFacts {
		f, ok := facts[key]
		if !ok {
			f.dated, f.hinted = none, none
		}
		return f
	}
	for i, key := range lines.Key {
		if !r.usable(lines.File[i]) {
			continue
		}
		f := at(key)
		if lines.File[i] >= r.firstCarried {
			known[lines.ID[i]] = true
		} else if on := lines.SettledOn[i]; on != settlement.NoDay && on < day {
			f.dated = f.dated.join(dayRange{on, on})
		}
		if lines.Kind[i] == settlement.Payment {
			f.payLine = true
		} else {
			f.refundLine = true
			if on, ok := hintedDay(lines.Wallet[i], lines.ProviderTxnID.At(i)); ok {
				f.hinted = f.hinted.join(dayRange{on, on})
			}
		}
		facts[key] = f
	}
	for i, key := range events.Key {
		if !r.usable(events.File[i]) || events.Link[i] == settlement.LinkListed {
			continue
		}
		f := at(key)
		if events.Kind[i] == settlement.Payment {
			f.payEvent = true
		} else {
			f.refundEvent = true
		}
		if events.File[i] >= r.firstCarried {
			known[events.ID[i]] = true
		} else if on := eventDay(events, i); on != settlement.NoDay && on < day {
			f.dated = f.dated.join(dayRange{on, on})
		}
		facts[key] = f
	}
	wanted := map[uint64]dayRange{}
	for key, f := range facts {
		if days := f.wanted(day); days.from <= days.until {
			wanted[key] = days
		}
	}
	return wanted, known, nil
}

// eventDay is the day that an extract's row belongs to.
func eventDay(e *settlement.Events, i int) settlement.Day {
	switch {
	case e.PaidAt[i] != settlement.NoInstant:
		return settlement.DayOf(e.PaidAt[i])
	case e.SucceededAt[i] != settlement.NoInstant:
		return settlement.DayOf(e.SucceededAt[i])
	}
	return settlement.NoDay
}

// search gathers the settled rows of one bucket.
type search struct {
	run     *run
	bucket  int
	known   map[settlement.ID]bool // rows that need not be found: carried, or found already
	lines   *settlement.Lines
	events  *settlement.Events
	claimed map[settlement.ID]settlement.MatchState // lines and events that a match names
	pairs   map[settlement.ID]settlement.ID         // the event of a line, of several the first
	charges *settlement.Charges                     // of the lines
	cross   *settlement.CrossWallet                 // of the orders
}

// ask looks through one day for those of the wanted numbers that may be in it.
func (s *search) ask(past pastDay, wanted map[uint64]dayRange) error {
	here := map[uint64]bool{}
	for key, days := range wanted {
		if days.has(past.day) {
			here[key] = true
		}
	}
	if len(here) == 0 {
		return nil
	}
	// Both counts are powers of two: a bucket is some parts of that day, or lies in one.
	first, last := s.bucket*past.buckets/s.run.buckets, ((s.bucket+1)*past.buckets-1)/s.run.buckets
	shift := 64 - bits.TrailingZeros(uint(past.buckets))
	for part := first; part <= last; part++ {
		numbers := map[uint64]bool{}
		for key := range here {
			if past.buckets == 1 || int(key>>shift) == part {
				numbers[key] = true
			}
		}
		if len(numbers) == 0 {
			continue
		}
		if err := s.askPart(past.dir, output.PartName(part), numbers); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) askPart(dir, part string, numbers map[uint64]bool) error {
	found := map[uint64]bool{}
	err := readPart(filepath.Join(dir, "payment_keys", part), "payment_keys", func(in *output.BatchReader, _ int) error {
		keys, err := in.Numbers("key")
		if err != nil {
			return err
		}
		for number := range numbers {
			if _, ok := slices.BinarySearch(keys, settlement.IndexedKey(number)); ok {
				found[number] = true
			}
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return err
	}
	if err := s.askMatches(filepath.Join(dir, "matches", part), found); err != nil {
		return err
	}
	before := s.lines.Len()
	if err := s.askTable(filepath.Join(dir, "statement_lines", part), "statement_lines", s.lines, found, "", "order_no", "provider_txn_id"); err != nil {
		return err
	}
	if err := s.askCharges(filepath.Join(dir, "charges", part), s.lines.ID[before:]); err != nil {
		return err
	}
	if err := s.askTable(filepath.Join(dir, "cross_wallet", part), "cross_wallet", s.cross, found, "order_no"); err != nil {
		return err
	}
	return s.askTable(filepath.Join(dir, "order_events", part), "order_events", s.events, found, "payment_no", "order_no", "provider_txn_id")
}

// numberedRows returns the rows of a row group whose number is asked for: the first of the
// columns that is not empty is the number.
func numberedRows(in *output.BatchReader, rows int, found map[uint64]bool, columns ...string) ([]int32, error) {
	numbers := make([]string, rows)
	for _, column := range columns {
		if column == "" {
			continue
		}
		if err := in.Texts(column, func(row int, text string) {
			if numbers[row] == "" {
				numbers[row] = text
			}
		}); err != nil {
			return nil, err
		}
	}
	var list []int32
	for row, number := range numbers {
		if number != "" && found[settlement.PaymentKey([]byte(number), nil)] {
			list = append(list, int32(row))
		}
	}
	return list, nil
}

func (s *search) askTable(path, table string, into settlement.Batch, found map[uint64]bool, columns ...string) error {
	return readPart(path, table, func(in *output.BatchReader, rows int) error {
		list, err := numberedRows(in, rows, found, columns...)
		if err != nil || len(list) == 0 {
			return err
		}
		return in.Append(into, list, func(string) int32 { return s.run.settledFile })
	})
}

// askMatches notes which lines and events a match of these numbers names: what a day
// left open, a later day may have claimed.
func (s *search) askMatches(path string, found map[uint64]bool) error {
	return readPart(path, "matches", func(in *output.BatchReader, rows int) error {
		list, err := numberedRows(in, rows, found, "payment_no", "order_no")
		if err != nil || len(list) == 0 {
			return err
		}
		m := &settlement.Matches{}
		if err := in.Append(m, list, func(string) int32 { return 0 }); err != nil {
			return err
		}
		for i := range m.Len() {
			state := settlement.Matched
			if m.Verdict[i] != settlement.VerdictEqual {
				state = settlement.Broken
			}
			s.claimed[m.LineID[i]], s.claimed[m.EventID[i]] = state, state
			if known, ok := s.pairs[m.LineID[i]]; !ok || m.EventID[i].Compare(known) < 0 {
				s.pairs[m.LineID[i]] = m.EventID[i]
			}
		}
		return nil
	})
}

// join adds what was found to the rows of the bucket, each once. Days were asked from
// the newest on, so of an event that several days show the latest row stays.
func (s *search) join() error {
	lines, events := s.lines, s.events
	var keep []int32
	for i, id := range lines.ID {
		if s.known[id] {
			continue
		}
		s.known[id] = true
		if state, ok := s.claimed[id]; ok {
			lines.MatchState[i] = state
		}
		lines.Key[i] = settlement.PaymentKey(lines.OrderNo.At(i), lines.ProviderTxnID.At(i))
		keep = append(keep, int32(i))
	}
	settled := &settlement.Lines{}
	settlement.AppendRows(settled, lines, keep)
	keep = keep[:0]
	for i, id := range events.ID {
		state, claimed := s.claimed[id]
		if s.known[id] || !claimed && (events.MatchState[i] == settlement.Open || events.MatchState[i] == settlement.AwaitingRelease) {
			continue
		}
		s.known[id] = true
		if claimed {
			events.MatchState[i] = state
		}
		events.Key[i] = settlement.EventKey(events.PaymentNo.At(i), events.OrderNo.At(i), events.ProviderTxnID.At(i))
		events.Payout[i] = settlement.NoAmount
		keep = append(keep, int32(i))
	}
	settledEvents := &settlement.Events{}
	settlement.AppendRows(settledEvents, events, keep)
	if err := s.run.prior.scatter(s.prior(settled, settledEvents)); err != nil {
		return err
	}
	if err := s.run.lines.scatter(settled); err != nil {
		return err
	}
	return s.run.events.scatter(settledEvents)
}

// orderNumbers asks earlier days for the payment numbers of orders that waiting refunds
// name, and adds them to the rows of the partition as the messages that the orders of
// today send.
func (r *run) orderNumbers(rows *settlement.Events, from, until int) error {
	if r.state == nil || len(r.state.days) == 0 && r.state.opening == nil {
		return nil
	}
	told, asked := map[string]bool{}, map[string]bool{}
	for i := range rows.Len() {
		if rows.Link[i] == settlement.LinkAlias {
			told[rows.OrderNo.StringAt(i)] = true
		}
	}
	for i := range rows.Len() {
		if number := rows.OrderNo.StringAt(i); rows.Link[i] != settlement.LinkAlias && !told[number] {
			asked[number] = true
		}
	}
	for _, past := range r.state.days {
		if len(asked) == 0 || past.day < r.job.Day-refundReach {
			break
		}
		first, last := from*past.buckets/r.partitions, (until*past.buckets-1)/r.partitions
		for part := first; part <= last; part++ {
			path := filepath.Join(past.dir, "payment_numbers", output.PartName(part))
			if err := r.askNumbers(path, asked, rows); err != nil {
				return err
			}
		}
	}
	r.openingNumbers(asked, rows)
	return nil
}

func (r *run) askNumbers(path string, asked map[string]bool, into *settlement.Events) error {
	found := map[string]bool{}
	err := readPart(path, "payment_numbers", func(in *output.BatchReader, _ int) error {
		var list []int32
		if err := in.Texts("order_no", func(row int, text string) {
			if asked[text] {
				list = append(list, int32(row))
				found[text] = true
			}
		}); err != nil || len(list) == 0 {
			return err
		}
		from := into.Len()
		if err := in.Append(into, list, nil); err != nil {
			return err
		}
		for i := from; i < into.Len(); i++ {
			into.Kind[i], into.Link[i], into.File[i] = settlement.Payment, settlement.LinkAlias, r.settledFile
			into.PaidAt[i], into.ConfirmedAt[i], into.SucceededAt[i] = settlement.NoInstant, settlement.NoInstant, settlement.NoInstant
		}
		return nil
	})
	for number := range found {
		delete(asked, number)
	}
	return err
}

// addNumbers adds the messages that orders of today have sent within a partition.
func addNumbers(numbers, rows *settlement.Events, today func(file int32) bool) {
	var own []int32
	for i := range rows.Len() {
		if rows.Link[i] == settlement.LinkAlias && today(rows.File[i]) {
			own = append(own, int32(i))
		}
	}
	settlement.AppendRows(numbers, rows, own)
}

// compareNumbers orders messages by order, account and payment number, then by what the
// order has come to.
func compareNumbers(e *settlement.Events, a, b int32) int {
	x, y := int(a), int(b)
	return cmp.Or(bytes.Compare(e.OrderNo.At(x), e.OrderNo.At(y)), bytes.Compare(e.Account.At(x), e.Account.At(y)),
		bytes.Compare(e.PaymentNo.At(x), e.PaymentNo.At(y)), cmp.Compare(e.Status[y], e.Status[x]))
}

// sortedNumbers is the rows of payment_numbers of a bucket: each message once.
func sortedNumbers(rows *settlement.Events) *settlement.Events {
	order := allRows(rows.Len())
	slices.SortFunc(order, func(a, b int32) int { return compareNumbers(rows, a, b) })
	order = slices.CompactFunc(order, func(a, b int32) bool { return compareNumbers(rows, a, b) == 0 })
	sorted := &settlement.Events{}
	settlement.AppendRows(sorted, rows, order)
	return sorted
}
