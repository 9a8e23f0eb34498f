package taobao

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// take adds a row to the batches and to what the file adds up to.
func (r *reading) take(l *line) {
	day := settlement.DayOf(l.at)
	if r.first == settlement.NoDay || day < r.first {
		r.first = day
	}
	r.last = max(r.last, day)
	if r.st.Rows == 0 {
		r.st.Account = l.account
	} else if r.st.Account != l.account {
		r.bad(shop, "export each shop alone", "the file holds rows of the shops %q and %q", delimited.Short(r.st.Account), delimited.Short(l.account))
		return
	}
	r.st.Rows++
	r.sum(l.direction, l.amount, 0)
	r.remark(l)
	r.appendFund(l, day)
	if kind := l.trade(); kind != settlement.NoKind {
		r.sum(kind, l.amount, l.amount)
		r.appendLine(l, kind, day)
	}
}

// bytesOf are texts of a row in memory that the next row uses again.
type bytesOf struct {
	memory []byte
	parts  [][]byte
}

func (b *bytesOf) take(texts ...string) [][]byte {
	b.memory, b.parts = b.memory[:0], b.parts[:0]
	for _, text := range texts {
		b.memory = append(b.memory, text...)
	}
	at := 0
	for _, text := range texts {
		b.parts = append(b.parts, b.memory[at:at+len(text):at+len(text)])
		at += len(text)
	}
	return b.parts
}

func (r *reading) sum(kind settlement.Kind, gross, settled settlement.Amount) {
	s := &r.st.KindSums[kind]
	var err1, err2 error
	s.Rows++
	s.Gross, err1 = s.Gross.Add(gross)
	s.Settled, err2 = s.Settled.Add(settled)
	r.overflow = r.overflow || err1 != nil || err2 != nil
}

// remark counts what a reader of the run should know of.
func (r *reading) remark(l *line) {
	if l.category == settlement.FundOther {
		counted(r.others, l.kind, l.amount)
	}
	if word := r.text(channel); word != "" && !strings.Contains(word, "聚合") {
		counted(r.channels, word, l.amount)
	}
	if l.state != settlement.Booked || l.category != settlement.FundPayment && l.category != settlement.FundRefund {
		return
	}
	if l.trade() == settlement.NoKind {
		r.reversed.add(l.amount)
	} else if l.order == "" {
		r.unaddressed++
	}
}

// maxWords is how many words of an open list are told apart; the rest is one.
const maxWords = 50

func counted(of map[string]*count, word string, amount settlement.Amount) {
	if of[word] == nil && len(of) >= maxWords {
		word = "…"
	}
	if of[word] == nil {
		of[word] = &count{}
	}
	of[word].add(amount)
}

func (r *reading) appendFund(l *line, day settlement.Day) {
	b := &r.fundBatch
	texts := r.fundBytes.take(l.account, l.flow, l.order, l.txn)
	account, flow, order, txn := texts[0], texts[1], texts[2], texts[3]
	b.ID = append(b.ID, settlement.FundLineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, account, nil, flow, l.direction))
	b.Wallet = append(b.Wallet, settlement.TaobaoAggregated)
	b.Account.Append(account)
	b.SubAccount.Append(nil)
	b.Direction = append(b.Direction, l.direction)
	b.Category = append(b.Category, l.category)
	b.OrderNo.Append(order)
	b.RefundNo.Append(nil)
	b.ProviderTxnID.Append(txn)
	b.FlowNo.Append(flow)
	b.OccurredAt = append(b.OccurredAt, l.at)
	b.SettledOn = append(b.SettledOn, day)
	b.Amount = append(b.Amount, l.amount)
	b.Balance = append(b.Balance, settlement.NoAmount)
	b.Currency = append(b.Currency, settlement.CNY)
	b.State = append(b.State, l.state)
	b.RawType.AppendString(l.kind)
	b.RawNote.AppendString(l.note)
	b.File = append(b.File, r.in.Index)
	b.Line = append(b.Line, l.number)
	b.Key = append(b.Key, settlement.FundKey(order, txn, flow))
}

// lineID is the identity of a payment or refund. Whether 支付流水号 is of the movement or of
// the payment, so that its refunds share it, and whether a payment is split by
// sub-orders, is not established: order, time and amount tell such rows apart, and equal
// ones of a file are numbered. Copies of a row in other files get the same.
func (r *reading) lineID(l *line, kind settlement.Kind) settlement.ID {
	r.amountText = l.amount.Append(r.amountText[:0])
	key := append(r.lineBytes.take(l.account, l.flow, kind.String(), l.order, l.atText), r.amountText)
	id := settlement.LineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, key[0], key[1:]...)
	n := r.nth[id]
	r.nth[id] = n + 1
	if n == 0 {
		return id
	}
	return settlement.LineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, key[0], append(key[1:], fmt.Append(nil, n))...)
}

