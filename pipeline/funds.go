package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/funds"
	"reconcile/settlement"
)

// addFunds adds fund lines to what was read of a file: their amounts are gross.
func (f *fileSums) addFunds(l *settlement.FundLines) {
	var amount settlement.Amount
	fees := int64(0)
	for i, a := range l.Amount {
		amount += a
		if l.Category[i] == settlement.FundFee && l.State[i] == settlement.Booked {
			fees++
		}
	}
	f.fundFees.Add(fees)
	f.fundRows.Add(int64(l.Len()))
	f.fundAmount.Add(int64(amount))
}

// fundProof is what the proof adds up of fund lines.
type fundProof struct {
	lines, copies []lineSums // by file: in the table, and in the table under another file
	states        [len(fundStates)]int64
	accounts      map[fundKey]*FundOverview
	days          map[funds.AccountDay]*funds.Moved // of booked lines
	ties          tiesByFile
	others        map[otherKind]lineSums
}

// otherKind is what a bank's lines say that are of category other. The readers of wallets
// note theirs by file.
type otherKind struct{ account, rawType string }

// manyOthers is how many kinds a note lists.
const manyOthers = 50

func (p *fundProof) addOther(account, rawType string, rows int64, amount settlement.Amount) {
	key := otherKind{account, rawType}
	if p.others == nil {
		p.others = map[otherKind]lineSums{}
	}
	sums := p.others[key]
	sums.add(rows, amount, 0, 0, 0)
	p.others[key] = sums
}

// othersNote lists what banks do not name, "" where there is nothing.
func (p *fundProof) othersNote() string {
	var list []string
	for key, sums := range p.others {
		list = append(list, fmt.Sprintf("%s %q (%d rows, %s)", key.account, key.rawType, sums.rows, sums.gross))
	}
	if len(list) == 0 {
		return ""
	}
	slices.Sort(list)
	if n := len(list); n > manyOthers {
		list = append(list[:manyOthers], fmt.Sprintf("and %d more", n-manyOthers))
	}
	return "lines of banks whose kind is not known, of category other: " + strings.Join(list, "; ")
}

var fundStates = [...]settlement.FundState{settlement.NoFundState, settlement.Booked, settlement.CopiedLine}

type fundKey struct {
	wallet              settlement.Wallet
	account, subAccount string
}

// FundOverview is how the money of an account moved, by its fund lines.
type FundOverview struct {
	Wallet              settlement.Wallet
	Account, SubAccount string
	Lines               int64
	Income, Expense     settlement.Amount
	// Copied is the lines that are a second view of another account's, and what they
	// come to: they move nothing here.
	CopiedLines  int64
	CopiedAmount settlement.Amount
}

// add adds one bucket; files is the number of statements of the run.
func (p *fundProof) add(out *BucketOutput, files int) {
	p.lines, p.copies = make([]lineSums, files), make([]lineSums, files)
	p.accounts, p.days = map[fundKey]*FundOverview{}, map[funds.AccountDay]*funds.Moved{}
	l := out.Funds
	var at *FundOverview
	var day *funds.Moved
	on := settlement.NoDay
	for i := range l.Len() {
		p.lines[l.File[i]].add(1, l.Amount[i], 0, 0, 0)
		p.states[l.State[i]]++
		if at == nil || at.Wallet != l.Wallet[i] || at.Account != string(l.Account.At(i)) || at.SubAccount != string(l.SubAccount.At(i)) {
			at, day = p.account(fundKey{l.Wallet[i], l.Account.StringAt(i), l.SubAccount.StringAt(i)}), nil
		}
		if l.State[i] == settlement.Booked {
			if day == nil || on != l.SettledOn[i] {
				on = l.SettledOn[i]
				day = p.day(funds.AccountDay{Wallet: at.Wallet, Account: at.Account, SubAccount: at.SubAccount, On: on})
			}
			day.Add(l.Category[i], l.Amount[i])
			if l.Category[i] == settlement.FundOther && l.Wallet[i] == settlement.Bank {
				p.addOther(at.Account, l.RawType.StringAt(i), 1, l.Amount[i])
			}
		}
		switch {
		case l.State[i] == settlement.CopiedLine:
			at.CopiedLines++
			at.CopiedAmount += l.Amount[i]
			continue
		case l.Amount[i] > 0:
			at.Income += l.Amount[i]
		default:
			at.Expense += l.Amount[i]
		}
		at.Lines++
	}
	p.ties = tiesByFile{}
	p.ties.add(out.Ties)
	for _, c := range out.FundCopies {
		p.copies[c.File].add(1, c.Amount, 0, 0, 0)
	}
}

func (p *fundProof) account(key fundKey) *FundOverview {
	if p.accounts[key] == nil {
		p.accounts[key] = &FundOverview{Wallet: key.wallet, Account: key.account, SubAccount: key.subAccount}
	}
	return p.accounts[key]
}

func (p *fundProof) day(key funds.AccountDay) *funds.Moved {
	if p.days[key] == nil {
		p.days[key] = &funds.Moved{}
	}
	return p.days[key]
}

// merge adds another bucket's sums.
func (p *fundProof) merge(o *fundProof) {
	for f := range o.lines {
		p.lines[f].add(o.lines[f].rows, o.lines[f].gross, 0, 0, 0)
		p.copies[f].add(o.copies[f].rows, o.copies[f].gross, 0, 0, 0)
	}
	for s, n := range o.states {
		p.states[s] += n
	}
	p.ties.merge(o.ties)
	for key, more := range o.others {
		p.addOther(key.account, key.rawType, more.rows, more.gross)
	}
	for key, more := range o.days {
		p.day(key).Join(more)
	}
	for key, more := range o.accounts {
		a := p.account(key)
		a.Lines += more.Lines
		a.Income += more.Income
		a.Expense += more.Expense
		a.CopiedLines += more.CopiedLines
		a.CopiedAmount += more.CopiedAmount
	}
}

// overview is the accounts in their order.
func (p *fundProof) overview() []FundOverview {
	var all []FundOverview
	for _, a := range p.accounts {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b FundOverview) int {
		return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.SubAccount, b.SubAccount))
	})
	return all
}
