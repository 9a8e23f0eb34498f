package wechatpay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// trailerStart begins the summary's line of names.
var trailerStart = []byte("总交易单数")

var (
	payments = settlement.KindSet(settlement.Payment)
	refunds  = settlement.KindSet(settlement.Refund, settlement.Revoke)
)

// measures says what each total of the summary adds up. Refund totals and fees
// are printed with the opposite sign of the tables.
var measures = map[string]settlement.Measure{
	"总交易单数":         {Column: "rows"},
	"应结订单总金额":       {Column: "settled_amount", Kinds: payments},
	"总交易额":          {Column: "settled_amount", Kinds: payments},
	"退款总金额":         {Column: "settled_amount", Kinds: refunds, Negate: true},
	"总退款金额":         {Column: "settled_amount", Kinds: refunds, Negate: true},
	"充值券退款总金额":      {Column: "coupon_amount", Kinds: refunds, Negate: true},
	"总企业红包退款金额":     {Column: "coupon_amount", Kinds: refunds, Negate: true},
	"总代金券或立减优惠退款金额": {Column: "coupon_amount", Kinds: refunds, Negate: true},
	"手续费总金额":        {Column: "fee_amount", Negate: true},
	"订单总金额":         {Column: "gross_amount", Kinds: payments},
	"申请退款总金额":       {Column: "gross_amount", Kinds: refunds, Negate: true},
}

// sums are what some rows add up to by kind, in the tables' signs.
type sums [6]settlement.KindSum

// add adds one row; settlement.ErrOverflow where a sum leaves 64 bits, after
// which the sums are of no use.
func (s *sums) add(r *row) error {
	return addSum(&s[r.kind], settlement.KindSum{Rows: 1, Gross: r.gross, Settled: r.settled, Fee: r.fee, Coupon: r.coupon})
}

func (s *sums) merge(o *sums) error {
	for kind := range s {
		if err := addSum(&s[kind], o[kind]); err != nil {
			return err
		}
	}
	return nil
}

func addSum(to *settlement.KindSum, more settlement.KindSum) error {
	to.Rows += more.Rows
	gross, err1 := to.Gross.Add(more.Gross)
	settled, err2 := to.Settled.Add(more.Settled)
	fee, err3 := to.Fee.Add(more.Fee)
	coupon, err4 := to.Coupon.Add(more.Coupon)
	to.Gross, to.Settled, to.Fee, to.Coupon = gross, settled, fee, coupon
	if err1 == nil && err2 == nil && err3 == nil && err4 == nil {
		return nil
	}
	return cmp.Or(err1, err2, err3, err4)
}

func (s *sums) count() (rows int64) {
	for _, of := range s {
		rows += of.Rows
	}
	return rows
}

// of computes one control total.
func (s *sums) of(m settlement.Measure) (int64, error) {
	var total settlement.Amount
	for kind, of := range s {
		if !m.Has(settlement.Kind(kind)) {
			continue
		}
		v := settlement.Amount(of.Rows)
		switch m.Column {
		case "gross_amount":
			v = of.Gross
		case "settled_amount":
			v = of.Settled
		case "fee_amount":
			v = of.Fee
		case "coupon_amount":
			v = of.Coupon
		case "amount": // of fund lines
			v = of.Gross
		}
		var err error
		if total, err = total.Add(v); err != nil {
			return 0, err
		}
	}
	if m.Negate {
		total = -total
	}
	return int64(total), nil
}

// readTrailer reads the summary's two lines and makes sure that nothing follows.
// measures says what each total adds up, need names those without which the rows
// are not proven. An error is the stream's.
func (f *file) readTrailer(measures map[string]settlement.Measure, need []string) error {
	header, line, err := f.reader.Line()
	if errors.Is(err, io.EOF) {
		f.problems.Add(f.in.Errorf(f.lastLine(line), fetchAgain, "the file ends without its control totals"))
		return nil
	} else if err != nil {
		return err
	}
	return f.readTotalsFrom(header, line, measures, need)
}

