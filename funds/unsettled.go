package funds

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// judge decides what is left: it waits, or it is a break.
func (s *settling) judge() {
	b := s.Before
	for i := range b.Len() {
		if !s.done[i] {
			s.keepBefore(i)
		}
	}
	s.findFees()
	for _, row := range s.lines {
		s.keepLine(int(row))
	}
	for _, row := range s.alone {
		s.out.Sums.AloneRows++
		s.out.Sums.Alone += s.Funds.Amount[row]
		s.keepFund(int(row))
	}
	s.out.Unsettled = sortUnsettled(s.out.Unsettled)
	s.breaks()
}

// findFees notes of which of the lines that disagree the fee is booked.
func (s *settling) findFees() {
	s.feeRow = map[int32]bool{}
	if len(s.lines) == 0 {
		return
	}
	for _, line := range s.lines {
		s.feeRow[line] = false
	}
	for i, line := range s.LineOf {
		if _, asked := s.feeRow[line]; asked && Books(s.Funds, i) && !isMoney(s.Funds, i) {
			s.feeRow[line] = true
		}
	}
}

func (s *settling) keepBefore(i int) {
	b, u := s.Before, s.out.Unsettled
	if b.State[i] == settlement.WaitsCutOff {
		if s.due(b, i) {
			b.State[i] = settlement.WaitsTooLong
		} else if s.Day != settlement.NoDay && b.FirstSeenOn[i] != settlement.NoDay && s.Day-b.FirstSeenOn[i] > WaitsAtMost {
			s.out.Sums.GivenUp++
			return
		}
	}
	settlement.AppendRows(u, b, []int32{int32(i)})
}

func (s *settling) keepLine(i int) {
	l, u := s.Lines, s.out.Unsettled
	expected, fails := l.Settled[i], uint8(0)
	if !l.Settles(i) {
		expected, fails = 0, 1
	}
	u.ID = append(u.ID, l.ID[i])
	u.Side = append(u.Side, settlement.TradeSide)
	u.Kind = append(u.Kind, l.Kind[i])
	u.Wallet = append(u.Wallet, l.Wallet[i])
	u.Account.Append(l.Account.At(i))
	u.OrderNo.Append(l.OrderNo.At(i))
	u.RefundNo.Append(l.RefundNo.At(i))
	u.ProviderTxnID.Append(l.ProviderTxnID.At(i))
	u.ProviderRefundID.Append(l.ProviderRefundID.At(i))
	u.OccurredAt = append(u.OccurredAt, l.OccurredAt[i])
	u.TimeBasis = append(u.TimeBasis, l.TimeBasis[i])
	u.SettledOn = append(u.SettledOn, l.SettledOn[i])
	u.Expected = append(u.Expected, expected)
	fee := l.Fee[i]
	if fails == 1 || s.feeRow[int32(i)] {
		fee = settlement.NoAmount
	}
	u.Fee = append(u.Fee, fee)
	u.Booked = append(u.Booked, s.booked[i])
	u.Fails = append(u.Fails, fails)
	u.File = append(u.File, l.File[i])
	u.Line = append(u.Line, l.Line[i])
	u.Key = append(u.Key, settlement.PaymentKey(l.OrderNo.At(i), l.ProviderTxnID.At(i)))
	s.seen()
}

func (s *settling) keepFund(i int) {
	f, u := s.Funds, s.out.Unsettled
	u.ID = append(u.ID, f.ID[i])
	u.Side = append(u.Side, settlement.FundsSide)
	u.Kind = append(u.Kind, kindOf(f, i))
	u.Wallet = append(u.Wallet, f.Wallet[i])
	u.Account.Append(f.Account.At(i))
	u.OrderNo.Append(f.OrderNo.At(i))
	u.RefundNo.Append(f.RefundNo.At(i))
	u.ProviderTxnID.Append(f.ProviderTxnID.At(i))
	u.ProviderRefundID.Append(nil)
	u.OccurredAt = append(u.OccurredAt, f.OccurredAt[i])
	u.TimeBasis = append(u.TimeBasis, settlement.NoBasis)
	u.SettledOn = append(u.SettledOn, f.SettledOn[i])
	u.Expected = append(u.Expected, settlement.NoAmount)
	u.Fee = append(u.Fee, settlement.NoAmount)
	u.Booked = append(u.Booked, f.Amount[i])
	u.Fails = append(u.Fails, 0)
	u.File = append(u.File, f.File[i])
	u.Line = append(u.Line, f.Line[i])
	u.Key = append(u.Key, settlement.FundKey(f.OrderNo.At(i), f.ProviderTxnID.At(i), f.FlowNo.At(i)))
	s.seen()
}

// seen completes the row that was appended last.
func (s *settling) seen() {
	u := s.out.Unsettled
	i := u.Len() - 1
	on := u.SettledOn[i]
	if on == settlement.NoDay && u.OccurredAt[i] != settlement.NoInstant {
		on = settlement.DayOf(u.OccurredAt[i])
	}
	u.FirstSeenOn = append(u.FirstSeenOn, on)
	state := settlement.WaitsCutOff
	if s.due(u, i) {
		state = settlement.WaitsTooLong
	}
	u.State = append(u.State, state)
}

