package output

import "reconcile/settlement"

// Period is the first and the last day that the bills of a run are of, those that show payments
// and refunds; where none does, the wallets' other files. What was left out for another file
// does not count, nor do extracts of orders, which speak of other days too. Both are NoDay where
// no file states its days.
func (m *Manifest) Period() (first, last settlement.Day) {
	first, last = m.period(settlement.StatementKind.ShowsTrades)
	if first == settlement.NoDay {
		first, last = m.period(func(k settlement.StatementKind) bool {
			return k != settlement.OrderExtract && k != settlement.RefundExtract && !k.IsSummary()
		})
	}
	return first, last
}

func (m *Manifest) period(counts func(settlement.StatementKind) bool) (first, last settlement.Day) {
	first, last = settlement.NoDay, settlement.NoDay
	for i := range m.Inputs {
		in := &m.Inputs[i]
		from, to := in.Days()
		if from == settlement.NoDay || in.DuplicateOf != "" || in.Superseded != "" || !counts(settlement.StatementKind(in.Kind)) {
			continue
		}
		if first == settlement.NoDay || from < first {
			first = from
		}
		if last == settlement.NoDay || to > last {
			last = to
		}
	}
	return first, last
}

// Days is the first and the last day that a file is of, NoDay where it does not state both.
func (in *Input) Days() (first, last settlement.Day) {
	from, err1 := settlement.ParseDay([]byte(in.From))
	until, err2 := settlement.ParseDay([]byte(in.Until))
	if err1 != nil || err2 != nil {
		return settlement.NoDay, settlement.NoDay
	}
	return from, until - 1
}

// DaysText is the day of a day of a dataset, else the days of the bills: 2024-09-12, or
// 2024-09-12 – 2024-09-14; "" where they are not known.
func (m *Manifest) DaysText() string {
	if m.Day != nil {
		return m.Day.Day
	}
	if first, last := m.Period(); first != settlement.NoDay {
		return DaysText(first, last)
	}
	if m.Figures != nil {
		return m.Figures.Day.String()
	}
	return ""
}

// DaysText is some days as people read them; "" where they are not known.
func DaysText(first, last settlement.Day) string {
	if first == last {
		return first.String()
	}
	return first.String() + " – " + last.String()
}