// readTotalsFrom reads the summary of which the line of names was read.
func (f *file) readTotalsFrom(header []byte, line int64, measures map[string]settlement.Measure, need []string) error {
	names := headerNames(header)
	if len(names) > maxNames {
		f.problems.Add(f.in.Errorf(line, fetchAgain, "%d control totals", len(names)))
		return nil
	}
	known := f.checkTotalNames(names, line, measures, need)
	values, line, err := f.reader.Line()
	if errors.Is(err, io.EOF) {
		f.problems.Add(f.in.Errorf(f.lastLine(line), fetchAgain, "the file ends before the values of its control totals"))
		return nil
	} else if err != nil {
		return err
	}
	f.trailerLine = line
	f.readTotals(names, known, values, line, measures)
	for {
		text, line, err := f.reader.Line()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(bytes.TrimSpace(text)) > 0 {
			f.problems.Add(f.in.Errorf(line, fetchAgain+"; bills that were joined must be given one by one",
				"text behind the control totals"))
			return nil
		}
	}
}

func (f *file) lastLine(line int64) int64 { return max(line, 1) }

// checkTotalNames reports totals that stand twice and those that are missing
// though the rows cannot be proven without them. It returns the known ones.
func (f *file) checkTotalNames(names []string, line int64, measures map[string]settlement.Measure, need []string) []bool {
	known := make([]bool, len(names))
	var have []settlement.Measure
	for i, name := range names {
		m, ok := measures[name]
		switch {
		case ok && slices.Contains(have, m):
			f.problems.Add(f.errorAt(line, 0, name, "this control total stands twice", fetchAgain))
		case ok:
			known[i] = true
			have = append(have, m)
		default:
			f.statement.Notef("control total %q is not known and was not compared", delimited.Short(name))
		}
	}
	for _, name := range need {
		if !slices.Contains(have, measures[name]) {
			f.problems.Add(f.errorAt(line, 0, name, "this control total is missing; the summary has "+delimited.Short(strings.Join(names, ", ")), fetchAgain))
		}
	}
	return known
}

// readTotals reads the summary's values. They hold no commas; a copy that lost
// backticks of this line is read all the same.
func (f *file) readTotals(names []string, known []bool, values []byte, line int64, measures map[string]settlement.Measure) {
	fields := bytes.Split(values, []byte{','})
	if len(fields) != len(names) {
		f.problems.Add(f.in.Errorf(line, fetchAgain, "%d control totals where %d names are given", len(fields), len(names)))
		return
	}
	offset := 0
	for i, field := range fields {
		text := bytes.TrimPrefix(field, []byte{'`'})
		column := delimited.ColumnAt(values, offset+len(field)-len(text), false)
		offset += len(field) + 1
		if !known[i] {
			continue
		}
		m := measures[names[i]]
		var stated int64
		var err error
		if m.Column == "rows" {
			stated, err = settlement.ParseCount(text)
		} else {
			var sum settlement.Amount
			sum, err = settlement.ParseLongAmount(text)
			stated = int64(sum)
		}
		if err != nil {
			f.problems.Add(f.errorAt(line, column, names[i], fmt.Sprintf("%q: %v", settlement.Masked(string(text)), err), adviceFor(err)))
			continue
		}
		f.totals = append(f.totals, statedTotal{names[i], m, stated, column})
	}
}

// statedTotal is a control total as the summary states it, and where.
type statedTotal struct {
	name    string
	measure settlement.Measure
	stated  int64
	column  int64
}

// hasTotal says that the summary states what m measures.
func (f *file) hasTotal(m settlement.Measure) bool {
	return slices.ContainsFunc(f.totals, func(t statedTotal) bool { return t.measure == m })
}

// tie compares what the summary states with what the rows add up to.
func (f *file) tie(all *sums) *settlement.Refusal {
	s := f.statement
	refusal := &settlement.Refusal{Source: s.Source()}
	for _, t := range f.totals {
		computed, err := all.of(t.measure)
		if err != nil {
			refusal.Add(f.errorAt(f.trailerLine, t.column, t.name, err.Error(), fetchAgain))
			continue
		}
		total := settlement.ControlTotal{Name: t.name, Stated: t.stated, Computed: computed, Measure: t.measure}
		s.Totals = append(s.Totals, total)
		if !total.Ties() {
			refusal.Add(f.errorAt(f.trailerLine, t.column, t.name,
				fmt.Sprintf("the bill states %s, its rows add up to %s (difference %s)",
					total.StatedText(), total.ComputedText(), total.DifferenceText()),
				"rows are missing, added or changed: "+fetchAgain))
		}
	}
	if len(refusal.Errors) == 0 {
		return nil
	}
	refusal.Totals = s.Totals
	return refusal
}
