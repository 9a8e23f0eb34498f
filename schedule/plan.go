package schedule

import "slices"

// DayState is what is known of one day: of its files in the inbox and of what was
// committed. Digests are opaque; only whether they are equal matters.
type DayState struct {
	Day string // 2024-09-12: sorts as the days do
	// Inputs identifies the day's files as they lie in the inbox, "" where none of a
	// wallet's bills is there.
	Inputs string
	// Committed says that the day was written. It was then made from RanInputs, on top
	// of the day Previous as it was at PreviousDigest, and is itself Digest.
	Committed                bool
	RanInputs                string
	Previous, PreviousDigest string
	Digest                   string
	Complete                 bool // nothing was refused
}

// Due is a day that is to be run, and why.
type Due struct {
	Day string
	Why Why
}

// Why says why a day is due.
type Why string

const (
	// Missing: its bills are there and it was never run.
	Missing Why = "missing"
	// InputsChanged: a file came, went or changed since it was run.
	InputsChanged Why = "inputs changed"
	// BeforeChanged: the day it was built on is another one now.
	BeforeChanged Why = "the day before changed"
)

// PlanDays returns the days to run, in order. Opening is the digest of the state before
// the first of them, "" where there is none. A day after one that is due is due too where
// it was committed: it was built on what that day handed on.
func PlanDays(days []DayState, opening string) []Due {
	days = slices.Clone(days)
	slices.SortFunc(days, func(a, b DayState) int {
		switch {
		case a.Day < b.Day:
			return -1
		case a.Day > b.Day:
			return 1
		}
		return 0
	})
	var due []Due
	before := DayState{Digest: opening} // the last day that is or will be committed
	changed := false
	for _, d := range days {
		why := Why("")
		switch {
		case d.Inputs == "" && !d.Committed:
			continue
		case !d.Committed:
			why = Missing
		case d.Inputs != "" && d.Inputs != d.RanInputs:
			why = InputsChanged
		case changed || d.Previous != before.Day || d.PreviousDigest != before.Digest:
			why = BeforeChanged
		}
		if why != "" {
			due = append(due, Due{d.Day, why})
			changed = true
		}
		before = d
	}
	return due
}
