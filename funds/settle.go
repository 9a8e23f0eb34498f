package funds

import (
	"bytes"
	"fmt"
	"strings"

	"reconcile/settlement"
)

// Rules is what may be concluded of the money that is missing on one side.
type Rules struct {
	// TradeBills and FundFlows are the periods of which they were delivered. Accounts of
	// which not both are known are not compared.
	TradeBills, FundFlows *settlement.Coverage
	// Window is how far inside a delivered period a line must lie for the other side
	// to be missing at once (the cut-off, 切日).
	Window settlement.Instant
	// Day is the day of the run, NoDay where it has none.
	Day settlement.Day
	// Names are the files of the run, by the number that rows give.
	Names []string
}

// Trades is one bucket's lines of the trade bills and of the fund flows.
type Trades struct {
	Lines  *settlement.Lines
	Funds  *settlement.FundLines
	LineOf []int32 // of each fund line, see LineOf
	// Today says which of Lines are of the run's own files, nil where all are.
	Today func(line int) bool
	// Before is what the day before left unsettled in this bucket, nil for nothing. Its
	// rows are changed.
	Before *settlement.Unsettled
}

// Settled is what became of a bucket's trades.
type Settled struct {
	// Unsettled is what the two sides do not say alike, in the order of its table.
	Unsettled *settlement.Unsettled
	// Breaks are the rows of it that are broken, in the same order.
	Breaks *settlement.Breaks
	// Closed says of rows of the day before how they were settled since.
	Closed map[settlement.ID]string
	// FeeCharged is, by fund line, the fee that a trade line of a day before was charged
	// by its bill, where the fund line is that very fee: a cost, counted on that day.
	FeeCharged map[int32]settlement.Amount
	Sums       Sums
}

// Sums is what a bucket's payments and refunds of compared accounts come to: all money
// of its fund lines is in exactly one of Booked, Earlier and Alone.
type Sums struct {
	Rows, BookedRows, EarlierRows, AloneRows int64
	Money, Booked, Earlier, Alone            settlement.Amount
	// GivenUp are rows that waited longer than WaitsAtMost.
	GivenUp int64
}

// Add adds another bucket's.
func (s *Sums) Add(o Sums) {
	s.Rows += o.Rows
	s.BookedRows += o.BookedRows
	s.EarlierRows += o.EarlierRows
	s.AloneRows += o.AloneRows
	s.Money += o.Money
	s.Booked += o.Booked
	s.Earlier += o.Earlier
	s.Alone += o.Alone
	s.GivenUp += o.GivenUp
}

// WaitsAtMost is how many days a row waits whose other side was never delivered.
const WaitsAtMost = 35

// Settle holds the trade bills against the fund flows: that each payment is booked with
// what the bill settles, and each refund with its amount, or with its amount less the
// fee that comes back of it (WeChat Pay). Fees are not looked at here: what is charged is
// compared where charges are.
//
// It is a pure function of its arguments. It looks closer only at what does not agree.
func (r *Rules) Settle(t Trades) Settled {
	s := settling{Rules: r, Trades: t, out: Settled{Unsettled: &settlement.Unsettled{}, Breaks: &settlement.Breaks{}, Closed: map[settlement.ID]string{}}}
	if t.Before == nil {
		s.Before = &settlement.Unsettled{}
	}
	s.addUp()
	s.joinBefore()
	s.judge()
	return s.out
}

type settling struct {
	*Rules
	Trades
	out Settled
	// booked is what each line's money comes to, NoAmount for nothing.
	booked  []settlement.Amount
	feeBack map[int32]bool // refunds whose fee came back in a row of its own
	feeRow  map[int32]bool // of lines, those of which a row books the fee
	lines   []int32        // of today that disagree, or of which nothing is booked
	alone   []int32        // fund lines of no line
	late    map[int32][]int32
	done    []bool // rows of Before whose other side came
}

