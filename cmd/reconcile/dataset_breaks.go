package main

import (
	"reconcile/output"
	"reconcile/schedule/metrics"
	"reconcile/settlement"
)

// breakSums adds up the breaks of a committed day that are open at its end. Money is
// actual − expected.
type breakSums struct {
	groups      map[metrics.BreakGroup]int64
	ages        map[string]ageSum // of all that are open, by metrics.AgeBuckets
	open        int64
	short, over settlement.Amount // of all that are open
	// Of those first seen on that day; closed counts those that were closed on it.
	fresh                 int64
	freshShort, freshOver settlement.Amount
	closed                int64
}

// ageSum adds up the open breaks of an age.
type ageSum struct {
	breaks      int64
	short, over settlement.Amount
}

// add adds a row of the table breaks of a day.
func (b *breakSums) add(row output.Row, day settlement.Day) error {
	switch row.Text("status") {
	case settlement.BreakClosed.String():
		b.closed++
		return nil
	case settlement.BreakOpen.String():
	default:
		return nil // somebody decided on it
	}
	difference, _ := row.Money("difference")
	seen, err := settlement.ParseDay([]byte(row.Text("first_seen_on")))
	if err != nil {
		seen = day
	}
	b.open++
	bucket := metrics.AgeBucket(int64(day - seen))
	b.groups[metrics.BreakGroup{Kind: row.Text("kind"), AgeBucket: bucket}]++
	age := b.ages[bucket]
	age.breaks++
	fresh := seen == day
	if fresh {
		b.fresh++
	}
	for _, s := range []struct {
		to    *settlement.Amount
		by    settlement.Amount
		count bool
	}{
		{&b.short, min(difference, 0), true}, {&b.over, max(difference, 0), true},
		{&age.short, min(difference, 0), true}, {&age.over, max(difference, 0), true},
		{&b.freshShort, min(difference, 0), fresh}, {&b.freshOver, max(difference, 0), fresh},
	} {
		if !s.count {
			continue
		}
		if *s.to, err = s.to.Add(s.by); err != nil {
			return err
		}
	}
	b.ages[bucket] = age
	return nil
}
