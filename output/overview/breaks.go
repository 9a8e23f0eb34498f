package overview

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"reconcile/output"
	"reconcile/settlement"
)

// Break is one row of the table breaks that is open, as text where it is no amount.
type Break struct {
	ID, Kind, Wallet, Account, Shop                string
	OrderNo, PaymentNo, RefundNo, ProviderID       string
	Expected, Actual, Difference                   settlement.Amount
	FirstSeenOn                                    string
	Age                                            int64 // in days, −1 where it is not known
	Reason, Suggestion, File, Line, Assignee, Note string
}

// Place is where the break can be looked at: file and line, as far as they are known.
func (b *Break) Place() string {
	if b.Line == "" {
		return b.File
	}
	return b.File + ":" + b.Line
}

// AgeBreaks counts the open breaks of an age.
type AgeBreaks struct {
	Age         string // one of Ages
	Count       int64
	Short, Over settlement.Amount
}

// KindAge counts the open breaks of a kind by age, in the order of Ages.
type KindAge struct {
	Kind        string
	Count       int64
	ByAge       [len(Ages)]int64
	Short, Over settlement.Amount
}

// Ages are the ages by which breaks are counted, youngest first; unknown is last.
var Ages = [...]string{"0d", "1-3d", "4-7d", "8-30d", "31d+", "unknown"}

// AgeOf is the index into Ages of an age in days; −1 is not known.
func AgeOf(days int64) int {
	switch {
	case days < 0:
		return len(Ages) - 1
	case days == 0:
		return 0
	case days <= 3:
		return 1
	case days <= 7:
		return 2
	case days <= 30:
		return 3
	}
	return 4
}

// Findings are the breaks that are open at the end of the result, and how many were closed.
type Findings struct {
	Count                        int64
	ByKind                       []KindAge
	ByAge                        []AgeBreaks
	Single                       []Break // the largest, by |difference|, then age
	Closed, Accepted, WrittenOff int64   // that somebody or a counterpart closed
}

// readBreaks reads the table breaks: all are counted, and held against what m says of them;
// the most largest are kept.
func readBreaks(dir string, m *output.Manifest, most int) (b Findings, err error) {
	told := Tally{}
	kinds := map[string]*KindAge{}
	ages := [len(Ages)]AgeBreaks{}
	err = output.ReadTable(dir, "breaks", func(r output.Row) error {
		switch r.Text("status") {
		case settlement.BreakOpen.String():
		case settlement.BreakClosed.String():
			b.Closed++
			return nil
		case settlement.BreakAccepted.String():
			b.Accepted++
			return nil
		default:
			b.WrittenOff++
			return nil
		}
		b.Count++
		age, err := ageOf(r)
		if err != nil {
			return err
		}
		difference := amount(r, "difference")
		kind := kinds[r.Text("kind")]
		if kind == nil {
			kind = &KindAge{Kind: r.Text("kind")}
			kinds[kind.Kind] = kind
		}
		kind.Count++
		kind.ByAge[AgeOf(age)]++
		ages[AgeOf(age)].Count++
		if difference != settlement.NoAmount {
			if err := addSides(difference, &kind.Short, &kind.Over, &ages[AgeOf(age)].Short, &ages[AgeOf(age)].Over); err != nil {
				return err
			}
		}
		if err := told.Add(r.Text("wallet"), r.Text("account"), kind.Kind, difference); err != nil {
			return err
		}
		if most > 0 {
			b.Single = append(b.Single, breakOf(r, difference, age))
			if len(b.Single) >= 4*most {
				b.Single = largest(b.Single, most)
			}
		}
		return nil
	})
	if err == nil {
		err = told.HoldAgainst(m, dir)
	}
	if err != nil {
		return b, err
	}
	b.Single = largest(b.Single, most)
	for _, word := range settlement.BreakWords {
		if kind := kinds[word]; kind != nil {
			b.ByKind = append(b.ByKind, *kind)
		}
	}
	for i := range ages {
		if ages[i].Age = Ages[i]; ages[i].Count > 0 {
			b.ByAge = append(b.ByAge, ages[i])
		}
	}
	return b, nil
}

func ageOf(r output.Row) (int64, error) {
	text := r.Text("age_days")
	if text == "" {
		return -1, nil
	}
	age, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("breaks: age_days: %q is no whole number", text)
	}
	return age, nil
}

// addSides adds a difference to the sums of what is short and of what is over.
func addSides(difference settlement.Amount, short, over, shortToo, overToo *settlement.Amount) (err error) {
	side, sideToo := over, overToo
	if difference < 0 {
		side, sideToo = short, shortToo
	}
	if *side, err = side.Add(difference); err != nil {
		return err
	}
	*sideToo, err = sideToo.Add(difference)
	return err
}

func breakOf(r output.Row, difference settlement.Amount, age int64) Break {
	return Break{ID: r.Text("break_id"), Kind: r.Text("kind"), Wallet: r.Text("wallet"), Account: r.Text("account"), Shop: r.Text("shop"),
		OrderNo: r.Text("order_no"), PaymentNo: r.Text("payment_no"), RefundNo: r.Text("refund_no"), ProviderID: r.Text("provider_txn_id"),
		Expected: amount(r, "expected_amount"), Actual: amount(r, "actual_amount"), Difference: difference,
		FirstSeenOn: r.Text("first_seen_on"), Age: age, Reason: r.Text("reason"), Suggestion: r.Text("suggestion"),
		File: r.Text("source_file"), Line: r.Text("source_line"), Assignee: r.Text("assignee"), Note: r.Text("note")}
}

// largest are the first breaks by size of their difference, then by age.
func largest(all []Break, most int) []Break {
	size := func(b *Break) settlement.Amount {
		if b.Difference == settlement.NoAmount {
			return 0
		}
		return b.Difference.Abs()
	}
	slices.SortFunc(all, func(a, b Break) int {
		return cmp.Or(cmp.Compare(size(&b), size(&a)), cmp.Compare(b.Age, a.Age), cmp.Compare(a.ID, b.ID))
	})
	return slices.Clip(all[:min(len(all), most)])
}
