package orders

import (
	"bytes"
	"strings"
	"time"

	"reconcile/settlement"
)

// instant reads a time; NoInstant where it is not given. It keeps the latest of
// the file for the watermark and checks the stated one.
func (w *worker) instant(c column) settlement.Instant {
	text := w.field(c)
	if len(text) == 0 {
		return settlement.NoInstant
	}
	at, err := settlement.ParseInstant(text)
	if err != nil {
		if text = bytes.Trim(text, " \t"); len(text) == 0 {
			return settlement.NoInstant
		}
		var ok bool
		if at, ok = w.otherTime(text); !ok {
			w.fault(c, "write 2024-09-12 08:30:00, in Asia/Shanghai unless it ends in Z or +08:00", "%s is no time of the years 2000 to 2099", w.shown(text))
			return settlement.NoInstant
		}
	}
	w.tally.latest = max(w.tally.latest, at)
	if w.mapping.statesWatermark() && at > w.mapping.Watermark {
		w.fault(c, "the watermark says up to when the extract is complete: state a later one, or leave it out", "%s is later than the stated watermark %s", at, w.mapping.Watermark)
	}
	return at
}

// timeLayouts are the other forms of a time; time.Parse takes a fraction behind
// the seconds in all of them. Without a zone they are in Asia/Shanghai.
var timeLayouts = func() (layouts []string) {
	for _, date := range []string{"2006-01-02 ", "2006-01-02T", "2006/1/2 "} {
		for _, clock := range []string{"15:04:05", "15:04"} {
			for _, zone := range []string{"", "Z07:00", " Z07:00", "Z0700", "Z07"} {
				layouts = append(layouts, date+clock+zone)
			}
		}
	}
	return layouts
}()

// otherTime reads a time of another form than the wallets'.
func (w *worker) otherTime(text []byte) (settlement.Instant, bool) {
	parse := func(layout string) (settlement.Instant, bool) {
		t, err := time.ParseInLocation(layout, string(text), settlement.Shanghai)
		if err != nil || !inTables(settlement.InstantOf(t)) {
			return 0, false
		}
		if !strings.Contains(layout, ":05") {
			w.tally.minutesOnly++
		}
		return settlement.InstantOf(t), true
	}
	if w.timeLayout != "" {
		if at, ok := parse(w.timeLayout); ok {
			return at, true
		}
	}
	for _, layout := range timeLayouts {
		if at, ok := parse(layout); ok {
			w.timeLayout = layout
			return at, true
		}
	}
	return 0, false
}

// inTables says that t lies in the years that the readers accept.
func inTables(t settlement.Instant) bool {
	year := t.Time().Year()
	return year >= 2000 && year <= 2099
}
