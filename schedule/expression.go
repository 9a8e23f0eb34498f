package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"reconcile/settlement"
)

// ErrExpression marks a cron expression that cannot be used.
var ErrExpression = errors.New("not a usable cron expression")

// shortest is the least time between two runs that @every may ask for.
const shortest = time.Minute

// Parse reads a cron expression of five fields (minute, hour, day of month, month,
// day of week), or @daily, @hourly, @every 6h and the like. Times are those of
// Asia/Shanghai. An expression that names another zone, or that does not fire in
// the five years after now, is an error; all errors wrap ErrExpression.
func Parse(expression string, now time.Time) (times cron.Schedule, err error) {
	text := strings.TrimSpace(expression)
	switch upper := strings.ToUpper(text); {
	case text == "":
		return nil, fmt.Errorf("%w: it is empty (0 6 * * * is every morning at six)", ErrExpression)
	case strings.HasPrefix(upper, "TZ=") || strings.HasPrefix(upper, "CRON_TZ="):
		// The library panics on a zone without fields.
		return nil, fmt.Errorf("%w: %q names a zone (leave it out: times are those of Asia/Shanghai)", ErrExpression, text)
	}
	defer func() {
		if r := recover(); r != nil {
			times, err = nil, fmt.Errorf("%w: %q: %v", ErrExpression, text, r)
		}
	}()
	times, err = cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrExpression, text, err)
	}
	if every, ok := times.(cron.ConstantDelaySchedule); ok && every.Delay < shortest {
		return nil, fmt.Errorf("%w: %q is too often (at least a minute apart)", ErrExpression, text)
	}
	if times.Next(now.In(settlement.Shanghai)).IsZero() {
		return nil, fmt.Errorf("%w: %q does not fire in the next five years: there is no such day", ErrExpression, text)
	}
	return times, nil
}
