package alipay

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reconcile/settlement"
)

// Large bills come in parts: …_1.csv, …_2.csv, or …(1).csv. A number of more than
// three digits is a date or an account.
var partSuffix = regexp.MustCompile(`(?:_|\(|（)(\d{1,3})[)）]?$`)

// partNumber reads the number of a part out of the member's name, else the
// file's; 0 where the name has none.
func partNumber(file, member string) int {
	for _, name := range []string{member, file} {
		name = name[strings.LastIndexAny(name, `/\`)+1:]
		for _, ending := range []string{".gz", ".zip", ".csv", ".txt"} {
			if n := len(name) - len(ending); n > 0 && strings.EqualFold(name[n:], ending) {
				name = name[:n]
			}
		}
		if found := partSuffix.FindStringSubmatch(name); found != nil {
			number, _ := strconv.Atoi(found[1])
			return number
		}
	}
	return 0
}

// TieParts gives the verdict on the parts of one account, kind and period that
// Read has returned without error. They may be used where each ties with its own
// footer, or where the rows of all together add up to the footer that they have in
// common (or that only one has). Else every part is refused, with the totals side
// by side.
//
// together holds the common totals where only these tie: Stated and Computed are
// then of all parts, while Statement.Totals of a part keep its own rows beside the
// common footer. A number missing between the parts becomes a note.
func TieParts(parts []*settlement.Statement) (together []settlement.ControlTotal, refused []*settlement.Refusal) {
	if len(parts) == 0 {
		return nil, nil
	}
	noteGaps(parts)
	if !slices.ContainsFunc(parts, func(p *settlement.Statement) bool { return len(p.Totals) == 0 || !allTie(p.Totals) }) {
		return nil, nil
	}
	footer, differ := commonFooter(parts)
	sum := &tally{}
	for _, part := range parts {
		for kind, s := range part.KindSums {
			sum.join(settlement.Kind(kind), s)
		}
	}
	for _, total := range footer {
		together = append(together, ofAll(total, sum.sums))
	}
	if footer != nil && !differ && !sum.overflow && allTie(together) {
		for _, part := range parts {
			part.Notef("its control totals are those of all %d parts, and tie with their rows together", len(parts))
		}
		return together, nil
	}
	for _, part := range parts {
		refused = append(refused, refusePart(part, parts, together, differ))
	}
	return nil, refused
}

func allTie(totals []settlement.ControlTotal) bool {
	return !slices.ContainsFunc(totals, func(t settlement.ControlTotal) bool { return !t.Ties() })
}

// noteGaps names the parts that seem not to have come.
func noteGaps(parts []*settlement.Statement) {
	last := 0
	numbers := map[int]bool{}
	for _, part := range parts {
		numbers[part.Part] = true
		last = max(last, part.Part)
	}
	for number := 1; len(parts) > 1 && number < last; number++ {
		if !numbers[number] {
			parts[0].Notef("of its parts up to %d, part %d is not among the files", last, number)
		}
	}
}

// ofAll is a part's total beside what the rows of all parts add up to.
func ofAll(total settlement.ControlTotal, sums [6]settlement.KindSum) settlement.ControlTotal {
	if total.Measure.Column != "coupon_amount" {
		return measured(total, sums)
	}
	total.Measure.Negate = false
	return eitherSign(measured(total, sums))
}

// commonFooter is the totals that the parts state, nil where none does; differ says
// that they do not have the same.
func commonFooter(parts []*settlement.Statement) (common []settlement.ControlTotal, differ bool) {
	for _, part := range parts {
		if len(part.Totals) == 0 {
			continue
		}
		if common == nil {
			common = part.Totals
		}
		differ = differ || !slices.EqualFunc(common, part.Totals, func(a, b settlement.ControlTotal) bool {
			return a.Name == b.Name && a.Stated == b.Stated
		})
	}
	return common, differ
}

// refusePart says why a part is not used: its own totals where it has a footer of
// its own, and those of all parts.
func refusePart(part *settlement.Statement, parts []*settlement.Statement, together []settlement.ControlTotal, differ bool) *settlement.Refusal {
	refusal := &settlement.Refusal{Source: part.Source(), Statement: part, Totals: part.Totals}
	add := func(format string, args ...any) {
		refusal.Add(&settlement.InputError{
			Position: settlement.Position{File: part.File, Member: part.Member},
			What:     fmt.Sprintf(format, args...),
			Do:       "fetch all parts of the bill again and give them together",
		})
	}
	for _, total := range part.Totals {
		if !total.Ties() {
			add("%s", untied(total, fmt.Sprintf("the %d rows of this part", part.Rows)))
		}
	}
	switch {
	case together == nil:
		add("none of the %d parts has control totals", len(parts))
	case differ:
		add("the parts' control totals differ, and not each part ties with its own")
	default:
		for _, total := range together {
			if !total.Ties() {
				add("%s", untied(total, fmt.Sprintf("the rows of all %d parts given", len(parts))))
			}
		}
		refusal.Totals = together
	}
	return refusal
}
