package funds

import (
	"cmp"
	"maps"
	"slices"

	"reconcile/settlement"
)

// A file that shows an account's balance after each row is a chain: each row's balance
// is that of the row before, changed by the row's own amount. Rows come in pieces that
// were cut anywhere and parsed in any order; each leaves a Piece, and Chain joins the
// pieces of a file. What that says does not depend on where the file was cut.

// toldGaps is how many places of a day are told one by one where each is a break; the
// rest is counted. Of wallets that promise no order of rows the first is told.
const toldGaps = 200

// promises says that each row of a wallet's files follows from the one before.
func promises(wallet settlement.Wallet) bool { return wallet == settlement.WeChat }

// link is a row of a chain.
type link struct {
	line            int64
	amount, balance settlement.Amount
}

func (l link) known() bool { return l.balance != settlement.NoAmount }

// before is the balance that the row found, NoAmount where it does not tell.
func (l link) before() settlement.Amount {
	if !l.known() {
		return settlement.NoAmount
	}
	return l.balance - l.amount
}

// Gap is a place at which a chain does not hold.
type Gap struct {
	Line             int64
	FlowNo           string            // the wallet's number of the row, "" where it has none
	Expected, Actual settlement.Amount // balance
}

// gaps are the places of a day at which its rows do not follow from each other.
type gaps struct {
	count int64
	sum   settlement.Amount // Σ (actual − expected)
	first []Gap             // at most of those asked for
}

// add adds a place; flow is asked only of one that is told.
func (g *gaps) add(line int64, expected, actual settlement.Amount, told int, flow func() string) {
	g.count++
	g.sum += actual - expected
	if len(g.first) < told {
		g.first = append(g.first, Gap{line, flow(), expected, actual})
	}
}

func (g *gaps) join(o *gaps, told int) {
	g.count += o.count
	g.sum += o.sum
	g.first = append(g.first, o.first[:min(len(o.first), told-len(g.first))]...)
}

// dayChain is the rows of one day in a piece, or in a file.
type dayChain struct {
	day         settlement.Day
	first, last link
	prior       link               // the row before the first, in the same piece; line 0 for none
	flow        string             // of the first row
	lastFlow    string             // of the last row
	earliest    settlement.Instant // of any row, NoInstant where none has a time
	latest      settlement.Instant
	rows        int64
	withTime    gaps // as each row follows the one before
	againstIt   gaps // as each row precedes the one before: the file shows the newest first
	ends        ends // of wallets that promise no order of rows
}

// ends are the balances at which rows begin and end, as far as no other row ends or
// begins there: +1 where one ends, −1 where one begins. Rows that follow from each other
// leave the balance before the first and after the last, in whatever order they stand.
type ends struct {
	open map[settlement.Amount]int
	// start and end are of the rows that were seen last and follow from each other;
	// NoAmount before the first.
	start, end settlement.Amount
	lost       bool // too many, or a row without a balance
}

// manyEnds is how many a piece may have: in a file whose rows stand where they happen to
// stand, keeping all would take the memory of the file.
const manyEnds = 512

// add adds the next row.
func (e *ends) add(l link) {
	switch before := l.before(); {
	case !l.known():
		e.lost = true
	case e.end == before:
		e.end = l.balance
	case e.start == l.balance: // the newest first
		e.start = before
	default:
		e.flush()
		e.start, e.end = before, l.balance
	}
}

func (e *ends) flush() {
	if e.start != settlement.NoAmount && !e.lost {
		e.count(e.start, -1)
		e.count(e.end, 1)
	}
	e.start, e.end = settlement.NoAmount, settlement.NoAmount
	e.lost = e.lost || len(e.open) > manyEnds
	if e.lost {
		e.open = nil
	}
}

func (e *ends) count(balance settlement.Amount, n int) {
	if e.open == nil {
		e.open = map[settlement.Amount]int{}
	}
	if e.open[balance] += n; e.open[balance] == 0 {
		delete(e.open, balance)
	}
}

// join adds those of another piece.
func (e *ends) join(o *ends) {
	e.lost = e.lost || o.lost
	for balance, n := range o.open {
		e.count(balance, n)
	}
}

// both are the balances before the first and after the last row, where there is one
// each.
func (e *ends) both() (opening, closing settlement.Amount, ok bool) {
	if e.lost || len(e.open) != 2 {
		return 0, 0, false
	}
	opening, closing = settlement.NoAmount, settlement.NoAmount
	for balance, n := range e.open {
		switch n {
		case -1:
			opening = balance
		case 1:
			closing = balance
		}
	}
	return opening, closing, opening != settlement.NoAmount && closing != settlement.NoAmount
}

// closed says that a row ends wherever one begins: the day ends with what it began with,
// and which of the balances that is they do not tell.
func (e *ends) closed() bool { return !e.lost && len(e.open) == 0 }

// Piece is what neighbouring rows of one file say of its balance.
type Piece struct {
	File        int32
	first, last link
	lastDay     settlement.Day
	days        []dayChain // in the order in which they begin
	// mixed says that a day goes on after another; unordered that the numbers of lines do
	// not grow, as where a file has several sheets.
	mixed, unordered bool
	promised         bool
}

