package fees

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Moved is what the fee rows of a bucket's fund flow (扣除交易手续费, 收费, 服务费退回) say that
// its lines were charged. The zero value is that of a bucket without a fund flow.
type Moved struct {
	// OfLine is by line, a cost: the sum of the rows that name it. NoAmount where no
	// fund flow tells. nil where it tells of no line.
	OfLine []settlement.Amount
	// Alone are the rows, of the fund lines, that name no line of the bucket, and all
	// fees of the platform.
	Alone []int32
}

// Shown says of each file, by its index, up to which instant its fund lines show the
// fees of the payments that they show: NoInstant of a file without any fee of a
// payment, whose fees are taken elsewhere.
type Shown []settlement.Instant

func (s Shown) covers(file int32, at settlement.Instant) bool {
	return int(file) < len(s) && s[file] != settlement.NoInstant && at < s[file]
}

// IsFee says that fund line i is a fee, or its return, of a wallet or a platform. A
// bank's own fees and second views of another account are none.
func IsFee(funds *settlement.FundLines, i int) bool {
	if funds.State[i] != settlement.Booked || funds.Wallet[i] == settlement.Bank {
		return false
	}
	switch funds.Category[i] {
	case settlement.FundFee, settlement.FundFeeReturn, settlement.FundPlatformFee:
		return true
	}
	return false
}

// Attach ties the fee rows of a bucket to the lines that they name: by the wallet's
// number of the transaction, which of a refund may be the refund's, then by the
// merchant's refund number, then by the order number where one payment alone has it.
// A fee that comes back belongs to a refund, of several to the one of its second, else
// to the latest before it that has none yet.
//
// A payment whose money a file shows, beside fees of others but none of its own, was
// charged nothing. lines and funds are in the order of their tables. Lines of earlier
// days, for which today is false, were charged then: a fee row of today that names one
// stands alone. today is nil where all lines are of today.
func Attach(lines *settlement.Lines, funds *settlement.FundLines, shown Shown, today func(line int) bool) (Moved, error) {
	a := attaching{lines: lines, funds: funds, shown: shown, today: today}
	var later []int32 // fee rows that their order does not place
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
		later = a.group(first, line, from, to, later)
		from = to
	}
	if len(later) > 0 {
		a.byNumber(later)
	}
	slices.Sort(a.out.Alone)
	return a.out, a.err
}

type attaching struct {
	lines *settlement.Lines
	funds *settlement.FundLines
	shown Shown
	today func(line int) bool
	out   Moved
	err   error
}

func sameOrder(funds *settlement.FundLines, i, j int) bool {
	return funds.Wallet[i] == funds.Wallet[j] && bytes.Equal(funds.OrderNo.At(i), funds.OrderNo.At(j))
}

func before(lines *settlement.Lines, i int, wallet settlement.Wallet, order []byte) bool {
	return cmp.Or(cmp.Compare(lines.Wallet[i], wallet), bytes.Compare(lines.OrderNo.At(i), order)) < 0
}

// group ties the fee rows among fund lines [from, to) to lines [first, end), all of one
// wallet and order number, and adds to later what it cannot place.
func (a *attaching) group(first, end, from, to int, later []int32) []int32 {
	f := a.funds
	var returns []int32
	for i := from; i < to; i++ {
		if !IsFee(f, i) {
			continue
		}
		switch {
		case f.Category[i] == settlement.FundPlatformFee:
			a.out.Alone = append(a.out.Alone, int32(i))
		case f.Amount[i] > 0 || f.Category[i] == settlement.FundFeeReturn:
			returns = append(returns, int32(i))
		default:
			if line := a.paymentOf(first, end, i); line >= 0 {
				a.add(line, i)
			} else {
				later = append(later, int32(i))
			}
		}
	}
	if len(returns) > 0 {
		later = append(later, a.giveBack(first, end, returns)...)
	}
	for i := from; i < to; i++ {
		if f.Category[i] == settlement.FundPayment && f.State[i] == settlement.Booked && a.shown.covers(f.File[i], f.OccurredAt[i]) {
			if line := a.paymentOf(first, end, i); line >= 0 && a.lines.Fee[line] != 0 && a.at(line) == settlement.NoAmount {
				a.set(line, 0)
			}
		}
	}
	return later
}

// paymentOf is the payment among lines [first, end) that fund line i names: by number,
// else the only one; −1 where there is none.
func (a *attaching) paymentOf(first, end, i int) int {
	only := -1
	number := a.funds.ProviderTxnID.At(i)
	for line := first; line < end; line++ {
		if a.lines.Kind[line] != settlement.Payment || !a.lines.Settles(line) || !a.sameAccount(line, i) {
			continue
		}
		if len(number) > 0 && bytes.Equal(a.lines.ProviderTxnID.At(line), number) {
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
func (a *attaching) sameAccount(line, i int) bool {
	if a.today != nil && !a.today(line) {
		return false
	}
	x, y := a.lines.Account.At(line), a.funds.Account.At(i)
	return a.lines.Wallet[line] == a.funds.Wallet[i] && (len(x) == 0 || len(y) == 0 || bytes.Equal(x, y))
}

// giveBack ties fees that came back to the refunds among lines [first, end), and
// returns those that name none.
func (a *attaching) giveBack(first, end int, rows []int32) (left []int32) {
	var refunds []int32
	for line := first; line < end; line++ {
		if a.lines.Kind[line] != settlement.Payment && a.lines.Settles(line) {
			refunds = append(refunds, int32(line))
		}
	}
	a.sortLines(refunds)
	a.sortFunds(rows)
	for _, row := range rows {
		if line := a.refundOf(refunds, int(row)); line >= 0 {
			a.add(line, int(row))
		} else {
			left = append(left, row)
		}
	}
	return left
}

func (a *attaching) sortLines(rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(a.lines.OccurredAt[x], a.lines.OccurredAt[y]), a.lines.ID[x].Compare(a.lines.ID[y]))
	})
}