func (r *reading) appendLine(l *line, kind settlement.Kind, day settlement.Day) {
	b := &r.lineBatch
	b.ID = append(b.ID, r.lineID(l, kind))
	texts := r.lineBytes.take(l.order, l.txn)
	order, txn := texts[0], texts[1]
	b.Wallet = append(b.Wallet, settlement.TaobaoAggregated)
	b.Account.AppendString(l.account)
	b.SubAccount.Append(nil)
	b.Kind = append(b.Kind, kind)
	b.OrderNo.Append(order)
	if l.raw == l.order {
		b.OrderNoRaw.Append(nil)
	} else {
		b.OrderNoRaw.AppendString(l.raw)
	}
	b.RefundNo.Append(nil)
	b.ProviderTxnID.Append(txn)
	b.ProviderRefundID.Append(nil)
	b.OccurredAt = append(b.OccurredAt, l.at)
	b.TimeBasis = append(b.TimeBasis, settlement.BasisSuccess)
	b.SettledOn = append(b.SettledOn, day)
	b.Gross = append(b.Gross, l.amount)
	b.Settled = append(b.Settled, l.amount)
	b.Fee = append(b.Fee, 0)
	b.Net = append(b.Net, l.amount)
	b.FeeRate = append(b.FeeRate, settlement.NoRate)
	b.Currency = append(b.Currency, settlement.CNY)
	b.MatchState = append(b.MatchState, settlement.NoState)
	b.RawType.AppendString(l.kind)
	b.File = append(b.File, r.in.Index)
	b.Line = append(b.Line, l.number)
	b.Status = append(b.Status, settlement.Success)
	b.Coupon = append(b.Coupon, 0)
	b.Key = append(b.Key, settlement.PaymentKey(order, txn))
}

// verdict says whether the file may be used. failure is what ended the reading.
func (r *reading) verdict(failure error) error {
	st := r.st
	if refused := (*settlement.Refusal)(nil); errors.As(failure, &refused) {
		refused.Statement = st
		return refused
	}
	var fault *settlement.InputError
	if errors.As(failure, &fault) {
		r.problems.Add(fault)
	} else if failure != nil {
		return failure
	}
	if r.overflow {
		r.problems.Add(r.in.Errorf(0, adviceFetch, "the amounts are too large: %v", settlement.ErrOverflow))
	}
	if r.above != 0 && r.below != 0 {
		e := r.in.Errorf(max(r.above, r.below), adviceFormat, "expenses above zero (row %d) and below (row %d): what the sign means cannot be told", r.above, r.below)
		e.ColumnName = r.head.name(expense)
		r.problems.Add(e)
	}
	if r.head != nil && failure == nil {
		r.period()
		r.notes()
	}
	if refused := r.problems.Refusal(st.Source()); refused != nil {
		refused.Statement = st
		return refused
	}
	return nil
}

// period is the stated day, or the one on which all rows lie: the export does not say of
// which days it is. A stated day on which no row lies contradicts the file.
func (r *reading) period() {
	st, day := r.st, r.in.Day
	switch {
	case r.first == settlement.NoDay && day == settlement.NoDay:
		st.Notef("an export without rows, of days that it does not state")
	case r.first == settlement.NoDay:
		st.From, st.Until = day, day+1
	case day != settlement.NoDay && (day < r.first || day > r.last):
		r.problems.Add(r.in.Errorf(0, "name the day's own export, or leave the day out",
			"the rows are of %s to %s, and not of %s as stated", r.first, r.last, day))
	case r.first == r.last:
		st.From, st.Until = r.first, r.last+1
	default:
		st.Notef("the export does not state its period; its rows are of %s to %s. Without a period no order is said to be missing in it", r.first, r.last)
	}
}

func (r *reading) notes() {
	st := r.st
	st.Notef("the export states no control totals: its rows are used as they are")
	if r.from.cutOff() {
		st.Notef(delimited.NoLineEnd)
	}
	if st.Account == "" {
		st.Notef("neither the export nor the configuration says which shop's account this is")
	}
	for _, word := range words(r.others) {
		c := r.others[word]
		st.Notef("%s %q is not known: %d rows, together %s, are in category other", r.head.name(rowType), delimited.Short(word), c.rows, c.sum)
	}
	for _, word := range words(r.channels) {
		c := r.channels[word]
		if word == "支付宝" {
			st.Notef("%d rows of the channel %s, together %s, are a second view of Alipay's account: they do not count here", c.rows, word, c.sum)
		} else {
			st.Notef("%d rows, together %s, are of the channel %q: they count as the aggregated account's", c.rows, c.sum, delimited.Short(word))
		}
	}
	if r.reversed.rows > 0 {
		st.Notef("%d rows, together %s, are payments that go out or refunds that come in: they are fund lines alone", r.reversed.rows, r.reversed.sum)
	}
	if r.unaddressed > 0 {
		st.Notef("%d payments and refunds have no order number", r.unaddressed)
	}
}

func words(of map[string]*count) []string {
	var list []string
	for word := range of {
		list = append(list, word)
	}
	slices.Sort(list)
	return list
}
