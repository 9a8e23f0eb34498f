package funds

import (
	"cmp"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// place is a row of a file.
type place struct {
	file *BalanceFile
	line int64
	flow string // the wallet's number of the row
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file.Name, p.line) }

// segment is what one file says of an account's balance on one day.
type segment struct {
	file             *BalanceFile
	promised         bool // each row follows from the one before
	opening, closing settlement.Amount
	opensAt, endsAt  place
	gaps             gaps
	earliest, latest settlement.Instant
	goesOn           bool // its rows follow those of the file before
}

// segmentOf reads a day of a file: with which balance it begins and ends, as far as that
// is known.
func segmentOf(f *BalanceFile, d *dayChain) segment {
	s := segment{file: f, promised: promises(f.Statement.Wallet), opening: settlement.NoAmount, closing: settlement.NoAmount,
		earliest: d.earliest, latest: d.latest}
	first, last := place{f, d.first.line, d.flow}, place{f, d.last.line, d.lastFlow}
	s.opensAt, s.endsAt, s.gaps = first, last, d.withTime
	if !s.promised {
		s.withoutOrder(f, d)
		return s
	}
	if !f.Chain.mixed && !f.Chain.unordered {
		s.opening, s.closing = d.first.before(), d.last.balance
	}
	return s
}

// evident is of how many rows one may not follow from the one before and the file still
// shows in which order they stand.
const evident = 10

// withoutOrder reads a day of a wallet that promises no order of rows. Where all rows
// follow from each other, wherever they stand, they tell; else the file's first and last
// row do, which may be the newest and the oldest, where nearly all rows are in order.
func (s *segment) withoutOrder(f *BalanceFile, d *dayChain) {
	turned := d.againstIt.count < d.withTime.count
	if turned {
		s.opensAt, s.endsAt, s.gaps = s.endsAt, s.opensAt, d.againstIt
	}
	opening, closing := d.first.before(), d.last.balance
	if turned {
		opening, closing = d.last.before(), d.first.balance
	}
	switch from, to, ok := d.ends.both(); {
	case ok:
		s.gaps = gaps{}
		s.opening, s.closing = from, to
		if from != opening {
			s.opensAt.flow = "" // it is another row
		}
		if to != closing {
			s.endsAt.flow = ""
		}
	case d.ends.closed():
		if s.gaps = (gaps{}); opening == closing && !f.Chain.mixed && !f.Chain.unordered {
			s.opening, s.closing = opening, closing
		}
	case f.Chain.mixed || f.Chain.unordered:
		s.gaps = gaps{}
	case s.gaps.count*evident <= d.rows:
		s.opening, s.closing = opening, closing
	}
}

// sight is what all files together say of a day.
type sight struct {
	promised         bool
	opening, closing settlement.Amount
	opens            settlement.KnownBy
	opensAt, endsAt  place
	shown            []segment
	contradictions   []contradiction
}

// contradiction is a balance that two files show differently.
type contradiction struct {
	first, other     place
	expected, actual settlement.Amount
	what             string
}

// sight joins what the files of a day say: parts, segments that overlap, copies of a
// day in the bill of its month.
func (d *accountDay) sight() sight {
	s := sight{opening: settlement.NoAmount, closing: settlement.NoAmount, opens: settlement.KnownUnknown, shown: d.shown}
	slices.SortFunc(s.shown, func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.earliest, b.earliest), cmp.Compare(a.file.Statement.Part, b.file.Statement.Part), cmp.Compare(a.file.Rank, b.file.Rank))
	})
	ends := settlement.NoInstant
	for i := range s.shown {
		g := &s.shown[i]
		s.promised = s.promised || g.promised
		if g.opening == settlement.NoAmount || g.closing == settlement.NoAmount {
			continue
		}
		if s.opening == settlement.NoAmount {
			s.opening, s.opensAt, s.opens = g.opening, g.opensAt, settlement.KnownRows
			s.closing, s.endsAt, ends = g.closing, g.endsAt, g.latest
			continue
		}
		if g.promised {
			s.joinPromised(g)
			continue
		}
		s.contradict(g)
		if g.latest > ends {
			s.closing, s.endsAt, ends = g.closing, g.endsAt, g.latest
		}
	}
	s.stated(d)
	return s
}

// joinPromised adds a file whose rows follow from each other: it shows the same, or goes
// on from there.
func (s *sight) joinPromised(g *segment) {
	switch {
	case g.opening == s.opening && g.closing == s.closing:
	case g.opening == s.closing:
		s.closing, s.endsAt, g.goesOn = g.closing, g.endsAt, true
	case g.opening != s.opening:
		s.contradictions = append(s.contradictions, contradiction{s.opensAt, g.opensAt, s.opening, g.opening, "before the first row of the day"})
	default:
		s.contradictions = append(s.contradictions, contradiction{s.endsAt, g.endsAt, s.closing, g.closing, "after the last row of the day"})
	}
}

// contradict looks whether a file shows the same row with another balance.
func (s *sight) contradict(g *segment) {
	switch {
	case g.opensAt.flow != "" && g.opensAt.flow == s.opensAt.flow && g.opening != s.opening:
		s.contradictions = append(s.contradictions, contradiction{s.opensAt, g.opensAt, s.opening, g.opening, "before the same row"})
	case g.endsAt.flow != "" && g.endsAt.flow == s.endsAt.flow && g.closing != s.closing:
		s.contradictions = append(s.contradictions, contradiction{s.endsAt, g.endsAt, s.closing, g.closing, "after the same row"})
	}
}

