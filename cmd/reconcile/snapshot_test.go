package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/klauspost/compress/zstd"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// standIn speaks enough of PostgreSQL's protocol to answer every query with rows of text.
type standIn struct {
	listener net.Listener
	asked    atomic.Int64
	mu       sync.Mutex
	names    []string
	rows     [][]string
}

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &standIn{listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *standIn) dsn() string {
	return "postgres://reader:hunter2@" + s.listener.Addr().String() + "/shop?sslmode=disable"
}

// load takes the rows of an extract as CSV, and a column that no map names.
func (s *standIn) load(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names, s.rows = append(rows[0], "buyer_phone"), nil
	for _, row := range rows[1:] {
		s.rows = append(s.rows, append(row, "13800138000"))
	}
}

func (s *standIn) serve(c net.Conn) {
	defer c.Close()
	b := pgproto3.NewBackend(c, c)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		message, err := b.Receive()
		if err != nil {
			return
		}
		switch message.(type) {
		case *pgproto3.Query:
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("BEGIN")})
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'T'})
		case *pgproto3.Parse:
			b.Send(&pgproto3.ParseComplete{})
		case *pgproto3.Bind:
			b.Send(&pgproto3.BindComplete{})
		case *pgproto3.Describe:
			b.Send(s.description())
		case *pgproto3.Execute:
			s.answer(b)
		case *pgproto3.Sync:
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'T'})
		case *pgproto3.Terminate:
			return
		}
	}
}

func (s *standIn) description() *pgproto3.RowDescription {
	const text = 25 // the object id of the type
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &pgproto3.RowDescription{}
	for _, name := range s.names {
		d.Fields = append(d.Fields, pgproto3.FieldDescription{Name: []byte(name), DataTypeOID: text, DataTypeSize: -1, TypeModifier: -1})
	}
	return d
}

func (s *standIn) answer(b *pgproto3.Backend) {
	s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range s.rows {
		d := &pgproto3.DataRow{}
		for _, value := range row {
			d.Values = append(d.Values, []byte(value))
		}
		b.Send(d)
	}
	b.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", len(s.rows))})
}

// queried is three days whose orders come from a database that is a stand-in.
type queried struct {
	*standIn
	t                       *testing.T
	inbox, made, days, conf string
}

func newQueried(t *testing.T) *queried {
	t.Helper()
	dir := t.TempDir()
	q := &queried{standIn: newStandIn(t), t: t, inbox: filepath.Join(dir, "inbox"), made: filepath.Join(dir, "made"),
		days: filepath.Join(dir, "days"), conf: filepath.Join(dir, "reconcile.yaml")}
	if code, _, stderr := command(t.Context(), "generate", q.made, "--days", "3", "--orders", "200", "--plant", "all=1", "--quiet"); code != exitDone {
		t.Fatal(code, stderr)
	}
	if err := os.Mkdir(q.inbox, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"2024-09-12", "2024-09-13", "2024-09-14"} {
		entries, err := os.ReadDir(filepath.Join(q.made, day, "inbox"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "orders.csv" {
				q.copy(filepath.Join(q.made, day, "inbox", e.Name()), filepath.Join(q.inbox, day+" "+e.Name()))
			}
		}
	}
	t.Setenv("ORDERS_DSN", q.dsn())
	q.configure("SELECT * FROM orders ORDER BY id", "")
	return q
}

func (q *queried) copy(from, to string) {
	q.t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o644)
	}
	if err != nil {
		q.t.Fatal(err)
	}
}

func (q *queried) configure(query, columns string) {
	q.t.Helper()
	text := "orders:\n" + columns + "  sql: {driver: postgres, dsn_env: ORDERS_DSN, query: " + query + "}\nschedule:\n  inbox: inbox\n  out: days\n"
	if err := os.WriteFile(q.conf, []byte(text), 0o644); err != nil {
		q.t.Fatal(err)
	}
}

func (q *queried) loadDay(day string) {
	q.load(q.t, filepath.Join(q.made, day, "inbox", "orders.csv"))
}

// run runs a command of the configuration.
func (q *queried) run(want int, args ...string) (stdout, stderr string) {
	q.t.Helper()
	code, stdout, stderr := command(q.t.Context(), append(args, "--config", q.conf, "--lang", "en")...)
	if code != want {
		q.t.Fatalf("%v: exit code %d, want %d: %s%s", args, code, want, stdout, stderr)
	}
	if strings.Contains(stderr, "hunter2") {
		q.t.Errorf("the password was printed: %s", stderr)
	}
	return stdout, stderr
}

// runDays runs the three days, each when its orders are what the database has.
func (q *queried) runDays() {
	q.t.Helper()
	for _, day := range []string{"2024-09-12", "2024-09-13", "2024-09-14"} {
		q.loadDay(day)
		q.run(exitDone, "run", "--date", day, "--breaks-ok", "--quiet")
	}
}

func (q *queried) digest(day string) string {
	q.t.Helper()
	m, err := output.ReadManifest(filepath.Join(q.days, "dt="+day))
	if err != nil {
		q.t.Fatal(err)
	}
	return m.TablesDigest()
}

