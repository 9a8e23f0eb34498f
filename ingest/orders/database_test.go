package orders

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// stubAnswer is rows that no server gave. null is NULL.
type stubAnswer struct {
	names  []answerColumn
	rows   [][]string
	broken error // comes behind the rows
	wait   context.Context
	at     int
	closed bool
}

const null = "\x00null"

func (a *stubAnswer) columns() []answerColumn { return a.names }
func (a *stubAnswer) next() bool {
	if a.at == len(a.rows) && a.wait != nil {
		<-a.wait.Done()
		a.broken = a.wait.Err()
	}
	a.at++
	return a.at <= len(a.rows)
}
func (a *stubAnswer) cell(i int) []byte {
	if v := a.rows[a.at-1][i]; v != null {
		return []byte(v)
	}
	return nil
}
func (a *stubAnswer) failure() error { return a.broken }
func (a *stubAnswer) close()         { a.closed = true }

// stubServer answers with answer, or refused.
type stubServer struct {
	answer  *stubAnswer
	refused error
	slow    bool
}

func (s *stubServer) secret() string { return "hunter2" }
func (s *stubServer) ask(ctx context.Context, _ string, _ time.Duration) (answer, error) {
	if s.refused != nil {
		return nil, s.refused
	}
	if s.slow {
		s.answer.wait = ctx
	}
	return s.answer, nil
}

// asked reads a query that s answers.
func asked(t testing.TB, s *stubServer, q Query, kind settlement.StatementKind, m Mapping) (*settlement.Statement, *settlement.Events, error) {
	t.Helper()
	return askedWith(t, context.Background(), s, q, kind, m)
}

func askedWith(t testing.TB, ctx context.Context, s *stubServer, q Query, kind settlement.StatementKind, m Mapping) (*settlement.Statement, *settlement.Events, error) {
	t.Helper()
	located(t, s, &q)
	if q.Text == "" {
		q.Text = "SELECT … ORDER BY id"
	}
	var mu sync.Mutex
	var all settlement.Events
	st, err := q.Read(ctx, delimited.Input{Index: 3, Workers: 2}, kind, m, func(record arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		var events settlement.Events
		if err := settlement.View(record, &events); err != nil {
			return err
		}
		settlement.AppendAll(&all, &events)
		return nil
	})
	return st, &all, err
}

