// Command bench measures reconcile against what a data engineer would write in its
// place, and has its findings worked out a second time by an independent oracle.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"reconcile/generate"
)

const usage = `usage (in the folder bench):
  go run . run    [--orders 2000000] [--runs 5] [--seed 1] [--peers duckdb,polars,…] [--write RESULTS.md]
  go run . growth [--orders 500000,1000000,5000000,20000000] [--runs 0] [--seed 1] [--memory 1GiB] [--limit 1.25GiB] [--write GROWTH.md] [--plot growth.svg]
  go run . oracle [--orders 5000] [--seeds 20] [--first 1]
  go run . data   [--orders 10000] [--seed 1] [--disturb] [--layout 0] [--utf8=true] DIR
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "seed of the day")
	switch args[0] {
	case "run":
		m := measurement{out: out}
		flags.IntVar(&m.orders, "orders", 2_000_000, "purchases of the day")
		flags.IntVar(&m.runs, "runs", 5, "runs of each program, at least 5 for a result")
		peers := flags.String("peers", peerNames(), "whom to measure against")
		write := flags.String("write", "", "file to write the result to")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		m.seed, m.peers, m.write = *seed, strings.Split(*peers, ","), *write
		return m.run(ctx)
	case "growth":
		g := growth{out: out}
		orders := flags.String("orders", "500000,1000000,5000000,20000000", "purchases of the days")
		flags.IntVar(&g.runs, "runs", 0, fmt.Sprintf("runs of each size (default: 3 up to %d orders, 1 above)", smallDay))
		flags.StringVar(&g.memory, "memory", "1GiB", "budget of the runs")
		flags.StringVar(&g.limit, "limit", "", "hard limit on the memory of the runs, such as 1.25GiB (default: none)")
		flags.StringVar(&g.write, "write", "", "file to write the result to")
		flags.StringVar(&g.plot, "plot", "", "file to draw it into, as SVG")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		var err error
		if g.orders, err = parseSizes(*orders); err != nil {
			return err
		}
		g.seed = *seed
		return g.run(ctx)
	case "oracle":
		orders := flags.Int("orders", 5000, "purchases of a day")
		seeds := flags.Int("seeds", 20, "how many seeds")
		first := flags.Uint64("first", 1, "the first seed")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return askOracle(ctx, out, *first, *seeds, *orders)
	case "data":
		orders := flags.Int("orders", 10_000, "purchases of the day")
		changed := flags.Bool("disturb", false, "change rows of the extracts at random")
		layout := flags.Int("layout", 0, fmt.Sprintf("shape of the day, 0 to %d; the oracle's is the seed modulo %d", len(layouts)-1, len(layouts)))
		utf8 := flags.Bool("utf8", true, "write Alipay's details as UTF-8 too, which the peers read")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() != 1 || *layout < 0 || *layout >= len(layouts) {
			return errors.New(usage)
		}
		o := generate.Defaults()
		o.Orders, o.Seed = *orders, *seed
		layouts[*layout].change(&o)
		d, err := generateDay(flags.Arg(0), o, *utf8)
		if err == nil && *changed {
			err = disturb(d, *seed)
		}
		return err
	}
	return errors.New(usage)
}

// tools are the programs that the measurement and the oracle start.
type tools struct{ work, python, reconcile, plaingo string }

// build makes the virtual environment and builds the programs into a new folder of
// .work, which the caller removes.
func build(ctx context.Context) (*tools, error) {
	if err := os.MkdirAll(".work", 0o777); err != nil {
		return nil, err
	}
	relative, err := os.MkdirTemp(".work", "run-")
	if err != nil {
		return nil, err
	}
	work, err := filepath.Abs(relative)
	if err != nil {
		return nil, err
	}
	python, err := filepath.Abs(".venv/bin/python")
	if err != nil {
		return nil, err
	}
	t := &tools{work: work, python: python, reconcile: filepath.Join(work, "reconcile"), plaingo: filepath.Join(work, "plaingo")}
	for _, step := range []struct {
		dir  string
		args []string
	}{
		{".", []string{"./setup"}},
		{"..", []string{"go", "build", "-trimpath", "-o", t.reconcile, "./cmd/reconcile"}},
		{".", []string{"go", "build", "-trimpath", "-o", t.plaingo, "./peers/plaingo"}},
	} {
		if _, err := start(ctx, step.dir, []string{"CGO_ENABLED=0"}, step.args...); err != nil {
			return nil, errors.Join(err, os.RemoveAll(work))
		}
	}
	return t, nil
}
