//go:build databases

package pipeline_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// The test of the target databases runs the program itself against servers that
// testdata/databases/run starts, and names here.

// database is one server and its dialect.
type database struct {
	driver string
	dsn    string
	exec   func(t *testing.T, statement string)
	load   func(t *testing.T, statement string, csv io.Reader) // takes the CSV from the client
	// What differs between the dialects.
	tables    []string
	loads     map[string]string
	slow      string            // an expression that takes 20 ms a row
	noDecimal string            // an amount in yuan, of a type without decimals
	running   string            // counts the queries that hold the marker, of others
	kill      string            // ends their connections
	writing   map[string]string // queries that read and write
}

const marker = "slow_extract"

const (
	orderColumns  = "order_no, wallet, amount, paid_at, status, shop, platform, account, payment_no, provider_txn_id, home_wallet"
	refundColumns = "order_no, refund_no, amount, refunded_at, status"
	orderQuery    = "SELECT " + orderColumns + " FROM orders ORDER BY id"
	refundQuery   = "SELECT " + refundColumns + " FROM refunds ORDER BY id"
)

// textColumns declares every column of a list that is no amount or time as text.
func textColumns(list, amount, at string) string {
	var out []string
	for _, name := range strings.Split(list, ", ") {
		kind := "varchar(64)"
		switch {
		case name == "amount":
			kind = amount
		case strings.HasSuffix(name, "_at"):
			kind = at
		}
		out = append(out, name+" "+kind)
	}
	return strings.Join(out, ", ")
}

func postgres(t *testing.T) database {
	dsn := os.Getenv("RECONCILE_POSTGRES")
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return database{
		driver: "postgres", dsn: dsn,
		exec: func(t *testing.T, statement string) {
			t.Helper()
			if _, err := conn.Exec(context.Background(), statement).ReadAll(); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		},
		load: func(t *testing.T, statement string, csv io.Reader) {
			t.Helper()
			if _, err := conn.CopyFrom(context.Background(), csv, statement); err != nil {
				t.Fatal(err)
			}
		},
		tables: []string{
			"SET timezone = 'Asia/Shanghai'",
			"CREATE TABLE orders (id bigserial PRIMARY KEY, " + textColumns(orderColumns, "numeric(12,4)", "timestamptz") + ")",
			"CREATE TABLE refunds (id bigserial PRIMARY KEY, " + textColumns(refundColumns, "numeric(12,2)", "timestamp") + ")",
		},
		loads: map[string]string{
			"orders":  "COPY orders (" + orderColumns + ") FROM STDIN WITH (FORMAT csv, HEADER)",
			"refunds": "COPY refunds (" + refundColumns + ") FROM STDIN WITH (FORMAT csv, HEADER)",
		},
		slow:      "pg_sleep(0.02)::text",
		noDecimal: "trunc(amount)::bigint",
		running:   "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%" + marker + "%' AND pid <> pg_backend_pid() AND state = 'active'",
		kill:      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%" + marker + "%' AND pid <> pg_backend_pid()",
		writing: map[string]string{
			"a part that deletes": "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
			"a second statement":  "SELECT 1; DELETE FROM orders",
			"a statement behind":  "WITH x AS (SELECT 1) UPDATE orders SET amount = 1 RETURNING *",
		},
	}
}

