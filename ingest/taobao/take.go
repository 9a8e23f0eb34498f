package taobao

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

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
		r.st.Account = string(l.account)
	} else if r.st.Account != string(l.account) {
		r.bad(shop, "export each shop alone", "the file holds rows of the shops %q and %q", delimited.Short(r.st.Account), delimited.Short(string(l.account)))
		return
	}
	r.st.Rows++
	r.sum(l.direction, l.amount, 0)
	r.remark(l)
	key := settlement.FundKey(l.order, l.txn, l.flow)
	r.appendFund(l, day, key)
	if kind := l.trade(); kind != settlement.NoKind {
		r.sum(kind, l.amount, l.amount)
		r.appendLine(l, kind, day, key)
	}
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
	if word := r.text(channel); len(word) > 0 && !bytes.Contains(word, []byte("聚合")) {
		counted(r.channels, word, l.amount)
	}
	if l.state != settlement.Booked || l.category != settlement.FundPayment && l.category != settlement.FundRefund {
		return
	}
	if l.trade() == settlement.NoKind {
		r.reversed.add(l.amount)
	} else if len(l.order) == 0 {
		r.unaddressed++
	}
}

// maxWords is how many words of an open list are told apart; the rest is one.
const maxWords = 50

func counted(of map[string]*count, word []byte, amount settlement.Amount) {
	c := of[string(word)]
	if c == nil && len(of) >= maxWords {
		word = []byte("…")
		c = of[string(word)]
	}
	if c == nil {
		c = &count{}
		of[string(word)] = c
	}
	c.add(amount)
}

func (r *reading) appendFund(l *line, day settlement.Day, key uint64) {
	b := r.fundBatch
	b.ID = append(b.ID, settlement.FundLineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, l.account, nil, l.flow, l.direction))
	b.Wallet = append(b.Wallet, settlement.TaobaoAggregated)
	b.Account.Append(l.account)
	b.SubAccount.Append(nil)
	b.Direction = append(b.Direction, l.direction)
	b.Category = append(b.Category, l.category)
	b.OrderNo.Append(l.order)
	b.RefundNo.Append(nil)
	b.ProviderTxnID.Append(l.txn)
	b.FlowNo.Append(l.flow)
	b.OccurredAt = append(b.OccurredAt, l.at)
	b.SettledOn = append(b.SettledOn, day)
	b.Amount = append(b.Amount, l.amount)
	b.Balance = append(b.Balance, settlement.NoAmount)
	b.Currency = append(b.Currency, settlement.CNY)
	b.State = append(b.State, l.state)
	b.RawType.Append(l.publicKind)
	b.RawNote.Append(l.note)
	b.File = append(b.File, r.in.Index)
	b.Line = append(b.Line, l.number)
	b.Key = append(b.Key, key)
}

// lineID is the identity of a payment or refund. Whether 支付流水号 is of the movement or of
// the payment, so that its refunds share it, and whether a payment is split by
// sub-orders, is not established: order, time and amount tell such rows apart, and equal
// ones of a file are numbered. Copies of a row in other files get the same.
func (r *reading) lineID(l *line, kind settlement.Kind) settlement.ID {
	r.amountText = l.amount.Append(r.amountText[:0])
	key := [...][]byte{l.flow, []byte(kind.String()), l.order, l.atText, r.amountText, nil}
	unnumbered := key[:len(key)-1]
	id := settlement.LineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, l.account, unnumbered...)
	before := r.nth.add(id, l.at)
	if before == 0 {
		return id
	}
	key[len(key)-1] = strconv.AppendUint(nil, uint64(before), 10)
	return settlement.LineID(&r.hasher, settlement.AggregatedFunds, settlement.TaobaoAggregated, l.account, key[:]...)
}

// appendLine takes the key of the fund line: a trade has a number, so that its own is the same.
func (r *reading) appendLine(l *line, kind settlement.Kind, day settlement.Day, key uint64) {
	b := r.lineBatch
	b.ID = append(b.ID, r.lineID(l, kind))
	b.Wallet = append(b.Wallet, settlement.TaobaoAggregated)
	b.Account.Append(l.account)
	b.SubAccount.Append(nil)
	b.Kind = append(b.Kind, kind)
	b.OrderNo.Append(l.order)
	if len(l.raw) == len(l.order) { // it has no prefix
		b.OrderNoRaw.Append(nil)
	} else {
		b.OrderNoRaw.Append(l.raw)
	}
	b.RefundNo.Append(nil)
	b.ProviderTxnID.Append(l.txn)
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
	b.RawType.Append(l.publicKind)
	b.File = append(b.File, r.in.Index)
	b.Line = append(b.Line, l.number)
	b.Status = append(b.Status, settlement.Success)
	b.Coupon = append(b.Coupon, 0)
	b.Key = append(b.Key, key)
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
		st.Notef("%s %q is not known: %d rows, together %s, are in category other", r.head.name(rowType), settlement.PublicWord([]byte(word)), c.rows, c.sum)
	}
	for _, word := range words(r.channels) {
		c := r.channels[word]
		if word == "支付宝" {
			st.Notef("%d rows of the channel %s, together %s, are a second view of Alipay's account: they do not count here", c.rows, word, c.sum)
		} else {
			st.Notef("%d rows, together %s, are of the channel %q: they count as the aggregated account's", c.rows, c.sum, settlement.PublicWord([]byte(word)))
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