func (a *attaching) sortFunds(rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(a.funds.OccurredAt[x], a.funds.OccurredAt[y]), a.funds.ID[x].Compare(a.funds.ID[y]))
	})
}

// refundOf is the refund that fund line i gives a fee back of, −1 where none is. refunds
// are in the order of time.
func (a *attaching) refundOf(refunds []int32, i int) int {
	l, f := a.lines, a.funds
	txn, refundNo := f.ProviderTxnID.At(i), f.RefundNo.At(i)
	best, bestRank := -1, 0
	for _, r := range refunds {
		line := int(r)
		if !a.sameAccount(line, i) {
			continue
		}
		rank := 0
		switch of := l.ProviderTxnID.At(line); {
		case len(txn) > 0 && bytes.Equal(l.ProviderRefundID.At(line), txn), len(refundNo) > 0 && bytes.Equal(l.RefundNo.At(line), refundNo):
			rank = 6
		case len(refundNo) > 0 && len(l.RefundNo.At(line)) > 0: // both name a refund, not the same
			continue
		case len(txn) > 0 && len(of) > 0 && !bytes.Equal(of, txn):
			continue
		case a.at(line) != settlement.NoAmount:
			rank = 1 // it has one already
		case l.OccurredAt[line] == f.OccurredAt[i]:
			rank = 5
		case l.OccurredAt[line] < f.OccurredAt[i]:
			rank = 4 // the latest: refunds are in the order of time
		default:
			rank = 2
		}
		if rank > bestRank || rank == bestRank && rank == 4 {
			best, bestRank = line, rank
		}
	}
	return best
}

// byNumber places fee rows of which the order number told nothing by the wallet's
// number; what names no line stands alone.
func (a *attaching) byNumber(rows []int32) {
	a.sortFunds(rows)
	type place struct {
		wallet settlement.Wallet
		number string
	}
	wanted := map[place][]int32{}
	for _, row := range rows {
		if number := a.funds.ProviderTxnID.At(int(row)); len(number) > 0 {
			wanted[place{a.funds.Wallet[row], string(number)}] = nil
		}
	}
	if len(wanted) > 0 {
		for line := range a.lines.Len() {
			if !a.lines.Settles(line) {
				continue
			}
			numbers := [...][]byte{a.lines.ProviderTxnID.At(line), a.lines.ProviderRefundID.At(line)}
			for _, number := range numbers {
				if len(number) == 0 {
					continue
				}
				key := place{a.lines.Wallet[line], string(number)}
				if found, ok := wanted[key]; ok {
					wanted[key] = append(found, int32(line))
				}
			}
		}
	}
	for _, row := range rows {
		i := int(row)
		found := wanted[place{a.funds.Wallet[i], string(a.funds.ProviderTxnID.At(i))}]
		if line := a.named(found, i); line >= 0 {
			a.add(line, i)
		} else {
			a.out.Alone = append(a.out.Alone, row)
		}
	}
}

// named is the line among those of a number that fee row i belongs to, −1 for none.
func (a *attaching) named(lines []int32, i int) int {
	back := a.funds.Amount[i] > 0 || a.funds.Category[i] == settlement.FundFeeReturn
	var refunds []int32
	for _, line := range lines {
		switch {
		case !back && a.lines.Kind[line] == settlement.Payment && a.sameAccount(int(line), i):
			return int(line)
		case back && a.lines.Kind[line] != settlement.Payment:
			refunds = append(refunds, line)
		}
	}
	a.sortLines(refunds)
	return a.refundOf(refunds, i)
}

func (a *attaching) at(line int) settlement.Amount {
	if a.out.OfLine == nil {
		return settlement.NoAmount
	}
	return a.out.OfLine[line]
}

func (a *attaching) set(line int, cost settlement.Amount) {
	if a.out.OfLine == nil {
		a.out.OfLine = make([]settlement.Amount, a.lines.Len())
		for i := range a.out.OfLine {
			a.out.OfLine[i] = settlement.NoAmount
		}
	}
	a.out.OfLine[line] = cost
}

// add counts fee row i with a line.
func (a *attaching) add(line, i int) {
	sum := a.at(line)
	if sum == settlement.NoAmount {
		sum = 0
	}
	total, err := sum.Add(-a.funds.Amount[i])
	if err != nil || total == settlement.NoAmount {
		a.err = fmt.Errorf("fee rows of line %s: %w", a.lines.ID[line], settlement.ErrOverflow)
		return
	}
	a.set(line, total)
}
