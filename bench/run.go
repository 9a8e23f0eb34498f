package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// peer is a program that comes to the same tables.
type peer struct {
	name, title string
	command     func(t *tools) []string // the day's folder and the result's follow
}

// roomy is reconcile's default budget and a quarter more: what the peers with a bound
// may hold in memory.
const roomy = "1280MiB"

func duckdb(options ...string) func(*tools) []string {
	return func(t *tools) []string { return append([]string{t.python, "peers/duckdb/peer.py"}, options...) }
}

var peers = []peer{
	{"duckdb", "DuckDB, given UTF-8", duckdb()},
	{"duckdb-1gib", "DuckDB with " + roomy + ", given UTF-8", duckdb("--memory", roomy)},
	{"duckdb-iconv", "DuckDB, with unzip and iconv", duckdb("--iconv")},
	{"duckdb-iconv-1gib", "DuckDB with " + roomy + ", with unzip and iconv", duckdb("--iconv", "--memory", roomy)},
	{"polars", "Polars, given UTF-8", func(t *tools) []string { return []string{t.python, "peers/polars/peer.py"} }},
	{"plaingo", "plain Go, given UTF-8", func(t *tools) []string { return []string{t.plaingo} }},
}

// peerNames are all peers, as the flag lists them.
func peerNames() string {
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

func peerNamed(name string) (peer, error) {
	at := slices.IndexFunc(peers, func(p peer) bool { return p.name == name })
	if at < 0 {
		return peer{}, fmt.Errorf("no peer %q, only %s", name, peerNames())
	}
	return peers[at], nil
}

// series is reconcile and one peer, run in turn.
type series struct {
	peer         peer
	ours, theirs []cost
}

func (m *measurement) run(ctx context.Context) (err error) {
	for _, name := range m.peers { // before hours are spent
		if _, err := peerNamed(name); err != nil {
			return err
		}
	}
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
	for _, name := range m.peers {
		p, err := peerNamed(name)
		if err != nil {
			return err
		}
		s := series{peer: p}
		for i := range m.runs {
			ours, err := m.once(ctx, "reconcile")
			if err != nil {
				return err
			}
			theirs, err := m.once(ctx, name)
			if err != nil {
				return err
			}
			s.ours, s.theirs = append(s.ours, ours), append(s.theirs, theirs)
			fmt.Fprintf(m.out, "%d/%d  reconcile %6.2f s wall %6.2f s CPU   %s %6.2f s wall %6.2f s CPU\n", i+1, m.runs,
				ours.wall.Seconds(), ours.cpu.Seconds(), name, theirs.wall.Seconds(), theirs.cpu.Seconds())
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

// makeDay generates the day.
func (m *measurement) makeDay(ctx context.Context) (err error) {
	fmt.Fprintf(m.out, "generating %d purchases\n", m.orders)
	m.day, err = generateElsewhere(ctx, m.dir, m.orders, m.seed)
	return err
}

// generateElsewhere generates a day in another process, see start.
func generateElsewhere(ctx context.Context, dir string, orders int, seed uint64, options ...string) (*day, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := slices.Concat([]string{self, "data", "--orders", fmt.Sprint(orders), "--seed", fmt.Sprint(seed)}, options, []string{dir})
	if _, err := start(ctx, ".", nil, args...); err != nil {
		return nil, err
	}
	return loadDay(dir)
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
		p, missing := peerNamed(name)
		if missing != nil {
			return c, missing
		}
		c, err = start(ctx, ".", nil, append(p.command(m.tools), m.dir, out)...)
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
