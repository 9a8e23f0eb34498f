package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ErrExpression marks a cron expression that cannot be used.
var ErrExpression = errors.New("not a usable cron expression")

// shortest is the least time between two wake-ups that @every may ask for.
const shortest = time.Minute

// Times are the wake-ups of a cron expression by the wall clock of a zone.
type Times struct {
	times cron.Schedule
	zone  *time.Location
	// every is a distance between two wake-ups instead of times of the clock.
	every bool
}

// Parse reads a cron expression of five fields (minute, hour, day of month, month,
// day of week), or @daily, @hourly, @every 6h and the like, as times of the wall
// clock of zone. An expression that names a zone itself, or that does not fire in
// the five years after now, is an error; all errors wrap ErrExpression.
func Parse(expression string, zone *time.Location, now time.Time) (t Times, err error) {
	text := strings.TrimSpace(expression)
	switch upper := strings.ToUpper(text); {
	case text == "":
		return t, fmt.Errorf("%w: it is empty (0 6 * * * is every morning at six)", ErrExpression)
	case strings.HasPrefix(upper, "TZ=") || strings.HasPrefix(upper, "CRON_TZ="):
		// The library panics on a zone without fields.
		return t, fmt.Errorf("%w: %q names a zone (leave it out: the zone is that of schedule.zone)", ErrExpression, text)
	}
	defer func() {
		if r := recover(); r != nil {
			t, err = Times{}, fmt.Errorf("%w: %q: %v", ErrExpression, text, r)
		}
	}()
	times, err := cron.ParseStandard(text)
	if err != nil {
		return t, fmt.Errorf("%w: %q: %w", ErrExpression, text, err)
	}
	every, ok := times.(cron.ConstantDelaySchedule)
	if ok && every.Delay < shortest {
		return t, fmt.Errorf("%w: %q is too often (at least a minute apart)", ErrExpression, text)
	}
	t = Times{times, zone, ok}
	if t.Next(now).IsZero() {
		return Times{}, fmt.Errorf("%w: %q does not fire in the next five years: there is no such day", ErrExpression, text)
	}
	return t, nil
}

// Next is the first wake-up after an instant. A time that the zone's clocks skip in
// spring comes by the clock of before, and one that they show twice in autumn comes
// once: a night never has no wake-up, and never two. (The library leaves out the
// first and repeats the second.)
func (t Times) Next(after time.Time) time.Time {
	if t.every {
		return t.times.Next(after.In(t.zone))
	}
	// The library looks at the wall clock as if it were one without jumps, UTC.
	wall := onClock(after.In(t.zone), time.UTC)
	for {
		if wall = t.times.Next(wall); wall.IsZero() {
			return wall
		}
		if next := onClock(wall, t.zone); next.After(after) {
			return next
		}
	}
}

// onClock is the instant at which the clocks of another zone show what t shows; where
// they skip it, the one at which they would show it without their jump.
func onClock(t time.Time, zone *time.Location) time.Time {
	there := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	if ahead := t.Hour() - there.Hour(); ahead > 0 { // shown before the jump
		there = there.Add(time.Duration(ahead) * time.Hour)
	}
	return there
}
