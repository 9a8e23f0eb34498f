// Package metrics shows a dataset and the runs over it to Prometheus: from a schedule
// that runs, or as a file for node_exporter's textfile collector.
//
// A value of Prometheus is a 64-bit float by nature. Amounts are whole fen and exact as
// such up to 2^53, ninety trillion yuan; beyond that they are NaN, never a wrong
// number. No amount is ever read back from here.
package metrics

import (
	"math"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"reconcile/settlement"
)

// AgeBuckets are the ages by which breaks are counted, youngest first.
var AgeBuckets = []string{"0d", "1-3d", "4-7d", "8-30d", "31d+"}

// AgeBucket is the bucket of a break that was first seen so many days ago.
func AgeBucket(days int64) string {
	for i, last := range []int64{0, 3, 7, 30} {
		if days <= last {
			return AgeBuckets[i]
		}
	}
	return AgeBuckets[len(AgeBuckets)-1]
}

// Dataset is what the days of a dataset look like now.
type Dataset struct {
	// Newest is the newest committed day, NoDay where there is none. Breaks, Short, Over
	// and OpenItems are those at its end.
	Newest      settlement.Day
	Breaks      map[BreakGroup]int64
	Short, Over settlement.Amount // Σ of negative and of positive differences
	OpenItems   int64
	// Days counts days by what is to be said of them: missing, stale, late, incomplete.
	Days map[string]int64
	// Awaited is, of each account, the end of the earliest day whose bill is not there.
	Awaited map[Account]time.Time
}

// BreakGroup is what open breaks are counted by.
type BreakGroup struct{ Kind, AgeBucket string }

// Account is a wallet's account.
type Account struct{ Wallet, Account string }

// Run is what one run of a day came to.
type Run struct {
	Result string // done, breaks, incomplete or failed
	Took   time.Duration
	Stages map[string]time.Duration
	Rows   map[string]int64 // written, by table
}

// Metrics are the numbers of one process.
type Metrics struct {
	registry *prometheus.Registry
	now      func() time.Time

	mu          sync.Mutex
	dataset     *Dataset
	accounts    map[Account]bool // ever awaited, so that a delay goes back to 0
	last        Run
	lastRun     time.Time
	lastSuccess time.Time
	runs        map[string]int64
	rows        map[string]int64
	alerts      map[alertGroup]int64
	next        time.Time
	version     string
}

type alertGroup struct{ route, result string }

// New returns metrics of this program's version; now is the clock.
func New(version string, now func() time.Time) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), now: now, version: version,
		accounts: map[Account]bool{}, runs: map[string]int64{}, rows: map[string]int64{}, alerts: map[alertGroup]int64{}}
	m.registry.MustRegister(m)
	return m
}

// WithProcess adds what Go and the system say of this process; not for files.
func (m *Metrics) WithProcess() *Metrics {
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gatherer is where the metrics are read.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// SetDataset replaces what is known of the dataset.
func (m *Metrics) SetDataset(d *Dataset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dataset = d
	for account := range d.Awaited {
		m.accounts[account] = true
	}
}

// AddRun notes a run of a day.
func (m *Metrics) AddRun(r Run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last, m.lastRun = r, m.now()
	m.runs[r.Result]++
	for table, rows := range r.Rows {
		m.rows[table] += rows
	}
}

// Succeeded notes that everything that was due is done and nothing was refused.
func (m *Metrics) Succeeded() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastSuccess = m.now()
}

// SetLastSuccess notes when that was, before this process; a later one is kept.
func (m *Metrics) SetLastSuccess(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.After(m.lastSuccess) {
		m.lastSuccess = at
	}
}

// SetNext notes the next wake-up.
func (m *Metrics) SetNext(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = at
}

// AddAlert notes a message of a route.
func (m *Metrics) AddAlert(route string, sent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	result := "failed"
	if sent {
		result = "sent"
	}
	m.alerts[alertGroup{route, result}]++
}

// WriteFile writes the metrics for node_exporter's textfile collector: to a file beside
// path, which the collector does not read, and from there in one rename. Of a process
// that had no success, the last one is that which the former file tells: whoever waits
// for it to grow old must not see it vanish.
func (m *Metrics) WriteFile(path string) error {
	m.mu.Lock()
	known := !m.lastSuccess.IsZero()
	m.mu.Unlock()
	if !known {
		if at, ok := successIn(path); ok {
			m.SetLastSuccess(at)
		}
	}
	return prometheus.WriteToTextfile(path, m.registry)
}

// successIn is the last success that a file of ours tells.
func successIn(path string) (at time.Time, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return at, false
	}
	defer f.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(f)
	family := families["reconcile_last_success_timestamp_seconds"]
	if err != nil || family == nil || len(family.Metric) == 0 {
		return at, false
	}
	return time.Unix(int64(family.Metric[0].GetGauge().GetValue()), 0), true
}

// exact is a whole number as Prometheus has it, NaN where it would not be exact.
func exact(n int64) float64 {
	if n > 1<<53 || n < -1<<53 {
		return math.NaN()
	}
	return float64(n)
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// stamp is an instant in seconds since 1970.
func stamp(t time.Time) float64 { return exact(t.Unix()) }
