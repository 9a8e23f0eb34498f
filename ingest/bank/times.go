package bank

import (
	"strings"
	"time"

	"reconcile/settlement"
)

const timeAdvice = "write 2024-09-12 or 2024-09-12 08:30:00, in Asia/Shanghai unless it ends in Z or +08:00"

// bookedAt reads a day, with its time where there is one; at is NoInstant where there is
// none.
func bookedAt(text string) (day settlement.Day, at settlement.Instant, ok bool) {
	if at, err := settlement.ParseInstant([]byte(text)); err == nil {
		return settlement.DayOf(at), at, true // what most banks write
	}
	date, clock := text, ""
	if len(text) == 14 && allDigits(text) {
		date, clock = text[:8], text[8:]
	} else if i := strings.IndexAny(text, " T"); i > 0 {
		date, clock = text[:i], strings.TrimSpace(text[i+1:])
	}
	return momentOf(date, clock)
}

// momentOf reads a day and the time in it, "" where there is none. A time with a zone may
// lie on another day in Asia/Shanghai.
func momentOf(date, clock string) (settlement.Day, settlement.Instant, bool) {
	day, ok := dayOf(date)
	if !ok || clock == "" {
		return day, settlement.NoInstant, ok
	}
	for _, layout := range [...]string{"15:04:05", "15:04", "150405", "15:04:05Z07:00", "15:04:05 Z07:00", "15:04:05Z0700", "15:04:05Z07"} {
		t, err := time.ParseInLocation("2006-01-02 "+layout, day.String()+" "+clock, settlement.Shanghai)
		if err != nil {
			continue
		}
		at := settlement.InstantOf(t)
		if year := at.Time().Year(); year < 2000 || year > 2099 {
			return 0, 0, false
		}
		return settlement.DayOf(at), at, true
	}
	return 0, 0, false
}

// dayOf reads 2024-09-12, 2024/9/12, 2024.9.12, 20240912 and 2024年9月12日.
func dayOf(text string) (settlement.Day, bool) {
	if day, err := settlement.ParseDay([]byte(text)); err == nil {
		return day, true
	}
	if len(text) == 8 && allDigits(text) {
		text = text[:4] + "-" + text[4:6] + "-" + text[6:]
	}
	if inner, ok := strings.CutSuffix(text, "日"); ok {
		text = strings.NewReplacer("年", "-", "月", "-").Replace(inner)
	}
	for _, layout := range [...]string{"2006-1-2", "2006/1/2", "2006.1.2"} {
		if t, err := time.Parse(layout, text); err == nil {
			day, err := settlement.CivilDay(t.Year(), int(t.Month()), t.Day())
			return day, err == nil
		}
	}
	return 0, false
}

func allDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
