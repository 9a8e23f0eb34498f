package funds

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// NoLine stands for a fund line that belongs to no statement line.
const NoLine int32 = -1

// LineOf says of each fund line of a bucket which statement line it books: a payment,
// a refund, the fee of either. It is the one that the fund line names: by the wallet's
// number of the transaction, which of a refund may be the refund's, then by the
// merchant's refund number, then by the order number where one payment alone has it.
// A fee that comes back belongs to a refund, of several to the one of its second, else
// to the latest before it that has none yet; so does the money of a refund, first to
// one of its amount.
//
// lines and funds are in the order of their tables. Lines of earlier days, for which
// today is false, were booked then and are not looked at; today is nil where all are
// of today. The result is nil where no fund line books a line.
func LineOf(lines *settlement.Lines, funds *settlement.FundLines, today func(line int) bool) []int32 {
	p := placing{lines: lines, funds: funds, today: today}
	var later []int32 // fund lines that their order does not place
	line := 0
	for from := 0; from < funds.Len(); {
		to := from + 1
		for to < funds.Len() && sameOrder(funds, from, to) {
			to++
		}
		order := funds.OrderNo.At(from)
		for line < lines.Len() && before(lines, line, funds.Wallet[from], order) {
			line++
		}
		first := line
		for line < lines.Len() && len(order) > 0 && lines.Wallet[line] == funds.Wallet[from] && bytes.Equal(lines.OrderNo.At(line), order) {
			line++
		}
		later = p.group(first, line, from, to, later)
		from = to
	}
	if len(later) > 0 {
		p.byNumber(later)
	}
	return p.lineOf
}

// Books says that a fund line may be of a statement line.
func Books(funds *settlement.FundLines, i int) bool {
	if funds.State[i] != settlement.Booked || funds.Wallet[i] == settlement.Bank {
		return false
	}
	switch funds.Category[i] {
	case settlement.FundPayment, settlement.FundRefund, settlement.FundFee, settlement.FundFeeReturn:
		return true
	}
	return false
}

// isFeeBack says that fund line i gives a fee back.
func isFeeBack(funds *settlement.FundLines, i int) bool {
	return funds.Category[i] == settlement.FundFeeReturn || funds.Category[i] == settlement.FundFee && funds.Amount[i] > 0
}

type placing struct {
	lines  *settlement.Lines
	funds  *settlement.FundLines
	today  func(line int) bool
	lineOf []int32
	// hasMoney and hasFee are the refunds whose money, or fee, is placed.
	hasMoney, hasFee map[int32]bool
}

func sameOrder(funds *settlement.FundLines, i, j int) bool {
	return funds.Wallet[i] == funds.Wallet[j] && bytes.Equal(funds.OrderNo.At(i), funds.OrderNo.At(j))
}

func before(lines *settlement.Lines, i int, wallet settlement.Wallet, order []byte) bool {
	return cmp.Or(cmp.Compare(lines.Wallet[i], wallet), bytes.Compare(lines.OrderNo.At(i), order)) < 0
}

// group ties fund lines [from, to) to lines [first, end), all of one wallet and order
// number, and adds to later what it cannot place.
func (p *placing) group(first, end, from, to int, later []int32) []int32 {
	f := p.funds
	var back []int32
	for i := from; i < to; i++ {
		switch {
		case !Books(f, i):
		case f.Category[i] == settlement.FundRefund || isFeeBack(f, i):
			back = append(back, int32(i))
		default:
			if line := p.paymentOf(first, end, i); line >= 0 {
				p.place(i, line)
			} else {
				later = append(later, int32(i))
			}
		}
	}
	if len(back) > 0 {
		var refunds []int32
		for line := first; line < end; line++ {
			if p.lines.Kind[line] != settlement.Payment {
				refunds = append(refunds, int32(line))
			}
		}
		later = append(later, p.giveBack(refunds, back)...)
	}
	return later
}

// paymentOf is the payment among lines [first, end) that fund line i names: by number,
// else the only one; −1 where there is none.
func (p *placing) paymentOf(first, end, i int) int {
	only := -1
	number := p.funds.ProviderTxnID.At(i)
	for line := first; line < end; line++ {
		if p.lines.Kind[line] != settlement.Payment || !p.lines.Settles(line) || !p.sameAccount(line, i) {
			continue
		}
		if len(number) > 0 && bytes.Equal(p.lines.ProviderTxnID.At(line), number) {
			return line
		}
		if only == -1 {
			only = line
		} else {
			only = -2
		}
	}
	return max(only, -1)
}

// sameAccount says that fund line i can be of a line: of its account, and both of today.
func (p *placing) sameAccount(line, i int) bool {
	if p.today != nil && !p.today(line) {
		return false
	}
	x, y := p.lines.Account.At(line), p.funds.Account.At(i)
	return p.lines.Wallet[line] == p.funds.Wallet[i] && (len(x) == 0 || len(y) == 0 || bytes.Equal(x, y))
}

// giveBack ties money and fees that go back to refunds, and returns those that name
// none. What names its refund, or has its amount, goes before what has to take what is
// left.
func (p *placing) giveBack(refunds, rows []int32) (left []int32) {
	p.sortLines(refunds)
	p.sortFunds(rows)
	for _, sure := range [...]bool{true, false} {
		left = left[:0]
		for _, row := range rows {
			if line, rank := p.refundOf(refunds, int(row)); line >= 0 && (rank >= rankAmount || !sure) {
				p.place(int(row), line)
			} else {
				left = append(left, row)
			}
		}
		rows = slices.Clone(left)
	}
	return left
}

