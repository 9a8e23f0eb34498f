package funds

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"reconcile/settlement"
)

// AccountDay is an account, or a purse of it, on a day.
type AccountDay struct {
	Wallet              settlement.Wallet
	Account, SubAccount string
	On                  settlement.Day
}

// Compare orders account days as the table balances does.
func (a AccountDay) Compare(b AccountDay) int {
	return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.SubAccount, b.SubAccount), cmp.Compare(a.On, b.On))
}

func (a AccountDay) account() AccountDay { a.On = settlement.NoDay; return a }

// String names the account for messages.
func (a AccountDay) String() string {
	text := a.Wallet.String()
	for _, more := range [...]string{a.Account, a.SubAccount} {
		if more != "" {
			text += " " + more
		}
	}
	return text
}

// Moved is what the booked fund lines of an account and day come to.
type Moved struct {
	Lines           int64
	Income, Expense settlement.Amount                           // magnitudes
	By              [settlement.FundOther + 1]settlement.Amount // income − expense, by category
	Overflow        bool
}

// Add adds a booked line.
func (m *Moved) Add(category settlement.Category, amount settlement.Amount) {
	m.Lines++
	if amount > 0 {
		m.add(&m.Income, amount)
	} else {
		m.add(&m.Expense, -amount)
	}
	m.add(&m.By[category], amount)
}

// Join adds what another part of the day's lines comes to.
func (m *Moved) Join(o *Moved) {
	m.Lines += o.Lines
	m.add(&m.Income, o.Income)
	m.add(&m.Expense, o.Expense)
	for c, amount := range o.By {
		m.add(&m.By[c], amount)
	}
	m.Overflow = m.Overflow || o.Overflow
}

func (m *Moved) add(sum *settlement.Amount, amount settlement.Amount) {
	total, err := sum.Add(amount)
	m.Overflow = m.Overflow || err != nil
	*sum = total
}

// Net is income − expense.
func (m *Moved) Net() settlement.Amount { return m.Income - m.Expense }

// KnownBalance is a balance that was known before the run: an account's at the end of
// day On.
type KnownBalance struct {
	AccountDay
	Amount settlement.Amount
	By     settlement.KnownBy // KnownDayBefore or KnownOpeningFile
	Source string             // what says so, for messages
}

// BalanceFile is a file of fund lines that counts: neither refused, nor a copy of
// another, nor superseded.
type BalanceFile struct {
	Number    int32
	Name      string
	Rank      int32 // as of match.Rules.FileRank
	Statement *settlement.Statement
	Chain     *Chain // nil where its rows have no balances
}

// BalanceInput is all that balances are worked out from.
type BalanceInput struct {
	Files []BalanceFile
	Moved map[AccountDay]*Moved
	// Known are balances of days before, in any order: what the day before ended with,
	// or what a file of opening balances says.
	Known []KnownBalance
	// Only is the one day of the run; NoDay where all days of the files count.
	Only settlement.Day
	// Day is the day of the run for the age of breaks.
	Day settlement.Day
}

// Balanced is how the accounts' balances moved.
type Balanced struct {
	Table  *settlement.Balances
	Breaks *settlement.Breaks
	Notes  []string
}

var errBalanceOverflow = errors.New("the movements of an account on one day do not fit 64 bits")

// Balances works out how the balance of each account moved on each day: what it began
// with, what came in and went out, what the files say it ended with, and where the
// balance does not follow.
//
// WeChat Pay promises that each row's balance (账户结余) is that of the row before,
// changed by its own amount: each place at which it is not is a break. Alipay and banks
// promise no such thing of rows; of all wallets a day begins with what the day before
// ended with, as far as both are known, and a difference is a break.
//
// It is a pure function, and the order of files, of their rows' pieces and of what is
// known changes nothing.
func Balances(in BalanceInput) (*Balanced, error) {
	b := &balancing{in: in, out: &Balanced{Table: &settlement.Balances{}, Breaks: &settlement.Breaks{}},
		days: map[AccountDay]*accountDay{}, ids: map[settlement.ID]bool{}}
	for key, moved := range in.Moved {
		if moved.Overflow {
			return nil, fmt.Errorf("%s %s: %w", key, key.On, errBalanceOverflow)
		}
		b.day(key).moved = *moved
	}
	for i := range in.Files {
		b.take(&in.Files[i])
	}
	b.roll()
	slices.Sort(b.out.Notes)
	return b.out, nil
}

type balancing struct {
	in   BalanceInput
	out  *Balanced
	days map[AccountDay]*accountDay
	ids  map[settlement.ID]bool
	hash settlement.IDHasher
}

// accountDay is what is known of one account on one day.
type accountDay struct {
	AccountDay
	moved  Moved
	shown  []segment // what each file says of the balance
	stated []statedBy
}

type statedBy struct {
	settlement.StatedBalance
	file *BalanceFile
}

func (b *balancing) day(key AccountDay) *accountDay {
	d := b.days[key]
	if d == nil {
		d = &accountDay{AccountDay: key}
		b.days[key] = d
	}
	return d
}

// quietDays is the longest period of a file of which days without rows have rows in
// balances: a day too many in a file of years is no statement about each day.
const quietDays = 400