// comparable says that trade bills and fund flows of an account are both known.
func (r *Rules) comparable(wallet settlement.Wallet, account []byte) bool {
	return (wallet == settlement.Alipay || wallet == settlement.WeChat) && r.TradeBills.Knows(wallet, account) && r.FundFlows.Knows(wallet, account)
}

// accountMemo remembers the answer for the account of the row before.
type accountMemo struct {
	wallet  settlement.Wallet
	account []byte
	is      bool
}

func (r *Rules) compares(m *accountMemo, wallet settlement.Wallet, account []byte) bool {
	if m.account == nil || m.wallet != wallet || !bytes.Equal(m.account, account) {
		*m = accountMemo{wallet, append([]byte{}, account...), r.comparable(wallet, account)}
	}
	return m.is
}

// isMoney says that fund line i is the money of a payment or a refund.
func isMoney(f *settlement.FundLines, i int) bool {
	return f.State[i] == settlement.Booked && f.Wallet[i] != settlement.Bank &&
		(f.Category[i] == settlement.FundPayment || f.Category[i] == settlement.FundRefund)
}

// addUp adds up the money of each line, and notes what disagrees.
func (s *settling) addUp() {
	s.booked = make([]settlement.Amount, s.Lines.Len())
	for i := range s.booked {
		s.booked[i] = settlement.NoAmount
	}
	s.feeBack = map[int32]bool{}
	var memo accountMemo
	for i := range s.Funds.Len() {
		line := NoLine
		if s.LineOf != nil {
			line = s.LineOf[i]
		}
		switch {
		case !isMoney(s.Funds, i):
			if line >= 0 && isFeeBack(s.Funds, i) {
				s.feeBack[line] = true
			}
			continue
		case !s.compares(&memo, s.Funds.Wallet[i], s.Funds.Account.At(i)):
			continue
		}
		s.out.Sums.Rows++
		s.out.Sums.Money += s.Funds.Amount[i]
		if line < 0 {
			s.alone = append(s.alone, int32(i))
			continue
		}
		s.out.Sums.BookedRows++
		s.out.Sums.Booked += s.Funds.Amount[i]
		s.booked[line] = plus(s.booked[line], s.Funds.Amount[i])
	}
	memo = accountMemo{}
	for i := range s.Lines.Len() {
		if s.Lines.Settled[i] == settlement.NoAmount || s.Today != nil && !s.Today(i) || !s.compares(&memo, s.Lines.Wallet[i], s.Lines.Account.At(i)) {
			continue
		}
		if !s.agrees(i) {
			s.lines = append(s.lines, int32(i))
		}
	}
}

func plus(sum, amount settlement.Amount) settlement.Amount {
	if sum == settlement.NoAmount {
		return amount
	}
	return sum + amount
}

func (s *settling) agrees(i int) bool {
	return agree(s.Lines.Kind[i], s.Lines.Settles(i), s.Lines.Settled[i], s.Lines.Fee[i], s.booked[i], s.feeBack[int32(i)])
}

// agree says that what was booked is what a trade line settles. A refund may be booked
// less the fee that comes back of it, where that did not come back in a row of its own.
func agree(kind settlement.Kind, settles bool, settled, fee, booked settlement.Amount, feeBack bool) bool {
	if !settles {
		settled = 0
	}
	switch booked {
	case settlement.NoAmount:
		return settled == 0
	case settled:
		return true
	}
	return settles && kind != settlement.Payment && !feeBack && fee != settlement.NoAmount && booked == settled+fee
}

