package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reconcile/output"
	"reconcile/settlement"
)

// office is an inbox, a configuration and two robots: operations hears of what is late,
// failed or incomplete, finance of differences from one yuan on.
type office struct {
	*night
	t        *testing.T
	inbox    string
	made     string // where the days lie before they are delivered
	mu       sync.Mutex
	heard    map[string][]string // messages by robot
	out, log bytes.Buffer
	clock    time.Time
}

// newOffice makes three days of invented data, 2024-09-12 to 14, and delivers none.
func newOffice(t *testing.T) *office {
	t.Helper()
	return newOfficeOf(t, "3", "")
}

// newOfficeOf is newOffice of so many days, with another line of its schedule.
func newOfficeOf(t *testing.T, days, line string) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, inbox: filepath.Join(dir, "inbox"), made: filepath.Join(dir, "made"), heard: map[string][]string{}}
	if code, _, stderr := command(t.Context(), "generate", o.made, "--days", days, "--orders", "200", "--plant", "all=1", "--quiet"); code != exitDone {
		t.Fatal(code, stderr)
	}
	if err := os.Mkdir(o.inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	robots := httptest.NewServer(http.HandlerFunc(o.hear))
	t.Cleanup(robots.Close)
	t.Setenv("OPERATIONS", robots.URL+"/operations")
	t.Setenv("FINANCE", robots.URL+"/finance")
	config := filepath.Join(dir, "reconcile.yaml")
	if err := os.WriteFile(config, []byte(`schedule:
  cron: "30 9 * * *"
  inbox: inbox
  out: days
  first: 2024-09-12
  listen: 127.0.0.1:0
`+line+`alerts:
  - {name: operations, robot: slack, kinds: [late, failed, incomplete], url_env: OPERATIONS}
  - {name: finance, robot: slack, kinds: [difference], threshold: 1.00, url_env: FINANCE}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{streams: streams{&o.out, &o.log}, log: slog.New(slog.NewJSONHandler(&o.log, nil)), quiet: true}
	o.night = a.newNight(c, false, filepath.Join(dir, "reconcile.prom"))
	o.now = func() time.Time { return o.clock }
	o.sender.Now = o.now
	o.sender.Pause = func(context.Context, time.Duration) error { return nil }
	return o
}

func (o *office) hear(w http.ResponseWriter, r *http.Request) {
	var said struct{ Text string }
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &said)
	}
	if err != nil {
		o.t.Error(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	o.heard[name] = append(o.heard[name], said.Text)
}

// deliver puts files of a day into the inbox, those whose names have the text.
func (o *office) deliver(day, part string) {
	o.t.Helper()
	folder := filepath.Join(o.made, day, "inbox")
	entries, err := os.ReadDir(folder)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.Contains(e.Name(), part) {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(o.inbox, day+" "+e.Name()), raw, 0o644)
		}
		if err != nil {
			o.t.Fatal(err)
		}
	}
}

// wake does what a wake-up at a time in Asia/Shanghai does, and returns until when is
// waited.
func (o *office) wake(at string) (until string) {
	o.t.Helper()
	clock, err := time.ParseInLocation("2006-01-02 15:04", at, settlement.Shanghai)
	if err != nil {
		o.t.Fatal(err)
	}
	o.clock, o.outcome = clock, outcome{}
	deadline, err := o.wakeUp(o.t.Context(), o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	if deadline.IsZero() {
		return ""
	}
	return deadline.In(settlement.Shanghai).Format("2006-01-02 15:04")
}

func (o *office) committed(day string) bool {
	_, err := os.Stat(filepath.Join(o.c.nightly.out, "dt="+day, output.SuccessName))
	return err == nil
}

func TestANightWithALateBill(t *testing.T) {
	o := newOffice(t)
	if until := o.wake("2024-09-13 09:30"); until != "2024-09-13 12:00" || !o.outcome.noBill {
		t.Errorf("nothing was delivered: waits until %q, %+v", until, o.outcome)
	}
	o.deliver("2024-09-12", "")
	if until := o.wake("2024-09-13 10:00"); until != "" || !o.committed("2024-09-12") || o.outcome.noBill {
		t.Errorf("everything was delivered: waits until %q", until)
	}
	if len(o.heard["operations"]) != 0 || len(o.heard["finance"]) != 1 || !strings.Contains(o.heard["finance"][0], "2024-09-12: ") {
		t.Errorf("heard %q", o.heard)
	}

	// WeChat Pay's bill of the 13th is late.
	o.deliver("2024-09-13", "2088")
	o.deliver("2024-09-13", "orders")
	o.deliver("2024-09-13", "refunds")
	if until := o.wake("2024-09-14 09:30"); until != "2024-09-14 12:00" || !o.committed("2024-09-13") || !o.outcome.noBill {
		t.Errorf("a bill is not there yet: waits until %q", until)
	}
	if len(o.heard["operations"]) != 0 {
		t.Errorf("heard too early: %q", o.heard)
	}
	for range 2 { // told once
		if until := o.wake("2024-09-14 12:00"); until != "" {
			t.Errorf("a bill is late: waits until %q", until)
		}
	}
	if said := o.heard["operations"]; len(said) != 1 || !strings.Contains(said[0], "2024-09-13: bill late: wechat 1600123456 (it was due by 2024-09-14 12:00:00)") || strings.Contains(said[0], "alipay") {
		t.Errorf("heard %q", said)
	}
	text, err := os.ReadFile(o.metricsFile)
	if err != nil || !strings.Contains(string(text), `reconcile_pending{state="late"} 1`) || !strings.Contains(string(text), `reconcile_bill_delay_seconds{account="1600123456",wallet="wechat"} `) {
		t.Errorf("%v:\n%s", err, text)
	}

	// It comes the day after: its day is run again, and the next one after it.
	o.deliver("2024-09-13", "1600")
	o.deliver("2024-09-14", "")
	if until := o.wake("2024-09-15 09:30"); until != "" || !o.committed("2024-09-14") || o.outcome.noBill {
		t.Errorf("everything was delivered: waits until %q", until)
	}
	if len(o.heard["operations"]) != 1 {
		t.Errorf("heard %q", o.heard)
	}
	view, err := o.view()
	if err != nil {
		t.Fatal(err)
	}
	for i := range view.days {
		if d := &view.days[i]; len(d.late)+len(d.waiting) > 0 || d.due != "" {
			t.Errorf("%s is %s", d.day, d.state())
		}
	}
	text, err = os.ReadFile(o.metricsFile)
	if err != nil || !strings.Contains(string(text), `reconcile_pending{state="late"} 0`) || !strings.Contains(string(text), `reconcile_bill_delay_seconds{account="1600123456",wallet="wechat"} 0`) || !strings.Contains(string(text), "reconcile_breaks{") {
		t.Errorf("%v:\n%s", err, text)
	}
}

// view looks at the dataset without running anything.
func (o *office) view() (*datasetView, error) {
	r, lock, err := o.openDays(o.t.Context(), o.c, &jobFlags{}, "", false)
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	return viewDataset(&o.c.nightly, r.catalogue, &r.job, o.clock, lookBack)
}

func TestDifferencesAreThoseOfTheBreaksOfTheDay(t *testing.T) {
	o := newOffice(t)
	for _, day := range []string{"2024-09-12", "2024-09-13"} {
		o.deliver(day, "")
	}
	o.wake("2024-09-14 09:30")
	for _, day := range []string{"2024-09-12", "2024-09-13"} {
		var short, over settlement.Amount
		count := 0
		err := output.ReadTable(filepath.Join(o.c.nightly.out, "dt="+day), "breaks", func(row output.Row) error {
			if row.Text("status") != "open" || row.Text("first_seen_on") != day {
				return nil
			}
			count++
			d, _ := row.Money("difference")
			short, over = short+min(d, 0), over+max(d, 0)
			return nil
		})
		if err != nil || count == 0 {
			t.Fatal(count, err)
		}
		if want := fmt.Sprintf("%s: %d new breaks, short %s, over %s", day, count, grouped(short), grouped(over)); len(o.heard["finance"]) != 1 || !strings.Contains(o.heard["finance"][0], want) {
			t.Errorf("finance heard %q, want %q", o.heard["finance"], want)
		}
	}
}

// A refused file may hold anything: nothing of it is in what is told.
func TestNothingOfAFileIsTold(t *testing.T) {
	o := newOffice(t)
	o.deliver("2024-09-12", "")
	secret := "张三 13800138000 buyer@example.com"
	if err := os.WriteFile(filepath.Join(o.inbox, "orders "+secret+".csv"),
		[]byte("order_no,wallet,amount,paid_at,status\n1,wechat,"+secret+",2024-09-12 10:00:00,paid\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.wake("2024-09-13 10:00")
	if said := o.heard["operations"]; len(said) != 1 || !strings.Contains(said[0], "2024-09-12: incomplete: 1 inputs were refused") {
		t.Errorf("heard %q", said)
	}
	for robot, messages := range o.heard {
		for _, m := range messages {
			for _, part := range strings.Fields(secret) {
				if strings.Contains(m, part) {
					t.Errorf("%s heard %q", robot, m)
				}
			}
		}
	}
}

func TestAFailureIsToldByItsClassOnceAndAgainAfterItWasOver(t *testing.T) {
	o := newOffice(t)
	o.deliver("2024-09-12", "")
	days := o.c.nightly.out
	block := func() {
		// Something else lies where the day belongs.
		if err := os.MkdirAll(filepath.Join(days, "dt=2024-09-12", "13800138000"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(days, "dt=2024-09-12", "notes"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fail := func() {
		o.outcome = outcome{}
		if _, err := o.wakeUp(t.Context(), t.Context()); err == nil {
			t.Error("it did not fail")
		}
	}
	block()
	o.clock = time.Date(2024, 9, 13, 10, 0, 0, 0, settlement.Shanghai)
	fail()
	fail()
	want := "2024-09-12: the run failed, nothing was committed: the dataset is damaged, or something else lies in it"
	if said := o.heard["operations"]; len(said) != 1 || !strings.Contains(said[0], want) || strings.Contains(said[0], "138") {
		t.Fatalf("heard %q", said)
	}
	if !strings.Contains(o.log.String(), `"run_id"`) || !strings.Contains(o.log.String(), `"date":"2024-09-12"`) {
		t.Errorf("the log: %s", o.log.String())
	}
	if err := os.RemoveAll(days); err != nil {
		t.Fatal(err)
	}
	o.wake("2024-09-13 10:30")
	if err := os.RemoveAll(days); err != nil {
		t.Fatal(err)
	}
	block()
	fail()
	if said := o.heard["operations"]; len(said) != 2 {
		t.Errorf("heard %q", said)
	}
}

// TestAScheduleIsAskedAndStopped runs the schedule itself, and asks it as a monitor does.
func TestAScheduleIsAskedAndStopped(t *testing.T) {
	o := newOffice(t)
	o.deliver("2024-09-12", "")
	o.now, o.sender.Now = time.Now, time.Now
	read, write := io.Pipe()
	o.app.log = slog.New(slog.NewJSONHandler(write, nil))
	o.sender.Log = o.app.log
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := o.keepWaking(ctx)
		write.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(read)
	address := ""
	for lines.Scan() {
		var said struct{ Msg, Address string }
		if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if said.Address != "" {
			address = said.Address
		}
		if said.Msg == "waiting" {
			break
		}
	}
	go func() {
		for lines.Scan() { // the log goes on
		}
	}()
	ask := func(path string) (int, string) {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if !o.committed("2024-09-12") {
		t.Error("what was due at the start was not run")
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body := ask(path); code != http.StatusOK || body != "ok\n" {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := ask("/metrics"); code != http.StatusOK || !strings.Contains(body, "\nreconcile_next_wakeup_timestamp_seconds ") || !strings.Contains(body, "\ngo_goroutines ") {
		t.Errorf("/metrics: %d %s", code, body)
	}
	if code, _ := ask("/"); code != http.StatusNotFound {
		t.Errorf("/: %d", code)
	}
	if err := os.Rename(o.inbox, o.inbox+"-away"); err != nil {
		t.Fatal(err)
	}
	if code, body := ask("/readyz"); code != http.StatusServiceUnavailable || strings.Contains(body, o.inbox) {
		t.Errorf("/readyz without an inbox: %d %s", code, body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if response, err := http.Get("http://" + address + "/healthz"); err == nil {
		response.Body.Close()
		t.Error("it still answers")
	}
}

func TestAStoppedScheduleBeginsNoFurtherDay(t *testing.T) {
	o := newOffice(t)
	for _, day := range []string{"2024-09-12", "2024-09-13", "2024-09-14"} {
		o.deliver(day, "")
	}
	o.clock = time.Date(2024, 9, 15, 10, 0, 0, 0, settlement.Shanghai)
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.wakeUp(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	if o.committed("2024-09-12") {
		t.Error("a day was begun after the stop")
	}
	o.wake("2024-09-15 10:00")
	if !o.committed("2024-09-14") {
		t.Error("the days were not run at the next start")
	}
}

// onLine calls a function when a text is first written.
type onLine struct {
	text string
	then func()
}

func (w *onLine) Write(p []byte) (int, error) {
	if w.text != "" && strings.Contains(string(p), w.text) {
		w.text = ""
		w.then()
	}
	return len(p), nil
}

func TestAStopLetsTheDayAtHandBeFinished(t *testing.T) {
	o := newOffice(t)
	for _, day := range []string{"2024-09-12", "2024-09-13", "2024-09-14"} {
		o.deliver(day, "")
	}
	o.clock = time.Date(2024, 9, 15, 10, 0, 0, 0, settlement.Shanghai)
	stop, cancel := context.WithCancel(t.Context())
	o.app.log = slog.New(slog.NewTextHandler(&onLine{"run started", cancel}, nil))
	if _, err := o.wakeUp(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	if !o.committed("2024-09-12") || o.committed("2024-09-13") {
		t.Errorf("committed: %v, %v", o.committed("2024-09-12"), o.committed("2024-09-13"))
	}
}

func TestASecondSignalInterruptsTheDay(t *testing.T) {
	o := newOffice(t)
	o.deliver("2024-09-12", "")
	o.clock = time.Date(2024, 9, 13, 10, 0, 0, 0, settlement.Shanghai)
	hard, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.wakeUp(hard, hard); err == nil {
		t.Error("it went on")
	}
	if entries, err := os.ReadDir(o.c.nightly.out); err == nil && len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
	if len(o.heard) != 0 {
		t.Errorf("heard %q", o.heard)
	}
}

func TestLifeAndReadinessAreTold(t *testing.T) {
	o := newOffice(t)
	stop, cancel := context.WithCancel(t.Context())
	o.watch.stop = stop
	ask := func(path string) int {
		w := httptest.NewRecorder()
		o.watch.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	if ask("/healthz") != 200 || ask("/readyz") != 200 {
		t.Error("not ready at the start")
	}
	o.watch.failed(io.EOF)
	if ask("/readyz") != 503 || ask("/healthz") != 200 {
		t.Error("ready although the last wake-up failed")
	}
	o.watch.succeeded()
	cancel()
	if ask("/readyz") != 503 || ask("/healthz") != 200 {
		t.Error("ready although it stops")
	}
}

func TestTheFirstSignalDrainsAndTheSecondEnds(t *testing.T) {
	stop, done := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer done()
	hard, ended := secondSignal(stop)
	defer ended()
	kill := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	<-stop.Done()
	if hard.Err() != nil {
		t.Error("the first signal ends the day")
	}
	kill()
	<-hard.Done()
	if context.Cause(hard) != errSecondSignal {
		t.Error(context.Cause(hard))
	}
}

// deliverWithoutOrders puts a day's files into the inbox, but for its orders.
func (o *office) deliverWithoutOrders(day string) {
	for _, part := range []string{"2088", "1600", "refunds"} {
		o.deliver(day, part)
	}
}

// week delivers seven days whole, 2024-09-12 to 18, and runs them.
func (o *office) week() {
	for day := 12; day < 19; day++ {
		o.deliver(fmt.Sprintf("2024-09-%d", day), "")
	}
	o.wake("2024-09-19 09:30")
	o.heard = map[string][]string{}
}

func TestADayWaitsForOrdersThatComeDaily(t *testing.T) {
	o := newOfficeOf(t, "9", "")
	o.week()
	o.deliverWithoutOrders("2024-09-19")
	if until := o.wake("2024-09-20 09:30"); until != "2024-09-20 12:00" || o.committed("2024-09-19") || !o.outcome.noBill {
		t.Errorf("the orders are not there yet: waits until %q, run: %v, %+v", until, o.committed("2024-09-19"), o.outcome)
	}
	if view, err := o.view(); err != nil || view.days[len(view.days)-1].state() != stateWaiting {
		t.Errorf("the day does not wait: %v", err)
	}
	o.deliver("2024-09-19", "orders")
	if until := o.wake("2024-09-20 10:00"); until != "" || !o.committed("2024-09-19") || o.outcome.noBill {
		t.Errorf("the orders came: waits until %q, %+v", until, o.outcome)
	}
	// What is taken away is not missed, and tells all the same that orders come daily.
	entries, err := os.ReadDir(o.inbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(o.inbox, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	o.deliverWithoutOrders("2024-09-20")
	if until := o.wake("2024-09-21 09:30"); until != "2024-09-21 12:00" || o.committed("2024-09-20") {
		t.Errorf("waits until %q", until)
	}
	for range 2 { // told once
		if until := o.wake("2024-09-21 12:00"); until != "" || !o.committed("2024-09-20") {
			t.Errorf("the orders are late: waits until %q, run: %v", until, o.committed("2024-09-20"))
		}
	}
	if said := o.heard["operations"]; len(said) != 1 || !strings.Contains(said[0], "2024-09-20: orders late (they were due by 2024-09-21 12:00:00)") || strings.Contains(said[0], "bill late") {
		t.Errorf("heard %q", said)
	}
	without := o.digestOf("2024-09-20")
	o.deliver("2024-09-20", "orders")
	if o.wake("2024-09-21 13:00"); o.digestOf("2024-09-20") == without {
		t.Error("the day was not run again with its orders")
	}
}

func (o *office) digestOf(day string) string {
	o.t.Helper()
	m, err := output.ReadManifest(filepath.Join(o.c.nightly.out, "dt="+day))
	if err != nil {
		o.t.Fatal(err)
	}
	return m.TablesDigest()
}

func TestWhoDoesNotWaitForOrdersRunsTheDayAtOnce(t *testing.T) {
	o := newOfficeOf(t, "8", "  wait_for_orders: false\n")
	o.week()
	o.deliverWithoutOrders("2024-09-19")
	if until := o.wake("2024-09-20 09:30"); until != "" || !o.committed("2024-09-19") {
		t.Errorf("waits until %q", until)
	}
}
