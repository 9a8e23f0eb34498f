package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"reconcile/output"
)

// The work of StageMatch is done by several workers at a time: these are their
// shares of it, in worker time.
const (
	StageLoad    Stage = "load"    // rows of a bucket, from memory or from disk
	StageCompute Stage = "compute" // Bucket and Residue
	StageWrite   Stage = "write"   // parts of the tables
)

var stageOrder = [...]Stage{StageIngest, StageMatch, StageLoad, StageCompute, StageWrite, StageProve, StageReport, StageCommit}

// stageCost is what a stage took.
type stageCost struct {
	wall   atomic.Int64 // nanoseconds; of worker stages the sum over workers
	rows   atomic.Int64
	bytes  atomic.Int64
	peak   atomic.Int64 // resident bytes of the process, the most until the stage ended
	worker atomic.Bool
}

// costs is what the stages of a run took.
type costs [len(stageOrder)]stageCost

func (c *costs) of(s Stage) *stageCost {
	for i, known := range stageOrder {
		if known == s {
			return &c[i]
		}
	}
	panic("pipeline: no stage " + string(s))
}

// time runs work as a stage.
func (c *costs) time(s Stage, work func() error) error {
	cost := c.of(s)
	begun := time.Now()
	err := work()
	cost.wall.Add(int64(time.Since(begun)))
	cost.peaked()
	return err
}

// share runs work as one worker's share of a stage.
func (c *costs) share(s Stage, work func() error) error {
	c.of(s).worker.Store(true)
	return c.time(s, work)
}

// count says what a stage worked on beside what was counted before.
func (c *costs) count(s Stage, rows int, bytes int64) {
	cost := c.of(s)
	cost.rows.Add(int64(rows))
	cost.bytes.Add(bytes)
}

// peaked looks up how much memory the process has had until now.
func (c *stageCost) peaked() {
	now := peakMemory()
	for before := c.peak.Load(); before < now && !c.peak.CompareAndSwap(before, now); {
		before = c.peak.Load()
	}
}

// manifest is the costs as run.json holds them.
func (c *costs) manifest() []output.StageCost {
	var list []output.StageCost
	for i, s := range stageOrder {
		cost := &c[i]
		wall := time.Duration(cost.wall.Load())
		if wall == 0 {
			continue
		}
		out := output.StageCost{
			Stage: string(s), Workers: cost.worker.Load(), MS: wall.Milliseconds(),
			Rows: cost.rows.Load(), Bytes: cost.bytes.Load(), PeakBytes: cost.peak.Load(),
		}
		out.RowsPerSecond = perSecond(out.Rows, wall)
		out.BytesPerSecond = perSecond(out.Bytes, wall)
		list = append(list, out)
	}
	return list
}

func perSecond(n int64, wall time.Duration) int64 {
	return n * 1000 / max(wall.Milliseconds(), 1)
}

// peakMemory is the most memory that the process has had resident, in bytes; 0
// where the system does not tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// profile writes a CPU profile of everything until stop is called, and then a heap
// profile and a table of the stages, into a folder: cpu.pprof, heap.pprof,
// stages.txt.
func profile(dir string) (stop func(stages []output.StageCost) error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for profiles: %w", err)
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	return func(stages []output.StageCost) error {
		pprof.StopCPUProfile()
		if err := cpu.Close(); err != nil {
			return err
		}
		heap, err := os.Create(filepath.Join(dir, "heap.pprof"))
		if err != nil {
			return err
		}
		runtime.GC()
		if err := errors.Join(pprof.WriteHeapProfile(heap), heap.Close()); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "stages.txt"), stageTable(stages), 0o644)
	}, nil
}

// profiled runs work, and writes its profiles into dir where one is named.
func profiled(dir string, work func() (*Result, error)) (*Result, error) {
	if dir == "" {
		return work()
	}
	stop, err := profile(dir)
	if err != nil {
		return nil, err
	}
	result, err := work()
	var stages []output.StageCost
	if result != nil && result.Manifest != nil {
		stages = result.Manifest.Stages
	}
	if stopErr := stop(stages); err == nil && stopErr != nil {
		return result, fmt.Errorf("the result is committed, but its profile could not be written: %w", stopErr)
	}
	return result, err
}

// stageTable is the stages for people. Worker stages are parts of the stage above
// them, in time summed over workers.
func stageTable(stages []output.StageCost) []byte {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "stage\tms\trows\trows/s\tMB\tMB/s\tpeak MB\t")
	for _, s := range stages {
		name := s.Stage
		if s.Workers {
			name = "· " + name
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, s.MS, s.Rows, s.RowsPerSecond,
			s.Bytes>>20, s.BytesPerSecond>>20, s.PeakBytes>>20)
	}
	_ = w.Flush() // into memory
	return text.Bytes()
}
