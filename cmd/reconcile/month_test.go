package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// month is days that were generated with their plan of deliveries, and an inbox and a
// dataset into which they are replayed night by night, on a clock of the test's.
type month struct {
	*night
	t          *testing.T
	made       string // what generate wrote
	inbox      string
	config     string
	deliveries []delivery
	out, log   bytes.Buffer
	ran        int // days that were run
	// elsewhere does a night elsewhere, in a process of its own; nil does it here.
	elsewhere func(on settlement.Day) error
}

// delivery is a row of deliveries.csv.
type delivery struct {
	night      settlement.Day
	file, name string
	how        string
}

// madeMonth generates days and returns their folder.
func madeMonth(t *testing.T, days, orders int, seed uint64, more ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "month")
	args := append([]string{"generate", dir, "--quiet", "--nights", "--day", "2024-09-01", "--days", strconv.Itoa(days), "--orders", strconv.Itoa(orders),
		"--seed", strconv.FormatUint(seed, 10)}, more...)
	if code, _, stderr := command(t.Context(), args...); code != exitDone {
		t.Fatal(code, stderr)
	}
	return dir
}

func readDeliveries(t *testing.T, made string) (list []delivery) {
	t.Helper()
	for _, row := range csvRows(t, filepath.Join(made, "key", "deliveries.csv")) {
		list = append(list, delivery{dayOf(t, row["night"]), row["file"], row["name"], row["how"]})
	}
	return list
}