// PieceOf reads neighbouring rows of one file, in the order of the file. Copies of
// another account's rows move nothing and are passed over. The result is nil where no
// row is left, or none has a balance.
func PieceOf(l *settlement.FundLines) *Piece {
	if !slices.ContainsFunc(l.Balance, func(a settlement.Amount) bool { return a != settlement.NoAmount }) {
		return nil
	}
	p := &Piece{}
	var at *dayChain
	row := -1 // the one before
	for i := range l.Len() {
		if l.State[i] == settlement.CopiedLine {
			continue
		}
		next := link{l.Line[i], l.Amount[i], l.Balance[i]}
		day := l.SettledOn[i]
		switch {
		case at == nil:
			p.File, p.first, p.promised = l.File[i], next, promises(l.Wallet[i])
		case next.line <= p.last.line:
			p.unordered = true
		}
		if at == nil || at.day != day {
			goesOn := false
			if at != nil {
				at.lastFlow = l.FlowNo.StringAt(row)
			}
			at, goesOn = p.day(day)
			p.mixed = p.mixed || goesOn
		}
		if at.rows == 0 {
			at.first, at.prior, at.flow = next, p.last, l.FlowNo.StringAt(i)
		} else {
			p.follow(at, p.last, next, func() string { return l.FlowNo.StringAt(i) })
		}
		if at.rows++; !p.promised {
			at.ends.add(next)
		}
		at.last, p.last, p.lastDay, row = next, next, day, i
		at.earliest, at.latest = earlier(at.earliest, l.OccurredAt[i]), max(at.latest, l.OccurredAt[i])
	}
	if at == nil {
		return nil
	}
	at.lastFlow = l.FlowNo.StringAt(row)
	for i := range p.days {
		p.days[i].ends.flush()
	}
	return p
}

func earlier(a, b settlement.Instant) settlement.Instant {
	if a == settlement.NoInstant || b != settlement.NoInstant && b < a {
		return b
	}
	return a
}

// day is the chain of a day, and whether it has rows already.
func (p *Piece) day(day settlement.Day) (*dayChain, bool) {
	if i := slices.IndexFunc(p.days, func(d dayChain) bool { return d.day == day }); i >= 0 {
		return &p.days[i], true
	}
	p.days = append(p.days, dayChain{day: day, earliest: settlement.NoInstant, latest: settlement.NoInstant,
		ends: ends{start: settlement.NoAmount, end: settlement.NoAmount}})
	return &p.days[len(p.days)-1], false
}

// follow holds a row against the one before it in the file.
func (p *Piece) follow(d *dayChain, before, next link, flow func() string) {
	if !before.known() || !next.known() {
		return
	}
	told := p.told()
	if want := before.balance + next.amount; next.balance != want {
		d.withTime.add(next.line, want, next.balance, told, flow)
	}
	if found := before.before(); !p.promised && next.balance != found {
		d.againstIt.add(next.line, found, next.balance, told, flow)
	}
}

func (p *Piece) told() int {
	if p.promised {
		return toldGaps
	}
	return 1
}

// Chain is what a whole file says of its account's balance, by day.
type Chain struct {
	days []dayChain
	// mixed says that days go on after others: with which balance a day begins and ends
	// their place does not tell. unordered says that no place tells anything.
	mixed, unordered bool
}

// ChainOf joins the pieces of a file, which may come in any order. Rows without a day
// are of day from.
func ChainOf(pieces []*Piece, from settlement.Day) *Chain {
	pieces = slices.Clone(pieces)
	slices.SortFunc(pieces, func(a, b *Piece) int {
		return cmp.Or(cmp.Compare(a.first.line, b.first.line), cmp.Compare(a.last.line, b.last.line), cmp.Compare(a.first.balance, b.first.balance))
	})
	all := &Piece{}
	for n, p := range pieces {
		all.promised = p.promised
		all.mixed = all.mixed || p.mixed
		all.unordered = all.unordered || p.unordered || n > 0 && p.first.line <= all.last.line
		for i := range p.days {
			all.goOn(&p.days[i], i == 0)
		}
		all.last, all.lastDay = p.last, p.lastDay
	}
	c := &Chain{days: all.days, mixed: all.mixed, unordered: all.unordered}
	for i := range c.days {
		if c.days[i].day == settlement.NoDay {
			c.days[i].day = from
		}
	}
	return c
}

// goOn adds the rows of a day of the next piece, which begins with them where isFirst.
// Whether the first row of a day follows from the day before is asked of the days, not
// here; of a day that goes on, here.
func (p *Piece) goOn(d *dayChain, isFirst bool) {
	to, goesOn := p.day(d.day)
	prior := d.prior
	if isFirst {
		prior = p.last
	}
	if !goesOn {
		*to = *d
		to.prior = prior
		to.withTime.first, to.againstIt.first = slices.Clone(d.withTime.first), slices.Clone(d.againstIt.first)
		to.ends.open = maps.Clone(d.ends.open)
		return
	}
	p.mixed = p.mixed || !isFirst || d.day != p.lastDay
	p.follow(to, prior, d.first, func() string { return d.flow })
	to.last, to.lastFlow = d.last, d.lastFlow
	to.rows += d.rows
	to.earliest, to.latest = earlier(to.earliest, d.earliest), max(to.latest, d.latest)
	to.ends.join(&d.ends)
	to.withTime.join(&d.withTime, p.told())
	to.againstIt.join(&d.againstIt, p.told())
}
