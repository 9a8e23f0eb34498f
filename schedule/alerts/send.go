package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Route is where findings of some kinds are told.
type Route struct {
	Name  string
	Robot Robot
	Kinds []Kind
	// Threshold is from which fen on differences are told.
	Threshold int64
	// Where the address and the secret of the robot are read each time: an environment
	// variable or a file. The secret is left out where the robot asks for none.
	URLEnv, URLFile, SecretEnv, SecretFile string
}

// secretOf reads a value from where it stands; "" where no place is named. The value is
// in no error.
func secretOf(env, file string, getenv func(string) string) (string, error) {
	switch {
	case env != "":
		value := strings.TrimSpace(getenv(env))
		if value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", env)
		}
		return value, nil
	case file != "":
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if value := strings.TrimSpace(string(raw)); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("%s is empty", file)
	}
	return "", nil
}

// Ready says whether a message could be sent, as far as that is known without sending
// one.
func (r Route) Ready(getenv func(string) string) error {
	address, err := secretOf(r.URLEnv, r.URLFile, getenv)
	if err == nil {
		_, err = secretOf(r.SecretEnv, r.SecretFile, getenv)
	}
	if err != nil {
		return err
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("what stands there is not the address of a robot (https://…)")
	}
	return nil
}

// wants says that a finding is told on this route.
func (r Route) wants(f Finding) bool {
	return slices.Contains(r.Kinds, f.Kind) && (f.Kind != Difference || f.Fen >= r.Threshold)
}

// Sender tells findings.
type Sender struct {
	Routes []Route
	// Book is the path of the book.
	Book string
	// Title is the first line of a message.
	Title  string
	Client *http.Client // nil for one that waits ten seconds
	Getenv func(string) string
	Log    *slog.Logger
	// Now is the clock, Zone whose days have one digest each.
	Now  func() time.Time
	Zone *time.Location
	// Pause waits before another attempt; tests do not.
	Pause func(ctx context.Context, d time.Duration) error
	// Sent is told of each message and whether it was accepted; nil where nobody asks.
	Sent func(route string, ok bool)
}

// attempts is how often a message is tried, pauses apart.
const attempts = 4

// firstPause is doubled after each attempt.
const firstPause = 2 * time.Second

// Tell notes findings and tells what was not told yet: findings of an urgent kind at
// once, in one message; differences in one digest a day. over says which causes are
// over. What could not be sent waits in the book for the next call; that is logged, and
// is in the error.
func (s *Sender) Tell(ctx context.Context, findings []Finding, over func(cause string) bool) error {
	if len(s.Routes) == 0 {
		return nil
	}
	lock, err := Hold(s.Book)
	if err != nil {
		return err
	}
	defer lock.Close()
	book, err := OpenBook(s.Book)
	if err != nil {
		return err
	}
	book.Solved(over)
	var failed []error
	for _, route := range s.Routes {
		page := book.page(route.Name)
		for _, f := range findings {
			if route.wants(f) {
				page.add(f)
			}
		}
		if err := s.tellRoute(ctx, route, page, func() error { return book.Save(s.Now()) }); err != nil {
			s.Log.Error("an alert could not be sent; it is tried again at the next wake-up", "route", route.Name, "robot", string(route.Robot), "error", err)
			failed = append(failed, fmt.Errorf("alerts.%s: %w", route.Name, err))
		}
	}
	return errors.Join(append(failed, book.Save(s.Now()))...)
}

// tellRoute sends the messages that are due on one route and saves after each.
func (s *Sender) tellRoute(ctx context.Context, route Route, page *bookPage, save func() error) error {
	today := s.Now().In(s.Zone).Format(time.DateOnly)
	var urgent, digest []Finding
	for _, f := range page.Waiting {
		if f.Kind.AtOnce() {
			urgent = append(urgent, f)
		} else {
			digest = append(digest, f)
		}
	}
	if page.Digest == today {
		digest = nil // it waits for tomorrow's
	}
	for _, part := range [][]Finding{urgent, digest} {
		if len(part) == 0 {
			continue
		}
		err := s.send(ctx, route, s.text(part))
		if s.Sent != nil {
			s.Sent(route.Name, err == nil)
		}
		if err != nil {
			return err
		}
		for _, f := range part {
			page.Told[f.Cause] = s.Now().UTC()
			page.Waiting = slices.DeleteFunc(page.Waiting, func(w Finding) bool { return w.Cause == f.Cause })
		}
		if !part[0].Kind.AtOnce() {
			page.Digest = today
		}
		s.Log.Info("alert sent", "route", route.Name, "robot", string(route.Robot), "findings", len(part))
		if err := save(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) text(findings []Finding) string {
	lines := []string{s.Title}
	for _, f := range findings {
		lines = append(lines, "· "+f.Text)
	}
	return strings.Join(lines, "\n")
}

// send sends one message, several times where the other side is busy.
func (s *Sender) send(ctx context.Context, route Route, text string) error {
	address, err := secretOf(route.URLEnv, route.URLFile, s.Getenv)
	if err != nil {
		return err
	}
	secret, err := secretOf(route.SecretEnv, route.SecretFile, s.Getenv)
	if err != nil {
		return err
	}
	pause := firstPause
	for attempt := 1; ; attempt++ {
		what, why := s.post(ctx, route, address, secret, text)
		switch {
		case what == accepted:
			return nil
		case what == refused:
			return fmt.Errorf("the robot refuses the message: %s", why)
		case attempt == attempts:
			return fmt.Errorf("the robot cannot be reached (%d attempts): %s", attempts, why)
		}
		s.Log.Warn("an alert was not accepted; trying again", "route", route.Name, "why", why, "in", pause)
		if err := s.Pause(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

// post makes one attempt. The address is a secret: it is in no text that post returns.
func (s *Sender) post(ctx context.Context, route Route, address, secret, text string) (verdict, string) {
	to, body, err := route.Robot.message(address, secret, text, s.Now())
	if err != nil {
		return refused, err.Error()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return refused, "what is configured is not the address of a robot (https://…)"
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	client := s.Client
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	response, err := client.Do(request)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // the rest is the address
		}
		return tryAgain, err.Error()
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return tryAgain, err.Error()
	}
	return route.Robot.answer(response.StatusCode, answer)
}

// Sleep is the Pause of a sender in service.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
