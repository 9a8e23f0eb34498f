package settlement

import (
	"errors"
	"math"
	"time"
	_ "time/tzdata" // the zone must be there on machines without a zone database
)

// Shanghai is the zone of every time that the wallets print.
var Shanghai = mustShanghai()

func mustShanghai() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic("settlement: the embedded zone database lacks Asia/Shanghai: " + err.Error())
	}
	return zone
}

// Instant is microseconds since 1970-01-01T00:00:00Z.
type Instant int64

// NoInstant stands for an instant that the input does not give.
const NoInstant Instant = math.MinInt64

// Day is days since 1970-01-01, a civil day in Asia/Shanghai.
type Day int32

// NoDay stands for a day that the input does not give.
const NoDay Day = math.MinInt32

const (
	Second  Instant = 1_000_000
	Minute          = 60 * Second
	dayLong         = 24 * 60 * Minute
)

var errTime = errors.New("not a time of the form 2024-09-12 08:30:00")

// chinaOffset is the offset of Asia/Shanghai since 1991-09-15. The wallets did
// not exist before, so their times need no zone table.
const chinaOffset = 8 * 60 * Minute

// ParseInstant reads "2006-01-02 15:04:05" as a time in Asia/Shanghai. A date
// must exist in the calendar; years 2000 to 2099 are accepted.
func ParseInstant(text []byte) (Instant, error) {
	if len(text) != 19 || text[10] != ' ' || text[13] != ':' || text[16] != ':' {
		return 0, errTime
	}
	day, err := ParseDay(text[:10])
	if err != nil {
		return 0, err
	}
	hour, ok1 := twoDigits(text[11:])
	minute, ok2 := twoDigits(text[14:])
	second, ok3 := twoDigits(text[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, errTime
	}
	return day.Start() + Instant(hour*3600+minute*60+second)*Second, nil
}

// ParseDay reads "2006-01-02"; years 2000 to 2099 are accepted.
func ParseDay(text []byte) (Day, error) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, errTime
	}
	century, ok1 := twoDigits(text)
	years, ok2 := twoDigits(text[2:])
	month, ok3 := twoDigits(text[5:])
	day, ok4 := twoDigits(text[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || century != 20 {
		return 0, errTime
	}
	return CivilDay(2000+years, month, day)
}

// CivilDay returns the day of a calendar date, or an error where there is none.
func CivilDay(year, month, day int) (Day, error) {
	if year < 2000 || year > 2099 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, errTime
	}
	if day > 28 {
		last := 30 + (month+month/8)%2
		if month == 2 {
			last = 28
			if year%4 == 0 {
				last = 29
			}
		}
		if day > last {
			return 0, errors.New("a date that is not in the calendar")
		}
	}
	// Days before the month in a year that starts in March, so that the leap day
	// comes last.
	shifted := (month + 9) % 12
	y := year - 2000
	if month < 3 {
		y--
	}
	const daysTo20000301 = 11017
	leap := y / 4
	if y < 0 {
		leap = -1
	}
	return Day(daysTo20000301 + y*365 + leap + (shifted*153+2)/5 + day - 1), nil
}

func twoDigits(text []byte) (int, bool) {
	tens, ones := text[0]-'0', text[1]-'0'
	return int(tens)*10 + int(ones), tens <= 9 && ones <= 9
}

// Start is the instant at which d begins in Asia/Shanghai.
func (d Day) Start() Instant { return Instant(d)*dayLong - chinaOffset }

// DayOf is the civil day in Asia/Shanghai on which t lies.
func DayOf(t Instant) Day {
	shifted := t + chinaOffset
	day := shifted / dayLong
	if shifted%dayLong < 0 {
		day--
	}
	return Day(day)
}

// Time returns t as a time.Time in Asia/Shanghai.
func (t Instant) Time() time.Time { return time.UnixMicro(int64(t)).In(Shanghai) }

// InstantOf returns the instant of a time.Time.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// String prints t as the wallets do, in Asia/Shanghai; "" for NoInstant.
func (t Instant) String() string {
	if t == NoInstant {
		return ""
	}
	return t.Time().Format("2006-01-02 15:04:05")
}

// String prints d as 2006-01-02; "" for NoDay.
func (d Day) String() string {
	if d == NoDay {
		return ""
	}
	return d.Start().Time().Format("2006-01-02")
}

// MarshalText implements encoding.TextMarshaler: "2006-01-02", "" for NoDay.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(text []byte) (err error) {
	if *d = NoDay; len(text) > 0 {
		*d, err = ParseDay(text)
	}
	return err
}