func (q *queried) snapshot(day string) *pipeline.Snapshot {
	q.t.Helper()
	d, err := settlement.ParseDay([]byte(day))
	if err != nil {
		q.t.Fatal(err)
	}
	kept, err := pipeline.Snapshots(q.days, d)
	if err != nil || len(kept) != 1 {
		q.t.Fatalf("%d snapshots of %s: %v", len(kept), day, err)
	}
	return &kept[0]
}

func TestADayIsRunAgainFromWhatTheDatabaseAnswered(t *testing.T) {
	q := newQueried(t)
	q.runDays()
	if n := q.asked.Load(); n != 3 {
		t.Errorf("asked %d times for 3 days", n)
	}
	before := map[string]string{}
	for _, day := range []string{"2024-09-12", "2024-09-13", "2024-09-14"} {
		before[day] = q.digest(day)
		m, err := output.ReadManifest(filepath.Join(q.days, "dt="+day))
		if err != nil {
			t.Fatal(err)
		}
		s, named := q.snapshot(day), false
		for _, in := range m.Inputs {
			named = named || in.Name == "orders.sql (postgres)" && in.SHA256 == s.SHA256 && in.Rows == s.Rows && in.Bytes == s.Bytes
		}
		if !named || s.Rows == 0 {
			t.Errorf("%s: run.json does not name the snapshot %+v", day, s)
		}
	}
	q.listener.Close() // the database is away
	q.run(exitDone, "run", "--from", "2024-09-12", "--to", "2024-09-14", "--breaks-ok", "--quiet")
	for day, want := range before {
		if got := q.digest(day); got != want {
			t.Errorf("%s: other tables", day)
		}
	}
	stdout, _ := q.run(exitDone, "run", "--date", "2024-09-13", "--dry-run")
	if want := q.snapshot("2024-09-13").Path(); !strings.Contains(stdout, want) {
		t.Errorf("the preview does not name %s: %s", want, stdout)
	}
	stdout, _ = q.run(exitDone, "run", "--date", "2024-09-13", "--dry-run", "--refresh")
	if !strings.Contains(stdout, "orders.sql (postgres): asking the database") {
		t.Errorf("the preview: %s", stdout)
	}
	_, stderr := q.run(exitFailed, "run", "--date", "2024-09-13", "--refresh", "--quiet")
	if !strings.Contains(stderr, "cannot read from the database") || q.digest("2024-09-13") != before["2024-09-13"] {
		t.Errorf("without a database: %s", stderr)
	}
	// Files alone, and no day: the database is asked.
	q.run(exitFailed, "run", q.inbox, "--out", filepath.Join(t.TempDir(), "out"), "--quiet")
	q.run(exitUsage, "run", q.inbox, "--refresh")
}

func TestARefreshAsksAgainAndMakesLaterDaysStale(t *testing.T) {
	q := newQueried(t)
	q.runDays()
	first, second, third := q.digest("2024-09-12"), q.digest("2024-09-13"), q.snapshot("2024-09-14").SHA256
	q.loadDay("2024-09-13")
	q.run(exitDone, "run", "--date", "2024-09-13", "--refresh", "--cascade", "--breaks-ok", "--quiet")
	if q.digest("2024-09-13") != second || q.asked.Load() != 4 {
		t.Errorf("the same rows gave other tables, or later days were asked for: %d times", q.asked.Load())
	}
	q.mu.Lock()
	q.rows = q.rows[len(q.rows)/2:]
	q.mu.Unlock()
	_, stderr := q.run(exitDone, "run", "--date", "2024-09-13", "--refresh", "--breaks-ok", "--quiet")
	if q.digest("2024-09-13") == second || !strings.Contains(stderr, "--cascade") {
		t.Errorf("half the rows changed nothing: %s", stderr)
	}
	if stdout, _ := q.run(exitDone, "status"); !strings.Contains(stdout, "stale") {
		t.Errorf("the later day is not stale:\n%s", stdout)
	}
	q.run(exitDone, "run", "--date", "2024-09-13", "--cascade", "--breaks-ok", "--quiet")
	if q.asked.Load() != 5 || q.snapshot("2024-09-14").SHA256 != third || q.digest("2024-09-12") != first {
		t.Errorf("a cascade asked the database: %d times", q.asked.Load())
	}
	if stdout, _ := q.run(exitDone, "status"); strings.Contains(stdout, "stale") {
		t.Errorf("something is stale:\n%s", stdout)
	}
}

// A refresh that was cut short between the answer and the commit is made up for.
func TestADayThatWasMadeFromOtherAnswersIsStale(t *testing.T) {
	q := newQueried(t)
	q.runDays()
	wrong := q.snapshot("2024-09-12")
	dir := filepath.Join(filepath.Dir(filepath.Dir(wrong.Path())), "2024-09-14")
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(wrong.Path()), "snapshots.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "snapshots.json"), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	q.copy(wrong.Path(), filepath.Join(dir, filepath.Base(wrong.Path())))
	if stdout, _ := q.run(exitDone, "status"); !strings.Contains(stdout, "stale") {
		t.Errorf("it is not stale:\n%s", stdout)
	}
}

