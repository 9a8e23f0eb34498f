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
	// Orders says that the extract of orders is awaited; Bill is then OrdersBill.
	Orders bool
	// Deadline is the instant from which the bill is late.
	Deadline time.Time
}

// Late says that the bill's deadline has passed.
func (a Awaited) Late(now time.Time) bool { return !now.Before(a.Deadline) }

// OrdersBill stands where the extract of orders is awaited and no wallet's bill.
const OrdersBill = "orders"

// ordersEach is of how many days before each must have had an extract of orders of its
// own, so that a day's is expected: who delivers once a week, or on working days, is not
// asked for one every day.
const ordersEach = 7

// Await is what is expected of the wallets, and of who delivers orders.
type Await struct {
	// Orders are the days with which extracts of orders end; nil where none is awaited.
	Orders map[settlement.Day]bool
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
				missing = append(missing, Awaited{Day: day, Bill: bill, Deadline: w.DeadlineOf(day)})
			}
		}
		if !any && len(seen) == 0 {
			missing = append(missing, Awaited{Day: day, Deadline: w.DeadlineOf(day)})
		}
		if w.ordersMissing(day) {
			missing = append(missing, Awaited{Day: day, Bill: OrdersBill, Orders: true, Deadline: w.DeadlineOf(day)})
		}
		w.note(seen, day)
	}
	return missing
}

// ordersMissing says that the days before each had an extract of orders, and nothing
// speaks of the day. It holds of one day at a time: those after it are not expected
// before it is there.
func (w Await) ordersMissing(day settlement.Day) bool {
	for back := settlement.Day(1); back <= ordersEach; back++ {
		if !w.Orders[day-back] {
			return false
		}
	}
	for end := range w.Orders {
		if end >= day {
			return false
		}
	}
	return true
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
