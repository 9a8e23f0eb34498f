package schedule

import (
	"slices"
	"time"

	"reconcile/settlement"
)

// expectedFor is for how many days an account that has stopped delivering is expected
// to deliver: long enough that somebody has noticed, short enough for an account that
// was closed. A wallet delivers empty bills of days without trade.
const expectedFor = 14

// Awaited is a bill that should be there by now and is not.
type Awaited struct {
	Day settlement.Day
	// Bill is the wallet and account, as Delivered has it; "" where no account is
	// known yet and any bill will do.
	Bill string
	// Deadline is the instant from which the bill is late.
	Deadline time.Time
}

// Late says that the bill's deadline has passed.
func (a Awaited) Late(now time.Time) bool { return !now.Before(a.Deadline) }

// Await is what is expected of the wallets.
type Await struct {
	// Delivered are the days of which each account's trade bill is there or was.
	Delivered map[settlement.Day][]string
	// First is the first day that is expected; NoDay takes the first that was delivered.
	First settlement.Day
	// Over are accounts that deliver no more.
	Over []string
	// Deadline is the time of the clock in Zone, on the day after, from which a bill is
	// late.
	Deadline time.Duration
	Zone     *time.Location
}

// Missing are the bills that should be there at an instant and are not, in order: of
// each day from the first until yesterday (in Asia/Shanghai, since the wallets' days
// are its days), of each account that delivered in the days before.
func (w Await) Missing(now time.Time) (missing []Awaited) {
	yesterday := settlement.DayOf(settlement.Instant(now.UnixMicro())) - 1
	first := w.First
	for day := range w.Delivered {
		if w.First == settlement.NoDay && (first == settlement.NoDay || day < first) {
			first = day
		}
	}
	if first == settlement.NoDay {
		first = yesterday
	}
	seen := map[string]settlement.Day{} // the last day of each account so far
	for _, day := range w.daysBefore(first) {
		w.note(seen, day)
	}
	for day := first; day <= yesterday; day++ {
		here := w.Delivered[day]
		any := len(here) > 0
		for _, bill := range sortedBills(seen) {
			if day-seen[bill] > expectedFor || slices.Contains(w.Over, bill) {
				continue
			}
			any = true
			if !slices.Contains(here, bill) {
				missing = append(missing, Awaited{day, bill, w.DeadlineOf(day)})
			}
		}
		if !any && len(seen) == 0 {
			missing = append(missing, Awaited{day, "", w.DeadlineOf(day)})
		}
		w.note(seen, day)
	}
	return missing
}

func (w Await) daysBefore(first settlement.Day) (days []settlement.Day) {
	for day := range w.Delivered {
		if day < first {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days
}

func (w Await) note(seen map[string]settlement.Day, day settlement.Day) {
	for _, bill := range w.Delivered[day] {
		seen[bill] = day
	}
}

func sortedBills(seen map[string]settlement.Day) (bills []string) {
	for bill := range seen {
		bills = append(bills, bill)
	}
	slices.Sort(bills)
	return bills
}

// DeadlineOf is the instant from which a day's bills are late.
func (w Await) DeadlineOf(day settlement.Day) time.Time {
	after := (day + 1).Start().Time() // midnight in Asia/Shanghai; only its date counts
	hours, minutes := int(w.Deadline/time.Hour), int(w.Deadline%time.Hour/time.Minute)
	return time.Date(after.Year(), after.Month(), after.Day(), hours, minutes, 0, 0, w.Zone)
}
