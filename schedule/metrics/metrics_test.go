package metrics

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"reconcile/settlement"
)

var now = time.Date(2024, 9, 13, 12, 0, 0, 0, settlement.Shanghai)

// night is a process that ran one day, with a bill late.
func night(t *testing.T) *Metrics {
	t.Helper()
	newest, err := settlement.CivilDay(2024, 9, 12)
	if err != nil {
		t.Fatal(err)
	}
	m := New("v1", func() time.Time { return now })
	m.AddRun(Run{Result: "breaks", Took: 1500 * time.Millisecond, Stages: map[string]time.Duration{"ingest": time.Second}, Rows: map[string]int64{"matches": 54}})
	m.Succeeded()
	m.SetNext(now.Add(time.Hour))
	m.AddAlert("finance", true)
	m.SetDataset(&Dataset{
		Newest: newest, Breaks: map[BreakGroup]int64{{"amount_mismatch", "0d"}: 3, {"amount_mismatch", "31d+"}: 1},
		Short: -63523, Over: 81116, OpenItems: 2, Days: map[string]int64{"late": 1},
		Awaited: map[Account]time.Time{{"wechat", "1600123456"}: now.Add(-12 * time.Hour)},
	})
	return m
}

func TestMetricsAreThoseOfTheDatasetAndItsRuns(t *testing.T) {
	want := `
# HELP reconcile_bill_delay_seconds How long ago the earliest day ended whose bill should be there and is not; 0 where none is missing.
# TYPE reconcile_bill_delay_seconds gauge
reconcile_bill_delay_seconds{account="1600123456",wallet="wechat"} 43200
# HELP reconcile_breaks Breaks open at the end of the newest committed day, by kind and age in days.
# TYPE reconcile_breaks gauge
reconcile_breaks{age_bucket="0d",kind="amount_mismatch"} 3
reconcile_breaks{age_bucket="1-3d",kind="amount_mismatch"} 0
reconcile_breaks{age_bucket="31d+",kind="amount_mismatch"} 1
reconcile_breaks{age_bucket="4-7d",kind="amount_mismatch"} 0
reconcile_breaks{age_bucket="8-30d",kind="amount_mismatch"} 0
# HELP reconcile_difference_fen Sum of the differences of these breaks in whole fen: short (negative) and over (positive) apart.
# TYPE reconcile_difference_fen gauge
reconcile_difference_fen{direction="over"} 81116
reconcile_difference_fen{direction="short"} -63523
# HELP reconcile_last_success_timestamp_seconds When last everything that was due was done and nothing was refused.
# TYPE reconcile_last_success_timestamp_seconds gauge
reconcile_last_success_timestamp_seconds 1.7262e+09
# HELP reconcile_newest_day_timestamp_seconds The beginning of the newest committed day, in Asia/Shanghai.
# TYPE reconcile_newest_day_timestamp_seconds gauge
reconcile_newest_day_timestamp_seconds 1.7260704e+09
# HELP reconcile_rows_total Rows written by this process, by table.
# TYPE reconcile_rows_total counter
reconcile_rows_total{table="matches"} 54
# HELP reconcile_run_duration_seconds How long the last run of a day took.
# TYPE reconcile_run_duration_seconds gauge
reconcile_run_duration_seconds 1.5
`
	if err := testutil.GatherAndCompare(night(t).Gatherer(), strings.NewReader(want), "reconcile_bill_delay_seconds", "reconcile_breaks",
		"reconcile_difference_fen", "reconcile_last_success_timestamp_seconds", "reconcile_newest_day_timestamp_seconds", "reconcile_rows_total", "reconcile_run_duration_seconds"); err != nil {
		t.Error(err)
	}
}

func TestNamesAreAsPrometheusExpects(t *testing.T) {
	problems, err := testutil.GatherAndLint(night(t).Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestTheDelayOfABillThatCameIsZero(t *testing.T) {
	m := night(t)
	m.SetDataset(&Dataset{Newest: settlement.NoDay})
	want := `
# HELP reconcile_bill_delay_seconds How long ago the earliest day ended whose bill should be there and is not; 0 where none is missing.
# TYPE reconcile_bill_delay_seconds gauge
reconcile_bill_delay_seconds{account="1600123456",wallet="wechat"} 0
`
	if err := testutil.GatherAndCompare(m.Gatherer(), strings.NewReader(want), "reconcile_bill_delay_seconds", "reconcile_breaks"); err != nil {
		t.Error(err)
	}
}

func TestAmountsAreExactOrNotANumber(t *testing.T) {
	for _, fen := range []int64{0, -1, 63523, 1<<53 - 1, 1 << 53, -1 << 53} {
		if got := exact(fen); int64(got) != fen {
			t.Errorf("%d became %v", fen, got)
		}
	}
	for _, fen := range []int64{1<<53 + 1, math.MinInt64} {
		if !math.IsNaN(exact(fen)) {
			t.Errorf("%d became %v", fen, exact(fen))
		}
	}
}

func TestAgesOfBreaks(t *testing.T) {
	for days, want := range map[int64]string{0: "0d", 1: "1-3d", 3: "1-3d", 4: "4-7d", 7: "4-7d", 8: "8-30d", 30: "8-30d", 31: "31d+", 400: "31d+"} {
		if got := AgeBucket(days); got != want {
			t.Errorf("%d days: %s, want %s", days, got, want)
		}
	}
}

func TestTheFileIsReplacedWholeAndNothingIsLeftBeside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "reconcile.prom")
	if err := os.WriteFile(path, []byte("former\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := night(t).WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "\nreconcile_open_items 2\n") || strings.Contains(string(text), "former") {
		t.Errorf("%v:\n%s", err, text)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	if err := night(t).WriteFile(filepath.Join(dir, "none", "x.prom")); err == nil {
		t.Error("a folder that is not there was written to")
	}
}

func TestTheLastSuccessStaysInTheFileOfARunThatFailed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reconcile.prom")
	if err := night(t).WriteFile(path); err != nil {
		t.Fatal(err)
	}
	failed := New("v1", func() time.Time { return now.Add(24 * time.Hour) })
	failed.AddRun(Run{Result: "failed"})
	if err := failed.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "\nreconcile_last_success_timestamp_seconds 1.7262e+09\n") || !strings.Contains(string(text), `reconcile_runs_total{result="failed"} 1`) {
		t.Errorf("%v:\n%s", err, text)
	}
}
