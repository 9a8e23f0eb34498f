package main

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// measures are what a run is measured by. A ratio is ours ÷ theirs.
var measures = []struct {
	name, unit string
	of         func(c cost, d *day) float64
}{
	{"CPU", "s", func(c cost, _ *day) float64 { return c.cpu.Seconds() }},
	{"wall", "s", func(c cost, _ *day) float64 { return c.wall.Seconds() }},
	{"peak memory", "MB", func(c cost, _ *day) float64 { return float64(c.memory) / 1e6 }},
	{"output", "MB", func(c cost, _ *day) float64 { return float64(c.size) / 1e6 }},
	{"statement lines a second", "k", func(c cost, d *day) float64 {
		return float64(d.AlipayLines+d.WeChatLines) / 1e3 / c.wall.Seconds()
	}},
}

// enough is how many runs a result takes.
const enough = 5

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
	ours, err := m.tools.version(ctx)
	if err != nil {
		return "", err
	}
	theirs, err := m.tools.peerVersions(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	d := m.day
	fmt.Fprintf(&b, "# Results\n\nWritten by `go run . run --orders %d --runs %d --seed %d --peers %s --write RESULTS.md`; what is measured how stands in [README.md](README.md).\n\n",
		m.orders, m.runs, m.seed, strings.Join(m.peers, ","))
	fmt.Fprintf(&b, "- Machine: %s.\n- Versions: %s; peers: %s.\n", machine(), ours, theirs)
	fmt.Fprintf(&b, "- The day: %d lines of Alipay, %d of WeChat Pay, %d rows of orders, %d of refunds, %d planted breaks; %.0f MB as delivered, %.0f MB as the peers read it.\n",
		d.AlipayLines, d.WeChatLines, d.OrderRows, d.RefundRows, d.Planted, float64(d.DeliveredBytes)/1e6, float64(d.UncompressedUTF8)/1e6)
	fmt.Fprintf(&b, "- `reconcile run FILES --out DIR --breaks-ok --quiet`: defaults, so a memory budget of 1 GiB and all cores. It reads the files as delivered, Alipay's zipped and in GB18030.\n")
	if m.runs < enough {
		fmt.Fprintf(&b, "\n**Fewer than %d runs: not a result.**\n", enough)
	}
	fmt.Fprintf(&b, "\nMedians of %d runs, reconcile and the peer in turn, and the ratio reconcile ÷ peer: below 1 reconcile needs less; of lines a second, above 1 it is faster.\n", m.runs)
	fmt.Fprintf(&b, "\n| Peer | | reconcile | peer | ratio |\n|---|---|---:|---:|---:|\n")
	for _, s := range all {
		title := s.peer.title
		for _, measure := range measures {
			of := func(c cost) float64 { return measure.of(c, d) }
			ours, theirs := median(s.ours, of), median(s.theirs, of)
			fmt.Fprintf(&b, "| %s | %s | %s %s | %s %s | %.2f |\n", title, measure.name, short(ours), measure.unit, short(theirs), measure.unit, ours/theirs)
			title = ""
		}
	}
	fmt.Fprintf(&b, "\n## What the peers do not do\n\n%s\n", favours())
	fmt.Fprintf(&b, "\n## Every run\n\n| Peer | Run | reconcile: CPU | wall | memory | output | peer: CPU | wall | memory | output |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range all {
		for i := range s.ours {
			fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", s.peer.title, i+1, s.ours[i].cells(), s.theirs[i].cells())
		}
	}
	fmt.Fprintf(&b, "\n## The results agree\n\nBefore the runs, those of all programs were compared:\n\n| Table | rows | sums | digest |\n|---|---:|---|---|\n")
	for _, table := range tables {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", table, proof[table].Rows, strings.NewReplacer("{", "", "}", "", "'", "").Replace(proof[table].Sums), proof[table].Digest)
	}
	return b.String(), nil
}

// short prints three figures or more.
func short(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// cells are a run's cost as cells of a table.
func (c cost) cells() string {
	return fmt.Sprintf("%.2f s | %.2f s | %.0f MB | %.1f MB", c.cpu.Seconds(), c.wall.Seconds(), float64(c.memory)/1e6, float64(c.size)/1e6)
}

//go:embed README.md
var readme string

// favours is the list in README.md of what the comparison grants the peers.
func favours() string {
	_, list, _ := strings.Cut(readme, "In their favour:\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	return list
}
