package main

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGrowthMeasuresEverySizeAndDrawsIt(t *testing.T) {
	dir := t.TempDir()
	g := growth{out: t.Output(), orders: []int{1000, 2000}, runs: 2, seed: 1, memory: "256MiB", limit: "1GiB",
		write: filepath.Join(dir, "GROWTH.md"), plot: filepath.Join(dir, "growth.svg")}
	if err := g.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(g.write)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n| 1000 | ", "\n| 2000 | ", "](growth.svg)", "hard limit of 1GiB", "With 2 times the rows"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	for _, s := range g.grown {
		for _, c := range s.runs {
			if c.wall <= 0 || c.cpu <= 0 || c.memory < 1<<20 || c.size == 0 {
				t.Errorf("%d orders cost %+v", s.day.Orders, c)
			}
		}
	}
	drawing, err := os.Open(g.plot)
	if err != nil {
		t.Fatal(err)
	}
	defer drawing.Close()
	for d := xml.NewDecoder(drawing); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestARunBeyondItsHardLimitFails(t *testing.T) {
	kinds := cgroups
	defer func() { cgroups = kinds }()
	for name, of := range map[string][]cgroup{"with a cgroup, where one can be made": kinds, "without one": nil} {
		t.Run(name, func(t *testing.T) {
			cgroups = of
			g := growth{out: t.Output(), orders: []int{20_000}, runs: 1, seed: 1, memory: "1GiB", limit: "64MiB"}
			if err := g.run(context.Background()); err == nil || !strings.Contains(err.Error(), "hard limit, 64MiB") {
				t.Errorf("it ended with %v", err)
			}
			if _, err := os.Stat(g.hard.group); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the group %q is still there: %v", g.hard.group, err)
			}
		})
	}
}

func TestSizesAreReadWithTheirUnits(t *testing.T) {
	for text, want := range map[string]int64{"512MiB": 512 << 20, "1.25GiB": 5 << 28, "1GiB": 1 << 30} {
		if got, err := parseBytes(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "GiB", "-1GiB", "1 GB", "NaNGiB"} {
		if got, err := parseBytes(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestAxesHaveRoundStepsAboveAllTheyShow(t *testing.T) {
	for value, want := range map[float64][2]float64{0.9: {0.2, 1}, 3.4: {1, 4}, 887: {200, 1000}, 6: {1, 7}, 13: {5, 15}} {
		p := panel{points: []point{{rows: 1, value: value}}}
		if step, most := p.scale(); !near(step, want[0]) || !near(most, want[1]) {
			t.Errorf("up to %g goes in steps of %g to %g", value, step, most)
		}
	}
}

func near(x, y float64) bool { return x > y*.999999 && x < y*1.000001 }
