package bank

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// camtReading is one camt.053 being read.
type camtReading struct {
	*book
	*elements
	ctx        context.Context
	mapping    Mapping
	st         *settlement.Statement
	statements []*camtStatement
	left       map[string]int64 // entries that are not booked, by their status

	unreferenced, byValueDay int64
	periodFrom, periodUntil  settlement.Day // as the file states it
}

// ReadCAMT reads a camt.053. Of m only Account counts: the account of a statement that
// names none. The rest is as in Read.
func ReadCAMT(ctx context.Context, in delimited.Input, m Mapping, emit func(arrow.Record) error) (*settlement.Statement, error) {
	if err := m.faultsError(); err != nil {
		return nil, err
	}
	r := &camtReading{book: newBook(in, emit), elements: newElements(in), ctx: ctx, mapping: m, st: newStatement(in),
		left: map[string]int64{}, periodFrom: settlement.NoDay, periodUntil: settlement.NoDay}
	err := r.document()
	if err == nil {
		err = r.flush()
	}
	if stop := stops(err); stop != nil {
		return nil, stop
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if drained := r.source.drain(); err == nil {
		err = drained
	}
	r.st.SHA256, r.st.Bytes = r.source.sha256(), r.source.size
	if err == nil {
		r.finish()
	}
	return r.st, r.verdict(r.st, err)
}

// errorAt records what is wrong at a line.
func (r *camtReading) errorAt(line int64, element, do, format string, args ...any) {
	e := r.book.in.Errorf(line, do, format, args...)
	e.ColumnName = element
	r.fault(e)
}

// document reads the whole file.
func (r *camtReading) document() error {
	in := r.book.in
	for {
		token, err := r.token()
		if err == io.EOF {
			switch {
			case r.source.size == 0:
				return in.Errorf(0, "fetch it again", "the file is empty (zero bytes)")
			case r.space == "":
				return in.Errorf(0, "fetch it again", "the file has no element")
			case len(r.statements) == 0:
				return in.Errorf(0, "fetch it again; a day without bookings has its balances", "the document has no statement (Stmt)")
			}
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if data, isText := token.(xml.CharData); isText && len(bytes.TrimSpace(data)) > 0 {
			return in.Errorf(r.source.line(), "fetch it again", "text outside of the document")
		}
		if !ok {
			continue
		}
		version, known := strings.CutPrefix(start.Name.Space, camtSpace+"053.001.")
		if r.space != "" || start.Name.Local != "Document" || !known || len(version) != 2 || !allDigits(version) {
			return in.Errorf(r.elements.line, "one Document of camt.053.001.02 or later is read", "<%s> of %q where a camt.053 Document is expected", delimited.Short(start.Name.Local), delimited.Short(start.Name.Space))
		}
		if version < "02" {
			return in.Errorf(r.elements.line, "have the bank deliver version 02 or later", "camt.053.001.%s is not read", version)
		}
		r.space, r.st.Layout = start.Name.Space, "camt.053.001."+version
		err = r.children(func(name string) error {
			if name != "BkToCstmrStmt" {
				return r.skip()
			}
			return r.children(func(name string) error {
				if name != "Stmt" {
					return r.skip()
				}
				return r.statement()
			})
		})
		if err != nil {
			return err
		}
	}
}

// camtStatement is one Stmt.
type camtStatement struct {
	id               string
	line             int64
	account          string
	hasAccount       bool
	opening, closing statedBalance
	from, until      settlement.Day // that its balances speak of; NoDay where nothing tells
	summary          [3]statedSum   // of all entries, credits, debits
	booked, left     [3]statedSum   // the same, as the entries give it
	pages            bool           // this is not the whole statement
}

// The places of statedSum in a statement.
const (
	sumAll = iota
	sumCredit
	sumDebit
)

// statedSum is a count and a sum of magnitudes. Of what a file states, either may be
// missing.
type statedSum struct {
	rows            int64
	amount          settlement.Amount
	hasRows, hasSum bool
	line            int64
}

func (s *statedSum) add(amount settlement.Amount) error {
	var err error
	s.rows++
	s.amount, err = s.amount.Add(amount)
	return err
}

// statement reads one Stmt.
func (r *camtReading) statement() error {
	s := &camtStatement{line: r.elements.line, from: settlement.NoDay, until: settlement.NoDay}
	if len(r.statements) >= maxStatements {
		return r.book.in.Errorf(s.line, "deliver them in several files", "more than %d statements", maxStatements)
	}
	r.statements = append(r.statements, s)
	err := r.children(func(name string) (err error) {
		switch name {
		case "Id":
			s.id, err = r.elements.text()
		case "StmtPgntn":
			var last string
			if last, err = r.find("LastPgInd"); last == "false" || last == "0" {
				s.pages = true
			}
		case "FrToDt":
			err = r.period(s)
		case "CpyDplctInd":
			var word string
			if word, err = r.elements.text(); word != "" {
				r.st.Notef("the bank marks statement %s as a copy or duplicate (%s)", settlement.Masked(s.id), settlement.MaskedWord(word))
			}
		case "Acct":
			err = r.ofAccount(s)
		case "Bal":
			err = r.statedBalance(s)
		case "TxsSummry":
			err = r.statedSums(s)
		case "Ntry":
			if !s.hasAccount {
				return r.book.in.Errorf(r.elements.line, "have the bank deliver it in the order of the standard", "an entry (Ntry) before the account (Acct)")
			}
			if err = r.ctx.Err(); err == nil {
				err = r.entry(s)
			}
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil && !s.hasAccount {
		return r.book.in.Errorf(s.line, "fetch it again", "a statement (Stmt) without its account (Acct)")
	}
	return err
}

// maxStatements is how many Stmt a file may have.
const maxStatements = 10_000

// ofAccount reads Acct. A file is of one account.
func (r *camtReading) ofAccount(s *camtStatement) error {
	line := r.elements.line
	var id, currency string
	err := r.children(func(name string) (err error) {
		switch name {
		case "Id":
			id, err = r.find("IBAN", "Othr/Id")
		case "Ccy":
			currency, err = r.elements.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if id == "" {
		id = r.mapping.Account
	}
	s.account = id
	switch first := r.statements[0]; {
	case currency != "" && currency != "CNY":
		r.errorAt(line, "Acct/Ccy", "deliver the statement of an account in yuan", "an account in %q where only CNY is read", settlement.MaskedWord(currency))
	case s.hasAccount:
		r.errorAt(line, "Acct", "fetch it again", "the statement has two accounts")
	case id == "":
		r.errorAt(line, "Acct/Id", "state it as bank.account", "the account has no number")
	case first != s && first.account != id:
		r.errorAt(line, "Acct/Id", "deliver a file for each account", "%q is another account than %q of the statement before", settlement.Masked(id), settlement.Masked(first.account))
	}
	s.hasAccount = true
	if r.account == "" {
		r.account = id
	}
	return nil
}

// period reads FrToDt: the days that the statement says it speaks of.
func (r *camtReading) period(s *camtStatement) error {
	line := r.elements.line
	var from, until string
	err := r.children(func(name string) (err error) {
		switch name {
		case "FrDtTm", "FrDt":
			from, err = r.elements.text()
		case "ToDtTm", "ToDt":
			until, err = r.elements.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil || from == "" && until == "" {
		return err
	}
	first, _, ok := isoMoment(from)
	last, at, ok2 := isoMoment(until)
	if !ok || !ok2 || last < first {
		r.errorAt(line, "FrToDt", "fetch it again", "%q to %q is no period", settlement.Masked(from), settlement.Masked(until))
		return nil
	}
	end := last + 1
	if at == last.Start() && last > first {
		end = last // up to midnight
	}
	r.extend(first, end)
	s.extend(first, end)
	return nil
}

// extend lets the statement speak of [from, until).
func (s *camtStatement) extend(from, until settlement.Day) {
	if s.from == settlement.NoDay || from < s.from {
		s.from = from
	}
	s.until = max(s.until, until)
}

// balances are what the statement says its account held when its days began and when
// they ended. Those of a page are not its days'.
func (s *camtStatement) balances() (stated []settlement.StatedBalance) {
	if s.from == settlement.NoDay || s.pages {
		return nil
	}
	if s.opening.code != "" {
		stated = append(stated, settlement.StatedBalance{Day: s.from, Opening: s.opening.amount, Closing: settlement.NoAmount, Line: s.opening.line})
	}
	if s.closing.code != "" {
		stated = append(stated, settlement.StatedBalance{Day: s.until - 1, Opening: settlement.NoAmount, Closing: s.closing.amount, Line: s.closing.line})
	}
	return stated
}

// extend lets the stated period include [from, until).
func (r *camtReading) extend(from, until settlement.Day) {
	if r.periodFrom == settlement.NoDay || from < r.periodFrom {
		r.periodFrom = from
	}
	r.periodUntil = max(r.periodUntil, until)
}

// isoMoment reads an ISO date or date and time; a date may carry a zone, which changes
// nothing.
func isoMoment(text string) (settlement.Day, settlement.Instant, bool) {
	if len(text) > 10 && text[10] != 'T' {
		if zone := text[10:]; zone != "Z" && (len(zone) != 6 || zone[3] != ':' || strings.Trim(zone, "+-0123456789:") != "") {
			return 0, 0, false
		}
		text = text[:10]
	}
	if len(text) < 10 || text[4] != '-' || text[7] != '-' {
		return 0, 0, false
	}
	return bookedAt(text)
}

// finish fills the statement's period, totals and notes.
func (r *camtReading) finish() {
	st := r.st
	st.From, st.Until = r.periodFrom, r.periodUntil
	if r.first != settlement.NoDay {
		if st.From != settlement.NoDay && (r.first < st.From || r.last >= st.Until) {
			st.Notef("entries are booked on %s to %s, beyond the stated period %s to %s", r.first, r.last, st.From, st.Until-1)
		}
		r.extend(r.first, r.last+1)
		st.From, st.Until = r.periodFrom, r.periodUntil
	}
	if st.From == settlement.NoDay && r.book.in.Day != settlement.NoDay && r.book.in.Day != 0 {
		st.From, st.Until = r.book.in.Day, r.book.in.Day+1
	}
	for _, s := range r.statements {
		if s.from == settlement.NoDay && len(r.statements) == 1 {
			s.from, s.until = st.From, st.Until
		}
		st.Balances = append(st.Balances, s.balances()...)
	}
	r.addTotals()
	if r.rows == 0 {
		st.Notef("a statement without booked entries")
	}
	for _, status := range sortedKeys(r.left) {
		st.Notef("%d entries of status %s are not booked and were left out", r.left[status], status)
	}
	if r.unreferenced > 0 {
		st.Notef("%d entries have no reference (AcctSvcrRef): their number is formed of the day, the amount and the place among equals", r.unreferenced)
	}
	if r.byValueDay > 0 {
		st.Notef("%d entries have no booking day: their value day (ValDt) was taken", r.byValueDay)
	}
	if n := len(r.statements); n > 1 {
		st.Layout += fmt.Sprintf(", %d statements", n)
	}
}
