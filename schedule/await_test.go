package schedule

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
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

// ordersOn are the days with which extracts end, in order from a first day: x for one.
func ordersOn(first settlement.Day, marks string) map[settlement.Day]bool {
	ends := map[settlement.Day]bool{}
	for i, mark := range marks {
		if mark == 'x' {
			ends[first+settlement.Day(i)] = true
		}
	}
	return ends
}

func TestOrdersAreAwaitedWhereEachDayOfAWeekHadItsOwn(t *testing.T) {
	first := day(t, "2024-09-02")
	bills := map[settlement.Day][]string{}
	for d := first; d <= day(t, "2024-09-12"); d++ {
		bills[d] = []string{alipay}
	}
	for _, c := range []struct{ rule, marks, at, want string }{
		{"each of the days before", "xxxxxxxxxx", "2024-09-13 09:30", "2024-09-12 orders"},
		{"late from the deadline", "xxxxxxxxxx", "2024-09-13 12:00", "2024-09-12 orders!"},
		{"those of the day are there", "xxxxxxxxxxx", "2024-09-13 09:30", ""},
		{"an extract that speaks beyond the day", "xxxxxxxxxx.x", "2024-09-13 09:30", ""},
		{"one of seven days had none", "xxxx.xxxxx", "2024-09-13 09:30", ""},
		{"once a week", "......x", "2024-09-13 09:30", ""},
		{"on working days", "xxxxx..xxx", "2024-09-13 09:30", ""},
		{"the first day without, and none after it", "xxxxxxxx", "2024-09-13 09:30", "2024-09-10 orders!"},
		{"nobody delivers any", "", "2024-09-13 09:30", ""},
	} {
		w := Await{Delivered: bills, Orders: ordersOn(first, c.marks), First: settlement.NoDay, Deadline: 12 * time.Hour, Zone: settlement.Shanghai}
		if got := awaited(t, w, c.at); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
}

// The bubble's clock starts at 2000-01-01 08:00 in Asia/Shanghai.
func TestOrdersAreLookedForUntilTheyAreThereOrLate(t *testing.T) {
	for _, c := range []struct{ rule, come, want string }{
		{"they come", "01 10:00", "01 09:30, 01 09:40, 01 10:00"},
		{"they do not", "", "01 09:30, 01 09:40, 01 10:00, 01 10:40, 01 11:40, 01 12:00"},
	} {
		synctest.Test(t, func(t *testing.T) {
			last := settlement.DayOf(settlement.Instant(time.Now().UnixMicro())) - 1
			w := Await{Orders: ordersOn(last-7, "xxxxxxx"), Delivered: map[settlement.Day][]string{last: {alipay}},
				First: last, Deadline: 12 * time.Hour, Zone: settlement.Shanghai}
			late := 0
			n := beginPlan("30 9 * * *", Plan{Retry: Retry{First: 10 * time.Minute, Most: time.Hour}}, func(_, _ context.Context, _ int) (until time.Time, err error) {
				now := time.Now()
				if now.In(settlement.Shanghai).Format("02 15:04") == c.come {
					w.Orders[last] = true
				}
				for _, a := range w.Missing(now) {
					if !a.Orders || a.Day != last {
						t.Errorf("awaited %+v", a)
					}
					if a.Late(now) {
						late++
					} else {
						until = a.Deadline
					}
				}
				return until, nil
			})
			time.Sleep(8 * time.Hour)
			n.cancel()
			<-n.ended
			if got := n.times(); got != c.want || (late > 0) != (c.come == "") {
				t.Errorf("%s: looked at %s, late %d times", c.rule, got, late)
			}
		})
	}
}
