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
	ended  chan error
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
	n := &night{ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	go func() {
		n.ended <- Run(ctx, Plan{Expression: expression, Log: slog.New(slog.NewTextHandler(n, nil)),
			Work: func(ctx context.Context) error {
				n.mu.Lock()
				n.begun = append(n.begun, time.Now().In(settlement.Shanghai).Format("02 15:04"))
				nth := len(n.begun)
				n.mu.Unlock()
				return work(ctx, nth)
			}})
	}()
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
		n.logged(t, `msg="run finished"`)
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
		n.logged(t, "this one is left out")
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

func TestAnUnusableExpressionRunsNothing(t *testing.T) {
	err := Run(context.Background(), Plan{Expression: "0 0 31 2 *", Log: slog.New(slog.DiscardHandler),
		Work: func(context.Context) error { t.Error("work was done"); return nil }})
	if !errors.Is(err, ErrExpression) {
		t.Errorf("error %v", err)
	}
}
