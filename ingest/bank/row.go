package bank

import (
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// text is column c of the record, "" where the file lacks it.
func (r *csvReading) text(c column) string {
	if at := r.layout.at[c]; at >= 0 {
		return cell(r.fields[at].text)
	}
	return ""
}

// wrong records what is wrong with column c of the record.
func (r *csvReading) wrong(c column, do, format string, args ...any) {
	offset := 0
	if at := r.layout.at[c]; at >= 0 {
		offset = r.fields[at].at
	}
	r.faultAt(offset, r.layout.names[c], do, format, args...)
}

// row reads the record that was split and books it.
func (r *csvReading) row() error {
	e := booking{line: r.line, balance: settlement.NoAmount}
	r.when(&e)
	r.money(&e)
	if word := r.text(colCurrency); !isYuan(word) {
		r.wrong(colCurrency, "deliver the statement of an account in yuan", "%q where only CNY is read", settlement.MaskedWord(word))
	}
	if r.layout.has(colBalance) && r.text(colBalance) != "" {
		e.balance = r.amount(colBalance)
	}
	r.accountOf()
	e.reference = r.number(colReference)
	if e.reference == "" {
		r.noted.unreferenced++
	}
	counterparty, purpose := r.parties.of(r.text(colCounterparty)), r.text(colPurpose)
	given := unnamed(counterparty, r.text(colType))
	e.rawType = r.types.of(typeOf{given, counterparty.sole})
	if isImpersonal(counterparty, purpose) {
		r.noteText = note(r.noteText[:0], counterparty, purpose)
		e.note = r.noteText
	} else if counterparty.wallet || namesWallet(purpose) { // by which it is known as a withdrawal's
		e.note = []byte(knownWords(counterparty.name + " " + purpose))
	}
	e.category = categoryOf(e.direction, counterparty, given, purpose)
	if r.bad {
		r.rows++
		return nil
	}
	r.balance.add(&e)
	return r.add(&e)
}

// when reads the day and the time of the record.
func (r *csvReading) when(e *booking) {
	c := colBookedAt
	var ok bool
	if r.layout.has(c) {
		e.day, e.at, ok = bookedAt(r.text(c))
	} else {
		c = colDate
		e.day, e.at, ok = bookedAt(r.text(c))
		if clock := r.text(colTime); ok && clock != "" {
			if e.day, e.at, ok = momentOf(e.day.String(), clock); !ok {
				r.wrong(colTime, "write 08:30:00 or 083000", "%q is no time of a day", settlement.Masked(clock))
				return
			}
		}
	}
	switch text := r.text(c); {
	case text == "":
		r.wrong(c, "every line needs its day; sums below the lines are no lines: remove them, or state them as bank.total_…", "empty")
	case !ok:
		r.wrong(c, timeAdvice, "%q is no time of the years 2000 to 2099", settlement.Masked(text))
	}
}

// money reads the amount and its direction.
func (r *csvReading) money(e *booking) {
	if r.layout.has(colAmount) {
		e.amount, e.direction = r.amount(colAmount), settlement.Income
		if e.amount < 0 {
			e.direction = settlement.Expense
		}
		if !r.layout.has(colDirection) {
			return
		}
		word := r.text(colDirection)
		direction, known := directionWords[strings.ToLower(word)]
		switch {
		case !known:
			r.wrong(colDirection, "known: 贷, 收入, C, credit; 借, 支出, D, debit", "%q does not say which way the money goes", settlement.MaskedWord(word))
		case e.amount < 0:
			r.wrong(colAmount, "beside a direction amounts have no sign; leave direction out of bank.columns where they have one", "%s is negative", e.amount)
		case direction == settlement.Expense:
			e.amount = -e.amount
		}
		e.direction = direction
		return
	}
	credit, debit := r.side(colCredit), r.side(colDebit)
	switch {
	case r.bad:
	case credit == settlement.NoAmount && debit == settlement.NoAmount:
		r.wrong(colCredit, "every line needs an amount on one side", "%s and %s are both empty", r.layout.names[colCredit], r.layout.names[colDebit])
	case credit != settlement.NoAmount && debit != settlement.NoAmount && credit != 0 && debit != 0:
		r.wrong(colDebit, "a line has an amount on one side", "%s and %s are both filled", r.layout.names[colCredit], r.layout.names[colDebit])
	case credit == settlement.NoAmount, credit == 0 && debit != settlement.NoAmount && debit != 0:
		e.amount, e.direction = -debit, settlement.Expense
	default:
		e.amount, e.direction = credit, settlement.Income
	}
	if credit != settlement.NoAmount && credit < 0 || debit != settlement.NoAmount && debit < 0 {
		r.noted.turned++
	}
}

// side reads credit or debit; NoAmount where the cell is empty.
func (r *csvReading) side(c column) settlement.Amount {
	switch r.text(c) {
	case "", "-", "--", "—":
		return settlement.NoAmount
	}
	return r.amount(c)
}

// amount reads yuan of at most two decimals.
func (r *csvReading) amount(c column) settlement.Amount {
	text := r.text(c)
	plain := text
	if len(plain) > 1 && plain[0] == '+' && plain[1] != '-' {
		plain = plain[1:]
	}
	if r.mapping.Thousands {
		plain = ungrouped(plain)
	}
	amount, err := settlement.ParseAmount([]byte(plain))
	switch {
	case err == settlement.ErrNumberThousands && !r.mapping.Thousands:
		r.wrong(c, "set bank.thousands: true where amounts are grouped like 1,234.50", "%q: %v", settlement.Masked(text), err)
	case err == settlement.ErrNumberEmpty:
		r.wrong(c, "every line needs an amount", "%v", err)
	case err != nil:
		r.wrong(c, "write yuan with at most two decimals: 1234.50", "%q: %v", settlement.Masked(text), err)
	}
	return amount
}

// ungrouped takes the commas out of 1,234,567.89; text of another form stays as it is.
func ungrouped(text string) string {
	whole, fraction, point := strings.Cut(text, ".")
	groups := strings.Split(strings.TrimPrefix(whole, "-"), ",")
	for i, g := range groups {
		if !allDigits(g) || i == 0 && len(g) > 3 && len(groups) > 1 || i > 0 && len(g) != 3 {
			return text
		}
	}
	whole = strings.ReplaceAll(whole, ",", "")
	if point {
		return whole + "." + fraction
	}
	return whole
}

// accountOf checks that all lines are of one account.
func (r *csvReading) accountOf() {
	if text := r.text(colAccount); text != "" && text == r.account {
		return
	}
	account := r.number(colAccount)
	if account == "" {
		account = r.mapping.Account
	}
	switch {
	case r.bad:
	case account == "" && r.layout.has(colAccount):
		r.wrong(colAccount, "every line needs its account, or state it as bank.account", "empty")
	case r.account == "":
		r.account = account
	case r.account != account:
		r.wrong(colAccount, "deliver a file for each account", "%q is another account than %q before", settlement.Masked(account), settlement.Masked(r.account))
	}
}

// number reads what identifies something.
func (r *csvReading) number(c column) string {
	text := r.text(c)
	switch {
	case delimited.IsScientific([]byte(text)):
		r.wrong(c, "the file was saved by a spreadsheet and its digits are lost: export it again and do not open it before", "%q is a number in scientific notation", settlement.Masked(text))
	case delimited.HasControl([]byte(text)):
		r.wrong(c, "export it again as plain text", "%q has a character that no number has", settlement.Masked(text))
	case isNothing(text):
		return ""
	}
	return text
}

// isNothing knows what stands for a reference that is not there.
func isNothing(text string) bool {
	if len(text) > len("NOTPROVIDED") {
		return false
	}
	switch strings.ToUpper(text) {
	case "-", "--", "—", "NULL", "N/A", "NONE", "NOTPROVIDED", "NONREF":
		return true
	}
	return false
}

// balances looks whether the balances of the lines follow on from one another, in the
// order of the file or against it.
type balances struct {
	last                settlement.Amount // NoAmount before the first
	amount              settlement.Amount
	pairs, down, up     int64
	firstDown, firstUp  int64 // the line of the first that does not
	started, incomplete bool
}

func (b *balances) add(e *booking) {
	if e.balance == settlement.NoAmount {
		b.incomplete = true
		return
	}
	if b.started {
		b.pairs++
		if b.last+e.amount != e.balance {
			if b.down++; b.firstDown == 0 {
				b.firstDown = e.line
			}
		}
		if e.balance+b.amount != b.last {
			if b.up++; b.firstUp == 0 {
				b.firstUp = e.line
			}
		}
	}
	b.last, b.amount, b.started = e.balance, e.amount, true
}

// note tells where the balances show that lines may be missing.
func (b *balances) note(st *settlement.Statement) {
	if gaps, first := b.down, b.firstDown; b.pairs > 0 && !b.incomplete && gaps > 0 && b.up > 0 {
		if b.up < gaps {
			gaps, first = b.up, b.firstUp
		}
		st.Notef("%d of %d balances do not follow from the line before, first in line %d: lines may be missing", gaps, b.pairs, first)
	}
}
