package schedule

import (
	"errors"
	"strings"
	"testing"
	"time"

	"reconcile/settlement"
)

// now is a fixed instant: Thursday 2024-09-12 12:00 in Asia/Shanghai.
var now = time.Date(2024, 9, 12, 4, 0, 0, 0, time.UTC)

func TestExpressionsFireInShanghai(t *testing.T) {
	for expression, want := range map[string]string{
		"0 6 * * *":       "2024-09-13 06:00",
		"30 12 * * *":     "2024-09-12 12:30",
		" 0 6 * * * ":     "2024-09-13 06:00",
		"0 6 1 * *":       "2024-10-01 06:00",
		"0 9 * * MON":     "2024-09-16 09:00",
		"@daily":          "2024-09-13 00:00",
		"@every 6h":       "2024-09-12 18:00",
		"0 0 29 2 *":      "2028-02-29 00:00",
		"*/20 8-10 * * *": "2024-09-13 08:00",
	} {
		times, err := Parse(expression, settlement.Shanghai, now)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		if got := times.Next(now).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%q fires at %s, want %s", expression, got, want)
		}
	}
}

func TestUnusableExpressionsAreRefused(t *testing.T) {
	for expression, why := range map[string]string{
		"":                              "empty",
		"   ":                           "empty",
		"TZ=0":                          "names a zone",
		"CRON_TZ=UTC":                   "names a zone",
		"TZ=":                           "names a zone",
		"tz=Asia/Tokyo 0 6 * * *":       "names a zone",
		"CRON_TZ=Europe/Rome 0 6 * * *": "names a zone",
		"0 0 31 2 *":                    "does not fire",
		"0 0 30 2 *":                    "does not fire",
		"0 6 * *":                       "expected exactly 5 fields",
		"0 0 6 * * *":                   "expected exactly 5 fields",
		"61 6 * * *":                    "above maximum",
		"six * * * *":                   "failed to parse",
		"@reboot":                       "unrecognized descriptor",
		"@every 1s":                     "too often",
		"@every never":                  "failed to parse",
	} {
		_, err := Parse(expression, settlement.Shanghai, now)
		if !errors.Is(err, ErrExpression) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", expression, err, why)
		}
	}
}

// A zone whose clocks jump: New York's skip 02:30 on 2024-03-10 and show 01:30 twice on
// 2024-11-03.
func TestANightHasOneWakeUpWhereTheClocksJump(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ expression, from, want string }{
		{"30 2 * * *", "2024-03-09T12:00:00-05:00", "2024-03-10T03:30:00-04:00, 2024-03-11T02:30:00-04:00"},
		{"30 1 * * *", "2024-11-02T12:00:00-04:00", "2024-11-03T01:30:00-04:00, 2024-11-04T01:30:00-05:00"},
		{"0 6 * * *", "2024-03-09T12:00:00-05:00", "2024-03-10T06:00:00-04:00, 2024-03-11T06:00:00-04:00"},
		{"@every 6h", "2024-11-02T22:00:00-04:00", "2024-11-03T03:00:00-05:00, 2024-11-03T09:00:00-05:00"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		times, err := Parse(c.expression, newYork, from)
		if err != nil {
			t.Fatal(err)
		}
		one := times.Next(from)
		if got := one.Format(time.RFC3339) + ", " + times.Next(one).Format(time.RFC3339); got != c.want {
			t.Errorf("%q fires at %s, want %s", c.expression, got, c.want)
		}
	}
}

// FuzzParse proves that no expression panics, and that one that is accepted fires.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0 6 * * *", "TZ=0", "@every 1h", "0 0 31 2 *", "*/0 * * * *", "CRON_TZ= ", "0-59/61 * * * *"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		times, err := Parse(expression, settlement.Shanghai, now)
		if err != nil && !errors.Is(err, ErrExpression) {
			t.Fatalf("%q: %v", expression, err)
		}
		if err == nil && !times.Next(now).After(now) {
			t.Fatalf("%q never fires", expression)
		}
	})
}