// located makes q a query to a server of the test.
func located(t testing.TB, s *stubServer, q *Query) {
	t.Helper()
	databases["stub"] = database{locate: func(string) (server, error) { return s, nil }, cast: "::numeric(18,2)"}
	t.Cleanup(func() { delete(databases, "stub") })
	path := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(path, []byte("anything\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	q.Driver, q.DSNFile = "stub", path
}

func TestReachingADatabaseTellsNoSecret(t *testing.T) {
	q := Query{}
	answer := &stubAnswer{rows: [][]string{{"1"}}}
	located(t, &stubServer{answer: answer}, &q)
	if err := q.Reach(t.Context()); err != nil || !answer.closed {
		t.Errorf("error %v, closed %v", err, answer.closed)
	}
	for _, s := range []*stubServer{
		{refused: errors.New("password hunter2 is wrong")},
		{answer: &stubAnswer{broken: errors.New("hunter2 was cut off")}},
	} {
		located(t, s, &q)
		if err := q.Reach(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
	if err := (&Query{Driver: "stub", DSNEnv: "NO_SUCH_DSN"}).Reach(t.Context()); err == nil {
		t.Error("a database without an address was reached")
	}
}

// orderAnswer has the columns that orders need, of the classes that fit.
func orderAnswer(rows ...[]string) *stubAnswer {
	return &stubAnswer{rows: rows, names: []answerColumn{
		{"order_no", "text", textValue}, {"amount", "numeric", exactValue}, {"paid_at", "timestamptz", zonedTime},
		{"status", "text", textValue}, {"shop", "text", textValue}, {"payload", "double precision", floatValue},
	}}
}

func TestRowsOfAQueryBecomeEvents(t *testing.T) {
	answer := orderAnswer(
		[]string{"S-0001", "12.3000", "2024-09-12 08:30:00+08", "paid", `a "b", c`, "0.1"},
		[]string{"S-0002", "0", null, "closed", null, null})
	st, events, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if st.Source() != "orders.sql (stub)" || st.Rows != 2 || st.Kind != settlement.OrderExtract || len(st.SHA256) != 64 {
		t.Errorf("%+v", st)
	}
	if !slices.Contains(st.Notes, `columns not used: "payload"`) {
		t.Errorf("notes %q", st.Notes)
	}
	if got, want := show(events, 0), show(csvEvents(t, "S-0001,12.30,2024-09-12 08:30:00,paid,\"a \"\"b\"\", c\"\n"), 0); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := events.Shop.At(1); len(got) > 0 {
		t.Errorf("NULL became %q", got)
	}
	if events.Line[1] != 3 || events.File[1] != 3 {
		t.Errorf("line %d of file %d: row 2 is line 3", events.Line[1], events.File[1])
	}
	if !answer.closed {
		t.Error("the answer was not closed")
	}
}

func csvEvents(t *testing.T, rows string) *settlement.Events {
	t.Helper()
	_, events, err := readWith(1, []byte("order_no,amount,paid_at,status,shop\n"+rows), settlement.OrderExtract, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestEqualRowsHaveAnEqualHash(t *testing.T) {
	hash := func(unit string, amount answerColumn, value, at, payload string) string {
		answer := orderAnswer([]string{"S-0001", value, at, "paid", "a", payload})
		answer.names[1] = amount
		q := Query{}
		if unit != "" {
			q.Units = map[string]string{"amount": unit}
		}
		st, _, err := asked(t, &stubServer{answer: answer}, q, settlement.OrderExtract, Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		return st.SHA256
	}
	want := hash("", answerColumn{"amount", "numeric", exactValue}, "12.30", "2024-09-12 08:30:00+08", "1")
	if got := hash("", answerColumn{"amount", "DECIMAL", exactValue}, "12.3000", "2024-09-12 08:30:00.000000", "2"); got != want {
		t.Error("more zeros give another hash")
	}
	if got := hash(UnitFen, answerColumn{"amount", "bigint", integerValue}, "1230", "2024-09-12 08:30:00", null); got != want {
		t.Error("fen give another hash")
	}
	if got := hash("", answerColumn{"amount", "numeric", exactValue}, "12.31", "2024-09-12 08:30:00+08", "1"); got == want {
		t.Error("another amount has the same hash")
	}
}

func TestAmountsAreWrittenExactly(t *testing.T) {
	for in, want := range map[string]string{"12.30": "12.30", "12.3000": "12.30", "12.3": "12.3", "12": "12", "0.0000": "0.00",
		"12.3450": "12.345", "NaN": "NaN", "-1.500": "-1.50", "": "", "100": "100"} {
		if got := string(appendYuan(nil, []byte(in))); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"1230": "12.30", "0": "0.00", "7": "0.07", "42": "0.42", "100": "1.00", "-5": "-0.05", "-1230": "-12.30",
		"1230.00": "12.30", "0012": "0.12", "12.5": "12.5 fen", "": "", "1e3": "1e3 fen", "-": "- fen", "NaN": "NaN fen", "9223372036854775807": "92233720368547758.07"} {
		if got := string(appendFen(nil, []byte(in))); got != want {
			t.Errorf("%q fen are written %q, want %q", in, got, want)
		}
	}
}

func TestTimesAreWrittenAsTheWalletsDo(t *testing.T) {
	for in, want := range map[string]string{
		"2024-09-12 08:30:00+08": "2024-09-12 08:30:00", "2024-09-12 08:30:00": "2024-09-12 08:30:00",
		"2024-09-12 08:30:00.000000": "2024-09-12 08:30:00", "2024-09-12 08:30:00.120000+08": "2024-09-12 08:30:00.12",
		"2024-09-12 08:30:00+00": "2024-09-12 08:30:00+00", "infinity": "infinity", "": ""} {
		if got := string(appendTime(nil, []byte(in))); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

// TestTypesThatDoNotFitAreRefusedByName also says what is taken.
func TestTypesThatDoNotFitAreRefusedByName(t *testing.T) {
	const fits = ""
	for _, c := range []struct {
		column string
		class  valueClass
		value  string
		what   string
	}{
		{"amount", floatValue, "1.5", "floating-point numbers do not hold amounts exactly (store it as a decimal; or, where you know that it is whole fen, round it in the query with ::numeric(18,2))"},
		{"amount", integerValue, "1", "of which nothing says whether it is fen or yuan (where it is fen, set orders.sql.units.amount: fen; where it is yuan, write ::numeric(18,2) in the query)"},
		{"amount", zonedTime, "1", "which is no amount"},
		{"amount", binaryValue, "1", "whose characters are not known"},
		{"amount", otherValue, "$1", "which is not read"},
		{"amount", textValue, "1.50", fits},
		{"paid_at", dateValue, "2024-09-12", "a day is no instant"},
		{"paid_at", integerValue, "1726101000", "which is no time"},
		{"paid_at", plainTime, "2024-09-12 08:30:00", fits},
		{"paid_at", textValue, "2024-09-12T08:30:00Z", fits},
		{"order_no", floatValue, "1", "which loses digits"},
		{"order_no", dateValue, "1", "which is no number of an order or account"},
		{"order_no", integerValue, "2701860591230000001", fits},
		{"status", floatValue, "1", "which loses digits"},
		{"status", otherValue, "{}", "which is not read"},
		{"shop", integerValue, "12", fits},
	} {
		t.Run(fmt.Sprint(c.column, c.class), func(t *testing.T) {
			answer := orderAnswer([]string{"S-0001", "12.30", "2024-09-12 08:30:00", "paid", "a", "1"})
			for i := range answer.names {
				if answer.names[i].name == c.column {
					answer.names[i].class, answer.names[i].typeName, answer.rows[0][i] = c.class, "odd", c.value
				}
			}
			_, events, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
			if c.what == fits {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "orders.sql (stub): "+c.column+": a column of type odd") || !strings.Contains(err.Error(), c.what) {
				t.Errorf("got %v, want %s", err, c.what)
			}
			if events.Len() > 0 {
				t.Error("rows were handed on")
			}
		})
	}
	t.Run("all of them at once", func(t *testing.T) {
		answer := orderAnswer()
		answer.names[1].class, answer.names[2].class = floatValue, dateValue
		_, _, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
		var refusal *settlement.Refusal
		if !errors.As(err, &refusal) || len(refusal.Errors) != 2 {
			t.Errorf("got %v", err)
		}
	})
}

func TestRowsOfAQueryAreRefusedWithTheirNumber(t *testing.T) {
	good := []string{"S-0001", "12.30", "2024-09-12 08:30:00+08", "paid", "a", "1"}
	with := func(i int, value string) []string {
		row := slices.Clone(good)
		row[i] = value
		return row
	}
	for name, c := range map[string]struct {
		row  []string
		want string
	}{
		"a NULL order number":    {with(0, null), "orders.sql (stub):3: order_no: row 2: NULL or empty (every row needs an order number)"},
		"a NULL amount":          {with(1, null), "orders.sql (stub):3: amount: row 2: "},
		"a NULL status":          {with(3, null), "orders.sql (stub):3: status: row 2: NULL or empty"},
		"a NULL time of payment": {with(2, null), "orders.sql (stub):3: paid_at: row 2: empty although the order is paid"},
		"three decimals":         {with(1, "12.345"), "orders.sql (stub):3: amount: row 2: "},
		"not a number":           {with(1, "NaN"), "orders.sql (stub):3: amount: row 2: "},
		"a time without end":     {with(2, "infinity"), "orders.sql (stub):3: paid_at: row 2: "},
		"MySQL's time of zeros":  {with(2, "0000-00-00 00:00:00"), "orders.sql (stub):3: paid_at: row 2: "},
		"an unknown word":        {with(3, "settled"), "orders.sql (stub):3: status: row 2: \"settled\" is no known word"},
		"a line break inside":    {with(4, "a\nb"), "orders.sql (stub):3: shop: row 2: a line break"},
		"a NUL inside":           {with(0, "S\x001"), "orders.sql (stub):3: order_no: row 2: a line break or a NUL"},
		"another character set":  {with(4, "\xb5\xea"), "orders.sql (stub):3: shop: row 2: not UTF-8 (convert it in the query"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := asked(t, &stubServer{answer: orderAnswer(good, c.row)}, Query{}, settlement.OrderExtract, Mapping{})
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || refusal.Source != "orders.sql (stub)" || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
	t.Run("a line break at the end is a blank", func(t *testing.T) {
		_, events, err := asked(t, &stubServer{answer: orderAnswer(with(4, "a\r\n"))}, Query{}, settlement.OrderExtract, Mapping{})
		if err != nil || string(events.Shop.At(0)) != "a" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a column that is not there", func(t *testing.T) {
		answer := orderAnswer(good)
		answer.names[2].name = "paid"
		_, _, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
		if err == nil || !strings.Contains(err.Error(), `paid_at: this column is missing`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no columns", func(t *testing.T) {
		_, _, err := asked(t, &stubServer{answer: &stubAnswer{}}, Query{}, settlement.OrderExtract, Mapping{})
		if err == nil || err.Error() != "orders.sql (stub): the query returns no columns (give one SELECT)" {
			t.Errorf("got %v", err)
		}
	})
}

func TestAQueryWithoutRowsIsAMistakeUnlessItIsStated(t *testing.T) {
	_, _, err := asked(t, &stubServer{answer: orderAnswer()}, Query{}, settlement.OrderExtract, Mapping{})
	const want = "orders.sql (stub): the query returned no rows (is its condition right? where a day may be without rows, set orders.sql.allow_empty: true)"
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	st, _, err := asked(t, &stubServer{answer: orderAnswer()}, Query{AllowEmpty: true}, settlement.OrderExtract, Mapping{})
	if err != nil || st.Rows != 0 {
		t.Errorf("%v", err)
	}
}

// manyRows are more than a batch.
func manyRows(n int) (rows [][]string) {
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("S-%06d", i), "12.30", "2024-09-12 08:30:00+08", "paid", "a", "1"})
	}
	return rows
}

func TestWhatADatabaseDoesNotDeliverIsNoRefusal(t *testing.T) {
	check := func(t *testing.T, err error, want string) {
		t.Helper()
		var refusal *settlement.Refusal
		var input *settlement.InputError
		var lost *DatabaseError
		if errors.As(err, &refusal) || errors.As(err, &input) || !errors.As(err, &lost) {
			t.Fatalf("got %T: %v", err, err)
		}
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the secret is in %v", err)
		}
	}
	t.Run("a connection that breaks", func(t *testing.T) {
		answer := orderAnswer(manyRows(3*batchRows + 5)...)
		answer.broken = errors.New("unexpected\nEOF of hunter2")
		_, _, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
		check(t, err, fmt.Sprintf("orders.sql (stub): the answer broke off after %d rows: unexpected EOF of … (nothing of it is used; run it again)", 3*batchRows+5))
		if !answer.closed {
			t.Error("the answer was not closed")
		}
	})
	t.Run("a connection that breaks behind a bad row", func(t *testing.T) {
		rows := manyRows(2)
		rows[0][0] = null
		answer := orderAnswer(rows...)
		answer.broken = errors.New("gone")
		_, _, err := asked(t, &stubServer{answer: answer}, Query{}, settlement.OrderExtract, Mapping{})
		check(t, err, "orders.sql (stub): the answer broke off after 2 rows: gone")
	})
	t.Run("a server that refuses", func(t *testing.T) {
		_, _, err := asked(t, &stubServer{refused: errors.New("password hunter2 is wrong")}, Query{}, settlement.RefundExtract, Mapping{})
		check(t, err, "refunds.sql (stub): cannot read from the database: password … is wrong (see that")
	})
	t.Run("a query that takes too long", func(t *testing.T) {
		_, _, err := asked(t, &stubServer{answer: orderAnswer(manyRows(2)...), slow: true}, Query{Timeout: 20 * time.Millisecond}, settlement.OrderExtract, Mapping{})
		check(t, err, "orders.sql (stub): the answer broke off after 2 rows: not done after 20ms (narrow the query, or raise orders.sql.timeout)")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error("the cause is not known")
		}
	})
	t.Run("a run that is cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, _, err := askedWith(t, ctx, &stubServer{answer: orderAnswer(manyRows(2)...), slow: true}, Query{}, settlement.OrderExtract, Mapping{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAQueryWithoutAnOrderSaysSo(t *testing.T) {
	for text, noted := range map[string]bool{"SELECT 1": true, "SELECT 1 Order By id": false} {
		st, _, err := asked(t, &stubServer{answer: orderAnswer(manyRows(1)...)}, Query{Text: text}, settlement.OrderExtract, Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(st.Notes, func(note string) bool { return strings.Contains(note, "ORDER BY") })
		if found != noted {
			t.Errorf("%q: notes %q", text, st.Notes)
		}
	}
}

func TestQueryFaults(t *testing.T) {
	good := Query{Driver: "postgres", DSNEnv: "ORDERS_DSN", Text: "SELECT 1"}
	for name, c := range map[string]struct {
		change func(*Query)
		want   string
	}{
		"nothing":           {func(*Query) {}, ""},
		"a timeout":         {func(q *Query) { q.Timeout = time.Hour }, ""},
		"no driver":         {func(q *Query) { q.Driver = "oracle" }, `driver: "oracle" is no driver`},
		"no DSN":            {func(q *Query) { q.DSNEnv = "" }, "dsn_env: nothing says where the database is"},
		"two DSNs":          {func(q *Query) { q.DSNFile = "dsn" }, "dsn_file: dsn_env is given too"},
		"a DSN as the name": {func(q *Query) { q.DSNEnv = "postgres://a:hunter2@b/c" }, "dsn_env: this is no name of an environment variable"},
		"no query":          {func(q *Query) { q.Text = " \n" }, "query: there is no query"},
		"no SELECT":         {func(q *Query) { q.Text = "DELETE FROM orders" }, "query: this is no SELECT"},
		"no such unit":      {func(q *Query) { q.Units = map[string]string{"amount": "cent"} }, `units.amount: "cent" is no unit`},
		"no such amount":    {func(q *Query) { q.Units = map[string]string{"shop": "fen"} }, "units.shop: no amount of this name"},
		"too long a wait":   {func(q *Query) { q.Timeout = 25 * time.Hour }, "timeout: "},
	} {
		t.Run(name, func(t *testing.T) {
			q := good
			c.change(&q)
			var got string
			for _, f := range q.Validate() {
				got += f.Error()
			}
			if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) || strings.Contains(got, "hunter2") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOnlyASelectIsAsked(t *testing.T) {
	for text, want := range map[string]bool{
		"SELECT 1": true, "select 1": true, "\n(SELECT 1) UNION (SELECT 2)": true, "-- of the day\nSELECT 1": true, "# x\nselect 1": true,
		"/* a */ /* b */ WITH x AS (SELECT 1) SELECT * FROM x": true, "SELECT\n1": true, "SELECT(1)": true,
		"DELETE FROM a": false, "DROP TABLE a": false, "SELECTED": false, "": false, "/* SELECT": false, "-- SELECT": false, "COMMIT": false,
		"/*!50000 CREATE TABLE b */ SELECT * FROM a": false, "/*M! CREATE TABLE b */ SELECT * FROM a": false, "select_all": false,
	} {
		if got := isSelect(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// TestADSNIsInNoMessage: neither one that is none, nor what it holds.
func TestADSNIsInNoMessage(t *testing.T) {
	for _, c := range []struct{ driver, dsn, want string }{
		{"postgres", "postgres://u:hunter2@[bad", "TEST_DSN does not hold postgres://user:password@host:5432/database"},
		{"postgres", "u:hunter2@tcp(h)/d", "does not hold postgres://"},
		{"mysql", "mysql://u:hunter2@h/d", "does not hold user:password@tcp(host:3306)/database"},
		{"mysql", "hunter2", "does not hold user:password@tcp(host:3306)/database"},
		{"mysql", " \n", "the environment variable TEST_DSN is not set or empty"},
		{"oracle", "hunter2", `"oracle" is no driver; known: mysql, postgres`},
		{"postgres", "postgres://u:hunter2@127.0.0.1:5432/d", ""},
		{"postgres", "host=127.0.0.1 user=u password=hunter2", ""},
		{"mysql", "u:hunter2@tcp(127.0.0.1:3306)/d?parseTime=true&multiStatements=true&charset=gbk", ""},
	} {
		t.Run(c.driver+" "+c.dsn, func(t *testing.T) {
			t.Setenv("TEST_DSN", c.dsn)
			err := (&Query{Driver: c.driver, DSNEnv: "TEST_DSN"}).Ready()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	t.Run("a file that is not there", func(t *testing.T) {
		if err := (&Query{Driver: "mysql", DSNFile: filepath.Join(t.TempDir(), "dsn")}).Ready(); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}

// TestADSNCannotChangeHowRowsAreRead: what it states of text and times is overruled.
func TestADSNCannotChangeHowRowsAreRead(t *testing.T) {
	s, err := locateMySQL("u:p@tcp(h)/d?parseTime=true&multiStatements=true&allowAllFiles=true&time_zone=%27%2B00%3A00%27")
	if err != nil {
		t.Fatal(err)
	}
	c := s.(*mysqlServer).config
	if c.ParseTime || c.MultiStatements || c.AllowAllFiles || c.Params["time_zone"] != "'+08:00'" {
		t.Errorf("%+v", c)
	}
}

func TestTypesOfTheServersHaveAClass(t *testing.T) {
	for name, want := range map[string]valueClass{"VARCHAR": textValue, "UNSIGNED BIGINT": integerValue, "FLOAT": floatValue, "DOUBLE": floatValue,
		"TIMESTAMP": zonedTime, "DATETIME": plainTime, "DATE": dateValue, "VARBINARY": binaryValue, "JSON": otherValue, "YEAR": otherValue, "ENUM": textValue} {
		if got := mysqlColumn("a", name, 0).class; got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if mysqlColumn("a", "DECIMAL", 2).class != exactValue || mysqlColumn("a", "DECIMAL", 0).class != integerValue {
		t.Error("a decimal without decimals is an integer: nothing says whether it is fen")
	}
	for id, c := range postgresTypes {
		if c.typeName == "" {
			t.Errorf("%d has no name", id)
		}
	}
}

// FuzzQueryRows: values of any kind never panic, and what is accepted has as many
// events as rows, each on the line of its row.
func FuzzQueryRows(f *testing.F) {
	f.Add("S-0001", "12.30", "2024-09-12 08:30:00+08", "paid", "a", false)
	f.Add("\"", "1230", "infinity", "paid,", "=\"1\"", true)
	f.Add("", "-0.0", "", "", "\r\n", true)
	f.Fuzz(func(t *testing.T, orderNo, amount, at, status, shop string, fen bool) {
		row := []string{orderNo, amount, at, status, shop, ""}
		q := Query{}
		if fen {
			q.Units = map[string]string{"amount": UnitFen}
		}
		st, events, err := asked(t, &stubServer{answer: orderAnswer(row, manyRows(1)[0], row)}, q, settlement.OrderExtract, Mapping{})
		var refusal *settlement.Refusal
		if err != nil {
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if st.Rows != 3 || events.Len() != 3 || !slices.Equal(slices.Sorted(slices.Values(events.Line)), []int64{2, 3, 4}) {
			t.Fatalf("%d rows, lines %v", st.Rows, events.Line)
		}
	})
}

// What was asked for and kept is read as it would have been from the database.
func TestAnAnswerThatWasKeptReadsAsItWasAsked(t *testing.T) {
	rows := [][]string{{"S-0001", "12.3000", "2024-09-12 08:30:00+08", "paid", `a "b", c`, "0.1"}, {"S-0002", "0", null, "closed", null, null}}
	want, events, err := asked(t, &stubServer{answer: orderAnswer(rows...)}, Query{}, settlement.OrderExtract, Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	var kept strings.Builder
	q := Query{Text: "SELECT … ORDER BY id"}
	located(t, &stubServer{answer: orderAnswer(rows...)}, &q)
	a, err := q.Ask(t.Context(), settlement.OrderExtract, Mapping{}, &kept)
	if err != nil {
		t.Fatal(err)
	}
	if a.SHA256 != want.SHA256 || a.Bytes != int64(kept.Len()) || a.Rows != 2 || !slices.Equal(a.Unread, []string{"payload"}) || strings.Contains(kept.String(), "0.1") {
		t.Errorf("%+v:\n%s", a, kept.String())
	}
	read := func(m Mapping) (*settlement.Statement, string, error) {
		var all settlement.Events
		in := delimited.Input{Index: 3, Workers: 1, Stream: strings.NewReader(kept.String())}
		st, err := ReadAnswer(t.Context(), in, &q, settlement.OrderExtract, m, a, func(record arrow.Record) error {
			var events settlement.Events
			err := settlement.View(record, &events)
			settlement.AppendAll(&all, &events)
			return err
		})
		if err != nil {
			return nil, "", err
		}
		return st, show(&all, 0) + show(&all, 1), nil
	}
	st, got, err := read(Mapping{})
	if err != nil || st.SHA256 != want.SHA256 || st.Source() != want.Source() || !slices.Equal(st.Notes, want.Notes) || got != show(events, 0)+show(events, 1) {
		t.Errorf("error %v:\n%+v\n%+v\n%s", err, st, want, got)
	}
	var away *DatabaseError
	if _, _, err := read(Mapping{Columns: map[string]string{"platform": "payload"}}); !errors.As(err, &away) || !strings.Contains(err.Error(), "the column payload is read now") {
		t.Errorf("a column that was not kept: %v", err)
	}
	var refusal *settlement.Refusal
	if _, _, err := read(Mapping{Statuses: map[string]string{"paid": "nonsense"}}); err == nil {
		t.Error("a faulty map was read")
	}
	kept.WriteString("S-0003,1.234,2024-09-12 08:30:00,paid,,\n")
	if _, _, err := read(Mapping{}); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "row 3: ") || !strings.Contains(err.Error(), "--refresh") {
		t.Errorf("a wrong row: %v", err)
	}
}

func TestAnAnswerThatBreaksOffIsNoAnswer(t *testing.T) {
	answer := orderAnswer([]string{"S-0001", "12.30", "2024-09-12 08:30:00+08", "paid", "a", null})
	answer.broken = errors.New("hunter2 was cut off")
	q := Query{Text: "SELECT 1"}
	located(t, &stubServer{answer: answer}, &q)
	var away *DatabaseError
	if _, err := q.Ask(t.Context(), settlement.OrderExtract, Mapping{}, &strings.Builder{}); !errors.As(err, &away) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
	full := errors.New("the disk is full")
	located(t, &stubServer{answer: orderAnswer([]string{"S-0001", "12.30", "2024-09-12 08:30:00+08", "paid", "a", null})}, &q)
	if _, err := q.Ask(t.Context(), settlement.OrderExtract, Mapping{}, noRoom{full}); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

// noRoom takes nothing.
type noRoom struct{ error }

func (w noRoom) Write([]byte) (int, error) { return 0, w.error }
