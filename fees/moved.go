package fees

import (
	"fmt"

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

// Charged adds up what the fee rows of a bucket charged its lines. lineOf says which
// line each fund line books, negative for none; nil where none books any.
//
// A payment whose money a file shows, beside fees of others but none of its own, was
// charged nothing.
func Charged(lines *settlement.Lines, funds *settlement.FundLines, lineOf []int32, shown Shown) (Moved, error) {
	m := Moved{}
	for i := range funds.Len() {
		if !IsFee(funds, i) {
			continue
		}
		if lineOf == nil || lineOf[i] < 0 || funds.Category[i] == settlement.FundPlatformFee {
			m.Alone = append(m.Alone, int32(i))
			continue
		}
		line := int(lineOf[i])
		sum := m.at(line)
		if sum == settlement.NoAmount {
			sum = 0
		}
		total, err := sum.Add(-funds.Amount[i])
		if err != nil || total == settlement.NoAmount {
			return m, fmt.Errorf("fee rows of line %s: %w", lines.ID[line], settlement.ErrOverflow)
		}
		m.set(lines.Len(), line, total)
	}
	for i, line := range lineOf {
		if line >= 0 && funds.Category[i] == settlement.FundPayment && lines.Fee[line] != 0 &&
			m.at(int(line)) == settlement.NoAmount && shown.covers(funds.File[i], funds.OccurredAt[i]) {
			m.set(lines.Len(), int(line), 0)
		}
	}
	return m, nil
}

func (m *Moved) at(line int) settlement.Amount {
	if m.OfLine == nil {
		return settlement.NoAmount
	}
	return m.OfLine[line]
}

func (m *Moved) set(lines, line int, cost settlement.Amount) {
	if m.OfLine == nil {
		m.OfLine = make([]settlement.Amount, lines)
		for i := range m.OfLine {
			m.OfLine[i] = settlement.NoAmount
		}
	}
	m.OfLine[line] = cost
}