func (p *placing) sortLines(rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(p.lines.OccurredAt[x], p.lines.OccurredAt[y]), p.lines.ID[x].Compare(p.lines.ID[y]))
	})
}

func (p *placing) sortFunds(rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(p.funds.OccurredAt[x], p.funds.OccurredAt[y]), p.funds.ID[x].Compare(p.funds.ID[y]))
	})
}

// What makes a fund line one of a refund, the surest last.
const (
	rankTaken  = iota + 1 // the refund has its money, or fee, already
	rankLater             // it is later than the fund line
	rankLatest            // the latest one before it
	rankSecond            // of its second
	rankAmount            // of its amount
	rankNumber            // the fund line names it
)

// refundOf is the refund that fund line i pays, or gives a fee back of, −1 where none
// is. refunds are in the order of time.
func (p *placing) refundOf(refunds []int32, i int) (best, bestRank int) {
	best = -1
	for _, r := range refunds {
		rank := p.rankOf(int(r), i)
		if rank > bestRank || rank == bestRank && rank == rankLatest {
			best, bestRank = int(r), rank
		}
	}
	return best, bestRank
}

// rankOf says how surely fund line i is of a refund, 0 where it cannot be.
func (p *placing) rankOf(line, i int) int {
	l, f := p.lines, p.funds
	isMoney := f.Category[i] == settlement.FundRefund
	if !p.sameAccount(line, i) || !isMoney && !l.Settles(line) {
		return 0
	}
	txn, refundNo := f.ProviderTxnID.At(i), f.RefundNo.At(i)
	taken := p.hasFee
	if isMoney {
		taken = p.hasMoney
	}
	switch of := l.ProviderTxnID.At(line); {
	case len(txn) > 0 && bytes.Equal(l.ProviderRefundID.At(line), txn), len(refundNo) > 0 && bytes.Equal(l.RefundNo.At(line), refundNo):
		return rankNumber
	case len(refundNo) > 0 && len(l.RefundNo.At(line)) > 0: // both name a refund, not the same
		return 0
	case len(txn) > 0 && len(of) > 0 && !bytes.Equal(of, txn):
		return 0
	case isMoney && f.Amount[i] > 0: // a refund that was closed names it, or is nobody's
		return 0
	case taken[int32(line)]:
		return rankTaken
	case isMoney && (f.Amount[i] == l.Settled[line] || f.Amount[i] == l.Net[line]):
		return rankAmount
	case l.OccurredAt[line] == f.OccurredAt[i]:
		return rankSecond
	case l.OccurredAt[line] < f.OccurredAt[i]:
		return rankLatest
	}
	return rankLater
}

// byNumber places fund lines of which the order number told nothing by the wallet's
// number.
func (p *placing) byNumber(rows []int32) {
	p.sortFunds(rows)
	type address struct {
		wallet settlement.Wallet
		number string
	}
	wanted := map[address][]int32{}
	for _, row := range rows {
		if number := p.funds.ProviderTxnID.At(int(row)); len(number) > 0 {
			wanted[address{p.funds.Wallet[row], string(number)}] = nil
		}
	}
	if len(wanted) == 0 {
		return
	}
	for line := range p.lines.Len() {
		numbers := [...][]byte{p.lines.ProviderTxnID.At(line), p.lines.ProviderRefundID.At(line)}
		for _, number := range numbers {
			if len(number) == 0 {
				continue
			}
			if found, ok := wanted[address{p.lines.Wallet[line], string(number)}]; ok {
				wanted[address{p.lines.Wallet[line], string(number)}] = append(found, int32(line))
			}
		}
	}
	for _, row := range rows {
		i := int(row)
		if line := p.named(wanted[address{p.funds.Wallet[i], string(p.funds.ProviderTxnID.At(i))}], i); line >= 0 {
			p.place(i, line)
		}
	}
}

// named is the line among those of a number that fund line i belongs to, −1 for none.
func (p *placing) named(lines []int32, i int) int {
	back := p.funds.Category[i] == settlement.FundRefund || isFeeBack(p.funds, i)
	var refunds []int32
	for _, line := range lines {
		switch {
		case !back && p.lines.Kind[line] == settlement.Payment && p.lines.Settles(int(line)) && p.sameAccount(int(line), i):
			return int(line)
		case back && p.lines.Kind[line] != settlement.Payment:
			refunds = append(refunds, line)
		}
	}
	p.sortLines(refunds)
	line, _ := p.refundOf(refunds, i)
	return line
}

// tie says that fund line i books a line.
func (p *placing) place(i, line int) {
	if p.lineOf == nil {
		p.lineOf = make([]int32, p.funds.Len())
		for n := range p.lineOf {
			p.lineOf[n] = NoLine
		}
		p.hasMoney, p.hasFee = map[int32]bool{}, map[int32]bool{}
	}
	p.lineOf[i] = int32(line)
	switch {
	case p.lines.Kind[line] == settlement.Payment:
	case p.funds.Category[i] == settlement.FundRefund:
		p.hasMoney[int32(line)] = true
	default:
		p.hasFee[int32(line)] = true
	}
}
