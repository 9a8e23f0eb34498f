package orders

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// Query is an extract that is read from a database in place of a file. Its rows
// become the text of the plain layout (database_text.go), which goes the way of
// any file: the same column map, the same rules, the same messages.
//
// It only reads: the query runs in a read-only transaction, alone.
type Query struct {
	// Driver is "postgres", or "mysql", which MariaDB speaks too.
	Driver string
	// DSNEnv names the environment variable that says where the database is and
	// who asks; DSNFile is a file that does. One of them is stated. The value is
	// a secret: it is in no message and in no configuration.
	DSNEnv, DSNFile string
	// Text is one SELECT. The names of its columns are the header.
	Text string
	// Units gives UnitFen for amount columns of ours whose integers are fen.
	Units map[string]string
	// Timeout ends a query that takes longer; 0 takes DefaultQueryTimeout.
	Timeout time.Duration
	// AllowEmpty accepts a query without rows, which is else taken for a mistake.
	AllowEmpty bool
}

// DefaultQueryTimeout ends a query that states no other.
const DefaultQueryTimeout = 5 * time.Minute

// UnitFen is the one unit of Query.Units.
const UnitFen = "fen"

// database is how the queries of one driver are asked.
type database struct {
	// locate reads a DSN. The error never holds the DSN.
	locate func(dsn string) (server, error)
	form   string // of a DSN, for messages
	cast   string // makes exact money of a column, for messages
}

// server is a database that can be asked.
type server interface {
	// ask begins the query in a read-only transaction, in which times without a
	// zone are those of Asia/Shanghai. limit is for the server's own clock.
	ask(ctx context.Context, query string, limit time.Duration) (answer, error)
	secret() string // that no message may hold, "" for none
}

// answer is the rows of a query as they come, every value as the server's text.
type answer interface {
	columns() []answerColumn
	next() bool
	cell(i int) []byte // nil is NULL; valid until next
	failure() error    // that ended the rows, nil where they are complete
	close()
}

// answerColumn is a column of an answer.
type answerColumn struct {
	name     string
	typeName string // as the server calls it
	class    valueClass
}

var databases = map[string]database{
	"postgres": {locatePostgres, "postgres://user:password@host:5432/database", "::numeric(18,2)"},
	"mysql":    {locateMySQL, "user:password@tcp(host:3306)/database", "CAST(… AS DECIMAL(18,2))"},
}

// DatabaseError says that a database did not deliver: it could not be reached, it
// refused the query, or it stopped half-way. It is no fault of an extract, so it
// ends the run, and the former result stands.
type DatabaseError struct {
	Source   string
	What, Do string
	cause    error // with secrets in it: only for errors.Is
}

func (e *DatabaseError) Error() string {
	return e.Source + ": " + e.What + " (" + e.Do + ")"
}

// Is makes the cause known without its text.
func (e *DatabaseError) Is(target error) bool { return errors.Is(e.cause, target) }

// Source is the name under which messages and tables know the query of kind.
func (q *Query) Source(kind settlement.StatementKind) string {
	return fmt.Sprintf("%s.sql (%s)", kind, q.Driver)
}

