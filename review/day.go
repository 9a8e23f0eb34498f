package review

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// day is a result: what is known of it is read again once its files are others.
type day struct {
	name, dir string
	newest    atomic.Bool // the last one of the dataset: what is decided is of this day's breaks

	mu sync.Mutex // held while it is read: whoever comes meanwhile waits
	// proved is of the tables of which a summary is made, whole of all.
	proved, whole state[*output.Manifest]
	sums          state[*summary]
	queue         state[*queue]
	figures       state[*overview.Overview]
	sought        sought
}

// state is a value that was read of a folder, and of which state of the folder it is.
type state[T any] struct {
	stamp string
	value T
	err   error
}

// fresh returns the value that was read of this state of the folder, or reads it. Of errors
// those are kept that say what is wrong with the folder: a disk that did not answer may
// answer the next time.
func (s *state[T]) fresh(stamp string, read func() (T, error)) (T, error) {
	if stamp == "" || s.stamp != stamp {
		value, err := read()
		if err != nil && !errors.Is(err, output.ErrChanged) && !errors.Is(err, output.ErrManifest) {
			return value, err
		}
		s.stamp, s.value, s.err = stamp, value, err
	}
	return s.value, s.err
}

// stamp is another one when a file of the result is: run.json is written anew by each run,
// and parts that somebody changed have another time or size. "" is never the same.
func (d *day) stamp() string {
	var b strings.Builder
	add := func(path string) bool {
		info, err := os.Lstat(path)
		if err != nil {
			return false
		}
		fmt.Fprintf(&b, "%s %d %d\n", filepath.Base(path), info.Size(), info.ModTime().UnixNano())
		return true
	}
	if !add(filepath.Join(d.dir, output.ManifestName)) {
		return ""
	}
	add(filepath.Join(d.dir, output.SuccessName))
	for _, table := range settlement.Tables {
		parts, err := output.Parts(d.dir, table.Name)
		if err != nil {
			return ""
		}
		for _, path := range parts {
			b.WriteString(table.Name)
			if !add(path) {
				return ""
			}
		}
	}
	return b.String()
}

// forget lets go of the day's breaks.
func (d *day) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = state[*queue]{}
}

// manifest is what the run says of itself, once every file is what it says.
func (d *day) manifest(ctx context.Context) (*output.Manifest, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.manifestLocked(ctx, d.stamp())
}

func (d *day) manifestLocked(ctx context.Context, stamp string) (*output.Manifest, error) {
	return d.whole.fresh(stamp, func() (*output.Manifest, error) { return output.Verified(ctx, d.dir) })
}

// breaks are the breaks of the day, once every file of the result is what the run wrote and
// run.json counts the open ones as they are.
func (d *day) breaks(ctx context.Context) (*queue, *output.Manifest, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.breaksLocked(ctx, d.stamp())
}

func (d *day) breaksLocked(ctx context.Context, stamp string) (*queue, *output.Manifest, error) {
	m, err := d.manifestLocked(ctx, stamp)
	if err != nil {
		return nil, nil, err
	}
	q, err := d.queue.fresh(stamp, func() (*queue, error) {
		q, err := readQueue(ctx, d.dir)
		if err == nil {
			err = q.holdAgainst(m, d.dir)
		}
		if err != nil {
			return nil, err
		}
		return q, nil
	})
	return q, m, err
}

// wholeDay is all that the page of a day shows, of one state of its folder. The overview is nil
// where the run kept no figures.
func (d *day) wholeDay(ctx context.Context) (*queue, *output.Manifest, *overview.Overview, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stamp := d.stamp()
	q, m, err := d.breaksLocked(ctx, stamp)
	if err != nil {
		return nil, nil, nil, err
	}
	v, err := d.figures.fresh(stamp, func() (*overview.Overview, error) { return overview.Read(d.dir, m, overview.Options{}) })
	if errors.Is(err, overview.ErrNoFigures) {
		return q, m, nil, nil
	}
	return q, m, v, err
}

// manyRows is from how many breaks on their memory is worth a thought.
const manyRows = 20_000

// readQueue reads the table breaks of a result, as many parts at a time as there are cores.
func readQueue(ctx context.Context, dir string) (*queue, error) {
	paths, err := output.Parts(dir, "breaks")
	if err != nil {
		return nil, err
	}
	parts := make([][]row, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() (err error) {
			parts[i], err = readRows(ctx, path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	q := &queue{rows: slices.Concat(parts...), at: map[settlement.ID]int32{}}
	q.index()
	if len(q.rows) > manyRows {
		debug.FreeOSMemory() // what reading took is several times what is kept
	}
	return q, nil
}

func readRows(ctx context.Context, path string) (rows []row, err error) {
	words := map[string]string{} // that repeat, once each
	err = output.ReadFile(path, output.Until(ctx, func(r output.Row) error {
		word := func(column string) string {
			text := r.Text(column)
			if known, ok := words[text]; ok {
				return known
			}
			words[text] = text
			return text
		}
		b := row{Kind: word("kind"), Wallet: word("wallet"), Account: word("account"), Shop: word("shop"),
			OrderNo: r.Text("order_no"), PaymentNo: r.Text("payment_no"), RefundNo: r.Text("refund_no"), ProviderID: r.Text("provider_txn_id"),
			LineID: r.Text("line_id"), EventID: r.Text("event_id"), FirstSeen: word("first_seen_on"), Status: word("status"), ClosedOn: word("closed_on"),
			Reason: r.Text("reason"), Suggestion: word("suggestion"), File: word("source_file"), Line: r.Text("source_line"),
			Decision: word("decision"), DecidedBy: word("decided_by"), DecidedAt: word("decided_at"), Assignee: word("assignee"), Note: r.Text("note"),
			Expected: money(r, "expected_amount"), Actual: money(r, "actual_amount"), Difference: money(r, "difference"), Age: -1}
		var ok bool
		if b.ID, ok = settlement.ParseID(r.Text("break_id")); !ok {
			return fmt.Errorf("%s: break_id: %q is no identity", path, r.Text("break_id"))
		}
		if text := r.Text("age_days"); text != "" {
			age, err := strconv.ParseInt(text, 10, 32)
			if err != nil {
				return fmt.Errorf("%s: age_days: %q is no whole number", path, text)
			}
			b.Age = int32(age)
		}
		rows = append(rows, b)
		return nil
	}))
	return rows, err
}

func money(r output.Row, column string) settlement.Amount {
	if fen, ok := r.Money(column); ok {
		return fen
	}
	return settlement.NoAmount
}

// errNoReport says that a run wrote no report.
var errNoReport = errors.New("this run wrote no report.html")

// largestReport is the most that a report may have.
const largestReport = 64 << 20

// hasReport says why there is no report to be opened, nil where there is one.
func (d *day) hasReport(m *output.Manifest) error {
	if !slices.ContainsFunc(m.Files, func(f output.FileOutput) bool { return f.Path == reportName }) {
		return errNoReport
	}
	return nil
}

// reportName is the file in which a run tells its result.
const reportName = "report.html"

// report is the day's report.html, once it is what the run wrote.
func (d *day) report(m *output.Manifest) ([]byte, error) {
	text, err := m.ReadBeside(d.dir, reportName, largestReport)
	if errors.Is(err, output.ErrNotListed) {
		return nil, errNoReport
	}
	return text, err
}
