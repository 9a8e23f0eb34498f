package alipay

import (
	"fmt"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// tally is what a worker's rows add up to, and what of them is worth a word.
type tally struct {
	sums     [6]settlement.KindSum
	overflow bool

	// First line with 服务费 above and below zero, by kind; of refunds also 商家优惠.
	feeAbove, feeBelow       [6]int64
	couponAbove, couponBelow int64

	outside, firstOutside  int64 // rows completed outside the period
	unnumbered, firstBlank int64 // refunds without 退款批次号
	anchored, firstComma   int64 // rows with commas in free text
}

// add counts one row.
func (t *tally) add(kind settlement.Kind, gross, settled, fee, coupon settlement.Amount) {
	t.join(kind, settlement.KindSum{Rows: 1, Gross: gross, Settled: settled, Fee: fee, Coupon: coupon})
}

func (t *tally) join(kind settlement.Kind, more settlement.KindSum) {
	s := &t.sums[kind]
	var errs [4]error
	s.Rows += more.Rows
	s.Gross, errs[0] = s.Gross.Add(more.Gross)
	s.Settled, errs[1] = s.Settled.Add(more.Settled)
	s.Fee, errs[2] = s.Fee.Add(more.Fee)
	s.Coupon, errs[3] = s.Coupon.Add(more.Coupon)
	if errs != [4]error{} {
		t.overflow = true
	}
}

// sign keeps the first line on which a column is above and below zero.
func sign(amount settlement.Amount, line int64, above, below *int64) {
	switch {
	case amount > 0:
		first(above, line)
	case amount < 0:
		first(below, line)
	}
}

// first keeps the smaller line; 0 stands for none.
func first(kept *int64, line int64) {
	if line > 0 && (*kept == 0 || line < *kept) {
		*kept = line
	}
}

// merge adds the tally of another worker.
func (t *tally) merge(o *tally) {
	t.overflow = t.overflow || o.overflow
	for kind := range t.sums {
		t.join(settlement.Kind(kind), o.sums[kind])
		first(&t.feeAbove[kind], o.feeAbove[kind])
		first(&t.feeBelow[kind], o.feeBelow[kind])
	}
	first(&t.couponAbove, o.couponAbove)
	first(&t.couponBelow, o.couponBelow)
	t.outside += o.outside
	first(&t.firstOutside, o.firstOutside)
	t.unnumbered += o.unnumbered
	first(&t.firstBlank, o.firstBlank)
	t.anchored += o.anchored
	first(&t.firstComma, o.firstComma)
}

// faults are what makes the sums unfit for use.
func (t *tally) faults(in delimited.Input) (faults []*settlement.InputError) {
	if t.overflow {
		faults = append(faults, in.Errorf(0, adviceForm, "the amounts are too large: %v", settlement.ErrOverflow))
	}
	mixed := func(column string, kind settlement.Kind, above, below int64) {
		if above == 0 || below == 0 {
			return
		}
		fault := in.Errorf(max(above, below), "ask Alipay which sign means a cost in this bill; it is not used before that is known",
			"rows of %s have it above zero (line %d) and below (line %d): which of them is a cost cannot be told", typeOf[kind], above, below)
		fault.ColumnName = column
		faults = append(faults, fault)
	}
	for _, kind := range []settlement.Kind{settlement.Payment, settlement.Refund} {
		mixed(wordings[serviceFee][0], kind, t.feeAbove[kind], t.feeBelow[kind])
	}
	mixed(wordings[coupon][0], settlement.Refund, t.couponAbove, t.couponBelow)
	return faults
}

// notes are what a reader of the run should know of the rows.
func (t *tally) notes() (notes []string) {
	note := func(count, line int64, format string) {
		if count > 0 {
			notes = append(notes, fmt.Sprintf(format, count, line))
		}
	}
	note(t.outside, t.firstOutside, "%d rows were completed outside the bill's period (first on line %d); the bill decides the day on which they settle")
	note(t.unnumbered, t.firstBlank, "%d refunds have no 退款批次号/请求号 (first on line %d); their completion time tells them apart")
	note(t.anchored, t.firstComma, "%d rows have commas in free text (first on line %d)")
	return notes
}