// Validate lists everything that is wrong with q, sorted by key.
func (q *Query) Validate() []Fault {
	var faults []Fault
	add := func(key, do, format string, args ...any) {
		faults = append(faults, Fault{key, fmt.Sprintf(format, args...), do})
	}
	if _, ok := databases[q.Driver]; !ok {
		add("driver", "postgres, or mysql (which MariaDB speaks too)", "%q is no driver", q.Driver)
	}
	switch {
	case q.DSNEnv == "" && q.DSNFile == "":
		add("dsn_env", "name the environment variable that holds the address and the password, or a file with dsn_file", "nothing says where the database is")
	case q.DSNEnv != "" && q.DSNFile != "":
		add("dsn_file", "keep one", "dsn_env is given too")
	case strings.ContainsAny(q.DSNEnv, " =:/@$"):
		// Not printed: it may be the secret itself.
		add("dsn_env", "give the name alone, such as ORDERS_DSN, and put the address and the password into the variable", "this is no name of an environment variable")
	}
	switch {
	case strings.TrimSpace(q.Text) == "":
		add("query", "one SELECT whose column names are those of the plain layout, or mapped with columns", "there is no query")
	case !isSelect(q.Text):
		add("query", "one statement that begins with SELECT or WITH", "this is no SELECT, and nothing else is asked of a database")
	}
	for ours, unit := range q.Units {
		c, ok := columnNamed(ours)
		switch {
		case !ok || roleOf(c) != amountRole:
			add("units."+ours, "known: amount, payout_amount", "no amount of this name")
		case unit != UnitFen:
			add("units."+ours, "fen, or leave the entry out: other amounts are yuan", "%q is no unit", unit)
		}
	}
	if q.Timeout < 0 || q.Timeout > 24*time.Hour {
		add("timeout", "up to 24h, such as 10m", "%s is no time to wait", q.Timeout)
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// isSelect says that a statement can only read, or that a read-only transaction stops
// it. MariaDB executes a DROP TABLE in such a transaction: it ends the transaction
// first. Comments that MySQL executes are not passed over.
func isSelect(text string) bool {
	for {
		text = strings.TrimLeft(text, " \t\r\n(")
		switch {
		case strings.HasPrefix(text, "--"), strings.HasPrefix(text, "#"):
			_, text, _ = strings.Cut(text, "\n")
		case strings.HasPrefix(text, "/*") && !strings.HasPrefix(text, "/*!") && !strings.HasPrefix(text, "/*M!"):
			_, text, _ = strings.Cut(text, "*/")
		default:
			word := text[:len(text)-len(strings.TrimLeft(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz_"))]
			return strings.EqualFold(word, "select") || strings.EqualFold(word, "with")
		}
	}
}

// Ready says whether the query could be asked now: the DSN is there and is one.
// It connects to nothing.
func (q *Query) Ready() error {
	_, err := q.server()
	return err
}

// Reach connects to the database and asks it nothing of the merchant's. The error holds
// no secret.
func (q *Query) Reach(ctx context.Context) error {
	s, err := q.server()
	if err != nil {
		return err
	}
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	rows, err := s.ask(ctx, "select 1", limit)
	if err != nil {
		return errors.New(scrubbed(err, s.secret()))
	}
	defer rows.close()
	for rows.next() {
	}
	if err := rows.failure(); err != nil {
		return errors.New(scrubbed(err, s.secret()))
	}
	return nil
}

// server finds the database that q is for.
func (q *Query) server() (server, error) {
	known, ok := databases[q.Driver]
	if !ok {
		return nil, fmt.Errorf("%q is no driver; known: %s", q.Driver, strings.Join(slices.Sorted(maps.Keys(databases)), ", "))
	}
	dsn, from := os.Getenv(q.DSNEnv), "the environment variable "+q.DSNEnv
	if q.DSNFile != "" {
		text, err := os.ReadFile(q.DSNFile)
		if err != nil {
			return nil, fmt.Errorf("dsn_file: %w", err)
		}
		dsn, from = string(text), q.DSNFile
	}
	if dsn = strings.TrimSpace(dsn); dsn == "" {
		return nil, fmt.Errorf("%s is not set or empty; it holds %s", from, known.form)
	}
	s, err := known.locate(dsn)
	if err != nil {
		return nil, fmt.Errorf("%s does not hold %s", from, known.form)
	}
	return s, nil
}

// Read asks the query and reads its rows as Read does a file; in.File and
// in.Stream are set here. What the rows have wrong is a *settlement.Refusal, as
// of a file; what the database did not deliver is a *DatabaseError.
func (q *Query) Read(ctx context.Context, in delimited.Input, kind settlement.StatementKind, m Mapping, emit func(arrow.Record) error) (st *settlement.Statement, err error) {
	in.File = q.Source(kind)
	err = q.answered(ctx, kind, m, func(text *queryText) error {
		in.Stream = text
		st, err = readAnswer(ctx, in, kind, m, emit)
		return err
	})
	if err == nil {
		q.noteOrder(st)
	}
	return st, err
}

// answered asks the query and hands the text of its answer to take. What ends the rows
// before their end is the error, whatever take makes of it.
func (q *Query) answered(ctx context.Context, kind settlement.StatementKind, m Mapping, take func(*queryText) error) error {
	source := q.Source(kind)
	s, err := q.server()
	if err != nil {
		return &DatabaseError{Source: source, What: err.Error(), Do: "see dsn_env and dsn_file", cause: err}
	}
	limit := q.Timeout
	if limit == 0 {
		limit = DefaultQueryTimeout
	}
	asked, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // before close: an answer that is not wanted is not read to its end
	fail := func(rows int64, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		what, do := "cannot read from the database", "see that the server is reachable, who may read there, and that the query is right"
		if rows > 0 {
			what, do = fmt.Sprintf("the answer broke off after %d rows", rows), "nothing of it is used; run it again"
		}
		if asked.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			what, do = fmt.Sprintf("%s: not done after %s", what, limit), fmt.Sprintf("narrow the query, or raise %s.sql.timeout", kind)
		} else {
			what += ": " + scrubbed(err, s.secret())
		}
		return &DatabaseError{Source: source, What: what, Do: do, cause: err}
	}
	rows, err := s.ask(asked, q.Text, limit)
	if err != nil {
		return fail(0, err)
	}
	defer rows.close()
	defer cancel()
	text, err := q.text(rows, kind, m)
	if err != nil {
		return err
	}
	err = take(text)
	if text.lost != nil {
		return fail(text.rows, text.lost)
	}
	return err
}

// readAnswer reads the text of an answer, in.Stream.
func readAnswer(ctx context.Context, in delimited.Input, kind settlement.StatementKind, m Mapping, emit func(arrow.Record) error) (*settlement.Statement, error) {
	m.Encoding = "" // is that of files beside it
	st, err := Read(ctx, in, kind, m, emit)
	var refusal *settlement.Refusal
	if errors.As(err, &refusal) {
		sayRows(refusal)
	}
	return st, err
}

// noteOrder notes that nothing says in which order the rows come.
func (q *Query) noteOrder(st *settlement.Statement) {
	if !strings.Contains(strings.ToLower(q.Text), "order by") {
		st.Notef("the query has no ORDER BY: the rows may come in another order the next time, and be known under other line numbers")
	}
}

// sayRows puts the number of the row into each message, since a line means little
// where there is no file. Row n is line n + 1.
func sayRows(refusal *settlement.Refusal) {
	for _, e := range refusal.Errors {
		e.Column = 0
		if e.Line > 1 {
			if e.What == "empty" {
				e.What = "NULL or empty"
			}
			e.What = fmt.Sprintf("row %d: %s", e.Line-1, e.What)
		}
	}
}

// scrubbed is the text of err on one line, without secret.
func scrubbed(err error, secret string) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if secret != "" {
		text = strings.ReplaceAll(text, secret, "…")
	}
	return text
}
