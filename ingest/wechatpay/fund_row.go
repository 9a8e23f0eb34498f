package wechatpay

import (
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// fundRow is one movement, with the sign of the tables: towards the merchant. Its
// texts share the line's memory.
type fundRow struct {
	at        settlement.Instant
	day       settlement.Day
	direction settlement.Kind
	category  settlement.Category
	state     settlement.FundState
	amount    settlement.Amount
	balance   settlement.Amount

	account, subAccount []byte
	orderNo, refundNo   []byte
	txnID, flowNo       []byte
	rawType, rawNote    []byte
}

// parseFund reads a row of the fund-flow bill but for its category, which follows
// from rawType, and for what follows from that in turn.
func (r *fundRecord) parseFund(row *fundRow) *fault {
	at, err := settlement.ParseInstant(r.text(fundTime))
	if err != nil {
		return r.faultf(fundTime, fetchAgain, "%q: %v", settlement.Masked(string(r.text(fundTime))), err)
	}
	row.at, row.day = at, settlement.DayOf(at)
	row.state = settlement.Booked
	switch direction := r.text(fundDirection); string(direction) {
	case "收入":
		row.direction = settlement.Income
	case "支出":
		row.direction = settlement.Expense
	default:
		return r.faultf(fundDirection, tellTheFormat, "%q is neither 收入 nor 支出", settlement.MaskedWord(string(direction)))
	}
	var f *fault
	if row.amount, f = r.positive(fundAmount); f != nil {
		return f
	}
	if row.direction == settlement.Expense {
		row.amount = -row.amount
	}
	if row.balance, err = settlement.ParseAmount(r.text(fundBalance)); err != nil {
		return r.faultf(fundBalance, adviceFor(err), "%q: %v", settlement.Masked(string(r.text(fundBalance))), err)
	}
	return r.parseFundTexts(row)
}

func (r *fundRecord) parseFundTexts(row *fundRow) (f *fault) {
	if row.txnID, f = r.id(fundTxn); f != nil {
		return f
	}
	if row.flowNo, f = r.id(fundFlow); f != nil {
		return f
	}
	if len(row.flowNo) == 0 {
		return r.faultf(fundFlow, fetchAgain, "no number of the movement")
	}
	if row.orderNo, f = r.id(fundVoucher); f != nil {
		return f
	}
	row.refundNo = nil
	for _, c := range [...]column{fundName, fundType, fundNote} {
		if text := r.text(c); !utf8.Valid(text) {
			return r.faultf(c, fetchAgain, "not UTF-8")
		}
	}
	row.rawNote = settlement.PublicNote(r.text(fundNote))
	row.rawType = append(append(append(row.rawType[:0], r.text(fundName)...), '/'), r.text(fundType)...)
	if len(row.rawType) == 1 {
		return r.faultf(fundType, fetchAgain, "neither 业务名称 nor 业务类型 says what the movement is")
	}
	return nil
}

// settleCategory fills what follows from the row's category, and the words that are shown.
//
// 业务凭证号 is the merchant's refund number on what belongs to a refund, else its
// order number, or its own number of a transfer or a top-up. 微信支付业务单号 is the
// number of the transaction, on refunds WeChat Pay's refund number: it is kept as the
// file has it, so provider_txn_id of a refund's line is provider_refund_id of the
// trade bill's.
func (row *fundRow) settleCategory(k *fundKind) {
	row.category = k.category
	row.rawType = append(row.rawType[:0], k.shown...)
	if k.ofRefund {
		row.orderNo, row.refundNo = nil, row.orderNo
	}
	if k.private {
		row.rawNote = nil
	}
}

// appendFund adds row to a batch. kind is that of the statement.
func appendFund(b *settlement.FundLines, hasher *settlement.IDHasher, kind settlement.StatementKind, row *fundRow, file int32, line int64) {
	b.ID = append(b.ID, settlement.FundLineID(hasher, kind, settlement.WeChat, row.account, row.subAccount, row.flowNo, row.direction))
	b.Wallet = append(b.Wallet, settlement.WeChat)
	b.Account.Append(row.account)
	b.SubAccount.Append(row.subAccount)
	b.Direction = append(b.Direction, row.direction)
	b.Category = append(b.Category, row.category)
	b.OrderNo.Append(row.orderNo)
	b.RefundNo.Append(row.refundNo)
	b.ProviderTxnID.Append(row.txnID)
	b.FlowNo.Append(row.flowNo)
	b.OccurredAt = append(b.OccurredAt, row.at)
	b.SettledOn = append(b.SettledOn, row.day)
	b.Amount = append(b.Amount, row.amount)
	b.Balance = append(b.Balance, row.balance)
	b.Currency = append(b.Currency, settlement.CNY)
	b.State = append(b.State, row.state)
	b.RawType.Append(row.rawType)
	b.RawNote.Append(row.rawNote)
	b.File = append(b.File, file)
	b.Line = append(b.Line, line)
	b.Key = append(b.Key, settlement.FundKey(row.orderNo, row.txnID, row.flowNo))
}

// addFund adds a row to the sums; settlement.ErrOverflow where one leaves 64 bits.
func (s *sums) addFund(row *fundRow) error {
	return addSum(&s[row.direction], settlement.KindSum{Rows: 1, Gross: row.amount})
}

// commas appends to starts where each value of line starts, where backticks may be
// missing: behind the comma, and behind a backtick where there is one.
func commas(line []byte, starts []int32) []int32 {
	skip := func(at int) int32 {
		if at < len(line) && line[at] == '`' {
			at++
		}
		return int32(at)
	}
	first := len(starts)
	starts = append(starts, skip(0))
	starts = delimited.Separators(line, ',', starts)
	for i := first + 1; i < len(starts); i++ {
		starts[i] = skip(int(starts[i]) + 1)
	}
	return starts
}