// stated takes what statements state beside their rows, which counts before what rows
// show.
func (s *sight) stated(d *accountDay) {
	slices.SortFunc(d.stated, func(a, b statedBy) int {
		return cmp.Or(cmp.Compare(a.file.Rank, b.file.Rank), cmp.Compare(a.Line, b.Line))
	})
	var opens, ends *statedBy
	for i := range d.stated {
		one := &d.stated[i]
		if one.Opening != settlement.NoAmount && opens == nil {
			opens = one
		}
		if one.Closing != settlement.NoAmount && (ends == nil || ends.file == one.file) {
			ends = one // the last of a file
		}
		if opens != nil && opens.file != one.file && one.Opening != settlement.NoAmount && one.Opening != opens.Opening {
			s.contradictions = append(s.contradictions, contradiction{place{file: opens.file, line: opens.Line}, place{file: one.file, line: one.Line}, opens.Opening, one.Opening, "at the beginning of the day"})
		}
	}
	if opens != nil {
		s.opening, s.opens, s.opensAt = opens.Opening, settlement.KnownStatement, place{file: opens.file, line: opens.Line}
	}
	if ends != nil {
		s.closing, s.endsAt = ends.Closing, place{file: ends.file, line: ends.Line}
	}
}

// What a balance_gap is about, so that several at one row have identities of their own.
const (
	gapOfRow = iota
	gapOfDays
	gapOfFiles
	gapOfTotals
	gapKinds
)

const (
	askForRows = "fetch the file again; if it is the same, ask the wallet for the rows that are missing"
	askForDays = "fetch the fund flow of the day before again, and of this day; ask the wallet what moved the balance between them"
)

// jumps is the break of a day that does not begin with what was known before it.
func (b *balancing) jumps(d *accountDay, s *sight, last *known, from, until settlement.Day) {
	why := fmt.Sprintf("the day begins with %s (%s), but %s with %s", s.opening, s.opensAt, lastWords(last), last.amount)
	suggest := askForDays
	if until > from {
		why += fmt.Sprintf("; the fund flow of %s is missing: what moved then is not known", daysText(from, until))
		suggest = "deliver the fund flow of " + daysText(from, until) + " and run the days again"
	}
	b.breaks(d, gapOfDays, s.opensAt, last.amount, s.opening, why, suggest)
}

func lastWords(last *known) string {
	if last.by == settlement.KnownOpeningFile {
		return last.source + " opens it"
	}
	return last.on.String() + " ended"
}

// places are the rows of a day at which the balance does not follow, and its breaks
// beside that of the day before. jump is what the opening has of what is unexplained.
func (b *balancing) places(row *balanceRow, s *sight, jump settlement.Amount) {
	explained, told := jump, map[string]bool{}
	for i := range s.shown {
		g := &s.shown[i]
		if i == 0 || g.goesOn {
			explained += g.gaps.sum
		}
		for _, gap := range g.gaps.first {
			at := place{g.file, gap.Line, gap.FlowNo}
			same := fmt.Sprint(gap.FlowNo, " ", gap.Expected, " ", gap.Actual)
			if gap.FlowNo != "" && told[same] {
				continue
			}
			told[same] = true
			row.broke(at)
			if g.promised {
				b.breaks(row.accountDay, gapOfRow, at, gap.Expected, gap.Actual,
					fmt.Sprintf("账户结余 is %s where %s follows from the row before", gap.Actual, gap.Expected), askForRows)
			}
		}
		more := g.gaps.count - int64(len(g.gaps.first))
		if row.breaks += more; more > 0 && g.promised {
			b.notef("%s: the balance does not follow from the row before at %d places of %s on %s; the first %d are told", row, g.gaps.count, g.file.Name, row.On, len(g.gaps.first))
		}
	}
	for _, c := range s.contradictions {
		row.broke(c.other)
		b.breaks(row.accountDay, gapOfFiles, c.other, c.expected, c.actual,
			fmt.Sprintf("two files show another balance %s: %s says %s, %s says %s", c.what, c.first, c.expected, c.other, c.actual),
			"one of the two files is not as the wallet delivered it: fetch both again")
	}
	if s.promised && len(s.contradictions) == 0 && row.unexplained != settlement.NoAmount && row.unexplained != explained {
		off := row.unexplained - explained
		row.broke(s.endsAt)
		b.breaks(row.accountDay, gapOfTotals, s.endsAt, row.closing-off, row.closing,
			fmt.Sprintf("the day ends with %s where its rows come to %s", row.closing, row.closing-off), askForRows)
	}
}

// breaks adds a balance_gap at a place.
func (b *balancing) breaks(d *accountDay, kind int, at place, expected, actual settlement.Amount, reason, suggest string) {
	number := at.flow
	if number == "" {
		number = d.On.String() // what is stated beside rows
	}
	nth := kind
	if d.SubAccount != "" {
		reason = d.SubAccount + ": " + reason
	}
	found := settlement.Break{
		Kind: settlement.BalanceGap, Wallet: d.Wallet, Account: []byte(d.Account), ProviderID: []byte(number), Nth: nth,
		Expected: expected, Actual: actual, SeenOn: d.On, Reason: reason, Suggest: suggest, File: at.file.Number, FileLine: at.line,
	}
	for {
		one := &settlement.Breaks{}
		one.Add(&b.hash, found, b.in.Day)
		if id := one.ID[0]; !b.ids[id] {
			b.ids[id] = true
			settlement.AppendAll(b.out.Breaks, one)
			return
		}
		found.Nth += gapKinds // another purse has a row of this number
	}
}
