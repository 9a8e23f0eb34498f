package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// titles are the peers as the report names them.
var titles = map[string]string{
	"duckdb":       "DuckDB, given UTF-8",
	"duckdb-iconv": "DuckDB, with unzip and iconv",
	"polars":       "Polars, given UTF-8",
	"plaingo":      "plain Go, given UTF-8",
}

// measures are what a run is measured by.
var measures = []struct {
	name, unit string
	of         func(cost) float64
}{
	{"CPU", "s", func(c cost) float64 { return c.cpu.Seconds() }},
	{"wall", "s", func(c cost) float64 { return c.wall.Seconds() }},
	{"peak memory", "MB", func(c cost) float64 { return float64(c.memory) / 1e6 }},
	{"output", "MB", func(c cost) float64 { return float64(c.size) / 1e6 }},
}

func median(costs []cost, of func(cost) float64) float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	if n := len(values); n%2 == 0 {
		return (values[n/2-1] + values[n/2]) / 2
	}
	return values[len(values)/2]
}

// report is the text of RESULTS.md.
func (m *measurement) report(ctx context.Context, proof map[string]said, all []series) (string, error) {
	versions, err := m.versions(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	d := m.day
	fmt.Fprintf(&b, "# Results\n\n`go run . run --orders %d --runs %d --seed %d --write RESULTS.md`\n\n", m.orders, m.runs, m.seed)
	fmt.Fprintf(&b, "%s. %s.\n\n", machine(), versions)
	fmt.Fprintf(&b, "The day: %d lines of Alipay, %d of WeChat Pay, %d rows of orders, %d of refunds, %d planted breaks; %.0f MB as delivered, %.0f MB as the peers read it.\n",
		d.AlipayLines, d.WeChatLines, d.OrderRows, d.RefundRows, d.Planted, float64(d.DeliveredBytes)/1e6, float64(d.UncompressedUTF8)/1e6)
	fmt.Fprintf(&b, "reconcile reads the files as delivered, Alipay's zipped and in GB18030. Medians of %d runs, reconcile and the peer in turn. A ratio below 1 says that reconcile needs less.\n", m.runs)
	if m.runs < 5 {
		fmt.Fprintf(&b, "\n**Fewer than 5 runs: not a result.**\n")
	}
	fmt.Fprintf(&b, "\n| Peer | | reconcile | peer | ratio |\n|---|---|---:|---:|---:|\n")
	for _, s := range all {
		for i, measure := range measures {
			title := ""
			if i == 0 {
				title = titles[s.peer]
			}
			ours, theirs := median(s.ours, measure.of), median(s.theirs, measure.of)
			fmt.Fprintf(&b, "| %s | %s | %.2f %s | %.2f %s | %.2f |\n", title, measure.name, ours, measure.unit, theirs, measure.unit, ours/theirs)
		}
	}
	fmt.Fprintf(&b, "\nEvery run, CPU and wall in seconds:\n\n| Peer | reconcile | peer |\n|---|---|---|\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", titles[s.peer], every(s.ours), every(s.theirs))
	}
	fmt.Fprintf(&b, "\nBefore the runs, the results of all programs agreed:\n\n| Table | rows | sums | digest |\n|---|---:|---|---|\n")
	for _, table := range tables {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", table, proof[table].Rows, strings.NewReplacer("{", "", "}", "", "'", "").Replace(proof[table].Sums), proof[table].Digest)
	}
	return b.String(), nil
}

func every(costs []cost) string {
	var runs []string
	for _, c := range costs {
		runs = append(runs, fmt.Sprintf("%.1f/%.1f", c.cpu.Seconds(), c.wall.Seconds()))
	}
	return strings.Join(runs, " ")
}

// versions names what was compared.
func (m *measurement) versions(ctx context.Context) (string, error) {
	ours, err := start(ctx, ".", nil, m.tools.reconcile, "--version")
	if err != nil {
		return "", err
	}
	pinned, err := os.ReadFile("requirements.txt")
	if err != nil {
		return "", err
	}
	python, err := start(ctx, ".", nil, m.tools.python, "--version")
	if err != nil {
		return "", err
	}
	names := append(strings.Fields(strings.ReplaceAll(string(pinned), "==", " ")), "xitongsys/parquet-go", "1.6.2")
	text := strings.TrimSpace(string(ours.stdout)) + ", " + runtime.Version() + ", " + strings.TrimSpace(string(python.stdout))
	for i := 0; i+1 < len(names); i += 2 {
		text += ", " + names[i] + " " + names[i+1]
	}
	return text, nil
}
