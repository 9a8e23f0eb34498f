package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// measurement compares reconcile with its peers on one day.
type measurement struct {
	out          io.Writer
	orders, runs int
	seed         uint64
	peers        []string
	write        string

	tools *tools
	dir   string
	day   *day
}

// peerCommand is how a peer is started; the day's folder and the result's follow.
func (m *measurement) peerCommand(name string) ([]string, error) {
	duckdb := []string{m.tools.python, "peers/duckdb/peer.py"}
	switch name {
	case "duckdb":
		return duckdb, nil
	case "duckdb-iconv":
		return append(duckdb, "--iconv"), nil
	case "polars":
		return []string{m.tools.python, "peers/polars/peer.py"}, nil
	case "plaingo":
		return []string{m.tools.plaingo}, nil
	}
	return nil, fmt.Errorf("no peer %q", name)
}

// series is reconcile and one peer, run in turn.
type series struct {
	peer         string
	ours, theirs []cost
}

func (m *measurement) run(ctx context.Context) (err error) {
	if m.tools, err = build(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(m.tools.work)
	m.dir = filepath.Join(m.tools.work, "day")
	if err := m.makeDay(ctx); err != nil {
		return err
	}
	proof, err := m.prove(ctx)
	if err != nil {
		return err
	}
	var all []series
	for _, peer := range m.peers {
		s := series{peer: peer}
		for i := range m.runs {
			ours, err := m.once(ctx, "reconcile")
			if err != nil {
				return err
			}
			theirs, err := m.once(ctx, peer)
			if err != nil {
				return err
			}
			s.ours, s.theirs = append(s.ours, ours), append(s.theirs, theirs)
			fmt.Fprintf(m.out, "%d/%d  reconcile %6.2f s wall %6.2f s CPU   %s %6.2f s wall %6.2f s CPU\n", i+1, m.runs,
				ours.wall.Seconds(), ours.cpu.Seconds(), peer, theirs.wall.Seconds(), theirs.cpu.Seconds())
		}
		all = append(all, s)
	}
	text, err := m.report(ctx, proof, all)
	if err != nil {
		return err
	}
	fmt.Fprint(m.out, "\n", text)
	if m.write == "" {
		return nil
	}
	return os.WriteFile(m.write, []byte(text), 0o666)
}

// makeDay generates the day in another process, see start.
func (m *measurement) makeDay(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "generating %d purchases\n", m.orders)
	if _, err := start(ctx, ".", nil, self, "data", "--orders", fmt.Sprint(m.orders), "--seed", fmt.Sprint(m.seed), m.dir); err != nil {
		return err
	}
	m.day, err = loadDay(m.dir)
	return err
}

// once runs a program into a folder of which it removes what was there.
func (m *measurement) once(ctx context.Context, name string) (cost, error) {
	out := filepath.Join(m.tools.work, "out")
	if err := os.RemoveAll(out); err != nil {
		return cost{}, err
	}
	return m.into(ctx, name, out)
}

// into runs a program and adds up what it wrote.
func (m *measurement) into(ctx context.Context, name, out string) (c cost, err error) {
	if name == "reconcile" {
		c, err = m.tools.runReconcile(ctx, m.day, out)
	} else {
		var args []string
		if args, err = m.peerCommand(name); err != nil {
			return c, err
		}
		c, err = start(ctx, ".", nil, slices.Concat(args[:1], args[1:], []string{m.dir, out})...)
	}
	if err != nil {
		return c, err
	}
	for _, table := range tables {
		parts, err := filepath.Glob(filepath.Join(out, table, "*.parquet"))
		if err != nil || len(parts) == 0 {
			return c, fmt.Errorf("%s wrote no %s", name, table)
		}
		for _, part := range parts {
			c.size += sizeOf(part)
		}
	}
	return c, nil
}

// tables are those that all programs write.
var tables = []string{"statement_lines", "matches", "breaks", "charges", "summary"}

// said is what a table of a result says.
type said struct {
	Rows         int64
	Digest, Sums string
}

// prove runs every program once and compares what the results say.
func (m *measurement) prove(ctx context.Context) (map[string]said, error) {
	names := append([]string{"reconcile"}, m.peers...)
	command := []string{m.tools.python, "digest/digest.py"}
	var folders []string
	for _, name := range names {
		folder := filepath.Join(m.tools.work, "proof-"+name)
		defer os.RemoveAll(folder)
		if _, err := m.into(ctx, name, folder); err != nil {
			return nil, err
		}
		folders = append(folders, folder)
	}
	c, err := start(ctx, ".", nil, append(command, folders...)...)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]said{}
	if err := json.Unmarshal(c.stdout, &all); err != nil {
		return nil, err
	}
	ours := all[folders[0]]
	var faults []error
	for i, folder := range folders[1:] {
		for _, table := range tables {
			if theirs := all[folder][table]; theirs != ours[table] || theirs.Rows == 0 {
				faults = append(faults, fmt.Errorf("%s: reconcile has %+v, %s has %+v", table, ours[table], names[i+1], theirs))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("the results do not agree, so times say nothing:\n%w", err)
	}
	fmt.Fprintf(m.out, "%s agree on %d tables\n", strings.Join(names, ", "), len(tables))
	return ours, nil
}

// machine names what the numbers were taken on: cores and memory, nothing else.
func machine() string {
	text := fmt.Sprintf("%d cores", runtime.NumCPU())
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				text += " (" + strings.TrimSpace(value) + ")"
				break
			}
		}
	}
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes int64
		if _, err := fmt.Sscanf(string(info), "MemTotal: %d kB", &kilobytes); err == nil {
			text += fmt.Sprintf(", %d GB of memory", (kilobytes+1<<19)>>20)
		}
	}
	return text + ", " + runtime.GOOS + "/" + runtime.GOARCH
}
