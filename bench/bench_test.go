package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/generate"
)

// These tests install DuckDB and Polars into .venv where that has not been done; they
// fail where that cannot be done.

// TestMain lets the tests' own executable generate days, as bench's does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "data" {
		main()
		return
	}
	os.Exit(m.Run())
}

func programs(t *testing.T) *tools {
	t.Helper()
	tools, err := build(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tools.work) })
	return tools
}

func TestTheOracleFindsTheSameBreaksAndCharges(t *testing.T) {
	tools := programs(t)
	for seed, layout := range layouts {
		for _, disturbed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/disturbed=%t", layout.name, disturbed), func(t *testing.T) {
				o := generate.Defaults()
				o.Orders, o.Seed = 5000, uint64(seed)+101
				layout.change(&o)
				v, err := tools.compare(context.Background(), filepath.Join(t.TempDir(), "day"), o, disturbed)
				if err != nil {
					t.Fatal(err)
				}
				for _, shown := range v.Shown {
					t.Error(shown)
				}
				if missing := unseen(v.Kinds); len(missing) > 0 {
					t.Errorf("a day that proves nothing of %s", strings.Join(missing, ", "))
				}
				if v.Differences > 0 || v.Breaks == 0 || v.Charges == 0 {
					t.Errorf("%d differences in %d breaks and %d charges", v.Differences, v.Breaks, v.Charges)
				}
			})
		}
	}
}

func TestPeersComeToTheSameTables(t *testing.T) {
	tools := programs(t)
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			o := generate.Defaults()
			o.Orders, o.Seed = 5000, seed
			m := measurement{out: t.Output(), peers: strings.Split(peerNames(), ","), tools: tools, dir: t.TempDir()}
			var err error
			if m.day, err = generateDay(m.dir, o, true); err != nil {
				t.Fatal(err)
			}
			if _, err := m.prove(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A comparison that cannot tell two results apart would prove nothing.
func TestResultsThatDifferInOneRowDoNotAgree(t *testing.T) {
	tools := programs(t)
	dir := t.TempDir()
	o := generate.Defaults()
	o.Orders = 2000
	d, err := generateDay(dir, o, true)
	if err != nil {
		t.Fatal(err)
	}
	m := measurement{out: t.Output(), peers: []string{"duckdb"}, tools: tools, dir: dir, day: d}
	other := *d
	other.OrdersCSV = filepath.Join(dir, "fewer.csv")
	text, err := os.ReadFile(d.OrdersCSV)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other.OrdersCSV, dropRow(text, 500), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := other.save(dir); err != nil { // the peer reads this, reconcile its own files
		t.Fatal(err)
	}
	if _, err := m.prove(context.Background()); err == nil || !strings.Contains(err.Error(), "matches: ") {
		t.Errorf("a day with an order less counts as the same: %v", err)
	}
}

// dropRow leaves out a row of a text.
func dropRow(text []byte, row int) []byte {
	start := 0
	for i, c := range text {
		if c != '\n' {
			continue
		}
		if row == 0 {
			return append(append([]byte{}, text[:start]...), text[i+1:]...)
		}
		row--
		start = i + 1
	}
	return text
}

func TestTheReportSaysWhatThePeersDoNotDo(t *testing.T) {
	if list := favours(); !strings.HasPrefix(list, "- ") || strings.Count(list, "\n- ") < 3 {
		t.Errorf("the list is not found in README.md: %q", list)
	}
}