// take adds what a file says of its days.
func (b *balancing) take(f *BalanceFile) {
	s := f.Statement
	if s.Kind == settlement.ProfitShareBill {
		return // its lines are copies of the fund-flow bill's
	}
	key := AccountDay{Wallet: s.Wallet, Account: s.Account, SubAccount: s.SubAccount}
	counts := func(day settlement.Day) bool { return b.in.Only == settlement.NoDay || day == b.in.Only }
	if f.Chain != nil {
		for i := range f.Chain.days {
			d := &f.Chain.days[i]
			if key.On = d.day; counts(d.day) {
				at := b.day(key)
				at.shown = append(at.shown, segmentOf(f, d))
			}
		}
	}
	for _, stated := range s.Balances {
		if key.On = stated.Day; counts(stated.Day) {
			at := b.day(key)
			at.stated = append(at.stated, statedBy{stated, f})
		}
	}
	unnamed := s.Kind == settlement.AggregatedFunds && s.Account == "" && s.Rows > 0 // its rows name their accounts
	if s.From == settlement.NoDay || s.Until-s.From > quietDays || unnamed {
		return
	}
	for day := s.From; day < s.Until; day++ {
		if key.On = day; counts(day) {
			b.day(key)
		}
	}
}

// known is a balance at the end of a day as it is carried from day to day.
type known struct {
	on     settlement.Day
	amount settlement.Amount
	by     settlement.KnownBy
	source string
}

// roll goes through the days of each account in their order.
func (b *balancing) roll() {
	before := map[AccountDay][]known{}
	for _, k := range b.in.Known {
		at := k.account()
		before[at] = append(before[at], known{k.On, k.Amount, k.By, k.Source})
	}
	for _, list := range before {
		// Of one day, what the day before ended with comes first and counts.
		slices.SortFunc(list, func(x, y known) int {
			return cmp.Or(cmp.Compare(x.on, y.on), cmp.Compare(x.by, y.by), cmp.Compare(x.amount, y.amount), cmp.Compare(x.source, y.source))
		})
	}
	var last *known
	var account AccountDay
	for _, key := range slices.SortedFunc(maps.Keys(b.days), AccountDay.Compare) {
		if key.account() != account {
			account, last = key.account(), nil
		}
		for _, k := range before[account] {
			if key.On != settlement.NoDay && k.on < key.On && (last == nil || k.on > last.on) {
				last = &k
			}
		}
		last = b.settle(b.days[key], last)
	}
}

// settle works out one day, and returns the balance with which it ends, nil where that
// is not known.
func (b *balancing) settle(d *accountDay, last *known) *known {
	s := d.sight()
	row := balanceRow{accountDay: d, opening: settlement.NoAmount, opens: settlement.KnownUnknown, closing: s.closing}
	var jump settlement.Amount // of the opening, that is part of what is unexplained
	var from, until settlement.Day
	if last != nil && d.On > last.on+1 {
		from, until = last.on+1, d.On
		row.missing = int64(until - from)
		b.notef("%s: no fund flow of %s was delivered: what moved then is in no sum; the balances before and after are held against each other", d, daysText(from, until))
	}
	switch {
	case last != nil && row.missing == 0:
		row.opening, row.opens = last.amount, last.by
	case s.opening != settlement.NoAmount:
		row.opening, row.opens = s.opening, s.opens
	}
	if last != nil && s.opening != settlement.NoAmount && s.opening != last.amount {
		if row.missing == 0 {
			jump = s.opening - last.amount
		}
		row.broke(s.opensAt)
		b.jumps(d, &s, last, from, until)
	}
	row.close()
	b.places(&row, &s, jump)
	row.append(b.out.Table)
	switch {
	case d.On == settlement.NoDay:
		return nil
	case row.closing != settlement.NoAmount:
		return &known{d.On, row.closing, settlement.KnownDayBefore, fmt.Sprintf("%s ended with it", d.On)}
	case row.computed != settlement.NoAmount:
		return &known{d.On, row.computed, settlement.KnownDayBefore, fmt.Sprintf("%s, computed, ended with it", d.On)}
	}
	return nil
}

func (b *balancing) notef(format string, args ...any) {
	b.out.Notes = append(b.out.Notes, fmt.Sprintf(format, args...))
}

// daysText names the days [from, until).
func daysText(from, until settlement.Day) string {
	if until == from+1 {
		return from.String()
	}
	return from.String() + " to " + (until - 1).String()
}

// balanceRow is a row of the table while it is worked out.
type balanceRow struct {
	*accountDay
	opening, closing      settlement.Amount
	computed, unexplained settlement.Amount
	opens                 settlement.KnownBy
	breaks, missing       int64
	first                 place
}

func (r *balanceRow) broke(at place) {
	if r.breaks++; r.first.file == nil {
		r.first = at
	}
}

func (r *balanceRow) close() {
	r.computed, r.unexplained = settlement.NoAmount, settlement.NoAmount
	if r.opening != settlement.NoAmount {
		r.computed = r.opening + r.moved.Net()
		if r.closing != settlement.NoAmount {
			r.unexplained = r.closing - r.computed
		}
	}
}

func (r *balanceRow) append(t *settlement.Balances) {
	t.Wallet = append(t.Wallet, r.Wallet)
	t.Account.AppendString(r.Account)
	t.SubAccount.AppendString(r.SubAccount)
	t.SettledOn = append(t.SettledOn, r.On)
	t.Currency = append(t.Currency, settlement.CNY)
	t.Opening = append(t.Opening, r.opening)
	t.Income = append(t.Income, r.moved.Income)
	t.Expense = append(t.Expense, r.moved.Expense)
	t.Closing = append(t.Closing, r.closing)
	t.Computed = append(t.Computed, r.computed)
	t.Unexplained = append(t.Unexplained, r.unexplained)
	for c, amount := range r.moved.By {
		t.By[c] = append(t.By[c], amount)
	}
	t.Opens = append(t.Opens, r.opens)
	t.Lines = append(t.Lines, r.moved.Lines)
	t.Breaks = append(t.Breaks, r.breaks)
	file, line := int32(-1), settlement.NoCount
	if r.first.file != nil {
		file, line = r.first.file.Number, r.first.line
	}
	t.File, t.Line = append(t.File, file), append(t.Line, line)
	t.Missing = append(t.Missing, r.missing)
}
