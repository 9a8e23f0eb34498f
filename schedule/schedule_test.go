package schedule

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"reconcile/settlement"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// night is a plan whose work is told by the test, with what it logged.
type night struct {
	mu     sync.Mutex
	begun  []string // when, in Asia/Shanghai
	log    bytes.Buffer
	cancel context.CancelFunc
	// cancelHard is the second signal.
	cancelHard context.CancelCauseFunc
	ended      chan error
}

// Write implements io.Writer for the log.
func (n *night) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(p)
}

func (n *night) times() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.begun, ", ")
}

func (n *night) logged(t *testing.T, text string) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !strings.Contains(n.log.String(), text) {
		t.Errorf("the log does not say %q:\n%s", text, n.log.String())
	}
}

// begin runs a schedule in the test's bubble of time.
func begin(expression string, work func(ctx context.Context, nth int) error) *night {
	return beginPlan(expression, Plan{}, func(ctx, _ context.Context, nth int) (time.Time, error) { return time.Time{}, work(ctx, nth) })
}

// beginPlan is begin of a plan that waits.
func beginPlan(expression string, p Plan, work func(ctx, stop context.Context, nth int) (time.Time, error)) *night {
	n := &night{ended: make(chan error, 1)}
	stop, cancel := context.WithCancel(context.Background())
	hard, cancelHard := context.WithCancelCause(context.Background())
	n.cancel, n.cancelHard = cancel, cancelHard
	p.Log = slog.New(slog.NewTextHandler(n, nil))
	var err error
	if p.Times, err = Parse(expression, settlement.Shanghai, time.Now()); err != nil {
		panic(err)
	}
	p.Work = func(ctx, stop context.Context) (time.Time, error) {
		now := time.Now
		if p.now != nil {
			now = p.now
		}
		n.mu.Lock()
		n.begun = append(n.begun, now().In(settlement.Shanghai).Format("02 15:04"))
		nth := len(n.begun)
		n.mu.Unlock()
		return work(ctx, stop, nth)
	}
	go func() { n.ended <- Run(hard, stop, p) }()
	return n
}

// The bubble's clock starts at 2000-01-01 00:00 UTC, 08:00 in Asia/Shanghai.

func TestWorkIsDoneAtItsTimesInShanghai(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := begin("0 6 * * *", func(context.Context, int) error { return nil })
		time.Sleep(72 * time.Hour)
		n.cancel()
		if err := <-n.ended; err != nil {
			t.Error(err)
		}
		if got := n.times(); got != "02 06:00, 03 06:00, 04 06:00" {
			t.Errorf("work began at %s", got)
		}
		n.logged(t, "next=2000-01-02T06:00:00+08:00")
		n.logged(t, `msg="wake-up done"`)
		n.logged(t, `msg="schedule stopped"`)
	})
}

func TestAPanicOrAnErrorDoesNotEndTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := begin("@hourly", func(_ context.Context, nth int) error {
			switch nth {
			case 1:
				panic("the disk is gone")
			case 2:
				return errors.New("the disk is full")
			}
			return nil
		})
		time.Sleep(4*time.Hour + time.Minute)
		n.cancel()
		<-n.ended
		if got := n.times(); got != "01 09:00, 01 10:00, 01 11:00, 01 12:00" {
			t.Errorf("work began at %s", got)
		}
		n.logged(t, "the disk is gone")
		n.logged(t, "the disk is full")
	})
}

func TestWorkNeverOverlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := begin("@hourly", func(_ context.Context, nth int) error {
			if nth == 1 {
				time.Sleep(150 * time.Minute) // over two of its times
			}
			return nil
		})
		time.Sleep(5*time.Hour + time.Minute)
		n.cancel()
		<-n.ended
		if got := n.times(); got != "01 09:00, 01 12:00, 01 13:00" {
			t.Errorf("work began at %s", got)
		}
		n.logged(t, "that one is left out")
	})
}

func TestStoppingWaitsForWorkAndDoesNotInterruptIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := false
		n := begin("@hourly", func(ctx context.Context, _ int) error {
			select {
			case <-ctx.Done():
				t.Error("the work was interrupted")
			case <-time.After(30 * time.Minute):
				done = true
			}
			return nil
		})
		time.Sleep(70 * time.Minute) // ten minutes into the work
		n.cancel()
		synctest.Wait()
		select {
		case <-n.ended:
			t.Fatal("the schedule ended before its work")
		default:
		}
		if err := <-n.ended; err != nil || !done {
			t.Errorf("ended with %v, work done: %v", err, done)
		}
		n.logged(t, "stopping")
	})
}

func TestASecondStopEndsTheWorkAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := beginPlan("@hourly", Plan{}, func(ctx, stop context.Context, _ int) (time.Time, error) {
			<-stop.Done()
			<-ctx.Done()
			return time.Time{}, ctx.Err()
		})
		time.Sleep(70 * time.Minute)
		n.cancel()
		time.Sleep(5 * time.Minute)
		cause := errors.New("a second signal")
		n.cancelHard(cause)
		if err := <-n.ended; !errors.Is(err, cause) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestBillsAreWaitedForEverMoreSeldomUntilTheirDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := Plan{Retry: Retry{10 * time.Minute, time.Hour}}
		n := beginPlan("0 9 * * *", plan, func(_, _ context.Context, _ int) (time.Time, error) {
			now := time.Now().In(settlement.Shanghai)
			deadline := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, settlement.Shanghai)
			if !now.Before(deadline) {
				return time.Time{}, nil // late: the next wake-up looks again
			}
			return deadline, nil
		})
		time.Sleep(26 * time.Hour)
		n.cancel()
		<-n.ended
		want := "01 09:00, 01 09:10, 01 09:30, 01 10:10, 01 11:10, 01 12:00, 02 09:00, 02 09:10, 02 09:30"
		if got := n.times(); got != want {
			t.Errorf("looked at %s, want %s", got, want)
		}
	})
}

func TestWaitingEndsWhenTheBillsAreThereAndBeginsAnewTheNextTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := beginPlan("0 9,14 * * *", Plan{Retry: Retry{10 * time.Minute, time.Hour}}, func(_, _ context.Context, nth int) (time.Time, error) {
			if nth == 3 || nth == 5 {
				return time.Time{}, nil
			}
			return time.Now().Add(4 * time.Hour), nil
		})
		time.Sleep(9 * time.Hour)
		n.cancel()
		<-n.ended
		if got, want := n.times(), "01 09:00, 01 09:10, 01 09:30, 01 14:00, 01 14:10"; got != want {
			t.Errorf("looked at %s, want %s", got, want)
		}
	})
}

func TestWhatCameDueWhileTheScheduleWasDownIsDoneAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := beginPlan("0 6 * * *", Plan{AtOnce: true}, func(_, _ context.Context, _ int) (time.Time, error) { return time.Time{}, nil })
		time.Sleep(23 * time.Hour)
		n.cancel()
		<-n.ended
		if got := n.times(); got != "01 08:00, 02 06:00" {
			t.Errorf("work began at %s", got)
		}
	})
}

// wallClock is a clock that was set: it shows the bubble's time and an offset.
type wallClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *wallClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).Round(0)
}

func (c *wallClock) set(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += by
}

func TestAClockSetBackMakesNoNightMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &wallClock{}
		n := beginPlan("0 9 * * *", Plan{now: clock.now}, func(_, _ context.Context, _ int) (time.Time, error) { return time.Time{}, nil })
		clock.set(5 * 365 * 24 * time.Hour) // wrong by years, as a machine without a clock battery
		time.Sleep(3 * time.Hour)
		clock.set(-5 * 365 * 24 * time.Hour)
		time.Sleep(47 * time.Hour)
		n.cancel()
		<-n.ended
		// Woken once by the wrong clock, then at the right times.
		if got := n.times(); !strings.HasSuffix(got, "02 09:00, 03 09:00") {
			t.Errorf("work began at %s", got)
		}
		n.logged(t, "the clock was set back")
	})
}

func TestAClockSetForwardOrASuspensionWakesWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &wallClock{}
		n := beginPlan("0 9 * * *", Plan{now: clock.now}, func(_, _ context.Context, _ int) (time.Time, error) { return time.Time{}, nil })
		time.Sleep(10*time.Minute + 30*time.Second)
		clock.set(8 * time.Hour) // 16:10: the wake-up of 09:00 passed meanwhile
		time.Sleep(2 * time.Minute)
		n.cancel()
		<-n.ended
		if got := n.times(); got != "01 16:11" {
			t.Errorf("work began at %s", got)
		}
	})
}

func TestThePulseBeatsWhileWorkIsGoingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pulse := &Pulse{}
		n := beginPlan("0 9 * * *", Plan{Pulse: pulse}, func(_, _ context.Context, _ int) (time.Time, error) {
			time.Sleep(3 * time.Hour)
			return time.Time{}, nil
		})
		time.Sleep(30 * time.Minute)
		if got := pulse.Next().In(settlement.Shanghai).Format("02 15:04"); got != "01 09:00" {
			t.Errorf("next wake-up at %s", got)
		}
		time.Sleep(2 * time.Hour)
		if since := time.Since(pulse.Beat()); since > 2*glance || !pulse.Next().IsZero() {
			t.Errorf("beat %s ago, next %s", since, pulse.Next())
		}
		n.cancel()
		<-n.ended
	})
}
