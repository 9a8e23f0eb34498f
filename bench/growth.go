package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// growth measures reconcile alone on days of growing size: whether its time grows with
// the rows and its memory does not.
type growth struct {
	out         io.Writer
	orders      []int
	runs        int // of each size; 0 is 3 up to smallDay and 1 above
	seed        uint64
	memory      string // the budget, as reconcile's flag takes it
	limit       string // a hard limit, "" for none
	write, plot string

	budget int64
	hard   hardLimit
	tools  *tools
	grown  []grown
}

// smallDay is the most orders of a day that is run three times unless told otherwise.
const smallDay = 1_000_000

// bytesPerOrder is more than what an order takes on disk at the most: of the bills and
// extracts, what spills, and the result.
const bytesPerOrder = 900

// grown is what one size took.
type grown struct {
	day     *day
	runs    []cost
	spilled []int64 // of each run, the most that lay on disk
}

func (g *grown) rows() int64 {
	return g.day.AlipayLines + g.day.WeChatLines + g.day.OrderRows + g.day.RefundRows
}

// perMillion is the seconds of wall time for a million lines and events.
func (g *grown) perMillion(c cost) float64 { return c.wall.Seconds() / float64(g.rows()) * 1e6 }

// parseSizes reads numbers of orders with commas between; they must grow.
func parseSizes(text string) (sizes []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.ReplaceAll(word, "_", ""))
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("%q is no number of orders", word)
		}
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}

func (g *growth) run(ctx context.Context) (err error) {
	if g.budget, err = parseBytes(g.memory); err != nil {
		return err
	}
	if g.limit != "" {
		var bytes int64
		if bytes, err = parseBytes(g.limit); err != nil {
			return err
		}
		g.hard = newLimit(bytes)
		defer func() { err = errors.Join(err, g.hard.remove()) }()
	}
	if g.tools, err = build(ctx); err != nil {
		return err
	}
	defer os.RemoveAll(g.tools.work)
	for _, orders := range g.orders {
		size, err := g.measure(ctx, orders)
		if err != nil {
			return fmt.Errorf("%d orders: %w", orders, err)
		}
		g.grown = append(g.grown, *size)
		// After each size, so that a day too large does not lose the others.
		if err := g.save(ctx); err != nil {
			return err
		}
	}
	text, err := g.report(ctx)
	fmt.Fprint(g.out, "\n", text)
	return err
}

// measure generates a day, runs it, and removes both.
func (g *growth) measure(ctx context.Context, orders int) (*grown, error) {
	if err := roomFor(g.tools.work, orders); err != nil {
		return nil, err
	}
	dir, out := filepath.Join(g.tools.work, "day"), filepath.Join(g.tools.work, "out")
	defer os.RemoveAll(dir)
	defer os.RemoveAll(out)
	fmt.Fprintf(g.out, "generating %d purchases\n", orders)
	d, err := generateElsewhere(ctx, dir, orders, g.seed, "--utf8=false")
	if err != nil {
		return nil, err
	}
	size := &grown{day: d}
	runs := g.runs
	if runs == 0 {
		runs = 3
		if orders > smallDay {
			runs = 1
		}
	}
	for i := range runs {
		if err := os.RemoveAll(out); err != nil {
			return nil, err
		}
		// The day lies on the disk when a run begins, and nothing waits to be written.
		syscall.Sync()
		args := slices.Concat([]string{g.tools.reconcile, "run"}, d.Input, []string{"--out", out, "--memory", g.memory, "--breaks-ok", "--quiet"})
		most := watchSpill(filepath.Join(g.tools.work, ".*", "spill", "*"))
		c, err := start(ctx, ".", nil, g.hard.command(args)...)
		spilled := most()
		if g.hard.broke(err) {
			return nil, fmt.Errorf("the run needs more than its hard limit, %s", g.limit)
		}
		if err != nil {
			return nil, err
		}
		if c.size, err = parquetBytes(out); err != nil {
			return nil, err
		}
		size.runs, size.spilled = append(size.runs, c), append(size.spilled, spilled)
		fmt.Fprintf(g.out, "%d orders, run %d of %d: %.2f s wall, %.2f s CPU, %.0f MiB, %.2f s a million rows\n",
			orders, i+1, runs, c.wall.Seconds(), c.cpu.Seconds(), mebi(c.memory), size.perMillion(c))
	}
	return size, nil
}

// roomFor says whether a day of so many orders has room on the disk of dir.
func roomFor(dir string, orders int) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return err
	}
	free, need := int64(fs.Bavail)*int64(fs.Bsize), int64(orders)*bytesPerOrder
	if free < need {
		return fmt.Errorf("takes up to %d GB of disk, %d GB are free: %d orders would fit", need/1e9, free/1e9, free/bytesPerOrder)
	}
	return nil
}

// watchSpill looks, until the function it returns is called, how much the files of a
// pattern take; that function returns the most they took.
func watchSpill(pattern string) (most func() int64) {
	var seen int64
	var waiting sync.WaitGroup
	done := make(chan struct{})
	waiting.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			var sum int64
			paths, _ := filepath.Glob(pattern) // an empty list where there is none
			for _, path := range paths {
				sum += sizeOf(path)
			}
			seen = max(seen, sum)
		}
	})
	return func() int64 {
		close(done)
		waiting.Wait()
		return seen
	}
}