// due says that the other side of row i should have been among what was delivered.
// The time that a trade bill prints of a refund may be that of its payment: then only
// its day is known.
func (r *Rules) due(u *settlement.Unsettled, i int) bool {
	wallet, account, at, on := u.Wallet[i], u.Account.At(i), u.OccurredAt[i], u.SettledOn[i]
	if u.Side[i] == settlement.FundsSide {
		return r.TradeBills.Covers(wallet, account, u.Kind[i], at, r.Window)
	}
	if u.Kind[i] != settlement.Payment && on != settlement.NoDay && (at == settlement.NoInstant || settlement.DayOf(at) != on) {
		return r.FundFlows.CoversAll(wallet, account, settlement.Payment, on.Start()+1, (on+1).Start()+r.Window)
	}
	return r.FundFlows.Covers(wallet, account, settlement.Payment, at, r.Window)
}

func sortUnsettled(u *settlement.Unsettled) *settlement.Unsettled {
	order := make([]int32, u.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := int(a), int(b)
		return cmp.Or(cmp.Compare(u.Wallet[x], u.Wallet[y]), bytes.Compare(u.OrderNo.At(x), u.OrderNo.At(y)), u.ID[x].Compare(u.ID[y]))
	})
	sorted := &settlement.Unsettled{}
	settlement.AppendRows(sorted, u, order)
	return sorted
}

// breaks makes a finding of each row that is broken.
func (s *settling) breaks() {
	u := s.out.Unsettled
	booked := map[settlement.ID][]int32{} // the fund lines of today's rows
	rowOf := map[int32]settlement.ID{}
	for _, line := range s.lines {
		rowOf[line] = s.Lines.ID[line]
	}
	for of, rows := range s.late {
		booked[s.Before.ID[of]] = rows
	}
	if len(rowOf) > 0 {
		for i, line := range s.LineOf {
			if id, ok := rowOf[line]; ok && isMoney(s.Funds, i) {
				booked[id] = append(booked[id], int32(i))
			}
		}
	}
	var hash settlement.IDHasher
	same := map[settlement.ID]int{}
	for i := range u.Len() {
		if u.State[i] != settlement.WaitsTooLong {
			continue
		}
		number := u.ProviderTxnID.At(i)
		if id := u.ProviderRefundID.At(i); len(id) > 0 {
			number = id
		}
		b := settlement.Break{
			Kind: settlement.SettlementMismatch, Wallet: u.Wallet[i], Account: u.Account.At(i), OrderNo: u.OrderNo.At(i), RefundNo: u.RefundNo.At(i),
			ProviderID: number, LineID: u.ID[i], Expected: u.Expected[i], Actual: u.Booked[i], SeenOn: u.FirstSeenOn[i],
			Reason: s.reason(i, booked[u.ID[i]]), Suggest: suggestion(u, i), File: u.File[i], FileLine: u.Line[i],
		}
		name := hash.Start("unsettled").Code(uint64(b.Wallet)).Text(b.Account).Text(b.OrderNo).Text(b.RefundNo).Text(b.ProviderID).ID()
		b.Nth = same[name]
		same[name]++
		s.out.Breaks.Add(&hash, b, s.Day)
	}
}

// reason says of row i of the unsettled what the two sides say.
func (s *settling) reason(i int, rows []int32) string {
	u := s.out.Unsettled
	what := "payment"
	if u.Kind[i] != settlement.Payment {
		what = "refund"
	}
	if u.Side[i] == settlement.FundsSide {
		return fmt.Sprintf("the fund flow books %s for a %s that no trade bill has", u.Booked[i], what)
	}
	where := ""
	if len(rows) > 0 {
		where = " (" + s.numbers(rows) + ")"
	}
	switch booked := u.Booked[i]; {
	case booked == settlement.NoAmount:
		return fmt.Sprintf("the trade bill settles %s, the fund flow books nothing for it", u.Expected[i])
	case u.Fails[i] == 1:
		return fmt.Sprintf("the trade bill says that the %s failed, the fund flow books %s%s", what, booked, where)
	case booked == 0:
		return fmt.Sprintf("the trade bill settles %s, the fund flow books it and takes it back%s", u.Expected[i], where)
	case len(rows) > 1 && booked == settlement.Amount(len(rows))*u.Expected[i]:
		return fmt.Sprintf("the trade bill settles %s, the fund flow books it %d times%s", u.Expected[i], len(rows), where)
	default:
		return fmt.Sprintf("the trade bill settles %s, the fund flow books %s%s", u.Expected[i], booked, where)
	}
}

// numbers names fund lines by the wallet's numbers of them: where they stand would make
// the reason another one when the rows of a file are in another order.
func (s *settling) numbers(rows []int32) string {
	var words []string
	for _, row := range rows {
		words = append(words, fmt.Sprintf("%s of %s", s.Funds.FlowNo.At(int(row)), s.Funds.Amount[row]))
	}
	slices.Sort(words)
	if n := len(words); n > fewRows {
		words = append(words[:fewRows], fmt.Sprintf("and %d more", n-fewRows))
	}
	return "flow number " + strings.Join(words, ", ")
}

// fewRows is how many fund lines a reason names.
const fewRows = 3

func suggestion(u *settlement.Unsettled, i int) string {
	switch {
	case u.Side[i] == settlement.FundsSide:
		return "ask the wallet what the money is for; look whether the trade bill of the day is complete"
	case u.Booked[i] == settlement.NoAmount:
		return "ask the wallet where the money is; look whether it went to another account"
	}
	return "ask the wallet why it booked another amount than it billed"
}
