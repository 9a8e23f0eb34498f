package review

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
}

// state is a value that was read of a folder, and of which state of the folder it is.
type state[T any] struct {
	stamp string
	value T
	err   error
}

// fresh returns the value that was read of this state of the folder, or reads it.
func (s *state[T]) fresh(stamp string, read func() (T, error)) (T, error) {
	if stamp == "" || s.stamp != stamp {
		value, err := read()
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return value, err // says nothing of the folder
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

// breaks are the breaks of the day, once every file of the result is what the run wrote.
func (d *day) breaks(ctx context.Context) (*queue, *output.Manifest, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stamp := d.stamp()
	m, err := d.manifestLocked(ctx, stamp)
	if err != nil {
		return nil, nil, err
	}
	q, err := d.queue.fresh(stamp, func() (*queue, error) { return readQueue(ctx, d.dir) })
	return q, m, err
}

// overview is what the result says, without single breaks.
func (d *day) overview(m *output.Manifest) (*overview.Overview, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.figures.fresh(d.stamp(), func() (*overview.Overview, error) { return overview.Read(d.dir, m, overview.Options{}) })
}

// summary is a day in the list of days.
type summary struct {
	manifest          *output.Manifest
	Open, New, Closed int64             // at its end, of them since this day, on it
	Short, Over       settlement.Amount // of those that are open
	ids               map[settlement.ID]bool
	open              map[settlement.ID]bool
}

// summary adds up a day from the table breaks, which is held against run.json before.
func (d *day) summary(ctx context.Context) (*summary, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stamp := d.stamp()
	return d.sums.fresh(stamp, func() (*summary, error) {
		m, err := d.proved.fresh(stamp, func() (*output.Manifest, error) { return output.VerifiedTables(ctx, d.dir, "breaks") })
		if err != nil {
			return nil, err
		}
		return summaryOf(ctx, d.dir, m)
	})
}

func summaryOf(ctx context.Context, dir string, m *output.Manifest) (*summary, error) {
	s := &summary{manifest: m, ids: map[settlement.ID]bool{}, open: map[settlement.ID]bool{}}
	day := ""
	if m.Day != nil {
		day = m.Day.Day
	}
	rows := 0
	err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		if rows++; rows%stopEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id, ok := settlement.ParseID(r.Text("break_id"))
		if !ok {
			return fmt.Errorf("%s: break_id: %q is no identity", dir, r.Text("break_id"))
		}
		s.ids[id] = true
		switch r.Text("status") {
		case settlement.BreakClosed.String():
			s.Closed++
			return nil
		case settlement.BreakAccepted.String(), settlement.BreakWrittenOff.String():
			return nil
		}
		s.Open++
		s.open[id] = true
		if r.Text("first_seen_on") == day || day == "" {
			s.New++
		}
		side := &s.Over
		difference, ok := r.Money("difference")
		if ok && difference < 0 {
			side = &s.Short
		}
		var err error
		*side, err = side.Add(difference)
		return err
	})
	return s, err
}

// stopEvery is after how many rows a reader asks whether it is still wanted.
const stopEvery = 4096

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
	err = output.ReadFile(path, func(r output.Row) error {
		if len(rows)%stopEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
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
	})
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

// report is the day's report.html, once it is what the run wrote: run.json has its SHA-256.
// It is opened inside the folder, and nothing that leads out of it is.
func (d *day) report(m *output.Manifest) ([]byte, error) {
	const name = reportName
	var listed *output.FileOutput
	for i := range m.Files {
		if m.Files[i].Path == name {
			listed = &m.Files[i]
		}
	}
	if listed == nil {
		return nil, errNoReport
	}
	if listed.Bytes > largestReport {
		return nil, fmt.Errorf("%s has %d bytes, more than are shown here: open it in its folder", name, listed.Bytes)
	}
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	text, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: it is missing: run.json lists it", name, output.ErrChanged)
	}
	if err != nil {
		return nil, err
	}
	if sha := sha256Of(text); sha != listed.SHA256 {
		return nil, fmt.Errorf("%s: %w: SHA-256: expected %s, found %s", name, output.ErrChanged, listed.SHA256, sha)
	}
	return text, nil
}