func mariadb(t *testing.T) database {
	dsn := os.Getenv("RECONCILE_MYSQL")
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	exec := func(t *testing.T, statement string) {
		t.Helper()
		if strings.HasPrefix(statement, "KILL ") {
			var id int64
			if err := db.QueryRow(strings.TrimPrefix(statement, "KILL ")).Scan(&id); err != nil {
				t.Fatal(err)
			}
			statement = "KILL " + strconv.FormatInt(id, 10)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	load := func(columns, table string) string {
		var read, set []string
		for _, c := range strings.Split(columns, ", ") {
			read = append(read, "@"+c)
			set = append(set, c+" = NULLIF(@"+c+", '')")
		}
		return "LOAD DATA LOCAL INFILE 'Reader::csv' INTO TABLE " + table +
			" CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES (" +
			strings.Join(read, ", ") + ") SET " + strings.Join(set, ", ")
	}
	others := " FROM information_schema.processlist WHERE info LIKE '%" + marker + "%' AND id <> connection_id()"
	return database{
		driver: "mysql", dsn: dsn,
		exec: exec,
		load: func(t *testing.T, statement string, csv io.Reader) {
			t.Helper()
			mysql.RegisterReaderHandler("csv", func() io.Reader { return csv })
			exec(t, statement)
		},
		tables: []string{
			"SET time_zone = '+08:00'",
			"CREATE TABLE orders (id bigint PRIMARY KEY AUTO_INCREMENT, " + textColumns(orderColumns, "decimal(12,4)", "timestamp NULL") + ")",
			"CREATE TABLE refunds (id bigint PRIMARY KEY AUTO_INCREMENT, " + textColumns(refundColumns, "decimal(12,2)", "datetime") + ")",
			"CREATE FUNCTION writes() RETURNS int BEGIN UPDATE orders SET amount = 1; RETURN 1; END",
		},
		loads:     map[string]string{"orders": load(orderColumns, "orders"), "refunds": load(refundColumns, "refunds")},
		slow:      "SLEEP(0.02)",
		noDecimal: "CAST(amount AS DECIMAL(12,0))",
		running:   "SELECT count(*)" + others,
		kill:      "KILL SELECT id" + others,
		writing: map[string]string{
			"a function that updates": "SELECT writes()",
			"a second statement":      "SELECT 1; DELETE FROM orders",
		},
	}
}

// count is the one number that a query gives.
func (d database) count(t *testing.T, query string) (n int64) {
	t.Helper()
	if d.driver == "mysql" {
		db, err := sql.Open("mysql", d.dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	conn, err := pgconn.Connect(context.Background(), d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(context.Background(), query).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n, err = strconv.ParseInt(string(results[0].Rows[0][0]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// password is the secret inside d.dsn.
func (d database) password() string {
	return regexp.MustCompile(`:([0-9a-f]{24})@`).FindStringSubmatch(d.dsn)[1]
}

// ended is how a run of the program ended.
type ended struct {
	code int
	text string // all that it printed
}

// day is what the runs of the test share.
type day struct {
	bills string // a folder without extracts
	out   string // the result that a run replaces, or leaves alone
	dsn   string
}

// configure writes a configuration and returns its path. sql is what stands below
// orders.sql beside driver and DSN; refunds too are asked for.
func (d day) configure(t *testing.T, db database, sql string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reconcile.yaml")
	text := fmt.Sprintf("orders:\n  sql:\n    driver: %s\n    dsn_env: ORDERS_DSN\n%s\nrefunds:\n  sql:\n    driver: %s\n    dsn_file: dsn\n    query: %s\n",
		db.driver, sql, db.driver, refundQuery)
	for name, content := range map[string]string{path: text, filepath.Join(filepath.Dir(path), "dsn"): db.dsn + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// run runs the program over the bills, and meanwhile, where it is given, while the
// program is running.
func (d day) run(t *testing.T, meanwhile func(*os.Process), args ...string) ended {
	t.Helper()
	cmd := exec.Command(os.Getenv("RECONCILE_PROGRAM"), append([]string{"run", "--breaks-ok", "--quiet", "--lang", "en"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "ORDERS_DSN="+d.dsn)
	var printed strings.Builder
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile(cmd.Process)
	}
	_ = cmd.Wait() // the exit code says it
	return ended{cmd.ProcessState.ExitCode(), printed.String()}
}

func (r ended) says(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, part := range parts {
		if !strings.Contains(r.text, part) {
			t.Errorf("%q is not in:\n%s", part, r.text)
		}
	}
}

func TestDatabases(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "day")
	if out, err := exec.Command(os.Getenv("RECONCILE_PROGRAM"), "generate", dir, "--orders", "20000", "--fund-flow", "--plant", "all=3", "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	inbox, bills := filepath.Join(dir, "inbox"), filepath.Join(dir, "bills")
	fromFiles := filepath.Join(dir, "from-files")
	day{}.run(t, nil, inbox, "--out", fromFiles).says(t, 0)
	want := digests(t, fromFiles, "source_file", "chain_break_file")
	if err := os.Mkdir(bills, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(inbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "orders.csv" && name != "refunds.csv" {
			if err := os.Rename(filepath.Join(inbox, name), filepath.Join(bills, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, open := range map[string]func(*testing.T) database{"postgres": postgres, "mariadb": mariadb} {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			for _, statement := range db.tables {
				db.exec(t, statement)
			}
			for table, statement := range db.loads {
				csv, err := os.Open(filepath.Join(inbox, table+".csv"))
				if err != nil {
					t.Fatal(err)
				}
				db.load(t, statement, csv)
				csv.Close()
			}
			d := day{bills: bills, out: filepath.Join(t.TempDir(), "out"), dsn: db.dsn}
			d.theSameTables(t, db, want)
			d.refusals(t, db)
			d.nothingIsCommitted(t, db)
			d.theDayRunsAgain(t, db)
		})
	}
}

func (d day) theSameTables(t *testing.T, db database, want map[string]string) {
	for _, c := range []struct{ name, sql string }{
		{"the same tables as from files", "    query: " + orderQuery},
		{"integers that the map says are fen", "    units: {amount: fen}\n    query: " + strings.Replace(orderQuery, "amount,", strings.Replace(db.noDecimal, "amount", "amount * 100", 1)+" AS amount,", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.run(t, nil, d.bills, "--out", d.out, "--config", d.configure(t, db, c.sql)).says(t, 0)
			sameDigests(t, digests(t, d.out, "source_file", "chain_break_file"), want)
		})
	}
	t.Run("equal rows have an equal hash", func(t *testing.T) {
		hash := func() string {
			manifest, err := os.ReadFile(filepath.Join(d.out, "run.json"))
			if err != nil {
				t.Fatal(err)
			}
			at := strings.Index(string(manifest), "orders.sql ("+db.driver+")")
			found := regexp.MustCompile(`[0-9a-f]{64}`).FindString(string(manifest)[max(at, 0):])
			if at < 0 || found == "" {
				t.Fatalf("no hash of the orders in %s", manifest)
			}
			return found
		}
		fen := hash()
		d.run(t, nil, d.bills, "--out", d.out, "--config", d.configure(t, db, "    query: "+orderQuery)).says(t, 0)
		if decimals := hash(); decimals != fen {
			t.Errorf("%s and %s", decimals, fen)
		}
	})
}

// refusals: what the rows have wrong is refused like a file.
func (d day) refusals(t *testing.T, db database) {
	column := func(expression, name string) string {
		return "    query: " + regexp.MustCompile(`\b`+name+`\b`).ReplaceAllLiteralString(orderQuery, expression+" AS "+name)
	}
	cast := map[string]string{"postgres": "amount::float8", "mysql": "CAST(amount AS DOUBLE)"}[db.driver]
	day := map[string]string{"postgres": "paid_at::date", "mysql": "DATE(paid_at)"}[db.driver]
	source := "orders.sql (" + db.driver + ")"
	for _, c := range []struct {
		name, sql string
		want      []string
	}{
		{"amounts as floating-point numbers", column(cast, "amount"), []string{source + ": amount: ", "floating-point", "decimal"}},
		{"integers without a unit", column(db.noDecimal, "amount"), []string{source + ": amount: ", "orders.sql.units.amount: fen"}},
		{"days in place of instants", column(day, "paid_at"), []string{source + ": paid_at: ", "a day is no instant"}},
		{"NULL in place of an order number", column("CASE WHEN id = 7 THEN NULL ELSE order_no END", "order_no"), []string{source + ":8: order_no: row 7: NULL or empty"}},
		{"no rows", "    query: SELECT " + orderColumns + " FROM orders WHERE 1 = 0 ORDER BY id", []string{source + ": the query returned no rows", "orders.sql.allow_empty: true"}},
		{"a missing column", "    query: SELECT order_no, amount, status FROM orders ORDER BY id", []string{source + ":1: paid_at: ", "missing"}},
		{"more decimals than fen", column("amount + 0.001", "amount"), []string{source + ":2: amount: row 1: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.run(t, nil, d.bills, "--out", filepath.Join(t.TempDir(), "out"), "--config", d.configure(t, db, c.sql)).says(t, 4, c.want...)
		})
	}
	t.Run("no rows where that may be", func(t *testing.T) {
		sql := "    allow_empty: true\n    query: SELECT " + orderColumns + " FROM orders WHERE 1 = 0 ORDER BY id"
		d.run(t, nil, d.bills, "--out", filepath.Join(t.TempDir(), "out"), "--config", d.configure(t, db, sql)).says(t, 0)
	})
}

// nothingIsCommitted: what the database does not deliver ends the run, and the
// former result stands.
func (d day) nothingIsCommitted(t *testing.T, db database) {
	slow := "    query: SELECT " + orderColumns + ", " + db.slow + " AS " + marker + " FROM orders ORDER BY id"
	untouched := func(t *testing.T, code int, meanwhile func(*os.Process), config string, parts ...string) {
		t.Helper()
		before := digests(t, d.out)
		info, err := os.Stat(filepath.Join(d.out, "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		r := d.run(t, meanwhile, d.bills, "--out", d.out, "--config", config)
		r.says(t, code, parts...)
		t.Log(r.text)
		if strings.Contains(r.text, db.password()) {
			t.Errorf("the password is in:\n%s", r.text)
		}
		after, err := os.Stat(filepath.Join(d.out, "run.json"))
		if err != nil || !os.SameFile(info, after) {
			t.Errorf("the former result is another one: %v", err)
		}
		sameDigests(t, digests(t, d.out), before)
	}
	// whileAnswering calls do when the database has been sending rows for a while.
	whileAnswering := func(t *testing.T, do func(*os.Process)) func(*os.Process) {
		return func(p *os.Process) {
			for begun := time.Now(); db.count(t, db.running) == 0; time.Sleep(50 * time.Millisecond) {
				if time.Since(begun) > 30*time.Second {
					t.Fatal("the query did not begin")
				}
			}
			time.Sleep(6 * time.Second) // until some of what the server gathers was sent
			do(p)
		}
	}
	source := "orders.sql (" + db.driver + "): "
	t.Run("a connection that is ended half-way", func(t *testing.T) {
		untouched(t, 1, whileAnswering(t, func(*os.Process) { db.exec(t, db.kill) }), d.configure(t, db, slow),
			source+"the answer broke off after ", "nothing of it is used; run it again")
	})
	t.Run("a query that takes too long", func(t *testing.T) {
		untouched(t, 1, nil, d.configure(t, db, "    timeout: 2s\n"+slow), source, "not done after 2s", "orders.sql.timeout")
	})
	t.Run("an interrupted run", func(t *testing.T) {
		untouched(t, 130, whileAnswering(t, func(p *os.Process) { _ = p.Signal(os.Interrupt) }), d.configure(t, db, slow))
	})
	t.Run("a query that is wrong", func(t *testing.T) {
		untouched(t, 1, nil, d.configure(t, db, "    query: SELECT order_no FROM no_such_table"), source+"cannot read from the database", "no_such_table")
	})
	t.Run("a password that is wrong", func(t *testing.T) {
		wrong := d
		wrong.dsn = strings.Replace(db.dsn, db.password(), "0123456789abcdef01234567", 1)
		r := wrong.run(t, nil, d.bills, "--out", d.out, "--config", d.configure(t, db, "    query: "+orderQuery))
		r.says(t, 1, source+"cannot read from the database")
		if strings.Contains(r.text, "0123456789abcdef01234567") {
			t.Errorf("the password is in:\n%s", r.text)
		}
	})
	t.Run("a server that is not there", func(t *testing.T) {
		gone := d
		gone.dsn = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(db.dsn, "127.0.0.1:1")
		gone.run(t, nil, d.bills, "--out", d.out, "--config", d.configure(t, db, "    query: "+orderQuery)).
			says(t, 1, source+"cannot read from the database", "connection refused")
	})
	// Refused before anything is asked.
	for _, statement := range []string{"DELETE FROM orders", "DROP TABLE orders", "/* SELECT */ COMMIT"} {
		t.Run(statement, func(t *testing.T) {
			untouched(t, 2, nil, d.configure(t, db, "    query: "+statement), "orders.sql.query: this is no SELECT")
		})
	}
	for name, query := range db.writing {
		t.Run(name, func(t *testing.T) {
			const still = "SELECT count(*) FROM orders WHERE amount <> 1"
			before := db.count(t, still)
			untouched(t, 1, nil, d.configure(t, db, "    query: "+query), source+"cannot read from the database: ")
			if after := db.count(t, still); after != before || before == 0 {
				t.Errorf("%d rows of %d are as they were", after, before)
			}
		})
	}
}

// theDayRunsAgain: what the databases answered for a day is read in place of asking them.
func (d day) theDayRunsAgain(t *testing.T, db database) {
	t.Run("a day is run again after the server has gone", func(t *testing.T) {
		config := d.configure(t, db, "    query: "+orderQuery)
		write := func(path, text string) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString(text)
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		write(config, "schedule:\n  inbox: "+d.bills+"\n  out: days\n")
		days := filepath.Join(filepath.Dir(config), "days")
		dated := filepath.Join(days, "dt=2024-09-12")
		d.run(t, nil, "--date", "2024-09-12", "--config", config).says(t, 0)
		before := digests(t, dated)
		gone, dsn := d, filepath.Join(filepath.Dir(config), "dsn")
		gone.dsn = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(db.dsn, "127.0.0.1:1")
		if err := os.Truncate(dsn, 0); err != nil {
			t.Fatal(err)
		}
		write(dsn, gone.dsn)
		gone.run(t, nil, "--date", "2024-09-12", "--config", config).says(t, 0)
		sameDigests(t, digests(t, dated), before)
		gone.run(t, nil, "--date", "2024-09-12", "--refresh", "--config", config).says(t, 1, "cannot read from the database", "connection refused")
		sameDigests(t, digests(t, dated), before)
	})
}
