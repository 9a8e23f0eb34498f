package bank

import (
	"errors"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// batchRows is how many lines are emitted at a time.
const batchRows = 2048

// booking is one line of a statement.
type booking struct {
	day       settlement.Day
	at        settlement.Instant // NoInstant where the bank gives the day alone
	amount    settlement.Amount  // signed
	direction settlement.Kind
	balance   settlement.Amount // NoAmount where there is none

	reference, rawType string
	note               []byte
	category           settlement.Category
	line               int64
}

// book takes the lines of one statement and adds them up.
type book struct {
	in       delimited.Input
	emit     func(arrow.Record) error
	problems delimited.Problems
	broken   bool // a problem was found: nothing more needs to be emitted

	account     string
	parties     parties
	types       publicTypes
	lines       settlement.FundLines
	hash        settlement.IDHasher
	equals      map[dayAmount]uint64 // lines without a reference so far
	rows        int64
	sums        [6]settlement.KindSum
	first, last settlement.Day // of the lines, NoDay where there is none
}

type dayAmount struct {
	day    settlement.Day
	amount settlement.Amount
}

func newBook(in delimited.Input, emit func(arrow.Record) error) *book {
	return &book{in: in, emit: emit, types: publicTypes{}, equals: map[dayAmount]uint64{}, first: settlement.NoDay, last: settlement.NoDay}
}

// fault records that the file is wrong at a line.
func (b *book) fault(e *settlement.InputError) {
	b.broken = true
	b.problems.Add(e)
}

// emitError marks an error of the caller's emit.
type emitError struct{ error }

// add books one line. The account must be known by then.
func (b *book) add(e *booking) error {
	b.rows++
	sum := &b.sums[e.direction]
	sum.Rows++
	var err error
	if sum.Gross, err = sum.Gross.Add(e.amount); err != nil {
		b.fault(b.in.Errorf(e.line, "is this the right column?", "amount: %v", err))
		return nil
	}
	if b.first == settlement.NoDay || e.day < b.first {
		b.first = e.day
	}
	b.last = max(b.last, e.day)
	flowNo := []byte(e.reference)
	if len(flowNo) == 0 {
		flowNo = b.ownNumber(e)
	}
	if b.broken {
		return nil
	}
	l := &b.lines
	account := []byte(b.account)
	l.ID = append(l.ID, settlement.FundLineID(&b.hash, settlement.BankStatement, settlement.Bank, account, nil, flowNo, e.direction))
	l.Wallet = append(l.Wallet, settlement.Bank)
	l.Account.Append(account)
	l.SubAccount.Append(nil)
	l.Direction = append(l.Direction, e.direction)
	l.Category = append(l.Category, e.category)
	l.OrderNo.Append(nil)
	l.RefundNo.Append(nil)
	l.ProviderTxnID.Append(nil)
	l.FlowNo.Append(flowNo)
	l.OccurredAt = append(l.OccurredAt, e.at)
	l.SettledOn = append(l.SettledOn, e.day)
	l.Amount = append(l.Amount, e.amount)
	l.Balance = append(l.Balance, e.balance)
	l.Currency = append(l.Currency, settlement.CNY)
	l.State = append(l.State, settlement.Booked)
	l.RawType.AppendString(e.rawType)
	l.RawNote.Append(e.note)
	l.File = append(l.File, b.in.Index)
	l.Line = append(l.Line, e.line)
	l.Key = append(l.Key, settlement.FundKey(nil, nil, flowNo))
	if l.Len() >= batchRows {
		return b.flush()
	}
	return nil
}

// ownNumber stands for the reference that a bank does not give: a hash of the day, the
// amount and how many lines of both came before. A later export of the same days gives
// the same numbers.
func (b *book) ownNumber(e *booking) []byte {
	key := dayAmount{e.day, e.amount}
	nth := b.equals[key]
	b.equals[key] = nth + 1
	id := b.hash.Start("bank line").Code(uint64(e.day)).Code(uint64(e.amount)).Code(nth).ID()
	return id.Append([]byte("~"))
}

// flush emits the lines that wait.
func (b *book) flush() error {
	if b.lines.Len() == 0 || b.broken {
		return nil
	}
	if err := b.emit(settlement.Record(&b.lines)); err != nil {
		return emitError{err}
	}
	settlement.Reset(&b.lines)
	return nil
}

// stops returns the error that ends the reading without a verdict on the file.
func stops(err error) error {
	var ours emitError
	if errors.As(err, &ours) {
		return ours.error
	}
	return nil
}

// verdict fills the statement and returns the refusal, nil where the file is good.
// failure is what ended the reading, if anything.
func (b *book) verdict(st *settlement.Statement, failure error) error {
	st.Rows, st.KindSums, st.Account = b.rows, b.sums, b.account
	if failure != nil {
		var input *settlement.InputError
		if !errors.As(failure, &input) {
			return failure
		}
		b.problems.Add(input)
	}
	refusal := b.problems.Refusal(st.Source())
	judge := !b.broken && failure == nil // else a total that does not tie says nothing new
	for _, total := range st.Totals {
		if total.Ties() {
			continue
		}
		if refusal == nil {
			refusal = &settlement.Refusal{Source: st.Source()}
		}
		refusal.Totals = st.Totals
		if !judge {
			continue
		}
		e := b.in.Errorf(0, "the statement is not complete, or the stated total is of another one: fetch it again",
			"stated %s, the lines give %s: difference %s", total.StatedText(), total.ComputedText(), total.DifferenceText())
		e.ColumnName = total.Name
		refusal.Add(e)
	}
	if refusal == nil {
		return nil
	}
	refusal.Statement = st
	return refusal
}

func newStatement(in delimited.Input) *settlement.Statement {
	return &settlement.Statement{
		File: in.File, Member: in.Member, Kind: settlement.BankStatement, Wallet: settlement.Bank, Currency: "CNY",
		From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
	}
}