// csvRows reads a file with a heading.
func csvRows(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, fields := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = fields[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func dayOf(t *testing.T, text string) settlement.Day {
	t.Helper()
	day, err := settlement.ParseDay([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// newMonth prepares an empty inbox for a plan of deliveries.
func newMonth(t *testing.T, made string, deliveries []delivery) *month {
	t.Helper()
	dir := t.TempDir()
	m := &month{t: t, made: made, inbox: filepath.Join(dir, "inbox"), config: filepath.Join(dir, "reconcile.yaml"), deliveries: deliveries}
	if err := os.Mkdir(m.inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "schedule:\n  cron: \"30 9 * * *\"\n  inbox: inbox\n  out: days\n  listen: off\nreport: false\nsupersede:\n  - none.csv\n"
	for _, d := range deliveries {
		if d.how == "superseding" {
			text += "  - " + d.name + "\n"
		}
	}
	if err := os.WriteFile(m.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig(m.config)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{streams: streams{&m.out, &m.log}, log: slog.New(slog.NewJSONHandler(&m.log, nil)), quiet: true}
	m.night = a.newNight(c, true, "")
	return m
}

func (m *month) deliver(d delivery) {
	m.t.Helper()
	raw, err := os.ReadFile(filepath.Join(m.made, "files", filepath.FromSlash(d.file)))
	if err == nil {
		err = os.WriteFile(filepath.Join(m.inbox, d.name), raw, 0o644)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// wake does what the schedule does on the morning of a day.
func (m *month) wake(on settlement.Day) {
	m.t.Helper()
	if m.elsewhere != nil {
		if err := m.elsewhere(on); err != nil {
			m.t.Fatal(err)
		}
		return
	}
	m.outcome = outcome{}
	m.now = func() time.Time { return on.Start().Time().Add(9*time.Hour + 30*time.Minute) }
	m.log.Reset()
	if _, err := m.wakeUp(m.t.Context(), m.t.Context()); err != nil {
		m.t.Fatalf("%s: %v", on, err)
	}
	m.ran += strings.Count(m.log.String(), `"day is due"`)
}

// replay delivers night by night and wakes the schedule each time; seen is called after
// each night.
func (m *month) replay(seen func(on settlement.Day)) {
	m.t.Helper()
	first, last := m.deliveries[0].night, m.deliveries[0].night
	for _, d := range m.deliveries {
		first, last = min(first, d.night), max(last, d.night)
	}
	for on := first; on <= last; on++ {
		for _, d := range m.deliveries {
			if d.night == on {
				m.deliver(d)
			}
		}
		m.wake(on)
		if seen != nil {
			seen(on)
		}
	}
}

// forget removes the dataset and what is kept beside it.
func (m *month) forget() {
	m.t.Helper()
	beside, err := filepath.Glob(filepath.Join(filepath.Dir(m.dataset()), ".days.*"))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, path := range append(beside, m.dataset()) {
		if err := os.RemoveAll(path); err != nil {
			m.t.Fatal(err)
		}
	}
}

// again is the replay in order, of everything that lies in the inbox now: one wake-up
// over an empty dataset.
func (m *month) again() {
	m.t.Helper()
	m.forget()
	last := settlement.Day(0)
	for _, d := range m.deliveries {
		last = max(last, d.night)
	}
	m.wake(last)
}

func (m *month) dataset() string { return m.c.nightly.out }

// parquetOf is the content of every table of a dataset, by name.
func parquetOf(t *testing.T, dataset string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dataset, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dataset, path)
		files[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameTables(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(want) < 100 {
		t.Fatalf("only %d files: this would prove little", len(want))
	}
	var differ []string
	for name, content := range want {
		if got[name] != content {
			differ = append(differ, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			differ = append(differ, name+" (added)")
		}
	}
	slices.Sort(differ)
	if len(differ) > 0 {
		t.Errorf("%d tables differ: %v", len(differ), differ[:min(len(differ), 8)])
	}
}

// historyOf lists the breaks of a day with what is told of their history.
func historyOf(t *testing.T, dir string) map[string]int {
	t.Helper()
	list := map[string]int{}
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		var row []string
		for _, c := range []string{"kind", "order_no", "refund_no", "expected_amount", "actual_amount", "first_seen_on", "status", "closed_on", "age_days"} {
			row = append(row, r.Text(c))
		}
		list[strings.Join(row, " ")]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// wantedHistory is what the key says that a day shows.
func wantedHistory(t *testing.T, key []map[string]string, day settlement.Day) map[string]int {
	t.Helper()
	list := map[string]int{}
	for _, p := range key {
		if p["closing"] == "restated" {
			continue
		}
		seen, status, closed := dayOf(t, p["first_seen_on"]), "open", ""
		if day < seen {
			continue
		}
		if p["closed_on"] != "" {
			switch on := dayOf(t, p["closed_on"]); {
			case day > on:
				continue
			case day == on:
				status, closed = "closed", p["closed_on"]
			}
		}
		list[strings.Join([]string{p["kind"], p["order_no"], p["refund_no"], p["expected_amount"], p["actual_amount"], p["first_seen_on"], status, closed,
			strconv.Itoa(int(day - seen))}, " ")]++
	}
	return list
}

func sameHistory(t *testing.T, what string, got, want map[string]int) {
	t.Helper()
	for row, n := range want {
		if got[row] != n {
			t.Errorf("%s: planted %d, found %d: %s", what, n, got[row], row)
		}
	}
	for row, n := range got {
		if want[row] == 0 {
			t.Errorf("%s: not planted, found %d: %s", what, n, row)
		}
	}
}

// monthPlants is about one of each kind of fault a day, and what comes late.
var monthPlants = []string{"--plant", "all=1,combined=1,two_payments=1,implied_refund=1,provider_no=1,late_line=2,late_order=1,late_refund_line=1,late_refund_list=1,refund_later=3"}

// Recall and precision of the history: each day shows exactly the breaks that the key
// says, with their first day, status, end and age, after a month in which files came
// late, were corrected and doubled.
func TestAMonthReplayedNightlyTellsTheHistoryOfEveryBreak(t *testing.T) {
	made := madeMonth(t, 30, 60, 11, append(monthPlants, "--late-files", "8%", "--corrected-files", "8%", "--doubled-files", "8%")...)
	m := newMonth(t, made, readDeliveries(t, made))
	key := csvRows(t, filepath.Join(made, "key", "history_key.csv"))
	restated, closings, kinds := 0, map[string]int{}, map[string]int{}
	for _, p := range key {
		closings[p["closing"]]++
		kinds[p["kind"]]++
	}
	m.replay(func(on settlement.Day) {
		// What a later night restates is a break until then, whatever bill is missing yet.
		for _, p := range key {
			if p["closing"] != "restated" || dayOf(t, p["closed_on"])+1 != on {
				continue
			}
			restated++
			for row := range historyOf(t, pipeline.DayFolder(m.dataset(), dayOf(t, p["first_seen_on"]))) {
				if strings.HasPrefix(row, p["kind"]+" "+p["order_no"]+" "+p["refund_no"]+" ") {
					t.Errorf("%s: after its other side came there still is %s", on, row)
				}
			}
		}
	})
	for n := range settlement.Day(30) {
		day := dayOf(t, "2024-09-01") + n
		sameHistory(t, day.String(), historyOf(t, pipeline.DayFolder(m.dataset(), day)), wantedHistory(t, key, day))
	}
	closedByItsRow(t, m, key)
	t.Logf("%d planted breaks %v, %d kinds, %d runs of a day", len(key), closings, len(kinds), m.ran)
	if closings["closed"] < 50 || closings["never"] < 200 || restated < 40 || m.ran < 60 {
		t.Errorf("too few to prove anything: %v, %d restated, %d runs", closings, restated, m.ran)
	}
}

var closedAt = regexp.MustCompile(`: ([^ ]+):(\d+), `)

// closedByItsRow holds the place that a closed break names against the number in the key.
func closedByItsRow(t *testing.T, m *month, key []map[string]string) {
	t.Helper()
	by, checked := map[string]string{}, 0
	for _, p := range key {
		if p["closing"] == "closed" {
			by[p["kind"]+" "+p["order_no"]+" "+p["refund_no"]+" "+p["closed_on"]] = p["closed_by"]
		}
	}
	for n := range settlement.Day(30) {
		dir := pipeline.DayFolder(m.dataset(), dayOf(t, "2024-09-01")+n)
		err := output.ReadTable(dir, "breaks", func(r output.Row) error {
			number, ok := by[r.Text("kind")+" "+r.Text("order_no")+" "+r.Text("refund_no")+" "+r.Text("closed_on")]
			if !ok || r.Text("status") != "closed" {
				return nil
			}
			place := closedAt.FindStringSubmatch(r.Text("reason"))
			if place == nil {
				return fmt.Errorf("no place in %q", r.Text("reason"))
			}
			line, _ := strconv.Atoi(place[2])
			if text := lineOf(t, m.inbox, place[1], line); !strings.Contains(text, number) {
				t.Errorf("%q: the line has no %s: %s", r.Text("reason"), number, text)
			}
			checked++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if checked != len(by) {
		t.Errorf("%d of %d closed breaks name their line", checked, len(by))
	}
}

// lineOf returns a line of a file of the inbox, or of the first member of an archive.
func lineOf(t *testing.T, inbox, source string, line int) string {
	t.Helper()
	path, _, member := strings.Cut(source, "!")
	if !filepath.IsAbs(path) {
		path = filepath.Join(inbox, filepath.Base(path))
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var text io.Reader = in
	if member {
		archive, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		if text, err = archive.File[0].Open(); err != nil {
			t.Fatal(err)
		}
	}
	scanner := bufio.NewScanner(text)
	for n := 1; scanner.Scan(); n++ {
		if n == line {
			return scanner.Text()
		}
	}
	return ""
}

// disorder draws a plan of deliveries over the same files: any bill may come up to four
// nights late, so that files of a day overtake those of an earlier one, come twice, or
// in a first draft of which lines are missing.
func disorder(t *testing.T, made string, seed uint64) (list []delivery) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 3))
	for _, d := range readDeliveries(t, made) {
		d.night += settlement.Day(random.IntN(5))
		if again := d; d.how == "in_time" && random.IntN(8) == 0 {
			again.night, again.how = again.night+settlement.Day(random.IntN(3)), "doubled"
			again.name = strings.Replace(d.name, ".", "_again.", 1)
			list = append(list, again)
		}
		list = append(list, d)
	}
	// The correction of a draft comes after it, or there would be nothing to correct.
	for i := range list {
		for _, draft := range list {
			if draft.how == "to_be_corrected" && list[i].how == "corrected" && draft.name == list[i].name {
				list[i].night = max(list[i].night, draft.night+1)
			}
		}
	}
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// However the files of days come, late, corrected, doubled or out of order, the nights
// end in the tables of one replay in order. RECONCILE_SEEDS says how many orders of
// delivery are tried (2 where it is not set).
func TestAnyOrderOfDeliveryEndsInTheTablesOfOneReplayInOrder(t *testing.T) {
	seeds, err := strconv.Atoi(os.Getenv("RECONCILE_SEEDS"))
	if err != nil {
		seeds = 2
	}
	runs := 0
	for seed := range uint64(seeds) {
		made := madeMonth(t, 6, 60, 100+seed, append(monthPlants, "--corrected-files", "25%", "--doubled-files", "10%", "--late-files", "10%")...)
		plan := disorder(t, made, seed)
		m := newMonth(t, made, plan)
		m.replay(nil)
		runs += m.ran
		nightly := tables(t, m)
		m.again()
		sameTables(t, nightly, tables(t, m))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d orders of delivery, %d runs of a day", seeds, runs)
}

// tables is the content of every table of the dataset, whose days must be complete.
func tables(t *testing.T, m *month) map[string]string {
	t.Helper()
	days, err := pipeline.Days(m.dataset())
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range days {
		if !m.committed(day) {
			t.Errorf("%s is incomplete", day)
		}
	}
	return parquetOf(t, m.dataset())
}

func (m *month) committed(day settlement.Day) bool {
	_, err := os.Stat(filepath.Join(pipeline.DayFolder(m.dataset(), day), output.SuccessName))
	return err == nil
}

// The nights of a month end in the same tables on any machine: three zones and two
// languages, with 1, 2 and 8 processors.
func TestTheNightsAreTheSameOnAnyMachine(t *testing.T) {
	made := madeMonth(t, 6, 60, 5, append(monthPlants, "--late-files", "20%", "--corrected-files", "20%", "--doubled-files", "20%")...)
	m := newMonth(t, made, disorder(t, made, 2))
	m.replay(nil)
	want := tables(t, m)
	for _, c := range []struct{ zone, locale, jobs string }{
		{"Asia/Shanghai", "zh_CN.UTF-8", "1"}, {"America/New_York", "C", "2"}, {"Pacific/Kiritimati", "zh_CN.UTF-8", "8"},
	} {
		m.forget()
		entries, err := os.ReadDir(m.inbox)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := os.Remove(filepath.Join(m.inbox, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
		m.elsewhere = func(on settlement.Day) error {
			cmd := exec.Command("reconcile", "schedule", "--once", "--breaks-ok", "--quiet", "--config", m.config, "--now", on.String()+"T09:30")
			cmd.Env = append(os.Environ(), "TZ="+c.zone, "LANG="+c.locale, "LC_ALL="+c.locale, "GOMAXPROCS="+c.jobs)
			text, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code == exitDone || code == exitRefused || code == exitNotYet {
				return nil
			}
			return fmt.Errorf("%w: %s", err, text)
		}
		m.replay(nil)
		sameTables(t, tables(t, m), want)
	}
}