// parquetBytes is how much a result's tables take.
func parquetBytes(out string) (sum int64, err error) {
	parts, err := filepath.Glob(filepath.Join(out, "*", "*.parquet"))
	if err == nil && len(parts) == 0 {
		err = errors.New("no table was written")
	}
	for _, part := range parts {
		sum += sizeOf(part)
	}
	return sum, err
}

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// save writes the report and the plot, as far as they are asked for.
func (g *growth) save(ctx context.Context) error {
	if g.plot != "" {
		if err := os.WriteFile(g.plot, []byte(g.drawing()), 0o666); err != nil {
			return err
		}
	}
	if g.write == "" {
		return nil
	}
	text, err := g.report(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(g.write, []byte(text), 0o666)
}

// report is the text of GROWTH.md.
func (g *growth) report(ctx context.Context) (string, error) {
	version, err := g.tools.version(ctx)
	if err != nil {
		return "", err
	}
	var sizes []string
	for _, orders := range g.orders {
		sizes = append(sizes, strconv.Itoa(orders))
	}
	command := "go run . growth --orders " + strings.Join(sizes, ",") + " --memory " + g.memory
	for _, option := range []struct{ name, value string }{{"runs", strconv.Itoa(g.runs)}, {"limit", g.limit}, {"write", g.write}, {"plot", g.plot}} {
		if option.value != "" && option.value != "0" {
			command += " --" + option.name + " " + option.value
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Growth\n\nWritten by `%s`.\n\n- Machine: %s.\n- Version: %s.\n", command, machine(), version)
	fmt.Fprintf(&b, "- Days of one kind in growing sizes, as `reconcile generate` makes them (seed %d): Alipay's archive, WeChat Pay's bill, orders, refunds. Each was generated, synced to the disk, run and removed before the next.\n", g.seed)
	fmt.Fprintf(&b, "- `reconcile run FILES --memory %s`, all cores. CPU and peak memory (resident set) come from the kernel, `wait4`; spilled is the most that lay in its spill files at a time; rows are lines of the bills and rows of orders and refunds.\n", g.memory)
	if g.hard.bytes > 0 {
		fmt.Fprintf(&b, "- %s\n", g.hard.text(g.limit))
	}
	if g.plot != "" {
		fmt.Fprintf(&b, "\n![Seconds a million rows, and peak memory, by size](%s)\n", filepath.Base(g.plot))
	}
	fmt.Fprintf(&b, "\n| Orders | Lines | Events | Input | Runs | Wall | CPU | Wall a million rows | Rows a second | Peak memory | Of the budget | Spilled | Output |\n|%s\n", strings.Repeat("---:|", 13))
	for i := range g.grown {
		s := &g.grown[i]
		of := func(measure func(cost) float64) float64 { return median(s.runs, measure) }
		wall, memory := of(func(c cost) float64 { return c.wall.Seconds() }), of(func(c cost) float64 { return float64(c.memory) })
		fmt.Fprintf(&b, "| %d | %d | %d | %.0f MB | %d | %s s | %s s | %.2f s | %.0f k | %.0f MiB | %.0f %% | %.0f MB | %.0f MB |\n",
			s.day.Orders, s.day.AlipayLines+s.day.WeChatLines, s.day.OrderRows+s.day.RefundRows, float64(s.day.DeliveredBytes)/1e6, len(s.runs),
			short(wall), short(of(func(c cost) float64 { return c.cpu.Seconds() })), of(s.perMillion), float64(s.rows())/wall/1e3,
			memory/(1<<20), memory/float64(g.budget)*100, float64(slices.Max(s.spilled))/1e6, of(func(c cost) float64 { return float64(c.size) })/1e6)
	}
	if len(g.grown) > 1 {
		first, last := &g.grown[0], &g.grown[len(g.grown)-1]
		fmt.Fprintf(&b, "\nWith %.0f times the rows a row takes %.2f times the wall time. No run held more than %.0f MiB (%.2f of the budget).\n",
			float64(last.rows())/float64(first.rows()), median(last.runs, last.perMillion)/median(first.runs, first.perMillion), mebi(g.peak()), float64(g.peak())/float64(g.budget))
	}
	fmt.Fprintf(&b, "\n## Every run\n\n| Orders | Run | CPU | Wall | Peak memory | Spilled | Output |\n|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, s := range g.grown {
		for i, c := range s.runs {
			fmt.Fprintf(&b, "| %d | %d | %.2f s | %.2f s | %.0f MiB | %.0f MB | %.1f MB |\n", s.day.Orders, i+1, c.cpu.Seconds(), c.wall.Seconds(), mebi(c.memory), float64(s.spilled[i])/1e6, float64(c.size)/1e6)
		}
	}
	return b.String(), nil
}

// peak is the most memory that any run had resident.
func (g *growth) peak() (most int64) {
	for _, s := range g.grown {
		for _, c := range s.runs {
			most = max(most, c.memory)
		}
	}
	return most
}