func TestOfColumnsThatAreNotUsedNothingIsKept(t *testing.T) {
	q := newQueried(t)
	q.loadDay("2024-09-12")
	q.run(exitDone, "run", "--date", "2024-09-12", "--breaks-ok", "--quiet")
	s := q.snapshot("2024-09-12")
	if len(s.Unread) != 1 || s.Unread[0] != "buyer_phone" {
		t.Errorf("unread columns %v", s.Unread)
	}
	text := q.textOf(s)
	if strings.Contains(text, "13800138000") || !strings.Contains(text, "buyer_phone") {
		t.Error("a column that is not used was kept")
	}
	// Its values are asked for when it is used.
	q.configure("SELECT * FROM orders ORDER BY id", "  columns: {shop: buyer_phone}\n")
	_, stderr := q.run(exitFailed, "run", "--date", "2024-09-12", "--quiet")
	if !strings.Contains(stderr, "buyer_phone is read now") || !strings.Contains(stderr, "--refresh") {
		t.Errorf("it says %s", stderr)
	}
	q.run(exitDone, "run", "--date", "2024-09-12", "--refresh", "--breaks-ok", "--quiet")
}

func (q *queried) textOf(s *pipeline.Snapshot) string {
	q.t.Helper()
	f, err := os.Open(s.Path())
	if err != nil {
		q.t.Fatal(err)
	}
	defer f.Close()
	d, err := zstd.NewReader(f)
	if err != nil {
		q.t.Fatal(err)
	}
	defer d.Close()
	raw, err := io.ReadAll(d)
	if err != nil {
		q.t.Fatal(err)
	}
	return string(raw)
}

func TestADamagedSnapshotIsRefused(t *testing.T) {
	q := newQueried(t)
	q.loadDay("2024-09-12")
	q.run(exitDone, "run", "--date", "2024-09-12", "--breaks-ok", "--quiet")
	digest, s := q.digest("2024-09-12"), q.snapshot("2024-09-12")
	whole, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{"a bit": flipped, "the end": whole[:len(whole)-20], "all": nil} {
		if err := os.WriteFile(s.Path(), content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, stderr := q.run(exitFailed, "run", "--date", "2024-09-12", "--quiet")
		if !strings.Contains(stderr, s.Path()+": damaged snapshot: ") || !strings.Contains(stderr, "run --date 2024-09-12 --refresh") {
			t.Errorf("%s: %s", name, stderr)
		}
		if stdout, _ := q.run(exitFailed, "doctor"); !strings.Contains(stdout, "damaged snapshot") {
			t.Errorf("%s: doctor says %s", name, stdout)
		}
	}
	if err := os.Remove(s.Path()); err != nil {
		t.Fatal(err)
	}
	if _, stderr := q.run(exitFailed, "run", "--date", "2024-09-12", "--quiet"); !strings.Contains(stderr, "it is not there") {
		t.Errorf("a missing one: %s", stderr)
	}
	if q.digest("2024-09-12") != digest || q.asked.Load() != 1+3 { // doctor connects each time
		t.Error("the former result does not stand, or the database was asked")
	}
	q.run(exitDone, "run", "--date", "2024-09-12", "--refresh", "--breaks-ok", "--quiet")
	if q.digest("2024-09-12") != digest {
		t.Error("the same rows gave other tables")
	}
}

func TestPruneRemovesTheSnapshotsOfItsDays(t *testing.T) {
	q := newQueried(t)
	q.runDays()
	root := filepath.Join(filepath.Dir(q.days), ".days.snapshots")
	left := func() string {
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return strings.Join(names, " ")
	}
	q.run(exitDone, "prune", "--keep", "1d", "--force", "--dry-run")
	if got := left(); got != "2024-09-12 2024-09-13 2024-09-14" {
		t.Errorf("a dry run left %s", got)
	}
	q.run(exitDone, "prune", "--keep", "1d", "--force")
	if got := left(); got != "2024-09-13 2024-09-14" {
		t.Errorf("left %s", got)
	}
}

func TestAnAnswerThatIsRefusedIsNotKept(t *testing.T) {
	q := newQueried(t)
	q.loadDay("2024-09-12")
	q.mu.Lock()
	rows := q.rows
	q.rows = nil
	q.mu.Unlock()
	_, stderr := q.run(exitRefused, "run", "--date", "2024-09-12", "--quiet")
	if !strings.Contains(stderr, "the query returned no rows") {
		t.Errorf("it says %s", stderr)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(q.days), ".days.snapshots")); !os.IsNotExist(err) {
		t.Errorf("something was kept: %v", err)
	}
	q.mu.Lock()
	q.rows = rows
	q.mu.Unlock()
	q.run(exitDone, "run", "--date", "2024-09-12", "--breaks-ok", "--quiet")
	q.snapshot("2024-09-12")
}
