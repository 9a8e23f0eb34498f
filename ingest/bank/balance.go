package bank

import (
	"fmt"
	"strings"

	"reconcile/settlement"
)

// statedBalance is a balance of a statement.
type statedBalance struct {
	code   string // OPBD, PRCD, CLBD; "" where it is not stated
	amount settlement.Amount
	line   int64
}

// statedBalance reads Bal and keeps the opening and the closing balance.
func (r *camtReading) statedBalance(s *camtStatement) error {
	line := r.elements.line
	var code, subtype, amount, currency, direction string
	amountLine := line
	err := r.children(func(name string) (err error) {
		switch name {
		case "Tp":
			err = r.children(func(name string) (err error) {
				switch name {
				case "CdOrPrtry":
					code, err = r.find("Cd")
				case "SubTp":
					subtype, err = r.find("Cd")
				default:
					err = r.skip()
				}
				return err
			})
		case "Amt":
			amountLine, currency = r.elements.line, r.attribute("Ccy")
			amount, err = r.elements.text()
		case "CdtDbtInd":
			direction, err = r.elements.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	var to *statedBalance
	switch code {
	case "OPBD", "PRCD":
		to = &s.opening
	case "CLBD":
		to = &s.closing
	default:
		return nil
	}
	if subtype == "INTM" { // of a page
		s.pages = true
	}
	value, err := settlement.ParseLongAmount([]byte(amount))
	name := "Bal " + code
	switch {
	case currency != "CNY":
		r.errorAt(amountLine, name, "deliver the statement of an account in yuan", "currency %q where only CNY is read", settlement.MaskedWord(currency))
	case err != nil:
		r.errorAt(amountLine, name, "fetch it again", "%q: %v", settlement.Masked(amount), err)
	case direction != "CRDT" && direction != "DBIT":
		r.errorAt(line, name, "CRDT and DBIT are known", "%q does not say which sign the balance has", settlement.MaskedWord(direction))
	case to.code == code:
		r.errorAt(line, name, "fetch it again", "the statement has this balance twice, first in line %d", to.line)
	case to.code == "OPBD": // the day's own opening balance stands before the former closing one
	default:
		if direction == "DBIT" {
			value = -value
		}
		*to = statedBalance{code, value, line}
	}
	return nil
}

// statedSums reads TxsSummry.
func (r *camtReading) statedSums(s *camtStatement) error {
	return r.children(func(name string) error {
		line := r.elements.line
		place, ok := map[string]int{"TtlNtries": sumAll, "TtlCdtNtries": sumCredit, "TtlDbtNtries": sumDebit}[name]
		if !ok {
			return r.skip()
		}
		var rows, sum string
		hasRows, hasSum := false, false // an element without text states nothing that could tie
		err := r.children(func(inner string) (err error) {
			switch inner {
			case "NbOfNtries":
				hasRows = true
				rows, err = r.elements.text()
			case "Sum":
				hasSum = true
				sum, err = r.elements.text()
			default:
				err = r.skip()
			}
			return err
		})
		if err != nil {
			return err
		}
		to := &s.summary[place]
		to.line = line
		if hasRows {
			if to.rows, err = settlement.ParseCount([]byte(rows)); err != nil {
				r.errorAt(line, "TxsSummry/"+name, "fetch it again", "%q: %v", settlement.Masked(rows), err)
				return nil
			}
			to.hasRows = true
		}
		// The sum over both directions adds magnitudes, which no column of the tables does:
		// the sums of each direction say more.
		if hasSum && place != sumAll {
			if to.amount, err = settlement.ParseLongAmount([]byte(sum)); err != nil {
				r.errorAt(line, "TxsSummry/"+name, "fetch it again", "%q: %v", settlement.Masked(sum), err)
				return nil
			}
			to.hasSum = true
		}
		return nil
	})
}

// summaryNames are the totals of TxsSummry: counts, then sums.
var summaryNames = [3]string{"TtlNtries", "TtlCdtNtries", "TtlDbtNtries"}

var summaryKinds = [3]uint8{
	settlement.KindSet(settlement.Income, settlement.Expense), settlement.KindSet(settlement.Income), settlement.KindSet(settlement.Expense),
}

// tie holds a statement's totals against its booked entries. A bank may count the entries
// that are not booked too: then they are taken off what it states.
func (r *camtReading) tie(s *camtStatement) {
	for i := range s.summary {
		stated, booked, left := &s.summary[i], &s.booked[i], &s.left[i]
		if stated.hasRows && stated.rows == booked.rows+left.rows {
			stated.rows = booked.rows
		}
		if stated.hasSum && stated.amount == booked.amount+left.amount {
			stated.amount = booked.amount
		}
	}
	if len(r.statements) == 1 {
		return // its totals are the file's
	}
	for _, total := range s.totals() {
		if !total.Ties() {
			r.errorAt(s.line, total.Name, "the statement is not complete: fetch it again", "statement %s states %s, its entries give %s: difference %s",
				settlement.Masked(s.id), total.StatedText(), total.ComputedText(), total.DifferenceText())
		}
	}
}

// totals are what a statement states beside what its booked entries give.
func (s *camtStatement) totals() []settlement.ControlTotal {
	var totals []settlement.ControlTotal
	if s.opening.code != "" && s.closing.code != "" {
		totals = append(totals, settlement.ControlTotal{
			// What is stated is by how much the balance changed, since that is what lines
			// add up to.
			Name:   fmt.Sprintf("closing balance (%s − %s)", s.closing.code, s.opening.code),
			Stated: int64(s.closing.amount - s.opening.amount), Computed: int64(s.booked[sumCredit].amount - s.booked[sumDebit].amount),
			Measure: settlement.Measure{Column: "amount", Kinds: summaryKinds[sumAll]},
		})
	}
	for i, stated := range s.summary {
		if stated.hasRows {
			totals = append(totals, settlement.ControlTotal{Name: summaryNames[i] + "/NbOfNtries", Stated: stated.rows, Computed: s.booked[i].rows,
				Measure: settlement.Measure{Column: "rows", Kinds: summaryKinds[i]}})
		}
		if stated.hasSum {
			totals = append(totals, settlement.ControlTotal{Name: summaryNames[i] + "/Sum", Stated: int64(stated.amount), Computed: int64(s.booked[i].amount),
				Measure: settlement.Measure{Column: "amount", Kinds: summaryKinds[i], Negate: i == sumDebit}})
		}
	}
	return totals
}

// addTotals adds the totals that every statement of the file states: those of the file.
func (r *camtReading) addTotals() {
	byName := map[string]*settlement.ControlTotal{}
	stating := map[string]int{}
	var names []string
	whole := !r.broken
	for _, s := range r.statements {
		if whole {
			r.tie(s)
		}
		for _, total := range s.totals() {
			stating[total.Name]++
			if sum := byName[total.Name]; sum != nil {
				stated, err1 := settlement.Amount(sum.Stated).Add(settlement.Amount(total.Stated))
				computed, err2 := settlement.Amount(sum.Computed).Add(settlement.Amount(total.Computed))
				if err1 != nil || err2 != nil {
					r.errorAt(s.line, total.Name, "", "%v", settlement.ErrOverflow)
				}
				sum.Stated, sum.Computed = int64(stated), int64(computed)
				continue
			}
			names = append(names, total.Name)
			byName[total.Name] = &total
		}
	}
	var some []string
	for _, name := range names {
		if stating[name] == len(r.statements) {
			r.st.Totals = append(r.st.Totals, *byName[name])
		} else {
			some = append(some, name)
		}
	}
	if len(some) > 0 {
		r.st.Notef("checked in the statements that state it, and not in others: %s", strings.Join(some, ", "))
	}
	for _, s := range r.statements {
		if s.opening.code == "" || s.closing.code == "" {
			r.st.Notef("statement %s does not state both its opening and its closing balance: they are not checked", settlement.Masked(s.id))
		}
		if s.pages {
			r.st.Notef("statement %s is one page of several: the other pages must be delivered too", settlement.Masked(s.id))
		}
	}
	if len(r.st.Totals) == 0 && len(some) == 0 {
		r.st.Notef("the file states no totals")
	}
}
