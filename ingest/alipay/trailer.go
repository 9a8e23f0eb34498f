package alipay

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"reconcile/settlement"
)

// footer is 交易合计 or 退款合计: what the bill says its rows add up to.
type footer struct {
	line             int64 // 0 where the file does not have it
	count            int64
	received, coupon settlement.Amount
	extra            []string // totals that are not known
}

// wording is how a footer names its totals.
type wording struct{ label, received, coupon string }

var (
	paymentFooter = wording{"交易合计", "商家实收", "商家优惠"}
	refundFooter  = wording{"退款合计", "商家实收退款", "商家优惠退款"}
)

// trailer is what stands behind the rows.
type trailer struct {
	payments, refunds footer
	ended             bool
}

// readTrailer reads to the end of the file and gives every fault to report.
func (l *lineReader) readTrailer(report func(*settlement.InputError)) (*trailer, error) {
	t := &trailer{}
	return t, l.readFooters(t.take, report)
}

// readFooters hands every line up to the end of the file to take, and what take finds
// wrong with it to report.
func (l *lineReader) readFooters(take func(text string, line int64) error, report func(*settlement.InputError)) error {
	for {
		text, line, err := l.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if text = unpadded(text); text == "" {
			continue
		}
		if why := take(text, line); why != nil {
			report(l.in.Errorf(line, adviceForm, "%v", why))
		}
	}
}

func (t *trailer) take(text string, line int64) error {
	switch {
	case text[0] != '#':
		return errors.New("text behind the end of the rows")
	case strings.HasPrefix(text, "#-") && has(text, "列表结束"):
		if t.ended {
			return errors.New("a second end of the list")
		}
		t.ended = true
		return nil
	case strings.HasPrefix(text, "#"+paymentFooter.label):
		return t.payments.take(text, line, paymentFooter)
	case strings.HasPrefix(text, "#"+refundFooter.label):
		return t.refunds.take(text, line, refundFooter)
	case strings.HasPrefix(text, "#导出时间"):
		return nil
	}
	return errors.New("a line that does not belong behind the rows of " + billFile.name)
}

// take reads `#交易合计：6笔，商家实收共0.06元，商家优惠共0.00元`.
func (f *footer) take(text string, line int64, names wording) error {
	if f.line != 0 {
		return fmt.Errorf("a second %s", names.label)
	}
	value, ok := afterColon(text, "#"+names.label)
	items := strings.Split(strings.ReplaceAll(value, "，", ","), ",")
	count, isCount := strings.CutSuffix(strings.TrimSpace(items[0]), "笔")
	if !ok || !isCount {
		return fmt.Errorf("not of the form #%s：0笔，%s共0.00元，%s共0.00元", names.label, names.received, names.coupon)
	}
	var err error
	if f.count, err = settlement.ParseCount([]byte(count)); err != nil {
		return fmt.Errorf("%s 笔: %w", names.label, err)
	}
	found := map[string]bool{}
	for _, item := range items[1:] {
		if err := f.takeSum(strings.TrimSpace(item), names, found); err != nil {
			return err
		}
	}
	for _, name := range []string{names.received, names.coupon} {
		if !found[name] {
			return fmt.Errorf("%s does not state %s: the line is truncated or of an unknown form", names.label, name)
		}
	}
	f.line = line
	return nil
}

// takeSum reads `商家实收共0.06元`.
func (f *footer) takeSum(item string, names wording, found map[string]bool) error {
	name, sum, ok := strings.Cut(item, "共")
	sum, isYuan := strings.CutSuffix(sum, "元")
	if !ok || !isYuan || found[name] {
		return fmt.Errorf("%s has %q where a sum such as %s共0.00元 is expected, once", names.label, item, names.received)
	}
	found[name] = true
	if name != names.received && name != names.coupon {
		f.extra = append(f.extra, item)
		return nil
	}
	amount, err := settlement.ParseAmount([]byte(sum))
	if err != nil {
		return fmt.Errorf("%s %s: %w", names.label, name, err)
	}
	if name == names.received {
		f.received = amount
	} else {
		f.coupon = amount
	}
	return nil
}

// totals puts the footers beside what the rows add up to.
func (t *trailer) totals(sums [6]settlement.KindSum) []settlement.ControlTotal {
	paid, refunded := sums[settlement.Payment], sums[settlement.Refund]
	return append(
		t.payments.totals(paymentFooter, settlement.KindSet(settlement.Payment), paid),
		t.refunds.totals(refundFooter, settlement.KindSet(settlement.Refund), refunded)...)
}

func (f *footer) totals(names wording, kinds uint8, sum settlement.KindSum) []settlement.ControlTotal {
	return []settlement.ControlTotal{
		{Name: names.label, Stated: f.count, Computed: sum.Rows, Measure: settlement.Measure{Column: "rows", Kinds: kinds}},
		{Name: names.received, Stated: int64(f.received), Computed: int64(sum.Settled), Measure: settlement.Measure{Column: "settled_amount", Kinds: kinds}},
		eitherSign(settlement.ControlTotal{Name: names.coupon, Stated: int64(f.coupon), Computed: int64(sum.Coupon),
			Measure: settlement.Measure{Column: "coupon_amount", Kinds: kinds}}),
	}
}

// eitherSign turns the computed side of a total around where only that ties. It
// is for columns whose sign in the files is not established, but the same on all
// rows of a kind (which the tally checks).
func eitherSign(t settlement.ControlTotal) settlement.ControlTotal {
	if t.Stated != t.Computed && t.Stated == -t.Computed {
		t.Computed, t.Measure.Negate = -t.Computed, !t.Measure.Negate
	}
	return t
}

// lines gives the line of each of totals.
func (t *trailer) lines() []int64 {
	return []int64{t.payments.line, t.payments.line, t.payments.line, t.refunds.line, t.refunds.line, t.refunds.line}
}

// untied says of a total that does not tie what stands on both sides.
func untied(t settlement.ControlTotal, rows string) string {
	return fmt.Sprintf("%s: the file states %s, %s add up to %s, difference %s", t.Name, t.StatedText(), rows, t.ComputedText(), t.DifferenceText())
}
