package match_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// print writes what became of a scene: the lines, the events, then matches,
// breaks, open items and dropped copies, each sorted.
func (s *scene) print(all *tables) string {
	var sections [6][]string
	add := func(section int, format string, args ...any) {
		sections[section] = append(sections[section], fmt.Sprintf(format, args...))
	}
	eventNames := map[settlement.ID]string{}
	for _, out := range all.outcomes {
		for i := range out.Lines.Len() {
			add(0, "line %s %s", s.names[out.Lines.ID[i]], out.Lines.MatchState[i])
		}
		for i := range out.Events.Len() {
			eventNames[out.Events.ID[i]] = eventName(out.Events, i)
			add(1, "%s %s %s", eventName(out.Events, i), out.Events.Amount[i], out.Events.MatchState[i])
		}
		for i := range out.Open.Len() {
			o := out.Open
			name := s.names[o.ID[i]]
			if o.Side[i] == settlement.EventSide {
				name = eventNames[o.ID[i]]
			} else {
				name = "line " + name
			}
			add(4, "open %s %s since %s: %s", name, place(o.Wallet[i], o.Account.At(i)), o.FirstSeenOn[i], o.Reason.At(i))
		}
		for _, d := range out.Dropped {
			older := ""
			if d.OlderStatus {
				older = ", which is older"
			}
			add(5, "dropped %s in row %d of file %d, a copy of row %d of file %d%s", d.Side, d.FileLine, d.File, d.KeptLine, d.KeptFile, older)
		}
	}
	for _, m := range all.matches {
		for i := range m.Len() {
			add(2, "match %s %s with %s: order %s, line %s, difference %s, %s (%s)", m.Kind[i], eventNames[m.EventID[i]], s.names[m.LineID[i]],
				m.OrderAmount[i], m.LineAmount[i], m.Difference[i], m.Verdict[i], m.Rule.At(i))
		}
	}
	for _, b := range all.breaks {
		for i := range b.Len() {
			add(3, "%s", s.printBreak(b, i, eventNames))
		}
	}
	var text strings.Builder
	for _, rows := range sections {
		slices.Sort(rows)
		for _, row := range rows {
			text.WriteString(row + "\n")
		}
	}
	return text.String()
}

func (s *scene) printBreak(b *settlement.Breaks, i int, eventNames map[settlement.ID]string) string {
	name := []string{place(b.Wallet[i], b.Account.At(i))}
	if event, ok := eventNames[b.EventID[i]]; ok {
		name = append(name, event)
	}
	if line, ok := s.names[b.LineID[i]]; ok {
		name = append(name, "line "+line)
	}
	since := ""
	if on := b.FirstSeenOn[i]; on != s.rules.Day {
		since = fmt.Sprintf(", since %s, %d days", on, b.AgeDays[i])
	}
	return fmt.Sprintf("break %s %s: expected %s, actual %s, difference %s%s", b.Kind[i], strings.Join(name, " "),
		orNone(b.Expected[i]), orNone(b.Actual[i]), b.Difference[i], since)
}

func place(wallet settlement.Wallet, account []byte) string {
	if wallet == settlement.NoWallet {
		return "(no wallet)"
	}
	return strings.TrimSpace(wallet.String() + " " + string(account))
}

func orNone(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return "none"
	}
	return a.String()
}

// eventName is the word of the notation and the numbers that tell an event.
func eventName(e *settlement.Events, i int) string {
	name := "event " + e.OrderNo.StringAt(i)
	if e.Kind[i] != settlement.Payment {
		name = "refund " + e.OrderNo.StringAt(i)
		if e.RefundNo.StringAt(i) == "" && e.ExpectedAt[i] == settlement.NoInstant {
			name += "/whole"
		}
	}
	for _, number := range []string{e.RefundNo.StringAt(i), e.PaymentNo.StringAt(i)} {
		if number != "" {
			name += "/" + number
		}
	}
	return name
}

// run returns the answer to a case: what became of its rows, or the conflict.
func run(rows string) string {
	s := read(rows)
	all, err := reconcile(s, 0)
	if conflict := (*settlement.ConflictError)(nil); errors.As(err, &conflict) {
		return fmt.Sprintf("conflict between row %d of file %d and row %d of file %d: %v\n",
			conflict.Line, conflict.File, conflict.OtherLine, conflict.OtherFile, err)
	}
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return s.print(all)
}
