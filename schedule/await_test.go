package schedule

import (
	"strings"
	"testing"
	"time"

	"reconcile/settlement"
)

func day(t *testing.T, text string) settlement.Day {
	t.Helper()
	d, err := settlement.ParseDay([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const alipay, wechat = "alipay 2088601234567890", "wechat 1600123456"

// awaited is what is missing at an instant of Asia/Shanghai, with ! where it is late.
func awaited(t *testing.T, w Await, at string) string {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02 15:04", at, settlement.Shanghai)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, a := range w.Missing(now) {
		text := strings.TrimSpace(a.Day.String() + " " + a.Bill)
		if a.Late(now) {
			text += "!"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func TestBillsThatShouldBeThereByNowAreAwaited(t *testing.T) {
	d10, d11, d12 := day(t, "2024-09-10"), day(t, "2024-09-11"), day(t, "2024-09-12")
	both := []string{alipay, wechat}
	for _, c := range []struct {
		rule      string
		delivered map[settlement.Day][]string
		first     settlement.Day
		over      []string
		at, want  string
	}{
		{"a bill of today is not expected", map[settlement.Day][]string{d10: both}, settlement.NoDay, nil, "2024-09-11 23:59", ""},
		{"yesterday's is, and late from the deadline", map[settlement.Day][]string{d11: both}, settlement.NoDay, nil, "2024-09-13 11:59",
			"2024-09-12 " + alipay + ", 2024-09-12 " + wechat},
		{"at the deadline", map[settlement.Day][]string{d11: both, d12: {alipay}}, settlement.NoDay, nil, "2024-09-13 12:00",
			"2024-09-12 " + wechat + "!"},
		{"a hole stays late, and is no hole where the account was not there yet", map[settlement.Day][]string{d10: {alipay}, d12: both}, settlement.NoDay, nil, "2024-09-13 06:00",
			"2024-09-11 " + alipay + "!"},
		{"nothing was ever delivered", nil, settlement.NoDay, nil, "2024-09-13 06:00", "2024-09-12"},
		{"nothing since the configured first day", nil, d11, nil, "2024-09-13 13:00", "2024-09-11!, 2024-09-12!"},
		{"days before the first are not asked for, but tell the accounts", map[settlement.Day][]string{d10: both}, d12, nil, "2024-09-13 06:00",
			"2024-09-12 " + alipay + ", 2024-09-12 " + wechat},
		{"an account that is over", map[settlement.Day][]string{d11: both}, settlement.NoDay, []string{wechat}, "2024-09-13 06:00",
			"2024-09-12 " + alipay},
		{"everything is there", map[settlement.Day][]string{d11: both, d12: both}, settlement.NoDay, nil, "2024-09-13 13:00", ""},
	} {
		w := Await{Delivered: c.delivered, First: c.first, Over: c.over, Deadline: 12 * time.Hour, Zone: settlement.Shanghai}
		if got := awaited(t, w, c.at); got != c.want {
			t.Errorf("%s: %s, want %s", c.rule, got, c.want)
		}
	}
}

func TestAnAccountThatStoppedLongAgoIsNotAwaited(t *testing.T) {
	first := day(t, "2024-06-01")
	w := Await{Delivered: map[settlement.Day][]string{first: {alipay, wechat}}, First: settlement.NoDay, Deadline: 12 * time.Hour, Zone: settlement.Shanghai}
	for d := first; d < first+60; d++ {
		w.Delivered[d] = append(w.Delivered[d], alipay)
	}
	now := (first + 61).Start().Time()
	last := settlement.NoDay
	for _, a := range w.Missing(now) {
		if a.Bill == wechat {
			last = a.Day
		}
	}
	if last != first+expectedFor {
		t.Errorf("awaited until %s, want %s", last, first+expectedFor)
	}
}

// The deadline is a time of the configured zone, the day one of Asia/Shanghai.
func TestTheDeadlineIsOfTheConfiguredZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := Await{Deadline: 6*time.Hour + 30*time.Minute, Zone: berlin}
	if got := w.DeadlineOf(day(t, "2024-09-12")).Format(time.RFC3339); got != "2024-09-13T06:30:00+02:00" {
		t.Errorf("late from %s", got)
	}
}
