package settlement

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEveryDayFrom2000To2099(t *testing.T) {
	day := time.Date(2000, 1, 1, 0, 0, 0, 0, Shanghai)
	last := time.Date(2099, 12, 31, 0, 0, 0, 0, Shanghai)
	count := 0
	for ; !day.After(last); day = day.AddDate(0, 0, 1) {
		count++
		text := day.Format("2006-01-02")
		got, err := ParseDay([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got.Start() != InstantOf(day) {
			t.Fatalf("%s starts at %s", text, got.Start())
		}
		if got.String() != text {
			t.Fatalf("%s prints as %s", text, got)
		}
		if noon := DayOf(InstantOf(day.Add(12 * time.Hour))); noon != got {
			t.Fatalf("noon of %s lies on %s", text, noon)
		}
	}
	if count != 36_525 {
		t.Fatalf("%d days in a century", count)
	}
}

func TestADateMustBeInTheCalendar(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"2024-02-29", true},
		{"2000-02-29", true},
		{"2096-02-29", true},
		{"2023-02-29", false},
		{"2024-02-30", false},
		{"2024-04-31", false},
		{"2024-06-31", false},
		{"2024-09-31", false},
		{"2024-11-31", false},
		{"2024-07-31", true},
		{"2024-08-31", true},
		{"2024-12-31", true},
		{"2024-12-32", false},
		{"2024-00-10", false},
		{"2024-13-10", false},
		{"2024-01-00", false},
		{"1999-12-31", false},
		{"2100-01-01", false},
		{"0000-00-00", false},
		{"2024/09/12", false},
		{"2024-9-12", false},
		{"20240912", false},
		{"2024-09-12 ", false},
		{" 2024-09-12", false},
		{"2024-09-1２", false},
		{"2024-+9-12", false},
		{"", false},
	} {
		if day, err := ParseDay([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%q: got %s, %v", c.text, day, err)
		}
	}
}

func TestATimeHasOneForm(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"2024-09-12 00:00:00", true},
		{"2024-09-12 23:59:59", true},
		{"2024-09-12 24:00:00", false},
		{"2024-09-12 23:60:00", false},
		{"2024-09-12 23:59:60", false}, // the wallets print no leap seconds
		{"2023-02-29 10:00:00", false},
		{"2024-09-12T08:30:00", false},
		{"2024-09-12 08:30", false},
		{"2024-09-12 8:30:00", false},
		{"2024-09-12 08:30:00.0", false},
		{"2024-09-12 08-30-00", false},
		{"2024-09-12 08:3x:00", false},
		{"2024/9/12 8:30:00", false},
		{"0", false},
		{"", false},
	} {
		if at, err := ParseInstant([]byte(c.text)); (err == nil) != c.ok {
			t.Errorf("%q: got %s, %v", c.text, at, err)
		}
	}
}

func TestDaysChangeAtMidnightInShanghai(t *testing.T) {
	day, err := CivilDay(2024, 9, 12)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   Instant
		want Day
	}{
		{day.Start() - 1, day - 1},
		{day.Start(), day},
		{day.Start() + 1, day},
		{(day + 1).Start() - 1, day},
		{(day + 1).Start(), day + 1},
		{-1, 0},                // 07:59:59.999999 on 1970-01-01
		{-chinaOffset, 0},      // midnight
		{-chinaOffset - 1, -1}, // the microsecond before
		{Day(-400).Start() - 1, -401},
	} {
		if got := DayOf(c.at); got != c.want {
			t.Errorf("%d lies on day %d, want %d", c.at, got, c.want)
		}
	}
	if utc := day.Start().Time().UTC().Format(time.RFC3339); utc != "2024-09-11T16:00:00Z" {
		t.Errorf("2024-09-12 starts at %s", utc)
	}
}

func TestNoInstantAndNoDayPrintAsNothing(t *testing.T) {
	if NoInstant.String() != "" || NoDay.String() != "" {
		t.Errorf("%q, %q", NoInstant.String(), NoDay.String())
	}
}

func TestParseInstantAgreesWithTheZoneDatabase(t *testing.T) {
	const form = "2006-01-02 15:04:05"
	from, until := time.Date(2000, 1, 1, 0, 0, 0, 0, Shanghai).Unix(), time.Date(2100, 1, 1, 0, 0, 0, 0, Shanghai).Unix()
	rapid.Check(t, func(t *rapid.T) {
		text := time.Unix(rapid.Int64Range(from, until-1).Draw(t, "seconds"), 0).In(Shanghai).Format(form)
		want, err := time.ParseInLocation(form, text, Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseInstant([]byte(text))
		if err != nil || got != InstantOf(want) || got.String() != text {
			t.Fatalf("%s: got %s, %v", text, got, err)
		}
	})
}

func FuzzParseInstant(f *testing.F) {
	for _, text := range []string{"2024-09-12 08:30:00", "2024-02-30 08:30:00", "1999-12-31 23:59:59", "2024-09-12 24:00:00", "2024-09-12T08:30:00Z", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const form = "2006-01-02 15:04:05"
		got, err := ParseInstant([]byte(text))
		want, wantErr := time.ParseInLocation(form, text, Shanghai)
		// time.Parse takes fractions and hours of one digit besides.
		valid := wantErr == nil && want.Year() >= 2000 && want.Year() <= 2099 && want.Format(form) == text
		if valid != (err == nil) || valid && got != InstantOf(want) {
			t.Fatalf("%q: got %d, %v; the library says %s, %v", text, got, err, want, wantErr)
		}
	})
}
