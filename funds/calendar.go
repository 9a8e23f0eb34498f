package funds

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"reconcile/settlement"
)

//go:embed holidays.csv
var holidays []byte

// holidaysName stands for the shipped file in messages.
const holidaysName = "holidays.csv"

// Calendar says which days banks work: Monday to Friday, but for holidays (放假), and
// the weekend days that make up for these (调休上班).
type Calendar struct {
	works map[settlement.Day]bool // days that are not as their weekday says
	years map[int]bool            // of which holidays are known
}

// ChineseCalendar is the shipped calendar: the arrangements of 2024, 2025 and 2026.
func ChineseCalendar() *Calendar {
	c := &Calendar{works: map[settlement.Day]bool{}, years: map[int]bool{}}
	if err := c.add(holidaysName, holidays); err != nil {
		panic("funds: the shipped calendar cannot be read: " + err.Error())
	}
	return c
}

// With returns the calendar with the days of a file added, which go before those that
// were known. A file is CSV without quotes, with the columns from, until, day (off or
// work) and name; lines that begin with # are comments. The error has every fault with
// its line.
func (c *Calendar) With(name string, text []byte) (*Calendar, error) {
	more := &Calendar{works: maps.Clone(c.works), years: maps.Clone(c.years)}
	if err := more.add(name, text); err != nil {
		return nil, err
	}
	return more, nil
}

const calendarHeader = "from,until,day,name"

// longestHoliday is the most days of a row: more is a typing mistake.
const longestHoliday = 62

func (c *Calendar) add(name string, text []byte) error {
	var faults []error
	stated := map[settlement.Day]int{} // by day the line that says what it is
	header, n := true, 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\uFEFF")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, ",")
		fault := func(cell int, format string, args ...any) {
			column := 1
			for _, before := range cells[:cell] {
				column += utf8.RuneCountInString(before) + 1
			}
			faults = append(faults, fmt.Errorf("%s:%d:%d: %s", name, n, column, fmt.Sprintf(format, args...)))
		}
		switch {
		case header && line != calendarHeader:
			fault(0, "the header is %q (write %s)", line, calendarHeader)
		case header:
		case len(cells) != strings.Count(calendarHeader, ",")+1:
			fault(0, "%d fields where the header has 4", len(cells))
		default:
			c.addRow(cells, n, stated, fault)
		}
		header = false
	}
	if header {
		faults = append(faults, fmt.Errorf("%s: no header (write %s)", name, calendarHeader))
	}
	return errors.Join(faults...)
}

// addRow adds the days of one row.
func (c *Calendar) addRow(cells []string, line int, stated map[settlement.Day]int, fault func(cell int, format string, args ...any)) {
	from, errFrom := settlement.ParseDay([]byte(cells[0]))
	until, errUntil := settlement.ParseDay([]byte(cells[1]))
	switch {
	case errFrom != nil:
		fault(0, "from: %q is no day (write 2024-10-01)", cells[0])
	case errUntil != nil:
		fault(1, "until: %q is no day (write 2024-10-07)", cells[1])
	case until < from || until-from >= longestHoliday:
		fault(1, "until: %s is not from %s on, or more than %d days (until is the last day)", until, from, longestHoliday)
	case cells[2] != "off" && cells[2] != "work":
		fault(2, "day: %q is neither off nor work", cells[2])
	default:
		for day := from; day <= until; day++ {
			if first, twice := stated[day]; twice {
				fault(0, "%s is stated twice, first in line %d", day, first)
				return
			}
			stated[day] = line
			c.works[day] = cells[2] == "work"
			c.years[yearOf(day)] = true
		}
	}
}

func yearOf(day settlement.Day) int { return day.Start().Time().Year() }

// isWeekend says that a day is a Saturday or a Sunday. Day 0 is a Thursday.
func isWeekend(day settlement.Day) bool { return (int(day)%7+7)%7 == 2 || (int(day)%7+7)%7 == 3 }

// Works says that banks work on a day.
func (c *Calendar) Works(day settlement.Day) bool {
	if works, stated := c.works[day]; stated {
		return works
	}
	return !isWeekend(day)
}

// Knows says that holidays of the day's year are known: of other years only weekends are.
func (c *Calendar) Knows(day settlement.Day) bool { return c.years[yearOf(day)] }

// After is the n-th working day after a day.
func (c *Calendar) After(day settlement.Day, n int) settlement.Day {
	for n > 0 {
		if day++; c.Works(day) {
			n--
		}
	}
	return day
}

// Before is the n-th working day before a day.
func (c *Calendar) Before(day settlement.Day, n int) settlement.Day {
	for n > 0 {
		if day--; c.Works(day) {
			n--
		}
	}
	return day
}
