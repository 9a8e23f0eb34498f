package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reconcile/settlement"
)

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("reconcile_"+name, help, labels, nil)
}

// What is shown. Names and labels are a contract with dashboards and alert rules.
var (
	buildInfo       = described("build_info", "The program that speaks; always 1.", "version")
	lastSuccess     = described("last_success_timestamp_seconds", "When last everything that was due was done and nothing was refused.")
	lastRun         = described("last_run_timestamp_seconds", "When the last run of a day ended.")
	runDuration     = described("run_duration_seconds", "How long the last run of a day took.")
	stageDuration   = described("stage_duration_seconds", "How long each stage of the last run of a day took.", "stage")
	nextWakeUp      = described("next_wakeup_timestamp_seconds", "When the schedule wakes next.")
	runsTotal       = described("runs_total", "Runs of days by this process: done, breaks, incomplete, failed.", "result")
	rowsTotal       = described("rows_total", "Rows written by this process, by table.", "table")
	alertsTotal     = described("alerts_total", "Alert messages by this process: sent, failed.", "route", "result")
	newestDay       = described("newest_day_timestamp_seconds", "The beginning of the newest committed day, in Asia/Shanghai.")
	breaksOpen      = described("breaks", "Breaks open at the end of the newest committed day, by kind and age in days.", "kind", "age_bucket")
	differenceFen   = described("difference_fen", "Sum of the differences of these breaks in whole fen: short (negative) and over (positive) apart.", "direction")
	openItems       = described("open_items", "Items that wait for their counterpart at the end of the newest committed day.")
	daysByState     = described("pending", "Days that are missing, stale, late or incomplete.", "state")
	billDelay       = described("bill_delay_seconds", "How long ago the earliest day ended whose bill should be there and is not; 0 where none is missing.", "wallet", "account")
	allDescriptions = []*prometheus.Desc{buildInfo, lastSuccess, lastRun, runDuration, stageDuration, nextWakeUp, runsTotal, rowsTotal,
		alertsTotal, newestDay, breaksOpen, differenceFen, openItems, daysByState, billDelay}
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range allDescriptions {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, exact(value), labels...)
	}
	gauge(buildInfo, 1, m.version)
	for _, at := range []struct {
		of *prometheus.Desc
		t  time.Time
	}{{lastSuccess, m.lastSuccess}, {lastRun, m.lastRun}, {nextWakeUp, m.next}} {
		if !at.t.IsZero() {
			gauge(at.of, stamp(at.t))
		}
	}
	if !m.lastRun.IsZero() {
		gauge(runDuration, seconds(m.last.Took))
		for stage, took := range m.last.Stages {
			gauge(stageDuration, seconds(took), stage)
		}
	}
	for _, result := range []string{"done", "breaks", "incomplete", "failed"} {
		counter(runsTotal, m.runs[result], result)
	}
	for table, rows := range m.rows {
		counter(rowsTotal, rows, table)
	}
	for group, n := range m.alerts {
		counter(alertsTotal, n, group.route, group.result)
	}
	if m.dataset != nil {
		m.collectDataset(gauge)
	}
}

func (m *Metrics) collectDataset(gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	d := m.dataset
	for _, state := range []string{"missing", "stale", "late", "incomplete"} {
		gauge(daysByState, exact(d.Days[state]), state)
	}
	for account := range m.accounts {
		delay := time.Duration(0)
		if since, ok := d.Awaited[account]; ok {
			delay = max(m.now().Sub(since), 0)
		}
		gauge(billDelay, seconds(delay), account.Wallet, account.Account)
	}
	if d.Newest == settlement.NoDay {
		return
	}
	gauge(newestDay, stamp(d.Newest.Start().Time()))
	gauge(openItems, exact(d.OpenItems))
	gauge(differenceFen, exact(int64(d.Short)), "short")
	gauge(differenceFen, exact(int64(d.Over)), "over")
	// Every age of a kind that has breaks, so that an alert rule sees 0 and not nothing.
	kinds := map[string]bool{}
	for group := range d.Breaks {
		kinds[group.Kind] = true
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, age := range AgeBuckets {
			gauge(breaksOpen, exact(d.Breaks[BreakGroup{kind, age}]), kind, age)
		}
	}
}
