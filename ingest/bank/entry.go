package bank

import (
	"maps"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// maxTexts is how many texts of an entry are kept; an entry may stand for thousands of
// payments.
const maxTexts = 16

// rawEntry is one Ntry as the file has it.
type rawEntry struct {
	line                              int64
	amount, currency                  string
	amountLine, statusLine, timeLine  int64
	direction, status, reversal       string
	bookedAt, valueAt, reference      string
	domain, family, subfamily, others string
	debtor, creditor                  string
	detailReferences                  []string // AcctSvcrRef of the details
	endToEnd, texts                   []string
	details                           int
}

// entry reads one Ntry and books it. What an entry stands for (TxDtls) is not split: the
// account moved by the entry.
func (r *camtReading) entry(s *camtStatement) error {
	e := rawEntry{line: r.elements.line}
	err := r.children(func(name string) (err error) {
		line := r.elements.line
		switch name {
		case "Amt":
			e.amountLine, e.currency = line, r.attribute("Ccy")
			e.amount, err = r.elements.text()
		case "CdtDbtInd":
			e.direction, err = r.elements.text()
		case "RvslInd":
			e.reversal, err = r.elements.text()
		case "Sts":
			e.statusLine = line
			e.status, err = r.elements.text() // of Sts, or from version 07 on of Cd inside it
		case "BookgDt":
			e.timeLine = line
			e.bookedAt, err = r.find("Dt", "DtTm")
		case "ValDt":
			e.valueAt, err = r.find("Dt", "DtTm")
		case "AcctSvcrRef":
			e.reference, err = r.elements.text()
		case "BkTxCd":
			err = r.code(&e)
		case "AddtlNtryInf":
			err = r.keepText(&e.texts)
		case "NtryDtls":
			err = r.children(func(name string) error {
				if name != "TxDtls" {
					return r.skip()
				}
				e.details++
				return r.details(&e)
			})
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.bookEntry(s, &e)
}

// code reads BkTxCd.
func (r *camtReading) code(e *rawEntry) error {
	return r.children(func(name string) (err error) {
		switch name {
		case "Domn":
			err = r.children(func(name string) (err error) {
				switch name {
				case "Cd":
					e.domain, err = r.elements.text()
				case "Fmly":
					err = r.children(func(name string) (err error) {
						switch name {
						case "Cd":
							e.family, err = r.elements.text()
						case "SubFmlyCd":
							e.subfamily, err = r.elements.text()
						default:
							err = r.skip()
						}
						return err
					})
				default:
					err = r.skip()
				}
				return err
			})
		case "Prtry":
			e.others, err = r.find("Cd")
		default:
			err = r.skip()
		}
		return err
	})
}

// details reads one TxDtls.
func (r *camtReading) details(e *rawEntry) error {
	return r.children(func(name string) (err error) {
		switch name {
		case "Refs":
			err = r.children(func(name string) error {
				switch name {
				case "AcctSvcrRef":
					return r.keepText(&e.detailReferences)
				case "EndToEndId":
					return r.keepText(&e.endToEnd)
				}
				return r.skip()
			})
		case "RltdPties":
			err = r.children(func(name string) error {
				var to *string
				switch name {
				case "Dbtr":
					to = &e.debtor
				case "Cdtr":
					to = &e.creditor
				default:
					return r.skip()
				}
				found, err := r.find("Nm", "Pty/Nm")
				if *to == "" {
					*to = found
				}
				return err
			})
		case "RmtInf":
			err = r.children(func(name string) error {
				switch name {
				case "Ustrd":
					return r.keepText(&e.texts)
				case "Strd":
					text, err := r.find("CdtrRefInf/Ref", "RfrdDocInf/Nb", "AddtlRmtInf")
					e.texts = kept(e.texts, text)
					return err
				}
				return r.skip()
			})
		case "AddtlTxInf":
			err = r.keepText(&e.texts)
		default:
			err = r.skip()
		}
		return err
	})
}

// keepText reads a text and adds it to texts.
func (r *camtReading) keepText(texts *[]string) error {
	text, err := r.elements.text()
	*texts = kept(*texts, text)
	return err
}

func kept(texts []string, text string) []string {
	if text == "" || isNothing(text) || len(texts) >= maxTexts || slices.Contains(texts, text) {
		return texts
	}
	return append(texts, text)
}

// bookEntry judges an entry and books it.
func (r *camtReading) bookEntry(s *camtStatement, e *rawEntry) error {
	amount, err := settlement.ParseLongAmount([]byte(e.amount))
	side := sumCredit
	b := booking{line: e.line, direction: settlement.Income, balance: settlement.NoAmount, amount: amount}
	counterparty := e.debtor
	if e.direction == "DBIT" {
		side, b.direction, b.amount, counterparty = sumDebit, settlement.Expense, -amount, e.creditor
	}
	switch e.status {
	case "BOOK":
	case "PDNG", "INFO", "FUTR":
		r.left[e.status]++
		if err == nil && e.currency == "CNY" {
			_ = s.left[sumAll].add(amount) // only to explain a stated sum
			_ = s.left[side].add(amount)
		}
		return nil
	default:
		r.errorAt(max(e.statusLine, e.line), "Ntry/Sts", "known: BOOK, PDNG, INFO, FUTR", "%q does not say whether the entry is booked", settlement.MaskedWord(e.status))
		return nil
	}
	line := max(e.amountLine, e.line)
	bad := true
	switch {
	case e.currency != "CNY":
		r.errorAt(line, "Ntry/Amt", "deliver the statement of an account in yuan", "currency %q where only CNY is read", settlement.MaskedWord(e.currency))
	case err != nil:
		r.errorAt(line, "Ntry/Amt", "fetch it again", "%q: %v", settlement.Masked(e.amount), err)
	case amount < 0:
		r.errorAt(line, "Ntry/Amt", "the direction is CdtDbtInd's to say", "%q is negative", settlement.Masked(e.amount))
	case e.direction != "CRDT" && e.direction != "DBIT":
		r.errorAt(e.line, "Ntry/CdtDbtInd", "CRDT and DBIT are known", "%q does not say which way the money goes", settlement.MaskedWord(e.direction))
	default:
		bad = false
	}
	if !r.when(e, &b) || bad {
		r.rows++
		return nil
	}
	if b.reference = e.flowNo(); b.reference == "" {
		r.unreferenced++
	}
	other := r.parties.of(counterparty)
	given := unnamed(other, e.rawType())
	b.rawType = r.types.of(typeOf{given, other.sole})
	purpose := strings.Join(e.texts, "\n")
	var texts []string
	if isImpersonal(other, purpose) {
		texts = slices.Clone(e.texts)
		for _, text := range e.endToEnd { // which the payer gives
			if isImpersonal(other, text) {
				texts = append(texts, text)
			}
		}
	} else if namesWallet(purpose) { // by which it is known as a withdrawal's
		texts = []string{knownWords(purpose)}
	}
	if e.reversal == "true" || e.reversal == "1" {
		texts = append([]string{"reversal"}, texts...)
	}
	b.note = note(nil, other, texts...)
	b.category = categoryOf(b.direction, other, given, purpose)
	for _, sum := range []int{sumAll, side} {
		if err := s.booked[sum].add(amount); err != nil {
			r.errorAt(e.line, "Ntry/Amt", "", "%v", err)
			return nil
		}
	}
	s.extend(b.day, b.day+1)
	return r.add(&b)
}

// when reads the day of an entry.
func (r *camtReading) when(e *rawEntry, b *booking) bool {
	text := e.bookedAt
	if text == "" {
		text = e.valueAt
	}
	var ok bool
	if b.day, b.at, ok = isoMoment(text); !ok {
		r.errorAt(max(e.timeLine, e.line), "Ntry/BookgDt", "fetch it again", "%q is no day of the years 2000 to 2099", settlement.Masked(text))
		return false
	}
	if e.bookedAt == "" {
		r.byValueDay++
	}
	return true
}

// flowNo is the bank's reference: the entry's, or that of its only transaction.
func (e *rawEntry) flowNo() string {
	if e.reference != "" && !isNothing(e.reference) {
		return oneLine(e.reference)
	}
	if e.details == 1 && len(e.detailReferences) == 1 {
		return oneLine(e.detailReferences[0])
	}
	return ""
}

// rawType is the bank's code for the kind of entry: PMNT/RCDT/DMCT, or its own.
func (e *rawEntry) rawType() string {
	code := e.others
	if e.domain != "" {
		code = strings.TrimRight(e.domain+"/"+e.family+"/"+e.subfamily, "/")
	}
	return delimited.ShortTo(code, maxNote)
}

func sortedKeys[V any](words map[string]V) []string { return slices.Sorted(maps.Keys(words)) }