// joinBefore gives what came today to what the day before left.
func (s *settling) joinBefore() {
	b := s.Before
	s.done, s.late = make([]bool, b.Len()), map[int32][]int32{}
	if b.Len() == 0 {
		return
	}
	trades, funds := newNumbers(b, settlement.TradeSide), newNumbers(b, settlement.FundsSide)
	var left []int32
	for _, row := range s.alone {
		f, i := s.Funds, int(row)
		of := trades.find(b, wanted{kindOf(f, i), f.Wallet[i], f.Account.At(i), f.OrderNo.At(i), f.RefundNo.At(i), f.ProviderTxnID.At(i), nil, [2]settlement.Amount{f.Amount[i], f.Amount[i]}}, nil)
		if of < 0 {
			left = append(left, row)
			continue
		}
		s.out.Sums.EarlierRows++
		s.out.Sums.Earlier += f.Amount[i]
		b.Booked[of] = plus(b.Booked[of], f.Amount[i])
		s.late[of] = append(s.late[of], row)
	}
	s.alone = left
	s.joinFees(trades)
	var lines []int32
	for _, row := range s.lines {
		l, i := s.Lines, int(row)
		for s.booked[i] == settlement.NoAmount {
			of := funds.find(b, wanted{l.Kind[i], l.Wallet[i], l.Account.At(i), l.OrderNo.At(i), l.RefundNo.At(i), l.ProviderTxnID.At(i), l.ProviderRefundID.At(i),
				[2]settlement.Amount{l.Settled[i], l.Net[i]}}, s.done)
			if of < 0 {
				break
			}
			s.booked[i] = b.Booked[of]
			s.done[of] = true
			s.out.Closed[b.ID[of]] = fmt.Sprintf("its trade line came on %s: %s, %s", s.Day, s.place(l.File[i], l.Line[i]), l.Settled[i])
		}
		if !s.agrees(i) {
			lines = append(lines, row)
		}
	}
	s.lines = lines
	for of, rows := range s.late {
		if !s.agreesBefore(int(of)) {
			continue
		}
		s.done[of] = true
		s.out.Closed[b.ID[of]] = fmt.Sprintf("its money was booked on %s: %s", s.Day, s.places(rows))
	}
}

// joinFees finds the fees that are booked a day after their trade line: that day counted
// them as its bill states them.
func (s *settling) joinFees(trades *numbers) {
	b, f := s.Before, s.Funds
	for i := range f.Len() {
		if s.LineOf != nil && s.LineOf[i] >= 0 || !Books(f, i) || isMoney(f, i) {
			continue
		}
		kind := settlement.Payment
		if isFeeBack(f, i) {
			kind = settlement.Refund
		}
		of := trades.find(b, wanted{kind, f.Wallet[i], f.Account.At(i), f.OrderNo.At(i), f.RefundNo.At(i), f.ProviderTxnID.At(i), nil, [2]settlement.Amount{settlement.NoAmount, settlement.NoAmount}}, nil)
		if of < 0 || b.Fee[of] == settlement.NoAmount || b.Fee[of] == 0 {
			continue
		}
		if s.out.FeeCharged == nil {
			s.out.FeeCharged = map[int32]settlement.Amount{}
		}
		s.out.FeeCharged[int32(i)] = -b.Fee[of]
		b.Fee[of] = settlement.NoAmount // a second one is one too many
	}
}

// agreesBefore is agrees of a row of the day before. A fee that came back in a row of
// its own is not known there any more.
func (s *settling) agreesBefore(of int) bool {
	b := s.Before
	return agree(b.Kind[of], b.Fails[of] == 0, b.Expected[of], b.Fee[of], b.Booked[of], false)
}

// kindOf is the kind of the trade line that a fund line would be of.
func kindOf(f *settlement.FundLines, i int) settlement.Kind {
	if f.Category[i] == settlement.FundRefund {
		return settlement.Refund
	}
	return settlement.Payment
}

// place says where a row stands, for people.
func (r *Rules) place(file int32, line int64) string {
	if file < 0 || int(file) >= len(r.Names) {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("%s:%d", r.Names[file], line)
}

// places says where fund lines stand and what they come to.
func (s *settling) places(rows []int32) string {
	var words []string
	for n, row := range rows {
		if n == fewRows {
			words = append(words, fmt.Sprintf("and %d more", len(rows)-n))
			break
		}
		words = append(words, fmt.Sprintf("%s, %s", s.place(s.Funds.File[row], s.Funds.Line[row]), s.Funds.Amount[row]))
	}
	return strings.Join(words, "; ")
}
